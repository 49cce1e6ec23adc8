"""What a client is offered before TLS: where no mechanism is, nothing invites it to send a password at once."""
import base64
import imaplib
import re
import socket
import ssl

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, has_protocol, version
from rig.login_clients import client

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

NETWORKS = {"SecureLogin": "127.0.0.1", "PlainTextAuthentication": "127.0.0.41", "PlainTextLogin": "127.0.0.42"}
STRICT = 'login "strict" { remote = { "127.0.0.43" } tls_min_version = "TLSv1.3" }\n'
# Dovecot 2.4 takes no `ssl = required` beside a rule that lets something pass in clear.
POLICIES = {"ssl = required": STRICT, "ssl = yes": STRICT + """\
login "half" { remote = { "127.0.0.41" } login_type = PlainTextAuthentication }
login "open" { remote = { "127.0.0.42" } login_type = PlainTextLogin }
"""}
PASSWORD = "right-password"
LISTENERS = [name for name, binary in (("imap", "imap"), ("pop3", "pop3"), ("submission", "submission"),
                                       ("sieve", "managesieve")) if has_protocol(binary)]


@pytest.fixture(scope="module", params=POLICIES)
def dovecot(request, module_folder):
    folder = module_folder / re.sub(r"\W", "", request.param)
    folder.mkdir(mode=0o755)
    files = Daemon(POLICIES[request.param], "user bob@example.test login=bob\n", folder, start=False)
    with PrivateDovecot(folder, policy=files.policy, users={"bob": PASSWORD}, extra=request.param + "\n",
                        protocols=["imap", "pop3", "submission", "sieve"]) as made:
        yield made


def words_of(line):
    return re.search(r"\bCAPABILITY ([^\]\r\n]*)", line)[1].split()


def initial_responses_match_mechanisms(words):
    return ("SASL-IR" in words) == any(word.startswith("AUTH=") for word in words)


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("how", ["none", "starttls", "implicit"])
def test_sasl_ir_is_offered_with_a_mechanism_alone(dovecot, kind, how):
    """In the greeting and in CAPABILITY, before and after STARTTLS."""
    with client("imap", dovecot.ports, how=how, source=NETWORKS[kind]) as it:
        assert initial_responses_match_mechanisms(words_of(it.greeting)), it.greeting
        assert initial_responses_match_mechanisms(it.capability()[2:]), it.transcript
        assert how == "none" or "SASL-IR" in it.capability(), it.transcript
        assert re.fullmatch(r"\* OK \[CAPABILITY IMAP4rev1 [-+=A-Za-z0-9 ]*\] \S.*", it.greeting), it.greeting


def test_without_a_mechanism_nothing_invites_a_password(dovecot):
    """A client like neomutt: PLAIN whatever is offered, with the password at once where SASL-IR is."""
    source = "127.0.0.71"
    with client("imap", dovecot.ports, source=source) as it:
        words = it.capability()
        assert "SASL-IR" not in words and "LOGINDISABLED" in words
        response = base64.b64encode(f"\0bob\0{PASSWORD}".encode()).decode() if "SASL-IR" in words else None
        assert it.mechanism("PLAIN", response) == "refused" and it.ours(), it.transcript
    rig.wait_for(lambda: dovecot.lines(f"v=1 .*client={source} .*mechanism=PLAIN"), "the refusal in the log")
    assert not dovecot.lines(f"v=1 .*client={source} .*credential=exposed")


def test_an_independent_client_reads_the_same(dovecot):
    with imaplib.IMAP4("127.0.0.1", dovecot.ports["imap"]) as imap:
        assert "SASL-IR" not in imap.capabilities and not any(word.startswith("AUTH=") for word in imap.capabilities)
        imap.starttls(rig.client_context())
        assert {"SASL-IR", "AUTH=PLAIN"} <= set(imap.capabilities)


def test_tls_that_is_too_weak_is_offered_nothing_either(dovecot):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with client("imap", dovecot.ports, how="implicit", source="127.0.0.43", context=context) as it:
        assert "SASL-IR" not in it.capability()


def test_after_the_login_capabilities_are_dovecots(dovecot):
    with client("imap", dovecot.ports, how="implicit") as it:
        assert it.plain("bob", PASSWORD) == "ok"
        assert "SASL-IR" in it.last + " ".join(it.capability())


@pytest.mark.parametrize("protocol", LISTENERS)
def test_before_tls_no_protocol_names_a_mechanism(dovecot, protocol):
    """POP3's SASL line has none, EHLO has no AUTH, and ManageSieve's SASL is empty, as RFC 5804 wants it."""
    with client(protocol, dovecot.ports) as it:
        assert it.offered() == set()
        lines = {"pop3": "SASL", "submission": "250-AUTH", "sieve": '"SASL" ""'}
        if protocol == "sieve":
            assert lines[protocol] in it.transcript
        elif protocol == "submission":
            assert not any(re.match(r"250[- ]AUTH", line) for line in it.transcript)
        elif protocol == "pop3":
            assert not any(line.startswith("SASL ") or line == "USER" for line in it.transcript)


def test_pop3s_old_discovery_names_none(dovecot):
    """AUTH alone, which Outlook sends."""
    with socket.create_connection(("127.0.0.1", dovecot.ports["pop3"]), rig.PATIENCE) as raw:
        lines = raw.makefile("rwb")
        lines.readline()
        lines.write(b"AUTH\r\nQUIT\r\n")
        lines.flush()
        assert [lines.readline(), lines.readline()] == [b"+OK\r\n", b".\r\n"]
