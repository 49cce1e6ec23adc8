"""A server in the manner of docker-mailserver: what works before setup works after it, and after --undo."""
import pytest

from rig import distribution
from rig.distribution import Distribution
from rig.distribution_cycle import NO_RELAY, NOT_AS_TEAM, POLICY, WRONG, Cycle, assert_same, usual
from rig.init_cycle import InitCycle
from rig.mail_programs import Filter, signer

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

ALICE, BOB, TEAM = "alice@example.test", "bob@example.test", "team@example.test"
NOT_OWNED = "553 5.7.1 <bob@example.test>: Sender address rejected: not owned by user alice@example.test"
BEFORE = {
    **usual(", X-Filter: 10024", ", X-Filter: 10024, DKIM-Signature"),
    "25: to nobody":
        "550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in virtual mailbox table",
    "587: forged": NOT_OWNED,
    "465: forged": NOT_OWNED,
    "587: alice as team": "once at world, X-Filter: 10024, DKIM-Signature",
    "25: what header_checks refuse": "550 5.7.1 we buy nothing",
    "25: to an alias": "once at bob, X-Filter: 10024",
    "587: an account that was closed": WRONG,
    "imap: an account that was closed": "b'[AUTHENTICATIONFAILED] Authentication failed.'",
    "imap: the archive": "OK",
    "587: the archive sends": "once at bob, X-Filter: 10024, DKIM-Signature",
    "10025: what comes back": "once at world",
}
# smtpd_client_restrictions come first, and say it already.
AFTER = {
    **BEFORE, **POLICY,
    "25: relay": NO_RELAY,
    "25: relay as alice": NO_RELAY,
    "587: alice as team": NOT_AS_TEAM,
    "587: the archive sends": WRONG,
}


class DockerMailserver(Distribution):
    marks = ("X-Filter: 10024", "DKIM-Signature")

    def __init__(self, folder):
        super().__init__("docker-mailserver", folder)

    def make(self):
        super().make()
        self.copy("opendkim", self.folder)
        self.signer = self.run(signer(self.folder, 8891))
        self.filter = self.run(Filter(10024, back=10025))


def more(actions):
    actions.do("587: alice as team", actions.send, 587, TEAM, "away@example.org", login=ALICE)
    actions.do("25: what header_checks refuse", actions.send, 25, "someone@example.net", BOB, header="Subject: buy cheap {}")
    actions.do("25: to an alias", actions.send_to_bob, 25, "someone@example.net", "postmaster@example.test")
    actions.do("587: an account that was closed", actions.send, 587, "closed@example.test", BOB, login="closed@example.test")
    actions.do("imap: an account that was closed", actions.imap, "closed@example.test")
    actions.do("imap: the archive", actions.imap, "archive@example.test")
    actions.do("587: the archive sends", actions.send, 587, "archive@example.test", BOB, login="archive@example.test")
    actions.do_here("10025: what comes back", actions.deliver, 10025, "someone@example.net", "away@example.org")


@pytest.fixture(scope="module")
def cycle(module_folder):
    with DockerMailserver(module_folder) as site:
        yield Cycle(site, more)


def test_before_setup_everything_works(cycle):
    assert_same(cycle.before, BEFORE)


def test_setup_is_made_and_check_has_no_error(cycle):
    cycle.assert_setup_was_made()


def test_after_setup_the_policy_holds_and_nothing_else_is_different(cycle):
    assert_same(cycle.after, AFTER)


def test_setup_takes_nothing_away(cycle):
    cycle.assert_nothing_was_taken(
        files=["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/dovecot.conf",
               "dovecot/etc/conf.d/05-mailwicket.conf", "dovecot/etc/conf.d/99-mailwicket.conf"],
        entries=["smtpd/pass", "submission/inet", "submissions/inet"],
        # Mailwicket's own list is in their place, its question before what was there; CHUNKING kills this Postfix.
        options=["smtpd_relay_restrictions", "smtpd_sender_restrictions", "smtpd_discard_ehlo_keywords"])


def test_undo_gives_every_octet_and_all_that_worked(cycle):
    cycle.assert_undone(BEFORE)


@pytest.fixture(scope="module")
def init_cycle(module_folder):
    (module_folder / "init").mkdir()
    with DockerMailserver(module_folder / "init") as site:
        yield InitCycle(site, more)


def test_what_init_makes_passes_check_and_setup(init_cycle):
    init_cycle.assert_made()


def test_with_what_init_makes_nothing_that_worked_is_refused(init_cycle):
    init_cycle.assert_nothing_that_worked_is_refused()
