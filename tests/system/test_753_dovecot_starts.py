"""check: a Dovecot whose configuration doveconf takes, and that does not start with it, or with whose certificate nobody can begin
TLS. It is tried where nobody sees it."""
import json
import os
import subprocess
from pathlib import Path

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, version
from rig.probe_servers import issue_all
from rig.processes import running

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

POLICY = 'accepted_domain "example.test" { type = Authoritative }\nunlisted_logins = own_address\n'
FOUND = ("dovecot-certificate", "dovecot-certificate-expired", "dovecot-start")
HEAD = {"2.3": "", "2.4": "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"}
TLS = {"2.3": "ssl_cert = <{}\nssl_key = <{}\n", "2.4": "ssl_server_cert_file = {}\nssl_server_key_file = {}\n"}
STATIC = {"2.3": "passdb {\n  driver = static\n  args = nopassword=y\n}\n",
          "2.4": "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n"}
UNKNOWN = {"2.3": "passdb {\n  driver = surprise\n}\n", "2.4": "passdb surprise {\n  driver = surprise\n}\n"}


@pytest.fixture
def daemon(folder):
    made = Daemon(POLICY, "", folder, start=False)
    made.sync()
    return made


def found(daemon, config, prefix=()):
    told = subprocess.run([*prefix, rig.CLI, "-c", daemon.policy, "--json", "check", "--dovecot-config", config],
                          capture_output=True, text=True, timeout=300)
    assert told.stderr == "", told
    answer = json.loads(told.stdout)
    return [row for row in answer["findings"] + answer["not_judged"] if row["id"] in FOUND]


def write(daemon, text, certificate=None, key=None):
    """A Dovecot's files without Mailwicket, whose modules check misses otherwise; in a folder of their own."""
    config = daemon.folder / "etc" / "dovecot.conf"
    config.parent.mkdir(exist_ok=True)
    tls = "ssl = yes\n" + TLS[version()].format(certificate, key) if certificate else "ssl = no\n"
    modules = daemon.folder / "modules"
    if not modules.exists():
        (modules / "login").mkdir(parents=True)
        (modules / "auth").mkdir()
        os.symlink(rig.MODULES / "lib10_mailwicket_plugin.so", modules / "login" / "lib10_mailwicket_plugin.so")
        os.symlink(rig.MODULES / "libauthdb_mailwicket.so", modules / "auth" / "libauthdb_mailwicket.so")
    config.write_text(f"{HEAD[version()]}base_dir = {daemon.folder}/run\nlog_path = {daemon.folder}/log\n"
                      f"login_plugin_dir = {modules}/login\nmail_plugin_dir = {modules}\n{tls}{text}")
    return config


def files(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_a_configuration_that_starts_leaves_nothing_behind(daemon):
    config = write(daemon, STATIC[version()])
    before = files(daemon.folder)
    assert found(daemon, config) == []
    assert files(daemon.folder) == before


def test_one_that_the_auth_service_ends_of_is_found(daemon):
    config = write(daemon, UNKNOWN[version()])
    assert subprocess.run([rig.tool("doveconf"), "-n", "-c", config], capture_output=True, timeout=60, check=False).returncode == 0
    before = files(daemon.folder)
    row, = found(daemon, config)
    assert (row["id"], row["severity"], row["file"]) == ("dovecot-start", "error", str(config)), row
    assert row["what"] == "Dovecot does not start with it" and "surprise" in row["detail"], row
    assert files(daemon.folder) == before


def test_who_is_not_root_is_told_that_it_is_not_tried(daemon):
    config = write(daemon, STATIC[version()])
    for folder in (daemon.folder, *daemon.folder.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    row, = found(daemon, config, prefix=["setpriv", "--reuid=nobody", "--clear-groups"])
    assert (row["id"], row["severity"]) == ("dovecot-start", "not judged") and "only root can try it" in row["what"], row


CONTAINER = ["setpriv", "--bounding-set=-sys_admin"]  # root there may have no namespaces


def test_in_a_container_it_is_tried_without_namespaces(daemon):
    assert found(daemon, write(daemon, STATIC[version()]), prefix=CONTAINER) == []
    row, = found(daemon, write(daemon, UNKNOWN[version()]), prefix=CONTAINER)
    assert row["severity"] == "error" and "surprise" in row["detail"], row


def program(process):
    """The path of what a process of running() runs; "" where it has ended."""
    try:
        return os.readlink(f"/proc/{process[0]}/exe")
    except OSError:
        return ""


def test_in_a_container_nothing_of_a_trial_without_an_answer_is_left(daemon):
    silent = daemon.folder / "silent"
    silent.write_bytes(Path(rig.tool("sleep")).read_bytes())
    silent.chmod(0o755)
    config = write(daemon, STATIC[version()] + f"service auth {{\n  executable = {silent} 600\n}}\n")
    row, = found(daemon, config, prefix=CONTAINER)
    assert "no answer" in row["what"] + row["detail"], row
    rig.wait_for(lambda: str(silent) not in map(program, running()), "what ran in place of auth to end")


def test_in_a_container_what_takes_namespaces_is_not_tried(daemon):
    config = write(daemon, STATIC[version()])
    (daemon.folder / "elsewhere/auth").mkdir(parents=True)
    config.write_text(config.read_text().replace(f"mail_plugin_dir = {daemon.folder}/modules", f"mail_plugin_dir = {daemon.folder}/elsewhere"))
    assert not [row for row in found(daemon, config) if row["id"] == "dovecot-start" and "namespaces" in row["what"]]
    row, = found(daemon, config, prefix=CONTAINER)
    assert row["severity"] == "not judged" and "to try it takes namespaces of its own, and root has none here" in row["what"], row


def test_beside_the_one_that_runs(daemon):
    """Its ports, sockets and log are not touched."""
    with PrivateDovecot(daemon.folder, daemon.policy, {"bob@example.test": "secret"}, protocols=("imap",)) as dovecot:
        dovecot.imap_login("bob@example.test", "secret")
        # Each by a process of its own, in any order.
        rig.wait_for(lambda: all(dovecot.lines(line) for line in (r"imap-login: .*(Login|Logged in): user=", "Logged out")), "the end of the session")
        log = dovecot.text()
        assert found(daemon, dovecot.config) == []
        assert dovecot.text() == log
        dovecot.imap_login("bob@example.test", "secret")


# --- certificates


@pytest.fixture(scope="module")
def certificates(module_folder):
    return issue_all(module_folder)


def test_a_certificate_with_its_key_is_no_finding(daemon, certificates):
    good = certificates["good"]
    assert found(daemon, write(daemon, STATIC[version()], good.cert, good.key)) == []


@pytest.mark.parametrize("kind, what", [("expired", "expired on"), ("early", "is not valid before")])
def test_its_days_are_a_warning(daemon, certificates, kind, what):
    made = certificates[kind]
    row, = found(daemon, write(daemon, STATIC[version()], made.cert, made.key))
    assert (row["id"], row["severity"]) == ("dovecot-certificate-expired", "warning")
    assert row["what"].startswith(f"{made.cert} {what} "), row


def test_files_that_serve_for_nothing_are_errors(daemon, certificates):
    good, other = certificates["good"], certificates["other"]
    empty, missing = daemon.folder / "empty.pem", daemon.folder / "missing.pem"
    empty.write_text("nothing\n")
    for pair, what in {
        (good.cert, other.key): f"{other.key} is not the key of the certificate in {good.cert}",
        (empty, good.key): f"{empty} has no certificate in PEM form",
        (good.cert, empty): f"{empty} has no private key in PEM form",
        (missing, good.key): f"{missing}: No such file or directory",
        (good.cert, missing): f"{missing}: No such file or directory",
    }.items():
        row, = found(daemon, write(daemon, STATIC[version()], *pair))
        assert (row["id"], row["severity"], row["what"]) == ("dovecot-certificate", "error", what), row


def test_an_encrypted_key_is_not_judged(daemon, certificates):
    good, locked = certificates["good"], daemon.folder / "locked.pem"
    subprocess.run([rig.tool("openssl"), "pkey", "-in", good.key, "-aes256", "-passout", "pass:secret", "-out", locked], check=True,
                   capture_output=True, timeout=60)
    name = "ssl_key_password" if version() == "2.3" else "ssl_server_key_password"
    assert found(daemon, write(daemon, STATIC[version()] + f"{name} = secret\n", good.cert, locked)) == []


def test_those_of_a_filter_are_looked_at_too(daemon, certificates):
    good, other = certificates["good"], certificates["other"]
    text = "local_name other.example.test {\n" + TLS[version()].format(good.cert, other.key) + "}\n"
    row, = found(daemon, write(daemon, STATIC[version()] + text, good.cert, good.key))
    assert row["id"] == "dovecot-certificate" and row["setting"].startswith("local_name other.example.test/"), row
