"""Root works in folders that other users can change: mailwicketd's socket, published files, the servers' configuration.

What they put there at the worst moment must not lead root anywhere: attack.c is somebody who is always quick enough.
"""
import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

import rig
from rig import CLI, MAILWICKETD, changed, wait_for
from rig.checked import Checked
from rig.daemon import Daemon
from rig.dovecot import version
from rig.programs import compiled, sanitized
from rig.submission_world import DIRECTORY, POLICY

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users")]

OTHER = pwd.getpwnam("nobody")


def attack(at, command):
    """The environment of a process that is attacked there by that shell command, as the other user."""
    if sanitized():
        pytest.skip("a sanitizer wants to be the first library")
    return {"LD_PRELOAD": compiled("tests/system/rig/attack.c", "-fPIC", "-shared"), "ATTACK_AT": at, "ATTACK": command,
            "ATTACKER": str(OTHER.pw_uid)}


@pytest.fixture
def theirs(folder):
    """A folder of the other user."""
    made = folder / "theirs"
    made.mkdir()
    shutil.chown(made, OTHER.pw_uid, OTHER.pw_gid)
    return made


@pytest.fixture
def victim(folder):
    """A file that only root may read."""
    made = folder / "victim"
    made.write_text("secret\n")
    made.chmod(0o600)
    return made


def is_as_it_was(victim):
    st = victim.stat()
    return (victim.read_text(), stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid) == ("secret\n", 0o600, 0, 0)


def leave_socket(path, owner="root"):
    """One that nobody serves."""
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    os.chown(path, pwd.getpwnam(owner).pw_uid, -1)


class Started:
    """mailwicketd as root starts it, in the background or not, to go on as the other user."""

    def __init__(self, folder, path, *, background=True, environment=None, **service):
        settings = " ".join(f'{name} = "{value}"' for name, value in {"socket_group": "nogroup", **service}.items())
        self.site = Daemon(POLICY, DIRECTORY, folder, start=False,
                           sections=f'policy_service {{ listen = {{ "unix:{path}" }} {settings} }}')
        self.path, self.background = path, background
        self.environment = {**os.environ, **(environment or {})}

    def run(self):
        """In the background the status and the messages of the start; the process serves on."""
        words = [str(MAILWICKETD), "-c", self.site.policy, *([] if self.background else ["-f"]), "-u", "nobody"]
        if self.background:
            return subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60)
        process = subprocess.Popen(words, env=self.environment, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: process.poll() is not None or self.path.is_socket(), "the start")
        if process.poll() is None:
            process.terminate()
        return subprocess.CompletedProcess(words, process.wait(), "", process.communicate()[1])

    def processes(self):
        """Those that serve this policy."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == bytes(MAILWICKETD) and bytes(self.site.policy) in words:
                found.append(int(name))
        return found

    def stop(self):
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):  # one that could not start is about to end
                os.kill(process, signal.SIGTERM)
        wait_for(lambda: not self.processes(), "mailwicketd to end")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


@pytest.mark.parametrize("background", [True, False], ids=["background", "foreground"])
def test_a_link_in_the_place_of_the_new_socket_changes_no_file(folder, theirs, victim, background):
    path = theirs / "policy"
    quick = attack("bind", f"mv {path} {path}.away; ln -s {victim} {path}")
    with Started(folder, path, background=background, environment=quick) as started:
        done = started.run()
        assert path.with_suffix(".away").is_socket() and path.is_symlink(), "the attack did not run"
        assert is_as_it_was(victim)
        assert done.returncode != 0 and "it was replaced while it was made" in done.stderr


def test_a_link_to_a_folder_of_root_gets_no_socket_and_loses_none(folder, theirs):
    private = folder / "private"
    private.mkdir(mode=0o700)
    leave_socket(private / "policy")
    (theirs / "link").symlink_to(private)
    os.lchown(theirs / "link", OTHER.pw_uid, OTHER.pw_gid)
    before = os.lstat(private / "policy").st_ino
    with Started(folder, theirs / "link" / "policy") as started:
        done = started.run()
        assert done.returncode != 0 and "Permission denied" in done.stderr
    assert os.lstat(private / "policy").st_ino == before


def test_a_folder_that_others_can_replace_is_refused(folder):
    above = folder / "above"
    (above / "run").mkdir(parents=True)
    above.chmod(0o777)
    with Started(folder, above / "run" / "policy") as started:
        done = started.run()
        assert done.returncode == 77 and "others can put another folder in the place of its own" in done.stderr


@pytest.mark.parametrize("owner,group,mode", [("nobody", "nogroup", 0o750), ("nobody", "root", 0o2755), ("daemon", "daemon", 0o755),
                                              ("root", "root", 0o755), ("root", "nogroup", 0o2775)])
def test_the_socket_has_its_mode_and_group_whoever_owns_the_folder(folder, owner, group, mode):
    run = folder / "run"
    run.mkdir()
    shutil.chown(run, owner, group)
    run.chmod(mode)
    with Started(folder, run / "policy", socket_group="mail", socket_mode="0620") as started:
        for _ in range(2):  # the second finds what a dead one left
            done = started.run()
            assert done.returncode == 0, done.stderr
            made = os.stat(run / "policy")
            assert stat.S_IMODE(made.st_mode) == 0o620 and made.st_gid == grp.getgrnam("mail").gr_gid
            started.stop()
            (run / "policy").unlink(missing_ok=True)
            leave_socket(run / "policy", owner)


def test_a_published_file_is_written_where_the_folder_was(folder, theirs, victim):
    """The folder is root's, the one above it another user's, who puts his own in its place."""
    published = theirs / "published"
    published.mkdir()
    victim.write_text("")
    site = Daemon(POLICY, None, folder, start=False,
                  sections=f'directory {{ path = "{published}"\n source "local" {{ driver = text path = "{folder}/directory" }} }}')
    site.write(site.directory, DIRECTORY)
    quick = (f'cd {theirs} && mv published away && mkdir published && '
             f'for name in $(ls -A away); do ln -s {victim} published/$name; done')
    done = subprocess.run([CLI, "-c", site.policy, "sync"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **attack("mdb_env_create", quick)})
    assert (theirs / "away").is_dir(), "the attack did not run"
    assert victim.read_text() == ""
    assert os.listdir(theirs / "published") and all((theirs / "published" / name).is_symlink()
                                                     for name in os.listdir(theirs / "published")), done.stderr


needs_servers = pytest.mark.skipif(rig.needs_postfix() is not None or version() is None, reason="needs Postfix and Dovecot")


@pytest.fixture
def site(folder):
    """A main.cf for setup to change."""
    made = Checked(folder)
    made.configure()
    main = made.postfix.etc / "main.cf"
    main.write_text(changed(main.read_text(), ("recipient_delimiter = +\n", "")))
    made.postfix.age()
    yield made
    made.daemon.kill()


def set_up(site, *words):
    return site.daemon.cli("setup", "--backup", site.folder / "backup", *words)


def apply(site):
    return set_up(site, "--apply", "--postfix-config", site.postfix.etc, "--dovecot-config", site.dovecot.config)


@needs_servers
@pytest.mark.parametrize("which", ["folder", "link", "above", "backup"])
def test_setup_writes_nothing_where_another_user_can_lead_it(site, which):
    main, backup = site.postfix.etc / "main.cf", site.folder / "backup"
    backup.mkdir()
    if which == "link":
        main.rename(main.with_name("elsewhere"))
        main.symlink_to("elsewhere")
    theirs = {"folder": site.postfix.etc, "link": main, "above": site.postfix.folder, "backup": backup}[which]
    os.lchown(theirs, OTHER.pw_uid, -1)
    before = main.read_text()
    done = apply(site)
    assert done.returncode == 77, done.stderr
    assert f"mailwicket: setup: {theirs}: belongs to user nobody, so that root's write to" in done.stderr
    assert main.read_text() == before and not os.listdir(backup)


@needs_servers
def test_setup_follows_no_backup_that_another_user_wrote(site, victim):
    """A manifest says which file gets which text."""
    assert apply(site).returncode == 0
    place, = (site.folder / "backup").iterdir()
    main = site.postfix.etc / "main.cf"
    manifest = place / "manifest"
    manifest.write_text(manifest.read_text().replace(str(main), str(victim)))
    shutil.chown(site.folder / "backup", OTHER.pw_uid)
    done = set_up(site, "--undo")
    assert done.returncode == 77 and "belongs to user nobody" in done.stderr
    assert is_as_it_was(victim)


@needs_servers
def test_setup_changes_a_file_of_another_user_in_a_folder_of_root(site):
    main = site.postfix.etc / "main.cf"
    shutil.chown(main, "nobody")
    before = main.read_text()
    assert apply(site).returncode == 0
    assert main.read_text() != before and main.stat().st_uid == OTHER.pw_uid
    assert set_up(site, "--undo").returncode == 0
    assert main.read_text() == before
