"""`mailwicket import postfix` proves itself: what it says of Postfix is what a real smtpd says, and what it says of Mailwicket is
what mailwicketd says; of up to 10,000 pairs of login and sender."""
import random

import pytest

from rig.import_world import ImportWorld
from rig.postfix import needs_postfix

pytestmark = pytest.mark.skipif(needs_postfix() is not None, reason=str(needs_postfix()))


def prove(folder, main, tables, users):
    """What import told; it was true of both."""
    world = ImportWorld(folder, main, tables, users)
    try:
        told = world.run_import()
        proof = told["proof"]
        pairs = proof["compared"]
        assert proof["not_compared"] == "" and len(pairs) == proof["pairs"] > 0
        checked = world.check()
        assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
        world.start()
        for said, answers in ("postfix", world.smtpd(pairs)), ("mailwicket", None):
            if answers is None:
                world.serve()
                answers = world.mailwicketd(pairs)
            wrong = [pair for pair, answer in zip(pairs, answers) if pair[said] != answer]
            assert not wrong, (said, len(wrong), wrong[:10], world.daemon.directory.read_text()[:2000])
        differ = [pair for pair in pairs if pair["postfix"] != pair["mailwicket"]]
        assert differ == proof["differences"] and proof["alike"] == len(pairs) - len(differ)
        return told
    finally:
        world.close()


def reasons(told):
    return {row["reason"] for row in told["proof"]["differences"]}


def hostile_tables(seed):
    """Sixty logins, and addresses of every kind that a table may have."""
    chosen = random.Random(seed)
    users = [f"user{number}" for number in range(40)] + [f"user{number}@hosted.test" for number in range(20)]
    senders = {}
    for user in users:
        senders[user if "@" in user else f"{user}@example.test"] = [user]
    for number in range(90):
        domain = chosen.choice(["example.test", "hosted.test", "other.test", "MIXED.test"])
        senders[f"{chosen.choice(['team', 'Info', 'a.b', 'x-y'])}{number}@{domain}"] = chosen.sample(users, chosen.choice([1, 1, 2, 3]))
    for user in chosen.sample(users[:40], 6):  # somebody else's extension; whom nobody lets send as himself; two as one
        senders[f"{user}+bills@example.test"] = [chosen.choice(users)]
    for user in chosen.sample(users[:40], 4):
        senders[f"{user}@example.test"] = [chosen.choice(users)]
    for user in chosen.sample(users, 5):
        senders[user if "@" in user else f"{user}@example.test"] = [user, chosen.choice(users)]
    for number in range(4):  # local parts alone
        senders[f"local{number}"] = chosen.sample(users, 2)
    senders["@catch.test"] = users[:2]
    senders["@other.test"] = [users[3]]
    senders["named@catch.test"] = users[:1]
    return "".join(f"{key} {chosen.choice([', ', ' ', ',']).join(owners)}\n" for key, owners in senders.items()), users


def test_ten_thousand_pairs_of_a_table_with_everything(folder):
    text, users = hostile_tables(20261130)
    second = "user0@example.test user1\nsecond@hosted.test user2, user3\n"  # the first table counts
    told = prove(folder, "smtpd_sender_login_maps = texthash:@ETC@/senders, texthash:@ETC@/second\n"
                 "virtual_alias_maps = texthash:@ETC@/aliases\nvirtual_alias_domains = hosted.test other.test\n",
                 {"senders": text, "second": second,
                  "aliases": "sales@example.test user1\nlist@hosted.test user2, user5@hosted.test, x@foreign.example\n"}, users)
    assert told["proof"]["pairs"] == 10000 and told["proof"]["alike"] > 9800
    # Postfix lets what Mailwicket refuses, and nothing is forged: what Mailwicket alone lets is a name of one's own.
    assert {row["reason"] for row in told["proof"]["differences"] if row["mailwicket"]} <= {"own-name", "other-name", "extension"}
    assert reasons(told) <= {"own-name", "domain-key", "other-name", "extension"}, reasons(told)


GUIDES = {
    # Postfix's SASL_README.
    "sasl-readme": ("smtpd_sender_login_maps = texthash:@ETC@/senders\n", {
        "senders": "john@example.com john@example.com\nhelpdesk@example.com john@example.com, mary@example.com\n"
                   "postmaster admin@example.com\n@example.net barney, fred, john@example.com, mary@example.com\n"},
        ["john@example.com", "mary@example.com", "admin@example.com", "barney", "fred"]),
    # Everybody as the login, by a pattern: login_maps.pcre of the usual scripts.
    "own-pattern": ("smtpd_sender_login_maps = regexp:@ETC@/senders\n", {
        "senders": "/^(.*)@example\\.test$/ ${1}\n"}, ["alice", "bob"]),
    # The addresses as logins: the table of the mailboxes, or of the aliases, is the one of the senders.
    "aliases-as-logins": ("virtual_mailbox_domains = hosted.test\nvirtual_mailbox_maps = texthash:@ETC@/mailboxes\n"
                          "virtual_alias_maps = texthash:@ETC@/aliases\n"
                          "smtpd_sender_login_maps = texthash:@ETC@/aliases, texthash:@ETC@/self\n", {
        "mailboxes": "a@hosted.test a/\nb@hosted.test b/\n", "self": "a@hosted.test a@hosted.test\nb@hosted.test b@hosted.test\n",
        "aliases": "info@hosted.test a@hosted.test\nall@hosted.test a@hosted.test, b@hosted.test\nout@hosted.test x@foreign.example\n"},
        ["a@hosted.test", "b@hosted.test"]),
    # docker-mailserver's union of a table and a pattern.
    "union": ("smtpd_sender_login_maps = unionmap:{ texthash:@ETC@/senders, regexp:@ETC@/self }\n", {
        "senders": "info@example.test alice@example.test\n", "self": "/^(.*)$/ ${1}\n"},
        ["alice@example.test", "bob@example.test"]),
    "inline": ("smtpd_sender_login_maps = inline:{ {alice@example.test=alice}, {info@example.test=alice bob} }\n", {},
               ["alice", "bob"]),
    "static": ("smtpd_sender_login_maps = static:admin\n", {}, ["admin", "alice"]),
    "pipe": ("smtpd_sender_login_maps = pipemap:{ texthash:@ETC@/person, texthash:@ETC@/login }\n", {
        "person": "alice@example.test p1\ninfo@example.test p1\n", "login": "p1 alice\n"}, ["alice", "bob"]),
    "known": ("smtpd_sender_login_maps = texthash:@ETC@/senders\nsmtpd_sender_restrictions = reject_known_sender_login_mismatch\n", {
        "senders": "alice@example.test alice\nbob@example.test bob\n"}, ["alice", "bob"]),
    "authenticated": ("smtpd_sender_login_maps = texthash:@ETC@/senders\n"
                      "smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch\n", {
        "senders": "alice@example.test alice\n@example.test bob\n"}, ["alice", "bob"]),
    "nothing-compared": ("smtpd_sender_restrictions =\n", {}, ["alice", "bob"]),
}
DIFFER = {"sasl-readme": {"own-name"}, "known": {"no-owner"}, "authenticated": {"domain-key"}, "static": {"own-name", "not-listed"},
          "nothing-compared": {"not-compared"}, "union": {"not-listed", "extension", "own-name"}, "own-pattern": {"extension", "own-name"}, "pipe": {"own-name"},
          "inline": {"own-name"}, "aliases-as-logins": set()}


@pytest.mark.parametrize("name", GUIDES)
def test_the_tables_of_the_usual_guides(folder, name):
    told = prove(folder, *GUIDES[name])
    assert reasons(told) <= DIFFER[name] | {"other-name"}, told["proof"]["differences"][:10]
