"""A mail server configured in the manner of a distribution (tests/distributions/NAME), on a network of its own.

    class IRedMail(Distribution):
        name = "iredmail"

    with IRedMail(folder) as site:     # not wired to Mailwicket yet
        site.start()
        site.setup("--apply"); site.restart(); site.setup("--undo")

In the templates @NAME@ stands for what differs here: folders, certificates, the instance's own settings. Ports are the real
ones, as the network is the test's.
"""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

from rig import network
from rig.built import SOURCE
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot
from rig.mail_programs import Receiver
from rig.network import CLIENT, Network
from rig.postfix import Postfix, needs_postfix
from rig.processes import tool
from rig.tls import Certificate

TEMPLATES = SOURCE / "tests" / "distributions"
PASSWORD = "right-password"

POSTFIX_INSTANCE = """\
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {folder}
multi_instance_name = {name}
"""

DOVECOT_INSTANCE = {
    "2.3": """\
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {name}
log_path = {folder}/log
login_plugin_dir = {modules}/login
import_environment = $import_environment MAILWICKET_CONFIG={policy}
auth_failure_delay = 0
""",
    "2.4": """\
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {name}
log_path = {folder}/log
login_plugin_dir = {modules}/login
import_environment {{
  MAILWICKET_CONFIG = {policy}
}}
auth_failure_delay = 0
""",
}


def why_not():
    """Why no distribution can run here, or None."""
    missing = [name for name in ("postconf", "dovecot", "swaks", "curl") if tool(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else needs_postfix() or network.why_not()


class Distribution:
    name = None  # its folder of templates
    marks = ()  # header fields that tell what a message passed
    PORTS = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "sieve": 4190}

    def __init__(self, folder):
        self.folder = Path(folder)
        self.template = TEMPLATES / self.name
        self.network = Network()
        self.programs = []

    def __enter__(self):
        self.network.__enter__()
        try:
            self.make()
            with self.network.outside():
                self.world = self.run(Receiver(25, CLIENT))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        for program in reversed(self.programs):
            program.stop()
        if getattr(self, "daemon", None) is not None:
            self.daemon.kill()
        self.network.__exit__()

    # --- files

    def make(self):
        self.postfix = Postfix(self.folder, certificate=Certificate(self.folder))
        self.backup = self.folder / "backup"
        self.values = {"ETC": self.postfix.etc, "SPOOL": self.postfix.queue, "FOLDER": self.folder,
                       "CERT": self.postfix.certificate.cert, "KEY": self.postfix.certificate.key,
                       "VMAIL": self.folder / "vmail", "DATABASE": self.folder / "database" / "vmail.sqlite",
                       "DOVECOT": self.folder / "dovecot" / "etc", "RUN": self.folder / "dovecot" / "run",
                       "PUBLISHED": self.folder / "published"}
        (self.folder / "vmail").mkdir()
        shutil.chown(self.folder / "vmail", "nobody", "nogroup")
        self.make_database()
        self.make_policy()
        self.make_dovecot()
        self.make_postfix(self.postfix, "postfix")

    def filled(self, text):
        return re.sub(r"@([A-Z_]+)@", lambda found: str(self.values[found[1]]), text)

    def copy(self, source, target):
        """A folder of templates, filled in."""
        for path in sorted((self.template / source).rglob("*")):
            made = Path(target) / path.relative_to(self.template / source)
            if path.is_dir():
                made.mkdir(exist_ok=True)
            else:
                made.parent.mkdir(exist_ok=True, parents=True)
                made.write_text(self.filled(path.read_text()))

    def make_database(self):
        path = self.values["DATABASE"]
        if not (self.template / "accounts.sql").exists():
            return
        path.parent.mkdir()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(self.filled((self.template / "accounts.sql").read_text()))

    def make_policy(self):
        policy = self.filled((self.template / "mailwicket.conf").read_text())
        self.daemon = Daemon(policy, (self.template / "directory").read_text(), self.folder, start=False,
                             sections=f'policy_service {{ listen = {{ "unix:{self.postfix.policy_socket}" }} '
                                      f'socket_group = "postfix" }}')
        self.daemon.socket_path = self.postfix.policy_socket
        self.daemon.start()

    def make_dovecot(self):
        made = PrivateDovecot(self.folder, policy=self.daemon.policy, users={}, protocols=self.protocols(),
                              certificate=self.postfix.certificate, wired=False)
        self.values["DOVECOT_INSTANCE"] = DOVECOT_INSTANCE[made.generation].format(
            folder=made.folder, name=self.folder.name, modules=made.modules, policy=self.daemon.policy)
        (made.folder / "etc").mkdir()
        self.copy(f"dovecot-{made.generation}", made.folder / "etc")
        made.config = made.folder / "etc" / "dovecot.conf"
        made.ports = {name: port for name, port in self.PORTS.items() if name.rstrip("s") in made.protocols}
        self.dovecot = made

    def protocols(self):
        return ["imap", "pop3", "sieve"]

    def more(self, actions):
        """Does the distribution's own actions, beside those that all have."""

    def make_postfix(self, postfix, source):
        name = re.sub(r"[^a-z0-9]", "", f"{source}{self.folder.name}".lower())
        self.values["POSTFIX_INSTANCE"] = POSTFIX_INSTANCE.format(
            queue=postfix.queue, data=postfix.data, log=postfix.log, folder=postfix.folder, name=f"postfix-{name}")
        self.copy(source, postfix.etc)
        for path in postfix.etc.glob("aliases"):
            subprocess.run([tool("postalias"), "-c", postfix.etc, f"hash:{path}"], check=True, timeout=60)
        postfix.age()

    def master(self):
        return (self.postfix.etc / "master.cf").read_text()

    # --- the servers

    def start(self):
        self.dovecot.start()
        self.postfix.ports = self.wanted_ports()
        self.postfix.start()

    def wanted_ports(self):
        """Ports of this Postfix's listeners on addresses that this machine reaches."""
        return [25, 465, 587]

    def stop(self):
        for server in (getattr(self, "postfix", None), getattr(self, "dovecot", None)):
            if server is not None:
                server.stop()

    def restart(self):
        self.stop()
        self.postfix.age()
        self.start()

    def wait_delivered(self):
        """Until every message is where it goes: in each step it stands in one queue or the next."""
        for postfix in self.instances():
            postfix.queue_idle()

    def instances(self):
        """Its Postfix, and others that get mail from it."""
        return [self.postfix]

    def run(self, program):
        """Starts a program of mail_programs.py, which is stopped at the end."""
        program.start()
        self.programs.append(program)
        return program

    # --- mailwicket

    def servers(self):
        return ["--postfix-config", self.postfix.etc, "--dovecot-config", self.dovecot.config]

    def setup(self, *arguments):
        return self.daemon.cli("setup", "--backup", self.backup, *self.servers(), *arguments)

    def undo(self):
        return self.daemon.cli("setup", "--undo", "--backup", self.backup)

    def findings(self):
        """Of `check`."""
        told = self.daemon.cli("--json", "check", "--policy-only", *self.servers())
        assert told.stderr == "", told.stderr
        return json.loads(told.stdout)["findings"]

    def errors(self):
        """What `check` calls an error, as "setting: what"."""
        return [f"{row['setting']}: {row['what']}" for row in self.findings() if row["severity"] == "error"]

    def tree(self):
        """Every file of the configurations, with its bytes, mode, owner and time of change."""
        found = {}
        for folder in self.configurations():
            for path in folder.rglob("*"):
                status = path.lstat()
                found[str(path.relative_to(self.folder))] = (
                    oct(status.st_mode), status.st_uid, status.st_gid,
                    path.read_bytes() if path.is_file() else os.readlink(path) if path.is_symlink() else None)
        return found

    def configurations(self):
        return [self.postfix.etc, self.dovecot.config.parent]

    # --- what may not change

    def postconf(self, *arguments):
        return self.postfix.postconf("-c", self.postfix.etc, *arguments).splitlines()

    def effective(self):
        """Postfix's own view: settings of main.cf, the entries of master.cf with their options."""
        return {"settings": dict(line.split(" = ", 1) if " = " in line else (line.rstrip(" ="), "")
                                 for line in self.postconf("-n")),
                "entries": {" ".join(line.split()[:2]): " ".join(line.split()[2:]) for line in self.postconf("-M")},
                "options": {line.partition(" =")[0]: line.partition(" =")[2] for line in self.postconf("-P")}}
