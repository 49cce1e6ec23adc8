"""A server in the manner of Mail-in-a-Box: what works before setup works after it, and after --undo."""
from rig.distribution import Distribution
from rig.distribution_cycle import ALICE, BOB, NO_MAILBOX, NOT_AS_TEAM, NOT_OWNED, POLICY, RELAY_LATER, TEAM, usual
from rig.distribution_promises import Promises
from rig.mail_programs import Filter, greylist, signer

ACCESS_DENIED = "554 5.7.1 <bob@example.test>: Recipient address rejected: Access denied"
BEFORE = {
    **usual(", X-Filter: 10025", ", DKIM-Signature"),
    "25: to nobody": NO_MAILBOX,
    "25: relay": RELAY_LATER,
    "25: relay as alice": RELAY_LATER,
    "25: what the filter refuses": "550 5.7.1 a virus",
    "587: alice to bob": "once at bob, X-Filter: 10025, DKIM-Signature",
    "465: alice to bob": "once at bob, X-Filter: 10025, DKIM-Signature",
    "587: forged": NOT_OWNED,
    "465: forged": NOT_OWNED,
    "587: relay without AUTH": RELAY_LATER,
    "465: relay without AUTH": RELAY_LATER,
    "587: mail without AUTH": ACCESS_DENIED,
    "465: mail without AUTH": ACCESS_DENIED,
    "587: alice as team": "once at world, DKIM-Signature",
    "25: to an alias": "once at bob, X-Filter: 10025",
    "25: to one whom postgrey guards": "450 4.2.0 <grey@example.test>: Recipient address rejected: Greylisted, "
                                       "see http://postgrey.schweikert.ch/help/example.test.html",
    "2587: alice to bob, by Dovecot": "once at bob, X-Filter: 10025, DKIM-Signature",
    "2587: carol out, by Dovecot": "once at world, DKIM-Signature",
    "2587: forged, by Dovecot": "once at world, DKIM-Signature",
    "2587: without AUTH": "530 5.7.0 Authentication required.",
    "10587: what Dovecot hands over": "once at world, DKIM-Signature",
}
NOT_LOGGED_IN = "530 5.7.1 <{}>: Sender address rejected: Client was not authenticated"
AFTER = {
    **BEFORE, **POLICY,
    "587: alice as team": NOT_AS_TEAM,
    "587: relay without AUTH": NOT_LOGGED_IN.format("alice@example.test"),
    "465: relay without AUTH": NOT_LOGGED_IN.format("alice@example.test"),
    "587: mail without AUTH": NOT_LOGGED_IN.format("someone@example.net"),
    "465: mail without AUTH": NOT_LOGGED_IN.format("someone@example.net"),
    "2587: carol out, by Dovecot": "535 5.7.8 Authentication failed.",
}


class MailInABox(Distribution):
    name = "mail-in-a-box"
    marks = ("X-Filter: 10025", "DKIM-Signature")
    PORTS = {**Distribution.PORTS, "submission": 2587}

    def protocols(self):
        return [*super().protocols(), "submission"]

    def make(self):
        super().make()
        for folder in "opendkim", "postgrey":
            self.copy(folder, self.folder)
        self.signer = self.run(signer(self.folder, 8891))
        self.greylist = self.run(greylist(self.folder, 10023))
        self.filter = self.run(Filter(10025, back=10026, lmtp=True))

    def more(self, actions):
        actions.do("587: alice as team", actions.send, 587, TEAM, "away@example.org", login=ALICE)
        actions.do("25: to an alias", actions.send_to_bob, 25, "someone@example.net", "postmaster@example.test")
        actions.do("25: to one whom postgrey guards", actions.send, 25, "someone@example.net", "grey@example.test")
        actions.do("2587: alice to bob, by Dovecot", actions.send, 2587, ALICE, BOB, login=ALICE)
        actions.do("2587: carol out, by Dovecot", actions.send, 2587, "carol@example.test", "away@example.org",
                   login="carol@example.test")
        actions.do("2587: forged, by Dovecot", actions.send, 2587, BOB, "away@example.org", login=ALICE)
        actions.do("2587: without AUTH", actions.send, 2587, ALICE, BOB)
        actions.do_here("10587: what Dovecot hands over", actions.deliver, 10587, ALICE, "away@example.org")


class TestMailInABox(Promises):
    kind, before, after = MailInABox, BEFORE, AFTER
    # Dovecot's submission gives its users' mail to a listener that asks nobody: they send as anybody, as before.
    errors = ["submission_relay_host"]
    may_change = {
        "files": ["postfix/etc/master.cf", "dovecot/etc/conf.d/05-mailwicket.conf",
                  "dovecot/etc/conf.d/99-mailwicket.conf"],
        "entries": ["smtp/inet", "submission/inet", "smtps/inet"],
    }
    other_words = ["25: relay", "25: relay as alice",
                   *(f"{port}: {what} without AUTH" for port in (465, 587) for what in ("mail", "relay"))]
