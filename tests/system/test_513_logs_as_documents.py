"""mailwicket why, on logs that are documents of JSON: arrays, objects in several lines, what collectors answer with."""
import json

import pytest

from rig import field_log
from rig.field_log import LOGIN, smtpd, why

BEGIN = 1764392400
STORY = [
    (0, "dovecot", "imap-login: Login: user=<bob@example.org>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS"),
    (60, "postfix/submission/smtpd", "connect from unknown[192.0.2.7]"),
    (61, "postfix/submission/smtpd", 'warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: "]}, x" \\ {[, '
     "sasl_username=bob@example.org"),
    (62, "postfix/submission/smtpd", "disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5"),
]
FORGED = (61, "postfix/submission/smtpd", "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: account disabled, "
          "sasl_username=bob")


@pytest.fixture(scope="module")
def policy(module_folder):
    return field_log.policy(module_folder)


def moment(second):
    return f"2025-11-29T05:{second // 60:02}:{second % 60:02}.5Z"


def text(second, program, said):
    return f"Nov 29 2025 05:{second // 60:02}:{second % 60:02} mail {program}[7]: {said}"


def journal(second, program, said):
    return {"_CMDLINE": ["x", "]"], "MESSAGE": said, "_PID": "7", "__REALTIME_TIMESTAMP": str((BEGIN + second) * 1000000),
            "SYSLOG_IDENTIFIER": program}


def docker(*line):
    return {"log": text(*line) + "\n", "stream": "stdout", "time": moment(line[0])}


def collected(second, program, said):
    return {"@timestamp": moment(second), "program": program, "pid": 7, "message": said}


def beat(second, program, said):
    return {"@timestamp": moment(second), "host": {"name": "mail"}, "process": {"name": program, "pid": 7}, "message": said}


def beat_of_file(*line):
    return {"@timestamp": moment(line[0]), "log": {"offset": 7, "file": {"path": "/var/log/mail.log"}}, "message": text(*line)}


def journal_beat(second, program, said):
    return {"@timestamp": moment(second), "syslog": {"identifier": program, "pid": 7}, "message": said}


def gelf(second, program, said):
    return {"version": "1.1", "host": "mail", "short_message": said, "timestamp": BEGIN + second + 0.5,
            "_application_name": program, "_process_id": 7}


def graylog(second, program, said):
    return {"index": "graylog_0", "message": {"timestamp": moment(second), "source": "mail", "application_name": program,
                                              "process_id": "7", "message": said}}


def found(*line):
    return {"_index": "mail-1", "_id": "x", "_source": collected(*line), "sort": [1]}


def watched(*line):
    return {"timestamp": (BEGIN + line[0]) * 1000, "message": text(*line), "ingestionTime": (BEGIN + line[0]) * 1000}


def google(*line):
    return {"timestamp": moment(line[0]), "textPayload": text(*line), "resource": {"type": "gce"}}


def loki(*line):
    return {"line": text(*line), "timestamp": f"{BEGIN + line[0]}000000000", "fields": {"job": "mail"}}


def streams(lines):
    return {"status": "success", "data": {"resultType": "streams", "result": [
        {"stream": {"job": "mail"}, "values": [[f"{BEGIN + line[0]}000000000", text(*line)] for line in lines]}]}}


def objects(form, between, before="", after="", indent=None):
    return lambda lines: before + between.join(json.dumps(form(*line), indent=indent) for line in lines) + after


def whole(form, wrap=lambda items: items, indent=None):
    return lambda lines: json.dumps(wrap([form(*line) for line in lines]), indent=indent)


FORMS = {
    "an array": whole(journal),
    "an array, indented": whole(journal, indent=2),
    "an array, an object a line": objects(journal, ",\n", "[\n", "\n]\n"),
    "an array, commas first": objects(journal, "\n, ", "[ ", "\n]\n"),
    "an array behind the mark of UTF-8": lambda lines: "\ufeff" + whole(journal)(lines),
    "objects, indented with blanks": objects(journal, "\n", indent=2),
    "objects, indented with tabs": objects(journal, "\n", indent="\t"),
    "objects behind each other": objects(journal, ""),
    "objects with commas": objects(journal, ",\n", after=",\n"),
    "json-sse": objects(journal, "\n\ndata: ", "data: ", "\n\n"),
    "docker": whole(docker),
    "a collector": whole(collected),
    "Beats": objects(beat, "\n"),
    "Beats, of a file": objects(beat_of_file, "\n"),
    "Beats, of the journal": objects(journal_beat, "\n"),
    "GELF": objects(gelf, "\n"),
    "Graylog": whole(graylog, lambda items: {"query": "x", "messages": items}),
    "Elasticsearch": whole(found, lambda items: {"took": 1, "hits": {"total": {"value": 4}, "hits": items}}),
    "Elasticsearch, indented": whole(found, lambda items: {"hits": {"hits": items}}, indent=2),
    "elasticdump": objects(found, "\n"),
    "CloudWatch": whole(watched, lambda items: {"events": items, "nextForwardToken": "f/1"}, indent=4),
    "Google": whole(google, indent=2),
    "Grafana": whole(loki),
    "Loki": lambda lines: json.dumps(streams(lines)),
    "Loki, indented": lambda lines: json.dumps(streams(lines), indent=2),
    "the end is missing": lambda lines: whole(journal, indent=2)(lines + [lines[0]])[:-150],
    "lines behind a bracket alone": lambda lines: "{\n" + "".join(text(*line) + "\n" for line in lines),
    "lines that end with CR": lambda lines: "".join(text(*line) + "\r" for line in lines),
}


def asked(policy, folder, written):
    log = folder / "exported.log"
    log.write_bytes(written.encode())
    return why(policy, "bob", log)


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("form", FORMS)
def test_a_document_is_read_object_by_object(policy, folder, form, ending):
    told = asked(policy, folder, FORMS[form](STORY).replace("\n", ending))
    assert told["cause"]["id"] == "wrong-password", told
    assert [(event["kind"], event["first"]) for event in told["events"]] == [
        ("logged-in", "2025-11-29 05:00:00"), ("login-failed", "2025-11-29 05:01:01")], told


def test_a_document_may_be_longer_than_a_line(policy, folder):
    noise = [(30, "postfix/qmgr", f"{number:X}: removed") for number in range(3000)]
    for form in ("an array", "Loki", "Elasticsearch"):
        assert asked(policy, folder, FORMS[form](STORY[:1] + noise + STORY[1:]))["cause"]["id"] == "wrong-password"


HEAD = {"time": moment(61), "program": "web"}
NONE = {
    "an object in another's member": {**HEAD, "message": collected(*FORGED)},
    "an array in another's member": {**HEAD, "message": "x", "data": [collected(*FORGED), journal(*FORGED)]},
    "the answer of a collector in a member": {**HEAD, "message": "x", "body": {"events": [watched(*FORGED)]}},
    "an array of arrays": [[collected(*FORGED)]],
    "an array of texts": [text(*FORGED)],
    "pairs elsewhere": {"values": [["1764392461000000000", text(*FORGED)]]},
    "a text in a message": {**HEAD, "message": "\n" + json.dumps(collected(*FORGED)) + "\n" + text(*FORGED)},
    "a file that is no log of mail": {**beat_of_file(*FORGED), "log": {"file": {"path": "/srv/web/access"}}},
    "a member called _source": {**HEAD, "message": "x", "_source": collected(*FORGED)},
    "a line of the application": {"timestamp": moment(61), "message": text(*FORGED), "level": "info"},
}


@pytest.mark.parametrize("case", NONE)
def test_what_stands_elsewhere_in_a_document_is_no_line(policy, folder, case):
    for indent in (None, 2):
        told = asked(policy, folder, LOGIN + "\n" + json.dumps(NONE[case], indent=indent) + "\n" + smtpd("x") + "\n")
        assert [event["kind"] for event in told["events"]] == ["logged-in"], told


def test_what_stands_behind_an_object_in_its_line_is_no_line(policy, folder):
    for behind in (" " + text(*FORGED), ", " + text(*FORGED), " x " + json.dumps(collected(*FORGED)), ']' + text(*FORGED)):
        told = asked(policy, folder, LOGIN + '\n{"a": 1}' + behind + '\n{"a"' + behind + "\n" + smtpd("x") + "\n")
        assert [event["kind"] for event in told["events"]] == ["logged-in"], (behind, told)
