"""A small mail server of one file in tests/servers: how administrators configure Postfix and Dovecot, one special thing each.

    with SmallServer("ispmail", folder) as site:
        before = Day(site).outcomes        # what its clients get
        site.init()                        # and sync, setup, enforce, undo, as an administrator does

A file is parts, each headed by `=== NAME`: `main.cf`, `master.cf`, `dovecot-2.3`, `dovecot-2.4` (a name of `common` stands
for the usual part of servers/common), `database.sql` (a file of SQLite, @DATABASE@), any other file of Postfix's folder
(`postfix/NAME`), of Dovecot's (`dovecot/NAME`, `dovecot-2.3/NAME`, `dovecot-2.4/NAME`). Above them, `# ` lines say what is special; `ports = 25 587` which ports clients use.
"""
import contextlib
import re
import sqlite3
import subprocess

from rig.built import SOURCE
from rig.daemon import Daemon
from rig.distribution import DOVECOT_INSTANCE, POSTFIX_INSTANCE, Distribution, PASSWORD
from rig.distribution_clients import Actions, Submitted
from rig.dovecot import PrivateDovecot
from rig.mail_programs import Filter
from rig.network import SERVER
from rig.processes import tool

SERVERS = SOURCE / "tests" / "servers"


def parts_of(path):
    """The head and the parts of a file."""
    head, *rest = re.split(r"(?m)^=== (\S+)\n", path.read_text())
    return head, dict(zip(rest[::2], rest[1::2]))


def names():
    return sorted(path.name for path in SERVERS.iterdir() if path.name not in ("common", "README"))


class SmallServer(Distribution):
    def __init__(self, name, folder):
        self.name = name
        super().__init__(folder)
        self.head, self.parts = parts_of(SERVERS / name)
        self.common = parts_of(SERVERS / "common")[1]
        self.smtp = [int(port) for port in self.said("ports", "25 587").split()]
        self.logins = self.said("logins", "imaps").split()
        self.has_dovecot = self.said("dovecot", "yes") == "yes"
        self.login = self.said("login", "{}@example.test")

    def said(self, name, otherwise=""):
        found = re.search(rf"(?m)^{name} = (.*)$", self.head)
        return found[1] if found else otherwise

    def part(self, name):
        """A part of its file, or the common one."""
        text = self.parts[name] if name in self.parts else self.common[name]
        return self.filled(re.sub(r"(?m)^@common ([^@]+)@\n", lambda found: self.common[found[1]], text))

    def make(self):
        super().make()
        for ports in self.said("filters").split():
            port, back = ports.split(":")
            self.run(Filter(int(port), back=int(back)))

    def make_policy(self):
        """None yet: `init` makes it."""
        self.daemon = Daemon("", None, self.folder, start=False)
        self.daemon.socket_path = self.postfix.policy_socket
        for path in self.daemon.policy, self.daemon.directory:
            path.unlink(missing_ok=True)

    def make_database(self):
        if "database.sql" in self.parts:
            self.values["DATABASE"].parent.mkdir()
            with contextlib.closing(sqlite3.connect(self.values["DATABASE"])) as database:
                database.executescript(self.part("database.sql"))

    def make_dovecot(self):
        made = PrivateDovecot(self.folder, policy=self.daemon.policy, users={}, protocols=self.protocols(),
                              certificate=self.postfix.certificate, wired=False)
        self.values["DOVECOT_INSTANCE"] = DOVECOT_INSTANCE[made.generation].format(
            folder=made.folder, name=self.folder.name, modules=made.modules, policy=self.daemon.policy)
        etc = made.folder / "etc"
        etc.mkdir()
        made.config = etc / "dovecot.conf"
        made.config.write_text(self.part(f"dovecot-{made.generation}"))
        for name in {**self.common, **self.parts}:
            for prefix in "dovecot/", f"dovecot-{made.generation}/":
                if name.startswith(prefix):
                    path = etc / name[len(prefix):]
                    path.parent.mkdir(exist_ok=True, parents=True)
                    path.write_text(self.part(name))
        made.ports = {name: port for name, port in self.PORTS.items() if name in self.logins}
        made.protocols = []
        self.dovecot = made

    def make_postfix(self, postfix, source):
        name = re.sub(r"[^a-z0-9]", "", f"{source}{self.folder.name}".lower())
        self.values["POSTFIX_INSTANCE"] = POSTFIX_INSTANCE.format(
            queue=postfix.queue, data=postfix.data, log=postfix.log, folder=postfix.folder, name=f"postfix-{name}")
        (postfix.etc / "main.cf").write_text(self.filled("@POSTFIX_INSTANCE@") + self.part("main.cf"))
        (postfix.etc / "master.cf").write_text(self.part("master.cf") + self.common["services"])
        for name in {**self.common, **self.parts}:
            if name.startswith("postfix/"):
                (postfix.etc / name[len("postfix/"):]).write_text(self.part(name))
        for path in postfix.etc.glob("aliases"):
            subprocess.run([tool("postalias"), "-c", postfix.etc, f"hash:{path}"], check=True, timeout=60)
        postfix.age()

    def wanted_ports(self):
        return self.smtp

    # --- mailwicket

    def servers(self):
        return super().servers() if self.has_dovecot else ["--postfix-config", self.postfix.etc]

    def start(self):
        if self.has_dovecot:
            self.dovecot.start()
        self.postfix.ports = self.wanted_ports()
        self.postfix.start()

    def init(self):
        """What the administrator does: init, sync, start."""
        told = self.daemon.cli("init", "--apply", *self.servers())
        if told.returncode == 0:
            text = self.daemon.policy.read_text()
            # Where the directory is published is the machine's own folder, which is not a test's.
            self.daemon.write(self.daemon.policy, text.replace(
                "\ndirectory {\n", f'\ndirectory {{\n    path = "{self.daemon.published}"\n', 1))
        return told

    def take_over(self):
        """init, sync and setup, as an administrator does; both servers are what init says that they are."""
        told = self.init()
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
        self.daemon.sync()
        self.daemon.start()
        told = self.setup("--apply")
        assert (told.returncode, self.errors()) == (0, []), told.stdout + told.stderr
        self.restart()

    def enforce(self):
        self.daemon.write(self.daemon.policy, re.sub(r"(?m)^ *mode = audit\n", "", self.daemon.policy.read_text()))
        assert self.daemon.reload()


class Day:
    """What people and machines do; outcomes by name. Dovecot lets clients wait after wrong passwords: a day without is short."""

    def __init__(self, site, wrong_passwords=True):
        self.site, self.actions = site, Actions(site)
        self.actions.seen = self.seen
        alice, bob = "alice@example.test", "bob@example.test"
        login = site.login
        for port in site.smtp:
            self.do(f"{port}: in", self.actions.send, port, "someone@example.net", bob, tls=port == 465)
            self.do(f"{port}: relay", self.actions.send, port, "someone@example.net", "other@example.org", tls=port == 465)
            self.do(f"{port}: alice out", self.actions.send, port, alice, "away@example.org", login=login.format("alice"))
            self.do(f"{port}: alice to bob", self.actions.send, port, alice, bob, login=login.format("alice"))
            self.do(f"{port}: forged", self.actions.send, port, bob, "forged@example.org", login=login.format("alice"))
            if wrong_passwords:
                self.do(f"{port}: wrong password", self.actions.send, port, alice, bob, login=login.format("alice"),
                        password="wrong")
            self.do(f"{port}: AUTH without TLS", self.actions.offers_auth, port)
        for name in site.logins:
            self.do(f"{name}: alice", self.read, name, login.format("alice"))
            if wrong_passwords:
                self.do(f"{name}: wrong password", self.read, name, login.format("alice"), "wrong")
        if 25 in site.smtp:
            self.actions.do_here("25: the web application", self.tolerant, self.actions.deliver, 25, "shop@example.net",
                                 "away@example.org")
        self.actions.do_here("sendmail", self.sendmail)
        self.outcomes = self.actions.all()

    def do(self, name, action, *words, **options):
        self.actions.do(name, self.tolerant, action, *words, **options)

    @staticmethod
    def tolerant(action, *words, **options):
        try:
            return action(*words, **options)
        except OSError as error:
            return f"no connection: {error}"

    def read(self, name, login, password=PASSWORD):
        url = f"{name}://{SERVER}/" + ("INBOX" if name.startswith("imap") else "")
        return self.actions.curl_read(url, login, *([] if name.endswith("s") else ["--ssl-reqd"]), password=password)

    def sendmail(self, recipient="bob@example.test"):
        token = self.actions.token()
        subprocess.run([tool("sendmail"), "-C", self.site.postfix.etc, "-f", "alice@example.test", recipient],
                       input=f"Subject: {token}\n\nlocal\n", text=True, check=True, timeout=60)
        return Submitted("bob", token)

    def seen(self, where):
        if where == "world":
            return [(seen.subject, seen.content) for seen in self.site.world.messages]
        files = [path for folder in (self.site.values["VMAIL"], self.site.postfix.mail) for path in folder.rglob("*")
                 if path.is_file() and path.parent.name in ("new", "cur")]
        contents = [path.read_bytes() for path in files]
        return [(found[1].decode(), content) for content in contents
                for found in [re.search(rb"(?mi)^Subject: (.*?)\r?$", content)] if found]


def difference(before, after):
    return {name: (before.get(name), after.get(name)) for name in before if before.get(name) != after.get(name)}
