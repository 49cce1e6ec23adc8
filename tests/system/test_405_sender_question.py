"""The sender question: the client reads which address is wrong, and a refused recipient is logged once.

smtpd_sender_restrictions asks with policy_context=sender, smtpd_relay_restrictions asks next and judges all of it again.
"""
import contextlib
import json
import subprocess

import pytest

import rig
from rig.daemon import RCPT, encode
from rig.mailsite import (MailSite, WORLD_DIRECTORY, WORLD_LISTED, WORLD_LOGINS, refused_recipient, refused_sender)

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY, REMOTE = "bob@example.test", "mary@example.test", "someone@remote.test"
PERMITTED = "250 2.1.5 Ok"
SEND_AS = "Client does not have permissions to send as this sender"
RELAY = "Unable to relay"
AUDIT = """\
connector "Trial" {
    bindings = { "*:$trial" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
    mode = audit
}
"""
CLOSED = WORLD_DIRECTORY + "group staff@example.test member=mary@example.test senders=members\n"


class Shown(MailSite):
    WIRED_BY = "show"


@contextlib.contextmanager
def running(kind=MailSite, main=""):
    """A site, with this in main.cf, which has the questions where `show` prints them."""
    folder = rig.make_folder("sender")
    made = kind(folder, WORLD_LISTED + AUDIT, CLOSED, WORLD_LOGINS, extra=["trial"], main=main)
    try:
        yield made.start()
    finally:
        made.stop()
        rig.remove_folder(folder)


@pytest.fixture(scope="module")
def site():
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def old():
    """Set up before there was a sender question."""
    with running(Shown, "smtpd_sender_restrictions =\n") as made:
        yield made


def logged(site, **fields):
    """The lines of one recipient, which no other test names."""
    return [(line["verdict"], line["reason"], line.get("context", "")) for line in site.daemon.logged(**fields)]


@pytest.mark.parametrize("listener,login,sender,recipient,reply,verdict,reason,context", [
    ("submission", "bob", MARY, "one@remote.test", refused_sender("550 5.7.1", MARY, SEND_AS), "refuse",
     "send-as-denied", "sender"),
    ("submission", "bob", "b" * 65 + "@example.test", "two@remote.test",
     refused_sender("501 5.1.7", "b" * 65 + "@example.test", "Invalid address"), "refuse", "invalid-sender", "sender"),
    ("submission", None, BOB, "three@remote.test", refused_sender("530 5.7.1", BOB, "Client was not authenticated"),
     "refuse", "not-authenticated", "sender"),
    ("submission", None, "", "four@remote.test", refused_sender("530 5.7.1", "", "Client was not authenticated"),
     "refuse", "not-authenticated", "sender"),
    ("smtp", None, REMOTE, "five@remote.test", refused_recipient("550 5.7.1", "five@remote.test", RELAY), "refuse",
     "relay-denied", "relay"),
    ("submission", "bob", BOB, "staff+six@example.test", refused_recipient("550 5.7.1", "staff+six@example.test",
     "Client does not have permissions to send to this recipient"), "refuse", "recipient-restricted", "relay"),
    ("submission", "bob", BOB, "seven@remote.test", PERMITTED, "permit", "permitted", "relay"),
    ("trial", "bob", MARY, "eight@remote.test", PERMITTED, "would-refuse", "send-as-denied", "relay"),
    ("trial", "bob", BOB, "nine@remote.test", PERMITTED, "permit", "permitted", "relay"),
])
def test_a_recipient_has_one_line_and_the_client_reads_which_address_is_wrong(site, listener, login, sender, recipient,
                                                                             reply, verdict, reason, context):
    with site.client(listener, login=login) as client:
        assert client.ask(sender, recipient) == reply
    assert logged(site, recipient=recipient) == [(verdict, reason, context)]


def test_each_recipient_of_a_refused_sender_has_its_line(site):
    recipients = ["many-1@remote.test", "many-2@remote.test"]
    with site.client(login="bob") as client:
        client.reset()
        assert client.mail(MARY).startswith("250 ")
        for recipient in recipients:
            assert client.rcpt(recipient) == refused_sender("550 5.7.1", MARY, SEND_AS)
    for recipient in recipients:
        assert logged(site, recipient=recipient) == [("refuse", "send-as-denied", "sender")]


def test_mail_to_postmaster_alone_is_judged_at_the_end_of_data(site):
    """RCPT TO:<postmaster> skips both lists (RFC 5321 4.5.1): no question relies on another having been asked."""
    with site.client(login="bob") as client:
        assert client.deliver(MARY, "postmaster", subject="to-postmaster") == \
            f"521 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: {SEND_AS}"
    assert logged(site, recipient="postmaster") == [("refuse", "send-as-denied", "")]


def test_explain_says_what_the_client_reads(site):
    """Without --context, as Postfix asks: the sender first."""
    for sender, recipient, context in [(MARY, "told-1@remote.test", "sender"), (BOB, "staff+told@example.test", "relay")]:
        with site.client(login="bob") as client:
            reply = client.ask(sender, recipient)
        words = ["--login", "bob", "--tls", "TLSv1.3", "--port", str(site.ports["submission"]), "--sender", sender,
                 "--recipient", recipient]
        decision, text = site.explain(*words)
        assert decision["client_reads"] == reply and f"client: {reply}\n" in text
        assert site.explain(*words, "--context", context)[0]["client_reads"] == reply
        assert logged(site, recipient=recipient)[0][2] == context
    # Where only the relay question is asked.
    old = site.explain("--login", "bob", "--tls", "TLSv1.3", "--port", str(site.ports["submission"]), "--sender", MARY,
                       "--recipient", REMOTE, "--context", "relay")[0]
    assert old["client_reads"] == refused_recipient("550 5.7.1", REMOTE, SEND_AS)


@pytest.mark.parametrize("sender,recipient,context,result,client", [
    (MARY, "staff@example.test", "sender", "refused", refused_sender("550 5.7.1", MARY, SEND_AS)),
    (MARY, "staff@example.test", "relay", "refused", refused_recipient("550 5.7.1", "staff@example.test", SEND_AS)),
    (BOB, "staff@example.test", "sender", "permitted", None),
    (BOB, "staff@example.test", "relay", "refused", refused_recipient(
        "550 5.7.1", "staff@example.test", "Client does not have permissions to send to this recipient")),
])
def test_explain_decides_a_captured_sender_question_as_it_was_asked(site, tmp_path, sender, recipient, context, result,
                                                                    client):
    asked = {**RCPT, "sender": sender, "recipient": recipient, "policy_context": context, "sasl_username": "bob",
             "server_port": str(site.ports["submission"])}
    (tmp_path / "request").write_bytes(encode(asked))
    told = json.loads(site.daemon.cli("--json", "explain", "smtp", "--request", tmp_path / "request").stdout)
    assert (told["result"], told["decisions"][-1].get("client_reads")) == (result, client)
    text = site.daemon.cli("explain", "smtp", "--request", tmp_path / "request").stdout
    assert ("the sender question" in text) == (context == "sender")
    with site.daemon.connect() as connection:
        answer = connection.ask(encode(asked))
    assert answer == told["decisions"][-1]["answer"]


def test_replay_takes_the_line_of_a_sender_question_for_its_recipient(site, tmp_path):
    """Who may send as mary under another directory may still not write to staff: both come from one line."""
    with site.client(login="bob") as client:
        assert client.ask(MARY, "staff+replay@example.test") == refused_sender("550 5.7.1", MARY, SEND_AS)
    log = tmp_path / "log"
    log.write_text("".join(line + "\n" for line in site.daemon.lines(r"recipient=staff\+replay@")))
    before = site.daemon.policy.read_text()
    policy = tmp_path / "new.conf"
    granted = tmp_path / "granted"
    granted.write_text(CLOSED + f"grant send-as {MARY} {BOB}\n")
    (tmp_path / "published").mkdir(mode=0o755)
    policy.write_text(before.replace(str(site.daemon.published), str(tmp_path / "published"))
                      .replace(str(site.daemon.directory), str(granted)))
    policy.chmod(0o644)
    subprocess.run([rig.CLI, "-c", policy, "sync"], check=True, capture_output=True, timeout=60)
    told = json.loads(site.daemon.cli("--json", "replay", log, "--policy", policy).stdout)
    assert [(row["before"]["reason"], row["after"]["reason"]) for row in told["rows"]] == \
        [("send-as-denied", "recipient-restricted")], told


# --- Postfix as it was set up before

@pytest.mark.parametrize("login,sender,recipient,reply,verdict,reason", [
    ("bob", MARY, "one@remote.test", refused_recipient("550 5.7.1", "one@remote.test", SEND_AS), "refuse",
     "send-as-denied"),
    ("bob", BOB, "staff+two@example.test", refused_recipient("550 5.7.1", "staff+two@example.test",
     "Client does not have permissions to send to this recipient"), "refuse", "recipient-restricted"),
    ("bob", BOB, "three@remote.test", PERMITTED, "permit", "permitted"),
    (None, BOB, "four@remote.test", refused_recipient("530 5.7.1", "four@remote.test", "Client was not authenticated"),
     "refuse", "not-authenticated"),
])
def test_without_the_sender_question_the_policy_holds_in_the_recipients_words(old, login, sender, recipient, reply,
                                                                              verdict, reason):
    with old.client(login=login) as client:
        assert client.ask(sender, recipient) == reply
    assert logged(old, recipient=recipient) == [(verdict, reason, "relay")]


def test_a_sender_is_refused_at_mail_where_postfix_does_not_delay_it():
    with running(Shown, "smtpd_delay_reject = no\n") as site:
        with site.client(login="bob") as client:
            client.reset()
            assert client.mail(MARY) == refused_sender("550 5.7.1", MARY, SEND_AS)
            assert client.ask(BOB, "late@remote.test") == PERMITTED
        assert logged(site, sender=MARY) == [("refuse", "send-as-denied", "sender")]
        assert logged(site, sender=BOB) == [("permit", "permitted", "relay")]
