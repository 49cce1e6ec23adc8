"""Debian's stock configuration of Postfix and Dovecot, for a private folder and ports."""
import json
import re
import shutil
from pathlib import Path

from rig import dovecot, guide
from rig.checked import brief
from rig.dovecot import PrivateDovecot
from rig.mailsite import MailSite, WORLD_DIRECTORY, WORLD_LOGINS
from rig.postfix import needs_postfix

STOCK_POSTFIX, STOCK_DOVECOT = Path("/usr/share/postfix"), Path("/etc/dovecot")


def needs_stock():
    """Why there is no stock configuration here, or None."""
    if (STOCK_DOVECOT / "conf.d").is_dir() and (STOCK_POSTFIX / "main.cf.debian").exists():
        return needs_postfix()
    return "not Debian's Postfix and Dovecot"


MORE = 'hostname = "mx.example.test"\nrecipient_delimiter = "+"\n'
POLICY, AUDIT_POLICY = MORE + guide.policy(), MORE + guide.policy(audit=True)
# What the guide says of every login, and its place in an audit.
LOGINS, AUDITED_LOGINS = 'login "everywhere" { }', 'login "everywhere" { mode = audit }'

# What a private instance needs, in local.conf, which Debian's dovecot.conf reads last.
LOCAL = {
    "2.3": """\
protocols = imap
ssl_cert = <{cert}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%u
login_plugin_dir = {modules}/login
import_environment = $import_environment MAILWICKET_CONFIG={policy}
""",
    "2.4": """\
protocols = imap
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
mail_inbox_path =
login_plugin_dir = {modules}/login
import_environment {{
  MAILWICKET_CONFIG = {policy}
}}
""",
}


class Stock(MailSite):
    """Debian's configuration of both servers, for a private folder and ports; not wired to Mailwicket."""

    def __init__(self, folder, policy=POLICY, milter=False):
        super().__init__(folder, policy, WORLD_DIRECTORY, WORLD_LOGINS)
        if milter:
            self.add_milter()
        self.backup = self.folder / "backup"
        self.daemon.start()
        self.write_postfix()
        self.write_dovecot()

    def write_postfix(self):
        postfix = self.postfix
        postfix.write_plain({})
        private = (postfix.etc / "main.cf").read_text() + "smtpd_relay_restrictions = permit_mynetworks,\n" \
            "# a comment among the lines\n    reject_non_fqdn_recipient defer_unauth_destination\n"
        stock = (STOCK_POSTFIX / "main.cf.debian").read_text()
        (postfix.etc / "main.cf").write_text(postfix.without_replaced(stock, private) + private)
        master = Path("/etc/postfix/master.cf.proto").read_text()
        master, count = re.subn(r"(?m)^smtp      inet", f"{self.ports['smtp']}      inet", master)
        assert count == 1
        (postfix.etc / "master.cf").write_text(master)
        (postfix.etc / "main.cf").chmod(0o640)
        shutil.copy("/etc/postfix/dynamicmaps.cf", postfix.etc)
        postfix.age()

    def write_dovecot(self):
        made = PrivateDovecot(self.folder, policy=self.daemon.policy, users=self.passwords, protocols=["imap"],
                              postfix=self.postfix, wired=False)
        etc = made.folder / "etc"
        shutil.copytree(STOCK_DOVECOT, etc, symlinks=True)
        owner = (made.folder / "mail").stat()
        values = {"folder": made.folder, "name": self.folder.name, "failure_delay": "0", "cert": made.certificate.cert,
                  "key": made.certificate.key, "modules": made.modules,
                  "policy": self.daemon.policy, "uid": owner.st_uid, "gid": owner.st_gid}
        text = dovecot.COMMON + LOCAL[made.generation] + dovecot.ACCOUNTS[made.generation]
        (etc / "local.conf").write_text(text.format(**values) + made.listeners())
        auth = etc / "conf.d" / "10-auth.conf"
        auth.write_text(auth.read_text().replace("!include auth-system.conf.ext", "#!include auth-system.conf.ext"))
        tls = etc / "conf.d" / "10-ssl.conf"
        tls.write_text(re.sub(r"(?m)^ssl_(cert|key|server_cert_file|server_key_file) = .*\n", "", tls.read_text()))
        made.config = etc / "dovecot.conf"
        made.postfix = None
        self.dovecot = made

    def servers(self):
        return ["--postfix-config", self.postfix.etc, "--dovecot-config", self.dovecot.config]

    def setup(self, *arguments):
        return self.daemon.cli("setup", "--backup", self.backup, *self.servers(), *arguments)

    def undo(self, *arguments):
        return self.daemon.cli("setup", "--undo", "--backup", self.backup, *arguments)

    def check(self):
        told = self.daemon.cli("--json", "check", "--policy-only", *self.servers())
        return told.returncode, brief(json.loads(told.stdout)["findings"])

    def tree(self):
        """Every file of both configurations with its bytes, mode and owner."""
        found = {}
        for folder in (self.postfix.etc, self.dovecot.config.parent):
            for path in folder.rglob("*"):
                status = path.lstat()
                found[path] = (status.st_mode, status.st_uid, status.st_gid,
                               path.read_bytes() if path.is_file() else None)
        return found
