"""mailwicket why, on logs of other people's servers: tests/logs, each with its true cause."""
import json
import os
import re
import shlex
import subprocess
import time

import pytest

import rig
from rig import field_log
from rig.field_log import ACTIVE, BEGUN, LOGIN, end, of_lines, run, sent, smtpd, why

LOGS = rig.SOURCE / "tests" / "logs"


def rows():
    for line in (LOGS / "causes.table").read_text().splitlines():
        name, user, cause, said, unsaid = (field.strip() for field in line.split("|"))
        yield pytest.param(name, user, cause, *[[word.strip() for word in words.split(",") if word.strip()]
                                                for words in (said, unsaid)], id=name)


@pytest.fixture(scope="module")
def policy(module_folder):
    return field_log.policy(module_folder)


@pytest.mark.parametrize("name, user, cause, said, unsaid", rows())
def test_the_true_cause_is_named_and_nothing_false_is_said(policy, name, user, cause, said, unsaid):
    done = run(policy, user, LOGS / name)
    assert done.returncode == 0, done.stderr
    told = why(policy, user, LOGS / name)
    assert told["cause"]["id"] == cause, done.stdout
    text = " ".join(done.stdout.split()).lower()
    assert not [word for word in said if word.lower() not in text], done.stdout
    assert not [word for word in unsaid if word.lower() in text], done.stdout


def test_every_log_has_a_row():
    assert {row.values[0] for row in rows()} == {log.name for log in LOGS.glob("*.log")}


# --- what Postfix says of a message

WAYS = {
    "begun": ([], "message-unfinished"),
    "no text": ([end("data=0/1")], "message-cut"),
    "timeout": ([smtpd("timeout after DATA (1024 bytes) from unknown[192.0.2.7]", 5), end("data=0/1")], "message-cut"),
    "lost": ([smtpd("lost connection after DATA from unknown[192.0.2.7]", 5), end("data=0/1")], "message-cut"),
    "canceled": ([smtpd("0A1: removed (canceled)", 5, "postfix/cleanup[4]")], "message-cut"),
    "taken": ([end("data=1")], "underway"),
    "active": ([ACTIVE], "underway"),
    "delivered, and the next is active": ([ACTIVE, sent("sent", "250 ok"), *[line.replace("0A1", "0B2").replace(":01:0", ":02:0")
                                                                          for line in BEGUN[1:] + [ACTIVE]]], "underway"),
    "given to a filter": ([ACTIVE, sent("sent", "250 2.0.0 Ok: queued as 0B2", 5, relay="127.0.0.1[127.0.0.1]:10024")],
                          "underway"),
    "given to a filter, and delivered": ([ACTIVE, sent("sent", "250 2.0.0 Ok: queued as 0B2", 5,
                                                       relay="127.0.0.1[127.0.0.1]:10024"), sent("sent", "250 ok", 6, "0B2")],
                                         "all-well"),
    "delivered": ([ACTIVE, sent("sent", "250 ok")], "all-well"),
    "deferred": ([ACTIVE, sent("deferred", "host mx said: 450 4.2.1 greylisted")], "not-delivered"),
    "deferred, then delivered": ([ACTIVE, sent("deferred", "450 later"), sent("sent", "250 ok", 8)], "all-well"),
    "deferred, another delivered": ([ACTIVE, sent("deferred", "450 later"), sent("sent", "250 ok", 8, to="x@example.net")],
                                    "not-delivered"),
    "bounced": ([ACTIVE, sent("bounced", "host mx said: 550 no such user")], "not-delivered"),
    "expired": ([ACTIVE, smtpd("0A1: from=<bob@example.org>, status=expired, returned to sender", 6, "postfix/qmgr[3]")],
                "not-delivered"),
    "header check": ([smtpd("0A1: reject: header Subject: x from unknown[192.0.2.7]; from=<bob@example.org> "
                            "to=<ann@example.net> proto=ESMTP helo=<x>: 5.7.1 no such subject", 5, "postfix/cleanup[4]"),
                      end("data=0/1")], "content-refused"),
    "proxy": ([smtpd("0A1: proxy-reject: END-OF-MESSAGE from unknown[192.0.2.7]: 554 5.7.0 Reject; from=<bob@example.org> "
                     "to=<ann@example.net> proto=ESMTP helo=<x>", 5), end("data=0/1")], "content-refused"),
    "hold": ([ACTIVE, smtpd("0A1: hold: header X: y from unknown[192.0.2.7]; from=<bob@example.org> to=<a@example.net> "
                            "proto=ESMTP helo=<x>: wait", 5, "postfix/cleanup[4]")], "held"),
    "through a filter": ([ACTIVE, sent("sent", "250 2.0.0 Ok: queued as 0B2", 5, relay="127.0.0.1[127.0.0.1]:10024"),
                          sent("bounced", "550 no", 6, "0B2")], "not-delivered"),
    "through a filter that names it": ([ACTIVE, smtpd("0B2: client=localhost[127.0.0.1], orig_queue_id=0A1, "
                                                      "orig_client=unknown[192.0.2.7]", 4, "postfix/reinject/smtpd[8]"),
                                        sent("deferred", "later", 6, "0B2")], "not-delivered"),
    "put off by soft_bounce": ([ACTIVE, sent("SOFTBOUNCE", "host mx said: 550 no such user")], "not-delivered"),
    "another's id": ([ACTIVE, sent("bounced", "550 no", 6, "0C3")], "underway"),
    "expected": ([ACTIVE, sent("sent", "250 ok"), sent("sent", "250 ok", 7, to="x@example.net")], "all-well"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_message_is_followed_to_the_end_of_its_way(policy, folder, way):
    lines, cause = WAYS[way]
    told = of_lines(policy, folder, BEGUN + lines)
    assert told["cause"]["id"] == cause, told
    assert not [event for event in told["events"] if event["kind"] == "silent"]
    accepted = [event for event in told["events"] if event["kind"] == "submitted"]
    assert bool(accepted) == (ACTIVE in lines or "data=1 " in "".join(lines)), told


# --- a server that is slow or at fault, beside what the client's own line says

HELLO = ["Nov 29 2025 05:00:10 mail dovecot: imap-login: Disconnected: Too many invalid commands (no auth attempts in 0 secs): "
         "user=<>, rip=192.0.2.7, lip=203.0.113.1, session=<s2>"]


def waited(secs, after=", session=<s1>"):
    return [f"Nov 29 2025 05:00:05 mail dovecot: imap-login: Disconnected: Connection closed: read(size=509) failed: Connection "
            f"reset by peer (disconnected before auth was ready, waited {secs} secs): user=<>, rip=192.0.2.7, lip=203.0.113.1"
            + after]


TIMEOUT = ["Nov 29 2025 05:00:09 mail dovecot: imap-login: Error: Timeout waiting for handshake from auth server. my pid=191, "
           "input bytes=0"]
FAILED = ["Nov 29 2025 05:00:11 mail dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): "
          "user=<bob>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<s3>"]
MISMATCH = ["Nov 29 2025 05:00:10 mail dovecot: auth: passwd-file(bob,192.0.2.7,<s3>): Password mismatch"]
BESIDE = {
    "a busy machine": (waited(5) + HELLO, "tls-on-starttls-port"),
    "a very busy machine": (waited(12) + HELLO, "tls-on-starttls-port"),
    "of 2.4": ([line.replace("secs)", "secs) (auth_process_not_ready)") for line in waited(12)] + HELLO, "tls-on-starttls-port"),
    "another process": (TIMEOUT + HELLO, "tls-on-starttls-port"),
    "left alone, before the auth process was there": (waited(5), "reading-left-without-tls"),
    "waited in vain": (waited(92, ", TLS, session=<s1>"), "server-fault"),
    "waited in vain, and tries without TLS": (waited(92, ", TLS, session=<s1>") + HELLO, "server-fault"),
    "the password was looked at": (TIMEOUT + MISMATCH + FAILED, "reading-password"),
    "no line says why": (TIMEOUT + FAILED, "server-fault"),
}


@pytest.mark.parametrize("case", BESIDE)
def test_an_unrelated_fault_of_the_server_is_no_cause(policy, folder, case):
    lines, cause = BESIDE[case]
    told = of_lines(policy, folder, [LOGIN.replace("imap", "pop3"), *lines])
    assert told["cause"]["id"] == cause, told


# --- whose fault it is, in Postfix's and Dovecot's words

def rejected(words, login="auth=1", program="postfix/submission/smtpd[7]"):
    return [LOGIN, smtpd("connect from unknown[192.0.2.7]", 0, program),
            smtpd("NOQUEUE: reject: RCPT from unknown[192.0.2.7]: " + words + "; from=<bob@example.org> to=<ann@example.net> "
                  "proto=ESMTP helo=<x>", 2, program),
            smtpd(f"disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 {login} mail=1 rcpt=0/1 commands=6", 3, program)]


def rejected_at(stage, words):
    return [LOGIN, smtpd("connect from unknown[192.0.2.7]"),
            smtpd(f"NOQUEUE: reject: {stage} from unknown[192.0.2.7]: {words}; proto=SMTP", 2),
            smtpd("disconnect from unknown[192.0.2.7] commands=0/0", 3)]


def without_summary(lines):
    """As Postfix before 3.0 ends a session."""
    return [re.sub(r"(disconnect from \S+) .*", r"\1", line) for line in lines]


def named(lines, login="bob"):
    return [re.sub("(helo=<x>)$", rf"\1 sasl_method=PLAIN sasl_username={login}", line) for line in lines]


def failed(why):
    return [LOGIN, smtpd("connect from unknown[192.0.2.7]"),
            smtpd(f"warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: {why}, sasl_username=bob", 2)]


SUBMISSION = LOGIN.replace("imap-login", "submission-login")


def relayed(reply, rest="size=9, id=1, nrcpt=1", what="Successfully relayed"):
    return (f"Nov 29 2025 05:01:05 mail dovecot: submission(bob)<9><s>: {what} message: from=<bob@example.org>, {rest}, "
            f"reply=`{reply}'")


def login24(words, rest="method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<s>"):
    return [f"2025-11-29T05:00:00.1+00:00 mail dovecot: imap-login: Login aborted: {words}: user=<bob>, {rest}"]


SAID = {
    "bare reject, no login": (rejected("554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied", ""),
                              "no-authentication"),
    "bare reject of a recipient": (rejected("554 5.7.1 <ann@example.net>: Recipient address rejected: Access denied", ""),
                                   "no-authentication"),
    "denied after a login": (rejected("554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied"), "postfix"),
    "denied, the end is missing": (rejected("554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied")[:-1],
                                   "login-untold"),
    "denied as it connects": (rejected_at("CONNECT", "554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied"), "postfix"),
    "denied at EHLO": (rejected_at("EHLO", "554 5.7.1 <x>: Helo command rejected: Access denied"), "postfix"),
    "denied, and the session has no summary": (without_summary(rejected(
        "554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied")), "login-untold"),
    "relay access, and the session has no summary": (without_summary(rejected(
        "554 5.7.1 <ann@example.net>: Relay access denied")), "login-untold"),
    "denied to a login that the line names": (named(rejected("554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied"))[:-1],
                                              "postfix"),
    "denied to another login that the line names": (named(rejected(
        "554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied"), "carol")[:-1] + [ACTIVE], "postfix"),
    "denied, with a login in HELO": (named(rejected("554 5.7.1 <ann@example.net>: Relay access denied", ""), "bob>"),
                                     "no-authentication"),
    "AUTH without TLS, on a listener with STARTTLS": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "disconnect from unknown[192.0.2.7] ehlo=1 auth=0/1 quit=1 commands=2/3", 1)], "sending-without-tls"),
    "AUTH on port 25, and nothing tells of TLS": ([LOGIN, smtpd("connect from unknown[192.0.2.7]", 0, "postfix/smtpd[7]"), smtpd(
        "disconnect from unknown[192.0.2.7] ehlo=1 auth=0/1 quit=1 commands=2/3", 1, "postfix/smtpd[7]")], "auth-not-offered"),
    "no TLS, where another instance logs it": ([LOGIN, *[smtpd(said, 0, "postfix-in/smtpd[9]") for said in (
        "connect from x[203.0.113.9]", "Anonymous TLS connection established from x[203.0.113.9]: TLSv1.3 with cipher X")],
        smtpd("connect from unknown[192.0.2.7]", 1, "postfix-out/smtpd[7]"), smtpd(
            "disconnect from unknown[192.0.2.7] ehlo=1 quit=1 commands=2", 2, "postfix-out/smtpd[7]")], "left-after-ehlo"),
    "no TLS, where this instance logs it": ([LOGIN, *[smtpd(said, 0, "postfix/smtpd[9]") for said in (
        "connect from x[203.0.113.9]", "Anonymous TLS connection established from x[203.0.113.9]: TLSv1.3 with cipher X")],
        smtpd("connect from unknown[192.0.2.7]", 1, "postfix/smtpd[7]"), smtpd(
            "disconnect from unknown[192.0.2.7] ehlo=1 quit=1 commands=2", 2, "postfix/smtpd[7]")], "left-without-tls"),
    "not logged in": (rejected("553 5.7.1 <bob@example.org>: Sender address rejected: not logged in", ""),
                      "no-authentication"),
    "relay access": (rejected("454 4.7.1 <ann@example.net>: Relay access denied", ""), "no-authentication"),
    "relay access after a login": (rejected("454 4.7.1 <ann@example.net>: Relay access denied"), "postfix"),
    "not owned": (rejected("553 5.7.1 <i@example.org>: Sender address rejected: not owned by user bob"), "send-as"),
    "not owned, forged": (rejected('550 5.1.1 <"a>: Sender address rejected: not owned by user bob"@x>: no'), "postfix"),
    # The policy's own words, in Postfix's line alone: mailwicketd's is in another log.
    "send as": (rejected("550 5.7.1 <i@example.org>: Sender address rejected: Client does not have permissions to send as "
                         "this sender"), "send-as"),
    "send as, told of the recipient": (rejected("550 5.7.60 <ann@example.net>: Recipient address rejected: Client does "
                                                "not have permissions to send as this sender"), "send-as"),
    "switched off": (rejected("535 5.7.139 <i@example.org>: Sender address rejected: Authentication unsuccessful, SMTP "
                              "client authentication is disabled for the mailbox"), "smtp-switched-off"),
    "suspended": (rejected("550 5.7.1 <i@example.org>: Sender address rejected: Access denied, sending is suspended for "
                           "this account"), "suspended"),
    "no login, of the sender": (rejected("530 5.7.57 <bob@example.org>: Sender address rejected: Client not authenticated "
                                         "to send mail", ""), "no-authentication"),
    "another's restriction": (rejected("550 5.7.1 <i@example.org>: Sender address rejected: Client does not have "
                                       "permissions to send as this sender today"), "postfix"),
    "send as, forged": (rejected('550 5.1.1 <"a>: Sender address rejected: Client does not have permissions to send as '
                                 'this sender"@x>: no'), "postfix"),
    "lookup": (rejected("451 4.3.0 <ann@example.net>: Temporary lookup failure"), "server-fault"),
    "master tells less than smtpd": (failed("x")[:2] + [
        smtpd("warning: SASL: Connect to private/auth failed: No such file or directory", 1),
        smtpd("fatal: no SASL authentication mechanisms", 1),
        smtpd("warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling", 2, "postfix/master[1]")], "server-fault"),
    "Postfix's own service is away": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "warning: problem talking to service rewrite: Success", 1), smtpd("timeout after RCPT from unknown[192.0.2.7]", 8), smtpd(
            "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=1 mail=1 rcpt=0/1 commands=5/6", 8)], "server-fault"),
    "disk": (rejected("452 4.3.1 Insufficient system storage"), "server-fault"),
    "size": (rejected("552 5.3.4 Message size exceeds fixed limit"), "message-limit"),
    "the policy's words, a sender": (rejected("550 5.7.1 <ann@example.net>: Recipient address rejected: Client does not have "
                                              "permissions to send as this sender"), "send-as"),
    "the policy's words, in its other style": (rejected("550 5.7.54 <ann@example.net>: Recipient address rejected: Unable to "
                                                        "relay recipient in non-accepted domain"), "policy"),
    "the policy's words, a recipient": (rejected("550 5.7.1 <ann@example.net>: Recipient address rejected: Client does not have "
                                                 "permissions to send to this recipient"), "policy"),
    "domain": (rejected("450 4.1.2 <ann@example.net>: Recipient address rejected: Domain not found"), "postfix"),
    "two instances, one process id": (
        rejected("554 5.7.1 <ann@example.net>: Recipient address rejected: Access denied", "", "postfix-out/submission/smtpd[7]")
        + [smtpd("connect from unknown[203.0.113.99]", 3, "postfix-in/smtpd[7]")], "no-authentication"),
    "connection lost": (failed("Connection lost to authentication server"), "server-fault"),
    "wrong": (failed("authentication failure"), "wrong-password"),
    "rate": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "warning: Connection concurrency limit exceeded: 51 from unknown[192.0.2.7] for service submission", 1)], "limit"),
    "2.4 temp_fail": (login24("Logged out (auth service reported temporary failure, 1 attempts in 3 secs) (temp_fail)"),
                      "server-fault"),
    "2.4 limit": (login24("Connection closed (connection limit reached) (connection_limit)"), "limit"),
    "2.4 wrong": (login24("Logged out (auth failed, 1 attempts in 2 secs) (auth_failed)"), "reading-password"),
    "2.4 in clear": (login24("Logged out (auth failed, 1 attempts in 2 secs) (auth_failed)",
                             "rip=192.0.2.7, lip=203.0.113.1, session=<s>"), "reading-without-tls"),
    "2.4 secured without TLS": (login24("Logged out (auth failed, 1 attempts in 2 secs) (auth_failed)",
                                        "rip=127.0.0.1, lip=127.0.0.1, secured, session=<s>"), "reading-password"),
    "2.4 auth away": (login24("Connection closed (disconnected before auth was ready, waited 60 secs) (auth_process_not_ready)"),
                      "server-fault"),
    "2.4 a hello for TLS, at once": (login24("Too many invalid commands (disconnected before auth was ready, waited 0 secs) "
                                             "(auth_process_not_ready)"), "tls-on-starttls-port"),
    "2.4 disabled": (login24("Logged out (login disabled, 1 attempts in 0 secs) (login_disabled)"), "login-ended"),
    "2.4 proxy": (login24("Logged out (proxy dest connection failed) (proxy_dest_connect_failed)"), "server-fault"),
    "2.4 a word of the future": (login24("Logged out (something new) (moon_phase_wrong)"), "login-ended"),
    "2.3 temporary": (["Nov 29 2025 05:00:00 mail dovecot: imap-login: Disconnected: Connection closed (auth service reported "
                       "temporary failure): user=<bob>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<s>"],
                      "server-fault"),
    # As 2.3.10 and later write it.
    "2.3 auth-worker, a wrong password": (failed("(reason unavailable)") + [
        "Nov 29 2025 05:01:01 mail dovecot: auth-worker(129): conn unix:auth-worker (pid=128,uid=401): auth-worker<1>: "
        "sql(bob,192.0.2.7): Password mismatch"], "wrong-password"),
    "2.3 auth-worker, no such user": ([
        "Nov 29 2025 05:01:01 mail dovecot: auth-worker(129): conn unix:auth-worker (pid=128,uid=401): auth-worker<1>: "
        "sql(bob,192.0.2.7,<s>): unknown user"], "login-unknown"),
    "2.3 auth-worker, an error": ([
        "Nov 29 2025 05:01:01 mail dovecot: auth-worker(129): Error: conn unix:auth-worker (pid=128,uid=401): auth-worker<1>: "
        "sql(bob,192.0.2.7,<s>): Invalid password in passdb: Password is not blowfish password"], "server-fault"),
    "PAM, no such user": (["Nov 29 2025 05:01:01 mail dovecot[442]: auth(default): pam(bob,192.0.2.7): pam_authenticate() failed: "
                           "User not known to the underlying authentication module"], "login-unknown"),
    "PAM, a wrong password": (["2025-11-29 05:01:01 auth-worker(default): Info: pam(bob,192.0.2.7): pam_authenticate() failed: "
                               "Authentication failure (password mismatch?)"], "wrong-password"),
    "PAM, an account that has expired": (["Nov 29 2025 05:01:01 mail dovecot: auth-worker(12): pam(bob,192.0.2.7): "
                                          "pam_acct_mgmt() failed: User account has expired"], "login-ended"),
    "LDAP, a wrong password": (["Nov 29 2025 05:01:01 mail dovecot: auth: ldap(bob,192.0.2.7): invalid credentials (given "
                                "password: SECRET)"], "wrong-password"),
    "a wrong password that is a word of auth": (["Nov 29 2025 05:01:01 mail dovecot: auth: sql(bob,192.0.2.7): unknown user (given "
                                                 "password: Password mismatch)"], "login-unknown"),
    "auth, words that tell nothing": ([LOGIN.replace("imap", "pop3"), "Nov 29 2025 05:01:01 mail dovecot: auth: sql(bob,192.0.2.7): "
                                       "something (given password: Password mismatch)"], "no-smtp-lines"),
    "2.1 without TLS": ([LOGIN, "Nov 29 2025 05:01:01 mail dovecot: imap-login: Aborted login (tried to use disabled plaintext "
                         "auth): rip=192.0.2.7, lip=203.0.113.1"], "reading-without-tls"),
    "2.0 without a name": ([LOGIN, "Nov 29 2025 05:01:01 mail dovecot: imap-login: Disconnected (auth failed, 1 attempts): "
                            "method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS: Disconnected"], "reading-password"),
    "a proxy that is refused": ([LOGIN, smtpd("connect from front[172.18.0.6]"), smtpd(
        "lost connection after XCLIENT from front[172.18.0.6]"), smtpd(
            "disconnect from front[172.18.0.6] ehlo=1 xclient=0/1 commands=1/2", 1)], "server-fault"),
    "XCLIENT of a stranger": ([LOGIN, smtpd("connect from x[203.0.113.9]"), smtpd(
        "disconnect from x[203.0.113.9] ehlo=1 xclient=0/1 commands=1/2", 1)], "no-connection"),
    "2.3 auth-worker, forged": ([LOGIN.replace("imap", "pop3"),
        "Nov 29 2025 05:01:01 mail dovecot: auth-worker(129): conn unix:auth-worker (pid=1,uid=4): auth-worker<1>: sql(x): "
        "Password mismatch sql(bob,192.0.2.7): Password mismatch"], "no-smtp-lines"),
    "disabled for reading, and so for sending": (login24("Logged out (user disabled, 1 attempts in 2 secs) (user_disabled)")
                                                 + failed("(reason unavailable)")[1:], "login-ended"),
    "saslauthd is away": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "warning: SASL authentication failure: cannot connect to saslauthd server: No such file or directory", 1), smtpd(
            "warning: SASL authentication failure: Password verification failed", 1), smtpd(
                "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: generic failure, sasl_username=bob", 1)],
        "server-fault"),
    "saslauthd names the user": (["Nov 29 2025 05:01:01 mail saslauthd[624]: do_auth         : auth failure: [user=bob] "
                                  "[service=smtp] [realm=] [mech=pam] [reason=PAM auth error]"], "wrong-password"),
    "saslauthd names the user, and Postfix the client": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "do_auth         : auth failure: [user=bob@example.org] [service=smtp] [realm=example.org] [mech=zimbra] [reason=Unknown]", 1,
        "saslauthd[9]"), smtpd("warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: authentication failure", 1)],
        "wrong-password"),
    "Plesk, a wrong password": ([smtpd("failed mail authentication attempt for user 'bob@example.org' (password len=9)", 1,
                                       "plesk_saslauthd[9]")], "wrong-password"),
    "Plesk, no such user": ([smtpd(said, 1, "plesk_saslauthd[9]") for said in (
        "No such user 'bob@example.org' in mail authorization database",
        "failed mail authentication attempt for user 'bob@example.org' (password len=9)")], "login-unknown"),
    "saslauthd says no": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "warning: SASL authentication failure: Password verification failed", 1), smtpd(
            "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: authentication failure, sasl_username=bob", 1)],
        "wrong-password"),
    "a milter is away when the client connects": ([LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        "warning: connect to Milter service inet:localhost:8892: Connection refused"), smtpd(
            "NOQUEUE: milter-reject: CONNECT from unknown[192.0.2.7]: 451 4.7.1 Service unavailable - try again later; "
            "proto=SMTP")], "server-fault"),
    "Dovecot's submission service cannot hand it on": ([SUBMISSION, "Nov 29 2025 05:00:01 mail dovecot: submission(bob)<9><s>: Error: Failed to connect to relay "
        "server: connect(127.0.0.1, 10587) failed: Connection refused"], "submission-error"),
    "a login to Dovecot's submission service alone": ([SUBMISSION, smtpd("connect from x[203.0.113.9]")], "no-attempt"),
    "Dovecot's submission service hands it on": ([SUBMISSION, relayed("250 2.0.0 Ok: queued as 0B2")], "underway"),
    "Dovecot's submission service hands it on, for each recipient": ([SUBMISSION, relayed(
        "250 2.0.0 <ann@example.net> Saved", "to=<ann@example.net>, size=9, id=1, rcpt=1/1")], "all-well"),
    "Dovecot's submission service hands it on, and it is not delivered": ([SUBMISSION, smtpd(
        "0B2: client=localhost[127.0.0.1]"), ACTIVE.replace("0A1", "0B2"), relayed("250 2.0.0 Ok: queued as 0B2"),
        sent("bounced", "550 no", 6, "0B2")], "not-delivered"),
    "Dovecot's submission service hands it on, after it was not delivered": ([SUBMISSION, smtpd(
        "0B2: client=localhost[127.0.0.1]"), ACTIVE.replace("0A1", "0B2"), sent("bounced", "550 no", 3, "0B2"),
        relayed("250 2.0.0 Ok: queued as 0B2")], "not-delivered"),
    "behind Dovecot's submission service it is refused": ([SUBMISSION, relayed("554 5.7.1 Spam", what="Failed to relay")],
                                                          "submission-refused"),
    "behind Dovecot's submission service it is too big": ([SUBMISSION, relayed("552 5.3.4 Too big", what="Failed to relay")],
                                                          "message-limit"),
    "behind Dovecot's submission service, forged": ([SUBMISSION, relayed("554 5.7.1 Spam', reply=`250 2.0.0 Ok: queued as 0B2",
                                                                         what="Failed to relay")], "submission-refused"),
    "no TLS, from another address": ([smtpd(
        "NOQUEUE: reject: RCPT from x[198.51.100.1]: 530 5.7.0 Must issue a STARTTLS command first; from=<bob@example.org> "
        "to=<ann@example.net> proto=ESMTP helo=<x>")], "no-authentication"),
    "an error after the login": ([LOGIN, "Nov 29 2025 05:00:01 mail dovecot: imap(bob)<12><s>: Error: mkdir(/v/bob) failed: "
                                  "Permission denied", smtpd("connect from unknown[203.0.113.9]"), smtpd(
                                      "disconnect from unknown[203.0.113.9] ehlo=1 commands=1", 1)], "reading-error"),
}


@pytest.mark.parametrize("case", SAID)
def test_words_of_the_servers_have_their_cause(policy, folder, case):
    lines, cause = SAID[case]
    told = of_lines(policy, folder, lines)
    assert told["cause"]["id"] == cause, told
    words = "moon_phase_wrong" if "moon" in "".join(lines) else "private/auth" if "private/auth" in "".join(lines) else ""
    assert words in told["cause"]["text"]


def test_a_password_in_the_log_is_not_shown(policy, folder):
    log = folder / "lines.log"
    log.write_text("".join(line + "\n" for lines, _ in (SAID["LDAP, a wrong password"], SAID["a wrong password that is a word of auth"])
                           for line in lines))
    shown = run(policy, "bob", log).stdout
    assert "wrong password" in shown and "SECRET" not in shown and "given" not in shown


def test_lines_without_a_time_are_told_as_that(policy, folder):
    log = folder / "lines.log"
    log.write_text("mail-1 | mail postfix/smtpd[7]: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: x, "
                   "sasl_username=bob\n")
    done = run(policy, "bob", log)
    assert done.returncode == 1 and "docker logs -t" in done.stderr


def test_lines_that_hold_the_name_are_no_silence(policy, folder):
    log = folder / "lines.log"
    log.write_text("Nov 29 2025 05:00:00 mail dovecot: lmtp(bob)<1><x>: what nobody knows\n")
    done = run(policy, "bob", log)
    assert done.returncode == 1 and "stands in other lines" in done.stderr and "names this user" not in done.stderr


def test_lines_of_smtp_that_hold_the_name_are_no_missing_smtp(policy, folder):
    told = of_lines(policy, folder, [LOGIN, smtpd("connect from unknown[203.0.113.9]"),
                                     smtpd("warning: what nobody knows of <bob@example.org>", 1)])
    assert told["cause"]["id"] == "not-understood" and not [event for event in told["events"] if event["kind"] == "silent"]


@pytest.mark.parametrize("broken", ['{', '{"', '{"a":]}', '{"a":[}', '{"a":["}', '{"MESSAGE":"\\', '{"MESSAGE":"\\u1"}',
                                    '{"a":{"b":1}}', '{"dovecot":]]]'])
def test_a_broken_object_is_no_line(policy, folder, broken):
    told = of_lines(policy, folder, [LOGIN, broken + ' "dovecot" /smtpd', broken])
    assert [event["kind"] for event in told["events"]] == ["logged-in"]


def test_an_old_log_is_said_to_be_old(policy, folder):
    told = of_lines(policy, folder, [LOGIN])
    assert any("is old, of 2025-11-29 05:00:00" in note for note in told["notes"])


def test_the_command_to_explain_gives_the_same_verdict_without_tls(policy, folder):
    told = of_lines(policy, folder, [
        "2025-11-29T05:00:00+00:00 mail mailwicketd[5]: mailwicket: v=1 verdict=refuse protocol=smtp stage=rcpt "
        "reason=tls-required client=192.0.2.7 port=587 login=bob sender=bob@example.org recipient=ann@example.net"])
    assert "--tls none" in told["cause"]["explain"], told


# --- the command that is printed takes the decision again

REFUSED = {
    "no login": dict(stage="RCPT", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", sender="bob@example.org",
                     recipient="ann@example.net"),
    "no TLS": dict(stage="RCPT", port="587", login="bob", mechanism="PLAIN", sender="bob@example.org",
                   recipient="ann@example.net"),
    "an old TLS": dict(stage="MAIL", port="465", local="203.0.113.1", tls="TLSv1", bits="256", tls_origin="implicit", login="bob",
                       mechanism="PLAIN", sender="bob@example.org"),
    "a weak cipher": dict(stage="MAIL", port="587", tls="TLSv1.2", bits="56", tls_origin="starttls", login="bob",
                          mechanism="PLAIN", sender="bob@example.org"),
    "a mechanism": dict(stage="MAIL", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", login="bob",
                        mechanism="EXTERNAL", sender="bob@example.org"),
    "another's sender": dict(stage="RCPT", port="587", local="2001:db8::1", tls="TLSv1.3", bits="256", tls_origin="starttls",
                             login="bob", mechanism="PLAIN", sender="alice@example.org", recipient="ann@example.net",
                             context="relay"),
    "a sender with a blank": dict(stage="RCPT", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", login="bob",
                                  mechanism="PLAIN", sender="a b'c@example.org", recipient="ann@example.net"),
    "too big, announced": dict(stage="MAIL", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", login="bob",
                               mechanism="PLAIN", sender="bob@example.org", size="99999999"),
    "too big": dict(stage="END-OF-MESSAGE", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", login="bob",
                    mechanism="PLAIN", sender="bob@example.org", recipient="ann@example.net", size="99999999",
                    recipient_count="1"),
    "too many": dict(stage="DATA", port="587", tls="TLSv1.3", bits="256", tls_origin="starttls", login="bob", mechanism="PLAIN",
                     sender="bob@example.org", recipient_count="999"),
    "relaying": dict(stage="RCPT", port="25", sender="x@example.net", recipient="ann@example.net", context="relay"),
    "somebody unknown": dict(protocol="smtp", decision="account", login="bobby", mechanism="PLAIN", local="203.0.113.1",
                             tls_origin="starttls", sasl_service="smtp"),
    "imap without TLS": dict(protocol="imap", decision="login", port="143", login="bob", mechanism="LOGIN"),
    "imap over an old TLS": dict(protocol="imap", decision="login", port="993", local="203.0.113.1", tls="TLSv1", bits="256",
                                 tls_origin="implicit", login="bob", mechanism="PLAIN"),
    "pop3, switched off": dict(protocol="pop3", decision="account", port="995", tls="TLSv1.3", bits="256",
                               tls_origin="implicit", login="alice@example.org", mechanism="PLAIN"),
}


def quoted(value):
    return value if re.fullmatch("[^ \"=]+", value) else '"' + value.replace('"', '\\"') + '"'


def explained(policy, words):
    done = subprocess.run([rig.CLI, "-c", policy, "--json", "explain", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 75), done.stderr
    answer = json.loads(done.stdout)["decisions"][-1]
    return answer["result"], answer["reason"]


@pytest.mark.parametrize("kind", REFUSED)
def test_the_command_to_explain_takes_each_kind_of_decision_again(policy, folder, kind):
    """Through the line that the servers write of these facts."""
    facts = {"protocol": "smtp", "decision": "submission", "client": "192.0.2.7", **REFUSED[kind]}
    options = {name.replace("_", "-"): value for name, value in facts.items() if name not in ("protocol", "decision")}
    if "local" in options and "port" in options:
        host = options["local"]
        options["local"] = f"[{host}]:{options.pop('port')}" if ":" in host else f"{host}:{options.pop('port')}"
    elif "local" in options:
        options.pop("local")
    if "tls_origin" not in facts:
        options["tls"] = "none"
    result, reason = explained(policy, [facts["protocol"], *[word for name, value in options.items()
                                                             for word in (f"--{name}", value)]])
    assert result == "refused", (result, reason)
    fields = {"verdict": "refuse", "reason": reason, "mode": "enforce", **facts, "reply": "550 5.7.1 no"}
    user = facts.get("login", "bob")
    told = of_lines(policy, folder, [LOGIN.replace("user=<bob>", f"user=<{user}>"), LOGIN,
        "Nov 29 2025 05:00:01 mail mailwicketd[5]: mailwicket: v=1 "
        + " ".join(f"{name}={quoted(value)}" for name, value in fields.items())], user)
    commands = [cause["explain"] for cause in (told["cause"], *told["also"]) if "explain" in cause]
    assert len(commands) == 1, told
    assert explained(policy, shlex.split(commands[0])[4:]) == (result, reason), commands


def test_an_old_file_gives_way_to_a_newer_journal(policy, folder):
    """Debian 12 and later install no rsyslog, and an upgrade leaves the last file there."""
    logs, programs = folder / "log", folder / "bin"
    for made in (logs, programs):
        made.mkdir(mode=0o755)
    old = logs / "mail.log"
    old.write_text(LOGIN + "\n")
    os.utime(old, (time.time() - 7 * 86400,) * 2)
    now = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    (programs / "journalctl").write_text(f"#!/bin/sh\necho '{now} mail dovecot[7]: imap-login: Login: user=<bob>, method=PLAIN, "
                                         "rip=192.0.2.9, lip=203.0.113.1, mpid=1, TLS, session=<x>'\n")
    (programs / "journalctl").chmod(0o755)
    folder.chmod(0o755)
    script = f'mount --bind "{logs}" /var/log && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", rig.CLI, "-c", policy, "--json", "why", "bob"],
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, "TZ": "UTC", "PATH": f"{programs}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["logs"] == ["journal"] and any("journal is newer" in note for note in told["notes"])
    assert [event["client"] for event in told["events"] if event["kind"] == "logged-in"] == ["192.0.2.9"]


UNSUMMED = {
    "no word": ([], "no-attempt", "connected"),
    "lost at the greeting": (["lost connection after CONNECT from unknown[192.0.2.7]"], "left-at-greeting", "left-at-greeting"),
    "lost after EHLO": (["lost connection after EHLO from unknown[192.0.2.7]"], "left-after-ehlo", "left-after-ehlo"),
    "lost after EHLO, since 3.9": (["NOQUEUE: lost connection after EHLO from unknown[192.0.2.7]"], "left-after-ehlo",
                                   "left-after-ehlo"),
    "timeout in AUTH": (["timeout after AUTH from unknown[192.0.2.7]"], "login-unfinished", "login-unfinished"),
    "lost after RCPT": (["lost connection after RCPT from unknown[192.0.2.7]"], "no-attempt", "connected"),
}


@pytest.mark.parametrize("case", UNSUMMED)
def test_a_session_without_a_summary_claims_only_what_its_lines_say(policy, folder, case):
    """As Postfix before 3.0 ends it."""
    said, cause, kind = UNSUMMED[case]
    told = of_lines(policy, folder, [LOGIN, *[smtpd(line, second, "postfix/submission/smtpd[7]") for second, line in enumerate(
        ["connect from unknown[192.0.2.7]", *said, "disconnect from unknown[192.0.2.7]"])]])
    assert (told["cause"]["id"], told["events"][-1]["kind"]) == (cause, kind), told
    assert "tls" not in told["events"][-1] and "no SMTP" not in told["cause"]["text"]


def test_encryption_comes_first_where_the_client_has_none(policy, folder):
    lines = [line.replace(" starttls=1", "") for line in
             rejected("554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied", "")]
    assert "switch on encryption first" in of_lines(policy, folder, lines)["cause"]["fix"]
