"""BDAT that Postfix refuses by itself, then DATA: some versions die of it, whatever Mailwicket answers (it is not asked).

Where smtpd dies of it, `show` and `setup` take CHUNKING away and `check` says so; clients use DATA then.
"""
import contextlib
import json

import pytest

import rig
from rig import end_of_message as eom

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

TIMES = 20
KEYWORDS = "smtpd_discard_ehlo_keywords"
WAYS = {
    "empty chunks": ("BDAT 0", "BDAT 0 LAST", "DATA"),
    "empty, then a last one": ("BDAT 0", "BDAT 7 LAST\r\nhello\r", "DATA"),
    "again": ("BDAT 0", "BDAT 0 LAST", "BDAT 7 LAST\r\nhello\r"),
}


@pytest.fixture(scope="module")
def site(module_folder):
    """As `show` has it, for every version of Postfix: setup asks whether this one needs it."""
    made = eom.make_site(module_folder)
    made.WIRED_BY = "show"
    made.options = {}
    try:
        yield made.start()
    finally:
        made.stop()


def attack(site, way):
    """The replies, until the connection ends."""
    replies = []
    with eom.begin(site) as client, contextlib.suppress(EOFError, OSError):
        for command in (*WAYS[way], "QUIT"):
            replies.append(client.command(command))
    return replies


@pytest.mark.parametrize("way", WAYS)
def test_nobody_kills_an_smtpd_that_is_wired_as_shown(site, way):
    for _ in range(TIMES):
        assert attack(site, way) == ["521 5.5.1 Error: command not implemented"]
        assert eom.deaths(site) == []
    assert eom.seconds_to_greeting(site) < rig.PATIENCE


def test_a_client_that_goes_by_what_is_offered_uses_data(site):
    with rig.Smtp(site.ports["smtp"]) as client:
        assert "CHUNKING" not in client.hello()
        client.expect("250", f"MAIL FROM:<{eom.SENDER}>")
        client.expect("250", f"RCPT TO:<{eom.MARY}>")
        client.expect("354", "DATA")
        client.send("Subject: no-chunks\r\n\r\nhello\r\n.\r\n")
        assert client.reply().startswith("250 ")
    site.postfix.wait_delivered("no-chunks")


def found(site):
    result = site.daemon.cli("--json", "check", "--policy-only", "--postfix-config", site.postfix.etc)
    return [finding for finding in json.loads(result.stdout)["findings"] if KEYWORDS in finding["setting"]]


def test_check_warns_where_smtpd_dies_and_only_there(site):
    """Last in the file: the site is another's afterwards."""
    assert found(site) == []
    site.postfix.stop()
    site.options = {"smtp": {KEYWORDS: "dsn"}}
    site.configure_postfix()
    site.postfix.start()
    killed = not attack(site, "empty chunks")[-1].startswith("221")
    assert bool(found(site)) == killed
    if killed:
        finding = found(site)[0]
        assert (finding["severity"], finding["fix"]) == ("warning", f"  -o {KEYWORDS}=dsn,chunking")
        assert "CHUNKING" in finding["what"]
