"""Addresses of receive=, through real Postfix: they deliver, and nobody sends as them without a grant on the address itself."""
import json

import pytest

import rig
from rig.mailsite import WORLD_DIRECTORY, WORLD_LISTED, WORLD_LOGINS, refused_recipient, refused_sender
from rig.milter_site import MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY, JOBS = "bob@example.test", "mary@example.test", "jobs@example.test"
DIRECTORY = rig.changed(WORLD_DIRECTORY, (f"user {BOB} login=bob", f"user {BOB} login=bob receive={JOBS} senders=authenticated")) + \
    f"grant send-as {JOBS} {MARY}\ngrant send-as {BOB} ulla@xn--bcher-kva.test\n"
SEND_AS = "Client does not have permissions to send as this sender"
ON_BEHALF = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
TAKEN = "250 2.0.0 Ok: queued as"
TOLD = f"{JOBS} is an address for receiving only of {BOB} (receive=)"
FIX = f"in the line of user {BOB}, move {JOBS} from receive= to address=; or write there: grant send-as {JOBS} {BOB}"


@pytest.fixture(scope="module")
def site(module_folder):
    made = MilterSite(module_folder, WORLD_LISTED, DIRECTORY, WORLD_LOGINS)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.parametrize("sender", [JOBS, "jobs+x@example.test", "JOBS@Example.Test"])
@pytest.mark.parametrize("login", ["bob", "ulla"])
def test_neither_the_user_nor_a_trustee_of_the_user_sends_as_it(site, login, sender):
    with site.client(login=login) as client:
        assert client.ask(sender, MARY) == refused_sender("550 5.7.1", sender, SEND_AS)
        own = BOB if login == "ulla" else "bob+x@example.test"
        assert client.ask(own, MARY).startswith("250")


def test_a_trustee_of_the_address_sends_as_it_and_not_as_the_user(site):
    with site.client(login="mary") as client:
        assert client.ask(JOBS, MARY).startswith("250")
        assert client.ask(BOB, MARY) == refused_sender("550 5.7.1", BOB, SEND_AS)
        assert site.send(client, JOBS, f"From: {JOBS}", "as the address").startswith(TAKEN)
        assert site.send(client, MARY, f"From: {BOB}").startswith(ON_BEHALF)


@pytest.mark.parametrize("header, reply", [
    (f"From: {JOBS}", ON_BEHALF), (f"From: {BOB}\r\nSender: {JOBS}", "550 5.7.1 " + SEND_AS),
    (f"From: {BOB}\r\nResent-From: {JOBS}", "550 5.7.1 " + SEND_AS)])
def test_the_header_is_held_to_the_same(site, header, reply):
    with site.client(login="bob") as client:
        assert site.send(client, BOB, header).startswith(reply)
    assert TOLD.replace(" is", " in the header is") in site.header_lines(verdict="refuse", login="bob")[-1]["hint"]


def test_mail_to_it_is_the_users_and_held_to_the_users_senders(site):
    with site.client(login="mary") as client:
        assert site.send(client, MARY, f"From: {MARY}", "to the address", recipient=JOBS).startswith(TAKEN)
        assert site.wait_octets("to the address")
    with site.client("smtp") as stranger:
        text = "Client does not have permissions to send to this recipient"
        assert stranger.ask("x@remote.test", JOBS) == refused_recipient("550 5.7.1", JOBS, text)
        assert stranger.ask("x@remote.test", MARY).startswith("250")


def test_nobody_logs_in_as_it(site):
    with pytest.raises(Exception, match="535 5.7"):
        site.client(login=JOBS)


def test_explain_names_the_key_to_change_and_changing_it_helps(site):
    words = ("--login", "bob", "--sender", JOBS, "--recipient", MARY, "--tls", "TLSv1.3", "--port", str(site.ports["submission"]))
    told, text = site.explain(*words)
    assert (told["verdict"], told["reason"]) == ("refuse", "send-as-denied")
    assert TOLD in text and FIX in text, text
    site.change_directory(rig.changed(DIRECTORY, (f"receive={JOBS}", f"address={JOBS}")))
    try:
        with site.client(login="bob") as client:
            rig.wait_for(lambda: client.ask(JOBS, MARY).startswith("250"), "the address is the user's to send as")
        assert site.explain(*words)[0]["verdict"] == "permit"
    finally:
        site.change_directory(DIRECTORY)
        with site.client(login="bob") as client:
            rig.wait_for(lambda: client.ask(JOBS, MARY).startswith("550"), "the address is for receiving again")


def test_lookup_tells_whose_it_is_and_who_sends_as_it(site):
    text = site.daemon.cli("lookup", JOBS).stdout
    assert text.startswith(f"{JOBS}: user {BOB} (one of its addresses, for receiving only)\n"), text
    assert f"may send as it:         {MARY}\n" in text and f"for receiving only:     {JOBS}\n" in text, text
    told = json.loads(site.daemon.cli("--json", "lookup", "bob").stdout)
    assert (told["addresses"], told["receive_only"]) == ([BOB], [JOBS])
    assert told["send_as"] == [BOB, "ulla@xn--bcher-kva.test"]
    assert "for receiving only" not in site.daemon.cli("lookup", "mary").stdout


@pytest.mark.parametrize("lines, error", [
    (f"user {BOB} receive=jobs\nuser {MARY} address=jobs\n", f'2: error: address "{JOBS}" belongs to user {BOB} already'),
    (f"user {BOB} receive=jobs\nuser {MARY} receive=jobs\n", f'2: error: address "{JOBS}" belongs to user {BOB} already'),
    (f"user {BOB} receive=jobs address=jobs\n", f'1: error: address "{JOBS}" is in address=, and in receive= of {BOB}'),
    (f"user {BOB} receive=bob\n", f'1: error: address "{BOB}" is the name, and in receive= of {BOB}'),
    (f"user {BOB} receive=\n", "error: receive= has no value"),
    (f"user {BOB} receive=x@[127.0.0.1]\n", "its domain is a local name of example.test"),
])
def test_sync_refuses_an_address_that_is_claimed_twice(site, lines, error):
    before = site.daemon.directory.read_text()
    try:
        site.daemon.directory.write_text(lines)
        told = site.daemon.cli("sync")
        assert told.returncode == 65 and error in told.stderr, told
    finally:
        site.daemon.directory.write_text(before)


def test_audit_proposes_the_grant_on_the_address_alone(site):
    site.change_policy(rig.changed(WORLD_LISTED, ('connector "Client" {', 'connector "Client" { mode = audit ')))
    with site.client(login="bob") as client:
        assert site.send(client, JOBS, f"From: {BOB}").startswith(TAKEN)
    text = site.daemon.cli("audit", "--log", site.daemon.log).stdout
    assert f"grant send-as {JOBS} {BOB}" in text and f"address={JOBS}" not in text, text
