"""What was built, and where."""
import fcntl
import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]


def build_folder():
    """Where the programs under test were built: MAILWICKET_BUILD, or the source itself."""
    for name in ("MAILWICKET_BUILD", "MW_BUILD", "BUILD_DIR", "top_builddir"):
        if os.environ.get(name):
            return Path(os.environ[name]).resolve()
    return SOURCE


def made(name):
    """A program that only tests need. Every worker that wants it asks make, one at a time."""
    with open(build_folder() / "config.status", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", name], cwd=build_folder(), timeout=600, capture_output=True)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return build_folder() / name


CLI = build_folder() / "cli" / "mailwicket"
MAILWICKETD = build_folder() / "postfix-policy" / "mailwicketd"
MODULES = build_folder() / "dovecot-plugin" / ".libs"
