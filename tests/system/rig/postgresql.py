"""PostgreSQL as a private server of the tests.

    with PostgreSQL() as server:          # or the fixture `postgresql`, once for a process of tests
        name = server.database()
        server.sql("CREATE TABLE ...", name)
        server.account("reader")          # logs in with rig.database.PASSWORD

`.socket` is the folder of its socket, `.port` its port on 127.0.0.1 and the number in the socket's name.
"""
import itertools
import json
import signal
from pathlib import Path

from rig.database import PASSWORD, DatabaseServer
from rig.processes import tool
from rig.text import whole_lines
from rig.waiting import wait_for


def program(name):
    """One of the newest version that is installed: the server's are in no PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return found[-1] if found else tool(name)


class PostgreSQL(DatabaseServer):
    name = user = "postgres"
    end = signal.SIGINT  # "fast": clients are cut off
    marks = itertools.count()

    def make(self):
        self.socket = self.folder
        self.run(program("initdb"), "-D", self.data, "-U", "admin", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-A", "trust")
        (self.data / "pg_hba.conf").write_text("local all admin trust\nlocal all all scram-sha-256\n"
                                               "host all all 127.0.0.1/32 scram-sha-256\n")

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.socket,
            "unix_socket_permissions": "0777", "ssl": "on", "ssl_cert_file": self.certificate.cert,
            "ssl_key_file": self.certificate.key, "fsync": "off", "logging_collector": "on", "log_destination": "jsonlog",
            "log_statement": "all",
        }
        return [program("postgres"), "-D", self.data, *(f"--{name}={value}" for name, value in settings.items()), *self.settings]

    def psql(self, database, *arguments, **options):
        return self.run(tool("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-p", self.port, "-U", "admin",
                        "-d", database or "postgres", *arguments, **options).stdout.decode().rstrip("\n")

    def sql(self, text, database=None):
        return self.psql(database, "-f", "-", input=text if isinstance(text, bytes) else text.encode())

    def account(self, name, database=None, rights="SELECT"):
        """One who may connect with PASSWORD and, in a database, has these rights on every table that is there now."""
        self.sql(f"DO $$ BEGIN CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        if database is not None:
            self.sql(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {name}", database)

    def statements(self, user):
        """What an account has asked so far, as the server logged it. Its processes log through another one: what was asked before
        this mark is in the log when it is."""
        mark = f"SELECT 'mark {next(self.marks)}'"
        self.sql(mark)

        def logged():
            rows = [json.loads(line) for path in sorted((self.data / "log").glob("*.json"))
                    for line in whole_lines(path.read_text())]
            return any(mark in row["message"] for row in rows) and rows
        return [row["message"] for row in wait_for(logged, "PostgreSQL's log") if row.get("user") == user and
                row["message"].startswith(("statement: ", "execute "))]
