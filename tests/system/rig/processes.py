"""Programs of the machine and the processes that a test starts."""
import os
import shutil
import subprocess
from pathlib import Path

from rig.waiting import PATIENCE, wait_for

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def tool(name):
    """A program's path, also from the folders of the superuser; None where it is missing."""
    return shutil.which(name, path=PATH)


def state(pid):
    """Its letter in /proc/PID/stat: T, it stands; X, it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def is_running(pid):
    """Whether there is such a process that has not ended; one that nobody has waited for has."""
    return state(pid) not in "ZX"


def is_stopped(pid):
    """Whether it stands still, after SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def running():
    """The processes of this machine, but for those that have ended: id, name, parent, process group."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text().rpartition(")")
        except OSError:
            continue
        pid, _, name = head.partition(" (")
        letter, parent, group = tail.split()[:3]
        if letter not in "ZX":
            yield int(pid), name, int(parent), int(group)


def children(pid):
    """{pid: name} of the processes that one has started and that run."""
    return {child: name for child, name, parent, _ in running() if parent == pid}


def wait_group_ended(leader, what):
    """`leader` has led a process group of its own, and has ended; the others of the group need not have."""
    wait_for(lambda: all(group != leader.pid for _, _, _, group in running()), f"{what}'s processes to end")


def listening(process):
    """The sockets, as in /proc/PID/fd, that somebody may connect to in the network of a process (its folder in /proc)."""
    unix = [line.split() for line in (process / "net" / "unix").read_text().splitlines()[1:]]
    tcp = [line.split() for kind in ("tcp", "tcp6") for line in (process / "net" / kind).read_text().splitlines()[1:]]
    inodes = {row[6] for row in unix if int(row[3], 16) & 0x10000} | {row[9] for row in tcp if row[3] == "0A"}
    return {f"socket:[{inode}]" for inode in inodes}


def holds_listener(pid):
    """Whether a process has a socket open that somebody may connect to."""
    process = Path(f"/proc/{pid}")
    try:
        return not listening(process).isdisjoint(os.readlink(fd) for fd in (process / "fd").iterdir())
    except OSError:  # something was closed meanwhile, or the process is gone
        return is_running(pid)


def takes_clients(pid):
    """Whether a process waits, by epoll, for somebody to connect to one of its sockets."""
    process = Path(f"/proc/{pid}")
    try:
        polled = {line.split()[1] for info in (process / "fdinfo").iterdir() for line in info.read_text().splitlines()
                  if line.startswith("tfd:")}
        names = {os.readlink(process / "fd" / number) for number in polled}
        return not listening(process).isdisjoint(names)
    except OSError:  # something was closed meanwhile, or the process is gone
        return is_running(pid)


def kill_and_wait(process, patience=PATIENCE):
    """Ends a process that was started here: SIGTERM, then SIGKILL."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
