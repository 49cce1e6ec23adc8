"""A service manager as small as can be, that keeps one service as its unit of systemd says, where none is process 1:

Type=notify, sockets passed to it, WatchdogSec= (SIGABRT when no WATCHDOG=1 came for so long), Restart=always.

    with Manager(unit, [daemon, "-f", "-c", policy], folder, listening) as manager:
        manager.wait_ready()
"""
import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

from rig import service_unit
from rig.processes import kill_and_wait
from rig.waiting import PATIENCE, wait_for

# Puts the sockets where the service looks for them, and becomes it.
PASS_SOCKETS = """
import os, sys
count = int(sys.argv[1])
for index in range(count):
    os.dup2(int(sys.argv[2 + index]), 3 + index)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), sys.argv[1]
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def seconds(text):
    """Of "5s", "100ms"."""
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


class Manager:
    """`watchdog` is used instead of the unit's WatchdogSec. `starts`, `ready` and `aborted` count what happened."""

    def __init__(self, unit, command, folder, listening, watchdog=None):
        self.unit = service_unit.settings(unit)
        assert self.unit["Type"] == ["notify"] and self.unit["Restart"] == ["always"]
        self.watchdog = watchdog or seconds(self.unit["WatchdogSec"][-1])
        self.command, self.listening, self.log = command, listening, folder / "service.log"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        self.process, self.alive_at = None, None
        self.starts = self.ready = self.aborted = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def start(self):
        # Far from where PASS_SOCKETS puts them.
        sockets = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in self.listening]
        environment = {**os.environ, "NOTIFY_SOCKET": self.notify.getsockname(),
                       "WATCHDOG_USEC": str(int(self.watchdog * 1e6))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", PASS_SOCKETS, str(len(sockets)), *map(str, sockets),
                                             *map(str, self.command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, pass_fds=sockets)
        for each in sockets:
            os.close(each)
        self.starts += 1
        self.alive_at = None

    def hear(self):
        if not select.select([self.notify], [], [], 0.02)[0]:
            return
        words = self.notify.recv(4096).decode().splitlines()
        self.ready += "READY=1" in words
        if "READY=1" in words or "WATCHDOG=1" in words:
            self.alive_at = time.monotonic()

    def abort(self):
        """As systemd does: SIGABRT, and SIGCONT so that a stopped process gets it."""
        self.aborted += 1
        self.process.send_signal(signal.SIGABRT)
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(PATIENCE)

    def run(self):
        self.start()
        while not self.over.is_set():
            self.hear()
            if self.alive_at is not None and time.monotonic() - self.alive_at > self.watchdog:
                self.abort()
            if self.process.poll() is not None and not self.over.wait(seconds(self.unit["RestartSec"][-1])):
                self.start()

    def wait_ready(self, count=1):
        wait_for(lambda: self.ready >= count, f"start {count} of the service")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        kill_and_wait(self.process)
        self.notify.close()
