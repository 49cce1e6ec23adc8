"""Where the log has little or nothing of the user's sending, and where it has it under another address or name."""
import imaplib
import smtplib
import socket
import ssl

import clients
import network
import rig
from machine import PASSWORD, run
from situations import begin, situation
from situations.relay import table


@situation("plain", "verbose", "wired")
def sends_over_another_server(machine):
    begin(machine)
    clients.msmtp(more="host relay.example.com\n")


@situation("verbose")
def wrong_port(machine):
    begin(machine)
    clients.msmtp(port=2525)


@situation("verbose")
def reads_only_imap(machine):
    machine.start()
    machine.others()
    clients.mbsync()


@situation("verbose")
def reads_only_pop3(machine):
    machine.start()
    machine.others()
    clients.fetchmail(protocol="pop3")


@situation("wired")
def manages_scripts_only(machine):
    machine.start()
    machine.others()
    with network.inside("bob"):
        plain = socket.create_connection((network.SERVER, 4190), 20)
    plain.recv(4096)
    plain.sendall(b"STARTTLS\r\n")
    plain.recv(4096)
    with rig.client_context().wrap_socket(plain, server_hostname="mail.example.org") as client:
        client.recv(4096)
        client.sendall(b'AUTHENTICATE "PLAIN" "AGJvYgByaWdodC1wYXNzd29yZA=="\r\n')
        client.recv(4096)
        client.sendall(b"LOGOUT\r\n")
        client.recv(4096)


@situation("verbose")
def never_seen(machine):
    begin(machine)


@situation("verbose")
def sends_from_the_telephone(machine):
    begin(machine)
    clients.msmtp("phone")


@situation("verbose")
def reads_by_ipv4_and_sends_by_ipv6(machine):
    begin(machine)
    with clients.smtp("six", server=network.SERVER6, login="bob") as client:
        client.deliver("bob@example.org", clients.OUTSIDE)
        client.command("QUIT")


@situation("verbose")
def wrong_password_by_ipv6(machine):
    begin(machine)
    with clients.smtp("six", server=network.SERVER6) as client:
        client.plain("bob", "yesterday's")
        client.command("QUIT")


@situation("plain", "verbose")
def not_logged_in_from_elsewhere(machine):
    """From where nobody of ours reads mail: only the sender tells whose message it was to be."""
    begin(machine)
    clients.swaks("phone", login=None)


@situation("plain", "verbose", "wired")
def printer_without_login(machine):
    machine.start()
    machine.others()
    clients.swaks("printer", sender="scanner@example.org", login=None, port=25, tls=None)


@situation("verbose")
def webmail_that_does_not_log_in(machine):
    machine.start()
    machine.others()
    with imaplib.IMAP4("127.0.0.1", 143) as client:
        client.login("bob", PASSWORD)
        client.select()
    with smtplib.SMTP("127.0.0.1", 587) as client:
        client.starttls(context=ssl._create_unverified_context())  # pylint: disable=protected-access
        try:
            client.sendmail("bob@example.org", [clients.OUTSIDE], clients.text("bob@example.org", clients.OUTSIDE))
        except smtplib.SMTPException:
            pass


@situation("verbose")
def banned_after_wrong_passwords(machine):
    """As fail2ban does: from then on the server drops every packet."""
    begin(machine)
    for _ in range(3):
        clients.curl(password="yesterday's")
    run("ip", "route", "replace", "blackhole", "192.0.2.7/32")
    clients.curl(more=("--ssl-reqd", "--connect-timeout", "5"))


@situation("verbose")
def second_instance_of_postfix(machine):
    """Submission has an instance of its own, as some hosters have it."""
    run("postmulti", "-e", "init")
    run("postmulti", "-I", "postfix-submit", "-G", "mta", "-e", "create")
    run("sh", "-ec", """
        cd /etc/postfix-submit
        sed -i 's/^smtp  .*inet/#&/; s/^smtp  *inet/#&/' master.cf
        for setting in $(postconf -nH | grep -vE '^(queue_directory|data_directory|multi_|inet_interfaces|authorized_|master_)'); do
            postconf -c . -e "$setting = $(postconf -h "$setting")"
        done
        postconf -c . -e master_service_disable= inet_interfaces=203.0.113.1 authorized_submit_users=static:anyone
        postconf -c . -M 'submission/inet=submission inet n - y - - smtpd'
        for setting in smtpd_tls_security_level=encrypt smtpd_recipient_restrictions=permit_sasl_authenticated,reject \
            smtpd_sasl_auth_enable=yes; do
            postconf -c . -P "submission/inet/$setting"
        done
        postconf -c . -e smtpd_sasl_path=inet:127.0.0.1:12345
        postconf -M# submission/inet
        postmulti -i postfix-submit -e enable""")
    machine.dovecot_more = "service auth {\n  inet_listener sasl {\n    port = 12345\n  }\n}\n"
    machine.write_dovecot()
    begin(machine)
    clients.msmtp(password="yesterday's")


# --- names

@situation("verbose")
def asked_for_by_the_alias(machine):
    begin(machine)
    clients.msmtp(password="yesterday's")


@situation("wired")
def sends_as_an_alias_of_ones_own(machine):
    begin(machine)
    clients.msmtp(sender="robert@example.org")


@situation("verbose")
def alias_is_missing_among_the_owners(machine):
    owners = table("owners", "bob@example.org bob\nmary@example.org mary\n")
    machine.listener("submission", smtpd_sender_login_maps=owners, smtpd_sender_restrictions="reject_sender_login_mismatch")
    begin(machine)
    clients.msmtp(sender="robert@example.org")


@situation("wired")
def sends_with_an_extension(machine):
    begin(machine)
    clients.curl(sender="bob+shop@example.org")


@situation("verbose")
def login_in_capitals(machine):
    begin(machine)
    clients.mutt(login="BOB")


@situation("verbose")
def login_with_a_domain_that_it_has_not(machine):
    begin(machine)
    clients.msmtp(login="bob@example.org")
