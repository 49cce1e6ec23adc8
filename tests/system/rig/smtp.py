"""A raw SMTP client."""
import base64
import re
import socket

from rig.tls import client_context
from rig.waiting import PATIENCE


class Smtp:
    """An SMTP client that gives replies as they came: text, lines separated by a newline, no more line ends."""

    def __init__(self, port, source="127.0.0.1", tls=False, context=None, host="127.0.0.1", preamble=b""):
        self.context = context or client_context()
        self.socket = socket.create_connection((host, port), PATIENCE, (source, 0))
        self.rest = b""
        self.send(preamble)
        if tls:
            self.wrap()
        self.greeting = self.reply()

    def wrap(self):
        self.socket = self.context.wrap_socket(self.socket, server_hostname="mx.example.test")

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        while b"\r\n" not in self.rest:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError(f"connection closed after {self.rest!r}")
            self.rest += part
        one, self.rest = self.rest.split(b"\r\n", 1)
        return one.decode()

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def command(self, line):
        """Sends one line, gives the reply."""
        self.send((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def expect(self, code, line):
        """Sends one line whose reply must begin with `code`."""
        reply = self.command(line)
        assert reply.startswith(code), f"{line!r}: {reply}"
        return reply

    def hello(self, name="client.example.net"):
        return self.expect("250", f"EHLO {name}")

    def starttls(self):
        self.expect("220", "STARTTLS")
        assert self.rest == b""
        self.wrap()
        return self.hello()

    def plain(self, login, password, authzid=""):
        """AUTH PLAIN with an initial response; the reply."""
        answer = base64.b64encode(f"{authzid}\0{login}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {answer}")

    def log_in(self, login, password):
        reply = self.plain(login, password)
        assert reply.startswith("235"), reply
        return self

    def mail(self, sender, options=""):
        return self.command(f"MAIL FROM:<{sender}>{' ' if options else ''}{options}")

    def rcpt(self, recipient):
        return self.command(f"RCPT TO:<{recipient}>")

    def reset(self):
        self.expect("250", "RSET")

    def ask(self, sender, recipient, options=""):
        """MAIL and RCPT of a new transaction: the reply to RCPT, or to MAIL where that was refused."""
        self.reset()
        reply = self.mail(sender, options)
        return self.rcpt(recipient) if reply.startswith("250") else reply

    def data(self, message):
        """DATA and the message (its dots are doubled); the reply to DATA where that was refused."""
        reply = self.command("DATA")
        if not reply.startswith("354"):
            return reply
        message = message if isinstance(message, bytes) else message.encode()
        message = re.sub(rb"(?m)^\.", b"..", message.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        self.send(message + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()

    def deliver(self, sender, recipients, subject="test", body="hello\n", options=""):
        """A whole message; the last reply."""
        recipients = [recipients] if isinstance(recipients, str) else recipients
        self.reset()
        reply = self.mail(sender, options)
        for recipient in recipients:
            if reply.startswith("250"):
                reply = self.rcpt(recipient)
        if not reply.startswith("250"):
            return reply
        return self.data(f"From: <{sender}>\r\nTo: <{recipients[0]}>\r\nSubject: {subject}\r\n\r\n{body}")

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
