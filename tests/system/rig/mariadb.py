"""MariaDB as a private server of the tests.

    with MariaDB() as server:             # or the fixture `mariadb`, once for a process of tests
        name = server.database()
        server.sql("CREATE TABLE ...", name)
        server.account("reader", name)    # logs in with rig.database.PASSWORD

`.socket` is its socket, `.port` its port on 127.0.0.1.
"""
import getpass

from rig.database import PASSWORD, DatabaseServer
from rig.processes import tool


class MariaDB(DatabaseServer):
    name, user = "mariadb", "mysql"

    def make(self):
        self.socket = self.folder / "mariadb.sock"
        # Who runs the tests administers it through the socket, without a password; nobody else may.
        self.run(tool("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db", "--skip-name-resolve",
                 "--auth-root-authentication-method=socket", f"--auth-root-socket-user={getpass.getuser()}")

    def command(self):
        settings = {
            "datadir": self.data, "socket": self.socket, "port": self.port, "bind-address": "127.0.0.1",
            "pid-file": self.folder / "pid", "general-log": 1, "log-output": "TABLE", "ssl-cert": self.certificate.cert,
            "ssl-key": self.certificate.key, "character-set-server": "utf8mb4", "innodb-flush-log-at-trx-commit": 0,
            "innodb-buffer-pool-size": "64M", "performance-schema": 0, "tmpdir": self.folder,
        }
        return [tool("mariadbd"), "--no-defaults", "--skip-name-resolve", *(f"--{name}={value}" for name, value in settings.items()),
                *self.settings]

    def sql(self, text, database=None):
        return self.run(tool("mariadb"), "--no-defaults", "-N", "-B", "-u", getpass.getuser(), "-S", self.socket,
                        "--default-character-set=utf8mb4", database or "mysql", input=text if isinstance(text, bytes) else text.encode(),
                        user=None, group=None, extra_groups=None).stdout.decode().rstrip("\n")

    def account(self, name, database=None, rights="SELECT"):
        """One who may connect with PASSWORD and, in a database, has these rights on every table."""
        self.sql(f"CREATE USER IF NOT EXISTS {name}@'%' IDENTIFIED BY '{PASSWORD}'; FLUSH PRIVILEGES")
        if database is not None:
            self.sql(f"GRANT {rights} ON {database}.* TO {name}@'%'")

    def statements(self, user):
        """What an account has asked so far, as the server logged it."""
        rows = self.sql("SELECT HEX(argument) FROM general_log WHERE command_type IN ('Query', 'Prepare', 'Execute') "
                        f"AND user_host LIKE '{user}[{user}]%' ORDER BY event_time, thread_id")
        return [bytes.fromhex(row).decode() for row in rows.splitlines()]
