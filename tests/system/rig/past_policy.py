"""A Postfix at which what gets round the policy is tried, and `check` asked whether it sees it."""
import json
import re
import socket

from rig.checked import brief
from rig.mailsite import MailSite
from rig.smtp import Smtp
from rig.waiting import wait_for

POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative  local_names = { "[127.0.0.1]" } }
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers }
}
connector "Relay" {
    bindings = { "*:$smtp" }
    remote_ip_ranges = { "10.9.8.7" }
    permission_groups = { AnonymousUsers }
    grant_permissions = { Accept-Any-Recipient, Accept-Any-Sender, Accept-Authoritative-Domain-Sender }
}
connector "Client" {
    bindings = { "*:$submission" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
}
"""
DIRECTORY = """\
user bob@example.test login=bob
user ceo@example.test
group staff@example.test member=bob@example.test senders=authenticated
"""
STRANGER, INSIDE, OUTSIDE = "stranger@example.net", "staff@example.test", "anybody@example.com"
REPLACED = {"smtpd_relay_restrictions": "permit_mynetworks,reject", "mynetworks": "127.0.0.0/8",
            "smtpd_sender_restrictions": "", "smtpd_end_of_data_restrictions": ""}
POSTSCREEN = """\
{port} inet n - n - 1 postscreen
  -o mynetworks=127.0.0.0/8
  -o postscreen_cache_map=
{options}dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
"""


class Site(MailSite):
    """Started once; each test configures Postfix anew."""
    WIRED_BY = "show"

    def __init__(self, folder, policy=POLICY):
        super().__init__(folder, policy, DIRECTORY, ["bob"])
        self.wire()
        self.configure()

    def configure(self, main="", options=None, master="", host=""):
        """Postfix as `show` has it, but for these; `options` are those of port smtp, which is open at 127.0.0.1 or at the
        address `host` ("0.0.0.0:")."""
        port = self.ports["smtp"]
        self.postfix.configure(main=main, master=master, options={port: options or {}},
                               replaced=[(f"\n{port} inet", f"\n{host}{port} inet")])
        self.postfix.age()

    def behind_postscreen(self, main="", options="", master="", host=""):
        """Port smtp belongs to postscreen."""
        self.configure(main=main)
        path, port = self.postfix.etc / "master.cf", self.ports["smtp"]
        text = re.sub(rf"(?m)^{port} inet n - n - - smtpd$", "smtpd pass - - n - - smtpd", path.read_text())
        path.write_text(text + POSTSCREEN.format(port=f"{host}{port}", options=options) + master)

    def check(self):
        told = self.daemon.cli("--json", "check", "--policy-only", "--postfix-config", self.postfix.etc)
        assert told.stderr == ""
        return told.returncode, json.loads(told.stdout)

    def found(self):
        code, told = self.check()
        return code, brief(told["findings"])

    def __enter__(self):
        self.postfix.start()
        return self

    def __exit__(self, *_):
        self.postfix.stop()

    def ask(self, sender, recipient, before=b"", port=None):
        """An anonymous client's MAIL and RCPT: the code of the last reply."""
        client = Plain(("127.0.0.1", port or self.ports["smtp"]), before)
        try:
            return client.ask(sender, recipient)
        finally:
            client.close()


class Plain(Smtp):
    """An SMTP client at an address or a path, which sends some bytes first."""

    def __init__(self, address, before=b""):  # pylint: disable=super-init-not-called
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(30)
        self.socket.connect(address)
        self.rest = b""
        self.socket.sendall(before)
        self.greeting = self.reply()
        self.hello()

    def ask(self, sender, recipient, options=""):
        reply = self.mail(sender, options)
        return (self.rcpt(recipient) if reply.startswith("250") else reply)[:3]


def wait_plain(address):
    """A client of a service that master may not have opened yet: it does so in the order of master.cf."""
    def connected():
        try:
            return Plain(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return None
    return wait_for(connected, f"{address} to be open")
