"""Addresses that nobody here can have, of strangers and to strangers: mail from and to them is not ours to refuse."""
import pytest

import rig
from rig.mailsite import WORLD_DIRECTORY, WORLD_LISTED, WORLD_LOGINS, MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

MARY = "mary@example.test"
PERMITTED = "250 2.1.5 Ok"
STRICT = """
accepted_domain "*.wild.test" { type = Authoritative }
connector "Strict" {
    bindings = { "*:$strict" }
    permission_groups = { AnonymousUsers }
    deny_permissions = { Accept-Authoritative-Domain-Sender }
}
connector "Closed" {
    bindings = { "*:$closed" }
    permission_groups = { AnonymousUsers }
    deny_permissions = { Accept-Any-Sender }
}
"""
LONG = "SRS0=hhhh=tt=very-long-name.example=" + "a" * 60
VERP = "bounce-" + "0123456789" * 9 + "-mary=example.test"
FOREIGN = [f"{LONG}@forwarder.test", f"{VERP}@lists.test", f'"{LONG} x"@forwarder.test', "x@xn--53h.test", "X@XN--53H.test",
           f"{LONG}@xn--i-7iq.test", "a%b@gateway.test", "gateway.test!a@gateway.test", f"{'a' * 70}%b@gateway.test"]
OURS = [f"{LONG}@example.test", "x@xn--53h.wild.test", "x@XN--53H.sub.Wild.Test", f"{LONG}@xn--bcher-kva.test",
        "a%b@example.test"]


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_LISTED + STRICT, WORLD_DIRECTORY, WORLD_LOGINS, extra=["strict", "closed"])
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.parametrize("sender", FOREIGN)
def test_mail_from_a_foreign_address_that_nobody_here_can_have_arrives(site, sender):
    subject = f"foreign-{FOREIGN.index(sender)}"
    for listener in ("smtp", "strict"):
        with site.client(listener) as client:
            assert client.ask(sender, MARY) == PERMITTED
    with site.client("smtp") as client:
        assert client.deliver(sender, MARY, subject=subject).startswith("250 2.0.0")
    site.postfix.wait_delivered(subject)
    with site.client("closed") as client:
        assert client.ask(sender, MARY)[:9] == "550 5.7.1", sender
    with site.client(login="mary") as mary:
        assert mary.ask(sender, MARY)[0] == "5", sender


@pytest.mark.parametrize("sender", ["x@☕.test", "ñ" * 40 + "@forwarder.test", "x@☕.xn--bcher-kva.example",
                                    # joiners in words and emoji; what Unicode has not yet
                                    "خانه\u200cام@elsewhere.test", "x@نامه\u200cای.test", "x@👩\u200d💻.test",
                                    "👩\u200d💻@elsewhere.test", "\U0002fffd@elsewhere.test"])
def test_the_same_in_international_letters(site, sender):
    for listener in ("smtp", "strict"):
        with site.client(listener) as client:
            assert client.ask(sender, MARY, "SMTPUTF8") == PERMITTED


@pytest.mark.parametrize("sender", OURS)
def test_in_a_domain_of_ours_it_is_judged_as_any_stranger_s(site, sender):
    with site.client("strict") as client:
        reply = client.ask(sender, MARY)
        assert reply.endswith("Client does not have permissions to send as this sender"), reply
    with site.client("smtp") as client:
        assert client.ask(sender, MARY) == PERMITTED
    with site.client(login="mary") as mary:
        assert mary.ask(sender, MARY)[0] == "5"


def test_below_a_wildcard_international_letters_are_ours_too(site):
    with site.client("strict") as client:
        for sender in ("x@☕.wild.test", "x@☕.ＷＩＬＤ.test"):
            reply = client.ask(sender, MARY, "SMTPUTF8")
            assert reply.endswith("Client does not have permissions to send as this sender"), (sender, reply)


@pytest.mark.parametrize("recipient", FOREIGN[:6])
def test_a_user_may_write_to_it_and_a_stranger_does_not_relay_to_it(site, recipient):
    with site.client(login="mary") as mary:
        assert mary.ask(MARY, recipient) == PERMITTED
    with site.client("smtp") as client:
        assert client.ask("x@elsewhere.test", recipient).endswith("Unable to relay")


def test_a_bounce_to_a_long_address_of_ours_arrives(site):
    with site.client("smtp") as client:
        assert client.deliver("", f"{LONG}@example.test", subject="bounce").startswith("250 2.0.0")
    site.postfix.wait_delivered("bounce")
