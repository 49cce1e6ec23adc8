"""The pages of docs/guides, run as they stand there: a reader's shell on a private database server.

    page = Page("from-postfixadmin.md", server, driver, folder)
    page.run(page.shell[0])
"""
import grp
import os
import re
import shlex
import subprocess

from rig.built import CLI, SOURCE
from rig.daemon import Daemon
from rig.processes import PATH, tool

SHELL = ("mariadb ", "sudo ", "docker ", "install ", "mailwicket ", "systemctl ")


def page_text(page):
    return (SOURCE / "docs" / "guides" / page).read_text()


def blocks(page, until=None):
    """What is indented in a page, or in what is before a heading, block by block."""
    text = page_text(page).partition(f"\n{until}")[0]
    return [re.sub(r"(?m)^    ", "", found).strip("\n") + "\n" for found in re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", text)]


def has_group(name):
    try:
        return grp.getgrnam(name) is not None
    except KeyError:
        return False


class Page:
    """`database` is there already, with the name that the page has for it."""

    def __init__(self, page, server, driver, folder, policy):
        self.server, self.driver, self.folder = server, driver, folder
        found = blocks(page)
        self.shell = [block for block in found if block.startswith(SHELL)]
        self.sources = [block for block in found if block.startswith("directory {")]
        self.grants = [block for block in found if block.startswith("grants = ")]
        assert len(found) == len(self.shell) + len(self.sources) + len(self.grants), found
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.daemon = Daemon(policy, None, folder, start=False, sections="directory { }")
        self.policy = policy
        (folder / "directory").write_text("")
        self.write_programs()

    def program(self, name, text):
        path = self.programs / name
        path.write_text("#!/bin/sh\n" + text + "\n")
        path.chmod(0o755)

    def write_programs(self):
        """What the page calls, on the private server and with the private policy."""
        quoted = shlex.quote
        self.program("mailwicket", f'exec {quoted(str(CLI))} -c {quoted(str(self.daemon.policy))} "$@"')
        self.program("systemctl", f'echo "$@" >> {quoted(str(self.folder / "systemctl"))}')
        if self.server.name == "mariadb":
            real = f"exec {tool('mariadb')} --no-defaults -S {quoted(str(self.server.socket))}"
            self.program("mariadb", real + ' "$@"')
            self.program("docker", 'while [ "$1" != mariadb ]; do shift; done; shift\n' +
                         'for database; do :; done\n' + real + ' "$database"')
        else:
            self.program("sudo", f"for database; do :; done\nexec {tool('psql')} -X -q -v ON_ERROR_STOP=1 "
                                 f'-h {quoted(str(self.server.socket))} -p {self.server.port} -U admin -f - "$database"')

    def here(self, text):
        """As the page has it, for the test's folder and people."""
        if not has_group("mailwicket-sync"):
            text = text.replace("-g mailwicket-sync", "-g root")
        text = text.replace("/usr/share/mailwicket/schemas", str(SOURCE / "packaging" / "schemas"))
        return text.replace("/etc/mailwicket/", f"{self.folder}/").replace("example.org", "example.test")

    def run(self, block):
        done = subprocess.run(["sh", "-e", "-c", self.here(block)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{self.programs}:{PATH}", "DBROOT": "unused"})
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        return done.stdout

    def run_for(self, word):
        """The block of the page that begins so."""
        [block] = [block for block in self.shell if block.startswith(word)]
        return self.run(block)

    def write_source(self, more=""):
        """The page's directory, with the server's socket or port, and `more` in its block."""
        [text] = self.sources
        if "host = " in text:
            text = re.sub(r"port = \d+", f"port = {self.server.port}", text)
        else:
            socket = f'socket = "{self.server.socket}"' + (f" port = {self.server.port}" if self.driver == "pgsql" else "")
            text = text.replace("        dbname =", f"        {socket}\n        dbname =")
        text = text.replace("driver = mysql", f"driver = {self.driver}").replace("        schema =", f"{more}        schema =")
        published = f'path = "{self.folder}/published"'
        self.daemon.sections = self.here(text).replace("directory {", "directory {\n    " + published, 1)
        self.daemon.write_policy(self.policy)
