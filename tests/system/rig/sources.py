"""One content of a directory in each kind of source.

    content = Content().user("bob@example.test", imap=False).group(...).grant(...)
    source = SqliteSource(folder)            # or PgsqlSource(postgresql, folder), MysqlSource(mariadb, folder), TextSource
    source.load(content)
    files.write_policy(POLICY + directory(files, source.settings()))
"""
import json
import os
import sqlite3

from rig.daemon import Daemon
from rig.database import PASSWORD
from rig.waiting import PATIENCE

LISTS = {"addresses": "address", "members": "member", "logins": "login"}
SWITCHES = ("imap", "pop3", "sieve", "smtp", "relay")
USER_KEYS = (*SWITCHES, "senders", "max_message_size", "max_recipients")
TABLES = {
    "users": ("name", *USER_KEYS), "groups": ("name", "senders"), "grants": ("kind", "identity", "trustee"),
    **{table: ("name", column) for table, column in LISTS.items()},
}
QUERIES = {table: f"SELECT {', '.join(columns)} FROM t_{table}" for table, columns in TABLES.items()}


class Content:
    """Users and groups with their lists, and grants, as rows of the tables above. None: not set."""

    def __init__(self):
        self.rows = {table: [] for table in TABLES}

    def _lists(self, name, lists):
        for table, column in LISTS.items():
            self.rows[table] += [(name, value) for value in lists.get(column, ())]

    def user(self, name, address=(), login=(), **keys):
        self.rows["users"].append((name, *(keys.get(key) for key in USER_KEYS)))
        self._lists(name, {"address": address, "login": login})
        return self

    def group(self, name, address=(), member=(), senders=None):
        self.rows["groups"].append((name, senders))
        self._lists(name, {"address": address, "member": member})
        return self

    def grant(self, kind, identity, trustee):
        self.rows["grants"].append((kind, identity, trustee))
        return self

    def text(self):
        """The same as directory text."""
        lists = {}
        for table, column in LISTS.items():
            for name, value in self.rows[table]:
                lists.setdefault(name, {}).setdefault(column, []).append(value)

        def line(kind, row, keys):
            said = {key: value if isinstance(value, str) else {True: "yes", False: "no"}.get(value, value)
                    for key, value in zip(keys, row[1:]) if value is not None}
            said.update((key, ",".join(values)) for key, values in lists.get(row[0], {}).items())
            return " ".join([kind, row[0], *(f"{key}={value}" for key, value in said.items())]) + "\n"
        return "".join([line("user", row, USER_KEYS) for row in self.rows["users"]] +
                       [line("group", row, ("senders",)) for row in self.rows["groups"]] +
                       [f"grant {' '.join(row)}\n" for row in self.rows["grants"]])


def company(users=1000):
    """Users of every kind, groups 20 deep, addresses of several scripts, and grants of every kind."""
    content = Content()
    names = [f"user{number:04d}@example.test" for number in range(users)]
    for number, name in enumerate(names):
        keys = {key: False for place, key in enumerate(SWITCHES) if number % (7 + place) == 3}
        if number % 6 == 1:
            keys["imap"] = True
        if number % 50 == 7:
            keys["senders"] = ("anyone", "authenticated", names[0], f"{names[1]},team01@example.test")[number // 50 % 4]
        if number % 30 == 5:
            keys["max_message_size"], keys["max_recipients"] = ("10MB", "unlimited", "4096")[number % 3], 25 + number
        content.user(name, login=[f"u{number:04d}", f"EXAMPLE\\u{number:04d}"][:number % 3],
                     address=[f"vorname.müller{number}@example.test", f"имя{number}@bücher.example",
                              f"\"a b,c{number}\"@example.test"][:number % 4], **keys)
    for depth in range(20):
        inner = [f"team{depth + 1:02d}@example.test"] if depth < 19 else []
        content.group(f"team{depth:02d}@example.test", address=[f"группа{depth}@example.test"][:depth % 2],
                      member=inner + names[depth * 10:depth * 10 + 30],
                      senders=(None, "members", "authenticated", names[depth])[depth % 4])
    for number, name in enumerate(names[:200]):
        other = names[(number * 37 + 5) % users]
        content.grant(("send-as", "send-on-behalf")[number % 2],
                      (other, f"team{number % 20:02d}@example.test", f"role{number}@example.test", f"*@d{number}.example",
                       f"роль{number}@example.test")[number % 5], name if number % 3 else f"team{number % 20:02d}@example.test")
    return content


def octets(value):
    return value if isinstance(value, bytes) else str(value).encode()


class TextSource:
    driver = "text"

    def __init__(self, folder):
        self.path = folder / "content"

    def load(self, content):
        self.path.write_text(content.text())
        self.path.chmod(0o644)

    def settings(self, **changes):
        return f'driver = text path = "{self.path}"'


class ExecSource:
    """A program that prints the directory text."""

    driver = "exec"

    def __init__(self, folder):
        self.path, self.program = folder / "printed", folder / "print.sh"
        self.program.write_text(f"#!/bin/sh\nexec cat {self.path}\n")
        self.program.chmod(0o755)

    def load(self, content):
        self.path.write_text(content.text())

    def settings(self, **changes):
        return f'driver = exec command = {{ "{self.program}" }}'


class DatabaseSource:
    driver = connection = ""

    def settings(self, queries=None, **changes):
        """The block's settings; `changes` are of the connection, None leaves one out."""
        said = {**self.connection, **changes}
        lines = [f"driver = {self.driver}", *(f'{name} = "{value}"' for name, value in said.items() if value is not None)]
        lines += [f'{name} = """{text}"""' for name, text in (QUERIES if queries is None else queries).items()]
        return "\n    ".join(lines)


class SqliteSource(DatabaseSource):
    driver = "sqlite"

    def __init__(self, folder):
        self.path = folder / "content.sqlite"
        self.connection = {"path": self.path}
        with sqlite3.connect(self.path) as file:
            for table, columns in TABLES.items():
                file.execute(f"CREATE TABLE t_{table} ({', '.join(columns)})")
        self.path.chmod(0o644)

    def run(self, statement):
        with self.opened() as file:
            file.execute(statement)

    def opened(self):
        """Who reads it may hold it for as long as the machine is busy."""
        return sqlite3.connect(self.path, timeout=PATIENCE)

    def load(self, content):
        with self.opened() as file:
            for table, rows in content.rows.items():
                file.execute(f"DELETE FROM t_{table}")
                file.executemany(f"INSERT INTO t_{table} VALUES ({', '.join('?' * len(TABLES[table]))})", rows)


class ServerSource(DatabaseSource):
    """Of a server: an own database, an account that reads."""

    types = {}  # of columns that are no text
    text = "TEXT"

    def __init__(self, server, folder, database=None):
        self.server, self.database = server, database or server.database()
        self.account = f"reader_{self.database}"
        for table, columns in TABLES.items():
            self.run(f"CREATE TABLE t_{table} ({', '.join(f'{name} {self.types.get(name, self.text)}' for name in columns)})")
        server.account(self.account, self.database)
        password = folder / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        self.connection = {"host": "127.0.0.1", "port": server.port, "dbname": self.database, "user": self.account,
                           "password_file": password}

    def run(self, statement):
        return self.server.sql(statement, self.database)

    def literal(self, value):
        raise NotImplementedError

    def load(self, content):
        text = b"BEGIN;\n"
        for table, rows in content.rows.items():
            text += f"DELETE FROM t_{table};\n".encode()
            for first in range(0, len(rows), 500):
                values = b",\n".join(b"(" + b", ".join(map(self.literal, row)) + b")" for row in rows[first:first + 500])
                text += f"INSERT INTO t_{table} VALUES ".encode() + values + b";\n"
        self.run(text + b"COMMIT;\n")

    def statements(self):
        return self.server.statements(self.account)


class PgsqlSource(ServerSource):
    driver = "pgsql"
    types = {**{name: "BOOLEAN" for name in SWITCHES}, "max_recipients": "BIGINT"}

    def literal(self, value):
        if value is None or isinstance(value, bool):
            return {None: b"NULL", True: b"true", False: b"false"}[value]
        return b"'" + octets(value).replace(b"'", b"''") + b"'"


class MysqlSource(ServerSource):
    driver = "mysql"
    types = {**{name: "TINYINT(1)" for name in SWITCHES}, "smtp": "BIT(1)", "max_recipients": "BIGINT"}
    text = "VARCHAR(500) CHARACTER SET utf8mb4"

    def literal(self, value):
        if value is None or isinstance(value, bool):
            return {None: b"NULL", True: b"1", False: b"0"}[value]
        return b"X'" + octets(value).hex().encode() + b"'" if octets(value) else b"''"


POLICY = ('hostname = "mx.example.test"\ndefault_domain = "example.test"\naccepted_domain "example.test" { }\n'
          'accepted_domain "xn--bcher-kva.example" { }\n')
SMALL = Content().user("bob@example.test", imap=False, login=["bob"]).group("sales@example.test", member=["bob@example.test"])
OTHER = Content().user("bob@example.test").user("mary@example.test")


class Files(Daemon):
    def __init__(self, folder):
        super().__init__(POLICY, "", folder, start=False)

    def use(self, settings):
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n  source "people" {{\n    {settings}\n  }}\n}}\n')

    def digest(self):
        return json.loads(self.cli("status", "--json").stdout)["directory"]["digest"]

    def publish(self, settings):
        """Reads a source that is good, whatever vanishes from it: the digest."""
        self.use(settings)
        done = self.cli("sync")
        if done.returncode == os.EX_NOPERM:
            done = self.cli("sync", "--accept", "people")
        assert done.returncode == 0, done.stderr
        return self.digest()

    def refused(self, settings, *told, command="sync"):
        """A source that fails: what is told. What was published stays."""
        before = (self.published / "snapshot.mdb").read_bytes()
        self.use(settings)
        result = self.cli(command)
        assert result.returncode != 0, result.stdout
        for words in told:
            assert words in result.stderr + result.stdout, result.stderr + result.stdout
        assert (self.published / "snapshot.mdb").read_bytes() == before
        return result


def is_the_same_as_text(files, source, folder):
    """A thousand users of a source have the fingerprint of the same ones in a text, and others have not."""
    text = TextSource(folder)
    text.load(company())
    source.load(company())
    expected = files.publish(text.settings())
    text.load(OTHER)
    assert files.publish(text.settings()) != expected
    assert files.publish(source.settings()) == expected
    source.load(OTHER)
    assert files.publish(source.settings()) != expected
