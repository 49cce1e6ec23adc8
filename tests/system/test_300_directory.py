"""The published directory: whole or not at all, whatever happens to a sync; and readers that follow."""
import itertools
import json
import os
import random
import re
import select
import shutil
import subprocess
import threading
import time

import pytest

from rig import CLI, MAILWICKETD, wait_for
from rig.daemon import Daemon
from rig.disk import FAULTS
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

USERS = 300


def world(letter):
    """A directory in which everything is of one letter."""
    lines = [f"user bob@example.test login=bob address=bob.{letter}@example.test",
             f"group team@example.test member=bob@example.test,{letter}1@example.test"]
    lines += [f"user {letter}{number}@example.test" for number in range(USERS)]
    lines += [f"grant send-as team@example.test {letter}{number}@example.test" for number in range(5)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def files(folder):
    """Policy and source, nothing published."""
    made = Daemon(POLICY, None, folder, start=False)
    made.write(made.directory, world("a"))
    return made


def lookup(files, name):
    told = files.cli("--json", "lookup", name)
    return told.returncode, json.loads(told.stdout)


def serving(files):
    """The letter of all that a lookup says; fails where it is of both, or of none."""
    code, told = lookup(files, "team@example.test")
    assert code == 0, told
    letters = {address[0] for address in told["send_as"]}
    assert len(letters) == 1 and len(told["send_as"]) == 5, told
    return letters.pop()


def published(files):
    return (files.published / "snapshot.mdb").read_bytes()


def left_over(files):
    return [path.name for path in files.published.iterdir() if path.name not in ("snapshot.mdb", ".lock")]


def sync(files, *arguments):
    return files.cli("sync", *arguments)


# --- whole or not at all

def test_dir_04_a_sync_killed_at_any_moment_leaves_the_old_or_the_new(files):
    """DIR-04: 1,000 kills, readers hammering; the next sync needs no repair."""
    assert sync(files).returncode == 0

    def took():
        began = time.monotonic()
        assert sync(files).returncode == 0
        return time.monotonic() - began
    # Of one alone a pause of the machine would make hours of the thousand.
    duration = min(took() for _ in range(5))
    chance = random.Random(4)
    seen, failures, over = {"a": 0, "b": 0}, [], threading.Event()

    def read():
        while not over.is_set():
            try:
                seen[serving(files)] += 1
            except Exception as error:  # noqa: B902
                failures.append(repr(error))
                return

    with Daemon(files.policy.read_text(), None, files.folder) as daemon:
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            wait_for(lambda: seen["a"] or failures, "a reader's first look")
            for number in range(1000):
                files.write(files.directory, world("ab"[number % 2]))
                process = subprocess.Popen([CLI, "-c", files.policy, "sync"], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                select.select([], [], [], chance.uniform(0, 1.5 * duration))
                process.kill()
                process.wait()
                assert daemon.request(login="bob", sender="bob@example.test") is not None
                if number % 100 == 99:
                    # "another sync is running" would be a lock that outlived its holder.
                    result = sync(files)
                    assert result.returncode == 0, result.stderr
                    assert serving(files) == "ab"[number % 2]
                    assert left_over(files) == []
            wait_for(lambda: seen["b"] or failures, "a reader's look at the last one")
        finally:
            over.set()
            for reader in readers:
                reader.join()
    assert failures == []
    assert seen["a"] and seen["b"], seen


# --- a disk that fails

@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")
@pytest.mark.parametrize("error,calls", FAULTS, ids=[f"{error}-{calls.split(',')[0]}" for error, calls in FAULTS])
def test_dir_05_a_disk_that_fails_at_any_call_changes_nothing(files, error, calls):
    """DIR-05: the Nth such call fails, for every N until there is none left to fail."""
    # (A leak detector does not work under strace.)
    assert sync(files).returncode == 0
    files.write(files.directory, world("b"))
    for number in range(1, 400):
        before = published(files)
        result = subprocess.run(["strace", "-f", "-qq", "-e", f"trace={calls}", "-e",
                                 f"inject={calls}:error={error}:when={number}", "-o", files.folder / "trace",
                                 CLI, "-c", files.policy, "sync"], capture_output=True, text=True, timeout=60,
                                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        injected = "(INJECTED)" in (files.folder / "trace").read_text()
        if result.returncode == 0:
            assert serving(files) == "b"
            break
        assert injected
        assert left_over(files) == []
        if published(files) != before:
            # Only the last word, to the administrator, was lost: it is published, and the exit status says what failed.
            assert result.returncode == 74 and serving(files) == "b", result.stderr
            break
        assert result.returncode not in (1, 64) and result.returncode > 0, result
        if "write" not in calls:
            assert re.search(r"mailwicket: |error: ", result.stderr), result.stderr
    else:
        raise AssertionError("the sync never came through")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_dir_05_a_full_disk_changes_nothing(files):
    """DIR-05: 2 MB of tmpfs."""
    assert subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0755", "tmpfs", files.published]).returncode == 0
    try:
        assert sync(files).returncode == 0
        before = published(files)
        many = "".join(f"user many{number}@example.test\n" for number in range(20000))
        files.write(files.directory, world("b") + many)
        result = sync(files)
        assert result.returncode > 0
        assert "No space left" in result.stderr and str(files.published) in result.stderr, result.stderr
        assert published(files) == before and left_over(files) == [] and serving(files) == "a"
        files.write(files.directory, world("b"))
        assert sync(files).returncode == 0
        assert serving(files) == "b"
    finally:
        subprocess.run(["umount", files.published], check=True)


def test_two_syncs_at_once_do_not_mix(files):
    """One is told that another runs, or runs after it; what is published is whole."""
    assert sync(files).returncode == 0
    for _ in range(10):
        files.write(files.directory, world("b"))
        processes = [subprocess.Popen([CLI, "-c", files.policy, "sync"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True) for _ in range(4)]
        told = [(process.communicate()[1], process.returncode) for process in processes]
        assert any(code == 0 for _, code in told)
        assert all(code == 0 or "another sync is running" in text for text, code in told), told
        assert serving(files) == "b" and left_over(files) == []


def test_dir_01_the_same_text_gives_the_same_bytes(files):
    """DIR-01, the text source: but for the time in the trailer: order, ids and pages are a function of the content."""
    assert sync(files).returncode == 0
    first = published(files)
    (files.published / "snapshot.mdb").unlink()
    lines = world("a").splitlines()
    random.Random(1).shuffle(lines)
    files.write(files.directory, "\n".join(lines) + "\n")
    assert sync(files).returncode == 0
    second = published(files)
    assert len(first) == len(second)
    assert first[:-200] == second[:-200]


# --- what may be trusted

def make_link(path):
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


HARM = [("snapshot.mdb", lambda path: path.chmod(0o664), "is writable by its group"),
        ("snapshot.mdb", lambda path: path.chmod(0o646), "is writable by everybody"),
        ("snapshot.mdb", lambda path: os.chown(path, 65534, -1), "belongs to user 65534"),
        ("snapshot.mdb", make_link, "is a symbolic link"),
        ("", lambda path: path.chmod(0o775), "is writable by its group"),
        ("", lambda path: path.chmod(0o1777), "is writable by everybody"),
        ("", make_link, "is a symbolic link")]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
@pytest.mark.parametrize("name,harm,why", HARM)
def test_dir_08_what_others_may_write_is_refused_by_name(files, name, harm, why):
    """DIR-08: no question is decided from it, by the daemon or the command line; and sync does not write there."""
    assert sync(files).returncode == 0
    path = files.published / name if name else files.published
    harm(path)
    result = files.cli("lookup", "bob")
    assert result.returncode == 75
    assert f"{path} {why}" in result.stderr, result.stderr
    with Daemon(files.policy.read_text(), None, files.folder) as daemon:
        assert daemon.request(login="bob", sender="bob@example.test") is None
        daemon.wait_log(re.escape(f"{path} {why}"))
    if not name:
        result = sync(files)
        assert result.returncode not in (0, 1)
        assert f"{path} {why}" in result.stderr, result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
@pytest.mark.parametrize("harm,why", [(lambda path: path.chmod(0o664), "writable"),
                                      (lambda path: path.chmod(0o646), "writable"),
                                      (lambda path: os.chown(path, 65534, -1), "belongs to"),
                                      (make_link, "symbolic link")])
@pytest.mark.parametrize("which", ["policy", "directory"])
def test_dir_08_the_files_it_is_made_from_too(files, which, harm, why):
    assert sync(files).returncode == 0
    before = published(files)
    path = getattr(files, which)
    harm(path)
    result = sync(files)
    assert result.returncode not in (0, 1)
    assert str(path) in result.stderr and why in result.stderr, result.stderr
    assert published(files) == before
    if which == "policy":
        result = subprocess.run([MAILWICKETD, "-t", "-c", path], capture_output=True, text=True, timeout=30)
        assert result.returncode == 78 and str(path) in result.stderr and why in result.stderr


# --- readers follow

def test_a_running_mailwicketd_sees_a_new_directory_within_a_second(folder):
    without = DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", "")
    assert without != DIRECTORY
    with Daemon(POLICY, DIRECTORY, folder) as daemon:
        for _ in range(3):
            assert daemon.request(sender="sales@example.test") == "DUNNO"
            daemon.write_directory(without)
            wait_for(lambda: daemon.request(sender="sales@example.test") == SEND_AS_DENIED, "the grant to be gone")
            daemon.write_directory(DIRECTORY)
            wait_for(lambda: daemon.request(sender="sales@example.test") == "DUNNO", "the grant to be back")
        assert not daemon.lines("policy read")


@pytest.mark.parametrize("make", ["missing", "folder", "unreadable"])
def test_dir_02_a_source_that_is_away_leaves_what_was_published(folder, make):
    """DIR-02, the text source: exit is not 0 and names it; the old snapshot serves, also after a restart."""
    with Daemon(POLICY, DIRECTORY, folder) as daemon:
        before = published(daemon)
        daemon.directory.unlink()
        if make == "folder":
            daemon.directory.mkdir()
        elif make == "unreadable":
            os.mkfifo(daemon.directory)  # whose other end never writes
        result = sync(daemon)
        assert result.returncode not in (0, 1) and str(daemon.directory) in result.stderr, result
        assert published(daemon) == before and left_over(daemon) == []
        assert daemon.request() == "DUNNO"
        daemon.stop()
        daemon.start()
        assert daemon.request(sender="mary@example.test") == SEND_AS_DENIED


def test_dir_02_a_bad_source_leaves_the_running_server_as_it_is(folder):
    """DIR-02, the text source."""
    with Daemon(POLICY, DIRECTORY, folder) as daemon:
        assert daemon.request() == "DUNNO"
        daemon.write(daemon.directory, DIRECTORY + "group x@example.test member=y@example.test\n"
                     "group y@example.test member=x@example.test\nuser bob@example.test\n")
        result = sync(daemon)
        assert result.returncode == 65
        assert re.search(r"directory:\d+: error: groups contain each other: ", result.stderr), result.stderr
        assert re.search(r"directory:\d+: error: name \"bob@example.test\" belongs to ", result.stderr), result.stderr
        assert daemon.request() == "DUNNO"


def test_a_server_under_load_never_meets_half_a_directory(folder):
    """Publication upon publication while questions are asked: each answer is the old one's or the new one's."""
    without = DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", "")
    with Daemon(POLICY, DIRECTORY, folder) as daemon:
        answers = set()
        over = threading.Event()

        def ask():
            with daemon.connect() as connection:
                while not over.is_set():
                    answers.add(connection.request(sender="sales@example.test"))

        asker = threading.Thread(target=ask)
        asker.start()
        try:
            wait_for(lambda: answers, "the first answer")
            deadline = time.monotonic() + 10
            for number in itertools.count():
                daemon.write_directory(without if number // 10 % 2 == 0 else DIRECTORY)
                if number >= 100 or time.monotonic() > deadline:
                    break
            wait_for(lambda: len(answers) > 1, "an answer of the other directory")
        finally:
            over.set()
            asker.join()
        assert answers == {"DUNNO", SEND_AS_DENIED}
        assert daemon.process.poll() is None
