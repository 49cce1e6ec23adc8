"""Odd extensions and paths: what Postfix delivers to a mailbox is judged as that mailbox, whatever stands behind the delimiter.

Postfix is the judge of what it delivers where: the same recipients are written to through a connector in audit mode, or by
who may write to them, and their messages are looked for in the mailbox.
"""
import json
import random
import re
import string

import pytest

import rig
from rig.mailsite import WORLD_LISTED, WORLD_LOGINS, MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

STRANGER, MARY, BOB = "x@elsewhere.test", "mary@example.test", "bob@example.test"
RESTRICTED = "Client does not have permissions to send to this recipient"
TRIAL = """
connector "Trial" { bindings = { "*:$trial" } permission_groups = { ExchangeUsers } mode = audit }
"""
DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary
user ceo@example.test senders=bob
group staff@example.test member=bob@example.test,mary@example.test senders=authenticated
group open@example.test member=mary@example.test
"""

# Local parts that Postfix delivers to staff, as a client writes them.
ODD = ["staff+x.", "staff+a..b", '"staff+a b"', '"staff+"', "staff+.", '"staff+\\"x\\""', '"staff+\\\\"', '"staff+(a)<b>,c;d:[e]"',
       '"STAFF+A B"', "staff+ä", '"staff+ä b"', "staff+☕", "staff+" + "a" * 70, '"staff+' + "a b " * 40 + '"', "staff+a+b.",
       "staff+a%b", "staff+!", "staff+a!b", '"staff+=\u0338"', "staff+/", '"staff+ "', "\\staff\\+x."]


class MailboxSite(MailSite):
    """A MailSite whose Postfix knows its mailboxes: one Maildir each. `local`: delivered by local(8) first."""

    def __init__(self, folder, local=False):
        super().__init__(folder, WORLD_LISTED + TRIAL, DIRECTORY, WORLD_LOGINS, extra=["trial"])
        self.maps = self.postfix.etc / "mailboxes"
        self.maps.write_text("".join(f"{name}@example.test {name}/\n" for name in ("staff", "ceo", "bob", "mary", "open")))
        self.before = f"virtual_mailbox_maps = texthash:{self.maps}\nsmtpd_reject_unlisted_recipient = yes\n"
        if local:
            self.master = "local unix - n n - - local\n"
            self.before += "mydestination = example.test\nvirtual_mailbox_domains =\nmailbox_transport = virtual\n"

    def arrived(self, mailbox, subject):
        return [path for path in (self.postfix.mail / mailbox).glob("new/*")
                if f"\nSubject: {subject}\n" in path.read_text(errors="replace")]

    def wait_arrived(self, mailbox, subject):
        return rig.wait_for(lambda: self.arrived(mailbox, subject), f"{subject} in {mailbox}: {self.postfix.text()[-2000:]}")


def made(local):
    folder = rig.make_folder("extensions")
    site = MailboxSite(folder, local)
    try:
        yield site.start()
    finally:
        site.stop()
        rig.remove_folder(folder)


@pytest.fixture(scope="module")
def site():
    yield from made(local=False)


@pytest.fixture(scope="module")
def local_site():
    yield from made(local=True)


def quoted(octets):
    return '"' + octets.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_a_login_s_message_to_any_odd_extension_reaches_the_mailbox(site):
    """What the next test refuses to strangers is delivered indeed."""
    with site.client(login="mary") as mary:
        for number, local in enumerate(ODD):
            if any(path in local for path in "%!"):
                continue
            assert mary.deliver(MARY, f"{local}@example.test", subject=f"odd-{number}").startswith("250 2.0.0"), local
    for number, local in enumerate(ODD):
        if not any(path in local for path in "%!"):
            site.wait_arrived("staff", f"odd-{number}")


@pytest.mark.parametrize("sender", [STRANGER, "", BOB], ids=["stranger", "null", "forged"])
def test_no_odd_extension_leads_a_stranger_round_senders(site, sender):
    with site.client("smtp") as client:
        for local in ODD:
            reply = client.ask(sender, f"{local}@example.test")
            paths = any(path in local for path in "%!")
            assert reply.startswith("501 5.1.3 " if paths else "550 5.7.1 "), (local, reply)
            assert paths or reply.endswith(RESTRICTED), (local, reply)
        assert client.ask(sender, "open+x.@example.test").startswith("250")


def test_whatever_postfix_takes_for_the_mailbox_is_refused_to_a_stranger(site):
    """Random extensions: Postfix says to mary, who may write to staff, which of them it would deliver."""
    draw = random.Random(15)
    letters = string.ascii_letters + string.digits + string.punctuation + " .\t@ä☕ſ"
    taken = 0
    with site.client(login="mary") as mary, site.client("smtp") as stranger:
        for _ in range(300):
            extension = "".join(draw.choice(letters) for _ in range(draw.randrange(draw.choice([6, 30, 100]))))
            address = quoted("staff+" + extension) + "@example.test"
            if not mary.ask(MARY, address).startswith("250"):
                continue
            taken += 1
            reply = stranger.ask(STRANGER, address)
            assert reply[:9] in ("550 5.7.1", "501 5.1.3"), (address, reply)
    assert taken > 150


def test_an_own_sender_with_an_odd_extension_is_own(site):
    with site.client(login="mary") as mary:
        for local in ODD:
            own, other = local.lower().replace("staff", "mary"), local.lower().replace("staff", "bob")
            assert mary.ask(f"{own}@example.test", "open@example.test").startswith("250"), own
            reply = mary.ask(f"{other}@example.test", "open@example.test")
            assert reply.endswith("Client does not have permissions to send as this sender"), (other, reply)


# To ceo, whom bob alone may write to. Postfix's local domains are those whose paths it takes apart.
PATHS = ["ceo%example.test", '"ceo%example.test."', '"ceo% example.test"', '"ceo% example . test "', '"ceo%\\"example.test\\""',
         "example.test!ceo", '"example.test.!ceo"', '" example.test!ceo"', "ceo%example.test%example.test",
         '"%x:ceo"', '"%x!:ceo"', '"%x,y:ceo+a b"']
MAILBOXES = ["ceo+a%b", "ceo+!", "ceo+a!b", '"ceo+a%b c"', '"\\\\ceo"', '"\\\\ceo+x y"', "ceo+x."]


@pytest.mark.parametrize("local", PATHS)
def test_no_spelling_of_a_path_leads_round_senders(local_site, local):
    recipient, subject = f"{local}@example.test", f"path-{PATHS.index(local)}"
    with local_site.client("trial", login="mary") as mary:
        assert mary.deliver(MARY, recipient, subject=subject).startswith("250"), local_site.postfix.text()[-2000:]
    local_site.wait_arrived("ceo", subject)
    for listener, login in (("submission", "mary"), ("smtp", None)):
        with local_site.client(listener, login=login) as client:
            assert client.ask(MARY if login else STRANGER, recipient).startswith("501 5.1.3 "), (listener, local)


@pytest.mark.parametrize("local", MAILBOXES)
def test_a_recipient_that_may_be_a_path_is_judged_as_a_mailbox_too(site, local_site, local):
    for where in (site, local_site):
        with where.client(login="mary") as mary:
            assert mary.ask(MARY, f"{local}@example.test")[:9] in ("550 5.7.1", "501 5.1.3"), local
    with local_site.client("trial", login="mary") as mary:
        mary.deliver(MARY, f"{local}@example.test", subject=f"mailbox-{MAILBOXES.index(local)}")
    if "%" not in local and "!" not in local:
        local_site.wait_arrived("ceo", f"mailbox-{MAILBOXES.index(local)}")


def test_whatever_postfix_delivers_to_ceo_is_refused_to_others(local_site):
    """Paths put together at random: what comes to ceo's mailbox through the connector in audit mode is asked in earnest."""
    draw = random.Random(2)
    junk = [""] * 60 + [" ", ".", '"', "\\", "+", "+x", "(", "()", "<", ":", "[", "]", "@", "%", "!", "%x", "x!"]
    forms = ["{0}ceo{1}%{2}{3}{4}", "{0}{3}{1}!{2}ceo{4}", "{0}ceo{1}{2}{4}", "{0}ceo{1}!{2}", "{0}{1}!{2}ceo{4}"]
    locals_ = {draw.choice(forms).format(draw.choice(junk), draw.choice(junk), draw.choice(junk),
                                         draw.choice(["example.test", "Example.Test", "example . test", ""]),
                                         draw.choice(junk)) for _ in range(600)}
    asked = [(f"random-{number}", f"{quoted(local)}@example.test") for number, local in enumerate(sorted(locals_))]
    taken = []
    with local_site.client("trial", login="mary") as mary:
        for subject, recipient in asked:
            if mary.deliver(MARY, recipient, subject=subject).startswith("250"):
                taken.append(subject)
    local_site.postfix.queue_idle()
    arrived = {re.search(r"(?m)^Subject: (\S+)$", path.read_text(errors="replace"))[1]
               for path in (local_site.postfix.mail / "ceo").glob("new/*")}
    reached = [recipient for subject, recipient in asked if subject in arrived]
    with local_site.client(login="mary") as mary, local_site.client("smtp") as stranger:
        for recipient in reached:
            for client, sender in ((mary, MARY), (stranger, STRANGER)):
                reply = client.ask(sender, recipient)
                assert reply[:9] in ("550 5.7.1", "501 5.1.3"), (recipient, reply, reached)
    assert len(taken) >= len(reached) > 20, (len(asked), len(taken), reached)


# --- every program gives the same answer

@pytest.mark.parametrize("local", ["staff+x.", "staff+a..b", "staff+a b", '"staff+a b"', "staff+" + "a" * 70, "\\staff"])
def test_lookup_and_explain_say_what_mailwicketd_says(site, local):
    address = f"{local}@example.test"
    told = site.daemon.cli("--json", "lookup", address)
    assert told.returncode == 0 and json.loads(told.stdout)["receives"] == "staff@example.test", told.stdout
    decision, _ = site.explain("--client", "192.0.2.7", "--port", str(site.ports["smtp"]), "--sender", STRANGER,
                               "--recipient", address)
    assert decision["reason"] == "recipient-restricted", decision
    with site.daemon.connect() as connection:
        answer = connection.request({"client_address": "192.0.2.7", "server_port": str(site.ports["smtp"]),
                                     "sasl_method": "", "sasl_username": ""}, sender=STRANGER, recipient=address)
    assert answer.startswith("550 5.7.1 "), answer


def test_replay_takes_the_decision_again(site, tmp_path):
    with site.client("smtp") as client:
        client.ask(STRANGER, '"staff+a b"@example.test')
        client.ask(STRANGER, "staff+" + "a" * 90 + "@example.test")
    lines = site.daemon.wait_log(r"reason=recipient-restricted .*aaaaaaaa", 1)
    log = tmp_path / "log"
    log.write_text(site.daemon.text())
    told = site.daemon.cli("--json", "replay", str(log))
    assert told.returncode == 0 and lines, told.stdout + told.stderr
