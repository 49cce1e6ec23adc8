"""What a start inherits. Without standard input, output or errors the first files that are opened get their numbers.

What is said then must not land in one of them, and what puts /dev/null there must not close one. With SIGCHLD ignored a
process cannot tell how one that it started has ended, and one with a blocked SIGTERM does not end.
"""
import os
import signal
import socket
import struct
import subprocess

import pytest

from rig import CLI, MAILWICKETD, wait_for
from rig.daemon import Daemon, RCPT
from rig.submission_world import DIRECTORY, POLICY

CLOSED = ["", "<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"]


def run(closed, *words):
    """The exit status."""
    return subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *map(str, words)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=60, check=False).returncode


def process_of(path):
    """Who listens there."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        return struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


@pytest.fixture
def site(folder):
    made = Daemon(POLICY, DIRECTORY, folder, start=False,
                  sections=f'policy_service {{ listen = {{ "unix:{folder}/policy" }} }}')
    made.socket_path = folder / "policy"
    return made


@pytest.mark.parametrize("closed", CLOSED)
def test_mailwicketd_serves_whatever_is_closed(site, closed):
    words = [MAILWICKETD, "-c", site.policy] + (["-u", "root"] if os.geteuid() == 0 else [])
    assert run(closed, *words) == 0
    process = process_of(site.socket_path)
    try:
        assert site.request(RCPT) is not None
        for number in range(3):
            assert os.readlink(f"/proc/{process}/fd/{number}") == "/dev/null"
    finally:
        site.connection.close()
        os.kill(process, signal.SIGTERM)
        wait_for(lambda: not site.socket_path.exists(), "mailwicketd to end")


@pytest.mark.parametrize("closed", CLOSED)
def test_what_a_command_says_lands_in_no_file(site, closed):
    def contents():
        return {path.name: path.read_bytes() for path in site.suspensions.parent.iterdir()}

    assert run("", CLI, "-c", site.policy, "suspend", "--all", "mary") == 0
    before = contents()
    assert before[".suspend.lock"] == b""
    for words in (("resume", "bob"), ("resume", "nobody"), ("suspend", "--all", "nobody")):
        assert run(closed, CLI, "-c", site.policy, *words) in (1, 67)
        assert contents() == before


def test_what_cannot_be_said_is_no_success(site):
    assert run("", CLI, "-c", site.policy, "show") == 0
    for closed in (">&-", "<&- >&-", "<&- >&- 2>&-"):
        assert run(closed, CLI, "-c", site.policy, "show") == os.EX_IOERR


def ignoring(*words, trap="trap '' CHLD"):
    """Started by a parent that ignores the end of its children, as some programs and the first process of a container do."""
    return subprocess.run(["bash", "-c", f'{trap}; exec "$@"', "bash", *map(str, words)], capture_output=True, text=True, timeout=60,
                          check=False)


def test_a_program_that_fails_has_failed_where_sigchld_is_ignored(site):
    program = site.folder / "listed.sh"

    def says(script):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    site.write_policy(POLICY + f'directory {{ path = "{site.published}"\n  source "listed" {{ driver = exec '
                      f'command = {{ "{program}" }} }}\n}}\n')
    says("printf 'user bob@example.test\\nuser mary@example.test\\nuser carl@example.test\\n'")
    assert "published: 3 users" in ignoring(CLI, "-c", site.policy, "sync").stdout
    for script, told in (("echo user bob@example.test; exit 1", "ended with status 1"),
                         ("echo user bob@example.test; kill -9 $$", "was ended by signal 9")):
        says(script)
        done = ignoring(CLI, "-c", site.policy, "sync")
        assert done.returncode == os.EX_TEMPFAIL and told in done.stdout + done.stderr, (done.stdout, done.stderr)
        assert site.cli("lookup", "carl@example.test").returncode == 0


def test_a_start_that_fails_has_failed_where_sigchld_is_ignored(site):
    done = ignoring(MAILWICKETD, "-c", site.folder / "absent.conf")
    assert done.returncode == os.EX_CONFIG, done.stderr


BLOCKED = [signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP]


def block():
    signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)


def test_a_signal_that_was_blocked_ends_what_stays(site):
    starts = [[CLI, "-c", site.policy, "sync", "--follow"],
              [MAILWICKETD, "-f", "-c", site.policy] + (["-u", "root"] if os.geteuid() == 0 else [])]
    for words in starts:
        with open(site.folder / "said", "w+") as said, \
                subprocess.Popen([*map(str, words)], preexec_fn=block, stdout=said, stderr=said) as process:
            try:
                wait_for(lambda: "following 1 source" in (text := (site.folder / "said").read_text()) or "listening" in text,
                         "the start")
                process.terminate()
                assert process.wait(timeout=60) == 0
            finally:
                process.kill()
