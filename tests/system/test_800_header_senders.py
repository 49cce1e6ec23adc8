"""Whom a message says that it is from, through real Postfix, as a client sends it: mailwicketd is its milter.

Each case is judged by what arrives: a message that was taken has no address in From that its reader could take for
somebody else's."""
import json

import pytest

import rig
from rig import changed, wait_for
from rig.mailsite import PASSWORD, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY = "bob@example.test", "mary@example.test"
AWAY = "127.0.0.9"  # not of local_header_rewrite_clients: Postfix adds and completes nothing
INVALID = "550 5.1.7 Invalid From field"
DENIED = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
SEND_AS = "550 5.7.1 Client does not have permissions to send as this sender"
TAKEN = "250 2.0.0 Ok: queued as"
LONG = "x" * 60

# name: login, header without To, Subject, Date; the reply
CASES = {
    # own addresses, in the forms that clients write
    "own": ("bob", "From: bob@example.test", TAKEN),
    "own in brackets": ("bob", "From: <bob@example.test>", TAKEN),
    "own with a name": ("bob", "From: Bob Builder <bob@example.test>", TAKEN),
    "own with a quoted name": ("bob", 'From: "Builder, Bob" <bob@example.test>', TAKEN),
    "own with an encoded name": ("bob", "From: =?utf-8?q?B=C3=B6b?= <bob@example.test>", TAKEN),
    "own with a name in UTF-8": ("bob", "From: Böb <bob@example.test>", TAKEN),
    "own in other letters": ("bob", "From: BOB@Example.Test", TAKEN),
    "own with an extension": ("bob", "From: bob+lists@example.test", TAKEN),
    "own with a quoted local part": ("bob", 'From: "bob"@example.test', TAKEN),
    "own, folded": ("bob", "From: Bob\r\n <bob@example.test>", TAKEN),
    "own, folded before the address": ("bob", "From:\r\n bob@example.test", TAKEN),
    "own, and a blank before the colon": ("bob", "X-First: x\r\nFrom : bob@example.test", TAKEN),
    "a blank before the colon in the first line, which Postfix takes for a mailbox's": ("bob", "From : bob@example.test", INVALID),
    "another's, and a blank before the colon": ("bob", "X-First: x\r\nFrom : mary@example.test", DENIED),
    "own, and a comment behind it": ("bob", "From: bob@example.test (Bob)", TAKEN),
    "own, and another's Reply-To": ("bob", "From: bob@example.test\r\nReply-To: mary@example.test", TAKEN),
    "own, and its own Sender": ("bob", "From: bob@example.test\r\nSender: bob@example.test", TAKEN),
    "send-as": ("bob", "From: Sales <sales@example.test>", TAKEN),
    "send-as twice": ("bob", "From: sales@example.test, bob@example.test\r\nSender: bob@example.test", TAKEN),
    "a group of own addresses": ("bob", "From: us: bob@example.test, sales@example.test;\r\nSender: bob@example.test", TAKEN),
    "on behalf, with Sender": ("mary", "From: ceo@example.test\r\nSender: mary@example.test", TAKEN),
    # HDR-02
    "on behalf without Sender": ("mary", "From: ceo@example.test", DENIED),
    "on behalf with another's Sender": ("mary", "From: ceo@example.test\r\nSender: bob@example.test", DENIED),
    # HDR-01
    "another's": ("bob", "From: mary@example.test", DENIED),
    "another's with an own name": ("bob", "From: bob@example.test <mary@example.test>", INVALID),
    "another's with a quoted own name": ("bob", 'From: "bob@example.test" <mary@example.test>', DENIED),
    "another's, on behalf of whom nobody sends": ("bob", "From: ceo@example.test\r\nSender: bob@example.test", DENIED),
    "a stranger's": ("bob", "From: someone@remote.test", DENIED),
    "two fields, own first": ("bob", "From: bob@example.test\r\nFrom: mary@example.test", INVALID),
    "two fields, own last": ("bob", "From: mary@example.test\r\nFrom: bob@example.test", INVALID),
    "a quote that Postfix's own break of a long line ends": (
        "bob", 'From: "' + "A" * 990 + '\\" <ceo@example.test> (" <bob@example.test>', INVALID),
    "three the same": ("bob", "From: bob@example.test\r\n" * 2 + "From: bob@example.test", INVALID),
    "a thousand the same": ("bob", "From: bob@example.test\r\n" * 999 + "From: bob@example.test", INVALID),
    "two fields of other letters": ("bob", "From: bob@example.test\r\nfrOM: mary@example.test", INVALID),
    "two fields, one with a blank": ("bob", "From: bob@example.test\r\nFrom : mary@example.test", INVALID),
    "none": ("bob", "X-Other: bob@example.test", INVALID),
    "nothing in it": ("bob", "From:", INVALID),
    "blanks in it": ("bob", "From:   ", INVALID),
    "an empty group": ("bob", "From: undisclosed-recipients:;", INVALID),
    "two addresses without Sender": ("bob", "From: bob@example.test, sales@example.test", INVALID),
    "two addresses, one another's": ("bob", "From: bob@example.test, mary@example.test\r\nSender: bob@example.test", DENIED),
    "two addresses, one another's first": ("bob", "From: mary@example.test, bob@example.test\r\nSender: bob@example.test",
                                           DENIED),
    "a group with another's": ("bob", "From: us: bob@example.test, mary@example.test;\r\nSender: bob@example.test", DENIED),
    "a group that does not end": ("bob", "From: us: bob@example.test", INVALID),
    "a group in a group": ("bob", "From: a: b: bob@example.test;;", INVALID),
    "another's Sender": ("bob", "From: bob@example.test\r\nSender: mary@example.test", SEND_AS),
    "two Senders": ("bob", "From: bob@example.test\r\nSender: bob@example.test\r\nSender: mary@example.test", INVALID),
    "two of the same Sender": ("bob", "From: bob@example.test\r\nSender: bob@example.test\r\nSender: bob@example.test", INVALID),
    # published attacks: where one reader sees the first address and another one the last
    "two in brackets": ("bob", "From: <mary@example.test><bob@example.test>", INVALID),
    "two in brackets with a comma": ("bob", "From: <mary@example.test>,<bob@example.test>", INVALID),
    "an address behind the brackets": ("bob", "From: <bob@example.test>mary@example.test", INVALID),
    "an address before the brackets": ("bob", "From: mary@example.test<bob@example.test>", INVALID),
    "an address and a comma before the brackets": ("bob", "From: mary@example.test,<bob@example.test>", INVALID),
    "an escaped comma": ("bob", "From: <mary@example.test>\\,<bob@example.test>", INVALID),
    "an encoded address": ("bob", "From: =?utf-8?b?PG1hcnlAZXhhbXBsZS50ZXN0Pg==?=,<bob@example.test>", INVALID),
    "an encoded address alone": ("bob", "From: =?utf-8?q?mary=40example.test?=", INVALID),
    "an encoded local part": ("bob", "From: =?utf-8?q?mary?=@example.test", INVALID),
    "an encoded-word in the brackets": ("bob", "From: <=?utf-8?q?mary?=@example.test>", INVALID),
    "a name in UTF-7, with a line's end in it": ("bob", "From: =?utf-7?q?Bob+AA0ACg-From:+AA0ACg-?= <bob@example.test>", INVALID),
    "a route": ("bob", "From: <@mary.test,@example.test:bob@example.test>", INVALID),
    "a route to another": ("bob", "From: <@bob.test:mary@example.test>", INVALID),
    "a path with %": ("bob", "From: mary%example.test@example.test", INVALID),
    "a path with !": ("bob", "From: example.test!mary@example.test", INVALID),
    "a second @": ("bob", "From: mary@example.test@example.test", INVALID),
    "a quoted local part with an address": ("bob", 'From: "mary@example.test bob"@example.test', INVALID),
    "a comment before the address": ("bob", "From: (mary@example.test) bob@example.test", INVALID),
    "a comment in the address": ("bob", "From: bob(mary)@example.test", INVALID),
    "a comment that is not closed": ("bob", "From: bob@example.test (mary", INVALID),
    "a quote that is not closed": ("bob", 'From: "bob <bob@example.test>', INVALID),
    "a bracket that is not closed": ("bob", "From: Bob <bob@example.test", INVALID),
    "brackets in brackets": ("bob", "From: <<bob@example.test>>", INVALID),
    "an address without a domain": ("bob", "From: bob", INVALID),
    "an address without a local part": ("bob", "From: @example.test", INVALID),
    "a comma at the end": ("bob", "From: bob@example.test,", INVALID),
    "a semicolon": ("bob", "From: bob@example.test; mary@example.test", INVALID),
    "a control character": ("bob", b"From: bob@example.test \x01", INVALID),
    "a bell in the name": ("bob", b"From: B\x07b <bob@example.test>", INVALID),
    "no UTF-8": ("bob", b"From: B\xf6b <bob@example.test>", INVALID),
    "no UTF-8 in the address": ("bob", b"From: b\xf6b@example.test", INVALID),
    "eight KiB": ("bob", "From: " + (LONG + "\r\n ") * 140 + "<bob@example.test>", INVALID),
    "a hundred and one addresses": ("bob", "From: " + ",\r\n ".join(["bob@example.test"] * 101) + "\r\nSender: bob@example.test",
                                    INVALID),
    "a hundred addresses": ("bob", "From: " + ",\r\n ".join(["bob@example.test"] * 100) + "\r\nSender: bob@example.test", TAKEN),
    # HDR-07: names are free
    "a name that is an address": ("bob", 'From: "mary@example.test" <bob@example.test>', TAKEN),
    "an encoded name that is an address": ("bob", "From: =?utf-8?q?mary=40example.test?= <bob@example.test>", TAKEN),
    # what mailwicketd(8) says of names, and how to write them instead
    "the own address as its own name": ("bob", "From: bob@example.test <bob@example.test>", TAKEN),
    "the same in other letters": ("bob", "From: Bob@Example.test\r\n <bob@example.test>", TAKEN),
    "another own address as a name": ("bob", "From: sales@example.test <bob@example.test>", INVALID),
    "an address as its own name twice": ("bob", "From: bob@example.test <bob@example.test> <bob@example.test>", INVALID),
    "another's as its own name": ("bob", "From: mary@example.test <mary@example.test>", DENIED),
    "a longer one than its name": ("bob", "From: bob@example.test <bob@example.test.mary.test>", INVALID),
    "the own address as a quoted name": ("bob", 'From: "bob@example.test" <bob@example.test>', TAKEN),
    "a name with a comment": ("bob", "From: Bob (Sales) <bob@example.test>", INVALID),
    "a quoted name with a comment": ("bob", 'From: "Bob (Sales)" <bob@example.test>', TAKEN),
    "a name with brackets": ("bob", "From: Bob [Sales] <bob@example.test>", INVALID),
    "a quoted name with brackets": ("bob", 'From: "Bob [Sales]" <bob@example.test>', TAKEN),
    "a name with a comma": ("bob", "From: Builder, Bob <bob@example.test>", INVALID),
    # Resent-*
    "resent by its own": ("bob", "From: bob@example.test\r\nResent-From: bob@example.test", TAKEN),
    "resent by another": ("bob", "From: bob@example.test\r\nResent-From: mary@example.test", SEND_AS),
    "another's, resent by its own": ("bob", "From: mary@example.test\r\nResent-From: bob@example.test", DENIED),
    "resent with another's Sender": ("bob", "From: bob@example.test\r\nResent-From: bob@example.test\r\n"
                                     "Resent-Sender: mary@example.test", SEND_AS),
    # domains with international letters
    "own in A-labels": ("ulla", "From: ulla@xn--bcher-kva.test", TAKEN),
    "own in U-labels": ("ulla", "From: ulla@bücher.test", TAKEN),
    "own in U-labels, decomposed": ("ulla", "From: ulla@bu\u0308cher.test", TAKEN),
    "another's in U-labels": ("bob", "From: ulla@bücher.test", DENIED),
}
ENVELOPE = {"bob": BOB, "mary": MARY, "ulla": "ulla@xn--bcher-kva.test"}


@pytest.fixture(scope="module")
def site(module_folder):
    made = MilterSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS,
                      main="inet_protocols = all\ninet_interfaces = 127.0.0.1, [::1]\n")
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def clients(site):
    made = {login: site.client(login=login, source=AWAY) for login in ENVELOPE}
    yield made
    for client in made.values():
        client.close()


@pytest.mark.parametrize("name", CASES)
def test_a_message_is_taken_only_with_a_from_that_its_sender_may_use(site, clients, name):
    login, header, expected = CASES[name]
    subject = "case " + name.replace(",", "")
    reply = site.send(clients[login], ENVELOPE[login], header, subject)
    assert reply.startswith(expected), reply
    if expected == TAKEN:
        sent = header if isinstance(header, bytes) else header.encode()
        assert site.wait_octets(subject).replace(b"From :", b"From:").startswith(
            sent.replace(b"\r\n", b"\n").replace(b"From :", b"From:"))
    else:
        line = site.header_lines(verdict="refuse", login=login)[-1]
        assert reply.startswith(line["reply"]) and line["queue_id"]


def test_nothing_that_was_refused_arrives(site):
    site.postfix.queue_idle()
    assert [name for name, (_, _, expected) in CASES.items()
            if expected != TAKEN and site.octets("case " + name.replace(",", "")) is not None] == []


def test_both_lines_of_a_message_have_its_queue_id(site, clients):
    queue_id = site.send(clients["bob"], BOB, "From: bob@example.test", "two lines").split()[-1]
    assert [line["stage"] for line in site.daemon.logged(queue_id=queue_id)] == ["END-OF-MESSAGE", "HEADER"]


def test_over_ipv6_it_is_the_same(site):
    with rig.Smtp(site.ports["submission"], "::1", host="::1") as client:
        client.hello()
        client.starttls()
        client.log_in("bob", PASSWORD)
        assert site.send(client, BOB, "From: bob@example.test").startswith(TAKEN)
        assert site.send(client, BOB, "From: mary@example.test").startswith(DENIED)
    assert [line["client"] for line in site.header_lines()[-2:]] == ["::1", "::1"]


def test_a_null_envelope_sender_hides_no_forged_from(site, clients):
    assert site.send(clients["bob"], "", "From: mary@example.test").startswith(DENIED)
    assert site.send(clients["bob"], "", "From: bob@example.test").startswith(TAKEN)


def test_what_a_reader_gets_of_a_field_with_a_nul_is_what_was_judged(site, clients):
    """Postfix cuts a header field at a NUL, for the milter and in the queue alike."""
    reply = site.send(clients["bob"], BOB, b"From: bob@example.test\0, mary@example.test", "nul behind")
    assert reply.startswith(TAKEN)
    assert b"mary@" not in site.wait_octets("nul behind").split(b"\nTo:")[0]
    assert not site.send(clients["bob"], BOB, b"From: mary@example.test\0 <bob@example.test>", "nul before").startswith("250")


@pytest.mark.parametrize("end", [b"\r\n.\n", b"\n.\r\n", b"\n.\n", b"\r\n.\r\r\n"])
def test_a_smuggled_message_is_judged_like_any_other(site, clients, end):
    client = clients["bob"]
    client.reset()
    assert client.mail(BOB).startswith("250") and client.rcpt(MARY).startswith("250")
    client.expect("354", "DATA")
    client.send(b"From: bob@example.test\r\nSubject: outer\r\n\r\nhello" + end +
                b"MAIL FROM:<bob@example.test>\r\nRCPT TO:<mary@example.test>\r\nDATA\r\n"
                b"From: mary@example.test\r\nSubject: smuggled\r\n\r\nhello\r\n.\r\n")
    while not client.reply().startswith(("550 5.7.1", "250 2.0.0")):
        pass
    client.send(b"NOOP\r\n")
    while not client.reply().startswith("250 2.0.0 Ok\r\n".rstrip()):
        pass
    site.postfix.queue_idle()
    assert site.octets("smuggled") is None


def test_anonymous_mail_from_outside_passes_with_any_from(site):
    with site.client("smtp", source=AWAY) as client:
        for number, header in enumerate(["From: mary@example.test", "From: someone@remote.test", "X-None: x",
                                         "From: a@b.test\r\nFrom: c@d.test"]):
            assert site.send(client, "someone@remote.test", header, f"inbound {number}").startswith(TAKEN)


def test_a_from_too_long_for_the_log_is_counted_and_not_taken_again(site, clients):
    """Half of its addresses would be another decision."""
    long = "From: " + ",\r\n ".join(["bob@example.test"] * 99 + ["mary@example.test"]) + "\r\nSender: bob@example.test"
    assert site.send(clients["bob"], BOB, long, "long").startswith(DENIED)
    line = site.header_lines()[-1]
    assert (line["verdict"], line["cut"]) == ("refuse", "from")
    path = site.folder / "long.log"
    path.write_text(site.daemon.wait_log("cut=from")[-1] + "\n")
    told = json.loads(site.daemon.cli("--json", "replay", path).stdout)
    assert told["not_decided"]["cut"] == 1 and told["unchanged"] == 0 and told["rows"] == [], told


# --- settings

def with_setting(policy, setting):
    return changed(policy, ("permission_groups = { ExchangeUsers }", "permission_groups = { ExchangeUsers }\n    " + setting))


@pytest.fixture
def client_setting(site):
    def change(setting):
        site.change_policy(with_setting(WORLD_POLICY, setting))
    yield change
    site.change_policy()


def test_a_display_name_with_another_s_address_is_refused_where_names_are_checked(site, clients, client_setting):
    client_setting("display_name = check")
    for header in (CASES["a name that is an address"][1], CASES["an encoded name that is an address"][1]):
        assert site.send(clients["bob"], BOB, header).startswith("550")
    assert site.send(clients["bob"], BOB, 'From: "bob@example.test" <bob@example.test>').startswith(TAKEN)


def test_header_from_off_judges_nobody(site, clients, client_setting):
    client_setting("header_from = off")
    assert site.send(clients["bob"], BOB, "From: mary@example.test", "off").startswith(TAKEN)


def test_audit_mode_refuses_nothing_and_says_what_it_would(site, clients, client_setting):
    client_setting("mode = audit")
    for header in ("From: mary@example.test", "X-None: x", "From: a@b.test\r\nFrom: c@d.test"):
        reply = site.send(clients["bob"], BOB, header, "audited")
        assert reply.startswith(TAKEN)
        assert site.header_lines(queue_id=reply.split()[-1])[0]["verdict"] == "would-refuse"


def test_a_sender_is_added_where_the_policy_says_so(site, clients, client_setting):
    client_setting("add_sender = yes")
    assert site.send(clients["mary"], MARY, "From: ceo@example.test", "added sender").startswith(TAKEN)
    octets = site.wait_octets("added sender")
    assert octets.count(b"\nSender: mary@example.test\n") == 1 and octets.startswith(b"From: ceo@example.test\nTo:")
    # where it would break a signature it is not
    signed = "DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=x;\r\n h=From:Sender:To; bh=x; b=x\r\nFrom: ceo@example.test"
    assert site.send(clients["mary"], MARY, signed, "signed sender").startswith(DENIED)
    # a Sender of its own is left as it is
    assert site.send(clients["mary"], MARY, "Sender: mary@example.test\r\nFrom: ceo@example.test", "own sender").startswith(TAKEN)
    assert site.wait_octets("own sender").count(b"Sender:") == 1


def test_audit_mode_adds_no_sender(site, clients, client_setting):
    client_setting("add_sender = yes\n    mode = audit")
    assert site.send(clients["mary"], MARY, "From: ceo@example.test", "audited sender").startswith(TAKEN)
    assert b"Sender:" not in site.wait_octets("audited sender")


def test_a_grant_counts_from_the_moment_it_is_published_within_a_session(site, clients):
    assert site.send(clients["bob"], BOB, "From: ceo@example.test").startswith(DENIED)
    site.change_directory(WORLD_DIRECTORY + "grant send-as ceo@example.test bob@example.test\n")
    try:
        wait_for(lambda: site.send(clients["bob"], BOB, "From: ceo@example.test").startswith(TAKEN), "the grant")
    finally:
        site.change_directory(WORLD_DIRECTORY)
    wait_for(lambda: site.send(clients["bob"], BOB, "From: ceo@example.test").startswith(DENIED), "the grant to end")
