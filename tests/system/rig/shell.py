"""A root shell into which a test pastes what Mailwicket printed."""
import os
import subprocess

from rig.processes import tool


class Shell:
    """A folder whose `sh` finds these programs: mailwicket tells what it was called with, doveadm is the server's."""

    def __init__(self, folder, dovecot=None):
        self.folder, self.programs = folder / "shell", folder / "programs"
        self.folder.mkdir()
        self.programs.mkdir()
        self.write("mailwicket", 'for word; do printf "%s\\0" "$word"; done')
        if dovecot is not None:
            self.write("doveadm", f'exec {tool("doveadm")} -c {dovecot.config} "$@"')

    def write(self, name, script):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def paste(self, command, shell="sh"):
        """What the command printed. It must leave nothing behind in the folder where it was pasted."""
        done = subprocess.run([shell, "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{self.programs}:{os.environ['PATH']}"})
        assert os.listdir(self.folder) == [], command
        return done.stdout

    def words(self, command, shell="sh"):
        """The words that mailwicket gets of it, behind the -c FILE of the command that printed it."""
        option, _, *words = self.paste(command, shell).split("\0")[:-1]
        assert option == "-c", command
        return words
