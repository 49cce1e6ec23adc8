"""Servers are connected to a policy as an administrator does it: by `mailwicket setup --apply`."""
import subprocess

from rig.built import CLI


def set_up(policy, backup, *servers):
    """`servers`: --postfix-config FOLDER, --dovecot-config FILE."""
    told = subprocess.run([CLI, "-c", policy, "setup", "--apply", "--backup", backup, *servers], capture_output=True,
                          text=True, timeout=120)
    assert told.returncode == 0, f"setup: {told.returncode}\n{told.stderr}{told.stdout}"
