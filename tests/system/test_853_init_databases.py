"""`mailwicket init` where Postfix and Dovecot ask a database: the source that it proposes was read before it is written."""
import json
import os
import re
import sqlite3
import stat

import pytest

import rig
from rig.built import SOURCE
from rig.database import PASSWORD
from rig.schema_world import READER, fill, make_database, schema_file
from rig.stock import needs_stock
from test_552_init import Server

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

WORLDS = [("mailcow", "mysql"), ("iredmail", "mysql"), ("iredmail", "pgsql"), ("postfixadmin", "mysql"), ("postfixadmin", "pgsql")]
SERVERS = {"mysql": "mariadb", "pgsql": "postgresql"}
MAPS = {
    "virtual_mailbox_domains": "SELECT domain FROM domain WHERE domain = '%s'",
    "virtual_mailbox_maps": "SELECT username FROM mailbox WHERE username = '%s'",
    "smtpd_sender_login_maps": None,  # the project's own
}
DOVECOT_SQL = {
    "2.3": "passdb {\n  driver = sql\n  args = %(file)s\n}\nuserdb {\n  driver = sql\n  args = %(file)s\n}\n",
    "2.4": "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nsql_driver = %(driver)s\n%(block)s\n"
           "passdb sql {\n  query = SELECT password FROM mailbox WHERE username = '%%{user}'\n}\n",
}


class DatabaseSite(Server):
    """Configurations that ask a private database server, in the manner of `project`."""

    def __init__(self, folder, server, driver, database, project=None, hosts=None, password=PASSWORD, main=""):
        self.server, self.driver, self.database, self.password = server, driver, database, password
        self.hosts = hosts or (f"unix:{server.socket}" if driver == "mysql" else f"127.0.0.1:{server.port}")
        lines = ""
        for setting, query in (MAPS.items() if project else ()):
            if query is None:
                query = re.search(r"(?ms)^query = (.*)", schema_file(project, f"sender_login_maps.{driver}").read_text())[1].strip()
            self.table_of(folder, setting, query)
            lines += f"{setting} = proxy:{driver}:{folder}/{setting}.cf\n"
        super().__init__(folder, main=lines + "smtpd_sasl_auth_enable = yes\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n"
                         "smtpd_sender_restrictions = reject_sender_login_mismatch\nalias_maps =\nmydestination = localhost\n" + main)
        dynamic = "/etc/postfix/dynamicmaps.cf"
        if os.path.exists(dynamic):
            (self.etc / "dynamicmaps.cf").write_text(open(dynamic).read())

    def table_of(self, folder, setting, query):
        file = folder / f"{setting}.cf"
        file.write_text(f"hosts = {self.hosts}\nuser = {READER}\npassword = {self.password}\ndbname = {self.database}\nquery = {query}\n")
        file.chmod(0o640)

    def without_password(self):
        return [path for path in self.folder.rglob("*") if path.is_file() and path.suffix not in (".cf", ".password", ".ext")]

    def run(self, *words):
        """No word of `init` has the password in it."""
        done = self.init(*words)
        assert self.password not in done.stdout + done.stderr
        return done

    def proposed(self):
        done = self.run("--json")
        return json.loads(done.stdout)["sources"]

    def publishes(self):
        """What is written, read by `sync` into a folder of the test's own."""
        text = self.policy.read_text()
        self.policy.write_text(text.replace("\ndirectory {\n", f'\ndirectory {{\n    path = "{self.folder}/published"\n', 1))
        checked, synced = self.cli("check"), self.cli("sync")
        self.policy.write_text(text)
        assert checked.returncode == 0, checked.stderr
        assert synced.returncode == 0, synced.stderr
        return synced.stdout


@pytest.fixture(params=WORLDS, ids=" in ".join)
def site(request, folder):
    project, driver = request.param
    server = request.getfixturevalue(SERVERS[driver])
    made = DatabaseSite(folder, server, driver, make_database(server, project), project)
    made.project = project
    return made


def test_the_source_of_a_known_project_is_read_and_written(site):
    """Nothing without --apply; then it passes check and publishes what the trial told."""
    told = site.run()
    assert told.returncode == 0 and not site.policy.parent.exists(), told.stderr
    [source] = site.proposed()
    assert (source["source"], source["driver"], source["schema"], source["read"]) == (site.project, site.driver, site.project, True)
    assert source["users"] >= 5 and source["addresses"] > source["users"]
    assert f'source "{site.project}" ({site.driver}): read as it is proposed: {source["users"]} users' in told.stdout
    assert "+(a password, not shown)" in told.stdout
    done = site.run("--apply")
    assert done.returncode == 0, done.stderr
    text = site.policy.read_text()
    assert f"schema = {site.project}\n" in text and f'dbname = "{site.database}"' in text and "not read" not in told.stdout, told.stdout
    password = site.policy.parent / f"{site.project}.password"
    assert password.read_text() == PASSWORD + "\n"
    assert stat.S_IMODE(password.stat().st_mode) in (0o600, 0o640) and password.stat().st_uid == os.geteuid()
    assert re.search(rf'password_file = "{re.escape(str(password))}"', text)
    assert not any(PASSWORD in path.read_text(errors="replace") for path in site.without_password())
    assert f"published: {source['users']} users, {source['groups']} groups" in site.publishes()


def test_domains_and_senders_are_the_databases_too(site):
    """The database's domains are accepted, and senders are judged by what it says: nothing is left to write by hand."""
    site.run("--apply")
    text = site.policy.read_text()
    assert 'accepted_domain "example.test"' in text and 'accepted_domain "off.test"' not in text
    assert "Accept-Any-Sender" not in text and "What could not be read" not in text, text
    assert json.loads(site.run("--json").stdout)["unread"] == []


@pytest.mark.parametrize("query, told", [
    ("SELECT boss FROM my_own_rights WHERE sender = '%s'", "Postfix asks an SQL table one key at a time"),
    ("SELECT goto FROM alias WHERE address = '%s'", "it says something else than source \"postfixadmin\": "),
    ("SELECT username FROM mailbox WHERE username = '%s' AND username LIKE 'a%%'",
     "it says something else than source \"postfixadmin\": the source lets "),
])
def test_senders_that_the_schema_does_not_have_are_left_to_postfix(folder, mariadb, query, told):
    """A sender rule of one's own beside the tables of a project, or of these in another way."""
    database = make_database(mariadb, "postfixadmin")
    mariadb.sql("CREATE TABLE my_own_rights (sender VARCHAR(100), boss VARCHAR(100))", database)
    site = DatabaseSite(folder, mariadb, "mysql", database, "postfixadmin")
    site.table_of(folder, "smtpd_sender_login_maps", query)
    assert site.proposed()[0]["read"]
    [row] = json.loads(site.run("--json").stdout)["unread"]
    assert row["setting"] == "smtpd_sender_login_maps" and row["why"].startswith(told), row
    assert site.run("--apply").returncode == 0
    assert "Accept-Any-Sender" in site.policy.read_text()
    site.assert_valid()


def test_logins_of_a_passdb_that_was_not_read_are_not_refused(site):
    site.run("--apply")
    assert re.search(r"(?m)^ +complete = yes$", site.policy.read_text())
    for path in site.policy.parent.iterdir():
        path.unlink()
    more = "passdb {\n  driver = static\n  args = password=x\n}\n"
    if rig.dovecot.version() == "2.4":
        more = "passdb static {\n  password = x\n}\n"
    site.dovecot.write_text(site.dovecot.read_text() + more)
    told = site.run("--apply")
    assert told.returncode == 0, told.stderr
    assert re.search(r"(?m)^ +# complete = yes$", site.policy.read_text())
    site.assert_valid()


def test_a_second_run_changes_nothing(site):
    site.run("--apply")
    told = site.run("--apply")
    assert told.returncode == 0 and "nothing to do" in told.stdout, told.stdout + told.stderr


def test_a_password_of_somebody_elses_stays(site):
    site.policy.parent.mkdir()
    other = site.policy.parent / f"{site.project}.password"
    other.write_text("another secret\n")
    told = site.run("--apply")
    assert told.returncode == 1 and f"{other} is there already and stays as it is" in told.stderr
    assert "another secret" not in told.stdout and other.read_text() == "another secret\n"


# --- what is a comment, and why

def commented(site, *told):
    """The policy has no source but the text, is valid, and says all of this."""
    done = site.run("--apply")
    assert done.returncode == 0, done.stderr
    text = site.policy.read_text()
    site.assert_valid()
    assert re.findall(r'(?m)^ *source "(\w+)"', text) == ["local"]
    assert not list(site.policy.parent.glob("*.password"))
    flat = re.sub(r"\s*\n\s*# *", " ", text)
    for words in told:
        assert words in flat, text
    assert [line for line in text.splitlines() if line.strip().startswith("#") and len(line) > 100 and "#     " not in line] == []
    return text


@pytest.mark.parametrize("driver", ["mysql", "pgsql"])
def test_a_wrong_password_is_told(folder, request, driver):
    server = request.getfixturevalue(SERVERS[driver])
    site = DatabaseSite(folder, server, driver, make_database(server, "iredmail"), "iredmail", password="wrong secret")
    [source] = site.proposed()
    assert not source["read"] and ("denied" in source["why"] or "authentication failed" in source["why"]), source
    commented(site, "Not read: ", 'source "database" {', f"it is the one in {folder}/virtual_mailbox_maps.cf.")


@pytest.mark.parametrize("driver", ["mysql", "pgsql"])
def test_a_server_that_is_away_is_told(folder, request, driver):
    server = request.getfixturevalue(SERVERS[driver])
    site = DatabaseSite(folder, server, driver, "vmail", "iredmail", hosts=f"127.0.0.1:{rig.free_port()}")
    [source] = site.proposed()
    assert not source["read"] and source["why"], source
    commented(site, "Not read: ", "driver = " + driver)


@pytest.mark.parametrize("driver", ["mysql", "pgsql"])
def test_tables_of_somebodys_own_get_queries_to_fill_in(folder, request, driver):
    server = request.getfixturevalue(SERVERS[driver])
    database = server.database()
    server.sql("CREATE TABLE people (mail VARCHAR(100)); CREATE TABLE mailbox (username VARCHAR(100), domain VARCHAR(100))", database)
    server.account(READER, database)
    site = DatabaseSite(folder, server, driver, database, "iredmail")
    text = commented(site, "its tables are none that Mailwicket has ready-made queries for",
                     "virtual_mailbox_maps asks: SELECT username FROM mailbox WHERE username = '%s'",
                     'users = "SELECT ... AS name FROM ..."')
    # With the queries written and the marks taken away it is a source.
    block = re.search(r"(?ms)^    # source \"database\" \{\n.*?^    # \}\n", text)[0]
    block = re.sub(r'(?m)^    # +(groups|members|grants|addresses) = .*\n', "", block)
    block = block.replace("SELECT ... AS name FROM ...", "SELECT mail AS name FROM people")
    block = re.sub(r"(?m)^    # ?", "    ", block)
    (site.policy.parent / "database.password").write_text(PASSWORD + "\n")
    (site.policy.parent / "database.password").chmod(0o600)
    server.sql("INSERT INTO people VALUES ('alice@example.test')", database)
    site.policy.write_text(text.replace('\n    source "local"', "\n" + block + '    source "local"', 1))
    assert "published: 1 users" in site.publishes()


def test_rights_that_are_missing_do_not_make_another_project_of_it(folder, mariadb):
    """mailcow's tables, of which the account sees what PostfixAdmin has too."""
    database = mariadb.database()
    fill(mariadb, database, "mailcow")
    mariadb.account("narrow")
    for table in ("domain", "mailbox", "alias", "alias_domain"):
        mariadb.sql(f"GRANT SELECT ON {database}.{table} TO narrow@'%'")
    site = DatabaseSite(folder, mariadb, "mysql", database, "mailcow")
    for file in folder.glob("*.cf"):
        file.write_text(file.read_text().replace(f"user = {READER}", "user = narrow"))
    [source] = site.proposed()
    assert (source["schema"], source["read"]) == ("mailcow", False) and "denied" in source["why"], source
    commented(site, "schema = mailcow")


def test_sqlite_is_named_with_its_file(folder):
    path = folder / "users.sqlite"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE users (email TEXT)")
    (folder / "mailboxes.cf").write_text(f"dbpath = {path}\nquery = SELECT 1 FROM users WHERE email='%s'\n")
    server = Server(folder, main="virtual_mailbox_maps = sqlite:DIR/mailboxes.cf\n")
    server.run, server.password = server.init, PASSWORD
    text = commented(server, "its tables are none", f'path = "{path}"', "SELECT 1 FROM users WHERE email='%s'")
    assert "password" not in text.partition("directory {")[2]
    assert [row["what"] for row in json.loads(server.init("--json").stdout)["unread"]][:1] == [f"sqlite:{folder}/mailboxes.cf"]


def test_values_that_a_policy_cannot_say(folder, mariadb):
    site = DatabaseSite(folder, mariadb, "mysql", 'a"b', "iredmail")
    [source] = site.proposed()
    assert "characters that a policy does not take" in source["why"]


# --- Dovecot

@pytest.mark.parametrize("driver", ["mysql", "pgsql"])
def test_a_database_that_only_dovecot_asks(folder, request, driver):
    server = request.getfixturevalue(SERVERS[driver])
    database = make_database(server, "postfixadmin")
    site = DatabaseSite(folder, server, driver, database)
    generation = rig.dovecot.version()
    file = folder / "dovecot-sql.conf.ext"
    connect = f"host={server.socket} dbname={database} user={READER} password='{PASSWORD}'" + \
        (f" port={server.port}" if driver == "pgsql" else "")
    file.write_text(f"# ours\ndriver = {driver}\nconnect = {connect}\npassword_query = SELECT password \\\n  FROM mailbox\n")
    file.chmod(0o600)
    settings = f"  host = {server.socket}\n  user = {READER}\n  password = {PASSWORD}\n  dbname = {database}\n"
    block = f"mysql localhost {{\n{settings}}}\n" if driver == "mysql" else \
        f"pgsql localhost {{\n  parameters {{\n{settings}  port = {server.port}\n  }}\n}}\n"
    site.dovecot.write_text(DOVECOT_SQL[generation] % {"file": file, "driver": driver, "block": block})
    [source] = site.proposed()
    assert (source["source"], source["read"]) == ("postfixadmin", True), source
    assert site.run("--apply").returncode == 0
    assert (site.policy.parent / "postfixadmin.password").read_text() == PASSWORD + "\n"
    assert "published: " in site.publishes()


def test_a_query_of_dovecots_passdb_is_not_shown(folder, mariadb):
    """It may have a key in it, and stands in a file that only Dovecot reads; the policy everybody may read."""
    database = mariadb.database()
    mariadb.sql("CREATE TABLE people (mail VARCHAR(100))", database)
    mariadb.account(READER, database)
    site = DatabaseSite(folder, mariadb, "mysql", database)
    file = folder / "dovecot-sql.conf.ext"
    query = "SELECT AES_DECRYPT(secret, 'the key of all') AS password FROM people"
    file.write_text(f"driver = mysql\nconnect = host={mariadb.socket} dbname={database} user={READER} password='{PASSWORD}'\n"
                    f"password_query = {query}\n")
    file.chmod(0o600)
    block = (f"mysql localhost {{\n  host = {mariadb.socket}\n  user = {READER}\n  password = {PASSWORD}\n"
             f"  dbname = {database}\n}}\n")
    site.dovecot.write_text(DOVECOT_SQL[rig.dovecot.version()].replace("SELECT password FROM mailbox", query)
                            % {"file": file, "driver": "mysql", "block": block})
    text = commented(site, "its tables are none that Mailwicket has ready-made queries for", "passdb sql (")
    assert "the key of all" not in text


def test_the_password_gets_a_file_that_others_do_not_read(folder, mariadb):
    """Somebody made the file with a comment in it, as the rest of the folder is."""
    site = DatabaseSite(folder, mariadb, "mysql", make_database(mariadb, "iredmail"), "iredmail")
    site.policy.parent.mkdir()
    password = site.policy.parent / "iredmail.password"
    password.write_text("# the password of the database\n")
    password.chmod(0o644)
    done = site.run("--apply")
    assert done.returncode == 0 and password.read_text() == PASSWORD + "\n", done.stderr
    assert stat.S_IMODE(password.stat().st_mode) in (0o600, 0o640)


@pytest.mark.parametrize("name", ["iredmail", "modoboa", "mail-in-a-box"])
def test_the_map_files_of_distributions_are_read(name):
    """Each that Postfix names there has what init looks for."""
    maps = [path for path in (SOURCE / "tests" / "distributions" / name / "postfix").rglob("*.cf")
            if path.name not in ("main.cf", "master.cf")]
    assert maps and all(re.search(r"(?m)^dbpath *= *@DATABASE@", path.read_text()) for path in maps)


# Tables of tutorials and programs without a ready-made schema: the tables, and what their Postfix asks.
OTHERS = {
    "accounts": ("mysql", "CREATE TABLE accounts (username VARCHAR(64), domain VARCHAR(255), enabled BOOLEAN); "
                 "CREATE TABLE aliases (source_username VARCHAR(64), source_domain VARCHAR(255), enabled BOOLEAN); "
                 "INSERT INTO accounts VALUES ('alice', 'example.test', TRUE)",
                 {"virtual_mailbox_maps": "select 1 as found from accounts where username = '%u' and domain = '%d' and enabled = true LIMIT 1",
                  "smtpd_sender_login_maps": "select concat(username, '@', domain) as 'owns' from accounts where username = '%u'"}),
    "modoboa": ("pgsql", "CREATE TABLE core_user (email TEXT, is_active BOOLEAN); CREATE TABLE admin_alias (address TEXT, enabled BOOLEAN); "
                "INSERT INTO core_user VALUES ('alice@example.test', true)",
                {"virtual_alias_maps": "SELECT address FROM admin_alias WHERE enabled AND address = '%s'",
                 "smtpd_sender_login_maps": "SELECT email FROM core_user WHERE email = '%s' AND is_active"}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_tables_of_others_are_shown_with_what_postfix_asks_and_not_guessed(folder, request, name):
    """Nobody is permitted less than now by what could not be read: it is named, and senders stay Postfix's to judge."""
    driver, tables, asked = OTHERS[name]
    server = request.getfixturevalue(SERVERS[driver])
    database = server.database()
    server.sql(tables, database)
    server.account(READER, database)
    site = DatabaseSite(folder, server, driver, database,
                        main="".join(f"{setting} = proxy:{driver}:{folder}/{setting}.cf\n" for setting in asked))
    for setting, query in asked.items():
        site.table_of(folder, setting, query)
    text = commented(site, "its tables are none that Mailwicket has ready-made queries for",
                     *(f"{setting} asks: {query}" for setting, query in asked.items()))
    assert "Accept-Any-Sender" in text
    assert set(asked) <= {row["setting"] for row in json.loads(site.run("--json").stdout)["unread"]}
