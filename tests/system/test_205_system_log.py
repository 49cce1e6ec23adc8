"""mailwicketd in the background and the system's log: what it writes, and that it never waits for it."""
import os
import re
import signal
import socket
import struct
import subprocess

import pytest

from rig import MAILWICKETD, PATIENCE, wait_for
from rig.daemon import Daemon, parse_decision, rcpt
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a /dev of its own")

# A /dev in which nothing but these and the test's log is; for this command alone.
WITH_DEV = """
for name in null zero urandom; do : >"$0/$name" && mount --bind "/dev/$name" "$0/$name" || exit; done
mount --bind "$0" /dev && exec "$@"
"""
LINE = re.compile(r"<(\d+)>[A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d mailwicketd\[(\d+)\]: (.*)", re.S)
LOCAL3, MAIL, WARNING, INFO = 19 << 3, 2 << 3, 4, 6


class SystemLog:
    """The other end of /dev/log."""

    def __init__(self, dev):
        self.path = dev / "log"
        self.open()

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        self.lines = []  # (priority, pid, text)

    def close(self):
        self.socket.close()
        self.path.unlink()

    def read(self):
        """All that came till now."""
        while True:
            try:
                line = self.socket.recv(8192, socket.MSG_DONTWAIT).decode()
            except BlockingIOError:
                return self.lines
            found = LINE.fullmatch(line)
            assert found, line
            self.lines.append((int(found[1]), int(found[2]), found[3]))

    def wait(self, pattern):
        return wait_for(lambda: [line for line in self.read() if re.match(pattern, line[2])], f"{pattern} in the log")


class Background:
    """mailwicketd in daemon mode, with a system log of its own."""

    def __init__(self, folder):
        self.dev = folder / "dev"
        self.dev.mkdir(mode=0o755)
        self.log = SystemLog(self.dev)
        self.files = Daemon(POLICY, DIRECTORY, folder, start=False, log="refused")

    def start(self):
        subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", WITH_DEV, self.dev, MAILWICKETD,
                        "-u", "root", "-c", self.files.policy], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=PATIENCE)
        with self.files.connect() as connection:
            credentials = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self.pid = struct.unpack("3i", credentials)[0]

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def background(folder):
    made = Background(folder)
    made.start()
    yield made
    made.stop()


def test_the_log_gets_lines_as_syslog_writes_them(background):
    """Priority of the policy's facility, local time, tag and process; another facility by a reload."""
    background.log.wait("ready: version=")
    assert background.files.request(sender="mary@example.test") == SEND_AS_DENIED
    line, = background.log.wait("mailwicket: v=1 verdict=refuse ")
    assert line[:2] == (MAIL | INFO, background.pid), line
    background.files.write_policy(POLICY + "log { facility = local3 }\n")
    os.kill(background.pid, signal.SIGHUP)
    line, = background.log.wait("policy read")
    assert background.files.request(sender="mary@example.test") == SEND_AS_DENIED
    wait_for(lambda: LOCAL3 | INFO in {line[0] for line in background.log.read()}, "a line of the new facility")


def test_a_system_log_that_nobody_reads_holds_nothing_up(background):
    """Every question is answered. What there is no room for is counted, and told once somebody reads again; the rest comes,
    in order."""
    count = 3000
    for number in range(count):
        assert background.files.request(sender="mary@example.test", instance=f"n.{number}") == SEND_AS_DENIED
    told, = background.log.wait(r"\d+ log lines were dropped: nothing reads the log")
    assert told[0] == MAIL | WARNING
    kept = [parse_decision(line[2])["instance"] for line in background.log.read() if line[2].startswith("mailwicket: ")]
    # What the socket does not take waits in mailwicketd.
    assert 60 < len(kept) < count
    assert kept == [f"n.{number}" for number in range(len(kept))]
    assert len(kept) + int(told[2].split()[0]) == count


def test_a_system_log_that_is_restarted_loses_nothing(background):
    """What was decided meanwhile is written once the log is there again."""
    background.log.wait("ready: ")
    background.log.close()
    for number in range(30):
        assert background.files.request(sender="mary@example.test", instance=f"n.{number}") == SEND_AS_DENIED
    background.log.open()
    background.log.wait("mailwicket: .* instance=n.29 ")
    assert background.files.request(sender="mary@example.test", instance="n.30") == SEND_AS_DENIED
    background.log.wait("mailwicket: .* instance=n.30 ")
    lines = [line[2] for line in background.log.read() if not line[2].startswith("ready: ")]
    assert [parse_decision(line)["instance"] for line in lines] == [f"n.{number}" for number in range(31)]


def test_a_facility_that_changes_in_between_holds_for_what_follows(background):
    """SIGHUP while lines wait: they keep their facility and their place."""
    background.log.wait("ready: ")
    background.log.close()
    assert background.files.request(sender="mary@example.test", instance="before") == SEND_AS_DENIED
    background.files.write_policy(POLICY + "log { facility = local3 }\n")
    os.kill(background.pid, signal.SIGHUP)
    background.log.open()
    background.log.wait("policy read")
    assert background.files.request(sender="mary@example.test", instance="after") == SEND_AS_DENIED
    background.log.wait("mailwicket: .* instance=after ")
    lines = [line for line in background.log.read() if line[2].startswith("mailwicket: ")]
    assert [(line[0], parse_decision(line[2])["instance"]) for line in lines] == [
        (MAIL | INFO, "before"), (LOCAL3 | INFO, "after")]


def test_the_lines_of_a_batch_are_a_datagram_each(background):
    """Questions that come at once: each line whole, none in another's datagram, in the order of the answers."""
    background.log.wait("ready: ")
    connections = [background.files.connect() for _ in range(40)]
    os.kill(background.pid, signal.SIGSTOP)
    for number, connection in enumerate(connections):
        connection.send(rcpt(sender="mary@example.test", instance=f"n.{number}"))
    os.kill(background.pid, signal.SIGCONT)
    assert [connection.answer() for connection in connections] == [SEND_AS_DENIED] * 40
    wait_for(lambda: len([line for line in background.log.read() if line[2].startswith("mailwicket: ")]) == 40, "the lines")
    found = [parse_decision(line[2]) for line in background.log.read() if line[2].startswith("mailwicket: ")]
    assert sorted(line["instance"] for line in found) == sorted(f"n.{number}" for number in range(40))
    assert all(line["decision"] == "submission" and line["reason"] == "send-as-denied" for line in found)
