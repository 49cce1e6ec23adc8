"""`mailwicket suspend`, `resume`, `suspended` as commands: what they say, and that nothing is lost whatever dies."""
import fcntl
import json
import os
import random
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from rig import CLI, this_second, wait_for
from rig.daemon import Daemon, rcpt
from rig.disk import FAULTS
from rig.programs import Preload
from rig.submission_world import DIRECTORY, POLICY

BLOCKED = "550 5.7.1 Access denied, sending is suspended for this account"


@pytest.fixture
def files(folder):
    return Daemon(POLICY, DIRECTORY + "user rob@example.test login=robert@example.test address=r@example.test\n"
                  "user ann@example.test address=robert@example.test\n", folder, start=False)


def listed(files):
    result = files.cli("--json", "suspended")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["suspended"]


def names(files):
    return [(entry["user"], entry["what"]) for entry in listed(files)]


def suspend(files, *words):
    result = files.cli("suspend", *words)
    assert result.returncode == 0, result.stderr
    return result.stdout


# --- what they say

def test_who_when_until_and_why_is_recorded(files):
    before = this_second()
    environment = {**os.environ, "SUDO_USER": "chief", "TZ": "UTC"}
    for words in (("bob", "--sending", "--until", "2030-12-01T08:00", "--reason", "Spam, Fall 7 – »Brücke«"),
                  ("eve@example.test", "--all")):
        assert subprocess.run([CLI, "-c", files.policy, "suspend", *words], env=environment,
                              capture_output=True).returncode == 0
    first, second = listed(files)
    assert (first["user"], first["what"], first["by"]) == ("bob@example.test", "sending", "chief")
    assert first["reason"] == "Spam, Fall 7 – »Brücke«" and first["known"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", first["since"])
    since = subprocess.run(["date", "-d", first["since"], "+%s"], capture_output=True, text=True).stdout
    assert before <= int(since) <= time.time()
    until = subprocess.run(["date", "-d", first["until"], "+%s"], capture_output=True, text=True).stdout
    assert int(until) == 1922342400
    assert (second["user"], second["what"], second["until"]) == ("eve@example.test", "all", None)
    rows = files.cli("suspended").stdout.splitlines()
    assert [row.split("\t")[0] for row in rows] == ["bob@example.test", "eve@example.test"]
    assert "\x1b" not in rows[0] and len(rows[0].split("\t")) == 6
    told = json.loads(files.cli("--json", "lookup", "bob").stdout)["suspended"]
    assert len(told) == 1 and told[0]["what"] == "sending" and told[0]["by"] == "chief"
    assert re.search(r"(?m)^suspended: +from sending since .* until .* by chief: Spam", files.cli("lookup", "bob").stdout)
    assert json.loads(files.cli("--json", "lookup", "mary").stdout)["suspended"] == []


def test_each_kind_is_suspended_and_resumed_by_itself(files):
    suspend(files, "bob", "--sending")
    suspend(files, "bob", "--all", "--reason", "first")
    assert "in place of" in suspend(files, "bob@example.test", "--all", "--reason", "second")
    assert names(files) == [("bob@example.test", "sending"), ("bob@example.test", "all")]
    told = files.cli("resume", "bob", "--sending")
    assert told.returncode == 0 and "no longer suspended from sending" in told.stdout
    assert "still suspended from every login" in told.stdout and "second" in told.stdout
    told = files.cli("resume", "bob", "--sending")
    assert told.returncode == 1 and "but from every login" in told.stderr
    assert files.cli("resume", "bob").returncode == 0
    assert names(files) == []
    suspend(files, "bob", "--sending")
    suspend(files, "bob", "--all")
    assert len(json.loads(files.cli("--json", "resume", "bob").stdout)["ended"]) == 2


WRONG = [(("suspend", "nobody", "--all"), 67, "suspend: nobody: the directory has no such user"),
         (("suspend", "sales@example.test", "--all"), 67, "a group"),
         (("suspend", "robert@example.test", "--all"), 67, "an address of ann@example.test and the login name of another"),
         (("suspend", "no\x1bbody", "--all"), 67, r"suspend: no\\x1bbody: the directory has no such user"),
         (("suspend", "--all"), 64, "name a user"),
         (("suspend", "bob"), 64, "--sending or --all"),
         (("suspend", "bob", "--sending", "--all"), 64, "not both"),
         (("suspend", "bob", "mary", "--all"), 64, "one user at a time, not also mary"),
         (("suspend", "bob", "--all", "--until", "soon"), 64, "--until soon: expected 2h, 3d, 2026-12-01"),
         (("suspend", "bob", "--all", "--until", "2001-01-01"), 64, "--until 2001-01-01: that is past"),
         (("suspend", "bob", "--all", "--until", "0s"), 64, "that is past"),
         (("suspend", "bob", "--all", "--reason", "a\nb"), 64, "one line"),
         (("suspend", "bob", "--all", "--reason", "x" * 256), 64, "256 octets; at most 255"),
         (("resume", "mary"), 1, "mary is not suspended"),
         (("resume", "stranger"), 67, "stranger: neither suspended nor in the directory"),
         (("resume",), 64, "name a user"),
         (("suspended", "bob"), 64, "unexpected argument bob")]


@pytest.mark.parametrize("words,code,text", WRONG, ids=[f"{words[0]}-{number}" for number, (words, *_) in enumerate(WRONG)])
def test_what_is_wrong_is_one_line_and_changes_nothing(files, words, code, text):
    result = files.cli(*words)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (code, "", 1), result.stderr
    assert re.search(text, result.stderr), result.stderr
    assert not files.suspensions.exists()


def test_without_a_directory_nobody_can_be_named(files):
    (files.published / "snapshot.mdb").unlink()
    result = files.cli("suspend", "bob", "--all")
    assert result.returncode == 75 and str(files.published) in result.stderr and result.stderr.count("\n") == 1


def test_who_is_gone_from_the_sources_stays_suspended_and_is_told_of(files):
    suspend(files, "mary", "--sending")
    files.write(files.directory, DIRECTORY.replace("user mary@example.test login=mary\n", "")
                .replace("grant send-on-behalf bob@example.test mary@example.test\n", ""))
    for command in ("check", "sync"):
        told = files.cli(command)
        assert told.returncode == 0, told.stderr
        assert re.search("suspensions: warning: mary@example.test is suspended and no user has this address", told.stderr)
    told = files.cli("suspended")
    assert told.stdout.startswith("mary@example.test\t") and "the directory has no such user" in told.stderr
    assert listed(files)[0]["known"] is False
    files.write_directory(DIRECTORY)
    assert json.loads(files.cli("--json", "lookup", "mary").stdout)["suspended"]
    files.write_directory(DIRECTORY.replace("user mary@example.test", "user maria@example.test address=mary@example.test"))
    assert json.loads(files.cli("--json", "lookup", "maria").stdout)["suspended"]
    assert files.cli("resume", "maria@example.test").returncode == 0
    assert names(files) == []


MARY = "user mary@example.test login=mary\n"
GRANT = "grant send-on-behalf bob@example.test mary@example.test\n"


def warnings(files):
    told = {command: files.cli(command) for command in ("check", "sync")}
    assert all(one.returncode == 0 for one in told.values()), told
    found = [re.findall("suspensions: warning: (.*)", one.stderr.replace(f"mailwicket -c {files.policy} ", "mailwicket "))
             for one in told.values()]
    assert found[0] == found[1]
    return found[0]


def suspensions_of(files, name):
    return json.loads(files.cli("--json", "lookup", name).stdout)["suspended"]


def test_who_is_renamed_is_told_of_as_far_as_a_login_name_tells(files):
    suspend(files, "mary", "--sending")
    text = DIRECTORY.replace(GRANT, "")
    files.write_directory(text.replace(MARY, "user maria@example.test login=mary\n"))
    assert suspensions_of(files, "maria@example.test") and listed(files)[0]["holds_for"] == ["maria@example.test"]
    assert warnings(files) == ["mary@example.test is suspended and no user has this address any more: it holds for "
                               "maria@example.test too, who has its login name mary; if that is another person: mailwicket "
                               "resume mary@example.test"]
    # The address is given to another person, or the login name is: nobody can tell.
    files.write_directory(text.replace(MARY, "user maria@example.test login=mary\nuser new@example.test "
                                       "address=mary@example.test\n"))
    assert suspensions_of(files, "maria@example.test") and suspensions_of(files, "new@example.test")
    assert listed(files)[0]["holds_for"] == ["maria@example.test", "new@example.test"]
    assert warnings(files) == ["mary@example.test is suspended: it holds for maria@example.test too, who has its login name "
                               "mary; if that is another person: mailwicket resume mary@example.test"]
    # Nothing is left that tells who it is.
    files.write_directory(text.replace(MARY, "user maria@example.test\n"))
    assert not suspensions_of(files, "maria@example.test") and listed(files)[0]["holds_for"] == []
    assert warnings(files) == ["mary@example.test is suspended and no user has this address any more, nor a login name that "
                               "it had: the suspension stays; if the user has another address now: mailwicket suspend ADDRESS "
                               "--sending; if not: mailwicket resume mary@example.test"]
    assert "mary@example.test: the directory has no such user" in files.cli("suspended").stderr
    assert files.cli("resume", "mary@example.test").returncode == 0 and warnings(files) == []


def test_where_unlisted_logins_are_let_in_a_renamed_user_is_told_of_too(files):
    files.write_policy("unlisted_logins = own_address\n" + files.policy.read_text())
    suspend(files, "mary", "--sending")
    suspend(files, "stranger@example.test", "--sending")
    files.write_directory(DIRECTORY.replace(GRANT, "").replace(MARY, "user maria@example.test\n"))
    (told,) = warnings(files)
    assert told.startswith("mary@example.test is suspended and no user has this address any more, nor a login name")
    assert [(one["user"], one["unlisted"]) for one in listed(files)] == [("mary@example.test", False),
                                                                         ("stranger@example.test", True)]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_without_permission_to_write_it_says_so(files):
    home = files.suspensions.parent
    home.mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", home, home], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", files.suspensions.parent], check=True)
        for words in (("suspend", "bob", "--all"), ("resume", "bob")):
            result = files.cli(*words)
            assert result.returncode == 77 and result.stderr.count("\n") == 1, result.stderr
            assert str(files.suspensions.parent) in result.stderr and "run it as root" in result.stderr
    finally:
        subprocess.run(["umount", files.suspensions.parent], check=True)


# --- whatever dies

def left_over(files):
    return {path.name for folder in (files.published, files.suspensions.parent) for path in folder.iterdir()} - \
        {"snapshot.mdb", ".lock", ".suspend.lock", "suspensions"}


def test_who_suspends_waits_for_another(files):
    suspend(files, "mary", "--all")
    lock = files.suspensions.parent / ".suspend.lock"

    def has_opened_it(process):
        assert process.poll() is None
        return lock in {Path(os.path.realpath(link)) for link in Path(f"/proc/{process.pid}/fd").iterdir()}
    with open(lock, "wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen([CLI, "-c", files.policy, "suspend", "bob", "--all"], stdout=subprocess.DEVNULL)
        wait_for(lambda: has_opened_it(process), "the second suspend to come to the lock")
        assert names(files) == [("mary@example.test", "all")]
    assert process.wait(60) == 0
    assert names(files) == [("bob@example.test", "all"), ("mary@example.test", "all")]


def test_those_who_suspend_at_once_lose_nothing_of_one_another(files):
    many = [f"many{number}" for number in range(12)]
    files.write_directory(DIRECTORY + "".join(f"user {name}@example.test\n" for name in many))
    running = {name: subprocess.Popen([CLI, "-c", files.policy, "suspend", name, "--all"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True) for name in many}
    for name, process in running.items():
        told = process.communicate(timeout=60)[1]
        if process.returncode == os.EX_TEMPFAIL:  # the machine is busy, and each waits for the others ten seconds only
            assert "another suspend or resume is running" in told
            wait_for(lambda: files.cli("suspend", name, "--all").returncode == 0, f"{name} to be suspended")
        else:
            assert (process.returncode, told) == (0, "")
    assert {name for name, _ in names(files)} == {f"{name}@example.test" for name in many}


def test_one_killed_at_any_moment_leaves_the_old_or_the_new(files):
    suspend(files, "mary", "--all")
    chance, pause, seen = random.Random(5), 0.01, set()

    def one_is_killed():
        """After about as long as the machine needs for it now, which those before tell. Whether both were seen."""
        nonlocal pause
        files.cli("resume", "bob")
        process = subprocess.Popen([CLI, "-c", files.policy, "suspend", "bob", "--sending"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        select.select([], [], [], chance.uniform(0.5 * pause, 1.5 * pause))
        process.kill()
        process.wait()
        found = names(files)
        assert found in ([("mary@example.test", "all")],
                         [("bob@example.test", "sending"), ("mary@example.test", "all")])
        seen.add(len(found))
        pause *= 1.25 if len(found) == 1 else 0.8
        return seen == {1, 2}
    for _ in range(80):
        one_is_killed()
    wait_for(one_is_killed, "one that is killed before it is done, and one after")
    suspend(files, "bob", "--sending")
    assert left_over(files) == set()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")
@pytest.mark.parametrize("error,calls", FAULTS, ids=[f"{error}-{calls.split(',')[0]}" for error, calls in FAULTS])
def test_a_disk_that_fails_at_any_call_changes_nothing(files, error, calls):
    """The Nth such call fails, for every N until there is none left to fail."""
    suspend(files, "mary", "--all")
    path = files.suspensions
    for number in range(1, 100):
        before = path.read_bytes()
        result = subprocess.run(["strace", "-f", "-qq", "-e", f"trace={calls}", "-e",
                                 f"inject={calls}:error={error}:when={number}", "-o", files.folder / "trace",
                                 CLI, "-c", files.policy, "suspend", "bob", "--sending"], capture_output=True, text=True,
                                timeout=60, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        if result.returncode == 0:
            assert len(names(files)) == 2
            break
        assert "(INJECTED)" in (files.folder / "trace").read_text()
        assert left_over(files) == set()
        if path.read_bytes() != before:
            # Only the last word, to the administrator, was lost: it is done, and the exit status says what failed.
            assert result.returncode == 74 and len(names(files)) == 2, result.stderr
            break
        # (127: it was a library that could not be read.)
        assert result.returncode in (74, 75, 78, 127), result
    else:
        raise AssertionError("the suspension never came through")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_disk_changes_nothing(files):
    home = files.suspensions.parent
    home.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs", home], check=True)
    try:
        suspend(files, "mary", "--all")
        with open(home / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        result = files.cli("suspend", "bob", "--sending")
        assert result.returncode == 75 and result.stderr.count("\n") == 1, result.stderr
        assert "No space left" in result.stderr and "suspensions" in result.stderr
        assert names(files) == [("mary@example.test", "all")] and left_over(files) == {"ballast"}
        (home / "ballast").unlink()
        suspend(files, "bob", "--sending")
    finally:
        subprocess.run(["umount", home], check=True)


# --- in mailwicketd

def test_nothing_is_allocated_for_suspended_users_either(tmp_path):
    preload = Preload(tmp_path)
    daemon = Daemon(POLICY, DIRECTORY, tmp_path, start=False, environment=preload.environment, log="refused")
    suspend(daemon, "bob", "--sending", "--until", "1h")
    suspend(daemon, "mary", "--all")
    daemon.start()
    try:
        with daemon.connect() as connection:
            whole = b"".join(rcpt(sasl_username=name, sender=f"{name}@example.test") for name in ("bob", "mary", "eve"))

            def ask_many(times):
                for _ in range(times):
                    connection.send(whole)
                    answers = {connection.answer() for _ in range(3)}
                    assert BLOCKED in answers and len(answers) == 3
            ask_many(200)
            before = preload.get("allocations")
            ask_many(1000)
            # libev lets a table of its own grow when more happens at once than ever before: once, not for a request.
            assert preload.get("allocations") - before <= 4
        daemon.stop()
    finally:
        daemon.kill()


def test_the_answers_that_are_kept_follow(files):
    """mailwicketd keeps what it looked up: a suspension, and its end, empty that."""
    with files.start() as daemon:
        for _ in range(3):
            assert daemon.request() == "DUNNO"
            suspend(daemon, "bob", "--sending")
            wait_for(lambda: daemon.request() == BLOCKED, "the suspension")
            assert daemon.cli("resume", "bob").returncode == 0
            wait_for(lambda: daemon.request() == "DUNNO", "the end of it")
        assert daemon.lines("directory read: .*; 1 suspended")
