"""The gate before a server is changed, in audit mode too: the published directory, who may read it, and the mailwicketd that
runs. And the socket on which that tells what it has."""
import json
import socket
import subprocess

import pytest

import rig
from rig.mailsite import WORLD_DIRECTORY
from rig.stock import AUDIT_POLICY, POLICY, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

MODES = {
    "enforced": POLICY,
    "audit": AUDIT_POLICY,
}


@pytest.fixture(params=MODES.values(), ids=MODES)
def stock(folder, request):
    made = Stock(folder)
    made.policy_template = request.param
    made.change_policy(request.param)
    yield made
    made.stop()


def checked(stock):
    told = stock.daemon.cli("--json", "check", *stock.servers())
    return {finding["id"]: finding for finding in json.loads(told.stdout)["findings"] if finding["severity"] == "error"}


def no_snapshot(stock):
    (stock.daemon.published / "snapshot.mdb").unlink()
    return stock.daemon.sync


def old_snapshot(stock):
    stock.daemon.write(stock.daemon.directory, WORLD_DIRECTORY + "user new@example.test\n")
    return stock.daemon.sync


def daemon_behind(stock):
    stock.daemon.write_policy(stock.policy_text() + "# changed\n")
    return stock.daemon.reload


def daemon_unseen(stock):
    stock.daemon.stop()
    return stock.daemon.start


def unreadable(stock):
    snapshot = stock.daemon.published / "snapshot.mdb"
    snapshot.chmod(0o600)
    return lambda: snapshot.chmod(0o644)


FAULTS = [no_snapshot, old_snapshot, daemon_behind, daemon_unseen, unreadable]
NAMES = {fault.__name__.replace("_", "-") for fault in FAULTS}


@pytest.mark.parametrize("break_it", FAULTS, ids=[fault.__name__ for fault in FAULTS])
def test_setup_changes_nothing_and_check_has_the_error(stock, break_it):
    name = break_it.__name__.replace("_", "-")
    before = stock.tree()
    mend = break_it(stock)
    told = stock.setup("--apply")
    assert told.returncode == 1 and "nothing was changed: " in told.stderr, told
    assert stock.tree() == before
    assert name in checked(stock)
    mend()
    # Of what sync published mailwicketd knows a moment later.
    rig.wait_for(lambda: not NAMES & checked(stock).keys(), "the fault to be mended")
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == (0, ""), told


# As many users, groups, addresses, logins and grants as before.
GRANTS = ("grant send-as list@other.example bob@example.test\ngrant send-as *@carol.example bob@example.test\n"
          "user zoe@example.test address=zoey@example.test login=zoe\n")
CHANGES = {
    "a grant on an address elsewhere": ("list@other.example bob@", "list@other.example mary@"),
    "a grant on a domain": ("*@carol.example bob@", "*@carol.example mary@"),
    "an address": ("address=zoey@", "address=zoo@"),
    "a login": ("login=zoe", "login=zo"),
    "a right to a service": ("login=zoe", "login=zoe imap=no"),
}


def test_a_snapshot_with_another_content_and_the_same_counts_is_old(stock):
    before = WORLD_DIRECTORY + GRANTS
    for what, change in CHANGES.items():
        stock.daemon.write(stock.daemon.directory, before)
        stock.daemon.sync()
        assert "old-snapshot" not in checked(stock), what
        assert change[0] in before
        stock.daemon.write(stock.daemon.directory, before.replace(*change))
        assert "old-snapshot" in checked(stock), what
        assert stock.setup("--apply").returncode == 1, what


def test_a_dovecot_without_its_certificate_is_found(stock):
    path = stock.dovecot.config.parent / "local.conf"
    before = path.read_text()
    name = "ssl_cert = <" if "ssl_cert = <" in before else "ssl_server_cert_file = "
    path.write_text("".join(f"{name}/nonexistent.pem\n" if line.startswith(name) else line
                            for line in before.splitlines(keepends=True)))
    assert "dovecot-certificate" in checked(stock)
    assert stock.setup("--apply").returncode != 0
    path.write_text(before)
    assert "dovecot-certificate" not in checked(stock)


# --- the socket


def status_socket(stock):
    return stock.postfix.policy_socket.with_name("policy.status")


def ask(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        text = b""
        while part := client.recv(4096):
            text += part
    return dict(line.split("=", 1) for line in text.decode().splitlines())


def test_the_status_socket_tells_what_serves_and_reads_nothing(stock):
    told = ask(status_socket(stock))
    assert told["process"] == str(stock.daemon.pid)
    assert told["enforces"] == ("0" if stock.policy_template == MODES["audit"] else "1")
    assert told["directory_failed"] == told["reload_failed"] == "0"
    assert (len(told["policy"]), len(told["directory"])) == (16, 32)
    stock.daemon.write(stock.daemon.policy, "surprise = yes\n")
    assert not stock.daemon.reload()
    again = ask(status_socket(stock))
    assert again == told | {"reload_failed": "1"}
    assert status_socket(stock).stat().st_mode & 0o777 == 0o600


def test_the_status_socket_answers_root_alone(stock):
    path = status_socket(stock)
    path.chmod(0o666)
    program = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(len(s.recv(4096)))"
    told = subprocess.run(["setpriv", "--reuid=nobody", "--clear-groups", "/usr/bin/python3", "-c", program, str(path)],
                          capture_output=True, text=True, timeout=60)
    assert told.stdout == "0\n", told
    assert ask(path)["process"] == str(stock.daemon.pid)


def test_those_who_connect_and_stay_keep_nobody_from_asking(stock):
    path = status_socket(stock)
    idle = []
    for _ in range(20):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        idle.append(client)
    assert ask(path)["process"] == str(stock.daemon.pid)
    for client in idle:
        client.close()


def test_it_is_removed_at_the_end(stock):
    path = status_socket(stock)
    assert path.is_socket()
    stock.daemon.stop()
    assert not path.exists()
    stock.daemon.start()
