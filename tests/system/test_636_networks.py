"""networks=: from where a user or a group's members may log in, at real servers."""
import datetime
import json

import pytest

import rig
from rig import wait_for
from rig.daemon import parse_decision
from rig.dovecot import has_protocol, version
from rig.login_clients import client
from rig.login_site import PASSWORD, LoginSite
from rig.mailsite import PASSWORD as MAIL_PASSWORD
from rig.mailsite import WORLD_POLICY, MailSite, refused_sender

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
needs_postfix = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

PROTOCOLS = [name for name in ("imap", "pop3", "submission", "sieve") if has_protocol(name)]
INSIDE, OUTSIDE, XCLIENT_HOST = "127.0.0.2", "127.0.0.3", "127.0.0.77"
DIRECTORY = f"""\
user bob@example.test login=bob
user mary@example.test login=mary
user kim@example.test login=kim
user eve@example.test login=eve imap_networks={INSIDE}
user gone@example.test login=gone networks=0.0.0.0/0,::/0
group office@example.test member=floor@example.test,gone@example.test networks={INSIDE},192.0.2.0/24,2001:db8::/32
group floor@example.test member=mary@example.test,kim@example.test
"""
REFUSED = refused_sender("550 5.7.1", "mary@example.test", "Access denied, this account may not be used from this network")


@pytest.fixture(scope="module")
def logins():
    with LoginSite("auth_cache_size = 10M\nauth_mechanisms = plain login cram-md5 scram-sha-256\n", protocols=PROTOCOLS,
                   directory=DIRECTORY) as made:
        yield made


@pytest.mark.parametrize("way", ["plain", "cram_md5", "scram"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_member_of_a_group_logs_in_from_its_networks_alone(logins, protocol, way):
    """Twice, for Dovecot's cache has the answer to the first."""
    for _ in range(2):
        assert logins.log_in(protocol, "mary", way=way, source=INSIDE)
        assert not logins.log_in(protocol, "mary", way=way, source=OUTSIDE)
        assert logins.log_in(protocol, "bob", way=way, source=OUTSIDE)
        assert logins.log_in(protocol, "gone", way=way, source=OUTSIDE)
    told = logins.decided(login="mary", client=OUTSIDE, protocol=protocol, reason="network-refused")[-1]
    assert told["verdict"] == "refuse"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_key_of_a_service_is_of_that_service(logins, protocol):
    assert logins.log_in(protocol, "eve", source=OUTSIDE) == (protocol != "imap")
    assert logins.log_in(protocol, "eve", source=INSIDE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refusal_reads_as_a_wrong_password(logins, protocol):
    replies = set()
    for password, source in (("wrong", INSIDE), (PASSWORD, OUTSIDE), ("wrong", OUTSIDE)):
        with client(protocol, logins.ports, how="starttls", source=source) as it:
            it.plain("mary", password)
            replies.add(it.last)
    assert len(replies) == 1, replies


@pytest.mark.parametrize("address,permitted", [
    ("192.0.2.7", True), ("192.0.3.7", False), ("::ffff:192.0.2.7", True), ("::ffff:192.0.3.7", False),
    ("2001:db8::7", True), ("2001:DB8:0:0::7", True), ("2001:db9::7", False), ("::192.0.2.7", False), ("::1", False)])
def test_postfix_s_client_is_judged_by_its_address(logins, address, permitted):
    with logins.sasl() as sasl:
        assert sasl.plain("mary", PASSWORD, "service=smtp", "secured", "lip=127.0.0.1", f"rip={address}").ok == permitted


@pytest.mark.parametrize("rip", [[], ["rip="], ["rip=unknown"], ["rip=192.0.2.7.example.org"]])
def test_a_client_without_a_known_address_is_told_of_a_temporary_failure(logins, rip):
    with logins.sasl() as sasl:
        answer = sasl.plain("mary", PASSWORD, "service=smtp", "secured", "lip=127.0.0.1", *rip)
        assert not answer.ok and answer.temporary
        assert sasl.plain("bob", PASSWORD, "service=smtp", "secured", "lip=127.0.0.1", *rip).ok
    told = logins.decided(login="mary", verdict="undecided")[-1]
    assert told["reason"] == "client-unknown"


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_POLICY, DIRECTORY, ["bob", "mary", "gone", "eve", "kim"],
                    main=f"smtpd_authorized_xclient_hosts = {XCLIENT_HOST}\n")
    with made:
        yield made


@pytest.fixture
def as_it_was(site):
    yield
    site.change_directory(DIRECTORY)


@needs_postfix
def test_auth_from_elsewhere_is_refused_as_a_wrong_password(site):
    with site.client(source=OUTSIDE) as smtp:
        assert smtp.plain("mary", MAIL_PASSWORD).startswith("535 5.7.8 ")
    with site.client(source=INSIDE, login="mary") as smtp:
        assert smtp.ask("mary@example.test", "x@remote.test").startswith("250 ")
    with site.client(source=OUTSIDE, login="gone") as smtp:
        assert smtp.ask("gone@example.test", "x@remote.test").startswith("250 ")
    lines = wait_for(lambda: site.dovecot.lines("mailwicket: v=1 .*network-refused .*login=mary "), "the decision in the log")
    assert parse_decision(lines[-1])["client"] == OUTSIDE


def claimed_client(site, login, address="[UNAVAILABLE]"):
    """A session whose login and address XCLIENT names, as a front end does that has checked a token."""
    smtp = rig.Smtp(site.ports["submissions"], XCLIENT_HOST, tls=True)
    smtp.hello()
    smtp.expect("220", f"XCLIENT LOGIN={login} ADDR={address}")
    smtp.hello()
    return smtp


@needs_postfix
@pytest.mark.parametrize("address,answer", [("192.0.2.9", "250 "), ("198.51.100.9", "550 5.7.1 "),
                                            ("IPv6:::ffff:198.51.100.9", "550 5.7.1 "), ("[UNAVAILABLE]", "451 4.3.5 ")])
def test_a_session_that_logged_in_elsewhere_is_judged_at_its_message(site, address, answer):
    with claimed_client(site, "mary", address) as smtp:
        reply = smtp.ask("mary@example.test", "x@remote.test")
    assert reply.startswith(answer), reply
    if answer.startswith("550"):
        assert reply == REFUSED
        assert site.daemon.logged(login="mary", reason="network-refused", client=address.rpartition(":")[2])


@needs_postfix
def test_a_changed_list_holds_at_the_next_message_of_an_open_session(site, as_it_was):
    with site.client(source=INSIDE, login="mary") as smtp:
        assert smtp.ask("mary@example.test", "x@remote.test").startswith("250 ")
        site.change_directory(DIRECTORY.replace(f"networks={INSIDE},", "networks="))
        wait_for(lambda: "this network" in smtp.ask("mary@example.test", "x@remote.test"), "a refusal")
        site.change_directory(DIRECTORY)
        wait_for(lambda: smtp.ask("mary@example.test", "x@remote.test").startswith("250 "), "a permit")


@needs_postfix
def test_explain_and_lookup_tell_of_networks(site):
    facts = ["--sender", "mary@example.test", "--recipient", "x@remote.test", "--port", str(site.ports["submission"]),
             "--tls", "TLSv1.3", "--login", "mary", "--client"]
    verdict, text = site.explain(*facts, "198.51.100.7")
    assert (verdict["result"], verdict["reason"]) == ("refused", "network-refused")
    assert "the client's address is in none of the networks of mary@example.test for smtp" in text
    assert "add 198.51.100.7 in the directory's source to smtp_networks= of mary@example.test; where it has no such key" in text
    verdict, text = site.explain(*facts, "192.0.2.7")
    assert verdict["result"] == "permitted" and "in the networks of mary@example.test" in text
    assert "\nlogs in from:           127.0.0.2 192.0.2.0/24 2001:db8::/32\n" in site.daemon.cli("lookup", "mary").stdout
    assert "\nimap from:              127.0.0.2\n" in site.daemon.cli("lookup", "eve").stdout
    assert " from:" not in site.daemon.cli("lookup", "bob").stdout
    assert json.loads(site.daemon.cli("--json", "lookup", "eve").stdout)["networks"] == {"imap": [INSIDE]}
    assert json.loads(site.daemon.cli("--json", "lookup", "floor").stdout)["networks"] == {}
    assert json.loads(site.daemon.cli("--json", "lookup", "office").stdout)["networks"]["pop3"][0] == INSIDE


@needs_postfix
def test_replay_tells_what_other_networks_would_refuse(site):
    with site.client(source=OUTSIDE, login="bob") as smtp:
        assert smtp.ask("bob@example.test", "x@remote.test").startswith("250 ")
    with claimed_client(site, "bob") as smtp:
        assert smtp.ask("bob@example.test", "x@remote.test").startswith("250 ")
    wait_for(lambda: site.daemon.logged(login="bob", mechanism="XCLIENT"), "a decision")
    other = site.daemon.folder / "narrower"
    other.write_text(DIRECTORY.replace("login=bob", "login=bob networks=192.0.2.0/24"))
    other.chmod(0o644)
    ran = site.daemon.cli("--json", "replay", "--directory", str(other), str(site.daemon.log))
    after = {(row["login"], row["after"]["verdict"], row["after"]["reason"]) for row in json.loads(ran.stdout)["rows"]}
    assert {("bob", "refuse", "network-refused"), ("bob", "undecided", "client-unknown")} <= after, ran.stdout + ran.stderr


def test_why_tells_that_a_reader_came_from_elsewhere(logins):
    assert not logins.log_in("imap", "kim", source=OUTSIDE)
    logins.decided(login="kim", client=OUTSIDE, reason="network-refused")
    log = logins.dovecot.folder / "log"
    ran = logins.files.cli("--json", "why", "kim", "--log", str(log))
    told = json.loads(ran.stdout)["cause"]
    assert told["id"] == "reading-network-refused" and OUTSIDE in told["text"], ran.stdout
    assert f"add {OUTSIDE} in the directory's source to imap_networks= of kim@example.test" in told["fix"]


@needs_postfix
def test_why_tells_that_a_user_came_from_elsewhere(site):
    with site.client(source=OUTSIDE) as smtp:
        assert smtp.plain("kim", MAIL_PASSWORD).startswith("535 ")
    wait_for(lambda: site.dovecot.lines("mailwicket: v=1 .*network-refused .*login=kim "), "the decision in the log")
    ran = site.daemon.cli("--json", "why", "kim", "--log", str(site.dovecot.folder / "log"), "--log", str(site.postfix.log))
    told = json.loads(ran.stdout)
    assert told["cause"]["id"] == "network-refused", ran.stdout
    assert OUTSIDE in told["cause"]["text"] and f"add {OUTSIDE} in the directory" in told["cause"]["fix"]


@needs_postfix
def test_why_tells_of_a_client_whose_address_nobody_knew(site):
    """Postfix, which gets no answer, says only that its policy service is at fault."""
    with claimed_client(site, "gone") as smtp:
        assert smtp.ask("gone@example.test", "x@remote.test").startswith("451 4.3.5")
    lines = wait_for(lambda: site.daemon.lines("mailwicket: v=1 .*client-unknown .*login=gone "), "the decision")
    log = site.daemon.folder / "decisions.log"
    now = datetime.datetime.now().astimezone().isoformat()
    log.write_text("".join(f"{now} mx mailwicketd[7]: {line}\n" for line in lines))
    ran = site.daemon.cli("--json", "why", "gone", "--log", str(log), "--log", str(site.postfix.log))
    told = json.loads(ran.stdout)["cause"]
    assert told["id"] == "client-unknown" and "take networks=" in told["fix"], ran.stdout
