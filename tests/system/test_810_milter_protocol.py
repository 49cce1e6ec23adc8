"""mailwicketd as a milter against peers that do not keep to the protocol, and what it answers to those that do."""
import fcntl
import os
import random
import resource
import socket
import time

import pytest

import rig
from rig import changed, wait_for
from rig.daemon import Connection, Daemon
from rig.mailsite import WORLD_DIRECTORY
from rig.milter_site import Milter, macros, number, packet
from rig.programs import Preload, has_systemd, sanitized

POLICY = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
connector "Client" {
    bindings = { "*:587" }
    permission_groups = { ExchangeUsers }
}
connector "Partners" {
    bindings = { "*:2525" }
    permission_groups = { Partners, ExchangeUsers }
    grant_permissions = { Accept-Any-Sender }
    partner_certificates = { "%s" }
}
""" % ("ab" * 32)
BOB, MARY = "bob@example.test", "mary@example.test"
CONTINUE, TEMPFAIL = ("c", b""), ("t", b"")
DENIED = ("y", b"550 5.7.1 Client does not have permissions to send on behalf of the from address\0")
TLS = {"tls_version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "cipher_bits": 256}
PARTNER = {"sasl_method": "", "sasl_username": "", "ccert_fingerprint": ":".join(["AB"] * 32), "ccert_subject": "partner",
           "protocol_state": "END-OF-MESSAGE", "recipient_count": "1", "client_address": "127.0.0.1", "server_port": "2525",
           "server_address": "127.0.0.1"}


class MilterDaemon(Daemon):
    def __init__(self, tmp_path, policy=POLICY, **more):
        self.milter_path, self.milter_port = tmp_path / "milter", rig.free_port()
        super().__init__(policy, WORLD_DIRECTORY, tmp_path, sections=(
            f'milter {{ listen = {{ "unix:{self.milter_path}", "inet:127.0.0.1:{self.milter_port}" }} }}'), **more)

    def milter(self, tcp=False):
        return Milter(("127.0.0.1", self.milter_port) if tcp else str(self.milter_path))

    def session(self, login="bob", tcp=False, **changes):
        """A session with a message begun."""
        made = self.milter(tcp)
        made.negotiate()
        made.connect_client(**changes)
        return made.mail(login)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with MilterDaemon(tmp_path_factory.mktemp("milter")) as made:
        yield made


def test_the_negotiation_asks_for_its_own_macros_and_declines_what_it_does_not_need(daemon):
    with daemon.milter() as milter:
        command, data = milter.negotiate()
        assert command == "O"
        version, actions, steps = (int.from_bytes(data[at:at + 4], "big") for at in (0, 4, 8))
        assert version == 6
        assert actions == 0x1 | 0x100  # SMFIF_ADDHDRS, SMFIF_SETSYMLIST
        assert steps == 0xff000 | 0x80 | 0x2 | 0x8 | 0x10 | 0x40 | 0x100 | 0x200
        assert b"{daemon_port}" in data and b"{auth_authen}" in data and b"{tls_version}" in data
        assert data[12:16] == number(0) and data.endswith(b"\0")


@pytest.mark.parametrize("sender,answer", [(BOB, CONTINUE), (MARY, DENIED), ("sales@example.test", CONTINUE)])
def test_a_message_gets_one_answer_at_its_end(daemon, sender, answer):
    with daemon.session() as milter:
        milter.field("Received", "from somewhere").field("From", sender).field("Subject", "hello")
        assert milter.is_open()
        assert milter.end() == answer
        assert milter.is_open()


def test_a_session_that_comes_octet_by_octet_gets_the_same_answers(daemon):
    sent = (packet("O", Milter.OFFER) +
            macros("C", client_addr="127.0.0.1", client_port=40000, daemon_addr="127.0.0.1", daemon_port=587) +
            packet("C", b"client\0" + b"4" + (40000).to_bytes(2, "big") + b"127.0.0.1\0") +
            b"".join(macros("M", auth_authen="bob", auth_type="PLAIN", **TLS) + packet("M", b"<bob@example.test>\0") +
                     packet("L", b"From\0" + sender.encode() + b"\0") +
                     macros("E", i="A1", client_addr="127.0.0.1", client_port=40000, daemon_addr="127.0.0.1",
                            daemon_port=587, auth_authen="bob", auth_type="PLAIN") + packet("E") + packet("A")
                     for sender in (BOB, MARY)))
    with daemon.milter() as milter:
        milter.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for octet in sent:
            milter.send(bytes([octet]))
        assert milter.read_packet()[0] == "O"
        assert milter.read_packet() == CONTINUE
        assert milter.read_packet() == DENIED
    with daemon.milter() as milter:  # all at once: nobody waits for answers
        milter.send(sent)
        assert [milter.read_packet() for _ in range(3)][1:] == [CONTINUE, DENIED]


# --- peers that know less

@pytest.mark.parametrize("offer,why", [
    (number(2) + number(0x1ff) + number(0x1fffff), "older milter protocol than 6"),
    (number(6) + number(0xff) + number(0x1fffff), "SMFIF_SETSYMLIST"),
    (number(6) + number(0x100) + number(0x1fffff), "SMFIF_ADDHDRS"),
    (number(6) + number(0x1ff) + number(0x7f), "steps and answers"),
    (number(6) + number(0x1ff), "too short"),
])
def test_a_peer_that_offers_less_is_refused_and_the_log_says_why(daemon, offer, why):
    before = len(daemon.lines(why))
    with daemon.milter() as milter:
        assert milter.negotiate(offer) is None
    assert len(daemon.wait_log(why, before + 1)) == before + 1


# --- bytes that are no packets, packets that may not come now

def after(*steps):
    """What is sent behind the negotiation."""
    return b"".join(steps)


CONNECTED = (macros("C", client_addr="127.0.0.1", client_port=40000, daemon_addr="127.0.0.1", daemon_port=587) +
             packet("C", b"client\0" + b"4" + (40000).to_bytes(2, "big") + b"127.0.0.1\0"))
MAIL = CONNECTED + macros("M", auth_authen="bob", auth_type="PLAIN") + packet("M", b"<bob@example.test>\0")
ABUSE = {
    "length 0": (number(0), "without a command"),
    "length 2^31": (number(1 << 31) + b"L", "too long"),
    "length 2^32-1": (number((1 << 32) - 1) + b"L", "too long"),
    "a long packet that is no field": (number(1 << 20) + b"M", "too long"),
    "a macro without NUL": (packet("D", b"C{client_addr}"), "without its end"),
    "a macro without value": (packet("D", b"C{client_addr}\0"), "without its end"),
    "a macro without step": (packet("D"), "without the step"),
    "macros that are too long": (packet("D", b"M{auth_authen}\0" + b"x" * 20000 + b"\0"), "macros that are too long"),
    "END before CONNECT": (packet("E"), "the end of a message without MAIL"),
    "END before MAIL": (CONNECTED + packet("E"), "the end of a message without MAIL"),
    "END twice": (MAIL + packet("L", b"From\0x\0") + packet("E") + packet("E"), "the end of a message without MAIL"),
    "a field before MAIL": (CONNECTED + packet("L", b"From\0bob@example.test\0"), "a header field without MAIL"),
    "a field after ABORT": (MAIL + packet("A") + packet("L", b"From\0bob@example.test\0"), "a header field without MAIL"),
    "a field without its end": (MAIL + packet("L", b"From\0bob@example.test"), "a header field without its end"),
    "a field without a value": (MAIL + packet("L", b"From\0"), "a header field without its end"),
    "MAIL before CONNECT": (macros("M", auth_authen="bob", auth_type="PLAIN"), "MAIL before"),
    "MAIL without its macros": (CONNECTED + packet("M", b"<>\0"), "MAIL without its macros"),
    "MAIL twice for its macros": (MAIL + packet("M", b"<>\0"), "MAIL without its macros"),
    "a second negotiation": (packet("O", Milter.OFFER), "a second negotiation"),
    "a second CONNECT": (CONNECTED + packet("C", b"client\0U"), "was not to come now"),
    "macros of a second CONNECT": (CONNECTED + macros("C", client_addr="127.0.0.2"), "were not to come now"),
    "a step that was declined": (CONNECTED + packet("R", b"<bob@example.test>\0"), "declined"),
    "a body": (MAIL + packet("B", b"hello"), "declined"),
    "a step that there is none of": (packet("z"), "declined"),
}


@pytest.mark.parametrize("name", ABUSE)
def test_a_peer_that_breaks_the_protocol_is_dropped_with_a_line(daemon, name):
    data, why = ABUSE[name]
    before = len(daemon.lines(why))
    with daemon.milter() as milter, daemon.session() as other:
        milter.negotiate()
        milter.send(data)
        while milter.read_packet() is not None:  # an answer may come first
            pass
        daemon.wait_log(why, before + 1)
        assert other.field("From", BOB).end() == CONTINUE
    assert daemon.request(sasl_username="bob") == "DUNNO"


STRANGE = {"zeros": b"\0" * 64, "ones": b"\xff" * 64, "HTTP": b"GET / HTTP/1.1\r\n\r\n", "QUIT": packet("Q"), "END": packet("E"),
           "noise": random.Random(1).randbytes(4096), "a policy question": b"request=smtpd_access_policy\n\n"}


@pytest.mark.parametrize("what", STRANGE)
def test_a_peer_that_does_not_begin_as_a_milter_s_is_dropped(daemon, what):
    with daemon.milter() as milter:
        milter.send(STRANGE[what])
        milter.socket.shutdown(socket.SHUT_WR)
        assert milter.read_packet() is None
    assert daemon.process.poll() is None


# --- facts that are missing, or contradict each other

@pytest.mark.parametrize("connection,why", [
    ({"daemon_port": 0}, "daemon_port"), ({"daemon_port": None}, "daemon_port"), ({"daemon_addr": None}, "daemon_addr"),
    ({"client_addr": None}, "client_addr"), ({"client_addr": "127.0.0.9"}, "not the client that connected"),
    ({"client_port": 1}, "not the client that connected"), ({"client_port": None}, "client_port"),
])
def test_a_connection_that_is_not_known_for_sure_defers_its_messages(daemon, connection, why):
    with daemon.session(**connection) as milter:
        assert milter.field("From", BOB).end() == TEMPFAIL
        assert milter.mail("bob").field("From", BOB).end() == TEMPFAIL
    assert why in daemon.wait_log("deferred")[-1]


@pytest.mark.parametrize("end,why", [
    ({"queue_id": None}, "macro i"), ({"queue_id": ""}, "macro i"), ({"client_addr": "127.0.0.9"}, "another connection"),
    ({"client_port": 40001}, "another connection"), ({"daemon_port": 25}, "another connection"),
    ({"daemon_port": 0}, "daemon_port"), ({"daemon_port": None}, "daemon_port"), ({"auth_authen": "mary"}, "another login"),
    ({"auth_authen": None}, "another login"), ({"auth_type": "LOGIN"}, "another login"),
])
def test_a_message_that_ends_as_another_than_it_began_is_deferred(daemon, end, why):
    with daemon.session() as milter:
        assert milter.field("From", BOB).end(**end) == TEMPFAIL
        assert why in daemon.wait_log("deferred")[-1]
        assert milter.mail("bob").field("From", BOB).end() == CONTINUE


@pytest.mark.parametrize("mail", [{"auth_type": None}, {"cipher_bits": "many"}, {"cipher_bits": None}])
def test_a_login_that_is_half_known_is_deferred(daemon, mail):
    with daemon.session() as milter:
        milter.abort()
        assert milter.mail("bob", **mail).field("From", BOB).end() == TEMPFAIL


# --- nothing is remembered

def test_a_message_counts_for_nothing_in_the_next(daemon):
    with daemon.session() as milter:
        milter.field("From", BOB)
        milter.abort()
        assert milter.mail("bob").field("From", MARY).end() == DENIED
        assert milter.mail("mary").field("From", MARY).end() == CONTINUE
        # a MAIL without ABORT before it
        milter.mail("bob").field("From", BOB)
        assert milter.mail("bob").field("From", MARY).end() == DENIED
        milter.mail("mary").field("From", MARY)
        assert milter.mail("bob").field("From", MARY).end() == DENIED


def test_another_session_on_the_same_connection_starts_anew(daemon):
    with daemon.session("mary") as milter:
        milter.send(packet("K"))
        milter.connect_client("127.0.0.5").mail("bob").field("From", MARY)
        assert milter.end() == DENIED
        milter.send(packet("K") + macros("M", auth_authen="bob", auth_type="PLAIN"))
        assert milter.read_packet() is None


# --- what the policy question left

def ask_end_of_message(daemon, **changes):
    return daemon.request({**PARTNER, "sender": "someone@partner.test", "client_port": "40000", "queue_id": "P1", **changes})


def partner(daemon, queue_id="P1", **changes):
    with daemon.session(None, daemon_port=2525, **changes) as milter:
        return milter.field("From", "anybody@partner.test").end(queue_id)


def test_a_partner_is_known_by_the_policy_question_and_once(daemon):
    assert partner(daemon) == TEMPFAIL
    assert "partner_certificates" in daemon.wait_log("deferred")[-1]
    assert ask_end_of_message(daemon) == "DUNNO"
    assert partner(daemon) == CONTINUE
    assert partner(daemon) == TEMPFAIL


@pytest.mark.parametrize("changes", [{"queue_id": "P2"}, {"client_port": "40001"}, {"client_address": "127.0.0.2"},
                                     {"sasl_username": "bob", "sasl_method": "PLAIN"}, {"protocol_state": "DATA"}])
def test_what_was_asked_of_another_message_counts_for_nothing(daemon, changes):
    ask_end_of_message(daemon, **changes)
    assert partner(daemon) == TEMPFAIL


@pytest.mark.parametrize("asked,login", [("bob", None), ("bob", "mary"), ("", "bob")])
def test_a_login_that_the_question_and_the_macros_do_not_share_is_no_fact(daemon, asked, login):
    daemon.request(protocol_state="END-OF-MESSAGE", recipient_count="1", queue_id="L1", client_address="127.0.0.1", client_port="40000",
                   sasl_username=asked, sasl_method=asked and "PLAIN", sender=BOB, server_address="127.0.0.1")
    with daemon.session(login) as milter:
        assert milter.field("From", BOB if login == "bob" else MARY).end("L1") == TEMPFAIL
    assert "named another login than its macros" in daemon.wait_log("deferred")[-1]


def test_without_a_partner_s_certificate_the_entry_makes_no_partner(daemon):
    ask_end_of_message(daemon, ccert_fingerprint="")
    assert partner(daemon) not in (CONTINUE, None)


def test_a_message_whose_question_was_refused_is_deferred(daemon):
    assert daemon.request(protocol_state="END-OF-MESSAGE", recipient_count="1", queue_id="R1", client_address="127.0.0.1",
                          client_port="40000", sasl_username="bob", sender=MARY, server_address="127.0.0.1").startswith("5")
    with daemon.session() as milter:
        assert milter.field("From", BOB).end("R1") == TEMPFAIL
    with daemon.session() as milter:
        assert milter.field("From", BOB).end("R1") == CONTINUE


# --- audit mode

def audited(text, *names):
    for name in names:
        text = changed(text, (f'connector "{name}" {{', f'connector "{name}" {{\n    mode = audit'))
    return text


def test_where_every_rule_is_in_audit_mode_nothing_is_deferred(tmp_path):
    policy = audited(POLICY, "Client", "Partners") + 'login "all" { mode = audit }\n'
    with MilterDaemon(tmp_path, policy=policy) as daemon:
        with daemon.session(daemon_port=0) as milter:
            assert milter.field("From", MARY).end() == CONTINUE
        assert "as every rule is in audit mode: {daemon_port}" in daemon.wait_log("passed unseen")[-1]
        with daemon.session() as milter:
            assert milter.field("From", BOB).end(None) == CONTINUE
        assert partner(daemon) == CONTINUE


def test_a_connector_of_partners_in_audit_mode_defers_no_message_without_an_entry(tmp_path):
    with MilterDaemon(tmp_path, policy=audited(POLICY, "Partners")) as daemon:
        assert partner(daemon) == CONTINUE
        with daemon.session(daemon_port=0) as milter:
            assert milter.field("From", BOB).end() == TEMPFAIL, "it may be of the enforced connector"


# --- time and numbers

NOT_WHOLE = "a packet was not whole after 10 seconds"


def test_a_peer_that_says_nothing_or_an_octet_a_second_is_dropped_at_its_deadline(daemon):
    begun, silent, slow = time.monotonic(), daemon.milter(), daemon.milter()
    before = len(daemon.lines(NOT_WHOLE))
    slow.negotiate()
    rest = list(number(200) + b"M" + b"x" * 100)
    with daemon.session() as other:
        def dropped():
            if rest:
                try:
                    slow.send(bytes([rest.pop(0)]))
                except OSError:
                    pass
            assert daemon.request(sasl_username="bob") == "DUNNO"
            time.sleep(1)
            return not slow.is_open() and not silent.is_open()
        wait_for(dropped, "the slow ones to be dropped", patience=10 + 3 * rig.PATIENCE)
        assert time.monotonic() - begun >= 9
        # a session may wait for as long as its client likes
        assert other.field("From", BOB).end() == CONTINUE
    silent.close()
    slow.close()
    daemon.wait_log(NOT_WHOLE, before + 2)


def test_between_mail_and_data_a_packet_may_come_in_parts_for_as_long_as_a_client_takes(daemon):
    """Postfix writes the macros of each recipient when its buffer is full, and waits for its client then."""
    rcpt = macros("R", i="3F1A20012")
    with daemon.session() as waits, daemon.milter() as slow:
        waits.send(rcpt * 3 + rcpt[:7])
        slow.negotiate()
        slow.send(rcpt[:7])
        wait_for(lambda: not slow.is_open(), "one of another state to be dropped", patience=10 + 3 * rig.PATIENCE)
        waits.send(rcpt[7:])
        assert waits.field("From", BOB).end() == CONTINUE


def test_macros_of_an_end_come_once(daemon):
    with daemon.session() as milter:
        milter.send(macros("E", i="A1", **milter.connection) * 2)
        assert milter.read_packet() is None


def test_ten_thousand_half_open_connections_take_bounded_memory_and_nobody_s_answers(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 12000:
        pytest.skip("the limit of open files is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = []
    with MilterDaemon(tmp_path) as daemon:
        before = daemon.status("VmRSS")
        try:
            for index in range(10000):
                peer = daemon.milter(tcp=True)
                peers.append(peer)
                peer.send(packet("O", Milter.OFFER)[:index % 17] if index % 2 else packet("O", Milter.OFFER) + b"\0\0")
                if index % 1000 == 0:
                    assert daemon.request(sasl_username="bob") == "DUNNO"
            with daemon.session() as milter:
                assert milter.field("From", BOB).end() == CONTINUE
            assert daemon.request(sasl_username="bob") == "DUNNO"
            assert daemon.status("VmRSS") - before < (40 if not sanitized() else 400) * 1024
            wait_for(lambda: daemon.descriptors() < 40, "the half-open ones to be dropped", patience=10 + 3 * rig.PATIENCE)
        finally:
            for peer in peers:
                peer.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_peer_that_takes_no_answers_harms_nobody(daemon):
    with daemon.session() as milter:
        milter.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        milter.socket.setblocking(False)
        one = (macros("M", auth_authen="bob", auth_type="PLAIN") + packet("M", b"<>\0") + packet("L", b"From\0x\0") +
               macros("E", i="A1", **milter.connection, auth_authen="bob", auth_type="PLAIN") + packet("E"))
        try:
            for _ in range(100000):
                if milter.socket.send(one) < len(one):
                    break
        except OSError:
            pass
        with daemon.session() as other:
            assert other.field("From", BOB).end() == CONTINUE


def test_a_field_of_many_megabytes_is_passed_over(daemon):
    with daemon.session() as milter:
        milter.field("X-Long", b"x" * (8 << 20)).field("From", BOB)
        assert milter.end() == CONTINUE
        milter.mail("bob").field("From", b"bob@example.test" + b" " * (8 << 20))
        assert milter.end()[0] == "y"


def test_the_socket_is_for_its_user_and_group_alone(daemon):
    """As that of the policy questions is; who of them may ask is test_673_who_may_ask.py's."""
    assert daemon.milter_path.stat().st_mode & 0o777 == 0o660


PASS_SOCKETS = """
import os, sys
for number in (0, 1):
    os.dup2(int(sys.argv[1 + number]), 3 + number)
    os.set_inheritable(3 + number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES=sys.argv[3])
os.execv(sys.argv[4], sys.argv[4:])
"""


@pytest.mark.skipif(not has_systemd(), reason="built without libsystemd")
def test_a_socket_of_the_service_manager_is_the_milter_s_by_its_name(tmp_path):
    sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    # Not 3 or 4, which the program moves them to; nor one of this process's own.
    passed = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 40) for one in sockets]
    for number, one in enumerate(sockets):
        one.bind(str(tmp_path / f"passed{number}"))
        one.listen(16)
    daemon = MilterDaemon(tmp_path, start=False, prefix=["/usr/bin/python3", "-c", PASS_SOCKETS, *map(str, passed), "milter:other"],
                          pass_fds=passed)
    try:
        with daemon.start():
            with Milter(str(tmp_path / "passed0")) as milter:
                milter.negotiate()
                assert milter.connect_client().mail("bob").field("From", BOB).end() == CONTINUE
            with Connection(str(tmp_path / "passed1")) as connection:
                assert connection.request(sasl_username="bob") == "DUNNO"
            assert not daemon.milter_path.exists() and not daemon.socket_path.exists()
    finally:
        for descriptor in passed:
            os.close(descriptor)


def test_a_milter_s_listener_that_the_policy_has_anew_needs_a_restart(tmp_path):
    with MilterDaemon(tmp_path) as daemon:
        with daemon.session() as milter:
            daemon.sections = daemon.sections.replace("/milter", "/other")
            daemon.write_policy(POLICY)
            assert daemon.reload()
            daemon.wait_log("listen has changed: restart mailwicketd")
            assert milter.field("From", BOB).end() == CONTINUE


def test_without_a_milter_in_the_policy_there_is_none(tmp_path):
    with Daemon(POLICY, WORLD_DIRECTORY, tmp_path) as daemon:
        assert "milter" not in daemon.lines("ready")[0].split("listening on")[1].replace(str(tmp_path), "")
        assert daemon.request(sasl_username="bob") == "DUNNO"


def test_mailwicketd_ends_with_sessions_open(tmp_path):
    environment = {}
    if not sanitized():  # it waits for 0.7 s: its clock stands, as this process may be kept from going on for as long
        preload = Preload(tmp_path)
        preload.set("clock_stands_at", 1000000)
        environment = preload.environment
    daemon = MilterDaemon(tmp_path, environment=environment)
    idle, begun = daemon.session(), daemon.session()
    begun.field("From", BOB)
    daemon.process.terminate()
    assert idle.read_packet() is None
    assert begun.end() == CONTINUE
    assert daemon.process.wait(rig.PATIENCE) == 0
    assert not daemon.milter_path.exists()
