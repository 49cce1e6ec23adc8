"""Values that are made to harm: 10,000 of them in each database, and in a server of LDAP. None becomes part of a query, each is data or is reported."""
import itertools
import json
import re

import pytest

from rig.ldap_source import LdapSource, group, listed, person
from rig.sources import QUERIES, TABLES, Content, Files, MysqlSource, PgsqlSource, SqliteSource

PIECES = [b"'", b'"', b"`", b"\\", b"\\'", b"';--", b"' OR ''='", b"'; DROP TABLE t_users; --", b"$$", b"$1", b"?", b"%s", b"%n",
          b"%%", b"${x}", b"$(id)", b"`id`", b"\n", b"\r\n", b"\t", b"\x01", b"\x7f", b"\x1b[2J", b"\xff", b"\xc3", b"\xc0\xaf",
          b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u202e".encode(), "\u200d".encode(), "\u0000x".encode("utf-16-le"), "ſ".encode(),
          "İ".encode(), b"=", b"= x", b" imap=yes", b"\nuser evil@example.test", b"#", b",", b"@", b"@@", b"a@b@c", b"*", b"|", b"<x>",
          b"x" * 400]
SHAPES = [b"{}", b"{}@example.test", b"a{}b@example.test", b"a@{}", b"a@example.test{}", b"{} a@example.test", b"{}{}@example.test"]


def values(nul):
    """10,000, each another one."""
    made = []
    for number, (piece, other, shape) in enumerate(itertools.product(PIECES, PIECES, SHAPES)):
        text = shape.replace(b"{}", piece + str(number).encode() + other, 1).replace(b"{}", piece)
        if nul and number % 5 == 0:
            text = text.replace(b"a", b"\0") if b"a" in text else text + b"\0"
        made.append(text if nul else text.replace(b"\0", b"\1"))
        if len(made) == 10000:
            return made
    raise AssertionError(len(made))


class RawPgsql(PgsqlSource):
    def literal(self, value):
        if isinstance(value, bytes):
            return b"convert_from('\\x" + value.hex().encode() + b"', 'SQL_ASCII')"
        return super().literal(value)


class RawMysql(MysqlSource):
    text = "VARBINARY(1000)"


class LatinPgsql(PgsqlSource):
    def literal(self, value):
        return b"convert_from('\\x" + value.encode().hex().encode() + b"', 'UTF8')" if isinstance(value, str) else super().literal(value)


class LatinMysql(MysqlSource):
    text = "VARCHAR(500) CHARACTER SET latin1"

    def literal(self, value):
        return b"CONVERT(_utf8mb4 " + super().literal(value) + b" USING latin1)" if isinstance(value, str) else super().literal(value)


def source_of(kind, request, folder):
    if kind == "sqlite":
        return SqliteSource(folder)
    if kind == "pgsql":
        # This encoding takes any octets but NUL, and hands them on as they are.
        server = request.getfixturevalue("postgresql")
        database = f"raw_{server.database()}"
        server.sql(f"CREATE DATABASE {database} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
        return RawPgsql(server, folder, database)
    return RawMysql(request.getfixturevalue("mariadb"), folder)


def looked_up(files, name):
    return json.loads(files.cli("lookup", name, "--json").stdout)


@pytest.mark.parametrize("octets", [b"m\xe9l", b"\xed\xa0\x80"])
@pytest.mark.parametrize("kind", ["sqlite", "pgsql", "mysql"])
def test_a_value_that_is_no_text_is_one_bad_record(folder, request, kind, octets):
    """Written by a program of another encoding; the others are read, also those with letters that are right."""
    files, source = Files(folder), source_of(kind, request, folder)
    source.load(Content().user("bob@example.test", address=["bücher@example.test"]).user("mary@example.test", address=["m@example.test"])
                .user("eve@example.test", senders=octets).group("staff@example.test", member=["bob@example.test", octets])
                .grant("send-as", octets + b"@example.test", "bob@example.test").user(octets + b"@example.test"))
    files.use(source.settings())
    for _ in range(2):
        synced = files.cli("sync")
        assert synced.returncode == 0, synced.stderr
        assert synced.stderr.count("no valid UTF-8") == 4, synced.stderr
        assert looked_up(files, "bücher@example.test")["receives"] == "bob@example.test"
        assert looked_up(files, "m@example.test")["receives"] == "mary@example.test"
        assert "no valid UTF-8" in looked_up(files, "eve@example.test")["blocked"]
    source.load(Content().user("bob@example.test").user("mary@example.test").user("eve@example.test")
                .group("staff@example.test", member=["bob@example.test"]))
    assert files.cli("sync").stderr.count("UTF-8") == 0 and looked_up(files, "eve@example.test")["blocked"] == ""


@pytest.mark.parametrize("kind", ["pgsql", "mysql"])
def test_a_database_of_another_encoding_says_the_same(folder, request, kind):
    server = request.getfixturevalue("postgresql" if kind == "pgsql" else "mariadb")
    if kind == "pgsql":
        database = f"latin_{server.database()}"
        server.sql(f"CREATE DATABASE {database} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
        source = LatinPgsql(server, folder, database)
    else:
        source = LatinMysql(server, folder)
    files = Files(folder)
    source.load(Content().user("bob@example.test", address=["bücher@example.test"]))
    files.publish(source.settings())
    assert looked_up(files, "bücher@example.test")["receives"] == "bob@example.test"


@pytest.mark.parametrize("text", ["latin1", "utf8mb3", "utf8mb4"])
def test_a_server_that_sets_another_charset_loses_no_letter(folder, mariadb, text):
    """init_connect is run for each account but an administrator's: what the connection asked for before is over."""
    files, source = Files(folder), MysqlSource(mariadb, folder)
    letters = "bücher" if text == "latin1" else "имя"
    for table in TABLES:
        source.run(f"ALTER TABLE t_{table} CONVERT TO CHARACTER SET {text}")
    source.load(Content())
    source.run(f"INSERT INTO t_users (name) VALUES ('{letters}@example.test')")
    query = {"users": f"SELECT name FROM t_users WHERE name LIKE '{letters}%'"}
    plain = files.publish(source.settings(query))
    for charset in ("latin1", "ascii", "koi8r", "utf8mb3"):
        mariadb.sql(f"SET GLOBAL init_connect = 'SET NAMES {charset}'")
        try:
            assert files.publish(source.settings(query)) == plain, charset
        finally:
            mariadb.sql("SET GLOBAL init_connect = ''")
    assert looked_up(files, f"{letters}@example.test")["kind"] == "user"


def test_a_name_whose_letters_mysql_lost_is_nobodys(folder, mariadb):
    """Written into a latin1 column without strict mode, or made by a query: a ? stands for each. Two people have one name then."""
    files, source = Files(folder), MysqlSource(mariadb, folder)
    source.run("ALTER TABLE t_grants CONVERT TO CHARACTER SET latin1")
    source.run("ALTER TABLE t_members CONVERT TO CHARACTER SET latin1")
    source.load(Content().user("анна@example.test").user("????@example.test").user("bob@example.test", senders="b?b@example.test")
                .user("mary@example.test", address=["m?ry@example.test"]).user("eve@example.test", login=["ев?"])
                .group("staff@example.test"))
    source.run("SET sql_mode = ''; INSERT INTO t_grants VALUES ('send-as', 'анна@example.test', 'eve@example.test'), "
               "('send-as', 'mary@example.test', 'ольга@example.test'), ('send-as', 'staff@example.test', 'eve@example.test'); "
               "INSERT INTO t_members VALUES ('staff@example.test', 'вера@example.test'), ('staff@example.test', 'bob@example.test')")
    files.use(source.settings())
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    told = sorted(re.findall(r'source "people", (\w+:\d+): .*no mail system needs a \?', done.stderr))
    assert told == ["addresses:1", "grants:1", "grants:2", "logins:1", "members:1", "users:2", "users:3"], done.stderr
    for nobody in ("????@example.test", "m?ry@example.test"):
        assert looked_up(files, nobody).get("kind") != "user" and not looked_up(files, nobody).get("receives"), nobody
    assert looked_up(files, "анна@example.test")["send_as"] == ["анна@example.test"]
    for user in ("mary@example.test", "bob@example.test", "eve@example.test", "staff@example.test"):
        assert "needs a ? in a name" in looked_up(files, user)["blocked"], user


@pytest.mark.parametrize("kind", ["sqlite", "pgsql", "mysql"])
def test_no_value_becomes_part_of_a_query_and_each_is_data_or_reported(folder, request, kind):
    files, source = Files(folder), source_of(kind, request, folder)
    hostile = values(nul=kind != "pgsql")
    content = Content().user("bob@example.test", login=["bob"])
    for number, value in enumerate(hostile):
        column = ("name", "address", "login", "member", "identity", "trustee", "kind", "senders")[number % 8]
        if column == "name":
            content.rows["users"].append((value, *[None] * 8))
        elif column == "senders":
            content.user(f"s{number}@example.test", senders=value)
        elif column in ("identity", "trustee", "kind"):
            row = {"kind": "send-as", "identity": "role@example.test", "trustee": "bob@example.test", column: value}
            content.rows["grants"].append(tuple(row.values()))
        else:
            name = f"v{number}@example.test"
            content.user(name) if column != "member" else content.group(name)
            content.rows[{"address": "addresses", "login": "logins", "member": "members"}[column]].append((name, value))
    source.load(content)
    files.use(source.settings())
    synced = files.cli("sync")
    told = synced.stderr
    assert synced.returncode == 0, told[:2000]
    # What cannot be printed is shown so that it turns no line and moves no cursor.
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\ufffd]", told), told[:2000]
    assert re.search(r'source "people", (users|grants|addresses|logins|members):\d+: ', told), told[:2000]
    assert looked_up(files, "bob@example.test")["logins"] == ["bob", "bob@example.test"]
    assert "evil@example.test" not in files.cli("lookup", "evil@example.test").stdout
    if kind != "sqlite":
        asked = {re.sub(r"^(statement|execute <unnamed>): ", "", text) for text in source.statements()}
        assert asked - set(QUERIES.values()) == ({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL statement_timeout = 60000",
                                                 "SET LOCAL client_encoding = 'SQL_ASCII'", "SET LOCAL row_security = off"}
                                                if kind == "pgsql" else
                                                {"SET NAMES utf8mb4", "SET SESSION max_statement_time = 60",
                                                 "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                                                 "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"})


RAW_KEYS = ("name", "address", "login", "senders", "senders_denied", "send_as", "send_as_identity", "member")


def test_no_value_of_ldap_becomes_part_of_a_question_and_each_is_data_or_reported(folder, slapd):
    files, source = Files(folder), LdapSource(slapd, folder)
    base, entries = source.base, []
    for number, value in enumerate(values(nul=True)):
        key, raw = RAW_KEYS[number % 8], {f"mwRaw{number % 8}": value}
        mail = {} if key == "name" else {"mail": f"v{number}@example.test"}
        entries.append(group(f"cn=e{number},{base}", [base], **mail, **raw) if key == "member" else
                       person(f"cn=e{number},{base}", **mail, **raw))
    slapd.add("".join([person(f"cn=bob,{base}", uid="bob", mail="bob@example.test"), *entries]))
    common = [f"{key}=mwRaw{number}" for number, key in enumerate(RAW_KEYS[:7]) if key != "login"]
    files.use(source.settings(users_attributes=listed([*common, "name=mail", "login=uid", "login=mwRaw2"]),
                              groups_attributes=listed([*common, "name=mail", "member=mwRaw7"])))
    synced = files.cli("sync")
    told = synced.stderr
    assert synced.returncode == 0, told[:2000]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\ufffd]", told), told[:2000]
    assert int(re.search(r"(\d+) more records or names of the sources were left out", told)[1]) > 3000, told[:2000]
    assert re.search(r'source "people", users:\d+: ', told), told[:2000]
    assert looked_up(files, "bob@example.test")["logins"] == ["bob", "bob@example.test"]
    assert "evil@example.test" not in files.cli("lookup", "evil@example.test").stdout
    asked = re.findall(f'SRCH base="{base}" scope=. deref=. filter="(.*)"', (slapd.folder / "server.log").read_text(errors="replace"))
    assert len(set(asked)) == 3 and not [text for text in asked if "example" in text or "mail" in text], set(asked)
