"""`mailwicket explain smtp --message` judges a message as Postfix gives it to the milter: the same answer on 500 files."""
import json
import subprocess
import time

import pytest

import rig
from rig.agreement import Fields
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB = "bob@example.test"
AWAY = "127.0.0.9"  # not of local_header_rewrite_clients
PARTS = 10
HEADERS = [
    b"From : bob@example.test", b"X: y\r\nFrom : bob@example.test", b"From bob@example.test Mon\r\nFrom: bob@example.test",
    b">From x\r\nFrom: mary@example.test", b" From: bob@example.test", b"From: bob@example.test\r\nno field\r\nFrom: mary@example.test",
    b"From: bob@example.test\r\n\r\nFrom: mary@example.test", b"From: bob@example.test\r\n \r\n mary@example.test",
    b"from\t: bob@example.test", b"X: y\r\nfrom\t: bob@example.test", b"Fr om: bob@example.test\r\nFrom: mary@example.test",
    b": x\r\nFrom: mary@example.test", b"From: bob@example.test\0\r\nSender: mary@example.test",
    b"From: mary@example.test\0 <bob@example.test>", b"Fr\xc3\xb6m: mary@example.test\r\nFrom: bob@example.test",
    b"From: bob@example.test\r\n\t(x)", b"From:bob@example.test", b"X: " + b"x" * 900 + b"\r\nFrom: bob@example.test", b"X-None: x",
]


def generated():
    """So many that there are 500 with the others."""
    fields = (field for _, field in Fields(801).some(2000))
    return [b"From: " + field.replace(b"\n", b"\r\n") for field in fields if b"\r" not in field][:500 - len(HEADERS)]


ALL = HEADERS + generated()


@pytest.fixture(scope="module")
def site(module_folder):
    with MilterSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS) as made:
        yield made


def answer_of(site, header, source, *words):
    path = site.daemon.folder / "message"
    path.write_bytes(site.message(header))
    told = site.daemon.cli("--json", "explain", "smtp", "--login", "bob", "--tls", "TLSv1.3", "--client", source, "--port",
                           str(site.ports["submission"]), "--sender", BOB, "--message", path, *words)
    assert told.returncode in (0, 1), told.stderr
    return json.loads(told.stdout)["decisions"][-1]["answer"]


def assert_same(site, client, header, source, *words):
    explained, reply = answer_of(site, header, source, *words), site.send(client, BOB, header)
    assert reply.startswith("250 2.0.0 Ok: queued" if explained == "CONTINUE" else explained), (header, explained, reply)
    return explained


@pytest.mark.parametrize("part", range(PARTS))
def test_a_message_file_is_judged_as_postfix_gives_it_to_the_milter(site, part):
    with site.client(login="bob", source=AWAY) as client:
        answers = {assert_same(site, client, header, AWAY) for header in ALL[part::PARTS]}
    assert len(ALL) == 500 and len(answers) >= 3


LOCAL = {
    b"From: bob": "CONTINUE",
    b"From: <bob>": "CONTINUE",
    b"From: Bob <bob>": "CONTINUE",
    b"From: bob (Bob)": "CONTINUE",
    b"From: mary": "550",
    b"X-None: x": "CONTINUE",
    b"From: bob, sales\r\nSender: bob": "CONTINUE",
    b"From: bob\r\nSender: mary": "550",
    b"From: Bob Smith": "550",
    b"Resent-To: x@example.net\r\nFrom: bob@example.test": "CONTINUE",
    b"Resent-To: x@example.net\r\nX-None: x": "550",
}


@pytest.mark.parametrize("header", LOCAL, ids=lambda header: header.decode().replace("\r\n", ", "))
def test_what_postfix_completes_for_its_own_host_is_completed(site, header):
    with site.client(login="bob") as client:
        assert assert_same(site, client, header, "127.0.0.1", "--local-rewrite", "yes").startswith(LOCAL[header])


def why_bob(site, header):
    """What `why` says of bob after a message with this header, from the line of mailwicketd."""
    log = site.daemon.folder / "refused.log"
    with site.client(login="bob", source=AWAY) as client:
        assert site.send(client, BOB, header).startswith("550")
    line = site.daemon.wait_log("stage=HEADER")[-1]
    log.write_text(f"{time.strftime('%b %d %H:%M:%S')} mx mailwicketd[7]: mailwicket: {line.partition('mailwicket: ')[2]}\n")
    return json.loads(site.daemon.cli("--json", "why", "bob", "--log", log).stdout)


@pytest.mark.parametrize("header,cause,words", [
    (b"From: mary@example.test", "from-denied", "grant send-on-behalf mary@example.test bob@example.test"),
    (b"From: bob@example.test\r\nFrom: mary@example.test", "from-invalid", "write the field once"),
    (b"From: bob", "from-invalid", "RFC 5322"),
])
def test_why_names_from_the_missing_grant_and_the_command(site, header, cause, words):
    told = why_bob(site, header)["cause"]
    assert told["id"] == cause and words in told["fix"], told
    again = subprocess.run(told["explain"].replace("mailwicket ", f"{rig.CLI} ", 1), shell=True, capture_output=True, text=True,
                           timeout=60)
    assert again.returncode == 1 and ("send-on-behalf-denied" if cause == "from-denied" else "from-") in again.stdout, told
