"""`mailwicket import postfix` with every kind of table that Postfix has: each pair that it compared is what a real smtpd says,
and what Mailwicket alone permits is nobody's address."""
import contextlib
import sqlite3
import subprocess

import pytest

from rig.database import PASSWORD
from rig.import_many import ImportMany, TableServer, answer_socketmap, answer_tcp
from rig.postfix import needs_postfix
from rig.processes import tool
from rig.slapd import READER

pytestmark = pytest.mark.skipif(needs_postfix() is not None, reason=str(needs_postfix()))

# Logins by commas and blanks, extensions, capitals, quotes, names without a domain, of a parent domain and of this host.
SENDERS = """\
alice@example.test alice
alice+bills@example.test bob
BOB@Example.Test Bob
"odd name"@example.test alice
info@example.test alice, bob\tcarol@hosted.test
local bob
.example.test bob
example.test bob
sales@hosted.test alice@example.test,bob
carol@hosted.test carol@hosted.test
admin@mx.example.test alice
ceo@catch.test alice
@catch.test bob
"""
USERS = ["alice", "bob", "carol@hosted.test", "dave"]
ROWS = {key.lower(): value.replace("\t", " ") for key, _, value in (
    line.partition(" ") if not line.startswith('"') else ('"odd name"@example.test', "", "alice")
    for line in SENDERS.splitlines())}
ALIASES = "".join(f"{key if '@' in key else key + '@example.test'} x@foreign.example\n" for key in ROWS if not key.startswith("@"))
# Who may send as what by them.
LINES = [
    'user alice@example.test login=alice address="odd name"@example.test,ceo@catch.test',
    "user bob@example.test login=bob address=alice+bills@example.test,example.test@example.test,local@example.test,sales@hosted.test",
    "user carol@hosted.test",
    "user dave@example.test.invalid login=dave,dave@example.test receive=dave@example.test",
]
LISTED = ("hash", "btree", "lmdb", "texthash")
NOT_LISTED = ("cdb", "sqlite", "ldap", "tcp", "socketmap")


def in_order(line):
    before, found, addresses = line.partition(" address=")
    return before + found + ",".join(sorted(addresses.split(",")))


def fill_sqlite(etc, name="sqlite", rows=None):
    with contextlib.closing(sqlite3.connect(etc / f"{name}.db")) as file:
        file.execute("CREATE TABLE senders (sender TEXT, logins TEXT)")
        file.executemany("INSERT INTO senders VALUES (?, ?)", (rows or ROWS).items())
        file.commit()
    (etc / f"{name}.cf").write_text(f"dbpath = {etc}/{name}.db\nquery = SELECT logins FROM senders WHERE sender = '%s'\n")


def fill_ldap(etc, slapd):
    tree = slapd.tree()
    slapd.add("\n".join(f"dn: cn=row{number},{tree}\nobjectClass: organizationalRole\nobjectClass: mwMail\ncn: row{number}\n"
                        f"mwName: {key}\nmwText: {value}\n" for number, (key, value) in enumerate(ROWS.items())))
    (etc / "ldap.cf").write_text(f"server_host = ldap://127.0.0.1:{slapd.port}\nversion = 3\nsearch_base = {tree}\nbind = yes\nbind_dn = {READER}\n"
                                 f"bind_pw = {PASSWORD}\nquery_filter = (mwName=%s)\nresult_attribute = mwText\n")


@pytest.fixture
def servers():
    with TableServer(ROWS, answer_tcp) as tcp, TableServer(ROWS, answer_socketmap) as socketmap:
        yield {"tcp": f"tcp:127.0.0.1:{tcp.port}", "socketmap": f"socketmap:inet:127.0.0.1:{socketmap.port}:senders"}


CASES = {
    **{kind: f"{kind}:@ETC@/{'senders' if kind == 'texthash' else kind}" for kind in (*LISTED, "cdb")},
    "proxied": "proxy:texthash:@ETC@/senders",
    "inline": "inline:{{alice@example.test=alice}, {BOB@example.test=bob, alice}, {@catch.test=bob}, {dave+x@example.test = dave}}",
    "static": "static:alice",
    "static-behind": "texthash:@ETC@/senders, static:dave",
    "regexp": "regexp:@ETC@/patterns",
    "pcre": "pcre:@ETC@/patterns",
    "pattern-first": "pcre:@ETC@/one, texthash:@ETC@/senders",
    "union": "unionmap:{texthash:@ETC@/second, proxy:texthash:@ETC@/senders}",
    "union-of-unions": "unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{texthash:@ETC@/second}}}}, texthash:@ETC@/senders}",
    "union-pattern": "unionmap:{pcre:@ETC@/one, texthash:@ETC@/senders}",
    "pipe": "pipemap:{texthash:@ETC@/persons, texthash:@ETC@/logins}",
    "two": "texthash:@ETC@/second, texthash:@ETC@/senders",
    "random-of-one": "randmap:{alice}",
    "missing": "hash:@ETC@/nosuch, texthash:@ETC@/senders",
    "failing": "texthash:@ETC@/senders, fail:always",
}
TABLES = {
    "senders": SENDERS, "aliases": ALIASES,
    "patterns": "/^(.*)@example\\.test$/ $1\n/^(.*)@catch\\.test$/ bob\n",
    "one": "/^(ceo|chief)@catch\\.test$/ alice\n",
    "second": "bob@example.test alice\nnew@catch.test dave\n",
    "persons": "alice@example.test p1\ninfo@example.test p2\n@catch.test p1\n", "logins": "p1 alice\np2 alice,bob\n",
}
# What Postfix permits and a directory does not, with the reason; where more is not listed, no table names the address.
LOST = {"static": {"not-listed"}, "static-behind": {"not-listed"}, "regexp": {"not-listed"}, "pcre": {"not-listed"},
        "pattern-first": {"domain-key", "not-listed"}, "union-pattern": {"domain-key", "not-listed"},
        "pipe": {"not-listed", "domain-key"}, "union-of-unions": {"domain-key", "not-listed"}}


def test_every_kind_of_table(folder, servers, slapd):
    cases = {**servers, "sqlite": "proxy:sqlite:@ETC@/sqlite.cf", "ldap": "ldap:@ETC@/ldap.cf", **CASES}
    main = "virtual_alias_maps = texthash:@ETC@/aliases\nvirtual_alias_domains = hosted.test catch.test\n"
    many = ImportMany(folder, TABLES, USERS, {name: {"smtpd_sender_login_maps": tables} for name, tables in cases.items()},
                      main + "proxy_read_maps = proxy:texthash:@ETC@/senders proxy:sqlite:@ETC@/sqlite.cf\n")
    for kind in (*LISTED[:-1], "cdb"):
        (many.etc / kind).write_text(SENDERS)
        subprocess.run([tool("postmap"), "-c", many.etc, f"{kind}:{many.etc / kind}"], check=True, timeout=60)
    fill_sqlite(many.etc)
    fill_ldap(many.etc, slapd)
    with many:
        for name in cases:
            if name in ("random-of-one", "missing", "failing"):
                refused = many.run(name)
                assert refused.returncode == 66 and "cannot be asked: " + many.cases[name]["smtpd_sender_login_maps"].split(", ")[
                    name == "failing"] in refused.stderr, refused.stderr
                continue
            told = many.told(name)
            unread = [row["what"] for row in told["unread"] if row["setting"] == "smtpd_sender_login_maps"]
            lost = {row["reason"] for row in told["proof"]["differences"] if not row["mailwicket"]}
            assert lost <= LOST.get(name, {"domain-key", "not-listed"} if name in NOT_LISTED else {"domain-key"}) | {"own-name", "other-name"}, (name, lost)
            assert {many.cases[name]["smtpd_sender_login_maps"]} <= {*unread} or name not in NOT_LISTED, (name, unread)
            made = many.directory(name)
            if name in (*LISTED, *NOT_LISTED) and name not in servers:  # those Postfix asks for the whole address alone
                assert [in_order(line) for line in made if line.startswith("user ")] == LINES, (name, made)
                assert "grant send-as *@catch.test bob@example.test" not in made
            # init makes the same of the same.
            assert many.run(name, ["init"]).returncode == 0
            assert {*many.directory(name, ["init"])} == {*made}, name


APART = {
    "apart": "root@example.test alice\nroot@mx.example.test bob\nwww@mx.example.test bob\nsame@example.test alice, bob\n"
             "same@mx.example.test bob\ncarol@hosted.test carol@hosted.test\ncarol@old.test dave\n",
    "apart-domain": "carol@hosted.test carol@hosted.test, dave\nsales@hosted.test alice\n@hosted.test bob\n@old.test dave\n",
}


@pytest.mark.parametrize("kind", ["texthash", "sqlite"])
def test_an_address_that_the_tables_have_under_two_names(folder, kind):
    """A name of this host, or an alias domain, is the domain's in the policy: the right is of those who have it under both."""
    users = [f"{name}@example.test {name}\n" for name in ("alice", "bob", "dave")]
    tables = {name: text + "".join(users) for name, text in APART.items()}
    maps = {name: f"{kind}:@ETC@/{name}" + ("" if kind == "texthash" else ".cf") for name in tables}
    main = "virtual_alias_domains = hosted.test old.test\nvirtual_alias_maps = texthash:@ETC@/aliases\n"
    rows = "@old.test @hosted.test\n" + "".join(f"{name} x@foreign.example\n" for name in (
        "root@example.test", "www@example.test", "same@example.test", "sales@hosted.test"))
    many = ImportMany(folder, {**tables, "aliases": rows}, USERS, {name: {"smtpd_sender_login_maps": text} for name, text in maps.items()}, main)
    for name in tables if kind == "sqlite" else ():
        fill_sqlite(many.etc, name, dict(line.split(" ", 1) for line in tables[name].splitlines()))
    with many:
        told = {name: many.told(name) for name in tables}
        apart = {name: {(pair["login"], pair["sender"]) for pair in told[name]["proof"]["compared"]
                        if pair["mailwicket"] and not pair["sender"].endswith(".invalid")} for name in tables}
        asked = {(pair["login"], pair["sender"]) for pair in told["apart"]["proof"]["compared"]}
        assert {("bob", "root@mx.example.test"), ("alice", "root@mx.example.test"), ("dave", "carol@old.test"),
                ("carol@hosted.test", "carol@old.test"), ("bob", "same@mx.example.test")} <= asked
        assert not {pair for pair in apart["apart"] if pair[1].startswith(("root@", "www@", "carol@"))}
        assert {pair[0] for pair in apart["apart"] if pair[1].startswith("same@")} == {"bob"}
        assert {pair for pair in apart["apart-domain"] if pair[1].endswith(("@hosted.test", "@old.test"))} <= {
            ("dave", f"{name}@{domain}") for name in ("carol", "carol+x") for domain in ("hosted.test", "old.test")}
        for name in tables:
            unread = [row["what"] for row in told[name]["unread"] if "takes" in row["why"]]
            assert {what.partition("@")[2] for what in unread} == ({"mx.example.test", "old.test"} if name == "apart" else {"old.test"})
            assert many.run(name, ["init"]).returncode == 0
            assert {*many.directory(name, ["init"])} == {*many.directory(name)}, name
