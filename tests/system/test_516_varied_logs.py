"""mailwicket why, on every kept log written in another form, of another address or name, or beside others: it says the same."""
import datetime
import json
import re
import subprocess
import sys
from collections import defaultdict

import pytest

import rig
from rig import field_log
from rig.why_many import ask

sys.path.insert(0, str(rig.SOURCE / "tests" / "logs" / "generate"))
import table  # noqa: E402

LOGS = rig.SOURCE / "tests" / "logs"
LINE = re.compile(r"(?P<stamp>\w{3} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) (?P<host>[^\s:]+) "
                  r"(?P<tag>(?P<program>[^\s:\[]+)(?:\[(?P<process>\d+)\])?): (?P<said>.*)$")
# A whole story of somebody else: a login that fails, one that does not, a message that is sent back.
CAROL = """\
dovecot: imap-login: Login: user=<carol>, method=PLAIN, rip=198.51.100.77, lip=203.0.113.1, mpid=77, TLS, session=<c>
postfix/submission/smtpd[9777]: connect from c.example.net[198.51.100.77]
postfix/submission/smtpd[9777]: warning: c.example.net[198.51.100.77]: SASL PLAIN authentication failed: x, sasl_username=carol
postfix/submission/smtpd[9777]: 7C0FFEE777: client=c.example.net[198.51.100.77], sasl_method=PLAIN, sasl_username=carol
postfix/qmgr[33]: 7C0FFEE777: from=<carol@example.org>, size=9, nrcpt=1 (queue active)
postfix/smtp[98]: 7C0FFEE777: to=<bob@example.org>, relay=mx[198.51.100.1]:25, delay=1, dsn=5.0.0, status=bounced (550 not you)
postfix/qmgr[33]: 7C0FFEE777: removed
postfix/submission/smtpd[9777]: disconnect from c.example.net[198.51.100.77] ehlo=2 auth=1/2 mail=1 rcpt=1 data=1 commands=6/7\
""".splitlines()


def parts(line):
    return LINE.match(line)


def each(write):
    """The log with each line written anew; None where a line has no host or no time."""
    return lambda lines: [write(parts(line)) for line in lines] if all(map(parts, lines)) else None


def moment(line):
    text = line["stamp"].replace(" ", "T") if line["stamp"][0].isdigit() else ""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if re.search(r"T.*(Z|[+-]\d\d:\d\d)$", text) else None


def with_moments(write):
    def written(lines):
        found = [parts(line) for line in lines]
        return [write(line) for line in found] if all(found) and all(map(moment, found)) else None
    return written


def object_of(line):
    return json.dumps({"MESSAGE": line["said"], "_PID": line["process"] or "1", "SYSLOG_IDENTIFIER": line["program"],
                       "__REALTIME_TIMESTAMP": str(int(moment(line).timestamp() * 1000000))})


def replaced(*pairs):
    def written(lines):
        for pattern, new in pairs:
            lines = [re.sub(pattern, new, line) for line in lines]
        return lines
    return written


def beside_carol(lines):
    if not all(map(parts, lines)):
        return None
    written, told = [], 0
    for at, line in enumerate(lines, 1):
        until = at * len(CAROL) // len(lines)
        written += [line, *[f"{parts(line)['stamp']} mail {said}" for said in CAROL[told:until]]]
        told = until
    return written


def after_carol(lines):
    """A day later, in the same file."""
    begin = parts(lines[0])
    if not begin or not moment(begin):
        return None
    stamp = (moment(begin) - datetime.timedelta(days=1)).isoformat()
    return [f"{stamp} mail {said}" for said in CAROL] + lines


WAYS = {
    "docker compose": each(lambda line: "mail-1  | " + line[0]),
    "docker logs -t": with_moments(lambda line: f"{moment(line).isoformat()} {line[0]}"),
    "RFC 5424": with_moments(lambda line: f"<22>1 {moment(line).isoformat()} {line['host']} {line['program']} "
                                          f"{line['process'] or '-'} - - {line['said']}"),
    "the journal's objects": with_moments(object_of),
    "busybox": each(lambda line: f"{line['stamp']} {line['host']} mail.info {line['tag']}: {line['said']}"),
    "another host": each(lambda line: f"{line['stamp']} mx-2_b.sub.example.com {line['tag']}: {line['said']}"),
    "CRLF": lambda lines: [line + "\r" for line in lines],
    "IPv6": replaced(("192[.]0[.]2[.]7", "2001:db8:1::7"), ("192[.]0[.]2[.]8", "2001:db8:2::8")),
    "in capitals": replaced(("(sasl_username=)bob", r"\1BOB"), ("user=<bob", "user=<Bob"), (r"([(])bob([,@)])", r"\1BOB\2")),
    "beside another user": beside_carol,
    "a day after another user": after_carol,
}
SOMEBODY_ELSES = {"beside another user", "a day after another user"}


def fields():
    for line in (LOGS / "causes.table").read_text().splitlines():
        name, user = (field.strip() for field in line.split("|")[:2])
        yield name, user, LOGS / name


def situations():
    for row in table.rows():
        for log in row.logs():
            yield f"{log.parent.name}/{row.name}", row.user, log


def policy_of(folder, kind):
    folder.mkdir()
    if kind is fields:
        return field_log.policy(folder)
    for name, text in table.policy(folder).items():
        (folder / name).write_text(text)
    synced = subprocess.run([rig.CLI, "-c", folder / "mailwicket.conf", "sync"], capture_output=True, text=True, timeout=60)
    assert synced.returncode == 0, synced.stderr
    return folder / "mailwicket.conf"


def read(log):
    return [line.rstrip("\r") for line in log.read_text().split("\n") if line.rstrip("\r")]


def answers(policy, logs):
    """By name. The logs of one user are asked about in one go."""
    asked = defaultdict(list)
    for name, (user, lines) in logs.items():
        asked[user].append((name, "".join(line + "\n" for line in lines).encode()))
    return {name: told for user, texts in asked.items()
            for (name, _), told in zip(texts, ask(policy, user, [text for _, text in texts]))}


def brief(told, way):
    """That there is no SMTP from an address is said only where the log has any SMTP: somebody else's, too."""
    if told is None:
        return None
    kinds = {event["kind"] for event in told["events"]} - ({"silent"} if way in SOMEBODY_ELSES else set())
    return told["cause"]["id"], sorted(kinds)


@pytest.fixture(scope="module")
def asked(module_folder):
    made = {}
    for kind in (fields, situations):
        policy = policy_of(module_folder / kind.__name__, kind)
        logs = {name: (user, read(log)) for name, user, log in kind()}
        made[kind] = policy, logs, answers(policy, logs)
    return made


@pytest.mark.parametrize("kind", [fields, situations], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("way", WAYS)
def test_it_says_the_same(asked, way, kind):
    policy, logs, before = asked[kind]
    written = {name: (user, WAYS[way](lines)) for name, (user, lines) in logs.items()}
    written = {name: (user, lines) for name, (user, lines) in written.items() if lines}
    after = answers(policy, written)
    wrong = [f"{name}: {brief(before[name], way)}, now {brief(told, way)}" for name, told in after.items()
             if brief(told, way) != brief(before[name], way) and not may_say_more(before[name], way)]
    assert len(after) > 5, "the test reads next to nothing"
    assert not wrong, "\n".join(wrong)


def may_say_more(told, way):
    """A log of Dovecot alone has Postfix's lines then, though of somebody else."""
    return way in SOMEBODY_ELSES and (told is None or told["cause"]["id"] in ("no-smtp-lines", "no-attempt", "reading-left"))
