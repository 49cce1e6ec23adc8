"""mailwicket completion bash: the script, in a real bash, offers what the help of each command says."""
import re
import shlex
import subprocess

import pytest

import rig


def help_of(*command):
    return subprocess.run([rig.CLI, *command, "--help"], capture_output=True, text=True, check=True, timeout=20).stdout


COMMANDS = re.findall(r"^  ([a-z][a-z-]*) ", help_of(), re.M)
COMMON = {"-c", "--json", "--help"}


@pytest.fixture(scope="module")
def script(module_folder):
    path = module_folder / "mailwicket.bash"
    path.write_text(subprocess.run([rig.CLI, "completion", "bash"], capture_output=True, text=True, check=True,
                                   timeout=20).stdout)
    return path


@pytest.fixture(scope="module")
def complete(script, module_folder):
    """complete("explain", "--tls-o"): what bash would offer for the last word."""
    (module_folder / "files").mkdir()
    (module_folder / "files" / "policy.conf").touch()
    (module_folder / "files" / "two words").touch()

    def ask(*words):
        given = shlex.join(["mailwicket", *words])
        program = (f'source {shlex.quote(str(script))}\nset -u\nCOMP_WORDS=({given})\nCOMP_CWORD={len(words)}\n'
                   'complete -p mailwicket >&2\n_mailwicket mailwicket\nprintf "%s\\n" "${COMPREPLY[@]}"\n')
        done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, timeout=20,
                              cwd=module_folder / "files")
        assert (done.returncode, done.stderr) == (0, "complete -F _mailwicket mailwicket\n"), done.stderr
        return [line for line in done.stdout.splitlines() if line]
    return ask


def test_the_commands_of_the_help_are_offered_first(complete):
    assert {"check", "explain", "lookup", "completion"} <= set(COMMANDS)
    assert set(complete("")) == {*COMMANDS, "help"}
    assert complete("look") == ["lookup"]
    assert set(complete("-")) == {*COMMON, "--version"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_in_the_help_of_a_command_is_offered_and_no_other(complete, command):
    listed = set(re.findall(r"^  (--[a-z][a-z0-9-]*)", help_of(command), re.M))
    assert set(complete(command, "-")) == listed | COMMON
    for option in listed:
        assert option in complete(command, option[:-1])


@pytest.mark.parametrize("words, offered", [
    (("explain", ""), {"imap", "pop3", "sieve", "submission", "smtp"}),
    (("explain", "s"), {"sieve", "submission", "smtp"}),
    (("completion", ""), {"bash"}),
    (("explain", "smtp", "--verified", ""), {"yes", "no"}),
    (("explain", "smtp", "--verified", "=", "y"), {"yes"}),
    (("explain", "smtp", "--verified", "="), {"yes", "no"}),
    (("explain", "--verified=n",), {"--verified=no"}),
    (("show", "--generation", ""), {"2.3", "2.4"}),
    (("show", "--dovecot", "--gen"), {"--generation"}),
    (("explain", "--client", ""), set()),
    (("explain", "--client", "192.0.2.1", ""), {"imap", "pop3", "sieve", "submission", "smtp"}),
    (("explain", "--client", "=", "192.0.2.1", "im"), {"imap"}),
    (("-c", ""), {"policy.conf", "two words"}),
    (("-c", "policy.conf", "syn"), {"sync"}),
    (("explain", "smtp", "--request", "two"), {"two words"}),
    (("--json", "sync", ""), {*COMMON, "--dry-run", "--accept", "--follow", "--hand-over"}),
    (("lookup", "alice", ""), COMMON),
    (("nonsense", "--"), {"--json", "--help"}),
], ids=lambda words: " ".join(words if isinstance(words, tuple) else sorted(words)))
def test_what_may_stand_there_is_offered(complete, words, offered):
    assert set(complete(*words)) == offered


def test_the_script_answers_in_json_too_and_knows_no_other_shell():
    told = subprocess.run([rig.CLI, "--json", "completion", "bash"], capture_output=True, text=True, timeout=20)
    assert '"bash":"# Completion' in told.stdout.replace(": ", ":")
    for words in ([], ["fish"], ["bash", "bash"]):
        refused = subprocess.run([rig.CLI, "completion", *words], capture_output=True, text=True, timeout=20)
        assert refused.returncode == 64 and "bash" in refused.stderr and refused.stderr.count("\n") == 1


def test_the_build_installs_the_same_script(script):
    made = rig.build_folder() / "packaging" / "completion" / "mailwicket"
    assert made.read_text() == script.read_text()
