"""A server in the manner of mailcow: what works before setup works after it, and after --undo."""
import pytest

from rig import distribution
from rig.distribution import Distribution
from rig.distribution_cycle import NOT_AS_TEAM, POLICY, WRONG, Cycle, assert_same, usual
from rig.init_cycle import InitCycle
from rig.mail_programs import signer
from rig.network import CLIENT, SERVER

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

ALICE, BOB, TEAM = "alice@example.test", "bob@example.test", "team@example.test"
SIGNED = ", DKIM-Signature"
NOT_OWNED = "553 5.7.1 <bob@example.test>: Sender address rejected: not owned by user alice@example.test"
BEFORE = {
    **usual("", SIGNED),
    "25: to nobody":
        "550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in virtual mailbox table",
    "25: relay": "454 4.7.1 <other@example.org>: Relay access denied",
    "25: relay as alice": "454 4.7.1 <other@example.org>: Relay access denied",
    "25: what the filter refuses": "550 5.7.1 a virus",
    "25: to bob-tls": "once at bob",
    "25: to bob-tls, without TLS": "550 5.7.1 Session encryption is required",
    "587: forged": NOT_OWNED,
    "465: forged": NOT_OWNED,
    "587: alice as team": "once at world, DKIM-Signature",
    "imaps: alice's application password": "logged in",
    "imap: the webmail, without TLS": "logged in",
    "imaps: through the proxy": "logged in",
    "588: from outside": "once at bob, DKIM-Signature",
    "588: the webmail, without TLS": "once at bob, DKIM-Signature",
    "588: the webmail, alice as team": "once at world, DKIM-Signature",
    "589: the watchdog": "0 times at bob",
    "590: from the quarantine": "once at bob",
    "10025: through the proxy": "once at bob",
    "10587: through the proxy": "once at bob, DKIM-Signature",
    "10465: through the proxy": "once at world, DKIM-Signature",
    "10465: through the proxy, alice as team": "once at world, DKIM-Signature",
}
AFTER = {
    **BEFORE, **POLICY,
    "587: alice as team": NOT_AS_TEAM,
    "588: from outside": WRONG,
    "588: the webmail, alice as team": NOT_AS_TEAM,
    "10465: through the proxy, alice as team": NOT_AS_TEAM,
}


class Mailcow(Distribution):
    marks = ("DKIM-Signature",)

    def __init__(self, folder):
        super().__init__("mailcow", folder)

    def make(self):
        super().make()
        self.copy("opendkim", self.folder)
        self.signer = self.run(signer(self.folder, 9900))


def proxied(port):
    """What HAProxy says first of a client outside that came to `port`."""
    return f"PROXY TCP4 {CLIENT} {SERVER} 4711 {port}\r\n".encode()


def more(actions):
    here = {"host": "127.0.0.1", "source": "127.0.0.1"}
    actions.do("25: to bob-tls", actions.send, 25, "someone@example.net", "bob-tls@example.test")
    actions.do("25: to bob-tls, without TLS", actions.send, 25, "someone@example.net", "bob-tls@example.test", tls=False)
    actions.do("587: alice as team", actions.send, 587, "team@example.test", "away@example.org", login=ALICE)
    actions.do("imaps: alice's application password", actions.imap_by_ours, "implicit", 993, password="app-password")
    actions.do_here("imap: the webmail, without TLS", actions.imap_by_ours, "none", 143, **here)
    actions.do_here("imaps: through the proxy", actions.imap_by_ours, "implicit", 10993, proxied(993), **here)
    actions.do("588: from outside", actions.send, 588, ALICE, BOB, login=ALICE, tls=False)
    actions.do_here("588: the webmail, without TLS", actions.deliver, 588, ALICE, BOB, login=ALICE)
    actions.do_here("588: the webmail, alice as team", actions.deliver, 588, TEAM, "away@example.org", login=ALICE)
    actions.do_here("589: the watchdog", actions.deliver, 589, "watchdog@localhost", "watchdog@localhost", where="bob")
    actions.do_here("590: from the quarantine", actions.deliver, 590, "someone@example.net", BOB)
    actions.do_here("10025: through the proxy", actions.deliver, 10025, "someone@example.net", BOB, preamble=proxied(25))
    actions.do_here("10587: through the proxy", actions.deliver, 10587, ALICE, BOB, tls="starttls", login=ALICE,
                    preamble=proxied(587))
    actions.do_here("10465: through the proxy", actions.deliver, 10465, ALICE, "away@example.org", login=ALICE,
                    preamble=proxied(465), tls="wrapped")
    actions.do_here("10465: through the proxy, alice as team", actions.deliver, 10465, TEAM, "away@example.org", login=ALICE,
                    preamble=proxied(465), tls="wrapped")


@pytest.fixture(scope="module")
def cycle(module_folder):
    with Mailcow(module_folder) as site:
        yield Cycle(site, more)


def test_before_setup_everything_works(cycle):
    assert_same(cycle.before, BEFORE)


def test_setup_is_made_and_check_has_no_error(cycle):
    cycle.assert_setup_was_made()


def test_after_setup_the_policy_holds_and_nothing_else_is_different(cycle):
    assert_same(cycle.after, AFTER)


def test_setup_takes_nothing_away(cycle):
    cycle.assert_nothing_was_taken(
        files=["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/dovecot.conf"],
        entries=["smtpd/pass", "smtps/inet", "submission/inet", "588/inet", "127.0.0.1:10465/inet",
                                    "127.0.0.1:10587/inet"], settings=["smtpd_relay_restrictions"],
        # The question stands before what was there.
        options=["smtpd_sender_restrictions"])


def test_undo_gives_every_octet_and_all_that_worked(cycle):
    cycle.assert_undone(BEFORE)


@pytest.fixture(scope="module")
def init_cycle(module_folder):
    (module_folder / "init").mkdir()
    with Mailcow(module_folder / "init") as site:
        yield InitCycle(site, more)


def test_what_init_makes_passes_check_and_setup(init_cycle):
    init_cycle.assert_made()


def test_with_what_init_makes_nothing_that_worked_is_refused(init_cycle):
    init_cycle.assert_nothing_that_worked_is_refused(other_words=["25: relay", "25: relay as alice"])
