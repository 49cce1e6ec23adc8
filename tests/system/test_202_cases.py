"""The submissions of tests/policy-cases, each asked of a running mailwicketd in Postfix's own words."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from rig.built import made
from rig.daemon import Daemon

SOURCE = Path(__file__).resolve().parents[2]


def read_worlds():
    """The cases by the policy and directory that they share."""
    printed = subprocess.run([made("tests/support/case_requests"), SOURCE / "tests" / "policy-cases"], capture_output=True,
                             text=True, check=True)
    worlds = {}
    for line in printed.stdout.splitlines():
        case = json.loads(line)
        worlds.setdefault(case["world"], []).append(case)
    return worlds


WORLDS = read_worlds()


def is_told_later(case):
    """A sender question that stops nothing: the relay question, which follows it, has the line."""
    request = dict(line.split(b"=", 1) for line in bytes.fromhex(case["request"]).splitlines() if line)
    return (request[b"policy_context"] == b"sender" and request[b"protocol_state"] in (b"MAIL", b"RCPT", b"VRFY")
            and case["verdict"] in ("permit", "would-refuse"))


def differences(daemon, case, action):
    """What mailwicketd answered and logged that the case does not expect."""
    found = []
    expected = case["reply"] or None  # nothing: the connection is closed
    if action != expected:
        found.append(f"answer {action!r}, expected {expected!r}")
    logged = daemon.logged(instance=f"{case['file']}.{case['line']}")
    if is_told_later(case):
        return found + [f"a log line: {line}" for line in logged]
    if len(logged) != 1:
        return found + [f"{len(logged)} log lines"]
    told = {"verdict": logged[0].get("verdict"), "reason": logged[0].get("reason"),
            "rule": logged[0].get("connector", "")}
    for field, value in told.items():
        if value != case[field] and not (field == "rule" and case["rule"] == ""):
            found.append(f"{field} {value!r}, expected {case[field]!r}")
    return found


def suspend_all(daemon, case):
    """Who is not in the directory was there alone when suspended, and is gone since."""
    for user, what in case["suspended"]:
        result = daemon.cli("suspend", user, what)
        if result.returncode == os.EX_NOUSER:
            daemon.write_directory(f"user {user}\n")
            result = daemon.cli("suspend", user, what)
            daemon.write_directory(case["directory"])
        assert result.returncode == 0, result.stderr


def through_former_names(directory):
    """The directory as it was before each rename, and as it is: former= is of copies alone, a program has keys and other names."""
    steps = []
    for number in range(3):
        lines = []
        for line in directory.splitlines(keepends=True):
            found = re.search(r" former=(\S+)", line)
            if found:
                kind, name = line.split()[:2]
                names = [*(former.split(":")[2] for former in found[1].split(",")), name, name][-3:]
                line = line.replace(found[0], f" source_key=key-of-{name}").replace(f"{kind} {name}", f"{kind} {names[number]}", 1)
            lines.append(line)
        steps.append("".join(lines))
    return steps if "former=" in directory else [directory]


def published(case, folder):
    """A daemon with the case's policy and directory. What no text has comes from a program: a name that is blocked, for a bad
    record of its source, and former names."""
    directory = re.sub(r'blocked="([^"\\]|\\.)*"', "imap=x", case["directory"])
    policy, steps = case["policy"], through_former_names(directory)
    if steps != [case["directory"]]:
        policy += (f'\ndirectory {{ path = "{folder / "published"}" source "program" {{ driver = exec '
                   f'command = {{ "/bin/cat", "{folder / "directory"}" }} }} }}\n')
    daemon = Daemon(policy, steps[0], folder, start=False)
    for step in steps[1:]:
        daemon.write_directory(step)
    return daemon


@pytest.mark.parametrize("world", WORLDS)
def test_mailwicketd_answers_and_logs_what_the_cases_expect(world, tmp_path):
    cases = WORLDS[world]
    daemon = published(cases[0], tmp_path)
    suspend_all(daemon, cases[0])
    if cases[0]["unavailable"]:
        (daemon.published / "snapshot.mdb").unlink()
    if cases[0]["unreadable"]:
        daemon.suspensions.parent.mkdir(exist_ok=True)
        daemon.suspensions.write_text("no list\n")
    with daemon.start():
        actions = []
        for case in cases:
            if daemon.connection is None or not daemon.connection.is_open():
                daemon.connection = daemon.connect()
            actions.append(daemon.connection.ask(bytes.fromhex(case["request"])))
        daemon.wait_log(r"mailwicket: v=1 ", sum(not is_told_later(case) for case in cases))
        wrong = [f"{case['file']}:{case['line']}: {case['name']}: {difference}"
                 for case, action in zip(cases, actions) for difference in differences(daemon, case, action)]
    assert not wrong, "\n".join(wrong)


def test_most_submissions_can_be_asked():
    """Few cases are left to the core alone: those about a day, a master user or a proxy."""
    assert sum(len(cases) for cases in WORLDS.values()) >= 250
