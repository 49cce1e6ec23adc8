"""Who may write an entry of a source gives it a name that is somebody else's, or none that can be read: nobody gains a right by
that, and no denial is lifted. The same company in an LDAP server that names people by DN, a database that joins them by number,
and a program that prints their names."""
import json
import sqlite3

import pytest

from rig.ldap_script import BASE, ScriptedLdap
from rig.ldap_source import listed
from rig.sources import POLICY, Files
from test_861_ldap_servers_that_lie import settings

CEO, BOSS, U3, U6, U7 = (f"{name}@example.test" for name in ("ceo", "boss", "u3", "u6", "u7"))
HELD = 77
SHARED = "shared@example.test"
OWN = ("may_send_as", "may_send_on_behalf", "send_as", "send_on_behalf", "groups")  # of lookup --json
LISTS = ("member", "denied", "secretary", "sendas")


def company():
    """id: what its entry says; people are named by their ids."""
    said = {f"u{n}": {"mail": [f"u{n}@example.test"], "uid": f"u{n}"} for n in range(8)}
    said["ceo"] = {"mail": [CEO, BOSS], "uid": "ceo", "denied": ["u3"], "secretary": ["u1"]}
    said["all"] = {"kind": "group", "mail": ["all@example.test"], "member": [f"u{n}" for n in range(8)]}
    said["mine"] = {"kind": "group", "mail": ["mine@example.test"], "member": ["u7"], "sendas": ["u7"]}
    said["shared"] = {"kind": "group", "mail": ["shared@example.test"], "member": ["u2"], "denied": ["u6"], "sendas": ["u2"]}
    return said


class Ldap:
    key, rows = True, False

    def __init__(self, folder):
        self.folder, self.server = folder, ScriptedLdap()

    def says(self, said):
        for kind in ("users", "groups"):
            self.server.entries[kind] = [(f"cn={name},{BASE}", {
                "mail": row["mail"], "entryUUID": [f"k{name}"] if self.key else [], **({"uid": [row["uid"]]} if "uid" in row else {}),
                **{word: [f"cn={one},{BASE}" for one in row[word]] for word in LISTS if word in row}})
                for name, row in said.items() if row.get("kind", "user") + "s" == kind]
        words = ["senders_denied=denied", "send_on_behalf=secretary", "send_as=sendas"]
        return (settings(self.server, self.folder) + f"\n    users_attributes = {listed(words)}"
                f"\n    groups_attributes = {listed(words)}")

    def close(self):
        self.server.close()


class Program:
    key, rows = True, True

    def __init__(self, folder):
        self.script, self.out = folder / "people.sh", folder / "people.out"
        self.script.write_text(f"#!/bin/sh\nexec cat {self.out}\n")
        self.script.chmod(0o755)

    def says(self, said):
        lines = []
        for name, row in said.items():
            def names(word, row=row):
                return [said[one]["mail"][0] for one in row.get(word, ()) if one in said]
            keys = {"source_key": f"k{name}" if self.key else "", "address": ",".join(row["mail"][1:]), "login": row.get("uid", ""),
                    "member": ",".join(names("member")), "senders_denied": ",".join(names("denied"))}
            lines.append(" ".join([row.get("kind", "user"), row["mail"][0], *(f"{key}={value}" for key, value in keys.items() if value)]))
            for word, kind in (("secretary", "send-on-behalf"), ("sendas", "send-as")):
                lines += [f"grant {kind} {row['mail'][0]} {one}" for one in names(word)]
        self.out.write_text("\n".join(lines) + "\n")
        return f'driver = exec command = {{ "{self.script}" }}'

    def close(self):
        pass


class Database:
    key, rows = True, True

    def __init__(self, folder):
        self.path = folder / "people.sqlite"
        with sqlite3.connect(self.path) as file:
            file.execute("CREATE TABLE people (id, place, kind, mail, uid)")
            file.execute("CREATE TABLE mails (id, mail)")
            file.execute("CREATE TABLE named (id, word, other)")
        self.path.chmod(0o644)

    def says(self, said):
        with sqlite3.connect(self.path) as file:
            for table in ("people", "mails", "named"):
                file.execute(f"DELETE FROM {table}")
            for place, (name, row) in enumerate(said.items()):
                file.execute("INSERT INTO people VALUES (?, ?, ?, ?, ?)",
                             (name, place, row.get("kind", "user"), row["mail"][0], row.get("uid")))
                file.executemany("INSERT INTO mails VALUES (?, ?)", [(name, mail) for mail in row["mail"][1:]])
                file.executemany("INSERT INTO named VALUES (?, ?, ?)",
                                 [(name, word, other) for word in LISTS for other in row.get(word, ())])
        key = "'k' || id AS source_key, " if self.key else ""
        denied = ("(SELECT group_concat(o.mail) FROM named n JOIN people o ON o.id = n.other WHERE n.id = p.id AND n.word = 'denied') "
                  "AS senders_denied")
        joined = "FROM named n JOIN people p ON p.id = n.id JOIN people o ON o.id = n.other WHERE n.word"
        queries = {
            "users": f"SELECT mail AS name, {key}uid AS login, {denied} FROM people p WHERE kind = 'user' ORDER BY place",
            "groups": f"SELECT mail AS name, {key}{denied} FROM people p WHERE kind = 'group' ORDER BY place",
            "addresses": "SELECT p.mail AS name, m.mail AS address FROM mails m JOIN people p ON p.id = m.id",
            "members": f"SELECT p.mail AS name, o.mail AS member {joined} = 'member'",
            "grants": "SELECT CASE n.word WHEN 'sendas' THEN 'send-as' ELSE 'send-on-behalf' END AS kind, p.mail AS identity, "
                      f"o.mail AS trustee {joined} IN ('sendas', 'secretary')"}
        return "\n    ".join(["driver = sqlite", f'path = "{self.path}"', *(f'{name} = """{text}"""' for name, text in queries.items())])

    def close(self):
        pass


class World(Files):
    def __init__(self, folder, kind):
        super().__init__(folder)
        self.source = kind(folder)

    def reads(self, said, status=0):
        self.use(self.source.says(said))
        done = self.cli("sync")
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stderr

    def looked_up(self, *names):
        done = [self.cli("lookup", name, "--json") for name in names]
        return [json.loads(one.stdout) for one in done]


@pytest.fixture(params=[Ldap, Program, Database], ids=["ldap", "exec", "sqlite"])
def world(request, folder):
    made = World(folder, request.param)
    yield made
    made.source.close()


EVERYBODY = [f"{name}@example.test" for name in ("ceo", "boss", "u1", "u3", "u6", "u7", "all", "mine", "shared")]


ATTACKS = {
    "the name of another": ("u6", {"mail": [CEO], "secretary": ["u7"]}),
    "the name of another, which he writes otherwise": ("u6", {"mail": ["CEO@Example.TEST", U6], "sendas": ["u7"]}),
    "another's alias": ("u6", {"mail": [BOSS], "secretary": ["u7"]}),
    "a group, the name of a user": ("mine", {"mail": [CEO]}),
    "a group, a user's alias": ("mine", {"mail": [BOSS, CEO]}),
    "a group, the name of a group": ("mine", {"mail": ["shared@example.test"]}),
}


def without(answer, member):
    """What lookup says of a group, but for that member."""
    if "members" not in answer:
        return answer
    members = [name for name in answer["members"] if name != member]
    return {**answer, "members": members, "member_count": len(members)}


@pytest.mark.parametrize("order", ["first", "last"])
def test_nobody_has_what_is_anothers_by_naming_himself_so(world, order):
    """What he says of himself counts for himself at most."""
    world.reads(company())
    before = dict(zip(EVERYBODY, world.looked_up(*EVERYBODY)))
    for attack, (who, changes) in ATTACKS.items():
        said = company()
        said[who] = {**said[who], **changes}
        if order == "first":
            said = {who: said[who], **said}
        for _ in range(2):
            told = world.reads(said)
            assert f"stays {who}@example.test" in told, told
            for name, now in zip(EVERYBODY, world.looked_up(*EVERYBODY)):
                expected = before[name]
                if name in (U7, f"{who}@example.test"):
                    own = {key: now[key] for key in OWN if key in now}
                    assert not {CEO, BOSS, SHARED} & {name for key in OWN[:2] for name in own.get(key, ())}, (attack, own)
                    expected = {**expected, **own}
                if name == SHARED and who == "u6" and world.source.rows:
                    # Nobody can tell whom the row means: a restriction holds for both.
                    expected = {**expected, "senders_denied": [CEO, U6]}
                # Who claims another's name may be in his groups no more.
                me = f"{who}@example.test"
                assert without(now, me) == without(expected, me), (attack, name, expected, now)
    # He takes it back: nobody has to do anything.
    assert "stays" not in world.reads(company())
    assert world.looked_up(*EVERYBODY) == list(before.values())


def test_a_name_that_cannot_be_read_lifts_no_denial_and_holds_nobody(world):
    """u3, whom the chief denies, spoils his own name, while somebody else is taken out of the directory."""
    said = company()
    world.reads(said)
    before = world.looked_up(CEO, U3, "all@example.test")
    said["u3"] = {**said["u3"], "mail": ["a@@b"]}
    del said["u5"]
    for _ in range(2):
        told = world.reads(said)
        assert f"its name cannot be read; this user stays {U3}" in told, told
        chief, denied, _ = world.looked_up(CEO, U3, "all@example.test")
        assert chief["senders_denied"] == [U3] and chief["blocked"] == ""
        assert {**denied, "groups": []} == {**before[1], "groups": []}
        assert world.looked_up("u5@example.test")[0]["known"] is False
    world.reads({name: row for name, row in company().items() if name != "u5"})
    assert world.looked_up(CEO, U3) == before[:2]


def test_a_name_without_a_key_that_cannot_be_read_lifts_no_denial(world):
    world.source.key = False
    said = company()
    said["ceo"]["denied"] = ["u3", "u4"]
    world.reads(said)
    said["u3"] = {**said["u3"], "mail": ["a@@b"]}
    for more in ({}, {}, {"denied": ["u3"]}):
        said["ceo"] = {**said["ceo"], **more}
        told = world.reads(said, status=HELD)
        assert f"user {U3} would vanish" in told, told
        assert U3 in world.looked_up(CEO)[0]["senders_denied"]
        assert world.looked_up(U3)[0]["logins"] == ["u3", U3]
    # Of who is there the denial went.
    assert world.source.rows or world.looked_up(CEO)[0]["senders_denied"] == [U3]


def test_a_denial_by_uid_holds_for_all_who_are_called_so(folder):
    world = World(folder, Ldap)
    said = company()
    world.use(world.source.says(said))
    world.source.server.entries["users"][8][1]["denied"] = ["u3"]
    assert world.cli("sync").returncode == 0
    assert world.looked_up(CEO)[0]["senders_denied"] == [U3]
    world.source.server.entries["users"][4][1]["uid"] = ["u4", "u3"]
    assert world.cli("sync").returncode == 0
    assert world.looked_up(CEO)[0]["senders_denied"] == [U3, "u4@example.test"]
    world.source.close()


def test_an_entry_that_both_filters_find_is_a_user(folder):
    world = World(folder, Ldap)
    server = world.source.server
    world.reads(company())
    before = world.looked_up(*EVERYBODY)
    server.entries["groups"] = [server.entries["users"][7], *server.entries["groups"], server.entries["users"][6]]
    for key in (True, False):
        if not key:
            for _, attributes in server.entries["users"] + server.entries["groups"]:
                attributes["entryUUID"] = []
        done = world.cli("sync")
        assert done.returncode == 0 and "2 entries are found by users_filter and groups_filter" in done.stderr, done
        assert world.looked_up(*EVERYBODY) == before
    # Without an address a user is nobody here: as a group it may be somebody.
    server.entries["users"][5][1]["mail"] = []
    server.entries["groups"].append((server.entries["users"][5][0], {"mail": ["five@example.test"], "member": [f"cn=u7,{BASE}"]}))
    assert world.cli("sync").returncode == 0
    assert "five@example.test" in world.looked_up(U7)[0]["groups"]
    world.source.close()


def test_a_group_that_a_filter_for_users_finds_stays_a_group(folder):
    """As users_filter = "(mail=*)" does: a group has no login name."""
    said = company()
    said["mine"]["member"] = ["u7"]
    said["ceo"]["sendas"] = ["mine"]
    world = World(folder, Ldap)
    world.reads(said)
    before = world.looked_up("mine@example.test", U7)
    server = world.source.server
    server.entries["users"] = server.entries["users"] + server.entries["groups"]
    done = world.cli("sync")
    assert done.returncode == 0 and "they are groups, and no users" in done.stderr, done
    assert world.looked_up("mine@example.test", U7) == before and before[0]["kind"] == "group"
    world.source.close()


@pytest.mark.parametrize("name", [CEO, BOSS])
def test_who_claims_a_name_of_an_earlier_source_lets_nobody_send_as_it(world, name):
    said = company()
    del said["ceo"]
    text = world.folder / "local"
    text.write_text(f"user {CEO} login=ceo address={BOSS}\ngrant send-as {CEO} u2@example.test\n")
    text.chmod(0o644)

    def reads():
        people = world.source.says(said)
        world.write_policy(POLICY + f'directory {{ path = "{world.published}"\n  source "local" {{ driver = text path = "{text}" }}\n'
                           f'  source "people" {{\n    {people}\n  }}\n}}\n')
        done = world.cli("sync")
        assert done.returncode == 0, done
        return done.stderr
    reads()
    before = world.looked_up(CEO, "u2@example.test")
    said["u6"] = {**said["u6"], "mail": [name], "secretary": ["u7"], "sendas": ["u7"]}
    for _ in range(2):
        told = reads()
        assert "u6@example.test" not in told and "is left out" in told, told
        assert world.looked_up(CEO, "u2@example.test")[1] == before[1]
        chief, seven = world.looked_up(CEO, U7)
        assert not {CEO, BOSS} & {*seven["may_send_as"], *seven["may_send_on_behalf"]}, seven
        assert chief["senders_denied"] == before[0]["senders_denied"] and chief["logins"] == before[0]["logins"]


def test_without_keys_a_claim_gives_nobody_a_right(world):
    """Nobody can tell who of two is meant: what was not there before is given to nobody."""
    world.source.key = False
    world.reads(company())
    before = dict(zip(EVERYBODY, world.looked_up(*EVERYBODY)))
    for attack, (who, changes) in ATTACKS.items():
        said = company()
        said[who] = {**said[who], **changes}
        for _ in range(2):
            world.reads({who: said[who], **said})
            now = dict(zip(EVERYBODY, world.looked_up(*EVERYBODY)))
            may = {*now[U7]["may_send_as"], *now[U7]["may_send_on_behalf"]}
            assert not {CEO, BOSS, SHARED} & may, (attack, may)
            assert U3 in now[CEO].get("senders_denied", [U3]), (attack, now[CEO])
            assert not now[CEO]["known"] or "u6" not in now[CEO].get("logins", []), (attack, now[CEO])
        world.reads(company())
        assert dict(zip(EVERYBODY, world.looked_up(*EVERYBODY))) == before, attack
