"""mailwicket: check, show, explain, lookup, sync; and that explain says what mailwicketd answers."""
import json
import os
import random
import re
import shutil
import socket
import subprocess

import pytest

import rig
from rig import CLI, MAILWICKETD, SOURCE, dovecot, wait_for
from rig.text import whole_lines

DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary address=maria@example.test max_message_size=1MB max_recipients=3
user scanner@example.test message_rate_limit=unlimited relay=no imap=no
user eve@example.test login=eve smtp=no pop3=no
user boss@example.test senders=bob@example.test
group sales@example.test member=bob@example.test senders=authenticated
group team@example.test member=sales@example.test,mary@example.test senders=members
grant send-as sales@example.test bob@example.test
grant send-on-behalf boss@example.test mary@example.test
grant send-as *@granted.test team@example.test
grant send-as lone@other.test mary@example.test
"""

POLICY = """\
hostname = "mx.example.test"
recipient_delimiter = "+"
default_domain = "example.test"
accepted_domain "example.test" {{ type = Authoritative }}
accepted_domain "*.sub.test" {{ type = InternalRelay }}
login "local" {{
    remote = {{ "127.0.0.1" }}
    login_type = PlainTextLogin
}}
connector "Default" {{
    bindings = {{ "*:25" }}
    permission_groups = {{ AnonymousUsers, ExchangeUsers }}
}}
connector "Printers" {{
    bindings = {{ "*:25" }}
    remote_ip_ranges = {{ "10.1.0.0/16" }}
    auth_mechanism = {{ None }}
    permission_groups = {{ AnonymousUsers }}
    grant_permissions = {{ Accept-Any-Recipient }}
}}
connector "Client" {{
    bindings = {{ "*:587", "*:465" }}
    auth_mechanism = {{ Tls, BasicAuth, BasicAuthRequireTLS, Integrated }}
    permission_groups = {{ ExchangeUsers }}
    allow_null_sender = no
}}
connector "Strict" {{
    bindings = {{ "*:587" }}
    remote_ip_ranges = {{ "192.0.2.0/24" }}
    auth_mechanism = {{ Tls, BasicAuth, BasicAuthRequireTLS }}
    require_tls = yes
    permission_groups = {{ ExchangeUsers }}
}}
connector "Trial" {{
    bindings = {{ "*:2587" }}
    permission_groups = {{ ExchangeUsers }}
    mode = audit
}}
policy_service {{ listen = {{ "unix:{folder}/policy" }} socket_group = "root" }}
directory {{
    path = "{folder}/published"
    source "local" {{ driver = text path = "{folder}/directory" }}
}}
log {{ decisions = all }}
"""


class World:
    """A policy, a directory and the command to ask them with."""

    def __init__(self, folder):
        self.folder = folder
        self.policy = folder / "mailwicket.conf"
        self.directory = folder / "directory"
        (folder / "published").mkdir(mode=0o755)
        self.write(self.policy, POLICY.format(folder=folder))
        self.write(self.directory, DIRECTORY)

    @staticmethod
    def write(path, text):
        path.write_text(text)
        path.chmod(0o644)

    def run(self, *arguments, **options):
        return subprocess.run([CLI, "-c", self.policy, *arguments], capture_output=True, text=True, timeout=60, **options)

    def json(self, *arguments, **options):
        result = self.run("--json", *arguments, **options)
        return result.returncode, json.loads(result.stdout)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("cli"))
    result = made.run("sync")
    assert result.returncode == 0, result.stderr
    return made


@pytest.fixture
def own_world(tmp_path):
    return World(tmp_path)


# --- the command line

@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["--nonsense"], ["check", "extra"], ["check", "--nonsense"], ["explain"], ["explain", "gopher"],
    ["explain", "smtp", "--client"], ["explain", "smtp", "--client", "here"], ["explain", "smtp", "--port", "0"],
    ["explain", "smtp", "--port", "65536"], ["explain", "smtp", "--stage", "LUNCH"], ["explain", "imap", "--size", "much"],
    ["explain", "smtp", "--today", "2026-02-30"], ["lookup"], ["lookup", "a", "b"], ["sync", "now"],
    ["show", "--generation", "1.0"], ["show", "--dovecot", "--generation", "1.0"], ["show", "--generation", "2.4"],
    ["show", "--postfix", "--dovecot"], ["show", "--postfix", "--generation", "2.4"], ["sync", "--accept", "x", "--hand-over", "x"],
    ["show", "--postfix=yes"], ["-c"],
])
def test_a_wrong_command_line_is_one_clear_line_and_exit_64(arguments):
    result = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=20)
    assert result.returncode == 64
    assert result.stdout == ""
    assert re.fullmatch(r"mailwicket: [^\n]+\n", result.stderr)


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["--version"], ["check", "--help"], ["show", "--help"],
                                       ["explain", "--help"], ["lookup", "--help"], ["sync", "--help"]])
def test_help_and_version_go_to_standard_output(arguments):
    result = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=20)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip()


def test_every_option_of_explain_is_in_the_manual_page():
    listed = subprocess.run([CLI, "explain", "--help"], capture_output=True, text=True, timeout=20).stdout
    page = (SOURCE / "docs/man/mailwicket.1").read_text()
    for option in re.findall(r"^  --([a-z-]+)", listed, re.M):
        assert f"Fl -{option}" in page, option


def test_an_answer_that_cannot_be_written_is_an_error(world):
    with open("/dev/full", "w") as full:
        result = subprocess.run([CLI, "-c", world.policy, "show"], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert result.returncode == 74


# --- check

MISTAKES = """\
hostname = "mx.example.test"
replies = sometimes
nonsense = yes
accepted_domain "exa mple" { type = Authoritative }
login "one" { login_type = Secure }
connector "a" {
    bindings = { "*:99999" }
    max_message_size = "many"
    permission_groups = { Everybody }
}
"""
MISTAKEN_LINES = [2, 3, 4, 5, 7, 8, 9]


def test_cli_01_check_reports_all_seven_mistakes_with_line_and_accepted_values(own_world):
    own_world.write(own_world.policy, MISTAKES)
    result = own_world.run("check")
    assert result.returncode == 78
    lines = result.stderr.splitlines()
    for number in MISTAKEN_LINES:
        mine = [line for line in lines if re.match(re.escape(f"{own_world.policy}:{number}:") + r"\d+: error: ", line)]
        assert mine, (number, result.stderr)
    for accepted in ("classic", "Authoritative", "SecureLogin", "AnonymousUsers"):
        if accepted != "Authoritative":
            assert accepted in result.stderr
    code, answer = own_world.json("check")
    assert code == 78 and answer["ok"] is False
    assert set(MISTAKEN_LINES) <= {message["line"] for message in answer["messages"]}


def test_check_reads_the_directory_sources_too_and_publishes_nothing(own_world):
    own_world.write(own_world.directory, DIRECTORY + "user bob@example.test\n")
    result = own_world.run("check")
    assert result.returncode == 65
    assert f"{own_world.directory}:{DIRECTORY.count(chr(10)) + 1}:" in result.stderr
    assert not list((own_world.folder / "published").iterdir())
    assert own_world.run("check", "--policy-only").returncode == 0


def test_check_of_a_good_policy_says_so(world):
    result = world.run("check")
    assert result.returncode == 0, result.stderr
    assert "no error" in result.stdout
    code, answer = world.json("check")
    assert (code, answer["ok"], answer["directory"]["users"]) == (0, True, 5)


@pytest.mark.parametrize("command", [["check"], ["show"], ["show", "--postfix"], ["explain", "imap"], ["lookup", "bob"],
                                     ["sync"]])
@pytest.mark.parametrize("kind", ["missing", "writable", "symlink", "folder"])
def test_every_command_refuses_a_policy_file_that_is_not_fit(own_world, command, kind):
    if kind == "missing":
        own_world.policy.unlink()
    elif kind == "writable":
        own_world.policy.chmod(0o666)
    elif kind == "symlink":
        own_world.policy.rename(own_world.folder / "elsewhere")
        own_world.policy.symlink_to(own_world.folder / "elsewhere")
    else:
        own_world.policy.unlink()
        own_world.policy.mkdir()
    result = own_world.run(*command)
    assert result.returncode == 78
    assert str(own_world.policy) in result.stderr
    code, answer = own_world.json(*command)
    assert code == 78 and answer["ok"] is False


# --- show

def test_show_prints_a_policy_that_reads_back_to_the_same(world, tmp_path):
    first = world.run("show").stdout
    again = tmp_path / "again.conf"
    World.write(again, first)
    result = subprocess.run([CLI, "-c", again, "show"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stderr
    assert result.stdout == first
    code, answer = world.json("show")
    assert code == 0
    assert [connector["name"] for connector in answer["connectors"]] == \
        ["Default", "Printers", "Client", "Strict", "Trial"]


def postfix_files(world, tmp_path):
    text = world.run("show", "--postfix").stdout
    main, master = text.split("# --- master.cf", 1)
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\nmyhostname = mx.example.test\n" + main)
    (tmp_path / "master.cf").write_text("#" + master)
    return tmp_path


def postconf(folder, *arguments):
    tool = shutil.which("postconf", path=os.environ["PATH"] + ":/usr/sbin")
    if tool is None:
        pytest.skip("no Postfix on this machine")
    result = subprocess.run([tool, "-c", folder, *arguments], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_postfix_reads_the_lines_that_show_prints_without_a_warning(world, tmp_path):
    folder = postfix_files(world, tmp_path)
    settings = dict(line.split(" = ", 1) for line in postconf(folder, "-n").splitlines() if " = " in line)
    assert settings["smtpd_relay_restrictions"].startswith("check_policy_service")
    assert "policy_context=relay" in settings["smtpd_relay_restrictions"]
    assert settings["smtpd_end_of_data_restrictions"].startswith("check_policy_service")
    services = postconf(folder, "-M").splitlines()
    assert {line.split()[0] for line in services} == {"smtp", "submission", "submissions", "2587"}
    options = postconf(folder, "-P")
    assert "submission/inet/smtpd_tls_auth_only = yes" in options
    assert "submissions/inet/smtpd_tls_wrappermode = yes" in options


def test_dovecot_reads_the_lines_that_show_prints(world, tmp_path):
    path, version = tmp_path / "dovecot.conf", dovecot.version()
    if version is None:
        pytest.skip("no Dovecot on this machine")
    text = world.run("show", "--dovecot", "--generation", version).stdout
    assert world.run("show", "--dovecot").stdout == text, "this machine's Dovecot unless another is named"
    head = "" if version == "2.3" else f"dovecot_config_version = {version}.0\ndovecot_storage_version = {version}.0\n"
    path.write_text(head + text.replace("ssl = yes", "ssl = no"))
    result = subprocess.run([rig.tool("doveconf"), "-n", "-c", path], capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stderr
    assert "mailwicket" in result.stdout
    assert "return-fail" in result.stdout


def test_dovecot_is_told_to_allow_cleartext_only_when_a_rule_needs_it(own_world):
    assert "disable_plaintext_auth = no" in own_world.run("show", "--dovecot", "--generation", "2.3").stdout
    assert "auth_allow_cleartext = yes" in own_world.run("show", "--dovecot", "--generation", "2.4").stdout
    own_world.write(own_world.policy, "")
    assert "disable_plaintext_auth = yes" in own_world.run("show", "--dovecot", "--generation", "2.3").stdout
    assert "auth_allow_cleartext = no" in own_world.run("show", "--dovecot", "--generation", "2.4").stdout


def test_the_mailwicket_passdb_stops_at_its_own_refusal(world):
    text = world.run("show", "--dovecot").stdout
    for line in ("driver = mailwicket", "result_success = continue", "result_failure = return-fail",
                 "result_internalfail = return-fail"):
        assert line in text


# --- explain

EXPLAINED = [
    # protocol, facts, exit code, reason, the protocol's own answer or None where the command goes on
    ("imap", "--client 192.0.2.7 --mechanism LOGIN", 1, "login-without-tls",
     "NO [PRIVACYREQUIRED] Command is not valid in this state."),
    ("imap", "--client 127.0.0.1", 0, "permitted", None),
    ("imap", "--client 192.0.2.7 --tls TLSv1.3 --login bob", 0, "permitted", None),
    ("imap", "--client 192.0.2.7 --tls TLSv1.1 --login bob", 1, "login-without-tls",
     "NO [PRIVACYREQUIRED] Command is not valid in this state."),
    ("imap", "--client 192.0.2.7 --tls TLSv1.3 --login scanner@example.test", 1, "service-disabled",
     "NO [AUTHENTICATIONFAILED] Authentication failed."),
    ("imap", "--client 192.0.2.7 --tls TLSv1.3 --login who", 1, "unknown-login",
     "NO [AUTHENTICATIONFAILED] Authentication failed."),
    ("pop3", "--client 192.0.2.7 --tls TLSv1.3 --login eve", 1, "service-disabled", "-ERR [AUTH] Authentication failed."),
    ("sieve", "--client 192.0.2.7 --tls TLSv1.3 --login eve", 0, "permitted", None),
    ("smtp", "--client 198.51.100.9 --tls TLSv1.3 --login bob --sender bob@example.test --recipient x@remote.test", 0,
     "permitted", "DUNNO"),
    ("smtp", "--client 198.51.100.9 --tls TLSv1.3 --login bob --sender bob@example.test --recipient x@remote.test"
     " --context relay", 0, "permitted", "OK"),
    ("smtp", "--client 198.51.100.9 --tls TLSv1.3 --login bob --sender mary@example.test --recipient x@remote.test", 1,
     "send-as-denied", "550 5.7.1 Client does not have permissions to send as this sender"),
    ("smtp", "--client 198.51.100.9 --login bob --sender bob@example.test", 1, "basic-without-tls",
     "538 5.7.11 Encryption required for requested authentication mechanism"),
    ("smtp", "--client 198.51.100.9 --port 587 --sender bob@example.test", 1, "not-authenticated",
     "530 5.7.1 Client was not authenticated"),
    ("smtp", "--client 192.0.2.7 --port 587 --sender bob@example.test", 1, "tls-required",
     "530 5.7.0 Must issue a STARTTLS command first"),
    ("smtp", "--client 198.51.100.9 --sender x@remote.test --recipient y@remote.test", 1, "relay-denied",
     "550 5.7.1 Unable to relay"),
    ("smtp", "--client 10.1.2.3 --port 25 --sender x@remote.test --recipient y@remote.test", 0, "permitted", "DUNNO"),
    ("smtp", "--client 198.51.100.9 --port 2525 --sender x@remote.test", 75, "no-connector",
     "450 4.3.5 Server configuration problem, no connector for this listener and client"),
    ("smtp", "--client 198.51.100.9 --port 2587 --tls TLSv1.3 --login bob --sender mary@example.test"
     " --recipient bob@example.test", 0, "send-as-denied", "DUNNO"),
]


@pytest.mark.parametrize("protocol,facts,code,reason,answer", EXPLAINED)
def test_explain_says_reason_answer_and_exit_code(world, protocol, facts, code, reason, answer):
    result = world.run("explain", protocol, *facts.split())
    assert result.returncode == code, result.stdout + result.stderr
    if answer is not None:
        assert f"answer: {answer}\n" in result.stdout
    if reason != "permitted":
        assert reason in result.stdout
    json_code, told = world.json("explain", protocol, *facts.split())
    last = told["decisions"][-1]
    assert (json_code, last["reason"], last["answer"]) == (code, reason, answer)
    assert last["trace"]


def test_explain_shows_the_failed_check_the_rule_and_what_to_do(world):
    result = world.run("explain", "smtp", "--client", "198.51.100.9", "--tls", "TLSv1.3", "--login", "bob",
                       "--sender", "mary@example.test", "--recipient", "x@remote.test")
    line = POLICY.splitlines().index('connector "Client" {{') + 1
    assert f"{world.policy}:{line}" in result.stdout
    assert re.search(r"sender +failed", result.stdout)
    assert "fix: " in result.stdout


def test_explain_without_a_directory_is_undecided(own_world):
    result = own_world.run("explain", "smtp", "--tls", "TLSv1.3", "--client", "198.51.100.9", "--login", "bob",
                           "--sender", "bob@example.test")
    assert result.returncode == 75
    assert "undecided" in result.stdout


# --- explain and mailwicketd say the same

class Daemon:
    """mailwicketd in the foreground, and one policy connection to it after the other."""

    def __init__(self, world):
        self.world = world
        self.log = world.folder / "daemon.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([MAILWICKETD, "-f", "-c", world.policy], stderr=log, stdout=log)
        self.connection = None
        self.connect()

    def connect(self):
        self.connection = wait_for(self.connected, "mailwicketd to listen")

    def connected(self):
        assert self.process.poll() is None, self.log.read_text()
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(str(self.world.folder / "policy"))
            return made
        except OSError:
            made.close()
            return None

    def ask(self, text):
        """The action, or None where the connection was closed instead."""
        self.connection.sendall(text.encode())
        answer = b""
        self.connection.settimeout(rig.PATIENCE)
        while not answer.endswith(b"\n\n"):
            part = self.connection.recv(4096)
            if not part:
                self.connection.close()
                self.connect()
                return None
            answer += part
        assert answer.startswith(b"action=")
        return answer[7:-2].decode()

    def logged(self, instance):
        def written():
            return [line for line in whole_lines(self.log.read_text()) if f"instance={instance} " in line + " "]
        line = rig.wait_for(written, f"the line of {instance}")
        assert len(line) == 1, instance
        return dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', line[0]))

    def stop(self):
        self.connection.close()
        self.process.terminate()
        assert self.process.wait(rig.PATIENCE) == 0


@pytest.fixture(scope="module")
def daemon(world):
    made = Daemon(world)
    yield made
    made.stop()


ADDRESSES = ["", "bob@example.test", "BOB@Example.Test", "bob+x@example.test", "sales@example.test", "maria@example.test",
             "mary@example.test", "nobody@example.test", "any@granted.test", "lone@other.test", "x@remote.test",
             "x@a.sub.test", "x@sub.test", "boss@example.test", "team@example.test", "postmaster", "a@b@c", "x%y@remote.test",
             "bob@example.test.", '"bob"@example.test', "not an address", "@example.test", "bob@exämple.test"]


def random_request(chance, number):
    tls = chance.choice([("", "", 0), ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256), ("TLSv1.2", "AES128-SHA", 128),
                         ("TLSv1.1", "AES256-SHA", 256), ("TLSv1.2", "DES-CBC3-SHA", 112)])
    login = chance.choice(["", "", "bob", "bob", "bob", "mary", "mary", "eve", "scanner@example.test", "BOB@Example.Test",
                           "nobody", "maria@example.test"])
    stage = chance.choice(["CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "RCPT", "RCPT", "RCPT", "DATA", "END-OF-MESSAGE",
                           "VRFY", "ETRN"])
    return {
        "request": "smtpd_access_policy", "protocol_state": stage, "protocol_name": "ESMTP",
        "client_address": chance.choice(["198.51.100.9", "192.0.2.7", "10.1.2.3", "127.0.0.1", "2001:db8::7"]),
        "client_port": "40000", "server_address": "203.0.113.1",
        "server_port": chance.choice(["25", "587", "587", "465", "2587", "2525"]),
        "sender": chance.choice(ADDRESSES), "recipient": chance.choice(ADDRESSES),
        "recipient_count": str(chance.choice([0, 1, 3, 4, 201])) if stage in ("DATA", "END-OF-MESSAGE") else "0",
        "size": str(chance.choice([0, 1000, 1048577, 37748736, 37748737])), "instance": f"mw.{number}.x",
        "etrn_domain": chance.choice(["example.test", "remote.test"]) if stage == "ETRN" else "",
        "sasl_method": chance.choice(["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "NTLM", "X-FOO", "XCLIENT"])
        if login else "", "sasl_username": login, "encryption_protocol": tls[0], "encryption_cipher": tls[1],
        "encryption_keysize": str(tls[2]), "policy_context": chance.choice(["", "relay"]),
    }


OPTIONS = {"protocol_state": "stage", "client_address": "client", "server_port": "port", "sender": "sender",
           "recipient": "recipient", "recipient_count": "recipient-count", "size": "size", "etrn_domain": "etrn-domain",
           "sasl_method": "mechanism", "sasl_username": "login", "encryption_cipher": "cipher",
           "encryption_keysize": "bits", "policy_context": "context"}


def as_options(request):
    words = ["--tls", request["encryption_protocol"] or "none"]
    for attribute, option in OPTIONS.items():
        words += [f"--{option}", request[attribute]]
    return words


def test_cli_02_explain_and_mailwicketd_say_the_same_of_200_random_facts(world, daemon):
    chance = random.Random(500)
    reasons = set()
    for number in range(200):
        request = random_request(chance, number)
        text = "".join(f"{name}={value}\n" for name, value in request.items()) + "\n"
        action = daemon.ask(text)
        logged = daemon.logged(request["instance"])
        for told in (world.json("explain", "smtp", "--request", "-", input=text)[1],
                     world.json("explain", "smtp", *as_options(request))[1]):
            decision = told["decisions"][-1]
            assert decision["answer"] == action, request
            assert decision["reason"] == logged["reason"], request
            assert logged.get("connector", "").strip('"') in json.dumps(decision["rule"]), request
            assert logged.get("rule", "").strip('"').rpartition(":")[2] in json.dumps(decision["rule"]), request
        reasons.add(logged["reason"])
    assert len(reasons) >= 10, reasons


def test_a_captured_request_that_is_none_is_refused_with_its_line(world):
    result = world.run("explain", "smtp", "--request", "-", input="request=smtpd_access_policy\nnonsense\n\n")
    assert result.returncode == 66
    assert "line 2" in result.stderr
    assert world.run("explain", "smtp", "--request", str(world.folder / "none")).returncode == 66
    assert world.run("explain", "imap", "--request", "-", input="a=b\n\n").returncode == 64


# --- the manual

def test_the_policy_of_the_manual_is_one(own_world):
    manual = (SOURCE / "docs/man/mailwicket.conf.5").read_text()
    text = manual.partition(".Bd -literal -offset indent\n")[2].partition(".Ed\n")[0]
    assert "Printers" in text
    own_world.write(own_world.policy, text)
    code, told = own_world.json("check", "--policy-only")
    assert (code, told["messages"]) == (0, [])


# --- lookup

def test_lookup_names_who_receives_and_who_may_send_as_it(world):
    code, told = world.json("lookup", "sales@example.test")
    assert code == 0
    assert (told["kind"], told["receives"], told["senders"]) == ("group", "sales@example.test", "authenticated")
    assert told["send_as"] == ["bob@example.test"]
    code, told = world.json("lookup", "boss@example.test")
    assert told["send_on_behalf"] == ["mary@example.test"]
    assert told["senders"] == ["bob@example.test"]


def test_lookup_of_a_user_says_what_it_may_do(world):
    code, told = world.json("lookup", "eve")
    assert (code, told["kind"], told["receives"]) == (0, "user", "eve@example.test")
    assert told["may"] == {"imap": True, "pop3": False, "sieve": True, "smtp": False, "relay": True}
    code, told = world.json("lookup", "mary")
    assert told["addresses"] == sorted(told["addresses"]) and {"mary@example.test", "maria@example.test"} <= set(told["addresses"])
    assert "mary@example.test" in told["logins"]
    code, told = world.json("lookup", "bob")
    assert "sales@example.test" in told["may_send_as"]
    assert set(told["groups"]) == {"sales@example.test", "team@example.test"}
    code, told = world.json("lookup", "mary")
    assert told["max_message_size"] == "1MB"
    assert told["may_send_on_behalf"] == ["boss@example.test"]


def test_lookup_finds_aliases_extensions_and_grants_on_foreign_addresses(world):
    assert world.json("lookup", "Maria@Example.Test")[1]["receives"] == "mary@example.test"
    assert world.json("lookup", "bob+news@example.test")[1]["receives"] == "bob@example.test"
    code, told = world.json("lookup", "lone@other.test")
    assert (code, told["receives"], told["send_as"]) == (0, None, ["mary@example.test"])
    code, told = world.json("lookup", "any@granted.test")
    assert (code, told["send_as"]) == (0, ["team@example.test"])


def test_lookup_of_what_nobody_has_is_exit_1_and_without_a_directory_75(world, own_world):
    for unknown in ("who@example.test", "who", "a@b@c", " ", "x" * 5000):
        assert world.run("lookup", unknown).returncode == 1, unknown
        code, told = world.json("lookup", unknown)
        assert (code, told["known"]) == (1, False)
    assert own_world.run("lookup", "bob").returncode == 75


def test_lookup_in_words(world):
    text = world.run("lookup", "bob").stdout
    assert "user bob@example.test" in text
    assert re.search(r"^addresses: +bob@example.test", text, re.MULTILINE)
    assert re.search(r"may also send as: +sales@example.test", text)


# --- sync

def test_sync_publishes_reports_and_changes_nothing_twice(own_world):
    code, told = own_world.json("sync", "--dry-run")
    assert (code, told["published"], told["users"], told["groups"]) == (0, False, 5, 2)
    assert not list((own_world.folder / "published").iterdir())
    code, told = own_world.json("sync")
    assert (code, told["published"], told["added"]) == (0, True, 7)
    assert own_world.json("lookup", "bob")[0] == 0


def test_sync_reports_every_error_with_its_line_and_changes_nothing(own_world):
    assert own_world.run("sync").returncode == 0
    before = (own_world.folder / "published" / "snapshot.mdb").read_bytes()
    lines = DIRECTORY.count("\n")
    own_world.write(own_world.directory, DIRECTORY + "user bob@example.test\ngrant send-as bob@example.test who@example.test\n"
                    "group g@example.test member=none@example.test\nnonsense here\nuser z@example.test colour=red\n")
    result = own_world.run("sync")
    assert result.returncode == 65
    for number in range(lines + 1, lines + 6):
        assert f"{own_world.directory}:{number}:" in result.stderr, result.stderr
    assert "unchanged" in result.stderr
    assert (own_world.folder / "published" / "snapshot.mdb").read_bytes() == before
    code, told = own_world.json("sync")
    assert (code, told["ok"]) == (65, False) and len(told["messages"]) >= 5


def test_sync_with_a_missing_source_is_a_temporary_failure(own_world):
    own_world.directory.unlink()
    result = own_world.run("sync")
    assert result.returncode == 75
    assert str(own_world.directory) in result.stderr


def test_an_answer_in_json_stays_json_whatever_is_asked(world):
    for hostile in ('"', "\\", "\n", "\u2028", "<script>", "a\x01b", "ü", "x" * 100000):
        for command in (["lookup", hostile], ["explain", "smtp", "--tls", "TLSv1.3", "--login", hostile, "--sender", hostile],
                        ["explain", "imap", "--login", hostile, "--tls", hostile, "--cipher", hostile]):
            world.json(*command)
