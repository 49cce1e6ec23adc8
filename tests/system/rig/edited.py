"""A policy with text sources, and the commands that change them."""
import json
import subprocess

from rig.built import CLI
from rig.waiting import PATIENCE

POLICY = """\
hostname = "mx.example.test"
recipient_delimiter = "+"
default_domain = "example.test"
accepted_domain "example.test" {{ type = Authoritative }}
{more}
connector "Client" {{ bindings = {{ "*:587" }} permission_groups = {{ ExchangeUsers }} }}
directory {{
    path = "{folder}/published"
{sources}
}}
"""


class Site:
    def __init__(self, folder, texts, more="", other=""):
        self.folder, self.policy = folder, folder / "mailwicket.conf"
        (folder / "published").mkdir(mode=0o755)
        sources = ""
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
            sources += f'    source "{name}" {{ driver = text path = "{folder}/{name}" }}\n'
        self.policy.write_text(POLICY.format(folder=folder, sources=sources + other, more=more))

    def run(self, *words):
        return subprocess.run([CLI, "-c", self.policy, *words], capture_output=True, text=True, timeout=PATIENCE + 60)

    def done(self, *words, code=0):
        told = self.run(*words)
        assert told.returncode == code, (words, told.stdout, told.stderr)
        return told.stdout + told.stderr

    def json(self, *words, code=0):
        told = self.run("--json", *words)
        assert told.returncode == code, (words, told.stdout, told.stderr)
        return json.loads(told.stdout)

    def text(self, name="directory"):
        return (self.folder / name).read_bytes().decode()

    def lines(self, name="directory"):
        return self.text(name).splitlines(keepends=True)
