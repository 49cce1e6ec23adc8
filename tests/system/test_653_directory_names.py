"""Names of the directory: none means two users, everybody finds the same one, and none holds what a shell reads."""
import json
import random
import re

import pytest

from rig import wait_for
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, has_protocol, version
from rig.login_clients import client

PASSWORD = "right-password"
POLICY = """\
hostname = "mx.example.test"
default_domain = "$domain"
accepted_domain "example.test" { type = Authoritative  local_names = { "mx.example.test" } }
accepted_domain "two.test" { type = Authoritative }
connector "Client" {
    bindings = { "*:587" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS, Integrated }
    permission_groups = { ExchangeUsers }
}
"""
PUBLISHED = "user first@example.test\n"


def policy(domain="example.test"):
    return POLICY.replace('default_domain = "$domain"\n', f'default_domain = "{domain}"\n' if domain else "")


@pytest.fixture
def files(folder):
    return Daemon(policy(), PUBLISHED, folder, start=False)


def refused(files, text, *lines):
    """sync and check name these lines of the source, and what was published stays."""
    files.write(files.directory, text)
    before = (files.published / "snapshot.mdb").read_bytes()
    for command in (("sync",), ("check",), ("sync", "--dry-run")):
        result = files.cli(*command)
        assert result.returncode == 65, (command, result.stdout, result.stderr)
        told = result.stdout + result.stderr
        for line in lines:
            assert re.search(rf"{files.directory}:{line}\b", told), told
    assert (files.published / "snapshot.mdb").read_bytes() == before
    return told


def accepted(files, text):
    files.write(files.directory, text)
    result = files.cli("sync")
    assert result.returncode == 0, result.stderr


# --- two users of one login name

AMBIGUOUS = [
    "user alice@example.test login=bob\nuser bob@example.test\n",
    "user bob@example.test\nuser alice@example.test login=bob\n",
    "user alice@example.test login=x,BOB,y\nuser Bob@EXAMPLE.test\n",
    "user alice@example.test login=bob\nuser carol@example.test login=bob@example.test\n",
    "user alice@example.test login=Bob@Example.Test\nuser carol@example.test login=bOB\n",
    "user alice@two.test login=bob\nuser bob@example.test\n",
    "user alice@example.test login=o'brien\nuser O'Brien@example.test\n",
    "user alice@example.test login=b\u00d6b\nuser B\u00f6B@example.test\n",
    "user alice@example.test login=bo\u0308b\nuser b\u00f6b@example.test\n",
    "user alice@example.test login=a&b\nuser a&b@example.test\n",
    "user alice@example.test login=bob\nuser \"bob\"@example.test\n",
    "user alice@example.test login=bob\nuser bob\n",
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_login_name_of_two_users_is_refused_with_both_lines(files, text):
    told = refused(files, text, 1, 2)
    assert told.count("error:") == 1, told


def test_the_two_may_stand_in_two_sources_and_each_pair_is_told(files):
    other = files.folder / "other"
    files.write_policy(policy() + f'directory {{ path = "{files.published}"\n'
                       f'  source "one" {{ driver = text path = "{files.directory}" }}\n'
                       f'  source "two" {{ driver = text path = "{other}" }} }}\n')
    files.write(other, "user bob@example.test\nuser carl@example.test\n")
    told = refused(files, "\n\nuser alice@example.test login=bob\nuser dora@example.test login=carl\n", 3, 4)
    assert f"{other}:1: error: " in told and f"{other}:2: error: " in told


@pytest.mark.parametrize("domain", ["two.test", "TWO.test", "mx.example.test"])
def test_what_counts_is_the_domain_that_default_domain_stands_for(files, domain):
    files.write_policy(policy(domain))
    stands_for = "example.test" if domain.startswith("mx") else "two.test"
    other = "two.test" if stands_for == "example.test" else "example.test"
    refused(files, f"user alice@{other} login=bob\nuser bob@{stands_for}\n", 1, 2)
    accepted(files, f"user alice@{stands_for} login=bob\nuser bob@{other}\n")


UNAMBIGUOUS = [
    "user bob@example.test login=bob\n",
    "user bob@example.test login=bob,bob@example.test\n",
    "user alice@example.test login=bob\nuser bob@two.test\n",
    "user alice@example.test login=bob address=bob@example.test\n",
    "user alice@example.test login=bob,bob@example.test\n",
    # An alias is no login name.
    "user alice@example.test login=bob\nuser carol@example.test address=bob@example.test\n",
    "user office@example.test login=info\ngroup info@example.test member=office@example.test\n",
]


@pytest.mark.parametrize("text", UNAMBIGUOUS)
def test_one_user_may_have_many_names(files, text):
    accepted(files, text)


def test_without_default_domain_nothing_is_completed(files):
    files.write_policy(policy(None))
    accepted(files, "user alice@example.test login=bob\nuser bob@example.test\n")


POOL = ["a", "b", "c", "A", "a@example.test", "B@Example.Test", "c@EXAMPLE.test", "a@two.test", "b@two.test"]


def answers_to_one_alone(users):
    """By brute force: what may be typed at a login, and who answers to it, as it is or with the domain."""
    owners = {}
    for user, logins in users.items():
        for name in (user, *logins):
            owners.setdefault(name.lower(), set()).add(user)
    for name in list(owners):
        if "@" not in name:
            owners[name] = owners[name] | owners.get(f"{name}@example.test", set())
    return all(len(found) == 1 for found in owners.values())


def test_random_directories_are_refused_just_where_a_name_means_two(files):
    chance, seen = random.Random(653), set()
    for _ in range(250):
        names = chance.sample(["a@example.test", "b@example.test", "c@two.test", "d@example.test"], 3)
        users = {name: chance.sample(POOL, chance.randrange(3)) for name in names}
        files.write(files.directory, "".join(f"user {name}{' login=' + ','.join(logins) if logins else ''}\n"
                                             for name, logins in users.items()))
        wanted = answers_to_one_alone(users)
        result = files.cli("sync", "--dry-run")
        assert result.returncode == (0 if wanted else 65), (users, result.stdout, result.stderr)
        seen.add(wanted)
    assert seen == {True, False}


# --- a default_domain that changed after the sync

LATER = "user alice@example.test login=bob\nuser bob@two.test\nuser carol@example.test login=carol\n"


@pytest.fixture
def changed(files):
    """What was published is of one default_domain, what serves of another."""
    accepted(files, LATER)
    files.write_policy(policy("two.test"))
    return files


def both(text):
    return "alice@example.test" in text and "bob@two.test" in text


@pytest.mark.parametrize("words,code", [(("lookup",), 1), (("client-settings",), 1), (("suspend", "--all"), 67),
                                        (("resume",), 67), (("why", "--log", "/dev/null"), 67)],
                         ids=["lookup", "client-settings", "suspend", "resume", "why"])
def test_no_command_chooses_one_of_two(changed, words, code):
    for name in ("bob", "BOB"):
        result = changed.cli(words[0], name, *words[1:])
        assert (result.returncode, result.stdout) == (code, "") and both(result.stderr), result.stderr
    assert not changed.suspensions.exists()
    for name in ("bob@two.test", "alice@example.test"):
        result = changed.cli("lookup", name)
        assert result.returncode == 0 and f"user {name}" in result.stdout, result


def test_check_and_sync_name_the_two_lines(changed):
    for command in ("check", "sync"):
        result = changed.cli(command)
        assert result.returncode == 65 and f"{changed.directory}:2: error: " in result.stderr
        assert f"({changed.directory}:1)" in result.stderr
    result = changed.cli("--json", "lookup", "bob")
    assert json.loads(result.stdout)["ambiguous"] == ["alice@example.test", "bob@two.test"]


def test_explain_and_mailwicketd_decide_nothing_for_it(changed):
    told = changed.cli("explain", "imap", "--login", "bob", "--tls", "TLSv1.3")
    assert told.returncode == 75
    assert "the login name bob is one user's, and with default_domain another's" in told.stdout
    assert f"mailwicket -c {changed.policy} check names both users' lines" in told.stdout
    with changed.start() as daemon:
        for login in ("bob", "Bob"):
            assert daemon.request(sasl_username=login, sender="alice@example.test") is None
            assert daemon.request(sasl_username=login, sender="bob@two.test") is None
        assert daemon.request(sasl_username="bob@two.test", sender="bob@two.test") == "DUNNO"
        assert daemon.request(sasl_username="alice@example.test", sender="alice@example.test") == "DUNNO"
        line, *_ = daemon.logged(verdict="undecided", login="bob")
        assert "with default_domain another's" in line["hint"]


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
def test_dovecot_lets_nobody_in_by_it(changed):
    users = dict.fromkeys(["bob", "bob@two.test", "alice@example.test", "carol"], PASSWORD)
    with PrivateDovecot(changed.folder, policy=changed.policy, users=users) as dovecot:
        for protocol in ("imap", "pop3"):
            if not has_protocol(protocol):
                continue
            for login, outcome in (("bob", False), ("bob@two.test", True), ("alice@example.test", True), ("carol", True)):
                with client(protocol, dovecot.ports, how="implicit") as it:
                    assert (it.plain(login, PASSWORD) == "ok") == outcome, (protocol, login, it.last)
        undecided = "mailwicket: v=1 verdict=undecided reason=directory-unavailable .*login=bob "
        lines = wait_for(lambda: dovecot.lines(undecided), "the decision in the log")
        assert "with default_domain another's" in lines[0]


# --- everybody finds the same one

NAMES = ["bob", "BOB", "bob@example.test", "Bob@Example.Test", "robert", "robert@example.test", "b", "carol", "office",
         "office@example.test", "stranger", "\u00fcmit", "\u00dcMIT@example.test", "o'brien"]
WORLD = """\
user bob@example.test login=b,bob address=robert@example.test
user carol@two.test login=carol
user office@example.test login=info
group info@example.test member=office@example.test
user \u00fcmit@example.test
user o'brien@example.test
"""


def found_by_explain(files, name):
    """The user behind a login name, as servers see it."""
    told = files.cli("--json", "explain", "imap", "--login", name, "--tls", "TLSv1.3")
    sentences = [step["sentence"] for step in json.loads(told.stdout)["decisions"][-1]["trace"] if step["check"] == "login"]
    found = re.search(r" is the user (.*)$", sentences[0])
    return found and found[1]


def found_by(files, *words):
    result = files.cli("--json", *words)
    if result.returncode != 0:
        return None
    told = json.loads(result.stdout)
    return told.get("receives") or told.get("user") or told.get("user_name") or told["ended"][0]["user"]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_finds_the_same_user(files, name):
    accepted(files, WORLD)
    by_lookup = found_by(files, "lookup", name)
    found = {by_lookup, found_by(files, "client-settings", name)}
    found.add(found_by(files, "suspend", name, "--all"))
    if by_lookup is not None:
        found.add(found_by(files, "resume", name))
    assert found == {by_lookup}
    by_login = found_by_explain(files, name)
    # An alias is a name for commands, and none to log in with.
    assert by_login == (None if name.startswith("robert") else by_lookup)


def test_a_name_that_is_an_address_and_a_login_is_chosen_by_nobody(files):
    accepted(files, WORLD)
    for words in (("lookup", "info"), ("client-settings", "info"), ("suspend", "info", "--all"), ("resume", "info")):
        result = files.cli(*words)
        assert result.returncode in (1, 67) and result.stdout == ""
        assert "an address of info@example.test and the login name of another user, office@example.test" in result.stderr
    assert found_by_explain(files, "info") == "office@example.test"
    assert found_by(files, "lookup", "info@example.test") == "info@example.test"


# --- octets of names

BAD_LOGINS = ['"bob"', 'bo"b"', '"bob smith"', "$(id)", "$x", "a`id`", "a;id", "a|id", "a<b", "a>b", "a(b", "a)b", "\\b",
              "a\\", "a\\b\\c", "a\\b@example.test", "*", "a*", "a?", "a*b@example.test", "a$b@example.test", "a`b@example.test"]
BAD_ADDRESSES = ["$(id)@example.test", "a$b@example.test", "a`id`@example.test", "a|id@example.test", "*@example.test",
                 "a?b@example.test", "a;id@example.test", "a<b@example.test", "a>b@example.test", "a(b)@example.test",
                 "a\\b@example.test", '"a$b"@example.test', 'a"b"@example.test']
RECORDS = ["user {}", "group {}", "user x@example.test address={}", "user x@example.test address=y@example.test,{}",
           "group g@example.test member={}", "user x@example.test senders={}", "grant send-as {} first@example.test",
           "grant send-as first@example.test {}"]


@pytest.mark.parametrize("name", BAD_LOGINS)
def test_a_login_with_what_no_mail_system_needs_is_refused(files, name):
    told = refused(files, f"\nuser x@example.test imap=no login={name}\n", 2)
    assert re.search(r":2:35: error: ", told), told
    wanted = "quotes are no part of a name" if '"' in name else "no mail system needs a "
    assert wanted in told and "(expected a name without " in told


@pytest.mark.parametrize("name", BAD_ADDRESSES)
def test_an_address_with_what_no_mail_system_needs_is_refused(files, name):
    for record in RECORDS:
        if name.startswith("*@") and record.startswith("grant send-as {}"):
            continue  # every address of a domain
        told = refused(files, f"# a comment\n\n{record.format(name)}\n", 3)
        column = record.index("{") + 1
        assert re.search(rf":3:{column}: error: ", told) and "(expected a name without " in told, told


@pytest.mark.parametrize("octet", ["\x01", "\x07", "\x0b", "\x1b", "\x7f", "\u0085", "\u200b", "\u202e"])
def test_control_characters_are_refused(files, octet):
    for record in (f"user a{octet}b@example.test", f"user x@example.test login=a{octet}b",
                   f"user x@example.test address=a{octet}b@example.test"):
        refused(files, f"{record}\n", 1)


GOOD_LOGINS = ["bob", "o'brien", "a&b", "a+b", "a=b", "a/b", "a.b-c_d", "a%b", "a!b", "a#b", "{guid}", "a^b", "a~b", "a:b",
               "a\\b", "[x]", "\u00fcmit", "\u0438\u0432\u0430\u043d", "bob@example.test", "o'brien@example.test", '"john doe"@example.test',
               "b" * 200]
GOOD_ADDRESSES = ["O'Brien@example.test", "a&b@example.test", "a+b@example.test", "a=b@example.test", "a/b@example.test",
                  "/g=a/s=b/@example.test", "a#b@example.test", "{d919ba05}@example.test", "a^b~c@example.test",
                  '"john doe"@example.test', '"a,b"@example.test', "\u00fcmit@b\u00fccher.test"]


@pytest.mark.parametrize("name", GOOD_LOGINS)
def test_a_login_that_is_in_real_use_is_accepted(files, name):
    accepted(files, f"user x@example.test login={name}\n")
    assert found_by(files, "lookup", name) == "x@example.test"


@pytest.mark.parametrize("name", GOOD_ADDRESSES)
def test_an_address_that_is_in_real_use_is_accepted(files, name):
    accepted(files, f"user {name}\ngrant send-as first@example.test {name}\n")
    assert files.cli("lookup", name).returncode == 0


def test_quotes_around_an_address_are_no_part_of_the_name(files):
    accepted(files, 'user x@example.test login="bob"@example.test\n')
    assert found_by(files, "lookup", "bob") == found_by_explain(files, "bob") == "x@example.test"


# --- who is in a group

def test_lookup_of_a_group_names_its_users(files):
    names = [f"u{i:03}@example.test" for i in range(101)]
    accepted(files, "".join(f"user {name}\n" for name in names) + f"group inner@example.test member={names[1]}\n"
             f"group few@example.test member={names[0]},inner@example.test\n"
             f"group none@example.test\ngroup all@example.test member={','.join(names)}\n")

    def told(name):
        return json.loads(files.cli("--json", "lookup", name).stdout)
    few = told("few@example.test")
    assert (few["members"], few["member_count"]) == (names[:2], 2)
    assert f"users in it:            {names[0]} {names[1]}\n" in files.cli("lookup", "few@example.test").stdout
    assert "users in it:            nobody\n" in files.cli("lookup", "none@example.test").stdout
    assert (len(told("all@example.test")["members"]), told("all@example.test")["member_count"]) == (100, 101)
    assert " and 1 more\n" in files.cli("lookup", "all@example.test").stdout
