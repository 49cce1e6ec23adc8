"""Each reason of the submission table over real SMTP: Postfix asks mailwicketd, Dovecot checks the passwords.

Postfix puts its own words before the text of a policy's answer, and the answer's code before both; every reply here is
compared whole.
"""
import shutil
import smtplib
import subprocess

import pytest

import rig
from rig import wait_for
from rig.mailsite import MailSite, PASSWORD, refused_recipient, refused_sender

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

DIRECTORY = """\
user bob@example.test login=bob address=robert@example.test
user mary@example.test login=mary max_message_size=20KB max_recipients=3
user scanner@example.test relay=no
user eve@example.test login=eve smtp=no pop3=no
user fickle@example.test
user boss@example.test senders=bob@example.test
group sales@example.test member=bob@example.test
group staff@example.test member=bob@example.test,mary@example.test senders=authenticated
group team@example.test member=mary@example.test senders=members
grant send-as sales@example.test bob@example.test
"""
LOGINS = ["bob", "mary", "scanner@example.test", "eve", "fickle@example.test"]

# Who a client is to the policy is its source address: all of 127.0.0.0/8 is local.
TLS_ONLY, INTEGRATED_ONLY, IN_CLEAR, NO_SUBMIT = "127.0.0.64", "127.0.0.65", "127.0.0.67", "127.0.0.68"
PRINTER, LEGACY = "127.0.0.33", "127.0.0.66"

POLICY = f"""\
hostname = "mx.example.test"
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" {{ type = Authoritative  local_names = {{ "[127.0.0.1]" }} }}
accepted_domain "partner.test" {{ type = ExternalRelay }}
connector "Default" {{
    bindings = {{ "*:$smtp" }}
    permission_groups = {{ AnonymousUsers, ExchangeUsers }}
    max_message_size = "64KB"
}}
connector "InClear25" {{
    bindings = {{ "*:$smtp" }}
    remote_ip_ranges = {{ "{IN_CLEAR}" }}
    auth_mechanism = {{ Tls, BasicAuth }}
    permission_groups = {{ ExchangeUsers }}
}}
connector "Printers" {{
    bindings = {{ "*:$smtp" }}
    remote_ip_ranges = {{ "127.0.0.32/28" }}
    auth_mechanism = {{ None }}
    permission_groups = {{ AnonymousUsers }}
    grant_permissions = {{ Accept-Any-Recipient }}
}}
connector "Client" {{
    bindings = {{ "*:$submission", "*:$submissions" }}
    auth_mechanism = {{ Tls, BasicAuth, BasicAuthRequireTLS, Integrated }}
    permission_groups = {{ ExchangeUsers }}
    max_message_size = "64KB"
    max_recipients_per_message = 5
}}
connector "Legacy" {{
    bindings = {{ "*:$submission" }}
    remote_ip_ranges = {{ "{LEGACY}" }}
    auth_mechanism = {{ Tls, BasicAuth }}
    permission_groups = {{ ExchangeUsers }}
}}
connector "TlsOnly" {{
    bindings = {{ "*:$submission" }}
    remote_ip_ranges = {{ "{TLS_ONLY}" }}
    auth_mechanism = {{ Tls, BasicAuth, BasicAuthRequireTLS }}
    require_tls = yes
    permission_groups = {{ ExchangeUsers }}
}}
connector "IntegratedOnly" {{
    bindings = {{ "*:$submission" }}
    remote_ip_ranges = {{ "{INTEGRATED_ONLY}" }}
    auth_mechanism = {{ Tls, Integrated }}
    permission_groups = {{ ExchangeUsers }}
}}
connector "NoSubmit" {{
    bindings = {{ "*:$submission" }}
    remote_ip_ranges = {{ "{NO_SUBMIT}" }}
    auth_mechanism = {{ Tls, BasicAuth, BasicAuthRequireTLS }}
    permission_groups = {{ ExchangeUsers }}
    deny_permissions = {{ Submit }}
}}
connector "Inside" {{
    bindings = {{ "*:$inside" }}
    remote_ip_ranges = {{ "127.0.0.80" }}
    permission_groups = {{ AnonymousUsers }}
}}
login "everything" {{ login_type = SecureLogin }}
"""


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, POLICY, DIRECTORY, LOGINS, extra=["inside"],
                    before="relay_domains = partner.test\n")
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(params=["classic", "current"])
def style(site, request):
    """Both styles of replies, by reload."""
    site.change_policy(replies=request.param)
    yield request.param
    site.change_policy(replies="classic")


MARY, BOB, REMOTE = "mary@example.test", "bob@example.test", "someone@remote.test"

# Those of the relay question; all others are the sender question's.
ABOUT_RECIPIENT = {"invalid-recipient", "relay-denied", "recipient-restricted", "too-big"}

# reason, client (listener, login, source, tls), sender, recipient, MAIL's options, reply in classic and current style
REASONS = [
    ("no-connector", ("inside", None, "127.0.0.1", False), REMOTE, MARY, "",
     ("450 4.3.5", "Server configuration problem, no connector for this listener and client"), None),
    ("tls-required", ("submission", None, TLS_ONLY, False), BOB, MARY, "",
     ("530 5.7.0", "Must issue a STARTTLS command first"), None),
    ("mechanism-refused", ("submission", "bob", INTEGRATED_ONLY, True), BOB, MARY, "",
     ("504 5.7.4", "Unrecognized authentication type"), None),
    ("basic-without-tls", ("submission", "bob", IN_CLEAR, False), BOB, MARY, "",
     ("538 5.7.11", "Encryption required for requested authentication mechanism"), None),
    ("not-authenticated", ("submission", None, "127.0.0.1", True), BOB, MARY, "",
     ("530 5.7.1", "Client was not authenticated"), ("530 5.7.57", "Client not authenticated to send mail")),
    ("not-authenticated", ("submissions", None, "127.0.0.1", True), REMOTE, MARY, "",
     ("530 5.7.1", "Client was not authenticated"), ("530 5.7.57", "Client not authenticated to send mail")),
    ("no-submit", ("submission", "bob", NO_SUBMIT, True), BOB, MARY, "",
     ("550 5.7.1", "Client does not have permissions to submit mail to this server"), None),
    ("invalid-sender", ("submission", "bob", "127.0.0.1", True), "b" * 65 + "@example.test", MARY, "",
     ("501 5.1.7", "Invalid address"), None),
    ("send-as-denied", ("submission", "bob", "127.0.0.1", True), MARY, REMOTE, "",
     ("550 5.7.1", "Client does not have permissions to send as this sender"),
     ("550 5.7.60", "Client does not have permissions to send as this sender")),
    ("send-as-denied", ("submissions", "bob", "127.0.0.1", True), "stranger@remote.test", MARY, "",
     ("550 5.7.1", "Client does not have permissions to send as this sender"),
     ("550 5.7.60", "Client does not have permissions to send as this sender")),
    ("invalid-recipient", ("smtp", None, "127.0.0.1", False), REMOTE, "a%b@example.test", "",
     ("501 5.1.3", "Invalid address"), None),
    ("relay-denied", ("smtp", None, "127.0.0.1", False), REMOTE, "other@elsewhere.test", "",
     ("550 5.7.1", "Unable to relay"), ("550 5.7.54", "Unable to relay recipient in non-accepted domain")),
    ("relay-denied", ("submission", "scanner@example.test", "127.0.0.1", True), "scanner@example.test", REMOTE, "",
     ("550 5.7.1", "Unable to relay"), ("550 5.7.54", "Unable to relay recipient in non-accepted domain")),
    ("recipient-restricted", ("smtp", None, "127.0.0.1", False), REMOTE, "staff@example.test", "",
     ("550 5.7.1", "Client does not have permissions to send to this recipient"), None),
    ("recipient-restricted", ("submission", "bob", "127.0.0.1", True), BOB, "team@example.test", "",
     ("550 5.7.1", "Client does not have permissions to send to this recipient"), None),
    ("recipient-restricted", ("submission", "mary", "127.0.0.1", True), MARY, "boss@example.test", "",
     ("550 5.7.1", "Client does not have permissions to send to this recipient"), None),
    ("too-big", ("submission", "mary", "127.0.0.1", True), MARY, BOB, "SIZE=20481",
     ("552 5.3.4", "Message size exceeds fixed maximum message size"), None),
]


@pytest.mark.parametrize("row", REASONS,
                         ids=[f"{number}-{row[0]}" for number, row in enumerate(REASONS)])
def test_each_reason_is_answered_over_smtp_in_both_styles(site, style, row):
    reason, who, sender, recipient, options, classic, current = row
    listener, login, source, tls = who
    with site.client(listener, login=login, source=source, tls=tls) as client:
        expected = classic if style == "classic" or current is None else current
        reply = client.ask(sender, recipient, options)
    if reason in ABOUT_RECIPIENT:
        assert reply == refused_recipient(expected[0], recipient, expected[1])
    else:
        assert reply == refused_sender(expected[0], sender, expected[1])
    told = site.explain("--port", str(site.ports[listener]), "--client", source, "--tls", "TLSv1.3" if tls else "none",
                        "--login", login or "", "--sender", sender, "--recipient", recipient,
                        "--size", options.removeprefix("SIZE=") or "0")[0]
    assert (told["reason"], told["client_reads"]) == (reason, reply)
    logged = site.daemon.logged(reason=reason, verdict="defer" if reason == "no-connector" else "refuse")
    assert any(line["recipient"] == recipient and line["reply"].endswith(expected[1]) for line in logged), logged


# --- reasons that come when a session is under way

def test_an_account_closed_during_a_session_sends_nothing_more(site, style):
    """smtp-disabled and unknown-login: each MAIL is judged afresh, from the directory of that moment."""
    login, recipient = "fickle@example.test", MARY
    with site.client(login=login) as client:
        assert client.ask(login, recipient).startswith("250 2.1.5")
        site.change_directory(DIRECTORY.replace(f"user {login}", f"user {login} smtp=no"))
        try:
            text = "Authentication unsuccessful, SMTP client authentication is disabled for the mailbox"
            disabled = refused_sender("535 5.7.139", login, text)
            wait_for(lambda: client.ask(login, recipient) == disabled, "smtp-disabled")
            site.change_directory("".join(line + "\n" for line in DIRECTORY.splitlines() if "fickle" not in line))
            unknown = refused_sender("535 5.7.3", login, "Authentication unsuccessful")
            wait_for(lambda: client.ask(login, recipient) == unknown, "unknown-login")
        finally:
            site.change_directory(DIRECTORY)
        wait_for(lambda: client.ask(login, recipient).startswith("250 2.1.5"), "the account to be back")


def test_too_many_recipients_are_refused_at_the_end_of_data(site, style):
    """too-many-recipients: the connector's limit for bob, mary's own is lower."""
    for login, most in (("bob", 5), ("mary", 3)):
        with site.client(login=login) as client:
            sender = f"{login}@example.test"
            recipients = [f"{BOB[:-13]}+{number}@example.test" for number in range(most + 1)]
            refusal = "521 5.5.3 <END-OF-MESSAGE>: End-of-data rejected: Too many recipients"
            assert client.deliver(sender, recipients) == refusal
        with site.client(login=login) as client:
            subject = f"just-enough-{login}-{style}"
            assert client.deliver(sender, recipients[:most], subject=subject).startswith("250 2.0.0")


def test_a_message_too_big_at_its_real_size_is_refused_at_the_end_of_data(site, style):
    """too-big without SIZE=, with a SIZE= that lies, and by the user's own limit before the connector's."""
    for login, size in (("bob", 65536), ("mary", 20480)):
        sender, text = f"{login}@example.test", "Message size exceeds fixed maximum message size"
        for options in ("", "SIZE=100"):
            with site.client(login=login) as client:
                reply = client.deliver(sender, BOB, body=("y" * 70 + "\r\n") * (size // 72 + 1), options=options)
                assert reply == f"521 5.3.4 <END-OF-MESSAGE>: End-of-data rejected: {text}"
        with site.client(login=login) as client:
            assert client.deliver(sender, BOB, body=("y" * 70 + "\r\n") * (size // 72 - 20)).startswith("250 2.0.0")


def test_a_size_at_mail_is_judged_before_the_message_is_sent(site):
    with site.client(login="mary") as client:
        assert client.ask(MARY, BOB, "SIZE=20480").startswith("250 2.1.5")
        assert client.ask(MARY, BOB, "SIZE=20481").startswith("552 5.3.4 ")


def test_a_directory_that_is_gone_defers_and_comes_back(site):
    """directory-unavailable: mailwicketd closes the connection, Postfix answers with its default action."""
    snapshot = site.daemon.published / "snapshot.mdb"
    hidden = snapshot.with_name("hidden")
    recipient = "after@example.test"
    snapshot.rename(hidden)
    try:
        site.daemon.stop()
        site.daemon.start()
        with site.client("smtp") as client:
            reply = client.ask(REMOTE, recipient)
        assert reply == refused_recipient("451 4.3.5", recipient, "Server configuration problem")
    finally:
        hidden.rename(snapshot)
    with site.client("smtp") as client:
        wait_for(lambda: client.ask(REMOTE, recipient).startswith("250 2.1.5"), "the directory to serve again")


# --- who may do what through which door

def test_anonymous_mail_comes_in_on_25_beside_authenticated_mail_on_587_and_465(site):
    """SND-02: port 25 takes mail for accepted domains from anybody, the submission ports none without a login."""
    with site.client("smtp") as client:
        assert client.deliver(REMOTE, MARY, subject="inbound").startswith("250 2.0.0")
        assert client.deliver(REMOTE, "x@partner.test", subject="inbound-partner").startswith("250 2.0.0")
        assert client.deliver("", MARY, subject="bounce").startswith("250 2.0.0")
    for listener in ("submission", "submissions"):
        with site.client(listener) as client:
            assert client.ask(REMOTE, MARY) == refused_sender("530 5.7.1", REMOTE, "Client was not authenticated")
        with site.client(listener, login="bob") as client:
            assert client.deliver(BOB, REMOTE, subject=f"outbound-{listener}").startswith("250 2.0.0")
    for subject in ("inbound", "inbound-partner", "bounce", "outbound-submission", "outbound-submissions"):
        site.postfix.wait_delivered(subject)
    assert site.postfix.delivered("outbound-submission")[0]["X-Original-To"] == REMOTE


def test_a_users_mail_is_logged_with_who_what_and_how(site):
    with site.client(login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250 2.1.5")
    line = site.daemon.logged(login="bob", recipient=REMOTE, sender=BOB)[-1]
    assert (line["verdict"], line["connector"], line["mechanism"]) == ("permit", "Client", "PLAIN")
    assert line["client"] == "127.0.0.1" and line["tls"] == "TLSv1.3"


def test_a_printer_relays_by_its_network_alone(site):
    """A connector chosen by network: the printer needs no login and may send anywhere; its neighbour may not."""
    with site.client("smtp", source=PRINTER) as printer:
        assert printer.deliver("printer@example.test", REMOTE, subject="scan").startswith("250 2.0.0")
    site.postfix.wait_delivered("scan")
    with site.client("smtp", source="127.0.0.48") as neighbour:
        assert neighbour.ask("printer@example.test", REMOTE) == refused_recipient("550 5.7.1", REMOTE, "Unable to relay")


def test_postfix_offers_auth_only_over_tls_where_the_connector_says_so(site):
    with site.client("submissions") as client:
        assert "250-AUTH PLAIN" in client.hello()
    with rig.Smtp(site.ports["submission"], "127.0.0.1") as client:
        assert "250-STARTTLS" in client.hello()


def test_a_wrong_password_gets_postfixs_own_answer(site):
    with site.client() as client:
        assert client.plain("bob", "wrong").startswith("535 5.7.8 ")


# --- the same user reads mail, sends none

def test_a_user_who_reads_mail_but_may_not_send_is_told_so_and_explain_says_why(site):
    """eve: IMAP yes, smtp=no. A wrong password and her right one look the same to Postfix's client."""
    site.dovecot.imap_login("eve", PASSWORD)
    with site.client() as client:
        wrong, right = client.plain("eve", "wrong"), client.plain("eve", PASSWORD)
        assert wrong == right and right.startswith("535 5.7.8 ")
    decision, text = site.explain("--port", str(site.ports["submission"]), "--client", "127.0.0.1", "--tls", "TLSv1.3",
                                  "--login", "eve", "--sender", "eve@example.test", "--recipient", MARY)
    answer = "535 5.7.139 Authentication unsuccessful, SMTP client authentication is disabled for the mailbox"
    assert (decision["reason"], decision["answer"], decision["result"]) == ("smtp-disabled", answer, "refused")
    assert "account (AUTH, where Dovecot has the auth module): refused, smtp-disabled: smtp=no for this user\n" in text
    assert f"answer: {right}\n" in text and f"answer: {answer}\n" in text


@pytest.mark.parametrize("sender,recipient,reason", [(MARY, REMOTE, "send-as-denied"), (BOB, "team@example.test",
                                                                                     "recipient-restricted")])
def test_explain_gives_word_for_word_what_the_refused_client_read(site, sender, recipient, reason):
    """The same login reads mail over IMAP; the refusal's code and text are explain's answer."""
    site.dovecot.imap_login("bob", PASSWORD)
    with site.client(login="bob") as client:
        reply = client.ask(sender, recipient)
    decision, text = site.explain("--port", str(site.ports["submission"]), "--client", "127.0.0.1", "--tls", "TLSv1.3",
                                  "--login", "bob", "--sender", sender, "--recipient", recipient)
    assert decision["reason"] == reason
    code, text_of_it = decision["answer"].split(" ", 2)[:2], decision["answer"].split(" ", 2)[2]
    if reason == "send-as-denied":
        assert reply == refused_sender(" ".join(code), sender, text_of_it)
    else:
        assert reply == refused_recipient(" ".join(code), recipient, text_of_it)
    assert f"client: {reply}\n" in text
    assert f"answer: {decision['answer']}\n" in text and "fix: " in text
    logged = site.daemon.logged(reason=reason, recipient=recipient)[-1]
    assert logged["reply"] == decision["answer"]


# --- independent clients

def test_smtplib_sends_as_itself_and_is_refused_as_another(site):
    client = smtplib.SMTP("127.0.0.1", site.ports["submission"], local_hostname="client.example.net",
                          timeout=rig.PATIENCE)
    client.starttls(context=rig.client_context())
    client.login("bob", PASSWORD)
    client.sendmail(BOB, [REMOTE], "Subject: smtplib\r\n\r\nhello\r\n")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        client.sendmail(MARY, [REMOTE], "Subject: forged\r\n\r\nhello\r\n")
    denied = refused_sender("550 5.7.1", MARY, "Client does not have permissions to send as this sender")
    assert error.value.recipients[REMOTE] == (550, denied[4:].encode())
    client.quit()
    site.postfix.wait_delivered("smtplib")
    assert not site.postfix.delivered("forged")


@pytest.mark.skipif(shutil.which("swaks") is None, reason="no swaks on this machine")
@pytest.mark.parametrize("sender,status,text", [
    ("sales@example.test", 0, "250 2.0.0 Ok"),
    (MARY, 24, refused_sender("550 5.7.1", MARY, "Client does not have permissions to send as this sender")),
])
def test_swaks_gets_the_same(site, sender, status, text):
    """In clear, from the one host that may: Debian's swaks speaks TLS only with a package that it does not need."""
    result = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(site.ports["smtp"]), "--auth", "PLAIN",
                             "--local-interface", IN_CLEAR, "--auth-user", "bob", "--auth-password", PASSWORD,
                             "--from", sender, "--to", REMOTE,
                             "--header", "Subject: swaks", "--ehlo", "client.example.net"],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == status, result.stdout + result.stderr
    assert text in result.stdout
