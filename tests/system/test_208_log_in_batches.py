"""The decision log's lines, written together: before any answer that they explain, but for a server with more than a
thousand batches of them a second; each whole, in order, none lost that there is room for; whatever becomes of the file,
the pipe or the process."""
import os
import re
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from rig import MAILWICKETD, PATIENCE, wait_for
from rig.daemon import Daemon, parse_decision, rcpt
from rig.programs import Preload, standing_clock
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

TOGETHER = 40


def refused(number):
    return rcpt(sender="mary@example.test", instance=f"n.{number}")


def ask_together(pid, connections):
    """The process finds a question on each connection at once."""
    os.kill(pid, signal.SIGSTOP)
    for number, connection in enumerate(connections):
        connection.send(refused(number))
    os.kill(pid, signal.SIGCONT)


def check(text):
    """Every line is whole and decisions are in the order they were asked. Gives how many there are, and were dropped."""
    assert text.endswith("\n") or not text
    numbers, dropped = [], 0
    for line in text.splitlines():
        told = re.fullmatch(r"mailwicketd: (\d+) log lines were dropped: nothing reads the log", line)
        dropped += int(told[1]) if told else 0
        if line.startswith("mailwicketd: "):
            continue
        assert line.startswith("mailwicket: v=1 verdict=refuse ") and line.endswith('"'), line
        numbers.append(int(parse_decision(line)["instance"][2:]))
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    return len(numbers), dropped


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(POLICY, DIRECTORY, tmp_path, log="refused")
    yield made
    made.kill()


class Piped:
    """mailwicketd whose standard error is a pipe."""

    def __init__(self, tmp_path, environment=None):
        self.files = Daemon(POLICY, DIRECTORY, tmp_path, start=False, log="refused")
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.process = subprocess.Popen([MAILWICKETD, "-f", "-c", self.files.policy], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=writer, env={**os.environ, **(environment or {})})
        os.close(writer)
        self.text = ""
        wait_for(lambda: "mailwicketd: ready: " in self.read(), "mailwicketd to be ready")

    def read(self, most=1 << 20):
        """All that was written, with what is in the pipe now."""
        try:
            self.text += os.read(self.reader, most).decode()
        except BlockingIOError:
            pass
        return self.text

    def read_to_end(self):
        os.set_blocking(self.reader, True)
        while part := os.read(self.reader, 65536):
            self.text += part.decode()
        return self.text

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.reader)


@pytest.fixture
def piped(tmp_path):
    made = Piped(tmp_path)
    yield made
    made.close()


def system_calls_that_write(pid):
    return int(re.search(r"^syscw: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M)[1])


@pytest.mark.skipif(not os.access("/proc/self/io", os.R_OK), reason="the kernel does not count system calls")
def test_the_lines_of_questions_that_come_together_are_one_write(daemon):
    connections = [daemon.connect() for _ in range(TOGETHER)]
    assert connections[0].ask(refused(0)) == SEND_AS_DENIED
    before = system_calls_that_write(daemon.pid)
    ask_together(daemon.pid, connections)
    assert {connection.answer() for connection in connections} == {SEND_AS_DENIED}
    assert system_calls_that_write(daemon.pid) - before < TOGETHER / 4
    assert len(daemon.logged(verdict="refuse")) == TOGETHER + 1


def test_no_answer_is_seen_before_its_line(piped):
    """Neither alone nor among others: the line is in the pipe when the answer comes."""
    connections = [piped.files.connect() for _ in range(TOGETHER)]
    for _ in range(20):
        piped.text = ""
        ask_together(piped.process.pid, connections)
        for number, connection in enumerate(connections):
            assert connection.answer() == SEND_AS_DENIED
            assert f" instance=n.{number} " in piped.read()
    for number in range(200):
        piped.text = ""
        assert connections[0].ask(refused(number)) == SEND_AS_DENIED
        assert f" instance=n.{number} " in piped.read()


class Ahead:
    """A connection that sends so many questions before it reads an answer: each is a batch of its own."""

    def __init__(self, daemon, count):
        self.connection = daemon.connect()
        questions = b"".join(refused(number) for number in range(count))
        self.sender = threading.Thread(target=self.connection.send, args=[questions])
        self.sender.start()

    def answers(self, count):
        for _ in range(count):
            assert self.connection.answer() == SEND_AS_DENIED


@pytest.mark.skipif(not os.access("/proc/self/io", os.R_OK), reason="the kernel does not count system calls")
def test_more_batches_a_second_than_writes(daemon):
    """The lines of many go out together, none is lost, and none waits for a question that does not come."""
    count, before, began = 6000, system_calls_that_write(daemon.pid), time.monotonic()
    ahead = Ahead(daemon, count)
    ahead.answers(count)
    ahead.sender.join()
    daemon.wait_log(rf" instance=n\.{count - 1} ")
    assert system_calls_that_write(daemon.pid) - before < 1000 * (time.monotonic() - began + 1) + 100
    assert check(daemon.text()) == (count, 0)


@pytest.mark.parametrize("ends", [False, True])
def test_lines_that_wait_outlive_a_reload_and_are_there_at_the_end(daemon, ends):
    count = 6000
    ahead = Ahead(daemon, count)
    ahead.answers(count // 2)
    os.kill(daemon.pid, signal.SIGHUP)
    ahead.answers(count // 2)
    ahead.sender.join()
    if ends:
        daemon.process.terminate()
        assert daemon.process.wait(PATIENCE) == 0
    else:
        daemon.wait_log(rf" instance=n\.{count - 1} ")
    daemon.wait_log("policy read")
    assert check(daemon.text()) == (count, 0)


def test_a_connection_that_is_closed_for_no_answer_has_its_line_before(piped):
    """An undecided question."""
    connection = piped.files.connect()
    os.rename(piped.files.published, piped.files.folder / "away")
    wait_for(lambda: "no request can be answered" in piped.read(), "the directory to be missed")
    connection.send(rcpt())
    assert connection.wait_closed()
    assert "verdict=undecided" in piped.read()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_at_its_log_has_sent_no_answer_that_is_not_there(tmp_path, when):
    preload = Preload(tmp_path)
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, log="refused", environment=preload.environment)
    connections = [daemon.connect() for _ in range(TOGETHER)]
    assert connections[0].request() == "DUNNO"
    preload.set("kill_at_log", 1 if when == "before" else 2)
    ask_together(daemon.pid, connections)
    daemon.process.wait(PATIENCE)
    assert [connection.answer() for connection in connections] == [None] * TOGETHER
    lines = daemon.logged(verdict="refuse")
    assert not lines if when == "before" else lines


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk of its own")
def test_a_disk_that_is_full_for_a_while(tmp_path):
    """Questions are answered; what was kept is written once there is room, a line that was cut is finished."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = 'mount -t tmpfs -o size=256k none "$0" && : >"$0/filler" && exec "$@" 2>"$0/log"'
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, start=False, log="refused",
                    prefix=["unshare", "--mount", "--propagation", "private", "sh", "-c", mounted, disk])
    daemon.launch()
    inside = Path(f"/proc/{daemon.pid}/root{disk}")
    daemon.log = inside / "log"
    try:
        wait_for(lambda: daemon.log.exists() and "mailwicketd: ready: " in daemon.text(), "mailwicketd to be ready")
        with open(inside / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
            while filler.write(bytes(4096)):
                pass
        count, connection = 400, daemon.connect()
        for number in range(count):
            assert connection.ask(refused(number)) == SEND_AS_DENIED
        size = daemon.log.stat().st_size
        os.truncate(inside / "filler", 0)
        told, = daemon.wait_log("log lines were dropped")
        assert connection.ask(refused(count)) == SEND_AS_DENIED
        daemon.wait_log(rf" instance=n\.{count} ")
        kept, dropped = check(daemon.text())
        assert dropped > 0 and kept + dropped == count + 1
        assert daemon.log.stat().st_size > size
    finally:
        daemon.kill()


def test_a_log_that_may_not_grow(tmp_path):
    """A limit on the size of files is like a full disk, and ends nothing."""
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, log="refused", prefix=["prlimit", "--fsize=20000:unlimited"])
    with daemon, daemon.connect() as connection:
        for number in range(80):
            assert connection.ask(refused(number)) == SEND_AS_DENIED
        assert daemon.log.stat().st_size == 20000
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        daemon.wait_log(r" instance=n\.79 ")
    assert check(daemon.text()) == (80, 0)


def test_a_reader_that_is_slower_than_the_questions(piped):
    count = 3000
    with piped.files.connect() as connection:
        for number in range(count):
            assert connection.ask(refused(number)) == SEND_AS_DENIED
            piped.read(300)  # less than half a line
    wait_for(lambda: sum(check_whole(piped.read())) == count, "every line, or its number among the dropped")
    kept, dropped = check(piped.text)
    assert dropped > 0


def check_whole(text):
    return check(text[:text.rfind("\n") + 1])


def test_what_a_slow_reader_did_not_take_yet_is_given_to_it_at_the_end(tmp_path):
    """SIGTERM, while the pipe is full and more is to be written: it waits half a second for the reader, which does not pass."""
    piped = Piped(tmp_path, standing_clock(tmp_path))
    try:
        count = 150  # a pipe of 64 KiB takes some 100 of them
        with piped.files.connect() as connection:
            for number in range(count):
                assert connection.ask(refused(number)) == SEND_AS_DENIED
        piped.process.terminate()
        assert check(piped.read_to_end()) == (count, 0)
        assert piped.text.endswith("mailwicketd: exiting\n")
        assert piped.process.wait(PATIENCE) == 0
    finally:
        piped.close()


def test_a_reload_among_the_questions_of_a_batch(daemon):
    """SIGHUP comes with them: every line is there, whole, and the reload's own."""
    connections = [daemon.connect() for _ in range(TOGETHER)]
    for _ in range(5):
        os.kill(daemon.pid, signal.SIGSTOP)
        os.kill(daemon.pid, signal.SIGHUP)
        ask_together(daemon.pid, connections)
        assert {connection.answer() for connection in connections} == {SEND_AS_DENIED}
    daemon.wait_log("policy read")
    assert len(daemon.logged(verdict="refuse")) == 5 * TOGETHER
    assert all(line.startswith(("mailwicket: v=1 ", "mailwicketd: ")) for line in daemon.lines())


def test_a_line_that_would_be_too_long_loses_whole_fields(daemon):
    """Octets that are written as four each: what is left of the line is read as it was meant."""
    long = b"\xff" * 250
    daemon.request(sasl_username=long, sender=long, recipient=long, etrn_domain=long, instance="long.1")
    line, = daemon.lines("mailwicket: v=1 ")
    assert 3000 < len(line) < 4000
    assert re.fullmatch(r'mailwicket: v=1( [a-z_]+=("([^"\\]|\\.)*"|[^" ]+))+', line), line
