"""mailwicket why, on the real logs of clients that were set up wrong in each way of the causes table."""
import gzip
import json
import os
import re
import subprocess
import time

import pytest

import rig
from rig import why_world
from rig.mailsite import MailSite, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.text import changed
from rig.why_world import Clients

pytestmark = pytest.mark.skipif(rig.tool("dovecot") is None or rig.tool("postfix") is None,
                                reason="needs Dovecot and Postfix")


@pytest.fixture(scope="module")
def site(module_folder):
    started = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY + "user alice@example.test address=ally@example.test\n",
                       WORLD_LOGINS + ["alice@example.test"]).start()
    yield started
    started.stop()


_addresses = iter(range(10, 250))


def provoke(site, folder, *acts):
    """The logs of a client with an address of its own, which does all that."""
    with Clients(site, f"127.51.100.{next(_addresses)}") as client:
        for act in acts:
            act(client)
    return client.logs(folder)


def command(site, user, logs, *options, json_wanted=True):
    words = [rig.CLI, "-c", site.daemon.policy, *(["--json"] if json_wanted else []), "why", user, *options]
    for log in logs:
        words += ["--log", log]
    return [str(word) for word in words]


def run(site, user, logs, *options, **more):
    return subprocess.run(command(site, user, logs, *options, **more), capture_output=True, text=True, timeout=60)


def why(site, user, logs, *options):
    done = run(site, user, logs, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def events(told, kind):
    return [event for event in told["events"] if event["kind"] == kind]


# user, what the client does, the cause, the event that shows it
CAUSES = [
    ("bob", why_world.no_authentication, "no-authentication", "refused"),
    ("bob", why_world.no_authentication_on_25, "no-authentication", "refused"),
    ("bob", why_world.no_connection, "no-connection", "silent"),
    ("bob", why_world.reading_without_tls, "reading-without-tls", "refused"),
    ("bob", why_world.tls_on_starttls_port, "tls-on-starttls-port", "tls-hello"),
    ("bob", why_world.tls_on_starttls_port_of_imap, "tls-on-starttls-port", "tls-hello"),
    ("bob", why_world.starttls_on_tls_port, "starttls-on-tls-port", "no-tls-hello"),
    ("bob", why_world.left_at_greeting, "left-at-greeting", "left-at-greeting"),
    ("bob", why_world.sending_without_tls, "sending-without-tls", "auth-not-offered"),
    ("bob", why_world.left_without_tls, "left-without-tls", "left-after-ehlo"),
    ("bob", why_world.mechanism, "mechanism", "mechanism-not-offered"),
    ("bob", why_world.send_as, "send-as", "refused"),
    ("eve", why_world.smtp_switched_off, "smtp-switched-off", "refused"),
    ("bob", why_world.wrong_password, "wrong-password", "login-failed"),
    ("bobby", why_world.login_unknown, "login-unknown", "refused"),
    ("bob", why_world.certificate, "certificate", "certificate-not-accepted"),
    ("bob", why_world.tls_too_old, "tls-too-old", "tls-too-old"),
    ("bob", why_world.all_well, "all-well", "submitted"),
]


@pytest.mark.parametrize("user, act, cause, kind", CAUSES, ids=[act.__name__ for _, act, _, _ in CAUSES])
def test_the_cause_of_each_row_is_found_in_real_logs(site, folder, user, act, cause, kind):
    told = why(site, user, provoke(site, folder, act))
    assert told["cause"]["id"] == cause, told
    assert events(told, kind), told
    assert told["cause"]["text"] and told["cause"]["fix"]


def test_a_refusal_names_the_rule_with_its_line(site, folder):
    refused = events(why(site, "bob", provoke(site, folder, why_world.send_as)), "refused")[0]
    line = site.daemon.policy.read_text().splitlines().index('connector "Client" {') + 1
    assert refused["rule_name"] == "Client" and refused["rule"] == f"mailwicket.conf:{line}"
    assert refused["sender"] == "mary@example.test" and refused["login"] == "bob"


@pytest.mark.parametrize("kind, act", [("--sending", why_world.smtp_switched_off), ("--all", why_world.smtp_switched_off)])
def test_a_suspended_user_is_the_cause_whatever_else_is_wrong(site, folder, kind, act):
    """Suspended by `mailwicket suspend`: the decision lines of Dovecot's auth process have the reason."""
    done = site.daemon.cli("suspend", "eve", kind, "--reason", "spam run")
    assert done.returncode == 0, done.stderr
    try:
        told = why(site, "eve", provoke(site, folder, act))
        assert told["cause"]["id"] == "suspended" and f"mailwicket -c {site.daemon.policy} resume" in told["cause"]["fix"], told
    finally:
        assert site.daemon.cli("resume", "eve").returncode == 0


@pytest.mark.parametrize("without", ["", "mailwicketd"])
def test_a_client_without_a_connector_is_the_policys_fault_and_not_the_users(site, folder, without):
    """The question about the sender is the first that the policy is asked."""
    elsewhere = '{ "*:$submission", "*:$submissions" } remote_ip_ranges = { "198.51.100.0/24" }'
    site.change_policy(changed(site.policy_template, ('{ "*:$submission", "*:$submissions" }', elsewhere)))
    try:
        logs = provoke(site, folder, lambda client: (client.reads("bob"), client.sends_without_login("bob@example.test")))
        told = why(site, "bob", [log for log in logs if log.stem != without])
    finally:
        site.change_policy()
    assert [cause["id"] for cause in (told["cause"], *told["also"])] == ["no-connector"], told
    assert "remote_ip_ranges" in told["cause"]["fix"] and "client is at fault" in told["cause"]["text"]
    assert len(told["events"]) == 2 and "no connector for this listener" in told["events"][1]["reply"], told


def test_the_command_it_names_explains_the_refusal(site, folder):
    told = why(site, "bob", provoke(site, folder, why_world.send_as))
    name, *words = told["cause"]["explain"].split()
    assert name == "mailwicket"
    explained = site.daemon.cli(*words)
    assert explained.returncode == 1 and "send-as" in explained.stdout


def test_a_password_in_clear_is_told(site, folder):
    told = why(site, "bob", provoke(site, folder, why_world.reading_without_tls))
    assert told["exposed"] and events(told, "refused")[0]["exposed"]
    assert "have it changed" in run(site, "bob", [folder / "dovecot.log"], json_wanted=False).stdout


def test_a_login_in_a_line_of_smtp_is_no_guess_but_an_address_is_said_to_be_one(site, folder):
    told = why(site, "bob", provoke(site, folder, why_world.no_authentication, why_world.wrong_password))
    assert [event["by_address"] for event in events(told, "refused")] == [True]
    assert not events(told, "login-failed")[0]["by_address"]
    assert any("names no user" in note for note in told["notes"])


def test_an_address_that_others_use_too_is_said_to_be_shared(site, folder):
    told = why(site, "bob", provoke(site, folder, why_world.no_authentication, lambda client: client.reads("mary")))
    assert any("Others logged in from there" in note for note in told["notes"])


def test_what_another_address_does_with_only_the_sender_is_told_with_a_mark(site, folder):
    """A mobile network, IPv6 beside IPv4: whose it is, the sender alone says, which anybody can write."""
    logs = provoke(site, folder, lambda client: client.sends_without_login("bob@example.test"))
    more = folder / "more"
    more.mkdir()
    logs += provoke(site, more, why_world.no_connection)
    told = why(site, "bob", logs)
    assert told["cause"]["id"] == "no-authentication" and "forges" in told["cause"]["text"]
    assert [(event["by_address"], event["by_sender"]) for event in events(told, "refused")] == [(True, True)]
    assert any("anybody can write" in note for note in told["notes"]) and not events(told, "silent")
    assert " ** " in run(site, "bob", logs, json_wanted=False).stdout


def test_a_refusal_is_over_once_a_message_was_accepted(site, folder):
    def gets_it_right_a_second_later(client):
        second = rig.this_second()
        rig.wait_for(lambda: rig.this_second() > second, "the next second: times in logs are seconds")
        assert client.sends("bob", "bob@example.test").startswith("250")
    told = why(site, "bob", provoke(site, folder, why_world.wrong_password, gets_it_right_a_second_later))
    assert told["cause"]["id"] == "all-well" and events(told, "login-failed"), told


def test_equal_events_are_told_once_with_their_number(site, folder):
    logs = provoke(site, folder, *[lambda client: client.reads("bob")] * 4)
    told = why(site, "bob", logs)
    assert [(event["kind"], event["count"]) for event in told["events"]] == [("logged-in", 4)]


@pytest.mark.parametrize("user", ["bob", "BOB@example.test", "bob+list@example.test"])
def test_a_user_is_found_by_every_name_of_the_directory(site, folder, user):
    told = why(site, user, provoke(site, folder, why_world.send_as))
    assert told["user"] == "bob@example.test" and told["asked"] == user


def test_an_alias_is_found_too(site, folder):
    told = why(site, "ally@example.test", provoke(site, folder, lambda client: client.reads("alice@example.test")))
    assert told["user"] == "alice@example.test" and events(told, "logged-in")


def without_policy(user, logs):
    words = [rig.CLI, "--json", "why", user]
    for log in logs:
        words += ["--log", log]
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "MAILWICKET_CONFIG": "/nonexistent/mailwicket.conf"})


def test_without_a_policy_only_the_name_given_is_looked_for_and_said_so(site, folder):
    logs = provoke(site, folder, why_world.send_as)
    told = json.loads(without_policy("bob", logs).stdout)
    assert told["cause"]["id"] == "send-as"
    assert any("cannot be read, so only the name bob" in note for note in told["notes"])
    other = without_policy("bob@example.test", logs)
    assert other.returncode == 1 and "only the name" in other.stderr


# --- the forms of a log

def syslog(lines, program):
    """As Debian's rsyslog wrote it up to 11: what the programs' own files have, with Dovecot behind its tag."""
    for line in lines:
        stamp, rest = line[:15], line[16:]
        yield f"{stamp} mx dovecot: {rest.replace(': Info: ', ': ', 1)}" if program == "dovecot" else line


def iso(lines, program, offset):
    for line in syslog(lines, program):
        if re.match(r"[A-Z][a-z]{2} [ 0-9]\d ", line):
            moment = time.strptime(f"{time.localtime().tm_year} {line[:15]}", "%Y %b %d %H:%M:%S")
            line = time.strftime("%Y-%m-%dT%H:%M:%S", moment) + offset + line[15:]
        yield line


def zone(colon):
    text = time.strftime("%z")
    return text[:3] + ":" + text[3:] if colon else text


FORMS = {
    "own files": lambda lines, program: lines,
    "traditional syslog": syslog,
    "rsyslog of Debian 12": lambda lines, program: iso(lines, program, ".123456" + zone(True)),
    "journalctl -o short-iso": lambda lines, program: iso(lines, program, zone(False)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_log_tells_the_same(site, folder, form):
    logs = provoke(site, folder, why_world.no_authentication, why_world.wrong_password, why_world.reading_without_tls)
    plain = why(site, "bob", logs)["events"]
    for log in logs:
        lines = FORMS[form](log.read_text().splitlines(), log.stem)
        log.write_text("".join(line + "\n" for line in lines))
    assert why(site, "bob", logs)["events"] == plain


def test_one_file_with_everything_is_enough(site, folder):
    logs = provoke(site, folder, why_world.no_authentication)
    whole = folder / "mail.log"
    whole.write_text("".join(log.read_text() for log in logs))
    assert why(site, "bob", [whole])["cause"]["id"] == "no-authentication"
    done = subprocess.run(command(site, "bob", ["-"]), stdin=open(whole), capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["cause"]["id"] == "no-authentication"


@pytest.mark.parametrize("ending", [".1", ".1.gz"])
def test_the_log_before_rotation_is_read_too_and_said_so(site, folder, ending):
    logs = provoke(site, folder, why_world.no_authentication)
    whole = folder / "mail.log"
    text = "".join(log.read_text() for log in logs)
    rotated = whole.with_name("mail.log" + ending)
    rotated.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    whole.write_text(time.strftime("%b %e %H:%M:%S") + " mx postfix/qmgr[1]: A1: removed\n")
    told = why(site, "bob", [whole])
    assert told["cause"]["id"] == "no-authentication"
    assert any(f"{rotated} was read too" in note for note in told["notes"])


def test_lines_before_since_are_not_told(site, folder):
    logs = provoke(site, folder, why_world.no_authentication)
    before = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() - 120))
    after = time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.time() + 120))
    assert why(site, "bob", logs, "--since", before)["events"] == why(site, "bob", logs, "--since", "2m")["events"]
    assert run(site, "bob", logs, "--since", after).returncode == 1


# --- nobody can write another's story

HOSTILE = [
    "bob>, method=PLAIN, rip=198.51.100.66",
    "x, sasl_username=bob",
    "x): Password mismatch",
    "bob,198.51.100.66): Password mismatch",
    'x mailwicket: v=1 verdict=refuse reason=send-as-denied login=bob client=198.51.100.66',
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_login_name_cannot_forge_a_line_about_somebody_else(site, folder, name):
    def tries(client):
        client.enters_wrong_password(name)
        client.reads(name, password="x")
    logs = provoke(site, folder, tries)
    assert run(site, "bob", logs).returncode == 1, run(site, "bob", logs).stdout


def test_a_helo_name_or_sender_cannot_either(site, folder):
    def lies(client):
        with rig.Smtp(site.ports["smtp"], client.source) as smtp:
            smtp.command("EHLO x, sasl_username=bob")
            smtp.command('MAIL FROM:<"a]: x; sasl_username=bob, rip=1.2.3.4"@example.net>')
            smtp.command("RCPT TO:<x@example.net>")
            smtp.command("mailwicket: v=1 verdict=refuse reason=send-as-denied login=bob")
    assert run(site, "bob", provoke(site, folder, lies)).returncode == 1


def test_bytes_that_drive_a_terminal_are_escaped(site, folder):
    logs = provoke(site, folder, lambda client: client.sends("bob", "mary\x1b[31m@example.test"))
    assert "\x1b" not in run(site, "bob", logs, json_wanted=False).stdout + run(site, "\x1b[31mbob", logs).stderr


# --- what is wrong or missing

def one_line(done, code, *words):
    assert done.returncode == code, done
    assert len(done.stderr.splitlines()) == 1 and all(word in done.stderr for word in words), done.stderr


def test_wrong_or_missing_input_gets_one_line_and_its_exit_code(site, folder):
    empty = folder / "empty.log"
    empty.write_text("")
    one_line(run(site, "bob", [empty]), 1, "bob@example.test", "no line")
    one_line(run(site, "zed", [empty]), os.EX_NOUSER, "zed", "not in the directory")
    one_line(run(site, "sales@example.test", [empty]), os.EX_NOUSER, "a group")
    one_line(run(site, "bob", [folder / "none.log"]), os.EX_NOINPUT, "none.log")
    one_line(run(site, "bob", [empty], "--since", "noon"), os.EX_USAGE, "noon", "2h")
    one_line(run(site, "bob", [empty], "mary"), os.EX_USAGE, "mary")
    one_line(run(site, "", [empty]), os.EX_USAGE, "name a user")
    broken = folder / "broken.conf"
    broken.write_text("login_type = Perhaps\n")
    words = [rig.CLI, "-c", broken, "why", "bob", "--log", empty]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    assert done.returncode == os.EX_CONFIG and "broken.conf" in done.stderr


def test_a_log_that_may_not_be_read_is_said_to_be_so(site, folder):
    log = folder / "secret.log"
    log.write_text("")
    log.chmod(0o600)
    folder.chmod(0o755)
    words = command(site, "bob", [log])
    done = subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", *words], capture_output=True, text=True,
                          timeout=60)
    one_line(done, os.EX_NOPERM, "secret.log")


def test_a_log_without_smtp_lines_says_nothing_about_sending(site, folder):
    logs = provoke(site, folder, why_world.no_connection)
    assert why(site, "bob", [folder / "dovecot.log"])["cause"]["id"] == "no-smtp-lines" and logs
