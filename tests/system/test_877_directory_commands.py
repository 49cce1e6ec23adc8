"""mailwicket grant, revoke, user and group: what they write into the text source, what they leave, what they refuse."""
import os
import re
import subprocess

import pytest

import rig
from rig.edited import Site
from rig.programs import sanitized

TEXT = ("\ufeff# Staff\r\n"
        "\r\n"
        "user  bob@example.test   login=bob address=b@example.test   # Bob, room 12\r\n"
        "\tuser mary@example.test login=mary\r\n"
        "group sales@example.test member=bob@example.test,Mary  senders=mary@example.test\r\n"
        "# rights\r\n"
        "grant send-as  sales@example.test  bob@example.test  until=2090-01-01  # for the fair\r\n"
        "grant send-as *@granted.test sales@example.test\r\n"
        "user last@example.test imap=no")


@pytest.fixture
def site(folder):
    return Site(folder, {"directory": TEXT})


def changed(site, before, number, line):
    """Whether one line, from 1 on, is another one now, and no other octet."""
    old = before.splitlines(keepends=True)
    new = site.lines()
    end = re.search(r"[\r\n]*$", old[number - 1])[0]
    return new == old[:number - 1] + [line + end] + old[number:]


# --- grant

def test_a_grant_is_one_more_line_and_no_other_octet_changes(site):
    told = site.done("grant", "send-as", "sales", "mary")
    assert site.text() == TEXT + "\r\ngrant send-as sales@example.test mary@example.test\r\n"
    assert "to publish it: mailwicket -c" in told


def test_a_grant_that_stands_there_is_not_written_twice(site):
    site.done("grant", "send-as", "sales", "bob", "--until", "2090-01-01")
    assert site.text() == TEXT
    site.done("grant", "send-as", "SALES@example.test", "b@example.test", "--until", "2091-02-03")
    assert changed(site, TEXT, 7, "grant send-as  sales@example.test  bob@example.test  until=2091-02-03  # for the fair")
    site.done("grant", "send-as", "sales", "bob")
    assert changed(site, TEXT, 7, "grant send-as  sales@example.test  bob@example.test  # for the fair")


def test_the_decision_changes_with_the_grant(site):
    def sends():
        return site.run("explain", "smtp", "--login", "mary", "--tls", "TLSv1.3", "--port", "587", "--sender",
                        "sales@example.test").returncode
    site.done("sync")
    assert sends() == 1
    site.done("grant", "send-as", "sales", "mary", "--sync")
    assert sends() == 0
    site.done("revoke", "send-as", "sales", "mary", "--sync")
    assert sends() == 1 and site.text() == TEXT + "\r\n"


@pytest.mark.parametrize("words, code, told", [
    (("grant", "send-as", "sales", "stranger"), 67, "no such user"),
    (("grant", "send-all", "sales", "bob"), 65, "unknown grant"),
    (("grant", "send-as", "sales", "bob mary"), 64, "without blanks"),
    (("grant", "send-as", "sales", "bob\nuser x@example.test"), 64, "without blanks"),
    (("grant", "send-as", "#sales", "bob"), 64, "without blanks"),
    (("grant", "send-as", "x*y@example.test", "bob"), 65, "nothing to grant"),
    (("grant", "send-as", "sales", "bob", "--until", "2020-01-01"), 64, "past"),
    (("grant", "send-as", "sales", "bob", "--until", "soon"), 65, "until"),
    (("grant", "send-as", "sales"), 64, "IDENTITY"),
    (("grant", "send-as", "sales", "bob", "--source", "other"), 64, "no such source"),
    (("user", "add", "bob@example.test"), 65, "has this user"),
    (("user", "add", "B"), 65, "is an address of bob@example.test"),
    (("user", "add", "sales"), 65, "has this group"),
    (("user", "add", "new", "login=mary"), 65, "mary"),
    (("user", "add", "new", "colour=red"), 65, "unknown key"),
    (("user", "add", "new", "imap=no # x"), 64, "without blanks"),
    (("user", "add", "new", "imap"), 64, "key=value"),
    (("user", "add", "x;y"), 65, ";"),
    (("user", "set", "bob"), 64, "set what"),
    (("user", "set", "stranger", "imap=no"), 67, "no user or group"),
    (("user", "set", "sales", "imap=no"), 64, "is a group: use mailwicket -c"),
    (("user", "set", "bob", "imap+=no"), 64, "no list"),
    (("user", "set", "bob", "imap=perhaps"), 65, "yes or no"),
    (("user", "set", "bob", "login=mary"), 65, "mary"),
    (("user", "set", "bob", "networks+=192.0.2.0/24"), 64, "networks=192.0.2.0/24"),
    (("group", "set", "sales", "senders-=mary"), 64, "senders=nobody"),
    (("group", "set", "sales", "member+=sales"), 65, "sales"),
    (("group", "set", "sales", "member+=stranger"), 65, "stranger"),
    (("user", "del", "mary"), 65, "--force"),
    (("user", "del", "bob", "imap=no"), 64, "one user"),
    (("user", "rename", "bob"), 64, "add, set or del"),
    (("user", "set", "bob", "imap=no", "--force"), 64, "goes with del"),
])
def test_what_sync_would_refuse_or_nobody_meant_is_not_written(site, words, code, told):
    before = os.stat(site.folder / "directory")
    assert told in site.done(*words, code=code)
    after = os.stat(site.folder / "directory")
    assert site.text() == TEXT and (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


# --- revoke

def test_a_revoked_grant_goes_with_its_comment(site):
    told = site.done("revoke", "send-as", "sales", "bob")
    assert site.text() == TEXT.replace(TEXT.splitlines(keepends=True)[6], "") and "removed" in told
    assert "no such grant" in site.done("revoke", "send-as", "sales", "bob")


def test_revoke_says_what_gives_the_right_all_the_same(site):
    told = site.done("revoke", "send-as", "x@granted.test", "bob", code=1)
    assert f"{site.folder}/directory:8: grant send-as *@granted.test sales@example.test" in told
    assert "own address" in site.done("revoke", "send-as", "b", "bob", code=1)
    site.done("grant", "send-on-behalf", "sales", "bob")
    told = site.done("revoke", "send-on-behalf", "sales", "bob", code=1)
    assert "directory:7: grant send-as" in told
    assert site.json("revoke", "send-as", "sales", "bob")["changed"]


WORLD = """\
user alice@example.test login=alice address=al@example.test receive=old-al@example.test
user carol@example.test
user ceo@example.test address=boss@example.test,chief@other.test receive=old-ceo@example.test
group team@example.test member=alice
group outer@example.test member=team
group outest@example.test member=outer,carol
group box@example.test member=carol
"""
REVOKED = [
    # what stands, what is revoked, which lines of grants (from 1 on) stay and are named; none: the right is gone
    ("ceo alice", "ceo+news@example.test alice", [1]), ("boss alice", "chief+x@other.test al@example.test", [1]),
    ("ceo+news@example.test alice;ceo alice", "ceo+news@example.test alice", [2]),
    ("ceo+news@example.test alice;ceo alice", "ceo alice", [1]), ("ceo alice", "ceo@mail.example.test alice", []),
    ("ceo alice;x@example.test alice", "x@mail.example.test alice", []), ("ceo alice", "ceo+a@mail.example.test alice", [1]),
    ("ceo outest", "ceo alice", [1]), ("ceo outest;ceo alice", "boss alice", [1]), ("ceo team", "ceo alice", [1]),
    ("ceo outest;ceo team", "ceo team", [1]), ("ceo outer;ceo outest;ceo team", "ceo team", [1, 2]),
    ("ceo box;ceo team", "ceo team", []), ("box outest", "box outest", []), ("box box", "box box", []),
    ("*@example.test alice", "ceo alice", [1]), ("*@other.test alice", "ceo alice", [1]),
    ("*@example.test outest;ceo alice", "old-ceo@example.test alice", [1]), ("old-ceo alice", "ceo alice", []),
    ("old-ceo alice;ceo alice", "old-ceo alice", []), ("*@example.test outer;*@example.test team", "*@example.test team", [1]),
    ("list-*@example.test alice", "list-7@example.test alice", [1]), ("list-*@example.test team", "list-a-b@example.test alice", [1]),
    ("list-*@example.test alice;list-a-*@example.test team", "list-*@example.test alice", [2]),
    ("*@lists.test team;list-*@lists.test alice", "list-*@lists.test alice", [1]),
    ("*@lists.test alice;news-*@lists.test team;one@lists.test outer;x@else.test alice", "*@lists.test alice", [2, 3]),
    ("*@other.test alice;ceo team", "*@other.test alice", [2]), ("*@example.test alice", "*@example.test alice", []),
    ("*@example.test alice until=2020-01-01", "ceo alice", []), ("ceo alice until=2020-01-01", "ceo+x@example.test alice", []),
]


@pytest.mark.parametrize("grants, words, stay", REVOKED)
def test_revoke_says_what_the_decision_says(folder, grants, words, stay):
    site = Site(folder, {"directory": WORLD}, more='accepted_domain "other.test" { type = Authoritative }')
    site.policy.write_text(site.policy.read_text().replace('Authoritative }', 'Authoritative local_names = { "mail.example.test" } }', 1))
    lines = [f"grant send-as {line}" for line in grants.split(";")]
    (folder / "directory").write_text(WORLD + "".join(f"{line}\n" for line in lines))
    told = site.done("revoke", "send-as", *words.split(), "--sync", code=1 if stay else 0)
    named = {int(number) for number in re.findall(rf"still has the right.*{re.escape(str(folder))}/directory:(\d+): grant", told)}
    left = [line for line in site.lines() if line.startswith("grant")]
    places = [WORLD.count("\n") + 1 + left.index(lines[number - 1] + "\n") for number in stay]
    assert named == set(places), (told, site.text())
    if "*" not in words and words.split()[1] in ("alice", "al@example.test"):
        sends = site.run("explain", "smtp", "--login", "alice", "--tls", "TLSv1.3", "--port", "587", "--sender", words.split()[0])
        parted = words.split()[0] in ("ceo", "boss") and stay
        assert (sends.returncode == 0) == bool(stay) or parted, sends.stdout


def test_a_user_of_many_lines_is_removed_in_little_memory(folder):
    """The whole text was copied for each line."""
    others = [f"user u{i}@example.test\n" for i in range(2, 4000)]
    grants = [f"grant send-as u{i}@example.test u1@example.test\n" for i in range(2, 4000)]
    site = Site(folder, {"directory": "".join(["user u1@example.test\n", *others, *grants])})
    limit = [] if sanitized() else ["prlimit", f"--as={400 << 20}"]
    done = subprocess.run([*limit, rig.CLI, "-c", site.policy, "user", "del", "u1", "--force"], capture_output=True, text=True)
    assert done.returncode == 0, done
    assert site.lines() == others


def test_revoke_of_a_whole_domain_takes_no_longer_than_of_one_address(folder):
    """It does not go through all users for each grant."""
    site = Site(folder, {"directory": "".join([*(f"user u{i}@example.test\n" for i in range(20000)),
                                               *(f"grant send-as u{9 * i + 2}@example.test u1@example.test\n" for i in range(2000))])})

    def takes(identity):
        before = os.times().children_user
        told = site.done("revoke", "send-as", identity, "u1", "--dry-run", code=1)
        return os.times().children_user - before, told
    (one, _), (domain, told) = takes("u11+x@example.test"), takes("*@example.test")
    assert domain < 10 * max(one, 0.05), (one, domain)  # it was 29 s for five times as many users
    assert "still has the right on a part of it" in told


def test_revoke_of_an_own_address_in_any_form_says_so(folder):
    site = Site(folder, {"directory": WORLD}, more="unlisted_logins = own_address")
    for words in (("alice+x@example.test", "alice"), ("al", "alice"), ("al+x@example.test", "al+y@example.test"),
                  ("new@example.test", "new"), ("new+x@example.test", "new@example.test")):
        assert "is its own address" in site.done("revoke", "send-as", *words, code=1), words
    site.done("revoke", "send-as", "old-al@example.test", "alice")
    site.done("revoke", "send-as", "*@example.test", "alice")


def test_what_nobody_can_tell_is_an_error(folder):
    site = Site(folder, {"directory": "user bob@example.test\nuser bob@example.test\ngrant send-as ceo@example.test bob@example.test\n"})
    assert "nobody can tell" in site.done("revoke", "send-as", "boss", "bob", code=65)
    assert "sync would refuse" in site.done("revoke", "send-as", "ceo", "bob", code=65)


def test_a_line_that_names_nobody_is_revoked_although_sync_refuses_the_text(folder):
    broken = "user bob@example.test\ngrant send-as bob@example.test gone@example.test\n"
    site = Site(folder, {"directory": broken})
    site.done("sync", code=65)
    site.done("revoke", "send-as", "bob", "gone")
    assert site.text() == "user bob@example.test\n"
    site.done("sync")


# --- users and groups

def test_a_user_is_added_changed_and_removed(site):
    site.done("user", "add", "new", "login=new", "pop3=no")
    assert site.text() == TEXT + "\r\nuser new login=new pop3=no\r\n"
    site.done("user", "set", "new", "login+=nw,nova", "pop3=", "imap=no")
    assert site.lines()[-1] == "user new login=new,nw,nova imap=no\r\n"
    assert "new@example.test still is a login name of new@example.test" in site.done("user", "set", "nova", "login-=NEW,nw")
    assert site.lines()[-1] == "user new login=nova imap=no\r\n"
    site.done("user", "set", "nova", "login-=nova")
    assert site.lines()[-1] == "user new imap=no\r\n"
    site.done("user", "del", "new@example.test")
    assert site.text() == TEXT + "\r\n"


def test_a_line_is_changed_where_it_stands(site):
    site.done("user", "set", "b@example.test", "login+=bobby", "address-=B@EXAMPLE.test", "smtp=no")
    assert changed(site, TEXT, 3, "user  bob@example.test   login=bob,bobby smtp=no   # Bob, room 12")


def test_items_are_the_same_however_they_are_written(site):
    site.done("group", "set", "sales", "member-=MARY@Example.Test", "networks=192.0.2.0/24,10.0.0.1")
    line = "group sales@example.test member=bob@example.test  senders=mary@example.test networks=192.0.2.0/24,10.0.0.1"
    assert changed(site, TEXT, 5, line)
    site.done("group", "set", "sales", "networks-=10.0.0.1/32")
    assert changed(site, TEXT, 5, line.replace(",10.0.0.1", ""))
    site.done("group", "set", "sales", "networks+=192.0.2.0-192.0.2.255")
    assert changed(site, TEXT, 5, line.replace(",10.0.0.1", ""))


LISTS = """\
user bob@example.test address=robert@example.test,rob@example.test login=bob,Bob,BOB@Example.Test,b
user mary@example.test
user kim@example.test networks=192.0.2.0/24,10.0.0.1,192.0.2.0-192.0.2.255
group sales@example.test address=verkauf@example.test,Verkauf member=bob,Robert@example.test,mary,ROB,bob@example.test
group board@example.test member=mary senders=robert,mary,sales,bob@example.test senders_denied=bob,rob,mary
"""


@pytest.mark.parametrize("words, before, after", [
    (("sales", "member-=bob@example.test"), "member=bob,Robert@example.test,mary,ROB,bob@example.test", "member=mary"),
    (("sales", "member-=rob,Mary"), " member=bob,Robert@example.test,mary,ROB,bob@example.test", ""),
    (("sales", "address-=VERKAUF@example.test"), " address=verkauf@example.test,Verkauf", ""),
    (("verkauf", "member-=MARY@example.test"), ",mary,ROB", ",ROB"),
    (("board", "senders-=rob", "senders-=sales@example.test"), "senders=robert,mary,sales,bob@example.test", "senders=mary"),
    (("board", "senders_denied-=Bob"), "senders_denied=bob,rob,mary", "senders_denied=mary"),
    (("kim", "networks-=192.0.2.0/24"), "networks=192.0.2.0/24,10.0.0.1,192.0.2.0-192.0.2.255", "networks=10.0.0.1"),
    (("bob", "login-=bob@example.test"), "login=bob,Bob,BOB@Example.Test,b", "login=b"),
    (("bob", "address-=ROB,robert@example.test"), " address=robert@example.test,rob@example.test", ""),
])
def test_an_item_is_taken_out_by_each_of_its_spellings(folder, words, before, after):
    site = Site(folder, {"directory": LISTS})
    kind = "group" if words[0] in ("sales", "verkauf", "board") else "user"
    if "address" in words[1] and kind == "user":
        site.done("group", "set", "sales", "member-=bob")
        site.done("group", "set", "board", "senders-=bob", "senders_denied-=bob")
    start = site.text()
    site.done(kind, "set", *words)
    assert before in start and site.text() == start.replace(before, after)
    site.done("sync")


@pytest.mark.parametrize("words", [
    ("group", "set", "sales", "member-=kim"), ("group", "set", "sales", "member-=stranger"),
    ("group", "set", "sales", "member-=mary,mary"), ("group", "set", "sales", "member-=mary", "senders_denied-=bob"),
    ("user", "set", "bob", "login-=robert"), ("user", "set", "kim", "networks-=10.0.0.2"), ("user", "set", "kim", "address-=k"),
])
def test_an_item_that_is_not_there_is_an_error(folder, words):
    site = Site(folder, {"directory": LISTS})
    assert "does not have it; nothing was written" in site.done(*words, code=65) and site.text() == LISTS


def test_who_stays_in_a_list_by_a_group_is_told(folder):
    site = Site(folder, {"directory": LISTS + "group all@example.test member=sales,bob senders=board,bob\n"
                                              "group east@example.test member=sales,board\ngroup both@example.test member=east,sales\n"})
    told = site.done("group", "set", "all", "member-=robert", code=1)
    assert f"bob@example.test still is in member= of all@example.test: as a member of sales@example.test at {folder}/directory:4" in told
    assert "member=sales senders" in site.text()
    site.done("group", "set", "all", "senders-=bob")
    told = site.done("group", "set", "both", "member-=sales", code=1)
    assert "sales@example.test still is in member= of both@example.test: as a member of east@example.test" in told
    assert site.json("group", "set", "both", "member-=east")["changed"]


@pytest.mark.parametrize("line, words, told", [
    ("user kim@example.test address=K@example.test receive=k2@example.test", ("kim", "receive-=k2"), None),
    ("user kim@example.test networks=10.0.0.0/8,10.1.0.0/16", ("kim", "networks-=10.1.0.0/16"), "10.0.0.0/8 at"),
    ("user kim@example.test networks=10.0.0.0/8,192.0.2.1", ("kim", "networks-=192.0.2.1"), None),
])
def test_what_still_gives_an_item_that_was_taken_out_is_told(folder, line, words, told):
    site = Site(folder, {"directory": line + "\n"})
    said = site.done("user", "set", *words, code=0 if told is None else 1)
    assert (told or "written to") in said and site.text() != line + "\n"


def test_who_is_removed_is_named_nowhere_any_more(site):
    told = site.done("user", "del", "mary", code=65)
    assert "directory:5: member= of sales@example.test" in told and "directory:5: senders= of" in told
    told = site.done("user", "del", "mary", "--force")
    lines = TEXT.splitlines(keepends=True)
    lines[4] = "group sales@example.test member=bob@example.test  senders=nobody\r\n"
    del lines[3]
    assert site.text() == "".join(lines) and "senders=, which is now nobody" in told
    site.done("group", "del", "sales", "--force")
    assert "sales" not in site.text()
    site.done("sync")


LEFT = """\
user bob@example.test address=robert@example.test receive=old@example.test
user mary@example.test
grant send-as bob+x@example.test mary@example.test
grant send-as robert+y@example.test mary@example.test
grant send-as old@example.test mary@example.test
grant send-as old+z@example.test mary@example.test
grant send-as bob+list-*@example.test mary@example.test
grant send-as *@example.test mary@example.test
"""


def test_a_user_who_is_removed_leaves_no_grant_on_any_of_its_addresses(folder):
    site = Site(folder, {"directory": LEFT})
    told = site.done("user", "del", "bob", code=65)
    assert all(f"directory:{line}: grant" in told for line in (3, 4, 5, 6, 7)) and "directory:8" not in told
    site.done("user", "del", "bob", "--force")
    assert site.text() == "user mary@example.test\ngrant send-as *@example.test mary@example.test\n"


def test_a_text_that_sync_refuses_is_searched_all_the_same(folder):
    text = "user bob@example.test address=robert@example.test\nuser bob@example.test\nuser mary@example.test\n"
    grants = "grant send-as robert@example.test mary@example.test\ngrant send-as bob@example.test mary@example.test\n"
    site = Site(folder, {"directory": text + grants})
    told = site.done("user", "del", "bob", code=65)
    assert "directory:4: grant" in told and "directory:5: grant" in told
    assert site.text() == text + grants


def test_an_extension_names_nobody_who_is_to_be_changed(site):
    for words in (("user", "set", "bob+x", "imap=no"), ("user", "del", "b+x@example.test", "--force"), ("group", "del", "sales+x")):
        assert "name it without" in site.done(*words, code=67) and site.text() == TEXT


def test_a_grant_on_an_address_that_is_taken_away_is_told(site):
    site.done("grant", "send-as", "bob", "mary")
    written = site.text().replace("grant send-as bob@example.test mary", "grant send-as b@example.test mary")
    (site.folder / "directory").write_bytes(written.encode())
    assert "now on b@example.test alone" in site.done("user", "set", "bob", "address-=b")


def test_who_may_still_log_in_is_told(folder):
    site = Site(folder, {"directory": TEXT}, more="unlisted_logins = own_address")
    assert "mailwicket -c" in site.done("user", "del", "last")
    assert "unlisted_logins" in site.done("user", "del", "mary", "--force")


# --- files

def test_a_dry_run_shows_the_change_and_writes_nothing(site):
    told = site.done("grant", "send-on-behalf", "bob", "mary", "--dry-run")
    assert "\n+grant send-on-behalf bob@example.test mary@example.test" in told and site.text() == TEXT
    told = site.json("user", "set", "bob", "imap=no", "--dry-run")
    assert told["changed"] and not told["written"] and "+user  bob@example.test   login=bob" in told["diff"]
    assert told["file"] == f"{site.folder}/directory" and told["source"] == "directory"


def test_owner_and_mode_stay_and_a_link_is_refused_as_sync_refuses_it(site):
    path = site.folder / "directory"
    os.chown(path, 0, 12345)
    path.chmod(0o640)
    site.done("user", "add", "new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 12345, 0o640)
    path.rename(site.folder / "elsewhere")
    path.symlink_to("elsewhere")
    assert "symbolic link" in site.done("user", "add", "newer", code=66)
    assert list(site.folder.glob("*.mailwicket-*")) == []


def test_two_at_once_lose_no_line(site):
    runs = [subprocess.Popen([rig.CLI, "-c", site.policy, "user", "add", f"n{number}@example.test"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for number in range(24)]
    told = [(run.communicate(timeout=rig.PATIENCE)[0], run.returncode) for run in runs]
    assert all(code == 0 for _, code in told), told
    assert {f"user n{number}@example.test\r\n" for number in range(24)} <= set(site.lines())
    assert site.text().startswith(TEXT)


def test_of_several_texts_the_record_says_which(folder):
    site = Site(folder, {"staff": "user bob@example.test\n", "shared": "group sales@example.test member=bob@example.test\n"})
    assert "staff, shared" in site.done("user", "add", "new", code=64)
    site.done("user", "add", "new", "--source", "staff")
    site.done("grant", "send-as", "sales", "bob")
    site.done("user", "set", "bob", "imap=no")
    assert site.text("staff") == "user bob@example.test imap=no\nuser new\n"
    assert site.lines("shared")[-1] == "grant send-as sales@example.test bob@example.test\n"
    assert "stands in source" in site.done("user", "set", "bob", "imap=no", "--source", "shared", code=69)
    site.done("grant", "send-as", "sales", "bob", "--source", "staff")
    assert "--source" in site.done("revoke", "send-as", "sales", "bob", code=64)
    told = site.done("revoke", "send-as", "sales", "bob", "--source", "staff", code=1)
    assert f"{folder}/shared:2: grant send-as" in told
    told = site.done("user", "del", "bob", "--force", code=65)
    assert f"{folder}/shared:1: member=" in told and "bob" in site.text("staff")


def test_what_another_source_has_is_refused_and_named(folder):
    program = folder / "program"
    program.write_text("#!/bin/sh\ncat <<END\nuser eve@example.test login=eve\nuser bob@example.test\n"
                       "grant send-as eve@example.test bob@example.test\nEND\n")
    program.chmod(0o755)
    site = Site(folder, {"directory": "user mary@example.test\n"},
                other=f'    source "people" {{ driver = exec command = {{ "{program}" }} }}\n')
    told = site.done("user", "set", "eve", "imap=no", code=69)
    assert 'source "people" (driver exec)' in told
    assert "driver is exec" in site.done("user", "add", "x", "--source", "people", code=69)
    site.done("grant", "send-as", "eve", "mary")
    told = site.done("revoke", "send-as", "eve", "bob", code=1)
    assert "people" in told and "still has the right" in told
    assert "has this user" in site.done("user", "add", "bob", code=65)


def test_a_policy_without_a_text_source_says_so(folder):
    program = folder / "program"
    program.write_text("#!/bin/sh\necho user eve@example.test\n")
    program.chmod(0o755)
    site = Site(folder, {}, other=f'    source "people" {{ driver = exec command = {{ "{program}" }} }}\n')
    assert "no text source" in site.done("user", "add", "x", code=69)


def test_many_are_added_in_one_command(site):
    """Each once, by whatever address; 8,000 that were read once for each other took a minute."""
    names = [f"u{i}" for i in range(8000)]
    (site.folder / "directory").write_text(TEXT + "".join(f"\nuser {name}@example.test" for name in names) + "\n")
    told = site.done("group", "set", "sales", "member+=" + ",".join(["U7@example.test", "b@example.test", *names, "MARY"]))
    members = ",".join(["U7@example.test", *(name for name in names if name != "u7")])
    assert f"member=bob@example.test,Mary,{members}  senders=" in site.text()
    assert all(f"member= has {name}\n" in told for name in ("b@example.test", "u7", "MARY")), told[-500:]
    told = site.done("group", "set", "sales", "member-=" + ",".join([*names[:7000], "BOB"]))
    assert f"member=Mary,{','.join(names[7000:])}  senders=" in site.text()
    assert "member= has BOB as bob@example.test\n" in told and "member= has u7 as U7@example.test\n" in told, told[-500:]
