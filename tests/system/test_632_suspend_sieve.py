"""A stolen account whose sending is suspended, and Sieve: no new script, and the commands that end the old one."""
import pytest

from dovecot import has_protocol, version
from login_clients import client
from test_110_auth import PASSWORD, Site

pytestmark = [pytest.mark.small, pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
              pytest.mark.skipif(not has_protocol("sieve"), reason="no ManageSieve on this machine")]


@pytest.fixture(scope="module")
def site():
    with Site(protocols=["imap", "sieve"]) as made:
        yield made


def sieve_reply(site, login, password, way="plain"):
    with client("sieve", site.ports, how="starttls") as it:
        getattr(it, way)(login, password)
        return it.last


@pytest.mark.parametrize("kind", ["--sending", "--all"])
@pytest.mark.parametrize("way", ["plain", "plain_in_two_steps", "scram", "cram_md5"])
def test_who_is_suspended_from_sending_puts_no_script_in_place(site, kind, way):
    assert sieve_reply(site, "mary", PASSWORD, way).startswith("OK")
    assert site.files.cli("suspend", "mary", kind).returncode == 0
    try:
        assert sieve_reply(site, "mary", PASSWORD, way) == sieve_reply(site, "bob", "wrong", way)
        assert site.log_in("imap", "mary") == (kind == "--sending")
        reason = "sending-suspended" if kind == "--sending" else "login-suspended"
        assert site.decisions(login="mary", protocol="sieve", reason=reason)
    finally:
        assert site.files.cli("resume", "mary").returncode == 0
    assert sieve_reply(site, "mary", PASSWORD, way).startswith("OK")
