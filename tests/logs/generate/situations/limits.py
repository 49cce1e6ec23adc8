"""Limits of Postfix and Dovecot, and a server in trouble."""
import contextlib
import imaplib
import os
import socket
import time
from pathlib import Path

import clients
import network
import rig
from machine import PASSWORD, run
from situations import begin, situation

# The machine's own networks are no exception, as they would be on the internet.
OF_CLIENTS = {"smtpd_client_event_limit_exceptions": ""}


@situation("plain", "verbose")
def connections_too_often(machine):
    machine.postconf(smtpd_client_connection_rate_limit="3", **OF_CLIENTS)
    begin(machine)
    for _ in range(3):
        with clients.smtp(tls=False) as client:
            client.command("QUIT")
    clients.msmtp()


@situation("verbose")
def too_many_connections_at_once(machine):
    machine.postconf(smtpd_client_connection_count_limit="2", **OF_CLIENTS)
    begin(machine)
    with clients.smtp(login="bob"), clients.smtp(login="bob"):
        clients.msmtp()


@situation("verbose")
def messages_too_often(machine):
    machine.postconf(smtpd_client_message_rate_limit="2", **OF_CLIENTS)
    begin(machine)
    for _ in range(3):
        clients.curl()


@situation("verbose")
def recipients_too_often(machine):
    machine.postconf(smtpd_client_recipient_rate_limit="3", **OF_CLIENTS)
    begin(machine)
    clients.msmtp(to=[f"r{number}@example.net" for number in range(5)])


@situation("verbose")
def logins_too_often(machine):
    machine.postconf(smtpd_client_auth_rate_limit="2", **OF_CLIENTS)
    begin(machine)
    for _ in range(3):
        clients.msmtp()


@situation("verbose")
def tls_too_often(machine):
    machine.postconf(smtpd_client_new_tls_session_rate_limit="2", **OF_CLIENTS)
    begin(machine)
    for _ in range(3):
        clients.msmtp()


@contextlib.contextmanager
def imap_connections(count, login="bob"):
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            with network.inside("bob"):
                client = imaplib.IMAP4_SSL(network.SERVER, 993, ssl_context=rig.client_context())
            stack.callback(client.shutdown)
            client.login(login, PASSWORD)
        yield


@situation("verbose")
def imap_connections_too_many(machine):
    machine.dovecot_more = "mail_max_userip_connections = 3\n"
    machine.write_dovecot()
    machine.start()
    machine.others()
    with imap_connections(3):
        clients.mbsync()


@situation("verbose")
def imap_processes_too_few(machine):
    machine.dovecot_more = "service imap {\n  process_limit = 2\n}\n"
    machine.write_dovecot()
    machine.start()
    machine.others()
    with imap_connections(2):
        clients.mbsync()


@situation("verbose")
def smtpd_processes_too_few(machine):
    run("postconf", "-F", "submission/inet/process_limit=2")
    begin(machine)
    with clients.smtp(login="mary", host="mary"), clients.smtp(login="mary", host="mary"):
        with network.inside("bob"):
            waiting = socket.create_connection((network.SERVER, 587), 20)
        waiting.settimeout(4)
        with contextlib.suppress(OSError), waiting:
            waiting.recv(100)  # its user has no more patience


@situation("verbose")
def smtpd_cannot_start(machine):
    """A setting that it cannot read."""
    machine.listener("submission", smtpd_hard_error_limit="many")
    begin(machine)
    clients.msmtp()
    time.sleep(2)


@situation("verbose")
def smtpd_table_is_missing(machine):
    machine.listener("submission", smtpd_sender_restrictions="check_sender_access hash:/etc/postfix/gone")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def cleanup_cannot_start(machine):
    begin(machine)
    machine.postconf(header_checks="pcre:/etc/postfix/gone")
    machine.reload()
    clients.msmtp()
    machine.postconf(header_checks="")
    machine.reload()
    time.sleep(2)


@situation("verbose")
def dns_list_does_not_answer(machine):
    machine.listener("submission", smtpd_client_restrictions="reject_rbl_client zen.deaf.example.net")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def queue_folder_is_not_writable(machine):
    begin(machine)
    incoming = Path("/var/spool/postfix/incoming")
    os.chown(incoming, 0, 0)
    incoming.chmod(0o700)
    clients.curl()
