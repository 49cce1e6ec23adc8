"""Who may send where, over real SMTP: the relay rows of the acceptance list, and audit mode."""
import pytest

import rig
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite, refused_recipient

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

REMOTE, MARY, BOB = "someone@remote.test", "mary@example.test", "bob@example.test"
PERMITTED = "250 2.1.5 Ok"

TRIAL = """
connector "Trial" {
    bindings = { "*:$trial" }
    permission_groups = { ExchangeUsers }
    max_message_size = "1KB"
    max_recipients_per_message = 1
    mode = audit
}
connector "TrialOpen" {
    bindings = { "*:$trial" }
    remote_ip_ranges = { "127.0.0.90" }
    auth_mechanism = { None }
    permission_groups = { AnonymousUsers }
    mode = audit
}
"""


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def trial():
    """The same with a connector in audit mode, for which setup keeps the list of before: Postfix's own."""
    folder = rig.make_folder("trial")
    made = MailSite(folder, WORLD_POLICY + TRIAL, WORLD_DIRECTORY, WORLD_LOGINS, extra=["trial"])
    try:
        yield made.start()
    finally:
        made.stop()
        rig.remove_folder(folder)


def test_rly_01_an_anonymous_session_does_not_relay(site):
    with site.client("smtp") as client:
        assert client.ask("other@elsewhere.test", REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")
        assert client.ask(BOB, REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")
        assert client.ask("other@elsewhere.test", MARY) == PERMITTED


@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_rly_01_a_user_relays_whom_relay_is_not_taken_from(site, listener):
    with site.client(listener, login="bob", tls=True) as client:
        assert client.ask(BOB, REMOTE) == PERMITTED
        assert client.deliver(BOB, [REMOTE, MARY], subject=f"relayed-{listener}").startswith("250 2.0.0")
    assert len(site.postfix.wait_delivered(f"relayed-{listener}", 2)) == 2
    with site.client(listener, login="scanner@example.test", tls=True) as client:
        assert client.ask("scanner@example.test", REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")
        assert client.ask("scanner@example.test", MARY) == PERMITTED


def test_rly_01_only_the_relay_question_is_answered_ok(site):
    """OK ends a restriction list: it is given at RCPT in the relay context alone."""
    asked = {"sasl_username": "bob", "server_port": str(site.ports["submission"]), "client_address": "127.0.0.1",
             "sender": BOB, "recipient": REMOTE, "etrn_domain": "example.test"}
    with site.daemon.connect() as connection:
        assert connection.request(asked, policy_context="relay") == "OK"
        assert connection.request(asked) == "DUNNO"
        for stage in ("CONNECT", "EHLO", "MAIL", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN"):
            assert connection.request(asked, policy_context="relay", protocol_state=stage) == "DUNNO", stage


# The recipients that open relay tests try, with what they hope for a remote destination.
CLASSIC = ["someone@remote.test", "someone%remote.test@example.test", "someone%remote.test@[127.0.0.1]",
           "someone%remote.test",
           '"someone@remote.test"', '"someone%remote.test"', '"someone@remote.test"@example.test',
           "someone@remote.test@example.test",
           "someone@remote.test@[127.0.0.1]", "@example.test:someone@remote.test", "@[127.0.0.1]:someone@remote.test",
           "remote.test!someone", "remote.test!someone@example.test", "remote.test!someone@[127.0.0.1]",
           "someone@remote.test.", "someone@example.test.", '"remote.test!someone"@example.test', "someone@[127.0.0.1]",
           "someone@REMOTE.TEST", "someone%remote.test%example.test@example.test", "postmaster"]


@pytest.mark.parametrize("number", range(len(CLASSIC)))
@pytest.mark.parametrize("sender", ["other@elsewhere.test", "", BOB, "someone@[127.0.0.1]"],
                         ids=["remote", "null", "local", "literal"])
def test_rly_02_no_classic_relay_recipient_reaches_a_remote_destination(site, number, sender):
    """Accepted at most for a local destination; and what is accepted is delivered nowhere else."""
    recipient = CLASSIC[number]
    subject = f"probe-{number}-{len(sender)}"
    with site.client("smtp") as client:
        reply = client.deliver(sender, recipient, subject=subject)
    if not reply.startswith("250"):
        assert reply[0] in "45", reply
        return
    for message in site.postfix.wait_delivered(subject):
        assert "remote.test" not in message["Delivered-To"].rpartition("@")[2], reply
        assert message["Delivered-To"].rpartition("@")[2] == "example.test", message["Delivered-To"]
        assert "remote.test" not in message["Delivered-To"], message["Delivered-To"]


@pytest.mark.parametrize("path", ["ceo%example.test@example.test", "example.test!ceo@example.test",
                                  "ceo%example.test@mx.example.test", "ceo%example.test@remote.test"])
def test_no_path_leads_round_the_recipients_senders(site, path):
    """Postfix takes percent and bang paths apart after it has asked: whoever may relay could write to anybody."""
    site.change_directory(WORLD_DIRECTORY.replace("user ceo@example.test\n", "user ceo@example.test senders=bob\n"))
    try:
        with site.client(login="mary") as mary:
            rig.wait_for(lambda: mary.ask(MARY, "ceo@example.test").endswith("to send to this recipient"),
                         "the recipient to be restricted")
            assert mary.ask(MARY, path).startswith("501 5.1.3 "), path
            assert mary.ask(MARY, "x%remote.test@other.test") == PERMITTED
    finally:
        site.change_directory(WORLD_DIRECTORY)


def test_s14_being_in_mynetworks_is_no_licence(site):
    """Asked first, mailwicketd refuses whatever Postfix's own networks would permit later."""
    site.configure_postfix(main="mynetworks = 127.0.0.0/8\n")
    site.postfix.reload()
    try:
        with site.client("smtp") as client:
            assert client.ask("other@elsewhere.test", REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")
        with site.client() as client:
            assert client.ask(MARY, REMOTE).startswith("530 5.7.1 ")
    finally:
        site.configure_postfix()
        site.postfix.reload()


# --- audit mode

AUDITED = [
    # login, sender, recipient, the reason it would be refused for
    (None, BOB, MARY, "not-authenticated"),
    ("bob", MARY, BOB, "send-as-denied"),
    ("bob", "b" * 65 + "@example.test", BOB, "invalid-sender"),
    ("bob", "a%b@example.test", BOB, "send-as-denied"),
    ("scanner@example.test", "scanner@example.test", REMOTE, "relay-denied"),
]


@pytest.mark.parametrize("login,sender,recipient,reason", AUDITED)
def test_rly_04_audit_mode_refuses_nothing_and_logs_what_it_would_refuse(trial, login, sender, recipient, reason):
    with trial.client("trial", login=login) as client:
        assert client.ask(sender, recipient) == PERMITTED
    logged = trial.daemon.logged(reason=reason, connector="Trial")
    assert logged and all(line["verdict"] == "would-refuse" and line["mode"] == "audit" for line in logged)


def test_rly_04_audit_mode_grants_nothing_either(trial):
    """An audited connector answers DUNNO, never OK: nobody relays who could not without Mailwicket."""
    with trial.client("trial", source="127.0.0.90", tls=False) as client:
        reply = client.ask("other@elsewhere.test", REMOTE)
        assert reply == f"454 4.7.1 <{REMOTE}>: Relay access denied"
    assert trial.daemon.logged(connector="TrialOpen", reason="relay-denied")[-1]["verdict"] == "would-refuse"
    with trial.daemon.connect() as connection:
        for login, sender, recipient in [("bob", BOB, REMOTE), ("bob", MARY, REMOTE), ("", BOB, REMOTE),
                                         ("nobody", BOB, MARY)]:
            asked = {"sasl_username": login, "sasl_method": "PLAIN" if login else "", "sender": sender,
                     "recipient": recipient, "client_address": "127.0.0.1", "server_port": str(trial.ports["trial"]),
                     "policy_context": "relay"}
            assert connection.request(asked) == "DUNNO"


def test_rly_04_limits_are_only_logged_in_audit_mode(trial):
    with trial.client("trial", login="bob") as client:
        reply = client.deliver(BOB, [MARY, BOB], subject="over-the-limits", body="x" * 70 + "\r\n" + "y\r\n" * 1000)
        assert reply.startswith("250 2.0.0"), reply
    trial.postfix.wait_delivered("over-the-limits", 2)
    assert trial.daemon.logged(reason="too-many-recipients", connector="Trial")[-1]["verdict"] == "would-refuse"


def test_the_other_connectors_are_enforced_beside_an_audited_one(trial):
    with trial.client(login="bob") as client:
        assert client.ask(MARY, REMOTE).startswith("550 5.7.1 ")
    with trial.client("smtp", source="127.0.0.5") as client:
        assert client.ask("other@elsewhere.test", REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")


def test_the_lines_of_setup_are_read_by_this_postfix_without_a_warning(site):
    assert site.postfix.postconf("-P").count("smtpd_relay_restrictions = check_policy_service") == 3
    listeners = [line for line in site.postfix.postconf("-M").splitlines() if line.split()[1] == "inet"]
    assert [int(line.split()[0]) for line in listeners] == [site.ports[name] for name in ("smtp", "submissions", "submission")]
    assert not site.postfix.lines("warning: .*(unused parameter|overriding earlier entry|unknown)")
