"""until= of a grant, through real Postfix: it permits through the whole of its last day in UTC and never after it, for the
envelope, the header, a domain and on behalf; mailwicketd goes by the clock, and a sync says what has ended."""
import datetime
import json

import pytest

import rig
from rig.daemon import Daemon
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, refused_sender
from rig.milter_site import MilterSite
from rig.submission_world import POLICY, SEND_AS_DENIED

BOB, MARY, CEO = "bob@example.test", "mary@example.test", "ceo@example.test"
SEND_AS = "Client does not have permissions to send as this sender"
ON_BEHALF = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
TAKEN = "250 2.0.0 Ok: queued as"


def day(offset):
    return rig.today() + datetime.timedelta(days=offset)


def directory(last, ended):
    return WORLD_DIRECTORY + f"""\
user old@example.test receive=desk@example.test
user new@example.test
group both@example.test member=inner@example.test
group inner@example.test member={MARY}
grant send-as new@example.test {BOB} until={last}
grant send-as old@example.test {BOB} until={ended}
grant send-as desk@example.test {BOB} until={ended}
grant send-as lone@remote.test {BOB} until={ended}
grant send-as *@ended.test {BOB} until={ended}
grant send-as *@lasting.test {BOB} until={last}
grant send-on-behalf {CEO} {BOB} until={last}
grant send-on-behalf old@example.test {BOB} until={ended}
grant send-as old@example.test both@example.test until={ended}
grant send-as new@example.test both@example.test until={last}
"""


@pytest.fixture(scope="module")
def days():
    return day(0), day(-1)


@pytest.fixture(scope="module")
def site(module_folder, days):
    if rig.needs_postfix() is not None:
        pytest.skip(str(rig.needs_postfix()))
    made = MilterSite(module_folder, WORLD_POLICY, directory(*days), WORLD_LOGINS)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.mark.parametrize("login, sender", [("bob", "new@example.test"), ("bob", "any@lasting.test"), ("mary", "new+x@example.test")])
def test_on_its_last_day_a_grant_permits(site, days, login, sender):
    with site.client(login=login) as client:
        assert client.ask(sender, MARY).startswith("250")
    text = site.explain("--login", login, "--sender", sender, "--recipient", MARY, "--tls", "TLSv1.3", "--port",
                        str(site.ports["submission"]))[1]
    assert f"covers {sender}, until {days[0]}" in text, text


@pytest.mark.parametrize("login, sender", [
    ("bob", "old@example.test"), ("bob", "desk@example.test"), ("bob", "lone@remote.test"), ("bob", "any@ended.test"),
    ("mary", "old@example.test")])
def test_an_ended_grant_permits_nothing_and_its_day_is_told(site, days, login, sender):
    user = f"{login}@example.test"
    with site.client(login=login) as client:
        assert client.ask(sender, MARY) == refused_sender("550 5.7.1", sender, SEND_AS)
    told = f"the send-as grant on {sender} for {user} ended on {days[1]}"
    text = site.explain("--login", login, "--sender", sender, "--recipient", MARY, "--tls", "TLSv1.3", "--port",
                        str(site.ports["submission"]))[1]
    assert told in text and f"give the grant a later until=, or write: grant send-as {sender} {user}" in text, text
    assert site.daemon.logged(reason="send-as-denied", sender=sender)[-1]["hint"] == told


@pytest.mark.parametrize("header, reply", [
    ("From: new@example.test", TAKEN), (f"From: {CEO}\r\nSender: {BOB}", TAKEN),
    ("From: old@example.test", ON_BEHALF), (f"From: old@example.test\r\nSender: {BOB}", ON_BEHALF),
    ("From: any@ended.test", ON_BEHALF), (f"From: {BOB}\r\nSender: old@example.test", "550 5.7.1 " + SEND_AS),
    (f"From: {BOB}\r\nResent-From: old@example.test", "550 5.7.1 " + SEND_AS)])
def test_the_header_is_held_to_the_same(site, days, header, reply):
    with site.client(login="bob") as client:
        assert site.send(client, BOB, header).startswith(reply)
    if reply != TAKEN:
        assert f"ended on {days[1]}" in site.header_lines(verdict="refuse", login="bob")[-1]["hint"]


def test_the_same_snapshot_gives_another_answer_on_another_day(site, days):
    """No sync comes between: the day alone decides."""
    words = ("--login", "bob", "--sender", "new@example.test", "--recipient", MARY, "--tls", "TLSv1.3", "--port",
             str(site.ports["submission"]))
    assert site.explain(*words, "--today", str(days[0]))[0]["verdict"] == "permit"
    told, text = site.explain(*words, "--today", str(days[0] + datetime.timedelta(days=1)))
    assert told["verdict"] == "refuse" and f"ended on {days[0]}" in text


def test_sync_and_check_warn_of_what_has_ended(site, days):
    lines = directory(*days).splitlines()
    expected = {f":{number}: warning: the grant ended on {days[1]}: " for number, line in enumerate(lines, 1) if str(days[1]) in line}
    for command in (["sync"], ["check"], ["sync", "--dry-run"]):
        told = site.daemon.cli(*command)
        text = told.stdout + told.stderr
        assert text.count("the grant ended on") == len(expected) == 6, told
        assert all(words in text for words in expected), told


def test_another_day_is_a_difference(site, days):
    before, older = site.daemon.directory.read_text(), "the published directory is older than its sources"
    try:
        for old, new in ((f"{BOB} until={days[0]}", f"{BOB} until={days[0] + datetime.timedelta(days=9)}"),
                         (f"grant send-as *@lasting.test {BOB} until={days[0]}", f"grant send-as *@lasting.test {BOB}")):
            site.daemon.directory.write_text(before.replace(old, new))
            assert older in site.daemon.cli("status").stdout, new
    finally:
        site.daemon.directory.write_text(before)
    assert older not in site.daemon.cli("status").stdout


def test_lookup_tells_the_ends(site, days):
    text = site.daemon.cli("lookup", "new@example.test").stdout
    assert f" {BOB} (until {days[0]})" in text and "ended grants" not in text, text
    text = site.daemon.cli("lookup", "old@example.test").stdout
    assert f"ended grants:           {BOB} (send-as, until {days[1]}) both@example.test (send-as, until {days[1]}) " \
           f"{BOB} (send-on-behalf, until {days[1]})\n" in text, text
    assert f"may send as it:         old@example.test\n" in text, text
    told = json.loads(site.daemon.cli("--json", "lookup", "any@ended.test").stdout)
    assert told["send_as"] == []
    assert told["grants_until"] == [{"grant": "send-as", "trustee": BOB, "until": str(days[1]), "ended": True}]
    told = json.loads(site.daemon.cli("--json", "lookup", "bob").stdout)
    assert "new@example.test" in told["may_send_as"] and "old@example.test" not in told["may_send_as"]
    assert told["may_send_on_behalf"] == [CEO]


@pytest.mark.parametrize("zone", ["EAST-14", "WEST12"])
@pytest.mark.parametrize("offset, holds", [(0, True), (-1, False)], ids=["today is the last day", "yesterday was"])
def test_a_day_is_one_of_utc_in_any_zone(folder, zone, offset, holds, monkeypatch):
    text = f"user bob@example.test login=bob\nuser mary@example.test\ngrant send-as {MARY} {BOB} until={day(offset)}\n"
    with Daemon(POLICY, text, folder, environment={"TZ": zone}) as daemon:
        assert daemon.request(sender=MARY) == ("DUNNO" if holds else SEND_AS_DENIED)
        monkeypatch.setenv("TZ", zone)
        told = daemon.cli("explain", "smtp", "--login", "bob", "--sender", MARY, "--recipient", BOB, "--tls", "TLSv1.3")
        assert told.returncode == (0 if holds else 1), told


def test_an_audit_of_older_decisions_is_of_the_grants_as_they_are_now(folder):
    text = f"user bob@example.test login=bob\nuser mary@example.test\ngrant send-as {MARY} {BOB}"
    with Daemon(POLICY, text + "\n", folder) as daemon:
        assert daemon.request(sender=MARY, queue_id="A1") == "DUNNO"
        daemon.wait_log("sender=mary")
        log = folder / "of-last-week.log"
        then = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        log.write_text("".join(f"{then} mx mailwicketd[1]: {line[line.index('mailwicket: v=1'):]}\n"
                               for line in daemon.lines("mailwicket: v=1")))
        assert "0 events would be refused" in daemon.cli("audit", "--log", log).stdout
        daemon.write_directory(f"{text} until={day(-1)}\n")
        told = daemon.cli("audit", "--log", log).stdout
        assert "1 event would be refused" in told and "grant send-as" in told, told
