"""docs/receives-but-cannot-send.md: every transcript in it is what a real client on real servers gives today.

MAILWICKET_REFRESH=1 writes the transcripts anew into the guide; look at the difference before you commit it.
"""
import os
import pty
import re
import subprocess
import textwrap

import pytest

import rig
from rig import why_world
from rig.dovecot import version
from rig.mailsite import MailSite, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.why_world import Clients

pytestmark = pytest.mark.skipif(rig.tool("dovecot") is None or rig.tool("postfix") is None,
                                reason="needs Dovecot and Postfix")

GUIDE = rig.SOURCE / "docs" / "receives-but-cannot-send.md"
BLOCK = re.compile(r"(<!-- transcript: (\w+)(?: (\w+))? -->\n\n```\n)(.*?)(```\n)", re.S)
BLOCKS = [(found[2], found[3] or "why") for found in BLOCK.finditer(GUIDE.read_text())]
USERS = {"smtp_switched_off": "eve", "login_unknown": "bobby"}
PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
WIDTH = 118
_addresses = iter(range(10, 250))


@pytest.fixture(scope="module")
def site(module_folder):
    started = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS).start()
    yield started
    started.stop()


def on_a_terminal(words):
    """What a command prints to a terminal."""
    outer, inner = pty.openpty()
    process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=inner, stderr=subprocess.PIPE,
                               env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"})
    os.close(inner)
    parts = []
    try:
        while part := os.read(outer, 65536):
            parts.append(part)
    except OSError:  # Linux's way to say that nobody holds the other end any more
        pass
    os.close(outer)
    assert process.communicate(timeout=60)[1] == b""
    return b"".join(parts).decode().replace("\r\n", "\n")


def same_every_time(site, client, text):
    """Times, ports, addresses and places of this run give way to fixed ones. The reader's policy stands where it does by
    default, so that printed commands need not name it."""
    text = text.replace(f"-c {site.daemon.policy} ", "")
    for name, port in {**site.dovecot.ports, **site.ports}.items():
        text = re.sub(rf"\b{port}\b", str(PORTS.get(name, port)), text)
    text = text.replace(client.source, "198.51.100.7").replace("mailwicket.conf.new", "mailwicket.conf")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-25 09:12:01", text)
    if version() == "2.4":  # Its log says no more without auth_verbose; the guide has what 2.3 says.
        text = text.replace("login failed, with TLS", "login failed: wrong password, with TLS")
    text = text.replace("since 2026-11-25", "since 2026-11-24")
    text = re.sub(r" times until (?:[0-9-]+ )?[0-9:]+", " times", text)
    return text.replace(str(site.daemon.policy.parent), "/etc/mailwicket")


def aligned(text):
    """The table's columns, whose widths depended on this run's ports and addresses, once more."""
    lines = text.splitlines()
    rows = [i for i, line in enumerate(lines) if re.match(r"(when|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) {2}", line)]
    cells = {i: re.split(r" {2,}", lines[i]) for i in rows}
    for i in rows:
        widths = [max(len(cells[other][column]) for other in rows) for column in range(3)]
        lines[i] = "  ".join([cell.ljust(width) for cell, width in zip(cells[i], widths)] + cells[i][3:])
    return "\n".join("\n".join(textwrap.wrap(line, WIDTH, break_long_words=False) or [""])
                     for line in lines)


def transcript(site, folder, act, kind):
    user = USERS.get(act, "bob")
    with Clients(site, f"127.51.100.{next(_addresses)}") as client:
        getattr(why_world, act)(client)
    words = ["why", user]
    logs = [word for log in client.logs(folder) for word in ("--log", log)]
    if kind == "explain":
        told = on_a_terminal([rig.CLI, "-c", site.daemon.policy, *words, *logs])
        words, logs = re.search(r"^to see every check: mailwicket (.*)$", told, re.M)[1].split(), []
    shown = on_a_terminal([rig.CLI, "-c", site.daemon.policy, *words, *logs])
    return aligned(same_every_time(site, client, f"$ mailwicket {' '.join(words)}\n{shown}")) + "\n"


def stands_in_guide(act, kind):
    return next(found[4] for found in BLOCK.finditer(GUIDE.read_text()) if (found[2], found[3] or "why") == (act, kind))


def write_into_guide(act, kind, text):
    GUIDE.write_text(BLOCK.sub(lambda found: found[1] + text + found[5] if (found[2], found[3] or "why") == (act, kind)
                               else found[0], GUIDE.read_text()))


@pytest.mark.parametrize("act, kind", BLOCKS, ids=["-".join(block) for block in BLOCKS])
def test_the_guide_shows_what_the_command_says(site, folder, act, kind):
    text = transcript(site, folder, act, kind)
    if os.environ.get("MAILWICKET_REFRESH"):
        write_into_guide(act, kind, text)
    assert stands_in_guide(act, kind) == text


def test_the_guide_has_every_row_of_the_table():
    assert {act for act, _ in BLOCKS} >= {"no_authentication", "no_authentication_on_25", "no_connection",
                                          "reading_without_tls", "tls_on_starttls_port", "left_at_greeting",
                                          "sending_without_tls", "mechanism", "send_as"}
