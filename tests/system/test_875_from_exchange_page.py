"""The page "From Exchange": its commands, as they stand there, and the table of properties beside it."""
import os
import re
import shlex
import subprocess

import pytest

from rig.built import CLI, SOURCE
from rig.exchange_world import World
from rig.pages import blocks
from rig.processes import PATH

PROPERTIES = SOURCE / "docs" / "guides" / "exchange-properties.md"


def command_output(*arguments):
    return subprocess.run([CLI, "import", "exchange", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_page_of_properties_is_what_the_command_prints():
    text = PROPERTIES.read_text()
    assert text[text.index("\n## "):] == command_output("--properties"), \
        "write it again: mailwicket import exchange --properties, behind the first paragraphs of the page"


@pytest.fixture
def shell(tmp_path):
    """A reader's shell: the page's folders are below the test's own."""
    quoted = shlex.quote
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "mailwicket"
    program.write_text(f'#!/bin/sh\nexec {quoted(str(CLI))} -c {quoted(str(tmp_path / "mailwicket.conf"))} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "published").mkdir()

    def run(block):
        policy = tmp_path / "mailwicket.conf"
        if policy.exists() and "/published" not in policy.read_text():  # in a folder of the test's own
            policy.write_text(policy.read_text().replace("directory {\n", f'directory {{\n    path = "{tmp_path}/published"\n'))
        text = block.replace("/srv/exchange", str(tmp_path / "export")).replace("alice@example.org", "u1@example.test")
        return subprocess.run(["sh", "-e", "-c", text], capture_output=True, text=True, timeout=120, cwd=tmp_path,
                              env={**os.environ, "PATH": f"{programs}:{PATH}"})
    return run


def test_the_commands_of_the_page_publish_the_directory(tmp_path, shell):
    World(seed=9, mailboxes=80).write(tmp_path / "export")
    outputs = []
    for block in blocks("from-exchange.md"):
        if block.startswith(".\\"):
            continue  # PowerShell's
        for line in block.splitlines():
            done = shell(line)
            assert done.returncode == 0, (line, done.stdout, done.stderr)
            outputs.append(done.stdout)
    assert "published: " in "".join(outputs) and "u1@example.test" in outputs[-1]


@pytest.mark.parametrize("kind", ["server", "online"])
def test_the_exporter_asks_for_every_column_that_is_read(kind):
    """Each table that it saves has all properties that are carried over or decided, and no placeholder is left."""
    text = command_output("--exporter", kind)
    assert "{{" not in text and text.count("(") == text.count(")") and text.count("{") == text.count("}"), kind
    sections = re.split(r"\n## (\w+)\.csv\n", PROPERTIES.read_text())
    tables = dict(zip(sections[1::2], sections[2::2]))
    names = set(re.findall(r"Save-Table -Name '(\w+)'", text))
    assert names <= set(tables) and {"Mailbox", "CASMailbox", "AcceptedDomain", "DistributionGroup"} <= names
    assert ("ADPermission" in names) == (kind == "server") and ("RecipientPermission" in names) == (kind == "online")
    lists = [set(re.findall(r"'(\w+)'", found)) for found in re.findall(r"-Property ((?:'\w+', )*'\w+')", text)]
    added = {"Recipient", "Group", "Connector", "UserSid"}
    for name in names:
        wanted = set(re.findall(r"^\| (\w+)\*? \| \*\*(?:carried over|decide)\*\*", tables[name], re.M)) - added
        assert wanted in lists, (name, wanted)


def test_the_exporter_saves_every_permission_of_a_connector():
    """Get-ADPermission prints one right a row, and not all of them begin with ms-Exch-SMTP."""
    [pattern] = re.findall(r"-match '(ms-Exch-[^']*)'", command_output("--exporter", "server"))
    for right in ("SMTP-Submit", "SMTP-Accept-Any-Recipient", "Bypass-Anti-Spam", "Bypass-Message-Size-Limit", "Accept-Headers-Routing"):
        assert re.search(pattern, f"ms-Exch-{right}"), right


@pytest.mark.parametrize("kind", ["server", "online"])
def test_the_exporter_only_reads(kind):
    """Every cmdlet of Exchange in it is a Get-; the one Set- is for this session of PowerShell alone."""
    text = command_output("--exporter", kind)
    verbs = set(re.findall(r"\b(?:Add|Set|Remove|New|Enable|Disable|Import|Export|Clear|Move|Invoke|Start|Stop)-\w+", text))
    assert verbs <= {"Export-Csv", "New-Item", "New-Object"} | ({"Set-ADServerSettings"} if kind == "server" else set())


@pytest.mark.parametrize("kind", ["server", "online"])
def test_the_exporter_asks_for_everything_and_stops_where_it_gets_less(kind):
    """Cmdlets of a module do not see the script's $ErrorActionPreference, and print 1,000 rows by themselves. One that
    still prints while another is asked makes Exchange refuse that one."""
    code = "\n".join(line for line in command_output("--exporter", kind).splitlines() if not line.startswith("#"))
    calls = re.findall(r"(?<!function )\bGet-(?!Sid\b)\w+[^|;)}\n]*", code)
    assert len(calls) >= 15 and all("-ErrorAction Stop" in call for call in calls), calls
    whole = {"Get-ADPermission", "Get-AcceptedDomain", "Get-TransportConfig", "Get-ReceiveConnector", "Get-ExchangeServer",
             "Get-ImapSettings", "Get-PopSettings"}
    assert all("-ResultSize Unlimited" in call for call in calls if call.split()[0] not in whole), calls
    assert not re.findall(r"^Get-\w+[^|\n]*\| ForEach-Object", code, re.M)
