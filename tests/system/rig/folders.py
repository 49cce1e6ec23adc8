"""Folders that servers can enter."""
import os
import shutil
import tempfile
from pathlib import Path


def make_folder(name):
    """A new folder that other users (postfix, dovecot) may enter, unlike pytest's. The caller removes it."""
    folder = Path(tempfile.mkdtemp(prefix=f"mw-{name}-"))
    folder.chmod(0o755)
    return folder


def remove_folder(folder):
    """Removes it, unless MAILWICKET_KEEP is set (to look at logs)."""
    if not os.environ.get("MAILWICKET_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)
