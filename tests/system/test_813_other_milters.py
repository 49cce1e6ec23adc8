"""What Postfix and its clients see of mailwicketd as a milter is what they see of filters of libmilter and pymilter that do
nothing: the same negotiation, the same replies, the same messages."""
import re
import subprocess
import sys

import pytest

import rig
from rig import kill_and_wait, wait_for
from rig.built import SOURCE
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MILTERS, Milter, MilterSite
from rig.ports import listens_at
from rig.programs import compiled

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY = "bob@example.test", "mary@example.test"
AWAY = "127.0.0.9"
LISTENERS = ("submission", "libmilter", "pymilter", "without")


@pytest.fixture(scope="module")
def site(module_folder):
    made = MilterSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS, copies=LISTENERS[1:],
                      milters={"submission": MILTERS, "libmilter": "unix:mailwicket/libmilter", "pymilter": "unix:mailwicket/pymilter"})
    sockets = made.postfix.queue / "mailwicket"
    processes = [
        subprocess.Popen([compiled("tests/bench/milter_libmilter.c", libraries=["-lmilter", "-lpthread"]), f"unix:{sockets / 'libmilter'}"],
                         stdout=subprocess.DEVNULL),
        subprocess.Popen([sys.executable, SOURCE / "tests/system/rig/nothing_milter.py", f"unix:{sockets / 'pymilter'}"])]
    try:
        for name in ("libmilter", "pymilter"):
            wait_for(lambda: listens_at(sockets / name), f"the filter of {name}")
            (sockets / name).chmod(0o666)
        yield made.start()
    finally:
        made.stop()
        for process in processes:
            kill_and_wait(process)


def negotiated(path):
    """Version, actions and steps, and the macros of each step."""
    with Milter(str(path)) as milter:
        command, data = milter.negotiate()
        assert command == "O"
        numbers, rest, lists = [data[at:at + 4] for at in (0, 4, 8)], data[12:], {}
        while rest:
            words, _, after = rest[4:].partition(b"\0")
            lists[int.from_bytes(rest[:4], "big")], rest = sorted(words.split()), after
        return numbers, lists


def test_the_negotiation_is_libmilter_s(site):
    assert negotiated(site.milter_socket) == negotiated(site.milter_socket.with_name("libmilter"))


@pytest.mark.parametrize("path", ["milter", "libmilter"])
def test_a_session_has_the_same_answers(site, path):
    with Milter(str(site.milter_socket.with_name(path))) as milter:
        milter.negotiate()
        milter.connect_client(daemon_port=site.ports["submission"])
        for number in range(3):
            milter.mail("bob")
            milter.field("From", BOB).field("Subject", "hello\n there")
            if number == 1:
                milter.abort().mail("bob").field("From", BOB)
            assert milter.end() == ("c", b"")
            assert milter.is_open()
            if number:
                milter.abort()


MESSAGE = f"From: {BOB}\r\nSubject: %s\r\n\r\nhello\r\n.\r\n"
ENVELOPE = (f"MAIL FROM:<{BOB}>", f"RCPT TO:<{MARY}>", "DATA")
# commands, or octets that get one reply
DIALOGUES = {
    "one message": (*ENVELOPE, MESSAGE.encode()),
    "three messages": (*ENVELOPE, MESSAGE.encode()) * 3,
    "reset before the data": (*ENVELOPE[:2], "RSET", *ENVELOPE, MESSAGE.encode()),
    "EHLO between": (*ENVELOPE[:2], "EHLO other.example.net", *ENVELOPE, MESSAGE.encode()),
    "HELO between messages": (*ENVELOPE, MESSAGE.encode(), "HELO other.example.net", *ENVELOPE, MESSAGE.encode()),
    "refused recipients": (ENVELOPE[0], "RCPT TO:<>", "RCPT TO:<x@[999]>", ENVELOPE[1], ENVELOPE[2], MESSAGE.encode()),
    "a refused sender": ("MAIL FROM:<ceo@example.test>", f"RCPT TO:<{MARY}>", "RSET", *ENVELOPE, MESSAGE.encode()),
    "unknown commands": ("FOO", "BAR baz", *ENVELOPE[:1], "FOO", *ENVELOPE[1:], MESSAGE.encode(), "FOO"),
    "wrong order": ("DATA", f"RCPT TO:<{MARY}>", *ENVELOPE, MESSAGE.encode(), "DATA"),
    "a null sender": ("MAIL FROM:<>", *ENVELOPE[1:], MESSAGE.encode()),
    "no body": (*ENVELOPE, f"From: {BOB}\r\nSubject: %s\r\n.\r\n".encode()),
    "a thousand fields": (*ENVELOPE, b"X-Field: x\r\n" * 1000 + MESSAGE.encode()),
    "a long field": (*ENVELOPE, b"X-Field: " + b"x" * 90000 + b"\r\n" + MESSAGE.encode()),
    "a field that Postfix cuts": (*ENVELOPE, b"X-Field: " + b"x y " * 60000 + b"\r\n" + MESSAGE.encode()),
    "a large body": (*ENVELOPE, MESSAGE.encode().replace(b"hello", b"x" * 70 + b"\r\n" + b"y" * 70)[:-3] + b"z" * 900000 + b"\r\n.\r\n"),
    "VRFY and NOOP": ("VRFY mary", *ENVELOPE[:2], "NOOP", ENVELOPE[2], MESSAGE.encode()),
    "many recipients": (ENVELOPE[0], *[f"RCPT TO:<r{number}@example.test>" for number in range(30)], "DATA", MESSAGE.encode()),
}


def told(site, listener, name):
    """The replies, without what is another each time."""
    subject = f"{name} {listener}"
    replies = []
    with site.client(listener, login="bob", source=AWAY) as client:
        for line in DIALOGUES[name]:
            if isinstance(line, bytes):
                client.send(line.replace(b"%s", name.encode() + b" " + listener.encode()))
                replies.append(re.sub("queued as .*", "queued", client.reply()))
            else:
                replies.append(client.command(line))
        replies.append(client.command("QUIT"))
    site.postfix.queue_idle()
    octets = site.octets(subject)
    return replies, octets and octets.replace(listener.encode(), b"-")


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_client_is_told_the_same(site, name):
    seen = {listener: told(site, listener, name) for listener in LISTENERS}
    assert seen["submission"][1] is not None
    for listener in LISTENERS[1:]:
        assert seen[listener] == seen["submission"], listener


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(site):
    for listener in LISTENERS:
        for steps in range(1, len(ENVELOPE) + 1):
            client = site.client(listener, login="bob", source=AWAY)
            for line in ENVELOPE[:steps]:
                client.command(line)
            client.send(b"Subject: middle\r\nFrom: bob@exam")
            client.close()
    wait_for(lambda: site.daemon.descriptors() < 60, "mailwicketd to close what was left")
    site.postfix.queue_idle()
    assert site.octets("middle") is None
