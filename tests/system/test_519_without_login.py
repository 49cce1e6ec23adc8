"""mailwicket why, on messages that a printer or webmail sends without a login, and on those that go through a filter: only the
sender, or the filter's own words, say whose they are."""
import pytest

from rig import field_log
from rig.field_log import ACTIVE, BEGUN, LOGIN, end, of_lines, run, sent, smtpd


@pytest.fixture(scope="module")
def policy(module_folder):
    return field_log.policy(module_folder)


STRANGER = [smtpd("connect from printer[10.0.0.9]", 0, "postfix/smtpd[7]"),
            smtpd("0A1: client=printer[10.0.0.9]", 1, "postfix/smtpd[7]")]
GIVEN_BACK = [smtpd("0B2: client=localhost[127.0.0.1]", 4, "postfix/smtpd[8]"), ACTIVE.replace("0A1", "0B2")]
PICKUP = smtpd("0A1: uid=33 from=<www-data>", 1, "postfix/pickup[4]")
LMTP = sent("sent", "250 ok")
BY_SENDER = {
    "delivered": ([*STRANGER, ACTIVE, LMTP], "sent-without-login", ["submitted", "delivered"]),
    "deferred": ([*STRANGER, ACTIVE, sent("deferred", "450 later")], "not-delivered", ["submitted", "deferred"]),
    "deferred, then delivered": ([*STRANGER, ACTIVE, sent("deferred", "450 later"), LMTP], "sent-without-login",
                                 ["submitted", "delivered"]),
    "one of two is sent back": ([*STRANGER, ACTIVE, sent("bounced", "550 no"), sent("sent", "ok", to="x@example.net")],
                                "not-delivered", ["submitted", "bounced"]),
    "expired": ([*STRANGER, ACTIVE, smtpd("0A1: from=<bob@example.org>, status=expired, returned to sender", 6,
                                          "postfix/qmgr[3]")], "not-delivered", ["submitted", "expired"]),
    "refused by a filter": ([*STRANGER, smtpd("0A1: milter-reject: END-OF-MESSAGE from printer[10.0.0.9]: 5.7.1 Spam; "
                                              "from=<bob@example.org> to=<ann@example.net> proto=SMTP helo=<p>", 3,
                                              "postfix/cleanup[4]")], "content-refused", ["content-refused"]),
    "refused by a filter at RCPT": ([*STRANGER[:1], smtpd(
        "NOQUEUE: milter-reject: RCPT from printer[10.0.0.9]: 554 5.7.1 no; from=<bob@example.org> to=<a@example.net> "
        "proto=SMTP helo=<p>", 3, "postfix/smtpd[7]")], "content-refused", ["content-refused"]),
    "held": ([*STRANGER, ACTIVE, smtpd("0A1: hold: header X: y from printer[10.0.0.9]; from=<bob@example.org> "
                                       "to=<a@example.net> proto=SMTP helo=<x>: wait", 5, "postfix/cleanup[4]")], "held",
             ["submitted", "held"]),
    "through a filter": ([*STRANGER, ACTIVE, *GIVEN_BACK, sent("bounced", "550 no", 5, "0B2"), sent(
        "sent", "250 2.0.0 Ok: queued as 0B2", 5, relay="127.0.0.1[127.0.0.1]:10024")], "not-delivered",
        ["submitted", "bounced"]),
    "by sendmail on the server": ([PICKUP, ACTIVE, sent("deferred", "450 later")], "not-delivered", ["submitted", "deferred"]),
    "from where the user reads mail": ([LOGIN, *[line.replace("10.0.0.9", "192.0.2.7") for line in STRANGER], ACTIVE,
                                        smtpd("disconnect from printer[192.0.2.7] mail=1 data=1", 4, "postfix/smtpd[7]"), sent("bounced", "550 no")], "not-delivered", ["logged-in", "submitted", "bounced"]),
    "the first line is missing": ([ACTIVE, LMTP], "sent-from-unknown", ["submitted", "delivered"]),
    "first refused, then let in": ([*STRANGER[:1], smtpd(
        "NOQUEUE: reject: RCPT from printer[10.0.0.9]: 454 4.7.1 <ann@example.net>: Relay access denied; "
        "from=<bob@example.org> to=<ann@example.net> proto=SMTP helo=<p>", 0, "postfix/smtpd[7]"),
        smtpd("disconnect from printer[10.0.0.9] ehlo=1 mail=1 rcpt=0/1 commands=2/3", 0, "postfix/smtpd[7]"),
        *STRANGER, ACTIVE, LMTP], "sent-without-login", ["no-login", "submitted", "delivered"]),
    "somebody else logged in": ([STRANGER[1] + ", sasl_method=PLAIN, sasl_username=alice@example.org", ACTIVE, LMTP], None, []),
    "somebody else's": ([*STRANGER, ACTIVE.replace("bob@", "alice@"), LMTP], None, []),
}


@pytest.mark.parametrize("case", BY_SENDER)
def test_a_message_without_a_login_is_followed_by_its_sender(policy, folder, case):
    lines, cause, kinds = BY_SENDER[case]
    if cause is None:
        log = folder / "lines.log"
        log.write_text("".join(line + "\n" for line in lines))
        assert run(policy, "bob", log).returncode == 1
        return
    told = of_lines(policy, folder, lines)
    assert (told["cause"]["id"], sorted(event["kind"] for event in told["events"])) == (cause, sorted(kinds)), told
    assert all(event["by_address"] and "login" not in event for event in told["events"] if event["kind"] != "logged-in")
    shown = run(policy, "bob", folder / "lines.log").stdout
    assert "logs in and sends" not in shown and "no smtp" not in shown.lower()
    assert "found: " in shown or cause.startswith(("not-", "content", "held"))


PROXY = [LOGIN, smtpd("connect from unknown[192.0.2.7]"),
         smtpd("NOQUEUE: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob", 1)]
OTHERS = [smtpd("connect from x[203.0.113.9]", 1, "postfix/submission/smtpd[9]"),
          smtpd("NOQUEUE: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=alice@example.org", 1,
                "postfix/submission/smtpd[9]"),
          smtpd("disconnect from x[203.0.113.9] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=0/1 commands=8", 2,
                "postfix/submission/smtpd[9]")]
INSIDE = [smtpd("0B2: client=unknown[192.0.2.7]", 2, "postfix/smtpd[8]"), ACTIVE.replace("0A1", "0B2")]


@pytest.mark.parametrize("before", ["", "NOQUEUE: "])
def test_a_filter_before_the_queue_refuses_and_takes_in_its_own_words(policy, folder, before):
    """Its lines name no client, and a message has no id before it: one user's session is not another's."""
    refused = of_lines(policy, folder, [*PROXY, *OTHERS, smtpd(
        f"{before}proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=04 - INFECTED: Eicar; from=<bob@example.org> "
        "to=<ann@example.net> proto=ESMTP helo=<x>", 3), end("data=0/1")])
    assert [event["kind"] for event in refused["events"]] == ["logged-in", "content-refused"], refused
    assert "Eicar" in refused["cause"]["text"] and refused["events"][1]["login"] == "bob"
    taken = of_lines(policy, folder, [*PROXY, *OTHERS, *INSIDE, smtpd(
        f"{before}proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10013): 250 2.0.0 Ok: queued as 0B2; "
        "from=<bob@example.org> to=<ann@example.net> proto=ESMTP helo=<x>", 3), end("data=1"), sent("bounced", "550 no", 9, "0B2")])
    assert sorted(event["kind"] for event in taken["events"]) == ["bounced", "logged-in", "submitted"], taken
    assert taken["cause"]["id"] == "not-delivered"


CUT = ["Nov 29 2025 05:00:00 mail dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=198.51.1",
       smtpd("connect from nat[198.51.100.1"), smtpd("warning: nat[198.51.100.1]: SASL PLAIN authentication failed: x, "
                                                     "sasl_username=bo"),
       smtpd("NOQUEUE: reject: RCPT from nat[198.51.100")]


def test_a_line_that_is_cut_is_not_taken_for_another_address(policy, folder):
    log = folder / "lines.log"
    log.write_text("".join(line + "\n" for line in CUT))
    done = run(policy, "bob", log)
    assert done.returncode == 1 and "stands in other lines" in done.stderr, done.stdout


def test_what_a_filter_gives_back_of_the_users_own_message_is_told_once(policy, folder):
    """Its lines may come before the one that says so."""
    told = of_lines(policy, folder, [*BEGUN, ACTIVE, *GIVEN_BACK, sent("bounced", "550 no", 5, "0B2"), sent(
        "sent", "250 2.0.0 Ok: queued as 0B2", 5, relay="127.0.0.1[127.0.0.1]:10024")])
    assert [event["kind"] for event in told["events"]] == ["logged-in", "submitted", "bounced"], told
    assert told["cause"]["id"] == "not-delivered" and told["events"][2]["login"] == "bob"
