"""IMAP and POP3 that fail."""
import os
import time
from pathlib import Path

import clients
import network
from machine import PASSWORD, run
from rig import login_clients
from situations import situation


def begin(machine):
    machine.start()
    machine.others()


@situation("plain", "verbose", "wired")
def imap_wrong_password(machine):
    begin(machine)
    clients.mbsync(password="yesterday's")


@situation("plain", "verbose")
def pop3_wrong_password(machine):
    begin(machine)
    clients.fetchmail(protocol="pop3", password="yesterday's")


@situation("verbose")
def imap_unknown_user(machine):
    begin(machine)
    clients.fetchmail(login="bobby")


@situation("verbose")
def imap_login_not_allowed(machine):
    machine.passwords["bob"] = PASSWORD + "::::::nologin reason=unpaid"
    machine.write_dovecot()
    begin(machine)
    clients.mbsync()


@situation("wired")
def pop3_not_allowed_by_the_directory(machine):
    machine.directory = machine.directory.replace("user bob@example.org login=bob", "user bob@example.org login=bob pop3=no")
    machine.write_mailwicket()
    begin(machine)
    clients.fetchmail(protocol="pop3")


@situation("verbose")
def imap_mail_folder_is_roots(machine):
    folder = Path("/var/vmail/bob")
    folder.mkdir(mode=0o700)
    os.chown(folder, 0, 0)
    machine.start()
    clients.mbsync()


@situation("verbose")
def imap_passwd_file_is_gone(machine):
    begin(machine)
    Path("/etc/dovecot/users").rename("/etc/dovecot/users.old")
    run("doveadm", "reload")
    time.sleep(1)
    clients.mbsync()


@situation("verbose")
def imap_auth_service_hangs(machine):
    begin(machine)
    clients.reads()
    auth = run("pgrep", "-f", "dovecot/auth").stdout.split()
    for pid in auth:
        run("kill", "-STOP", pid)
    clients.curl_reads()
    for pid in auth:
        run("kill", "-CONT", pid)


@situation("verbose")
def imap_mechanism_cram_md5(machine):
    begin(machine)
    clients.reads()
    with network.inside("bob"):
        client = login_clients.client("imap", {"imap": 143, "imaps": 993}, how="implicit", host=network.SERVER, source="")
    with client:
        client.mechanism("CRAM-MD5")


@situation("verbose")
def imap_from_this_network_not_allowed(machine):
    machine.passwords["bob"] = PASSWORD + "::::::allow_nets=10.0.0.0/8"
    machine.write_dovecot()
    begin(machine)
    clients.mbsync()


@situation("verbose")
def imap_left_before_login(machine):
    begin(machine)
    clients.reads()
    clients.curl_reads(more=("--login-options", "AUTH=NTLM"))


@situation("verbose")
def pop3_and_imap_well(machine):
    begin(machine)
    clients.fetchmail(protocol="pop3")
    clients.curl_reads()
    clients.mbsync()
