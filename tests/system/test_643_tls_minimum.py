"""tls_min_version in Postfix's and Dovecot's own settings: shown, set up, checked; an older TLS ends in the handshake."""
import re
import socket
import ssl
import subprocess

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

HEAD = """\
hostname = "mx.example.test"
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "xn--bcher-kva.test" { type = Authoritative }
"""
POLICY = HEAD + """\
login "everybody" { tls_min_version = "TLSv1.3" }
connector "Default" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers, ExchangeUsers }
}
connector "Client" {
    bindings = { "*:$submission", "*:$submissions" }
    tls_min_version = "TLSv1.3"
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
}
"""


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder, POLICY)
    made.configure()
    yield made
    made.stop()


def context(newest):
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.maximum_version = newest
    return made


def shakes_hands(port, newest, starttls):
    """Whether a client whose newest TLS this is gets into a session."""
    with socket.create_connection(("127.0.0.1", port), rig.PATIENCE) as raw:
        if starttls:
            lines = raw.makefile("rb")
            lines.readline()
            for command in starttls:
                raw.sendall(command + b"\r\n")
                while re.match(rb"\d{3}-|\* ", lines.readline()):
                    pass
        try:
            with context(newest).wrap_socket(raw, server_hostname="mx.example.test") as wrapped:
                wrapped.sendall(b"NOOP\r\n")
                return len(wrapped.recv(1)) == 1
        except (ssl.SSLError, ConnectionError):
            return False


SMTP = (b"EHLO client.example.net", b"STARTTLS")


def test_an_older_tls_ends_in_the_handshake(site):
    """At Postfix where users alone send: on the listener for strangers their servers would not get in. At Dovecot where
    no rule takes it."""
    site.configure()
    old, new = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    with site.dovecot as dovecot, site.postfix.start():
        listeners = [(site.ports["submission"], SMTP), (site.ports["submissions"], ()), (dovecot.ports["imaps"], ()),
                     (dovecot.ports["imap"], (b"a STARTTLS",)), (dovecot.ports["pop3s"], ())]
        for port, starttls in listeners:
            assert not shakes_hands(port, old, starttls), port
            assert shakes_hands(port, new, starttls), port
        assert shakes_hands(site.ports["smtp"], old, SMTP)


def show(folder, policy, *options):
    made = folder / "policy.conf"
    made.write_text(HEAD + policy)
    made.chmod(0o644)
    result = subprocess.run([rig.CLI, "-c", made, "show", *options], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


RULES = [
    ("", "TLSv1.2"),
    ('login "a" { remote = { "192.0.2.0/24" } tls_min_version = "TLSv1.3" }', "TLSv1.2"),
    ('login "a" { remote = { "192.0.2.0/24" } tls_min_version = "TLSv1.1" }', "TLSv1.1"),
    ('login "a" { tls_min_version = "TLSv1.3" }', "TLSv1.3"),
    ('login "a" { protocols = { imap } tls_min_version = "TLSv1.3" }', "TLSv1.2"),
    ('login "a" { protocols = { imap, pop3 } tls_min_version = "TLSv1.3" }\n'
     'login "b" { protocols = { sieve, submission } tls_min_version = "TLSv1.3" }', "TLSv1.3"),
    ('login "a" { tls_min_version = "TLSv1.3" }\n'
     'login "b" { remote = { "192.0.2.0/24" } tls_min_version = "TLSv1" }', "TLSv1"),
    ('login "a" { remote = { "192.0.2.0/24" } tls_min_version = none }', None),
    ('login "a" { remote = { "192.0.2.0/24" } mode = audit }', None),
]


@pytest.mark.parametrize("generation", ["2.3", "2.4"])
@pytest.mark.parametrize("policy,least", RULES)
def test_dovecot_gets_the_lowest_of_all_login_rules(folder, policy, least, generation):
    found = re.findall(r"(?m)^ssl_min_protocol = (\S+)$", show(folder, policy, "--dovecot", "--generation", generation))
    assert found == ([least] if least else [])


USERS = "permission_groups = { ExchangeUsers } auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }"
CONNECTORS = [
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} }}', {"smtpd_tls_protocols": ">=TLSv1.2"}),
    (f'connector "a" {{ bindings = {{ "*:465" }} {USERS} }}', {"smtpd_tls_mandatory_protocols": ">=TLSv1.2"}),
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} require_tls = yes tls_min_version = "TLSv1.3" }}',
     {"smtpd_tls_mandatory_protocols": ">=TLSv1.3"}),
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} tls_min_version = "TLSv1.3" }}\n'
     f'connector "b" {{ bindings = {{ "*:587" }} remote_ip_ranges = {{ "192.0.2.0/24" }} {USERS} '
     'tls_min_version = "TLSv1.1" }', {"smtpd_tls_protocols": ">=TLSv1.1"}),
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} tls_min_version = none }}', {}),
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} mode = audit }}', {}),
    ('connector "a" { bindings = { "*:587" } permission_groups = { AnonymousUsers, ExchangeUsers } }', {}),
    (f'connector "a" {{ bindings = {{ "*:587" }} {USERS} grant_permissions = {{ Submit }} }}', {}),
    ('connector "a" { bindings = { "*:587" } auth_mechanism = { Tls, ExternalAuthoritative } '
     'permission_groups = { ExchangeServers } remote_ip_ranges = { "192.0.2.0/24" } open_relay_accepted = yes }', {}),
]


@pytest.mark.parametrize("connectors,expected", CONNECTORS)
def test_postfix_gets_it_where_no_stranger_sends(folder, connectors, expected):
    _, _, master = show(folder, connectors, "--postfix").partition("# --- master.cf")
    assert dict(re.findall(r"-o (smtpd_tls\w*_protocols)=(\S+)", master)) == expected


# Postfix's spellings: what reaches TLSv1.3, and what does not.
REACH = [">=TLSv1.3", ">=tlsv1.3", ">=0304", "TLSv1.3", "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2",
         ">=TLSv1.2,!TLSv1.2", "!SSLv3:!TLSv1:!TLSv1.1:!TLSv1.2"]
FALL_SHORT = [">=TLSv1", ">=TLSv1.2", "!SSLv2,!SSLv3", "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1", "TLSv1.2,TLSv1.3", "<=TLSv1.3",
              ">=0303", ">=TLSv1.3.1", ""]
SETTING = {"submission": "smtpd_tls_protocols", "submissions": "smtpd_tls_mandatory_protocols"}


@pytest.mark.parametrize("listener", SETTING)
@pytest.mark.parametrize("value", REACH)
def test_check_takes_every_spelling_that_is_enough(site, listener, value):
    site.configure(options={listener: {SETTING[listener]: value}})
    assert site.check_postfix() == (0, [])


@pytest.mark.parametrize("listener", SETTING)
@pytest.mark.parametrize("value", FALL_SHORT)
def test_check_finds_every_spelling_that_is_not(site, listener, value):
    site.configure(options={listener: {SETTING[listener]: value}})
    code, findings = site.check_postfix()
    assert code == 1 and [finding["severity"] for finding in findings] == ["error"], brief(findings)
    assert SETTING[listener] in findings[0]["setting"] and "tls_min_version TLSv1.3" in findings[0]["what"]
    assert findings[0]["fix"] == f"  -o {SETTING[listener]}=>=TLSv1.3"


@pytest.mark.parametrize("options,setting", [
    ({"smtpd_tls_security_level": "encrypt", "smtpd_tls_mandatory_protocols": ">=TLSv1.2"}, "smtpd_tls_mandatory_protocols"),
    ({"smtpd_tls_security_level": "", "smtpd_enforce_tls": "yes", "smtpd_tls_mandatory_protocols": ">=TLSv1.2"},
     "smtpd_tls_mandatory_protocols"),
    ({"smtpd_tls_security_level": "may", "smtpd_tls_protocols": ">=TLSv1.2", "smtpd_tls_mandatory_protocols": ">=TLSv1.3"},
     "smtpd_tls_protocols")])
def test_the_listeners_security_level_says_which_list_counts(site, options, setting):
    site.configure(options={"submission": options})
    assert [setting in finding["setting"] for finding in site.check_postfix()[1]] == [True]


def test_check_says_to_offer_no_auth_where_strangers_send(site):
    """Postfix's setting cannot close the hole there. Where neither side was set, nobody is bothered."""
    site.configure(main="smtpd_tls_protocols = >=TLSv1.1\n")
    code, findings = site.check_postfix()
    assert code == 0, brief(findings)
    assert [(finding["severity"], "smtpd_sasl_auth_enable" in finding["setting"]) for finding in findings] == [
        ("warning", True)]
    assert "smtpd_sasl_auth_enable=no" in findings[0]["fix"] and "ExchangeUsers" in findings[0]["fix"]
    site.configure(main="smtpd_tls_protocols = >=TLSv1.2\n")
    assert site.check_postfix() == (0, [])


def test_check_says_it_for_a_connector_with_more_than_the_default(folder):
    policy = POLICY.replace('bindings = { "*:$smtp" }', 'bindings = { "*:$smtp" }\n    tls_min_version = "TLSv1.3"')
    site = Checked(folder, policy)
    try:
        site.configure()
        assert [(f["severity"], "smtpd_sasl_auth_enable" in f["setting"]) for f in site.check_postfix()[1]] == [
            ("warning", True)]
    finally:
        site.stop()


def changed(text, value):
    return re.sub(r"(?m)^ssl_min_protocol = .*\n", "", text) + f"ssl_min_protocol = {value}\n"


@pytest.mark.parametrize("value,enough", [("TLSv1.3", True), ("LATEST", True), ("TLSv1.2", False), ("TLSv1", False),
                                          ("ANY", False)])
def test_check_compares_dovecots_minimum(site, value, enough):
    site.configure()
    text = site.dovecot.config.read_text()
    code, findings = site.check_dovecot(changed(text, value))
    assert code == 0 and [(f["severity"], f["setting"]) for f in findings] == (
        [] if enough else [("warning", "ssl_min_protocol")]), brief(findings)
    assert enough or findings[0]["fix"] == "ssl_min_protocol = TLSv1.3"


def test_check_finds_a_filter_with_less(site):
    text = site.dovecot.config.read_text() + "protocol imap {\n  ssl_min_protocol = TLSv1.2\n}\n"
    assert [f["setting"] for f in site.check_dovecot(text)[1]] == ["protocol imap/ssl_min_protocol"]
    text = site.dovecot.config.read_text() + "remote 192.0.2.0/24 {\n  ssl_min_protocol = TLSv1.2\n}\n"
    assert [f["setting"].endswith("/ssl_min_protocol") for f in site.check_dovecot(text)[1]] == [True]




@pytest.fixture
def configured(folder):
    """Set up as show says for a policy of TLSv1.2, and by hand for more."""
    made = Checked(folder, POLICY.replace("TLSv1.3", "TLSv1.2"))
    made.configure(main="smtpd_tls_protocols = !SSLv3, !TLSv1, !TLSv1.1, <=TLSv1.2\n"
                        "newest = >=TLSv1.3\nsmtpd_tls_mandatory_protocols = $newest\n",
                   options={"submission": {"smtpd_tls_protocols": "!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2"},
                            "smtp": {"smtpd_tls_protocols": "!SSLv3"}})
    config = made.dovecot.config
    config.write_text(changed(config.read_text(), "TLSv1.3"))
    made.arguments = ("setup", "--backup", folder / "backup", "--postfix-config", made.postfix.etc, "--dovecot-config",
                      config)
    yield made
    made.stop()


def test_setup_never_lowers_what_is_set(configured):
    """The listeners' own lists, main.cf's, and Dovecot's; and a second time there is nothing to do."""
    told = configured.daemon.cli(*configured.arguments, "--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    listeners = {name: f"{port}/inet" for name, port in configured.ports.items()}

    def value(listener, setting):
        return configured.postfix.postconf("-P", f"{listeners[listener]}/{setting}").split(" = ", 1)[-1].strip()
    assert value("submission", "smtpd_tls_protocols") == "!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2"
    assert value("smtp", "smtpd_tls_protocols") == "!SSLv3", "not the policy's business"
    # TLS from the start: the list for that is taken from main.cf, which asks for more.
    assert value("submissions", "smtpd_tls_mandatory_protocols") in (">=TLSv1.3", "")
    assert configured.postfix.postconf("-h", "smtpd_tls_mandatory_protocols").strip() == "$newest"
    assert configured.postfix.postconf("-h", "smtpd_tls_protocols").strip() == "!SSLv3, !TLSv1, !TLSv1.1, <=TLSv1.2"
    doveconf = subprocess.run([rig.tool("doveconf"), "-c", configured.dovecot.config, "-h", "ssl_min_protocol"],
                              capture_output=True, text=True, timeout=60)
    assert doveconf.stdout.strip() == "TLSv1.3", doveconf
    told = configured.daemon.cli(*configured.arguments)
    assert (told.returncode, told.stdout) == (0, "nothing to do\n")


def test_setup_raises_what_is_too_low(configured):
    configured.configure(main="smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3\n",
                         options={"submission": {"smtpd_tls_protocols": ">=TLSv1"}})
    config = configured.dovecot.config
    config.write_text(changed(config.read_text(), "TLSv1.1"))
    told = configured.daemon.cli(*configured.arguments, "--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    configured.postfix.age()
    assert configured.check("--postfix-config", configured.postfix.etc, "--dovecot-config", config) == (0, [])
