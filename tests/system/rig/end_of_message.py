"""What a client can do to smtpd after a refusal at END-OF-MESSAGE: for the tests, and for tests/bench/end-of-message.

Each way takes one connection from its greeting to its end, in an smtpd process of its own (max_use = 1): what was left
of a process before cannot hide a crash, and master throttles a service whose first client kills it.
"""
import contextlib
import os
import signal
import time

from rig.mailsite import MailSite
from rig.smtp import Smtp

POLICY = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers, ExchangeUsers }
    max_message_size = "1KB"
    max_recipients_per_message = 3
}
connector "Client" {
    bindings = { "*:$submission", "*:$submissions" }
    permission_groups = { ExchangeUsers }
}
"""
DIRECTORY = """\
user mary@example.test login=mary
user lists@example.test max_recipients=8 max_message_size=1MB
"""
SENDER, MARY = "someone@remote.test", "mary@example.test"
LARGE = "y" * 70 + "\r\n"
TOO_BIG = "521 5.3.4 <END-OF-MESSAGE>: End-of-data rejected: Message size exceeds fixed maximum message size"
TOO_MANY = "521 5.5.3 <END-OF-MESSAGE>: End-of-data rejected: Too many recipients"
AWAY = "421 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Server configuration problem"


# At the end of a message smtpd waits so long for nobody, instead of ten seconds; elsewhere a question may take its time.
IMPATIENT = [("timeout=10s, { default_action", "timeout=2s, { default_action")]


def make_site(folder, at_once=1, main="", **more):
    """A site whose smtpd serves one client a process, with CHUNKING; at_once: how many clients it has at most."""
    return MailSite(folder, POLICY, DIRECTORY, ["mary"],
                    main=f"max_use = 1\ndefault_process_limit = {at_once + 20}\nsmtpd_client_connection_count_limit = 0\n"
                         "in_flow_delay = 0\n" + main, options={"smtp": {"smtpd_discard_ehlo_keywords": ""}}, **more)


# --- one connection

def begin(site, recipients=1):
    """A client whose message has its envelope."""
    client = Smtp(site.ports["smtp"])
    client.hello()
    assert client.mail(SENDER).startswith("250")
    for number in range(recipients):
        reply = client.rcpt(f"r{number}@example.test")
        assert reply.startswith("250"), reply
    return client


def message(lines=20):
    return f"From: <{SENDER}>\r\nSubject: end of message\r\n\r\n" + LARGE * lines


def to_the_end(client, chunked=False, lines=20, more=""):
    """Sends the message, and `more` in the same write; nothing is read yet but the answer to DATA."""
    text = message(lines)
    if chunked:
        client.send(f"BDAT {len(text)} LAST\r\n{text}{more}")
        return
    client.expect("354", "DATA")
    client.send(f"{text}.\r\n{more}")


def rest(client):
    """What comes until the connection ends: nothing, where smtpd closed it."""
    lines = []
    try:
        while True:
            lines.append(client.line())
    except (EOFError, ConnectionError):
        return lines


def try_more(client, *commands):
    """Commands that smtpd may be gone for."""
    with contextlib.suppress(OSError):
        for command in commands:
            client.send(command + "\r\n")


def go_on_after(client, *commands):
    """The refusal, and what came after it and these commands."""
    refusal = client.reply()
    try_more(client, *commands)
    return refusal, rest(client)


# name: recipients, chunked, lines, commands in the same write, commands after the refusal, the refusal
WAYS = {
    "DATA again": (1, False, 20, "", ("DATA", "hello", "."), TOO_BIG),
    "RCPT and DATA": (1, False, 20, "", ("RCPT TO:<mary@example.test>", "DATA", "hello", "."), TOO_BIG),
    "pipelined": (1, False, 20, "RCPT TO:<mary@example.test>\r\nDATA\r\nhello\r\n.\r\n", (), TOO_BIG),
    "BDAT, then DATA": (1, True, 20, "", ("DATA", "hello", "."), TOO_BIG),
    "BDAT again, pipelined": (1, True, 20, "BDAT 7 LAST\r\nhello\r\nDATA\r\n", (), TOO_BIG),
    "too many recipients": (4, False, 0, "", ("DATA", "hello", "."), TOO_MANY),
}


def take(site, way):
    """One connection on that way: the refusal and what came after it."""
    recipients, chunked, lines, more, commands, _ = WAYS[way]
    with begin(site, recipients) as client:
        to_the_end(client, chunked, lines, more)
        return go_on_after(client, *commands)


# --- mailwicketd does not answer

def take_away(site, how):
    """mailwicketd is gone, hangs, or closes the connection (it has no directory); gives what brings it back."""
    if how == "stopped":
        site.daemon.stop()
        return site.daemon.start
    if how == "hanging":
        os.kill(site.daemon.process.pid, signal.SIGSTOP)
        return lambda: os.kill(site.daemon.process.pid, signal.SIGCONT)
    snapshot = site.daemon.published / "snapshot.mdb"
    hidden = snapshot.with_name("hidden")
    snapshot.rename(hidden)
    site.daemon.stop()
    site.daemon.start()

    def back():
        hidden.rename(snapshot)
        site.daemon.stop()
        site.daemon.start()
    return back


def take_all_without_mailwicketd(site, how, count):
    """`count` clients at once, whose messages end when nobody answers; each refusal and what came after it."""
    clients = [begin(site) for _ in range(count)]
    try:
        for client in clients:
            client.expect("354", "DATA")
        back = take_away(site, how)
        try:
            for client in clients:
                client.send(message(1) + ".\r\nDATA\r\nhello\r\n.\r\n")
            return [go_on_after(client) for client in clients]
        finally:
            back()
    finally:
        for client in clients:
            client.close()


# --- what became of smtpd

def deaths(site):
    """What Postfix's log says of processes that died."""
    return site.postfix.lines("killed by signal|throttling|bad command startup|fatal|panic")


def seconds_to_greeting(site):
    """How long a new client waits for its greeting and the answer to EHLO."""
    start = time.monotonic()
    with Smtp(site.ports["smtp"]) as client:
        client.hello()
    return time.monotonic() - start
