"""Users and groups whose source renames them, known by source_key: what other sources say of them, and who is suspended, holds
for the new name, and for nobody who comes to the old one."""
import json
import re
import sqlite3

import pytest

import rig
from rig.daemon import Daemon
from rig.sources import SqliteSource
from rig.submission_world import POLICY

HELD, FAILED = 77, 75
ALICE, ALICIA, CARL, DORA, SALES = (f"{name}@example.test" for name in ("alice", "alicia", "carl", "dora", "sales"))


class Keyed(SqliteSource):
    """A database whose users and groups have keys."""

    def __init__(self, folder):
        super().__init__(folder)
        with sqlite3.connect(self.path) as file:
            file.execute("CREATE TABLE people (name, kind, source_key, address, login, member, imap)")

    def says(self, rows):
        with sqlite3.connect(self.path) as file:
            file.execute("DELETE FROM people")
            file.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", [
                [name, *(row.get(key) for key in ("kind", "source_key", "address", "login", "member", "imap"))]
                for name, row in rows.items()])

    def block(self, keys):
        key = "source_key, " if keys else ""
        return super().settings({
            "users": f"SELECT name, {key}address, login, imap FROM people WHERE kind = 'user'",
            "groups": f"SELECT name, {key}address, member FROM people WHERE kind = 'group'"})


class Program:
    """The same as text of a program."""

    def __init__(self, folder):
        self.script, self.out = folder / "people.sh", folder / "people.out"
        self.script.write_text(f"#!/bin/sh\nexec cat {self.out}\n")
        self.script.chmod(0o755)
        self.keys = True

    def says(self, rows):
        self.rows = rows
        self.block(self.keys)

    def block(self, keys):
        self.keys = keys
        self.out.write_text("".join(
            f"{row['kind']} {name}" + "".join(f" {key}={value}" for key, value in row.items()
                                              if key != "kind" and (keys or key != "source_key")) + "\n"
            for name, row in self.rows.items()))
        return f'driver = exec command = {{ "{self.script}" }}'


class World(Daemon):
    """A text beside a source with keys; mailwicketd answers. `.people`: name to the key, or to (key, more keys of the record).
    Each sync brings a user whom only its snapshot has."""

    def __init__(self, folder, kind):
        self.source = kind(folder)
        self.number, self.keys, self.settings, self.rules = 0, True, "", POLICY
        super().__init__(POLICY, None, folder, start=False)
        self.texts("")

    def texts(self, text):
        self.write(self.directory, f"user {CARL} login=carl\nuser {DORA} login=dora\n" + text)

    def sync(self, people, *words, status=0):
        self.number += 1
        rows = {}
        for name, said in {**people, f"s{self.number}": f"sync-{self.number}"}.items():
            key, more = said if isinstance(said, tuple) else (said, {})
            rows[f"{name}@example.test"] = {"kind": "user", **({"source_key": key} if key else {}), **more}
        self.source.says(rows)
        return self.sync_again(*words, status=status)

    def sync_again(self, *words, status=0):
        self.write_policy(self.rules + f'directory {{ path = "{self.published}"\n'
                          f'  source "local" {{ driver = text path = "{self.directory}" }}\n'
                          f'  source "people" {{ {self.source.block(self.keys)} {self.settings} }}\n}}\n')
        done = self.cli("sync", *words)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        if self.process is None:
            self.start()
        if status != FAILED:
            rig.wait_for(lambda: self.may(f"s{self.number}@example.test", f"s{self.number}@example.test"), "the new snapshot")
        return done.stdout + done.stderr

    def may(self, login, sender):
        return self.request(sasl_username=login, sender=sender, recipient="first@example.org") == "DUNNO"

    def looked_up(self, name):
        done = self.cli("lookup", name, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def suspend(self, command, *words, expect):
        """Until the answer for this user is another one."""
        assert self.cli(command, *words).returncode == 0
        rig.wait_for(lambda: self.may(words[0], words[0]) is expect, f"{command} {words}")

    def suspended(self):
        done = self.cli("suspended", "--json")
        assert done.returncode == 0, done.stderr
        return {row["user"]: row["holds_for"] for row in json.loads(done.stdout)["suspended"]}


@pytest.fixture(params=[Keyed, Program], ids=["sqlite", "exec"])
def world(request, folder):
    made = World(folder, request.param)
    yield made
    if made.process is not None:
        made.stop()


GRANTS = f"""\
group {SALES} member={ALICE}
group staff@example.test senders={ALICE} senders_denied={ALICE}
grant send-as {SALES} {ALICE}
grant send-as {ALICE} {CARL}
grant send-as old.alias@example.test {DORA}
"""
BEFORE = {"alice": ("k1", {"address": "old.alias@example.test"}), "bob": "k2"}


def test_a_renamed_user_keeps_what_other_sources_say(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    assert world.may(ALICE, SALES) and world.may(CARL, ALICE) and world.may(DORA, ALICE)
    told = world.sync({"alicia": "k1", "bob": "k2"})
    assert "would vanish" not in told
    assert f'the grant\'s trustee "{ALICE}" means user {ALICIA}, who was called so formerly' in told, told
    for _ in range(3):
        assert world.may(ALICIA, ALICIA) and world.may(ALICIA, SALES)
        assert world.may(CARL, ALICIA) and world.may(DORA, ALICIA)
        assert not world.may(ALICIA, ALICE) and not world.may(CARL, ALICE)
        assert world.looked_up(ALICIA)["groups"] == [SALES]
        staff = world.looked_up("staff@example.test")
        assert staff["senders"] == staff["senders_denied"] == [ALICIA], staff
        assert world.looked_up(ALICE)["known"] is False
        world.sync({"alicia": "k1", "bob": "k2"})


def test_who_is_renamed_while_the_text_is_away_keeps_what_it_says(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    world.directory.unlink()
    for _ in range(2):
        world.sync({"alicia": "k1", "bob": "k2"}, status=FAILED)
    world.texts(GRANTS)
    world.sync({"alicia": "k1", "bob": "k2"})
    assert world.may(ALICIA, SALES) and world.may(CARL, ALICIA) and world.may(DORA, ALICIA)
    assert world.looked_up("staff@example.test")["senders_denied"] == [ALICIA]


def test_a_suspension_holds_for_the_new_name_until_it_is_lifted(world):
    world.sync(BEFORE)
    world.suspend("suspend", ALICE, "--sending", expect=False)
    world.sync({"alicia": "k1", "bob": "k2"})
    world.sync({"alicia-b": "k1", "bob": "k2"})
    assert not world.may("alicia-b@example.test", "alicia-b@example.test")
    assert world.suspended() == {ALICE: ["alicia-b@example.test"]}
    world.suspend("resume", "alicia-b@example.test", expect=True)
    assert world.suspended() == {}


@pytest.mark.parametrize("at_once", [True, False])
def test_who_takes_the_name_has_no_right_of_the_former_one(world, at_once):
    world.texts(GRANTS + f"group team@example.test member={ALICE} networks=192.0.2.0/24\n")
    world.sync(BEFORE)
    world.suspend("suspend", ALICE, "--sending", expect=False)
    if not at_once:
        world.sync({"alicia": "k1", "bob": "k2"})
        assert world.may(CARL, ALICIA)
    told = world.sync({"alicia": "k1", "bob": "k2", "alice": "k3"})
    assert f'the grant\'s trustee "{ALICE}" is left out: user {ALICIA} was called so formerly, and somebody else since' in told
    assert sorted(world.suspended()[ALICE]) == [ALICE, ALICIA]
    assert not world.may(ALICE, ALICE) and not world.may(ALICIA, ALICIA)
    world.suspend("resume", ALICE, expect=True)
    for _ in range(2):
        assert world.may(ALICE, ALICE) and world.may(ALICIA, ALICIA)
        for who in (ALICE, ALICIA):
            assert not world.may(who, SALES) and not world.may(CARL, who)
            assert world.looked_up(who)["groups"] == []
        staff = world.looked_up("staff@example.test")
        assert staff["senders"] == [] and staff["senders_denied"] == [ALICE, ALICIA], staff
        world.sync({"alicia": "k1", "bob": "k2", "alice": "k3"})
    # Once nobody names the old one, a new line means the new one.
    world.texts("")
    world.sync({"alicia": "k1", "bob": "k2", "alice": "k3"})
    world.texts(GRANTS)
    told = world.sync({"alicia": "k1", "bob": "k2", "alice": "k3"})
    assert "formerly" not in told
    assert world.may(ALICE, SALES) and world.may(CARL, ALICE) and not world.may(ALICIA, SALES) and not world.may(CARL, ALICIA)


def test_two_who_swap_their_names_have_nothing_of_one_another(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    world.sync({"bob": "k1", "alice": "k2"})
    for who in (ALICE, "bob@example.test"):
        assert not world.may(who, SALES) and not world.may(CARL, who)
    # Back again, everything is as it was.
    world.sync(BEFORE)
    assert world.may(ALICE, SALES) and world.may(CARL, ALICE) and not world.may("bob@example.test", SALES)


def test_a_chain_of_names_moves_nobodys_rights(world):
    world.texts(GRANTS + f"grant send-as {DORA} bob@example.test\n")
    world.sync({"alice": "k1", "bob": "k2", "eve": "k3"})
    world.sync({"bob": "k1", "eve": "k2", "fred": "k3"})
    for who in ("bob", "eve", "fred"):
        assert not world.may(f"{who}@example.test", DORA), who
    assert world.may("bob@example.test", SALES) and not world.may("eve@example.test", SALES)
    assert world.may(CARL, "bob@example.test") and not world.may(CARL, "eve@example.test")


def test_a_name_that_was_somebodys_meanwhile_does_not_come_back(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    world.sync({"alicia": "k1", "alice": "k3"})
    world.sync({"alicia": "k1"})
    assert not world.may(ALICIA, SALES) and not world.may(CARL, ALICIA)


def test_keys_that_are_no_longer_read_rename_nobody(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    world.sync({"alicia": "k1", "bob": "k2"})
    world.keys = False
    world.sync({"alicia": "k1", "bob": "k2"})
    assert world.may(ALICIA, SALES)
    world.sync({"anna": "k1", "bob": "k2"})
    assert not world.may("anna@example.test", SALES) and not world.may(CARL, "anna@example.test")
    world.keys = True
    world.sync({"alicia": "k1", "bob": "k2"})
    assert not world.may(ALICIA, SALES)


def many(first, **more):
    return {**{f"u{i}": str(first + i) for i in range(30)}, **more}


def test_keys_of_another_kind_rename_nobody(world):
    world.texts(f"grant send-as {SALES} u7@example.test\ngroup {SALES}\n")
    world.sync(many(0))
    told = world.sync(many(5))
    assert "names have another source_key than before" in told, told
    assert world.may("u7@example.test", SALES) and not world.may("u2@example.test", SALES)


def test_another_database_in_the_place_of_the_one_before_renames_nobody(world):
    world.texts(f"grant send-as {SALES} u7@example.test\ngroup {SALES}\n")
    world.sync(many(0))
    for _ in range(2):
        told = world.sync({f"x{i}": str(i) for i in range(30)}, status=HELD)
        assert "users and groups have another name now, by their source_key" in told, told
        assert not world.may("x7@example.test", SALES) and world.may("u7@example.test", SALES)
    world.sync_again("--accept", re.search(r"--accept '?(people=[0-9a-f]+)", told)[1])
    rig.wait_for(lambda: world.may("x7@example.test", SALES), "the snapshot after --accept")
    assert not world.may("u7@example.test", SALES)
    assert world.looked_up("u7@example.test")["known"] is False


def test_a_source_that_fails_keeps_former_names(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    world.sync({"alicia": "k1", "bob": "k2"})
    world.sync({"alicia": "k1", "bob": "k2"})
    good = world.source.block
    world.source.block = lambda keys: 'driver = exec command = { "/bin/false" }' if "exec" in good(keys) else \
        good(keys).replace("FROM people", "FROM nowhere")
    if isinstance(world.source, Program):
        world.source.block = good
        world.source.script.write_text("#!/bin/sh\nexit 1\n")
    assert "its content of" in world.sync_again(status=75)
    assert world.may(ALICIA, SALES) and world.may(CARL, ALICIA)


def test_a_bad_record_keeps_the_version_of_its_old_name_alone(world):
    world.texts(GRANTS)
    world.sync({"alice": ("k1", {"login": "al", "imap": "no"}), "bob": "k2"})
    told = world.sync({"alicia": ("k1", {"imap": "banana", "login": "al"}), "bob": "k2", "alice": ("k3", {"imap": "banana"})})
    assert 'imap: bad value "banana"' in told
    alicia, alice = world.looked_up(ALICIA), world.looked_up(ALICE)
    assert alicia["blocked"] == "" and alicia["logins"] == ["al", ALICIA] and alicia["may"]["imap"] is False
    assert alice["blocked"] and alice["logins"] == [ALICE]


def test_two_who_share_a_key_are_nobodys_successors(world):
    world.texts(GRANTS)
    world.sync(BEFORE)
    told = world.sync({"anna": "k1", "alicia": "k1", "bob": "k2"})
    assert 'source_key "k1" belongs to user' in told
    for who in ("anna@example.test", ALICIA):
        assert world.looked_up(who)["blocked"] and not world.may(who, SALES)


def test_a_group_that_is_renamed_is_the_same_group(world):
    world.texts(f"grant send-as {SALES} crew@example.test\ngroup {SALES} senders=crew@example.test\n")
    crew = {"kind": "group", "member": "bob@example.test"}
    world.sync({"crew": ("g1", crew), "bob": "k2"})
    assert world.may("bob@example.test", SALES)
    world.sync({"team": ("g1", crew), "bob": "k2"})
    assert world.may("bob@example.test", SALES)
    assert world.looked_up(SALES)["senders"] == ["team@example.test"]
    # A user is no group.
    world.sync({"person": "g1", "bob": "k2"})
    assert not world.may("person@example.test", SALES) and not world.may("bob@example.test", SALES)


def test_a_name_of_an_earlier_source_is_no_new_name(world):
    world.texts(GRANTS + f"user {ALICIA}\n")
    world.sync(BEFORE)
    world.sync({"alicia": "k1", "bob": "k2"})
    assert not world.may(ALICIA, SALES) and not world.may(CARL, ALICIA)


def test_commands_tell_of_former_names(world):
    world.sync(BEFORE)
    world.sync({"alicia": "k1", "bob": "k2"})
    assert sorted(world.looked_up(ALICIA)["formerly"]) == [ALICE, "old.alias@example.test"]
    assert "formerly:" in world.cli("lookup", ALICIA).stdout and "formerly" not in world.cli("lookup", CARL).stdout
    assert world.looked_up(ALICE)["formerly_of"] == [ALICIA]
    told = f"user {ALICIA} was called so formerly"
    assert told in world.cli("lookup", ALICE).stderr
    assert told in world.cli("suspend", ALICE, "--all").stderr
    assert told in world.cli("explain", "smtp", "--login", ALICE, "--sender", ALICE).stdout
    assert f"formerly: {ALICE}" in world.cli("explain", "smtp", "--login", ALICIA, "--sender", ALICIA).stdout
    assert json.loads(world.cli("status", "--json").stdout)["directory"]["former_names"] == 2
    log = world.folder / "mail.log"
    log.write_text("")
    assert told in world.cli("why", ALICE, "--log", str(log)).stderr


@pytest.mark.parametrize("back", ["bob", "robert"])
def test_a_name_that_an_earlier_source_has_is_no_former_one(world, back):
    """Who claims it in vain, and has another name again, changes nothing of what the earlier source says by it."""
    pay = "pay@example.test"
    world.texts(f"group {pay} member={DORA}\ngrant send-as {pay} {CARL}\ngroup staff@example.test senders_denied={pay}\n")
    for people in ({"bob": "k2"}, {"pay": "k2"}, {back: "k2"}, {back: "k2"}):
        told = world.sync(people)
        assert world.may(CARL, pay) and "formerly" not in told, told
    assert not world.may(CARL, f"{back}@example.test") and world.may(f"{back}@example.test", f"{back}@example.test")
    # He was called so once: what is denied by the name is denied to him, too.
    assert world.looked_up("staff@example.test")["senders_denied"] == sorted([f"{back}@example.test", pay])


def test_nobody_gets_out_of_enforce_for_by_a_new_name(world):
    world.rules = POLICY.replace("permission_groups = { ExchangeUsers }",
                                 f"permission_groups = {{ ExchangeUsers }}\n    mode = audit\n    enforce_for = {{ {ALICE} }}", 1)
    assert world.rules != POLICY
    world.sync(BEFORE)
    assert not world.may(ALICE, CARL) and world.may("bob@example.test", CARL)
    told = world.sync({"alicia": "k1", "bob": "k2"})
    assert f'enforce_for: "{ALICE}" holds for {ALICIA} too, who was called so formerly: write the new name' in told, told
    # In audit mode the answer to a login that is not known yet is the same.
    rig.wait_for(lambda: not world.may(ALICIA, CARL), "the new name")
    # Whoever gets the name is meant as well.
    world.sync({"alicia": "k1", "bob": "k2", "alice": "k3"})
    rig.wait_for(lambda: not world.may(ALICE, CARL), "the one who has the old name now")
    assert not world.may(ALICIA, CARL) and world.may("bob@example.test", CARL)


def test_a_suspension_outlives_a_name_that_was_anothers(world):
    """Who is suspended calls himself by an alias of somebody else's, and by a free name after that: his key stays known."""
    bob = {"bob": ("k2", {"address": "bobby@example.test"})}
    world.texts(f"group staff@example.test senders_denied={ALICE}\n")
    world.sync({"alice": "k1", **bob})
    world.suspend("suspend", ALICE, "--sending", expect=False)
    assert f"this user stays {ALICE}" in world.sync({"bobby": "k1", **bob})
    world.sync({"alicia": "k1", **bob})
    assert not world.may(ALICIA, ALICIA) and world.suspended() == {ALICE: [ALICIA]}
    assert world.looked_up("staff@example.test")["senders_denied"] == [ALICIA]


@pytest.mark.parametrize("held, name", [(False, "old.alias"), (True, "old.alias"), (True, "alice")])
def test_who_is_suspended_by_an_alias_stays_so_while_many_renames_are_held(world, held, name):
    """Both the old name and the new one, which has the alias now, until the old one may go; resume finds it by the alias."""
    many = [f"u{number}" for number in range(20)]
    alias, more = "old.alias@example.test", {"address": "old.alias@example.test"}
    world.sync({"alice": ("k1", more), **{user: f"k-{user}" for user in many}})
    if not held:
        world.suspend("suspend", f"{name}@example.test", "--sending", expect=False)
    assert "would vanish" in world.sync({"alicia": ("k1", more), **{f"new-{user}": f"k-{user}" for user in many}}, status=HELD)
    if held:
        assert world.cli("suspend", f"{name}@example.test", "--sending").returncode == 0
    assert world.sync_again("--accept", "people")
    rig.wait_for(lambda: not world.may(ALICE, ALICE) and not world.may(ALICIA, ALICIA), "the suspension to hold for the new name")
    assert list(world.suspended().values()) == [[ALICIA]]
    assert world.cli("resume", alias).returncode == 0
    rig.wait_for(lambda: world.may(ALICIA, ALICIA), "the suspension to end")
    assert world.suspended() == {}


@pytest.mark.parametrize("written", ["x", "xnew"])
def test_the_editing_commands_know_a_former_name_as_sync_does(folder, written):
    """`written` is what the administrator writes; the text has the name of before."""
    with World(folder, Keyed) as world:
        world.texts(f"group staff@example.test member=x@example.test\ngroup all@example.test member=staff,x@example.test\n"
                    f"grant send-as {CARL} x@example.test\ngrant send-as {CARL} staff\n")
        world.sync({"x": "key-1"})
        world.sync({"xnew": "key-1"})

        def edited(*words):
            done = world.cli(*words)
            return done.returncode, done.stdout + done.stderr
        code, told = edited("revoke", "send-as", "carl", written)
        assert code == 1 and "xnew@example.test still has the right" in told and f"grant send-as {CARL} staff@example.test" in told
        assert f"grant send-as {CARL} x@" not in world.directory.read_text()
        code, told = edited("group", "set", "all", f"member-={written}@example.test")
        assert code == 1 and "xnew@example.test still is in member= of all@example.test" in told, told
        assert "group all@example.test member=staff\n" in world.directory.read_text()
        assert edited("revoke", "send-as", "carl", "staff")[0] == 0
        world.sync_again()
        rig.wait_for(lambda: not world.may("xnew@example.test", CARL), "the right to be gone")
