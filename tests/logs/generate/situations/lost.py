"""Sessions that end before they should, and clients that do not speak SMTP well."""
import base64

import clients
import network
from machine import PASSWORD
from situations import begin, situation

LINE = b"x" * 70 + b"\r\n"


def until_data(client):
    client.mail("bob@example.org")
    client.rcpt(clients.OUTSIDE)
    client.expect("354", "DATA")


@situation("plain", "verbose", "wired")
def lost_within_the_text(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        until_data(client)
        client.send(b"Subject: Hello\r\n\r\n" + LINE * 100)


@situation("plain", "verbose")
def timeout_within_the_text(machine):
    machine.postconf(smtpd_timeout="5s")
    begin(machine)
    with clients.smtp(login="bob") as client:
        until_data(client)
        client.send(b"Subject: Hello\r\n\r\n" + LINE * 100)
        machine.wait_log(r"timeout after")


@situation("verbose")
def cable_is_cut_within_the_text(machine):
    machine.postconf(smtpd_timeout="8s")
    begin(machine)
    with clients.smtp(login="bob") as client:
        until_data(client)
        client.send(b"Subject: Hello\r\n\r\n" + LINE * 10)
        network.unplug("bob")
        machine.wait_log(r"timeout after")


@situation("verbose")
def lost_after_recipient(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.mail("bob@example.org")
        client.rcpt(clients.OUTSIDE)


@situation("verbose")
def lost_after_login(machine):
    begin(machine)
    with clients.smtp(login="bob"):
        pass


@situation("verbose")
def logs_in_and_sends_nothing(machine):
    """A mail program's "test account settings"."""
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.command("QUIT")


@situation("plain", "verbose")
def left_at_greeting(machine):
    begin(machine)
    with clients.smtp(tls=False, hello=None) as client:
        client.command("QUIT")


@situation("verbose")
def lost_at_greeting(machine):
    begin(machine)
    with clients.smtp(tls=False, hello=None):
        pass


@situation("verbose")
def sends_two_of_which_one_is_lost(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.deliver("bob@example.org", clients.OUTSIDE)
        until_data(client)
        client.send(b"Subject: Hello\r\n\r\n" + LINE * 100)


@situation("verbose")
def bare_line_feeds(machine):
    machine.postconf(smtpd_forbid_bare_newline="reject")
    begin(machine)
    with clients.smtp(login="bob") as client:
        until_data(client)
        client.send(b"Subject: Hello\r\n\r\none\ntwo\r\n.\r\n")
        client.reply()
        client.command("QUIT")


@situation("verbose")
def pipelines_before_it_may(machine):
    machine.listener("submission", smtpd_data_restrictions="reject_unauth_pipelining")
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.command("HELO client.example.com")
        client.mail("bob@example.org")
        client.rcpt(clients.OUTSIDE)
        client.send("DATA\r\nSubject: Hello\r\n\r\nHello\r\n.\r\nQUIT\r\n")
        client.reply()


@situation("verbose")
def too_many_errors(machine):
    machine.postconf(smtpd_hard_error_limit="5", smtpd_error_sleep_time="0")
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.mail("bob@example.org")
        for number in range(6):
            client.send(f"RCPT TO:<nobody{number}@example.org>\r\n")
            client.reply()


@situation("verbose")
def too_many_wrong_passwords_in_a_session(machine):
    machine.postconf(smtpd_hard_error_limit="3", smtpd_error_sleep_time="0")
    begin(machine)
    with clients.smtp() as client:
        for password in ("one", "two", "three"):
            client.plain("bob", password)


@situation("verbose")
def speaks_http(machine):
    begin(machine)
    with clients.smtp(tls=False, hello=None) as client:
        client.send("GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n")
        client.reply()


@situation("verbose")
def long_line_in_a_command(machine):
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.command("MAIL FROM:<" + "b" * 3000 + "@example.org>")
        client.command("QUIT")


@situation("verbose")
def log_in_after_mail(machine):
    begin(machine)
    with clients.smtp() as client:
        client.mail("bob@example.org")
        client.command("AUTH PLAIN " + base64.b64encode(f"\0bob\0{PASSWORD}".encode()).decode())
        client.rcpt(clients.OUTSIDE)
        client.command("QUIT")
