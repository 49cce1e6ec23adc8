"""The snapshots' folder belongs to another user: what that user, once compromised, can do and what not."""
import os
import subprocess

import pytest

from rig import CLI, wait_for
from rig.daemon import Daemon

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
DIRECTORY = "user bob@example.test\nuser mary@example.test\n"
GRANT = "grant send-as mary@example.test bob@example.test\n"
SUSPENDED = "550 5.7.1 Access denied, sending is suspended for this account"
SYNC_USER = 64214

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes files of other users")


def hand_over(daemon):
    for path in (daemon.published, *daemon.published.iterdir()):
        os.chown(path, SYNC_USER, SYNC_USER)


@pytest.fixture
def daemon(folder):
    made = Daemon(POLICY, DIRECTORY, folder, start=False)
    hand_over(made)
    with made.start():
        yield made


def may_send_as_mary(daemon):
    return daemon.request(sender="mary@example.test") == "DUNNO"


def as_sync_user(*words):
    return subprocess.run(words, user=SYNC_USER, group=SYNC_USER, extra_groups=[], capture_output=True, text=True, timeout=60)


def test_what_the_owner_of_the_folder_publishes_is_served(daemon):
    assert daemon.request() == "DUNNO" and not may_send_as_mary(daemon)
    # Root publishes there, too, as that user: whose file it is, and who has the lock, stay what they were.
    daemon.write_directory(DIRECTORY + GRANT)
    wait_for(lambda: may_send_as_mary(daemon), "the grant")
    assert {path.stat().st_uid for path in daemon.published.iterdir()} == {SYNC_USER}


def test_root_follows_no_link_that_the_owner_put_there(daemon):
    victim = daemon.folder / "victim"
    victim.write_text("precious\n")
    victim.chmod(0o600)
    for name in (".lock", "snapshot.mdb"):
        (daemon.published / name).unlink()
        os.link(victim, daemon.published / name)
        result = daemon.cli("sync")
        assert victim.read_text() == "precious\n" and victim.stat().st_uid == 0 and victim.stat().st_mode & 0o777 == 0o600
        # What cannot be read may be replaced by name, and nothing else of it is touched.
        if name == ".lock":
            assert result.returncode == 75 and "Permission denied" in result.stderr
            (daemon.published / name).unlink()
        else:
            assert result.returncode == 0 and (daemon.published / name).stat().st_uid == SYNC_USER, result.stderr
    assert victim.stat().st_nlink == 1 and not list(daemon.published.glob(".snapshot.*"))
    daemon.sync()
    wait_for(lambda: daemon.request() == "DUNNO", "the directory")


def test_root_that_cannot_get_the_owners_rights_does_nothing_there(daemon):
    before = {path.name: path.stat().st_ino for path in daemon.published.iterdir()}
    result = subprocess.run(["setpriv", "--bounding-set=-setuid", CLI, "-c", daemon.policy, "sync"],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 75 and "CAP_SETUID" in result.stderr
    assert {path.name: path.stat().st_ino for path in daemon.published.iterdir()} == before


def test_a_snapshot_that_is_cut_off_ends_no_server(daemon):
    assert daemon.request() == "DUNNO"
    assert as_sync_user("truncate", "-s", "0", daemon.published / "snapshot.mdb").returncode == 0
    daemon.wait_log("snapshot.mdb is no snapshot, or is cut off; still using the previous one")
    for number in range(100):
        assert daemon.request(sender=f"nobody{number}@example.test") is not None
    assert daemon.request() == "DUNNO"
    daemon.sync()
    daemon.wait_log("directory read: ")


def test_a_snapshot_far_larger_than_the_one_that_serves_is_refused(daemon):
    """It would be copied into the memory of every process that reads; beside none that serves 1 GB may be."""
    assert daemon.request() == "DUNNO"
    snapshot = daemon.published / "snapshot.mdb"
    large = daemon.published / ".large"
    large.write_bytes(snapshot.read_bytes())
    os.truncate(large, 65 << 20)
    large.chmod(0o644)
    os.chown(large, SYNC_USER, SYNC_USER)
    large.rename(snapshot)
    daemon.wait_log("is larger than 64 MB, far more than the one that serves")
    assert daemon.request() == "DUNNO"
    daemon.sync()
    daemon.wait_log("directory read: ")


def test_it_lifts_no_suspension_and_makes_none(daemon):
    assert daemon.cli("suspend", "bob@example.test", "--sending").returncode == 0
    wait_for(lambda: daemon.request() == SUSPENDED, "the suspension")
    for words in (("rm", "-f", daemon.suspensions), ("mv", daemon.suspensions.parent, daemon.folder / "elsewhere"),
                  ("truncate", "-s", "0", daemon.suspensions)):
        assert as_sync_user(*words).returncode != 0
    assert as_sync_user("touch", daemon.published / "suspensions").returncode == 0
    assert daemon.request() == SUSPENDED
    assert as_sync_user(CLI, "-c", daemon.policy, "resume", "bob@example.test").returncode != 0
    daemon.stop()
    daemon.start()
    assert daemon.request() == SUSPENDED
    # Without a list, what that user put there is none.
    assert daemon.cli("resume", "bob@example.test").returncode == 0
    daemon.suspensions.unlink()
    assert as_sync_user("cp", "/etc/passwd", daemon.published / "suspensions").returncode == 0
    wait_for(lambda: daemon.request() == "DUNNO", "nobody to be suspended")
