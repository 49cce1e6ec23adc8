"""senders_denied= of users and groups, through real Postfix: who is on it does not write to them, whatever senders= says."""
import json

import pytest

import rig
from rig.mailsite import MailSite, WORLD_DIRECTORY, WORLD_LISTED, WORLD_LOGINS, refused_recipient

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY, CEO, ULLA = "bob@example.test", "mary@example.test", "ceo@example.test", "ulla@xn--bcher-kva.test"
DIRECTORY = rig.changed(WORLD_DIRECTORY, (f"user {CEO}", f"user {CEO} receive=boss@example.test senders={BOB},staff@example.test "
                                                       "senders_denied=sales@example.test")) + f"""\
user shy@example.test senders_denied={ULLA}
group staff@example.test member={MARY},sales@example.test senders=members senders_denied={MARY}
grant send-as {MARY} {BOB}
"""
RESTRICTED = "Client does not have permissions to send to this recipient"


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_LISTED, DIRECTORY, WORLD_LOGINS)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.parametrize("login, sender, recipient, named", [
    ("bob", BOB, CEO, "sales@example.test"),                    # on senders= too, and denied as a member
    ("bob", MARY, CEO, "sales@example.test"),                   # the login counts, not whom it sends as
    ("bob", BOB, "boss@example.test", "sales@example.test"),    # an address for receiving
    ("bob", BOB, "ceo+x@example.test", "sales@example.test"),
    ("mary", MARY, "staff@example.test", MARY),                 # a member
    ("ulla", ULLA, "shy@example.test", ULLA),                   # without senders=
])
def test_who_is_denied_does_not_write(site, login, sender, recipient, named):
    with site.client(login=login) as client:
        assert client.ask(sender, recipient) == refused_recipient("550 5.7.1", recipient, RESTRICTED)
    told, text = site.explain("--login", login, "--sender", sender, "--recipient", recipient, "--tls", "TLSv1.3", "--port",
                              str(site.ports["submission"]))
    assert (told["verdict"], told["reason"]) == ("refuse", "recipient-restricted")
    assert f"the senders_denied= of {recipient} does not admit the session: it names {named}" in text, text
    assert f"Take {named} out of the senders_denied= of {recipient} in the directory's source" in text, text
    line = site.daemon.logged(reason="recipient-restricted", recipient=recipient)[-1]
    assert f"it names {named}" in line["hint"]


@pytest.mark.parametrize("login, sender, recipient", [
    ("mary", MARY, CEO), ("bob", BOB, "staff@example.test"), ("bob", BOB, "shy@example.test")])
def test_who_is_not_denied_writes(site, login, sender, recipient):
    with site.client(login=login) as client:
        assert client.ask(sender, recipient).startswith("250")


def test_a_stranger_is_nobody_on_the_list(site):
    with site.client("smtp") as client:
        assert client.ask("x@remote.test", "shy@example.test").startswith("250")
        assert client.ask("x@remote.test", CEO) == refused_recipient("550 5.7.1", CEO, RESTRICTED)


def test_a_changed_list_is_a_difference_and_decides(site):
    with site.client(login="ulla") as client:
        site.change_directory(rig.changed(DIRECTORY, (f"senders_denied={ULLA}", f"senders_denied={MARY}")))
        try:
            told = json.loads(site.daemon.cli("--json", "sync", "--dry-run").stdout)
            assert not told["changed"], told
            rig.wait_for(lambda: client.ask(ULLA, "shy@example.test").startswith("250"), "ulla is denied no more")
        finally:
            site.daemon.directory.write_text(DIRECTORY)
            told = json.loads(site.daemon.cli("--json", "sync", "--dry-run").stdout)
            assert told["changed"] == 1, told
            site.change_directory(DIRECTORY)
        rig.wait_for(lambda: client.ask(ULLA, "shy@example.test").startswith("550"), "ulla is denied again")


def test_lookup_names_who_is_denied(site):
    assert "may not write to it:    sales@example.test\n" in site.daemon.cli("lookup", CEO).stdout
    assert json.loads(site.daemon.cli("--json", "lookup", CEO).stdout)["senders_denied"] == ["sales@example.test"]
    assert json.loads(site.daemon.cli("--json", "lookup", "bob").stdout)["senders_denied"] == []
    assert "may not write" not in site.daemon.cli("lookup", "bob").stdout


@pytest.mark.parametrize("value, error", [
    ("who", 'senders_denied: no user or group is called "who@example.test"'),
    ("members", 'senders_denied: "members" is a word of senders='),
    ("bob,,mary", "an item of the list is empty"), ("", "senders_denied= has no value")])
def test_sync_refuses_a_list_that_cannot_be(site, value, error):
    site.daemon.directory.write_text(DIRECTORY + f"user x@example.test senders_denied={value}\n")
    try:
        told = site.daemon.cli("sync")
        assert told.returncode == 65 and error in told.stderr, told
    finally:
        site.daemon.directory.write_text(DIRECTORY)
