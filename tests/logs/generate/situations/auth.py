"""Logins for sending."""
import time
from pathlib import Path

import clients
from machine import PASSWORD, run
from situations import begin, situation

WRONG = "yesterday's"


@situation("plain", "verbose", "wired")
def wrong_password(machine):
    begin(machine)
    clients.msmtp(password=WRONG)


@situation("verbose")
def wrong_password_mutt_on_465(machine):
    begin(machine)
    clients.mutt(password=WRONG, scheme="smtps", port=465)


@situation("verbose")
def wrong_password_then_right(machine):
    begin(machine)
    clients.curl(password=WRONG)
    time.sleep(1.5)  # the times in logs are seconds
    clients.curl()


@situation("verbose")
def wrong_password_on_the_telephone_only(machine):
    begin(machine)
    clients.msmtp()
    time.sleep(1.5)
    clients.swaks("phone", password=WRONG)


@situation("plain", "verbose")
def unknown_user(machine):
    machine.start()
    machine.others()
    clients.curl(login="bobby", sender="bobby@example.org")


@situation("wired")
def unknown_user_of_the_directory(machine):
    begin(machine)
    clients.curl(login="bobby", sender="bobby@example.org")


@situation("plain", "verbose", "wired")
def login_misspelt(machine):
    begin(machine)
    clients.msmtp(login="bop")


@situation("wired")
def smtp_switched_off(machine):
    begin(machine, "eve")
    clients.msmtp(login="eve", sender="eve@example.org")


@situation("wired")
def sending_suspended(machine):
    begin(machine)
    run("mailwicket", "suspend", "bob", "--sending", "--reason", "sent spam")
    clients.mutt()


@situation("wired")
def suspended(machine):
    begin(machine)
    run("mailwicket", "suspend", "bob", "--all")
    clients.msmtp()
    clients.fetchmail()


@situation("verbose")
def mechanism_ntlm(machine):
    begin(machine)
    with clients.smtp() as client:
        client.command("AUTH NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==")
        client.command("QUIT")


@situation("wired")
def mechanism_cram_md5(machine):
    """msmtp sees that it is not offered, and says nothing to the server."""
    begin(machine)
    clients.msmtp(auth="cram-md5")


@situation("verbose")
def mechanism_cram_md5_forced(machine):
    begin(machine)
    with clients.smtp() as client:
        client.command("AUTH CRAM-MD5")
        client.command("QUIT")


@situation("verbose")
def login_canceled(machine):
    begin(machine)
    with clients.smtp() as client:
        client.expect("334", "AUTH LOGIN")
        client.command("*")
        client.command("QUIT")


@situation("plain", "verbose")
def password_dialog_left_open(machine):
    machine.postconf(smtpd_timeout="5s")
    begin(machine)
    with clients.smtp() as client:
        client.expect("334", "AUTH LOGIN")
        client.expect("334", "Ym9i")
        machine.wait_log("timeout after")


@situation("verbose")
def lost_in_password_dialog(machine):
    begin(machine)
    with clients.smtp() as client:
        client.expect("334", "AUTH LOGIN")


@situation("plain", "wired")
def auth_service_away(machine):
    begin(machine)
    machine.stop_dovecot()
    time.sleep(1)
    clients.msmtp()


@situation("verbose")
def auth_service_hangs(machine):
    begin(machine)
    auth = run("pgrep", "-f", "dovecot/auth").stdout.split()
    for pid in auth:
        run("kill", "-STOP", pid)
    clients.curl()
    for pid in auth:
        run("kill", "-CONT", pid)


@situation("plain", "verbose")
def no_mechanisms(machine):
    machine.listener("submission", smtpd_sasl_security_options="noanonymous, noplaintext",
                     smtpd_sasl_tls_security_options="noanonymous, noplaintext")
    begin(machine)
    clients.msmtp()


@situation("plain", "verbose", "wired")
def passwd_file_is_gone(machine):
    begin(machine)
    Path("/etc/dovecot/users").rename("/etc/dovecot/users.old")
    run("doveadm", "reload")
    time.sleep(1)
    clients.msmtp()


@situation("verbose")
def passwd_database_is_gone(machine):
    database = "/var/lib/dovecot/users.sqlite"
    machine.accounts_in_sqlite(database)
    begin(machine)
    Path(database).rename(database + ".old")
    run("doveadm", "reload")
    time.sleep(1)
    clients.curl()


@situation("verbose")
def no_auth_on_this_listener(machine):
    machine.listener("submission", smtpd_sasl_auth_enable="no")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def no_auth_on_this_listener_but_tried(machine):
    machine.listener("submission", smtpd_sasl_auth_enable="no")
    begin(machine)
    with clients.smtp() as client:
        client.plain("bob", PASSWORD)
        client.command("QUIT")


@situation("verbose")
def login_from_this_network_not_allowed(machine):
    machine.passwords["bob"] = PASSWORD + "::::::allow_nets=10.0.0.0/8"
    machine.write_dovecot()
    machine.start()
    machine.others()
    clients.msmtp()


@situation("verbose")
def robot_guesses_while_user_does_not_log_in(machine):
    begin(machine)
    with clients.smtp("world", hello="ylmf-pc") as client:
        client.plain("bob", "123456")
        client.plain("bob@example.org", "hunter2")
    clients.swaks(login=None)


@situation("verbose")
def line_of_base64_is_broken(machine):
    begin(machine)
    with clients.smtp() as client:
        client.command("AUTH PLAIN not*base64")
        client.command("QUIT")


@situation("verbose")
def login_with_no_password(machine):
    begin(machine)
    clients.msmtp(password="")
    with clients.smtp() as client:
        client.plain("bob", "")
        client.command("QUIT")
