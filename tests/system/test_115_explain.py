"""What `mailwicket explain` says for a login is what a real Dovecot answers, for every protocol."""
import json
import socket

import pytest
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, has_protocol, version
from rig.login_clients import client

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

PASSWORD = "right-password"
POLICY = 'default_domain = "example.test"\nlogin "strict" { remote = { "127.0.0.43" } tls_min_bits = 1024 }\n'
DIRECTORY = """\
user bob@example.test login=bob
user gone@example.test login=gone imap=no pop3=no smtp=no sieve=no
"""
PROTOCOLS = [name for name in ("imap", "pop3", "submission", "sieve") if has_protocol(name)]


@pytest.fixture(scope="module")
def files(module_folder):
    return Daemon(POLICY, DIRECTORY, module_folder, start=False)


@pytest.fixture(scope="module")
def dovecot(files, module_folder):
    with PrivateDovecot(module_folder, policy=files.policy, users=dict.fromkeys(("bob", "gone", "nobody"), PASSWORD),
                        protocols=PROTOCOLS) as made:
        yield made


def answered(dovecot, protocol, login, tls, source):
    """The reply's words behind IMAP's tag, and without the host and time that Dovecot adds to a temporary failure."""
    how = "none" if not tls else "starttls" if protocol == "sieve" else "implicit"
    with client(protocol, dovecot.ports, how=how, source=source) as it:
        it.plain(login, PASSWORD)
        return it.last.removeprefix("a ").partition(" [" + socket.gethostname())[0].rstrip('"')


def explained(files, protocol, login, tls, source):
    told = files.cli("--json", "explain", protocol, "--login", login, "--mechanism", "PLAIN", "--client", source,
                     "--tls", "TLSv1.3" if tls else "none", "--bits", "256" if tls else "0")
    assert told.returncode != 0, told.stdout
    return json.loads(told.stdout)["decisions"][-1]["answer"].rstrip('"')


@pytest.mark.parametrize("login,tls,source", [("bob", False, "127.0.0.1"), ("bob", True, "127.0.0.43"),
                                              ("gone", True, "127.0.0.1"), ("nobody", True, "127.0.0.1")],
                         ids=["no TLS", "weak TLS", "switched off", "unknown"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_explain_of_a_refused_login_is_what_dovecot_answers(files, dovecot, protocol, login, tls, source):
    assert explained(files, protocol, login, tls, source) == answered(dovecot, protocol, login, tls, source)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_explain_of_a_login_without_a_directory_is_what_dovecot_answers(files, dovecot, protocol):
    snapshot = files.published / "snapshot.mdb"
    snapshot.rename(files.published / "away")
    try:
        asked = protocol, "bob", True, "127.0.0.1"
        assert explained(files, *asked) == answered(dovecot, *asked)
    finally:
        (files.published / "away").rename(snapshot)
