"""The host's own names reach an accepted domain's mailboxes: unlisted they lead round senders=, listed they do not.

Postfix's own local(8) delivers here, so that one mailbox is reached by many names; the client is a raw SMTP one.
"""
import json
import subprocess

import pytest

import rig
from rig.mailsite import MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

POLICY = """\
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative%s }
accepted_domain "cs.example.test" { type = Authoritative }
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers }
    deny_permissions = { Accept-Authoritative-Domain-Sender }
}
connector "Client" { bindings = { "*:$submission", "*:$submissions" } }
log { facility = mail  decisions = all }
"""
LISTED = POLICY % """
    local_names = { "mx.example.test", "localhost", "LOCALHOST.example.test", "[127.0.0.1]", "[192.0.2.77]" }"""
UNLISTED = POLICY % ""
DIRECTORY = """\
user ceo@example.test senders=bob@example.test
user bob@example.test login=bob
user mary@example.test login=mary
group all@example.test member=mary@example.test senders=authenticated
"""
NAMES = ["mx.example.test", "MX.Example.Test", "localhost", "localhost.example.test", "[127.0.0.1]", "127.0.0.1",
         "[192.0.2.77]"]
MARY, BOB, STRANGER = "mary@example.test", "bob@example.test", "x@remote.test"
RESTRICTED = "550 5.7.1 <{}>: Recipient address rejected: Client does not have permissions to send to this recipient"
PERMITTED = "250 2.1.5 Ok"


class Site(MailSite):
    """Postfix is final destination for example.test and its own names, and delivers to ceo by his local part."""

    def __init__(self, folder):
        super().__init__(folder, LISTED, DIRECTORY, ["bob", "mary"])
        self.mailbox = self.postfix.mail / "ceo.mbox"
        self.mailbox.touch()
        self.mailbox.chmod(0o666)
        aliases = folder / "aliases"
        aliases.write_text(f"ceo {self.mailbox}\nmary {self.mailbox}\n")
        self.master = "local unix - n n - - local\n"
        self.before = ("mydestination = mx.example.test, example.test, localhost.example.test, localhost\n"
                       "proxy_interfaces = 192.0.2.77\nresolve_numeric_domain = yes\nvirtual_mailbox_domains =\n"
                       f"alias_maps = texthash:{aliases}\n")

    def delivered(self, subject):
        return self.mailbox.read_text(errors="replace").count(f"\nSubject: {subject}\n")

    def wait_delivered(self, subject):
        rig.wait_for(lambda: self.delivered(subject), f"{subject} in the mailbox")

    def check(self):
        told = self.daemon.cli("--json", "check", "--policy-only", "--postfix-config", self.postfix.etc)
        return json.loads(told.stdout)["findings"]


@pytest.fixture(scope="module")
def made(module_folder):
    site = Site(module_folder)
    try:
        site.start()
        site.change_policy(UNLISTED)
        yield site
    finally:
        site.stop()


@pytest.fixture
def listed(made):
    made.change_policy(LISTED)
    yield made
    made.change_policy(UNLISTED)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_listed_reaches_the_mailbox_unjudged_and_check_says_so(made, name):
    """The reason for all this: were it not so, check's error would be a false one."""
    subject = f"unlisted-{name.strip('[]')}"
    with made.client(login="mary") as mary:
        assert mary.ask(MARY, "ceo@example.test") == RESTRICTED.format("ceo@example.test")
        assert mary.deliver(MARY, f"ceo@{name}", subject=subject).startswith("250 2.0.0 ")
    made.wait_delivered(subject)
    own = name.lower() if name[0].isalpha() else f"[{name.strip('[]')}]"
    found = [finding for finding in made.check() if finding["what"].startswith(own + " ")]
    assert [finding["severity"] for finding in found] == ["error"]
    assert "senders=" in found[0]["why"] and 'connector "Client"' in found[0]["why"]
    assert f'"{own}"' in found[0]["fix"] and 'accepted_domain "example.test"' in made.daemon.line(found[0]["place"])


def test_with_the_names_that_check_writes_there_is_no_finding_left(made):
    line = [finding["fix"] for finding in made.check() if "local_names" in finding["fix"]][0]
    assert "error" in [finding["severity"] for finding in made.check()]
    made.change_policy(POLICY % f"  {line}")
    try:
        assert [finding["what"] for finding in made.check() if finding["severity"] == "error"] == []
    finally:
        made.change_policy(UNLISTED)


@pytest.mark.parametrize("name", NAMES)
def test_senders_holds_under_every_listed_name(listed, name):
    recipient, subject = f"ceo@{name}", f"listed-{name.strip('[]')}"
    with listed.client(login="mary") as mary:
        assert mary.ask(MARY, recipient) == RESTRICTED.format(recipient)
        assert mary.ask(MARY, f"ceo+x@{name}") == RESTRICTED.format(f"ceo+x@{name}")
    with listed.client(login="bob") as bob:
        assert bob.deliver(BOB, recipient, subject=subject).startswith("250 2.0.0 ")
    listed.wait_delivered(subject)
    with listed.client("smtp") as stranger:
        assert stranger.ask(STRANGER, f"all@{name}") == RESTRICTED.format(f"all@{name}")
        assert stranger.ask(STRANGER, f"mary@{name}") == PERMITTED


def test_a_recipient_without_a_domain_is_one_of_default_domain_and_of_myorigin(listed):
    with listed.client(login="mary") as mary:
        assert mary.ask(MARY, "ceo") == RESTRICTED.format("ceo")
        assert mary.ask(MARY, "ceo+x") == RESTRICTED.format("ceo+x")
        assert mary.ask(MARY, "mary") == PERMITTED
    with listed.client(login="bob") as bob:
        assert bob.deliver("bob", "ceo", subject="bare").startswith("250 2.0.0 ")
    listed.wait_delivered("bare")
    rig.wait_for(lambda: listed.postfix.lines("from=<bob@example.test>"), "the sender in the log")


@pytest.mark.parametrize("recipient", ["ceo@", "ceo@localhost.", "ceo@[127.0.0.01]", "ceo@127.0.0.01", "ceo@[::1]",
                                       "ceo@2130706433", "ceo@[localhost]", "ceo@0177.0.0.1"])
def test_other_spellings_of_the_host_are_nobodys(listed, recipient):
    """Postfix or the C library would make the host of some of them."""
    with listed.client(login="mary") as mary:
        assert mary.ask(MARY, recipient)[0] == "5", recipient
        assert not mary.ask(MARY, recipient).startswith("250")


@pytest.mark.parametrize("name", NAMES)
def test_a_sender_under_a_local_name_is_one_of_the_domain(listed, name):
    with listed.client("smtp") as stranger:
        assert stranger.ask(f"ceo@{name}", MARY) == \
            f"550 5.7.1 <ceo@{name}>: Sender address rejected: Client does not have permissions to send as this sender"
        assert stranger.ask(STRANGER, MARY) == PERMITTED
    with listed.client(login="mary") as mary:
        assert mary.ask(f"mary@{name}", MARY) == PERMITTED
        assert "to send as this sender" in mary.ask(f"ceo@{name}", MARY)


def test_explain_and_replay_say_the_same(listed):
    told, text = listed.explain("--login", "mary", "--tls", "TLSv1.3", "--port", str(listed.ports["submission"]),
                                "--sender", MARY, "--recipient", "ceo@[127.0.0.1]")
    assert (told["result"], told["reason"]) == ("refused", "recipient-restricted"), text
    with listed.client(login="mary") as mary:
        assert mary.ask(MARY, "ceo@localhost").startswith("550 5.7.1 ")
    log = listed.folder / "decisions"
    log.write_text("".join(line for line in listed.daemon.text().splitlines(True)
                           if " verdict=refuse " in line and " recipient=ceo@localhost " in line))
    again = listed.daemon.cli("--json", "replay", str(log))
    assert again.returncode == 0, again.stdout + again.stderr
    # Under the policy that does not list the names the decision is another one.
    other = listed.folder / "unlisted.conf"
    other.write_text(listed.daemon.policy.read_text().replace('"localhost", ', ""))
    changed = subprocess.run([rig.CLI, "-c", other, "replay", log], capture_output=True, text=True, timeout=60)
    assert changed.returncode == 1, changed.stdout + changed.stderr


def test_lookup_finds_whoever_has_the_address(listed):
    told = listed.daemon.cli("--json", "lookup", "ceo@localhost")
    assert told.returncode == 0 and "ceo@example.test" in told.stdout


def test_sync_refuses_an_address_below_a_local_name(listed):
    source = listed.daemon.directory
    before = source.read_text()
    source.write_text(before + "user chief@localhost\n")
    try:
        told = listed.daemon.cli("sync")
        assert told.returncode == 65
        assert "chief@localhost" in told.stderr + told.stdout
        assert "(expected chief@example.test)" in told.stderr + told.stdout
    finally:
        source.write_text(before)


def test_append_dot_mydomain_makes_another_sender_of_the_one_that_was_judged(made):
    """With Postfix's old default a stranger is ceo@cs.example.test; the line of show keeps him what he was."""
    assert "append_dot_mydomain = no\n" in made.daemon.cli("show", "--postfix").stdout
    for value, sender, severities in (("yes", "ceo@cs.example.test", ["error"]), ("no", "ceo@cs", [])):
        made.configure_postfix(f"append_dot_mydomain = {value}\n")
        made.postfix.reload()
        with made.client("smtp") as stranger:
            assert "to send as this sender" in stranger.ask("ceo@cs.example.test", MARY)
            assert stranger.deliver("ceo@cs", MARY, subject=f"dot-{value}").startswith("250 2.0.0 ")
        made.wait_delivered(f"dot-{value}")
        rig.wait_for(lambda: made.postfix.lines(f"from=<{sender}>"), "the sender in the log")
        found = [finding for finding in made.check() if finding["setting"] == "append_dot_mydomain"]
        assert [finding["severity"] for finding in found] == severities
        assert all(finding["fix"] == "append_dot_mydomain = no" and "type = Authoritative" in finding["why"]
                   for finding in found)
