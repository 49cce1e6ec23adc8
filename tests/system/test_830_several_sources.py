"""Several sources, programs that print directory text among them: which of two has a name, what stands when one cannot be
read or says something bad, and what it takes until many names vanish at once."""
import json
import os
import re
import sqlite3

import pytest

from rig.daemon import Daemon
from rig.submission_world import POLICY

HELD, BAD_DATA, FAILED = 77, 65, 75
OVERFLOW = "abs(-9223372036854775807 - 1) AS member"  # a query that fails at its row
OUTSIDE = "203.0.113.9"


class Site(Daemon):
    """Its sources are programs, each of which does what `says` or `runs` wrote last; `text=` is a file."""

    def __init__(self, folder):
        super().__init__(POLICY, "user first@example.test\n", folder, start=False)

    def sources(self, *names, more="", more_sources="", **settings):
        rows = ""
        for name in names:
            if name.startswith("text"):
                rows += f'  source "{name}" {{ driver = text path = "{self.folder / name}" }}\n'
            else:
                rows += (f'  source "{name}" {{ driver = exec command = {{ "{self.folder / name}.sh", "an argument" }} '
                         f'{settings.get(name, "")} }}\n')
        self.write_policy(POLICY + more + f'directory {{ path = "{self.published}"\n{rows}{more_sources}}}\n')

    def runs(self, name, script):
        path = self.folder / f"{name}.sh"
        aside = self.folder / f"{name}.new"
        aside.write_text(f"#!/bin/sh\n{script}\n")
        aside.chmod(0o755)
        os.replace(aside, path)

    def says(self, name, text):
        aside = self.folder / f"{name}.out.new"
        aside.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.replace(aside, self.folder / f"{name}.out")
        self.runs(name, f"exec cat {self.folder / name}.out")

    def sync(self, *words, status=0):
        done = self.cli("sync", *words)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def looked_up(self, name):
        done = self.cli("lookup", name, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout) if done.returncode == 0 else None

    def may_send(self, login, sender, client="127.0.0.1"):
        return self.cli("explain", "smtp", "--login", login, "--sender", sender, "--recipient", "first@example.test",
                        "--port", "587", "--client", client, "--tls", "TLSv1.3")

    def snapshot(self):
        return (self.published / "snapshot.mdb").read_bytes()


@pytest.fixture
def site(folder):
    return Site(folder)


def users(count, more=""):
    return "".join(f"user u{i}@example.test address=a{i}@example.test\n" for i in range(count)) + more


def accepted(told, source="one"):
    """The word behind --accept of the command that `sync` says to paste."""
    return re.search(rf"mailwicket.* sync --accept '({source}=[0-9a-f]{{32}})'", told)[1]


def test_a_program_is_a_source(site):
    site.sources("one")
    site.runs("one", 'echo "user bob@example.test login=$(echo $1 | tr -d " ")"; echo "group g@example.test member=$(env | '
                     'grep -c HOME=)@example.test,bob@example.test"')
    told = site.sync()
    assert "published: 1 users, 1 groups" in told and '"0@example.test" of group' in told
    assert site.looked_up("bob@example.test")["logins"] == ["anargument", "bob@example.test"]


@pytest.mark.parametrize("script,told", [
    ("echo 'user bob@example.test'; echo the database is away >&2; echo more >&2; exit 3",
     "ended with status 3: the database is away\n"),
    ("echo 'user bob@example.test'; kill -9 $$", "was ended by signal 9"),
    ("echo 'user bob@example.test'; printf 'user mary@exam'", "was cut off"),
    ("echo 'user bob@example.test'; sleep 600", "took too long"),
    ("while :; do printf x; sleep 0.1; done", "took too long"),
    ("echo 'user bob@example.test'; sleep 600 & exit 4", "ended with status 4"),
])
def test_a_program_that_fails_leaves_its_last_good_records(site, script, told):
    def runs(script):
        site.sources("one", "two", one="timeout = 3s" if told == "took too long" else "")
        site.runs("one", script)

    def says(text):
        site.sources("one", "two")
        site.says("one", text)
    site.says("two", "user carl@example.test\n")
    runs(script)
    assert "has no last good content" in site.sync(status=FAILED)
    assert not (site.published / "snapshot.mdb").exists() or site.looked_up("carl@example.test") is None
    says("user bob@example.test imap=no\nuser mary@example.test\n")
    site.sync()
    runs(script)
    site.says("two", "user carl@example.test\nuser dora@example.test\n")
    output = site.sync(status=FAILED)
    assert told in output and "its content of " in output, output
    assert site.looked_up("mary@example.test") and site.looked_up("dora@example.test")
    assert site.looked_up("bob@example.test")["may"]["imap"] is False
    said = json.loads(site.cli("sync", "--json").stdout)
    failed = {row["source"]: row for row in said["sources"]}
    assert failed["one"]["failed_since"] >= failed["one"]["read"] > 0 and failed["two"]["failed_since"] == 0
    says("user bob@example.test\n")
    site.sync()
    assert site.looked_up("mary@example.test") is None and site.looked_up("bob@example.test")["may"]["imap"] is True


def test_a_program_that_others_can_write_is_not_run(site):
    site.sources("one")
    site.says("one", "user bob@example.test\n")
    (site.folder / "one.sh").chmod(0o775)
    assert "can be written by others" in site.sync(status=FAILED)
    (site.folder / "one.sh").chmod(0o755)
    os.chown(site.folder, 64215, -1)
    site.folder.chmod(0o1755)  # its owner may put another program there, whatever the bit keeps from others
    assert "is in a folder that others" in site.sync(status=FAILED)
    os.chown(site.folder, 0, -1)


@pytest.mark.parametrize("fails", [False, True])
def test_rows_of_a_database_belong_to_its_own_users_and_groups(site, fails):
    (site.folder / "text").write_text("user ceo@example.test\nuser eve@example.test\nuser bob@example.test\n"
                                      "user victim@example.test\ngroup admins@example.test member=victim@example.test\n"
                                      "grant send-as ceo@example.test admins@example.test\n")
    queries = ('users = "SELECT \'own@example.test\' AS name" '
               'addresses = "SELECT \'bob@example.test\' AS name, \'b@example.test\' AS address '
               'UNION ALL SELECT \'bob@example.test\', \'x@@y\' UNION ALL SELECT \'own@example.test\', \'o@example.test\'" '
               'members = "SELECT \'admins@example.test\' AS name, \'eve@example.test\' AS member"')
    with sqlite3.connect(site.folder / "rows.sqlite") as file:
        file.execute("CREATE TABLE t (name)")
    (site.folder / "rows.sqlite").chmod(0o644)

    def publish(text, status=0):
        site.sources("text", more_sources=f'source "rows" {{ driver = sqlite path = "{site.folder}/rows.sqlite" '
                                          f'parts = {{ users }} {text} }}\n')
        return site.sync(status=status)
    output = publish(queries)
    assert 'address of "bob@example.test": the source has no such user or group' in output, output
    assert 'member of "admins@example.test": the source has no such user or group' in output, output
    if fails:
        assert "integer overflow" in publish(queries.replace("'eve@example.test' AS member", OVERFLOW), FAILED)
    assert site.may_send("victim@example.test", "ceo@example.test").returncode == 0
    assert site.may_send("eve@example.test", "ceo@example.test").returncode == 1
    bob = site.looked_up("bob@example.test")
    assert bob["addresses"] == ["bob@example.test"] and bob["blocked"] == ""
    assert site.looked_up("o@example.test")["addresses"] == ["o@example.test", "own@example.test"]


@pytest.mark.parametrize("mistake,told", [
    ('until="2020-01-01', "a quote is not closed"), ("# \x01", "a control character"), (b"# \xff", "no valid UTF-8"),
    pytest.param("#" * (33 << 20), "the line is longer than", id="long"),
    ("until=2020-01-32", "until: bad value"), ("until=2020-01-01 until=", "until= stands here twice")])
def test_a_grant_with_a_mistake_is_none(site, mistake, told):
    site.sources("one")
    line = mistake if isinstance(mistake, bytes) else mistake.encode()
    site.says("one", b"user u1@example.test\nuser u2@example.test\ngrant send-as u1@example.test u2@example.test " + line +
              b"\ngrant send-as u2@example.test u1@example.test\n")
    assert told in site.sync()
    assert site.may_send("u2@example.test", "u1@example.test").returncode == 1
    assert site.may_send("u1@example.test", "u2@example.test").returncode == 0


GRANTED = "user u1@example.test\nuser u2@example.test\ngrant send-as u1@example.test u2@example.test\n"


@pytest.mark.parametrize("between", ["text", "gone", "kept"])
def test_a_copy_does_not_outlive_its_source(site, between):
    site.sources("one")
    site.says("one", GRANTED)
    site.sync()
    assert site.may_send("u2@example.test", "u1@example.test").returncode == 0
    (site.folder / "text").write_text("user u1@example.test\nuser u2@example.test smtp=no\n")
    if between == "text":
        site.sources(more_sources=f'source "one" {{ driver = text path = "{site.folder}/text" }}\n')
    elif between == "gone":
        site.sources("text")
    site.sync()
    assert {path.name for path in (site.published / "sources").iterdir()} == ({"one", "one.state"} if between == "kept" else set())
    site.sources("one")
    site.runs("one", "exit 1")
    told = site.sync(status=FAILED)
    assert ("has no last good content" in told) == (between != "kept"), told
    assert site.may_send("u2@example.test", "u1@example.test").returncode == (0 if between == "kept" else 1)


def test_a_copy_stands_in_for_what_it_was_read_from_alone(site):
    site.sources("one")
    site.says("one", "user u0@example.test\n" + GRANTED)
    site.sync()
    site.runs("two", "exit 1")
    site.sources(more_sources=f'source "one" {{ driver = exec command = {{ "{site.folder}/two.sh" }} }}\n')
    told = site.sync(status=FAILED)
    assert "was read by another driver or from another place" in told and "content of" not in told, told
    # Its names do not vanish at once all the same.
    site.says("two", "user new@example.test\n")
    site.sync(status=HELD)
    assert site.looked_up("u2@example.test")
    assert site.may_send("u2@example.test", "u1@example.test").returncode == 1
    site.runs("two", "exit 1")
    assert "its content of " in site.sync(status=FAILED)


def test_a_copy_has_the_parts_that_the_policy_says(site):
    site.sources("one")
    site.says("one", GRANTED)
    site.sync()
    site.sources("one", one="parts = { users }")
    site.runs("one", "exit 1")
    assert "the source's parts do not have grants" in site.sync(status=FAILED)
    assert site.looked_up("u2@example.test")
    assert site.may_send("u2@example.test", "u1@example.test").returncode == 1


def test_of_two_sources_the_first_has_a_name(site):
    site.sources("one", "text", "two")
    site.says("one", "user bob@example.test address=b@example.test login=bobby smtp=no\n")
    (site.folder / "text").write_text("user mary@example.test address=m@example.test\ngrant send-as m@example.test "
                                      "bob@example.test\ngrant send-as mary@example.test gone@example.test\n")
    site.says("two", "user bob@example.test address=other@example.test smtp=yes\n"
                     "user carl@example.test address=b@example.test,c@example.test login=bobby,mary@example.test\n"
                     "user m@example.test\ngroup g@example.test member=mary@example.test,carl@example.test\n"
                     "grant send-as g@example.test carl@example.test\n")
    output = site.sync()
    assert site.looked_up("bob@example.test")["may"]["smtp"] is False
    assert site.looked_up("other@example.test") is None
    assert site.looked_up("carl@example.test")["addresses"] == ["c@example.test", "carl@example.test"]
    assert site.looked_up("carl@example.test")["logins"] == ["carl@example.test"]
    assert site.looked_up("m@example.test")["receives"] == "mary@example.test"
    assert site.looked_up("mary@example.test")["groups"] == ["g@example.test"]
    for told in ("an earlier source has it", 'address "b@example.test" of user carl', 'login "bobby@example.test" of user carl',
                 'called "gone@example.test"'):
        assert told in output, output


def test_a_source_has_the_parts_that_it_says(site):
    site.sources("one", "two", one="parts = { users }", two="parts = { groups, grants }")
    site.says("one", "user bob@example.test\ngroup g@example.test member=bob@example.test\n"
                     "grant send-as *@example.test bob@example.test\n")
    site.says("two", "user mary@example.test\ngroup h@example.test member=bob@example.test\n"
                     "grant send-as h@example.test bob@example.test\n")
    output = site.sync()
    assert "published: 1 users, 1 groups" in output and output.count("is left out: the source's parts") == 3


def test_a_bad_record_keeps_its_last_good_version_without_what_it_takes_away(site):
    site.sources("one")
    site.says("one", users(5) + "user bob@example.test address=b@example.test,c@example.test login=bobby\n")
    site.sync()
    site.says("one", users(5) + "user bob@example.test address=b@example.test,x@@y pop3=no\n")
    output = site.sync()
    assert '"x@@y" is no address' in output
    bob = site.looked_up("bob@example.test")
    assert bob["addresses"] == ["b@example.test", "bob@example.test"] and bob["logins"] == ["bob@example.test"]
    assert bob["may"]["pop3"] is False and bob["may"]["imap"] is True and bob["blocked"] == ""
    site.runs("one", "exit 1")
    site.sync(status=FAILED)
    assert site.cli("sync", "--dry-run").returncode != 0 and "cannot be read" in site.cli("check").stderr
    assert site.looked_up("bob@example.test") == bob


def test_a_bad_record_without_one_is_blocked(site):
    site.sources("text", "one")
    (site.folder / "text").write_text("user mary@example.test\ngrant send-as bob@example.test mary@example.test\n"
                                      "grant send-as *@example.test mary@example.test\n")
    site.says("one", "user bob@example.test address=b@example.test senders=authenticated imap=banana login=bobby\n"
                     "user \xff@example.test\nuser good@example.test\n")
    output = site.sync()
    assert 'imap: bad value "banana"' in output
    bob = site.looked_up("b@example.test")
    assert 'source "one":1: imap: bad value "banana"' in bob["blocked"] and bob["senders"] == "authenticated"
    told = site.may_send("mary@example.test", "b@example.test")
    assert told.returncode == 1 and "is blocked" in told.stdout and 'source "one":1' in told.stdout, told.stdout
    for login in ("bobby", "bob@example.test"):
        told = site.may_send(login, "bob@example.test")
        assert told.returncode == 1 and "reason=name-blocked" in told.stdout.replace(": ", "=") or \
            "name-blocked" in told.stdout, told.stdout
    assert "blocked:" in site.cli("lookup", "bob@example.test").stdout
    assert site.looked_up("good@example.test")["blocked"] == ""
    site.runs("one", "exit 1")
    site.sync(status=FAILED)
    assert site.cli("sync", "--dry-run").returncode != 0 and "cannot be read" in site.cli("check").stderr
    assert "banana" in site.looked_up("b@example.test")["blocked"]
    site.says("one", "user bob@example.test\n")
    site.sync()
    assert site.looked_up("bob@example.test")["blocked"] == ""


@pytest.mark.parametrize("kind,before,after", [
    ("user u1", "networks=192.0.2.0/24", "networks=192.0.2.0/33"),
    ("user u1", "networks=192.0.2.0/24", "networks=192.0.2.0/24 networks=0.0.0.0/0"),
    ("user u1", "networks=192.0.2.0/24", "networks=0.0.0.0/0,x"),
    ("user u1", "networks=0.0.0.0/0 smtp_networks=192.0.2.0/24", "networks=0.0.0.0/0 smtp_networks=192.0.2.O/24"),
    ("user u1", "networks=0.0.0.0/0 smtp_networks=192.0.2.0/24", "networks=0.0.0.0/0 smtp_netwroks=192.0.2.0/24"),
    ("group g member=u1@example.test", "networks=192.0.2.0/24", "networks=192.0.2.0/33"),
    ("group g member=u1@example.test", "smtp_networks=192.0.2.0/24", "networks=0.0.0.0/0 smtp_networks=192.0.2.0/33"),
])
def test_a_mistake_in_networks_leaves_them_as_they_were(site, kind, before, after):
    site.sources("one")
    name, rest = (kind + " ").split(" ", 2)[1:]
    line = f"{kind.split()[0]} {name}@example.test {rest}"
    more = "" if name == "u1" else "user u1@example.test\n"
    site.says("one", f"user u0@example.test\n{more}{line} {before}\n")
    site.sync()
    for says in (before, after, after):
        site.says("one", f"user u0@example.test\n{more}{line} {says}\n")
        site.sync()
        assert site.may_send("u0@example.test", "u0@example.test", OUTSIDE).returncode == 0
        assert site.may_send("u1@example.test", "u1@example.test", "192.0.2.7").returncode == 0
        told = site.may_send("u1@example.test", "u1@example.test", OUTSIDE)
        assert told.returncode == 1 and "network-refused" in told.stdout, told.stdout
    # It is mended, and holds as it stands.
    site.says("one", f"user u0@example.test\n{more}{line} networks=203.0.113.0/24\n")
    site.sync()
    assert site.may_send("u1@example.test", "u1@example.test", OUTSIDE).returncode == 0


@pytest.mark.parametrize("before,after,key,value", [
    ("", "smtp=yes smtp=no", "smtp", False),
    ("", "smtp=no smtp=yes", "smtp", False),
    ("", "smtp=no bananas=1", "smtp", False),
])
def test_the_stricter_of_two_values_counts(site, before, after, key, value):
    site.sources("one")
    site.says("one", f"user bob@example.test {before}\n")
    site.sync()
    site.says("one", f"user bob@example.test {after}\n")
    site.sync()
    bob = site.looked_up("bob@example.test")
    assert bob["may"][key] is value and bob["blocked"] == ""


@pytest.mark.parametrize("before,after,limit", [
    ("max_recipients=1000", "max_recipients=5 bananas=1", 5), ("max_recipients=5", "max_recipients=1000 bananas=1", 5),
    ("", "max_recipients=5 bananas=1", 5), ("max_recipients=5", "bananas=1", 5),
    ("max_recipients=unlimited", "max_recipients=7 max_recipients=5", 5),
])
def test_of_the_limits_of_a_bad_record_the_smaller_one_counts(site, before, after, limit):
    site.sources("one")
    for says in (before, after):
        site.says("one", f"user bob@example.test {says}\n")
        site.sync()
    copy = (site.published / "sources" / "one").read_text()
    assert f" max_recipients={limit}\n" in copy, copy


def test_a_bad_record_of_the_other_kind_is_blocked(site):
    site.sources("one")
    site.says("one", "user bob@example.test address=b@example.test senders=authenticated\n" + users(2))
    site.sync()
    for i in range(2):
        site.says("one", "group bob@example.test bananas=1\n" + users(2))
        site.sync()
        bob = site.looked_up("b@example.test")
        assert "bananas" in bob["blocked"] and bob["senders"] == "authenticated"
        assert site.may_send("bob@example.test", "bob@example.test").returncode == 1


@pytest.mark.parametrize("line", ["user bob;@example.test smtp=no", "usr bob@example.test", "user", "\"user bob@example.test"])
def test_a_record_without_a_name_keeps_who_is_gone(site, line):
    site.sources("one", more="unlisted_logins = own_address\n")
    site.says("one", users(2) + "user bob@example.test smtp=no\n")
    site.sync()
    site.says("one", users(2) + line + "\n")
    assert "user bob@example.test would vanish" in site.sync(status=HELD)
    assert site.looked_up("bob@example.test")["may"]["smtp"] is False
    assert site.may_send("bob@example.test", "bob@example.test").returncode == 1
    site.sync("--accept", "one")
    assert site.may_send("bob@example.test", "bob@example.test").returncode == 0


OFFICE = "group office@example.test networks=192.0.2.0/24 member=u1@example.test,u2@example.test"


@pytest.mark.parametrize("before,after", [
    (users(3) + "user u9@example.test\n", users(3) + OFFICE + " bananas=1\n"),
    (users(3), users(3) + OFFICE + "\n" + OFFICE + "\n"),
    (users(3) + OFFICE + "\n", users(3) + OFFICE.replace("u1@", "u0@example.test,u1@@") + "\n"),
    (users(3) + OFFICE.replace("u1@", "u0@") + "\n", users(3) + OFFICE + " bananas=1\n"),
    (users(3) + OFFICE + "\n", users(3) + OFFICE + ",in@example.test\ngroup in@example.test member=office@example.test,"
     "u1@example.test\n"),
    (users(3), users(3) + OFFICE.replace("u1@", "in@") + "\ngroup in@example.test member=office@example.test,u1@example.test\n"),
])
def test_a_fault_of_a_group_frees_nobody_of_its_networks(site, before, after):
    site.sources("one")
    site.says("one", before)
    site.sync()
    for _ in range(3):
        site.says("one", after)
        site.sync()
        for name in ("u1@example.test", "u2@example.test"):
            assert site.may_send(name, name, "192.0.2.7").returncode == 0
            told = site.may_send(name, name, OUTSIDE)
            assert told.returncode == 1 and "network-refused" in told.stdout, told.stdout
    site.says("one", users(3))
    site.sync("--accept", "one")
    assert site.may_send("u1@example.test", "u1@example.test", OUTSIDE).returncode == 0


def test_who_is_held_is_bound_by_its_groups_and_no_member(site):
    site.sources("one", "text")
    grants = "".join(f"grant send-as u0@example.test {group}@example.test\n" for group in ("direct", "staff"))
    (site.folder / "text").write_text("user first@example.test\n" + grants)
    rights = ("group office@example.test networks=192.0.2.0/24 member=staff@example.test,u1@example.test\n"
              "group staff@example.test member=u30@example.test\n"
              "group direct@example.test networks=192.0.2.0/24 member=u31@example.test\n")
    site.says("one", users(40, rights))
    site.sync()
    assert site.may_send("u30@example.test", "u0@example.test", "192.0.2.7").returncode == 0
    fewer = rights.replace(" member=u30@example.test", "").replace(" member=u31@example.test", "")
    for now, bound in ((users(20, fewer), (30, 31, 1)), (users(20), (30, 31, 1))):
        for _ in range(2):
            site.says("one", now)
            site.sync(status=HELD)
            for i in bound:
                name = f"u{i}@example.test"
                assert site.may_send(name, name, "192.0.2.7").returncode == 0
                assert "network-refused" in site.may_send(name, name, OUTSIDE).stdout
            for i in (30, 31):
                assert site.looked_up(f"u{i}@example.test")["groups"] == []
                assert site.may_send(f"u{i}@example.test", "u0@example.test", "192.0.2.7").returncode == 1


def test_who_is_held_takes_no_name_from_anybody(site):
    site.sources("one", "two")
    site.says("one", users(40, "user carl@example.test address=sales@example.test login=sales\n"
                               "user dora@example.test login=new@example.test\n"))
    site.says("two", "user x@example.test\n")
    site.sync()
    site.says("one", users(20, "user new@example.test\n"))
    site.says("two", "user x@example.test\nuser mary@example.test address=sales@example.test login=sales\n"
                     "user carl@example.test smtp=no\n")
    site.sync(status=HELD)
    assert site.may_send("sales", "sales@example.test").returncode == 0
    assert site.may_send("mary@example.test", "sales@example.test").returncode == 0
    assert site.looked_up("carl@example.test")["may"]["smtp"] is False
    assert site.may_send("carl@example.test", "sales@example.test").returncode == 1
    assert site.may_send("new@example.test", "new@example.test").returncode == 0
    assert site.looked_up("dora@example.test")["logins"] == ["dora@example.test"]


@pytest.mark.parametrize("bad", ["bananas=1", "\n" + "group ban@example.test member=u1@example.test"])
def test_senders_denied_holds_for_the_members_of_a_bad_group(site, bad):
    site.sources("one", "text")
    (site.folder / "text").write_text("user first@example.test senders_denied=ban@example.test\n")
    for now in (f"group ban@example.test member=u1@example.test {bad}\n", "group ban@example.test member=u1@example.test\n",
                f"group ban@example.test member=u1@example.test,u2@example.test {bad}\n"):
        site.says("one", users(4) + now)
        site.sync()
        for i, code in ((0, 0), (1, 1), (2, "u2@" in now)):
            told = site.may_send(f"u{i}@example.test", f"u{i}@example.test")
            assert told.returncode == code, told.stdout


@pytest.mark.parametrize("now,status", [("", HELD), ("user bad@example.test imap=x\n", HELD),
                                        (f"{users(5)}user bad@example.test login=u1@example.test\n", 0)])
def test_what_is_held_or_blocked_is_of_a_complete_source(site, now, status):
    site.sources("one", more="unlisted_logins = own_address\n", one="complete = yes")
    site.says("one", users(5))
    site.sync()
    assert site.may_send("nobody@example.test", "nobody@example.test").returncode == 1
    site.says("one", now)
    site.sync(status=status)
    assert site.may_send("nobody@example.test", "nobody@example.test").returncode == 1


def test_what_two_claim_in_one_source_is_nobody_s(site):
    site.sources("one")
    site.says("one", "user a@example.test address=x@example.test login=l senders=authenticated\n"
                     "user b@example.test address=x@example.test,y@example.test login=l,m senders=a@example.test\n"
                     "user c@example.test address=b@example.test\n"
                     "user d@example.test imap=no\nuser d@example.test address=e@example.test\n"
                     "grant send-as x@example.test a@example.test\n")
    output = site.sync()
    assert output.count("belongs to user") >= 3 and "stands there twice" in output, output
    assert site.looked_up("x@example.test")["blocked"] and site.looked_up("b@example.test")["blocked"]
    assert site.looked_up("x@example.test")["senders"] == ["a@example.test"]
    assert site.looked_up("e@example.test")["blocked"] and site.looked_up("d@example.test")["blocked"]
    assert site.looked_up("a@example.test")["logins"] == ["a@example.test"]
    for login, sender in (("a@example.test", "x@example.test"), ("c@example.test", "b@example.test"), ("l", "a@example.test")):
        assert site.may_send(login, sender).returncode == 1
    assert site.may_send("a@example.test", "a@example.test").returncode == 0


def test_a_hundred_bad_records_are_told_and_then_counted(site):
    site.sources("one")
    site.says("one", "user good@example.test\n" + "user bad@example.test imap=x\n" * 1 +
              "".join(f"user b{i}@example.test imap=x\n" for i in range(250)))
    output = site.sync()
    assert output.count("imap: bad value") == 100 and "151 more records or names" in output


def test_groups_that_contain_each_other_lose_these_members(site):
    site.sources("one")
    site.says("one", "user bob@example.test\ngroup g@example.test member=h@example.test,bob@example.test\n"
                     "group h@example.test member=g@example.test\n")
    assert "groups contain each other, these members are left out" in site.sync()
    assert site.looked_up("bob@example.test")["groups"] == ["g@example.test"]


def test_many_names_do_not_vanish_at_once(site):
    site.sources("one")
    rights = ("group g@example.test member=u1@example.test,u39@example.test\ngrant send-as g@example.test u39@example.test\n"
              "grant send-as u39@example.test u1@example.test\n")
    site.says("one", users(40, rights))
    site.sync()
    site.says("one", users(39, "user u39@example.test\n" + rights))
    site.sync()
    site.says("one", users(20, "user u39@example.test imap=no\n"))
    output = site.sync(status=HELD)
    assert "19 users, 1 groups and 39 addresses would vanish" in output and "sync --accept 'one=" in output, output
    assert "user u30@example.test would vanish" in output
    gone = site.looked_up("u30@example.test")
    assert gone["addresses"] == ["a30@example.test", "u30@example.test"] and gone["may"]["imap"] is True
    # What the new content took away is gone at once: switches, members, grants.
    assert site.looked_up("u39@example.test")["may"]["imap"] is False
    assert site.looked_up("g@example.test") and site.looked_up("u1@example.test")["groups"] == []
    assert site.may_send("u1@example.test", "u39@example.test").returncode == 1
    assert site.may_send("u39@example.test", "g@example.test").returncode == 1
    # It is refused until somebody takes it, and a source that fails meanwhile brings nothing back.
    site.runs("one", "exit 1")
    site.sync(status=FAILED)
    assert site.cli("sync", "--dry-run").returncode != 0 and "cannot be read" in site.cli("check").stderr
    assert site.looked_up("u39@example.test")["may"]["imap"] is False and site.looked_up("u30@example.test")
    site.says("one", users(19, "user u39@example.test imap=no\n"))
    told = site.sync("--accept", "one", status=HELD)
    assert "has said different things" in told
    site.sync("--accept", accepted(told))
    assert site.looked_up("u30@example.test") is None and site.looked_up("g@example.test") is None
    assert site.sync() .startswith("nothing to change")
    assert site.cli("sync", "--accept", "nobody").returncode == 64


def test_an_address_that_is_held_gives_no_right(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", "".join(f"user u{i}@example.test\n" for i in range(40)))
    site.sync(status=HELD)
    assert site.looked_up("a3@example.test")["receives"] == "u3@example.test"
    assert site.may_send("u3@example.test", "a3@example.test").returncode == 1


@pytest.mark.parametrize("before,after,held", [(3, 0, True), (2, 0, False), (40, 31, False), (40, 30, True), (60, 48, False),
                                               (60, 47, True)])
def test_how_many_may_vanish(site, before, after, held):
    site.sources("one")
    site.says("one", "".join(f"user u{i}@example.test\n" for i in range(before)))
    site.sync()
    site.says("one", "".join(f"user u{i}@example.test\n" for i in range(after)))
    site.sync(status=HELD if held else 0)
    assert (site.looked_up(f"u{before - 1}@example.test") is not None) == held


def test_a_text_is_taken_at_its_word(site):
    site.sources("text", "one")
    site.says("one", "user bob@example.test\n")
    (site.folder / "text").write_text(users(40))
    site.sync()
    (site.folder / "text").write_text("")
    site.sync()
    (site.folder / "text").write_text("user x@example.test imap=maybe\n")
    before = site.snapshot()
    site.sync(status=BAD_DATA)
    assert site.snapshot() == before


def test_the_files_beside_the_snapshots_are_ours(site):
    site.sources("one/../x", "two")
    for name in ("one/../x", "two"):
        (site.folder / name).parent.mkdir(parents=True, exist_ok=True)
        site.says(name, f"user {name[:3]}@example.test\n")
    site.sync()
    names = sorted(path.name for path in (site.published / "sources").iterdir())
    assert names == ["one%2F%2E%2E%2Fx", "one%2F%2E%2E%2Fx.state", "two", "two.state"]
    for path in (site.published / "sources").iterdir():
        assert path.stat().st_uid == 0 and path.stat().st_mode & 0o022 == 0
    (site.published / "sources" / "two").chmod(0o666)
    site.runs("two", "exit 1")
    assert "writable by" in site.sync(status=FAILED)
