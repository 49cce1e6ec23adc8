"""`mailwicket sync --follow` for a test, beside a mailwicketd (daemon.py) whose policy it has.

    with Follower(daemon) as follower:
        follower.wait_log("published: ")

`confined` makes one with no more rights than mailwicket-sync.service has.
"""
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess

from rig import service_unit
from rig.built import CLI, build_folder
from rig.processes import is_stopped
from rig.programs import sanitized
from rig.text import whole_lines
from rig.waiting import PATIENCE, wait_for

UNIT = build_folder() / "packaging" / "systemd" / "mailwicket-sync.service"
NOBODY = pwd.getpwnam("nobody").pw_uid


def confined(daemon, *own):
    """A follower within the unit, as nobody, to whom the files `own` belong. A sanitizer makes other system calls: it is as
    root then."""
    if sanitized() or shutil.which("systemd-analyze") is None:
        return Follower(daemon)
    done = daemon.cli("sync", "--hand-over", "nobody")
    assert done.returncode == 0, done.stderr
    for path in own:
        os.chown(path, NOBODY, -1)
    return Follower(daemon, binary=shutil.copy(CLI, daemon.folder), prefix=service_unit.prefix(UNIT, NOBODY))


class Follower:
    """`prefix` is what stands before the command, `notify` a folder for the socket of a service manager."""

    def __init__(self, daemon, *, prefix=(), binary=CLI, notify=None, name="follow.log", **popen):
        self.daemon, self.prefix, self.binary, self.popen = daemon, list(prefix), str(binary), popen
        self.log = daemon.folder / name
        self.environment = {key: value for key, value in os.environ.items() if key not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
        self.notify = None
        if notify is not None:
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(str(notify / "notify"))
            self.notify.settimeout(PATIENCE)
            self.environment["NOTIFY_SOCKET"] = self.notify.getsockname()
        self.process = None

    def launch(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, self.binary, "-c", str(self.daemon.policy), "sync", "--follow"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                            **self.popen)
        return self

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lines(self, pattern):
        return [line for line in whole_lines(self.text()) if re.search(pattern, line)]

    def wait_log(self, pattern, count=1, patience=PATIENCE):
        def enough():
            assert self.process.poll() is None, self.text()
            found = self.lines(pattern)
            return found if len(found) >= count else None
        return wait_for(enough, f"{pattern!r} in the log of the follower", patience)

    def hears(self, word):
        """Waits for a word to the service manager."""
        while word not in self.notify.recv(4096).decode().splitlines():
            pass

    def forgets(self):
        """What it said to the service manager so far."""
        self.notify.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.notify.recv(4096)
        self.notify.settimeout(PATIENCE)

    def child(self):
        """The process that reads the sources now; None: there is none."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def pause(self):
        """Returns once it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: is_stopped(self.process.pid), "the follower to stand still")

    def stop(self, expect=0):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        status = self.process.wait(PATIENCE)
        assert status == expect, f"exit {status}: {self.text()}"
        return self.text()

    def __enter__(self):
        return self.launch()

    def __exit__(self, failed, *_):
        if failed:
            self.process.kill()
            self.process.wait()
        else:
            self.stop()
        if self.notify is not None:
            self.notify.close()
