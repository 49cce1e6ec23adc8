"""A Dovecot that follows a directory too large to hold twice: for the small form in the suite and for tests/bench."""
import imaplib
import os
import re
import subprocess
from pathlib import Path

from rig.built import CLI, SOURCE
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot
from rig.waiting import wait_for

PASSWORD = "right-password"
POLICY = 'hostname = "mx.example.test"\ndefault_domain = "example.test"\n'
BOB, NO_BOB = "user bob@example.test login=bob\n", "user bob@example.test login=bob imap=no\n"
MAKE_DIRECTORY = SOURCE / "tests" / "bench" / "make-directory"


def users(count):
    """Directory text with so many users beside bob."""
    return subprocess.run([MAKE_DIRECTORY, "--users", str(count), "--grants", "0"], capture_output=True, text=True,
                          check=True, timeout=300).stdout


class LargeSite:
    """Dovecot alone, bob its user; `vsz_limit` None leaves it to what `mailwicket show` prints."""

    def __init__(self, folder, text):
        self.rest = text
        self.files = Daemon(POLICY, BOB + text, folder, start=False)
        self.dovecot = PrivateDovecot(folder, policy=self.files.policy, users={"bob": PASSWORD}, protocols=["imap"])
        self.shown = self.dovecot.config.read_text()

    @property
    def snapshot(self):
        return self.files.published / "snapshot.mdb"

    def limit(self, octets):
        """Dovecot's own setting for the auth process; None: as shown."""
        line = "" if octets is None else f"service auth {{\n  vsz_limit = {octets // 1024} k\n}}\n"
        self.dovecot.config.write_text(self.shown + line)

    def publish(self, text, everybody=True):
        self.files.write(self.files.directory, text + (self.rest if everybody else ""))
        subprocess.run([CLI, "-c", self.files.policy, "sync"], check=True, capture_output=True, timeout=600)

    def may_log_in(self):
        try:
            self.dovecot.imap_login("bob", PASSWORD)
        except imaplib.IMAP4.error:
            return False
        return True

    def auth(self):
        """The folder in /proc of the auth process."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, parent = re.search(r"\((.*)\) \S (\d+)", stat.read_text()).groups()
                if name == "auth" and int(parent) == self.master():
                    return stat.parent
            except (OSError, AttributeError):
                continue
        raise AssertionError("there is no auth process")

    def master(self):
        return int((self.dovecot.folder / "run" / "master.pid").read_text())

    def status(self, field):
        """A figure of the auth process, e.g. VmSize, in octets."""
        return int(re.search(rf"^{field}:\s+(\d+)", (self.auth() / "status").read_text(), re.M).group(1)) * 1024

    def address_space_limit(self):
        return int(re.search(r"^Max address space\s+(\d+)", (self.auth() / "limits").read_text(), re.M).group(1))

    def octets_read(self):
        """By the auth process, since it started."""
        return int(re.search(r"^rchar: (\d+)", (self.auth() / "io").read_text(), re.M).group(1))

    def errors(self, pattern="mailwicket: directory: "):
        return self.dovecot.lines(pattern)

    def wait_errors(self, pattern="mailwicket: directory: "):
        """Once there are any: Dovecot's log is written by another process than that which answers."""
        return wait_for(lambda: self.errors(pattern), f"{pattern!r} in Dovecot's log")

    def replace_snapshot(self, octets, mode=0o644):
        """Publishes these octets as the snapshot, as a restored backup would."""
        new = self.files.published / "restored"
        new.write_bytes(octets)
        os.chmod(new, mode)
        new.rename(self.snapshot)
