"""What people and servers do with a mail server, by clients that know nothing of it: swaks, curl and Python's own.

    told = Actions(site).all()      # {"587: alice to bob": "delivered once, X-Filter: 10026", ...}

An action's outcome is a text: what was delivered where, or the reply of a refusal. Two runs can be compared as they are.
"""
import imaplib
import itertools
import re
import subprocess

from rig import login_clients
from rig.distribution import PASSWORD
from rig.network import CLIENT, SERVER
from rig.processes import tool
from rig.smtp import Smtp
from rig.tls import client_context

_tokens = itertools.count(1)


class Submitted:
    """A message that was taken, and is to be seen once; `where` is "bob" or "world"."""

    def __init__(self, where, token):
        self.where, self.token = where, token


def swaks(*words, timeout=60):
    """swaks' exit status and its transcript."""
    told = subprocess.run([tool("swaks"), "--server", SERVER, "--helo", "client.example.net", "--local-interface", CLIENT,
                           *words], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    return told.returncode, told.stdout + told.stderr


def refusal(transcript):
    """The last reply of 4xx or 5xx in a transcript of swaks."""
    found = re.findall(r"(?m)^<(?:~\*|\*\*) +([45]\d\d[ -].*)$", transcript)
    return found[-1].strip() if found else None


def curl(url, *words, login=None, password=PASSWORD):
    if login is not None:
        words = (*words, "--user", f"{login}:{password}")
    return subprocess.run([tool("curl"), "--silent", "--show-error", "--insecure", "--interface", CLIENT, "--max-time",
                           "60", *words, url], capture_output=True, text=True, timeout=90)


class Actions:
    """`site` runs; every client is outside, but for those that say otherwise."""

    def __init__(self, site):
        self.site = site
        self.outcomes = {}

    def do(self, name, action, *words, **options):
        with self.site.network.outside():
            self.do_here(name, action, *words, **options)

    def do_here(self, name, action, *words, **options):
        """The same on the server itself."""
        assert name not in self.outcomes
        self.outcomes[name] = action(*words, **options)

    # --- mail

    @staticmethod
    def token():
        return f"t{next(_tokens)}x"

    def send(self, port, sender, recipient, *words, login=None, password=PASSWORD, tls=True, header="Subject: {}"):
        """One message by swaks; Submitted, or the refusal."""
        token = self.token()
        words = ["--port", str(port), "--from", sender, "--to", recipient, "--header", header.format(token), *words]
        words += ["--tls-on-connect"] if port == 465 else ["--tls"] if tls else []
        if login is not None:
            words += ["--auth", "PLAIN", "--auth-user", login, "--auth-password", password]
        status, transcript = swaks(*words)
        if status == 0:
            return Submitted(self.home(recipient), token)
        return refusal(transcript) or transcript.strip().splitlines()[-1]

    def send_to_bob(self, port, sender, recipient, **options):
        """The same to an address that is another name of bob."""
        sent = self.send(port, sender, recipient, **options)
        return Submitted("bob", sent.token) if isinstance(sent, Submitted) else sent

    def curl_send(self, url, sender, recipient, login, password=PASSWORD):
        token = self.token()
        path = self.site.folder / f"message-{token}"
        path.write_text(f"From: <{sender}>\nTo: <{recipient}>\nSubject: {token}\n\nby curl\n")
        words = ["--ssl-reqd"] if url.startswith("smtp:") else []
        told = curl(url, *words, "--mail-from", sender, "--mail-rcpt", recipient, "--upload-file", str(path),
                    login=login, password=password)
        if told.returncode != 0:
            return f"curl: {told.returncode}"
        return Submitted(self.home(recipient), token)

    def deliver(self, port, sender, recipient, *, tls=None, login=None, password=PASSWORD, where=None, **connection):
        """One message by Python's socket, from this machine; `tls` is "starttls" or "wrapped"; Submitted, or the refusal."""
        token = self.token()
        with Smtp(port, tls=tls == "wrapped", **connection) as client:
            client.hello()
            if tls == "starttls":
                client.starttls()
            reply = client.plain(login, password) if login is not None else "235"
            if reply.startswith("235"):
                reply = client.deliver(sender, recipient, subject=token)
        return Submitted(where or self.home(recipient), token) if reply.startswith("250") else reply

    @staticmethod
    def home(recipient):
        return "bob" if recipient.startswith("bob") else "world"

    def raw(self, port, *lines, tls=False, source=None, host=SERVER):
        """The reply to the last of some commands after EHLO, by Python's socket."""
        with Smtp(port, source or CLIENT, tls=port == 465, host=host) as client:
            reply = client.hello()
            if tls:
                reply = client.starttls()
            for line in lines:
                reply = client.command(line)
        return reply

    def offers_auth(self, port, tls=False):
        return "AUTH offered" if re.search(r"(?m)^250[ -]AUTH", self.raw(port, tls=tls)) else "no AUTH"

    # --- reading

    @staticmethod
    def curl_read(url, login, *words, password=PASSWORD):
        """A login by curl, and what is there."""
        told = curl(url, *words, login=login, password=password)
        return "logged in" if told.returncode == 0 else f"curl: {told.returncode}"

    @staticmethod
    def imap(login, password=PASSWORD):
        client = imaplib.IMAP4(SERVER, 143)
        client.starttls(client_context())
        try:
            client.login(login, password)
            return client.select("INBOX")[0]
        except imaplib.IMAP4.error as error:
            return str(error)
        finally:
            client.shutdown()

    @staticmethod
    def imap_by_ours(how, port, preamble=b"", host=SERVER, source=CLIENT, password=PASSWORD):
        """alice by a client that shows what was said."""
        with login_clients.client("imap", {}, how=how, port=port, preamble=preamble, host=host, source=source) as it:
            return "logged in" if it.command("alice@example.test", password) == "ok" else "refused"

    @staticmethod
    def clear(protocol, login, port=None):
        """A login without TLS."""
        made = {"imap": _Imap, "pop3": _Pop3}[protocol]
        with made(port or {"imap": 143, "pop3": 110}[protocol]) as client:
            return "logged in" if client.command(login, PASSWORD) == "ok" else "refused"

    @staticmethod
    def sieve(login, password=PASSWORD, port=4190):
        with _Sieve(port, how="starttls") as client:
            return "logged in" if client.plain(login, password) == "ok" else "refused"

    # --- what became of it

    def seen(self, where):
        """Every message that arrived there: its subject and its content."""
        if where == "world":
            return [(seen.subject, seen.content) for seen in self.site.world.messages]
        with self.site.network.outside():
            client = imaplib.IMAP4_SSL(SERVER, 993, ssl_context=client_context())
            client.login("bob@example.test", PASSWORD)
            client.select("INBOX", readonly=True)
            found = client.fetch("1:*", "(BODY.PEEK[])")[1] if client.search(None, "ALL")[1][0] else []
            client.logout()
        contents = [part[1] for part in found if isinstance(part, tuple)]
        return [(re.search(rb"(?mi)^Subject: (.*?)\r?$", content)[1].decode(), content) for content in contents]

    def all(self):
        """The outcomes, once every message that was taken has arrived where it should, or was given up."""
        taken = {name: outcome for name, outcome in self.outcomes.items() if isinstance(outcome, Submitted)}
        self.site.wait_delivered()
        mail = {where: self.seen(where) for where in {outcome.where for outcome in taken.values()}}
        for name, outcome in taken.items():
            contents = [content for subject, content in mail[outcome.where] if subject == outcome.token]
            self.outcomes[name] = self.described(outcome.where, contents)
        return self.outcomes

    def common(self):
        """What every one of the distributions has: mail in, out and between, logins, refusals."""
        alice, bob = "alice@example.test", "bob@example.test"
        self.do("25: in", self.send, 25, "someone@example.net", bob)
        self.do("25: in, without TLS", self.send, 25, "someone@example.net", bob, tls=False)
        self.do("25: to nobody", self.send, 25, "someone@example.net", "nobody@example.test")
        self.do("25: relay", self.send, 25, "someone@example.net", "other@example.org")
        self.do("25: relay as alice", self.send, 25, alice, "other@example.org")
        self.do("25: what the filter refuses", self.send, 25, "someone@example.net", bob, "--body", "EICAR")
        self.do("25: AUTH", self.offers_auth, 25, tls=True)
        for port in 587, 465:
            self.do(f"{port}: alice to bob", self.send, port, alice, bob, login=alice)
            self.do(f"{port}: forged", self.send, port, bob, "forged@example.org", login=alice)
            self.do(f"{port}: carol out", self.send, port, "carol@example.test", "carols@example.org",
                    login="carol@example.test")
            self.do(f"{port}: relay without AUTH", self.send, port, alice, "other@example.org")
            self.do(f"{port}: mail without AUTH", self.send, port, "someone@example.net", bob)
            self.do(f"{port}: wrong password", self.send, port, alice, bob, login=alice, password="wrong")
        self.do("587: AUTH without TLS", self.offers_auth, 587)
        self.do("587: alice out, by curl", self.curl_send, f"smtp://{SERVER}:587/client", alice, "away@example.org", alice)
        self.do("465: alice out, by curl", self.curl_send, f"smtps://{SERVER}:465/client", alice, "away@example.org", alice)
        self.do("imaps, by curl", self.curl_read, f"imaps://{SERVER}/INBOX", alice)
        self.do("imap, by Python", self.imap, alice)
        self.do("imap, wrong password", self.imap, alice, "wrong")
        self.do("imap, without TLS", self.clear, "imap", alice)
        self.do("pop3s, by curl", self.curl_read, f"pop3s://{SERVER}/", alice)
        self.do("pop3, by curl", self.curl_read, f"pop3://{SERVER}/", alice, "--ssl-reqd")
        self.do("pop3, without TLS", self.clear, "pop3", alice)
        self.do("sieve", self.sieve, alice)
        self.do("sieve, wrong password", self.sieve, alice, "wrong")
        return self

    def described(self, where, contents):
        if len(contents) != 1:
            return f"{len(contents)} times at {where}"
        marks = [mark for mark in self.site.marks if re.search(rf"(?mi)^{re.escape(mark)}".encode(), contents[0])]
        return ", ".join([f"once at {where}", *marks])


class _Outside:
    def __init__(self, port, how="none"):
        super().__init__({}, how=how, port=port, source=CLIENT, host=SERVER)


class _Imap(_Outside, login_clients.Imap):
    pass


class _Pop3(_Outside, login_clients.Pop3):
    pass


class _Sieve(_Outside, login_clients.Sieve):
    pass
