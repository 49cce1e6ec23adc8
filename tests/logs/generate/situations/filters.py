"""Filters, policy services and checks of a message's text."""
import socket
import struct
import threading
from pathlib import Path

import clients
from machine import run
from situations import begin, situation, situations
from situations.relay import table

# The milter protocol of libmilter's clients, version 6.
CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM = b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E"


def milter(replies, port=8891):
    """A filter on 127.0.0.1: `replies` has an answer to each command, b"c" (go on) where there is none; None hangs."""
    server = socket.create_server(("127.0.0.1", port))

    def serve(client):
        stream = client.makefile("rb")
        while head := stream.read(4):
            body = stream.read(struct.unpack(">I", head)[0])
            command = body[:1]
            if command == b"O":
                reply = b"O" + struct.pack(">III", 6, 0x1ff, 0)
            elif command in b"DAQ":
                continue
            else:
                reply = replies.get(command, b"c")
            if reply is None:
                threading.Event().wait(60)
                return
            for one in reply if isinstance(reply, list) else [reply]:
                client.sendall(struct.pack(">I", len(one)) + one)

    def run_server():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
    threading.Thread(target=run_server, daemon=True).start()


def with_milter(machine, replies, **settings):
    milter(replies)
    machine.listener("submission", smtpd_milters="inet:127.0.0.1:8891")
    machine.postconf(milter_connect_timeout="5s", milter_command_timeout="5s", milter_content_timeout="5s", **settings)
    begin(machine)
    clients.msmtp()


@situation("plain", "verbose")
def milter_away(machine):
    machine.listener("submission", smtpd_milters="inet:127.0.0.1:8891")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def milter_away_for_messages_of_others(machine):
    """With milter_default_action = accept nothing happens."""
    machine.listener("submission", smtpd_milters="inet:127.0.0.1:8891", milter_default_action="accept")
    begin(machine)
    clients.msmtp()


situations(with_milter, {
    "milter_hangs": ("verbose", {EOM: None}),
    "milter_rejects_the_text": ("plain wired", {EOM: b"y550 5.7.1 Spam message rejected\0"}),
    "milter_rejects_a_recipient": ("verbose", {RCPT: b"y554 5.7.1 No mail to that country\0"}),
    "milter_rejects_the_client": ("verbose", {CONNECT: b"r"}),
    "milter_defers_the_text": ("verbose", {EOM: b"y451 4.7.1 Try again later\0"}),
    "milter_quarantines": ("verbose", {EOM: [b"qlooks like a virus\0", b"a"]}),
    "milter_throws_away": ("verbose", {EOM: b"d"}),
})


def policy_service(action, port=10040):
    """Of another kind than Mailwicket's: each question has that answer; None hangs up."""
    server = socket.create_server(("127.0.0.1", port))

    def serve(client):
        for line in client.makefile("rb"):
            if line == b"\n":
                if action is None:
                    client.close()
                    return
                client.sendall(f"action={action}\n\n".encode())

    def run_server():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
    threading.Thread(target=run_server, daemon=True).start()


ASKED = "check_policy_service inet:127.0.0.1:10040,permit_sasl_authenticated,reject"


@situation("plain", "verbose")
def policy_service_away(machine):
    machine.listener("submission", smtpd_recipient_restrictions=ASKED)
    begin(machine)
    clients.msmtp()


@situation("wired")
def mailwicketd_away(machine):
    begin(machine)
    run("pkill", "-x", "mailwicketd")
    clients.msmtp()


@situation("verbose")
def policy_service_rejects(machine):
    policy_service("REJECT sending quota of 200 messages a day is used up")
    machine.listener("submission", smtpd_recipient_restrictions=ASKED)
    begin(machine)
    clients.msmtp()


@situation("verbose")
def policy_service_defers(machine):
    policy_service("DEFER_IF_PERMIT too many messages, try again in an hour")
    machine.listener("submission", smtpd_recipient_restrictions=ASKED)
    begin(machine)
    clients.msmtp()


def checks(machine, setting, line, act=clients.msmtp):
    Path("/etc/postfix/checks").write_text(line + "\n")
    machine.postconf(**{setting: "regexp:/etc/postfix/checks"})
    begin(machine)
    return act()


@situation("plain", "verbose")
def header_refused(machine):
    checks(machine, "header_checks", "/^Subject: Hello bob/ REJECT no such greetings",
           lambda: clients.msmtp(message=clients.text("bob@example.org", clients.OUTSIDE, subject="Hello bob")))


@situation("verbose")
def body_refused(machine):
    checks(machine, "body_checks", "/viagra/ REJECT we sell none",
           lambda: clients.msmtp(message=clients.text("bob@example.org", clients.OUTSIDE, body="viagra")))


@situation("verbose")
def attachment_refused(machine):
    checks(machine, "mime_header_checks", r'/name="?.*\.exe/ REJECT no programs',
           lambda: clients.swaks(more=("--attach-name", "tool.exe", "--attach-type", "application/octet-stream", "--attach", "@/bin/true")))


@situation("verbose")
def header_thrown_away(machine):
    checks(machine, "header_checks", "/^Subject: Hello bob/ DISCARD silly",
           lambda: clients.msmtp(message=clients.text("bob@example.org", clients.OUTSIDE, subject="Hello bob")))


@situation("verbose")
def header_held(machine):
    checks(machine, "header_checks", "/^Subject: Hello bob/ HOLD to be looked at",
           lambda: clients.msmtp(message=clients.text("bob@example.org", clients.OUTSIDE, subject="Hello bob")))


@situation("verbose")
def recipient_held(machine):
    machine.listener("submission", smtpd_recipient_restrictions="check_recipient_access " + table(
        "recipients", "example.net HOLD\n") + ",permit_sasl_authenticated,reject")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def proxy_filter_away(machine):
    machine.listener("submission", smtpd_proxy_filter="127.0.0.1:10024")
    begin(machine)
    clients.msmtp()


def content_filter(machine, how, queue="10025"):
    """A filter that speaks SMTP: `how` "reinject" gives the message back to Postfix, else that is its answer to the text."""
    server = socket.create_server(("127.0.0.1", 10024))

    def serve(client):
        client.sendall(b"220 filter ESMTP\r\n")
        sender, recipients, lines = b"", [], client.makefile("rb")
        for line in lines:
            word = line[:4].upper()
            if word == b"DATA":
                client.sendall(b"354 go on\r\n")
                text = b""
                while (part := lines.readline()) != b".\r\n":
                    text += part
                client.sendall(give_back(sender, recipients, text) if how == "reinject" else how.encode() + b"\r\n")
                continue
            if word == b"MAIL":
                sender, recipients = line.split(b">")[0] + b">", []
            elif word == b"RCPT":
                recipients.append(line.split(b">")[0] + b">")
            client.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 filter\r\n")
            if word == b"QUIT":
                return

    def give_back(sender, recipients, text):
        with socket.create_connection(("127.0.0.1", int(queue))) as back:
            stream = back.makefile("rb")
            stream.readline()
            for line in (b"HELO localhost", sender, *recipients, b"DATA"):
                back.sendall(line + b"\r\n")
                reply = stream.readline()
            back.sendall(text + b".\r\n")
            reply = stream.readline()
            back.sendall(b"QUIT\r\n")
            stream.readline()
            return reply.replace(b"250 2.0.0 Ok:", b"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok:")

    def run_server():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
    threading.Thread(target=run_server, daemon=True).start()
    with_content_filter(machine, queue)


def with_content_filter(machine, queue="10025"):
    machine.postconf(content_filter="smtp:[127.0.0.1]:10024")
    run("postconf", "-M", f"127.0.0.1:{queue}/inet=127.0.0.1:{queue} inet n - y - - smtpd")
    machine.listener(f"127.0.0.1:{queue}", content_filter="", smtpd_recipient_restrictions="permit_mynetworks,reject",
                     smtpd_relay_restrictions="", smtpd_client_restrictions="", smtpd_milters="",
                     syslog_name="postfix/reinject")
    begin(machine)


@situation("verbose")
def through_a_filter(machine):
    content_filter(machine, "reinject")
    clients.msmtp()


@situation("verbose")
def through_a_filter_and_then_bounced(machine):
    content_filter(machine, "reinject")
    clients.msmtp(to="nosuch@example.net")


@situation("verbose")
def content_filter_throws_away(machine):
    content_filter(machine, "250 2.7.0 Ok, discarded, id=04711-02 - INFECTED: Eicar-Signature")
    clients.msmtp()


@situation("verbose")
def content_filter_refuses(machine):
    content_filter(machine, "554 5.7.0 Reject, id=04711-02 - INFECTED: Eicar-Signature")
    clients.msmtp()


@situation("verbose")
def content_filter_away(machine):
    with_content_filter(machine)
    clients.msmtp()
