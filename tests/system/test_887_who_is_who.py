"""Who is who in a source with keys, where some of its names are nobody's, or another's: everybody else is renamed as if these
were not there, and nobody is lost."""
import subprocess

import pytest

from rig.built import CLI
from rig.sources import POLICY
from test_830_several_sources import HELD, Site, accepted
from test_834_names_of_others import CEO, U7, Database, Ldap, Program, World, company

BOSS = "boss@example.test"


def people(first, last, domain="example.test"):
    return "".join(f"user u{n}@{domain} source_key=k{n}\n" for n in range(first, last))


def unkeyed(count):
    return "".join(f"user u{n}@example.test\n" for n in range(count))


def test_a_source_whose_only_keys_are_of_nobody_is_read(folder):
    """They are gone once two of a name are joined, or who has no name is left out."""
    with Site(folder) as site:
        site.sources("one")
        for now in ("user ceo@example.test source_key=k1\nuser ceo@example.test source_key=k2\n",
                    "user ceo@example.test\nuser c@@bad source_key=k7\n"):
            site.says("one", unkeyed(5) + "user ceo@example.test\n")
            site.sync()
            site.says("one", unkeyed(5) + now)
            site.sync()
            assert site.looked_up("ceo@example.test")["known"] and site.looked_up("u4@example.test")["known"]


def test_few_who_are_renamed_are_so_beside_one_without_a_name(folder):
    """A third of the users: one reading of them counts, however often the names are looked at."""
    for more in ("", "user x@@bad source_key=kx\n", "user u18@example.test source_key=kx\n"):
        with Site(folder) as site:
            site.sources("text", "one")
            (site.folder / "text").write_text(f"user {BOSS}\ngrant send-as {BOSS} u1@example.test\n")
            site.says("one", people(0, 20))
            site.sync()
            site.says("one", people(0, 6, "new.test") + people(6, 20) + more)
            site.sync()
            assert BOSS in site.looked_up("u1@new.test")["may_send_as"], more


def test_a_shift_of_names_by_one_takes_nobody_s_name(folder):
    """A column of an import that slipped: of the first on, each has the name of the one before him. All stay who they were."""
    def named(shifted):
        return "".join(f"user u{n - (n in shifted)}@example.test source_key=k{n}\n" for n in range(200))
    with Site(folder) as site:
        site.sources("one")
        site.says("one", named(()))
        site.sync()
        for shifted in (range(10, 11), range(10, 12), range(10, 24)):
            site.says("one", named(shifted))
            for _ in range(2):
                told = site.sync()
                assert "is left out" not in told, told
                assert f"this user stays u{shifted[-1]}@example.test" in told, told
                for n in (9, *shifted):
                    assert site.looked_up(f"u{n}@example.test")["known"], (shifted, n)
                    assert f"user u{n}@example.test source_key=k{n}" in (site.published / "sources" / "one").read_text()


def test_a_long_list_of_denials_is_held_in_little_memory(folder):
    """All whom a group denies are gone: they stay denied, in one list."""
    count, most = 6000, 150_000_000
    with Site(folder) as site:
        site.sources("one")
        site.says("one", unkeyed(count) + "group g@example.test senders_denied=" +
                  ",".join(f"u{n}@example.test" for n in range(count)) + "\n")
        site.sync()
        site.says("one", "user u0@example.test\ngroup g@example.test senders_denied=u0@example.test\n")
        done = subprocess.run(["prlimit", f"--data={most}", CLI, "-c", site.policy, "sync"], capture_output=True, text=True,
                              timeout=300)
        assert done.returncode == HELD, done
        assert len(site.looked_up("g@example.test")["senders_denied"]) == count


def test_what_is_accepted_is_what_was_told(folder):
    """Many are renamed, and one has no name that can be read, or another's: with --accept he is who he was, as all are."""
    chief = "user ceo@example.test source_key=kc\n"
    for claim in ("user u0@@bad source_key=k0\n", "user ceo@example.test source_key=k0\n"):
        with Site(folder) as site:
            site.sources("one")
            site.says("one", chief + people(0, 60))
            site.sync()
            site.says("one", claim + chief + people(1, 20) + people(20, 60, "new.test"))
            told = site.sync(status=HELD)
            site.sync("--accept", accepted(told))
            for _ in range(2):
                copy = (site.published / "sources" / "one").read_text()
                for name, key in (("ceo@example.test", "kc"), ("u0@example.test", "k0"), ("u59@new.test", "k59")):
                    found = site.looked_up(name)
                    assert found and found["known"] and not found.get("blocked"), (claim, name, found)
                    assert f"user {name} source_key={key}" in copy, (claim, copy)
                site.sync()


def test_what_holds_for_the_members_of_a_group_holds_for_who_gives_up_a_name_that_an_earlier_source_has(folder):
    """networks= of a group with the name, and senders_denied= that names the group."""
    with Site(folder) as site:
        site.sources("text", "one")
        (site.folder / "text").write_text("user bob@example.test smtp=no\nuser ceo@example.test senders_denied=office@example.test\n"
                                          "group office@example.test member=bob@example.test networks=192.0.2.0/24\n")
        for name in ("bob", "robert"):
            site.says("one", f"user {name}@example.test source_key=k1\nuser z@example.test source_key=k2\n")
            for _ in range(2):
                site.sync()
        robert = "robert@example.test"
        assert site.may_send(robert, robert, client="192.0.2.9").returncode == 0
        assert site.may_send(robert, robert, client="203.0.113.9").returncode != 0
        done = site.cli("explain", "smtp", "--login", robert, "--sender", robert, "--recipient", "ceo@example.test", "--port", "587",
                        "--client", "192.0.2.9", "--tls", "TLSv1.3")
        assert done.returncode != 0 and "senders_denied" in done.stdout, done.stdout


def test_who_is_held_is_told_with_the_place_in_the_copy(folder):
    with Site(folder) as site:
        site.sources("text", "one")
        (site.folder / "text").write_text(f"user {BOSS}\n")
        site.says("one", people(0, 3) + "user u4@example.test address=u5@example.test\n" + people(20, 30))
        site.sync()
        site.says("one", people(20, 21))
        told = site.sync(status=HELD)
        copy = site.published / "sources" / "one"
        assert f"{copy}: warning: user u2@example.test would vanish" in told, told
        (site.folder / "text").write_text("user u4@example.test\n")
        lines = copy.read_text().splitlines()
        number = [line.startswith("user u4@example.test") for line in lines].index(True) + 1
        told = site.sync(status=HELD)
        assert f"{copy}:{number}: warning: user u4@example.test is left out: another source has it" in told, told


class Two(World):
    """A program before, and the people of another source: an LDAP server, a program, a database."""

    def __init__(self, folder, kind, parts=""):
        super().__init__(folder, kind)
        self.script, self.out, self.parts, self.between = folder / "a.sh", folder / "a.out", parts, ""
        self.script.write_text(f"#!/bin/sh\nexec cat {self.out}\n")
        self.script.chmod(0o755)

    def sync(self, text=None, people=None, status=0):
        if text is not None:
            self.out.write_text(text)
        if people is not None:
            said = self.source.says(people)
            self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n  source "a" {{ driver = exec command = {{ '
                              f'"{self.script}" }} }}\n  {self.between}\n  source "people" {{\n    {said}\n    {self.parts}\n  }}\n}}\n')
        done = self.cli("sync")
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stderr


@pytest.mark.parametrize("between", [False, True], ids=["", "in three sources"])
@pytest.mark.parametrize("kind", [Ldap, Program, Database])
def test_who_takes_the_name_of_a_later_source_s_user_has_nothing_of_his(folder, kind, between):
    """As an alias of his own; also while the last good copy of the later source stands, which has names alone."""
    world = Two(folder, kind)
    if between:
        (folder / "same").write_text("user u5@example.test\n")
        world.between = f'source "b" {{ driver = exec command = {{ "/bin/cat", "{folder}/same" }} }}'
    said = company()
    said["ceo"]["sendas"], said["ceo"]["secretary"] = ["u5"], ["u5"]
    world.sync("user t@example.test source_key=t\n", said)
    assert CEO in world.looked_up("u5@example.test")[0]["may_send_as"]
    world.sync("user t@example.test source_key=t address=u5@example.test\n")
    before = world.looked_up("t@example.test")[0]
    assert not before["may_send_as"] and not before["may_send_on_behalf"] and not before["groups"], before
    if kind is Ldap:
        world.source.server.close()
        assert "its content of" in world.sync(status=75)
        assert world.looked_up("t@example.test")[0] == before


USERS = "".join(f"user {name}@example.test\n" for name in ("ceo", *(f"u{n}" for n in range(8))))
PARTS = "parts = { groups, grants }"


def test_an_entry_without_a_name_takes_nothing_away_where_users_are_of_another_source(folder):
    world = Two(folder, Ldap, PARTS)
    said = company()
    world.sync(USERS, said)
    assert "mine@example.test" in world.looked_up(U7)[0]["groups"]
    said["u3"]["mail"] = ["a@@b"]
    said["mine"]["member"] = []
    world.sync(people=said)
    assert world.looked_up(U7)[0]["groups"] == ["all@example.test"]
    assert world.looked_up("u3@example.test")[0]["groups"] == []
    world.source.close()


def test_who_calls_himself_by_another_s_name_lets_nobody_send_as_it_where_users_are_of_another_source(folder):
    for kind in (Ldap, Program):
        (folder / kind.__name__).mkdir(mode=0o755)
        world = Two(folder / kind.__name__, kind, PARTS)
        world.sync(USERS, company())
        before = world.looked_up(U7, "u1@example.test", "u2@example.test")
        said = company()
        said["u6"] = {**said["u6"], "mail": [CEO], "secretary": ["u7"], "sendas": ["u7"]}
        for _ in range(2):
            assert "several users or groups claim" in world.sync(people=said)
            assert world.looked_up(U7, "u1@example.test", "u2@example.test") == before
        world.sync(people=company())
        assert world.looked_up(U7, "u1@example.test", "u2@example.test") == before
        world.source.close()


PAY, CHIEF = "pay@example.test", "chief@example.test"
TEXT = f"user {CHIEF}\nuser carl@example.test\n"
GRANTS = f"grant send-as {CHIEF} {PAY}\n"
OURS = f"group {PAY}\ngrant send-as {PAY} carl@example.test\n"


class Company(Site):
    def says_all(self, text=None, status=0, **people):
        """`people`: source: its names, each with its key."""
        if text is not None:
            (self.folder / "text").write_text(text)
        for source, names in people.items():
            self.says(source, "".join(f"user {name}@example.test source_key={key}\n" for name, key in names.items()))
        return self.sync(status=status)

    def senders(self, identity=CHIEF):
        return set(self.looked_up(identity)["send_as"]) - {CHIEF}


@pytest.fixture
def renaming(folder):
    with Company(folder) as made:
        made.sources("text", "one", "two")
        made.says_all(TEXT + GRANTS, one={"new": "a1"}, two={"bob": "k2"})
        yield made


@pytest.mark.parametrize("mistake", ["", "user x@example.test colour=red\n"])
def test_a_name_of_the_text_is_nobody_s_who_claimed_it_in_vain(renaming, mistake):
    """Whether the text can be read or not when he is called otherwise."""
    renaming.says_all(TEXT + OURS + GRANTS)
    renaming.says_all(two={"pay": "k2"})
    renaming.says_all(TEXT + OURS + GRANTS + mistake, status=65 if mistake else 0, two={"robert": "k2"})
    for _ in range(2):
        renaming.says_all(TEXT + OURS + GRANTS)
        assert renaming.senders(PAY) == {"carl@example.test"} and renaming.senders() == {PAY}
    renaming.says_all(TEXT + GRANTS)
    assert renaming.senders() == set()


@pytest.mark.parametrize("mistake", ["", "user x@example.test colour=red\n"])
def test_who_took_a_name_while_the_text_could_not_be_read_is_not_forgotten(renaming, mistake):
    """A line that was written for her does not come to who had the name before."""
    status = 65 if mistake else 0
    group, line = "group boss@example.test\ngroup old@example.test\ngrant send-as old@example.test bob@example.test\n", ""
    for people in ({"bob": "k2"}, {"robert": "k2"}, {"robert": "k2", "bob": "k3"}, {"robert": "k2"}):
        if "k3" in people.values():
            line = "grant send-as boss@example.test bob@example.test\n"
        renaming.says_all(TEXT + group + line + (mistake if "robert" in people else ""),
                          status=status if "robert" in people else 0, two=people)
    renaming.says_all(TEXT + group + line)
    assert renaming.senders("boss@example.test") == set()


def test_a_name_that_goes_from_one_source_to_an_earlier_one_takes_no_right_along(renaming):
    """At once, or in two steps; and nothing of it is forgotten where who had it calls himself so again."""
    renaming.says_all(two={"pay": "k2"})
    assert renaming.senders() == {PAY}
    renaming.says_all(one={"pay": "a1"}, two={"old": "k2"})
    assert renaming.senders() == set()
    for name in ("pay", "older", "pay", "older"):
        renaming.says_all(two={name: "k2"})
        assert renaming.senders() == set()


def test_a_few_users_of_another_server_with_the_same_names_are_the_same(renaming):
    renaming.says_all(TEXT + f"group staff@example.test senders_denied=bob@example.test\ngrant send-as {CHIEF} bob@example.test\n")
    renaming.says_all(two={"robert": "k2", "eve": "k3"})
    for keys in (("k2", "k3"), ("n2", "n3")):
        renaming.says_all(two=dict(zip(("robert", "eve"), keys)))
        assert renaming.senders() == {"robert@example.test"}
        assert renaming.looked_up("staff@example.test")["senders_denied"] == ["robert@example.test"]
