"""unlisted_logins = own_address: who logs in and is not in the directory sends as its login, at real servers."""
import json

import pytest

import rig
from rig import wait_for
from rig.daemon import parse_decision
from rig.dovecot import has_protocol, version
from rig.login_clients import client
from rig.mailsite import PASSWORD, WORLD_POLICY, MailSite, login_letters, refused_sender
from rig.why_world import Clients

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

POLICY = "unlisted_logins = own_address\n" + WORLD_POLICY
DIRECTORY = """\
user bob@example.test login=bob address=robert@example.test
user al@example.test login=alois
group sales@example.test member=bob@example.test
grant send-as ceo@example.test bob@example.test
"""
# Accounts of Dovecot. The directory knows the addresses of the second row, and has no such logins.
UNLISTED = ["eve", "dave@example.test", "mallory", "trent", "tt", "zed@xn--bcher-kva.test"]
TAKEN = ["robert", "sales@example.test", "ceo", "alois@example.test", "bob+x@example.test", "sales+x@example.test"]
ELSEWHERE = ["eve@remote.test"]
U_LABEL = ["zed@bücher.test"]  # another account of Dovecot than zed@xn--bcher-kva.test
SERVICES = [protocol for protocol in ("imap", "pop3", "submission") if has_protocol(protocol)]
OK = "250 2.1.5 Ok"
UNKNOWN = "Authentication unsuccessful"
SENDING = "Access denied, sending is suspended for this account"
NOT_YOURS = "Client does not have permissions to send as this sender"


class Site(MailSite):
    def log_in(self, protocol, login, password=PASSWORD):
        with client(protocol, self.dovecot.ports, how="implicit") as it:
            return it.plain(login, password) == "ok", it.last

    def log_in_to_postfix(self, login, password=PASSWORD):
        with self.client() as smtp:
            return smtp.plain(login, password)

    def run(self, *words):
        result = self.daemon.cli(*words)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def decisions(self, **fields):
        found = [parse_decision(line) for line in self.dovecot.lines("mailwicket: v=1 ")] + self.daemon.logged(**fields)
        return [line for line in found if all(line.get(key) == value for key, value in fields.items())]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder, POLICY, DIRECTORY, ["bob", *UNLISTED, *TAKEN, *ELSEWHERE, *U_LABEL])
    made.dovecot_options["extra"] = login_letters("ü")
    with made:
        yield made


@pytest.fixture
def as_it_was(site):
    """A test may publish another directory."""
    yield
    site.change_policy()
    site.change_directory(DIRECTORY)


@pytest.mark.parametrize("login", ["eve", "EVE", "Dave@example.test", "zed@xn--bcher-kva.test"])
def test_an_unlisted_login_is_let_in_everywhere_with_the_right_password_alone(site, login):
    for protocol in SERVICES:
        assert site.log_in(protocol, login)[0], protocol
        assert not site.log_in(protocol, login, "wrong")[0], protocol
    assert site.log_in_to_postfix(login).startswith("235")
    assert site.log_in_to_postfix(login, "wrong").startswith("535")


@pytest.mark.parametrize("login", [*TAKEN, *ELSEWHERE])
def test_whom_the_directory_knows_otherwise_gets_the_answer_to_a_wrong_password(site, login):
    for protocol in SERVICES:
        refused = site.log_in(protocol, login)
        assert refused == site.log_in(protocol, "eve", "wrong"), protocol
        assert refused == site.log_in(protocol, "nobody-at-all", "wrong"), protocol
    assert site.log_in_to_postfix(login) == site.log_in_to_postfix("eve", "wrong")
    wait_for(lambda: site.decisions(login=login.lower(), reason="unknown-login", protocol="smtp"), "the decision")


def test_an_unlisted_login_sends_as_itself_and_relays(site):
    with site.client(login="eve") as smtp:
        assert smtp.ask("eve@example.test", "bob@example.test") == OK
        assert smtp.ask("Eve+lists@Example.Test", "bob@example.test") == OK
        assert smtp.ask("eve@example.test", "x@remote.test") == OK
        assert smtp.ask("", "bob@example.test") == OK
    line = wait_for(lambda: site.daemon.logged(login="eve", recipient="x@remote.test"), "the decision")[-1]
    assert (line["verdict"], line["user"]) == ("permit", "eve@example.test")


@pytest.mark.parametrize("sender", ["bob@example.test", "robert@example.test", "ceo@example.test", "sales@example.test",
                                    "dave@example.test", "nobody-at-all@example.test", "eve@remote.test",
                                    "eve@xn--bcher-kva.test"])
def test_an_unlisted_login_sends_as_nobody_else(site, sender):
    with site.client(login="eve") as smtp:
        assert smtp.ask(sender, "bob@example.test") == refused_sender("550 5.7.1", sender, NOT_YOURS)


def test_a_domain_in_its_own_letters_may_be_another_account_and_sends_as_nobody(site):
    assert site.log_in("imap", "zed@xn--bcher-kva.test")[0]
    for login in U_LABEL:
        for protocol in SERVICES:
            assert site.log_in(protocol, login) == site.log_in(protocol, "eve", "wrong"), protocol
        assert site.log_in_to_postfix(login) == site.log_in_to_postfix("eve", "wrong")
    told = site.daemon.cli("explain", "imap", "--login", U_LABEL[0], "--tls", "TLSv1.3").stdout
    assert "an unlisted login has its domain as A-labels (xn--)" in told
    assert site.run("lookup", U_LABEL[0]).startswith("zed@bücher.test: not in the directory: as a login zed@xn--bcher-kva.test")


def test_a_whole_message_goes_through_all_stages(site):
    with site.client(login="dave@example.test") as smtp:
        assert smtp.ask("dave@example.test", "x@remote.test") == OK
        smtp.expect("354", "DATA")
        smtp.expect("250", "From: dave@example.test\r\n\r\nhello\r\n.")
    stages = {line["stage"] for line in site.daemon.logged(login="dave@example.test", verdict="permit")}
    assert {"RCPT", "END-OF-MESSAGE"} <= stages


def test_an_unlisted_login_can_be_suspended_and_resumed(site):
    with site.client(login="mallory") as smtp:
        assert smtp.ask("mallory@example.test", "bob@example.test") == OK
        told = site.run("suspend", "mallory", "--sending")
        assert told.startswith("mallory@example.test: suspended from sending") and "unlisted login" in told
        refused = refused_sender("550 5.7.1", "mallory@example.test", SENDING)
        wait_for(lambda: smtp.ask("mallory@example.test", "bob@example.test") == refused, refused)
    assert site.log_in("imap", "mallory")[0]
    assert site.log_in_to_postfix("mallory") == site.log_in_to_postfix("mallory", "wrong")
    assert site.log_in_to_postfix("MALLORY@example.test").startswith("535")
    shown = site.daemon.cli("suspended")
    assert shown.stdout.startswith("mallory@example.test\t") and shown.stderr == ""
    assert "suspended:" in site.run("lookup", "mallory@example.test")
    assert "suspended:" not in site.run("lookup", "trent@example.test")
    site.run("resume", "mallory")
    wait_for(lambda: site.log_in_to_postfix("mallory").startswith("235"), "mallory sends again")


def test_a_user_who_is_removed_stays_suspended(site, as_it_was):
    site.change_directory(DIRECTORY + "user trent@example.test login=tt\n")
    site.run("suspend", "trent", "--all")
    site.change_directory(DIRECTORY)
    try:
        for login in ("trent", "tt"):
            for protocol in SERVICES:
                assert not site.log_in(protocol, login)[0], (login, protocol)
            assert site.log_in_to_postfix(login).startswith("535")
    finally:
        site.run("resume", "trent")
    wait_for(lambda: site.log_in("imap", "trent")[0] and site.log_in("imap", "tt")[0], "both read again")


def test_with_an_empty_directory_everybody_sends_as_himself(site, as_it_was):
    site.change_directory("# nobody\n")
    for login in ("bob", "eve", "robert", "sales@example.test"):
        wait_for(lambda: site.log_in("imap", login)[0], login)
        address = f"{login.split('@')[0]}@example.test"
        with site.client(login=login) as smtp:
            wait_for(lambda: smtp.ask(address, "x@remote.test") == OK, address)
            assert smtp.ask("dave@example.test", "x@remote.test") == \
                refused_sender("550 5.7.1", "dave@example.test", NOT_YOURS)


def test_without_a_snapshot_nobody_is_let_in_and_nothing_is_permitted(site, as_it_was):
    with site.client(login="eve") as smtp:
        assert smtp.ask("eve@example.test", "x@remote.test") == OK
        (site.daemon.published / "snapshot.mdb").unlink()
        deferred = lambda: smtp.ask("eve@example.test", "x@remote.test").startswith("451 4.3.5")
        wait_for(deferred, "no answer without a directory")
    for protocol in SERVICES:
        assert not site.log_in(protocol, "eve")[0], protocol


def test_a_complete_source_lets_in_nobody_else_in_its_domains(site, as_it_was):
    complete = POLICY + (f'directory {{ path = "{site.daemon.published}"\n  source "local" {{ driver = text path = '
                         f'"{site.daemon.directory}" complete = yes }} }}\n')
    site.change_policy(complete)
    site.daemon.sync()
    wait_for(lambda: site.log_in_to_postfix("eve").startswith("535"), "eve is missing in a complete source")
    assert not site.log_in("imap", "dave@example.test")[0]
    assert site.log_in("imap", "bob")[0]
    assert site.log_in("imap", "zed@xn--bcher-kva.test")[0]
    told = site.daemon.cli("explain", "imap", "--login", "eve", "--tls", "TLSv1.3", "--client", "192.0.2.7")
    assert told.returncode == 1 and "its source for that domain is complete" in told.stdout


def test_by_default_an_unlisted_login_is_refused(site, as_it_was):
    site.change_policy(WORLD_POLICY)
    with site.client(login="eve") as smtp:
        assert smtp.ask("eve@example.test", "bob@example.test") == \
            refused_sender("535 5.7.3", "eve@example.test", UNKNOWN)


# --- the commands say it

def test_explain_names_the_unlisted_login(site):
    facts = ["--login", "eve", "--sender", "eve@example.test", "--recipient", "x@remote.test", "--port",
             str(site.ports["submission"]), "--tls", "TLSv1.3"]
    verdict, text = site.explain(*facts)
    assert "unlisted login, own address by unlisted_logins: eve sends as eve@example.test" in text
    assert verdict["verdict"] == "permit"
    told = site.daemon.cli("explain", "imap", "--login", "robert", "--tls", "TLSv1.3", "--client", "192.0.2.7").stdout
    assert ("no user has the login name robert, but the directory knows its address, or what stands before its "
            "extension, as that of bob@example.test") in told
    told = site.daemon.cli("explain", "imap", "--login", "eve@remote.test", "--tls", "TLSv1.3").stdout
    assert "and it is no address in an accepted domain" in told


def test_lookup_says_whom_the_directory_lacks(site):
    assert site.run("lookup", "eve@example.test").startswith(
        "eve@example.test: not in the directory: as a login eve@example.test, own address by unlisted_logins\n")
    told = json.loads(site.run("--json", "lookup", "eve"))
    assert (told["unlisted"], told["receives"], told["send_as"]) == (True, None, ["eve@example.test"])
    assert told["addresses"] == told["logins"] == ["eve@example.test"]
    assert json.loads(site.run("--json", "lookup", "bob"))["unlisted"] is False
    assert site.daemon.cli("lookup", "eve@remote.test").returncode == 1


@pytest.mark.parametrize("name", ["eve@remote.test,", "eve@remote.test.", "eve@", "eve@a..b", "eve@example.test@x"])
def test_a_name_that_is_no_address_is_nobody_of_the_default_domain(site, name):
    for command in (["lookup"], ["suspend", "--sending"]):
        told = site.daemon.cli(command[0], name, *command[1:])
        assert told.returncode != 0 and "eve@example.test" not in told.stdout, told.stdout
    assert "eve" not in site.daemon.cli("suspended").stdout


def test_client_settings_are_there_for_an_unlisted_login(site):
    assert "eve@example.test" in site.run("client-settings", "eve", "--submission-port", str(site.ports["submission"]))
    assert site.daemon.cli("client-settings", "eve@remote.test").returncode == 1


def test_check_says_that_unlisted_logins_are_let_in(site):
    line = "logins that the directory lacks: let in, each with its own address (unlisted_logins = own_address)"
    assert line in site.run("check").splitlines()
    assert json.loads(site.run("--json", "check"))["unlisted_logins"] == "own_address"


def test_replay_under_the_default_says_who_would_be_refused(site):
    with site.client(login="eve") as smtp:
        assert smtp.ask("eve@example.test", "x@remote.test") == OK
    wait_for(lambda: site.daemon.logged(login="eve", recipient="x@remote.test"), "the decision")
    other = site.daemon.folder / "refuse.conf"
    other.write_text(site.daemon.policy.read_text().replace("unlisted_logins = own_address\n", ""))
    other.chmod(0o644)
    told = site.daemon.cli("--json", "replay", "--policy", str(other), str(site.daemon.log))
    assert any(row["login"] == "eve" and row["after"]["reason"] == "unknown-login"
               for row in json.loads(told.stdout)["rows"]), told.stdout


def test_why_tells_the_story_of_an_unlisted_login(site, folder):
    with Clients(site, "127.51.100.34") as here:
        here.reads("eve")
        here.sends("eve", "bob@example.test")
    logs = [word for log in here.logs(folder) for word in ("--log", str(log))]
    told = json.loads(site.run("--json", "why", "eve@example.test", *logs))
    assert told["cause"]["id"] == "send-as", told
    assert "eve@example.test is not in the directory: an unlisted login, own address by unlisted_logins" in told["notes"]
