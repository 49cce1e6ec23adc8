"""What was built, and where."""
import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]


def build_folder():
    """Where the programs under test were built: MAILWICKET_BUILD, or the source itself."""
    for name in ("MAILWICKET_BUILD", "MW_BUILD", "BUILD_DIR", "top_builddir"):
        if os.environ.get(name):
            return Path(os.environ[name]).resolve()
    return SOURCE


CLI = build_folder() / "cli" / "mailwicket"
MAILWICKETD = build_folder() / "postfix-policy" / "mailwicketd"
MODULES = build_folder() / "dovecot-plugin" / ".libs"
