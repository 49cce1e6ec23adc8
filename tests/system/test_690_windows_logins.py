"""Active Directory's users log in as DOMAIN\\user: sync takes such a login, Dovecot and Postfix judge it, and a command
that is printed for it means that user alone."""
import imaplib
import json
import os
import subprocess

import pytest

import rig
from rig.daemon import Daemon
from rig.mailsite import PASSWORD, WORLD_POLICY, MailSite
from rig.submission_world import POLICY
from rig.login_clients import is_open
from rig.shell import Shell

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

ALICE, GONE, BJORN = "NETBIOS\\alice", "NETBIOS\\gone", "CORP\\bj\u00f6rn"
DIRECTORY = f"""\
user alice@example.test login={ALICE}
user gone@example.test login={GONE} imap=no smtp=no
user bjorn@example.test login={BJORN}
user bob@example.test login=bob
"""


@pytest.fixture(scope="module")
def site(module_folder):
    # Its passwd-file has a login in lower case, and a backslash twice (auth_request_str_escape()), so 2.4 or not.
    accounts = [name for login in (ALICE, GONE) for name in (login.lower(), login.lower().replace("\\", "\\\\"))]
    # Dovecot's default and a backslash, which at the end of a line would join the next one.
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890\\.-_@"
    made = MailSite(module_folder, WORLD_POLICY, DIRECTORY, ["bob", *accounts], protocols=("imap",))
    made.dovecot_options["extra"] = f"auth_username_chars = {allowed}\n"
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def files(folder):
    return Daemon(POLICY, "user first@example.test\n", folder, start=False)


@pytest.mark.parametrize("login", [ALICE, "netbios\\Alice", BJORN, "example.test\\o'brien", "A-B_C.D\\a.b-c_d", ".\\alice"])
def test_sync_takes_a_user_of_a_windows_domain(files, login):
    files.write(files.directory, f"user x@example.test login={login}\n")
    synced = files.cli("sync")
    assert synced.returncode == 0, synced.stderr
    for name in (login, login.upper()):
        told = json.loads(files.cli("--json", "lookup", name).stdout)
        assert told["receives"] == "x@example.test"


@pytest.mark.parametrize("login", ["\\alice", "NETBIOS\\", "\\", "\\\\", "a\\b\\c", "a\\\\b", "NETBIOS\\$(id)", "$(id)\\alice",
                                   "a\\b@example.test", "NETBIOS\\*", "NETBIOS\\a;id", 'NETBIOS\\"a"'])
def test_any_other_backslash_is_refused_where_it_stands(files, login):
    files.write(files.directory, f"user x@example.test login=bob,{login}\n")
    synced = files.cli("sync")
    assert synced.returncode == 65 and f"{files.directory}:1:31: error: " in synced.stderr, synced.stderr
    assert "quotes are no part of a name" in synced.stderr or ", or DOMAIN\\user)" in synced.stderr


@pytest.mark.parametrize("record", ["user NETBIOS\\alice", "user NETBIOS\\alice@example.test", "group a\\b",
                                    "user x@example.test address=NETBIOS\\alice", "group g member=NETBIOS\\alice"])
def test_no_address_has_a_backslash_without_quotes(files, record):
    files.write(files.directory, f"{record}\n")
    synced = files.cli("sync")
    assert synced.returncode == 65 and "no mail system needs a \\ in a name" in synced.stderr, synced.stderr


def imap(site, login):
    client = imaplib.IMAP4_SSL("127.0.0.1", site.dovecot.ports["imaps"], ssl_context=rig.client_context())
    client.login('"' + login.replace("\\", "\\\\") + '"', PASSWORD)
    return client


def refusals(site):
    return [line for line in site.dovecot.lines("mailwicket: v=1 verdict=refuse") if "gone" in line]


def wait_for_refusals(site, count):
    """Dovecot's log is written by another process than that which answers."""
    return rig.wait_for(lambda: len(refusals(site)) >= count and refusals(site), "the refusal in the log")


def test_dovecot_judges_the_login_by_the_account(site):
    imap(site, ALICE).logout()
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap(site, GONE)
    refused, *_ = wait_for_refusals(site, 1)
    assert " login=netbios\\gone " in refused and "reason=service-disabled" in refused


def test_postfix_takes_it_for_that_user_alone(site):
    with site.client() as it:
        it.log_in(ALICE, PASSWORD)
        assert it.ask("alice@example.test", "bob@example.test").startswith("250 ")
        assert it.ask("bob@example.test", "bob@example.test").startswith("550 5.7.1 ")
    line, *_ = site.daemon.logged(verdict="refuse", sender="bob@example.test")
    assert (line["login"], line["reason"]) == ("netbios\\alice", "send-as-denied")


def suspend(site, shell, *words):
    """As on a server whose doveadm is that site's."""
    done = subprocess.run([rig.CLI, "-c", site.daemon.policy, *words, "suspend", ALICE, "--all"], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "PATH": f"{shell.programs}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_suspend_prints_ends_that_users_sessions_alone(site, folder):
    shell = Shell(folder, site.dovecot)
    theirs, other = imap(site, ALICE), imap(site, "bob")
    try:
        told = json.loads(suspend(site, shell, "--json"))
        assert told["user"] == "alice@example.test" and len(told["sessions"]) == 1, told
        assert told["sessions"][0]["kick"] == told["kick"] == "doveadm kick 'netbios\\alice'"
        assert f"  {told['kick']} # imap\n" in suspend(site, shell)
        shell.paste(told["kick"])
        rig.wait_for(lambda: not is_open(theirs), "the session to end")
        assert is_open(other)
    finally:
        site.daemon.cli("resume", ALICE)


def test_why_finds_that_user_and_what_refused_it(site, folder):
    log = folder / "mail.log"
    before = len(refusals(site))
    with pytest.raises(imaplib.IMAP4.error):
        imap(site, GONE)
    wait_for_refusals(site, before + 1)
    log.write_text(site.dovecot.text())
    done = site.daemon.cli("--json", "why", GONE, "--log", log)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cause"]["id"] == "reading-refused", done.stdout
