"""What a source says twice: records that are alike count once, and of two that differ the version that was there counts.
And what a program says by half."""
import os
import sqlite3

import pytest

import rig
from test_830_several_sources import FAILED, HELD, OUTSIDE, Site, users


@pytest.fixture
def site(folder):
    return Site(folder)


RIGHTS = ("group g@example.test member=u1@example.test,u2@example.test networks=192.0.2.0/24\n"
          "grant send-as u0@example.test u1@example.test\n")


def test_a_program_that_prints_all_of_it_twice_says_it_once(site):
    site.sources("one")
    for says in (users(40, RIGHTS), users(40, RIGHTS) * 2, users(40, RIGHTS.replace("u1@example.test,u2", "u2@example.test,u1") * 2)):
        site.says("one", says)
        told = site.sync()
        assert site.looked_up("u39@example.test")["blocked"] == ""
        assert site.may_send("u1@example.test", "u0@example.test", "192.0.2.7").returncode == 0
    assert "1 users or groups stand there twice and say the same: that counts once" in told


def test_a_row_of_a_database_that_comes_twice_has_its_values(site):
    with sqlite3.connect(site.folder / "rows.sqlite") as file:
        file.execute("CREATE TABLE t (name)")
    (site.folder / "rows.sqlite").chmod(0o644)
    bob = "SELECT 'bob@example.test' AS name"
    site.sources(more_sources=(
        f'source "rows" {{ driver = sqlite path = "{site.folder}/rows.sqlite" users = "{bob} UNION ALL {bob}" '
        f'addresses = "{bob}, \'b@example.test\' AS address UNION ALL {bob}, \'b@example.test\'" }}\n'))
    site.sync()
    bob = site.looked_up("bob@example.test")
    assert bob["addresses"] == ["b@example.test", "bob@example.test"] and bob["blocked"] == ""


def test_of_two_records_that_differ_what_was_there_and_in_both_counts(site):
    site.sources("one")
    site.says("one", users(3, "user bob@example.test address=b@example.test,c@example.test login=bobby\n"))
    site.sync()
    both = ("user bob@example.test address=b@example.test,c@example.test,new@example.test login=bobby pop3=no\n"
            "user bob@example.test address=b@example.test,new@example.test imap=no\n")
    for _ in range(2):
        site.says("one", users(3, both))
        assert '"bob@example.test" stands there twice' in site.sync()
        bob = site.looked_up("bob@example.test")
        assert bob["blocked"] == "" and bob["may"]["imap"] is False and bob["may"]["pop3"] is False
        assert bob["addresses"] == ["b@example.test", "bob@example.test"] and "bobby" in bob["logins"]
        # An address that one of both leaves out gives no right, and mail to it still comes.
        assert site.looked_up("c@example.test")["receives"] == "bob@example.test"
        assert site.may_send("bobby", "c@example.test").returncode == 1
        assert site.looked_up("new@example.test") is None
    site.runs("one", "exit 1")
    site.sync(status=FAILED)
    assert site.looked_up("bob@example.test") == bob


def test_two_records_that_differ_and_are_new_are_blocked(site):
    site.sources("one")
    site.says("one", users(3, "user bob@example.test address=b@example.test\nuser bob@example.test login=bobby\n"
                              "user eve@example.test login=bobby\n"))
    for _ in range(2):
        site.sync()
        assert site.looked_up("bob@example.test")["blocked"] and site.looked_up("b@example.test")["blocked"]
        assert site.may_send("bobby", "bob@example.test").returncode == 1
        assert site.may_send("bobby", "eve@example.test").returncode == 1


def test_ten_thousand_of_one_name_take_no_time_of_theirs(site):
    """They would take minutes and gigabytes if each were put beside each."""
    site.sources("one")
    site.says("one", users(3))
    site.sync()
    site.says("one", users(3) + "".join(f"user u1@example.test address=x{i}@example.test login=l{i}\n" for i in range(10000)) +
              "".join(f"group g@example.test member=u{i % 3}@example.test address=y{i}@example.test\n" for i in range(10000)))
    assert '"u1@example.test" stands there twice' in site.sync()
    assert site.looked_up("u1@example.test")["blocked"] == "" and site.looked_up("y77@example.test")["blocked"]


def test_a_bad_group_of_many_members_keeps_them(site):
    members = ",".join(f"u{i}@example.test" for i in range(30000))
    everybody = "".join(f"user u{i}@example.test\n" for i in range(30000))
    site.sources("one")
    for more in ("", " bananas=1"):
        site.says("one", f"{everybody}group g@example.test networks=192.0.2.0/24 member={members}{more}\n")
        site.sync()
    assert site.looked_up("u29999@example.test")["groups"] == ["g@example.test"]
    assert site.may_send("u29999@example.test", "u29999@example.test", OUTSIDE).returncode == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_that_another_claims_too_stays_with_who_had_it(site, order):
    site.sources("one")
    had = ["user ceo@example.test address=boss@example.test login=boss\n", "user carl@example.test address=c@example.test login=eve2\n"]
    site.says("one", users(3, "".join(had)))
    site.sync()
    lines = [*had, "user eve@example.test address=ceo@example.test,boss@example.test,e@example.test login=boss,carl@example.test\n",
             "user c@example.test\n", "user eve2@example.test\n"]
    for says in (lines, lines, None):
        if says is None:
            site.runs("one", "exit 1")
            site.sync(status=FAILED)
        else:
            site.says("one", users(3, "".join(says[::order])))
            told = site.sync()
            for part in ('address "ceo@example.test" of eve@example.test is left out: ceo@example.test had it before',
                         'login "boss" of eve@example.test', 'login "carl@example.test" of eve@example.test',
                         'all "c@example.test" of c@example.test is left out: carl@example.test had it before'):
                assert part in told, told
        for name in ("ceo@example.test", "carl@example.test", "eve@example.test", "eve2@example.test"):
            assert site.looked_up(name)["blocked"] == ""
        for login, sender, code in (("boss", "ceo@example.test", 0), ("ceo@example.test", "boss@example.test", 0),
                                    ("eve@example.test", "ceo@example.test", 1), ("eve@example.test", "e@example.test", 0),
                                    ("carl@example.test", "c@example.test", 0), ("eve2", "carl@example.test", 0),
                                    ("eve2@example.test", "eve2@example.test", 1)):
            assert site.may_send(login, sender).returncode == code, (login, sender)
    site.says("one", users(3, "".join(lines[2:])))
    site.sync()
    assert site.may_send("boss", "ceo@example.test").returncode == 0


def test_what_is_nobody_s_stays_nobody_s(site):
    """Both stand in the copy after the first sync: neither of them had it before."""
    site.sources("one")
    lines = ["user a@example.test address=x@example.test login=l\n", "user b@example.test address=x@example.test login=l\n"]
    for says in (lines, lines, lines[::-1], lines[::-1], None, lines):
        site.runs("one", "exit 1") if says is None else site.says("one", users(3, "".join(says)))
        site.sync(status=FAILED if says is None else 0)
        assert site.looked_up("x@example.test")["blocked"]
        for name in ("a@example.test", "b@example.test"):
            assert site.may_send("l", name).returncode == 1 and site.may_send(name, "x@example.test").returncode == 1
    # One of them lets it go.
    site.says("one", users(3, lines[0]))
    site.sync()
    assert site.may_send("l", "x@example.test").returncode == 0


def test_names_that_are_blocked_count_as_gone(site):
    site.sources("one")
    site.says("one", users(40))
    site.sync()
    site.says("one", "".join(f"user u{i}@example.test address=a{(i + 1) % 40}@example.test,a{(i + 2) % 40}@example.test\n"
                             for i in range(40)))
    assert "0 users, 0 groups and 40 addresses would vanish" in site.sync(status=HELD)
    assert site.looked_up("a0@example.test")["blocked"]


@pytest.mark.parametrize("what", ["login=shared@example.test", "address=shared@example.test"])
def test_what_two_claim_may_name_somebody_who_is_nobody(site, what):
    """The strictest of both restrictions stays with the blocked name, without whom nobody has."""
    site.sources("one")
    site.says("one", users(3, f"user a@example.test {what}\nuser b@example.test {what} senders=u1@example.test,gone@example.test\n"))
    assert "gone@example.test" in site.sync()
    assert site.looked_up("shared@example.test")["blocked"]
    assert site.looked_up("shared@example.test")["senders"] == ["u1@example.test"]


HALF, WHOLE = users(5), users(9)


@pytest.mark.parametrize("script,told", [
    ("{ cat HALF; exit 1; echo '# end'; } | cat", 'its last line is not "# end"'),
    ("echo '# end'; cat HALF", 'its last line is not "# end"'),
    ("cat HALF; printf '# end'", "was cut off"),
    ("exit 0", 'its last line is not "# end"'),
])
def test_a_program_that_says_when_it_is_whole_is_not_believed_by_half(site, script, told):
    site.sources("one", one='last_line = "# end"')
    site.says("one", WHOLE + "  # end \r\n\n")
    site.sync()
    (site.folder / "half").write_text(HALF)
    site.runs("one", script.replace("HALF", str(site.folder / "half")))
    assert told in site.sync(status=FAILED)
    assert site.looked_up("u8@example.test") and site.looked_up("u0@example.test")
    site.says("one", HALF + "# end\n")
    site.sync()
    assert site.looked_up("u8@example.test") is None and site.looked_up("u0@example.test")


def test_what_a_program_started_may_print_to_its_end(site):
    """Who writes `> >(sort)` in bash ends before sort has printed anything."""
    site.sources("one")
    site.says("one", WHOLE)
    os.mkfifo(site.folder / "ends")
    site.runs("one", f"{{ cat >/dev/null; cat {site.folder / 'one.out'}; }} <{site.folder / 'ends'} & exec 3>{site.folder / 'ends'}")
    site.sync()
    assert site.looked_up("u8@example.test")


def test_a_program_whose_output_stays_open_is_told(site):
    site.sources("one", one="timeout = 1s")
    site.runs("one", "echo user bob@example.test; sleep 600 &")
    # On a busy machine the script itself may not end in its second.
    told = "took too long: a program that it started still has its output open; start that one with >/dev/null"
    rig.wait_for(lambda: told in site.sync(status=FAILED), told)


def test_a_program_that_says_when_it_is_whole_may_leave_one_with_its_output(site):
    site.sources("one", one='last_line = "# end" timeout = 50s')
    site.says("one", WHOLE + "# end\n")
    for status, expected in ((3, FAILED), (0, 0)):
        site.runs("one", f"sleep 600 & cat {site.folder / 'one.out'}; exit {status}")
        site.sync(status=expected)
        assert bool(site.looked_up("u8@example.test")) is (status == 0)
