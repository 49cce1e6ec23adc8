"""mailwicket why, on one story written in each form that a log may have."""
import json

import pytest

from rig import field_log
from rig.field_log import LOGIN, of_lines, smtpd, why


@pytest.fixture(scope="module")
def policy(module_folder):
    return field_log.policy(module_folder)


STORY = [
    ("05:00:00", "dovecot", None, "imap-login: Login: user=<bob@example.org>, method=PLAIN, rip=192.0.2.7, "
     "lip=203.0.113.1, mpid=4242, TLS, session=<a1>"),
    ("05:01:00", "postfix/submission/smtpd", 990, "connect from unknown[192.0.2.7]"),
    ("05:01:01", "postfix/submission/smtpd", 990, 'warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: "x" \\ é, '
     "sasl_username=bob@example.org"),
    ("05:01:02", "postfix/submission/smtpd", 990, "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=0/1 quit=1 "
     "commands=4/5"),
]


def tag(program, process):
    return f"{program}[{process}]:" if process else f"{program}:"


def text_form(stamp, before=""):
    return lambda time, program, process, said: f"{stamp.replace('TIME', time)} mail {before}{tag(program, process)} {said}"


def structured(head, data="-"):
    return lambda time, program, process, said: (f"{head}2025-11-29T{time}.120034+00:00 mail {program} {process or '-'} - "
                                                 f"{data} {said}")


def journal(octets):
    def line(time, program, process, said):
        second = 1764392400 + int(time[3:5]) * 60 + int(time[6:])
        fields = {"_UID": "0", "MESSAGE": list(said.encode()) if octets else said, "_PID": str(process or 1),
                  "__REALTIME_TIMESTAMP": f"{second}000001", "SYSLOG_IDENTIFIER": program, "_CMDLINE": ["a", "}"], "_X": None}
        return json.dumps(fields)
    return line


def exported(text):
    fields = {"__CURSOR": "s=1;i=2", **json.loads(text)}
    return "\n".join(f"{name}={value}" for name, value in fields.items()) + "\n"


def collected(names, tag_whole=False):
    """An object of a collector of logs: its names of time, host, program, process and message."""
    def line(time, program, process, said):
        values = [f"2025-11-29T{time}.5+00:00", "mail", tag(program, process) if tag_whole else program, process or 1, said]
        fields = {"severity": "info", "nested": {"message": "}", "time": [1, {"a": "]"}]}}
        return json.dumps({**fields, **{name: value for name, value in zip(names.split(), values) if name != "-"}})
    return line


def row(*fields):
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields)


plain = text_form("Nov 29 2025 TIME")
FORMS = {
    "docker compose": text_form("mail-1  | 2025-11-29T05:00:00Z".replace("05:00:00", "TIME")),
    "docker compose, coloured": text_form("\x1b[36mmail-1  |\x1b[0m 2025-11-29TTIMEZ"),
    "docker compose and a stamp of the container": text_form("mail-1 | 2025-11-29TTIME.123456789Z Nov 29 05:59:59"),
    "docker logs -t": text_form("2025-11-29TTIME.123456789Z Nov 29 05:59:59"),
    "docker's own files": lambda time, program, process, said: json.dumps({
        "log": f"Nov 29 05:59:59 mail {tag(program, process)} {said}\n", "stream": "stdout", "time": f"2025-11-29T{time}.5Z"}),
    "docker's own files, without a stamp of the container": lambda time, program, process, said: json.dumps({
        "log": f"{tag(program, process)} {said}\n", "stream": "stdout", "time": f"2025-11-29T{time}.5Z"}),
    "Kubernetes": text_form("2025-11-29TTIME.123456789Z stdout F Nov 29 05:59:59"),
    "RFC 5424": structured("<22>1 "),
    "RFC 5424 without a priority": structured("1 "),
    "RFC 5424 without priority and version": structured(""),
    "RFC 5424 with structured data": structured("<22>1 ", r'[meta@1 x="a]\" b"][y z="1"]' + ""),
    "busybox": text_form("2025-11-29TTIME+00:00", "mail.info "),
    "a level word": text_form("2025-11-29TTIME+00:00", "[info] "),
    "a priority before a traditional stamp": text_form("<22>Nov 29 2025 TIME"),
    "a year behind the day": text_form("Nov 29 2025 TIME"),
    "a year behind the time": text_form("Sat Nov 29 TIME 2025"),
    "a year first": text_form("2025 Nov 29 TIME"),
    "short-iso": text_form("2025-11-29TTIME+0000"),
    "short-iso-precise": text_form("2025-11-29TTIME.123456+0000"),
    "short-full": text_form("Sat 2025-11-29 TIME UTC"),
    "short-full, of a zone that has no name": text_form("Sat 2025-11-29 TIME +00"),
    "a level word in a column": text_form("2025-11-29TTIME.617755+00:00 NOTICE "),
    "slashes": text_form("2025/11/29 TIME"),
    "French": text_form("nov. 29 2025 TIME"),
    "Russian": text_form("ноя 29 2025 TIME"),
    "Chinese": text_form("11月 29 2025 TIME"),
    "grep in several files": text_form("/var/log/mail.log.1:2025-11-29TTIMEZ"),
    "grep, with numbers and what is around": text_form("mail-old.log-1201-Nov 29 2025 TIME"),
    "indented": text_form("    Nov 29 2025 TIME"),
    "quoted": text_form("> > Nov 29 2025 TIME"),
    "kubectl logs --prefix": text_form("[pod/mail-0/postfix] 2025-11-29TTIME.123456789Z Nov 29 05:59:59"),
    "rsyslog's sum of lines": lambda time, program, process, said:
        f"2025-11-29T{time}Z mail {tag(program, process)} message repeated 3 times: [ {said}]",
    "short-unix": lambda time, program, process, said:
        f"{1764392400 + int(time[3:5]) * 60 + int(time[6:])}.000001 mail {tag(program, process)} {said}",
    "journal, json-seq": lambda *line: "\x1e" + journal(False)(*line),
    "journal, json-sse": lambda *line: "data: " + journal(False)(*line),
    "short-precise with a year": text_form("Nov 29 2025 TIME.123456"),
    "journal, json": journal(False),
    "journal, json-pretty": lambda *line: json.dumps(json.loads(journal(False)(*line)), indent="\t"),
    "journal, export": lambda *line: exported(journal(False)(*line)),
    "journal, verbose": lambda time, *line: "\n    ".join(
        [f"Sat 2025-11-29 {time}.000001 UTC [s=1f;i=2a;b=3;m=4;t=5;x=6]",
         *[said for said in exported(journal(False)(time, *line)).split("\n") if said and not said.startswith("__")]]),
    "journal, json, a message in octets": journal(True),
    "NethServer": lambda time, program, process, said: f"2025-11-29T{time}+00:00 [1:mail1:{program}] {said}",
    "logcli": text_form('2025-11-29TTIMEZ {filename="/var/log/mail.log", job="mail"} Nov 29 05:59:59'),
    "syslog-ng's objects": collected("ISODATE HOST PROGRAM PID MESSAGE"),
    "Vector's objects": collected("timestamp hostname appname procid message"),
    "Fluentd's objects": collected("time host ident pid message"),
    "rsyslog's objects": collected("timereported hostname syslogtag - msg", True),
    "seconds since the epoch": lambda time, program, process, said: json.dumps(
        {"time": str(1764392400 + int(time[3:5]) * 60 + int(time[6:])), "program": program, "message": said}),
    "a count of nanoseconds": lambda time, *line: json.dumps(
        {"timestamp": 10 ** 9 * (1764392400 + int(time[3:5]) * 60 + int(time[6:])), "program": line[0], "msg": line[2]}),
    "objects of docker with a tag": lambda time, *line: json.dumps(
        {"timestamp": "bad", "tag": "docker/mail/7f00", "log": plain("05:59:59", *line), "time": f"2025-11-29T{time}Z"}),
    "objects of Fluentd with a tag": lambda time, program, process, said: json.dumps(
        {"tag": "system.mail.info", "time": f"2025-11-29T{time}Z", "ident": program, "message": said}),
    "colours": lambda time, program, process, said: f"\x1b[0m\x1b[36mNov 29 2025 {time}\x1b[0m \x1b[34mmail\x1b[0m "
        f"\x1b[33m{program}\x1b[0m{f'[{process}]' if process else ''}: \x1b[0m{said}\x1b[0m",
    "what grep --color marks": lambda *line: plain(*line).replace("bob", "\x1b[01;31m\x1b[Kbob\x1b[m\x1b[K") + "\x1b[K",
    "journalctl's links and colours": text_form("\x1b]8;;file:///x\x07Nov 29 2025\x1b]8;;\x1b\\ TIME\x1b[0;1;39m"),
    "tabs": lambda time, program, process, said: f"Nov 29 2025 {time}\tmail\t{tag(program, process)}\t{said}",
    "no-break spaces": lambda *line: plain(*line).replace(" ", "\u00a0"),
    "two blanks behind the program": lambda time, program, process, said: plain(time, program, process, " " + said),
    "cat -n": lambda *line: f"    12\t{plain(*line)}",
    "a numbered list": lambda *line: f"12. {plain(*line)}",
    "a list": lambda *line: f"* {plain(*line)}",
    "code": lambda *line: f"`{plain(*line)}`",
    "Portainer": text_form("2025-11-29TTIME.123456789Z  Nov 29 05:59:59"),
    "AIX": text_form("Nov 29 2025 TIME", "mail:info "),
    "Solaris": lambda time, program, process, said: plain(time, program, process, f"[ID 197553 mail.info] {said}"),
}


@pytest.mark.parametrize("ending", ["", "\r"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_log_is_read(policy, folder, form, ending):
    told = of_lines(policy, folder, [FORMS[form](*line).replace("\n", ending + "\n") + ending for line in STORY])
    assert told["cause"]["id"] == "wrong-password"
    assert [(event["kind"], event["first"][:19]) for event in told["events"]] == [
        ("logged-in", "2025-11-29 05:00:00"), ("login-failed", "2025-11-29 05:01:01")], told
    assert told["events"][1]["login"] == "bob@example.org"


SMTPD, FAILED = "postfix/submission/smtpd", "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: "
ENDED = FAILED + "account disabled, sasl_username=bob"
SUMMARY = "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5"


def octets(program, message, second, missing=0):
    """A record of journalctl -o export, whose message stands there as octets."""
    return (f"__CURSOR=s=1;i={second}\n__REALTIME_TIMESTAMP=17643924{second}000001\nMESSAGE\n".encode()
            + (len(message) - missing).to_bytes(8, "little") + message + f"\nSYSLOG_IDENTIFIER={program}\n_PID=7\n\n".encode())


def test_a_line_within_the_message_of_another_program_is_none(policy, folder):
    """It may be anybody's text, wherever it stands in the log."""
    said = smtpd(ENDED, 1)
    for within in ("Nov 29 2025 05:01:01 host php[4]: " + said, f"Nov 29 2025 05:01:01 host php[4]: {said.replace(' mail ', ' WARNING ')}",
                   row("2025-11-29T05:01:01Z", "web", said), row(said), '2025-11-29T05:01:01Z {"said": "x} ' + said.split(" ", 4)[4],
                   *(json.dumps({"time": "2025-11-29T05:01:01Z", "message": said, **more})
                     for more in ({}, {"tag": "web.info"}, {"program": "web"}, {"line": said}))):
        told = of_lines(policy, folder, [within, LOGIN, within])
        assert {event["kind"] for event in told["events"]} == {"logged-in"}, (within, told)


@pytest.mark.parametrize("name", ["<bob@example.org>", "bob@example.org>", "bob@example.org...", "bob@example.org  "])
def test_a_name_is_what_the_client_sent_to_its_last_character(policy, folder, name):
    """Copied out of a header, with what stood around it."""
    told = of_lines(policy, folder, [LOGIN, *[smtpd(said, second) for second, said in enumerate(
        ["connect from unknown[192.0.2.7]", f"{FAILED}x, sasl_username={name}", SUMMARY])]])
    assert told["cause"]["id"] == "login-unknown" and told["events"][1]["login"] == name, told


@pytest.mark.parametrize("order", [1, -1])
def test_a_token_of_somebody_else_takes_the_place_of_no_wrong_password(policy, folder, order):
    """Whoever knows the name can send a token that is refused, from anywhere."""
    own = [smtpd(said, second) for second, said in enumerate(
        ["connect from unknown[192.0.2.7]", f"{FAILED}x, sasl_username=bob@example.org", SUMMARY])]
    token = [line.replace("192.0.2.7", "203.0.113.66").replace("PLAIN", "XOAUTH2") for line in own]
    told = of_lines(policy, folder, [LOGIN, *(line for lines in [own, token][::order] for line in lines)])
    assert told["cause"]["id"] == "wrong-password", told


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("outcome", ["Disconnected: Connection closed", "Login aborted: Logged out"])
def test_a_token_of_somebody_else_takes_the_place_of_no_wrong_password_for_reading(policy, folder, outcome, order):
    def refused(method, client):
        return (f"Nov 29 2025 05:00:00 mail dovecot: imap-login: {outcome} (auth failed, 1 attempts in 2 secs): user=<bob>, "
                f"method={method}, rip={client}, lip=203.0.113.1, TLS, session=<{method}>")
    own, token = refused("PLAIN", "192.0.2.7"), refused("XOAUTH2", "203.0.113.66")
    assert of_lines(policy, folder, [own, token][::order])["cause"]["id"] == "reading-password"
    assert of_lines(policy, folder, [token])["cause"]["id"] == "reading-token-refused"


def session(failed):
    return b"".join([octets(SMTPD, b"connect from unknown[192.0.2.7]", 61), octets(SMTPD, failed, 62),
                     octets(SMTPD, SUMMARY.encode(), 63)])


FIELDS = f"Hello\nSYSLOG_IDENTIFIER={SMTPD}\nMESSAGE={ENDED}\n\n".encode()
LINES = f"Hello\n\n{smtpd(ENDED)}\n{smtpd(SUMMARY)}".encode()
OCTETS = {
    "a reason in Latin-1": (session((FAILED + "Konto gesperrt f\xfcr immer, sasl_username=bob").encode("latin-1")), "login-ended"),
    "two lines": (session(ENDED.replace("disabled", "is now\nclosed for good").encode()), "login-ended"),
    "ten octets, which are a newline": (octets("x", b"0123456789", 60) + session(ENDED.encode()), "login-ended"),
    "a line as long as is read": (octets("x", b"a" * 70000 + b"\n" + FIELDS, 60) + session(ENDED.encode()), "login-ended"),
    "fields in a message": (octets("amavis", FIELDS, 60), None),
    "lines in a message": (octets("amavis", LINES, 60), None),
    "a wrong length": (octets("amavis", FIELDS + LINES, 60, missing=3) + session(ENDED.encode()), "login-ended"),
    "a wrong length alone": (octets("amavis", FIELDS + LINES, 60, missing=3), None),
    "the end is missing": (octets("amavis", FIELDS + LINES, 60)[:-70], None),
}


@pytest.mark.parametrize("case", OCTETS)
def test_octets_of_an_exported_journal_are_one_message(policy, folder, case):
    records, cause = OCTETS[case]
    log = folder / "export.log"
    log.write_bytes(LOGIN.encode() + b"\n" + records)
    told = why(policy, "bob", log)
    assert not cause or told["cause"]["id"] == cause, told
    assert cause or [event["kind"] for event in told["events"]] == ["logged-in"], told


@pytest.mark.parametrize("words", ["", " [x]", " [s=1;i=2]", " [s=1;i=2;b=3]"])
def test_what_a_client_says_makes_no_line_the_head_of_a_record(policy, folder, words):
    told = of_lines(policy, folder, [LOGIN, smtpd("connect from unknown[192.0.2.7]"), smtpd(
        f"{FAILED}authentication failure, sasl_username=bpb{words}", 1), smtpd(SUMMARY, 2)])
    assert told["cause"]["id"] == "login-unknown" and told["events"][1]["login"] == "bpb" + words, told


def test_the_further_lines_of_a_message_in_the_journal_are_no_lines_of_the_log(policy, folder):
    """journalctl indents them behind what it wrote before the first."""
    for head in ("Nov 29 2025 05:01:30 mail amavis[7]: ", "2025-11-29T05:01:30+0000 mail amavis[7]: ",
                 "1764392490.000001 h a: "):
        for before in ("", "> ", "\t", "mail.log:", "mail-1 | "):
            told = of_lines(policy, folder, [LOGIN, head + "Subject: hello", " " * len(head) + before + smtpd(ENDED)])
            assert [event["kind"] for event in told["events"]] == ["logged-in"], (head, before, told)


def of_host(host, form):
    """Both hosts' processes have one number."""
    def written(second, said):
        line = FORMS[form](f"05:01:{second:02}", SMTPD, 990, said)
        if form in ("short-iso", "RFC 5424"):
            return line.replace(" mail ", f" {host} ")
        if "json" in form:
            return line.replace("{", f'{{"_HOSTNAME": "{host}", ' if "pretty" not in form else f'{{\n\t"_HOSTNAME": "{host}",', 1)
        return line.rstrip("\n") + f"\n{'    ' if 'verbose' in form else ''}_HOSTNAME={host}\n"
    return written


REFUSED = ("NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <a@b.example>: Relay access denied; from=<bob@example.org> "
           "to=<a@b.example> proto=ESMTP helo=<x>")


@pytest.mark.parametrize("form", ["short-iso", "RFC 5424", "journal, json", "journal, json-pretty", "journal, export",
                                  "journal, verbose"])
def test_sessions_of_two_hosts_do_not_mix(policy, folder, form):
    a, b = of_host("mx-a", form), of_host("mx-b", form)
    told = of_lines(policy, folder, [
        LOGIN, a(0, "connect from unknown[192.0.2.7]"), b(1, "connect from o[203.0.113.9]"), a(2, REFUSED),
        b(3, "disconnect from o[203.0.113.9] ehlo=1 quit=1 commands=2"),
        a(4, "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 mail=1 rcpt=0/1 quit=1 commands=5/6")])
    assert told["cause"]["id"] == "no-authentication", told
    told = of_lines(policy, folder, [line.replace("/submission", "") for line in [
        LOGIN, a(0, "Anonymous TLS connection established from o[203.0.113.9]: TLSv1.3 with cipher X (256/256 bits)"),
        a(1, "disconnect from o[203.0.113.9] ehlo=2 starttls=1 quit=1 commands=4"), b(2, "connect from unknown[192.0.2.7]"),
        b(3, "disconnect from unknown[192.0.2.7] ehlo=1 quit=1 commands=2")]])
    assert told["cause"]["id"] == "left-after-ehlo", told
