"""What `check` and `status` tell of the process that follows the sources, and of each source that is no text."""
import json
import os
import shlex
import signal
import subprocess
import time

import pytest

from test_830_several_sources import Site, users
from rig.built import CLI
from rig.follower import Follower
from rig.processes import tool
from rig.waiting import PATIENCE, wait_for

MINUTES = 600
NOBODY = ["setpriv", "--reuid=nobody", "--clear-groups"]


@pytest.fixture
def site(folder):
    made = Site(folder)
    made.sources("corp", "text", corp="interval = 1s")
    (folder / "text").write_text("user boss@example.test\n")
    made.says("corp", users(40))
    made.sync()
    return made


def status(site, *words):
    return site.cli(*words, "status", "--limit", "0", "--dovecot-config", site.folder / "none", "--socket", site.folder / "none")


def told(site):
    """The follower and each source of `status`, and the fixes by the problems that are about them."""
    done = status(site, "--json")
    answer = json.loads(done.stdout)
    problems = {problem["text"]: problem["fix"] for problem in answer["problems"] if "serves at" not in problem["text"]}
    assert done.returncode == (2 if any(p["severity"] == "critical" for p in answer["problems"]) else 1), done
    return answer["directory"]["follower"], answer["directory"]["each_source"], problems


def findings(site):
    """Of `check`, by their names."""
    done = site.cli("--json", "check")
    answer = json.loads(done.stdout)
    return {row["id"]: row for row in answer.get("findings", []) if row["id"] != "asked-by-all"}, answer


def age(site, seconds):
    file = site.published / ".follow"
    now = file.stat().st_mtime
    os.utime(file, (now - seconds, now - seconds))


def test_nothing_follows_a_source_that_others_change(site):
    follower, [corp], problems = told(site)
    assert follower["state"] == "none" and corp["source"] == "corp" and corp["read"] and corp["failed_since"] is None
    [(text, fix)] = problems.items()
    assert text.startswith('nothing follows the sources: a change in source "corp" has no effect') and \
        fix == "systemctl enable --now mailwicket-sync"
    found, answer = findings(site)
    assert set(found) == {"not-followed"} and found["not-followed"]["severity"] == "warning"
    assert found["not-followed"]["fix"] == fix and answer["ok"] and answer["each_source"][0]["source"] == "corp"
    plain = site.cli("check")
    assert plain.returncode == 0 and "sources: followed by no process\n" in plain.stdout
    assert '"corp": read ' in plain.stdout and " seconds ago\n" in plain.stdout, plain.stdout


def edit_state(site, source="corp", **numbers):
    """As time, or another sync, would have left it."""
    path = site.published / "sources" / f"{source}.state"
    kept = [line for line in path.read_text().splitlines() if line.split()[0] not in numbers]
    path.write_text("\n".join(kept + [f"{word} {number}" for word, number in numbers.items()]) + "\n")


def by_cron(site, each=300, times=2):
    """What `times` more runs, so many seconds apart, have left."""
    for _ in range(times):
        edit_state(site, synced=int(time.time()) - each)
        site.sync()


def is_each(source, seconds):
    """by_cron() sets a time, and the sync comes later."""
    return seconds <= source["synced_each"] < seconds + PATIENCE


def test_who_runs_sync_by_cron_is_not_told_to_follow(site):
    assert len(told(site)[2]) == 1
    by_cron(site, times=1)
    _, [corp], problems = told(site)
    assert problems == {} and findings(site)[0] == {} and is_each(corp, 300) and corp["synced"]
    assert "followed by no process; mailwicket sync tries them each 5 minutes\n" in status(site).stdout
    # One by hand between two of them makes no other rhythm.
    by_cron(site, each=10, times=3)
    by_cron(site, each=120)
    edit_state(site, synced=int(time.time()) - 10)
    site.sync()
    assert told(site)[2] == {}
    # A source that fails is told, and that is all.
    site.runs("corp", "exit 1")
    site.cli("sync")
    assert [text for text in told(site)[2] if "nothing follows" in text] == []


def test_each_source_is_synced_or_told(site):
    """One that the policy has since yesterday was tried once; then both are, the new one for a shorter time."""
    by_cron(site)
    site.says("other", "user other@example.test\n")
    site.sources("corp", "other")
    site.sync()
    assert "followed by no process\n" in status(site).stdout
    [(text, fix)] = told(site)[2].items()
    assert 'a change in source "other" has no effect' in text
    for _ in range(2):
        edit_state(site, synced=int(time.time()) - 300)
        edit_state(site, "other", synced=int(time.time()) - 120)
        site.sync()
    assert told(site)[2] == {}
    assert "followed by no process; mailwicket sync tries them each 5 minutes\n" in status(site).stdout


def test_what_an_administrator_publishes_by_hand_makes_no_rhythm(site):
    by_cron(site, each=3600)
    for user in ("one", "two", "three"):
        edit_state(site, synced=int(time.time()) - 120)
        assert site.cli("user", "add", f"{user}@example.test", "--sync").returncode == 0
    edit_state(site, synced=int(time.time()) - 600)
    _, [corp], problems = told(site)
    assert problems == {} and is_each(corp, 3600)


def test_the_reason_in_a_state_moves_no_terminal(site):
    site.runs("corp", "exit 1")
    site.cli("sync")
    edit_state(site, why="\033]0;x\007")
    done = site.cli("status")
    assert "because \\x1b]0;x\\x07" in done.stdout and "\033" not in done.stdout + done.stderr, done.stdout


def test_a_cron_that_stopped_is_noticed_and_the_date_may_jump(site):
    by_cron(site)
    for seconds in (-600, 600):
        edit_state(site, synced=int(time.time()) + seconds)
        assert told(site)[2] == {}
    for seconds in (-720, 720):
        edit_state(site, synced=int(time.time()) + seconds)
        [(text, fix)] = told(site)[2].items()
        assert text.startswith('nothing follows the sources: source "corp" was tried each 5 minutes, and last at ')
        assert fix == f"mailwicket -c {site.policy} sync" and set(findings(site)[0]) == {"not-followed"}
    site.sync()
    assert told(site)[2] == {}


def test_a_follower_that_ends_leaves_no_rhythm(site):
    by_cron(site)
    with Follower(site):
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
    [text] = told(site)[2]
    assert "until somebody runs" in text
    site.sync()
    assert len(told(site)[2]) == 1
    by_cron(site, times=1)
    assert told(site)[2] == {}


def test_a_look_at_the_status_asks_no_source(site):
    """A server that does not answer would keep it for a minute."""
    asked = site.folder / "asked"
    site.runs("corp", f"touch {asked}; exec sleep 600")
    answer = json.loads(status(site, "--json").stdout)
    assert answer["directory"]["sources"] == "published" and not asked.exists()
    (site.folder / "text").write_text("user boss@example.test\nuser another@example.test\n")
    answer = json.loads(status(site, "--json").stdout)
    assert answer["directory"]["sources"] == "newer"
    site.sources("corp", "text", "third")
    answer = json.loads(status(site, "--json").stdout)
    assert answer["directory"]["sources"] == "unreadable"
    never_read = next(row for row in answer["problems"] if 'source "third": it was never read' in row["text"])
    assert never_read["fix"] == f"mailwicket -c {site.policy} sync", "check asks it, and finds nothing wrong"
    (site.folder / "text").write_text("bananas\n")
    answer = json.loads(status(site, "--json").stdout)
    assert any("sources cannot be read" in row["text"] and row["fix"].endswith(" check") for row in answer["problems"])
    assert not asked.exists()


@pytest.mark.parametrize("spoil, why", [
    (lambda copy: copy.unlink(), "{} is gone"),
    (lambda copy: copy.write_text(copy.read_text()[:-3]), "{}: it is cut off, or not as it was written"),
])
def test_a_source_whose_last_good_content_is_gone_was_read_all_the_same(site, spoil, why):
    copy = site.published / "sources" / "corp"
    spoil(copy)
    [text] = [text for text in told(site)[2] if 'source "corp"' in text and "cannot be read" in text]
    assert f'source "corp": its last good content cannot be read: {why.format(copy)}' in text and "never" not in text
    site.runs("corp", "exit 1")
    assert f'it has no last good content: {why.format(copy)}' in site.cli("sync").stderr


def test_text_alone_needs_nobody_who_follows(site):
    site.sources("text")
    site.sync()
    follower, sources, problems = told(site)
    assert (follower["state"], sources, problems) == ("none", [], {})
    assert findings(site)[0] == {} and "followed" not in site.cli("check").stdout


def test_a_follower_that_is_well(site):
    with Follower(site) as follower:
        follower.wait_log("following 2 sources")
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        said, [corp], problems = told(site)
        assert (said["state"], said["process"], said["failing"], problems) == ("running", follower.process.pid, None, {})
        assert said["policy"] == json.loads(status(site, "--json").stdout)["policy"]["digest"] and corp["read"]
        assert findings(site)[0] == {}
        assert f"followed by process {follower.process.pid}, read " in status(site).stdout
        assert '"corp": read ' in status(site).stdout
    assert told(site)[0]["state"] == "none", "it ended in order"


@pytest.mark.skipif(tool("strace") is None, reason="no strace on this machine")
def test_whoever_looks_while_a_follower_tells_of_itself_finds_all_of_it(site):
    """It tells after each reading; between two of its calls that write, much time may pass."""
    file, seen = site.published / ".follow", set()
    slow = [tool("strace"), "-D", "-o", "/dev/null", "-e", "trace=ftruncate", "-e", "inject=ftruncate:delay_enter=200000:delay_exit=200000"]
    follower = Follower(site, prefix=slow)
    follower.environment["ASAN_OPTIONS"] = "detect_leaks=0"  # a leak detector does not work under strace
    with follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")

        def looks():
            seen.add(file.read_text().partition("\n")[0])
            return len(seen) > 3
        wait_for(looks, "two more readings")
    assert not [line for line in seen if len(line.split()) < 7], seen


def test_a_silent_follower_is_noticed(site):
    with Follower(site) as follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        follower.pause()
        # What follows from minutes of that.
        age(site, MINUTES)
        said, _, problems = told(site)
        assert said["state"] == "silent" and list(problems.values()) == ["systemctl restart mailwicket-sync"]
        assert "has given no sign of life since " in list(problems)[0]
        assert set(findings(site)[0]) == {"follower-silent"}
        assert ", silent since " in status(site).stdout
        follower.process.send_signal(signal.SIGCONT)
        age(site, MINUTES)
        wait_for(lambda: told(site)[0]["state"] == "running", "its sign of life")


def test_a_follower_that_is_killed_is_noticed(site):
    with Follower(site) as follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        follower.process.kill()
        follower.process.wait()
        # Its reading ends with it, a moment later.
        wait_for(lambda: told(site)[0]["state"] == "gone", "its end to be seen")
        _, _, problems = told(site)
        assert list(problems.values()) == ["systemctl restart mailwicket-sync"]
        assert set(findings(site)[0]) == {"not-followed"}
        follower.launch().wait_log("following 2 sources", 2)


def test_a_follower_with_another_policy_is_noticed(site):
    with Follower(site) as follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        site.policy.write_text(site.policy.read_text() + "# another\n")
        _, _, problems = told(site)
        assert list(problems.values()) == ["systemctl reload mailwicket-sync"] and "another policy" in list(problems)[0]
        assert set(findings(site)[0]) == {"follower-behind"}
        follower.process.send_signal(signal.SIGHUP)
        wait_for(lambda: told(site)[2] == {}, "the reload")


def test_a_source_behind_its_last_good_copy_is_told_with_the_reason(site):
    with Follower(site) as follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        site.runs("corp", "echo 'the database is away' >&2; exit 3")
        wait_for(lambda: told(site)[1][0]["failed_since"], "the failure")
        _, [corp], problems = told(site)
        assert "the database is away" in corp["why"]
        [(text, fix)] = problems.items()
        assert text.startswith('source "corp" cannot be read since ') and "the database is away" in text
        assert fix == f"mailwicket -c {site.policy} check"
        plain = status(site).stdout
        assert '"corp": behind its last good copy of ' in plain and ", because " in plain, plain
        assert "source-old" in findings(site)[0]
        site.says("corp", users(40))
        wait_for(lambda: told(site)[1][0]["failed_since"] is None and told(site)[2] == {}, "the recovery")
        assert follower.process.poll() is None


def test_a_source_may_go_come_and_be_renamed_under_the_follower(site):
    def takes(*names):
        site.sources(*names, **{name: "interval = 1s" for name in names})
        before = len(follower.lines("policy read: "))
        follower.process.send_signal(signal.SIGHUP)
        follower.wait_log("policy read: ", before + 1)

    def has(name, there):
        wait_for(lambda: (site.looked_up(name) is not None) is there, f"{name} to be {'there' if there else 'gone'}")

    with Follower(site) as follower:
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        takes("text")
        has("u39@example.test", False)
        takes("text", "corp")
        has("u39@example.test", True)
        site.says("other", users(41))
        takes("text", "other")
        has("u40@example.test", True)
        # What is being written has a name of its own.
        wait_for(lambda: [path.name for path in (site.published / "sources").glob("*[!e]")] == ["other"], "the copy of the last one alone")
        # One that is not there, under a new name: what was published stays.
        takes("text", "gone")
        follower.wait_log('source "gone" cannot be read, and it has no last good content')
        assert site.looked_up("u40@example.test")
        takes("text", "other")
        follower.wait_log("all sources are read again")
        site.says("other", users(42))
        has("u41@example.test", True)


def test_what_is_held_is_told_with_the_command_that_lets_it_go(site):
    with Follower(site):
        wait_for(lambda: told(site)[0].get("good"), "the first reading")
        site.says("corp", users(20))
        wait_for(lambda: told(site)[1][0]["held_users"], "the guard")
        _, [corp], problems = told(site)
        assert (corp["held_users"], corp["held_groups"], corp["held_addresses"]) == (20, 0, 40) and len(corp["digest"]) == 32
        [(text, fix)] = problems.items()
        assert 'source "corp": 20 users, 0 groups and 40 addresses would vanish' in text
        assert "source-held" in findings(site)[0] and "; held: 20 users, 0 groups, 40 addresses" in status(site).stdout
        words = shlex.split(fix)
        assert words[:3] == ["mailwicket", "-c", str(site.policy)], fix

        def tried():
            done = site.cli(*words[3:])
            return None if "another sync is running" in done.stderr else done
        done = wait_for(tried, "a sync between the readings of the follower")
        assert done.returncode == 0, done.stderr
        wait_for(lambda: told(site)[2] == {}, "what was accepted")
    assert site.looked_up("u39@example.test") is None


def test_bad_and_blocked_records_are_counted(site):
    site.says("corp", users(38) + "user u38@example.test address=a38@example.test bananas=1\nuser new@example.test bananas=1\n")
    site.cli("sync")
    _, [corp], problems = told(site)
    assert (corp["bad"], corp["blocked"]) == (2, 1)
    assert any('source "corp": 2 records are bad; 1 of them' in text for text in problems), problems
    assert "source-bad" in findings(site)[0]
    assert "; 2 bad records, 1 blocked" in status(site).stdout


def test_who_may_not_look_is_told_so(site):
    for folder in (site.folder, *site.folder.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    with Follower(site) as follower:
        follower.wait_log("following 2 sources")
        done = subprocess.run([*NOBODY, CLI, "-c", site.policy, "--json", "status", "--limit", "0"], capture_output=True, text=True,
                              timeout=120)
        answer = json.loads(done.stdout)
        assert answer["directory"]["follower"] == {"state": "unknown"}
        assert not any("nothing follows" in problem["text"] for problem in answer["problems"])
