"""The page "From OpenLDAP": its commands, as they stand there, lead to a directory."""
import json
import os
import re
import shlex
import subprocess

import pytest

from rig.built import CLI
from rig.daemon import Daemon
from rig.ldap_source import LdapSource, entry, group, listed, person
from rig.pages import blocks, has_group
from rig.processes import PATH, tool
from rig.slapd import SUFFIX, Slapd
from rig.sources import POLICY, Files


class Overlaid(Slapd):
    """With the overlays that make members and locks."""

    def make(self):
        super().make()
        text = self.config.read_text().replace("moduleload syncprov\n", "".join(
            f"moduleload {name}\n" for name in ("syncprov", "dynlist", "memberof", "ppolicy")))
        text = text.replace("misc.schema\n", "misc.schema\ninclude /etc/ldap/schema/dyngroup.schema\n")
        self.config.write_text(text.replace("overlay syncprov\n", (
            "overlay syncprov\noverlay memberof\noverlay dynlist\ndynlist-attrset groupOfURLs memberURL member\noverlay ppolicy\n"), 1))


@pytest.fixture(scope="module")
def server():
    """Of its own: the page changes its configuration."""
    with Overlaid() as made:
        made.add(person(f"uid=alice,{SUFFIX}", uid="alice", mail="alice@example.test", secretary=f"uid=bob,{SUFFIX}") +
                 person(f"uid=bob,{SUFFIX}", uid="bob", mail="bob@example.test", userPassword="hidden") +
                 group(f"cn=sales,{SUFFIX}", [f"uid=bob,{SUFFIX}"], mail="sales@example.test"))
        yield made


class Page:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.blocks = blocks("from-openldap.md", until="## 6. ")
        self.daemon = Daemon(POLICY, None, folder, start=False, sections="directory { }")
        (folder / "directory").write_text("")
        self.programs = folder / "programs"
        self.programs.mkdir()
        quoted = shlex.quote
        # What the page says to the host's server as its administrators.
        for name in ("ldapadd", "ldapmodify"):
            self.program(name, f"exec {tool(name)} -Q -Y EXTERNAL -H {quoted(server.ldapi)}")
        self.program("mailwicket", f'exec {quoted(str(CLI))} -c {quoted(str(self.daemon.policy))} "$@"')

    def program(self, name, text):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def here(self, text):
        if not has_group("mailwicket-sync"):
            text = text.replace("-g mailwicket-sync", "-g root")
        return (text.replace("/etc/mailwicket/", f"{self.folder}/").replace("example.org", "example.test").replace("dc=org", "dc=test")
                .replace("ldaps://ldap.example.test", f"ldaps://127.0.0.1:{self.server.tls_port}"))

    def run_for(self, word):
        [block] = [block for block in self.blocks if block.startswith(word)]
        done = subprocess.run(["sh", "-e", "-c", self.here(block)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{self.programs}:{PATH}"})
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        return done.stdout

    def write_source(self):
        [text] = [block for block in self.blocks if block.startswith("directory {")]
        text = self.here(text).replace("directory {", f'directory {{\n    path = "{self.folder}/published"', 1)
        text = text.replace("base =", f'tls_ca_file = "{self.server.certificate.cert}"\n        base =', 1)
        self.daemon.sections = text
        self.daemon.write_policy(POLICY)


def test_the_commands_of_the_page_publish_the_directory(server, folder):
    page = Page(server, folder)
    assert len(page.blocks) == 8, page.blocks
    page.run_for("ldapadd ")
    page.run_for("ldapmodify ")
    page.run_for("install ")
    assert (folder / "ldap.password").read_text() == "change me\n"
    page.write_source()
    assert "published: 2 users, 1 groups" in page.run_for("mailwicket check")
    told = page.run_for("mailwicket lookup")
    assert re.search(r"on behalf.*\n?.*bob@example.test", told), told
    # What the page grants is no password.
    shown = subprocess.run([tool("ldapsearch"), "-x", "-LLL", "-H", f"ldap://127.0.0.1:{server.port}", "-D", f"cn=mailwicket,{SUFFIX}",
                            "-w", "change me", "-b", SUFFIX, "(uid=bob)"], capture_output=True, text=True, timeout=60).stdout
    assert "mail: bob@example.test" in shown and "userPassword" not in shown and "sn:" not in shown


PLAIN = {"users_filter": None, "users_attributes": None, "groups_attributes": None}


def published(files, source, **changes):
    """What a good sync says."""
    files.use(source.settings(**{**PLAIN, **changes}))
    done = files.cli("sync", "--accept", "people")
    assert done.returncode == 0, done.stderr
    return done.stderr


def filter_of_the_page(kind):
    [setting] = [block for block in blocks("from-openldap.md", until="## 6. ") if block.startswith(f"{kind}_filter")]
    return setting.partition('"')[2].strip().strip('"')


def groups_of(files, name):
    return sorted(json.loads(files.cli("--json", "lookup", name).stdout)["groups"])


def test_members_that_an_overlay_makes_are_read_where_the_page_says(server, folder):
    """A group of a URL, and memberOf; a reference, an attribute with an option."""
    files, source = Files(folder), LdapSource(server, folder)
    base = source.base
    server.add(person(f"uid=carol,{base}", uid="carol", mail="carol@example.test") +
               person(f"uid=dan,{base}", uid="dan", mail="dan@example.test") +
               group(f"cn=team,{base}", [f"uid=carol,{base}"], mail="team@example.test") +
               entry(f"cn=all,{base}", objectClass=["groupOfURLs", "mwMail"], memberURL=f"ldap:///{base}??sub?(uid=*)",
                     mail="all@example.test"))
    server.modify(f"dn: uid=dan,{base}\nchangetype: modify\nadd: mail;lang-de\nmail;lang-de: daniel@example.test\n")
    server.client("ldapadd", "-M", input=entry(f"ou=away,{base}", objectClass=["referral", "extensibleObject"],
                                               ref="ldap://other.test/ou=away").encode())
    warned = published(files, source)
    assert 'what these have is missing: "ldap://other.test/' in warned, warned
    assert groups_of(files, "carol@example.test") == ["team@example.test"] and files.cli("lookup", "daniel@example.test").returncode != 0
    files.use(source.settings(**{**PLAIN, "base": f"ou=away,{base}"}))
    assert "the base is on another server, to which the server refers" in files.cli("sync").stderr
    published(files, source, groups_filter=filter_of_the_page("groups"))
    assert groups_of(files, "carol@example.test") == ["all@example.test", "team@example.test"]
    assert groups_of(files, "dan@example.test") == ["all@example.test"]
    published(files, source, users_attributes=listed(["Member_Of=MEMBEROF"]), groups_attributes=listed(["member="]))
    assert groups_of(files, "carol@example.test") == ["team@example.test"]


def test_who_is_locked_is_left_out_by_the_filter_of_the_page(server, folder):
    """An account that may not read pwdAccountLockedTime publishes nothing by it."""
    files, source = Files(folder), LdapSource(server, folder)
    server.add("".join(person(f"uid={name},{source.base}", uid=name, mail=f"{name}@example.test") for name in ("erin", "frank")))
    server.client("ldapmodify", "-e", "relax", input=(
        f"dn: uid=frank,{source.base}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n").encode())
    published(files, source)
    assert files.cli("lookup", "frank@example.test").returncode == 0
    published(files, source, users_filter=filter_of_the_page("users"))
    assert files.cli("lookup", "frank@example.test").returncode != 0 and files.cli("lookup", "erin@example.test").returncode == 0
