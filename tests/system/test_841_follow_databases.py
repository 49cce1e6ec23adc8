"""`mailwicket sync --follow` with databases: each tells of a change in its own way, and silence is noticed."""
import os
import sqlite3
from itertools import cycle

import pytest

from rig import wait_for
from rig.follower import Follower, confined
from rig.names import Names
from rig.pgbouncer import PgBouncer
from rig.relay import Relay
from rig.sources import OTHER, SMALL, ExecSource, Files, MysqlSource, PgsqlSource, SqliteSource

CHANGED = "SELECT CONCAT(COUNT(*), '/', MAX(name)) FROM t_users"
NOTIFY = """
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('directory', ''); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON t_users FOR EACH STATEMENT EXECUTE FUNCTION tell();
"""


@pytest.fixture
def files(folder):
    return Files(folder)


def pgsql_that_notifies(postgresql, folder):
    source = PgsqlSource(postgresql, folder)
    source.run(NOTIFY)
    return source


def follows(files, source, settings):
    """A change is published, and the next one too; nothing else is read by then. All of it with the rights of the unit."""
    source.load(SMALL)
    files.publish(settings)
    with confined(files, *files.folder.glob("password")) as follower:
        follower.wait_log("following 1 source")
        source.load(OTHER)
        follower.wait_log("published: 2 users")
        source.load(SMALL)
        follower.wait_log("published: 1 users")
    assert follower.lines("cannot be watched") == []


def test_a_program_is_run_with_no_more_rights(files, folder):
    source = ExecSource(folder)
    follows(files, source, source.settings() + " interval = 1s")


def test_sqlite_counts_the_changes_of_others(files, folder):
    source = SqliteSource(folder)
    follows(files, source, source.settings())


def test_a_file_that_takes_the_place_of_sqlites_is_read(files, folder):
    source = SqliteSource(folder)
    source.load(SMALL)
    files.publish(source.settings())
    with Follower(files) as follower:
        follower.wait_log("following 1 source")
        with sqlite3.connect(source.path) as old, sqlite3.connect(folder / "new") as new:
            old.backup(new)
            new.execute("INSERT INTO t_users (name) VALUES ('mary@example.test')")
        (folder / "new").chmod(0o644)
        os.rename(folder / "new", source.path)
        follower.wait_log("published: 2 users")
        follower.wait_log("is watched again")


def test_postgresql_notifies(files, postgresql, folder):
    """Neither the interval nor full_every, an hour, brings the change."""
    source = pgsql_that_notifies(postgresql, folder)
    follows(files, source, source.settings(listen="directory", interval="1h"))


@pytest.mark.parametrize("kind", [PgsqlSource, MysqlSource])
def test_the_value_of_a_query_tells(files, request, folder, kind):
    source = kind(request.getfixturevalue("postgresql" if kind is PgsqlSource else "mariadb"), folder)
    follows(files, source, source.settings(changed=CHANGED, interval="1s"))


def test_without_any_such_it_is_read_each_interval(files, mariadb, folder):
    source = MysqlSource(mariadb, folder)
    follows(files, source, source.settings(interval="1s"))


@pytest.mark.parametrize("query,told", [("SELECT 1, 2", "changed: it gives 2 values"), ("SELECT x", "changed: ")])
def test_a_wrong_changed_query_is_told(files, mariadb, folder, query, told):
    source = MysqlSource(mariadb, folder)
    source.load(SMALL)
    files.publish(source.settings())
    files.refused(source.settings(changed=query), told)


@pytest.mark.parametrize("kind", [PgsqlSource, MysqlSource])
def test_a_changed_query_that_tells_of_nothing_is_told_and_the_source_is_read(files, request, folder, kind):
    """A first row of several stays the same; a query of no row, or one that fails in some row, has no value."""
    source = kind(request.getfixturevalue("postgresql" if kind is PgsqlSource else "mariadb"), folder)
    source.load(OTHER)
    for query, told in [("SELECT name FROM t_users ORDER BY name", "it gives more than one row"),
                        ("SELECT name FROM t_users WHERE name = 'x'", "it gives no row"),
                        ("SELECT (SELECT name FROM t_users)", "ubquery")]:
        files.publish(source.settings(changed=query, interval="1s"))
        checked = files.cli("check")
        assert "cannot be watched: changed: " in checked.stderr and told in checked.stderr, checked
        with Follower(files) as follower:
            wait_for(lambda: any(told in line for line in follower.lines("cannot be watched: changed: ")), told)
            published = len(follower.lines("published: 1 users"))
            source.load(SMALL)
            wait_for(lambda: len(follower.lines("published: 1 users")) > published, "the change to be read")
        source.load(OTHER)


def test_a_server_that_falls_silent_is_noticed_and_watched_again(files, postgresql, folder):
    source = pgsql_that_notifies(postgresql, folder)
    source.load(SMALL)
    files.publish(source.settings(listen="directory", interval="1s"))
    with Follower(files) as follower:
        follower.wait_log("following 1 source")
        postgresql.pause()
        try:
            follower.wait_log('source "people" cannot be watched: the server does not answer')
        finally:
            postgresql.resume()
        follower.wait_log('source "people" is watched again')
        source.load(OTHER)
        follower.wait_log("published: 2 users")


@pytest.mark.parametrize("kind", ["pgsql", "pgsql that notifies", "mysql"])
def test_a_password_that_is_exchanged_counts_from_the_next_connection_on(files, request, folder, kind):
    server = request.getfixturevalue("mariadb" if kind == "mysql" else "postgresql")
    source = (MysqlSource if kind == "mysql" else pgsql_that_notifies if "notifies" in kind else PgsqlSource)(server, folder)
    source.load(SMALL)
    settings = source.settings(interval="1s", **({"listen": "directory"} if "notifies" in kind else {}))
    files.publish(settings)
    with Follower(files) as follower:
        follower.wait_log("following 1 source")
        server.sql(f"ALTER USER {source.account}@'%' IDENTIFIED BY 'another'" if kind == "mysql" else
                   f"ALTER ROLE {source.account} PASSWORD 'another'; "
                   f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{source.account}'")
        source.load(OTHER)
        follower.wait_log("cannot be read; its content of")
        (folder / "password").write_text("another\n")
        follower.wait_log("published: 2 users")
        source.load(SMALL)
        follower.wait_log("published: 1 users")


@pytest.fixture
def named(files, postgresql, folder):
    """The names; and the same server at 127.0.0.2."""
    source = pgsql_that_notifies(postgresql, folder)
    source.load(SMALL)
    files.use(source.settings(listen="directory", interval="1s", host="db.example.test", tls="none"))
    with Names(folder) as names, Relay(postgresql.port, address="127.0.0.2", port=postgresql.port) as names.other:
        yield names


def test_a_name_that_means_another_server_now_is_followed_there(files, named):
    """The server of before still answers, and would not tell of changes of the other one."""
    with Follower(files, prefix=named.prefix) as follower:
        follower.wait_log("published: 1 users")
        assert named.other.passed == 0
        named.address = lambda: "127.0.0.2"
        follower.wait_log("cannot be watched: db.example.test has another address than 127.0.0.1 now")
        wait_for(lambda: named.other.passed > 0, "the other server to be asked")


def test_a_name_whose_answer_changes_to_and_fro_means_the_same_server(files, named):
    with Follower(files, prefix=named.prefix) as follower:
        follower.wait_log("published: 1 users")
        answers = cycle(["127.0.0.2", "127.0.0.2", "127.0.0.1", "127.0.0.2"])
        named.address = lambda: next(answers)
        asked = named.asked
        wait_for(lambda: named.asked > asked + 6, "the name to be looked up")
        assert follower.lines("cannot be watched") == []
        assert named.other.passed == 0


def test_a_name_server_that_is_silent_holds_up_nobody(files, named, folder):
    text = folder / "text"
    text.write_text("user first@example.test\n")
    policy = files.policy.read_text()
    files.policy.write_text(policy.replace("  source", f'  source "text" {{ driver = text path = "{text}" }}\n  source', 1))
    with Follower(files, prefix=named.prefix) as follower:
        follower.wait_log("published: 2 users")
        named.address = lambda: None
        asked = named.asked
        wait_for(lambda: named.asked > asked, "the name to be looked up")
        text.write_text("user first@example.test\nuser second@example.test\n")
        follower.wait_log("published: 3 users")
        assert follower.lines("cannot be") == []


def test_behind_pgbouncer_it_is_told_and_read_each_interval(files, postgresql, folder):
    source = pgsql_that_notifies(postgresql, folder)
    source.load(SMALL)
    with PgBouncer(postgresql, source.account, folder) as pooler:
        files.publish(source.settings(listen="directory", interval="1s", port=pooler.port))
        assert 'source "people" cannot be watched: a pooler' in files.cli("check").stderr
        with Follower(files) as follower:
            follower.wait_log('source "people" cannot be watched: a pooler such as PgBouncer stands between')
            source.load(OTHER)
            follower.wait_log("published: 2 users")
        assert len(follower.lines("a pooler such as")) == 1
