"""mailwicket why, on logs of situations that really happened: tests/logs/situations.table says what. Nothing is started here."""
import functools
import json
import random
import re
import subprocess
import sys

import pytest

import rig

sys.path.insert(0, str(rig.SOURCE / "tests" / "logs" / "generate"))
import table  # noqa: E402

# Causes and events of which a part of the log may tell as well, with the words that say so.
UNTOLD = {"all-well", "no-connection", "no-attempt", "no-smtp-lines", "not-understood", "message-unfinished", "still-open", "login-refused",
          "login-unfinished", "wrong-password"}
UNTOLD_EVENTS = {"silent", "begun", "connected", "open", "auth-failed", "login-unfinished"}
NOT_SHOWN = "the log does not show"
PARTS = 6
ROWS = table.rows()
LOGS = [pytest.param(row, log, id=f"{row.name}-{log.parent.name}") for row in ROWS for log in row.logs()]


@pytest.fixture(scope="module")
def policy(module_folder):
    folder = module_folder / "policy"
    folder.mkdir()
    for name, text in table.policy(folder).items():
        (folder / name).write_text(text)
    synced = subprocess.run([rig.CLI, "-c", folder / "mailwicket.conf", "sync"], capture_output=True, text=True, timeout=60)
    assert synced.returncode == 0, synced.stderr
    return folder / "mailwicket.conf"


@functools.lru_cache(maxsize=None)
def many():
    subprocess.run(["make", "-s", "tests/logs/many"], cwd=rig.build_folder(), check=True, timeout=300)
    return rig.build_folder() / "tests" / "logs" / "many"


def ask(policy, user, texts):
    """What `why` says of each of the logs: JSON, or None where no line tells anything of the user."""
    questions = b"".join(b"%s %d\n%s" % (user.encode(), len(text), text) for text in texts)
    done = subprocess.run([many(), policy], input=questions, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = re.findall(r"(.*?)^exit (\d+)$", done.stdout.decode(), re.S | re.M)
    assert len(answers) == len(texts) and {code for _, code in answers} <= {"0", "1", "67"}, done.stderr[-2000:]
    return [json.loads(text) if code == "0" else None for text, code in answers]


def causes(told):
    return [told["cause"], *told["also"]]


def words_of(told):
    """Everything that it says."""
    texts = [cause.get(key, "") for cause in causes(told) for key in ("text", "fix", "for_user")]
    return " ".join(" ".join([*texts, *[event["text"] for event in told["events"]], *told["notes"]]).split())


def claims(told):
    """What it says that happened."""
    found = set()
    for event in told["events"]:
        found.add((event["kind"], event["client"]))
        found.add((event["kind"], event["client"], "tls" if event.get("tls") else "tls unknown" if "tls" not in event else "no tls"))
        found.add((event["kind"], event["client"], "exposed" if event.get("exposed") else "not exposed"))
    return found


def untrue(row, whole, told):
    """What is wrong with an answer to a part of the log: `whole` is the answer to all of it."""
    found = []
    for cause in causes(told):
        if cause["id"] in {*row.causes, *row.also} - (UNTOLD - {"wrong-password"}):
            continue
        if cause["id"] not in UNTOLD | {*row.causes, *row.also}:
            found.append(f"{cause['id']} is no cause here")
        elif NOT_SHOWN not in cause["text"].lower():
            found.append(f"{cause['id']} is said without '{NOT_SHOWN}'")
    for event in told["events"]:
        if event["kind"] == "silent" and NOT_SHOWN not in event["text"].lower():
            found.append(f"{event['kind']} is said without '{NOT_SHOWN}'")
    for claim in claims(told) - claims(whole):
        if claim[0] not in UNTOLD_EVENTS and claim[-1] not in ("tls unknown", "not exposed"):
            found.append(f"{' '.join(claim)} did not happen")
    said = words_of(told).lower()
    return found + [f"{word!r} is said" for word in row.unsaid if word.lower() in said]


def changed(lines, name):
    """The log with lines left out, doubled or swapped within a second; always in the same ways. Each line is left out alone, and
    doubled and swapped with the next one among others."""
    chance = random.Random(name)
    for at in range(len(lines)):
        yield f"without line {at + 1}", lines[:at] + lines[at + 1:]
    for part in range(PARTS):
        yield f"every {PARTS}th line twice, from line {part + 1}", [
            line for at, line in enumerate(lines) for _ in range(2 if at % PARTS == part else 1)]
        yield f"every {PARTS}th line behind the next, from line {part + 1}", swapped(lines, part)
    for number in range(24):
        share = chance.choice((0.05, 0.2, 0.5, 0.8))
        yield f"part {number}", [line for line in lines if chance.random() > share]
    for number in range(6):
        yield f"shuffle {number}", shuffled(lines, chance)
        yield f"shuffled part {number}", shuffled([line for line in lines if chance.random() > 0.3], chance)


def swapped(lines, part):
    lines = list(lines)
    for at in range(part, len(lines) - 1, PARTS):
        if together(lines[at], lines[at + 1]):
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return lines


def second(line):
    """Of a stamp such as 2026-11-29T12:21:53.474083+00:00, with its part."""
    return float(line[17:26]) + 60 * int(line[14:16]) + 3600 * int(line[11:13])


def together(one, other):
    return abs(second(one) - second(other)) < 1


def shuffled(lines, chance):
    """Each line at another place, no further than a second."""
    return [line for _, line in sorted(((second(line) + chance.random(), line) for line in lines))]


def pending(row, part):
    if part in row.pending:
        pytest.xfail("pending")


@pytest.mark.parametrize("row, log", LOGS)
def test_the_true_cause_is_named(policy, row, log):
    pending(row, "cause")
    told = ask(policy, row.user, [log.read_bytes()])[0]
    cause = row.cause(log.parent.name.removeprefix("debian"))
    if cause == "-":
        assert told is None, json.dumps(told, indent=1)
        return
    assert told is not None, "nothing is told"
    wrong = untrue(row, told, told)
    if told["cause"]["id"] != cause or wrong:
        pytest.fail(f"{cause}: {'; '.join(wrong)}\n{json.dumps(told, indent=1)}", pytrace=False)


@pytest.mark.parametrize("row, log", LOGS)
def test_nothing_untrue_is_said_of_a_part(policy, row, log):
    pending(row, "parts")
    lines = log.read_text().splitlines(keepends=True)
    names, texts = zip(*changed(lines, row.name))
    whole, *answers = ask(policy, row.user, [text.encode() for text in ("".join(lines), *map("".join, texts))])
    wrong = [(name, untrue(row, whole, told)) for name, told in zip(names, answers) if told]
    if any(told for _, told in wrong):
        pytest.fail("\n".join(f"{name}: {'; '.join(told)}" for name, told in wrong if told), pytrace=False)


def test_every_log_has_a_row_and_every_row_its_logs():
    kept = {log for folder in table.LOGS.glob("debian*") for log in folder.iterdir()}
    assert kept == {log for row in ROWS for log in row.logs()}


def test_there_are_situations_enough():
    """A situation is told by its name, without the kind of server."""
    assert len({re.sub("-(plain|verbose|wired)$", "", row.name) for row in ROWS}) >= 120
