"""Whom Dovecot lets say which client they speak for: login rules go by that address."""
import imaplib

import pytest

import rig
from rig.checked import Checked
from rig.dovecot import version
from rig.mailsite import WORLD_POLICY

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]

OFFICE = 'login "office" { remote = { "10.1.0.0/16" } login_type = PlainTextLogin }\n'
PROXIED = 'login "proxied" { remote = { "10.2.0.0/16" } tls_proxies = { "127.0.0.0/8" } }\n'
TRUST = "login_trusted_networks = 127.0.0.0/8\n"
ANYBODY = TRUST.replace("127.0.0.0/8", "192.0.2.1 0.0.0.0/0")
LISTENER = "service imap-login {{\n  inet_listener proxied {{\n    port = {port}\n    haproxy = yes\n  }}\n}}\n"


class Site(Checked):
    def __init__(self, folder, policy):
        super().__init__(folder, policy, protocols=("imap",))
        self.configure()
        self.sound = self.dovecot.config.read_text()
        self.proxied = rig.free_port()

    def found(self, text):
        return [(f["severity"], f["setting"], f["what"]) for f in self.check_dovecot(text)[1]]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder, WORLD_POLICY + OFFICE)
    yield made
    made.stop()


class FromAddress(imaplib.IMAP4):
    """Through the proxy that it says it is."""

    def open(self, *arguments, **options):
        super().open(*arguments, **options)
        self.send(b"PROXY TCP4 10.1.2.3 127.0.0.1 4711 143\r\n")


def asked_in_clear(site, text, *, claim=None, proxied=False):
    """Whether a password without TLS reaches the auth process, from a client that claims another address."""
    site.dovecot.config.write_text(text)
    site.dovecot.start()
    try:
        kind, port = (FromAddress, site.proxied) if proxied else (imaplib.IMAP4, site.dovecot.ports["imap"])
        client = kind("127.0.0.1", port, timeout=rig.PATIENCE)
        if claim:
            client.xatom("ID", f'("x-originating-ip" "{claim}")')
        with pytest.raises(imaplib.IMAP4.error) as refused:
            client.login("bob", "wrong")
        return "AUTHENTICATIONFAILED" in str(refused.value)
    finally:
        site.dovecot.stop()
        site.dovecot.config.write_text(site.sound)


FILTERS = [("", "login_trusted_networks"), ("protocol imap", "protocol imap/login_trusted_networks"),
           ("local 127.0.0.1", "local 127.0.0.1/login_trusted_networks")]


@pytest.mark.parametrize("place,setting", FILTERS)
def test_check_finds_trusted_networks_in_every_filter(site, place, setting):
    text = site.sound + (f"{place} {{\n{TRUST}}}\n" if place else TRUST)
    assert [row for row in site.found(text) if row[1] == setting] == [
        ("note", setting, "127.0.0.0/8 may say which client they speak for")]


@pytest.mark.parametrize("place,setting", FILTERS)
def test_that_anybody_may_is_an_error_where_a_rule_goes_by_the_address(site, place, setting):
    text = site.sound + (f"{place} {{\n{ANYBODY}}}\n" if place else ANYBODY)
    assert ("error", setting, "192.0.2.1 0.0.0.0/0 may say which client they speak for") in site.found(text)
    told = [f for f in site.check_dovecot(text)[1] if f["setting"] == setting]
    assert "office" in told[0]["why"] and site.check_dovecot(text)[0] == 1
    assert told[0]["fix"] == (f"{place} {{\n  login_trusted_networks = 192.0.2.1\n}}" if place
                              else "login_trusted_networks = 192.0.2.1")


@pytest.mark.parametrize("networks,kept", [
    ("0.0.0.0/1 128.0.0.0/1", ""), ("10.1.2.3/0", ""), ("::/0", ""), ("2000::/3 192.0.2.1", " 192.0.2.1"), ("64.0.0.0/2", ""),
])
def test_everybody_may_be_written_in_parts(site, networks, kept):
    found = [f for f in site.check_dovecot(f"{site.sound}login_trusted_networks = {networks}\n")[1]
             if f["setting"] == "login_trusted_networks"]
    assert [(f["severity"], f["fix"]) for f in found] == [("error", f"login_trusted_networks ={kept}")], found


def test_the_attack_is_one(site):
    """In a protocol's block as at the root: whoever claims an address of the office needs no TLS."""
    text = site.sound + f"protocol imap {{\n{ANYBODY}}}\n"
    assert not asked_in_clear(site, site.sound, claim="10.1.2.3")
    assert not asked_in_clear(site, text)
    assert asked_in_clear(site, text, claim="10.1.2.3")


def test_anybody_who_may_be_a_proxy_is_an_error_too(site):
    text = site.sound + LISTENER.format(port=site.proxied) + "haproxy_trusted_networks = 0.0.0.0/0\n"
    assert asked_in_clear(site, text, proxied=True)
    assert ("error", "haproxy_trusted_networks", "0.0.0.0/0 may say which client they speak for") in site.found(text)


def test_networks_that_no_listener_asks_or_that_the_policy_names_are_no_finding(folder):
    site = Site(folder, WORLD_POLICY + PROXIED)
    try:
        text = site.sound + LISTENER.format(port=site.proxied)
        assert site.found(text) == []
        assert [row[:2] for row in site.found(text + "haproxy_trusted_networks = 127.0.0.1 192.0.2.1\n")
                if row[2].startswith("192.0.2.1 may")] == [("note", "haproxy_trusted_networks")]
        everybody = site.check_dovecot(text + "haproxy_trusted_networks = 127.0.0.1 0.0.0.0/0\n")[1]
        assert ("0.0.0.0/0 may say which client they speak for", "haproxy_trusted_networks = 127.0.0.1") in [
            (f["what"], f["fix"]) for f in everybody]
        assert not [row for row in site.found(site.sound + "haproxy_trusted_networks = 0.0.0.0/0\n")
                    if "may say" in row[2]]
    finally:
        site.stop()


def test_it_is_a_note_where_no_rule_goes_by_the_address(folder):
    site = Site(folder, WORLD_POLICY)
    try:
        assert [row[:2] for row in site.found(site.sound + ANYBODY)] == [("note", "login_trusted_networks")]
    finally:
        site.stop()


def test_that_anybody_may_is_an_error_where_somebody_has_networks(folder):
    site = Site(folder, WORLD_POLICY)
    try:
        site.daemon.write_directory(site.daemon.directory.read_text() + "user far@example.test networks=192.0.2.0/24\n")
        site.daemon.sync()
        assert [row[:2] for row in site.found(site.sound + ANYBODY)] == [("error", "login_trusted_networks")]
        told = site.check_dovecot(site.sound + ANYBODY)[1]
        assert "networks=" in told[0]["why"] and told[0]["fix"] == "login_trusted_networks = 192.0.2.1"
        assert [row[:2] for row in site.found(site.sound + TRUST)] == [("note", "login_trusted_networks")]
    finally:
        site.stop()
