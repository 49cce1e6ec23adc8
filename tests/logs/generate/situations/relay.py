"""Senders, recipients and clients that are refused."""
from pathlib import Path

import clients
from machine import run
from situations import begin, situation


def table(name, text):
    """A lookup table of Postfix's."""
    Path(f"/etc/postfix/{name}").write_text(text)
    run("postmap", f"/etc/postfix/{name}")
    return f"hash:/etc/postfix/{name}"


@situation("plain", "verbose")
def sender_not_owned(machine):
    owners = table("owners", "bob@example.org bob\nmary@example.org mary\n")
    machine.listener("submission", smtpd_sender_login_maps=owners, smtpd_sender_restrictions="reject_sender_login_mismatch")
    begin(machine)
    clients.msmtp(sender="mary@example.org")


@situation("wired")
def send_as(machine):
    begin(machine)
    clients.msmtp(sender="mary@example.org")


@situation("wired")
def send_as_a_foreign_address(machine):
    begin(machine)
    clients.mutt(sender="bob@gmail.example.com")


@situation("wired")
def sends_well_then_as_another(machine):
    begin(machine)
    clients.msmtp()
    clients.msmtp(sender="alice@example.org")


@situation("verbose")
def sender_owned_but_not_logged_in(machine):
    owners = table("owners", "bob@example.org bob\nmary@example.org mary\n")
    machine.postconf(smtpd_sender_login_maps=owners, smtpd_sender_restrictions="reject_sender_login_mismatch")
    begin(machine)
    clients.swaks(login=None, port=25)


@situation("plain", "verbose")
def relay_access_denied(machine):
    begin(machine)
    clients.swaks(login=None, port=25, tls=None)


@situation("plain", "verbose", "wired")
def not_logged_in_on_587(machine):
    begin(machine)
    clients.msmtp(auth="off")


@situation("wired")
def not_logged_in_on_25(machine):
    begin(machine)
    clients.curl(login=None, url="smtp://mail.example.org:25", more=())


@situation("verbose")
def relay_denied_after_login(machine):
    machine.listener("submission", smtpd_relay_restrictions="permit_mynetworks,reject_unauth_destination")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def client_in_an_access_table(machine):
    machine.listener("submission", smtpd_client_restrictions="check_client_access " + table(
        "clients", "192.0.2.7 REJECT this network is not allowed\n"))
    begin(machine)
    clients.msmtp()


@situation("plain")
def recipient_in_an_access_table(machine):
    machine.listener("submission", smtpd_recipient_restrictions="check_recipient_access " + table(
        "recipients", "example.net REJECT no mail to competitors\n") + ",permit_sasl_authenticated,reject")
    begin(machine)
    clients.msmtp()


@situation("plain", "wired")
def recipient_unknown_here(machine):
    begin(machine)
    clients.msmtp(to="allice@example.org")


@situation("verbose")
def sender_unknown_here(machine):
    machine.listener("submission", smtpd_sender_restrictions="reject_unlisted_sender")
    begin(machine)
    clients.msmtp(sender="bobb@example.org")


@situation("verbose")
def recipient_unverified(machine):
    machine.listener("submission", smtpd_recipient_restrictions="reject_unverified_recipient,permit_sasl_authenticated,reject")
    begin(machine)
    clients.msmtp(to="nosuch@example.net")


@situation("verbose")
def recipient_not_verifiable_now(machine):
    machine.listener("submission", smtpd_recipient_restrictions="reject_unverified_recipient,permit_sasl_authenticated,reject")
    begin(machine)
    clients.msmtp(to="ann@closed.example.net")


@situation("plain", "verbose")
def client_listed_by_a_dns_list(machine):
    """An administrator who puts it before the login."""
    machine.listener("submission", smtpd_client_restrictions="reject_rbl_client zen.example.net")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def client_listed_for_everything_on_25(machine):
    machine.postconf(smtpd_client_restrictions="reject_rbl_client zen.example.net")
    begin(machine)
    clients.msmtp(port=25)


@situation("verbose")
def helo_refused(machine):
    machine.listener("submission", smtpd_helo_required="yes", smtpd_helo_restrictions="reject_non_fqdn_helo_hostname")
    begin(machine)
    clients.swaks(more=("--helo", "BOBS-PC"))


@situation("verbose")
def recipient_domain_not_found(machine):
    machine.listener("submission", smtpd_recipient_restrictions="reject_unknown_recipient_domain,permit_sasl_authenticated,reject")
    begin(machine)
    clients.msmtp(to="ann@exmaple-typo.net")


@situation("verbose")
def sender_domain_not_found(machine):
    machine.listener("submission", smtpd_sender_restrictions="reject_unknown_sender_domain")
    begin(machine)
    clients.msmtp(sender="bob@pc.local")


@situation("verbose")
def sender_without_domain(machine):
    machine.listener("submission", smtpd_sender_restrictions="reject_non_fqdn_sender")
    begin(machine)
    clients.swaks(sender="bob@pc")


@situation("verbose")
def sender_is_no_address(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.command("MAIL FROM:bob at example.org")
        client.command("QUIT")


@situation("verbose")
def recipient_is_no_address(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.mail("bob@example.org")
        client.command("RCPT TO:ann@@example,net")
        client.command("QUIT")


@situation("wired")
def group_takes_from_its_members_only(machine):
    machine.directory += "group board@example.org member=mary@example.org senders=mary@example.org\n"
    machine.write_mailwicket()
    begin(machine)
    clients.msmtp(to="board@example.org")


@situation("wired")
def user_may_not_relay(machine):
    machine.directory = machine.directory.replace("user bob@example.org login=bob", "user bob@example.org login=bob relay=no")
    machine.write_mailwicket()
    begin(machine)
    clients.msmtp()


@situation("plain", "verbose")
def other_domain_of_ours_is_not_set_up(machine):
    """A customer's new domain, whose mailboxes nobody has entered."""
    machine.listener("submission", smtpd_recipient_restrictions="permit_mynetworks,reject_unauth_destination")
    begin(machine)
    clients.curl(sender="bob@new.example.com")
