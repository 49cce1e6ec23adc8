"""A server in the manner of docker-mailserver: what works before setup works after it, and after --undo."""
from rig.distribution import Distribution
from rig.distribution_cycle import ALICE, BOB, NO_MAILBOX, NO_RELAY, NOT_AS_TEAM, NOT_OWNED, POLICY, TEAM, WRONG, usual
from rig.distribution_promises import Promises
from rig.mail_programs import Filter, signer

BEFORE = {
    **usual(", X-Filter: 10024", ", X-Filter: 10024, DKIM-Signature"),
    "25: to nobody": NO_MAILBOX,
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
    name = "docker-mailserver"
    marks = ("X-Filter: 10024", "DKIM-Signature")

    def make(self):
        super().make()
        self.copy("opendkim", self.folder)
        self.signer = self.run(signer(self.folder, 8891))
        self.filter = self.run(Filter(10024, back=10025))

    def more(self, actions):
        actions.do("587: alice as team", actions.send, 587, TEAM, "away@example.org", login=ALICE)
        actions.do("25: what header_checks refuse", actions.send, 25, "someone@example.net", BOB, header="Subject: buy cheap {}")
        actions.do("25: to an alias", actions.send_to_bob, 25, "someone@example.net", "postmaster@example.test")
        actions.do("587: an account that was closed", actions.send, 587, "closed@example.test", BOB, login="closed@example.test")
        actions.do("imap: an account that was closed", actions.imap, "closed@example.test")
        actions.do("imap: the archive", actions.imap, "archive@example.test")
        actions.do("587: the archive sends", actions.send, 587, "archive@example.test", BOB, login="archive@example.test")
        actions.do_here("10025: what comes back", actions.deliver, 10025, "someone@example.net", "away@example.org")


class TestDockerMailserver(Promises):
    kind, before, after = DockerMailserver, BEFORE, AFTER
    may_change = {
        "files": ["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/dovecot.conf",
                  "dovecot/etc/conf.d/05-mailwicket.conf", "dovecot/etc/conf.d/99-mailwicket.conf"],
        "entries": ["smtpd/pass", "submission/inet", "submissions/inet"],
        # Mailwicket's own list is in their place, its question before what was there; CHUNKING kills this Postfix.
        "options": ["smtpd_relay_restrictions", "smtpd_sender_restrictions", "smtpd_discard_ehlo_keywords"],
    }
