"""Servers in the manner of tutorials, roles and panels: init, setup in audit, enforced, and all of it undone."""
import os
import re
import subprocess

import pytest

from rig import distribution
from rig.distribution import PASSWORD
from rig.distribution_cycle import NEW_SETTINGS
from rig.small_server import Day, SmallServer, difference, names
from rig.smtp import Smtp

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

LISTS = "_restrictions"
# What check finds once all is enforced, and the administrator has to decide; setup then changes nothing.
DECIDE = {
    "cyrus_sasl": "Dovecot does not check the passwords",
    "froxlor": 'no list compares senders of connector "This host" with smtpd_sender_login_maps',
    "front_end": "may use XCLIENT",
    "haproxy_elsewhere": "may claim any address and port (haproxy)",
    "mynetworks_first": 'no list compares senders of connector "This host" with smtpd_sender_login_maps',
}
DECIDE_IN_AUDIT = DECIDE.keys() - {"cyrus_sasl", "froxlor", "mynetworks_first"}


@pytest.fixture
def site(request, folder):
    with SmallServer(request.param, folder) as made:
        yield made


def items(value):
    """The words of a list, without the questions of ours."""
    return re.findall(r"[^\s,]+", re.sub(r"check_policy_service \{(?:[^{}]|\{[^}]*\})*mailwicket/policy(?:[^{}]|\{[^}]*\})*\}", "",
                                         value))


def assert_nothing_was_taken(before, after):
    """The entries, options and settings are there, and lists have all that they had, in its order."""
    assert after["entries"].keys() == before["entries"].keys()
    assert all(after["settings"].get(name) == value for name, value in before["settings"].items())
    assert set(after["settings"]) - set(before["settings"]) <= NEW_SETTINGS
    for name, value in before["options"].items():
        if name.endswith(LISTS):
            assert items(after["options"][name]) == items(value), name
        else:
            assert after["options"].get(name) == value, name


def assert_decision_is_left(site, told):
    """Nothing was changed, and the reason is what the administrator has to decide."""
    assert told.returncode != 0 and DECIDE[site.name] in told.stdout, told.stdout + told.stderr


@pytest.mark.parametrize("site", names(), indirect=True)
def test_the_way_of_an_administrator(site):
    tree, before = site.tree(), site.effective()
    told = site.init()
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    site.daemon.sync()
    site.daemon.start()
    told = site.setup("--apply")
    if site.name in DECIDE_IN_AUDIT:
        assert_decision_is_left(site, told)
        assert site.tree() == tree
        return
    assert (told.returncode, site.errors()) == (0, []), told.stdout + told.stderr
    assert_nothing_was_taken(before, site.effective())
    site.enforce()
    told = site.setup("--apply")
    if site.name in DECIDE:
        assert_decision_is_left(site, told)
    else:
        assert (told.returncode, site.errors()) == (0, []), told.stdout + told.stderr
        assert site.undo().returncode == 0
    assert site.undo().returncode == 0
    assert site.tree() == tree


@pytest.mark.parametrize("site", ["plain"], indirect=True)
def test_what_postfix_itself_refuses_is_told_or_the_command_that_says_why(site):
    with (site.postfix.etc / "main.cf").open("a") as main:
        main.write("inet_interfaces = 127.0.0.1, [::1]\n")
    tree = site.tree()
    assert site.init().returncode == 0
    site.daemon.sync()
    site.daemon.start()
    told = site.setup("--apply")
    assert told.returncode == 78 and site.tree() == tree, told
    command = re.search("nothing was changed: `postfix check` refuses .*`(postfix -c .*)` in a terminal", told.stderr)
    # (Postfix 3.10 tells us too.)
    assert "inet_interfaces" in (told.stderr if command is None else terminal(command[1].split())), told


def terminal(command):
    """What a command says on a terminal."""
    master, slave = os.openpty()
    subprocess.run(command, stderr=slave, timeout=60)
    said = os.read(master, 4096).decode()
    os.close(master)
    os.close(slave)
    return said


def take_over(site, enforced):
    """A running server gets the policy that init makes, in audit mode or not."""
    assert site.init().returncode == 0
    site.daemon.sync()
    site.daemon.start()
    if enforced:
        site.enforce()
    assert site.setup("--apply").returncode == 0
    site.restart()


@pytest.mark.parametrize("site", ["old_level"], indirect=True)
def test_in_audit_nothing_that_worked_fails(site):
    site.start()
    before = Day(site).outcomes
    assert before["587: alice out"] == before["25: the web application"] == "once at world"
    take_over(site, enforced=False)
    assert difference(before, Day(site).outcomes) == {}


@pytest.mark.parametrize("site", ["haproxy"], indirect=True)
def test_a_session_behind_the_proxy_is_judged_as_one_of_its_port(site):
    site.start()
    take_over(site, enforced=True)

    def send(sender):
        with Smtp(10587, preamble=b"PROXY TCP4 198.51.100.9 192.0.2.25 40000 587\r\n") as client:
            client.hello()
            client.starttls()
            client.hello()
            assert client.plain("alice@example.test", PASSWORD).startswith("235")
            return client.deliver(sender, "away@example.org")

    told = [found for found in site.findings() if found["id"] == "proxy-line"]
    assert {found["severity"] for found in told} == {"warning"}
    # Without the setting all clients of the proxy would be this host, which relays.
    assert not any("smtpd_upstream_proxy_protocol" in found["fix"] for found in told), told
    assert send("alice@example.test").startswith("250 ")
    assert send("bob@example.test").startswith("550 5.7.1 <bob@example.test>: Sender address rejected: Client does not have")


@pytest.mark.parametrize("site", ["dovecot_submission"], indirect=True)
def test_users_of_dovecots_submission_service_are_judged_by_their_login(site):
    site.start()
    take_over(site, enforced=True)
    outcomes = Day(site).outcomes
    assert outcomes["587: alice out"] == "once at world"
    assert "Client does not have permissions to send as this sender" in outcomes["587: forged"]


@pytest.mark.parametrize("site", ["one_compares"], indirect=True)
def test_who_sends_as_himself_where_nothing_is_compared_goes_on(site):
    """The other listener compares, and its table has nothing of her: Postfix refuses her there as before."""
    site.start()
    take_over(site, enforced=True)
    outcomes = Day(site).outcomes
    assert outcomes["465: alice out"] == "once at world"
    assert "not owned by user alice@example.test" in outcomes["587: alice out"]
    assert all("Client does not have permissions" in outcomes[f"{port}: forged"] for port in (465, 587))


@pytest.mark.parametrize("site", ["relays_by_certificate"], indirect=True)
def test_who_relays_by_a_certificate_or_a_table_is_named(site):
    told = site.init()
    for item in "permit_tls_clientcerts", f"check_client_access cidr:{site.postfix.etc}/relays.cidr":
        assert f"not read: smtpd_relay_restrictions, {item}: it lets clients relay" in told.stdout, told.stdout


@pytest.mark.parametrize("site", ["login_pattern"], indirect=True)
def test_where_postfix_alone_compares_senders_check_wants_that_to_stay(site):
    """The pattern of its table cannot be listed: init leaves it to Postfix who may send as whom."""
    site.start()
    take_over(site, enforced=True)
    assert "Accept-Any-Sender" in site.daemon.policy.read_text()
    with Smtp(587) as client:
        client.hello()
        client.starttls()
        client.hello()
        assert client.plain("alice", PASSWORD).startswith("235")
        assert "not owned by user alice" in client.deliver("bob@example.test", "away@example.org")
    told = {found["id"] for found in site.findings()}
    assert not told & {"login-mismatch", "senders-not-compared"}, told
    for path in site.postfix.etc / "main.cf", site.postfix.etc / "master.cf":
        path.write_text(re.sub("reject_sender_login_mismatch,? *", "", path.read_text()))
    found = [found for found in site.findings() if found["id"] == "senders-not-compared"]
    assert {one["severity"] for one in found} == {"error"}
    assert all("reject_authenticated_sender_login_mismatch, " in one["fix"] for one in found), found
