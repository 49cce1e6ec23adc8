"""Debian machines of the tests' own: systemd is process 1, over a chroot that stays as it is."""
import ctypes
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
CHROOTS = pathlib.Path(os.environ.get("MAILWICKET_PACKAGE_CHROOTS", "/var/tmp"))
LIBC = ctypes.CDLL(None, use_errno=True)
ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]


def enter_network(descriptor):
    """Puts the thread that calls into that network."""
    CLONE_NEWNET = 0x40000000
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def chroot(release, kind, packages):
    """The folder of a chroot with these packages; made once, and kept."""
    folder = CHROOTS / f"mailwicket-{kind}-{release}"
    subprocess.run([SOURCE / "tests/chroot", release, folder, *packages], check=True, stdin=subprocess.DEVNULL)
    return folder


class Tree:
    """A file system over a chroot: what is written goes to a folder that is thrown away."""

    def __init__(self, lower):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mailwicket-machine-", dir="/var/tmp"))
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        self.root = self.folder / "root"
        options = f"lowerdir={lower},upperdir={self.folder}/upper,workdir={self.folder}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", self.root / "etc" / name)

    def run(self, *command):
        """Runs a command in there, with processes and mounts of its own."""
        within = 'mount -t proc proc "$1/proc"; mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"; root=$1; shift; exec chroot "$root" "$@"'
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
                               "sh", "-euc", within, "sh", self.root, *ENVIRONMENT, *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-8000:]}"
        return done.stdout

    def close(self):
        subprocess.run(["umount", "--lazy", self.root], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def cgroup_root():
    """Where the control groups of version 2 are mounted."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return pathlib.Path(fields[1])
    raise RuntimeError("no control groups of version 2 are mounted: systemd cannot run in a machine of its own")


class Machine:
    """A machine that runs. Its network is a loopback alone; `online` commands use the host's."""

    def __init__(self, lower, prepare=None):
        self.tree = Tree(lower)
        self.root = self.tree.root
        # The chroot's guard against services that start: here they may.
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        if prepare is not None:
            prepare(self.root)
        self.cgroup = cgroup_root() / f"mailwicket-{os.getpid()}-{self.tree.folder.name[-8:]}"
        self.cgroup.mkdir()
        # It ends with the tests, however they end.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", HERE / "boot", self.root, self.cgroup],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.init = self.wait(self._child, "systemd has been started")
        self.wait(self._booted, "systemd has started its units")

    def _child(self):
        """Once it is systemd: before that its root is still the host's, and so would be what `run` asks."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        is_systemd = children and pathlib.Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n"
        return int(children[0]) if is_systemd else None

    def _booted(self):
        told = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return told in ("running", "degraded")

    def has(self, process):
        """Whether a process of the host's list is one of this machine."""
        try:
            return os.readlink(f"/proc/{process}/ns/pid") == os.readlink(f"/proc/{self.init}/ns/pid")
        except OSError:  # it has ended
            return False

    def wait(self, question, what, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the machine ended before {what}"
            answer = question()
            if answer:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{what}: not within {seconds} s")

    def run(self, *command, check=True, online=False, text=None):
        """Runs a command in the machine; its output and errors together."""
        enter = ["nsenter", f"--target={self.init}", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd=/"]
        if not online:
            enter.append("--net")
        done = subprocess.run([*enter, *ENVIRONMENT, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=None if text is not None else subprocess.DEVNULL, input=text, text=True, timeout=600)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
        return done

    def client(self, *command):
        """Runs a program of the host in the machine's network."""
        return subprocess.run(["nsenter", f"--target={self.init}", "--net", *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)

    def path(self, path):
        return self.root / path.lstrip("/")

    def close(self):
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 30
        while (self.cgroup / "cgroup.procs").exists() and time.monotonic() < end:
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.02)
        self.tree.close()
