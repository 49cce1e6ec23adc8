"""bind = gssapi with a real KDC and slapd: the users are read, and what is wrong with tickets, realm, name or KDC is told."""
import os
import shutil
import socket
import subprocess

import pytest

from rig.follower import Follower
from rig.kerberos import REALM, Kdc, why_not
from rig.ldap_source import LdapSource, listed, person
from rig.ports import free_port
from rig.processes import is_running, tool
from rig.slapd import Slapd
from rig.sources import Files
from rig.tls import Certificate
from rig.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
PLAIN = {"users_filter": None, "users_attributes": None, "groups_attributes": None, "user": None, "password_file": None,
         "bind": "gssapi"}


@pytest.fixture(scope="module")
def kdc(module_folder):
    for folder in (module_folder, *[parent for parent in module_folder.parents if parent.stat().st_uid == os.geteuid()]):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    with Kdc(module_folder) as made:
        made.keytabs = {name: module_folder / f"{name.replace('/', '.')}.keytab" for name in ("reader", "stranger", "former", "ldap/localhost")}
        for name, keytab in made.keytabs.items():
            made.add(name, keytab)
        made.remove("former")
        made.reader = made.keytabs["reader"]
        yield made


class KerberosSlapd(Slapd):
    def __init__(self, kdc):
        self.kdc = kdc
        super().__init__()

    def make(self):
        # libldap takes localhost for the host's own name.
        names = ",".join(f"DNS:{name}" for name in {"localhost", socket.gethostname(), socket.getfqdn()})
        self.certificate = Certificate(self.folder, "slapd", names)
        os.chown(self.certificate.key, self.identity.get("user", -1), self.identity.get("group", -1))
        super().make()
        self.identity["env"].update(KRB5_KTNAME=str(self.take(self.kdc.keytabs["ldap/localhost"], "keytab")),
                                    KRB5_CONFIG=str(self.take(self.kdc.configure("slapd.krb5.conf"), "krb5.conf")))

    def take(self, path, name):
        """A copy that it may read."""
        copy = shutil.copy(path, self.folder / name)
        os.chown(copy, self.identity.get("user", -1), self.identity.get("group", -1))
        return copy

    def rekey(self):
        """It gets new keys, and has the old ones no more."""
        keytab = self.folder / "new.keytab"
        keytab.unlink(missing_ok=True)
        self.kdc.run("kadmin.local", "-r", REALM, "ktadd", "-k", keytab, f"ldap/localhost@{REALM}")
        self.kdc.keytabs["ldap/localhost"] = keytab
        self.take(keytab, "keytab")


@pytest.fixture(scope="module")
def slapd(kdc):
    server = KerberosSlapd(kdc)
    yield server
    server.close()


@pytest.fixture
def site(slapd, kdc, folder, monkeypatch):
    """Commands ask this KDC, and have no tickets."""
    for name, value in kdc.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{folder / 'tickets'}")
    kdc.environment["KRB5CCNAME"] = f"FILE:{folder / 'tickets'}"
    files, source = Files(folder), LdapSource(slapd, folder)
    slapd.add(person(f"cn=bob,{source.base}", mail="bob@example.test"))
    files.source = source
    return files


def settings(site, name="localhost", **changes):
    return site.source.settings(**{**PLAIN, "url": listed([f"ldap://{name}:{site.source.server.port}"]), "tls": "none",
                                   "tls_ca_file": None, **changes})


def test_the_keys_of_a_keytab_read_the_users(site, kdc):
    site.publish(settings(site, keytab_file=kdc.reader))
    assert site.cli("lookup", "bob@example.test").returncode == 0


def test_tickets_that_are_there_read_the_users(site, kdc):
    kdc.tickets("reader", kdc.reader)
    site.publish(settings(site))
    assert site.cli("lookup", "bob@example.test").returncode == 0


def test_over_tls_kerberos_adds_no_second_layer(site, kdc):
    url = listed([f"ldaps://localhost:{site.source.server.tls_port}"])
    site.publish(settings(site, keytab_file=kdc.reader, url=url, tls=None, tls_ca_file=site.source.server.certificate.cert))


# What is wrong: the krb5.conf, changes of the source, what is said.
WRONG = {
    "no tickets": ({}, {}, "Kerberos, with the tickets that are there: No Kerberos credentials available"),
    "no keytab": ({}, {"keytab_file": "/nowhere"}, "keytab_file /nowhere: No such file"),
    "another realm": ({"realm": "OTHER.TEST"}, {"keytab_file": "reader"}, 'reader.keytab: Cannot find KDC for realm "EXAMPLE.TEST"'),
    "a server of another realm": ({"of_localhost": "OTHER.TEST"}, {"keytab_file": "reader"},
                                  "reader.keytab: Server krbtgt/OTHER.TEST@EXAMPLE.TEST not found in Kerberos database"),
    "no KDC": ({"port": 1}, {"keytab_file": "reader"}, "reader.keytab: Cannot contact any KDC for realm 'EXAMPLE.TEST'"),
    "keys of nobody": ({}, {"keytab_file": "former"}, "former.keytab: Client 'former@EXAMPLE.TEST' not found in Kerberos database"),
    "an account without rights": ({}, {"keytab_file": "stranger"}, "or the bind has no right to read it"),
    # That of the url counts, and not what the reverse DNS or this host says of the address.
    "another name of the server": ({}, {"keytab_file": "reader", "name": "127.0.0.1"},
                                   "reader.keytab: Server ldap/127.0.0.1@EXAMPLE.TEST not found in Kerberos database"),
}


@pytest.mark.parametrize("configured,changes,told", WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_kerberos_is_named(site, kdc, monkeypatch, configured, changes, told):
    keytab = changes.get("keytab_file")
    if keytab in kdc.keytabs:
        changes = {**changes, "keytab_file": kdc.keytabs[keytab]}
    if configured:
        monkeypatch.setenv("KRB5_CONFIG", str(kdc.configure("other.conf", **configured)))
    is_told(site, settings(site, **changes), told)


def is_told(site, text, told):
    site.use(text)
    for command in ("sync", "check"):
        done = site.cli(command)
        assert done.returncode != 0 and told in done.stderr + done.stdout, done


def test_a_ticket_that_is_over_is_named(site, kdc):
    kdc.tickets("reader", kdc.reader, "1s")
    wait_for(lambda: subprocess.run([tool("klist"), "-s"], timeout=60).returncode != 0, "the ticket to end")
    is_told(site, settings(site), "expired")


def test_a_host_without_sasl_s_module_is_told_the_package(site, kdc, monkeypatch, folder):
    monkeypatch.setenv("SASL_PATH", str(folder))
    is_told(site, settings(site, keytab_file=kdc.reader), "is the package libsasl2-modules-gssapi-mit installed?")


def two(site, *changes):
    """Two sources, each with its changes."""
    return '\n  }\n  source "two" {\n    '.join(settings(site, **each) for each in changes)


@pytest.mark.parametrize("names,told", [(("reader", "stranger"), "two"), (("stranger", "reader"), "people"), (("reader", None), "two")],
                         ids=["reader first", "stranger first", "tickets that are there"])
def test_each_source_logs_in_with_its_own_keys(site, kdc, names, told):
    kdc.tickets("stranger", kdc.keytabs["stranger"])
    site.use(two(site, *({"keytab_file": name and kdc.keytabs[name]} for name in names)))
    said = [line for line in site.cli("sync").stderr.splitlines() if "the bind has no right to read it" in line]
    assert len(said) == 1 and f'source "{told}": base' in said[0], said


def test_a_follower_gets_new_tickets_for_a_server_with_new_keys_and_from_another_keytab(site, kdc, folder):
    keytab = folder / "own.keytab"
    shutil.copy(kdc.keytabs["stranger"], keytab)
    site.publish(settings(site, keytab_file=kdc.reader))
    site.use(settings(site, keytab_file=keytab, interval="1s", full_every="2s"))
    with Follower(site) as follower:
        follower.wait_log("the bind has no right to read it")
        shutil.copy(kdc.reader, keytab)
        site.source.server.add(person(f"cn=mary,{site.source.base}", mail="mary@example.test"))
        follower.wait_log("published: 2 users")
        # Who may not read gets no watch: it is opened now, and must have its tickets before the server has new keys.
        follower.wait_log("is watched again")
        site.source.server.rekey()
        follower.wait_log("gss_accept_sec_context")
        follower.wait_log("is watched again", count=2)


def test_a_kdc_that_is_silent_keeps_no_follower_from_ending(site, kdc, monkeypatch):
    """libkrb5 waits as long as it likes, in the process that reads."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, socket.socket() as listener:
        address = ("127.0.0.1", free_port())
        silent.bind(address)
        silent.settimeout(PATIENCE)
        listener.bind(address)
        listener.listen()
        monkeypatch.setenv("KRB5_CONFIG", str(kdc.configure("silent.conf", port=address[1])))
        site.use(settings(site, keytab_file=kdc.reader))
        with Follower(site) as follower:
            silent.recv(4096)
            child = follower.child()
            follower.stop()
    assert not is_running(child) and follower.lines("KDC") == [], follower.text()


def test_a_server_that_cannot_read_tickets_is_not_the_last_that_is_asked(site, kdc, slapd):
    """It has lost its key; a second one has it."""
    broken = KerberosSlapd(kdc)
    try:
        slapd.rekey()
        site.publish(settings(site, keytab_file=kdc.reader, url=listed([f"ldap://localhost:{one.port}" for one in (broken, slapd)])))
    finally:
        broken.close()
