"""A stolen account whose sending is suspended, and Sieve: no new script, and the commands that end the old one."""
import json
import os
import select
import subprocess

import pytest

import rig
from rig.dovecot import has_protocol, version
from rig.login_clients import client
from rig.login_site import PASSWORD, LoginSite
from rig.shell import Shell

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
              pytest.mark.skipif(not has_protocol("sieve"), reason="no ManageSieve on this machine")]


DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary,maria
"""
SIEVE = "sieve" if version() == "2.3" else "managesieve"  # as doveadm who calls it
SCRIPT = 'redirect "thief@example.net";\r\n'


@pytest.fixture(scope="module")
def site():
    made = LoginSite(protocols=["imap", "pop3", "sieve"], users=["bob", "mary", "maria", "mary@example.test"])
    made.files.write_directory(DIRECTORY)
    with made:
        yield made


def sieve_reply(site, login, password, way="plain"):
    with client("sieve", site.ports, how="starttls") as it:
        getattr(it, way)(login, password)
        return it.last


@pytest.mark.parametrize("kind", ["--sending", "--all"])
@pytest.mark.parametrize("way", ["plain", "plain_in_two_steps", "scram", "cram_md5"])
def test_who_is_suspended_from_sending_puts_no_script_in_place(site, kind, way):
    assert sieve_reply(site, "mary", PASSWORD, way).startswith("OK")
    assert site.files.cli("suspend", "mary", kind).returncode == 0
    try:
        assert sieve_reply(site, "mary", PASSWORD, way) == sieve_reply(site, "bob", "wrong", way)
        assert site.log_in("imap", "mary") == (kind == "--sending")
        reason = "sending-suspended" if kind == "--sending" else "login-suspended"
        assert site.decided(login="mary", protocol="sieve", reason=reason)
    finally:
        assert site.files.cli("resume", "mary").returncode == 0
    assert sieve_reply(site, "mary", PASSWORD, way).startswith("OK")


# --- what is open, and what is active

def logged_in(site, protocol, login):
    made = client(protocol, site.ports, how="starttls" if protocol == "sieve" else "implicit")
    assert made.plain(login, PASSWORD) == "ok", made.last
    return made


def put_script(site, login):
    with logged_in(site, "sieve", login) as sieve:
        assert sieve.ask(f'PUTSCRIPT "evil" {{{len(SCRIPT)}+}}\r\n{SCRIPT}') == "ok", sieve.last
        assert sieve.ask('SETACTIVE "evil"') == "ok", sieve.last


def is_open(session):
    """One that was ended has something to read: BYE, or its end."""
    return not select.select([session.socket], [], [], 0)[0]


def told(site, shell, *words, json_too=True):
    options = ["--json"] if json_too else []
    done = subprocess.run([rig.CLI, "-c", site.files.policy, *options, "suspend", *words], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "PATH": f"{shell.programs}:{rig.PATH}"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if json_too else done.stdout


@pytest.fixture
def shell(site, folder):
    made = Shell(folder, site.dovecot)
    yield made
    site.files.cli("resume", "mary")


@pytest.mark.parametrize("kind", ["--sending", "--all"])
def test_the_commands_end_what_is_open_under_the_names_that_logged_in(site, shell, kind):
    """Asked for by the address: two names of hers are logged in, one of them twice, and somebody else."""
    theirs = [logged_in(site, "imap", "mary"), logged_in(site, "sieve", "mary"), logged_in(site, "imap", "maria")]
    other = logged_in(site, "imap", "bob")
    answer = told(site, shell, "mary@example.test", kind)
    open_there = {one["login"]: set(one["services"]) for one in answer["sessions"]}
    assert open_there == {"mary": {"imap", SIEVE}, "maria": {"imap"}}
    text = told(site, shell, "mary@example.test", kind, json_too=False)
    commands = [line.strip().partition(" # ")[0] for line in text.splitlines() if line.startswith("  doveadm kick ")]
    assert sorted(commands) == ["doveadm kick maria", "doveadm kick mary"]
    assert sorted(one["kick"] for one in answer["sessions"]) == sorted(commands)
    assert answer["kick"] in commands
    assert all(map(is_open, theirs))
    for command in commands:
        shell.paste(command)
    rig.wait_for(lambda: not any(map(is_open, theirs)), "her sessions to end")
    assert is_open(other)
    for one in (*theirs, other):
        one.close()
    rig.wait_for(lambda: told(site, shell, "mary", kind)["sessions"] == [], "nobody of hers to be logged in")
    assert "No session of this user is open" in told(site, shell, "mary", kind, json_too=False)


def test_the_command_takes_the_active_script_out_of_use(site, shell):
    put_script(site, "mary")
    listed = shell.paste("doveadm sieve list -u mary")
    assert "evil ACTIVE" in listed
    text = told(site, shell, "mary", "--sending", json_too=False)
    commands = [line.strip() for line in text.splitlines() if line.startswith("  doveadm sieve deactivate ")]
    assert commands == ["doveadm sieve deactivate -u mary"]
    assert told(site, shell, "mary", "--sending")["deactivate"] == commands[0]
    shell.paste(commands[0])
    listed = shell.paste("doveadm sieve list -u mary")
    assert "evil" in listed and "ACTIVE" not in listed


def test_where_dovecot_cannot_be_asked_the_name_that_was_given_is_used(site, shell):
    shell.write("doveadm", "exit 75")
    answer = told(site, shell, "mary", "--sending")
    assert answer["sessions"] is None
    assert (answer["kick"], answer["deactivate"]) == ("doveadm kick mary", "doveadm sieve deactivate -u mary")
    text = told(site, shell, "mary", "--sending", json_too=False)
    assert "  doveadm kick mary # " in text and "  doveadm sieve deactivate -u mary\n" in text
