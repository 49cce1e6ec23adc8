"""enforce_for: a connector in audit mode is enforced for some who log in, at real servers."""
import json
import re
import subprocess

import pytest

import rig
from rig import wait_for
from rig.daemon import parse_decision
from rig.dovecot import version
from rig.mailsite import PASSWORD, WORLD_POLICY, MailSite, login_letters, refused_sender

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

AUDIT = re.sub(r"permission_groups = \{ ExchangeUsers \}",
               "permission_groups = { ExchangeUsers }\n    mode = audit\n    enforce_for = { trial }", WORLD_POLICY)
DIRECTORY = """\
user bob@example.test login=bob address=robert@example.test
user off@example.test login=off smtp=no
user mary@example.test login=mary
user idle@example.test login=idle smtp=no
group trial@example.test member=bob@example.test,off@example.test
"""
ALIAS = ["robert@example.test", "bob+x@example.test"]  # Dovecot lets in by both, the directory has no such logins
OK = "250 2.1.5 Ok"
REFUSED = refused_sender("550 5.7.1", "ceo@example.test", "Client does not have permissions to send as this sender")


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, AUDIT, DIRECTORY, ["bob", "off", "mary", "idle", "unknown@example.test", *ALIAS])
    made.dovecot_options["extra"] = login_letters()
    with made:
        yield made


@pytest.fixture
def as_it_was(site):
    yield
    site.change_directory(DIRECTORY)


def last(site, **fields):
    return wait_for(lambda: site.daemon.logged(**fields), f"a decision with {fields}")[-1]


def test_a_member_is_refused_and_all_others_are_audited(site):
    with site.client(login="bob") as smtp:
        assert smtp.ask("ceo@example.test", "x@remote.test") == REFUSED
        assert smtp.ask("bob@example.test", "x@remote.test") == OK
    with site.client(login="mary") as smtp:
        assert smtp.ask("ceo@example.test", "x@remote.test") == OK
    told = last(site, login="bob", sender="ceo@example.test")
    assert (told["verdict"], told["mode"], told["reason"]) == ("refuse", "enforce", "send-as-denied")
    told = last(site, login="mary", sender="ceo@example.test")
    assert (told["verdict"], told["mode"], told["reason"]) == ("would-refuse", "audit", "send-as-denied")


def test_a_member_is_refused_at_auth_and_another_is_not(site):
    with site.client() as smtp:
        assert smtp.plain("off", PASSWORD).startswith("535")
    with site.client() as smtp:
        assert smtp.plain("idle", PASSWORD).startswith("235")


@pytest.mark.parametrize("login", ALIAS)
def test_a_member_who_logs_in_by_another_address_is_refused(site, login):
    with site.client() as smtp:
        assert smtp.plain(login, PASSWORD).startswith("535")
    lines = wait_for(lambda: site.dovecot.lines(f"mailwicket: v=1 .*login={re.escape(login)} "), "the decision in the log")
    told = [parse_decision(line) for line in lines]
    assert all((one["verdict"], one["reason"]) == ("refuse", "unknown-login") for one in told), told
    with site.client() as smtp:
        assert smtp.plain("unknown@example.test", PASSWORD).startswith("235")


def test_who_joins_the_group_is_enforced_for_at_the_next_message(site, as_it_was):
    with site.client(login="mary") as smtp:
        assert smtp.ask("ceo@example.test", "x@remote.test") == OK
        site.change_directory(DIRECTORY.replace("member=", "member=mary@example.test,"))
        wait_for(lambda: smtp.ask("ceo@example.test", "x@remote.test") == REFUSED, REFUSED)


def test_while_nobody_can_tell_who_is_a_member_who_logged_in_is_deferred(site, as_it_was):
    with site.client(login="mary") as smtp:
        assert smtp.ask("mary@example.test", "x@remote.test") == OK
        (site.daemon.published / "snapshot.mdb").unlink()
        wait_for(lambda: smtp.ask("mary@example.test", "x@remote.test").startswith("451 4.3.5"), "no answer")


def test_explain_says_for_whom_it_is_enforced(site):
    facts = ["--sender", "ceo@example.test", "--recipient", "x@remote.test", "--port", str(site.ports["submission"]),
             "--tls", "TLSv1.3", "--login"]
    verdict, text = site.explain(*facts, "bob")
    assert (verdict["result"], verdict["mode"]) == ("refused", "enforce")
    assert "in audit mode, and enforced for trial@example.test" in text
    verdict, text = site.explain(*facts, "mary")
    assert verdict["mode"] == "audit" and "enforced for" not in text


def test_replay_tells_what_enforcing_for_some_would_refuse(site):
    with site.client(login="mary") as smtp:
        assert smtp.ask("ceo@example.test", "x@remote.test") == OK
    last(site, login="mary", sender="ceo@example.test")
    other = site.daemon.folder / "more.conf"
    other.write_text(site.daemon.policy.read_text().replace("enforce_for = { trial }", "enforce_for = { trial, mary }"))
    other.chmod(0o644)
    told = json.loads(site.daemon.cli("--json", "replay", "--policy", str(other), str(site.daemon.log)).stdout)
    refused = [row for row in told["rows"] if row["after"]["verdict"] == "refuse"]
    assert {row["login"] for row in refused} == {"mary"}, told


def test_check_names_whom_the_directory_lacks(site):
    assert "enforce_for" not in site.daemon.cli("check").stdout + site.daemon.cli("check").stderr
    other = site.daemon.folder / "unknown.conf"
    other.write_text(site.daemon.policy.read_text().replace("{ trial }", "{ trial, trail@example.test }"))
    other.chmod(0o644)
    done = subprocess.run([rig.CLI, "-c", other, "check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert 'enforce_for: the directory has no user or group "trail@example.test"' in done.stdout + done.stderr
