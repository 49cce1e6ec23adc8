"""What becomes of a message after it was accepted."""
import os
import re
import time
from pathlib import Path

import clients
import internet
from machine import run
from situations import begin, situation, situations
from situations.relay import table


def sends_to(machine, to, how=clients.msmtp, deliveries=1, **more):
    """Sent by bob; ends when the log has so many deliveries more."""
    before = machine.log.count("status=")
    how(to=to, **more)
    machine.wait_log("status=", before + deliveries)


def sent_to(machine, to, how=clients.msmtp, **more):
    begin(machine)
    sends_to(machine, to, how, **more)


situations(sent_to, {
    "all_well": ("plain verbose wired", clients.OUTSIDE),
    "delivered_to_a_colleague": ("verbose", "mary@example.org"),
    "delivered_by_an_alias": ("verbose", "postmaster@example.org"),
    "next_hop_refuses_connection": ("plain verbose", "ann@closed.example.net"),
    "next_hop_unreachable": ("verbose", "ann@unreachable.example.net"),
    "next_hop_busy": ("verbose", "ann@busy.example.net"),
    "dns_fails": ("verbose", "ann@broken.example.net"),
    "dns_does_not_answer": ("plain", "ann@deaf.example.net"),
    "domain_does_not_exist": ("verbose", "ann@exmaple-typo.net"),
    "domain_takes_no_mail": ("verbose", "ann@null.example.net"),
    "mx_has_no_address": ("verbose", "ann@nohost.example.net"),
    "greylisted": ("plain verbose", "grey@example.net"),
    "mailbox_full_at_next_hop": ("verbose", "full@example.net"),
    "over_quota_at_next_hop": ("verbose", "overquota@example.net"),
    "unknown_at_next_hop": ("plain verbose wired", "nosuch@example.net"),
    "our_server_is_blocked_at_next_hop": ("verbose", "blocked@example.net"),
    "spf_at_next_hop": ("verbose", "spf@example.net"),
    "text_refused_as_spam_at_next_hop": ("verbose", "spam@example.net", clients.curl),
    "dmarc_at_next_hop": ("verbose", "dmarc@example.net", clients.swaks),
    "loops_back": ("verbose", "ann@loop.example.net"),
})


@situation("wired")
def all_well_mutt(machine):
    sent_to(machine, clients.OUTSIDE, clients.mutt, scheme="smtps", port=465)


@situation("plain", "verbose")
def next_hop_times_out(machine):
    machine.postconf(smtp_connect_timeout="5s")
    sent_to(machine, "ann@silent.example.net")


@situation("verbose")
def tls_to_next_hop_fails(machine):
    machine.postconf(smtp_tls_security_level="encrypt")
    sent_to(machine, "ann@tls.example.net")


@situation("verbose")
def tls_to_next_hop_not_offered(machine):
    machine.postconf(smtp_tls_security_level="encrypt")
    sent_to(machine, clients.OUTSIDE)


@situation("verbose")
def greylisted_then_delivered(machine):
    machine.postconf(minimal_backoff_time="1s", queue_run_delay="1s")
    sent_to(machine, "grey@example.net")
    time.sleep(1.5)
    reply = internet.REPLIES.pop("grey")
    run("postqueue", "-f")
    machine.wait_log(r"to=<grey@example.net>.*status=sent")
    internet.REPLIES["grey"] = reply


@situation("verbose")
def one_of_two_recipients_bounces(machine):
    sent_to(machine, [clients.OUTSIDE, "nosuch@example.net"], deliveries=2)


@situation("verbose")
def unknown_user_behind_an_alias(machine):
    table("virtual", "team@example.org gone@example.org\n")
    sent_to(machine, "team@example.org")


@situation("verbose")
def relocated(machine):
    machine.postconf(relocated_maps=table("relocated", "tom@example.org tom@elsewhere.example.com\n"))
    begin(machine)
    clients.msmtp(to="tom@example.org")


@situation("verbose")
def transport_says_error(machine):
    machine.postconf(transport_maps=table("transport", "example.net error:5.7.1 no mail to example.net\n"))
    begin(machine)
    clients.msmtp()


@situation("verbose")
def expired(machine):
    machine.postconf(maximal_queue_lifetime="0")
    sent_to(machine, "grey@example.net")
    machine.wait_log("expired")


def deferred(machine):
    """The id of bob's message."""
    queued = r"smtpd\[\d+\]: (\w+): client=.*sasl_username=bob$"
    machine.wait_log(queued)
    number = re.findall(queued, machine.log.text(), re.M)[0]
    machine.wait_log(rf"{number}: to=.*status=deferred")
    return number


@situation("verbose")
def held_by_the_administrator(machine):
    machine.postconf(defer_transports="smtp")
    begin(machine)
    clients.msmtp()
    run("postsuper", "-h", deferred(machine))
    time.sleep(1)


@situation("verbose")
def deleted_by_the_administrator(machine):
    machine.postconf(defer_transports="smtp")
    begin(machine)
    clients.msmtp()
    run("postsuper", "-d", deferred(machine))
    time.sleep(1)


@situation("verbose")
def lmtp_away(machine):
    begin(machine)
    machine.stop_dovecot_service("lmtp")
    sends_to(machine, "mary@example.org")


@situation("verbose")
def mailbox_full_here(machine):
    machine.dovecot_more = {
        "12": "protocol lmtp {\n  mail_plugins = quota sieve\n}\nplugin {\n  quota = maildir:User\n  quota_rule = *:bytes=100\n}\n",
        "13": "mail_plugins {\n  quota = yes\n}\nquota User {\n  driver = maildir\n  quota_storage_size = 100B\n}\n"}[machine.release]
    machine.write_dovecot()
    machine.start()
    clients.reads()
    sends_to(machine, "mary@example.org")


@situation("verbose")
def colleague_has_no_mailbox_folder(machine):
    begin(machine)
    folder = Path("/var/vmail/mary")
    folder.mkdir(exist_ok=True)
    os.chown(folder, 0, 0)
    folder.chmod(0o700)
    sends_to(machine, "mary@example.org")


@situation("verbose")
def relayhost_wants_a_login(machine):
    machine.postconf(relayhost="[relay.example.com]:587", smtp_sasl_auth_enable="yes",
                     smtp_sasl_password_maps="inline:{{[relay.example.com]:587=us:old-password}}",
                     smtp_sasl_security_options="noanonymous")
    sent_to(machine, clients.OUTSIDE)


@situation("verbose")
def relayhost_does_not_exist(machine):
    machine.postconf(relayhost="[smtp.gone.example.com]:587")
    sent_to(machine, clients.OUTSIDE)


@situation("verbose")
def vacation_of_the_colleague_throws_away(machine):
    """Her Sieve script discards."""
    machine.sieve("mary", 'discard;\n')
    sent_to(machine, "mary@example.org")


@situation("verbose")
def colleagues_sieve_rejects(machine):
    machine.sieve("mary", 'require "reject";\nreject "I do not read this address any more";\n')
    sent_to(machine, "mary@example.org")
