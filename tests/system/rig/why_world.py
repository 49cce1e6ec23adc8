"""Mail clients set up wrong in the ways of the causes table, and the real log lines that each of them leaves.

    with Clients(site, "127.51.100.7") as clients:      # one client's address: its own network
        clients.reads("bob")
        clients.sends_without_login("bob@example.test")
    logs = clients.logs(folder)                         # Postfix's, Dovecot's and mailwicketd's, of this client alone
"""
import base64
import contextlib
import re
import socket
import ssl
import time

from rig import login_clients
from rig.daemon import parse_decision
from rig.mailsite import PASSWORD
from rig.smtp import Smtp
from rig.tls import client_context
from rig.waiting import PATIENCE, wait_for

OUTSIDE = "mary@example.net"
NTLM = "NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=="


class Clients:
    """What was logged between entering and leaving is this client's: tests take turns at the site."""

    def __init__(self, site, source):
        self.site, self.source = site, source
        self.dovecot_sessions = self.smtp_sessions = self.flushed = 0

    def files(self):
        return {"postfix": self.site.postfix.log, "dovecot": self.site.dovecot.folder / "log",
                "mailwicketd": self.site.daemon.log}

    def text(self, name):
        return self.files()[name].read_bytes()[self.before[name]:].decode(errors="surrogateescape")

    def __enter__(self):
        self.before = {name: path.stat().st_size if path.exists() else 0 for name, path in self.files().items()}
        return self

    def __exit__(self, failed, *_):
        if not failed:
            wait_for(self.all_ended, f"the last lines about {self.source}")
            self.flush_dovecot()

    def flush_dovecot(self):
        """Dovecot's processes log through another one: what they said before this line is in the file when it is."""
        marker = self.source.replace("127.51.100.", "127.51.99.")
        self.flushed += 1
        with socket.create_connection(("127.0.0.1", self.site.dovecot.ports["imap"]), PATIENCE, (marker, 0)) as probe:
            probe.recv(1000)
        wait_for(lambda: self.count("dovecot", rf"rip={re.escape(marker)},") >= self.flushed, "Dovecot's log")

    def count(self, name, pattern):
        return len(re.findall(pattern, self.text(name)))

    def all_ended(self):
        """Postfix says goodbye to every session."""
        ip = re.escape(self.source)
        return (self.dovecot_named_all() and
                self.smtp_sessions <= self.count("postfix", rf": connect from \S+\[{ip}\]") ==
                self.count("postfix", rf": disconnect from \S+\[{ip}\]") and self.delivered(ip))

    def dovecot_named_all(self):
        """Dovecot names each session's client at least once."""
        ip = re.escape(self.source)
        sessions = set(re.findall(rf"-login: Info: (?:Login: |Logged in: |Disconnected|Login aborted).*rip={ip}, "
                                  r".*session=<([^>]+)>", self.text("dovecot")))
        return len(sessions) >= self.dovecot_sessions

    def delivered(self, ip):
        """Every message that a session handed over has gone its way."""
        texts = re.findall(rf": disconnect from \S+\[{ip}\].* data=(\d+)", self.text("postfix"))
        return self.count("postfix", r": removed\n") >= sum(map(int, texts))

    def logs(self, folder):
        """The three logs as files. mailwicketd's standard error has no times; the journal gives it some, and so here."""
        made = []
        for name in self.files():
            text = self.text(name)
            if name == "mailwicketd":
                text = "".join(f"{asked_at(line)} mx mailwicketd[4711]: {line}\n" for line in text.splitlines()
                               if line.startswith("mailwicket: "))
            made.append(folder / f"{name}.log")
            made[-1].write_text(text, errors="surrogateescape")
        return made

    # --- reading

    @contextlib.contextmanager
    def dovecot(self, protocol, how):
        """Ends once Dovecot has logged it: its log process stamps a line when it writes it, and what the client does next
        must not be earlier in the logs."""
        self.dovecot_sessions += 1
        with login_clients.client(protocol, self.site.dovecot.ports, how=how, source=self.source) as client:
            yield client
        wait_for(self.dovecot_named_all, f"Dovecot's line about {self.source}")

    def reads(self, login, protocol="imap", how="implicit", password=PASSWORD):
        with self.dovecot(protocol, how) as client:
            return client.plain(login, password)

    def reads_without_tls(self, login, protocol="imap"):
        with self.dovecot(protocol, "none") as client:
            assert client.command(login, PASSWORD) == "refused" and login_clients.TEXT in client.last

    def reads_with_spa(self, protocol="imap"):
        with self.dovecot(protocol, "implicit") as client:
            assert client.mechanism("NTLM") == "refused"

    def says_tls_hello_to_dovecot(self, protocol):
        """Again until Dovecot reads the hello before it sees that the client has gone."""
        def noticed():
            self.dovecot_sessions += 1
            self.tls_hello(self.site.dovecot.ports[protocol])
            wait_for(self.all_ended, "the end of that session")
            return self.count("dovecot", r"Too many (?:invalid|bad) commands")
        wait_for(noticed, "Dovecot to see a TLS hello")

    # --- sending

    def connect(self, port):
        self.smtp_sessions += port in self.site.ports.values()
        return socket.create_connection(("127.0.0.1", port), PATIENCE, (self.source, 0))

    def smtp(self, listener="submission", **options):
        self.smtp_sessions += 1
        return self.site.client(listener, source=self.source, **options)

    def sends(self, login, sender, listener="submission", recipient=OUTSIDE, **options):
        """As dovecot(): what he sent has gone its way before the client goes on."""
        with self.smtp(listener, login=login, **options) as client:
            reply = client.deliver(sender, recipient)
        wait_for(self.all_ended, f"the last lines about {self.source}")
        return reply

    def sends_without_login(self, sender, listener="submission"):
        with self.smtp(listener) as client:
            return client.ask(sender, OUTSIDE)

    def tls_hello(self, port):
        with self.connect(port) as plain:
            try:
                client_context().wrap_socket(plain)
            except (ssl.SSLError, OSError):
                pass

    def says_tls_hello(self, listener="submission"):
        """Again until Postfix notices: the hello comes before the greeting, or one of its random bytes ends a line."""
        def noticed():
            self.tls_hello(self.site.ports[listener])
            wait_for(self.all_ended, "the end of that session")  # only then its lines are all there
            return self.count("postfix", "improper command pipelining after CONNECT|: disconnect from .* unknown=")
        wait_for(noticed, "Postfix to see a TLS hello")

    def waits_for_greeting(self, listener="submissions"):
        """A client without TLS, or for STARTTLS, on the port where TLS comes first."""
        with self.connect(self.site.ports[listener]) as client:
            client.sendall(b"EHLO client.example.net\r\n")
            client.settimeout(PATIENCE)
            try:
                while client.recv(1000):
                    pass
            except OSError:
                pass

    def leaves_at_greeting(self, listener="submission"):
        self.smtp_sessions += 1
        with Smtp(self.site.ports[listener], self.source) as client:
            assert client.greeting.startswith("220")

    def leaves_after_ehlo(self, listener="submission"):
        self.smtp_sessions += 1
        with Smtp(self.site.ports[listener], self.source) as client:
            client.hello()
            client.command("QUIT")

    def wait_left(self, source):
        """Somebody else, who has a session of Postfix: its lines are in the log."""
        wait_for(lambda: self.count("postfix", rf": disconnect from \S+\[{re.escape(source)}\]"), f"the session of {source} to end")

    def somebody_else_has_tls(self):
        """Whether a session had TLS is known only in a log that shows TLS at all."""
        source = self.source.replace("127.51.100.", "127.51.98.")
        with Smtp(self.site.ports["submission"], source) as smtp:
            smtp.hello()
            smtp.starttls()
        self.wait_left(source)

    def authenticates_without_tls(self, login):
        with self.smtp(tls=False) as client:
            assert client.plain(login, PASSWORD).startswith("503")

    def authenticates_with_spa(self):
        with self.smtp() as client:
            assert client.command("AUTH " + NTLM).startswith("535")

    def enters_wrong_password(self, login, password="not-the-password"):
        """As dovecot(): what Dovecot says of it is in the log before the client goes on."""
        with self.smtp() as client:
            reply = client.plain(login, password)
        self.flush_dovecot()
        return reply

    def distrusts_the_certificate(self):
        with self.connect(self.site.ports["submissions"]) as client:
            try:
                ssl.create_default_context().wrap_socket(client, server_hostname="mx.example.test")
            except ssl.SSLError:
                return
        raise AssertionError("a certificate of our own was trusted")

    def sends_over_old_tls(self, login, sender):
        return self.sends(login, sender, context=client_context(maximum=ssl.TLSVersion.TLSv1))


def asked_at(line):
    """When Postfix asked for this decision: the transaction's beginning, which is a part of its instance."""
    seconds = int(parse_decision(line)["instance"].split(".")[1], 16)
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))


def hostile_login(name):
    """AUTH PLAIN's response for a name that should look like another line of the log."""
    return base64.b64encode(f"\0{name}\0x".encode()).decode()


# Cause -> what its client does. Each begins by reading mail, as "he can receive, but not send" has it.
def no_authentication(client):
    client.reads("bob")
    assert client.sends_without_login("bob@example.test").startswith("530")


def no_authentication_on_25(client):
    client.reads("bob")
    assert "Unable to relay" in client.sends_without_login("bob@example.test", "smtp")


def no_connection(client):
    """Others send: the log has what would be there of this client."""
    client.reads("bob")
    with client.site.client("submission", login="mary", source="127.51.101.1") as other:
        assert other.deliver("mary@example.test", OUTSIDE).startswith("250")
    client.wait_left("127.51.101.1")


def reading_without_tls(client):
    client.reads_without_tls("bob")


def tls_on_starttls_port(client):
    client.reads("bob")
    client.says_tls_hello()


def tls_on_starttls_port_of_imap(client):
    client.reads("bob", "pop3")
    client.says_tls_hello_to_dovecot("imap")


def starttls_on_tls_port(client):
    client.reads("bob")
    client.waits_for_greeting()


def left_at_greeting(client):
    client.reads("bob")
    client.leaves_at_greeting()


def sending_without_tls(client):
    client.reads("bob")
    client.somebody_else_has_tls()
    client.authenticates_without_tls("bob")


def left_without_tls(client):
    client.reads("bob")
    client.somebody_else_has_tls()
    client.leaves_after_ehlo()


def mechanism(client):
    client.reads("bob")
    client.authenticates_with_spa()


def send_as(client):
    client.reads("bob")
    assert client.sends("bob", "bob@example.test").startswith("250")
    assert "send as this sender" in client.sends("bob", "mary@example.test")


def smtp_switched_off(client):
    client.reads("eve")
    assert client.enters_wrong_password("eve", PASSWORD).startswith("535")


def wrong_password(client):
    client.reads("bob")
    assert client.enters_wrong_password("bob").startswith("535")


def login_unknown(client):
    assert client.enters_wrong_password("bobby").startswith("535")


def certificate(client):
    client.reads("bob")
    client.distrusts_the_certificate()


def tls_too_old(client):
    client.reads("bob")
    try:
        client.sends_over_old_tls("bob", "bob@example.test")
        raise AssertionError("Postfix took an old TLS")
    except ssl.SSLError:
        pass


def all_well(client):
    client.reads("bob")
    assert client.sends("bob", "bob@example.test", "submissions").startswith("250")
