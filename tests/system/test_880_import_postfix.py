"""`mailwicket import postfix`: the directory that Postfix's sender rules make."""
import json

import pytest

from rig.configured import Configured
from rig.stock import needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

MAPS = "smtpd_sender_login_maps = texthash:DIR/senders\nvirtual_alias_domains = other.test\nrecipient_delimiter = +\n"
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
    assert "user alice@example.test login=alice" in server.imported()
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


def test_a_forward_gives_no_right_to_send(server):
    lines = imports(server, "alice@example.test alice\nbob@example.test bob\n",
                    "sales@example.test alice\nteam@example.test alice, bob\naway@example.test alice, x@foreign.example\n")
    assert lines == ["user alice@example.test login=alice receive=sales@example.test", "user bob@example.test login=bob",
                     "group away@example.test member=alice@example.test",
                     "group team@example.test member=alice@example.test,bob@example.test"]


def test_patterns_count_for_the_addresses_that_are_known(server):
    main = server.etc / "main.cf"
    main.write_text(main.read_text().replace("texthash:" + str(server.folder / "senders"), f"regexp:{server.folder}/patterns"))
    server.table("patterns", r"/^(.*)@example\.test$/ $1" + "\n")
    server.table("aliases", "sales@example.test alice\n")
    assert [line for line in server.imported() if line.startswith(("user", "group sales"))] == [
        "user alice@example.test login=alice", "user bob@example.test login=bob",
        "user sales@example.test login=sales"]
    told = json.loads(server.import_postfix("--json").stdout)
    assert [row["why"] for row in told["unread"] if row["setting"] == "smtpd_sender_login_maps"] == ["it has patterns, not names"]


@pytest.mark.parametrize("words, says", [
    ([], "from what? expected postfix"),
    (["sendmail"], "cannot import from sendmail; expected postfix"),
    (["postfix", "more"], "unexpected argument more"),
])
def test_what_is_no_kind_is_refused(server, words, says):
    told = server.cli("import", *words)
    assert told.returncode == 64 and says in told.stderr, told.stderr
