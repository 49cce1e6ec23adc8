"""mailwicket-sync.service: the follower does its work with no more than the unit leaves it; the folder is handed over."""
import os
import pwd
import re
import shutil
import struct
import subprocess

import pytest

import rig
from rig import CLI, service_unit, wait_for
from rig.built import SOURCE
from rig.daemon import Daemon
from rig.database import PASSWORD
from rig.follower import Follower
from rig.programs import has_systemd, sanitized
from rig.service_manager import seconds
from rig.sources import Content, MysqlSource, PgsqlSource

UNIT = rig.build_folder() / "packaging" / "systemd" / "mailwicket-sync.service"
MAILWICKETD_UNIT = UNIT.with_name("mailwicketd.service")
POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
DIRECTORY = "user bob@example.test\nuser mary@example.test\n"
GRANT = "grant send-as mary@example.test bob@example.test\n"
SUSPENDED = "550 5.7.1 Access denied, sending is suspended for this account"
NOBODY = pwd.getpwnam("nobody").pw_uid

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


@pytest.fixture
def daemon(folder):
    with Daemon(POLICY, DIRECTORY, folder) as made:
        yield made


def hand_over(daemon, user="nobody"):
    return daemon.cli("sync", "--hand-over", user)


def may_send_as_mary(daemon):
    return daemon.request(sender="mary@example.test") == "DUNNO"


def test_it_alone_has_a_network_and_both_units_hold_the_rest_shut():
    ours, other = service_unit.settings(UNIT), service_unit.settings(MAILWICKETD_UNIT)
    assert ours["Type"] == (["notify"] if has_systemd() else ["exec"]) and ("WatchdogSec" in ours) == has_systemd()
    header = (SOURCE / "shared" / "directory" / "follower.h").read_text()
    silent_after = int(re.search(r"#define MW_FOLLOWER_SILENT_AFTER (\d+)", header).group(1))
    assert not has_systemd() or seconds(ours["WatchdogSec"][-1]) == silent_after, "one fact"
    assert ours["User"] == ["mailwicket-sync"] and "IPAddressDeny" not in ours and other["IPAddressDeny"] == ["any"]
    assert ours["ReadWritePaths"] == ["-/var/lib/mailwicket/directory"]
    for name in ("ProtectSystem", "NoNewPrivileges", "CapabilityBoundingSet", "SystemCallFilter", "PrivateDevices",
                 "MemoryDenyWriteExecute", "RestrictNamespaces", "ProtectHome", "ProtectKernelTunables"):
        assert ours[name] == other[name], name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
@pytest.mark.skipif(sanitized(), reason="a sanitizer makes other system calls")
def test_within_its_unit_it_follows_and_publishes(daemon):
    binary = shutil.copy(CLI, daemon.folder)
    assert hand_over(daemon).returncode == 0
    with Follower(daemon, binary=binary, prefix=service_unit.prefix(UNIT, NOBODY)) as follower:
        follower.wait_log("following 1 source")
        daemon.write(daemon.directory, DIRECTORY + GRANT)
        wait_for(lambda: may_send_as_mary(daemon), "the grant")
        assert (daemon.published / "snapshot.mdb").stat().st_uid == NOBODY
        status = open(f"/proc/{follower.process.pid}/status").read()
        assert "Seccomp:\t2" in status and f"Uid:\t{NOBODY}" in status and "CapEff:\t0000000000000000" in status
        # Root beside it, and it beside what root left.
        wait_for(lambda: daemon.cli("sync").returncode == 0, "a sync by root")
        daemon.write(daemon.directory, DIRECTORY)
        wait_for(lambda: not may_send_as_mary(daemon), "the grant to be gone")


def acl(user, rights):
    """An ACL that gives a user rights beside the owner, as system.posix_acl_access has it."""
    nobody_in_particular = 0xffffffff
    rows = ((0x01, rights, nobody_in_particular), (0x02, rights, user), (0x04, 0, nobody_in_particular),
            (0x10, rights, nobody_in_particular), (0x20, 0, nobody_in_particular))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


def as_systemd_makes_it(folder, password, form):
    """/run/credentials/UNIT: read by the unit's user alone, to whom an ACL opens it, or whose it is where the file system has
    no ACL (a ramfs)."""
    folder.mkdir()
    credential = folder / "directory"
    credential.write_text(password)
    for path, mode, rights in ((credential, 0o400, 4), (folder, 0o500, 5)):
        path.chmod(mode)
        if form == "acl":
            os.setxattr(path, "system.posix_acl_access", acl(NOBODY, rights))
        else:
            os.chown(path, NOBODY, 0)
    return credential


@pytest.mark.parametrize("form", ["acl", "owner"])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_its_password_may_be_a_credential_of_systemd(daemon, request, form, kind):
    server = request.getfixturevalue(kind)
    source = (PgsqlSource if kind == "postgresql" else MysqlSource)(server, daemon.folder)
    listed = Content().user("bob@example.test").user("mary@example.test").user("eve@example.test")
    source.load(listed)
    path = as_systemd_makes_it(daemon.folder / "credentials", PASSWORD, form)
    for folder in path.parents[1:]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    daemon.write_policy(POLICY + f'directory {{ path = "{daemon.published}"\n'
                        f'  source "people" {{ {source.settings(password_file=path, interval="1s")} }}\n}}\n')
    assert hand_over(daemon).returncode == 0
    binary = shutil.copy(CLI, daemon.folder)
    other = ["setpriv", "--reuid=64216", "--clear-groups"]
    told = subprocess.run([*other, binary, "-c", daemon.policy, "check"], capture_output=True, text=True, timeout=60)
    assert f"password_file {path}: Permission denied" in told.stderr + told.stdout
    aside = path.rename(path.with_name("aside"))
    with Follower(daemon, binary=binary, prefix=["setpriv", f"--reuid={NOBODY}", "--clear-groups"]) as follower:
        follower.wait_log(f"password_file {path}: No such file or directory")
        aside.rename(path)
        follower.wait_log("published: 3 users")
        source.load(listed.grant("send-as", "mary@example.test", "bob@example.test"))
        wait_for(lambda: may_send_as_mary(daemon), "the grant")
        # Root's commands beside it.
        wait_for(lambda: daemon.cli("sync").returncode == 0, "a sync by root")
        assert daemon.cli("check").returncode == 0


def test_what_is_handed_over_is_the_folder_and_no_suspension(daemon):
    assert daemon.cli("suspend", "bob@example.test", "--sending").returncode == 0
    daemon.suspensions.rename(daemon.published / "suspensions")
    assert hand_over(daemon).returncode == 0
    assert {path.stat().st_uid for path in (daemon.published, *daemon.published.iterdir())} == {NOBODY}
    assert daemon.suspensions.stat().st_uid == 0 and not (daemon.published / "suspensions").exists()
    wait_for(lambda: daemon.request() == SUSPENDED, "the suspension")
    # Once it is handed over, what is in it is not touched again.
    link = daemon.published / "link"
    os.link(daemon.policy, link)
    assert hand_over(daemon).returncode == 0 and link.stat().st_uid == 0


def test_a_folder_of_a_third_user_and_a_user_that_is_not_there_are_refused(daemon):
    result = hand_over(daemon, "nobody-at-all")
    assert result.returncode == 67 and "there is no user nobody-at-all" in result.stderr
    os.chown(daemon.published, 64215, 64215)
    result = hand_over(daemon)
    assert result.returncode == 75 and "belongs to user 64215 already" in result.stderr


def test_only_root_hands_over(daemon):
    binary = shutil.copy(CLI, daemon.folder)
    result = subprocess.run([binary, "-c", daemon.policy, "sync", "--hand-over", "nobody"], user="nobody", group="nogroup",
                            extra_groups=[], capture_output=True, text=True, timeout=60)
    assert result.returncode == 77 and "only root" in result.stderr
