"""mailwicket probe: a site set up right is good, and what is set up wrong is found and named."""
import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

import rig
from rig import dovecot
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot
from rig.mailsite import PASSWORD, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite
from rig.probe_servers import BAD, DOUBTFUL, EX_UNAVAILABLE, GOOD, issue_all, names, probe, probe_until, run

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None or dovecot.version() is None,
                                reason="needs root, Postfix and Dovecot")

LOGGED_IN = "(Login|Logged in): user="  # Dovecot 2.3, 2.4
SERVICES = ("imap", "imaps", "pop3", "pop3s", "smtp", "submission", "submissions")


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS).start()
    made.trusted = module_folder / "trusted.pem"
    made.trusted.write_text(made.postfix.certificate.cert.read_text() + made.dovecot.certificate.cert.read_text())
    made.services = {name: made.dovecot.ports[name] for name in ("imap", "imaps", "pop3", "pop3s")}
    made.services.update(made.ports)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def password_file(module_folder):
    path = module_folder / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def as_bob(site, password_file):
    return ["--ca", site.trusted, "--user", "bob", "--sender", "bob@example.test", "--password-file", password_file]


# --- set up right

def test_a_site_that_is_set_up_right_is_good_at_every_service(site):
    services = probe("--ca", site.trusted, code=GOOD, **site.services)
    assert list(services) == list(SERVICES)
    for name, service in services.items():
        assert service["verdict"] == "good" and service["findings"] == [], name
        assert service["tls"]["version"] == "TLSv1.3" and service["tls"]["certificate"]["days_left"] in (29, 30)
        assert service["login_before_tls"] == ("-" if name.endswith("s") else "refused"), name
    assert services["imap"]["tls"]["by"] == "STARTTLS" and services["pop3"]["tls"]["by"] == "STLS"
    assert services["imaps"]["tls"]["by"] == "implicit"
    assert "PLAIN" in services["imaps"]["offered_with_tls"]["mechanisms"]
    assert services["imap"]["offered_before_tls"] == {"login_command": False, "mechanisms": []}
    assert services["smtp"]["stranger"]["text"].startswith("550 5.7.1 ")


def test_a_user_logs_in_everywhere_and_may_send_without_a_message_being_sent(site, as_bob):
    before = len(site.postfix.messages())
    services = probe(*as_bob, code=GOOD, **site.services)
    for name, service in services.items():
        assert ("login" in service) == (name != "smtp")
        if name.startswith("submission"):
            assert service["recipient"]["answer"] == "accepted"
            assert "message" not in service
    rig.wait_for(lambda: len(site.dovecot.lines(LOGGED_IN + "<bob>.*TLS")) >= 4, "four logins in the log")
    assert not site.dovecot.lines(LOGGED_IN + "<bob>(?!.*TLS)")
    site.postfix.queue_idle()
    assert len(site.postfix.messages()) == before


def test_send_sends_one_small_message_through_each_submission_port(site, as_bob):
    probe(*as_bob, "--recipient", "mary@example.test", "--send", code=GOOD, **site.services)
    message = site.postfix.wait_delivered("mailwicket probe", 2)[0]
    assert message["From"] == "<bob@example.test>" and message["To"] == "<mary@example.test>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_table_on_a_pipe_is_cells_between_tabs(site):
    ports = [word for name, port in site.services.items() for word in (f"--{name}-port", port)]
    told = run("probe", "127.0.0.1", "--ca", site.trusted, *ports)
    rows = [line.split("\t") for line in told.stdout.splitlines()]
    assert told.returncode == GOOD and [row[0] for row in rows] == list(SERVICES)
    assert rows[0][1:] == [str(site.services["imap"]), "TLSv1.3", rows[0][3], "refused", "good"]


def test_the_table_on_a_terminal_is_aligned_and_coloured(site):
    ports = " ".join(f"--{name}-port {port}" for name, port in site.services.items())
    told = subprocess.run(["script", "-qec", f"{rig.CLI} probe 127.0.0.1 --ca {site.trusted} {ports}", "/dev/null"],
                          capture_output=True, text=True, timeout=60, env={"TERM": "xterm", "PATH": rig.PATH})
    lines = re.sub(r"\033\[[0-9;]*m", "", told.stdout).splitlines()
    assert lines[0].split("  ")[0] == "SERVICE"
    assert len({line.index("good") for line in lines[1:]}) == 1 == len({lines[0].index("VERDICT"),
                                                                        lines[1].index("good")})
    assert "\033[32mgood" in told.stdout


# --- set up wrong, in Dovecot and Postfix

@pytest.fixture(scope="module")
def certificates(module_folder):
    return issue_all(module_folder)


@pytest.fixture(scope="module")
def wrong(certificates):
    """A Dovecot and a Postfix without Mailwicket: `ports` by what is wrong there."""
    folder = rig.make_folder("wrong")
    postfix = rig.Postfix(folder, certificate=certificates["good"])
    extra = ("disable_plaintext_auth = no\n" if dovecot.version() == "2.3" else "auth_allow_cleartext = yes\n")
    server = PrivateDovecot(folder, policy=Daemon("", "", folder, start=False).policy, users={"bob": PASSWORD},
                            postfix=postfix, modules=False, certificate=certificates["good"],
                            extra=extra, protocols=("imap", "pop3"))
    old = {"smtpd_tls_protocols": "TLSv1.1", "smtpd_tls_mandatory_protocols": "TLSv1.1",
           "tls_medium_cipherlist": "ALL:@SECLEVEL=0", "smtpd_tls_ciphers": "medium"}
    listeners = {
        "cleartext": {"smtpd_tls_auth_only": "no"},
        "no-tls": {"smtpd_tls_security_level": "none"},
        "wrapped": {"smtpd_tls_wrappermode": "yes"},
        "no-auth": {"smtpd_sasl_auth_enable": "no"},
        "old": old,
        "relay": {"mynetworks": "127.0.0.0/8"},
        "broken": {"smtpd_relay_restrictions": f"check_policy_service,inet:127.0.0.1:{rig.free_port()},reject",
                   "smtpd_policy_service_try_limit": "1"},
        "forbidding": {"smtpd_recipient_restrictions": "reject"},
        **{kind: {"smtpd_tls_cert_file": certificates[kind].cert, "smtpd_tls_key_file": certificates[kind].key}
           for kind in ("expired", "early", "other")},
    }
    ports = {name: rig.free_port() for name in listeners}
    master = "".join(f"127.0.0.1:{ports[name]} inet n - n - - smtpd\n" +
                     "".join(f"  -o {key}={value}\n" for key, value in settings.items())
                     for name, settings in listeners.items())
    main = ("smtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes\nsmtpd_sasl_auth_enable = yes\n"
            "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\n")
    postfix.write_plain({})
    postfix.configure(main=main, master=master)
    postfix.ports = list(ports.values())
    with server:
        postfix.start()
        yield {**ports, **{f"dovecot-{name}": port for name, port in server.ports.items()},
               "trusted": certificates["authority"].cert}
        postfix.stop()
    rig.remove_folder(folder)


WRONG = [
    # service, what is wrong, exit code, findings in order
    ("imap", "dovecot-imap", BAD, {"login-before-tls": "error"}),
    ("pop3", "dovecot-pop3", BAD, {"login-before-tls": "error"}),
    ("imap", "dovecot-imaps", BAD, {"tls-from-start": "error"}),
    ("pop3s", "dovecot-pop3", BAD, {"plaintext-on-tls-port": "error"}),
    ("imap", "dovecot-pop3", BAD, {"foreign": "error"}),
    ("submission", "cleartext", BAD, {"login-before-tls": "error"}),
    ("smtp", "cleartext", BAD, {"login-before-tls": "error"}),
    ("submission", "no-tls", BAD, {"no-starttls": "error"}),
    ("smtp", "no-tls", DOUBTFUL, {"no-starttls": "warning"}),
    ("submission", "wrapped", BAD, {"tls-from-start": "error"}),
    ("submissions", "cleartext", BAD, {"plaintext-on-tls-port": "error"}),
    ("submission", "no-auth", BAD, {"no-login": "error"}),
    ("smtp", "no-auth", GOOD, {}),
    ("submission", "old", BAD, {"tls-too-old": "error"}),
    ("smtp", "old", DOUBTFUL, {"tls-too-old": "warning"}),
    ("submission", "expired", BAD, {"certificate-expired": "error"}),
    ("submission", "early", BAD, {"certificate-not-yet-valid": "error"}),
    ("submission", "other", BAD, {"certificate-name": "error"}),
    ("smtp", "other", DOUBTFUL, {"certificate-name": "warning"}),
    ("smtp", "relay", BAD, {"open-relay": "error"}),
    ("smtp", "broken", DOUBTFUL, {"relay-unknown": "warning"}),
]


@pytest.mark.parametrize("name,fault,code,found", WRONG, ids=[f"{service}-{fault}" for service, fault, *_ in WRONG])
def test_what_is_set_up_wrong_is_found_and_named(wrong, name, fault, code, found):
    if fault.startswith("dovecot-") and wrong.get(fault) is None:
        pytest.skip("this Dovecot lacks it")
    arguments, port = ["--ca", wrong["trusted"]], {name: wrong[fault]}
    if "tls-from-start" in found:  # it is waited for a greeting that does not come
        told, service = probe_until(lambda service: names(service) == found, *arguments, **port)
        assert told == code
    else:
        service = probe(*arguments, code=code, **port)[name]
    assert names(service) == found
    assert all(finding["fix"] for finding in service["findings"])


def test_an_issuer_that_nobody_trusts_is_named(wrong):
    service = probe(code=BAD, imaps=wrong["dovecot-imaps"])["imaps"]
    assert names(service) == {"certificate-unknown-issuer": "error"}
    assert "authority.example.test" in service["findings"][0]["detail"]


def test_a_self_signed_certificate_is_named(site):
    assert names(probe(code=BAD, imaps=site.services["imaps"])["imaps"]) == {"certificate-self-signed": "error"}


def test_the_certificate_must_have_the_name_that_is_asked_for(wrong):
    arguments = ["--ca", wrong["trusted"], "--name"]
    assert probe(*arguments, "mail.example.test", code=GOOD, imaps=wrong["dovecot-imaps"])
    service = probe(*arguments, "imap.example.test", code=BAD, imaps=wrong["dovecot-imaps"])["imaps"]
    assert names(service) == {"certificate-name": "error"}


def test_a_certificate_that_ends_soon_is_doubtful(site):
    service = probe("--ca", site.trusted, "--warn-days", 60, code=DOUBTFUL, imaps=site.services["imaps"])["imaps"]
    assert names(service) == {"certificate-expires": "warning"}


def test_a_closed_port_is_refused(site):
    services = probe("--ca", site.trusted, code=BAD, imap=rig.free_port(), imaps=site.services["imaps"])
    assert names(services["imap"]) == {"refused": "error"} and services["imaps"]["verdict"] == "good"


def test_a_finding_of_two_services_is_told_once_by_the_name_that_the_table_has(site):
    closed, other = rig.free_port(), rig.free_port()
    told = run("probe", "127.0.0.1", "imap", "pop3", "imaps", "--ca", site.trusted, "--imap-port", closed, "--pop3-port", other,
               "--imaps-port", site.services["imaps"])
    table, _, findings = told.stdout.partition("\n\n")
    assert told.returncode == BAD
    assert [row.split("\t")[-1] for row in table.splitlines()] == ["bad: refused", "good", "bad: refused"]
    assert findings == (f"error: imap {closed}, pop3 {other}: the connection is refused: nothing listens there [refused]\n"
                        "  fix:   start Dovecot with this listener, or leave it out: --NAME-port none\n")


def connecting(port):
    """How many connections to it the kernel is making now."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)  # TCP_SYN_SENT


def test_a_port_that_drops_connections_is_a_timeout_and_all_are_waited_for_at_once():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):  # the queue is full: further connections are dropped
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        ports = {"imap": port, "pop3": port, "smtp": port, "submission": port}
        services = probe("--timeout", 1, code=EX_UNAVAILABLE, **ports)
        assert all(names(service) == {"connect-timeout": "error"} for service in services.values())
        before = connecting(port)
        long = subprocess.Popen([rig.CLI, "probe", "127.0.0.1", *ports, "--timeout", "300",
                                 *(word for name in ports for word in (f"--{name}-port", str(port)))],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            rig.wait_for(lambda: connecting(port) >= before + 4, "all four connections to be waited for at once")
        finally:
            rig.kill_and_wait(long)
        for client in waiting:
            client.close()


def test_no_way_to_the_host_is_told_from_no_answer():
    told = run("--json", "probe", "255.255.255.255", "imap")
    assert told.returncode == EX_UNAVAILABLE
    assert names(json.loads(told.stdout)["services"][0]) == {"unreachable": "error"}
    assert told.stderr == "mailwicket: probe: 255.255.255.255: no connection to any of the ports\n"


# --- users

def test_a_wrong_password_is_a_refused_login(site, folder):
    path = folder / "wrong"
    path.write_text("wrong-password\n")
    path.chmod(0o640)
    services = probe("--ca", site.trusted, "--user", "mary", "--sender", "mary@example.test", "--password-file", path,
                  code=BAD, imaps=site.services["imaps"], pop3=site.services["pop3"], submission=site.ports["submission"])
    for name, service in services.items():
        assert names(service) == {"login-refused": "error"}, name
    assert "Authentication unsuccessful" in services["submission"]["login"]["text"] or "535" in \
        services["submission"]["login"]["text"]


def test_a_user_who_may_read_but_not_send_is_told_so(site, password_file):
    services = probe("--ca", site.trusted, "--user", "eve", "--sender", "eve@example.test", "--password-file",
                  password_file, code=BAD, imaps=site.services["imaps"], submission=site.ports["submission"],
                  submissions=site.ports["submissions"])
    assert services["imaps"]["verdict"] == "good" and services["imaps"]["login"]["answer"] == "accepted"
    assert names(services["submission"]) == names(services["submissions"]) == {"login-refused": "error"}


def test_a_sender_that_the_user_may_not_send_as_is_refused_with_the_servers_words(site, as_bob):
    service = probe(*as_bob, "--sender", "ceo@example.test", code=BAD, submission=site.ports["submission"])["submission"]
    assert service["login"]["answer"] == "accepted"
    found = service["findings"][0]
    assert found["id"] in ("sender-refused", "recipient-refused")
    assert "send as this sender" in found["detail"]


def test_a_recipient_that_is_refused_is_named(wrong, password_file):
    service = probe("--ca", wrong["trusted"], "--user", "bob", "--sender", "bob@example.test", "--password-file",
                 password_file, code=BAD, submission=wrong["forbidding"])["submission"]
    assert names(service) == {"recipient-refused": "error"}


def test_no_password_goes_to_a_server_whose_certificate_is_not_trusted(site, password_file):
    before = len(site.dovecot.lines(LOGGED_IN + "<ulla>"))
    services = probe("--user", "ulla", "--sender", "ulla@xn--bcher-kva.test", "--password-file", password_file, code=BAD,
                  **site.services)
    assert all("login-withheld" in names(service) for name, service in services.items() if name != "smtp")
    assert not any("login" in service for service in services.values())
    assert len(site.dovecot.lines(LOGGED_IN + "<ulla>")) == before
