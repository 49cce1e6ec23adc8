"""The last good copies of sources: what is in them reads back, and one that cannot be read lets no name vanish."""
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

from rig.built import CLI
from rig.programs import Preload
from test_830_several_sources import BAD_DATA, FAILED, HELD, OUTSIDE, Site, accepted, users


@pytest.fixture
def site(folder):
    return Site(folder)


def writable_by_others(path):
    path.chmod(0o666)


def with_a_line_that_is_none(path):
    path.write_text(path.read_text() + "usr bob@example.test\n")


def cut_off(path):
    path.write_text(path.read_text()[:-len("smtp=yes relay=yes senders=anyone\n") - 3])


def cut_at_a_line(path):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def cut_to_its_head(path):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))


def emptied(path):
    path.write_text("")


def removed(path):
    path.unlink()


def with_a_line_less(path):
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "u7@" not in line))


def with_a_switch_turned(path):
    path.write_text(path.read_text().replace("imap=yes", "imap=no ", 1))


@pytest.mark.parametrize("spoil", [writable_by_others, with_a_line_that_is_none, cut_off, cut_at_a_line, cut_to_its_head, emptied,
                                   removed, with_a_line_less, with_a_switch_turned])
def test_a_copy_that_cannot_be_read_lets_no_name_vanish(site, spoil):
    site.sources("one", "two")
    site.says("one", users(40))
    site.says("two", "user carl@example.test\n")
    site.sync()
    spoil(site.published / "sources" / "one")
    before = site.snapshot()
    for says in ("", users(39)):
        site.says("one", says)
        for words in ((), ("--accept", "one"), ("--accept", f"one={'0' * 32}")):
            told = site.sync(*words, status=FAILED)
            assert "its last good content cannot be read, so that nobody can tell what has vanished" in told, told
            assert site.snapshot() == before
        assert site.cli("check").returncode != 0
    site.sync("--accept", accepted(told))
    assert site.looked_up("u38@example.test") and site.looked_up("u39@example.test") is None
    # And the guard is there again.
    site.says("one", "")
    site.sync(status=HELD)
    assert site.looked_up("u38@example.test")


def test_a_copy_of_the_form_before_counts_until_it_is_written_again(site):
    site.sources("one", "two")
    site.says("one", users(40))
    site.says("two", "user carl@example.test\n")
    site.sync()
    copy = site.published / "sources" / "one"
    written = copy.read_text()
    lines = written.splitlines(keepends=True)
    assert lines[-1].startswith("# The end of ")
    copy.write_text("# The last good content of a source, as mailwicket sync published it. Not to be edited.\n" + "".join(lines[1:-1]))
    site.runs("one", "exit 1")
    assert "its content of " in site.sync(status=FAILED)
    assert site.looked_up("u39@example.test")
    site.says("one", "")
    site.sync(status=HELD)
    site.says("one", users(40))
    site.sync()
    assert copy.read_text() == written


def test_a_name_in_the_policy_that_is_taken_back_has_its_copy(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.runs("one", "exit 1")
    site.runs("renamed", "exit 1")
    site.sources("renamed")
    assert "it has no last good content" in site.sync(status=FAILED)
    site.sources("one")
    assert "its content of " in site.sync(status=FAILED)
    assert site.looked_up("u39@example.test")


def test_a_copy_reads_back_whatever_a_database_said(site):
    with sqlite3.connect(site.folder / "rows.sqlite") as file:
        file.execute("CREATE TABLE t (name)")
    (site.folder / "rows.sqlite").chmod(0o644)
    queries = ("users = \"SELECT 'bob@example.test' AS name, '#b@example.test' AS address\" "
               "grants = \"SELECT 'send-as' AS kind, '#ab-*@example.test' AS identity, 'bob@example.test' AS trustee "
               "UNION ALL SELECT 'send-as', '#x@example.test', 'bob@example.test' "
               "UNION ALL SELECT 'send-as', 'ab-*@example.test', 'bob@example.test'\"")

    def source(path):
        site.sources(more_sources=f'source "rows" {{ driver = sqlite path = "{site.folder}/{path}" {queries} }}\n')
    source("rows.sqlite")
    assert '"#ab-*@example.test": nothing to grant a right on' in site.sync()
    (site.folder / "rows.sqlite").rename(site.folder / "aside")
    assert "its content of " in site.sync(status=FAILED)
    for sender in ("#x@example.test", "ab-1@example.test", "#b@example.test"):
        assert site.may_send("bob@example.test", sender).returncode == 0
    assert site.may_send("bob@example.test", "#ab-1@example.test").returncode == 1


def test_accept_takes_the_content_that_was_read(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", users(20))
    first = accepted(site.sync(status=HELD))
    # Another sync, that of the follower perhaps, sees other content before the administrator decides.
    site.says("one", users(2))
    second = accepted(site.sync(status=HELD))
    assert first != second
    assert "has said different things" in site.sync("--accept", "one", status=HELD)
    assert "this is another one" in site.sync("--accept", first, status=HELD)
    assert site.looked_up("u39@example.test")
    site.says("one", users(20))
    assert "has said different things" in site.sync("--accept", "one", status=HELD)
    site.sync("--accept", first)
    assert site.looked_up("u39@example.test") is None and site.looked_up("u19@example.test")
    # The next time names are held one content is told, so that there is but one to mean.
    site.says("one", users(2))
    assert "--accept takes what was told before: nothing was" in site.sync("--accept", "one", status=HELD)
    site.sync("--accept", "one")
    assert site.looked_up("u19@example.test") is None
    assert site.cli("sync", "--accept", "two=" + first.split("=")[1]).returncode == 64
    assert site.cli("sync", "--accept", "one=").returncode == 64


def test_a_source_may_have_an_equals_sign_in_its_name(site):
    site.sources("one=two")
    site.says("one=two", users(40))
    site.sync()
    site.says("one=two", "")
    site.sync(status=HELD)
    site.sync("--accept", "one=two")
    assert site.looked_up("u39@example.test") is None


def test_a_right_that_is_gone_does_not_come_back_while_a_text_is_wrong(site):
    site.sources("one", "text")
    grant = "grant send-as u0@example.test u1@example.test\n"
    (site.folder / "text").write_text("user first@example.test\n")
    site.says("one", users(3, grant))
    site.sync()
    assert site.may_send("u1@example.test", "u0@example.test").returncode == 0
    site.says("one", users(3))
    (site.folder / "text").write_text("user first@example.test imap=maybe\n")
    site.sync(status=BAD_DATA)
    (site.folder / "text").write_text("user first@example.test\n")
    site.runs("one", "exit 1")
    assert "its content of " in site.sync(status=FAILED)
    assert site.looked_up("u2@example.test")
    assert site.may_send("u1@example.test", "u0@example.test").returncode == 1


OFFICE = "group office@example.test networks=192.0.2.0/24 member=u1@example.test"


@pytest.mark.parametrize("after", ["user office@example.test bananas=1\n",
                                   "user office@example.test\n" + OFFICE + "\n", OFFICE + "\nuser office@example.test\n"])
def test_a_group_that_becomes_a_bad_user_binds_who_was_its_member(site, after):
    site.sources("one")
    site.says("one", users(3, OFFICE + "\n"))
    site.sync()
    for _ in range(3):
        site.says("one", users(3, after))
        site.sync()
        assert site.may_send("u1@example.test", "u1@example.test", "192.0.2.7").returncode == 0
        told = site.may_send("u1@example.test", "u1@example.test", OUTSIDE)
        assert told.returncode == 1 and "network-refused" in told.stdout, told.stdout
        # Of two kinds that are said the one that it was may be right.
        assert bool(site.looked_up("office@example.test")["blocked"]) == ("bananas" in after)
    site.says("one", users(3, "user office@example.test\n"))
    site.sync()
    assert site.may_send("u1@example.test", "u1@example.test", OUTSIDE).returncode == 0


@pytest.mark.parametrize("first", ["user", "group"])
def test_two_kinds_of_one_name_bind_the_members_of_the_group(site, first):
    site.sources("one")
    lines = [OFFICE + "\n", "user office@example.test\n"]
    site.says("one", users(3, "".join(lines if first == "group" else reversed(lines))))
    site.sync()
    assert "network-refused" in site.may_send("u1@example.test", "u1@example.test", OUTSIDE).stdout
    assert site.looked_up("office@example.test")["blocked"]


def rows(site, members, addresses="SELECT 'u0@example.test' AS name, 'a0@example.test' AS address"):
    if not (site.folder / "rows.sqlite").exists():
        with sqlite3.connect(site.folder / "rows.sqlite") as file:
            file.execute("CREATE TABLE t (name)")
        (site.folder / "rows.sqlite").chmod(0o644)
    names = " UNION ALL ".join(f"SELECT 'u{i}@example.test' AS name" for i in range(5))
    site.sources(more_sources=(
        f'source "rows" {{ driver = sqlite path = "{site.folder}/rows.sqlite" users = "{names}" '
        f"groups = \"SELECT 'office@example.test' AS name, '192.0.2.0/24' AS networks\" "
        f'members = "{members}" addresses = "{addresses}" }}\n'))


def test_a_row_whose_group_cannot_be_read_frees_no_member(site):
    row = "SELECT '{}' AS name, '{}' AS member"
    good = " UNION ALL ".join(row.format("office@example.test", f"u{i}@example.test") for i in (1, 2))
    bad = " UNION ALL ".join((row.format("office@@example.test", "u1@example.test"),
                              row.format("office@example.test", "u2@example.test")))
    rows(site, good)
    site.sync()
    for _ in range(3):
        rows(site, bad)
        assert '"office@@example.test" is no address' in site.sync()
        for name, code in (("u1@example.test", 1), ("u2@example.test", 1), ("u3@example.test", 0)):
            assert site.may_send(name, name, OUTSIDE).returncode == code
        assert site.looked_up("u1@example.test")["groups"] == []
    rows(site, row.format("office@example.test", "u2@example.test"))
    site.sync()
    assert site.may_send("u1@example.test", "u1@example.test", OUTSIDE).returncode == 0


def test_a_row_whose_user_cannot_be_read_loses_no_address(site):
    member = "SELECT 'office@example.test' AS name, 'u1@example.test' AS member"
    rows(site, member)
    site.sync()
    rows(site, member, "SELECT 'u0@@example.test' AS name, 'a0@example.test' AS address")
    for _ in range(2):
        told = site.sync(status=HELD)
        assert site.looked_up("a0@example.test")["receives"] == "u0@example.test"
    site.sync("--accept", accepted(told, "rows"))
    assert site.looked_up("a0@example.test") is None


def test_a_name_that_is_anothers_address_now_is_gone_until_somebody_decides(site):
    site.sources("one", "two")
    site.says("one", users(40))
    site.says("two", "user x@example.test\n")
    site.sync()
    merged = "".join(f"user u{i}@example.test address=a{i}@example.test,u{i + 20}@example.test\n" for i in range(20))
    site.says("one", merged)
    for _ in range(3):
        told = site.sync(status=HELD)
        assert "20 users, 0 groups and 20 addresses would vanish" in told, told
        assert "user u39@example.test is gone: its name is an address of another user or group now" in told
        assert "u19@example.test" in site.looked_up("u39@example.test")["addresses"]
        assert site.may_send("u19@example.test", "u39@example.test").returncode == 0
    # While the source fails, its copy says the same.
    site.runs("one", "exit 1")
    site.sync(status=FAILED)
    assert site.may_send("u19@example.test", "u39@example.test").returncode == 0
    assert site.looked_up("u39@example.test")["blocked"] == ""
    site.says("one", merged)
    site.sync("--accept", "one")
    site.sync()


def test_who_is_held_takes_no_name_from_anybody_when_its_source_fails(site):
    site.sources("one", "two")
    site.says("one", users(40, "user carl@example.test address=sales@example.test login=sales\n"))
    site.says("two", "user x@example.test\n")
    site.sync()
    site.says("one", users(20))
    site.says("two", "user mary@example.test address=sales@example.test login=sales\nuser carl@example.test smtp=no\n")
    site.sync(status=HELD)
    for script in (None, "exit 1", "exit 2"):
        if script is not None:
            site.runs("one", script)
            site.sync(status=FAILED)
        assert site.may_send("sales", "sales@example.test").returncode == 0
        assert site.may_send("mary@example.test", "sales@example.test").returncode == 0
        assert site.looked_up("carl@example.test")["may"]["smtp"] is False


KEPT = users(8) + """\
user alice@example.test source_key=1 address=al@example.test
user bob@example.test source_key=2 address=b@example.test login=bobby senders_denied=u1@example.test networks=192.0.2.0/24
user carl@example.test source_key=3 senders_denied=u1@example.test,staff@example.test
user dora@example.test source_key=4 senders=u2@example.test,u3@example.test address=shared@example.test
group staff@example.test source_key=5 member=u1@example.test,u2@example.test,u3@example.test networks=192.0.2.0/24
group office@example.test source_key=6 member=bob@example.test,u4@example.test networks=192.0.2.0/24
"""
# Somebody is renamed, stands there twice, takes another's address, and is bad; groups contain each other.
SAID = users(8) + """\
user alicia@example.test source_key=1 address=alx@example.test
user bob@example.test source_key=2 address=b@example.test login=bobby networks=192.0.2.0/24 bananas=1
user carl@example.test source_key=3 senders_denied=u1@example.test,staff@example.test
user carl@example.test source_key=3 senders_denied=u6@example.test imap=no
user dora@example.test source_key=4 senders=u2@example.test,u3@example.test address=shared@example.test
user eve@example.test source_key=8 address=shared@example.test,alice@example.test
group staff@example.test source_key=5 member=u1@example.test,u2@example.test,u3@@example.test networks=192.0.2.0/24
group office@example.test source_key=6 member=bob@example.test,u4@example.test,ring@example.test networks=192.0.2.0/24
group ring@example.test source_key=9 member=office@example.test,u7@example.test senders_denied=staff@example.test
user @@ source_key=3
grant send-as carl@example.test nobody@example.test
"""


def test_memory_that_is_out_takes_nothing_from_what_is_published(site):
    """Whichever allocation fails: the content is the whole one, or the sync fails and the copy is the one before."""
    preload, base, copy = Preload(site.folder), site.folder / "base", site.published / "sources" / "one"
    unchanged = "(0 added, 0 changed, 0 removed)"

    def sync(fails_at):
        preload.set("allocations", 0)
        preload.set("fail_allocation_at", fails_at)
        done = subprocess.run([CLI, "-c", site.policy, "sync"], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **preload.environment})
        return done, re.sub(r"(carried|passed|claimed|spent):[0-9]+|# The end of .*", r"\1", copy.read_text())

    site.sources("one", "text")
    (site.folder / "text").write_text("user first@example.test\nuser boss@example.test senders_denied=alice@example.test\n"
                                      "group vips@example.test member=alice@example.test,u3@example.test\n")
    site.says("one", KEPT)
    _, before = sync(0)
    shutil.copytree(site.published, base)
    site.says("one", SAID)
    whole, after = sync(0)
    assert whole.returncode == 0 and "former=" in after and unchanged in sync(0)[0].stdout
    sync(0)
    unsettled = re.sub(r"(passed|claimed|spent|carried)", "carried", after)
    for fails_at in range(3, preload.get("allocations"), 7):
        shutil.rmtree(site.published)
        shutil.copytree(base, site.published)
        done, now = sync(fails_at)
        assert done.returncode > 0 and now in (before, after, unsettled) or now == after, (fails_at, now, done.stderr)
        if done.returncode == 0:
            assert unchanged in sync(0)[0].stdout, fails_at
