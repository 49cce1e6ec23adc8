"""mailwicket replay: what a real mail site decided, taken again under the same policy and under others."""
import collections
import gzip
import imaplib
import json
import os
import re
import shutil
import ssl
import subprocess

import pytest

import rig
from rig.daemon import parse_decision
from rig.mailsite import PASSWORD, MailSite

BOB, MARY, EVE, REMOTE = "bob@example.test", "mary@example.test", "eve@example.test", "someone@remote.test"
ALIAS = "robert@example.test"

DIRECTORY = """\
user bob@example.test login=bob address=robert@example.test
user mary@example.test login=mary
user eve@example.test login=eve smtp=no
"""
POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
aliases_grant_send_as = $aliases
accepted_domain "example.test" { type = Authoritative }
login "imap" {
    protocols = { imap }
    tls_min_version = "$minimum"
}
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers, ExchangeUsers }
}
connector "Client" {
    bindings = { "*:$submission", "*:$submissions" }
    permission_groups = { ExchangeUsers }
    mode = $mode
}
"""
UNCHANGED = {"aliases": "yes", "minimum": "TLSv1.2", "mode": "enforce"}


class World:
    """The site's files once its servers have written the log."""

    def __init__(self, site, log):
        self.site, self.log, self.folder = site, log, site.folder
        self.decisions = [parse_decision(line) for line in log.read_text().splitlines() if "mailwicket: v=1 " in line]

    def policy(self, **changes):
        text = self.site.policy_text(POLICY.replace("$aliases", "@aliases").replace("$minimum", "@minimum")
                                     .replace("$mode", "@mode"))
        for name, value in {**UNCHANGED, **changes}.items():
            text = text.replace("@" + name, value)
        path = self.folder / "new.conf"
        path.write_text(self.site.daemon.complete(text))
        path.chmod(0o644)
        return path

    def directory(self, text):
        path = self.folder / "new-directory"
        path.write_text(text)
        path.chmod(0o644)
        return path

    def replay(self, *words, log=None, policy=None, **popen):
        return subprocess.run([rig.CLI, "replay", log or self.log, "--policy", policy or self.policy(), *words],
                              capture_output=True, text=True, timeout=60, **popen)

    def rows(self, *words, **changes):
        """Exit code, sums and rows {(change, login, client, decision, sender, before, after, rule's name): count}."""
        result = self.replay("--json", *words, policy=self.policy(**changes))
        assert result.returncode in (0, 1), result.stderr
        told = json.loads(result.stdout)
        rows = {}
        for row in told["rows"]:
            key = (row["change"], row["login"], row["client"], f'{row["protocol"]} {row["decision"]}', row["sender"],
                   row["before"]["reason"], row["after"]["reason"], row["rule"].split(" ")[0])
            assert key not in rows
            rows[key] = row["count"]
        return result.returncode, told, rows

    def count(self, **fields):
        """Decisions in the log with these fields; None: without the field."""
        return sum(all(one.get(key) == value for key, value in fields.items()) for one in self.decisions)


def speak(site):
    """What users do: read mail, write as themselves and as an alias; one may not, and a stranger writes to Bob."""
    context = rig.client_context(maximum=ssl.TLSVersion.TLSv1_2)
    for login in ("bob", "mary"):
        client = imaplib.IMAP4_SSL("127.0.0.1", site.dovecot.ports["imaps"], ssl_context=context)
        client.login(login, PASSWORD)
        client.logout()
    for login, sender in (("bob", BOB), ("bob", ALIAS), ("mary", MARY), ("mary", "")):
        with site.client("submission", login=login) as smtp:
            assert smtp.deliver(sender, [BOB, REMOTE]).startswith("250")
    with site.client("submissions", login="mary", source="127.0.0.9") as smtp:
        assert smtp.ask(BOB, MARY).startswith("550")
    with site.client("submission") as smtp:
        assert "535" in smtp.plain("eve", PASSWORD)
    with site.client("smtp") as smtp:
        assert smtp.deliver(REMOTE, [BOB]).startswith("250")


@pytest.fixture(scope="module")
def world():
    if rig.needs_postfix() is not None:
        pytest.skip(rig.needs_postfix())
    folder = rig.make_folder("replay")
    template = POLICY
    for name, value in UNCHANGED.items():
        template = template.replace("$" + name, value)
    site = MailSite(folder, template, DIRECTORY, ["bob", "mary", "eve"])
    try:
        site.start()
        speak(site)
        log = folder / "mail.log"
        site.stop()
        site.dovecot.wait_ended()
        log.write_text(site.daemon.text() + site.dovecot.text() + site.postfix.text())
        yield World(site, log)
    finally:
        site.stop()
        rig.remove_folder(folder)


def test_the_servers_log_every_kind_of_decision_permitted_ones_too(world):
    told = collections.Counter((one["protocol"], one["decision"], one["verdict"]) for one in world.decisions)
    assert {("imap", "login", "permit"), ("imap", "account", "permit"), ("smtp", "account", "permit"),
            ("smtp", "account", "refuse"), ("smtp", "submission", "permit"), ("smtp", "submission", "refuse")} == set(told)
    ended = [one for one in world.decisions if one.get("stage") == "END-OF-MESSAGE"]
    assert ended and all(int(one["size"]) > 0 and one["recipient_count"] in "12" for one in ended)
    assert any(one.get("context") == "relay" for one in world.decisions)
    assert {one["tls_origin"] for one in world.decisions if one["decision"] == "login"} == {"implicit"}


def test_under_the_same_policy_nothing_changes(world):
    code, told, rows = world.rows()
    assert (code, rows) == (0, {})
    assert told["unchanged"] == told["decisions"] == len(world.decisions) >= 25
    assert told["not_decided"] == {"old": 0, "cut": 0, "damaged": 0}


def test_a_policy_without_aliases_newly_refuses_exactly_the_alias(world):
    code, told, rows = world.rows(aliases="no")
    assert code == 1
    count = world.count(sender=ALIAS)
    assert count == 3  # two recipients and the end of the message
    assert rows == {("newly-refused", "bob", "127.0.0.1", "smtp submission", ALIAS, "permitted", "send-as-denied",
                     "Client"): count}
    assert (told["newly_refused"], told["unchanged"]) == (count, len(world.decisions) - count)


def test_in_audit_mode_the_alias_would_be_refused_and_refusals_become_permits(world):
    code, _, rows = world.rows(aliases="no", mode="audit")
    forged = world.count(login="mary", sender=BOB)
    eve = world.count(login="eve", verdict="refuse")
    assert code == 1
    assert rows == {
        ("newly-audited", "bob", "127.0.0.1", "smtp submission", ALIAS, "permitted", "send-as-denied", "Client"):
            world.count(sender=ALIAS),
        ("newly-permitted", "mary", "127.0.0.9", "smtp submission", BOB, "send-as-denied", "send-as-denied", "Client"):
            forged,
        ("newly-permitted", "eve", "127.0.0.1", "smtp account", "", "smtp-disabled", "smtp-disabled", "Client"): eve,
    }


def test_a_higher_tls_version_refuses_the_logins_that_were_below_it(world):
    code, _, rows = world.rows(minimum="TLSv1.3")
    assert code == 1
    assert rows == {("newly-refused", login, "127.0.0.1", "imap login", "", "permitted", "login-without-tls", "imap"):
                    world.count(login=login, protocol="imap", decision="login") for login in ("bob", "mary")}


def test_another_directory_changes_who_may_send(world):
    text = DIRECTORY.replace("login=eve smtp=no", "login=eve").replace("login=mary", "login=mary smtp=no")
    code, told, rows = world.rows("--directory", world.directory(text))
    assert code == 1
    here = {"login": "mary", "client": "127.0.0.1"}
    there = {"login": "mary", "client": "127.0.0.9"}
    mary = ("newly-refused", "mary", "127.0.0.1")
    assert rows == {
        (*mary, "smtp submission", "", "permitted", "smtp-disabled", "Client"): world.count(decision="submission", **here),
        # Dovecot's auth process is not told the port: the first connector that could be meant.
        (*mary, "smtp account", "", "permitted", "smtp-disabled", "Default"):
            world.count(decision="account", protocol="smtp", **here),
        ("newly-refused", "mary", "127.0.0.9", "smtp account", "", "permitted", "smtp-disabled", "Default"):
            world.count(decision="account", protocol="smtp", **there),
        ("other-reason", "mary", "127.0.0.9", "smtp submission", BOB, "send-as-denied", "smtp-disabled", "Client"):
            world.count(decision="submission", **there),
        ("newly-permitted", "eve", "127.0.0.1", "smtp account", "", "smtp-disabled", "permitted", "Default"):
            world.count(login="eve"),
    }
    assert told["newly_refused"] + told["newly_permitted"] + told["other_reason"] + told["unchanged"] == told["decisions"]


def test_gzip_standard_input_and_the_journal_give_the_same_answer(world):
    wanted = world.replay().stdout
    packed = world.folder / "mail.log.1.gz"
    packed.write_bytes(gzip.compress(world.log.read_bytes()))
    assert world.replay(log=packed).stdout == wanted
    with open(world.log, "rb") as log:
        assert world.replay(log="-", stdin=log).stdout == wanted
    tools = world.folder / "tools"
    tools.mkdir()
    (tools / "journalctl").write_text(f"#!/bin/sh\ncat {world.log}\n")
    (tools / "journalctl").chmod(0o755)
    assert world.replay(log="journal", env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}).stdout == wanted
    twice = world.replay(packed)
    assert f"{2 * len(world.decisions)} decisions taken again" in twice.stdout


def test_rows_are_lines_of_cells_and_the_limit_is_kept(world):
    result = world.replay("--limit", "1", "--directory", world.directory("user nobody@example.test\n"))
    first, more, sums = result.stdout.splitlines()
    assert re.fullmatch(r"newly-refused\t\d+\t\w+\t127\.0\.0\.1\t\w+ \w+\t\S+\tpermitted\tunknown-login\t"
                        r"\S+ \(new\.conf:\d+\)", first), first
    assert re.fullmatch(r"and \d+ more rows", more)
    assert sums.startswith(f"{len(world.decisions)} decisions taken again: ")
    assert world.replay("--limit", "0", policy=world.policy(aliases="no")).stdout.count("\n") == 1


# --- logs made by hand: what a line must be, and what is said of the rest

LINE = ("v=1 verdict=permit reason=permitted mode=enforce protocol=smtp stage=RCPT connector=Client login=bob "
        "sender=bob@example.test recipient=x@remote.test client=192.0.2.7 port=587 tls=TLSv1.3 bits=256 mechanism=PLAIN "
        "decision=submission tls_origin=starttls rule=mailwicket.conf:3")
SMALL = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" {}
connector "Client" {
    bindings = { "*:587" }
    permission_groups = { ExchangeUsers }
    mode = audit
    audit_until = "2026-11-20"
}
"""


class Small:
    def __init__(self, folder):
        self.folder, self.log = folder, folder / "log"
        self.policy, self.users = folder / "mailwicket.conf", folder / "directory"
        self.write(self.policy, SMALL + f'directory {{ path = "{folder}/published" }}\n')
        self.write(self.users, "user bob@example.test login=bob\n")

    @staticmethod
    def write(path, text):
        path.write_text(text)
        path.chmod(0o644)

    def run(self, *words, lines=None, directory=True):
        if lines is not None:
            self.write(self.log, "".join(line + "\n" for line in lines))
        more = ["--directory", self.users] if directory else []
        return subprocess.run([rig.CLI, "-c", self.policy, "replay", *words, *more], capture_output=True, text=True,
                              timeout=60)

    def told(self, *words, lines):
        result = self.run(self.log, "--json", *words, lines=lines)
        assert result.returncode in (0, 1), result.stderr
        return json.loads(result.stdout)


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)


STAMPS = ["2026-11-24T10:00:00.123456+00:00 mx mailwicketd[7]: ", "Nov 24 10:00:00 mx mailwicketd[7]: ",
          "2026-11-24T10:00:00+0000 mx mailwicketd[7]: ", "Nov 24 10:00:00 mx dovecot: auth: ",
          "Nov 24 10:00:00 imap-login: Info: ", "2026-11-24 10:00:00 auth: Info: ", ""]


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_decision_is_found_behind_every_logs_stamp(small, stamp):
    assert small.told(lines=[f"{stamp}mailwicket: {LINE}"])["unchanged"] == 1


@pytest.mark.parametrize("line", [
    "Nov 24 10:00:00 mx postfix/smtpd[9]: NOQUEUE: reject: helo=<mailwicket: LINE>",
    "Nov 24 10:00:00 mx postfix/cleanup[9]: mailwicket: LINE",
    "Nov 24 10:00:00 mx dovecot: imap(bob)<1><2>: mailwicket: LINE",
    "Nov 24 10:00:00 mx dovecot: auth: passwd-file(x,192.0.2.7): mailwicket: LINE",
    "Nov 24 10:00:00 mx mailwicketd[7]: connection closed: mailwicket: LINE",
    "xmailwicket: LINE",
    "Nov 24 10:00:00 mx webapp[77]: 2026-11-24 10:00:00,123 mx mailwicketd[1]: mailwicket: LINE",
    "Nov 24 10:00:00 mx webapp[77]: 2026-11-24T10:00:00Z WARNING mailwicketd: mailwicket: LINE",
])
def test_words_of_a_client_in_other_lines_are_no_decision(small, line):
    told = small.told(lines=[f"mailwicket: {LINE}", line.replace("LINE", LINE)])
    assert told["decisions"] == 1


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_no_break_space_that_a_client_chose_is_a_part_of_the_address(small, stamp):
    """A blank in its place would end the value: the line would be damaged."""
    assert "recipient=" in LINE
    told = small.told(lines=[f"{stamp}mailwicket: " + LINE.replace("recipient=", "recipient=x\u00a0")])
    assert told["decisions"] == 1 and told["not_decided"] == {"old": 0, "cut": 0, "damaged": 0}, told


def test_what_cannot_be_taken_again_is_counted_by_its_cause(small):
    told = small.told(lines=[f"mailwicket: {LINE}", "mailwicket: " + LINE.replace("decision=submission ", ""),
                             "mailwicket: " + LINE.replace(" rule=", " cut=sender rule="), "mailwicket: " + LINE[:LINE.index("s_origin")],
                             "mailwicket: " + LINE[:LINE.index(" rule=")]])
    assert told["decisions"] == 5 and told["unchanged"] == 1
    assert told["not_decided"] == {"old": 1, "cut": 1, "damaged": 2}
    text = small.run(small.log).stdout
    assert "4 cannot be taken again: 1 of a version that did not log all facts, 1 with a value too long for the log, " \
        "2 damaged\n" in text


@pytest.mark.parametrize("zone", ["UTC0", "EAST-14", "WEST12"])
def test_an_audit_that_ended_is_judged_by_the_day_of_the_line(small, zone, monkeypatch):
    """The day in UTC, where the servers' days begin, whoever reads the log."""
    monkeypatch.setenv("TZ", zone)
    forged = LINE.replace("sender=bob@", "sender=mary@")
    told = small.told(lines=[f"2026-11-20T12:00:00Z mx mailwicketd[7]: mailwicket: {forged}",
                             f"2026-11-21T01:00:00Z mx mailwicketd[7]: mailwicket: {forged}"])
    assert (told["newly_audited"], told["newly_refused"]) == (1, 1)


def test_since_passes_over_earlier_lines(small):
    lines = [f"2026-11-{day:02d}T12:00:00 mx mailwicketd[7]: mailwicket: {LINE}" for day in range(10, 20)]
    assert small.told("--since", "2026-11-18", lines=lines)["decisions"] == 2
    assert small.told("--since", "2026-11-15 12:00", lines=lines)["decisions"] == 5
    result = small.run(small.log, "--since", "2026-11-20")
    assert result.returncode == os.EX_DATAERR and re.search(r"no decision line in \S+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d; ", result.stderr)


def test_a_log_of_refusals_alone_is_said_to_be_one(small):
    refused = LINE.replace("verdict=permit reason=permitted", "verdict=refuse reason=unknown-login")
    result = small.run(small.log, lines=["mailwicket: " + refused])
    assert "decisions = all" in result.stderr and result.stderr.count("\n") == 1
    assert result.returncode == 1 and "1 newly permitted" in result.stdout


def test_a_name_in_the_log_cannot_drive_the_terminal(small):
    line = LINE.replace("login=bob", 'login="\\x1b[2Jbob"')
    result = small.run(small.log, lines=["mailwicket: " + line])
    assert result.returncode == 1 and "\x1b" not in result.stdout and "\\x1b[2Jbob" in result.stdout


@pytest.mark.parametrize("words, code, said", [
    ([], os.EX_USAGE, "name a log"),
    (["LOG", "--limit", "many"], os.EX_USAGE, "--limit many"),
    (["LOG", "--since", "yesterday"], os.EX_USAGE, "--since yesterday"),
    (["LOG", "--fast"], os.EX_USAGE, "unknown option --fast"),
    (["/nonexistent/log"], os.EX_NOINPUT, "/nonexistent/log: No such file"),
    (["LOG", "/nonexistent/log"], os.EX_NOINPUT, "/nonexistent/log: No such file"),
    (["FOLDER"], os.EX_NOINPUT, "a folder"),
    (["EMPTY"], os.EX_DATAERR, "no decision line"),
    (["LZ4"], os.EX_DATAERR, "compressed with lz4"),
    (["CUT.gz"], os.EX_DATAERR, "damaged or incomplete gzip data"),
    (["LOG", "--policy", "/nonexistent/policy"], os.EX_CONFIG, "/nonexistent/policy"),
])
def test_wrong_or_missing_input_is_one_line_and_an_exit_code(small, words, code, said):
    small.write(small.log, f"mailwicket: {LINE}\n")
    (small.folder / "empty").write_text("Nov 24 10:00:00 mx postfix/smtpd[9]: connect from x[192.0.2.7]\n")
    (small.folder / "lz4").write_bytes(b"\x04\x22\x4d\x18" + bytes(20))
    (small.folder / "cut.gz").write_bytes(gzip.compress(small.log.read_bytes())[:-6])
    names = {"LOG": small.log, "FOLDER": small.folder, "EMPTY": small.folder / "empty", "LZ4": small.folder / "lz4",
             "CUT.gz": small.folder / "cut.gz"}
    result = small.run(*[names.get(word, word) for word in words])
    assert result.returncode == code, result.stderr
    assert result.stdout == "" and said in result.stderr and result.stderr.count("\n") == 1


def test_a_directory_that_is_missing_or_wrong_is_named(small):
    small.write(small.log, f"mailwicket: {LINE}\n")
    result = small.run(small.log, directory=False)
    assert result.returncode == os.EX_TEMPFAIL and " sync, or name one with" in result.stderr and result.stdout == ""
    small.write(small.users, "user bob@example.test\nuser bob@example.test\n")
    result = small.run(small.log)
    assert result.returncode == os.EX_DATAERR and f"{small.users}:2" in result.stderr
    small.users.unlink()
    result = small.run(small.log)
    assert result.returncode == os.EX_NOINPUT and str(small.users) in result.stderr


def test_without_a_decision_that_asks_the_directory_none_is_needed(small):
    line = ("v=1 verdict=permit reason=permitted mode=enforce protocol=imap login=bob client=192.0.2.7 port=993 "
            "tls=TLSv1.3 bits=256 mechanism=PLAIN decision=login tls_origin=implicit rule=built-in")
    result = small.run(small.log, lines=["mailwicket: " + line], directory=False)
    assert result.returncode == 0, result.stderr


def test_many_made_up_names_are_bounded_and_the_sums_are_true(small):
    """An attacker's hundred thousand names cannot fill the memory."""
    count = 100_200
    stamp = "2026-11-24T10:00:00Z mx mailwicketd[7]: "
    lines = [f"{stamp}mailwicket: " + LINE.replace("login=bob", f"login=nobody{number}") for number in range(count)]
    result = small.run(small.log, "--limit", "2", lines=lines)
    assert result.returncode == 1
    assert "and 99998 more rows\nand 200 more decisions: only the first 100000 rows are kept\n" in result.stdout
    assert f"{count} decisions taken again: {count} newly refused, " in result.stdout


@pytest.mark.skipif(shutil.which("script") is None, reason="no script(1)")
def test_on_a_terminal_there_are_titles_and_progress(small):
    line = LINE.replace("sender=bob@", "sender=mary@")
    small.write(small.log, f"2026-11-24T10:00:00Z mx mailwicketd[7]: mailwicket: {line}\n")
    command = f"{rig.CLI} -c {small.policy} replay {small.log} --directory {small.users}"
    result = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"})
    assert re.search(r"change.*count.*login.*client", result.stdout), result.stdout
    assert "\033[1;31mnewly-refused\033[0m" in result.stdout
    assert re.search(r"log \[#+\] \d+ of \d+ MB[\r\n]\033\[K", result.stdout), result.stdout
