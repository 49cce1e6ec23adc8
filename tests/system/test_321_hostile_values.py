"""Values that are made to harm: 10,000 of them in each database. None becomes part of a query, each is data or is reported."""
import itertools
import re

import pytest

from rig.sources import QUERIES, Content, Files, MysqlSource, PgsqlSource, SqliteSource

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
    # What cannot be printed is shown so that it turns no line and moves no cursor.
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\ufffd]", told), told[:2000]
    assert re.search(r'source "people", (users|grants|addresses|logins|members):\d+: ', told), (synced.returncode, told[:2000])
    assert "evil@example.test" not in files.cli("lookup", "evil@example.test").stdout
    if kind != "sqlite":
        asked = {re.sub(r"^(statement|execute <unnamed>): ", "", text) for text in source.statements()}
        assert asked - set(QUERIES.values()) == ({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL statement_timeout = 60000"}
                                                if kind == "pgsql" else
                                                {"SET SESSION max_statement_time = 60",
                                                 "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                                                 "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"})
