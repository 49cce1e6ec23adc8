"""Who gets to ask mailwicketd, and how much of it one peer can take: its answers tell which accounts there are, and its
connections are needed by Postfix."""
import json
import os
import pwd
import re
import resource
import socket
import subprocess
import sys

import pytest

from rig import CLI, MAILWICKETD, free_port, wait_for
from rig.daemon import Connection, Daemon, rcpt
from rig.programs import has_systemd
from rig.submission_world import DIRECTORY, POLICY

FILES = 80  # and some of them are kept back: so many connections and less


def service(listen, more=""):
    return f'policy_service {{ listen = {{ {", ".join(chr(34) + one + chr(34) for one in listen)} }} {more} }}'


def checked(folder, text):
    """What `check` says about a policy, as JSON; and its exit code, and that of mailwicketd -t."""
    policy = folder / "policy.conf"
    policy.write_text(text)
    policy.chmod(0o644)
    done = subprocess.run([CLI, "-c", policy, "--json", "check", "--policy-only"], capture_output=True, text=True, timeout=60)
    tested = subprocess.run([MAILWICKETD, "-t", "-c", policy], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout), done.returncode, tested.returncode


# --- beyond this host

BEYOND = ["inet:*:10045", "inet:0.0.0.0:10045", "inet:[::]:10045", "inet:192.0.2.1:10045", "inet:[2001:db8::1]:10045",
          "inet:[::ffff:192.0.2.1]:10045", "inet:[::ffff:0.0.0.0]:10045", "inet:128.0.0.1:10045", "inet:[fe80::1]:10045"]


@pytest.mark.parametrize("listener", BEYOND)
def test_a_listener_beyond_this_host_needs_the_networks_that_may_ask(folder, listener):
    told, code, tested = checked(folder, POLICY + service(["unix:/run/x", listener]))
    assert (code, tested) == (78, 78)
    message, = told["messages"]
    assert message["severity"] == "error" and "peers_networks" in message["expected"] and listener in message["text"]
    assert message["line"] == POLICY.count("\n") + 1
    assert checked(folder, POLICY + service([listener], "peers_networks = { }"))[1:] == (78, 78)
    told, code, tested = checked(folder, POLICY + service([listener], 'peers_networks = { "192.0.2.0/24", "2001:db8::/32" }'))
    assert (code, tested, told["messages"]) == (0, 0, [])


@pytest.mark.parametrize("listener", ["inet:127.0.0.1:10045", "inet:[::1]:10045", "inet:127.8.9.10:10045",
                                      "inet:[::ffff:127.0.0.1]:10045"])
def test_check_notes_that_every_user_of_this_host_can_ask(folder, listener):
    told, code, tested = checked(folder, POLICY + service([listener]))
    assert (code, tested, told["ok"]) == (0, 0, True)
    finding, = told["findings"]
    assert finding["severity"] == "note" and f"every user of this host can ask at {listener}" == finding["what"]
    assert finding["fix"].startswith('listen = { "unix:')
    text = subprocess.run([CLI, "-c", folder / "policy.conf", "check", "--policy-only"], capture_output=True, text=True).stdout
    assert "note: " in text and listener in text
    assert "findings" not in checked(folder, POLICY + service(["unix:/run/x"]))[0]


@pytest.mark.parametrize("name", ["localhost", "mail.example.org", "127.0.0.1.example.org"])
def test_a_host_name_is_no_listener(folder, name):
    told, code, tested = checked(folder, POLICY + service([f"inet:{name}:10045"], 'peers_networks = { "192.0.2.1" }'))
    assert (code, tested) == (78, 78) and "not an IP address" in told["messages"][0]["text"]


def test_everybody_is_worth_a_warning(folder):
    told, code, _ = checked(folder, POLICY + service(["inet:*:10045"], 'peers_networks = { "0.0.0.0/0", "::/0" }'))
    message, = told["messages"]
    assert code == 0 and message["severity"] == "warning" and "strangers" in message["text"]


def test_a_listener_where_nobody_may_ask_is_worth_a_warning(folder):
    told, code, _ = checked(folder, POLICY + service(["inet:127.0.0.1:10045"], 'peers_networks = { "192.0.2.1" }'))
    message, = told["messages"]
    assert code == 0 and message["severity"] == "warning" and "nobody may ask at" in message["text"]


def connect(port, source="127.0.0.1", host="127.0.0.1"):
    made = Connection.__new__(Connection)
    made.socket = socket.create_connection((host, port), 20, (source, 0))
    made.rest = b""
    return made


def served(port, source, host="127.0.0.1"):
    """Whether a question from there is answered."""
    with connect(port, source, host) as connection:
        return connection.request() == "DUNNO"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.parametrize("bound", ["0.0.0.0", "*", "127.0.0.1"])
def test_others_than_peers_networks_are_refused_at_accept(tmp_path, bound):
    """On a dual-stack socket the addresses come as IPv4-mapped ones."""
    port = free_port()
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, start=False,
                    sections=service([f"unix:{tmp_path}/policy", f"inet:{bound}:{port}"],
                                     'socket_group = "root" peers_networks = { "127.0.0.2", "127.0.1.0/24" }'))
    daemon.port = port
    with daemon.start():
        assert daemon.request() == "DUNNO"
        assert served(port, "127.0.0.2") and served(port, "127.0.1.77")
        assert not served(port, "127.0.0.1") and not served(port, "127.0.2.1")
        daemon.wait_log(r"connection from 127\.0\.0\.1 refused: it is not in peers_networks")
        # At SIGHUP other networks count.
        daemon.write(daemon.policy, daemon.policy.read_text().replace('"127.0.0.2"', '"127.0.0.3"'))
        assert daemon.reload()
        assert served(port, "127.0.0.3") and not served(port, "127.0.0.2")
        if bound == "*" and has_ipv6():
            assert not served(port, "::1", "::1")


@pytest.mark.skipif(not has_systemd(), reason="built without systemd")
@pytest.mark.parametrize("networks,starts", [("", False), ('peers_networks = { "127.0.0.2" }', True)])
def test_a_socket_of_the_service_manager_is_held_to_the_same(tmp_path, networks, starts):
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, start=False,
                    sections=service([f"unix:{tmp_path}/policy"], f'socket_group = "root" {networks}'))
    with socket.socket() as passed:
        passed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        passed.bind(("0.0.0.0", 0))
        passed.listen()
        script = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
                  "os.execv(sys.argv[2], sys.argv[2:])")
        process = subprocess.Popen([sys.executable, "-c", script, str(passed.fileno()), MAILWICKETD, "-f", "-c", daemon.policy],
                                   pass_fds=[passed.fileno()], stderr=subprocess.PIPE, text=True)
        try:
            if starts:
                port = passed.getsockname()[1]
                assert served(port, "127.0.0.2") and not served(port, "127.0.0.1")
            else:
                assert process.wait(20) == 78
                assert "is reached from other hosts, and peers_networks" in process.stderr.read()
        finally:
            process.kill()
            process.wait()


# --- the share of one peer

@pytest.fixture
def crowded(folder):
    """With room for some 50 connections."""
    port = free_port()
    daemon = Daemon(POLICY, DIRECTORY, folder, log="refused", prefix=["prlimit", f"--nofile={FILES}:{FILES}"], start=False,
                    sections=service([f"unix:{folder}/policy", f"inet:127.0.0.1:{port}"],
                                     'socket_group = "root" socket_mode = "0666" peers = { "daemon", "nobody" }'))
    daemon.port = port
    daemon.start()
    yield daemon
    daemon.kill()


MOST = FILES - 24


def test_one_address_gets_half_and_its_longest_idle_goes_first(crowded):
    first = [connect(crowded.port) for _ in range(MOST // 2)]
    for connection in first:
        assert connection.request() == "DUNNO"
    assert first[0].request() == "DUNNO"  # the longest idle is another now
    another = connect(crowded.port)
    assert another.request() == "DUNNO"
    assert first[1].wait_closed()
    for connection in (first[0], *first[2:]):
        assert connection.request() == "DUNNO"
    crowded.wait_log("it has half of all connections: the longest idle goes first")


def test_a_crowd_leaves_the_others_alone(crowded):
    """Those who were there, from another address and over the unix socket, and those who come, are served at once."""
    quiet, postfix = connect(crowded.port, "127.0.0.9"), crowded.connect()
    assert quiet.request() == "DUNNO" and postfix.request() == "DUNNO"
    crowd = [connect(crowded.port, "127.0.0.66") for _ in range(5 * MOST)]
    new, root = connect(crowded.port, "127.0.0.10"), crowded.connect()
    for connection in (quiet, postfix, new, root):
        assert connection.request() == "DUNNO"
    for connection in crowd:
        connection.close()


def test_a_crowd_of_many_addresses_takes_nothing_from_root(crowded):
    postfix = crowded.connect()
    assert postfix.request() == "DUNNO"
    crowd = [connect(crowded.port, f"127.0.{number // 50}.{number % 50 + 1}") for number in range(3 * MOST)]
    more = [crowded.connect() for _ in range(MOST // 2)]
    for connection in (postfix, *more):
        assert connection.request() == "DUNNO"
    assert crowd[-1].request() in ("DUNNO", None)
    crowded.wait_log("all connections are taken: the longest idle goes first")


def test_requests_that_are_never_finished_keep_nobody_out(crowded):
    """Neither root nor others of the same address: within a request or not, the longest idle goes first."""
    crowd = [connect(crowded.port) for _ in range(MOST)]
    for connection in crowd:
        connection.request()  # all of them are accepted; None: it had to go already
    for connection in crowd:
        try:
            connection.send(rcpt()[:10])
        except OSError:
            pass  # it had to go already
    roots = [crowded.connect() for _ in range(MOST // 2 - 2)]
    for connection in roots:
        assert connection.request() == "DUNNO"
    # What the crowd sent was read before, and so they are idle longer than who comes now.
    same = [connect(crowded.port) for _ in range(10)]
    for connection in (*roots, *same):
        assert connection.request() == "DUNNO"
    for connection in same:
        connection.send(rcpt()[:10])
    assert connect(crowded.port).request() == "DUNNO"
    assert sum(connection.is_open() for connection in crowd) < MOST // 2


CROWD = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))
crowd = []
for _ in range(int(sys.argv[4])):
    one = socket.socket(socket.AF_UNIX); one.connect(sys.argv[3]); crowd.append(one)
print("connected", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users")
def test_a_user_of_this_host_cannot_take_all_connections(crowded):
    """Two of `peers` over the unix socket: root, and the user postfix, still get in."""
    crowds = []
    try:
        for name in ("daemon", "nobody"):
            user = pwd.getpwnam(name)
            crowd = subprocess.Popen([sys.executable, "-c", CROWD, str(user.pw_uid), str(user.pw_gid), str(crowded.socket_path),
                                      str(3 * MOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            crowds.append(crowd)
            assert crowd.stdout.readline() == "connected\n"
        roots = [crowded.connect() for _ in range(MOST // 2)]
        for connection in roots:
            assert connection.request() == "DUNNO"
    finally:
        for crowd in crowds:
            crowd.communicate("")
    assert re.search(r"connection of process \d+ of user \d+ closed: it has half", crowded.text())


def test_a_place_is_free_again_when_its_peer_goes(crowded):
    before = crowded.descriptors()
    for _ in range(3):
        crowd = [connect(crowded.port) for _ in range(MOST // 2)]
        for connection in crowd:
            assert connection.request() == "DUNNO"
        for connection in crowd:
            connection.close()
        wait_for(lambda: crowded.descriptors() <= before, "the descriptors to be closed")
    assert not crowded.lines("longest idle")


def test_rooms_for_requests_that_come_in_parts_are_left_for_root(tmp_path):
    """4,096 requests may be begun at once: others than root and postfix have three quarters of that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 5500:
        pytest.skip("the limit of open files is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with Daemon(POLICY, DIRECTORY, tmp_path, log="refused") as daemon:
            begun = [connect(daemon.port, f"127.0.0.{number % 3 + 5}") for number in range(4500)]
            for connection in begun:
                connection.send(rcpt()[:10])
            daemon.wait_log("too many requests are begun and not finished")
            with daemon.connect() as root:
                root.send(rcpt()[:10])
                # Answered behind it, on the same turn of the loop or a later one.
                assert daemon.connect().request() == "DUNNO" and root.is_open()
                root.send(rcpt()[10:])
                assert root.answer() == "DUNNO"
            for connection in begun:
                connection.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
