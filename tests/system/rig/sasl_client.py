"""A client of Dovecot's auth protocol (version 1.1), as Postfix's smtpd is one: what its SASL would be told.

    with SaslClient(path) as sasl:                # or (address, port)
        sasl.plain("bob", "secret", "service=smtp", "secured").ok
"""
import base64
import socket

from rig.waiting import PATIENCE, wait_for


class Answer:
    def __init__(self, line):
        self.line = line
        self.word, _, rest = line.partition("\t")
        self.fields = rest.split("\t")[1:]
        self.ok = self.word == "OK"
        self.temporary = "temp" in self.fields or "code=temp_fail" in self.fields


class SaslClient:
    @staticmethod
    def connected(path):
        """Dovecot makes its sockets one after the other, and each before it listens."""
        made = socket.socket(socket.AF_INET if isinstance(path, tuple) else socket.AF_UNIX)
        made.settimeout(PATIENCE)
        try:
            made.connect(path if isinstance(path, tuple) else str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            made.close()
            return None
        return made

    def __init__(self, path):
        self.socket = wait_for(lambda: self.connected(path), f"{path} to be listened on")
        self.file = self.socket.makefile("rb")
        self.number = 0
        self.send("VERSION\t1\t1\nCPID\t4711")
        self.mechanisms = set()
        while (line := self.line()) != "DONE":
            if line.startswith("MECH\t"):
                self.mechanisms.add(line.split("\t")[1])

    def send(self, text):
        self.socket.sendall(text.encode("utf-8", "surrogateescape") + b"\n")

    def line(self):
        data = self.file.readline()
        if not data:
            raise EOFError("the auth process closed the connection")
        return data.decode(errors="replace").rstrip("\n")

    def ask(self, mechanism, *fields, response=None):
        """A question of its own number, whose answer comes when it comes."""
        self.number += 1
        words = ["AUTH", str(self.number), mechanism, *fields]
        if response is not None:
            response = response if isinstance(response, bytes) else response.encode()
            words.append("resp=" + base64.b64encode(response).decode())
        self.send("\t".join(words))

    def begin(self, mechanism, *fields, response=None):
        self.ask(mechanism, *fields, response=response)
        return Answer(self.line())

    def carry_on(self, response):
        self.send(f"CONT\t{self.number}\t" + base64.b64encode(response.encode()).decode())
        return Answer(self.line())

    def plain(self, login, password, *fields, authzid=""):
        return self.begin("PLAIN", *fields, response=f"{authzid}\0{login}\0{password}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()
