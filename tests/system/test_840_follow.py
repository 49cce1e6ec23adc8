"""`mailwicket sync --follow`: a change of a source decides the next question; faults are told once; it ends in order."""
import contextlib
import itertools
import json
import os
import signal
import subprocess
import time

import pytest

from rig import CLI, is_running, wait_for
from rig.daemon import Daemon
from rig.follower import Follower
from rig.waiting import PATIENCE

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
END_AT_LATEST = 0.7  # seconds after SIGTERM (cli/follow/follow.c)
BOB = "user bob@example.test\n"
MARY = "user mary@example.test\n"
GRANT = "grant send-as mary@example.test bob@example.test\n"


@pytest.fixture
def daemon(folder):
    with Daemon(POLICY, BOB + MARY, folder) as made:
        yield made


def may_send_as_mary(daemon):
    return daemon.request(sender="mary@example.test") == "DUNNO"


def in_place(daemon, text):
    with open(daemon.directory, "w") as file:
        file.write(text)


def by_an_editor(daemon, text):
    daemon.write(daemon.directory, text)


def has_read_all(daemon):
    """Waits for the first reading: what is read from then on is what a test changes."""
    wait_for(lambda: state(daemon).get("good") not in (None, "0"), "the first reading")


@pytest.mark.parametrize("write", [in_place, by_an_editor])
def test_a_change_of_the_file_decides_the_next_question(daemon, write):
    with Follower(daemon) as follower:
        follower.wait_log("following 1 source")
        for _ in range(3):
            assert not may_send_as_mary(daemon)
            write(daemon, BOB + MARY + GRANT)
            wait_for(lambda: may_send_as_mary(daemon), "the grant")
            write(daemon, BOB + MARY)
            wait_for(lambda: not may_send_as_mary(daemon), "the grant to be gone")
    assert follower.lines("published: 2 users.*0 added, 1 changed, 0 removed") != []
    assert follower.lines("exiting") != []


def test_many_changes_at_once_are_read_once(daemon):
    with Follower(daemon) as follower:
        has_read_all(daemon)
        by_an_editor(daemon, BOB)
        follower.wait_log("published: 1 users")
        follower.pause()
        for number in range(50):
            by_an_editor(daemon, BOB + f"user u{number}@example.test\n")
        by_an_editor(daemon, BOB + MARY + GRANT)
        follower.process.send_signal(signal.SIGCONT)
        wait_for(lambda: may_send_as_mary(daemon), "the last change")
    assert len(follower.lines("published: ")) == 2, follower.text()


def test_a_fault_is_told_once_and_when_it_is_over(daemon):
    with Follower(daemon) as follower:
        has_read_all(daemon)
        in_place(daemon, BOB + "usr nobody\n")
        follower.wait_log(r"directory:2:1: error: unknown record \"usr\"")
        follower.wait_log("is unchanged; the sources are read again")
        assert daemon.request() == "DUNNO"
        # Each try is a process of its own: two more came to the same, and nothing more was told.
        for _ in range(2):
            before = state(daemon)["tried"]
            wait_for(lambda: state(daemon)["tried"] > before, "another try")
        in_place(daemon, BOB)
        follower.wait_log("all sources are read again")
        follower.wait_log("published: 1 users")
    assert len(follower.lines("unknown record")) == 1 and len(follower.lines("is unchanged")) == 1, follower.text()


def state(daemon):
    """What the follower says of itself."""
    file = daemon.published / ".follow"
    words = file.read_text().split(" ", 6) if file.exists() else []
    return dict(zip(("version", "process", "since", "tried", "good", "failing", "error"), words)) if len(words) == 7 else \
        {"tried": ""}


def test_a_file_that_may_not_be_trusted_is_a_fault_until_it_may(daemon):
    with Follower(daemon) as follower:
        daemon.directory.chmod(0o646)
        follower.wait_log("is writable by group or others")
        in_place(daemon, BOB + MARY + GRANT)
        daemon.directory.chmod(0o644)
        wait_for(lambda: may_send_as_mary(daemon), "the file that may be trusted")


def reading(daemon, follower, text):
    """The process that reads now. None: there is none; then the source has changed, as one may be over before it is seen."""
    child = follower.child()
    if child is None:
        by_an_editor(daemon, text)
    return child


def test_a_reading_that_is_killed_is_told_and_done_again(daemon):
    """As where a source's library brings its process down."""
    large = BOB + MARY + GRANT + "".join(f"user u{number}@example.test\n" for number in range(200000))
    with Follower(daemon) as follower:
        has_read_all(daemon)

        def was_killed():
            child = reading(daemon, follower, large)
            if child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            return follower.lines("the process that reads the sources ended with signal 9")
        wait_for(was_killed, "a reading that is killed")
        wait_for(lambda: may_send_as_mary(daemon), "the next reading")


def test_it_ends_in_the_middle_of_a_reading_and_leaves_nothing(daemon):
    before = (daemon.published / "snapshot.mdb").read_bytes()
    large = BOB + MARY + GRANT + "".join(f"user u{number}@example.test\n" for number in range(200000))
    numbers = itertools.count()
    with Follower(daemon) as follower:
        has_read_all(daemon)

        def is_writing():
            # What is read again unchanged is not written.
            reading(daemon, follower, large + f"user more{next(numbers)}@example.test\n")
            return list(daemon.published.glob(".snapshot.*"))
        wait_for(is_writing, "a file that is being written")
        child = follower.child()
        asked = time.monotonic()
        follower.process.terminate()
        assert follower.process.wait(PATIENCE) == 0
        in_time = time.monotonic() - asked < END_AT_LATEST
        wait_for(lambda: child is None or not is_running(child), "the end of the reading")
    # Where the machine kept it from going on for so long, the next sync removes what it was writing.
    if not in_time:
        daemon.sync()
    assert sorted(os.listdir(daemon.published)) == [".follow", ".lock", "snapshot.mdb"]
    # It may have been done that moment.
    wait_for(lambda: (daemon.published / "snapshot.mdb").read_bytes() == before or may_send_as_mary(daemon), "the one or the other")
    daemon.sync()
    wait_for(lambda: may_send_as_mary(daemon), "a sync by hand")


def test_a_reload_takes_a_good_policy_and_keeps_the_old_one_against_a_bad_one(daemon):
    other = daemon.folder / "other"
    daemon.write(other, BOB + MARY + GRANT)
    with Follower(daemon) as follower:
        follower.wait_log("following 1 source")
        daemon.write(daemon.policy, "nonsense = yes\n")
        follower.process.send_signal(signal.SIGHUP)
        follower.wait_log("reload failed: .*still using the previous policy")
        assert follower.lines(r"reload failed: .*mailwicket\.conf:1:1: error: unknown setting") != []
        by_an_editor(daemon, BOB)
        follower.wait_log("published: 1 users")
        daemon.write_policy(POLICY + f'directory {{ path = "{daemon.published}"\n source "other" {{ path = "{other}" }} }}')
        follower.process.send_signal(signal.SIGHUP)
        follower.wait_log("policy read: ")
        wait_for(lambda: may_send_as_mary(daemon), "the other source")
        daemon.write(other, BOB)
        follower.wait_log("published: 1 users", 2)


def test_one_follower_for_a_folder_and_syncs_by_hand_beside_it(daemon):
    with Follower(daemon) as follower:
        follower.wait_log("following 1 source")
        has_read_all(daemon)
        told = state(daemon)
        second = subprocess.run([CLI, "-c", daemon.policy, "sync", "--follow"], capture_output=True, text=True,
                                timeout=PATIENCE)
        assert second.returncode == 75
        assert "another mailwicket sync --follow is running" in second.stderr
        assert state(daemon) == told, "what the one that runs has told of itself"
        wait_for(lambda: daemon.cli("sync").returncode == 0, "a sync by hand")
        by_an_editor(daemon, BOB)
        follower.wait_log("published: 1 users")
        assert follower.lines("another sync") == []


def seen(daemon):
    """What `status` says that the follower is."""
    return json.loads(daemon.cli("status", "--json").stdout)["directory"]["follower"]["state"]


@pytest.mark.parametrize("kind", ["replaced", "emptied"])
def test_a_folder_that_is_replaced_or_emptied_is_published_again(daemon, kind):
    """Nothing in the sources changes. The right to follow, and what status is told, are in the new one."""
    with Follower(daemon) as follower:
        follower.wait_log("following 1 source")
        has_read_all(daemon)
        if kind == "replaced":
            daemon.published.rename(daemon.folder / "aside")
            daemon.published.mkdir()
        else:
            for path in daemon.published.iterdir():
                path.unlink()
        wait_for(lambda: (daemon.published / "snapshot.mdb").exists(), "the snapshot", 2 * PATIENCE)
        wait_for(lambda: seen(daemon) == "running", "the follower to be seen")
        second = subprocess.run([CLI, "-c", daemon.policy, "sync", "--follow"], capture_output=True, text=True, timeout=PATIENCE)
        assert second.returncode == 75 and "another mailwicket sync --follow is running" in second.stderr
        by_an_editor(daemon, BOB + MARY + GRANT)
        wait_for(lambda: may_send_as_mary(daemon), "the grant")


@pytest.mark.parametrize("ends", ["the first", "the second"])
def test_a_follower_whose_folder_another_follows_now_leaves_it_to_that_one(daemon, ends):
    """Until that one ends."""
    first, second = Follower(daemon), Follower(daemon, name="second.log")
    with first:
        has_read_all(daemon)
        first.pause()
        daemon.published.rename(daemon.folder / "aside")
        daemon.published.mkdir()
        with second:
            has_read_all(daemon)
            first.process.send_signal(signal.SIGCONT)
            first.wait_log("another mailwicket sync --follow is running", patience=2 * PATIENCE)
            if ends == "the first":
                first.stop()
                assert state(daemon)["process"] == str(second.process.pid) and seen(daemon) == "running"
        if ends == "the second":
            wait_for(lambda: state(daemon).get("process") == str(first.process.pid), "the first to follow it", 2 * PATIENCE)
            assert seen(daemon) == "running"


def test_a_date_that_jumps_keeps_no_change_back(daemon, preload):
    follower = Follower(daemon)
    follower.environment.update(preload.environment)
    with follower:
        follower.wait_log("following 1 source")
        for days in (400, -400, 0):
            preload.set("date_seconds", days * 86400)
            by_an_editor(daemon, BOB + MARY + GRANT)
            wait_for(lambda: may_send_as_mary(daemon), "the grant")
            by_an_editor(daemon, BOB + MARY)
            wait_for(lambda: not may_send_as_mary(daemon), "the grant to be gone")
        assert seen(daemon) == "running"


def test_the_service_manager_hears_of_it(daemon, folder):
    """READY once the first sync was tried, also where it failed; alive while it runs; a reload; its end."""
    in_place(daemon, "usr nobody\n")
    with Follower(daemon, notify=folder) as follower:
        follower.hears("READY=1")
        assert follower.lines("unknown record") != []
        follower.hears("WATCHDOG=1")
        follower.process.send_signal(signal.SIGHUP)
        follower.hears("READY=1")
        follower.process.terminate()
        follower.hears("STOPPING=1")


def test_status_tells_of_the_process_and_since_when_a_source_fails(daemon):
    def told():
        return json.loads(daemon.cli("--json", "status").stdout)["directory"]["follower"]
    assert told() == {"state": "none"}
    with Follower(daemon) as follower:
        has_read_all(daemon)
        found = told()
        assert (found["state"], found["process"], found["failing"]) == ("running", follower.process.pid, None)
        assert f"followed by process {follower.process.pid}, read " in daemon.cli("status").stdout
        in_place(daemon, "usr nobody\n")
        wait_for(lambda: told()["failing"], "the failure")
        assert "unknown record" in told()["error"]
        assert "the process that follows the sources cannot read them all since" in daemon.cli("status").stdout
        follower.process.kill()
        follower.process.wait()
        # Its reading ends with it, a moment later.
        wait_for(lambda: told()["state"] == "gone", "its end to be seen")
        assert "is gone without an orderly end" in daemon.cli("status").stdout
        follower.launch().wait_log("following 1 source", 2)
    assert told() == {"state": "none"}


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_it_answers_in_lines_of_a_log_alone(daemon, options):
    before = [] if options else ["--json"]
    result = subprocess.run([CLI, "-c", daemon.policy, *before, "sync", "--follow", *options], capture_output=True, text=True,
                            timeout=PATIENCE)
    assert result.returncode == 64 and "--follow goes with neither" in result.stderr
