"""The snapshots' folder after the hand-over: root and the follower beside one another, whatever each of them left there."""
import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess

import pytest

import rig
from rig import CLI, service_unit, wait_for
from rig.daemon import Daemon
from rig.follower import Follower

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
READERS = 5000
UNIT = rig.build_folder() / "packaging" / "systemd" / "mailwicket-sync.service"
NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = {"user": "nobody", "group": NOBODY.pw_gid, "extra_groups": []}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


class Site(Daemon):
    """Its source is a program that prints `directory`; nobody may use the command and read all that is here."""

    def __init__(self, folder):
        super().__init__(POLICY, None, folder, start=False)
        folder.chmod(0o755)
        self.binary = shutil.copy(CLI, folder)
        self.program = folder / "program"
        self.program.write_text(f"#!/bin/sh\nexec cat {self.directory}\n")
        self.program.chmod(0o755)
        self.says("user bob@example.test\n")
        self.point_at(self.published)

    def point_at(self, path):
        self.write_policy(f'{POLICY}directory {{ path = "{path}" source "program" {{ driver = exec command = '
                          f'{{ "{self.program}" }} interval = 1s }} }}\n')

    def says(self, text):
        aside = self.folder / "directory.new"
        aside.write_text(text)
        aside.chmod(0o644)
        os.replace(aside, self.directory)

    def hand_over(self, status=0):
        done = self.cli("sync", "--hand-over", "nobody")
        assert done.returncode == status, done.stderr
        return done.stderr

    def root_syncs(self, *words, status=0):
        """Between the readings of the follower."""
        def tried():
            done = self.cli("sync", *words)
            return None if "another sync is running" in done.stderr else done
        done = wait_for(tried, "a sync by root")
        assert done.returncode == status, done.stderr
        return done.stderr

    def follows(self, **more):
        return Follower(self, binary=self.binary, **AS_NOBODY, **more)

    def has(self, name):
        return self.cli("lookup", name).returncode == 0

    def owners(self):
        found = {}
        for path in (self.published, *self.published.rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # the follower's, while it was written
                found[path] = path.stat().st_uid
        return found


@pytest.fixture
def site(folder):
    return Site(folder)


def names(count):
    return "".join(f"user u{number}@example.test\n" for number in range(count))


def test_root_syncs_and_accepts_beside_the_follower(site):
    site.says(names(40))
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: ")
        site.says(names(40) + "user bob@example.test\n")
        site.root_syncs()
        assert site.has("bob@example.test")
        site.says(names(5))
        site.root_syncs(status=77)
        assert site.has("u30@example.test")
        site.root_syncs("--accept", "program")
        assert not site.has("u30@example.test")
        assert set(site.owners().values()) == {NOBODY.pw_uid}
        # And it goes on beside what root wrote.
        site.says(names(5) + "user mary@example.test\n")
        wait_for(lambda: site.has("mary@example.test"), "what the follower reads")
    assert "Permission denied" not in follower.text()


@pytest.mark.parametrize("left", ["sources", ".lock", ".follow", "snapshot.mdb", "all"])
def test_what_root_left_in_the_handed_over_folder_stops_no_follower(site, left):
    """As an earlier version of `sync` and of `sync --follow` by root left it."""
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: ")
    for path in site.published.rglob("*"):
        if left == "all" or left in path.parts:
            os.chown(path, 0, 0)
            path.chmod(0o700 if path.is_dir() else 0o644 if path.name == "snapshot.mdb" and left == "all" else 0o600)
    site.hand_over()
    site.says("user bob@example.test\nuser mary@example.test\n")
    with site.follows(name="again.log") as follower:
        follower.wait_log("published: ")
    assert set(site.owners().values()) == {NOBODY.pw_uid}
    assert site.has("mary@example.test")


def test_a_lock_that_root_has_for_a_moment_is_waited_for(site):
    """As where a `sync` by root is not over yet when the service starts."""
    site.hand_over()
    lock = site.published / ".lock"
    lock.unlink(missing_ok=True)
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen([CLI, "-c", site.policy, "sync", "--hand-over", "nobody"], stderr=subprocess.PIPE, text=True)

        def looks():
            with contextlib.suppress(OSError):
                return any(os.readlink(fd.path) == str(lock) for fd in os.scandir(f"/proc/{process.pid}/fd"))
        # Who looks but once has ended before the third look.
        for _ in range(3):
            wait_for(lambda: process.poll() is not None or looks(), "the lock to be looked at")
    assert process.wait() == 0, process.stderr.read()
    process.stderr.close()
    assert not lock.exists()


def test_root_follows_once_and_the_service_goes_on(site):
    site.hand_over()
    with Follower(site) as follower:
        follower.wait_log("published: ")
    with site.follows(name="nobody.log") as follower:
        site.says("user mary@example.test\nuser bob@example.test\n")
        wait_for(lambda: site.has("mary@example.test"), "what the follower reads")


def test_the_copies_lead_root_nowhere(site):
    """The owner of the folder puts links in the place of the copies: root reads and writes nothing through them."""
    site.hand_over()
    site.root_syncs()
    victim = site.folder / "victim"
    victim.mkdir(mode=0o700)
    (victim / "program").write_text("user evil@example.test\n")
    (victim / "program").chmod(0o600)
    shutil.rmtree(site.published / "sources")
    (site.published / "sources").symlink_to(victim)
    assert "sources" in site.root_syncs(status=75)
    assert (victim / "program").read_text() == "user evil@example.test\n" and len(list(victim.iterdir())) == 1
    (site.published / "sources").unlink()
    (site.published / "sources").mkdir()
    os.chown(site.published / "sources", NOBODY.pw_uid, NOBODY.pw_gid)
    os.link(victim / "program", site.published / "sources" / "program")
    assert "Permission denied" in site.root_syncs(status=75)
    assert (victim / "program").read_text() == "user evil@example.test\n"
    assert not site.has("evil@example.test")


@contextlib.contextmanager
def full(site, follower):
    """A limit on the size of files is like a full disk."""
    def limit(octets):
        subprocess.run(["prlimit", f"--pid={follower.process.pid}", f"--fsize={octets}:unlimited"], check=True, **AS_NOBODY)
    limit(8192)
    yield "File too large"
    limit("unlimited")


@contextlib.contextmanager
def read_only(site, follower):
    # What is written first, the copy, fails from the first change to the last: it is one fault.
    folders = (site.published / "sources", site.published)
    for folder in folders:
        folder.chmod(0o555)
    yield "Permission denied"
    for folder in reversed(folders):
        folder.chmod(0o755)


@pytest.mark.parametrize("cannot_be_written", [full, read_only])
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(site, cannot_be_written):
    site.says(names(40))
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: 40 users")
        with cannot_be_written(site, follower) as why:
            before = {path: path.read_bytes() for path in (site.published / "snapshot.mdb", site.published / "sources" / "program")}
            site.says(names(2000))
            follower.wait_log(why)
            follower.wait_log("is unchanged; the sources are read again")
            assert why in json.loads(site.cli("status", "--json").stdout)["directory"]["follower"]["error"]
            assert before == {path: path.read_bytes() for path in before}
        follower.wait_log("published: 2000 users")
        assert site.has("u1999@example.test")
        assert len(follower.lines(why)) == 1, follower.text()
    assert not any(path.name.endswith(".tmp") for path in site.published.rglob("*"))


@pytest.mark.parametrize("size", [513 << 20, 10_000_001])
def test_no_copy_or_state_fills_the_memory_of_root(site, size):
    """One of many octets, and one of many short lines."""
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: 1 users")
    sources = site.published / "sources"
    if size < 1 << 28:
        (sources / "program").write_bytes(b"\n" * size)
    os.truncate(sources / "program", size)
    told = site.root_syncs(status=75)
    assert f"sources/program: it is too large: no more than {'512 MB' if size > 1 << 28 else '10000000 lines'} of" in told, told
    assert "program: it is too large" in site.cli("status").stdout
    os.truncate(sources / "program.state", 1 << 30)
    answer = json.loads(site.cli("status", "--json").stdout)
    assert answer["directory"]["each_source"][0]["read"] is None
    # Whose the files are publishes, once they are well.
    for path in sources.iterdir():
        path.unlink()
    with site.follows(name="again.log") as follower:
        follower.wait_log("following 1 source")
        site.says("user bob@example.test\nuser mary@example.test\n")
        follower.wait_log("published: 2 users")


def test_the_hand_over_gives_nothing_that_mailwicket_did_not_write(site):
    """The policy may name any folder: that of the policy itself is given to nobody."""
    site.point_at(site.folder)
    before = {path: path.stat().st_uid for path in site.folder.iterdir()}
    told = site.hand_over(status=75)
    assert "is nothing that Mailwicket writes there" in told and any(path.name in told for path in before)
    assert {path: path.stat().st_uid for path in site.folder.iterdir()} == before and site.folder.stat().st_uid == 0
    site.point_at("/")
    assert "is nothing that Mailwicket writes there" in site.hand_over(status=75)
    assert os.stat("/").st_uid == 0
    site.point_at(site.published)
    (site.published / "passwords").mkdir()
    assert "passwords is nothing that Mailwicket writes there" in site.hand_over(status=75)
    (site.published / "passwords").rmdir()
    # A name that it writes, and another file behind it.
    os.link(site.policy, site.published / "snapshot.mdb")
    assert "snapshot.mdb is no file of its own" in site.hand_over(status=75)
    assert site.policy.stat().st_uid == 0 and site.published.stat().st_uid == 0


def test_in_the_users_folder_no_file_of_roots_is_given(site):
    site.hand_over()
    for name in (".lock", ".follow", "sources"):
        if (site.published / name).exists():
            (site.published / name).unlink()
        os.link(site.policy, site.published / name)
    site.hand_over()
    assert site.policy.stat().st_uid == 0
    assert not (site.published / ".lock").exists() and not (site.published / ".follow").exists()


def test_nobody_publishes_while_the_folder_is_handed_over(site):
    site.root_syncs()
    with open(site.published / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another sync is running" in site.hand_over(status=75)
        assert site.published.stat().st_uid == 0
    with Follower(site) as follower:
        follower.wait_log("following 1 source")
        assert "sync --follow is running" in site.hand_over(status=75)
    site.hand_over()
    assert set(site.owners().values()) == {NOBODY.pw_uid}


def test_a_folder_for_one_group_stays_readable_for_that_group(site):
    os.chown(site.published, 0, READERS)
    site.published.chmod(0o750)
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: ")
    snapshot = (site.published / "snapshot.mdb").stat()
    assert snapshot.st_uid == NOBODY.pw_uid and snapshot.st_gid == READERS and snapshot.st_mode & 0o777 == 0o640
    # What no reader could open is not published.
    before = (site.published / "snapshot.mdb").stat().st_ino
    site.published.chmod(0o750)
    site.says("user mary@example.test\nuser bob@example.test\n")
    with site.follows(name="again.log") as follower:
        follower.wait_log(f"cannot get the group of the folder, {READERS}, and its mode: Operation not permitted")
    assert (site.published / "snapshot.mdb").stat().st_ino == before
    # The unit hands it over each time that it starts.
    site.hand_over()
    with site.follows(name="third.log") as follower:
        follower.wait_log("published: ")
    assert (site.published / "snapshot.mdb").stat().st_gid == READERS


def test_a_slash_at_the_end_of_the_folder_is_no_other_folder(site):
    site.hand_over()
    with site.follows() as follower:
        follower.wait_log("published: ")
        site.point_at(f"{site.published}//")
        follower.process.send_signal(signal.SIGHUP)
        follower.wait_log("policy read: ")
        site.says("user mary@example.test\n")
        wait_for(lambda: site.has("mary@example.test"), "what the follower reads")
    assert "reload failed" not in follower.text()


def test_the_unit_does_not_give_up():
    assert service_unit.settings(UNIT)["StartLimitIntervalSec"] == ["0"]
