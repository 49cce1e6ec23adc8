"""A message that mailwicketd lets pass as a milter is in the queue octet by octet as without it, and signatures hold."""
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor

import dkim
import pytest

import rig
from rig import mail_programs
from rig.claws import Claws
from rig.composers import BOB, COMPOSERS, SENDERS
from rig.mailsite import PASSWORD, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MILTERS, MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

AWAY = "127.0.0.9"
WITH, WITHOUT = "mary@example.test", "eve@example.test"  # who gets it through the milter, and who without
TIMES = int(os.environ.get("MAILWICKET_MESSAGES_TIMES", "1"))  # 5 for 500 messages of real mail programs, docs/performance.md
MESSAGES = {"mutt": 16, "s-nail": 16, "python": 50, "phpmailer": 8, "nodemailer": 8, "claws": 2}
SHARE = ["msmtp"] * 4 + ["curl"] * 4 + ["swaks"] + ["smtplib"] * 7 + ["phpmailer"] * 2 + ["nodemailer"] * 2
HOSTILE = 200
SIGNING = """\
Syslog no
Mode s
Domain example.test
Selector mail
KeyFile {folder}/dkim.key
RequireSafeKeys no
OversignHeaders From,Sender
SignHeaders From,Sender,To,Subject,Date,Message-ID
Socket inet:{port}@127.0.0.1
UserID nobody
Background no
"""
POLICY = rig.changed(WORLD_POLICY, ("permission_groups = { ExchangeUsers }", "permission_groups = { ExchangeUsers }\n    add_sender = yes"))


@pytest.fixture(scope="module")
def signer(module_folder):
    port = rig.free_port()
    (module_folder / "opendkim.conf").write_text(SIGNING.format(folder=module_folder, port=port))
    made = mail_programs.signer(module_folder, port)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(module_folder, signer):
    opendkim = f"inet:127.0.0.1:{signer.port}"
    made = MilterSite(module_folder, POLICY, WORLD_DIRECTORY, WORLD_LOGINS, copies=("without", "behind", "before"),
                      milters={"submission": MILTERS, "behind": f"{MILTERS},{opendkim}", "before": f"{opendkim},{MILTERS}"},
                      main="message_size_limit = 30000000\n")
    try:
        yield made.start()
    finally:
        made.stop()


def arrived(site, whole=False):
    """All that was delivered, by the address that got it and the X-Case in it: from behind this host's Received field, or
    `whole`, with what a filter put before it."""
    site.postfix.queue_idle()
    found = {}
    for path in (site.postfix.mail / "all").glob("new/*"):
        octets = path.read_bytes()
        head, _, rest = octets.partition(b"\nReceived: ")
        recipient = re.search(rb"(?m)^X-Original-To: (.*)$", head)[1].decode()
        rest = re.sub(rb"\A.*\n(?:[ \t].*\n)*", b"", rest)
        case = re.search(rb"(?m)^X-Case: (.*)$", rest)
        found[recipient, case and case[1].decode()] = octets if whole else rest
    return found


def compose(folder):
    """Each message with its own X-Case, as a file."""
    made = [folder / f"{name}-{number}" for name, count in MESSAGES.items() for number in range(count * TIMES)]
    for path in made:
        name, _, number = path.name.rpartition("-")
        COMPOSERS[name](folder, int(number), path)
        path.write_bytes(f"X-Case: {path.name}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return made


def test_messages_of_real_mail_programs_arrive_as_without_the_milter(site, module_folder):
    folder = module_folder / "composed"
    folder.mkdir()
    paths = compose(folder)

    def send(numbered):
        number, path = numbered
        sender = SENDERS[SHARE[number % len(SHARE)]]
        sender(site, "submission", path, WITH)
        sender(site, "without", path, WITHOUT)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, enumerate(paths)))
    found = arrived(site)
    assert len(paths) == 100 * TIMES
    different = [path.name for path in paths
                 if found.get((WITH, path.name)) is None or found[WITH, path.name] != found.get((WITHOUT, path.name))]
    assert different == []
    assert len(site.header_lines(verdict="permit", login="bob")) >= len(paths)


def test_what_claws_mail_sends_by_itself_arrives_as_it_lies_in_its_folder_sent(site, module_folder):
    with Claws(module_folder, port=site.ports["submission"], password=PASSWORD) as claws:
        claws.send(f"To: {WITH}\nSubject: by claws\n\nhello\n.\nFrom here\n")
        kept = claws.last_sent()
    assert b"\nFrom: Bob <bob@example.test>\n" in kept
    assert site.wait_octets("by claws") == kept


# --- hostile, but permitted

def hostile(number):
    """The octets of a message of bob's as no mail program writes one, ready to be sent."""
    chance = random.Random(number)
    fields = [f"X-Case: hostile-{number}".encode(), f"From: {BOB}".encode()]
    oddities = [
        b"X-Empty:", b"X-Blank:   ", b"X-Bytes: \x80\xff\xfe", b"X-Nul: a\0b", b"X-CR: a\rb", b"x-lower:value",
        b"X-Long: " + b"x" * chance.randrange(900, 5000), b"X-Fold: a\r\n\tb\r\n  c\r\n d", b"X-Tab:\tvalue", b"X : blank",
        b"To: " + b", ".join(b"a%d@remote.test" % n for n in range(200)), b"Subject: =?utf-8?q?broken", b"Subject: twice",
        b"Date: yesterday", b"Message-ID: none", b"Message-ID: <a@b>\r\nMessage-ID: <c@d>", b"Reply-To: mary@example.test",
        b"Received: from nowhere", b"Return-Path: <ceo@example.test>", b"Bcc: mary@example.test", b"Errors-To: <mary@example.test>",
        b"Content-Type: multipart/mixed; boundary=x", b"Content-Type: text/plain; charset=\xff", b"Content-Length: 3",
        b"DKIM-Signature: v=1; a=broken", b"X-From: mary@example.test", b"From-X: mary@example.test", b"X-Many: 1\r\n" * 500 + b"X-End: 1",
        b"Apparently-From: mary@example.test", b"Disposition-Notification-To: mary@example.test", b"Mime-Version: 7",
    ]
    for _ in range(chance.randrange(1, 8)):
        fields.insert(chance.randrange(len(fields) + 1), chance.choice(oddities))
    bodies = [b"", b"hello", b"\r\n\r\n\r\n", b"..\r\n...\r\n", b"x" * 3000 + b"\r\n", bytes(range(256)).replace(b"\r", b"").replace(b"\n", b""),
              b"--x\r\nFrom: mary@example.test\r\n\r\n--x--\r\n", b"From: mary@example.test\r\n", b"From mary\r\n>From mary\r\n",
              chance.randbytes(2000).replace(b"\r", b"").replace(b"\n", b"\r\n"), b"a\rb\rc\r\n", b"\0" * 100 + b"\r\n", b" \r\n \r\n"]
    body = re.sub(rb"(?m)^\.", b"..", chance.choice(bodies))
    return b"\r\n".join(fields) + b"\r\n\r\n" + body + (b"" if body.endswith(b"\r\n") else b"\r\n")


def test_200_hostile_but_permitted_messages_arrive_as_without_the_milter(site):
    for listener, recipient in (("submission", WITH), ("without", WITHOUT)):
        with site.client(listener, login="bob", source=AWAY) as client:
            for number in range(HOSTILE):
                client.reset()
                assert client.mail(BOB).startswith("250") and client.rcpt(recipient).startswith("250")
                client.expect("354", "DATA")
                client.send(hostile(number) + b".\r\n")
                assert client.reply().startswith("250 2.0.0"), (number, listener)
    found = arrived(site)
    different = [number for number in range(HOSTILE) if found.get((WITH, f"hostile-{number}")) is None or
                 found[WITH, f"hostile-{number}"] != found.get((WITHOUT, f"hostile-{number}"))]
    assert different == []


# --- signatures

def test_signatures_made_before_and_behind_verify(site, module_folder, signer):
    record = mail_programs.key_record(module_folder)
    private = (module_folder / "dkim.key").read_bytes()
    sent = {}
    for listener in ("before", "behind", "submission"):
        with site.client(listener, login="bob", source=AWAY) as bob, site.client(listener, login="mary", source=AWAY) as mary:
            for number in range(30):
                case = f"{listener}-{number}"
                # Where opendkim signs behind us it signs the Sender that is added, too; before us it must not.
                client, sender, author = (mary, WITH, "ceo@example.test") if number % 3 == 0 and listener != "before" else (bob, BOB, BOB)
                message = site.message(f"X-Case: {case}\r\nFrom: {author}", case, b"hello \r\n\r\n" * number)
                if listener == "submission":  # the client signs, and names no Sender
                    message = dkim.sign(message, b"mail", b"example.test", private,
                                        include_headers=[b"from", b"to", b"subject", b"date"]) + message
                client.reset()
                assert client.mail(sender).startswith("250") and client.rcpt(WITH).startswith("250")
                client.expect("354", "DATA")
                client.send(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")
                assert client.reply().startswith("250"), case
                sent[case] = author != BOB
    found = arrived(site, whole=True)
    for case, added in sent.items():
        octets = found[WITH, case].replace(b"\n", b"\r\n")
        assert (b"\nSender: mary@example.test" in octets) == added, case
        assert b"DKIM-Signature:" in octets, case
        assert dkim.verify(octets, dnsfunc=lambda name, timeout=5: record), case
