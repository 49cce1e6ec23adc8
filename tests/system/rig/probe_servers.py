"""`mailwicket probe` as a test runs it, and what it meets in the wild: certificates of all kinds, scripted servers."""
import json
import ssl
import subprocess
import threading
from pathlib import Path

from rig.built import CLI
from rig.listener import Listener
from rig.tls import Issued, authority
from rig.waiting import PATIENCE

GOOD, BAD, DOUBTFUL = 0, 1, 2
EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOHOST, EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM = 64, 65, 66, 68, 69, 75, 77


def run(*arguments, timeout=60, **options):
    return subprocess.run([str(CLI), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          **options)


def look(arguments, ports):
    """The exit code, and the services that JSON tells of, by name; only those whose ports are named are looked at."""
    told = run("--json", "probe", "127.0.0.1", *ports, *arguments,
               *(word for name, port in ports.items() for word in (f"--{name}-port", port)), timeout=10 * PATIENCE)
    assert told.returncode in (GOOD, BAD, DOUBTFUL, EX_UNAVAILABLE), told.stderr
    return told.returncode, {service["service"]: service for service in json.loads(told.stdout)["services"]}


def probe(*arguments, code=None, **ports):
    """The services by name. It waits long for each answer unless --timeout is among the arguments."""
    told, services = look([*arguments, *([] if "--timeout" in arguments else ["--timeout", int(PATIENCE)])], ports)
    assert code is None or told == code, services
    return services


def probe_until(is_right, *arguments, **port):
    """The exit code and the one service, where a time-out has to end before it is told what is right. On a busy machine a server
    seems to say nothing for as long as the shortest one: then a longer one tells."""
    for seconds in (1, 5, int(PATIENCE)):
        code, services = look([*arguments, "--timeout", seconds], port)
        service, = services.values()
        if is_right(service):
            break
    return code, service


def names(service):
    """What was found at a service: {id: severity}."""
    return {finding["id"]: finding["severity"] for finding in service["findings"]}


def issue_all(folder):
    """Certificates by what is wrong with them, and `authority`, which issued them."""
    made = folder / "issued"
    made.mkdir(mode=0o755)
    return {"good": Issued(made, "mail.example.test"),
            "expired": Issued(made, "expired.example.test", end="20200202000000Z"),
            "early": Issued(made, "early.example.test", start="20480101000000Z"),
            "other": Issued(made, "other.example.test", alternative="DNS:another.example.test"),
            "authority": authority(made)}


class Scripted(Listener):
    """A server on a port of its own; `script(client)` runs for each connection, on a `Client`.

    What clients sent, TLS taken off, is in `heard`.
    """

    def __init__(self, script, certificate=None, address=()):
        self.script, self.heard = script, b""
        self.context = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate.cert, certificate.key)
        super().__init__(*address)

    def taken(self, connection):
        threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        client = Client(self, connection)
        try:
            self.script(client)
        except (OSError, EOFError):
            pass
        finally:
            client.socket.close()


class Client:
    """The server's end of a connection."""

    def __init__(self, server, connection):
        self.server, self.socket = server, connection
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode() + b"\r\n")

    def line(self):
        while b"\r\n" not in self.rest:
            self.more()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line.decode(errors="replace")

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            raise EOFError
        self.server.heard += part
        self.rest += part

    def tls(self):
        self.socket = self.server.context.wrap_socket(self.socket, server_side=True)

    def until_closed(self):
        while True:
            self.more()

    def answer(self, replies):
        """Answers each line by the first of `replies` ({beginning of the command: lines}) that it begins with.

        `%` in a reply stands for the line's first word (IMAP's tag, which is not looked at otherwise).
        """
        while True:
            line = self.line()
            tag, _, rest = line.partition(" ")
            for beginning, reply in replies.items():
                if line.upper().startswith(beginning) or rest.upper().startswith(beginning):
                    self.send(reply.replace("%", tag))
                    if beginning in ("STARTTLS", "STLS") and self.server.context is not None:
                        self.tls()
                    break
            else:
                self.send(f"{tag} BAD" if tag[1:].isdigit() else "500 5.5.1 what?")
