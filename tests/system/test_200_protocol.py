"""mailwicketd and the bytes of Postfix's policy protocol: every cut, every fault, every bound."""
import os
import pwd
import select
import signal
import socket
import stat
import struct

import pytest

from rig import wait_for
from rig.daemon import RCPT, Connection, Daemon, encode, rcpt
from rig.programs import Preload, standing_clock
from rig.submission_world import DIRECTORY, NOT_AUTHENTICATED, POLICY, SEND_AS_DENIED

REFUSED = {"sender": "mary@example.test"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(POLICY, DIRECTORY, tmp_path_factory.mktemp("protocol"), log="refused") as made:
        yield made


@pytest.mark.parametrize("tcp", [False, True])
def test_a_question_is_answered_over_both_kinds_of_socket(daemon, tcp):
    with daemon.connect(tcp=tcp) as connection:
        assert connection.request() == "DUNNO"
        assert connection.request(**REFUSED) == SEND_AS_DENIED
        assert connection.request(protocol_state="CONNECT", sasl_method="", sasl_username="") == "DUNNO"


@pytest.mark.parametrize("stage", ["CONNECT", "HELO", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN"])
def test_every_stage_has_an_answer(daemon, stage):
    changes = {"protocol_state": stage}
    if stage in ("DATA", "END-OF-MESSAGE"):
        changes["recipient_count"] = "1"
    if stage == "ETRN":
        changes["etrn_domain"] = "example.test"
    assert daemon.request(changes) == "DUNNO"


def test_each_mail_is_judged_afresh(daemon):
    with daemon.connect() as connection:
        for _ in range(3):
            assert connection.request() == "DUNNO"
            assert connection.request(**REFUSED) == SEND_AS_DENIED
            assert connection.request(sasl_method="", sasl_username="") == NOT_AUTHENTICATED


@pytest.mark.parametrize("changes,expected", [({}, "DUNNO"), (REFUSED, SEND_AS_DENIED)])
def test_pol_01_a_request_may_be_cut_anywhere(daemon, changes, expected):
    """POL-01: cut at every offset."""
    data = rcpt(**changes)
    with daemon.connect() as connection:
        for cut in range(1, len(data)):
            connection.send(data[:cut])
            connection.send(data[cut:])
            assert connection.answer() == expected


def test_pol_01_one_byte_a_write(tmp_path):
    """POL-01: 1 byte a write, 2 ms apart, on a kept connection; the ten seconds that a request has do not pass."""
    with Daemon(POLICY, DIRECTORY, tmp_path, environment=standing_clock(tmp_path)) as daemon, daemon.connect() as connection:
        for data, expected in ((rcpt(), "DUNNO"), (rcpt(**REFUSED), SEND_AS_DENIED)):
            for at in range(len(data)):
                connection.send(data[at:at + 1])
                select.select([], [], [], 0.002)
            assert connection.answer() == expected
            assert connection.is_open()


def test_pol_02_a_thousand_requests_in_one_write(daemon):
    """POL-02: 1 000 answers in order, memory flat, though the reader is slow."""
    data, expected = b"", []
    for number in range(1000):
        wrong = number % 7 == 3
        data += rcpt(**(REFUSED if wrong else {}))
        expected.append(SEND_AS_DENIED if wrong else "DUNNO")
    assert daemon.request() == "DUNNO"
    before = daemon.status("VmRSS")
    with daemon.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.setblocking(False)
        sent, got = 0, b""
        while len(got.split(b"\n\n")) <= 1000:
            unsent = [connection.socket] if sent < len(data) else []
            readable, writable, _ = select.select([connection.socket], unsent, [], 20)
            assert readable or writable
            if writable:
                sent += connection.socket.send(data[sent:])
            elif readable:
                got += connection.socket.recv(700)
        assert daemon.status("VmRSS") < before + 1024
    assert [one[len("action="):] for one in got.decode().split("\n\n")[:-1]] == expected


def test_pol_02_a_reader_that_never_reads_holds_nobody_up(daemon):
    """POL-02"""
    with daemon.connect() as stuck:
        stuck.socket.setblocking(False)
        chunk = rcpt() * 100
        for _ in range(2000):
            try:
                stuck.socket.send(chunk)
            except BlockingIOError:
                break
        else:
            pytest.fail("mailwicketd reads on though nobody takes its answers")
        for _ in range(50):
            assert daemon.request() == "DUNNO"


LAX = ("DUNNO", "OK")


@pytest.mark.parametrize("base", [REFUSED, {"sasl_method": "", "sasl_username": ""},
                                  {"encryption_protocol": "", "encryption_cipher": "", "encryption_keysize": "0"},
                                  {"sasl_username": "eve"}, {"sasl_username": "nobody"},
                                  {"server_port": "25", "sasl_method": "", "sasl_username": "",
                                   "sender": "x@remote.test", "recipient": "y@remote.test"}])
def test_pol_03_an_attribute_left_out_is_never_laxer(daemon, base):
    """POL-03: each in turn; what is refused whole stays refused (or gets no answer)."""
    whole = {**RCPT, **base}
    assert daemon.request(whole) not in LAX
    for name in whole:
        if name == "request":
            continue
        answer = daemon.request({**whole, name: None})
        # Without its stage it is judged as RCPT, without its login as nobody's, each a question of its own.
        assert answer is None or answer not in LAX, name


NARROWER = POLICY + """
connector "Blocked" {
    bindings = { "*:587" }
    remote_ip_ranges = { "192.0.2.0/24" }
    deny_permissions = { Submit }
}
connector "Closed" {
    bindings = { "203.0.113.9:587" }
    deny_permissions = { Submit }
}
"""


@pytest.mark.parametrize("changes", [
    {"client_address": None}, {"client_address": "192.0.2.7."}, {"client_address": "nonsense"},
    {"client_address": "198.51.100.1", "server_address": None},
    {"client_address": "198.51.100.1", "server_address": "203.0.113.9x"}])
def test_pol_03_a_wider_connector_never_stands_in_for_a_narrower_one(tmp_path, changes):
    """POL-03 where rules go by the addresses."""
    daemon = Daemon(NARROWER, DIRECTORY, tmp_path)
    try:
        assert daemon.request().startswith("550 5.7.1 ")
        assert daemon.request(client_address="198.51.100.1", server_address="203.0.113.9").startswith("550 5.7.1 ")
        assert daemon.request(client_address="198.51.100.1") == "DUNNO"
        assert daemon.request(**changes) is None
    finally:
        daemon.kill()


@pytest.mark.parametrize("changes", [
    {"protocol_state": "END-OF-MESSAGE", "recipient_count": "1", "size": ""},
    {"protocol_state": "END-OF-MESSAGE", "recipient_count": "1", "size": "unknown"},
    {"protocol_state": "DATA", "recipient_count": "", "recipient": ""}])
def test_pol_03_a_number_that_is_due_is_never_taken_for_none(daemon, changes):
    """POL-03"""
    assert daemon.request(**changes) is None


def test_pol_03_only_request(daemon):
    """POL-03: all but `request` left out."""
    with daemon.connect() as connection:
        answer = connection.ask(b"request=smtpd_access_policy\n\n")
        assert answer is None or answer not in LAX
    assert daemon.request() == "DUNNO"


MALFORMED = {
    "NUL in a value": rcpt(sender=b"bob@example.test\0"),
    "no equals sign": b"request=smtpd_access_policy\nsender\n\n",
    "CRLF line ends": rcpt().replace(b"\n", b"\r\n"),
    "another request": rcpt(request="other"),
    "8-bit name": b"request=smtpd_access_policy\ns\xe9nder=a\n\n",
    "empty request": b"\n",
    "empty name": b"request=smtpd_access_policy\n=a\n\n",
    "an attribute twice": b"request=smtpd_access_policy\nsender=bob@example.test\nsender=mary@example.test\n\n",
    "a size that is no number": rcpt(size="big"),
    "a negative size": rcpt(size="-1"),
    "a size beyond 64 bits": rcpt(size="99999999999999999999"),
    "a port that is none": rcpt(server_port="587x"),
    "a mechanism without a login": rcpt(sasl_username=""),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": bytes.fromhex("160301020001000100030300"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_pol_06_malformed_closes_that_connection_alone(daemon, name):
    """POL-06: closed without an answer, one log line, the others served."""
    before = len(daemon.lines("^mailwicketd: connection of "))
    with daemon.connect() as other, daemon.connect() as connection:
        assert other.request() == "DUNNO"
        assert connection.ask(MALFORMED[name]) is None
        assert other.request() == "DUNNO"
    wait_for(lambda: len(daemon.lines("^mailwicketd: connection of ")) > before, "the log line")
    assert len(daemon.lines("^mailwicketd: connection of ")) == before + 1


def test_pol_06_what_was_asked_before_is_answered(daemon):
    """POL-06: good requests in the same write as a malformed one."""
    with daemon.connect() as connection:
        connection.send(rcpt() + rcpt(**REFUSED) + b"nonsense\n\n")
        assert [connection.answer() for _ in range(3)] == ["DUNNO", SEND_AS_DENIED, None]


ENDLESS = {
    "a line of 1 MiB": lambda: iter([b"request=smtpd_access_policy\nstress="] + [b"x" * 65536] * 16),
    "a million attributes": lambda: iter([b"request=smtpd_access_policy\n"] + [b"a=1\n" * 10000] * 100),
    "a stream without a newline": lambda: iter(lambda: b"y" * 65536, None),
    "a request of empty values": lambda: iter(lambda: b"z" * 8000 + b"=\n", None),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_pol_07_what_does_not_end_is_closed_at_the_limit(daemon, name):
    """POL-07: closed at the limit, resident memory not 1 MiB more."""
    for _ in range(4):
        daemon.connect().close()
    assert daemon.request() == "DUNNO"
    before = daemon.status("VmRSS")
    with daemon.connect() as connection:
        sent = 0
        try:
            for part in ENDLESS[name]():
                connection.send(part)
                sent += len(part)
                assert sent < 8 << 20, "never closed"
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert connection.wait_closed()
    assert daemon.status("VmRSS") < before + 1024
    assert daemon.request() == "DUNNO"


def test_pol_08_half_closed_after_a_request(daemon):
    """POL-08: SHUT_WR after a full request: answer, then close."""
    for tcp in (False, True):
        with daemon.connect(tcp=tcp) as connection:
            connection.send(rcpt())
            connection.socket.shutdown(socket.SHUT_WR)
            assert connection.answer() == "DUNNO"
            assert connection.answer() is None


def test_pol_08_reset_and_gone_peers(daemon):
    """POL-08: reset in the middle of answers, gone before the answer: no death by SIGPIPE."""
    for number in range(50):
        connection = daemon.connect(tcp=number % 2 == 0)
        connection.send(rcpt() * (1 + number % 5 * 40))
        if number % 3 == 0 and number % 2 == 0:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert daemon.request() == "DUNNO"
    assert daemon.process.poll() is None


@pytest.fixture
def clocked(tmp_path):
    """A daemon whose clock stands still, and goes on when the test moves it."""
    preload = Preload(tmp_path)

    def set_clock(seconds):
        preload.set("clock_stands_at", 1000000 + seconds)
    set_clock(0)
    with Daemon(POLICY, DIRECTORY, tmp_path, log="refused", environment=preload.environment) as made:
        made.set_clock = set_clock
        yield made


def moves_to(daemon, seconds):
    """The clock stands there, and two sweeps over all connections (one each second) went by."""
    with daemon.connect() as probe:
        for second in (seconds - 2, seconds - 1, seconds):
            daemon.set_clock(second)
            # The loop looks at its clock when something wakes it: a turn in which the sweep is due, and one after it.
            for _ in range(2):
                assert probe.request() == "DUNNO"


@pytest.mark.parametrize("idle", [310, 990])
def test_pol_09_an_idle_connection_is_kept(clocked, idle):
    """POL-09: idle 310 s and 990 s, then a request, over a reload."""
    with clocked.connect() as fresh, clocked.connect() as used:
        assert used.request() == "DUNNO"
        moves_to(clocked, idle)
        assert clocked.reload()
        assert fresh.is_open() and used.is_open()
        assert used.request() == "DUNNO"
        assert fresh.request(**REFUSED) == SEND_AS_DENIED


def test_pol_09_an_abandoned_connection_is_not_kept_for_ever(clocked):
    """POL-09: there is an end to idleness, well above Postfix's own."""
    with clocked.connect() as connection:
        assert connection.request() == "DUNNO"
        clocked.set_clock(3600)
        assert connection.wait_closed()
    assert not clocked.lines("connection of .* closed")


def test_a_request_has_ten_seconds(clocked):
    """A slow sender is cut off, an idle connection is not; each byte in time gains nothing."""
    with clocked.connect() as idle, clocked.connect() as slow:
        assert idle.request() == "DUNNO"
        slow.send(rcpt()[:40])
        assert idle.request() == "DUNNO"  # what came before it is read
        moves_to(clocked, 6)
        slow.send(rcpt()[40:41])
        moves_to(clocked, 9)
        assert slow.is_open()
        moves_to(clocked, 12)
        assert slow.wait_closed()
        assert idle.request() == "DUNNO"
    assert len(clocked.lines("not whole after 10 seconds")) == 1


def test_a_pipelined_rest_has_ten_seconds_of_its_own(clocked):
    with clocked.connect() as connection, clocked.connect() as other:
        connection.send(rcpt()[:40])
        assert other.request() == "DUNNO"  # what came before it is read
        moves_to(clocked, 6)
        connection.send(rcpt()[40:] + rcpt()[:40])
        assert connection.answer() == "DUNNO"
        moves_to(clocked, 12)
        connection.send(rcpt()[40:])
        assert connection.answer() == "DUNNO"


# mailwicketd reads the first MW_INCOMING_MAX octets in another place than what comes after them.
@pytest.mark.parametrize("length", [1900, 1983, 1984, 1985, 2100, 3967, 3968, 3969])
def test_requests_of_every_length_are_answered(daemon, length):
    """Alone and with others in the same write: what is cut between two reads is put together again."""
    plain, padded = rcpt(**REFUSED), rcpt(stress="")
    padded = padded.replace(b"stress=\n", b"stress=" + b"x" * (length - len(padded)) + b"\n")
    assert len(padded) == length
    with daemon.connect() as connection:
        for data, expected in ((padded, ["DUNNO"]), (plain + padded, [SEND_AS_DENIED, "DUNNO"]),
                               (padded + plain, ["DUNNO", SEND_AS_DENIED]), (padded * 3, ["DUNNO"] * 3)):
            connection.send(data)
            assert [connection.answer() for _ in expected] == expected


def test_everybody_gets_the_own_answer_when_all_ask_at_once(daemon):
    """More than are read in one turn; some ask nonsense, some only begin, some are gone before their answer."""
    kinds = {"permitted": rcpt(), "refused": rcpt(**REFUSED), "nonsense": b"nonsense\n\n", "begun": rcpt()[:-10],
             "gone": rcpt(), "two": rcpt() + rcpt(**REFUSED)}
    peers = [(kind, daemon.connect()) for _ in range(40) for kind in kinds]
    assert daemon.request() == "DUNNO"
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        for kind, connection in peers:
            connection.send(kinds[kind])
            if kind == "gone":
                connection.close()
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    for kind, connection in peers:
        if kind == "begun":
            connection.send(rcpt()[-10:])
    expected = {"permitted": ["DUNNO"], "refused": [SEND_AS_DENIED], "nonsense": [None], "begun": ["DUNNO"],
                "two": ["DUNNO", SEND_AS_DENIED]}
    for kind, connection in peers:
        if kind != "gone":
            assert [connection.answer() for _ in expected[kind]] == expected[kind], kind
            connection.close()
    assert daemon.request() == "DUNNO"


def test_pol_11_a_stopped_daemon_answers_what_was_asked_meanwhile(daemon):
    """POL-11: SIGSTOP, a client waiting; nothing is lost when it goes on, however long it was stopped."""
    with daemon.connect() as waiting, daemon.connect() as half:
        half.send(rcpt()[:30])
        assert daemon.request() == "DUNNO"
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            waiting.send(rcpt(**REFUSED))
            half.send(rcpt()[30:])
            select.select([], [], [], 0.5)
            assert waiting.is_open()
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        assert waiting.answer() == SEND_AS_DENIED
        assert half.answer() == "DUNNO"


def test_pol_13_mode_and_group_of_the_socket(tmp_path):
    """POL-13: 0660 and the configured group; a folder that not everybody may write."""
    group = "postfix" if "postfix" in [entry.pw_name for entry in pwd.getpwall()] else "daemon"
    sections = f'policy_service {{ listen = {{ "unix:{tmp_path}/policy" }} socket_group = "{group}" }}'
    with Daemon(POLICY, DIRECTORY, tmp_path, sections=sections) as daemon:
        made = os.stat(daemon.socket_path)
        assert stat.S_IMODE(made.st_mode) == 0o660
        assert made.st_uid == 0
        assert made.st_gid == __import__("grp").getgrnam(group).gr_gid
        assert not os.stat(tmp_path).st_mode & stat.S_IWOTH
        assert daemon.request() == "DUNNO"


def connect_as(user, path):
    """Whether a process of that user (and nothing else) gets an answer; or the errno of connect()."""
    account = pwd.getpwnam(user)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            try:
                connection = Connection(str(path))
                answer = connection.ask(encode(RCPT))
                os.write(writer, repr(answer).encode())
            except OSError as error:
                os.write(writer, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as result:
        return result.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users")
def test_pol_13_other_users_are_kept_out(folder):
    """POL-13: EACCES by the mode; where the mode lets everybody in, by who they are."""
    with Daemon(POLICY, DIRECTORY, folder) as daemon:
        assert connect_as("nobody", daemon.socket_path) == "PermissionError"
    sections = (f'policy_service {{ listen = {{ "unix:{folder}/policy" }} socket_group = "root" '
                f'socket_mode = "0666" peers = {{ "daemon" }} }}')
    with Daemon(POLICY, DIRECTORY, folder, sections=sections) as daemon:
        assert connect_as("nobody", daemon.socket_path) == "None"
        daemon.wait_log(r"refused: user \d+ is neither")
        assert connect_as("daemon", daemon.socket_path) == "'DUNNO'"
        if "postfix" in [entry.pw_name for entry in pwd.getpwall()]:
            assert connect_as("postfix", daemon.socket_path) == "'DUNNO'"


def test_no_byte_comes_unasked(daemon):
    with daemon.connect() as connection:
        assert connection.request() == "DUNNO"
        readable, _, _ = select.select([connection.socket], [], [], 1.5)
        assert not readable


def test_hostile_values_make_one_log_line_each(daemon):
    hostile = ["x\" verdict=permit", "a b=c", "\x1b[2J@example.test", "bob@exämple.test", "\udcff\udcfe@example.test",
               "a\tb@example.test", "%s%n@example.test", "x" * 3000 + "@example.test"]
    def lines():
        """But for what the clock has said of earlier tests' faults."""
        return [line for line in daemon.lines() if not line.endswith(" more faults of peers within a second")]
    for number, value in enumerate(hostile):
        before = len(lines())
        answer = daemon.request(sender=value, instance=f"hostile.{number}")
        assert answer is not None and answer not in LAX
        assert len(lines()) == before + 1
        assert daemon.logged(instance=f"hostile.{number}")[0]["verdict"] == "refuse"
