"""The list of suspensions is in a folder of root's; one that an earlier version left with the snapshots holds until it is moved."""
import os
import threading

import pytest

from rig import wait_for
from rig.daemon import Daemon

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
DIRECTORY = "user bob@example.test\nuser mary@example.test\n"
SUSPENDED = "550 5.7.1 Access denied, sending is suspended for this account"
NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes files of other users")


@pytest.fixture
def daemon(folder):
    """Bob is suspended, in a list as earlier versions had it."""
    made = Daemon(POLICY, DIRECTORY, folder, start=False)
    assert made.cli("suspend", "bob@example.test", "--sending").returncode == 0
    made.old = made.published / "suspensions"
    made.suspensions.rename(made.old)
    for left in made.suspensions.parent.iterdir():
        left.unlink()
    made.suspensions.parent.rmdir()
    with made.start():
        yield made


def is_suspended(daemon):
    answer = daemon.request()
    assert answer in ("DUNNO", SUSPENDED)
    return answer == SUSPENDED


MOVES = {"sync": (("sync",),), "suspend": (("suspend", "mary@example.test", "--all"),),
         "resume": (("suspend", "mary@example.test", "--all"), ("resume", "mary@example.test"))}


@pytest.mark.parametrize("words", MOVES.values(), ids=MOVES)
def test_it_is_moved_and_holds_at_every_moment(daemon, words):
    assert is_suspended(daemon)
    over, answers = threading.Event(), set()

    def ask():
        with daemon.connect() as connection:
            while not over.is_set():
                answers.add(connection.request())
    thread = threading.Thread(target=ask)
    thread.start()
    for each in words:
        assert daemon.cli(*each).returncode == 0
    # A process of the version before, which still runs, looks there alone.
    assert daemon.old.read_bytes() == daemon.suspensions.read_bytes()
    over.set()
    thread.join()
    assert answers <= {SUSPENDED}
    assert is_suspended(daemon)
    assert daemon.cli("resume", "bob@example.test").returncode == 0
    wait_for(lambda: not is_suspended(daemon), "the end of the suspension")
    assert daemon.old.read_bytes() == daemon.suspensions.read_bytes()
    assert not [path for path in daemon.published.iterdir() if path.name.startswith(".suspensions.")]


def test_a_dry_run_moves_nothing(daemon):
    assert daemon.cli("sync", "--dry-run").returncode == 0
    assert daemon.cli("suspended").stdout.startswith("bob@example.test") and daemon.old.exists() and not daemon.suspensions.exists()
    assert is_suspended(daemon)


def test_the_lists_folder_is_as_readable_as_that_of_the_snapshots(daemon):
    os.chown(daemon.published, 0, NOBODY)
    daemon.published.chmod(0o750)
    assert daemon.cli("sync").returncode == 0
    for path in (daemon.suspensions.parent, daemon.suspensions):
        found = path.stat()
        assert found.st_gid == NOBODY and found.st_mode & 0o777 == (0o750 if path.is_dir() else 0o640)


def test_a_folder_that_is_not_roots_is_refused(daemon):
    """Whoever owns it could lift a suspension."""
    assert daemon.cli("sync").returncode == 0
    os.chown(daemon.suspensions.parent, NOBODY, NOBODY)
    for words in (("suspend", "mary@example.test", "--all"), ("resume", "bob@example.test")):
        result = daemon.cli(*words)
        assert result.returncode == 75 and f"belongs to user {NOBODY}" in result.stderr
    assert is_suspended(daemon)
    daemon.stop()
    daemon.start()
    assert daemon.request() is None


def test_a_hand_over_leaves_no_list_that_the_new_owner_could_put_back(daemon):
    """The folder was given by hand before: what root left in it can be renamed there, and would count without another list."""
    left = daemon.published / ".suspensions.old"
    left.write_bytes(daemon.old.read_bytes())
    os.chown(daemon.published, NOBODY, NOBODY)
    assert daemon.cli("sync", "--hand-over", "nobody").returncode == 0
    assert not daemon.old.exists() and not left.exists() and daemon.suspensions.exists()
    assert is_suspended(daemon)


def test_a_list_that_does_not_count_is_told(daemon):
    for path in (daemon.published, *daemon.published.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    wait_for(lambda: not is_suspended(daemon), "the list to count no more")
    for words in (("check",), ("sync", "--dry-run")):
        told = daemon.cli(*words)
        assert f"{daemon.old}: warning: this list of suspensions belongs to another user than root" in told.stderr + told.stdout
    assert daemon.cli("suspend", "bob@example.test", "--sending").returncode == 0
    wait_for(lambda: is_suspended(daemon), "the new suspension")
    assert "this list of suspensions" not in daemon.cli("check").stderr
