"""A mail site whose Postfix gives messages to mailwicketd as a milter, too: MailSite with `milter { listen }` in the policy and
smtpd_milters on the listeners that are named.

    site = MilterSite(folder, POLICY, DIRECTORY, ["bob"]).start()
    with site.client(login="bob") as client:
        assert site.send(client, "bob@example.test", "From: bob@example.test").startswith("250")
"""
import os
import re

from rig.daemon import Connection
from rig.mailsite import MailSite
from rig.text import changed
from rig.waiting import wait_for

MAIN = "milter_default_action = tempfail\nmilter_protocol = 6\n"
MILTERS = "unix:mailwicket/milter"
RECIPIENT = "mary@example.test"


class MilterSite(MailSite):
    """`milters` maps listeners to their smtpd_milters: all that the policy names to mailwicketd, by default. Further listeners
    named in `copies` are wired as submission is, and of the same connector."""

    def __init__(self, folder, policy, directory, logins, *, milters=None, main="", options=None, listen=True, copies=(), **more):
        options = {name: dict(settings) for name, settings in (options or {}).items()}
        if milters is None:
            milters = {name: MILTERS for name in ("smtp", "submission", "submissions") if f'${name}"' in policy}
        for name, service in milters.items():
            options.setdefault(name, {})["smtpd_milters"] = service
        if copies:
            own = '"*:$submissions"'
            policy = changed(policy, (own, ", ".join([own, *(f'"*:${name}"' for name in copies)])))
            more["extra"] = (*more.get("extra", ()), *copies)
        self.copies = copies
        super().__init__(folder, policy, directory, logins, main=MAIN + main, options=options, **more)
        if listen:
            self.add_milter()

    def wire(self):
        super().wire()
        if not self.copies:
            return
        files, port = self.postfix.wired, str(self.ports["submission"])
        entry = re.search(rf"(?m)^{port} inet .*\n(?:[ \t].*\n)*", files["master.cf"])[0]
        for name in self.copies:
            files["master.cf"] += entry.replace(port, str(self.ports[name]), 1)

    # --- messages

    @staticmethod
    def message(header, subject="test", body=b"hello\r\n"):
        """The octets of a message: its header with Subject, Date and Message-ID behind it."""
        header = header.encode() if isinstance(header, str) else header
        return (header + (b"\r\n" if header else b"") + f"To: {RECIPIENT}\r\nSubject: {subject}\r\n".encode() +
                b"Date: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + subject.encode() + b"@client.example.net>\r\n\r\n" +
                body)

    def send(self, client, sender, header, subject="test", recipient=RECIPIENT, body=b"hello\r\n"):
        """One message of this header; the last reply."""
        client.reset()
        reply = client.mail(sender)
        if reply.startswith("250"):
            reply = client.rcpt(recipient)
        if not reply.startswith("250"):
            return reply
        return client.data(self.message(header, subject, body))

    def octets(self, subject):
        """What was delivered of the message with this subject, from behind the Received field of this host; None: nothing."""
        for path in sorted((self.postfix.mail / "all").glob("new/*")):
            text = path.read_bytes()
            if f"\nSubject: {subject}\n".encode() in text.partition(b"\n\n")[0] + b"\n":
                return re.sub(rb"\A(?:[A-Za-z-]+:.*\n(?:[ \t].*\n)*)*?Received: .*\n(?:[ \t].*\n)*", b"", text)
        return None

    def wait_octets(self, subject):
        return wait_for(lambda: self.octets(subject), f"the message {subject}")

    # --- what mailwicketd said

    def header_lines(self, **fields):
        return self.daemon.logged(stage="HEADER", **fields)

    def milter(self):
        return Milter(self.milter_socket)

    def postfix_user(self):
        return os.stat(self.postfix.mail).st_uid


def number(value):
    return value.to_bytes(4, "big")


def packet(command, data=b""):
    return number(len(data) + 1) + command.encode() + data


def macros(step, **values):
    """A packet of macros: `i` is i, all other names get braces."""
    data = b"".join(key(name) + b"\0" + str(value).encode() + b"\0" for name, value in values.items() if value is not None)
    return packet("D", step.encode() + data)


def key(name):
    return name.encode() if name == "i" else b"{" + name.encode() + b"}"


class Milter(Connection):
    """A milter connection as Postfix has it, or as an attacker does."""
    OFFER = number(6) + number(0x1ff) + number(0x1fffff)

    def read_packet(self):
        """The next packet: command and data; None where the connection ended."""
        while len(self.rest) < 5 or len(self.rest) < 4 + int.from_bytes(self.rest[:4], "big"):
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return None
            self.rest += part
        end = 4 + int.from_bytes(self.rest[:4], "big")
        one, self.rest = self.rest[4:end], self.rest[end:]
        return one[:1].decode(), one[1:]

    def negotiate(self, offer=OFFER):
        self.send(packet("O", offer))
        return self.read_packet()

    def connect_client(self, address="127.0.0.1", port=40000, **changes):
        """The client that connected, with its macros."""
        values = {"client_addr": address, "client_port": port, "daemon_addr": "127.0.0.1", "daemon_port": 587, **changes}
        self.send(macros("C", **values))
        self.send(packet("C", b"client\0" + b"4" + int(port).to_bytes(2, "big") + address.encode() + b"\0"))
        self.connection = values
        return self

    def mail(self, login=None, sender=b"<bob@example.test>", **changes):
        values = {"auth_authen": login, "auth_type": login and "PLAIN", "tls_version": "TLSv1.3",
                  "cipher": "TLS_AES_256_GCM_SHA384", "cipher_bits": 256, **changes}
        self.login = {name: values[name] for name in ("auth_authen", "auth_type")}
        self.send(macros("M", **values) + packet("M", sender + b"\0"))
        return self

    def field(self, name, value):
        self.send(packet("L", name.encode() + b"\0" + (value.encode() if isinstance(value, str) else value) + b"\0"))
        return self

    def end(self, queue_id="3F1A20012", **changes):
        """The end of the message: the packet that it is answered with."""
        self.send(macros("E", i=queue_id, **{**self.connection, **self.login, **changes}) + packet("E"))
        return self.read_packet()

    def abort(self):
        self.send(packet("A"))
        return self
