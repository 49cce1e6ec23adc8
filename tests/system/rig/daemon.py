"""mailwicketd in the foreground for a test: its files, its sockets, its log, and a client of the policy protocol.

    daemon = Daemon(POLICY, DIRECTORY, tmp_path)
    assert daemon.request(sasl_username="bob", sender="bob@example.test") == "DUNNO"
    daemon.stop()

`policy_text` is the policy without policy_service, directory and log: those are added where it has none.
"""
import os
import re
import select
import signal
import socket
import subprocess
from pathlib import Path

from rig.built import CLI, MAILWICKETD
from rig.ports import free_port
from rig.text import whole_lines
from rig.waiting import PATIENCE, wait_for

# What Postfix asks at RCPT for an authenticated session over TLS on the submission port.
RCPT = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
    "client_address": "192.0.2.7", "client_name": "client.example.net", "client_port": "40000",
    "reverse_client_name": "client.example.net", "server_address": "203.0.113.1", "server_port": "587",
    "helo_name": "client.example.net", "sender": "bob@example.test", "recipient": "mary@example.test",
    "recipient_count": "0", "queue_id": "", "instance": "1a2b.3c4d.5e6f.0", "size": "1000", "etrn_domain": "",
    "stress": "", "sasl_method": "PLAIN", "sasl_username": "bob@example.test", "sasl_sender": "", "ccert_subject": "",
    "ccert_issuer": "", "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "TLSv1.3",
    "encryption_cipher": "TLS_AES_256_GCM_SHA384", "encryption_keysize": "256", "policy_context": "",
}


def encode(attributes):
    """A request's bytes; an attribute whose value is None is left out."""
    lines = []
    for name, value in attributes.items():
        if value is None:
            continue
        if not isinstance(value, bytes):
            value = str(value).encode("utf-8", "surrogateescape")
        lines.append(name.encode() + b"=" + value + b"\n")
    return b"".join(lines) + b"\n"


def rcpt(**changes):
    """The bytes of RCPT with changes."""
    return encode({**RCPT, **changes})


class Connection:
    """One connection, as Postfix holds it."""

    def __init__(self, address):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        # With a time-out a full queue of a unix socket would be an error instead of a wait.
        self.socket.connect(address)
        self.socket.settimeout(PATIENCE)
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """The next action, or None where the connection ended instead."""
        while b"\n\n" not in self.rest:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                assert self.rest == b"", f"cut off within an answer: {self.rest!r}"
                return None
            self.rest += part
        one, self.rest = self.rest.split(b"\n\n", 1)
        assert one.startswith(b"action=") and b"\n" not in one, one
        return one[len(b"action="):].decode()

    def ask(self, data):
        """The action for a request's bytes, or None."""
        try:
            self.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self.answer()

    def request(self, attributes=None, **changes):
        return self.ask(encode({**RCPT, **(attributes or {}), **changes}))

    def is_open(self):
        """Whether nothing came and the peer did not close."""
        watch = select.poll()
        watch.register(self.socket, select.POLLIN)
        return not watch.poll(0)

    def wait_closed(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Daemon:
    """A running mailwicketd. `start=False` only writes the files (and syncs unless directory_text is None)."""

    def __init__(self, policy_text, directory_text, tmp_path, *, start=True, sections=None, log="all", environment=None,
                 prefix=(), arguments=(), binary=None, **popen):
        self.folder = Path(tmp_path)
        self.policy = self.folder / "mailwicket.conf"
        self.directory = self.folder / "directory"
        self.published = self.folder / "published"
        self.suspensions = self.folder / "published.suspensions" / "suspensions"
        self.socket_path = self.folder / "policy"
        self.port = free_port()
        self.log = self.folder / "mailwicketd.log"
        self.decisions = log
        self.sections = sections or ""
        self.environment = environment or {}
        self.prefix, self.arguments, self.popen = list(prefix), list(arguments), popen
        self.binary = str(binary or MAILWICKETD)
        self.process = None
        self.connection = None
        self.published.mkdir(mode=0o755, exist_ok=True)
        self.write_policy(policy_text)
        if directory_text is not None:
            self.write_directory(directory_text)
        if start:
            self.start()

    # --- files

    def complete(self, policy_text):
        text = policy_text + "\n" + self.sections + "\n"
        if not re.search(r"^\s*policy_service\s*\{", text, re.M):
            text += (f'policy_service {{ listen = {{ "unix:{self.socket_path}", "inet:127.0.0.1:{self.port}" }} '
                     f'socket_group = "root" }}\n')
        if not re.search(r"^\s*directory\s*\{", text, re.M):
            text += (f'directory {{ path = "{self.published}"\n'
                     f'  source "local" {{ driver = text path = "{self.directory}" }} }}\n')
        if not re.search(r"^\s*log\s*\{", text, re.M):
            text += f"log {{ decisions = {self.decisions} }}\n"
        return text

    @staticmethod
    def write(path, text):
        """Replaces a file whole, as an administrator's editor does."""
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(path)

    def write_policy(self, policy_text):
        self.write(self.policy, self.complete(policy_text))

    @staticmethod
    def line(place):
        """The line of a file that a finding's place names."""
        with open(place["file"]) as file:
            return file.read().splitlines()[place["line"] - 1]

    def write_directory(self, directory_text):
        """Writes the text source and publishes it."""
        self.write(self.directory, directory_text)
        self.sync()

    def sync(self):
        result = subprocess.run([CLI, "-c", self.policy, "sync"], capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr + result.stdout

    def cli(self, *arguments):
        return subprocess.run([CLI, "-c", self.policy, *arguments], capture_output=True, text=True, timeout=60)

    # --- the process

    def launch(self):
        """Starts the process without waiting for it."""
        log = open(self.log, "ab")
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID")}
        environment.update(self.environment)
        self.process = subprocess.Popen([*self.prefix, self.binary, "-f", "-c", str(self.policy), *self.arguments],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, **self.popen)
        log.close()

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"mailwicketd ended with {self.process.returncode}: {self.text()}")
            return self.lines(rf"^mailwicketd: ready: .*pid={self.process.pid} ")
        wait_for(ready, "mailwicketd to be ready")

    @property
    def pid(self):
        return self.process.pid

    def reload(self):
        """SIGHUP, and waits till the policy was read. True: the new one serves; False: the old one stays."""
        before = len(self.lines(r"^mailwicketd: (policy read|reload failed)"))
        self.process.send_signal(signal.SIGHUP)
        line = wait_for(lambda: self.lines(r"^mailwicketd: (policy read|reload failed)")[before:], "the reload")[0]
        return line.startswith("mailwicketd: policy read")

    def stop(self, expect=0):
        """SIGTERM; checks the exit status and gives the log."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                status = self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
            assert status == expect, f"exit {status}: {self.text()}"
        return self.text()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if failed:
            self.kill()
        else:
            self.stop()

    def status(self, field):
        """A figure of /proc/PID/status, e.g. VmRSS in KiB."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)", text, re.M).group(1))

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # --- questions

    def connect(self, tcp=False):
        return Connection(("127.0.0.1", self.port) if tcp else str(self.socket_path))

    def request(self, attributes=None, **changes):
        """Asks RCPT with changes on a kept connection (a new one after it was closed): the action, or None."""
        if self.connection is None or not self.connection.is_open():
            if self.connection is not None:
                self.connection.close()
            self.connection = self.connect()
        return self.connection.request(attributes, **changes)

    # --- the log

    def text(self):
        return self.log.read_text(errors="surrogateescape") if self.log.exists() else ""

    def lines(self, pattern=None):
        found = whole_lines(self.text())
        return found if pattern is None else [line for line in found if re.search(pattern, line)]

    def wait_log(self, pattern, count=1):
        """The lines that match, once there are `count` of them."""
        def enough():
            found = self.lines(pattern)
            return found if len(found) >= count else None
        return wait_for(enough, f"{pattern!r} in the log")

    def logged(self, **fields):
        """The decision lines (as dicts) that have all these fields."""
        found = []
        for line in self.lines(r"mailwicket: v=1 "):
            read = parse_decision(line)
            if all(read.get(key) == value for key, value in fields.items()):
                found.append(read)
        return found


def parse_decision(line):
    """The fields of a decision line, unquoted."""
    line = line[line.index("mailwicket: ") + len("mailwicket: "):]
    fields = {}
    for key, value in re.findall(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]*)', line):
        if value.startswith('"'):
            value = re.sub(r'\\x([0-9a-f]{2})|\\(.)', lambda m: chr(int(m[1], 16)) if m[1] else m[2], value[1:-1])
        fields[key] = value
    return fields
