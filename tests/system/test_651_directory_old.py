"""A directory that Dovecot cannot open: the old one stays in use, the log says so, and no login pays for it."""
import os
import re
import time

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import version
from rig.large_directory import BOB, NO_BOB, LargeSite, users
from rig.programs import Preload

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

AGE = r"; still using the previous one, written \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ (second|minute)s? old$"


@pytest.fixture(scope="module")
def site(module_folder):
    """Its directory has some 24 MB."""
    return LargeSite(module_folder, users(100_000))


@pytest.fixture
def dovecot(site):
    site.publish(BOB)
    site.limit(None)
    (site.dovecot.folder / "log").unlink(missing_ok=True)
    with site.dovecot:
        assert site.may_log_in()
        yield site


# --- room for one, not for two

def test_too_little_memory_for_two_leaves_the_old_one_serving_and_says_so(site):
    """The limit is Dovecot's own vsz_limit, chosen so that the auth process holds one and a half."""
    site.publish(BOB)
    site.limit(None)
    with site.dovecot:
        assert site.may_log_in()
        size = site.snapshot.stat().st_size
        limit = site.status("VmSize") + size // 2
    site.limit(limit)
    (site.dovecot.folder / "log").unlink()
    with site.dovecot:
        assert site.may_log_in() and site.errors() == []
        assert abs(site.address_space_limit() - limit) < 4096
        began = time.monotonic()
        site.publish(NO_BOB)
        assert site.may_log_in()
        line, = site.wait_errors()
        assert re.search(r"snapshot\.mdb: no room in memory to open it: it needs \d+ MB of address space more, and the "
                         r"process may have \d+ MB in all \(RLIMIT_AS; in Dovecot vsz_limit\)" + AGE, line), line
        # No further try reads the file, and nobody is told again before a minute is over, however long the logins take.
        before = site.octets_read()
        for _ in range(20):
            assert site.may_log_in()
        assert site.octets_read() - before < size // 2
        assert len(site.errors()) <= 1 + (time.monotonic() - began) // 60
        # Nobody logs in now: it is said all the same.
        told = len(site.errors())
        rig.wait_for(lambda: len(site.errors()) > told, "the next error", 300)
        # Another name for it, with room: no restart is needed.
        site.publish(NO_BOB, everybody=False)
        rig.wait_for(lambda: not site.may_log_in(), "imap=no")
        assert site.wait_errors("mailwicket: directory read: 1 users")


def test_too_little_memory_for_one_costs_a_login_no_reading(site):
    """Nobody can log in, but the auth process answers at once, and opens a smaller one when it comes."""
    site.publish(BOB)
    size = site.snapshot.stat().st_size
    site.publish(BOB, everybody=False)
    site.limit(None)
    with site.dovecot:
        assert site.may_log_in()
        limit = site.status("VmSize") + size // 2
    site.publish(BOB)
    site.limit(limit)
    (site.dovecot.folder / "log").unlink()
    with site.dovecot:
        assert not site.may_log_in()
        line, = site.wait_errors("mailwicket: the directory cannot be read, logins fail for now: ")
        assert "no room in memory to open it" in line
        before = site.octets_read()
        for _ in range(10):
            assert not site.may_log_in()
        assert site.octets_read() - before < size // 2
        site.publish(BOB, everybody=False)
        rig.wait_for(site.may_log_in, "a login")


# --- files that do not open

def damaged(site):
    octets = bytearray(site.snapshot.read_bytes())
    octets[len(octets) // 2] ^= 1
    site.replace_snapshot(octets)


def cut_off(site):
    site.replace_snapshot(site.snapshot.read_bytes()[:-1000])


def unreadable(site):
    site.replace_snapshot(site.snapshot.read_bytes(), 0o600)


def of_nobody(site):
    site.replace_snapshot(site.snapshot.read_bytes())
    os.chmod(site.snapshot, 0o600)


BREAK = {"damaged": (damaged, r"is damaged \(digest\)"), "cut-off": (cut_off, "is no snapshot, or is cut off"),
         "unreadable": (unreadable, "Permission denied")}


@pytest.mark.parametrize("how", BREAK)
def test_a_new_snapshot_that_does_not_open_is_told_by_the_auth_process(dovecot, how):
    spoil, words = BREAK[how]
    site = dovecot
    size = site.snapshot.stat().st_size
    site.publish(NO_BOB)
    spoil(site)
    assert site.may_log_in()
    line, = site.wait_errors()
    assert re.search(rf"snapshot\.mdb:? {words}{AGE}", line), line
    before = site.octets_read()
    for _ in range(5):
        assert site.may_log_in()
    assert len(site.errors()) == 1 and site.octets_read() - before < size // 2
    site.publish(NO_BOB + "user new@example.test\n")
    rig.wait_for(lambda: not site.may_log_in(), "imap=no")
    assert len(site.wait_errors("mailwicket: directory read: ")) == 1


def test_taking_the_right_to_read_from_the_one_that_serves_stops_nobody(dovecot):
    os.chmod(dovecot.snapshot, 0o600)
    assert dovecot.may_log_in()
    line, = dovecot.wait_errors()
    assert re.search("snapshot.mdb: Permission denied" + AGE, line), line
    os.chmod(dovecot.snapshot, 0o644)
    assert dovecot.may_log_in()
    assert len(dovecot.wait_errors("mailwicket: directory read: ")) == 1


def test_a_damaged_list_of_suspensions_is_told_by_the_auth_process(dovecot):
    assert dovecot.files.cli("suspend", "bob", "--sending").returncode == 0
    assert dovecot.may_log_in()
    path = dovecot.files.suspensions
    new = path.with_name("restored")
    new.write_bytes(path.read_bytes()[:-1])
    new.rename(path)
    try:
        assert dovecot.may_log_in()
        line, = dovecot.wait_errors()
        assert re.search(r"suspensions is damaged \(length\)" + AGE, line), line
    finally:
        path.unlink()


def test_mailwicketd_says_how_old_it_is_each_minute(folder, tmp_path):
    preload = Preload(tmp_path)
    with Daemon('default_domain = "example.test"\n', BOB, folder, environment=preload.environment) as daemon:
        snapshot = daemon.published / "snapshot.mdb"
        good = snapshot.read_bytes()
        new = daemon.published / "restored"
        new.write_bytes(good[:-1])
        new.rename(snapshot)
        said = r"directory: \S+/snapshot\.mdb is .*; still using the previous one, written \S+, "
        assert daemon.wait_log(said + r"\d+ seconds? old$")
        preload.set("date_seconds", 30)
        assert daemon.request(login="bob") is not None
        preload.set("date_seconds", 300)
        daemon.wait_log(said + r"[45] minutes old$")
        assert len(daemon.lines(said)) == 2
        preload.set("date_seconds", 3 * 86400)
        daemon.wait_log(said + r"[23] days old$")
        new.write_bytes(good)
        new.chmod(0o644)
        new.rename(snapshot)
        daemon.wait_log("directory read: ", 2)
