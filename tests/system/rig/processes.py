"""Programs of the machine and the processes that a test starts."""
import os
import shutil
import subprocess
from pathlib import Path

from rig.waiting import PATIENCE

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def tool(name):
    """A program's path, also from the folders of the superuser; None where it is missing."""
    return shutil.which(name, path=PATH)


def is_running(pid):
    """Whether there is such a process that has not ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill_and_wait(process, patience=PATIENCE):
    """Ends a process that was started here: SIGTERM, then SIGKILL."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
