"""check and setup: every login and mailbox that a server can list is known to the policy, or unlisted_logins lets it in."""
import json
import pwd
import sqlite3
import subprocess

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, version
from rig.stock import AUDIT_POLICY, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative }
"""
OWN_ADDRESS = "unlisted_logins = own_address\n"
DIRECTORY = """\
user alice@example.test login=alice address=info@example.test
user bob@example.test login=bob
group sales@example.test member=bob@example.test
"""
FOUND = ("unknown-logins", "unknown-mailboxes", "not-listed")

PASSDB = {
    "2.3": {"file": "passdb {\n  driver = passwd-file\n  args = %s\n}\n",
            "plain": "passdb {\n  driver = passwd-file\n  args = scheme=plain %s\n}\n",
            "local": "passdb {\n  driver = passwd-file\n  args = username_format=%%n %s\n}\n",
            "static": "passdb {\n  driver = static\n  args = nopassword=y\n}\n",
            "pam": "passdb {\n  driver = pam\n}\n",
            "master": "passdb {\n  driver = passwd-file\n  master = yes\n  args = %s\n}\n"},
    "2.4": {"file": "passdb passwd-file {\n  passwd_file_path = %s\n}\n",
            "plain": "passdb passwd-file {\n  default_password_scheme = plain\n  passwd_file_path = %s\n}\n",
            "local": "passdb passwd-file {\n  auth_username_format = %%{user | username}\n  passwd_file_path = %s\n}\n",
            "static": "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n",
            "pam": "passdb pam {\n}\n",
            "master": "passdb passwd-file-master {\n  driver = passwd-file\n  master = yes\n  passwd_file_path = %s\n}\n"},
}
HEAD = {"2.3": "", "2.4": "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"}


class Listed:
    """A policy with a published directory, and a Dovecot that does not run."""

    def __init__(self, folder, policy=POLICY, directory=DIRECTORY):
        self.folder = folder
        self.daemon = Daemon(policy, directory, folder, start=False)
        self.daemon.sync()
        self.users, self.config = folder / "users", folder / "dovecot.conf"
        self.dovecot("file")

    def dovecot(self, *passdbs, more=""):
        texts = [PASSDB[version()][name] for name in passdbs]
        self.config.write_text(HEAD[version()] + f"base_dir = {self.folder}/run\nssl = no\n" + more +
                               "".join(text % self.users if "%" in text else text for text in texts))

    def write_users(self, text):
        self.users.write_text(text)

    def found(self, *words, prefix=()):
        told = subprocess.run([*prefix, rig.CLI, "-c", self.daemon.policy, "--json", "check", *words, "--dovecot-config",
                               self.config], capture_output=True, text=True, timeout=300)
        assert told.stderr == "", told
        return of_ours(told)


def of_ours(told):
    answer = json.loads(told.stdout)
    return [finding for finding in answer["findings"] + answer["not_judged"] if finding["id"] in FOUND]


def brief(findings):
    return [(finding["id"], finding["severity"], finding["file"] or finding["setting"], finding["what"], finding["detail"])
            for finding in findings]


@pytest.fixture
def listed(folder):
    return Listed(folder)


def test_logins_of_a_passwd_file(listed):
    listed.write_users("# comment\nalice:{PLAIN}x\nbob@example.test:{PLAIN}x\ninfo@example.test:{PLAIN}x\n")
    found, = listed.found()
    assert brief([found]) == [("unknown-logins", "error", str(listed.users), "lists 3 logins, 1 of which is not known",
                               "info@example.test")], "an alias is no login"
    listed.write_users("alice:{PLAIN}x\nBob:{PLAIN}x\n")
    assert listed.found() == []
    listed.write_users("".join(f"{name}:{{PLAIN}}x\n" for name in ("alice", "carol", "dave@example.test", "eve", "f", "g", "h")))
    found, = listed.found()
    assert (found["what"], found["detail"]) == ("lists 7 logins, 6 of which are not known",
                                                "carol, dave@example.test, eve, f, g and 1 more")
    for part in (f'a line for each in {listed.daemon.directory}, as "user carol@example.test login=carol"', " sync;",
                 f"unlisted_logins = own_address in {listed.daemon.policy}", " init "):
        assert part in found["fix"]


def test_the_fixes_work(listed):
    listed.write_users("carol:{PLAIN}x\n")
    assert [finding["id"] for finding in listed.found()] == ["unknown-logins"]
    listed.daemon.write(listed.daemon.directory, DIRECTORY + "user carol@example.test login=carol\n")
    listed.daemon.sync()
    assert listed.found() == []
    listed.daemon.write(listed.daemon.directory, DIRECTORY)
    listed.daemon.sync()
    listed.daemon.write(listed.daemon.policy, OWN_ADDRESS + POLICY)
    assert listed.found() == []


def test_whom_own_address_does_not_let_in(folder):
    listed = Listed(folder, OWN_ADDRESS + POLICY)
    listed.write_users("carol:{PLAIN}x\nzoe@elsewhere.test:{PLAIN}x\n")
    found, = listed.found()
    assert (found["what"], found["detail"]) == ("lists 2 logins, 1 of which is not known", "zoe@elsewhere.test")
    assert "own_address lets in only who completes to an address of its own" in found["fix"]


def test_who_has_no_password_is_no_login(listed):
    listed.write_users("old:{CRYPT}!x\nolder:*\noldest:!!:1:1::/home\nalice:{PLAIN}x\n")
    assert listed.found() == []


def test_a_password_in_clear_may_begin_like_a_locked_one(listed):
    listed.write_users("new:{PLAIN}!x\nnewer:{cleartext}*x\nold:{SHA512-CRYPT}!x\n")
    found, = listed.found()
    assert (found["severity"], found["detail"]) == ("error", "new, newer")
    listed.write_users("new:!x\n")
    assert listed.found() == []
    listed.dovecot("plain")
    assert [row["detail"] for row in listed.found()] == ["new"], "of the file's own scheme"


DOMAINS = POLICY + 'accepted_domain "example.org" { type = Authoritative }\n'


def test_a_name_that_the_passwd_file_is_asked_for_without_its_domain_is_no_error(folder):
    """Who logs in as zoe@example.org is looked up as "zoe"."""
    listed = Listed(folder, DOMAINS, DIRECTORY + "user zoe@example.org\n")
    listed.write_users("alice:{PLAIN}x\nzoe:{PLAIN}x\n")
    assert [(row["severity"], row["detail"]) for row in listed.found()] == [("error", "zoe")]
    listed.dovecot("local")
    found, = listed.found()
    assert (found["severity"], found["detail"]) == ("warning", "zoe") and "without its domain" in found["why"], found
    listed.write_users("alice:{PLAIN}x\nzoe:{PLAIN}x\nlost@example.org:{PLAIN}x\n")
    found, = listed.found()
    assert (found["severity"], found["detail"]) == ("error", "zoe, lost@example.org"), "a domain is a domain"


def test_names_of_strangers_are_escaped(listed):
    listed.write_users("evil\x1b[31m;rm -rf:{PLAIN}x\n")
    assert listed.found()[0]["detail"] == "evil\x1b[31m;rm -rf"
    told = subprocess.run([rig.CLI, "-c", listed.daemon.policy, "check", "--dovecot-config", listed.config],
                          capture_output=True, text=True, timeout=120)
    assert "lists 1 login, 1 of which is not known" in told.stdout and "\x1b" not in told.stdout
    assert 'as "user ADDRESS login=LOGIN"' in told.stdout


def test_a_master_user_need_not_be_known(listed):
    listed.write_users("admin:{PLAIN}x\n")
    listed.dovecot("master", more="auth_master_user_separator = *\n")
    assert listed.found() == []


DENY = {"2.3": "passdb {\n  driver = passwd-file\n  deny = yes\n  args = %s\n}\n",
        "2.4": "passdb closed {\n  driver = passwd-file\n  deny = yes\n  passwd_file_path = %s\n}\n"}


def test_whom_a_passdb_denies_is_no_login(listed):
    listed.write_users("alice:{PLAIN}x\nclosed:{PLAIN}x\n")
    (listed.folder / "closed").write_text("# gone\nclosed:\n")
    listed.dovecot("file", more=DENY[version()] % (listed.folder / "closed"))
    assert listed.found() == []
    (listed.folder / "closed").write_text("other:\n")
    assert [(row["severity"], row["detail"]) for row in listed.found()] == [("error", "closed")]
    (listed.folder / "closed").write_text(f"#{'x' * 1024 * 1024}\nclosed:\n")
    assert listed.found() == [], "a long file is read whole"
    (listed.folder / "closed").unlink()
    known, unread = listed.found()
    assert (known["severity"], known["detail"]) == ("warning", "closed")
    assert brief([unread])[0][1:3] == ("not judged", "passdb passwd-file") and "cannot be read" in unread["detail"]


def test_what_cannot_be_listed_is_named_as_not_judged(listed):
    listed.dovecot("static")
    found, = listed.found()
    assert brief([found])[0][:3] == ("not-listed", "not judged", "passdb static")
    assert "doveadm user '*': " in found["detail"], "no Dovecot runs"
    listed.dovecot("file")
    listed.users.unlink(missing_ok=True)
    found, = listed.found()
    assert brief([found])[0] == ("not-listed", "not judged", "passdb passwd-file", found["what"], f"{listed.users}: it cannot be read")


ACCOUNTS = [  # name, uid, password, shell
    ("root", 0, "$6$x", "/bin/bash"),
    ("postgres", 105, "!", "/bin/bash"),
    ("dovenull", 996, "!", "/usr/sbin/nologin"),
    ("vmail", 5000, "*", "/usr/sbin/nologin"),
    ("cloud", 1000, "!", "/bin/bash"),
    ("alice", 1001, "$6$x", "/bin/bash"),
    ("mailonly", 1002, "$6$x", "/usr/sbin/nologin"),
    ("carol", 1003, "$6$x", "/bin/bash"),
    ("nobody", 65534, "*", "/usr/sbin/nologin"),
]


def on_a_machine_with(listed, accounts):
    """A command before another: /etc/passwd and /etc/shadow are these there."""
    files = listed.folder / "passwd", listed.folder / "shadow"
    # Servers' own accounts are there in any case.
    own = [(entry.pw_name, entry.pw_uid, "!", entry.pw_shell) for entry in pwd.getpwall() if 0 < entry.pw_uid < 500]
    names = {name for name, *_ in accounts}
    accounts = [*accounts, *(row for row in own if row[0] not in names)]
    files[0].write_text("".join(f"{name}:x:{uid}:{uid}::/home/{name}:{shell}\n" for name, uid, _, shell in accounts))
    files[1].write_text("".join(f"{name}:{password}:19000:0:99999:7:::\n" for name, _, password, _ in accounts))
    files[0].chmod(0o644)
    return ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
            'mount --make-rprivate / 2>/dev/null; mount --bind "$0" /etc/passwd && mount --bind "$1" /etc/shadow && shift '
            '&& exec "$@"', *map(str, files)]


@pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
                    reason="no mounts of one's own here")
def test_accounts_of_this_machine(listed):
    listed.dovecot("pam")
    found, others = listed.found(prefix=on_a_machine_with(listed, ACCOUNTS))
    assert brief([others])[0][:3] == ("not-listed", "not judged", "passdb pam") and "sssd" in others["detail"]
    assert brief([found]) == [("unknown-logins", "error", "/etc/passwd", "lists 3 logins, 2 of which are not known",
                               "mailonly, carol")], "not services, and not who has no password"


@pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
                    reason="no mounts of one's own here")
def test_a_hundred_thousand(folder):
    """Time in proportion to their number: as many logins of each kind, all known but one."""
    count = 100_000
    names = [f"u{number}" for number in range(count)]
    listed = Listed(folder, directory="".join(f"user {name}@example.test login={name}\n" for name in names[1:]))
    listed.write_users("".join(f"{name}:{{PLAIN}}x\n" for name in names))
    listed.dovecot("file", "pam")
    prefix = on_a_machine_with(listed, [("root", 0, "$6$x", "/bin/bash")] + [
        (name, 2000 + number, "$6$x", "/bin/bash") for number, name in enumerate(names)])
    what = f"lists {count} logins, 1 of which is not known"
    assert [row[2:] for row in brief(listed.found(prefix=prefix)[:2])] == [
        (str(listed.users), what, "u0"), ("/etc/passwd", what, "u0")]


# --- Postfix


@pytest.fixture
def stock(folder):
    made = Stock(folder)
    yield made
    made.stop()


def checked(stock):
    return of_ours(stock.daemon.cli("--json", "check", *stock.servers()))


def table(stock, name, text):
    path = stock.folder / name
    path.write_text(text)
    subprocess.run([rig.tool("postmap"), "-c", stock.postfix.etc, f"hash:{path}"], check=True, timeout=60)
    return f"hash:{path}"


def test_mailboxes_of_postfix(stock):
    maps = table(stock, "mailboxes", "bob@example.test bob/\nsales@example.test sales/\nbob+x@example.test bob/\n"
                                     "lost@example.test lost/\n@example.test rest/\n")
    main = stock.postfix.etc / "main.cf"
    main.write_text(main.read_text() + f"virtual_mailbox_maps = {maps}, regexp:{stock.folder}/patterns\n")
    (stock.folder / "patterns").write_text("/./ x\n")
    stock.postfix.age()
    before = stock.tree()
    mailboxes, patterns = checked(stock)
    assert brief([mailboxes]) == [("unknown-mailboxes", "error", "virtual_mailbox_maps",
                                   "lists 4 mailboxes, 1 of which is not known", "lost@example.test")]
    assert brief([patterns])[0][:3] == ("not-listed", "not judged", "virtual_mailbox_maps")
    told = stock.setup("--apply")
    assert told.returncode == 1 and "nothing was changed: " in told.stderr and "lost@example.test" in told.stdout, told
    assert stock.tree() == before
    stock.daemon.write(stock.daemon.directory, stock.daemon.directory.read_text() + "user lost@example.test\n")
    stock.daemon.sync()
    rig.wait_for(lambda: stock.setup("--apply").returncode == 0, "mailwicketd to have the directory")


@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_setup_refuses_while_a_login_is_unknown(stock, mode):
    if mode == "audit":
        stock.daemon.write_policy(stock.policy_text(AUDIT_POLICY))
        stock.daemon.reload()
    stock.dovecot.write_users({**stock.passwords, "new": "secret"})
    before = stock.tree()
    told = stock.setup("--apply")
    assert told.returncode == 1 and "1 of which is not known" in told.stdout and "new" in told.stdout, told
    assert stock.tree() == before
    stock.dovecot.write_users(stock.passwords)
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == (0, ""), told


# --- the Dovecot that runs


SQL = {
    "2.3": ("passdb {{\n  driver = sql\n  args = {conf}\n}}\nuserdb {{\n  driver = sql\n  args = {conf}\n}}\n",
            "driver = sqlite\nconnect = {database}\npassword_query = SELECT name AS user, password FROM users WHERE name = '%u'\n"
            "user_query = SELECT name AS user, 65534 AS uid, 65534 AS gid, '/tmp' AS home FROM users WHERE name = '%u'\n"
            "iterate_query = SELECT name AS user FROM users\n"),
    "2.4": ("sql_driver = sqlite\nsqlite_path = {database}\npassdb sql {{\n  query = SELECT name AS user, password FROM users "
            "WHERE name = '%{{user}}'\n}}\nuserdb sql {{\n  query = SELECT name AS user, 65534 AS uid, 65534 AS gid, '/tmp' AS "
            "home FROM users WHERE name = '%{{user}}'\n  iterate_query = SELECT name AS user FROM users\n}}\n", ""),
}


def test_logins_that_only_dovecot_can_list(folder):
    listed = Listed(folder)
    database, conf = folder / "users.sqlite", folder / "sql.conf"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE users (name, password)")
        connection.executemany("INSERT INTO users VALUES (?, '{PLAIN}x')", [("alice",), ("lost",)])
    database.chmod(0o644)
    dovecot = PrivateDovecot(folder, listed.daemon.policy, {}, protocols=("imap",), modules=False)
    conf.write_text(SQL[version()][1].format(database=database))
    text = dovecot.plain()
    start = text.index("passdb")
    end = text.index("service ", start)
    dovecot.config.write_text(text[:start] + SQL[version()][0].format(conf=conf, database=database) + text[end:])
    listed.config = dovecot.config
    with dovecot:
        found, = listed.found()
        assert brief([found]) == [("unknown-logins", "warning", "doveadm user '*'", "lists 2 logins, 1 of which is not known", "lost")]
        with sqlite3.connect(database) as connection:
            connection.execute("DELETE FROM users WHERE name = 'lost'")
        assert listed.found() == []
