"""mailwicket status: what runs, with which policy and directory, and an exit code for monitoring."""
import json
import re
import shutil
import subprocess

import pytest

import rig
from rig import guide
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, long_lived, version

ENFORCED = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
login "everywhere" { mode = audit }
connector "Client" {
    bindings = { "*:587" }
    permission_groups = { ExchangeUsers }
}
connector "Default" {
    bindings = { "*:25" }
    permission_groups = { AnonymousUsers }
    mode = audit
    audit_until = "2999-12-31"
    enforce_for = { it@example.test }
}
"""
AUDIT = ENFORCED.replace("{ ExchangeUsers }\n", "{ ExchangeUsers }\n    mode = audit\n").replace(
    "    enforce_for = { it@example.test }\n", "")
DIRECTORY = "user bob@example.test login=bob\ngroup it@example.test member=bob@example.test\n"
VERSION = subprocess.run([rig.CLI, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
NOBODY = ["setpriv", "--reuid=nobody", "--clear-groups"]


@pytest.fixture
def daemon(folder):
    with Daemon(ENFORCED, DIRECTORY, folder) as made:
        yield made


def status(daemon, *words, prefix=(), log="/dev/null"):
    # No Dovecot of this machine has a part in it.
    return subprocess.run([*prefix, rig.CLI, "-c", daemon.policy, *words, "status", "--log", log, "--dovecot-config",
                           daemon.folder / "no-dovecot.conf"], capture_output=True, text=True, timeout=120)


def told(daemon, code, **more):
    result = status(daemon, "--json", **more)
    assert result.returncode == code, result
    answer = json.loads(result.stdout)
    assert answer["status"] == ["good", "warning", "critical"][code]
    return answer


def problems(answer):
    return [(problem["severity"], problem["text"], problem["fix"]) for problem in answer["problems"]]


def test_all_good(daemon):
    result = status(daemon)
    assert (result.returncode, result.stderr) == (0, "") and result.stdout.startswith("good\n\n"), result
    assert f"runs: process {daemon.pid}, version " in result.stdout
    for line in ('  login "everywhere": audit\n', '  connector "Client": enforce\n',
                 '  connector "Default": audit until 2999-12-31; enforce for it@example.test\n'):
        assert line in result.stdout
    assert "/dev/null:\n  none\n" in result.stdout


def test_all_good_in_json(daemon):
    answer = told(daemon, 0)
    assert answer["problems"] == [] and answer["refusals"] == []
    now = answer["daemon"]
    assert (now["state"], now["process"], now["enforces"], now["reload_failed"]) == ("running", daemon.pid, True, False)
    assert now["policy"] == answer["policy"]["digest"] and now["directory"] == answer["directory"]["digest"]
    assert (answer["directory"]["sources"], answer["directory"]["users"]) == ("published", 1)
    modes = {(rule["kind"], rule["name"]): (rule["mode"], rule["audit_until"], rule["enforce_for"])
             for rule in answer["rules"]}
    assert ("login", "built-in") not in modes, "the rule everywhere leaves it nothing"
    assert modes["connector", "Default"] == ("audit", "2999-12-31", ["it@example.test"])
    assert modes["connector", "Client"] == ("enforce", None, [])


@pytest.mark.parametrize("policy", [ENFORCED, AUDIT], ids=["enforced", "audit"])
def test_no_daemon_is_critical(folder, policy):
    answer = told(Daemon(policy, DIRECTORY, folder, start=False), 2)
    assert answer["daemon"]["state"] == "away"
    assert problems(answer) == [("critical", f"no mailwicketd serves at {answer['daemon']['socket']}",
                                 "systemctl enable --now mailwicketd")]


def test_an_older_policy_after_a_failed_reload(daemon):
    socket = told(daemon, 0)["daemon"]["socket"]
    good = daemon.policy.read_text()
    daemon.write(daemon.policy, "surprise = yes\n")
    assert not daemon.reload()
    result = subprocess.run([rig.CLI, "-c", daemon.policy, "status", "--limit", "0", "--socket", socket, "--dovecot-config",
                             daemon.folder / "no-dovecot.conf"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 1, result
    assert "mailwicketd could not read the policy again, and goes on with the older one" in result.stdout
    assert f"the policy cannot be read: {daemon.policy}:1:" in result.stdout
    daemon.write(daemon.policy, good)
    assert problems(told(daemon, 1)) == [("warning", "mailwicketd could not read the policy again, and goes on with the older "
                                          "one", "systemctl reload mailwicketd")]
    assert daemon.reload()
    told(daemon, 0)


def test_a_policy_that_was_not_reloaded(daemon):
    daemon.write(daemon.policy, daemon.policy.read_text() + "# changed\n")
    assert problems(told(daemon, 1)) == [("warning", "mailwicketd runs another policy than the file has",
                                          "systemctl reload mailwicketd")]


@pytest.mark.parametrize("policy, code", [(ENFORCED, 2), (AUDIT, 1)], ids=["enforced", "audit"])
def test_a_missing_snapshot(folder, policy, code):
    with Daemon(policy, DIRECTORY, folder) as daemon:
        (daemon.published / "snapshot.mdb").unlink()
        answer = told(daemon, code)
        assert answer["directory"]["sources"] == "newer" and not answer["directory"]["readable"]
        found, = problems(answer)
        assert found[0] == ["", "warning", "critical"][code] and found[1].startswith("no directory can be read: ")
        assert found[2] == f"mailwicket -c {daemon.policy} sync" and "sync" not in found[1]
        daemon.sync()
        told(daemon, 0)


def test_a_directory_older_than_its_source(daemon):
    daemon.write(daemon.directory, DIRECTORY + "user new@example.test\n")
    answer = told(daemon, 1)
    assert problems(answer) == [("warning", "the published directory is older than its sources",
                                 f"mailwicket -c {daemon.policy} sync")]
    assert answer["directory"]["sources"] == "newer"


def test_a_suspension_that_nobody_is_known_by_any_more(daemon):
    assert daemon.cli("suspend", "bob", "--all").returncode == 0
    told(daemon, 0)
    daemon.write_directory(DIRECTORY.replace("user bob@example.test login=bob", "user robert@example.test")
                           .replace("member=bob", "member=robert"))
    found = problems(told(daemon, 1))
    assert [(level, text.split(" ")[0]) for level, text, _ in found] == [("warning", "bob@example.test")], found
    assert "who has another address now is not suspended" in found[0][1] and found[0][2].endswith("resume bob@example.test")


def test_who_may_not_ask_is_told_so(daemon):
    for folder in (daemon.folder, *daemon.folder.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    answer = told(daemon, 1, prefix=NOBODY)
    assert set(answer["daemon"]) == {"state", "socket"} and answer["daemon"]["state"] == "denied"
    assert problems(answer) == [("warning", f"{answer['daemon']['socket']} answers root alone: whether mailwicketd runs, and "
                                 "what, is not known", "")]


def test_the_newest_refusals_come_first_and_are_escaped(daemon):
    for sender in ("a@example.test", "b@example.test", '"x\x1b[31m"@example.test'):
        assert daemon.request(sasl_username="bob", sender=sender).startswith("5")
    assert daemon.request(sasl_username="bob", sender="bob@example.test") == "DUNNO"
    answer = told(daemon, 0, log=daemon.log)
    assert [refusal["verdict"] for refusal in answer["refusals"]] == ["refuse"] * 3
    assert [refusal["sender"] for refusal in answer["refusals"]][1:] == ["b@example.test", "a@example.test"]
    assert {(refusal["login"], refusal["rule"]) for refusal in answer["refusals"]} == {("bob", "Client")}
    text = status(daemon, log=daemon.log).stdout
    assert "\x1b" not in text and "sender=b@example.test" in text


def test_a_log_that_cannot_be_read_is_said(daemon):
    result = status(daemon, log=daemon.folder / "missing.log")
    assert result.returncode == 0 and "  the log could not be read\n" in result.stdout, result
    assert "missing.log" in result.stderr


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
def test_dovecots_modules(daemon):
    modules = daemon.folder / "modules"
    (modules / "login").mkdir(parents=True)
    config = daemon.folder / "dovecot.conf"
    new = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" if version() == "2.4" else ""
    passdb = "passdb mailwicket {\n}\n" if new else "passdb {\n  driver = mailwicket\n}\n"
    config.write_text(f"{new}login_plugin_dir = {modules}/login\nmail_plugin_dir = {modules}\nssl = no\n{passdb}")

    def look(code):
        result = subprocess.run([rig.CLI, "-c", daemon.policy, "--json", "status", "--limit", "0", "--dovecot-config", config],
                                capture_output=True, text=True, timeout=120)
        assert result.returncode == code, result
        return json.loads(result.stdout)

    answer = look(2)
    assert [module["there"] for module in answer["dovecot"]["modules"]] == [False, False]
    assert answer["dovecot"]["asks"] and answer["dovecot"]["policy"] is None and len(answer["problems"]) == 2
    (modules / "auth").mkdir()
    shutil.copy(rig.MODULES / "lib10_mailwicket_plugin.so", modules / "login")
    shutil.copy(rig.MODULES / "libauthdb_mailwicket.so", modules / "auth")
    for module in look(0)["dovecot"]["modules"]:
        assert module["there"] and ".ABIv" in module["dovecot"] and module["version"] == VERSION, module
        assert module["running"] is None, "no Dovecot runs by this configuration"


def put(path, data):
    """As a package manager does: the processes that have it keep the one before."""
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
def test_what_dovecots_processes_run_is_told_from_what_is_installed(daemon):
    dovecot = PrivateDovecot(daemon.folder, daemon.policy, {"bob": "secret"}, protocols=("imap",), extra=long_lived())
    files = [dovecot.modules / "login" / "lib10_mailwicket_plugin.so", dovecot.modules / "auth" / "libauthdb_mailwicket.so"]
    installed = [file.read_bytes() for file in files]

    def look(code):
        result = subprocess.run([rig.CLI, "-c", daemon.policy, "--json", "status", "--limit", "0", "--dovecot-config",
                                 dovecot.config], capture_output=True, text=True, timeout=120)
        assert result.returncode == code, result
        answer = json.loads(result.stdout)
        return [problem["text"] for problem in answer["problems"]], answer["dovecot"]["modules"]

    for file, data in zip(files, installed):
        mark = b"mailwicket module version " + VERSION.encode()
        assert data.count(mark) == 1
        put(file, data.replace(mark, b"mailwicket module version " + b"0.0.0-x"[:len(VERSION)]))
    with dovecot:
        dovecot.imap_login("bob", "secret")
        problems, modules = look(1)
        assert [problem.rpartition(" is version ")[2] for problem in problems] == [f"0.0.0, this program {VERSION}"] * 2
        assert all(module["running"]["processes"] and not module["running"]["earlier"] for module in modules), modules
        for file, data in zip(files, installed):
            put(file, data)
        problems, modules = look(1)
        assert len(problems) == 2 and all("run version 0.0.0 of " in problem and problem.endswith(f"version {VERSION}")
                                          for problem in problems), problems
        for module in modules:
            assert module["running"]["earlier"] == module["running"]["processes"] > 0, module
            assert module["running"]["earlier_version"] == "0.0.0"
        text = subprocess.run([rig.CLI, "-c", daemon.policy, "status", "--limit", "0", "--dovecot-config", dovecot.config],
                              capture_output=True, text=True, timeout=120).stdout
        assert "with an earlier copy of version 0.0.0: process " in text and f", version {VERSION}, built for " in text, text
    with dovecot:
        dovecot.imap_login("bob", "secret")
        problems, modules = look(0)
        assert all(module["running"]["processes"] and not module["running"]["earlier"] for module in modules), modules
        put(files[1], installed[1])
        problems, modules = look(1)
        assert [problem.rpartition(" run a copy of ")[2] for problem in problems] == [
            f"{modules[1]['path']} from before it was exchanged"]


def test_the_guides_command_takes_every_rule_of_its_policy_out_of_audit_mode(daemon):
    """Each is named as enforced, also one that stands on one line."""
    command, = re.findall(r"(?m)^    (sed -i .*audit.*) /etc/mailwicket/mailwicket.conf$", guide.INSTALL.read_text())
    daemon.write(daemon.policy, guide.policy(ports=None, audit=True))
    for mode in "audit", "enforce":
        shown = subprocess.run([rig.CLI, "-c", daemon.policy, "show"], capture_output=True, text=True, check=True, timeout=60).stdout
        modes = set(re.findall(r"(?m)^ *mode *= *(\w+)$", shown))
        assert modes == {mode}, shown
        subprocess.run(["sh", "-c", f"{command} {daemon.policy}"], check=True, timeout=60)
