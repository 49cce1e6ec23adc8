"""A source that fails in the ways of the field, at moments that a seed draws, while others read the directory.

    with FaultySite(folder, ServerFaults(PgsqlSource(postgresql, folder)), seed) as site:
        site.round("cut")

The content has a version: one user's address, login, limit, group and right change with each, so that an answer shows whether
it is of one version whole. After each fault the next run of a source that is whole has to publish by itself.
"""
import json
import os
import random
import signal
import subprocess
import threading
import time

import rig
from rig.daemon import Daemon
from rig.relay import Relay
from rig.sources import Content
from rig.submission_world import POLICY

MARK = "mark@example.test"
STEADY = [f"steady{number}@example.test" for number in range(40)]
HELD, FAILED = 77, 75
SHRINKS = ("emptied", "half emptied", "another database")


def content(version, users=STEADY):
    made = Content()
    for name in users:
        made.user(name)
    made.user(MARK, address=[f"mark{version}@example.test"], login=[f"m{version}"], max_recipients=str(1000 + version))
    for number in range(3):
        made.group(f"role{number}@example.test")
        made.group(f"team{number}@example.test", member=[MARK] if number == version % 3 else [])
    return made.grant("send-as", f"role{version % 3}@example.test", MARK)


def other():
    """Of another database."""
    made = Content()
    for number in range(30):
        made.user(f"stranger{number}@example.test")
    return made


class Program:
    """Directory text of a program."""

    driver = "exec"
    faults = ("cut", "stopped", "failed")

    def __init__(self, folder):
        self.script, self.out = folder / "content.sh", folder / "content.out"
        self.stopped = False

    def load(self, made):
        aside = self.out.with_suffix(".new")
        aside.write_text(made.text())
        os.replace(aside, self.out)

    def begin(self, fault, draw):
        part = draw.randrange(self.out.stat().st_size) if draw else 0
        script = {None: f"exec cat {self.out}", "cut": f"head -c {part} {self.out}; exit 3",
                  "stopped": f"head -c {part} {self.out}; kill -STOP $$", "failed": "exit 1"}[fault]
        aside = self.script.with_suffix(".new")
        aside.write_text(f"#!/bin/sh\n{script}\n")
        aside.chmod(0o755)
        os.replace(aside, self.script)
        self.stopped = fault == "stopped"

    def settings(self):
        return f'driver = exec command = {{ "{self.script}" }}' + " timeout = 1s" * self.stopped

    def end(self):
        self.begin(None, None)

    def close(self):
        pass


class FileFaults:
    """A file of SQLite that is there in part, or is none."""

    faults = ("cut", "failed")

    def __init__(self, source):
        self.source, self.whole = source, None
        self.driver = source.driver

    def load(self, made):
        self.source.load(made)

    def settings(self):
        return self.source.settings()

    def begin(self, fault, draw):
        self.whole = self.source.path.read_bytes()
        # The writer's own rename: no reader has half of a change.
        self.put(self.whole[:draw.randrange(100, len(self.whole))] if fault == "cut" else b"no database at all" * 100)

    def put(self, octets):
        aside = self.source.path.with_suffix(".new")
        aside.write_bytes(octets)
        aside.chmod(0o644)
        os.replace(aside, self.source.path)

    def end(self):
        if self.whole is not None:
            self.put(self.whole)
            self.whole = None

    def close(self):
        pass


class ServerFaults:
    """A server behind a relay."""

    faults = ("cut", "stopped", "failed")

    def __init__(self, source, folder):
        self.source, self.driver = source, source.driver
        self.relay = Relay(source.server.port)
        self.changes, self.stopped = {}, False
        self.wrong = folder / "wrong"
        self.wrong.write_text("not the password\n")
        self.wrong.chmod(0o600)

    def load(self, made):
        self.source.load(made)

    def settings(self):
        return self.source.settings(port=self.relay.port, **self.changes)

    def begin(self, fault, draw):
        if fault == "cut":
            self.relay.cut = draw.randrange(max(1, self.relay.passed))
        elif fault == "stopped":
            self.source.server.pause()
            self.changes, self.stopped = {"statement_timeout": "1s"}, True
        else:
            self.changes = {"password_file": self.wrong}

    def end(self):
        self.relay.cut, self.changes = None, {}
        if self.stopped:
            self.source.server.resume()
            self.stopped = False

    def close(self):
        self.end()
        self.relay.close()


class FaultySite(Daemon):
    """`.round(fault)` brings a fault of FAULTS or of the source's own, and the run after it."""

    FAULTS = ("killed", "full", *SHRINKS)

    def __init__(self, folder, source, seed):
        super().__init__(POLICY, None, folder, start=False)
        self.source, self.random, self.version = source, random.Random(seed), 0
        self.readers, self.wrong, self.asked, self.ending = [], [], 0, threading.Event()

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0755", "tmpfs", self.published], check=True)
        try:
            self.source.load(content(0))
            self.source.end()
            assert self.sync() == 0, self.said
            self.start()
            for read in (self.read_whole, self.read_steady):
                self.readers.append(threading.Thread(target=self.hammer, args=(read,)))
                self.readers[-1].start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.ending.set()
        for reader in self.readers:
            reader.join()
        try:
            self.source.close()
            if self.process is not None:
                self.stop()
        finally:
            subprocess.run(["umount", "-l", self.published], check=True)

    # --- who reads

    def hammer(self, read):
        while not self.ending.is_set():
            try:
                read()
                self.asked += 1
            except Exception as error:  # told by the test
                self.wrong.append(error)
                return

    def version_of(self, looked_up):
        """The one version that all of an answer is of."""
        login = next(name for name in looked_up["logins"] if name != MARK)
        version = int(login[1:])
        assert looked_up["may_send_as"] in ([f"role{version % 3}@example.test"], []), looked_up
        assert looked_up["max_recipients"] == str(1000 + version), looked_up
        assert set(looked_up["addresses"]) == {MARK, f"mark{version}@example.test"}, looked_up
        assert looked_up["groups"] in ([f"team{version % 3}@example.test"], []), looked_up
        return version

    def looked_up(self):
        done = self.cli("lookup", MARK, "--json")
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def read_whole(self):
        self.version_of(self.looked_up())

    def read_steady(self):
        """Whoever was there all the time is there in every answer."""
        for name in STEADY[::7]:
            with self.connect() as connection:
                answer = connection.request(sasl_username=name, sender=name, recipient="x@example.org")
            assert answer == "DUNNO", (name, answer)

    # --- syncs

    def sync(self, *words):
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n'
                          f'  source "people" {{ {self.source.settings()} }}\n}}\n')
        done = self.cli("sync", *words)
        self.said = done.stdout + done.stderr
        return done.returncode

    def kill_a_sync(self):
        child = subprocess.Popen([rig.CLI, "-c", self.policy, "sync"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.random() * 0.05)  # the moment is the draw
        child.send_signal(signal.SIGKILL)
        child.wait()

    def fill_the_disk(self):
        filler = os.open(self.published / "filler", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            while os.write(filler, bytes(4096)):
                pass
        except OSError:
            pass
        finally:
            os.close(filler)

    def round(self, fault):
        before = self.version
        self.version += 1
        if fault == "emptied":
            self.source.load(Content())
        elif fault == "half emptied":
            self.source.load(content(before, STEADY[:20]))
        elif fault == "another database":
            self.source.load(other())
        else:
            self.source.load(content(self.version))
        # A source that is there, and says less, is held; one that fails leaves its content.
        if fault == "killed":
            self.kill_a_sync()
        elif fault == "full":
            self.fill_the_disk()
            assert self.sync() in (0, FAILED), self.said  # what a killed one left makes room
            (self.published / "filler").unlink()
        elif fault in SHRINKS:
            assert self.sync() == HELD, self.said
        else:
            self.source.begin(fault, self.random)
            assert self.sync() == FAILED, self.said
            self.source.end()
        now = self.looked_up()
        assert self.version_of(now) in (before, self.version), now
        if fault in ("emptied", "another database"):
            assert now["may_send_as"] == now["groups"] == [], now  # what was taken away is gone at once
        if fault in SHRINKS:
            # What is held stays until it is back: an address that is new by then is none of it.
            self.source.load(content(before))
            assert self.sync() == 0 and self.version_of(self.looked_up()) == before, self.said
        self.source.load(content(self.version))
        assert self.sync() == 0, self.said
        now = self.looked_up()
        assert self.version_of(now) == self.version and now["may_send_as"] and now["groups"], now
        assert not self.wrong, self.wrong[0]
