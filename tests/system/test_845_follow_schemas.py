"""`mailwicket sync --follow` with a schema's tables: each change that matters is seen, by a `changed` query or by NOTIFY, and
nothing is read in full meanwhile."""
import re

import pytest

import rig
from rig.built import SOURCE
from rig.follower import Follower
from rig.schema_world import POLICY, READER, World

WORLDS = [("mailcow", "mysql"), ("iredmail", "mysql"), ("iredmail", "pgsql"), ("postfixadmin", "mysql"), ("postfixadmin", "pgsql")]
NOTIFYING = [(project, driver) for project, driver in WORLDS if driver == "pgsql"]
SERVERS = {"mysql": "mariadb", "pgsql": "postgresql"}
TITLES = {"mailcow": "mailcow", "iredmail": "iRedMail", "postfixadmin": "PostfixAdmin"}
# What the guide's tables name beside a column that says it; the queries do not ask these.
BESIDE = {("mailcow", "mailbox", "local_part"), ("iredmail", "forwardings", "is_list")}
SWITCHES = re.compile(r"active|backupmx|is_\w+|enable\w+|smtp_active|sender_allowed|permanent")
# Each changes what is published.
CHANGES = {
    "mailcow": [
        "UPDATE mailbox SET attributes = '{\"smtp_access\": \"0\"}' WHERE username = 'alice@example.test'",
        "UPDATE alias SET sender_allowed = 0 WHERE address = 'info@example.test'",
        "UPDATE alias SET goto = 'bob@example.test' WHERE address = 'office@example.test'",
        "DELETE FROM sender_acl WHERE send_as = 'partner@foreign.example'",
        "UPDATE spamalias SET validity = UNIX_TIMESTAMP() + 2 WHERE address = 'temporary@example.test'",
        "INSERT INTO mailbox (username, local_part, domain, attributes) VALUES ('new@example.test', 'new', 'example.test', '{}')",
        "DELETE FROM mailbox WHERE username = 'new@example.test'",
    ],
    "iredmail": [
        "UPDATE mailbox SET enablesmtp = 0 WHERE username = 'alice@example.test'",
        "UPDATE mailbox SET enablesmtp = 1 - enablesmtp WHERE username IN ('carol@example.test', 'erin@example.test')",
        "UPDATE forwardings SET active = 0 WHERE address = 'both@example.test' AND forwarding = 'bob@example.test'",
        "UPDATE alias SET active = 1 WHERE address = 'old@example.test'",
        "DELETE FROM maillists WHERE address = 'list@example.test'",
        "INSERT INTO mailbox (username, domain) VALUES ('new@example.test', 'example.test')",
        "DELETE FROM mailbox WHERE username = 'new@example.test'",
    ],
    "postfixadmin": [
        "UPDATE mailbox SET active = FALSE WHERE username = 'alice@example.test'",
        "UPDATE alias SET goto = 'bob@example.test' WHERE address = 'info@example.test'",
        "UPDATE alias_domain SET active = TRUE WHERE alias_domain = 'idle.test'",
        "UPDATE domain SET active = FALSE WHERE domain = 'example.test'",
        "INSERT INTO mailbox (username, local_part, domain) VALUES ('new@off.test', 'new', 'off.test')",
        "DELETE FROM mailbox WHERE username = 'new@off.test'",
    ],
}


def made(request):
    project, driver = request.param
    folder = rig.make_folder("schema")
    world = World(request.getfixturevalue(SERVERS[driver]), driver, project, folder)
    try:
        yield world
    finally:
        world.close()
        rig.remove_folder(folder)


@pytest.fixture(params=WORLDS, ids=" in ".join)
def world(request):
    yield from made(request)


@pytest.fixture(params=NOTIFYING, ids=" in ".join)
def notifying(request):
    yield from made(request)


def use(world, more):
    world.daemon.sections = world.directory(more)
    world.daemon.write_policy(POLICY)


def asked(world):
    """What was asked of this world's database, since it was made: of all of them the server has one log."""
    return [text for text in world.server.statements(READER) if "SELECT" in text]


def changed_query(world):
    """The query that tells of changes, as the follower asks it."""
    [query] = {text[text.index("SELECT"):] for text in asked(world) if "SELECT CONCAT_WS('/'" in text
               and table_of(world.project) in text}
    return query


def table_of(project):
    return {"mailcow": "FROM spamalias", "iredmail": "FROM maillists", "postfixadmin": "smtp_active"}[project]


def columns_that_matter(project):
    """[(table, column)]: those of which the guide says that something becomes of them."""
    text = (SOURCE / "docs" / "guides" / "schemas.md").read_text()
    [part] = re.findall(rf"(?ms)^## {TITLES[project]}\n(.*?)(?=^## |\Z)", text)
    rows = re.findall(r"(?m)^\| (\w+) \| (`[^|]*) \| ([^|]*) \|", part)
    found = [(table, name) for table, names, what in rows if not what.startswith("nothing") for name in re.findall(r"`([\w-]+)`", names)]
    return sorted({(table, name) for table, name in found if (project, table, name) not in BESIDE})


def other_value(world, column):
    if column == "validity":
        return "1"
    if column == "attributes":
        return "'{\"imap_access\": \"0\"}'"
    if SWITCHES.fullmatch(column):
        return f"NOT {column}" if (world.project, world.driver) == ("postfixadmin", "pgsql") else f"1 - {column}"
    return f"CONCAT('x', {column})"


def test_the_changed_query_tells_of_every_column_that_matters(world):
    use(world, "    interval = 1h\n")
    with Follower(world.daemon) as follower:
        follower.wait_log("following 1 source")
        rig.wait_for(lambda: any("SELECT CONCAT_WS('/'" in text and table_of(world.project) in text for text in asked(world)),
                     "the question for changes")
    query = changed_query(world)
    before = world.server.sql(query, world.database)
    assert before == world.server.sql(query, world.database)
    missed = []
    matter = columns_that_matter(world.project)
    assert len(matter) > 10, matter
    for table, column in matter:
        after = world.server.sql(f"BEGIN; UPDATE {table} SET {column} = {other_value(world, column)}; {query}; ROLLBACK", world.database)
        if after.splitlines()[-1] == before:
            missed.append((table, column))
    assert missed == []


def follow_changes(world, follower):
    for number, change in enumerate(CHANGES[world.project], 1):
        world.sql(change)
        follower.wait_log("published: ", number)


def test_each_change_is_published_and_nothing_is_read_for_others(world):
    use(world, "    interval = 1s\n")
    with Follower(world.daemon) as follower:
        follower.wait_log("following 1 source")
        rig.wait_for(lambda: any(text.startswith("SELECT") or "SELECT" in text for text in asked(world)), "the first reading")
        follow_changes(world, follower)

        def count():
            texts = asked(world)
            return (sum("SELECT CONCAT_WS('/'" in text for text in texts), sum("AS imap" in text for text in texts))
        world.sql("UPDATE mailbox SET password = 'another', name = 'Another'")
        asks, readings = count()
        rig.wait_for(lambda: count()[0] >= asks + 6, "three more questions for changes")
        assert count()[1] == readings, "a password is nothing that is read"
    assert follower.lines("cannot be watched") == []


def notify_file(project, undo=False):
    return (SOURCE / "packaging" / "schemas" / f"{project}-notify{'-undo' if undo else ''}.sql").read_text()


def leftovers(world):
    return world.server.sql("SELECT (SELECT COUNT(*) FROM pg_trigger WHERE tgname = 'mailwicket_notify') || ' ' || "
                            "(SELECT COUNT(*) FROM pg_proc WHERE proname = 'mailwicket_notify')", world.database)


def test_triggers_tell_of_each_change_at_once(notifying):
    """No interval and no full reading comes in between."""
    world = notifying
    for _ in range(2):
        world.server.sql(notify_file(world.project), world.database)
    use(world, "    listen = mailwicket\n    interval = 1h\n    full_every = 1d\n")
    with Follower(world.daemon) as follower:
        follower.wait_log("following 1 source")
        rig.wait_for(lambda: any("AS imap" in text for text in asked(world)), "the first reading")
        follow_changes(world, follower)
        world.sql("INSERT INTO alias_domain (alias_domain, target_domain) VALUES ('late.test', 'other.test')")
        world.sql("TRUNCATE alias_domain")
        follower.wait_log("published: .* 0 grants", len(CHANGES[world.project]) + 1)
    assert follower.lines("cannot be watched") == []
    for _ in range(2):
        world.server.sql(notify_file(world.project, undo=True), world.database)
    assert leftovers(world) == "0 0"


@pytest.mark.parametrize("project", sorted({project for project, _ in NOTIFYING}))
def test_every_table_that_the_schema_reads_has_its_trigger(project):
    text = (SOURCE / "shared" / "sync" / "sql" / f"schema_{project}.c").read_text()
    read = {table for table in re.findall(r"(?:FROM|JOIN) (\w+)", text)} - {"alias_of", "list_of", "goal", "single"}
    for undo in False, True:
        assert set(re.findall(r"TRIGGER IF EXISTS mailwicket_notify ON (\w+);", notify_file(project, undo))) == read
