"""Active Directory as a source, on Samba: who may send as whom by its DACLs, what its attributes say, and its changes."""
import json
import os
import subprocess

import pytest

from rig import CLI, PATH, tool, wait_for
from rig.ad_world import ALL_RIGHTS, BOXES, ODD, RIGHTS, attributes, boxes, in_directory, mailbox, people_and_groups
from rig.daemon import Daemon
from rig.follower import Follower
from rig.kerberos import why_not as no_kerberos
from rig.network import Network
from rig.network import why_not as no_network
from rig.pages import blocks, has_group
from rig.samba import READER, ROOT, SEND_AS, Samba, why_not
from rig.sources import Files, TextSource, company

pytestmark = [pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
              pytest.mark.skipif(no_network() is not None, reason=str(no_network()))]

POLICY = ('hostname = "mx.example.test"\ndefault_domain = "example.test"\naccepted_domain "example.test" { }\n')
USERS = f"CN=Users,{ROOT}"
SERVICES = ("imap", "pop3", "sieve", "smtp", "relay")


class Site(Daemon):
    """mailwicketd, whose directory is what Samba says."""

    def __init__(self, samba, folder):
        self.samba = samba
        self.password_file = folder / "ad.password"
        self.password_file.write_text(READER + "\n")
        self.password_file.chmod(0o600)
        super().__init__("", None, folder, start=False)
        self.use()

    def use(self, more="", **changes):
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n  source "people" {{\n    '
                          f'{self.samba.settings(self.password_file, **changes)}\n  }}\n{more}}}\n')

    def read(self):
        """Publishes what is there now: what was told."""
        done = self.cli("sync")
        if done.returncode == os.EX_NOPERM:
            done = self.cli("sync", "--accept", "people")
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stderr + done.stdout

    def digest(self):
        return json.loads(self.cli("status", "--json").stdout)["directory"]["digest"]

    def look(self, name):
        return json.loads(self.cli("--json", "lookup", name).stdout)

    def knows(self, name):
        return self.cli("lookup", name).returncode == 0

    def may_send(self, login, sender):
        """Whether Postfix would take a message from this login with this sender."""
        return self.request(sasl_username=login, sender=sender, recipient="someone@elsewhere.test") == "DUNNO"

    def may_write_to(self, login, recipient):
        return self.request(sasl_username=login, sender=f"{login}@example.test", recipient=recipient) == "DUNNO"


@pytest.fixture(scope="module")
def site(module_folder):
    with Network(), Samba(module_folder) as samba:
        boxes(samba, people_and_groups(samba))
        attributes(samba)
        samba.start()
        with Site(samba, module_folder) as made:
            made.told = made.read()
            yield made.start()


@pytest.mark.parametrize("what,asked", [(what, asked) for what, _, _, asked in RIGHTS], ids=[row[0] for row in RIGHTS])
def test_who_may_send_as_a_shared_mailbox(site, what, asked):
    for login, may in asked.items():
        assert site.may_send(login, BOXES[what]) == may, (what, login)


ATTRIBUTES = [
    # What, whom to look up, what is said of it.
    ("SMTP: is the name, smtp: are addresses", "aliases@example.test", {"receives": "aliases@example.test", "addresses": [
        "aliases@example.test", "also@example.test", "info@example.test"]}),
    ("mail is the name where there is no SMTP:", "plain@example.test", {"receives": "plain@example.test"}),
    ("two SMTP: and mail is one of them", "second@example.test", {"receives": "second@example.test", "addresses": [
        "first@example.test", "second@example.test"]}),
    ("userPrincipalName", "alice@corp.example.test", {"receives": "alice@example.test"}),
    ("sAMAccountName", "alice", {"receives": "alice@example.test"}),
    ("NETBIOS name", "CORP\\alice", {"receives": "alice@example.test"}),
    ("a sAMAccountName with a blank", "with.blank@example.test", {"logins": ["with.blank@example.test", "with.blank@corp.example.test"]}),
    ("an apostrophe", "o'brien@corp.example.test", {"receives": "o'brien@example.test"}),
    ("an account that is on", "alice@example.test", {"may": {key: True for key in SERVICES}}),
    ("a disabled account", BOXES["a user"], {"may": {key: False for key in SERVICES}}),
    ("POP3 off", "nopop@example.test", {"may": {**{key: True for key in SERVICES}, "pop3": False}}),
    ("IMAP4 off", "noimap@example.test", {"may": {**{key: True for key in SERVICES}, "imap": False}}),
    ("limits", "limited@example.test", {"max_message_size": "10MB", "max_recipients": "25"}),
    ("publicDelegates", "chief@example.test", {"send_on_behalf": ["alice@example.test", "sales@example.test"]}),
    ("authOrig and dLMemSubmitPerms", "closed@example.test", {"senders": ["alice@example.test", "bob@example.test"]}),
    ("authOrig that names nobody here", "unreachable@example.test", {"senders": []}),
    ("msExchRequireAuthToSendTo", "inside@example.test", {"senders": "authenticated"}),
    ("a group with a list and msExchRequireAuthToSendTo", "announce@example.test", {"senders": ["sales@example.test"]}),
    ("a group in a group that has no address", "dave@example.test", {"groups": ["sales@example.test"]}),
    ("a primary group", "frank@example.test", {"groups": ["mixed@example.test", "staff@example.test"]}),
    ("groups in one another", "erin@example.test", {"groups": ["letters@example.test", "mixed@example.test", "ring1@example.test"]}),
    ("the last of 4,500 members", "bob@example.test", {"groups": ["crowd@example.test"]}),
    ("an inetOrgPerson behind commas", "jo@example.test", {"groups": ["bees@example.test"], "logins": ["corp\\jo", "jo", "jo@example.test"]}),
    ("Send-As on a group", "crowd@example.test", {"send_as": ["erin@example.test"]}),
]


@pytest.mark.parametrize("name,said", [row[1:] for row in ATTRIBUTES], ids=[row[0] for row in ATTRIBUTES])
def test_what_an_attribute_becomes(site, name, said):
    told = site.look(name)
    found = {key: sorted(told[key]) if isinstance(told[key], list) else told[key] for key in said}
    assert found == {key: sorted(value) if isinstance(value, list) else value for key, value in said.items()}, told


def test_a_user_without_an_address_is_nobody(site):
    assert not site.knows("nomail@corp.example.test") and not site.knows("CORP\\nomail")


def test_a_computer_and_a_contact_are_no_users(site):
    assert site.knows("jo@example.test") and not site.knows("pc1@example.test") and not site.knows("contact@example.test")


def test_a_container_that_is_moved_changes_nothing(site):
    """Its users have other DNs: members, grants and rights are the same."""
    before, told = site.digest(), site.look("jo@example.test")
    site.samba.sam.rename(f"OU={ODD},{ROOT}", f"OU=Moved \\= it,OU=Crowd,{ROOT}")
    assert "nothing to change" in site.cli("sync").stdout
    assert site.digest() == before and site.look("jo@example.test") == told


def test_two_primary_addresses_block_a_user(site):
    assert "unclear" in site.told or "several primary addresses" in site.told
    assert not site.may_send("unclear", "one@example.test") and not site.may_send("unclear", "two@example.test")


@pytest.mark.parametrize("login,recipient,may", [
    ("alice", "closed@example.test", True), ("bob", "closed@example.test", True), ("carol", "closed@example.test", False),
    ("alice", "barred@example.test", False), ("frank", "barred@example.test", False), ("bob", "barred@example.test", True),
    ("carol", "announce@example.test", True), ("bob", "announce@example.test", False), ("alice", "unreachable@example.test", False)])
def test_who_may_write_to_whom(site, login, recipient, may):
    assert site.may_write_to(login, recipient) == may


def test_what_is_left_out_is_counted(site):
    for words in ("2 values of proxyAddresses that are no address of SMTP", "1 Send-As rights of accounts that have no address",
                  "1 entries on which a denial names a group or account that is not known", "1 sAMAccountNames that can be no login name",
                  "1 names in authOrig, publicDelegates and the like"):
        assert words in site.told, (words, site.told)


def refused(site, *words, **changes):
    """A sync that fails: what is told. What was published stays."""
    before = [site.look(name) for name in (BOXES["a user"], "alice@example.test", "sales@example.test")]
    site.use(**changes)
    result = site.cli("sync")
    site.use()
    assert result.returncode != 0, result.stdout
    for word in words:
        assert word in result.stderr, result.stderr
    assert [site.look(told["asked"]) for told in before] == before


def test_a_bind_without_rights_is_told(site, folder):
    refused(site, "blind@corp.example.test", "is shown userAccountControl of nobody: it needs the right to read",
            user='"blind@corp.example.test"')
    refused(site, "without authentication", user=None, password_file=None, bind="anonymous")
    wrong = folder / "wrong"
    wrong.write_text("another\n")
    wrong.chmod(0o600)
    refused(site, "reader@corp.example.test", password_file=f'"{wrong}"')
    refused(site, "certificate", tls_ca_file='"/etc/ssl/certs/ca-certificates.crt"')


@pytest.mark.skipif(no_kerberos() is not None, reason=str(no_kerberos()))
@pytest.mark.parametrize("url,tls", [("ldaps", None), ("ldap", None), ("ldap", "none")])
def test_kerberos_logs_in_with_and_without_tls(site, monkeypatch, url, tls):
    """Over TLS with channel binding, which Samba demands from 4.21 on."""
    keytab, environment = site.samba.kerberos()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    changes = {} if tls is None else {"tls": tls, "tls_ca_file": None}
    site.use(bind="gssapi", user=None, password_file=None, keytab_file=f'"{keytab}"', url=f'"{url}://127.0.0.1"', **changes)
    try:
        site.read()
    finally:
        site.use()


def test_an_attribute_that_is_not_shown_blocks_who_may_be_disabled(site):
    """userAccountControl, of one user."""
    site.samba.allow(mailbox(site.samba, "hidden"), "(OD;;RP;bf967a68-0de6-11d0-a285-00aa003049e2;;{reader})")
    told = site.read()
    wait_for(lambda: site.knows("hidden@example.test"), "the user")
    assert "userAccountControl is not shown: the account may be disabled" in told, told
    assert not site.may_send("hidden", "hidden@example.test") and site.may_send("alice", "alice@example.test")


MEMBER, MEMBER_OF = "bf9679c0-0de6-11d0-a285-00aa003049e2", "bf967991-0de6-11d0-a285-00aa003049e2"
TOKEN_GROUPS = "b7c69e6d-2cc7-11d2-854e-00a0c983f608"


def test_who_is_denied_by_a_group_that_hides_it_stays_denied(site):
    """Neither `member` of the groups nor `memberOf` of who is in them is shown to the reader; then tokenGroups neither."""
    samba = site.samba
    veiled = mailbox(samba, "veiled")
    mailbox(samba, "unveiled")
    for name, inside in (("veil-inner", veiled), ("veil-outer", f"CN=veil-inner,{USERS}")):
        samba.group(name, member=[inside])
        samba.allow(f"CN={name},{USERS}", f"(OD;;RP;{MEMBER};;{{reader}})(OD;;RP;{MEMBER_OF};;{{reader}})")
    samba.allow(veiled, f"(OD;;RP;{MEMBER_OF};;{{reader}})")
    box = mailbox(samba, "veilbox")
    samba.allow(box, "(OD;;CR;SEND_AS;;{veil-outer})(OA;;CR;SEND_AS;;AU)")
    chief = mailbox(samba, "veilchief", dLMemRejectPerms=[f"CN=veil-outer,{USERS}"])

    def holds():
        wait_for(lambda: site.may_send("unveiled", "veilbox@example.test"), "who is not denied")
        assert not site.may_send("veiled", "veilbox@example.test")
        assert site.may_write_to("unveiled", "veilchief@example.test")
        assert not site.may_write_to("veiled", "veilchief@example.test")
    assert "tokenGroups" not in site.read()
    holds()
    samba.allow(veiled, f"(OD;;RP;{TOKEN_GROUPS};;{{reader}})")
    assert '1 users who do not show tokenGroups' in site.read()
    holds()
    for dn in (box, chief, veiled):
        samba.sam.delete(dn)
    site.read()


def test_the_policy_may_let_full_control_be_send_as(site):
    site.use(all_rights_send_as="yes")
    site.read()
    wait_for(lambda: site.may_send("alice", BOXES["full control"]), "the directory with all rights")
    for what, _, _, asked in RIGHTS:
        for login, may in {**asked, **ALL_RIGHTS.get(what, {})}.items():
            assert site.may_send(login, BOXES[what]) == may, (what, login)
    site.use()
    site.read()
    wait_for(lambda: not site.may_send("alice", BOXES["full control"]), "the directory without them")


def test_a_thousand_users_are_the_same_as_in_text(site, folder):
    expected = in_directory(site.samba, company())
    site.use(base=f'"OU=Company,{ROOT}"')
    site.read()
    digest = site.digest()
    site.use()
    files = Files(folder)
    text = TextSource(folder)
    text.load(expected)
    assert files.publish(text.settings()) == digest


def test_each_change_is_followed(site):
    """New, granted, moved, renamed, deleted; a change of a group, and of a container's DACL."""
    samba, shared = site.samba, BOXES["nobody"]
    site.use(interval="1s")
    with Follower(site) as follower:
        follower.wait_log("following 1 source")
        grace = mailbox(samba, "grace")
        wait_for(lambda: site.may_send("grace", "grace@example.test"), "a new user")
        samba.tool("dsacl", "set", "--objectdn", f"CN={shared.partition('@')[0]},OU=Shared,{ROOT}", "--sddl",
                   f"(OA;;CR;{SEND_AS};;{samba.sid('grace')})", "-H", samba.folder / "private" / "sam.ldb")
        wait_for(lambda: site.may_send("grace", shared), "Send-As")
        samba.write(f"dn: CN=inner,{USERS}\nchangetype: modify\nadd: member\nmember: {grace}\n-\n\n")
        wait_for(lambda: site.may_send("grace", BOXES["a group"]), "a member of a group in a group")
        samba.modify(grace, mail="grace.hopper@example.test", proxyAddresses="SMTP:grace.hopper@example.test")
        wait_for(lambda: site.may_send("grace", "grace.hopper@example.test"), "the new name")
        assert site.may_send("grace", shared) and site.may_send("grace", BOXES["a group"])
        assert not site.may_send("grace", "grace@example.test")
        samba.sam.rename(grace, f"CN=grace,OU=Allowed,{ROOT}")
        wait_for(lambda: site.may_send("alice", "grace.hopper@example.test"), "what the new place gives")
        assert site.may_send("grace", BOXES["a group"])
        samba.allow(f"OU=Denied,{ROOT}", "(OA;CI;CR;SEND_AS;;{grace})")
        wait_for(lambda: site.may_send("grace", BOXES["an inherited denial"]), "the container's new right")
        samba.sam.delete(f"CN=grace,OU=Allowed,{ROOT}")
        wait_for(lambda: not site.knows("grace.hopper@example.test"), "the user to be gone")
        wait_for(lambda: not site.may_send("grace", shared), "the grant to be gone")


# --- the page "From Active Directory"

SHELL = ("samba-tool ", "install ", "mailwicket ")


def here(text, site, folder):
    """As the page has it, for the test's folder, people and server."""
    if not has_group("mailwicket-sync"):
        text = text.replace("-g mailwicket-sync", "-g root")
    return (text.replace("/etc/mailwicket/corp-ca.pem", str(site.samba.certificate.cert)).replace("/etc/mailwicket/", f"{folder}/")
            .replace("dc1.corp.example.org", "127.0.0.1").replace("example.org", "example.test").replace("DC=org", "DC=test"))


def test_the_commands_of_the_page_publish_the_directory(site, folder):
    found = blocks("from-active-directory.md")
    shell = [block for block in found if block.startswith(SHELL)]
    [source] = [block for block in found if block.startswith("directory {")]
    [powershell] = [block for block in found if block.startswith("New-ADUser ")]
    assert sorted(found) == sorted([*shell, source, powershell])
    daemon = Daemon(POLICY, None, folder, start=False, sections="directory { }")
    (folder / "directory").write_text("")
    daemon.sections = here(source, site, folder).replace("directory {", f'directory {{\n    path = "{daemon.published}"', 1)
    programs = folder / "programs"
    programs.mkdir()
    database = f"-H {site.samba.folder}/private/sam.ldb"
    for name, text in (("mailwicket", f'exec {CLI} -c {daemon.policy} "$@"'), ("wbinfo", f"echo {site.samba.sid('alice')} SID_USER"),
                       ("samba-tool", f'exec {tool("samba-tool")} "$@" {database} -s {site.samba.config}')):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    told = ""
    for block in shell:
        daemon.write_policy(POLICY)
        done = subprocess.run(["sh", "-e", "-c", here(block, site, folder)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{programs}:{PATH}"})
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        told += done.stdout
    assert "published: " in told and "alice@example.test" in told
    assert (folder / "ad.password").stat().st_mode & 0o777 == 0o640
    assert daemon.cli("sync").returncode == 0
    assert json.loads(daemon.cli("--json", "lookup", "sales@example.test").stdout)["send_as"] == ["alice@example.test"]
