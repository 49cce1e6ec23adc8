"""A server in the manner of iRedMail: what works before setup works after it, and after --undo."""
import rig
from rig.distribution import Distribution
from rig.distribution_cycle import BOB, NO_RELAY, POLICY, WRONG, usual
from rig.distribution_promises import Promises
from rig.mail_programs import Filter, PolicyService
from rig.network import SERVER

BEFORE = {
    **usual(", X-Filter: 10024", ", X-Filter: 10026"),
    "587: dave, whom the database refuses": WRONG,
    "pop3s: erin, whom the database refuses": "curl: 67",
    "25: what header_checks refuse": "550 5.7.1 we buy nothing",
    "25: what the policy service refuses": "554 5.7.1 <bob@example.test>: Recipient address rejected: greedy sender",
    "25: a sender of the access table":
        "554 5.7.1 <x@forbidden.example.net>: Sender address rejected: sender not wanted",
    "25: to an alias": "once at bob, X-Filter: 10024",
    "10028: a mailing list's message": "250 2.0.0 Ok",
}
# smtpd_recipient_restrictions come first at this compatibility_level, and say it already.
AFTER = {**BEFORE, **POLICY, "25: relay": NO_RELAY, "25: relay as alice": NO_RELAY}


class IRedMail(Distribution):
    name = "iredmail"
    marks = ("X-Filter: 10024", "X-Filter: 10026")

    def make(self):
        super().make()
        self.filters = [self.run(Filter(port, back=10025)) for port in (10024, 10026)]
        self.throttle = self.run(PolicyService(7777))

    def more(self, actions):
        actions.do("587: dave, whom the database refuses", actions.send, 587, "dave@example.test", BOB,
                   login="dave@example.test")
        actions.do("pop3s: erin, whom the database refuses", actions.curl_read, f"pop3s://{SERVER}/",
                   "erin@example.test")
        actions.do("25: what header_checks refuse", actions.send, 25, "someone@example.net", BOB,
                   header="Subject: buy cheap {}")
        actions.do("25: what the policy service refuses", actions.send, 25, "x@greedy.example.net", BOB)
        actions.do("25: a sender of the access table", actions.send, 25, "x@forbidden.example.net", BOB)
        actions.do("25: to an alias", actions.send_to_bob, 25, "someone@example.net", "postmaster@example.test")
        with rig.Smtp(10028) as lists:
            lists.hello()
            actions.outcomes["10028: a mailing list's message"] = lists.deliver("list@example.net", "away@example.org")[:12]


class TestIRedMail(Promises):
    kind, before, after = IRedMail, BEFORE, AFTER
    may_change = {
        "files": ["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/dovecot.conf"],
        "entries": ["smtp/inet", "submission/inet", "465/inet"],
    }
    forged = ["587: forged", "465: forged"]
