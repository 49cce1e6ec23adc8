"""A DATA that follows a refused BDAT is no message from the null sender.

Postfix before 3.10.13 forgets the sender of a refused BDAT and keeps its recipients: it asks about the next DATA with an
empty instance and an empty sender, and a permit would kill it. Later ones answer 503 themselves.
"""
import json

import pytest

import rig
from rig import end_of_message as eom
from rig.daemon import Daemon, encode, RCPT

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

TIMES = 100
NO_TRANSACTION = "421 4.5.1 <DATA>: Data command rejected: No mail transaction"
POSTFIX_KNOWS = "503 5.5.1 Error: need RCPT command"


@pytest.fixture(scope="module")
def site(module_folder):
    """A site where the question is asked at DATA too."""
    made = eom.make_site(module_folder)
    made.main += ("smtpd_data_restrictions = check_policy_service "
                  f"{{ unix:{made.postfix.policy_socket}, timeout=10s }}\n")
    try:
        yield made.start()
    finally:
        made.stop()


# recipients, the chunks, the reply to the last of them
CHUNKS = {
    "refused by the policy": (4, ["BDAT 7 LAST\r\nhello\r\n"], "550 5.5.3 <DATA>: Data command rejected: Too many recipients"),
    "refused by the policy before the last": (4, ["BDAT 7\r\nhello\r\n", "BDAT 7 LAST\r\nhello\r\n"],
                                              "551 5.0.0 Discarded 7 bytes after earlier error"),
    "refused by Postfix": (1, ["BDAT 0\r\n", "BDAT 0 LAST\r\n"], "551 5.0.0 Discarded 0 bytes after earlier error"),
}


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("then", ["DATA", "BDAT 7 LAST\r\nhello\r"])
def test_data_after_a_refused_chunk_ends_the_session(site, chunks, then):
    recipients, parts, refusal = CHUNKS[chunks]
    for _ in range(TIMES // 4):
        with eom.begin(site, recipients) as client:
            for part in parts:
                client.send(part)
                reply = client.reply()
            assert reply == refusal
            reply = client.command(then)
            assert reply in (NO_TRANSACTION, POSTFIX_KNOWS)
            if reply == NO_TRANSACTION:
                assert eom.rest(client) == []
        assert eom.deaths(site) == []
    assert eom.seconds_to_greeting(site) < rig.PATIENCE
    assert site.daemon.logged(stage="DATA", verdict="permit") == []


def test_a_message_in_chunks_is_delivered_and_so_is_one_from_the_null_sender(site):
    for sender, subject in ((eom.SENDER, "chunks"), ("", "null-sender")):
        with rig.Smtp(site.ports["smtp"]) as client:
            client.hello()
            client.expect("250", f"MAIL FROM:<{sender}>")
            client.expect("250", f"RCPT TO:<{eom.MARY}>")
            text = f"Subject: {subject}\r\n\r\nhello\r\n"
            client.send(f"BDAT {len(text)}\r\n{text}BDAT 5 LAST\r\nend\r\n")
            assert client.reply().startswith("250 ")
            assert client.reply().startswith("250 2.0.0")
        site.postfix.wait_delivered(subject)


# --- mailwicketd alone

POLICY = eom.POLICY.replace("$smtp", "25").replace("$submissions", "465").replace("$submission", "587")
ANONYMOUS = {**RCPT, "server_port": "25", "sasl_method": "", "sasl_username": "", "encryption_protocol": "",
             "encryption_cipher": "", "encryption_keysize": "0", "recipient": "mary@example.test",
             "recipient_count": "1", "sender": "", "protocol_state": "DATA"}
ANSWER = "421 4.5.1 No mail transaction"


@pytest.mark.parametrize("changes,answer", [
    ({"instance": ""}, ANSWER),
    ({"instance": None}, ANSWER),
    ({"instance": "", "protocol_state": "END-OF-MESSAGE", "size": "0"}, ANSWER),
    ({"instance": "", "recipient": "", "recipient_count": "4"}, ANSWER),
    ({"instance": "", "server_port": "2525"}, ANSWER),
    ({}, "DUNNO"),
    ({"instance": "", "sender": eom.SENDER}, "DUNNO"),
    ({"instance": "", "protocol_state": "EHLO", "recipient": "", "recipient_count": "0"}, "DUNNO"),
])
@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_mailwicketd_explain_and_replay_agree(tmp_path, mode, changes, answer):
    asked = encode({**ANONYMOUS, **changes})
    (tmp_path / "request").write_bytes(asked)
    policy = POLICY.replace('connector "Default" {', f'connector "Default" {{ mode = {mode}', 1)
    with Daemon(policy, eom.DIRECTORY, tmp_path) as daemon:
        assert daemon.connect().ask(asked) == answer
        told = daemon.cli("--json", "explain", "smtp", "--request", tmp_path / "request")
        assert json.loads(told.stdout)["decisions"][-1]["answer"] == answer
        daemon.wait_log("mailwicket: v=1 ")
        again = json.loads(daemon.cli("--json", "replay", daemon.log, "--policy", daemon.policy).stdout)
    assert (again["decisions"], again["unchanged"]) == (1, 1), again
