"""Programs that mailwicket runs as root come from folders that only root can write to, whatever PATH says, and never
from the current folder: each of these folders has programs of the right names that tell on whoever runs them."""
import os
import re
import shutil
import subprocess

import pytest

import rig
from rig.checked import Checked
from rig.dovecot import version

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

NAMES = ("postconf", "postfix", "doveconf", "doveadm", "dovecot", "diff", "journalctl", "sh", "cat", "less", "pager")


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    made.configure()
    yield made
    made.daemon.kill()


class Trap:
    """A folder of programs that are not the system's."""

    def __init__(self, folder, name="trap"):
        self.folder, self.sprung = folder / name, folder / "sprung"
        self.folder.mkdir()
        for program in NAMES:
            path = self.folder / program
            path.write_text(f"#!/bin/sh\necho {program} >>'{self.sprung}'\n")
            path.chmod(0o755)
        self.sprung.touch()
        self.sprung.chmod(0o666)


def owned_by_another(trap):
    shutil.chown(trap.folder, "nobody")
    return str(trap.folder)


def writable_by_all(trap):
    trap.folder.chmod(0o777)
    return str(trap.folder)


def writable_by_all_with_sticky_bit(trap):
    trap.folder.chmod(0o1777)
    return str(trap.folder)


def below_a_folder_of_another(trap):
    above = trap.folder.parent / "above"
    above.mkdir()
    trap.folder.rename(above / "trap")
    shutil.chown(above, "nobody")
    return str(above / "trap")


def through_a_link_to_one_of_another(trap):
    shutil.chown(trap.folder, "nobody")
    link = trap.folder.parent / "link"
    link.symlink_to(trap.folder)
    return str(link)


def programs_of_another(trap):
    for program in NAMES:
        shutil.chown(trap.folder / program, "nobody")
    return f"{trap.folder}:/usr/bin"


def programs_that_all_may_change(trap):
    for program in NAMES:
        (trap.folder / program).chmod(0o777)
    return f"{trap.folder}:/usr/bin"


PATHS = [None, "", ".", ":", "::", "./", "..//trap", "trap", ":/usr/sbin:/usr/bin", "/usr/sbin:/usr/bin:", "/usr/sbin::/bin",
         owned_by_another, writable_by_all, writable_by_all_with_sticky_bit, below_a_folder_of_another,
         through_a_link_to_one_of_another, programs_of_another, programs_that_all_may_change]


def commands(site, folder):
    """Commands that run each program of another, and for each whether it must succeed on this machine."""
    setup = ["setup", "--backup", folder / "backup", "--postfix-config", site.postfix.etc, "--dovecot-config",
             site.dovecot.config]
    return [(["check", "--policy-only", "--postfix-config", site.postfix.etc, "--dovecot-config", site.dovecot.config], True),
            ([*setup, "--apply"], True), (["setup", "--backup", folder / "backup", "--undo"], True),
            (["why", "bob", "--log", "journal"], False), (["replay", "journal"], False)]


@pytest.mark.parametrize("path", PATHS, ids=[str(getattr(path, "__name__", path)) for path in PATHS])
def test_no_program_of_another_is_run(site, folder, path):
    trap = Trap(folder)
    environment = {"TERM": "xterm"}
    here = trap.folder
    if callable(path):
        path, here = path(trap), folder
    if path is not None:
        environment["PATH"] = path
    # Something for setup to change, so that diff and postfix are run.
    main = site.postfix.etc / "main.cf"
    before = main.read_text()
    main.write_text(re.sub(r"(?m)^smtpd_relay_restrictions.*\n(?:[ \t].*\n)*", "", before))
    site.postfix.age()
    try:
        for words, succeeds in commands(site, folder):
            done = subprocess.run([rig.CLI, "-c", site.daemon.policy, *words], cwd=here, env=environment,
                                  capture_output=True, text=True, timeout=60)
            assert trap.sprung.read_text() == "", words
            assert not succeeds or done.returncode in (0, 1), done.stderr
            assert not succeeds or "there is no" not in done.stderr
    finally:
        main.write_text(before)


def test_a_folder_that_only_root_can_write_to_is_looked_in(site, folder):
    """Postfix and Dovecot built by hand stand in folders of their own."""
    trap = Trap(folder)
    subprocess.run([rig.CLI, "-c", site.daemon.policy, "check", "--policy-only", "--postfix"], cwd="/",
                   env={"PATH": f"{trap.folder}:{os.environ['PATH']}"}, capture_output=True, timeout=60)
    assert trap.sprung.read_text().startswith("postconf\n")
