"""Raw clients of IMAP, POP3, submission and ManageSieve for the login tests: one interface, replies as they came.

    with client("imap", dovecot.ports, how="none", source="127.0.0.41") as it:
        it.offered()             # {"PLAIN", "CRAM-MD5", "command"}; "command" stands for LOGIN, USER
        it.plain("bob", "pw")    # "ok", "challenge" or "refused"; the reply is in it.last
"""
import base64
import hashlib
import hmac
import re
import select
import socket
import weakref

from rig.tls import client_context
from rig.waiting import PATIENCE

TEXT = "Command is not valid in this state."


def encoded(text):
    return base64.b64encode(text.encode()).decode()


SCRAM_FIRST = "n={},r=fyko+d2lbbFgONRv9qkxdawL"  # without its header, "n,,"


def scram_final(first, challenge, password):
    """SCRAM-SHA-256's answer to the server's challenge."""
    values = dict(field.split("=", 1) for field in challenge.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(values["s"]), int(values["i"]))
    bare = f"c=biws,r={values['r']}"
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    signature = hmac.digest(stored, f"{first},{challenge},{bare}".encode(), "sha256")
    proof = bytes(a ^ b for a, b in zip(hmac.digest(salted, b"Client Key", "sha256"), signature))
    return f"{bare},p={base64.b64encode(proof).decode()}"


class Client:
    LISTENERS = ()
    OK = CHALLENGE = STARTTLS = None
    ports = []  # of each client there was, in their order
    there = weakref.WeakValueDictionary()  # those that were not forgotten, by port

    def __init__(self, ports, how="none", source="127.0.0.1", context=None, preamble=b"", port=None,
                 host="127.0.0.1"):
        self.context = context or client_context()
        port = port or ports[self.LISTENERS[1 if how == "implicit" else 0]]
        self.socket = socket.create_connection((host, port), PATIENCE, (source, 0))
        self.transcript, self.last = [], ""
        self.ports.append(self.socket.getsockname()[1])
        self.there[self.socket.getsockname()[1]] = self
        if preamble:
            self.socket.sendall(preamble(self.socket.getsockname()[1]) if callable(preamble) else preamble)
        if how == "implicit":
            self.wrap()
        self.file = self.socket.makefile("rb")
        self.greeting = self.greet()
        if how == "starttls":
            self.starttls()

    @classmethod
    def left(cls):
        """The ports of those who are connected no more."""
        return set(cls.ports) - {port for port, it in cls.there.items() if it.socket.fileno() != -1}

    def greet(self):
        return self.line()

    def wrap(self):
        self.socket = self.context.wrap_socket(self.socket, server_hostname="mx.example.test")

    def starttls(self):
        assert self.ask(self.STARTTLS) == "ok", self.last
        self.wrap()
        self.file = self.socket.makefile("rb")
        self.after_starttls()

    def after_starttls(self):
        pass

    def line(self):
        data = self.file.readline()
        if not data:
            raise EOFError(f"closed after {self.transcript}")
        text = data.decode(errors="replace").rstrip("\r\n")
        self.transcript.append(text)
        return text

    def send(self, text):
        self.socket.sendall((text if isinstance(text, bytes) else text.encode()) + b"\r\n")

    def outcome(self, line):
        self.last = line
        if re.match(self.OK, line):
            return "ok"
        return "challenge" if re.match(self.CHALLENGE, line) else "refused"

    def final(self):
        """The reply's last line."""
        return self.line()

    def ask(self, text):
        self.send(text)
        return self.outcome(self.final())

    def ours(self):
        """Whether the last reply is the policy's."""
        return re.fullmatch(self.REFUSAL, self.last) is not None

    # --- logging in

    def mechanism(self, name, response=None):
        raise NotImplementedError

    def plain(self, login, password):
        return self.mechanism("PLAIN", encoded(f"\0{login}\0{password}"))

    def plain_in_two_steps(self, login, password):
        if self.mechanism("PLAIN") != "challenge":
            return "refused"
        return self.ask(encoded(f"\0{login}\0{password}"))

    def challenge_of(self, line):
        return base64.b64decode(line.split(" ", 1)[1].strip())

    def cram_md5(self, login, password):
        if self.mechanism("CRAM-MD5") != "challenge":
            return "refused"
        digest = hmac.new(password.encode(), self.challenge_of(self.last), hashlib.md5).hexdigest()
        return self.ask(encoded(f"{login} {digest}"))

    def scram(self, login, password):
        """SCRAM-SHA-256 (RFC 5802)."""
        first = SCRAM_FIRST.format(login)
        if self.mechanism("SCRAM-SHA-256") != "challenge" or self.ask(encoded("n,," + first)) != "challenge":
            return "refused"
        result = self.ask(encoded(scram_final(first, self.challenge_of(self.last).decode(), password)))
        return self.ask("") if result == "challenge" else result

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Imap(Client):
    LISTENERS = ("imap", "imaps")
    OK, CHALLENGE, STARTTLS = r"a OK", r"\+", "STARTTLS"
    REFUSAL = r"a NO \[PRIVACYREQUIRED\] " + re.escape(TEXT)

    def final(self):
        line = self.line()
        while line.startswith("* "):
            line = self.line()
        return line

    def ask(self, text):
        if self.last.startswith("+"):
            return super().ask(text)
        return super().ask("a " + text)

    def capability(self):
        self.ask("CAPABILITY")
        return [line for line in self.transcript if line.startswith("* CAPABILITY")][-1].split()

    def offered(self):
        words = self.capability()
        found = {word[5:] for word in words if word.startswith("AUTH=")}
        return found | (set() if "LOGINDISABLED" in words else {"command"})

    def mechanism(self, name, response=None):
        return self.ask(f"AUTHENTICATE {name}" + (f" {response}" if response else ""))

    def command(self, login, password):
        return self.ask(f'LOGIN "{login}" "{password}"')


class Pop3(Client):
    LISTENERS = ("pop3", "pop3s")
    OK, CHALLENGE, STARTTLS = r"\+OK", r"\+ ", "STLS"
    REFUSAL = r"-ERR \[AUTH\] " + re.escape(TEXT)

    def capability(self):
        self.ask("CAPA")
        lines = [self.line()]
        while lines[-1] != ".":
            lines.append(self.line())
        return lines

    def offered(self):
        lines = self.capability()
        mechanisms = [line.split()[1:] for line in lines if line.startswith("SASL")]
        return set(mechanisms[0] if mechanisms else ()) | ({"command"} if "USER" in lines else set())

    def mechanism(self, name, response=None):
        return self.ask(f"AUTH {name}" + (f" {response}" if response else ""))

    def command(self, login, password):
        """USER, and PASS whatever USER gave."""
        self.ask(f"USER {login}")
        return self.ask(f"PASS {password}")


class Submission(Client):
    LISTENERS = ("submission", "submissions")
    OK, CHALLENGE, STARTTLS = r"2\d\d ", r"334 ?", "STARTTLS"
    REFUSAL = r"530 5\.7\.0 " + re.escape(TEXT)

    def greet(self):
        greeting = self.line()
        self.hello()
        return greeting

    def final(self):
        line = self.line()
        while line[3:4] == "-":
            line = self.line()
        return line

    def hello(self):
        start = len(self.transcript)
        assert self.ask("EHLO client.example.net") == "ok"
        return [line[4:] for line in self.transcript[start:]]

    def after_starttls(self):
        self.hello()

    def offered(self):
        lines = [line for line in self.hello() if line.startswith("AUTH")]
        return set(lines[0].split()[1:]) if lines else set()

    def mechanism(self, name, response=None):
        return self.ask(f"AUTH {name}" + (f" {response}" if response else ""))

    command = None


class Sieve(Client):
    LISTENERS = ("sieve",)
    OK, CHALLENGE, STARTTLS = r"OK", r'"', "STARTTLS"
    REFUSAL = r"NO( \([A-Z/-]+\))? \"" + re.escape(TEXT) + '"'

    def greet(self):
        return self.final()

    def final(self):
        line = self.line()
        while re.match(r'"(IMPLEMENTATION|SIEVE|NOTIFY|SASL|STARTTLS|VERSION|MAXREDIRECTS|LANGUAGE|OWNER)"', line):
            line = self.line()
        return line

    def after_starttls(self):
        assert self.outcome(self.final()) == "ok"

    def offered(self):
        self.ask("CAPABILITY")
        line = [line for line in self.transcript if line.startswith('"SASL"')][-1]
        return set(line.split('"')[3].split())

    def mechanism(self, name, response=None):
        return self.ask(f'AUTHENTICATE "{name}"' + (f' "{response}"' if response else ""))

    def challenge_of(self, line):
        return base64.b64decode(line.strip('"'))

    def ask(self, text):
        if self.last.startswith('"') and not text.startswith(("AUTH", "CAPA", "START")):
            return super().ask(f'"{text}"')
        return super().ask(text)

    command = None


KINDS = {"imap": Imap, "pop3": Pop3, "submission": Submission, "sieve": Sieve}


def client(protocol, ports, **options):
    return KINDS[protocol](ports, **options)


def is_open(session):
    """Of imaplib, poplib: a session that was ended has something to read, BYE or its end."""
    return not select.select([session.sock], [], [], 0)[0]
