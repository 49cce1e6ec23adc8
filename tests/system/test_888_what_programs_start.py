"""`driver = exec`: nothing that a program started outlives the reading, however that ends."""
import contextlib
import fcntl
import os
import signal
import subprocess
import time

import pytest

from rig import CLI, PATIENCE, is_running, wait_for
from rig.daemon import Daemon
from rig.follower import Follower, confined
from rig.processes import children, is_stopped

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
TEXT = "user bob@example.test\nuser mary@example.test\n"
GRANT = "grant send-as mary@example.test bob@example.test\n"
WAITS_AT_MOST = 4  # seconds, as in cli/follow/reading.c

# A child, a group of its own, a session of its own, and a daemon: its parents have ended, and it has no output of the program.
START = """#!/bin/bash
tell() { echo "$1" >>PIDS; }
tell $$
sleep 600 & tell $!
set -m; sleep 600 & tell $!; set +m
setsid sh -c 'echo $$ >>PIDS; exec sleep 600' &
(setsid sh -c '(setsid sh -c "echo \\$\\$ >>PIDS; exec sleep 600" >/dev/null 2>&1 </dev/null &)' &)
until [ $(wc -l <PIDS) -ge 5 ]; do sleep 0.05; done
"""

# It never waits: each process of it starts the next, in a session of its own, and ends. All of them hold the lock.
CHAIN = """#!/usr/bin/python3
import fcntl, os, time
lock = open("PIDS", "a")
fcntl.flock(lock, fcntl.LOCK_EX)
if os.fork() == 0:
    while True:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        os.write(lock.fileno(), b".")
time.sleep(600)
"""


class Site(Daemon):
    """The program `people`, and what it started."""

    def __init__(self, folder):
        super().__init__(POLICY, TEXT, folder)
        self.program, self.pids = folder / "people", folder / "pids"
        self.says(f"printf '{TEXT}'")
        self.uses("timeout = 300s")

    def uses(self, settings):
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n'
                          f'  source "text" {{ driver = text path = "{self.directory}" }}\n'
                          f'  source "people" {{ driver = exec command = {{ "{self.program}" }} interval = 1h {settings} }}\n'
                          '}\n')

    def says(self, script, start="#!/bin/sh\n"):
        aside = self.folder / "aside"
        aside.write_text(start.replace("PIDS", str(self.pids)) + script + "\n")
        aside.chmod(0o755)
        os.replace(aside, self.program)
        self.pids.write_text("")

    def started(self, count=5):
        """All that runs now because of the program."""
        wait_for(lambda: self.pids.read_text().count("\n") >= count, "the program to have started all")
        return [int(word) for word in self.pids.read_text().split()]

    def nothing_stays(self, pids):
        assert len(pids) == len(set(pids)) >= 5
        wait_for(lambda: not [pid for pid in pids if is_running(pid)], "all of it to end")


@pytest.fixture
def site(folder):
    with Site(folder) as made:
        yield made


def hears():
    """Who was started in the background may hear no SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def reads(site):
    """A `mailwicket sync` that waits for the program."""
    return subprocess.Popen([CLI, "-c", site.policy, "sync"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            process_group=0, preexec_fn=hears)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_stays_of_a_sync_that_is_interrupted(site, how):
    site.says("wait", START)
    with reads(site) as process:
        pids = site.started()
        os.killpg(process.pid, how)
        assert process.wait() == -how
    site.nothing_stays(pids)
    # Nobody holds the lock.
    site.says(f"printf '{TEXT}'")
    assert site.cli("sync").returncode == 0


def test_nothing_stays_of_what_took_too_long(site):
    site.uses("timeout = 1s")
    site.says("wait", START)
    assert "took too long" in site.cli("sync").stderr
    site.nothing_stays(site.started())


@pytest.mark.parametrize("end", ["exec false", "echo '# end'", "kill -9 $$", "kill -9 0", "trap 'kill 0' EXIT; exit 1"])
def test_nothing_stays_of_a_program_that_ended_by_itself(site, end):
    site.uses('timeout = 300s last_line = "# end"')
    site.says(end, START)
    done = site.cli("sync")
    assert (done.returncode == 0) is end.startswith("echo"), done.stderr
    site.nothing_stays(site.started())


def confined_here(site):
    return confined(site, site.program, site.pids)


def waited_for_all(pids, asked):
    """A follower that was asked to end then has ended: after all of these, where the machine did not keep it for longer than it
    waits."""
    left = [pid for pid in pids if is_running(pid)]
    assert left == [] or time.monotonic() - asked > WAITS_AT_MOST


@pytest.mark.parametrize("made", [Follower, confined_here])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_of_a_follower_that_ends(site, how, made):
    site.says("wait", START)
    with made(site) as follower:
        pids = site.started()
        asked = time.monotonic()
        follower.process.send_signal(how)
        follower.process.wait()
        if how != signal.SIGKILL:
            waited_for_all(pids, asked)
        site.nothing_stays(pids)
        follower.process.returncode = 0


def test_a_follower_that_ends_waits_for_what_is_slow_to_end(site):
    site.says("wait", START)
    with Follower(site) as follower:
        pids = site.started()
        keeper, = children(follower.child())
        os.kill(keeper, signal.SIGSTOP)
        wait_for(lambda: is_stopped(keeper), "the keeper to stand still")
        asked = time.monotonic()
        follower.process.terminate()
        wait_for(lambda: time.monotonic() - asked > 1, "a second, more than a source's library may take")
        os.kill(keeper, signal.SIGCONT)
        assert follower.process.wait(PATIENCE) == 0
        waited_for_all(pids, asked)
    site.nothing_stays(pids)


def test_nothing_stays_of_a_reading_that_is_killed(site):
    site.says("wait", START)
    with Follower(site) as follower:
        pids = site.started()
        site.says("echo user eve@example.test")
        os.kill(follower.child(), signal.SIGKILL)
        follower.wait_log("ended with signal 9")
        assert [pid for pid in pids if is_running(pid)] == []
        follower.wait_log("published: 3 users")


def test_nothing_stays_of_a_reading_that_gives_way(site):
    with Follower(site) as follower:
        wait_for(lambda: (site.published / "sources" / "people.state").exists(), "the first reading")
        site.says("exit 1")
        follower.process.send_signal(signal.SIGHUP)
        follower.wait_log('source "people": cannot be read; its content of')
        site.says("wait", START)
        pids = site.started()
        site.write(site.directory, TEXT + GRANT)
        wait_for(lambda: site.request(sender="mary@example.test") == "DUNNO", "the grant")
        site.nothing_stays(pids)


def test_who_always_starts_another_is_ended_too(site):
    site.says("", CHAIN)
    with reads(site) as process:
        wait_for(lambda: len(site.pids.read_text()) > 10, "the chain to run")
        process.kill()

    def is_free():
        with open(site.pids) as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    wait_for(is_free, "the chain to end")
