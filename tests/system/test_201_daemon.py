"""mailwicketd as a process: options, readiness, reload, its end, the service manager, its sockets."""
import datetime
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess

import pytest

from rig import MAILWICKETD, PATIENCE, changed, free_port, today, wait_for
from rig.daemon import Connection, Daemon, rcpt
from rig.programs import has_systemd, load, standing_clock
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

OPEN = changed(POLICY, ("permission_groups = { ExchangeUsers }",
                        "permission_groups = { ExchangeUsers } grant_permissions = { Accept-Any-Sender, "
                        "Accept-Authoritative-Domain-Sender }"))
AS_MARY = {"sender": "mary@example.test"}


def run(*arguments, **options):
    return subprocess.run([MAILWICKETD, *arguments], capture_output=True, text=True, timeout=30, **options)


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(POLICY, DIRECTORY, tmp_path)
    yield made
    made.kill()


@pytest.fixture
def files(tmp_path):
    return Daemon(POLICY, DIRECTORY, tmp_path, start=False)


# --- options

def test_t_is_silent_about_a_good_policy(files):
    for option in ("-t", "--test"):
        result = run(option, "-c", files.policy)
        assert (result.returncode, result.stdout, result.stderr.replace(WARNED(result.stderr), "")) == (0, "", "")


def WARNED(text):
    """Warnings (settings that are not enforced yet) are no errors."""
    return "".join(line + "\n" for line in text.splitlines() if ": warning: " in line)


def test_t_names_every_mistake(files):
    files.write(files.policy, 'nonsense = yes\nreplies = sometimes\nconnector "x" { bindings = { "here" } }\n')
    result = run("-t", "-c", files.policy)
    assert result.returncode == 78
    for line in (1, 2, 3):
        assert re.search(rf"mailwicket\.conf:{line}:\d+: error: ", result.stderr), result.stderr


@pytest.mark.parametrize("arguments,wrong", [
    (["-x"], "unknown option -x"), (["-tx"], "unknown option -x"), (["--nonsense"], "unknown option --nonsense"),
    (["extra", "--non\033sense"], "unknown option --non\\x1bsense"), (["-c"], "option -c needs a value"),
    (["extra", "--config"], "option --config needs a value"), (["--test=1"], "option --test takes no value"),
    (["-t", "extra"], "unexpected argument extra"), (["-f", "extra"], "unexpected argument extra")])
def test_a_wrong_command_line_is_exit_64_and_one_line_that_says_what(arguments, wrong):
    result = run(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (64, "", f"mailwicketd: {wrong}; see mailwicketd --help\n")


def test_help_and_version():
    assert "usage: mailwicketd" in run("--help").stdout
    assert re.fullmatch(r"mailwicketd \S+\n", run("--version").stdout)
    assert run("--help").returncode == run("--version").returncode == 0


@pytest.mark.parametrize("make", ["missing", "syntax", "writable", "folder"])
def test_a_policy_that_does_not_read_stops_the_start(files, make):
    if make == "missing":
        files.policy.unlink()
    elif make == "syntax":
        files.write(files.policy, "connector {")
    elif make == "writable":
        files.policy.chmod(0o666)
    else:
        files.policy.unlink()
        files.policy.mkdir()
    for arguments in (["-f"], ["-t"], []):
        result = run(*arguments, "-c", files.policy)
        assert result.returncode == 78
        assert "mailwicket.conf" in result.stderr
        assert not files.socket_path.exists()


def test_a_directory_that_cannot_be_read_is_told_by_the_test_of_the_policy(folder):
    """As an upgrade finds it whose snapshots have another format."""
    daemon = Daemon(OPEN, "user bob@example.test\n", folder, start=False)
    snapshot = daemon.published / "snapshot.mdb"
    assert run("-t", "-c", daemon.policy).returncode == 0
    good = snapshot.read_bytes()
    # The version stands behind the eight octets of the trailer's mark.
    at = good.rindex(b"MWSEALED")
    snapshot.write_bytes(good[:at + 8] + bytes([good[at + 8] - 1]) + good[at + 9:])
    result = run("-t", "-c", daemon.policy)
    assert result.returncode == 65, result.stderr
    assert "the directory cannot be read: " in result.stderr and "mailwicket sync" in result.stderr
    daemon.sync()
    assert run("-t", "-c", daemon.policy).returncode == 0
    # One that was never published stops nothing.
    snapshot.unlink()
    assert run("-t", "-c", daemon.policy).returncode == 0


def test_the_environment_names_the_policy(files):
    result = run("-t", env={**os.environ, "MAILWICKET_CONFIG": str(files.folder / "absent.conf")})
    assert result.returncode == 78
    assert "absent.conf" in result.stderr


# --- reload

def test_a_reload_applies_the_policy_and_keeps_connections(daemon):
    with daemon.connect() as connection:
        assert connection.request(AS_MARY) == SEND_AS_DENIED
        daemon.write_policy(OPEN)
        assert connection.request(AS_MARY) == SEND_AS_DENIED
        assert daemon.reload()
        assert connection.request(AS_MARY) == "DUNNO"


def test_the_directory_is_followed_without_a_reload(daemon):
    """SND-01's last part: a grant removed and synced is gone, within a second."""
    with daemon.connect() as connection:
        assert connection.request(sender="sales@example.test") == "DUNNO"
        daemon.write_directory(DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", ""))
        wait_for(lambda: connection.request(sender="sales@example.test") == SEND_AS_DENIED, "the grant to be gone")
        daemon.write_directory(DIRECTORY)
        wait_for(lambda: connection.request(sender="sales@example.test") == "DUNNO", "the grant to be back")


def test_without_a_directory_nothing_is_decided(daemon):
    published = daemon.published / "snapshot.mdb"
    assert daemon.request() == "DUNNO"
    published.rename(daemon.published / "away")
    daemon.wait_log("no request can be answered")
    assert daemon.request() is None
    assert daemon.logged(verdict="undecided", reason="directory-unavailable")
    (daemon.published / "away").rename(published)
    daemon.wait_log("directory read", count=2)
    assert daemon.request() == "DUNNO"
    assert daemon.request(AS_MARY) == SEND_AS_DENIED


def test_another_directory_by_reload(daemon, tmp_path):
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    daemon.write_policy(POLICY + f'directory {{ path = "{other}" source "local" {{ driver = text path = '
                        f'"{daemon.directory}" }} }}\n')
    assert daemon.reload()
    assert daemon.request() is None
    daemon.write_directory(DIRECTORY.replace("user mary@example.test login=mary\n", "user mary@example.test\n"))
    daemon.wait_log("directory read", count=2)
    assert daemon.request() == "DUNNO"


@pytest.mark.parametrize("fault", ["invalid", "missing", "unreadable", "writable"])
def test_rel_02_a_bad_policy_leaves_the_old_one(daemon, fault):
    """REL-02: invalid, missing, unreadable: the old policy serves, an error in the log, -t says no."""
    with daemon.connect() as connection:
        assert connection.request(AS_MARY) == SEND_AS_DENIED
        if fault == "invalid":
            daemon.write(daemon.policy, OPEN + "nonsense = yes\n")
        elif fault == "missing":
            daemon.policy.unlink()
        elif fault == "unreadable":
            daemon.policy.unlink()
            os.mkfifo(daemon.policy)
        else:
            daemon.policy.chmod(0o666)
        assert not daemon.reload()
        assert daemon.lines("^mailwicketd: .*mailwicket.conf.*error: ")
        assert connection.request(AS_MARY) == SEND_AS_DENIED
        assert run("-t", "-c", daemon.policy).returncode == 78
        if fault in ("missing", "unreadable"):
            if daemon.policy.exists():
                daemon.policy.unlink()
        daemon.write_policy(OPEN)
        assert daemon.reload()
        assert connection.request(AS_MARY) == "DUNNO"


def test_rel_01_reloads_under_load(daemon, tmp_path):
    """REL-01 (6 s of its 60): SIGHUP 50 times a second under 2 000 requests a second: none lost, none closed."""
    questions = tmp_path / "questions"
    questions.write_bytes(rcpt())
    daemon.decisions = "refused"
    daemon.write_policy(POLICY)
    assert daemon.reload()
    seconds = float(os.environ.get("MAILWICKET_SOAK_SECONDS", "6"))
    count = 0
    while count <= seconds * 20:  # on a machine that has other things to do, for longer
        with subprocess.Popen([load(), "-c", "50", "-s", str(seconds), "-r", "2000", "-e", "DUNNO",
                               f"unix:{daemon.socket_path}", questions], stdout=subprocess.PIPE, text=True) as asking:
            while asking.poll() is None:
                daemon.process.send_signal(signal.SIGHUP)
                count += 1
                try:
                    asking.wait(0.02)
                except subprocess.TimeoutExpired:
                    pass
            output = asking.stdout.read()
        assert asking.returncode == 0, output
    assert daemon.lines("policy read") and not daemon.lines("reload failed|connection of")


def test_listen_changes_need_a_restart_and_say_so(daemon):
    daemon.write_policy(POLICY + f'policy_service {{ listen = {{ "inet:127.0.0.1:{free_port()}" }} }}\n')
    assert daemon.reload()
    daemon.wait_log("listen has changed")
    assert daemon.request() == "DUNNO"


# --- the end

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_rel_04_what_was_asked_is_answered_before_the_end(daemon, number):
    """REL-04: open requests answered, also those of clients nobody accepted yet; socket removed, exit 0 within 1 s."""
    asked = [daemon.connect(tcp=index % 2 == 0) for index in range(60)]
    for connection in asked[:30]:
        assert connection.request() == "DUNNO"
    os.kill(daemon.pid, signal.SIGSTOP)
    asked += [daemon.connect() for _ in range(20)]
    for connection in asked:
        connection.send(rcpt(**AS_MARY) + rcpt())
    os.kill(daemon.pid, number)
    os.kill(daemon.pid, signal.SIGCONT)
    for connection in asked:
        assert [connection.answer() for _ in range(3)] == [SEND_AS_DENIED, "DUNNO", None]
    assert daemon.process.wait(PATIENCE) == 0
    assert not daemon.socket_path.exists()


def test_rel_04_a_request_half_sent_may_be_finished(tmp_path):
    """REL-04: within the second that the end takes, which does not pass here."""
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, environment=standing_clock(tmp_path))
    with daemon.connect() as half, daemon.connect() as idle:
        assert half.request() == idle.request() == "DUNNO"
        half.send(rcpt()[:50])
        wait_for(lambda: not pending(half), "the first half to be read")
        daemon.process.terminate()
        assert idle.wait_closed()
        half.send(rcpt()[50:])
        assert half.answer() == "DUNNO"
        assert half.answer() is None
    assert daemon.process.wait(PATIENCE) == 0


def pending(connection):
    import array
    import fcntl
    import termios
    left = array.array("i", [0])
    fcntl.ioctl(connection.socket, termios.TIOCOUTQ, left)
    return left[0]


def test_rel_04_a_peer_that_dawdles_does_not_delay_the_end(daemon):
    """REL-04: exit within 1 s though somebody neither finishes a request nor takes answers."""
    with daemon.connect() as half, daemon.connect() as deaf:
        half.send(rcpt()[:50])
        deaf.socket.setblocking(False)
        try:
            while True:
                deaf.socket.send(rcpt() * 100)
        except BlockingIOError:
            pass
        assert daemon.request() == "DUNNO"
        daemon.process.terminate()
        assert daemon.process.wait(PATIENCE) == 0


def test_rel_04_a_second_daemon_does_not_take_the_socket(daemon):
    """REL-04: start while another lives: refuses and names it."""
    sections = f'policy_service {{ listen = {{ "unix:{daemon.socket_path}" }} socket_group = "root" }}'
    other = daemon.folder / "other.conf"
    daemon.write(other, daemon.complete(POLICY).split("policy_service")[0] + sections + "\n")
    result = run("-f", "-c", other)
    assert result.returncode == 69
    assert str(daemon.socket_path) in result.stderr and "another process" in result.stderr
    assert daemon.request() == "DUNNO"


def test_rel_04_a_stale_socket_is_taken_over(daemon):
    """REL-04"""
    daemon.kill()
    assert daemon.socket_path.exists()
    daemon.start()
    assert daemon.request() == "DUNNO"


@pytest.mark.parametrize("what", ["file", "folder", "symlink"])
def test_rel_04_what_is_no_socket_is_left_alone(files, what):
    """REL-04: refuses and names it."""
    if what == "file":
        files.socket_path.write_text("precious")
    elif what == "folder":
        files.socket_path.mkdir()
    else:
        files.socket_path.symlink_to("/etc/passwd")
    result = run("-f", "-c", files.policy)
    assert result.returncode == 73
    assert str(files.socket_path) in result.stderr
    assert os.path.lexists(files.socket_path)


def test_a_socket_that_is_another_daemons_by_now_is_not_removed(daemon):
    daemon.socket_path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(daemon.socket_path))
        daemon.stop()
        assert daemon.socket_path.exists()


# --- the service manager

class Manager:
    """The listening end of sd_notify()."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(PATIENCE)

    def expect(self, word):
        while True:
            got = self.socket.recv(4096).decode().splitlines()
            if word in got:
                return got


@pytest.mark.skipif(not has_systemd(), reason="built without libsystemd")
def test_readiness_reload_and_stop_are_reported(files):
    manager = Manager(files.folder)
    files.environment = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "30000000"}
    files.start()
    manager.expect("READY=1")
    with files.connect() as connection:
        assert connection.request() == "DUNNO"
    assert files.reload()
    assert any(line.startswith("MONOTONIC_USEC=") for line in manager.expect("RELOADING=1"))
    manager.expect("READY=1")
    manager.expect("WATCHDOG=1")
    files.process.terminate()
    manager.expect("STOPPING=1")
    assert files.process.wait(PATIENCE) == 0


PASS_SOCKETS = """
import os, sys
first = int(sys.argv[1])
os.dup2(first, 3)
os.set_inheritable(3, True)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.skipif(not has_systemd(), reason="built without libsystemd")
@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_sockets_of_the_service_manager_are_used(files, family):
    """Socket activation: who waited before the start is served; the socket stays after the end."""
    listening = socket.socket(family)
    path = files.folder / "activated"
    listening.bind(str(path) if family == socket.AF_UNIX else ("127.0.0.1", 0))
    listening.listen(16)
    early = Connection(listening.getsockname())
    early.send(rcpt())
    files.prefix = ["/usr/bin/python3", "-c", PASS_SOCKETS, str(listening.fileno())]
    files.popen = {"pass_fds": [listening.fileno()]}
    files.start()
    assert early.answer() == "DUNNO"
    assert not files.socket_path.exists()
    files.stop()
    late = Connection(listening.getsockname())
    late.send(rcpt())
    files.start()
    assert late.answer() == "DUNNO"
    files.stop()
    assert family != socket.AF_UNIX or path.exists()


# --- daemon mode and privileges

def test_in_the_background_the_start_waits_until_it_serves(files):
    result = run("-u", "root", "-c", files.policy)
    assert result.returncode == 0, result.stderr
    with files.connect() as connection:
        assert connection.request() == "DUNNO"
        pid = peer(connection.socket)
    assert os.getsid(pid) != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}") or state(pid) == "Z", "its end")


def peer(connection):
    import struct
    return struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def state(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def test_in_the_background_a_bad_start_is_a_bad_exit(files):
    files.socket_path.write_text("precious")
    result = run("-c", files.policy)
    assert result.returncode == 73
    assert str(files.socket_path) in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="starts as root")
def test_in_the_background_root_becomes_another_user_or_does_not_start(folder):
    """The user of -u; where there is none it is not root that serves."""
    daemon = Daemon(POLICY, DIRECTORY, folder, start=False)
    refused = run("-u", "no-such-user", "-c", daemon.policy)
    assert refused.returncode == 77
    assert "mailwicketd: there is no user no-such-user" in refused.stderr and "-u" in refused.stderr
    assert not daemon.socket_path.exists()
    assert run("-u", "nobody", "-c", daemon.policy).returncode == 0
    with daemon.connect() as connection:
        pid = peer(connection.socket)
        serving = wait_for(lambda: re.findall(r"^Uid:\s+(\d+)", open(f"/proc/{pid}/status").read(), re.M), "its user")
        assert serving == [str(pwd.getpwnam("nobody").pw_uid)]
        assert connection.request() == "DUNNO"
    os.kill(pid, signal.SIGKILL)


def has_own_user():
    try:
        return bool(pwd.getpwnam("mailwicketd"))
    except KeyError:
        return False


@pytest.mark.skipif(os.geteuid() != 0 or has_own_user(), reason="there is a user mailwicketd, or not root")
def test_in_the_background_without_its_user_root_does_not_serve(files):
    refused = run("-c", files.policy)
    assert refused.returncode == 77
    assert "there is no user mailwicketd" in refused.stderr
    assert not files.socket_path.exists()


def test_it_can_gain_no_privileges(daemon):
    assert daemon.status("NoNewPrivs") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_it_runs_as_any_user(folder):
    """As a service manager starts it: every file it needs is only read."""
    binary = shutil.copy(MAILWICKETD, folder)  # the build may lie where only root gets
    run_folder = folder / "run"
    run_folder.mkdir()
    os.chown(run_folder, 65534, 65534)
    sections = f'policy_service {{ listen = {{ "unix:{run_folder}/policy" }} socket_group = "nogroup" }}'
    daemon = Daemon(POLICY, DIRECTORY, folder, sections=sections, start=False, binary=binary, user=65534,
                    group=65534, extra_groups=[])
    daemon.socket_path = run_folder / "policy"
    with daemon.start():
        assert daemon.status("Uid") == 65534
        assert daemon.request() == "DUNNO"
        assert daemon.reload()
        daemon.write_directory(DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", ""))
        wait_for(lambda: daemon.request(sender="sales@example.test") == SEND_AS_DENIED, "the new directory")


# --- the log

def test_decisions_refused_or_all(daemon):
    assert daemon.request(instance="all.1") == "DUNNO"
    assert daemon.logged(instance="all.1")[0]["verdict"] == "permit"
    daemon.decisions = "refused"
    daemon.write_policy(POLICY)
    assert daemon.reload()
    assert daemon.request(instance="all.2") == "DUNNO"
    assert daemon.request(AS_MARY, instance="all.3") == SEND_AS_DENIED
    assert daemon.logged(instance="all.3") and not daemon.logged(instance="all.2")


def test_audit_permits_and_logs(daemon):
    daemon.write_policy(changed(POLICY, ('connector "Client" {', 'connector "Client" {\n    mode = audit')))
    assert daemon.reload()
    assert daemon.request(AS_MARY, instance="audit.1") == "DUNNO"
    line, = daemon.logged(instance="audit.1")
    assert (line["verdict"], line["reason"], line["mode"]) == ("would-refuse", "send-as-denied", "audit")


DAY = 86400


def day(offset):
    """Today, and `offset` days more, as the policy file writes it."""
    return str(today() + datetime.timedelta(days=offset))


def audited(rule_until, connector_until):
    return (f'login "trial" {{ remote = {{ "192.0.2.0/24" }} mode = audit audit_until = {rule_until} }}\n' +
            changed(POLICY, ('connector "Client" {',
                             f'connector "Client" {{\n    mode = audit\n    audit_until = {connector_until}')))


def test_an_audit_near_its_end_is_told_at_start_and_reload_and_by_check(daemon):
    """Of connectors and of login rules, from seven days before."""
    daemon.stop()
    first, last = day(5), day(6)
    daemon.write_policy(audited(last, first))
    daemon.start()
    near = "the audit ends on {}; then the rule is enforced".format
    rule, connector = near(last), near(first)
    assert len(daemon.lines(rule)) == len(daemon.lines(connector)) == 1
    assert daemon.reload()
    assert len(daemon.lines(rule)) == len(daemon.lines(connector)) == 2
    told = daemon.cli("check")
    assert re.search(rule, told.stdout + told.stderr) and re.search(connector, told.stdout + told.stderr), told
    daemon.write_policy(audited(day(9), day(9)))
    assert daemon.reload()
    assert not daemon.lines(day(9)) and day(9) not in daemon.cli("check").stderr


def test_an_audit_near_its_end_is_told_each_day(tmp_path, preload):
    """A daemon that runs on for weeks: nothing, then a warning a day, then that it is enforced; and it is."""
    last = day(10)
    with Daemon(audited(last, last), DIRECTORY, tmp_path, environment=preload.environment) as daemon:
        ends, ended = f"the audit ends on {last}", f"the audit ended on {last}"
        assert daemon.request(AS_MARY) == "DUNNO"
        preload.set("date_seconds", 2 * DAY)
        assert daemon.request(AS_MARY) == "DUNNO" and not daemon.lines(ends)
        preload.set("date_seconds", 4 * DAY)
        daemon.wait_log(f'"trial": {ends}')
        daemon.wait_log(f'"Client": {ends}')
        preload.set("date_seconds", 5 * DAY)
        daemon.wait_log(ends, count=4)
        preload.set("date_seconds", 11 * DAY)
        daemon.wait_log(ended, count=2)
        assert daemon.request(AS_MARY) == SEND_AS_DENIED


def test_a_log_that_nobody_reads_holds_nothing_up(files):
    reader, writer = os.pipe()
    files.launch()
    files.wait_ready()
    files.stop()
    process = subprocess.Popen([MAILWICKETD, "-f", "-c", files.policy], stdin=subprocess.DEVNULL, stdout=writer,
                               stderr=writer)
    os.close(writer)

    def listens():
        """Bound is not enough: between bind and listen it refuses."""
        try:
            files.connect().close()
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True

    wait_for(listens, "its socket")
    try:
        with files.connect() as connection:
            for _ in range(1000):
                assert connection.request(AS_MARY) == SEND_AS_DENIED
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        os.close(reader)
