"""The directory's files while a disk fails: what served before goes on serving."""
import os
import shutil
import subprocess

import pytest

from rig import CLI
from rig.daemon import Daemon
from rig.submission_world import POLICY

pytestmark = [pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")]

DIRECTORY = "user bob@example.test login=bob\nuser eve@example.test login=eve\n"
CHANGED = DIRECTORY + "user new@example.test\n"
NO_LINKS = "link,linkat"
SYNCS = "fsync,fdatasync"


@pytest.fixture
def files(folder):
    return Daemon(POLICY, DIRECTORY, folder, start=False)


def failing(files, link_error, nth, *words):
    """Runs a command on a file system without hard links, where the Nth fsync fails; whether one did, and its exit."""
    trace = files.folder / "trace"
    # (A leak detector does not work under strace.)
    result = subprocess.run(["strace", "-f", "-qq", "-e", f"trace={NO_LINKS},{SYNCS}",
                             "-e", f"inject={NO_LINKS}:error={link_error}",
                             "-e", f"inject={SYNCS}:error=EIO:when={nth}", "-o", trace, CLI, "-c", files.policy, *words],
                            capture_output=True, text=True, timeout=60,
                            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    lines = trace.read_text().splitlines()
    assert any("link" in line and "INJECTED" in line for line in lines) or result.returncode != 0, lines
    return any("sync(" in line and "INJECTED" in line for line in lines), result


def hidden(files):
    """Names of files that are neither published nor a lock."""
    return [path.name for folder in (files.published, files.suspensions.parent) for path in folder.iterdir()
            if ".tmp" in path.name or ".old" in path.name]


@pytest.mark.parametrize("link_error", ["EPERM", "EOPNOTSUPP", "EMLINK"])
@pytest.mark.parametrize("name,words", [("suspensions", ("suspend", "eve", "--sending")),
                                        ("suspensions", ("resume", "bob")), ("snapshot.mdb", ("sync",))],
                         ids=["suspend", "resume", "sync"])
def test_without_hard_links_a_failed_fsync_keeps_what_served(files, link_error, name, words):
    assert files.cli("suspend", "bob", "--all").returncode == 0
    files.write(files.directory, CHANGED)
    published = files.suspensions if name == "suspensions" else files.published / name
    for nth in range(1, 20):
        before = published.read_bytes()
        failed, result = failing(files, link_error, nth, *words)
        if not failed:
            break
        assert result.returncode not in (0, 1, 64, 67), result
        assert published.read_bytes() == before and hidden(files) == []
        assert files.cli("--json", "lookup", "bob").returncode == 0
    else:
        raise AssertionError("the command never came through")
    assert nth > 2 and result.returncode == 0, result.stderr
    assert published.read_bytes() != before and hidden(files) == []
    assert published.stat().st_mode & 0o777 == 0o644
