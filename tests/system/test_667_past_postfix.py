"""Who does not come to Postfix's listeners: another process has the port, Dovecot's submission service passes mail on, or its
LMTP or auth service is open to other hosts."""
import json
import re
import socket

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import has_protocol, version
from rig.findings import SENDERS
from rig.mailsite import PASSWORD, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite
from rig.sasl_client import SaslClient
from rig.smtp import Smtp

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]
needs_submission = pytest.mark.skipif(not has_protocol("submission"), reason="no submission service of Dovecot")

UNASKED = ("127.0.0.1:{port} inet n - n - - smtpd\n  -o smtpd_relay_restrictions={lists} -o smtpd_sender_restrictions=\n"
           "  -o smtpd_recipient_restrictions= -o smtpd_end_of_data_restrictions=\n")


# --- ports

@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


def taken(site):
    return [row for row in site.check_postfix()[1] if row["id"] == "port-taken"]


def test_a_port_of_the_policy_that_another_process_has_is_an_error(site):
    site.configure()
    with socket.create_server(("127.0.0.1", site.ports["submission"])):
        found = taken(site)
    assert [row["severity"] for row in found] == ["error"], brief(found)
    assert f"port {site.ports['submission']}, which connector \"Client\" names, is taken: " in found[0]["what"]
    assert "(process " in found[0]["what"] and "listens there" in found[0]["what"]
    assert taken(site) == []


def test_where_another_process_has_it_no_entry_is_said_to_be_written(site):
    """A reload with it would end Postfix."""
    site.configure(replaced=[(f"\n{site.ports['submission']} inet", f"\n#{site.ports['submission']} inet")])
    with socket.create_server(("127.0.0.1", site.ports["submission"])):
        found = [row["id"] for row in site.check_postfix()[1]]
    assert "port-taken" in found and "unserved-connector" not in found
    assert "unserved-connector" in [row["id"] for row in site.check_postfix()[1]]


def test_the_postfix_that_is_looked_at_may_have_it(site):
    site.configure()
    site.postfix.start()
    try:
        with Smtp(site.ports["submission"]):  # master's, and smtpd's
            assert taken(site) == []
    finally:
        site.postfix.stop()


def test_a_service_of_dovecot_that_has_it_is_an_error(site):
    site.configure()
    text = site.dovecot.config.read_text()
    found = site.check_dovecot(text + f"service pop3-login {{\n  inet_listener pop3 {{\n    port = {site.ports['submission']}\n"
                                      "  }\n}\n")[1]
    found = [row for row in found if row["id"] == "port-taken"]
    assert len(found) == 1 and "Dovecot's service pop3-login has port" in found[0]["what"], brief(found)


# --- Dovecot's submission service

class Relaying(MailSite):
    """Users of Dovecot's submission service, at listeners of Postfix that no connector names."""

    def __init__(self, folder):
        super().__init__(folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS, extra=("open", "local"),
                         before="mynetworks = 127.0.0.0/8\n")
        self.master = "".join(UNASKED.format(port=self.ports[name], lists=lists) for name, lists in (
            ("open", "permit_mynetworks,reject"), ("local", "reject_unauth_destination")))
        self.dovecot_options["extra"] = self.relay_to("open")

    def relay_to(self, name, more=""):
        return f"submission_relay_port = {self.ports[name]}\n{more}"

    def findings(self, name, more=""):
        config = self.dovecot.folder / "relaying.conf"
        config.write_text(self.dovecot.config.read_text() + self.relay_to(name, more))
        told = self.daemon.cli("--json", "check", "--policy-only", "--postfix-config", self.postfix.etc, "--dovecot-config",
                               config)
        return [row for row in json.loads(told.stdout)["findings"] if row["id"] == "submission-relay"]


@pytest.fixture(scope="module")
def relaying(module_folder):
    folder = module_folder / "relaying"
    folder.mkdir()
    made = Relaying(folder).start()
    yield made
    made.stop()


@needs_submission
def test_who_logs_in_to_dovecots_submission_sends_as_anybody_and_check_says_so(relaying):
    with Smtp(relaying.dovecot.ports["submission"]) as client:
        client.hello()
        client.starttls()
        client.log_in("bob", PASSWORD)
        assert client.ask("ceo@example.test", "anybody@example.net").startswith("250")
    found = relaying.findings("open")
    assert [(row["severity"], row["setting"]) for row in found] == [("error", "submission_relay_host")], found
    assert "where Mailwicket is not asked" in found[0]["what"] and "as anybody, to anybody" in found[0]["why"]
    assert "no submission in protocols" in found[0]["fix"] and found[0]["line"] > 0


@needs_submission
def test_why_follows_what_dovecots_submission_passes_on(relaying, folder):
    with Smtp(relaying.dovecot.ports["submission"]) as client:
        client.hello()
        client.starttls()
        client.log_in("bob", PASSWORD)
        assert client.deliver("bob@example.test", "anybody@example.net").startswith("250")
    logs = [relaying.dovecot.folder / "log", relaying.postfix.log]
    rig.wait_for(lambda: "relayed message" in logs[0].read_text(), "Dovecot's line about the message")
    told = relaying.daemon.cli("--json", "why", "bob", *[word for log in logs for word in ("--log", log)])
    told = json.loads(told.stdout)
    accepted = [event for event in told["events"] if event["kind"] == "submitted"]
    assert [(event["protocol"], event.get("by_sender")) for event in accepted] == [("submission", None)], told


@needs_submission
def test_it_is_a_warning_while_every_rule_is_in_audit_mode(relaying):
    enforced = relaying.daemon.policy.read_text()
    relaying.daemon.write(relaying.daemon.policy, re.sub(r'(?m)^((?:login|connector) "[^"]*" \{)', r"\1\n    mode = audit\n", enforced))
    try:
        row, = relaying.findings("open")
    finally:
        relaying.daemon.write(relaying.daemon.policy, enforced)
    assert row["severity"] == "warning", row
    assert row["why"] == "whoever can log in there sends as anybody, to anybody; once a rule is enforced, that is an error"


@needs_submission
@pytest.mark.parametrize("name,more,severity,word", [
    ("local", "", "warning", "writes to this server's mailboxes as anybody"),
    ("submission", "", "warning", "clients that did not log in"),
    ("submission", "submission_relay_user = relay\nsubmission_relay_password = secret\n", "warning", "as that one user"),
    ("submission", "submission_relay_trusted = yes\n", None, ""),
    ("open", "submission_relay_host = 198.51.100.25\n", "note", "cannot be seen here"),
    ("open", "submission_relay_host = localhost\n", "error", "as anybody, to anybody"),
    ("open", "protocols = imap\n", None, ""),
], ids=["to mailboxes alone", "a connector's listener", "with one login", "with XCLIENT", "another host", "by name",
        "no such service"])
def test_a_relay_of_submission_is_told_by_what_it_permits(relaying, name, more, severity, word):
    if more == "protocols = imap\n" and version() == "2.4":
        more = "protocols {\n  submission = no\n}\n"
    found = relaying.findings(name, more)
    assert [row["severity"] for row in found] == ([severity] if severity else []), found
    assert not severity or word in found[0]["why"]


# --- services of Dovecot that are for Postfix

ADDRESS = {"2.3": "address", "2.4": "listen"}.get(version())
OPEN = "service {service} {{\n  inet_listener {name} {{\n{address}    port = {port}\n  }}\n}}\n"


def opened(service, port, address="", name="postfix"):
    """Lines for a listener of a service; without an address it has those of `listen`."""
    address = address and f"    {ADDRESS} = {address}\n"
    return ("protocols = imap pop3 lmtp\n" if service == "lmtp" else "") + OPEN.format(service=service, name=name, address=address, port=port)


def on_network(site, text):
    found = site.check_dovecot(site.dovecot.config.read_text() + text)[1]
    return [row for row in found if row["id"].endswith("-on-network")]


@pytest.fixture(scope="module")
def beside(module_folder):
    """Dovecot alone runs, with both services open at an address of this machine."""
    folder = module_folder / "beside"
    folder.mkdir()
    made = Checked(folder)
    made.daemon.write_directory(SENDERS + "user far@example.test login=far networks=192.0.2.0/24\n")
    made.dovecot.write_users({"far": PASSWORD, "ceo@example.test": PASSWORD})
    made.open_ports = {service: rig.free_port() for service in ("lmtp", "auth")}
    sound = made.dovecot.config.read_text()
    made.dovecot.config.write_text(sound + "".join(opened(*row) for row in made.open_ports.items()))
    try:
        made.dovecot.start()
        made.dovecot.config.write_text(sound)
        yield made
    finally:
        made.stop()


def test_who_connects_to_lmtp_gets_round_senders_and_check_says_so(beside):
    with Smtp(beside.open_ports["lmtp"]) as client:
        client.expect("250", "LHLO client.example.net")
        assert client.mail("stranger@example.net").startswith("250")
        assert client.rcpt("ceo@example.test").startswith("250")
    [found] = on_network(beside, opened("lmtp", 24, "0.0.0.0"))
    assert (found["id"], found["severity"], found["setting"]) == (
        "lmtp-on-network", "warning", "service lmtp/inet_listener postfix"), found
    assert "0.0.0.0, port 24" in found["what"] and "senders=" in found["why"] and f"{ADDRESS} = 127.0.0.1" in found["fix"]


def test_who_connects_to_the_auth_service_names_his_own_address_and_check_says_so(beside):
    with SaslClient(("127.0.0.1", beside.open_ports["auth"])) as sasl:
        assert sasl.plain("far", PASSWORD, "service=smtp", "secured", "lip=203.0.113.1", "rip=192.0.2.7").ok
        assert not sasl.plain("far", PASSWORD, "service=smtp", "secured", "lip=203.0.113.1", "rip=198.51.100.7").ok
    [found] = on_network(beside, opened("auth", 12345, "0.0.0.0"))
    assert (found["id"], found["severity"], found["setting"]) == (
        "auth-on-network", "warning", "service auth/inet_listener postfix"), found
    assert "0.0.0.0, port 12345" in found["what"] and "networks=" in found["why"]


@pytest.mark.parametrize("address,found", [
    ("127.0.0.1", False), ("::1", False), ("[::1]", False), ("127.0.0.1 ::1", False), ("localhost", False), ("", False),
    ("127.0.0.1, 192.0.2.1", True), ("*", True), ("::", True), ("mx.example.test", True),
])
def test_other_hosts_are_told_by_the_listener_s_addresses(beside, address, found):
    text = opened("lmtp", 24, address) + opened("auth", 12345, address)
    assert [row["id"] for row in on_network(beside, text)] == ["auth-on-network", "lmtp-on-network"] * found


def test_without_addresses_of_its_own_a_listener_has_those_of_listen(beside):
    text = "listen = *\n" + opened("lmtp", 24) + opened("auth", 12345)
    assert [row["id"] for row in on_network(beside, text)] == ["auth-on-network", "lmtp-on-network"]
    assert on_network(beside, re.sub("port = .*", "port = 0", text)) == []


def test_lmtp_is_told_where_it_runs_and_somebody_has_senders(site):
    site.daemon.write_directory(WORLD_DIRECTORY)
    assert on_network(site, opened("lmtp", 24, "*")) == []
    site.daemon.write_directory(SENDERS)
    assert [row["id"] for row in on_network(site, opened("lmtp", 24, "*"))] == ["lmtp-on-network"]
    assert on_network(site, opened("lmtp", 24, "*").partition("\n")[2]) == []
