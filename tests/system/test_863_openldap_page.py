"""The page "From OpenLDAP": its commands, as they stand there, lead to a directory."""
import os
import re
import shlex
import subprocess

import pytest

from rig.built import CLI
from rig.daemon import Daemon
from rig.ldap_source import group, person
from rig.pages import blocks, has_group
from rig.processes import PATH, tool
from rig.slapd import SUFFIX, Slapd
from rig.sources import POLICY


@pytest.fixture(scope="module")
def server():
    """Of its own: the page changes its configuration."""
    with Slapd() as made:
        made.add(person(f"uid=alice,{SUFFIX}", uid="alice", mail="alice@example.test", secretary=f"uid=bob,{SUFFIX}") +
                 person(f"uid=bob,{SUFFIX}", uid="bob", mail="bob@example.test", userPassword="hidden") +
                 group(f"cn=sales,{SUFFIX}", [f"uid=bob,{SUFFIX}"], mail="sales@example.test"))
        yield made


class Page:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.blocks = blocks("from-openldap.md")
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
    assert len(page.blocks) == 6, page.blocks
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
