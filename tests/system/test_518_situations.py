"""mailwicket why, on logs of situations that really happened: tests/logs/situations.table says what. Nothing is started here."""
import json
import random
import re
import subprocess
import sys

import pytest

import rig
from rig.why_many import ask

sys.path.insert(0, str(rig.SOURCE / "tests" / "logs" / "generate"))
import table  # noqa: E402

# Causes and events of which a part of the log may tell as well, with the words that say so.
UNTOLD = {"all-well", "no-connection", "no-attempt", "no-smtp-lines", "not-understood", "message-unfinished", "still-open", "login-refused",
          "login-unfinished", "login-untold", "underway", "left-at-greeting", "left-after-ehlo", "left-without-tls", "left-after-tls", "starttls-failed", "message-refused", "unknown-commands",
          "sent-without-login", "sent-from-unknown"}
# Causes that are said with or without these words.
HEDGED = {"wrong-password", "reading-password", "auth-not-offered", "certificate"}
UNTOLD_EVENTS = {"silent", "begun", "underway", "connected", "open", "auth-failed", "login-unfinished", "auth-not-offered", "left-at-greeting",
                 "left-after-ehlo", "left-at-tls", "starttls-failed"}
# What is true as well where the whole log has one of these: there two lines are told as one event.
TOLD_BY = {
    "wrong-password": {"login-failed", "refused", "user-unknown"},
    "login-failed": {"refused", "server-fault", "user-unknown", "login-ended", "login-needs-tls", "mechanism-not-offered"},
    "rejected": {"refused", "no-login", "not-owned", "too-big", "server-fault", "limit"},
    "no-smtp": {"tls-hello"},
    "no-login": {"refused"},
    "cut": {"refused", "too-big", "content-refused", "server-fault", "limit", "pipelined", "line-ends", "rejected"},
    "submitted": {"held"},
    "deferred": {"expired", "delivered", "held"},
    "tls-failed": {"certificate-not-accepted", "tls-cut", "tls-too-old", "no-tls-hello", "server-fault", "limit"},
}
# Where a message comes from whose first line is missing: from nowhere, or from the content filter.
GIVEN_BACK = {"", "127.0.0.1"}
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


def causes(told):
    return [told["cause"], *told["also"]]


def words_of(told):
    """Everything that it says."""
    texts = [cause.get(key, "") for cause in causes(told) for key in ("text", "fix", "for_user")]
    return " ".join(" ".join([*texts, *[event["text"] for event in told["events"]], *told["notes"]]).split())


def claims(told):
    """What it says that happened, and that there was TLS or none."""
    found = {}
    for event in told["events"]:
        about = found.setdefault((event["kind"], event["client"]), set())
        untold = "tls" not in event or (event["kind"] == "refused" and "port" not in event)  # Dovecot's auth does not know
        about.add("TLS" if event.get("tls") else "unknown" if untold else "no TLS")
        about.add("exposed" if event.get("exposed") else "not exposed")
    return found


def unheard(whole, told):
    """Claims of an answer that the answer to the whole log does not have."""
    known = claims(whole)
    for (kind, client), about in claims(told).items():
        places = {place for _, place in known} if client in GIVEN_BACK else {client, ""}
        same = [known[other, place] for other in {kind, *TOLD_BY.get(kind, ())} for place in places if (other, place) in known]
        if kind in UNTOLD_EVENTS:
            same = [found for (_, other), found in known.items() if other == client] + [{"TLS", "no TLS"}] * (kind == "silent")
        if not same:
            yield f"{kind} from {client} did not happen"
        else:
            true = set().union({"unknown", "not exposed"}, *same)
            true |= {"TLS", "no TLS"} if any("unknown" in found for found in same) else set()
            yield from (f"{kind} from {client}: {word} is not true" for word in about - true)


def untrue(row, whole, told):
    """What is wrong with an answer to a part of the log: `whole` is the answer to all of it."""
    found = []
    for cause in causes(told):
        true = cause["id"] in {*row.causes, *row.also}
        if not true and cause["id"] not in UNTOLD | HEDGED:
            found.append(f"{cause['id']} is no cause here")
        elif true and cause["id"] not in UNTOLD:
            continue
        elif NOT_SHOWN not in cause["text"].lower():
            found.append(f"{cause['id']} is said without '{NOT_SHOWN}'")
    for event in told["events"]:
        if event["kind"] == "silent" and NOT_SHOWN not in event["text"].lower():
            found.append(f"{event['kind']} is said without '{NOT_SHOWN}'")
    found.extend(unheard(whole, told))
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
