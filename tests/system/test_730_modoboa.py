"""A server in the manner of modoboa: what works before setup works after it, and after --undo."""
from rig.distribution import Distribution
from rig.distribution_cycle import ALICE, BOB, NO_MAILBOX, NO_RELAY, NOT_AS_TEAM, NOT_OWNED, POLICY, TEAM, WRONG, usual
from rig.distribution_promises import Promises
from rig.mail_programs import Filter, PolicyService, signer
from rig.postfix import Postfix

BEFORE = {
    **usual(", X-Filter: 10024", ", X-Filter: 10026, DKIM-Signature"),
    "25: to nobody": NO_MAILBOX,
    "587: forged": NOT_OWNED,
    "465: forged": NOT_OWNED,
    "587: alice as team": "once at world, X-Filter: 10026, DKIM-Signature",
    "25: as alice": "once at bob, X-Filter: 10024",
    "25: to an alias": "once at bob, X-Filter: 10024",
    "25: to a mailbox under maintenance":
        "450 4.2.1 <moved@example.test>: Recipient address rejected: mailbox is being moved",
    "25: what the policy service refuses": "554 5.7.1 <bob@example.test>: Recipient address rejected: greedy sender",
    "587: what the proxy before the queue refuses": "550 5.7.0 Refused by the content filter",
    "imaps: alice's application password": "logged in",
    "587: alice's application password": WRONG,
    "10035: the second instance": "once at world",
}
# smtpd_recipient_restrictions come first at this compatibility_level, and say it already.
AFTER = {
    **BEFORE, **POLICY,
    "25: relay": NO_RELAY,
    "25: relay as alice": NO_RELAY,
    "587: alice as team": NOT_AS_TEAM,
}


class Modoboa(Distribution):
    name = "modoboa"
    marks = ("X-Filter: 10024", "X-Filter: 10026", "DKIM-Signature")

    def make_postfix(self, postfix, source):
        """Two instances: the second has what leaves."""
        (self.folder / "out").mkdir()
        self.out = Postfix(self.folder / "out", certificate=self.postfix.certificate)
        self.values["ETC_OUT"] = self.out.etc
        super().make_postfix(postfix, source)
        super().make_postfix(self.out, "postfix-out")
        self.out.ports = [10035]

    def make(self):
        super().make()
        self.copy("opendkim", self.folder)
        self.signer = self.run(signer(self.folder, 12345))
        self.filters = [self.run(Filter(10024, back=10025)), self.run(Filter(10026, back=10027))]
        self.throttle = self.run(PolicyService(9999))

    def start(self):
        super().start()
        self.out.start()

    def stop(self):
        super().stop()
        if hasattr(self, "out"):
            self.out.stop()

    def instances(self):
        return [self.postfix, self.out]

    def configurations(self):
        return [*super().configurations(), self.out.etc]

    def more(self, actions):
        actions.do("587: alice as team", actions.send, 587, TEAM, "away@example.org", login=ALICE)
        actions.do("25: as alice", actions.send, 25, ALICE, BOB)
        actions.do("25: to an alias", actions.send_to_bob, 25, "someone@example.net", "postmaster@example.test")
        actions.do("25: to a mailbox under maintenance", actions.send, 25, "someone@example.net", "moved@example.test")
        actions.do("25: what the policy service refuses", actions.send, 25, "x@greedy.example.net", BOB)
        actions.do("587: what the proxy before the queue refuses", actions.send, 587, ALICE, BOB, "--body", "EICAR", login=ALICE)
        actions.do("imaps: alice's application password", actions.imap_by_ours, "implicit", 993, password="app-password")
        actions.do("587: alice's application password", actions.send, 587, ALICE, BOB, login=ALICE, password="app-password")
        actions.do_here("10035: the second instance", actions.deliver, 10035, "someone@example.net", "away@example.org")


class TestModoboa(Promises):
    kind, before, after = Modoboa, BEFORE, AFTER
    may_change = {
        "files": ["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/conf.d/05-mailwicket.conf",
                  "dovecot/etc/conf.d/10-auth.conf", "dovecot/etc/conf.d/99-mailwicket.conf"],
        "entries": ["smtpd/pass", "submission/inet", "465/inet"],
    }
