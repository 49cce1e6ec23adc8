"""Postfix tells Dovecot's auth process no port. With the policy of the install guide, in which the connector for port 25 stands
first, a refused AUTH is told as what it is, and no fix opens port 25."""
import json
import re
import subprocess

import pytest

import rig
from rig.daemon import Daemon, parse_decision
from rig.dovecot import PrivateDovecot, version
from rig.ports import listens_at
from rig.sasl_client import SaslClient

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

GUIDE = rig.SOURCE / "docs" / "guides" / "install.md"
PASSWORD = "right-password"
DIRECTORY = """\
user bob@example.org login=bob
user eve@example.org login=eve smtp=no
user mallory@example.org login=mallory
"""
OVER_TLS = ("service=smtp", "secured", "lip=127.0.0.1", "rip=192.0.2.7")


def policy_of_the_guide():
    """Enforced, with this test's directory."""
    block = re.search(r"(?m)^    default_domain = (?:.*\n)(?:    .*\n|\n)*", GUIDE.read_text())[0]
    text = re.sub(r"(?m)^ *(mode = audit|login .*|directory .*)\n", "", block)
    assert text.index('connector "Default"') < text.index('connector "Client"')
    return text


@pytest.fixture(scope="module")
def site(module_folder):
    files = Daemon(policy_of_the_guide(), DIRECTORY, module_folder, start=False)
    subprocess.run([rig.CLI, "-c", files.policy, "suspend", "mallory", "--sending"], check=True, capture_output=True, timeout=60)
    with PrivateDovecot(module_folder, policy=files.policy, users=dict.fromkeys(["bob", "eve", "mallory", "stranger"], PASSWORD),
                        protocols=["imap"]) as dovecot:
        rig.wait_for(lambda: listens_at(dovecot.auth_path()), "the auth socket")
        dovecot.files = files
        yield dovecot


def refusal(site, login):
    found = rig.wait_for(lambda: [line for line in map(parse_decision, site.lines("mailwicket: v=1 verdict=refuse"))
                                  if line.get("login") == login], f"a refusal of {login}")
    return found[-1]


@pytest.mark.parametrize("login,reason", [("eve", "smtp-disabled"), ("mallory", "sending-suspended"), ("stranger", "unknown-login")])
def test_a_refused_account_is_told_as_one(site, login, reason):
    with SaslClient(site.auth_path()) as sasl:
        assert sasl.plain("bob", PASSWORD, *OVER_TLS).ok
        assert not sasl.plain(login, PASSWORD, *OVER_TLS).ok
    line = refusal(site, login)
    assert (line["reason"], line["connector"]) == (reason, "Client")
    told = site.files.cli("--json", "why", login, "--log", site.folder / "log")
    said = json.dumps(json.loads(told.stdout)) if told.stdout else told.stderr
    assert "auth_mechanism" not in said and "BasicAuth" not in said, said


def test_a_mechanism_that_no_connector_admits_names_them_all_and_opens_none(site):
    with SaslClient(site.auth_path()) as sasl:
        sasl.begin("CRAM-MD5", *OVER_TLS)
        assert not sasl.carry_on("bob " + "0" * 32).ok
    line = refusal(site, "bob")
    assert (line["reason"], line["connector"], line.get("rule")) == ("mechanism-refused", "Default,Client", None)
    told = site.files.cli("why", "bob", "--log", site.folder / "log")
    assert "mechanism-refused" in told.stdout, told.stdout
    assert "add " not in told.stdout and "auth_mechanism = " not in told.stdout
