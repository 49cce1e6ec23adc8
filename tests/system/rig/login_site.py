"""Dovecot and the files of its policy, for tests of who may log in: accounts, master users, passwords of every scheme."""
import subprocess

from rig.daemon import Daemon, parse_decision
from rig.dovecot import PrivateDovecot, version
from rig.folders import make_folder, remove_folder
from rig.login_clients import client
from rig.ports import listens_at
from rig.processes import tool
from rig.sasl_client import SaslClient
from rig.waiting import PATIENCE, wait_for

PASSWORD = "right-password"
POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative }
login "trial" { remote = { "127.0.0.44" } mode = audit }
connector "Client" {
    bindings = { "*:587" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS, Integrated }
    permission_groups = { ExchangeUsers }
}
connector "Printer" {
    bindings = { "*:2525" }
    sasl_services = { "printer" }
    auth_mechanism = { Tls, BasicAuth }
    permission_groups = { ExchangeUsers }
}
connector "Challenge" {
    bindings = { "*:2526" }
    sasl_services = { "challenge" }
    auth_mechanism = { Tls, Integrated }
    permission_groups = { ExchangeUsers }
}
"""
DIRECTORY = """\
user bob@example.test login=bob address=robert@example.test
user mary@example.test login=mary
user eve@example.test login=eve imap=yes pop3=no smtp=no sieve=no
user gone@example.test login=gone imap=no pop3=no smtp=no sieve=no
"""
USERS = ["bob", "mary", "eve", "gone", "bob@example.test", "mary@example.test", "eve@example.test", "stranger"]
SMTP = ("service=smtp", "secured", "lip=127.0.0.1", "rip=192.0.2.7")
RULES = "  result_success = continue\n  result_failure = return-fail\n  result_internalfail = return-fail\n"


def block(driver, text, master=False):
    """A passdb of either generation."""
    master_line = "  master = yes\n" if master else ""
    if version() == "2.3":
        return f"passdb {{\n  driver = {driver}\n{master_line}{text}}}\n"
    return f"passdb {driver}{'-master' if master else ''} {{\n  driver = {driver}\n{master_line}{text}}}\n"


def password_file(path):
    return f"  args = {path}\n" if version() == "2.3" else f"  passwd_file_path = {path}\n"


MASTERS = ("auth_master_user_separator = *\n" + block("mailwicket", RULES, master=True) +
           block("passwd-file", password_file("MASTERS") + "  result_success = continue\n", master=True))


class LoginSite:
    """Dovecot and the files of its policy."""

    def __init__(self, extra="", users=USERS, policy=POLICY, scheme="PLAIN", directory=DIRECTORY, **options):
        self.folder = make_folder("auth")
        self.files = Daemon(policy, directory, self.folder, start=False)
        masters = self.folder / "masters"
        masters.write_text(f"admin:{{PLAIN}}master-password\n")
        masters.chmod(0o644)
        self.dovecot = PrivateDovecot(self.folder, policy=self.files.policy, users=dict.fromkeys(users, PASSWORD),
                                      extra=extra.replace("MASTERS", str(masters)), **options)
        if scheme != "PLAIN":
            self.hash_passwords(scheme)
        self.ports = self.dovecot.ports

    def hash_passwords(self, scheme):
        made = subprocess.run([tool("doveadm"), "-O", "pw", "-s", scheme, "-p", PASSWORD], capture_output=True,
                              text=True, check=True, timeout=PATIENCE).stdout.strip()
        passwd = self.dovecot.folder / "passwd"
        passwd.write_text(passwd.read_text().replace("{PLAIN}" + PASSWORD, made))

    def __enter__(self):
        self.dovecot.start()
        wait_for(lambda: listens_at(self.dovecot.auth_path()), "the auth socket")
        return self

    def __exit__(self, *_):
        self.dovecot.stop()
        remove_folder(self.folder)

    def sasl(self):
        return SaslClient(self.dovecot.auth_path())

    def log_in(self, protocol, login, password=PASSWORD, way="plain", **options):
        how = "starttls" if protocol == "sieve" else "implicit"  # ManageSieve has no other
        with client(protocol, self.ports, how=how, **options) as it:
            return getattr(it, way)(login, password) == "ok"

    def decided(self, **fields):
        """Waits for such a decision: Dovecot's log is written by another process than that which answers."""
        return wait_for(lambda: self.decisions(**fields), f"a decision with {fields}")

    def decisions(self, **fields):
        found = [parse_decision(line) for line in self.dovecot.lines("mailwicket: v=1 ")]
        return [line for line in found if all(line.get(key) == value for key, value in fields.items())]
