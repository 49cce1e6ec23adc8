"""Configurations without servers, read by `mailwicket init` and `mailwicket import postfix`.

    server = Configured(folder, main="virtual_alias_maps = texthash:DIR/aliases\n", users="alice:{PLAIN}x\n")
    server.table("aliases", "info@example.test alice@example.test\n")
    server.made()
"""
import subprocess

from rig.built import CLI
from rig.dovecot import version
from rig.stock import STOCK_POSTFIX

DOVECOT = {
    "2.3": "passdb {\n  driver = passwd-file\n  args = scheme=PLAIN %s\n}\n",
    "2.4": "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
           "passdb passwd-file {\n  passwd_file_path = %s\n}\n",
}


class Configured:
    """Configurations without servers: a main.cf with Debian's own lines, a Dovecot with a passwd-file."""

    def __init__(self, folder, main="", users="", master=""):
        self.folder, self.etc = folder, folder / "postfix"
        self.etc.mkdir()
        stock = (STOCK_POSTFIX / "main.cf.debian").read_text()
        (self.etc / "main.cf").write_text(stock + "myhostname = mail.example.test\nmyorigin = example.test\n"
                                          "mydestination = $myhostname, example.test, localhost\ninet_protocols = ipv4\n"
                                          "inet_interfaces = loopback-only\n" + main.replace("DIR", str(folder)))
        (self.etc / "master.cf").write_text((STOCK_POSTFIX / "master.cf.dist").read_text() + master)
        self.dovecot = folder / "dovecot.conf"
        (folder / "users").write_text(users)
        self.dovecot.write_text(DOVECOT[version()] % (folder / "users"))
        self.policy, self.directory = folder / "etc" / "mailwicket.conf", folder / "etc" / "directory"

    def table(self, name, text):
        (self.folder / name).write_text(text)

    def init(self, *words):
        return self.cli("init", "--postfix-config", self.etc, "--dovecot-config", self.dovecot, *words)

    def import_postfix(self, *words):
        return self.cli("import", "postfix", "--postfix-config", self.etc, "--dovecot-config", self.dovecot, *words)

    def cli(self, *words):
        return subprocess.run([CLI, "-c", self.policy, *words], capture_output=True, text=True, timeout=120)

    def made(self):
        """The lines of the directory that are no comments, as init makes it."""
        return self.lines(self.init("--apply"))

    def imported(self):
        """The same, as import makes it."""
        return self.lines(self.import_postfix("--apply"))

    def lines(self, told):
        assert told.returncode == 0, told.stderr + told.stdout
        return [line for line in self.directory.read_text().splitlines() if line and not line.startswith("#")]

    def assert_valid(self):
        told = self.cli("check", "--policy-only")
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
