"""rspamd as the other milter, before ours and behind: each has its say, and what rspamd signs behind ours verifies."""
import re

import dkim
import pytest

import rig
from rig import changed, mail_programs
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MILTERS, MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY = "bob@example.test", "mary@example.test"
AWAY = "127.0.0.9"
TAKEN = "250 2.0.0 Ok: queued as"
DENIED = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
INVALID = "550 5.1.7 Invalid From field"
SPAM = "554 5.7.1 "  # rspamd's
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"
POLICY = changed(WORLD_POLICY, ("permission_groups = { ExchangeUsers }", "permission_groups = { ExchangeUsers }\n    add_sender = yes"))
ORDERS = ("before", "behind")  # where rspamd stands


@pytest.fixture(scope="module")
def filtered(module_folder):
    made = mail_programs.rspamd(module_folder, rig.free_port())
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(module_folder, filtered):
    rspamd = f"inet:127.0.0.1:{filtered.port}"
    made = MilterSite(module_folder, POLICY, WORLD_DIRECTORY, WORLD_LOGINS, copies=ORDERS,
                      milters={"before": f"{rspamd},{MILTERS}", "behind": f"{MILTERS},{rspamd}"})
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(params=ORDERS)
def order(request):
    return request.param


@pytest.fixture
def bob(site, order):
    with site.client(order, login="bob", source=AWAY) as client:
        yield client


def delivered(site, subject):
    """The octets as delivered, with what the milters put before; None: nothing."""
    site.postfix.queue_idle()
    for path in (site.postfix.mail / "all").glob("new/*"):
        octets = path.read_bytes()
        if f"\nSubject: {subject}\n".encode() in octets:
            return octets
    return None


def verifies(octets, record):
    message = re.sub(rb"\A(?:Return-Path|X-Original-To|Delivered-To): .*\n", b"", octets).replace(b"\n", b"\r\n")
    return dkim.verify(message, dnsfunc=lambda name, timeout=5: record)


def test_what_both_permit_arrives_with_rspamd_s_headers_and_its_signature_verifies(site, order, bob, module_folder):
    record = mail_programs.key_record(module_folder / "rspamd")
    for number in range(20):
        subject = f"{order} {number}"
        assert site.send(bob, BOB, f"From: Bob <{BOB}>", subject, body=b"hello \r\n\r\n" * number).startswith(TAKEN)
        octets = delivered(site, subject)
        assert octets.count(b"\nX-Spam-Status: ") + octets.startswith(b"X-Spam-Status: ") == 1, octets
        assert b"DKIM-Signature:" in octets and verifies(octets, record), octets


def test_what_ours_refuses_is_refused_in_either_order_and_nothing_of_it_arrives(site, order, bob):
    for number in range(5):
        subject = f"forged {order} {number}"
        assert site.send(bob, BOB, f"From: {MARY}", subject).startswith(DENIED)
        assert site.send(bob, BOB, f"From: {BOB}\r\nFrom: {MARY}", subject).startswith((INVALID, SPAM))
        assert site.send(bob, BOB, f"From: {BOB}", "own " + subject).startswith(TAKEN)
        assert delivered(site, subject) is None and delivered(site, "own " + subject) is not None


def test_what_rspamd_refuses_is_refused_in_either_order_and_leaves_nothing_behind(site, order, bob):
    subject = f"spam {order}"
    assert site.send(bob, BOB, f"From: {BOB}", subject, body=GTUBE).startswith(SPAM)
    assert site.send(bob, BOB, f"From: {MARY}", subject, body=GTUBE).startswith((SPAM, DENIED))
    assert bob.command("DATA").startswith("503")
    assert site.send(bob, BOB, f"From: {MARY}", subject).startswith(DENIED)
    assert site.send(bob, BOB, f"From: {BOB}", "ham " + subject).startswith(TAKEN)
    assert delivered(site, subject) is None and delivered(site, "ham " + subject) is not None


def test_a_sender_is_added_before_rspamd_signs_and_never_behind_its_signature(site, order, module_folder):
    subject = f"on behalf {order}"
    with site.client(order, login="mary", source=AWAY) as mary:
        reply = site.send(mary, MARY, "From: ceo@example.test", subject)
    octets = delivered(site, subject)
    if order == "behind":
        assert reply.startswith(TAKEN)
        assert octets.count(b"\nSender: mary@example.test\n") == 1
        assert verifies(octets, mail_programs.key_record(module_folder / "rspamd"))
    else:  # its signature says that there is no Sender
        assert reply.startswith(DENIED) and octets is None
