"""Commands that change the directory, and the file itself: its lock, its rights, a disk or a moment that fails."""
import fcntl
import os
import shutil
import signal
import struct
import subprocess

import pytest

import rig
from rig.disk import FAULTS
from rig.edited import Site

TEXT = "user bob@example.test login=bob\nuser mary@example.test\ngroup sales@example.test member=bob@example.test\n"
ADDED = TEXT + "user new\n"
NOBODY = 65534


@pytest.fixture
def site(folder):
    return Site(folder, {"directory": TEXT})


def files(site):
    return sorted(path.name for path in site.folder.iterdir())


def traced(site, injected, *words):
    """The command with calls that fail, or are its last. (A leak detector does not work under strace.)"""
    return subprocess.run(["strace", "-f", "-o", "/dev/null", *[f"--inject={inject}" for inject in injected], rig.CLI, "-c",
                           site.policy, *words], capture_output=True, text=True, timeout=rig.PATIENCE + 60,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})


# --- the lock

def test_who_may_only_read_the_text_holds_up_nobody(site):
    before = files(site)
    stranger = subprocess.Popen(["python3", "-c", """if True:
        import fcntl, os, sys
        held = [open(name) for name in (sys.argv[1] + "/directory", sys.argv[1] + "/mailwicket.conf")]
        held.append(os.open(sys.argv[1], os.O_RDONLY))
        for file in held:
            fcntl.flock(file, fcntl.LOCK_EX)
        for name in ("/.directory.lock", "/directory.lock"):
            try:
                open(sys.argv[1] + name, "a+")
                print("made", flush=True)
            except OSError:
                pass
        print("held", flush=True)
        sys.stdin.read()""", str(site.folder)], user=NOBODY, group=NOBODY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert stranger.stdout.readline() == "held\n"
    site.done("user", "add", "new")
    stranger.communicate()
    assert site.text() == ADDED and files(site) == before


def held(site, mode=0o600, owner=0):
    path = site.folder / ".directory.lock"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.fchown(file, owner, owner)
    os.fchmod(file, mode)
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def test_a_command_waits_for_another_and_then_reads_what_it_wrote(site):
    lock = held(site, mode=0o644)
    waiting = subprocess.Popen([rig.CLI, "-c", site.policy, "user", "add", "new"], stdout=subprocess.PIPE, text=True)
    rig.wait_for(lambda: os.fstat(lock).st_mode & 0o777 == 0o600, "the lock is nobody else's to open")
    assert site.done("user", "add", "newer", "--dry-run")
    assert waiting.poll() is None and site.text() == TEXT
    (site.folder / "directory").write_text(TEXT + "user other@example.test\n")
    os.unlink(site.folder / ".directory.lock")
    os.close(lock)
    waiting.communicate(timeout=rig.PATIENCE)
    assert waiting.returncode == 0 and site.text() == TEXT + "user other@example.test\nuser new\n"
    assert ".directory.lock" not in files(site)


def test_a_lock_that_a_killed_command_or_another_user_left_stops_nobody(site):
    os.close(held(site))
    site.done("user", "add", "new")
    stranger = held(site, owner=NOBODY)
    site.done("user", "set", "new", "imap=no")
    os.close(stranger)
    assert site.text() == ADDED.replace("new", "new imap=no") and ".directory.lock" not in files(site)


def test_what_stands_in_the_place_of_the_lock_is_left_alone(site):
    path = site.folder / ".directory.lock"
    for make in (lambda: path.symlink_to("mailwicket.conf"), lambda: path.write_text("mine\n"), path.mkdir,
                 lambda: os.mkfifo(path)):
        make()
        told = site.run("user", "add", "new")
        assert told.returncode == 73 and str(path) in told.stderr, (told.returncode, told.stderr)
        assert os.path.lexists(path) and site.text() == TEXT
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert "policy" not in site.done("user", "add", "new") and (site.folder / "mailwicket.conf").stat().st_size > 0


def test_a_folder_that_all_may_write_is_no_place_for_root(site):
    site.folder.chmod(0o777)
    assert "could be redirected" in site.done("user", "add", "new", code=77)
    site.folder.chmod(0o1777)
    stranger = held(site, owner=NOBODY)
    site.done("user", "add", "new")
    os.close(stranger)
    assert site.text() == ADDED


def test_the_owner_of_a_folder_changes_his_text_and_root_does_not(site):
    for path in (site.folder, site.folder / "directory"):
        os.chown(path, NOBODY, NOBODY)
    told = subprocess.run([rig.CLI, "-c", site.policy, "user", "add", "new"], user=NOBODY, group=NOBODY, extra_groups=[],
                          capture_output=True, text=True, timeout=rig.PATIENCE)
    assert told.returncode == 0 and site.text() == ADDED, told.stderr
    assert "belongs to user" in site.done("user", "del", "new", code=77)
    assert site.text() == ADDED and ".directory.lock" not in files(site)
    site.done("user", "del", "new", "--dry-run")


def test_one_file_of_two_sources_is_named_at_once(folder):
    site = Site(folder, {"directory": TEXT}, other=f'    source "again" {{ driver = text path = "{folder}/../{folder.name}/directory" }}\n')
    assert 'of source "directory" and of source "again"' in site.done("user", "add", "new", "--source", "again", code=78)


# --- rights

def acl(*named):
    """u::rw, u:ID:r for each, g::-, m::r, o::-"""
    entries = [(1, 6, 0xffffffff), *[(2, 4, user) for user in named], (4, 0, 0xffffffff), (16, 4, 0xffffffff),
               (32, 0, 0xffffffff)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def attributes(path):
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if name != "security.evm"}


def test_an_access_control_list_and_a_label_stay(site):
    path = site.folder / "directory"
    os.setxattr(path, "system.posix_acl_access", acl(NOBODY))
    try:
        os.setxattr(path, "security.selinux", b"system_u:object_r:etc_t:s0\0")
        os.setxattr(path, "user.note", b"of the staff")
    except OSError:
        pass  # a file system without them
    before = attributes(path)
    assert "system.posix_acl_access" in before
    site.done("user", "add", "new")
    assert attributes(path) == before and path.stat().st_mode & 0o777 == 0o640


def test_a_list_that_the_folder_gives_does_not_open_the_text(site):
    path = site.folder / "directory"
    path.chmod(0o640)
    os.setxattr(site.folder, "system.posix_acl_default", acl(NOBODY))
    site.done("user", "add", "new")
    assert attributes(path) == {} and path.stat().st_mode & 0o777 == 0o640


def test_other_owners_and_rights_stay(site):
    path = site.folder / "directory"
    os.chown(path, NOBODY, 12345)
    path.chmod(0o400)
    site.done("user", "add", "new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (NOBODY, 12345, 0o400)


# --- disks and moments

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")


@needs_strace
@pytest.mark.parametrize("error, calls", [fault for fault in FAULTS if fault[0] != "EIO" or "pread" not in fault[1]])
def test_a_disk_that_fails_leaves_the_text_as_it_was(site, error, calls):
    before = files(site)
    told = traced(site, [f"{calls}:error={error}:when=1+"] if "write" not in calls else [f"write:error={error}:when=1"],
                  "user", "add", "new")
    assert site.text() in (TEXT, ADDED) and files(site) == before
    if site.text() == TEXT and told.returncode != 0:
        assert told.returncode in (73, 74), (told.returncode, told.stderr)


def test_a_file_system_that_is_read_only_is_named_and_read(site):
    def run(*words):
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        return subprocess.run(["unshare", "-m", "sh", "-c", script, site.folder, rig.CLI, "-c", site.policy, *words],
                              capture_output=True, text=True, timeout=rig.PATIENCE)
    told = run("user", "add", "new")
    assert told.returncode == 73 and "Read-only file system" in told.stderr, told
    assert run("user", "add", "new", "--dry-run").returncode == 0
    assert "nothing to change" in run("grant", "send-as", "bob", "bob").stdout
    assert site.text() == TEXT


STEPS = ["flock", "write", "fchown", "fchmod", "fsync", "rename", "unlink"]


@needs_strace
@pytest.mark.parametrize("call", STEPS)
def test_a_kill_at_any_step_leaves_one_of_two_texts_and_nothing_that_stays(site, call):
    before = files(site)
    for when in (1, 2):
        told = traced(site, [f"{call}:signal=SIGKILL:when={when}"], "user", "add", "new")
        assert told.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL) or when > 1
        assert site.text() in (TEXT, ADDED), site.text()
        (site.folder / "directory").write_text(TEXT)
    site.done("user", "add", "new")
    assert site.text() == ADDED and files(site) == before


def test_an_editor_that_puts_its_own_text_there_is_not_written_over(site):
    """Stopped before the rename, while an editor saves."""
    path = site.folder / "directory"
    for save in (lambda: path.write_text(TEXT + "# by an editor\n"),
                 lambda: ((site.folder / "saved").write_text(TEXT + "# by an editor\n"), (site.folder / "saved").rename(path))):
        path.write_text(TEXT)
        lock = held(site)
        command = subprocess.Popen([rig.CLI, "-c", site.policy, "user", "add", "new"], stderr=subprocess.PIPE, text=True)
        save()
        os.close(lock)
        command.communicate(timeout=rig.PATIENCE)
        assert command.returncode == 0 and site.text() == TEXT + "# by an editor\nuser new\n"
