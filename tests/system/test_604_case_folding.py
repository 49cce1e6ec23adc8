"""Postfix's tables compare by Unicode's case folding: there swiß.test is swiss.test, which IDNA2008 tells apart.

Postfix's own local(8) delivers here; what it delivers is found out through a connector in audit mode, and asked in earnest.
"""
import random

import pytest

import rig
from rig.mailsite import MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

POLICY = """\
default_domain = "swiss.test"
recipient_delimiter = "+"
accepted_domain "swiss.test" { type = Authoritative  local_names = { "glass.swiss.test", "[127.0.0.1]" } }
accepted_domain "straße.test" { type = Authoritative }
connector "Default" { bindings = { "*:$smtp" } permission_groups = { AnonymousUsers } }
connector "Client" { bindings = { "*:$submission", "*:$submissions" } }
connector "Trial" { bindings = { "*:$trial" } permission_groups = { ExchangeUsers } mode = audit }
"""
DIRECTORY = """\
user kiss@swiss.test senders=bob@swiss.test
user bob@swiss.test login=bob
user mary@swiss.test login=mary
user boss@straße.test senders=bob@swiss.test
"""
MARY, BOB = "mary@swiss.test", "bob@swiss.test"
RESTRICTED = "Client does not have permissions to send to this recipient"
SPELLINGS = ["kiss@swiß.test", "kiss@SWIß.Test", '"kiss"@swiß.test', "kiss+x@swiß.test", '"kiss+a b"@swiß.test', "kiß@swiß.test",
             "kiss@glaß.swiss.test", "kiss@ſwiß.test", "boss@strasse.test", "BOSS@Strasse.Test", "boß@strasse.test", "boss+x@strasse.test"]


class FoldingSite(MailSite):
    """Postfix is final destination for all names, and delivers to kiss and boss by their local parts."""

    def __init__(self, folder):
        super().__init__(folder, POLICY, DIRECTORY, ["bob", "mary"], extra=["trial"])
        self.boxes = {name: self.postfix.mail / f"{name}.mbox" for name in ("kiss", "boss", "bob", "mary")}

        for box in self.boxes.values():
            box.touch()
            box.chmod(0o666)
        aliases = self.folder / "aliases"
        aliases.write_text("".join(f"{name} {box}\n" for name, box in self.boxes.items()))
        self.master = "local unix - n n - - local\n"
        self.before = "myorigin = swiss.test\nvirtual_mailbox_domains = swiss.test, straße.test\n"
        # Two accepted domains that share their mailboxes: setup would refuse it.
        self.main = ("mydestination = swiss.test, glass.swiss.test, straße.test, xn--strae-oqa.test\n"
                     f"virtual_mailbox_domains =\nalias_maps = texthash:{aliases}\n")

    def subjects(self, name):
        return {line.partition(": ")[2] for line in self.boxes[name].read_text(errors="replace").splitlines()
                if line.startswith("Subject: ")}


@pytest.fixture(scope="module")
def site(module_folder):
    made = FoldingSite(module_folder)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.parametrize("recipient", SPELLINGS)
def test_a_domain_that_postfix_folds_into_ours_leads_nobody_round_senders(site, recipient):
    subject = f"folded-{SPELLINGS.index(recipient)}"
    with site.client("trial", login="mary") as mary:
        assert mary.deliver(MARY, recipient, subject=subject, options="SMTPUTF8").startswith("250 2.0.0 ")
    box = "boss" if recipient.lower().startswith("bo") else "kiss"
    rig.wait_for(lambda: subject in site.subjects(box), f"{subject} in {box}: {site.postfix.text()[-2000:]}")
    with site.client(login="mary") as mary:
        reply = mary.ask(MARY, recipient, "SMTPUTF8")
        assert reply.startswith("550 5.7.1 ") and reply.endswith(RESTRICTED), reply
    with site.client("smtp") as stranger:
        assert stranger.ask("x@elsewhere.test", recipient, "SMTPUTF8").startswith("550 5.7.1 ")
    with site.client(login="bob") as bob:
        assert bob.ask(BOB, recipient, "SMTPUTF8").startswith("250 ")


@pytest.mark.parametrize("recipient", ["boss%strasse.test@swiss.test", "strasse.test!boss@swiss.test", "kiss%swiß.test@swiss.test"])
def test_a_path_to_such_a_domain_leads_nobody_there(site, recipient):
    subject, box = f"path-{recipient}", "kiss" if "kiss" in recipient else "boss"
    with site.client("trial", login="mary") as mary:
        assert mary.deliver(MARY, recipient, subject=subject, options="SMTPUTF8").startswith("250 2.0.0 ")
    rig.wait_for(lambda: subject in site.subjects(box), f"{subject} in {box}: {site.postfix.text()[-2000:]}")
    with site.client(login="mary") as mary:
        assert mary.ask(MARY, recipient, "SMTPUTF8").startswith("501 5.1.3 ")


def test_what_is_not_folded_is_somebody_elses(site):
    """The A-label form is another domain to Postfix too; people without senders= are reached as before."""
    with site.client(login="mary") as mary:
        for recipient in ("kiss@xn--swi-7ka.test", "bob@swiß.test", "bob@strasse.test", "kiss@swi\u0455s.test"):
            assert mary.ask(MARY, recipient, "SMTPUTF8").startswith("250 "), recipient


def test_whatever_spelling_postfix_delivers_to_kiss_is_refused_to_others(site):
    draw = random.Random(604)
    letters = {"ss": ["ss", "sS", "ß", "ẞ", "ſs", "sſ", "SS"], "s": ["s", "S", "ſ"], "k": ["k", "K", "\u212a"], "i": ["i", "I"] * 3 + ["İ", "ı"],
               "st": ["st", "ﬆ", "ﬅ", "sT"], "e": ["e", "E"] * 5 + ["ｅ"], "t": ["t", "T"], "w": ["w", "W"] * 5 + ["ｗ"], ".": ["."] * 9 + ["。"]}

    def spelled(*parts):
        return "".join(draw.choice(letters[part]) for part in parts)

    asked = {}
    while len(asked) < 150:
        local, domain = spelled("k", "i", "ss"), spelled("s", "w", "i", "ss", ".", "t", "e", "st")
        asked.setdefault(f"{local}@{domain}", f"spelled-{len(asked)}")
    with site.client("trial", login="mary") as mary:
        for recipient, subject in asked.items():
            mary.deliver(MARY, recipient, subject=subject, options="SMTPUTF8")
    site.postfix.queue_idle()
    arrived = site.subjects("kiss")
    reached = [recipient for recipient, subject in asked.items() if subject in arrived]
    with site.client(login="mary") as mary:
        for recipient in reached:
            reply = mary.ask(MARY, recipient, "SMTPUTF8")
            assert reply[:9] in ("550 5.7.1", "501 5.1.3"), (recipient, reply)
    assert len(reached) > 20, (len(reached), len(asked))


def test_the_programs_agree(site, tmp_path):
    told, text = site.explain("--login", "mary", "--tls", "TLSv1.3", "--port", str(site.ports["submission"]), "--sender", MARY,
                              "--recipient", "kiss@swiß.test")
    assert (told["result"], told["reason"]) == ("refused", "recipient-restricted"), text
    with site.client(login="mary") as mary:
        mary.ask(MARY, "kiss+replay@swiß.test", "SMTPUTF8")
    site.daemon.wait_log("recipient=kiss.replay@swiß.test", 1)
    log = tmp_path / "log"
    log.write_text("".join(line for line in site.daemon.text().splitlines(True) if "kiss+replay" in line))
    again = site.daemon.cli("--json", "replay", str(log))
    assert again.returncode == 0, again.stdout + again.stderr
