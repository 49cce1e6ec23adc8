"""What the ready-made queries make of a project's tables: services, groups, older versions; and that the guide names every
column (docs/guides/schemas.md)."""
import json
import re

import pytest

import rig
from rig.built import SOURCE
from rig.schema_world import World, columns

WORLDS = [("mailcow", "mysql"), ("iredmail", "mysql"), ("iredmail", "pgsql"), ("postfixadmin", "mysql"), ("postfixadmin", "pgsql")]
SERVERS = {"mysql": "mariadb", "pgsql": "postgresql"}
ALL = "imap pop3 sieve smtp"

SERVICES = {
    "mailcow": {
        "alice@example.test": "imap sieve smtp", "bob@example.test": "imap pop3 smtp", "carol@example.test": ALL,
        "dave@example.test": "", "erin@example.test": "", "frank@example.test": "pop3 sieve", "room@example.test": "",
        "gina@off.test": "", "jan@xn--bcher-kva.test": "imap smtp", "kim@example.test": "smtp",
    },
    "iredmail": {
        "alice@example.test": "imap sieve smtp", "bob@example.test": "imap pop3 smtp", "carol@example.test": "imap pop3 sieve",
        "dave@example.test": "imap pop3 sieve", "erin@example.test": ALL, "frank@example.test": "", "gina@off.test": "",
        "heidi@backup.test": "", "ivan@example.test": "smtp",
    },
    "postfixadmin": {
        "alice@example.test": ALL, "bob@example.test": ALL, "carol@example.test": "imap pop3 sieve", "dave@example.test": "",
        "gina@off.test": "",
    },
}
# The groups of the user; None: the directory does not know the address.
GROUPS = {
    "mailcow": {"alice@example.test": ["bob", "half", "lent", "silent", "spaced", "team"], "carol@example.test": ["office"]},
    "iredmail": {"alice@example.test": ["both", "half", "team"], "bob@example.test": ["both", "one", "team"],
                 "carol@example.test": ["team"]},
    "postfixadmin": {"alice@example.test": ["team"], "bob@example.test": ["odd", "team"]},
}
# Who receives.
RECEIVES = {
    "mailcow": {
        "info@example.test": "alice@example.test", "receive@example.test": "alice@example.test",
        "shown@example.test": "carol@example.test", "asked@example.test": "carol@example.test",
        "temporary@example.test": "alice@example.test", "expired@example.test": None, "gone@example.test": None,
        "alice@second.test": "alice@example.test", "alice@idle.test": None, "team@example.test": "team@example.test",
        "any@catchall.test": None, "upper@example.test": "alice@example.test", "forever@example.test": "alice@example.test",
        "alice@third.test": None, "junk@example.test": "junk@example.test",
    },
    "iredmail": {
        "info@example.test": "alice@example.test", "info@second.test": "alice@example.test",
        "alice@second.test": "alice@example.test", "alice@idle.test": None, "gone@example.test": None,
        "team@second.test": "team@example.test", "list@example.test": "list@example.test", "old@example.test": None,
        "half@second.test": "half@example.test", "away@example.test": "away@example.test", "upper@example.test": "alice@example.test",
        "alice+news@example.test": "bob@example.test", "alice@third.test": None,
    },
    "postfixadmin": {
        "info@example.test": "alice@example.test", "spaced@example.test": "alice@example.test",
        "info@second.test": "alice@example.test", "bob@second.test": "alice@example.test", "alice@idle.test": None,
        "gone@example.test": None, "team@second.test": "team@example.test", "nested@example.test": "nested@example.test",
        "upper@example.test": "alice@example.test", "pair@example.test": "alice@example.test", "empty@example.test": "empty@example.test",
        "alice+news@example.test": "bob@example.test", "bob@third.test": "alice@example.test", "alice@third.test": None,
    },
}
# Columns that came later than the oldest version that the schema reads.
LATER = {
    "mailcow": ["ALTER TABLE alias DROP COLUMN sender_allowed", "ALTER TABLE spamalias DROP COLUMN permanent"],
    "iredmail": [],
    "postfixadmin": ["ALTER TABLE mailbox DROP COLUMN smtp_active"],
}


@pytest.fixture(params=WORLDS, ids=" in ".join)
def world(request):
    project, driver = request.param
    folder = rig.make_folder("schema")
    made = World(request.getfixturevalue(SERVERS[driver]), driver, project, folder)
    try:
        yield made
    finally:
        made.close()
        rig.remove_folder(folder)


def look(world, address):
    return json.loads(world.daemon.cli("--json", "lookup", address).stdout)


def services(world, user):
    may = look(world, user)["may"]
    return " ".join(name for name in ALL.split() if may[name])


def test_switches_groups_and_who_receives(world):
    said = world.daemon.cli("sync").stderr
    assert "belongs to" not in said and "left out" not in said, said
    found = {user: services(world, user) for user in SERVICES[world.project]}
    assert found == SERVICES[world.project]
    found = {user: sorted(group.partition("@")[0] for group in look(world, user)["groups"]) for user in GROUPS[world.project]}
    assert found == GROUPS[world.project]
    found = {address: look(world, address).get("receives") for address in RECEIVES[world.project]}
    assert found == RECEIVES[world.project]


def test_a_change_in_the_tables_is_one_in_the_directory(world):
    """Who is switched off by an administrator's click has no service after the next sync, and comes back as before."""
    before = services(world, "alice@example.test")
    off, on = ("0", "1") if world.project != "postfixadmin" else ("FALSE", "TRUE")
    world.sql(f"UPDATE mailbox SET active = {off} WHERE username = 'alice@example.test'")
    world.daemon.sync()
    assert services(world, "alice@example.test") == ""
    rig.wait_for(lambda: not world.permits("alice@example.test", "alice@example.test"), "mailwicketd to see it")
    world.sql(f"UPDATE mailbox SET active = {on} WHERE username = 'alice@example.test'")
    world.daemon.sync()
    assert services(world, "alice@example.test") == before


def test_tables_of_an_older_version_are_read(world):
    before = {user: services(world, user) for user in SERVICES[world.project]}
    for change in LATER[world.project]:
        world.sql(change)
    world.daemon.sync()
    after = {user: services(world, user) for user in SERVICES[world.project]}
    if world.project == "postfixadmin":
        before["carol@example.test"] = ALL
    assert after == before
    if world.project == "mailcow":  # there is no alias that only receives
        rig.wait_for(lambda: world.permits("alice@example.test", "receive@example.test"), "mailwicketd to see it")
        assert look(world, "temporary@example.test")["receives"] == "alice@example.test"


def test_networks_are_read_as_dovecot_reads_them(world):
    """With blanks, host bits and the word for Dovecot's own sockets, which is no network."""
    if world.project != "iredmail":
        return
    world.daemon.sync()
    assert look(world, "bob@example.test")["networks"]["imap"] == ["192.0.2.0/24", "198.51.100.7"]
    assert look(world, "ivan@example.test")["networks"]["smtp"] == ["127.0.0.1"]
    assert not look(world, "bob@example.test")["blocked"] and not look(world, "ivan@example.test")["blocked"]


def test_values_are_no_part_of_a_query(world):
    """An alias whose goals are meant to end a text of SQL or of JSON."""
    goals = ["\\\"]}', x'); DROP TABLE mailbox; --", "bob@example.test\\", "'\"''"]
    for number, goal in enumerate(goals):
        text = goal.replace("\\", "\\\\") if world.driver == "mysql" else goal
        text = text.replace("'", "''")
        if world.project == "iredmail":
            world.sql(f"INSERT INTO alias (address, domain) VALUES ('hostile{number}@example.test', 'example.test')")
            world.sql("INSERT INTO forwardings (address, forwarding, domain, is_list) VALUES "
                      f"('hostile{number}@example.test', '{text}', 'example.test', 1)")
        else:
            world.sql(f"INSERT INTO alias (address, goto, domain) VALUES ('hostile{number}@example.test', '{text},alice@example.test', "
                      "'example.test')")
    world.daemon.sync()
    for number in range(len(goals)):
        told = look(world, f"hostile{number}@example.test")
        assert told["kind"] == "group", told
    if world.project != "iredmail":
        groups = look(world, "alice@example.test")["groups"]
        assert all(f"hostile{number}@example.test" in groups for number in range(len(goals)))


@pytest.mark.parametrize("project", ["mailcow", "iredmail", "postfixadmin"])
def test_the_guide_says_of_each_column_what_becomes_of_it(project):
    title = {"mailcow": "mailcow", "iredmail": "iRedMail", "postfixadmin": "PostfixAdmin"}[project]
    text = (SOURCE / "docs" / "guides" / "schemas.md").read_text()
    [part] = re.findall(rf"(?ms)^## {title}\n(.*?)(?=^## |\Z)", text)
    told = {}
    for table, names in re.findall(r"(?m)^\| (\w+) \| (`[^|]*) \|", part):
        told.setdefault(table, []).extend(re.findall(r"`([^`]+)`", names))
    assert {table: sorted(set(names)) for table, names in told.items()} == \
        {table: sorted(names) for table, names in columns(project).items()}
