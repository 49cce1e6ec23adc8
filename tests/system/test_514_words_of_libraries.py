"""mailwicket why, on the words of Cyrus SASL, Dovecot's auth, OpenSSL and cleanup, and on what smtpd_client_port_logging adds."""
import pytest

from rig import field_log
from rig.field_log import ACTIVE, BEGUN, LOGIN, end, sent, smtpd
from rig.why_many import ask

CONNECT = "connect from unknown[192.0.2.7]"
TLS = "Anonymous TLS connection established from unknown[192.0.2.7]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
REFUSED = "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5"
READS = LOGIN.replace("imap", "pop3")


def session(*said, program="postfix/submission/smtpd[7]"):
    return [LOGIN, *[smtpd(words, second, program) for second, words in enumerate(said)]]


def login(*said, mechanism="LOGIN"):
    return session(CONNECT, TLS, *said[:-1], f"warning: unknown[192.0.2.7]: SASL {mechanism} authentication failed: {said[-1]}",
                   REFUSED)


def handshake(words, program="postfix/submission/smtpd[7]", first="SSL_accept error from unknown[192.0.2.7]: -1"):
    stage, summary = ("CONNECT", "commands=0/0") if "smtps" in program else ("STARTTLS", "ehlo=1 starttls=0/1 commands=1/2")
    return session(CONNECT, first, f"warning: TLS library problem: error:0A000418:SSL routines::{words}:s3_pkt.c:1:",
                   f"lost connection after {stage} from unknown[192.0.2.7]", f"disconnect from unknown[192.0.2.7] {summary}",
                   program=program)


def said_by_auth(said):
    """Before the login that failed."""
    return f"Nov 29 2025 05:01:02 mail dovecot: {said}"


def dovecot(words, behind="", who="user=<>"):
    return [READS, f"Nov 29 2025 05:00:09 mail dovecot: imap-login: {words}: {who}, rip=192.0.2.7, lip=203.0.113.1{behind}"]


def rejected(words, sender="bob", auth="auth=1"):
    return session(CONNECT, TLS, f"NOQUEUE: reject: RCPT from unknown[192.0.2.7]: {words}; from=<{sender}@example.org> "
                   "to=<ann@example.net> proto=ESMTP helo=<[10.0.0.5]>",
                   f"disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 {auth} mail=1 rcpt=0/1 quit=1 commands=6/7")


def elsewhere(lines):
    """From an address where the user was never seen."""
    return [LOGIN, *[line.replace("192.0.2.7", "198.51.100.9") for line in lines[1:]]]


def unlogged(failed, words, summary="ehlo=2 starttls=1 auth=0/1 mail=1 rcpt=0/1 quit=1 commands=5/7"):
    """A login that fails, and a message without one behind it."""
    return session(CONNECT, f"warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: {failed}",
                   f"NOQUEUE: reject: RCPT from unknown[192.0.2.7]: {words}; from=<bob@example.org> to=<ann@example.net> "
                   "proto=ESMTP helo=<x>", f"disconnect from unknown[192.0.2.7] {summary}")


def with_port(lines):
    return [line.replace("unknown[192.0.2.7]", "unknown[192.0.2.7]:55729") for line in lines]


PROBLEM = "warning: SASL authentication problem: unable to open Berkeley db /etc/sasldb2: No such file or directory"
UNABLE = "warning: SASL authentication failure: Password verification failed"
DENIED = "454 4.7.1 <ann@example.net>: Relay access denied"
SMTPS = "postfix/smtps/smtpd[7]"
CASES = {
    "Cyrus, a wrong password": (login(UNABLE, "authentication failure"), "wrong-password"),
    "Cyrus, no such user": (login("user not found"), "login-unknown"),
    "Cyrus, given up": (login("bad protocol / cancel"), "login-canceled"),
    "Cyrus, another mechanism": (login("no mechanism available", mechanism="NTLM"), "mechanism"),
    "Cyrus, a mechanism that the user has no secret for": (login("user exists, but no verifier for user"), "mechanism"),
    "Cyrus, a mechanism that wants TLS": (session(CONNECT, "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: "
                                                  "encryption needed to use mechanism"), "sending-without-tls"),
    "Cyrus, the account is closed": (login("account disabled"), "login-ended"),
    "Cyrus, the password is too old": (login("passphrase expired, has to be reset"), "login-ended"),
    "Cyrus, its passwords are away": (login(PROBLEM, "authentication failure"), "server-fault"),
    "Cyrus, a verifier that it does not have": (login(
        "warning: SASL authentication problem: unknown password verifier", UNABLE, "no mechanism available"), "server-fault"),
    "Cyrus, one mechanism without passwords, then a wrong password": (login(
        PROBLEM, "warning: unknown[192.0.2.7]: SASL CRAM-MD5 authentication failed: authentication failure, sasl_username=bob",
        UNABLE, "authentication failure, sasl_username=bob", mechanism="PLAIN"), "wrong-password"),
    "Cyrus, one mechanism without passwords, then another": (login(
        UNABLE, "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: authentication failure, sasl_username=bob",
        PROBLEM, "authentication failure, sasl_username=bob", mechanism="CRAM-MD5"), "server-fault"),
    "Cyrus, a problem as the process begins": (login("authentication failure")[:1] + [smtpd(
        "warning: SASL authentication problem: could not find auxprop plugin, was searching for '[all]'")]
        + login("authentication failure")[1:], "wrong-password"),
    "Cyrus, its server is away": (login("remote authentication server unavailable"), "server-fault"),
    "Cyrus, it does not start": (session("fatal: SASL per-process initialization failed"), "server-fault"),
    "a reason that an administrator wrote": (login("Your account is blocked, sasl_username=bob"), "login-ended"),
    "no reason": (login("(reason unavailable), sasl_username=bob"), "wrong-password"),
    "a challenge as the reason": (login("UGFzc3dvcmQ6"), "wrong-password"),
    "a challenge as the reason, of a token": (login("eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=", mechanism="XOAUTH2"), "token-refused"),
    "a token, RFC 7628": (login("(reason unavailable), sasl_username=bob", mechanism="OAUTHBEARER"), "token-refused"),
    "a token, where none are taken": (login("Invalid authentication mechanism", mechanism="XOAUTH2"), "mechanism"),
    "a token that has expired, Dovecot 2.3": ([said_by_auth(
        "auth: oauth2(bob,192.0.2.7): oauth2 failed: Local validation failed: Token has expired")]
        + login("eyJzdGF0dXMiOiI0MDAifQ==", mechanism="XOAUTH2"), "token-refused"),
    "a token that has expired, Dovecot 2.4": ([said_by_auth(
        "auth(bob,192.0.2.7,sasl:xoauth2): oauth2 failed: Local validation failed: Token has expired (exp=1 < 2 - grace 0)")]
        + login("Authentication failed.", mechanism="XOAUTH2"), "token-refused"),
    "a token without a user's name": ([said_by_auth(
        "auth: Error: oauth2(bob,192.0.2.7): oauth2 failed: Introspection failed: No username returned")]
        + login("Temporary authentication failure", mechanism="XOAUTH2"), "server-fault"),
    "a password that the provider of tokens checks": ([said_by_auth(
        "auth: oauth2(bob,192.0.2.7): oauth2 failed: Password grant failed: invalid_grant")] + login("UGFzc3dvcmQ6"),
        "wrong-password"),
    "IMAP, a token": (dovecot("Disconnected: Connection closed (auth failed, 1 attempts in 2 secs)", ", TLS, session=<s>",
                              "user=<bob>, method=XOAUTH2"), "reading-token-refused"),
    "a user who is denied, Dovecot 2.3": ([said_by_auth(
        "auth: passwd-file(bob,192.0.2.7): User found from deny passdb")] + login("UGFzc3dvcmQ6"), "login-ended"),
    "a user who is denied, Dovecot 2.4": ([said_by_auth(
        "auth(bob,192.0.2.7,sasl:plain): passwd-file: User found from deny passdb")] + login("Authentication failed."),
        "login-ended"),
    "PAM, its service is away": ([said_by_auth(
        "auth-worker(9): pam(bob,192.0.2.7): pam_authenticate() failed: Authentication service cannot retrieve authentication "
        "info")] + login("UGFzc3dvcmQ6"), "server-fault"),
    "PAM, the account has expired": ([said_by_auth(
        "auth-worker(9): pam(bob,192.0.2.7): pam_acct_mgmt() failed: User account has expired")] + login("UGFzc3dvcmQ6"),
        "login-ended"),
    "too large, before a message has an id": (session(
        CONNECT, TLS, "warning: NOQUEUE: queue file size limit exceeded",
        "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=0/1 quit=1 commands=7/8"), "message-limit"),
    "a policy service that wants a login": (rejected("554 5.7.1 <ann@example.net>: Recipient address rejected: SMTP AUTH is "
                                                     "required for users under this sender domain", auth=""), "no-authentication"),
    "plain text where TLS is due, OpenSSL 1.0": (handshake("unknown protocol", SMTPS), "starttls-on-tls-port"),
    "an end without a word, OpenSSL 3": (handshake("unexpected eof while reading", SMTPS), "tls-cut"),
    "a certificate of a kind that the client does not know": (handshake("sslv3 alert unsupported certificate"), "certificate"),
    "a client without our signatures": (handshake("no suitable signature algorithm"), "tls-too-old"),
    "a client that finds the server too old": (handshake("tlsv1 alert protocol version"), "tls-failed"),
    "IMAP, a certificate, behind the address": (dovecot(
        "Disconnected (no auth attempts in 9 secs)", ", TLS handshaking: SSL_accept() failed: error:14094418:SSL routines:"
        "ssl3_read_bytes:tlsv1 alert unknown ca: SSL alert number 48"), "certificate"),
    "IMAP, a certificate, within TLS": (dovecot(
        "Disconnected (no auth attempts in 1 secs)", ", TLS: SSL_read failed: error:14094412:SSL routines:ssl3_read_bytes:sslv3 "
        "alert bad certificate: SSL alert number 42"), "certificate"),
    "IMAP, no cipher": (dovecot(
        "Login aborted: Connection closed: SSL_accept() failed: error:0A0000C1:SSL routines::no shared cipher (disconnected "
        "during TLS handshake) (tls_handshake_not_finished)", ", TLS handshaking: x"), "tls-too-old"),
    "IMAP, plain text": (dovecot("Disconnected (no auth attempts in 0 secs)", ", TLS handshaking: SSL_accept() failed: error:"
                                 "140760FC:SSL routines:SSL23_GET_CLIENT_HELLO:unknown protocol"), "starttls-on-tls-port"),
    "port: a login": (with_port(login("UGFzc3dvcmQ6, sasl_username=bob")), "wrong-password"),
    "port: not owned": (with_port(rejected("553 5.7.1 <ann@example.org>: Sender address rejected: not owned by user bob", "ann")),
                        "send-as"),
    "port: no login": (with_port(rejected(DENIED, auth="")), "no-authentication"),
    "port: the end": (with_port(session(CONNECT, "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 quit=1 commands=4")),
                      "left-after-tls"),
    "port: TLS as a command": (with_port(session(
        CONNECT, r"improper command pipelining after CONNECT from unknown[192.0.2.7]: \026\003\001\002",
        "disconnect from unknown[192.0.2.7] unknown=0/1 commands=0/1")), "tls-on-starttls-port"),
    "port: a message": (with_port(BEGUN) + [ACTIVE, sent("bounced", "host mx said: 550 no")], "not-delivered"),
    "port: IPv6": ([line.replace("192.0.2.7", "2001:db8::7") for line in with_port(rejected(DENIED, auth=""))],
                   "no-authentication"),
    "a destination that was not reached before": (BEGUN + [end("data=1"), ACTIVE, sent(
        "deferred", "delivery temporarily suspended: connect to mx.example.net[198.51.100.1]:25: Connection timed out",
        relay="none")], "not-delivered"),
}
WARNED = {
    "the disk is full": ("write queue file: No space left on device", "server-fault"),
    "a table is away": ("virtual_alias_maps map lookup problem for ann@example.net -- message not accepted, try again later",
                        "server-fault"),
    "aliases without end": ("unreasonable virtual_alias_maps map nesting for ann@example.net -- message not accepted, try again "
                            "later", "server-fault"),
    "a message that goes in circles": ("message rejected: hopcount exceeded", "content-refused"),
    "too large, by BDAT": ("BDAT request from unknown[192.0.2.7] exceeds message size limit", "message-limit"),
    "too large": ("queue file size limit exceeded", "message-limit"),
    "a warning that stops nothing": ("ignoring bad DSN notify record", "message-cut"),
}
CASES.update({f"warned of: {case}": (BEGUN + [smtpd("warning: 0A1: " + words, 2, "postfix/cleanup[4]"), end("data=0/1")], cause)
              for case, (words, cause) in WARNED.items()})
CASES["what EHLO offers is in a table that is away"] = (session(
    CONNECT, "warning: don't know what EHLO features to announce to unknown[192.0.2.7]",
    "disconnect from unknown[192.0.2.7] ehlo=0/1 commands=0/1"), "server-fault")
CASES["an alert, without an error of SSL_accept"] = (session(
    CONNECT, TLS, "warning: TLS library problem: error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:s3_pkt.c:"
    "1262:SSL alert number 42:", "lost connection after STARTTLS from unknown[192.0.2.7]", "disconnect from unknown[192.0.2.7]"),
    "certificate")
CASES["a process of another host in between, of the same number"] = (rejected(DENIED, auth="")[:4] + [
    smtpd("connect from x[203.0.113.9]", 2).replace(" mail ", " mx2 ")] + rejected(DENIED, auth="")[4:], "no-authentication")
for words in (DENIED, "553 5.7.1 <bob@example.org>: Sender address rejected: not logged in", "530 5.7.57 <ann@example.net>: "
              "Recipient address rejected: Client was not authenticated to send mail"):
    CASES.update({
        f"a login that fails, and mail without it: {words}": (unlogged("UGFzc3dvcmQ6", words), "wrong-password"),
        f"so too, under the user's name, from anywhere: {words}": (
            elsewhere(unlogged("authentication failure, sasl_username=bob", words)), "wrong-password"),
        f"a login of nobody that fails, and mail as the user: {words}": (elsewhere(unlogged("UGFzc3dvcmQ6", words)),
                                                                        "no-authentication"),
        f"a login of another user that fails, and mail as the user: {words}": (
            unlogged("authentication failure, sasl_username=alice@example.org", words), "no-authentication"),
        f"an unknown mechanism, and mail without it: {words}": (unlogged("Invalid authentication mechanism", words), "mechanism"),
    })
WORDS = {
    "warned of: the disk is full": "No space left on device",
    "a reason that an administrator wrote": "Your account is blocked",
    "Cyrus, its passwords are away": "unable to open Berkeley db /etc/sasldb2",
    "Cyrus, the account is closed": "account disabled",
    "a token that has expired, Dovecot 2.3": "Token has expired",
    "a client that finds the server too old": "alert protocol version",
    "a destination that was not reached before": "port 25 is blocked",
}


@pytest.fixture(scope="module")
def told(module_folder):
    """One process reads them all."""
    policy = field_log.policy(module_folder)
    texts = ["".join(line + "\n" for line in lines).encode() for lines, _ in CASES.values()]
    return dict(zip(CASES, ask(policy, "bob", texts)))


@pytest.mark.parametrize("case", CASES)
def test_what_the_words_mean_is_named(told, case):
    cause = told[case]["cause"]
    assert cause["id"] == CASES[case][1], told[case]
    assert WORDS.get(case, "") in cause["text"]


def test_a_password_in_clear_is_told_where_a_refusal_is_told_too(folder):
    """Of one session, of which the log says nothing before its end."""
    policy = field_log.policy(folder)
    for name in ("authentication failure, sasl_username=bob", "authentication failure"):
        told = field_log.of_lines(policy, folder, elsewhere(unlogged(
            name, DENIED, "ehlo=1 auth=0/1 mail=1 rcpt=0/1 quit=1 commands=3/5")))
        assert told["exposed"] == name.endswith("bob"), told
