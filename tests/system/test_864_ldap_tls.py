"""TLS with an LDAP server that does not come about: what is said of it is what is wrong with it, by `sync` and by `check`."""
import contextlib
import socket
import subprocess

import pytest

import rig
from rig.ldap_source import LdapSource, listed, person
from rig.ports import free_port, listens
from rig.processes import kill_and_wait, tool
from rig.slapd import Slapd
from rig.sources import Files
from rig.tls import Certificate, Issued

PLAIN = {"users_filter": None, "users_attributes": None, "groups_attributes": None}
OURS = {"bind": "external", "user": None, "password_file": None}


@pytest.fixture(scope="module")
def world(module_folder):
    """Certificates: of the server, of nobody it knows, for another name, too old."""
    def made(name, kind=Certificate, **options):
        (module_folder / name).mkdir()
        return kind(module_folder / name, "localhost", **options)
    return {"good": made("good"), "stranger": made("stranger"), "elsewhere": made("elsewhere", names="DNS:ldap.example.test"),
            "expired": made("expired", Issued, end="20240201000000Z")}


@pytest.fixture
def files(folder):
    return Files(folder)


def told(files, settings):
    """What both commands say, in one line each."""
    files.use(settings)
    sync, check = files.cli("sync"), files.cli("check")
    assert check.returncode != 0, check
    [said] = [line for line in sync.stderr.splitlines() if "TLS failed" in line] or [sync]
    assert said.partition('source "people": ')[2] in check.stdout + check.stderr, check
    return said


@contextlib.contextmanager
def openssl_server(certificate, *options):
    """A server of TLS that answers nothing after the handshake."""
    port = free_port()
    process = subprocess.Popen([tool("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-cert", certificate.cert, "-key",
                                certificate.key, *options], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        rig.wait_for(lambda: listens(port), "openssl to listen")
        yield port
    finally:
        kill_and_wait(process)


HANDSHAKES = [
    ("no TLS 1.2", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False, "the server speaks neither TLS 1.2 nor TLS 1.3"),
    ("no cipher in common", ["-tls1_2", "-cipher", "ECDHE-ECDSA-ARIA128-GCM-SHA256"], False, "have no cipher in common"),
    ("wants a certificate, TLS 1.3", ["-tls1_3", "-Verify", "1"], False, "wants a certificate of the client, and there is no tls_cert_file"),
    ("wants a certificate, TLS 1.2", ["-tls1_2", "-Verify", "1"], False, "wants a certificate of the client, and there is no tls_cert_file"),
    ("refuses ours, TLS 1.3", ["-tls1_3", "-Verify", "1", "-verify_return_error"], True, "refuses the certificate of tls_cert_file"),
    ("refuses ours, TLS 1.2", ["-tls1_2", "-Verify", "1", "-verify_return_error"], True, "refuses the certificate of tls_cert_file"),
]


@pytest.mark.parametrize("options,ours,words", [row[1:] for row in HANDSHAKES], ids=[row[0] for row in HANDSHAKES])
def test_what_stops_a_handshake_is_named(files, slapd, folder, world, options, ours, words):
    source, server = LdapSource(slapd, folder), world["good"]
    with openssl_server(server, *options) as port:
        changes = {"url": listed([f"ldaps://127.0.0.1:{port}"]), "tls_ca_file": server.cert}
        if ours:
            changes.update(OURS, tls_cert_file=world["stranger"].cert, tls_key_file=world["stranger"].key)
        said = told(files, source.settings(**PLAIN, **changes))
    assert words in said and "the server's certificate" not in said, said


CERTIFICATES = [("stranger", "good", ["is signed by none of tls_ca_file {trusted}"]),
                ("elsewhere", "elsewhere", ["the server's certificate is for localhost, ldap.example.test, not for 127.0.0.1 as in url"]),
                ("expired", "expired", ["the server's certificate expired on Feb  1 00:00:00 2024 GMT"]),
                ("expired", "good", ["is signed by none of", "expired on Feb  1"])]


class OwnSlapd(Slapd):
    """Its certificate and what it wants of ours are changed while it runs."""

    def use(self, certificate, verify="allow"):
        for path in (certificate.cert, certificate.key):
            path.chmod(0o644)
        self.modify("dn: cn=config\nchangetype: modify\n" + "".join(
            f"replace: olcTLS{name}\nolcTLS{name}: {value}\n-\n" for name, value in {
                "CertificateFile": certificate.cert, "CertificateKeyFile": certificate.key, "VerifyClient": verify}.items()))


@pytest.fixture(scope="module")
def own_slapd(world):
    for certificate in world.values():
        certificate.cert.parent.parent.chmod(0o755)
        certificate.cert.parent.chmod(0o755)
    server = OwnSlapd()
    yield server
    server.close()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("shown,trusted,words", CERTIFICATES, ids=[f"{row[0]}, {row[1]} is trusted" for row in CERTIFICATES])
def test_what_is_wrong_with_a_certificate_of_slapd_is_named(files, own_slapd, folder, world, scheme, shown, trusted, words):
    own_slapd.use(world[shown])
    source = LdapSource(own_slapd, folder)
    port = own_slapd.tls_port if scheme == "ldaps" else own_slapd.port
    said = told(files, source.settings(**PLAIN, url=listed([f"{scheme}://127.0.0.1:{port}"]), tls_ca_file=world[trusted].ca))
    for word in words:
        assert word.format(trusted=world[trusted].ca) in said, said
    assert ("expired" in said) == (shown == "expired") and ("signed by none" in said) == (shown != trusted), said


def own_name():
    """As libldap asks for it."""
    name = socket.gethostname()
    try:
        return socket.gethostbyname_ex(name)[0]
    except OSError:
        return name


@pytest.mark.skipif(own_name() == "localhost", reason="this host is called localhost")
def test_a_certificate_for_localhost_is_told_to_be_for_another_name(files, own_slapd, folder, world):
    """libldap takes localhost for the host's own name."""
    own_slapd.use(world["good"])
    source = LdapSource(own_slapd, folder)
    said = told(files, source.settings(**PLAIN, url=listed([f"ldaps://localhost:{own_slapd.tls_port}"]), tls_ca_file=world["good"].cert))
    assert f"not for {own_name()} (this host's name, which libldap takes in place of localhost in url)" in said


def test_a_slapd_that_wants_another_certificate_is_told_from_one_that_is_well(files, own_slapd, folder, world):
    own_slapd.use(world["good"], "demand")
    source = LdapSource(own_slapd, folder)
    own_slapd.add(person(f"cn=bob,{source.base}", mail="bob@example.test"))
    trust = {**PLAIN, "tls_ca_file": world["good"].cert}
    assert "wants a certificate of the client" in told(files, source.settings(**trust))
    stranger = {**OURS, "tls_cert_file": world["stranger"].cert, "tls_key_file": world["stranger"].key}
    assert "refuses the certificate of tls_cert_file" in told(files, source.settings(**trust, **stranger))
    own_slapd.use(world["good"])
    files.publish(source.settings(**trust))


def test_a_server_without_tls_is_not_said_to_have_a_bad_certificate(files, slapd, folder):
    source = LdapSource(slapd, folder)
    said = told(files, source.settings(**PLAIN, url=listed([f"ldaps://127.0.0.1:{slapd.port}"])))
    assert "does this port speak TLS?" in said or "is this the port of ldaps?" in said, said
    assert "certificate" not in said
