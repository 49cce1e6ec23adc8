"""Credentials in clear that are not in their mechanism's form: logged as exposed, and no part of them as a name."""
import base64
import itertools

import pytest

import rig
from rig.daemon import Daemon, parse_decision
from rig.dovecot import PrivateDovecot, has_protocol, version
from rig.login_clients import client

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

SECRET = "Hunter2secret"
PROTOCOLS = [name for name, binary in (("imap", "imap"), ("pop3", "pop3"), ("submission", "submission"),
                                       ("sieve", "managesieve")) if has_protocol(binary)]
SOURCES = (f"127.64.{number // 250}.{1 + number % 250}" for number in itertools.count())


@pytest.fixture(scope="module")
def dovecot(module_folder):
    files = Daemon("", "user bob@example.test login=bob\n", module_folder, start=False)
    with PrivateDovecot(module_folder, policy=files.policy, users={"bob": SECRET},
                        protocols=["imap", "pop3", "submission", "sieve"]) as made:
        yield made


def b64(text):
    return base64.b64encode(text.encode()).decode()


MALFORMED = {
    "PLAIN": [b64(f"bob\0{SECRET}"), b64(f"bob\0{SECRET}\0"), b64(f"\0{SECRET}"), b64(SECRET), b64(f"bob {SECRET}"),
              b64(f"bob:{SECRET}"), b64(f"bob\0\0{SECRET}"), b64(f"\0\0{SECRET}"), b64(f"\0bob\0{SECRET}\0"),
              b64(f"\0{SECRET}\n\0x"), b64(f"\0bob\0{SECRET}x").rstrip("="), SECRET, f"bob:{SECRET}",
              b64(f"bob\0{SECRET}")[:-2] + "!!", b64(f"bob\1{SECRET}")],
    "LOGIN": [b64(f"bob\0{SECRET}"), b64(f"\0bob\0{SECRET}"), b64(f"bob {SECRET}"), b64(f"bob\r\n{SECRET}"),
              SECRET, b64(f"{SECRET}x").rstrip("=") + "!"],
    "XOAUTH2": [b64(f"user=bob auth=Bearer {SECRET}\1\1"), b64(f"user=bobauth=Bearer {SECRET}\1\1"),
                b64(f"user=bob\1{SECRET}\1\1"), b64(f"user=bob\0auth=Bearer {SECRET}"), b64(SECRET),
                b64(f"user={SECRET}"), SECRET],
    "OAUTHBEARER": [b64(f"n,a=bob auth=Bearer {SECRET}"), b64(f"n,a=bob,auth=Bearer {SECRET}"),
                    b64(f"n,a=bob {SECRET},\1auth=Bearer x\1\1"), b64(f"n,a={SECRET}"), b64(f"n,a={SECRET},\1\1"),
                    b64(f"n,a=bob\1auth=Bearer {SECRET}\1\1"), b64(f"n,{SECRET},\1auth=Bearer x\1\1")],
    "X-OTHER": [b64(f"bob\0{SECRET}"), SECRET],
}
CASES = [(mechanism, response) for mechanism, responses in MALFORMED.items() for response in responses]


def decisions(dovecot, source):
    found = [parse_decision(line) for line in dovecot.lines("mailwicket: v=1 ")]
    return [line for line in found if line.get("client") == source]


def wait_exposed(dovecot, source):
    def exposed():
        return [line for line in decisions(dovecot, source) if line.get("credential") == "exposed"]
    return rig.wait_for(exposed, f"credential=exposed from {source}")


def no_part_logged(dovecot):
    text = dovecot.text()
    return all(part not in text for part in (SECRET, SECRET.upper(), b64(f"\0bob\0{SECRET}")))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mechanism,response", CASES)
def test_a_malformed_initial_response_is_exposed_and_nameless(dovecot, protocol, mechanism, response):
    source = next(SOURCES)
    with client(protocol, dovecot.ports, source=source) as it:
        assert it.mechanism(mechanism, response) == "refused" and it.ours(), it.transcript
    for line in wait_exposed(dovecot, source):
        assert "login" not in line and line["reason"] == "login-without-tls", line
    assert no_part_logged(dovecot)


WELL_FORMED = [("PLAIN", f"\0bob\0{SECRET}"), ("PLAIN", f"bob\0bob\0{SECRET}"),
               ("XOAUTH2", f"user=bob\1auth=Bearer {SECRET}\1\1"),
               ("OAUTHBEARER", f"n,a=bob,\1host=mx\1auth=Bearer {SECRET}\1\1")]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mechanism,response", WELL_FORMED)
def test_a_well_formed_one_names_whose_password_it_was(dovecot, protocol, mechanism, response):
    source = next(SOURCES)
    with client(protocol, dovecot.ports, source=source) as it:
        assert it.mechanism(mechanism, b64(response)) == "refused" and it.ours(), it.transcript
    assert [line["login"] for line in wait_exposed(dovecot, source)] == ["bob"]
    assert no_part_logged(dovecot)


def pipelined(protocol, mechanism, *responses):
    """A command, and the rest of its exchange that nobody asked for."""
    if protocol == "sieve":
        return [f'AUTHENTICATE "{mechanism}"', *(f'"{response}"' for response in responses)]
    return [{"imap": "a AUTHENTICATE", "pop3": "AUTH", "submission": "AUTH"}[protocol] + f" {mechanism}", *responses]


CONTINUATIONS = [("PLAIN", [b64(f"bob\0{SECRET}")]), ("PLAIN", [b64(f"bob {SECRET}")]), ("PLAIN", [b64(f"\0{SECRET}")]),
                 ("PLAIN", [b64(f"\0bob\0{SECRET}x").rstrip("=")]), ("PLAIN", [f"bob:{SECRET}"]),
                 ("LOGIN", [b64(f"bob\0{SECRET}"), b64(SECRET)]), ("LOGIN", [f"{SECRET}!", f"{SECRET}!"]),
                 ("XOAUTH2", [b64(f"user=bob auth=Bearer {SECRET}")]), ("OAUTHBEARER", [b64(f"n,a=bob {SECRET}")])]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mechanism,responses", CONTINUATIONS)
def test_a_malformed_continuation_is_no_command_and_nameless(dovecot, protocol, mechanism, responses):
    source = next(SOURCES)
    with client(protocol, dovecot.ports, source=source) as it:
        it.socket.sendall("".join(f"{line}\r\n" for line in pipelined(protocol, mechanism, *responses)).encode())
        assert it.outcome(it.final()) == "refused" and it.ours(), it.transcript
        start = len(it.transcript)
        it.last = ""
        assert it.ask(it.STARTTLS) == "ok", it.transcript
        assert len(it.transcript) == start + 1, it.transcript
    for line in wait_exposed(dovecot, source):
        assert "login" not in line, line
    assert no_part_logged(dovecot)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("word", [b64("\0bob\0Fishermans3"), "Fishermans3", b64("\0bob\0Fishermans3")[:18]])
def test_a_response_in_the_mechanisms_place_is_not_logged(dovecot, protocol, word):
    """By us; Dovecot itself names it with auth_verbose."""
    source = next(SOURCES)
    with client(protocol, dovecot.ports, source=source) as it:
        assert it.mechanism(word) == "refused" and it.ours(), it.transcript
    rig.wait_for(lambda: decisions(dovecot, source), "a decision")
    assert [line["mechanism"] for line in decisions(dovecot, source)] == ["unknown"]
    text = "".join(dovecot.lines("mailwicket: "))
    assert word not in text and word.upper() not in text


COMMANDS = [("imap", f"LOGIN bob my {SECRET}"), ("imap", f'LOGIN "bob" "my" {SECRET}'), ("imap", f"LOGIN bob:{SECRET}"),
            ("imap", f"LOGIN {{13+}}\r\n{SECRET}"), ("imap", f"LOGIN {{15+}}\r\nx\n{SECRET} pw"),
            ("imap", f'LOGIN "bob\\" {SECRET}'), ("imap", f"LOGIN ({SECRET}) bob"),
            ("pop3", f"USER bob {SECRET}"), ("pop3", f"USER bob\t{SECRET}"), ("pop3", f"PASS {SECRET}")]


@pytest.mark.parametrize("protocol,command", COMMANDS)
def test_a_malformed_login_command_is_exposed_and_nameless(dovecot, protocol, command):
    source = next(SOURCES)
    with client(protocol, dovecot.ports, source=source) as it:
        assert it.ask(command) == "refused", it.transcript
    for line in wait_exposed(dovecot, source):
        assert "login" not in line, line
    # Dovecot's own line about the client that left comes after ours.
    rig.wait_for(lambda: dovecot.lines(f"(Disconnected|Aborted|Login aborted).*rip={source}"), "the client's end")
    assert no_part_logged(dovecot)


@pytest.mark.parametrize("line", [f"LOGIN bob {SECRET}", f"login {SECRET} bob", f"AUTHENTICATE PLAIN {b64(f'bob{SECRET}')}",
                                  f"AUTHENTICATE PLAIN {SECRET}"])
def test_a_command_without_its_tag_is_exposed_and_nameless(dovecot, line):
    source = next(SOURCES)
    with client("imap", dovecot.ports, source=source) as it:
        it.send(line)
        assert " BAD " in it.final()
    for line in wait_exposed(dovecot, source):
        assert "login" not in line, line
    assert no_part_logged(dovecot)


@pytest.mark.parametrize("line", ["a LOGIN", "a NOOP x", "LOGIN NOOP x", "AUTHENTICATE PLAIN", "AUTHENTICATE CRAM-MD5 x",
                                  "LOGIN"])
def test_what_shows_nothing_is_not_called_exposed(dovecot, line):
    source = next(SOURCES)
    with client("imap", dovecot.ports, source=source) as it:
        it.send(line)
        it.final()
        assert it.mechanism("PLAIN") == "refused" and it.ours(), it.transcript
    rig.wait_for(lambda: decisions(dovecot, source), "a decision")
    assert ["credential" in line for line in decisions(dovecot, source)] == [False]
