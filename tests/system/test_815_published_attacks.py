"""The attacks of two papers, case by case, as a user who logged in would try them through real Postfix: "Composition Kills"
(USENIX Security 2020, the cases of the authors' tool espoofer) and "Weak Links in Authentication Chains" (USENIX Security 2021,
those of ESpoofing). Bob is the attacker, mary whom he wants to be taken for.

Not ours, as they are tricks on a server that checks other people's mail by SPF, DKIM or ARC: of Composition Kills a3 and a4 (a
NUL and a quote in the d= or s= of a signature, read in DNS), and replays of signed messages; of Weak Links A9 (a forwarder
that signs for its users), A10 (fields added to a signed message) and A11 (ARC). The envelopes of a1, a2 and a5 to a7 are meant
for SPF; a user who logged in may not use them either."""
import base64

import pytest

import rig
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY = b"bob@example.test", b"mary@example.test"
AWAY = "127.0.0.9"
INVALID = "550 5.1.7 Invalid From field"
DENIED = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
SEND_AS = "550 5.7.1 Client does not have permissions to send as this sender"
ENVELOPE = "5"  # refused before the header, by Postfix or by the sender question
TAKEN = "250 2.0.0 Ok: queued as"


def encoded(octets):
    return b"=?utf-8?b?" + base64.b64encode(octets) + b"?="


SENDER = b"\r\nSender: <s@sender.example.test>"
HOMOGRAPH = "mary@ex\u0430mple.test".encode()  # with the Cyrillic letter
# case: header, reply, why
HEADERS = {
    "espoofer client_a1": (b"From: <" + BOB + b">\r\nFrom: <" + MARY + b">", INVALID, "two From fields"),
    "espoofer client_a2": (b"From: <" + BOB + b">, <" + MARY + b">" + SENDER, DENIED, "each address has to be his"),
    "espoofer client_a3": (b"From: <" + MARY + b">", DENIED, "mary's"),
    "espoofer a8": (b"From: <" + BOB + b">\r\nFrom: <" + MARY + b">", INVALID, "two From fields"),
    "espoofer a9": (b" From: <" + BOB + b">\r\nFrom: <" + MARY + b">", INVALID, "a blank ends Postfix's header: no From"),
    "espoofer a9 behind a field": (b"X: y\r\n From: <" + BOB + b">\r\nFrom: <" + MARY + b">", DENIED, "the first one is folded into X"),
    "espoofer a10": (b"From: <" + BOB + b">\r\nFrom : <" + MARY + b">", INVALID, "both are From"),
    "espoofer a10, first": (b"X: y\r\nFrom : <" + MARY + b">\r\nFrom: <" + BOB + b">", INVALID, "both are From"),
    "espoofer a11": (b"From\r\n : <" + BOB + b">\r\nFrom: <" + MARY + b">", INVALID, "no field: the header ends, without From"),
    "espoofer a12": (b"From\r\n : <" + BOB + b">\r\nSender: <" + MARY + b">", INVALID, "no field: the header ends, without From"),
    "espoofer a12 with a From": (b"From: <" + BOB + b">\r\nSender: <" + MARY + b">", SEND_AS, "Sender is mary's"),
    "espoofer a13": (b"From\r\n : <" + BOB + b">\r\nResent-From: <" + MARY + b">", INVALID, "no field: the header ends, without From"),
    "espoofer a13 with a From": (b"From: <" + BOB + b">\r\nResent-From: <" + MARY + b">", SEND_AS, "Resent-From is mary's"),
    "espoofer a14": (b"From: <" + BOB + b">, <" + MARY + b">" + SENDER, DENIED, "each address has to be his"),
    "espoofer a15": (b"From:" + encoded(b"<" + MARY + b">") + b",<" + BOB + b">" + SENDER, INVALID, "an encoded address is none"),
    "espoofer a16": (b"From: <@attack.test,@any.test:" + MARY + b">" + SENDER, INVALID, "a route"),
    "espoofer a17": (b"From: <" + MARY + b">\\,<" + BOB + b">" + SENDER, INVALID, "an escape outside quotes"),
    "espoofer a18": (b"From: " + MARY + b",<" + BOB + b">" + SENDER, DENIED, "each address has to be his"),
    "espoofer a19": (b"From: <" + BOB + b">" + MARY + SENDER, INVALID, "words behind the address"),

    "Weak Links A2.1": (b"From: " + MARY, DENIED, "another user"),
    "Weak Links A2.2": (b"From: alice@attack.test", DENIED, "another domain"),
    "Weak Links A4": (b"From: " + BOB + b"\r\nFrom: " + MARY, INVALID, "two From fields"),
    "Weak Links A4, letters": (b"From: " + BOB + b"\r\nFrOM: " + MARY, INVALID, "two From fields"),
    "Weak Links A4, an octet in the name": (b"From\xff: " + BOB + b"\r\nFrom: " + MARY, (INVALID, DENIED), "one From, mary's, or none"),
    "Weak Links A5": (b"From: <" + MARY + b">, <" + BOB + b">\r\nSender: " + BOB, DENIED, "each address has to be his"),
    "Weak Links A6": (b"From: <" + MARY + b"\xffexample.test>", INVALID, "no UTF-8"),
    "Weak Links A6, a NUL": (b"From: <" + MARY + b"\0" + BOB + b">", (INVALID, DENIED), "Postfix cuts there, for everybody"),
    "Weak Links A6, U+FFFF": (b"From: <" + MARY + "\uffff".encode() + b"attack.test>", (INVALID, DENIED), "no domain of his"),
    "Weak Links A6, a brace": (b"From: <" + MARY + b"}attack.test>", (INVALID, DENIED), "no domain of his"),
    "Weak Links A7": (b"From: <" + encoded(MARY) + encoded(b"\xff") + b"@example.test>", INVALID, "an encoded address is none"),
    "Weak Links A7, a NUL": (b"From: <" + encoded(MARY) + b">\0@example.test", INVALID, "an encoded address is none"),
    "Weak Links A7, a group encoded": (b"From: " + encoded(b"x:" + MARY + b";"), INVALID, "an encoded address is none"),
    "Weak Links A8": (b"From: mary@sub.example.test", DENIED, "a subdomain is another domain"),
    "Weak Links A12.1": (b"From: <" + HOMOGRAPH + b">", DENIED, "another domain, whatever it looks like"),
    "Weak Links A12.1, A-label": (b"From: <mary@xn--exmple-4nf.test>", DENIED, "another domain, whatever it looks like"),
    "Weak Links A12.2": (b"From: <xn--bob-6kc@example.test>", DENIED, "another local part"),
    "Weak Links A12, a letter of the own address": ("From: <b\u043eb@example.test>".encode(), DENIED, "another local part"),
    "Weak Links A13": (b"From: <mary@exam@ple.test>", INVALID, "a second @"),
    "Weak Links A13, own": (b"From: <bob@exam@ple.test>", INVALID, "a second @"),
    "Weak Links A14.1": ("From: \u202emoc.elpmaxe@\u202dyram@example.test".encode(), INVALID, "text that is turned around"),
    "Weak Links A14.2": ("From: bob@\u202etset.elpmaxe\u202d".encode(), INVALID, "text that is turned around"),
    "Weak Links A14, in the name": ("From: \u202etset.elpmaxe@yram\u202c <bob@example.test>".encode(), INVALID,
                                    "text that is turned around"),
    "Weak Links A14, in a quoted name": ('From: "\u202etset.elpmaxe@yram" <bob@example.test>'.encode(), INVALID,
                                         "text that is turned around"),
    "Weak Links A14, in an encoded name": (b"From: " + encoded("\u202etset.elpmaxe@yram".encode()) + b" <" + BOB + b">", INVALID,
                                           "text that is turned around"),
    "Weak Links A14, in two encoded words": (b"From: =?utf-8?q?a=E2=80?= =?utf-8?q?=AEtset?= <" + BOB + b">", INVALID,
                                             "text that is turned around"),
    # what is no attack: names in scripts that are written from the right
    "a name in Hebrew": ("From: \u05de\u05e8\u05d9\u05dd <bob@example.test>".encode(), TAKEN, "his own"),
    "a name in Arabic with a mark": ("From: \"\u200f\u0645\u0631\u064a\u0645\u200e\" <bob@example.test>".encode(), TAKEN, "his own"),
}
# case: MAIL FROM, header
ENVELOPES = {
    "espoofer a1": ("any@mailfrom.notexist.example.test", b"From: <" + MARY + b">"),
    "espoofer a2": ("(any@example.test", b"From: <" + MARY + b">"),
    "espoofer a5": ("any@example.test(a.attack.test", b"From: <" + MARY + b">"),
    "espoofer a6": ("any@example.test'@any.attack.test", b"From: <" + MARY + b">"),
    "espoofer a7": ("@example.test,@any.test:'any@attack.test", b"From: <" + MARY + b">"),
    "Weak Links A1": ("mary@example.test", b"From: <" + MARY + b">"),
    "Weak Links A1, his own From": ("mary@example.test", b"From: <" + BOB + b">"),
    "Weak Links A3": ("", b"From: <" + MARY + b">"),
    "Weak Links A8": ("admin@sub.example.test", b"From: <admin@example.test>"),
}


@pytest.fixture(scope="module")
def site(module_folder):
    with MilterSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS) as made:
        yield made


@pytest.fixture(scope="module")
def bob(site):
    with site.client(login="bob", source=AWAY) as client:
        yield client


def subject(case):
    return "paper " + case.replace(",", "")


@pytest.mark.parametrize("case", HEADERS)
def test_no_header_of_the_papers_makes_a_user_somebody_else(site, bob, case):
    header, expected, why = HEADERS[case]
    reply = site.send(bob, BOB.decode(), header, subject(case))
    assert reply.startswith(expected), (why, reply)


@pytest.mark.parametrize("case", ENVELOPES)
def test_no_envelope_of_the_papers_makes_a_user_somebody_else(site, bob, case):
    sender, header = ENVELOPES[case]
    reply = site.send(bob, sender, header, subject(case))
    assert reply.startswith(ENVELOPE), reply


def test_nothing_of_the_papers_arrives(site):
    site.postfix.queue_idle()
    assert [case for case in (*HEADERS, *ENVELOPES)
            if HEADERS.get(case, ("", ""))[1] != TAKEN and site.octets(subject(case)) is not None] == []
    assert all(site.octets(subject(case)) for case, row in HEADERS.items() if row[1] == TAKEN)
