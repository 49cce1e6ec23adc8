"""`mailwicket import postfix`: the directory that Postfix's sender rules make."""
import json
import re

import pytest

from rig.configured import Configured
from rig.dovecot import version
from rig.postfix import Postfix
from rig.stock import needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

COMPARES = ("smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n"
            "smtpd_sender_restrictions = reject_sender_login_mismatch\n")
MAPS = COMPARES + "smtpd_sender_login_maps = texthash:DIR/senders\nvirtual_alias_domains = other.test\nrecipient_delimiter = +\n"
USERS = "alice:{PLAIN}x\nbob:{PLAIN}x\n"


@pytest.fixture
def server(folder):
    made = Configured(folder, main=MAPS + "virtual_alias_maps = texthash:DIR/aliases\n", users=USERS)
    made.table("senders", "")
    made.table("aliases", "")
    return made


def imports(server, senders, aliases=""):
    server.table("senders", senders)
    server.table("aliases", aliases)
    return server.imported()


def test_the_owner_of_each_own_address(server):
    assert imports(server, "alice@example.test alice\nbob@example.test bob\n") == [
        "user alice@example.test login=alice", "user bob@example.test login=bob"]


def test_nothing_is_written_without_apply(server):
    server.table("senders", "alice@example.test alice\n")
    told = server.import_postfix()
    assert told.returncode == 0 and "+user alice@example.test login=alice\n" in told.stdout, told.stdout
    assert "nothing was written; --apply does it" in told.stdout
    assert not server.policy.parent.exists()


def test_run_twice_it_differs_in_no_byte(server):
    imports(server, "alice@example.test alice\ninfo@example.test alice, bob\n@other.test bob\n", "sales@example.test bob\n")
    before = {path: path.read_bytes() for path in (server.policy, server.directory)}
    told = server.import_postfix("--apply")
    assert told.returncode == 0 and "nothing to do" in told.stdout, told.stdout
    assert {path: path.read_bytes() for path in before} == before
    server.assert_valid()


def test_a_directory_with_words_of_its_own_stays(server):
    server.directory.parent.mkdir()
    server.directory.write_text("user x@x.test\n")
    told = server.import_postfix("--apply")
    assert told.returncode == 1 and f"{server.directory} is there already and stays as it is" in told.stderr, told.stderr
    assert server.directory.read_text() == "user x@x.test\n" and not server.policy.exists()


def test_a_policy_that_is_there_stays_and_the_directory_is_written(server):
    server.policy.parent.mkdir()
    server.policy.write_text('default_domain = "example.test"\n')
    server.policy.chmod(0o644)
    assert "user alice@example.test login=alice" in imports(server, "alice@example.test alice\n")
    assert server.policy.read_text() == 'default_domain = "example.test"\n'


@pytest.mark.parametrize("senders, lines", [
    # A second address of one login, and one of both.
    ("alice@example.test alice\nbob@example.test bob\nalice.smith@example.test alice\n",
     ["user alice@example.test login=alice address=alice.smith@example.test", "user bob@example.test login=bob"]),
    ("alice@example.test alice\nbob@example.test bob\ninfo@example.test alice, bob\n",
     ["user alice@example.test login=alice", "user bob@example.test login=bob", "group info@example.test",
      "grant send-as info@example.test alice@example.test", "grant send-as info@example.test bob@example.test"]),
    # Bob may send as alice@, and not as her other address.
    ("alice@example.test alice bob\nbob@example.test bob\nalice.smith@example.test alice\n",
     ["user alice@example.test login=alice", "user bob@example.test login=bob", "group alice.smith@example.test",
      "grant send-as alice@example.test bob@example.test", "grant send-as alice.smith@example.test alice@example.test"]),
    # A login that may not send as what it completes to.
    ("alice.smith@example.test alice\nbob@example.test bob\n",
     ["user alice.smith@example.test login=alice,alice@example.test receive=alice@example.test",
      "user bob@example.test login=bob"]),
    # The key of a local part holds for what is local.
    ("alice alice\nbob bob\n", ["user alice@example.test login=alice", "user bob@example.test login=bob"]),
    # The first table's answer for the whole address, not the key of the domain.
    ("alice@example.test alice\nbob@example.test bob\n@other.test bob\n",
     ["user alice@example.test login=alice", "user bob@example.test login=bob",
      "grant send-as *@other.test bob@example.test"]),
], ids=["second", "shared", "sets", "renamed", "local", "domain"])
def test_who_may_send_as_what(server, senders, lines):
    assert imports(server, senders) == lines
    server.assert_valid()


def test_a_grant_on_a_domain_that_would_let_somebody_forge_is_a_comment(server):
    lines = imports(server, "alice@example.test alice\nbob@example.test bob\nceo@other.test alice\n@other.test bob\n")
    assert "grant send-as *@other.test bob@example.test" not in lines
    assert "user alice@example.test login=alice address=ceo@other.test" in lines
    assert ("#grant send-as *@other.test bob@example.test  # left out: it would hold for ceo@other.test too, as which others "
            "send\n") in server.directory.read_text()
    server.assert_valid()


def unread(server, setting="smtpd_sender_login_maps"):
    return {row["what"]: row["why"] for row in json.loads(server.import_postfix("--json").stdout)["unread"] if row["setting"] == setting}


def sender_maps(server, tables):
    """The setting is this instead; DIR is the folder of the tables."""
    main = server.etc / "main.cf"
    main.write_text(Postfix.without_replaced(main.read_text(), "smtpd_sender_login_maps =")
                    + f"smtpd_sender_login_maps = {tables}\n".replace("DIR", str(server.folder)))


OWN = "alice@example.test alice\nbob@example.test bob\n"


def test_a_grant_on_a_domain_that_a_table_without_a_list_may_have_is_a_comment(server):
    """Postfix asks every table for the whole address first, and this one gives the chief's to Alice alone."""
    sender_maps(server, "regexp:DIR/patterns, texthash:DIR/senders")
    server.table("patterns", r"/^ceo@other\.test$/ alice" + "\n")
    lines = imports(server, OWN + "@other.test bob\n")
    assert lines == ["user alice@example.test login=alice", "user bob@example.test login=bob"]
    assert (f"#grant send-as *@other.test bob@example.test  # left out: regexp:{server.folder}/patterns was not listed, and may "
            "give addresses there to others\n") in server.directory.read_text()
    sender_maps(server, "texthash:DIR/senders, static:alice")  # whose answer to every key is known
    server.directory.unlink()
    assert [line for line in server.imported() if "*@" in line] == ["grant send-as *@other.test alice@example.test"]


def test_a_grant_on_a_domain_with_a_key_that_is_no_address_is_a_comment(server):
    assert not any("*@other.test" in line for line in imports(server, OWN + "x`id`@other.test alice\n@other.test bob\n"))
    assert "# left out: it would hold for x`id`@other.test too" in server.directory.read_text()
    assert unread(server)["x`id`@other.test"] == "the key is no address that a directory can have"


@pytest.mark.parametrize("tables", ["sqlite:DIR/nosuch.cf, texthash:DIR/senders", "texthash:DIR/senders, hash:DIR/nosuch",
                                    "unionmap:{texthash:DIR/senders, sqlite:DIR/nosuch.cf}", "randmap:{alice, bob}, texthash:DIR/senders"])
def test_a_table_that_cannot_be_asked_ends_the_import(server, tables):
    """Nobody knows what it says, nor whether one behind it counts."""
    sender_maps(server, tables)
    server.table("senders", OWN)
    told = server.import_postfix("--apply")
    assert told.returncode == 66 and not server.policy.parent.exists(), told.stdout
    table = re.search(r"\S*(nosuch|randmap)", tables.replace("DIR", str(server.folder)))[0]
    assert "nothing is imported, as a table of smtpd_sender_login_maps cannot be asked: " in told.stderr and table in told.stderr
    assert "one key at a time" not in told.stderr
    # init names it, and leaves the comparing to Postfix.
    assert "user alice@example.test login=alice" in server.made()
    assert "Accept-Any-Sender" in server.policy.read_text()


def test_a_file_with_a_key_twice_is_no_table_to_postfix(server):
    """postmap(1) warns and answers; smtpd(8) answers 451 to everybody."""
    server.table("senders", OWN + "info@example.test alice\ninfo@example.test bob\n")
    told = server.import_postfix("--apply")
    assert told.returncode == 66 and not server.policy.parent.exists(), told.stdout
    assert f"{server.folder}/senders, line 4: duplicate entry: \"info@example.test\"" in told.stderr, told.stderr
    server.table("senders", OWN + "info@example.test alice\n")
    assert "user alice@example.test login=alice address=info@example.test" in server.imported()


def test_who_may_not_send_as_his_own_address_may_not(server):
    lines = imports(server, "bob@example.test alice\nalice@example.test alice\n")
    assert lines == ["user alice@example.test login=alice", "user bob@example.test.invalid login=bob,bob@example.test",
                     "group bob@example.test", "grant send-as bob@example.test alice@example.test"]
    server.assert_valid()
    told = server.import_postfix()
    assert "who may not send as the address of the login, by smtpd_sender_login_maps: 1;" in told.stdout
    assert "own-name" in told.stdout and json.loads(server.import_postfix("--json").stdout)["without_own_address"] == 1
    for path in server.policy, server.directory:
        path.unlink()
    assert server.made() == lines


@pytest.fixture
def two_listeners(server):
    """587 compares senders, 465 does not; the table has nothing of Alice."""
    main = server.etc / "main.cf"
    main.write_text(main.read_text().replace("smtpd_sender_restrictions = reject_sender_login_mismatch\n", "")
                    .replace("smtpd_sasl_auth_enable = yes", "smtpd_sasl_auth_enable = no"))
    with open(server.etc / "master.cf", "a") as file:
        file.write("submission inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n"
                   "  -o smtpd_sender_restrictions=reject_sender_login_mismatch\n"
                   "smtps inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_wrappermode=yes\n")
    server.table("senders", "bob@example.test bob\n")
    server.table("aliases", "sales@example.test bob\n")
    return server


def test_who_sends_as_himself_at_one_listener_goes_on(two_listeners):
    """What the one that compares refuses, Postfix goes on refusing there; nobody loses what works at the other."""
    server = two_listeners
    told = server.init("--apply")
    lines = server.lines(told)
    assert sorted(lines) == ["user alice@example.test login=alice", "user bob@example.test login=bob receive=sales@example.test"]
    assert "# Who may send as the address of the login, but not at listener submission.\nuser alice@" in server.directory.read_text()
    assert "who may send as the address of the login, but not at listener submission: 1; Postfix goes on refusing" in told.stdout
    server.assert_valid()
    for path in server.policy, server.directory:
        path.unlink()
    assert sorted(server.imported()) == ["user alice@example.test login=alice",
                                         "user bob@example.test login=bob receive=sales@example.test"]
    told = json.loads(server.import_postfix("--json").stdout)
    assert (told["without_own_address"], told["own_address_at_some"]) == (0, 1)
    assert {(row["login"], row["reason"]) for row in told["proof"]["differences"] if row["mailwicket"]} == {("alice", "own-at-some")}


def test_a_listener_that_users_do_not_reach_is_not_the_mildest(two_listeners):
    """What a content filter brings back, and a program of this host: nothing is compared there."""
    master = two_listeners.etc / "master.cf"
    compared = "  -o smtpd_sender_restrictions=reject_sender_login_mismatch\n"
    master.write_text(master.read_text() + compared +
                      "127.0.0.1:10026 inet n - n - - smtpd\n  -o content_filter=\n  -o smtpd_sasl_auth_enable=yes\n"
                      "127.0.0.1:10587 inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n")
    assert sorted(two_listeners.made()) == ["user alice@example.test.invalid login=alice,alice@example.test "
                                            "receive=alice@example.test",
                                            "user bob@example.test login=bob receive=sales@example.test"]


def test_where_listeners_have_tables_of_their_own_no_listener_is_named(two_listeners):
    """The one that is read says nothing of what the other lets users send as."""
    server = two_listeners
    with open(server.etc / "master.cf", "a") as file:
        file.write("  -o smtpd_sender_restrictions=reject_known_sender_login_mismatch\n"
                   f"  -o smtpd_sender_login_maps=texthash:{server.folder}/others\n")
    server.table("others", "bob@example.test bob\nalice@example.test carol\n")
    told = server.init("--apply")
    assert "but not at listener" not in told.stdout + server.directory.read_text(), told.stdout
    assert json.loads(server.import_postfix("--json").stdout)["own_address_at_some"] == 0


def test_who_is_refused_at_every_listener_stays_so(two_listeners):
    server = two_listeners
    master = server.etc / "master.cf"
    master.write_text(master.read_text() + "  -o smtpd_sender_restrictions=reject_known_sender_login_mismatch\n")
    server.table("senders", "bob@example.test bob\nalice@example.test bob\n")
    lines = server.made()
    assert "user alice@example.test.invalid login=alice,alice@example.test" in lines, lines
    server.assert_valid()


def test_a_login_that_no_passdb_has_is_named(server):
    imports(server, OWN + "gone@example.test gone\ninfo@example.test alice,maildir/\n")
    head = "# smtpd_sender_login_maps alone: no passdb of Dovecot has these logins, so that nobody uses them\n"
    listed = server.directory.read_text().partition(head)[2].partition("\n\n")[0].splitlines()
    assert [line.split()[1] for line in listed] == ["gone@example.test", "maildir/@example.test.invalid"]
    assert json.loads(server.import_postfix("--json").stdout)["without_own_address"] == 0


def test_a_mailbox_as_which_nobody_may_send_is_for_receiving_only(server):
    assert imports(server, "alice@example.test alice\n")[1] == \
        "user bob@example.test.invalid login=bob,bob@example.test receive=bob@example.test"
    server.assert_valid()


def test_a_name_that_no_login_has_gives_nobody_a_right(server):
    """Postfix compares the whole name that Dovecot gives it, which is "alice"."""
    lines = imports(server, OWN + "info@example.test alice@example.test\nsales@example.test Alice,bob@example.test\n")
    assert lines == ["user alice@example.test login=alice address=sales@example.test", "user bob@example.test login=bob"]
    assert unread(server)["alice@example.test"] == \
        "nobody logs in by this name: Dovecot has alice, and Postfix compares the whole name"


def test_of_two_names_of_one_login_both_have_to_be_in_the_table(server):
    server.dovecot.write_text(re.sub(r"(?ms)^passdb.*?^\}\n", "", server.dovecot.read_text()))  # nobody tells the names
    lines = imports(server, "a@example.test a, a@example.test\nsales@example.test a\nboth@example.test a,a@example.test\n")
    assert lines == ["user a@example.test login=a address=both@example.test"]
    told = json.loads(server.import_postfix("--json").stdout)["proof"]["differences"]
    named = {(row["login"], row["sender"].lower().replace("+x", "")) for row in told if row["reason"] == "two-names"}
    assert named == {("a", "sales@example.test")}
    assert not [row for row in told if row["mailwicket"] and row["reason"] == "other"]


def test_what_both_names_of_a_login_have_differs_for_another_reason(server):
    """A key @DOMAIN names both; beside a key of another it is not carried over."""
    server.dovecot.write_text(re.sub(r"(?ms)^passdb.*?^\}\n", "", server.dovecot.read_text()))
    imports(server, "a@example.test a, a@example.test\nceo@other.test b\n@other.test a,a@example.test\n")
    told = json.loads(server.import_postfix("--json").stdout)["proof"]["differences"]
    reasons = {row["reason"] for row in told if row["login"] in ("a", "a@example.test") and row["sender"].endswith("@other.test")}
    assert reasons == {"domain-key"}


def test_another_listeners_tables_are_named(server):
    with open(server.etc / "master.cf", "a") as file:
        file.write(f"submission inet n - n - - smtpd\n  -o smtpd_sender_login_maps=texthash:{server.folder}/others\n")
    server.table("others", "ceo@example.test bob\n")
    imports(server, OWN)
    assert unread(server) == {f"texthash:{server.folder}/others": "it is that of listener submission alone, and another listener's is read"}
    assert server.policy.read_text().count("grant_permissions = { Accept-Any-Sender") == 1


def test_init_gives_no_more_than_postfix(server):
    """An alias is a right to send only where Postfix lets everybody; a domain's key beside keys of others is none."""
    server.table("senders", OWN + "@other.test bob\nceo@other.test alice\n")
    server.table("aliases", "sales@example.test bob\n")
    lines = server.made()
    assert lines == ["user alice@example.test login=alice address=ceo@other.test", "user bob@example.test login=bob receive=sales@example.test"]
    assert "#grant send-as *@other.test bob@example.test  # left out: " in server.directory.read_text()
    for found, alias in ("reject_known_sender_login_mismatch", "address"), ("", "address"):
        main = server.etc / "main.cf"
        main.write_text(re.sub(r"(?m)^(smtpd_sender_restrictions =).*", rf"\1 {found}", main.read_text()))
        for path in server.policy, server.directory:
            path.unlink()
        assert f"user bob@example.test login=bob {alias}=sales@example.test" in server.made(), found


def test_accounts_of_two_domains_are_two(server):
    """A file for each domain has names without one."""
    for domain, name in ("example.test", "alice"), ("other.test", "alice"):
        (server.folder / domain).mkdir()
        (server.folder / domain / "users").write_text(f"{name}:{{PLAIN}}x\n")
    variable = "%d" if version() == "2.3" else "%{user|domain}"
    server.dovecot.write_text(server.dovecot.read_text().replace(f"{server.folder}/users", f"{server.folder}/{variable}/users"))
    assert imports(server, "alice@example.test alice@example.test\nalice@other.test alice@other.test\n") == [
        "user alice@example.test", "user alice@other.test"]


def test_a_forward_gives_no_right_to_send(server):
    lines = imports(server, "alice@example.test alice\nbob@example.test bob\n",
                    "sales@example.test alice\nteam@example.test alice, bob\naway@example.test alice, x@foreign.example\n")
    assert lines == ["user alice@example.test login=alice receive=sales@example.test", "user bob@example.test login=bob",
                     "group away@example.test member=alice@example.test",
                     "group team@example.test member=alice@example.test,bob@example.test"]


def test_patterns_count_for_the_addresses_that_are_known(server):
    sender_maps(server, "regexp:DIR/patterns")
    server.table("patterns", r"/^(.*)@example\.test$/ $1" + "\n")
    server.table("aliases", "sales@example.test alice\n")
    assert [line for line in server.imported() if line.startswith(("user", "group sales"))] == [
        "user alice@example.test login=alice", "user bob@example.test login=bob",
        "user sales@example.test login=sales"]
    told = json.loads(server.import_postfix("--json").stdout)
    assert [row["why"] for row in told["unread"] if row["setting"] == "smtpd_sender_login_maps"] == ["it has patterns, not names"]


@pytest.mark.parametrize("words, says", [
    ([], "name what to import from: postfix"),
    (["sendmail"], "cannot import from sendmail; expected postfix"),
    (["postfix", "more"], "unexpected argument more"),
])
def test_what_is_no_kind_is_refused(server, words, says):
    told = server.cli("import", *words)
    assert told.returncode == 64 and says in told.stderr, told.stderr


@pytest.mark.parametrize("count", [1, 200])
def test_a_table_that_cannot_be_asked_is_told_behind_warnings_of_main_cf(server, count):
    """Postfix warns of each setting that stands twice before it says what fails; such a warning is no failure."""
    with open(server.etc / "main.cf", "a") as file:
        file.write("".join(f"local_transport = error:nobody is number {number}\n" for number in range(count + 1)))
    assert "user alice@example.test login=alice" in imports(server, OWN)
    for path in server.policy, server.directory:
        path.unlink()
    sender_maps(server, "socketmap:unix:DIR/nosuch:senders, texthash:DIR/senders")
    told = server.import_postfix("--apply")
    assert told.returncode == 66 and "nothing is imported" in told.stderr and "overriding" not in told.stderr, told.stderr
    assert re.search(r"fatal: table socketmap:unix:\S*/nosuch:senders: query error", told.stderr), told.stderr
    assert not server.policy.exists()
