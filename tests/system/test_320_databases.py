"""Databases as sources of the directory: the same content as in text, and what is said where a database is not as it should be."""
import json
import os
import re
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

from rig.built import CLI
from rig.database import PASSWORD
from rig.pgbouncer import PgBouncer
from rig.relay import Relay
from rig.sources import (OTHER, QUERIES, SMALL, TABLES, Content, ExecSource, Files, MysqlSource, PgsqlSource, SqliteSource,
                         company, is_the_same_as_text)


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture(params=["sqlite", "pgsql", "mysql"])
def source(request, folder):
    if request.param == "sqlite":
        return SqliteSource(folder)
    if request.param == "pgsql":
        return PgsqlSource(request.getfixturevalue("postgresql"), folder)
    return MysqlSource(request.getfixturevalue("mariadb"), folder)


@pytest.fixture(params=["pgsql", "mysql"])
def server_source(request, folder):
    if request.param == "pgsql":
        return PgsqlSource(request.getfixturevalue("postgresql"), folder)
    return MysqlSource(request.getfixturevalue("mariadb"), folder)


@pytest.fixture(params=["sqlite", "pgsql", "mysql", "exec"])
def lenient_source(request, folder):
    if request.param == "exec":
        return ExecSource(folder)
    if request.param == "sqlite":
        return SqliteSource(folder)
    if request.param == "pgsql":
        return PgsqlSource(request.getfixturevalue("postgresql"), folder)
    return MysqlSource(request.getfixturevalue("mariadb"), folder)


def test_a_thousand_users_are_the_same_as_in_text(files, lenient_source, folder):
    is_the_same_as_text(files, lenient_source, folder)


def test_good_users_beside_bad_ones_are_the_same_in_every_source(files, lenient_source):
    """Exit 0 with each: what is bad is told, blocked or as it was, and the rest is there."""
    good = company(50)
    lenient_source.load(good.user("was@example.test", address=["w@example.test"]))
    files.use(lenient_source.settings())
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    good.rows["users"] = [row for row in good.rows["users"] if row[0] != "was@example.test"]
    good.user("was@example.test", max_message_size="banana")
    good.user("new@example.test", max_message_size="banana").user("twice@example.test").user("twice@example.test")
    good.grant("send-as", "new@example.test", "user0001@example.test").grant("send-us", "x@example.test", "user0001@example.test")
    lenient_source.load(good)
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count('max_message_size: bad value "banana"') == 2 and 'unknown grant "send-us"' in done.stderr, done.stderr
    assert "stand there twice and say the same" in done.stderr

    def looked_up(name):
        return json.loads(files.cli("lookup", name, "--json").stdout)
    assert "banana" in looked_up("new@example.test")["blocked"]
    for name in ("was@example.test", "twice@example.test", "user0001@example.test", "team00@example.test"):
        assert looked_up(name)["blocked"] == "", name
    assert looked_up("w@example.test")["addresses"] == ["w@example.test", "was@example.test"]


def test_a_column_may_have_any_case_and_a_list(files, source):
    source.load(Content().user("bob@example.test").user("mary@example.test"))
    users = ("SELECT name AS NAME, CASE WHEN name LIKE 'bob%' THEN 'b1@example.test,b2@example.test' END AS Address,\n"
             "       CASE WHEN name LIKE 'bob%' THEN 'no' END AS imap\n  FROM t_users -- \"quoted\" \\ %s")
    assert files.publish(source.settings({"users": users})) == files.publish(_text(files, (
        "user bob@example.test address=b2@example.test,b1@example.test imap=no\nuser mary@example.test\n")))


def _text(files, text):
    files.write(files.directory, text)
    return f'driver = text path = "{files.directory}"'


MISTAKES = [
    ("users", "SELECT name, imap AS imapp FROM t_users", 'users: unknown column "imapp"', "(expected name, address, "),
    ("users", "SELECT imap FROM t_users", 'users: it gives no column "name"'),
    ("users", "SELECT name, name FROM t_users", 'users: two columns are called "name"'),
    ("grants", "SELECT kind, identity FROM t_grants", 'grants: it gives no column "trustee"',
     "(expected kind, identity, trustee or until)"),
    ("members", "SELECT name FROM t_members", 'members: it gives no column "member"'),
    ("groups", "SELECT name, imap FROM t_users", 'groups: unknown column "imap"'),
    ("logins", "SELECT name, login FROM nowhere", "logins: ", "nowhere"),
    ("users", "SELECT name FROM t_users; DELETE FROM t_users", "users: "),
    ("users", "DELETE FROM t_users", "users: "),
    ("users", "SELECT name FROM", "users: "),
]


@pytest.mark.parametrize("command", ["sync", "check"])
def test_a_wrong_query_is_named_before_any_is_run(files, source, command):
    source.load(SMALL)
    files.publish(source.settings())
    for query, text, *told in MISTAKES:
        # Another one is wrong too, and is told in the same run.
        result = files.refused(source.settings({**QUERIES, "addresses": "SELECT 1 AS x", query: text}), 'source "people", ', *told,
                               'addresses: unknown column "x"', command=command)
        assert f"{files.policy}:" in result.stderr + result.stdout
    assert files.publish(source.settings())


def test_a_wrong_password_an_unknown_database_and_a_missing_right_are_told(files, server_source, folder):
    source = server_source
    source.load(SMALL)
    files.publish(source.settings())
    wrong = folder / "wrong"
    wrong.write_text("another\n")
    wrong.chmod(0o640)
    result = files.refused(source.settings(password_file=wrong), 'source "people": ', source.account)
    assert "another" not in result.stderr
    files.refused(source.settings(dbname="elsewhere"), 'source "people": ', "elsewhere" if source.driver == "pgsql" else "denied")
    source.run(f"REVOKE SELECT ON t_grants FROM {source.account}" if source.driver == "pgsql" else
               f"REVOKE SELECT ON {source.database}.* FROM {source.account}@'%'")
    files.refused(source.settings(), "denied")


@pytest.mark.parametrize("mode,content,told", [
    (0o644, "x\n", "may be read or written by others"), (0o620, "x\n", "may be read or written by others"),
    (0o600, "\n", "its first line is empty"), (0o600, "x" * 3000, "its first line is too long"), (0o600, None, "No such file")])
def test_a_password_file_that_is_unfit_is_told(files, server_source, folder, mode, content, told):
    server_source.load(SMALL)
    files.publish(server_source.settings())
    unfit = folder / "unfit"
    if content is not None:
        unfit.write_text(content)
        unfit.chmod(mode)
    files.refused(server_source.settings(password_file=unfit), f"password_file {unfit}", told)


@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_a_password_may_be_a_credential_of_systemd(files, server_source, folder, mode):
    """Root's in a folder of root's, and readable for the service by an ACL, whose mask shows as the group's bits."""
    server_source.load(SMALL)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o500)
    credential = credentials / "directory"
    credential.write_text(PASSWORD)
    credential.chmod(mode)
    assert files.publish(server_source.settings(password_file=credential))


def test_a_password_in_the_policy_is_an_error_that_does_not_show_it(files, server_source):
    server_source.load(SMALL)
    files.publish(server_source.settings())
    result = files.refused(server_source.settings(password="hunter2"), "password: a secret does not stand in the policy",
                           'password_file = "/..."')
    assert "hunter2" not in result.stderr


def test_the_socket_serves_too(files, server_source):
    server_source.load(SMALL)
    over_tcp = files.publish(server_source.settings())
    port = server_source.server.port if server_source.driver == "pgsql" else None
    server_source.load(OTHER)
    assert files.publish(server_source.settings(host=None, port=port, socket=server_source.server.socket)) != over_tcp


def test_tls_is_verified(files, server_source, folder):
    """The server's certificate is its own authority, and names localhost and 127.0.0.1."""
    source = server_source
    source.load(SMALL)
    plain = files.publish(source.settings())
    certificate = source.server.certificate.cert
    if source.driver == "mysql":
        source.server.sql(f"ALTER USER {source.account}@'%' REQUIRE SSL")
    assert files.publish(source.settings(tls="verify", tls_ca_file=certificate)) == plain
    assert files.publish(source.settings(tls="verify", tls_ca_file=certificate, host="localhost")) == plain
    files.refused(source.settings(tls="verify"), 'source "people": ', "certificate")
    files.refused(source.settings(tls="verify", tls_ca_file=certificate, host="127.0.0.2"), 'source "people": ')
    if source.driver == "mysql":
        files.refused(source.settings(), "denied")


def test_a_server_that_stands_still_or_is_gone_stops_nothing(files, server_source):
    server_source.load(SMALL)
    files.publish(server_source.settings())
    server_source.server.pause()
    try:
        files.refused(server_source.settings(statement_timeout="1s"), 'source "people": ')
    finally:
        server_source.server.resume()
    server_source.server.stop()
    try:
        files.refused(server_source.settings(), 'source "people": ')
    finally:
        server_source.server.start()
    assert files.publish(server_source.settings())


SLEEP = {"pgsql": "SELECT name FROM t_users WHERE pg_sleep(100) IS NOT NULL", "mysql": "SELECT name FROM t_users WHERE sleep(100) = 0",
         "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS name FROM n"}


def test_a_query_that_takes_too_long_ends(files, source):
    source.load(SMALL)
    files.publish(source.settings())
    began = time.monotonic()
    files.refused(source.settings({"users": SLEEP[source.driver]}, statement_timeout="1s"), "people\", users: ")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("place", ["looked at", "run"])
def test_a_server_that_answers_octet_by_octet_ends_too(files, server_source, place):
    """Each octet is in time, and all of them would take minutes."""
    source = server_source
    source.load(company(100))
    files.publish(source.settings())
    seen = []

    def slow_down(data):
        seen.extend(["query"] * data.count(b"FROM t_users"))
        relay.pause = 0.1 if len(seen) == {"looked at": 1, "run": 2}[place] else relay.pause

    with Relay(source.server.port) as relay:
        relay.before_query = slow_down
        began = time.monotonic()
        files.refused(source.settings(port=relay.port, statement_timeout="1s"), "people\", users: ")
        assert time.monotonic() - began < 60
        assert relay.pause


def test_a_connection_that_is_cut_anywhere_publishes_nothing(files, server_source):
    source = server_source
    source.load(SMALL)
    before = files.publish(source.settings())
    source.load(OTHER)
    with Relay(source.server.port) as relay:
        settings = source.settings(port=relay.port)
        files.use(settings)
        assert files.cli("sync", "--dry-run").returncode == 0
        whole = relay.passed
        assert whole > 300
        for cut in [*range(0, whole, max(1, whole // 60)), whole - 1]:
            relay.cut = cut
            files.refused(settings, 'source "people"')
        assert files.digest() == before
        relay.cut = None
        assert files.publish(settings) != before


def test_all_queries_see_one_moment(files, server_source):
    """A change that is committed before the last query runs is not seen by half."""
    source = server_source
    source.load(SMALL)
    seen = []

    def change(data):
        # The first is looking at the query, the second runs it.
        seen.extend(["query"] * data.count(b"FROM t_groups"))
        if len(seen) == 2 and "change" not in seen:
            seen.append("change")
            source.run("INSERT INTO t_groups (name) VALUES ('late@example.test')")

    queries = {table: QUERIES[table] for table in ("users", "groups")}
    expected = files.publish(source.settings(queries))
    with Relay(source.server.port) as relay:
        relay.before_query = change
        assert files.publish(source.settings(queries, port=relay.port)) == expected
    assert "change" in seen
    assert files.publish(source.settings(queries)) != expected


@pytest.mark.parametrize("octets", [1, 2048, 4096])
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_file_of_sqlite_that_is_cut_off_is_no_shorter_directory(files, folder, octets, mode):
    source = SqliteSource(folder)
    source.run(f"PRAGMA journal_mode = {mode}")
    source.load(company(100))
    files.publish(source.settings())
    source.run("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = source.path.read_bytes()
    source.path.write_bytes(whole[:-octets])
    files.refused(source.settings(), 'source "people"')
    source.path.write_bytes(whole)
    files.publish(source.settings())


def test_a_file_in_wal_mode_in_a_folder_that_cannot_be_written_is_told_once(files, folder):
    """Nobody else has it open, so that SQLite would have to make the files beside it."""
    aside = folder / "aside"
    aside.mkdir()
    source = SqliteSource(aside)
    source.load(SMALL)
    with closing(sqlite3.connect(source.path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE more (a)")
    files.use(source.settings())
    assert [path.name for path in aside.iterdir()] == [source.path.name]
    aside.chmod(0o555)
    if os.geteuid() == 0:
        demoted = {"user": 65534, "group": 65534, "extra_groups": []}
    else:
        demoted = {}
    done = subprocess.run([CLI, "-c", files.policy, "sync", "--dry-run"], capture_output=True, text=True, **demoted)
    aside.chmod(0o755)
    assert done.returncode != 0 and done.stderr.count("in WAL mode") == 1 and "journal_mode = DELETE" in done.stderr, done.stderr


def as_a_crash_leaves_it(source, statement, checkpoint):
    """The file and its log, as they are after the statement; the file may be that of a checkpoint, whose log is still there."""
    log = source.path.with_name(source.path.name + "-wal")
    held = sqlite3.connect(source.path)
    held.execute("PRAGMA wal_autocheckpoint = 0")
    statement(held)
    held.commit()
    left = log.read_bytes()
    if checkpoint:
        held.execute("PRAGMA wal_checkpoint(FULL)")
    file = source.path.read_bytes()
    held.close()

    def put(octets):
        for name in ("-shm", "-wal"):
            source.path.with_name(source.path.name + name).unlink(missing_ok=True)
        source.path.write_bytes(file[:-octets] if octets else file)
        log.write_bytes(left)
    return put


@pytest.mark.parametrize("octets", [1, 2048, 4095 + 3 * 4096])
def test_a_checkpoint_that_was_cut_off_is_no_fault_of_the_file(files, folder, octets):
    """The log has what the file lacks; a log without these pages does not mend it."""
    source = SqliteSource(folder)
    source.load(company(100))
    expected = files.publish(source.settings())
    source.run("PRAGMA journal_mode = WAL")

    def move_all(held):
        for table in TABLES:
            held.execute(f"CREATE TABLE other AS SELECT * FROM t_{table}")
            held.execute(f"DROP TABLE t_{table}")
            held.execute(f"ALTER TABLE other RENAME TO t_{table}")
    put = as_a_crash_leaves_it(source, move_all, True)
    put(octets)
    assert files.publish(source.settings()) == expected
    put(0)
    source.run("PRAGMA wal_checkpoint(TRUNCATE)")
    put = as_a_crash_leaves_it(source, lambda held: held.execute("UPDATE t_users SET imap = imap"), False)
    put(0)
    assert files.publish(source.settings()) == expected
    put(octets)
    files.refused(source.settings(), 'source "people"')


def test_what_was_asked_is_what_the_policy_says(files, server_source):
    source = server_source
    source.load(company(100))
    files.publish(source.settings())
    asked = [re.sub(r"^(statement|execute <unnamed>): ", "", text) for text in source.statements()]
    ours = [text for text in asked if text not in QUERIES.values()]
    assert set(QUERIES.values()) <= set(asked)
    assert set(ours) == ({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL statement_timeout = 60000",
                          "SET LOCAL row_security = off"}
                         if source.driver == "pgsql" else
                         {"SET NAMES utf8mb4", "SET SESSION max_statement_time = 60",
                          "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                          "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"})


def test_rows_that_row_level_security_hides_are_no_shorter_directory(files, postgresql, folder):
    """With no policy for the account, or one for some of the rows, PostgreSQL would leave the others out without a word."""
    source = PgsqlSource(postgresql, folder)
    source.load(SMALL)
    files.publish(source.settings())
    source.run("ALTER TABLE t_users ENABLE ROW LEVEL SECURITY")
    files.refused(source.settings(), 'source "people", users: ', "row-level security", "t_users")
    source.run("CREATE POLICY partly ON t_users USING (name LIKE 'b%')")
    files.refused(source.settings(), "row-level security")
    files.refused(source.settings(), "row-level security", command="check")
    source.run("DROP POLICY partly ON t_users")
    source.run("CREATE POLICY all_of_them ON t_users USING (true)")
    files.refused(source.settings(), 't_users"; give the account BYPASSRLS, or ask a view whose owner no policy applies to')
    source.run(f"ALTER ROLE {source.account} BYPASSRLS")
    assert files.publish(source.settings())


def test_pgbouncer_may_stand_between(files, postgresql, folder):
    source = PgsqlSource(postgresql, folder)
    source.load(company(100))
    direct = files.publish(source.settings())
    with PgBouncer(postgresql, source.account, folder) as pooler:
        assert files.publish(source.settings(port=pooler.port)) == direct
        files.refused(source.settings({"users": "SELECT nothing"}, port=pooler.port), "users: ")
        assert files.publish(source.settings(port=pooler.port)) == direct
