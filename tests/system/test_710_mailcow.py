"""A server in the manner of mailcow: what works before setup works after it, and after --undo."""
from rig.distribution import Distribution
from rig.distribution_cycle import ALICE, BOB, NO_MAILBOX, NOT_AS_TEAM, NOT_OWNED, POLICY, RELAY_LATER, TEAM, WRONG, usual
from rig.distribution_promises import Promises
from rig.mail_programs import signer
from rig.network import CLIENT, SERVER

SIGNED = ", DKIM-Signature"
BEFORE = {
    **usual("", SIGNED),
    "25: to nobody": NO_MAILBOX,
    "25: relay": RELAY_LATER,
    "25: relay as alice": RELAY_LATER,
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


def proxied(port):
    """What HAProxy says first of a client outside that came to `port`."""
    return f"PROXY TCP4 {CLIENT} {SERVER} 4711 {port}\r\n".encode()


class Mailcow(Distribution):
    name = "mailcow"
    marks = ("DKIM-Signature",)

    def make(self):
        super().make()
        self.copy("opendkim", self.folder)
        self.signer = self.run(signer(self.folder, 9900))

    def more(self, actions):
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


class TestMailcow(Promises):
    kind, before, after = Mailcow, BEFORE, AFTER
    may_change = {
        "files": ["postfix/etc/main.cf", "postfix/etc/master.cf", "dovecot/etc/dovecot.conf"],
        "entries": ["smtpd/pass", "smtps/inet", "submission/inet", "588/inet", "127.0.0.1:10465/inet",
                    "127.0.0.1:10587/inet"],
        "settings": ["smtpd_relay_restrictions"],
        # The question stands before what was there.
        "options": ["smtpd_sender_restrictions"],
    }
    other_words = ["25: relay", "25: relay as alice"]
