"""What explain, why, lookup, audit and sync say to do: done, it permits what was refused."""
import datetime
import json
import re

import pytest

from rig.daemon import Daemon

POLICY = """\
hostname = "mx.example.test"
recipient_delimiter = "+-"
default_domain = "example.test"
master_users_submit = yes
accepted_domain "example.test" { type = Authoritative  local_names = { "mail.example.test" } }
connector "Client" { bindings = { "*:587" } permission_groups = { ExchangeUsers } }
"""

DIRECTORY = """\
user bob@example.test login=bob networks=192.0.2.0/24,203.0.113.0/24 smtp_networks=192.0.2.0/24
user mary@example.test login=mary
user boss@example.test senders_denied=staff@example.test receive=ceo@example.test
user vip@example.test senders=boss@example.test
group staff@example.test member=mary@example.test receive=jobs@example.test
grant send-as list-*@lists.test mary@example.test
grant send-as news-*@lists.test staff@example.test until=2090-01-01
grant send-as news-*@lists.test mary@example.test until=2091-01-01
grant send-as news-7@lists.test mary@example.test until=2020-01-01
grant send-as *@lists.test mary@example.test until=2092-01-01
grant send-on-behalf *@other.test mary@example.test
grant send-as ceo@example.test mary@example.test
"""


@pytest.fixture
def site(folder):
    made = Daemon(POLICY, DIRECTORY, folder, start=False)
    yield made
    if made.process is not None:
        made.stop()


def explain(site, *words, login="mary", sender="mary@example.test", recipient="x@remote.test", client="192.0.2.7"):
    told = site.cli("--json", "explain", "smtp", "--client", client, "--port", "587", "--tls", "TLSv1.3", "--login", login,
                    "--sender", sender, "--recipient", recipient, *words)
    return json.loads(told.stdout)["decisions"][-1]


def lookup(site, name):
    return json.loads(site.cli("--json", "lookup", name).stdout)


def cause(site, user):
    """What why says of mailwicketd's lines, as a system's log has them."""
    log = site.folder / "mail.log"
    stamp = datetime.datetime.now().astimezone().isoformat()
    log.write_text("".join(f"{stamp} mx mailwicketd[12]: {line}\n" for line in site.lines("mailwicket: v=1 ")))
    told = site.cli("--json", "why", user, "--log", str(log))
    assert told.stdout, told.stderr
    return json.loads(told.stdout)["cause"]


# --- fixes

def test_why_names_both_lists_that_may_refuse_a_recipient(site):
    site.start()
    assert "550" in site.request(sasl_username="mary", sender="mary@example.test", recipient="boss@example.test")
    site.wait_log("recipient-restricted")
    fix = cause(site, "mary")["fix"]
    assert "lookup boss@example.test" in fix and "senders_denied= must not name" in fix and "senders=" in fix
    assert "staff@example.test" in lookup(site, "boss")["senders_denied"]


def test_explain_names_the_list_that_refuses(site):
    assert "out of the senders_denied= of boss" in explain(site, recipient="boss@example.test")["fix"]
    assert "senders=anyone" in explain(site, recipient="vip@example.test")["fix"]


def test_a_grant_at_a_local_name_is_written_at_the_accepted_domain(site):
    told = explain(site, sender="vip@mail.example.test")
    assert told["result"] == "refused" and "grant send-as vip@example.test mary@example.test" in told["fix"]
    told = explain(site, sender="vip")
    assert "grant send-as vip@example.test mary@example.test" in told["fix"]
    line = told["fix"].partition("source: ")[2].partition(", and run")[0]
    site.write_directory(DIRECTORY + line + "\n")
    assert explain(site, sender="vip@mail.example.test")["result"] == "permitted"


def test_the_list_of_networks_that_holds_is_named(site):
    told = explain(site, login="bob", sender="bob@example.test", client="203.0.113.5")
    assert told["reason"] == "network-refused"
    assert "add 203.0.113.5 in the directory's source to smtp_networks= of bob@example.test" in told["fix"]
    site.write_directory(DIRECTORY.replace("smtp_networks=", "smtp_networks=203.0.113.5,"))
    assert explain(site, login="bob", sender="bob@example.test", client="203.0.113.5")["result"] == "permitted"


def blocked(folder):
    """A directory whose source has a bad record of eve."""
    program = folder / "program"
    program.write_text("#!/bin/sh\ncat <<END\nuser eve@example.test login=eve imap=perhaps\nuser ann@example.test login=ann\n"
                       "grant send-as eve@example.test ann@example.test\nEND\n")
    program.chmod(0o755)
    (folder / "published").mkdir(mode=0o755)
    milter = f'milter {{ listen = {{ "unix:{folder}/milter" }} }}\n'
    site = Daemon(POLICY.replace("ExchangeUsers }", "ExchangeUsers } header_from = check") + milter + f'directory {{ path = "{folder}/published"\n  source "people" {{ driver = exec '
                  f'command = {{ "{program}" }} }} }}\n', None, folder, start=False)
    site.sync()
    return site


def test_a_blocked_sender_or_master_is_named_not_a_grant(folder):
    site = blocked(folder)
    assert lookup(site, "eve@example.test")["blocked"]
    assert "lookup eve@example.test" in explain(site, login="ann", sender="eve@example.test")["fix"]
    told = explain(site, "--master", "eve", login="ann", sender="ann@example.test")
    assert told["reason"] == "name-blocked" and told["fix"].partition("lookup ")[2].startswith("eve ")
    told = explain(site, login="eve", sender="eve@example.test")
    assert told["reason"] == "name-blocked" and told["fix"].partition("lookup ")[2].startswith("eve ")
    told = explain(site, "--stage", "HEADER", "--header", "From: eve@example.test", login="ann", sender="ann@example.test")
    assert told["reason"] == "send-on-behalf-denied" and "lookup eve@example.test" in told["fix"], told
    with site.start():
        assert "550" in site.request(sasl_username="ann", sender="eve@example.test")
        site.wait_log("send-as-denied")
        assert "lookup eve@example.test says that the name is blocked" in cause(site, "ann")["fix"]


@pytest.mark.parametrize("reason", ["name-blocked", "sending-suspended", "login-suspended", "network-refused", "client-unknown"])
def test_why_names_the_user_and_the_master_user_where_the_log_does_not_tell_which(folder, reason):
    site, log = blocked(folder), folder / "auth.log"
    for master in ("", "eve"):
        log.write_text(f"{datetime.datetime.now().astimezone().isoformat()} mx dovecot: auth: mailwicket: v=1 verdict=refuse "
                       f"reason={reason} mode=enforce protocol=smtp connector=Client login=ann{' master=' * bool(master)}{master} "
                       "client=198.51.100.2 mechanism=PLAIN decision=account local=203.0.113.1 tls_origin=starttls "
                       "sasl_service=smtp rule=mailwicket.conf:10 hint=\"none\"\n")
        told = json.loads(site.cli("--json", "why", "ann", "--log", str(log)).stdout)["cause"]
        assert "ann" in told["fix"] and (re.search(r"\beve\b", told["fix"]) is not None) == bool(master), told
        assert ("master user" in told["fix"]) == bool(master), told


def test_why_tells_that_the_name_in_from_may_be_blocked(folder):
    site, log = blocked(folder), folder / "milter.log"
    log.write_text(f"{datetime.datetime.now().astimezone().isoformat()} mx mailwicketd[12]: mailwicket: v=1 verdict=refuse "
                   "reason=send-on-behalf-denied mode=enforce protocol=smtp stage=HEADER connector=Client login=ann "
                   "sender=ann@example.test from=eve@example.test client=192.0.2.7 port=587 decision=submission "
                   "rule=mailwicket.conf:10 hint=\"none\"\n")
    fix = json.loads(site.cli("--json", "why", "ann", "--log", str(log)).stdout)["cause"]["fix"]
    assert "grant send-as eve@example.test" in fix and "lookup eve@example.test says that the name is blocked" in fix


def test_why_knows_a_client_whose_address_nobody_knows(site):
    site.start()
    assert site.request(sasl_username="bob", sender="bob@example.test", client_address="unknown") is None
    site.wait_log("client-unknown")
    told = cause(site, "bob")
    assert told["id"] == "client-unknown" and "names its address" in told["fix"]


# --- lookup

def test_lookup_of_a_trustee_lists_prefixes_domains_and_addresses_for_receiving(site):
    told = lookup(site, "mary")
    assert {"list-*@lists.test", "news-*@lists.test", "*@lists.test", "ceo@example.test"} <= set(told["may_send_as"])
    assert told["may_send_on_behalf"] == ["*@other.test"]


def test_lookup_lists_each_trustee_once_with_its_last_day(site):
    told = lookup(site, "news-7@lists.test")
    assert sorted(told["send_as"]) == ["mary@example.test", "staff@example.test"]
    assert {(end["trustee"], end["until"]) for end in told["grants_until"]} == {
        ("mary@example.test", "2020-01-01"), ("mary@example.test", "2091-01-01"), ("mary@example.test", "2092-01-01"),
        ("staff@example.test", "2090-01-01")}
    text = site.cli("lookup", "news-7@lists.test").stdout
    assert "mary@example.test (until 2092-01-01)" in text and "(until 2091-01-01)" not in text


# --- sync

def test_a_prefix_that_is_an_extension_is_warned_of(site):
    site.write(site.directory, DIRECTORY + "user list@example.test\ngrant send-as list-*@example.test mary@example.test\n"
                                           "grant send-as free-*@example.test mary@example.test\n")
    told = site.cli("sync")
    assert told.returncode == 0, told.stderr
    warnings = [line for line in told.stderr.splitlines() if "has no effect" in line]
    assert len(warnings) == 1 and f"{site.directory}:14: warning: the grant on list-*@example.test" in warnings[0], told.stderr
    assert "extensions of list@example.test" in warnings[0]
    assert explain(site, sender="list-7@example.test")["result"] == "refused"
    assert explain(site, sender="free-7@example.test")["result"] == "permitted"


def test_a_record_whose_name_cannot_be_read_is_counted_and_told_to_who_looks_for_it(folder):
    program = folder / "program"
    program.write_text("#!/bin/sh\ncat <<END\nuser ann@example.test\nuser e;ve@example.test login=eve\nEND\n")
    program.chmod(0o755)
    (folder / "published").mkdir(mode=0o755)
    site = Daemon(POLICY + f'directory {{ path = "{folder}/published"\n  source "people" {{ driver = exec '
                  f'command = {{ "{program}" }} }} }}\n', None, folder, start=False)
    told = json.loads(site.cli("--json", "sync").stdout)
    assert (told["sources"][0]["bad"], told["sources"][0]["blocked"]) == (1, 0)
    told = site.cli("lookup", "eve@example.test")
    assert told.returncode == 1 and 'source "people" has bad records' in told.stderr
    program.write_text(program.read_text().replace("e;ve", "eve"))
    site.sync()
    assert site.cli("lookup", "eve@example.test").returncode == 0
    assert "bad records" not in site.cli("lookup", "stranger@example.test").stderr


# --- client-settings

def test_client_settings_tell_from_where_the_user_may_log_in(site):
    told = json.loads(site.cli("--json", "client-settings", "bob").stdout)
    assert told["networks"]["smtp"] == ["192.0.2.0/24"] and told["networks"]["imap"][1] == "203.0.113.0/24"
    assert "smtp from:              192.0.2.0/24" in site.cli("client-settings", "bob").stdout
    assert " from:" not in site.cli("client-settings", "mary").stdout
    assert "from some networks only" in site.cli("client-settings", "bob", "--format", "html").stdout
