"""Questions that wait for something outside mailwicketd: order, other connections, reloads, suspensions, the end.

Nothing waits in what is installed. mailwicketd_waiting is mailwicketd with tests/support/waits.c: a question with
helo_name=wait.NAME waits until release(NAME), one with later.MS so many milliseconds."""
import os
import random
import socket
import threading
import time
from pathlib import Path

import pytest

from rig import PATIENCE, wait_for
from rig.built import made
from rig.daemon import Daemon, rcpt

CONNECTOR = """hostname = "mx.example.test"
accepted_domain "example.test" {{ type = Authoritative }}
connector "Client" {{ bindings = {{ "*:587" }} permission_groups = {{ ExchangeUsers }} }}
replies = {replies}
"""
CLASSIC, CURRENT = CONNECTOR.format(replies="classic"), CONNECTOR.format(replies="current")
# A refusal tells its policy.
DENIED = {"classic": "550 5.7.1 Client does not have permissions to send as this sender",
          "current": "550 5.7.60 Client does not have permissions to send as this sender"}
UNKNOWN = "535 5.7.3 Authentication unsuccessful"
DIRECTORY = "user bob@example.test login=bob\nuser mary@example.test login=mary\n"
SUSPENDED = "550 5.7.1 Access denied, sending is suspended for this account"


@pytest.fixture(scope="module")
def program():
    return made("tests/support/mailwicketd_waiting")


class Waiting(Daemon):
    """`most`: how long a question may wait, in seconds; None: as in what is installed."""

    def __init__(self, program, tmp_path, policy=CLASSIC, directory=DIRECTORY, most=10 * PATIENCE):
        self.waits = tmp_path / "waits"
        self.outside = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        super().__init__(policy, directory, tmp_path, binary=program, environment={
            "MAILWICKET_WAITS": str(self.waits), **({"MAILWICKET_WAITS_MOST": str(most)} if most is not None else {})})

    def release(self, name):
        self.outside.sendto(name.encode(), str(self.waits))

    def begin(self, connection, name, **changes):
        """Asks; returns once the question waits."""
        connection.send(rcpt(helo_name=f"wait.{name}", **changes))
        self.wait_log(f"waits: {name}$")


@pytest.fixture
def daemon(program, tmp_path):
    with Waiting(program, tmp_path) as made:
        yield made


def test_answers_keep_the_order_of_questions(daemon):
    with daemon.connect() as connection:
        connection.send(rcpt(helo_name="wait.first", sender="mary@example.test") + rcpt() +
                        rcpt(helo_name="wait.third", sender="x") + rcpt())
        daemon.wait_log("waits: first$")
        # Whatever else is answered meanwhile.
        assert daemon.request() == "DUNNO"
        assert connection.is_open()
        daemon.release("first")
        assert connection.answer().startswith("550 5.7.1")
        assert connection.answer() == "DUNNO"
        daemon.wait_log("waits: third$")
        assert connection.is_open()
        daemon.release("third")
        assert connection.answer().startswith("501 5.1.7")
        assert connection.answer() == "DUNNO"


def test_other_connections_go_on(daemon):
    connections = [daemon.connect() for _ in range(100)]
    for number, connection in enumerate(connections[::2]):
        daemon.begin(connection, f"n{number}")
    for _ in range(3):
        for connection in connections[1::2]:
            assert connection.request() == "DUNNO"
    assert all(connection.is_open() for connection in connections)
    daemon.release("*")
    assert [connection.answer() for connection in connections[::2]] == ["DUNNO"] * 50
    for connection in connections:
        assert connection.request() == "DUNNO"
        connection.close()


def test_a_request_longer_than_most_waits_as_any(daemon):
    with daemon.connect() as connection:
        daemon.begin(connection, "long", ccert_subject="x" * 8000)
        daemon.release("long")
        assert connection.answer() == "DUNNO"
        assert connection.request() == "DUNNO"


def test_a_question_that_is_never_released_is_undecided(program, tmp_path):
    with Waiting(program, tmp_path, most=None) as daemon, daemon.connect() as connection, daemon.connect() as other:
        began = time.monotonic()
        daemon.begin(connection, "forever")
        assert connection.wait_closed()
        assert time.monotonic() - began > 0.5
        assert daemon.wait_log(r"closed: what a question waited for did not come within a second$")
        assert other.request() == "DUNNO"
        daemon.release("forever")
        assert other.request() == "DUNNO"


def test_a_peer_that_goes_is_no_longer_waited_for(daemon):
    for number in range(3):
        connection = daemon.connect()
        daemon.begin(connection, f"gone{number}")
        connection.close()
    daemon.release("*")
    assert daemon.request() == "DUNNO"
    wait_for(lambda: daemon.descriptors() <= 16, "the connections to be closed")


def test_a_reload_in_between_changes_nothing_for_what_waits(daemon):
    with daemon.connect() as connection:
        daemon.begin(connection, "old", sender="mary@example.test")
        daemon.write_policy(CURRENT)
        assert daemon.reload()
        assert daemon.request(sender="mary@example.test") == DENIED["current"]
        daemon.release("old")
        assert connection.answer() == DENIED["classic"]
        assert connection.request(sender="mary@example.test") == DENIED["current"]


def test_a_new_snapshot_in_between_changes_nothing_for_what_waits(daemon):
    with daemon.connect() as connection, daemon.connect() as unknown:
        daemon.begin(connection, "old")
        daemon.begin(unknown, "new", sasl_username="eve", sender="eve@example.test")
        daemon.write_directory("user eve@example.test login=eve\n")
        wait_for(lambda: daemon.request() == UNKNOWN, "the new snapshot")
        daemon.release("*")
        assert connection.answer() == "DUNNO"
        assert unknown.answer() == UNKNOWN
        assert unknown.request(sasl_username="eve", sender="eve@example.test") == "DUNNO"


@pytest.mark.parametrize("between", ["nothing", "a reload", "a new snapshot", "another directory"])
def test_who_is_suspended_in_between_is_refused(daemon, between, tmp_path):
    with daemon.connect() as connection:
        daemon.begin(connection, "suspended")
        if between == "a reload":
            daemon.reload()
        elif between == "a new snapshot":
            # Other ids than before.
            daemon.write_directory("user aaa@example.test\nuser abc@example.test\n" + DIRECTORY)
            wait_for(lambda: daemon.request(sasl_username="aaa@example.test", sender="aaa@example.test") == "DUNNO",
                     "the new snapshot")
        suspended = daemon.cli("suspend", "bob@example.test", "--sending")
        assert suspended.returncode == 0, suspended.stderr
        if between == "another directory":
            (tmp_path / "other").mkdir(mode=0o755)
            daemon.write_policy(CLASSIC + f'directory {{ path = "{tmp_path}/other"\n'
                                f'  source "local" {{ driver = text path = "{daemon.directory}" }} }}\n')
            daemon.sync()
            assert daemon.reload()
        daemon.release("suspended")
        assert connection.answer() == SUSPENDED
        expected = "DUNNO" if between == "another directory" else SUSPENDED
        assert connection.request() == expected
        assert daemon.request() == expected


def test_a_directory_that_is_gone_meanwhile_leaves_it_undecided(daemon):
    with daemon.connect() as connection:
        daemon.begin(connection, "gone")
        (daemon.published / "snapshot.mdb").unlink()
        daemon.release("gone")
        assert connection.answer() is None
    assert daemon.wait_log("verdict=undecided reason=directory-unavailable ")


def test_the_end_waits_for_what_waits(daemon):
    with daemon.connect() as connection, daemon.connect() as idle:
        assert idle.request() == "DUNNO"
        daemon.begin(connection, "last")
        connection.send(rcpt(sender="mary@example.test"))
        daemon.process.terminate()
        assert idle.wait_closed()
        daemon.release("last")
        assert connection.answer() == "DUNNO"
        assert connection.answer().startswith("550 5.7.1")
        assert connection.wait_closed()
        assert daemon.process.wait(PATIENCE) == 0


def test_the_end_waits_no_longer_than_the_question(program, tmp_path):
    with Waiting(program, tmp_path, most=None) as daemon, daemon.connect() as connection:
        daemon.begin(connection, "never")
        daemon.process.terminate()
        assert connection.wait_closed()
        assert daemon.process.wait(PATIENCE) == 0
        assert daemon.wait_log("closed: what a question waited for")


# --- many reloads

RELOADS = int(os.environ.get("MAILWICKET_RELOADS", "40"))  # 1,000 by hand
ASKERS = 16
GRANTED = {"classic": "anna", "current": "egon"}  # as whom bob may send, by the directory of that policy


def worlds(tmp_path):
    """Two policies with a directory each, as text."""
    made = {}
    for replies, sender in GRANTED.items():
        published = tmp_path / f"published-{replies}"
        published.mkdir(mode=0o755)
        source = tmp_path / f"directory-{replies}"
        Daemon.write(source, "user anna@example.test\nuser egon@example.test\nuser bob@example.test login=bob\n"
                             f"grant send-as {sender}@example.test bob@example.test\n")
        made[replies] = CONNECTOR.format(replies=replies) + (
            f'directory {{ path = "{published}"\n  source "local" {{ driver = text path = "{source}" }} }}\n')
    return made


def possible(sender):
    """What the two worlds answer. The refusal of the policy whose directory has the grant comes from a mixture."""
    return {"DUNNO", *(DENIED[replies] for replies, granted in GRANTED.items() if granted != sender)}


class Asker(threading.Thread):
    """Asks as both senders without a pause; most questions wait, for another time each."""

    def __init__(self, daemon, number):
        super().__init__()
        self.asked_of = daemon
        self.chance = random.Random(number)
        self.ended = threading.Event()
        self.answers = set()

    def run(self):
        with self.asked_of.connect() as connection:
            while not self.ended.is_set():
                sender = self.chance.choice(list(GRANTED.values()))
                helo = self.chance.choice(["client.example.net", "later.0", "later.3", "later.20", "later.90"])
                self.answers.add((sender, connection.request(helo_name=helo, sender=f"{sender}@example.test")))


def test_many_reloads_under_load_lose_and_mix_nothing(program, tmp_path):
    texts = worlds(tmp_path)
    daemon = Waiting(program, tmp_path, texts["current"])
    daemon.write_policy(texts["classic"])
    daemon.sync()
    with daemon:
        askers = [Asker(daemon, number) for number in range(ASKERS)]
        for asker in askers:
            asker.start()
        for number in range(RELOADS):
            daemon.write_policy(texts["current" if number % 2 == 0 else "classic"])
            assert daemon.reload()
        # The askers may be too slow to meet each world in between: with them, one who waits for its answers.
        patient = set()
        for text in texts.values():
            daemon.write_policy(text)
            assert daemon.reload()
            patient |= {(sender, daemon.request(sender=f"{sender}@example.test")) for sender in GRANTED.values()}
        for asker in askers:
            asker.ended.set()
        for asker in askers:
            asker.join(PATIENCE)
        # No connection was closed (None), no answer is of a mixture, and each world answered as either sender.
        answers = patient.union(*(asker.answers for asker in askers))
        assert answers == {(sender, answer) for sender in GRANTED.values() for answer in possible(sender)}
        # What was exchanged is freed.
        wait_for(lambda: daemon.descriptors() <= 20, "the connections to be closed")
        maps = Path(f"/proc/{daemon.pid}/maps")
        wait_for(lambda: maps.read_text().count("snapshot.mdb") <= 1, "the earlier snapshots to be let go")
