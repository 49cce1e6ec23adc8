"""The pages "From PostfixAdmin", "From iRedMail", "From mailcow": their commands, as they stand there, lead to a directory."""
import json

import pytest

from rig.follower import Follower
from rig.pages import Page
from rig.schema_world import POLICY, fill

PAGES = {"postfixadmin": "postfix", "iredmail": "vmail", "mailcow": "mailcow"}
ACCOUNTS = {"mysql": "DROP USER IF EXISTS mailwicket@localhost, mailwicket@'%'",
            "pgsql": "DROP ROLE IF EXISTS mailwicket"}


@pytest.fixture(params=[("postfixadmin", "mysql"), ("postfixadmin", "pgsql"), ("iredmail", "mysql"), ("iredmail", "pgsql"),
                        ("mailcow", "mysql")], ids=" in ".join)
def page(request, folder):
    project, driver = request.param
    server = request.getfixturevalue({"mysql": "mariadb", "pgsql": "postgresql"}[driver])
    database = PAGES[project]
    server.sql(f"CREATE DATABASE {database}")
    try:
        fill(server, database, project)
        made = Page(f"from-{project}.md", server, driver, folder, POLICY)
        made.project = project
        yield made
    finally:
        # What the follower asked last may still be there.
        server.sql(f"DROP DATABASE {database}{' WITH (FORCE)' if driver == 'pgsql' else ''}")
        server.sql(ACCOUNTS[driver])


def follow(page):
    database = PAGES[page.project]
    page.run_for("docker " if page.project == "mailcow" else
                 {"mysql": "mariadb ", "pgsql": f"sudo -u postgres psql {database} <<"}[page.driver])
    page.run_for("install ")
    page.write_source()


def test_the_commands_of_the_page_publish_the_directory(page):
    follow(page)
    password = page.folder / f"{page.project}.password"
    assert password.read_text() == "change me\n" and password.stat().st_mode & 0o777 == 0o640
    assert "published: " in page.run_for("mailwicket check")
    assert "alice@example.test" in page.run_for("mailwicket lookup")


def test_a_change_takes_effect_by_itself(page):
    """In PostgreSQL told by the triggers of the package, with what the page says of them; they go without a trace."""
    follow(page)
    page.run("mailwicket sync\n")
    if page.driver == "pgsql":
        install, undo = [block for block in page.shell if "-notify" in block]
        page.run(install)
        page.write_source("        listen = mailwicket\n        interval = 1h\n")
    else:
        page.write_source("        interval = 1s\n")
    page.run_for("systemctl ")
    assert (page.folder / "systemctl").read_text() == "enable --now mailwicket-sync\n"
    with Follower(page.daemon) as follower:
        follower.wait_log("following 2 sources")
        page.server.sql("DELETE FROM mailbox WHERE username = 'alice@example.test'", PAGES[page.project])
        follower.wait_log("published: ")
    if page.driver == "pgsql":
        page.run(undo)
        assert page.server.sql("SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'mailwicket%'", PAGES[page.project]) == "0"


def test_the_account_can_read_and_nothing_else(page):
    """What the page grants is enough for the schema, and no more: passwords in other tables stay closed."""
    follow(page)
    page.server.sql("CREATE TABLE secrets (a INT)", PAGES[page.project])
    page.run("mailwicket sync\n")
    page.write_source('        users = "SELECT a AS name FROM secrets"\n')
    done = page.daemon.cli("sync")
    assert done.returncode != 0 and "denied" in done.stderr, done


def test_the_page_lets_aliases_send_where_somebody_wants_that(page):
    follow(page)
    if page.project == "mailcow":
        assert page.grants == []
        return
    team = ["alice@example.test", "bob@example.test"] + (["carol@example.test"] if page.project == "iredmail" else [])
    query = page.grants[-1 if page.driver == "pgsql" else 0]
    for with_it in (False, True):
        page.write_source("        " + page.here(query) if with_it else "")
        page.run("mailwicket sync\n")
        for alias, may in (("info@example.test", ["alice@example.test"]),
                           ("team@example.test", team)):
            told = json.loads(page.daemon.cli("--json", "lookup", alias).stdout)
            assert told["send_as"] == (may if with_it else []), (alias, told)


ISPMAIL = """
CREATE TABLE virtual_domains (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL);
CREATE TABLE virtual_users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, domain_id INT NOT NULL, email VARCHAR(100) NOT NULL UNIQUE,
    password VARCHAR(150) NOT NULL, quota BIGINT NOT NULL DEFAULT 0,
    FOREIGN KEY (domain_id) REFERENCES virtual_domains (id) ON DELETE CASCADE);
CREATE TABLE virtual_aliases (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, domain_id INT NOT NULL, source VARCHAR(100) NOT NULL,
    destination VARCHAR(100) NOT NULL, FOREIGN KEY (domain_id) REFERENCES virtual_domains (id) ON DELETE CASCADE);
INSERT INTO virtual_domains (name) VALUES ('example.test');
INSERT INTO virtual_users (domain_id, email, password) VALUES (1, 'alice@example.test', 'x'), (1, 'bob@example.test', 'x');
INSERT INTO virtual_aliases (domain_id, source, destination) VALUES (1, 'info@example.test', 'alice@example.test'),
    (1, 'info@example.test', 'alice@example.test'), (1, 'bob@example.test', 'bob@example.test'),
    (1, 'bob@example.test', 'alice@example.test'), (1, 'team@example.test', 'alice@example.test'),
    (1, 'team@example.test', 'bob@example.test'), (1, 'half@example.test', 'bob@example.test'),
    (1, 'half@example.test', 'someone@foreign.example'), (1, 'away@example.test', 'someone@foreign.example'),
    (1, 'nested@example.test', 'team@example.test'), (1, '@example.test', 'alice@example.test');
"""


def test_the_page_for_ispmail_leads_to_a_directory(mariadb, folder):
    """The tutorial's tables: an alias receives, is a group where it leads to several, and sends where somebody wants that."""
    mariadb.sql("CREATE DATABASE mailserver")
    try:
        mariadb.sql(ISPMAIL, "mailserver")
        page = Page("from-ispmail.md", mariadb, "mysql", folder, POLICY)
        page.run_for("mariadb ")
        page.run_for("install ")
        [block] = page.sources
        for grants in (False, True):
            page.sources = [block.replace("        complete =", page.grants[0] * grants + "        complete =")]
            page.write_source()
            told = page.run_for("mailwicket check")
            assert f"published: 2 users, 4 groups, 7 addresses, 2 logins, {5 * grants} grants" in told, told

            def look(address):
                return json.loads(page.daemon.cli("--json", "lookup", address).stdout)
            assert {name: look(name).get("receives") for name in ("alice@example.test", "info@example.test", "nobody@example.test")} == \
                {"alice@example.test": "alice@example.test", "info@example.test": "alice@example.test", "nobody@example.test": None}
            assert sorted(look("bob@example.test")["groups"]) == ["half@example.test", "team@example.test"]
            assert [look(f"{name}@example.test")["kind"] for name in ("away", "nested", "half", "team")] == ["group"] * 4
            assert look("team@example.test")["send_as"] == (["alice@example.test", "bob@example.test"] if grants else [])
            assert ("alice@example.test" in look("bob@example.test")["send_as"]) == grants
        assert "alice@example.test" in page.run_for("mailwicket lookup")
        page.sources = [block.replace("SELECT email AS name FROM virtual_users\"", "SELECT password AS name FROM virtual_users\"")]
        page.write_source()
        assert "denied" in page.daemon.cli("sync").stderr
    finally:
        mariadb.sql("DROP DATABASE mailserver")
        mariadb.sql(ACCOUNTS["mysql"])
