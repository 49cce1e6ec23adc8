"""mailwicket why, on one story written in each form that a log may have."""
import json

import pytest

from rig import field_log
from rig.field_log import of_lines


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
}


@pytest.mark.parametrize("ending", ["", "\r"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_log_is_read(policy, folder, form, ending):
    told = of_lines(policy, folder, [FORMS[form](*line).replace("\n", ending + "\n") + ending for line in STORY])
    assert told["cause"]["id"] == "wrong-password"
    assert [(event["kind"], event["first"][:19]) for event in told["events"]] == [
        ("logged-in", "2025-11-29 05:00:00"), ("login-failed", "2025-11-29 05:01:01")], told
    assert told["events"][1]["login"] == "bob@example.org"
