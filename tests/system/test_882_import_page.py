"""The page "From Postfix maps": its commands, as they stand there, lead to a directory that is published."""
import os
import re
import subprocess

import pytest

from rig.built import CLI, SOURCE
from rig.configured import Configured
from rig.pages import blocks
from rig.processes import PATH
from rig.stock import needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

PAGE = "from-postfix-maps.md"


@pytest.fixture
def server(folder):
    made = Configured(folder, main="smtpd_sender_login_maps = texthash:DIR/senders\n", users="alice:{PLAIN}x\nbob:{PLAIN}x\n")
    made.table("senders", "alice@example.test alice\nbob@example.test bob\ninfo@example.test alice, bob\n")
    programs = folder / "programs"
    programs.mkdir()
    # On the configuration of the test; what is published goes into its folder.
    (programs / "mailwicket").write_text(
        "#!/bin/sh\n"
        f'case "$*" in *import*) set -- "$@" --postfix-config {made.etc} --dovecot-config {made.dovecot} ;;\n'
        f"*) sed -i 's|^directory {{$|directory {{ path = \"{folder}/published\"|' {made.policy} ;; esac\n"
        f'exec {CLI} -c {made.policy} "$@"\n')
    (programs / "mailwicket").chmod(0o755)
    made.environment = {**os.environ, "PATH": f"{programs}:{PATH}"}
    return made


def run(server, block):
    done = subprocess.run(["sh", "-e", "-c", block], capture_output=True, text=True, timeout=120, env=server.environment)
    assert done.returncode == 0, (block, done.stdout, done.stderr)
    return done.stdout


def test_the_commands_of_the_page_publish_the_directory(server):
    look, json_of, write = blocks(PAGE)
    shown = run(server, look)
    assert "+grant send-as info@example.test bob@example.test\n" in shown and "compared with Postfix: " in shown, shown
    assert not server.policy.exists()
    assert '"differences"' in run(server, json_of)
    run(server, write)
    assert "alice@example.test" in server.cli("lookup", "info@example.test").stdout


def test_the_page_has_each_reason():
    told = (SOURCE / "docs" / "guides" / PAGE).read_text()
    names = re.findall(r'^MW_DIFFERENCE\(\w+, "([a-z-]+)"', (SOURCE / "cli/import/postfix/difference.def").read_text(), re.M)
    assert [name for name in names if f"| `{name}` |" not in told] == ["other"]
    manual = (SOURCE / "docs" / "man" / "mailwicket-import.1").read_text()
    assert [name for name in names if f".It Cm {name}\n" not in manual] == []
