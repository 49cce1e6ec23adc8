"""Commands that Mailwicket prints are pasted into a root shell: whatever stands in a name, it stays one word, and no
command hits anybody else. A shell of the test takes them as an administrator does."""
import imaplib
import json
import os
import re
import shlex
import subprocess

import pytest

import rig
from rig.checked import Checked
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, version
from rig.follower import Follower
from rig.login_clients import is_open
from rig.shell import Shell
from rig.submission_world import POLICY

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

ODD = ["a&touch pwned&@example.test", "$(touch pwned)", "`touch pwned`", "x;touch pwned", "o'touch pwned'o", "-x", "a b"]
USER = "a&touch-pwned&@example.test"


@pytest.fixture
def shell(folder):
    return Shell(folder)


def imap(dovecot, login):
    client = imaplib.IMAP4_SSL("127.0.0.1", dovecot.ports["imaps"], ssl_context=rig.client_context())
    client.login(login, "secret")
    return client


def test_the_printed_kick_ends_that_users_sessions_alone(folder):
    users = {USER: "secret", "bob@example.test": "secret"}
    site = Daemon(POLICY, f"user {USER}\nuser bob@example.test\n", folder, start=False)
    with PrivateDovecot(folder, policy=site.policy, users=users, modules=False, protocols=("imap",),
                        extra="auth_username_chars =\n") as dovecot:
        shell = Shell(folder, dovecot)
        theirs, other = imap(dovecot, USER), imap(dovecot, "bob@example.test")
        told = json.loads(site.cli("--json", "suspend", USER, "--all").stdout)
        shell.paste(told["kick"])
        rig.wait_for(lambda: not is_open(theirs), "the session to end")
        assert is_open(other)
        assert told["kick"] in site.cli("suspend", USER, "--all").stdout


@pytest.mark.parametrize("name", ["b*", "b?b", "127.0.0.1", "0/0"])
def test_a_name_that_doveadm_takes_for_others_is_no_command(folder, name):
    """Refused by sync, or suspended without a command that would end the sessions of others."""
    site = Daemon(POLICY, None, folder, start=False)
    site.write(site.directory, f"user mary@example.test login={name}\nuser bob@example.test login=bob\n")
    synced = site.cli("sync")
    if synced.returncode == 65:
        assert f"{site.directory}:1:" in synced.stderr and name in synced.stderr
        return
    assert synced.returncode == 0, synced.stderr
    told = json.loads(site.cli("--json", "suspend", name, "--all").stdout)
    assert told["kick"] is None
    assert "doveadm kick " + name not in site.cli("suspend", name, "--all").stdout


def suspended(folder):
    site = Daemon(POLICY, f"user {USER} login=a\n", folder, start=False)
    assert site.cli("suspend", USER, "--all").returncode == 0
    return site


def test_the_fix_of_explain_resumes_that_user(folder, shell):
    site = suspended(folder)
    told = json.loads(site.cli("--json", "explain", "imap", "--tls", "TLSv1.3", "--login", USER).stdout)
    fix = told["decisions"][-1]["fix"]
    assert shell.words(fix.partition(", then: ")[2]) == ["resume", USER]
    assert shell.words(re.search(r"\((mailwicket \S+ \S+ lookup .*?)\), have", fix)[1]) == ["lookup", USER]
    assert fix in site.cli("explain", "imap", "--tls", "TLSv1.3", "--login", USER).stdout


def test_the_commands_about_a_suspended_user_who_is_gone_are_about_that_user(folder, shell):
    site = suspended(folder)
    site.write(site.directory, "user bob@example.test\n")
    synced = site.cli("sync")
    assert synced.returncode == 0, synced
    assert shell.words(re.search(r"if not: (mailwicket .*)", synced.stderr)[1]) == ["resume", USER]
    told = json.loads(site.cli("--json", "status", "--log", "/dev/null", "--dovecot-config", folder / "none").stdout)
    fix, = [problem["fix"] for problem in told["problems"] if "is suspended" in problem["text"]]
    assert shell.words(fix) == ["resume", USER]


def test_what_sync_follow_says_names_its_policy_too(folder, shell):
    site = suspended(folder)
    site.write(site.directory, "user bob@example.test\n")
    with Follower(site) as follower:
        line, = follower.wait_log("if not: mailwicket ")
    assert shell.words(re.search(r"if not: (mailwicket .*)", line)[1]) == ["resume", USER]


def test_the_command_about_a_login_name_that_another_has_now_is_about_the_suspended_user(folder, shell):
    site = suspended(folder)
    site.write(site.directory, "user bob@example.test login=a\n")
    synced = site.cli("sync")
    assert synced.returncode == 0, synced
    assert shell.words(re.search(r"another person: (mailwicket .*)", synced.stderr)[1]) == ["resume", USER]


@pytest.mark.parametrize("command", [["lookup", "bob"], ["suspend", "bob", "--all"], ["client-settings", "bob"],
                                     ["explain", "imap", "--tls", "TLSv1.3", "--login", "bob"]])
def test_where_nothing_is_published_the_command_is_told_once(folder, shell, command):
    site = Daemon(POLICY, "user bob@example.test login=bob\n", folder, start=False)
    (site.published / "snapshot.mdb").unlink()
    told = site.cli(*command)
    told = told.stdout + told.stderr
    assert told.count("No such file") == 1
    assert [shell.words(found) for found in re.findall(r"mailwicket [^;)\n]*?sync\b", told)] == [["sync"]], told


def decision(**fields):
    facts = {"mode": "enforce", "stage": "RCPT", "protocol": "smtp", "connector": "Client", "client": "192.0.2.7",
             "listener": "203.0.113.1:587", "tls": "TLSv1.3", "mechanism": "PLAIN", **fields}
    quoted = " ".join(f'{key}="{value}"' if re.search(r"[^\w.:-]", value) else f"{key}={value}"
                      for key, value in facts.items())
    return f"2026-11-25T09:12:01+0000 mx mailwicketd[4711]: mailwicket: v=1 verdict=refuse {quoted} instance=1.2\n"


def cause(site, folder, user, line):
    log = folder / "mail.log"
    log.write_text(line)
    done = site.cli("--json", "why", user, "--log", log, "--since", "2026-11-01")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["cause"]


def test_the_fix_of_why_resumes_that_user(folder, shell):
    found = cause(suspended(folder), folder, USER, decision(reason="login-suspended", login=USER))
    assert found["id"] == "suspended"
    assert shell.words(found["fix"].partition("; then: ")[2]) == ["resume", USER]


@pytest.mark.parametrize("name", ODD)
def test_the_command_that_why_names_explains_what_the_client_sent(folder, shell, name):
    """Senders and logins in a log were chosen by whoever connected."""
    site = Daemon(POLICY, "user bob@example.test login=bob\n", folder, start=False)
    found = cause(site, folder, "bob", decision(reason="send-as-denied", login="bob", sender=name, recipient=name))
    words = shell.words(found["explain"])
    assert words[:2] == ["explain", "smtp"]
    given = dict(zip(words[2::2], words[3::2]))
    assert (given["--login"], given["--sender"], given["--recipient"]) == ("bob", name, name)
    explained = site.cli(*words)
    assert explained.returncode in (0, 1), explained.stderr


def test_bytes_that_would_move_a_terminal_are_escaped(folder, shell):
    site = Daemon(POLICY, "user bob@example.test login=bob\n", folder, start=False)
    found = cause(site, folder, "bob", decision(reason="send-as-denied", login="bob", sender=r"\x1b[2J$(touch pwned)@d"))
    assert "\x1b" not in found["explain"]
    words = shell.words(found["explain"], "bash")
    assert words[words.index("--sender") + 1] == "\x1b[2J$(touch pwned)@d"


def test_file_names_in_fixes_are_quoted(folder):
    """The folder of mailwicketd's socket, its name chosen badly."""
    site = Checked(folder)
    try:
        shell, badly = Shell(folder), site.postfix.queue / "mail'wicket&"
        badly.mkdir()
        socket = badly / "policy"
        socket.write_text("no socket\n")
        badly.chmod(0o777)
        site.daemon.write(site.daemon.policy, site.daemon.policy.read_text().replace(str(site.postfix.policy_socket), str(socket)))
        site.configure(main=f"multi_instance_directories = {folder}/a;rm&{badly.name}\n",
                       replaced=[(f"unix:{site.postfix.policy_socket}", f"unix:{socket}")])
        for finding in site.check_postfix()[1]:
            if finding["setting"] == "multi_instance_directories":
                assert shlex.split(finding["fix"])[-1] == f"{folder}/a;rm&{badly.name}"
            if finding["file"] in (str(badly), str(socket)):
                shell.paste(finding["fix"].replace("systemctl restart", ":"))
        assert "multi_instance_directories" in [finding["setting"] for finding in site.check_postfix()[1]]
        assert not socket.exists() and badly.stat().st_mode & 0o777 == 0o775
    finally:
        site.daemon.kill()


def test_commands_name_the_policy_file_of_the_command_that_prints_them(folder, shell):
    """Of another policy file than the usual one, whatever its name; with the usual one they say nothing of it."""
    odd = folder / "it's odd"
    odd.mkdir()
    site = suspended(odd)
    told = site.cli("explain", "imap", "--tls", "TLSv1.3", "--login", USER).stdout
    command = re.search(r"then: (mailwicket .*)", told)[1]
    assert shell.paste(command).split("\0")[:-1] == ["-c", str(site.policy), "resume", USER]
    usual = subprocess.run([rig.CLI, "explain", "imap", "--tls", "TLSv1.3", "--login", USER], capture_output=True, text=True,
                           timeout=60, check=False, env={**os.environ, "MAILWICKET_CONFIG": str(site.policy)})
    assert re.search(r"then: (mailwicket .*)", usual.stdout)[1].startswith("mailwicket resume "), usual
