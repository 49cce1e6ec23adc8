"""mailwicketd in the background and the system's log: what it writes, and that it never waits for it."""
import os
import re
import signal
import socket
import struct
import subprocess

import pytest

from rig import MAILWICKETD, PATIENCE, wait_for
from rig.daemon import Daemon
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
    """Every question is answered; what was lost is counted, and told once somebody reads again."""
    count = 3000
    for _ in range(count):
        assert background.files.request(sender="mary@example.test") == SEND_AS_DENIED
    told, = background.log.wait(r"\d+ log lines were dropped: nothing reads the log")
    assert told[0] == MAIL | WARNING
    kept = [line for line in background.log.read() if line[2].startswith("mailwicket: ")]
    assert 0 < len(kept) < count
    assert len(kept) + int(told[2].split()[0]) == count


def test_a_system_log_that_is_restarted_is_found_again(background):
    background.log.wait("ready: ")
    background.log.close()
    assert background.files.request(sender="mary@example.test") == SEND_AS_DENIED
    background.log.open()
    background.log.wait("1 log lines were dropped")
    assert background.files.request(sender="mary@example.test") == SEND_AS_DENIED
    assert len(background.log.wait("mailwicket: v=1 verdict=refuse ")) == 1
