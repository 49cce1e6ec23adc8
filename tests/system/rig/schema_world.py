"""Servers whose users are in the tables of a known project (tests/schemas/PROJECT): a database with its tables and one of
everything, the project's own question to it as a map of a real Postfix, and Mailwicket with `schema = PROJECT`.

    world = World(PROJECTS["mailcow"], mariadb, "mysql", folder)
    world.permits("alice@example.test", "info@example.test")           # Mailwicket
    world.postfix_permits("alice@example.test", [sender, ...])         # Postfix, with its smtpd_sender_login_maps
"""
import os
import re
import shutil

from rig.built import SOURCE
from rig.daemon import Daemon
from rig.database import PASSWORD
from rig.dovecot import PrivateDovecot
from rig.ports import free_port
from rig.postfix import Postfix
from rig.smtp import Smtp

READER = "reader"
ANYWHERE = "someone@foreign.example"
LOGIN = "password of all"
POLICY = """\
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "second.test" { type = Authoritative }
accepted_domain "other.test" { type = Authoritative }
accepted_domain "catchall.test" { type = Authoritative }
accepted_domain "off.test" { type = Authoritative }
accepted_domain "idle.test" { type = Authoritative }
accepted_domain "backup.test" { type = Authoritative }
accepted_domain "third.test" { type = Authoritative }
accepted_domain "ring.test" { type = Authoritative }
accepted_domain "xn--bcher-kva.test" { type = Authoritative }
"""
POSTFIX = """\
recipient_delimiter = +
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = no
smtpd_sender_login_maps = {map}
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject
"""
NOT_OWNED = "553 5.7.1"


def schema_file(project, name):
    return SOURCE / "tests" / "schemas" / project / name


def columns(project):
    """{table: [column]} of tables.sql."""
    found = {}
    for table, body in re.findall(r"(?ms)^CREATE TABLE (\w+) \(\n(.*?)^\)", schema_file(project, "tables.sql").read_text()):
        found[table] = [name for name in re.findall(r'(?m)^\t"?([a-z_0-9-]+)"? [A-Z]', body)]
    return found


def fill(server, database, project):
    """The project's tables and content."""
    quotes = "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');\n" if server.name == "mariadb" else ""
    for file in ("tables.sql", "content.sql"):
        server.sql(quotes + schema_file(project, file).read_text(), database)


def make_database(server, project):
    """A new database with them: its name. Account `reader` may read it."""
    name = server.database()
    fill(server, name, project)
    server.account(READER, name)
    return name


def source(server, driver, database, project, password, more=""):
    """The source block that the guide gives, for a private server."""
    where = f'socket = "{server.socket}"' + (f" port = {server.port}" if driver == "pgsql" else "")
    return (f'source "{project}" {{\n    driver = {driver}\n    {where}\n    dbname = "{database}"\n    user = "{READER}"\n'
            f'    password_file = "{password}"\n    schema = {project}\n    complete = yes\n{more}}}\n')


class World:
    def __init__(self, server, driver, project, folder):
        self.server, self.driver, self.project, self.folder = server, driver, project, folder
        self.database = make_database(server, project)
        self.password = folder / "password"
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)
        self.daemon = Daemon(POLICY, None, folder, start=False, sections=self.directory())
        self.daemon.sync()
        self.daemon.start()
        self.postfix = self.dovecot = None

    def directory(self, more=""):
        block = source(self.server, self.driver, self.database, self.project, self.password, more)
        return f'directory {{ path = "{self.folder}/published"\n{block}}}\n'

    def sql(self, text):
        self.server.sql(text, self.database)

    def action(self, login, sender):
        return self.daemon.request(sasl_username=login, sender=sender, recipient=ANYWHERE)

    def permits(self, login, sender):
        return self.action(login, sender) in ("DUNNO", "OK")

    def start_postfix(self, logins):
        """With the project's map, and a Dovecot that knows these logins."""
        self.postfix = Postfix(self.folder)
        port = free_port()
        hosts = f"unix:{self.server.socket}" if self.driver == "mysql" else f"127.0.0.1:{self.server.port}"
        map_file = self.postfix.etc / "sender_login_maps.cf"
        map_file.write_text(f"hosts = {hosts}\nuser = {READER}\npassword = {PASSWORD}\ndbname = {self.database}\n" +
                            schema_file(self.project, f"sender_login_maps.{self.driver}").read_text())
        shutil.chown(map_file, "root", "postfix")
        os.chmod(map_file, 0o640)
        shutil.copy("/etc/postfix/dynamicmaps.cf", self.postfix.etc)
        self.postfix.write_plain({"smtp": port}, POSTFIX.format(map=f"{self.driver}:{map_file}"))
        self.dovecot = PrivateDovecot(self.folder, policy=None, users={login: LOGIN for login in logins}, postfix=self.postfix,
                                      wires_postfix=False, modules=False, protocols=["imap"])
        self.dovecot.start()
        self.postfix.start()
        self.port = port
        return self

    def postfix_permits(self, login, senders):
        """{sender: whether Postfix lets this login send as it}, in one session."""
        answers = {}
        with Smtp(self.port) as client:
            client.hello()
            client.log_in(login, LOGIN)
            for sender in senders:
                reply = client.ask(sender, ANYWHERE)
                assert reply.startswith(("250 2.1.5", NOT_OWNED)), (login, sender, reply, self.postfix.text()[-2000:])
                answers[sender] = reply.startswith("250")
        return answers

    def close(self):
        if self.postfix is not None:
            self.postfix.stop()
        if self.dovecot is not None:
            self.dovecot.stop()
        self.daemon.kill()
