"""What the private database servers of the tests have in common: a folder of their own, an unprivileged user, one process
that is ended by its id."""
import os
import pwd
import signal
import subprocess
from contextlib import suppress
from itertools import count

from rig.folders import make_folder, remove_folder
from rig.ports import free_port
from rig.processes import children, is_running, state
from rig.tls import Certificate
from rig.waiting import PATIENCE, wait_for

START = 3 * PATIENCE  # to make and start a server on a busy machine
PASSWORD = "s3cret of the tests"
_numbers = count(1)


class DatabaseServer:
    """A server on a unix socket and on a port of 127.0.0.1, with TLS for who asks for it (`.certificate`, self-signed for
    localhost and 127.0.0.1). It runs until close()."""

    name = user = ""
    end = signal.SIGTERM
    settings = ()  # more of the server's own command line

    def __init__(self):
        self.folder = make_folder(self.name)
        self.data = self.folder / "data"
        self.port = free_port()
        self.process = None
        self.certificate = Certificate(self.folder, "localhost")
        if os.geteuid() == 0:
            owner = pwd.getpwnam(self.user)
            # A process of this user alone reads the key.
            for path in (self.folder, self.certificate.key):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            self.identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        else:
            self.identity = {}
        # Ours may be closed to that user.
        self.identity["env"] = {**os.environ, "TMPDIR": str(self.folder)}
        try:
            self.make()
            self.start()
        except BaseException:
            self.close()
            raise

    def make(self):
        """Makes the data folder."""
        raise NotImplementedError

    def command(self):
        """The server in the foreground."""
        raise NotImplementedError

    def sql(self, text, database=None):
        """Runs statements as the server's administrator: what they print, without headings."""
        raise NotImplementedError

    def run(self, *command, timeout=START, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, timeout=timeout, cwd=self.folder,
                              **{**self.identity, **options})
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def database(self):
        """A new, empty database that no other test has."""
        name = f"mail{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    # --- the process

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder, **self.identity)
        wait_for(self.is_ready, f"{self.name} to be ready", START)

    def is_ready(self):
        assert self.process.poll() is None, (self.folder / "server.log").read_text(errors="replace")[-2000:]
        try:
            return self.sql("SELECT 1") == "1"
        except AssertionError:
            return False

    def processes(self):
        return [self.process.pid, *children(self.process.pid)]

    def signal(self, number):
        """To all its processes, which it gives; one of a connection may end meanwhile."""
        found = self.processes()
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return found

    def pause(self):
        """The whole server stands still: its sockets accept and nothing answers. The first process stands before the others
        are looked for: it makes no more of them."""
        self.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: state(self.process.pid) in "TZX", f"{self.name} to stand")
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self):
        """Ends it, its clients with it."""
        if self.process is None or self.process.poll() is not None:
            return
        self.resume()
        self.process.send_signal(self.end)
        try:
            self.process.wait(START)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self):
        """Power off: nothing is written any more, and nothing of it stands in the way of a start."""
        self.pause()
        killed = self.signal(signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(map(is_running, killed)), f"the processes of {self.name} to end")

    def close(self):
        """What it has is thrown away: nothing needs an orderly end."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        remove_folder(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
