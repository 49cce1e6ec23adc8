"""Who may send as whom, over real SMTP: the sender rows of the acceptance list."""
import pytest

import rig
from rig import changed, wait_for
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite, refused_sender

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

MARY, BOB = "mary@example.test", "bob@example.test"
PERMITTED = "250 2.1.5 Ok"
XCLIENT_HOST = "127.0.0.77"


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS,
                    main=f"smtpd_authorized_xclient_hosts = {XCLIENT_HOST}\n")
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def bob(site):
    with site.client(login="bob") as client:
        yield client


DENIED = "Sender address rejected: Client does not have permissions to send as this sender"
INVALID = "Sender address rejected: Invalid address"


def denied(sender):
    return f"550 5.7.1 <{sender}>: {DENIED}"


def expected_reply(sender, expected):
    """PERMITTED or DENIED, as the client reads it."""
    return denied(sender) if expected == DENIED else expected


def is_refused(reply):
    """By Mailwicket, or before it by Postfix as no address at all."""
    return reply.endswith((DENIED, INVALID)) or reply.startswith(("501 5.1.7 ", "501 5.5.4 ", "500 5.5.2 ", "553 5.1.7 "))


@pytest.mark.parametrize("sender,expected", [
    ("bob@example.test", PERMITTED), ("BOB@Example.Test", PERMITTED), ("sales@example.test", PERMITTED),
    ("SALES+news@example.test", PERMITTED), (MARY, DENIED), ("nobody@example.test", DENIED),
    ("bob@remote.test", DENIED), ("bob", PERMITTED), ("mary", DENIED), ("bob@localhost", DENIED),
    ("bob@mx.example.test", DENIED),
])
def test_snd_01_a_user_sends_as_itself_and_as_what_was_granted(bob, sender, expected):
    assert bob.ask(sender, MARY) == expected_reply(sender, expected)


def test_a_grant_on_a_beginning_covers_return_addresses_and_nobody_s_own(site, bob):
    site.change_directory(WORLD_DIRECTORY + "user list-ann@example.test receive=list-zoe@example.test\n"
                          "grant send-as list-*@example.test bob@example.test\n")
    try:
        verp = "list-return-7-x=remote.test@example.test"
        wait_for(lambda: bob.ask(verp, MARY) == PERMITTED, "the new directory")
        for sender in ("LIST-7@Example.Test", "list-7+8@example.test", "list-" + 59 * "-" + "@example.test"):
            assert bob.ask(sender, MARY) == PERMITTED, sender
        for sender in ("list-ann@example.test", "List-Ann+7@example.test", "list-zoe@example.test", "list-@example.test",
                       "list@example.test", "alist-7@example.test", "list-7@remote.test", "a" + 63 * "-" + "@example.test",
                       '"list-7 8"@example.test', "list-7%remote.test@example.test"):
            assert is_refused(bob.ask(sender, MARY)), sender
        facts = ["--port", str(site.ports["submission"]), "--tls", "TLSv1.3", "--login", "bob", "--recipient", MARY]
        assert f"a send-as grant on addresses that begin alike (list-*) covers {verp}" in site.explain("--sender", verp, *facts)[1]
        found = site.daemon.cli("lookup", "list-7@example.test").stdout
        assert "list-7@example.test: nobody receives mail for it\nmay send as it:         bob@example.test\n" in found
        assert " bob@example.test" not in site.daemon.cli("lookup", "list-ann@example.test").stdout
    finally:
        site.change_directory(WORLD_DIRECTORY)
        wait_for(lambda: bob.ask("list-7@example.test", MARY) == denied("list-7@example.test"), "the old directory")


def test_snd_01_a_grant_taken_away_ends_within_a_running_session(site, bob):
    assert bob.ask("sales@example.test", MARY) == PERMITTED
    site.change_directory(WORLD_DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", ""))
    try:
        wait_for(lambda: bob.ask("sales@example.test", MARY) == denied("sales@example.test"), "the grant to end")
        assert bob.ask("bob@example.test", MARY) == PERMITTED
    finally:
        site.change_directory(WORLD_DIRECTORY)
    wait_for(lambda: bob.ask("sales@example.test", MARY) == PERMITTED, "the grant to be back")


def test_snd_01_a_grant_through_a_group_ends_with_the_membership(site, bob):
    through_group = WORLD_DIRECTORY + "grant send-as ceo@example.test sales@example.test\n"
    site.change_directory(through_group)
    try:
        wait_for(lambda: bob.ask("ceo@example.test", MARY) == PERMITTED, "the grant to the group")
        site.change_directory(through_group.replace("member=bob@example.test", "member=mary@example.test"))
        wait_for(lambda: bob.ask("ceo@example.test", MARY) == denied("ceo@example.test"), "the membership to end")
    finally:
        site.change_directory(WORLD_DIRECTORY)


def test_snd_02_without_a_login_the_submission_port_refuses_and_port_25_goes_by_its_connector(site):
    for listener in ("submission", "submissions"):
        with site.client(listener) as client:
            assert client.ask("bob@example.test", MARY) == refused_sender("530 5.7.1", "bob@example.test",
                                                                               "Client was not authenticated")
    with site.client("smtp") as client:
        assert client.ask("bob@example.test", MARY) == PERMITTED
    site.change_policy(changed(WORLD_POLICY, (
        "{ AnonymousUsers }", "{ AnonymousUsers }\n    deny_permissions = { Accept-Authoritative-Domain-Sender }")))
    try:
        with site.client("smtp") as client:
            assert client.ask("bob@example.test", MARY) == denied("bob@example.test")
            assert client.ask("bob@remote.test", MARY) == PERMITTED
    finally:
        site.change_policy()


def test_snd_02_a_password_in_clear_is_neither_offered_nor_taken(site):
    for listener in ("submission", "smtp"):
        with site.client(listener, tls=False) as client:
            assert "AUTH" not in client.hello()
            reply = client.plain("bob", "right-password")
            assert reply.startswith(("538 5.7.11 ", "530 5.7.0 ", "503 5.5.1 ")), reply


@pytest.mark.parametrize("sender,with_delimiter", [
    ("bob+x@example.test", PERMITTED), ("bob+sales@example.test", PERMITTED), ("bob+mary@example.test", PERMITTED),
    ("bob+@example.test", PERMITTED), ("bob+x+y@example.test", PERMITTED), ("+x@example.test", DENIED),
    ("bob-x@example.test", DENIED), ("mary+bob@example.test", DENIED),
])
def test_snd_03_what_follows_the_delimiter_counts_as_own_only_where_one_is_set(site, bob, sender, with_delimiter):
    assert bob.ask(sender, MARY) == expected_reply(sender, with_delimiter)
    site.change_policy(changed(WORLD_POLICY, ('recipient_delimiter = "+"', "")))
    try:
        assert bob.ask(sender, MARY) == denied(sender)
    finally:
        site.change_policy()


def test_snd_03_an_extension_never_becomes_an_address_that_somebody_has(site, bob):
    site.change_directory(WORLD_DIRECTORY + "user bob+sales@example.test\n")
    try:
        wait_for(lambda: bob.ask("bob+sales@example.test", MARY) == denied("bob+sales@example.test"), "the other's address to be refused")
        assert bob.ask("bob+other@example.test", MARY) == PERMITTED
    finally:
        site.change_directory(WORLD_DIRECTORY)
    wait_for(lambda: bob.ask("bob+sales@example.test", MARY) == PERMITTED, "it to be bob's again")


@pytest.mark.parametrize("sender", ['"bob"@example.test', '"b\\ob"@example.test'])
def test_snd_07_quotes_that_are_not_needed_make_no_other_address(bob, sender):
    assert bob.ask(sender, MARY) == PERMITTED


@pytest.mark.parametrize("sender", ['"a b"@example.test', '""@example.test', '" bob"@example.test',
                                    '"bob "@example.test',
                                    '"a\\"b"@example.test', "b" * 65 + "@example.test", "bob@" + "a." * 125 + "test",
                                    "@example.test", "bob@", "bob@example.test@example.test",
                                    "bob%example.test@example.test",
                                    "example.test!bob@example.test", "bob@[127.0.0.1]", "bob@-example.test",
                                    "bob%40example.test", "bob\0@example.test"])
def test_snd_07_an_address_that_is_none_is_nobodys(bob, sender):
    reply = bob.ask(sender, MARY)
    assert is_refused(reply), reply


QUOTED = WORLD_DIRECTORY.replace("user mary@example.test", 'user mary@example.test address="m..y"@example.test')


def test_snd_07_quotes_that_postfix_leaves_out_are_put_back(site, bob):
    """Postfix asks about m..y@example.test: it is the address that the client wrote with quotes, to explain too."""
    site.change_directory(QUOTED)
    try:
        with site.client(login="mary") as mary:
            wait_for(lambda: mary.ask('"m..y"@example.test', BOB) == PERMITTED, "the quoted address to be mary's")
            assert mary.ask(MARY, '"john doe"@remote.test') == PERMITTED
        assert bob.ask('"m..y"@example.test', MARY) == denied("m..y@example.test")
        decision, _ = site.explain("--login", "mary", "--tls", "TLSv1.3", "--port", str(site.ports["submission"]),
                                   "--sender", '"m..y"@example.test', "--recipient", '"john doe"@remote.test')
        assert decision["result"] == "permitted"
        with site.client("smtp") as outside:
            assert outside.ask('"john doe"@remote.test', '"m..y"@example.test') == PERMITTED
    finally:
        site.change_directory(WORLD_DIRECTORY)


@pytest.mark.parametrize("sender", ["@remote.test:bob@example.test", "bob@example.test\t", "bob@ example.test"])
def test_snd_07_what_postfix_makes_an_address_of_is_judged_and_queued_as_that(site, bob, sender):
    """Postfix itself removes source routes (RFC 5321 4.1.1.3) and blanks, before it asks and before it queues."""
    reply = bob.ask(sender, MARY)
    if not is_refused(reply):
        assert reply == PERMITTED
        assert bob.data("Subject: normalised\n\nx\n").startswith("250")
        assert site.postfix.wait_delivered("normalised")[-1]["Return-Path"] == "<bob@example.test>"


def test_snd_08_a_trailing_dot_is_refused(bob):
    assert is_refused(bob.ask("bob@example.test.", MARY))


def test_snd_08_an_ideographic_full_stop_is_the_same_to_mailwicket_and_to_postfixs_queue(site, bob):
    """Refused, or equal; where it is permitted the queue has the same sender."""
    bob.reset()
    reply = bob.mail("bob@EXAMPLE\u3002TEST", "SMTPUTF8")
    reply = bob.rcpt(MARY) if reply.startswith("250") else reply
    if reply.startswith("250"):
        assert bob.data("Subject: ideographic\n\nx\n").startswith("250")
        told = site.explain("--login", "bob", "--port", str(site.ports["submission"]), "--tls", "TLSv1.3",
                            "--client", "127.0.0.1", "--sender", "bob@EXAMPLE\u3002TEST")[0]
        assert told["result"] == "permitted"
    else:
        assert is_refused(reply)


@pytest.mark.parametrize("sender,options", [("ulla@xn--bcher-kva.test", ""), ("ulla@XN--BCHER-KVA.TEST", ""),
                                            ("ulla@b\u00fccher.test", "SMTPUTF8"), 
                                            ("ulla@B\u00dcCHER.test", "SMTPUTF8"),
                                            ("ulla@bu\u0308cher.test", "SMTPUTF8")])
def test_snd_08_a_labels_and_u_labels_of_one_domain_are_equal(site, bob, sender, options):
    with site.client(login="ulla") as ulla:
        assert ulla.ask(sender, MARY, options) == PERMITTED
    assert bob.ask(sender, MARY, options) == denied(sender)


def test_snd_10_the_null_sender_goes_by_allow_null_sender(site, bob):
    assert bob.ask("", MARY) == PERMITTED
    line = site.daemon.logged(login="bob")[-1]
    assert (line["verdict"], line.get("sender", "")) == ("permit", "")
    site.change_policy(changed(WORLD_POLICY, ('"*:$submissions" }', '"*:$submissions" }\n    allow_null_sender = no')))
    try:
        assert bob.ask("", MARY) == denied("")
    finally:
        site.change_policy()


SMUGGLED = (b"MAIL FROM:<mary@example.test>\r\nRCPT TO:<ceo@example.test>\r\nDATA\r\n"
            b"From: mary@example.test\r\nSubject: smuggled\r\n\r\nyou are fired\r\n.\r\n")


@pytest.mark.parametrize("number,ending", enumerate([b"\n.\r\n", b"\n.\n", b"\r\n.\r\r\n", b"\r.\r", b"\r\n.\r",
                                                     b"\r.\r\n",
                                                    b"\n.\r\r\n"]))
def test_snd_11_a_message_smuggled_into_another_is_not_sent(site, number, ending):
    """Postfix closes the gap (smtpd_forbid_bare_newline, which show prints); else the forged MAIL is judged."""
    subject = f"first-{number}"
    with site.client(login="bob") as client:
        client.expect("250", "MAIL FROM:<bob@example.test>")
        client.expect("250", f"RCPT TO:<{MARY}>")
        client.expect("354", "DATA")
        client.send(b"From: bob@example.test\r\nSubject: " + subject.encode() + b"\r\n\r\nhello" + ending + SMUGGLED)
        replies = [client.reply()]
        try:
            replies.append(client.command("NOOP"))
        except (EOFError, ConnectionError):
            pass
    assert replies[0].startswith(("250 2.0.0 ", "521 5.5.2 ")), replies
    if replies[0].startswith("250"):
        site.postfix.wait_delivered(subject)
    site.postfix.queue_idle()
    assert len(site.postfix.delivered(subject)) <= 1
    assert not site.postfix.delivered("smuggled")
    assert not [line for line in site.daemon.logged(login="bob", sender=MARY, verdict="permit")]


def test_s13_a_claimed_login_is_logged_as_what_it_is(site):
    """XCLIENT LOGIN of a host that Postfix trusts counts as basic and is logged as XCLIENT."""
    with rig.Smtp(site.ports["submission"], XCLIENT_HOST) as client:
        client.hello()
        client.starttls()
        client.expect("220", "XCLIENT LOGIN=mary")
        client.hello()
        # XCLIENT begins the session anew, without its TLS.
        assert client.ask(MARY, "ceo@example.test").startswith(("250 2.1.5 ", "538 5.7.11 "))
    assert site.daemon.logged(login="mary", mechanism="XCLIENT")
