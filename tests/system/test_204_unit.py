"""The unit of systemd that is installed: mailwicketd starts and serves with no more than it leaves."""
import grp
import os
import pwd
import shutil
import stat
import subprocess
import sys

import pytest

import rig
from rig import MAILWICKETD, SOURCE, service_unit, wait_for
from rig.daemon import Daemon
from rig.programs import has_systemd, sanitized
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

UNIT = rig.build_folder() / "packaging" / "systemd" / "mailwicketd.service"
FOLDERS = SOURCE / "packaging" / "systemd" / "tmpfiles.conf"
OWN = 64213  # of mailwicketd, user and group

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user"),
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine"),
    pytest.mark.skipif(sanitized(), reason="a sanitizer makes other system calls"),
]


def made_by_tmpfiles(folder):
    """The folder for the socket, as `systemd-tmpfiles --create` makes it in a system whose root is `folder`."""
    postfix = grp.getgrnam("postfix").gr_gid
    (folder / "etc").mkdir()
    (folder / "etc" / "passwd").write_text(f"root:x:0:0::/:\nmailwicketd:x:{OWN}:{OWN}::/:\n")
    (folder / "etc" / "group").write_text(f"root:x:0:\nmailwicketd:x:{OWN}:\npostfix:x:{postfix}:\n")
    subprocess.run(["systemd-tmpfiles", f"--root={folder}", "--create", FOLDERS], check=True)
    return folder / "var" / "spool" / "postfix" / "mailwicket"


def made_by_hand(folder):
    """By an administrator who knows who runs there, and no more."""
    made = folder / "by-hand"
    made.mkdir()
    made.chmod(0o755)
    os.chown(made, OWN, OWN)
    return made


def in_the_unit(folder, home):
    """mailwicketd with the default socket_group, its socket in `home`."""
    binary = shutil.copy(MAILWICKETD, folder)  # the build may lie where only root gets
    made = Daemon(POLICY, DIRECTORY, folder, start=False, binary=binary,
                  sections=f'policy_service {{ listen = {{ "unix:{home}/policy" }} }}',
                  prefix=service_unit.prefix(UNIT, OWN))
    made.socket_path = home / "policy"
    return made


def test_the_unit_waits_for_a_readiness_and_a_watchdog_that_were_built():
    """Without libsystemd neither would ever come, and systemd would kill the service again and again."""
    unit = service_unit.settings(UNIT)
    assert unit["Type"] == (["notify"] if has_systemd() else ["exec"])
    assert ("WatchdogSec" in unit) == has_systemd()


@pytest.mark.parametrize("make", [made_by_tmpfiles, made_by_hand])
def test_hrd_01_within_its_unit_it_starts_and_postfix_reaches_it(folder, make):
    """HRD-01: the unit's user, groups, capabilities, system calls, address families; Postfix's group on the socket."""
    home = make(folder)
    with in_the_unit(folder, home) as daemon:
        daemon.start()
        found = os.lstat(daemon.socket_path)
        assert stat.S_IMODE(found.st_mode) == 0o660
        assert (found.st_uid, grp.getgrgid(found.st_gid).gr_name) == (OWN, "postfix")
        assert daemon.status("Seccomp") == 2 and daemon.status("NoNewPrivs") == 1 and daemon.status("Uid") == OWN
        connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for user, may in (("postfix", True), ("nobody", False)):
            user = pwd.getpwnam(user)
            result = subprocess.run([sys.executable, "-c", connect, daemon.socket_path], user=user.pw_uid,
                                    group=user.pw_gid, extra_groups=[], capture_output=True, text=True, timeout=30)
            assert (result.returncode == 0) == may, result.stderr


def test_hrd_01_within_its_unit_it_does_all_it_has_to(folder):
    """HRD-01: questions, many connections, a new directory, a reload, a bad policy, its end."""
    with in_the_unit(folder, made_by_tmpfiles(folder)) as daemon:
        daemon.start()
        assert daemon.request() == "DUNNO"
        assert daemon.request(sender="mary@example.test") == SEND_AS_DENIED
        connections = [daemon.connect() for _ in range(200)]
        assert {connection.request() for connection in connections} == {"DUNNO"}
        for connection in connections:
            connection.close()
        daemon.write_directory(DIRECTORY.replace("grant send-as sales@example.test bob@example.test\n", ""))
        wait_for(lambda: daemon.request(sender="sales@example.test") == SEND_AS_DENIED, "the new directory")
        assert daemon.reload()
        daemon.write(daemon.policy, "nonsense = yes\n")
        assert not daemon.reload()
        assert daemon.request(sender="mary@example.test") == SEND_AS_DENIED
        daemon.stop()
        assert not daemon.socket_path.exists()
