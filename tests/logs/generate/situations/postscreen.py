"""Postscreen before port 25, where no user should send."""
import socket

import clients
import network
from machine import run
from situations import begin, situation


def with_postscreen(machine, **settings):
    for service in ("smtp/inet=smtp inet n - y - 1 postscreen", "smtpd/pass=smtpd pass - - y - - smtpd",
                    "dnsblog/unix=dnsblog unix - - y - 0 dnsblog", "tlsproxy/unix=tlsproxy unix - - y - 0 tlsproxy"):
        run("postconf", "-M", service)
    machine.postconf(postscreen_greet_wait="2s", **settings)


@situation("plain", "verbose")
def postscreen_blocks_the_client(machine):
    with_postscreen(machine, postscreen_dnsbl_sites="zen.example.net", postscreen_dnsbl_action="enforce")
    begin(machine)
    clients.msmtp(port=25, tls=False, auth="off")


@situation("verbose")
def talks_before_postscreen_greets(machine):
    with_postscreen(machine, postscreen_greet_action="enforce")
    begin(machine)
    with network.inside("bob"):
        client = socket.create_connection((network.SERVER, 25), 20)
    lines = ("EHLO client.example.com", "MAIL FROM:<bob@example.org>", f"RCPT TO:<{clients.OUTSIDE}>", "QUIT")
    with client:
        for line in lines:
            client.sendall(line.encode() + b"\r\n")
            client.recv(4096)


@situation("verbose")
def postscreen_lets_it_pass_and_smtpd_refuses(machine):
    with_postscreen(machine, postscreen_dnsbl_sites="")
    begin(machine)
    clients.swaks(port=25, login=None, tls=None)


@situation("verbose")
def postscreen_has_no_auth(machine):
    """A login on 25, after which the deep tests answer with 450."""
    with_postscreen(machine, postscreen_bare_newline_enable="yes", postscreen_bare_newline_action="enforce")
    begin(machine)
    clients.swaks(port=25, tls=None, login="bob", more=("--auth-optional",))
