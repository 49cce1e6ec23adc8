"""A start without standard input, output or errors: the first files that are opened get their numbers.

What is said then must not land in one of them, and what puts /dev/null there must not close one.
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
