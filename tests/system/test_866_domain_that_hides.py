"""Active Directory as a source whose domain controller is scripted: what it hides, other domains, whom a denial names."""
import json

import pytest

from rig.ldap_script import BASE
from rig.scripted_domain import EVERYBODY, ScriptedDomain, allow, deny, sid
from rig.sources import Files

STRANGER = sid(21, 9, 9, 9, 1001)


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture
def server():
    with ScriptedDomain() as made:
        made.user("alice", 1001)
        made.user("bob", 1002)
        yield made


def told(files, server, folder):
    """What a good sync says."""
    files.use(server.settings(folder))
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    return done.stderr


def send_as(files, name):
    """Who may, beside itself."""
    return sorted(set(json.loads(files.cli("--json", "lookup", name).stdout)["send_as"]) - {name})


DENIED = [
    # Whom a denial names; what it is; whether others keep their right.
    ("a user without an address", 1101, ["top", "person", "user"], True),
    ("a computer", 1102, ["top", "person", "organizationalPerson", "user", "computer"], True),
    ("a service account", 1103, ["top", "person", "user", "computer", "msDS-ManagedServiceAccount"], True),
    ("a group that nobody saw before", 1104, ["top", "group"], False),
    ("somebody whose class is not shown", 1105, None, False),
    ("somebody who is gone", 1106, "gone", False),
]


@pytest.mark.parametrize("number,classes,kept", [row[1:] for row in DENIED], ids=[row[0] for row in DENIED])
def test_a_denial_for_an_account_without_an_address_is_nobody_elses(files, server, folder, number, classes, kept):
    if classes != "gone":
        server.user("other", number, mail=None, objectClass=classes)
    for name, own in (("sales", 1201), ("support", 1202)):
        server.user(name, own, aces=deny(server.sid(number)) + allow(server.sid(1001)) + allow(server.sid(number)))
    warned = told(files, server, folder)
    assert send_as(files, "sales@example.test") == (["alice@example.test"] if kept else [])
    assert ("2 entries on which a denial names a group or account that is not known" in warned) == (not kept), warned
    assert '2 Send-As rights of accounts that have no address or are gone; the first is "sales@example.test"' in warned
    assert server.lookups == [server.sid(number)]


def test_a_denial_for_another_domain_is_not_asked_twice_and_denies_everybody(files, server, folder):
    server.user("sales", 1201, aces=deny(STRANGER) + deny(STRANGER) + allow(EVERYBODY))
    warned = told(files, server, folder)
    assert send_as(files, "sales@example.test") == [] and server.lookups == [STRANGER]
    assert 'the first is "sales@example.test"' in warned


def test_a_denial_for_who_has_an_address_asks_nobody(files, server, folder):
    server.user("sales", 1201, aces=deny(server.sid(1002)) + deny(sid(32, 544)) + allow(server.sid(1001)) + allow(server.sid(1002)))
    server.group("administrators", 1, objectSid=[sid(32, 544)])
    told(files, server, folder)
    assert send_as(files, "sales@example.test") == ["alice@example.test"] and server.lookups == []


@pytest.mark.parametrize("child", [True, False])
def test_a_group_of_a_domain_below_is_one_of_another_domain(files, server, folder, child):
    """Who is in it nobody can tell; a user of the domain without an address is nobody."""
    if child:
        server.partition("EU", f"DC=eu,{BASE}")
    server.group("both", 1301, [f"CN=everywhere,OU=groups,DC=eu,{BASE}", "bob"])
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(server.sid(1001)))
    warned = told(files, server, folder)
    assert send_as(files, "sales@example.test") == ([] if child else ["alice@example.test"])
    assert (f'1 members of groups that are of another domain; the first is "CN=everywhere,OU=groups,DC=eu,{BASE}"' in warned) == child


def test_a_group_whose_type_is_not_shown_has_no_rights_and_its_denial_holds(files, server, folder):
    server.group("hidden", 1301, ["bob"], groupType=None)
    server.group("outer", 1302, ["hidden"])
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(server.sid(1001)))
    server.user("support", 1202, aces=deny(server.sid(1302)) + allow(server.sid(1001)))
    server.user("stock", 1203, aces=allow(server.sid(1301)) + allow(server.sid(1001)))
    assert "1 groups whose groupType is not shown" in told(files, server, folder)
    assert [send_as(files, f"{name}@example.test") for name in ("sales", "support", "stock")] == [[], [], ["alice@example.test"]]


@pytest.mark.parametrize("nested", [False, True])
def test_a_group_whose_member_is_hidden_has_who_says_so(files, server, folder, nested):
    """A denial for it holds, in a DACL and in dLMemRejectPerms; and so does its own right."""
    server.group("outer", 1301)
    if nested:
        server.group("inner", 1302, memberOf=[server.dn("outer")])
    server.user("carol", 1003, memberOf=[server.dn("inner" if nested else "outer")])
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(server.sid(1001)) + allow(server.sid(1003)))
    server.user("stock", 1202, aces=allow(server.sid(1301)))
    server.user("boss", 1203, dLMemRejectPerms=[server.dn("outer")])
    told(files, server, folder)
    assert [send_as(files, f"{name}@example.test") for name in ("sales", "stock")] == [["alice@example.test"], ["carol@example.test"]]
    assert "carol@example.test" in str(json.loads(files.cli("--json", "lookup", "boss@example.test").stdout)["senders_denied"])


def denied(files, name):
    return json.loads(files.cli("--json", "lookup", name).stdout)["senders_denied"]


@pytest.mark.parametrize("nested", [False, True])
def test_who_is_in_a_group_that_nobody_shows_is_denied_by_its_token(files, server, folder, nested):
    """Neither `member` nor `memberOf` says it; a user whom its token does not put there keeps its right."""
    server.group("outer", 1301, ["inner"] if nested else [])
    if nested:
        server.group("inner", 1302)
    server.user("carol", 1003, tokenGroups=[server.sid(513), server.sid(1301), server.sid(1302)])
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(server.sid(1001)) + allow(server.sid(1003)))
    server.user("boss", 1203, dLMemRejectPerms=[server.dn("outer")])
    told(files, server, folder)
    assert send_as(files, "sales@example.test") == ["alice@example.test"]
    assert "carol@example.test" in str(denied(files, "boss@example.test"))
    assert "alice@example.test" not in str(denied(files, "boss@example.test"))


@pytest.mark.parametrize("nested", [False, True])
def test_a_denial_for_a_group_that_nobody_shows_holds_for_who_shows_no_token(files, server, folder, nested):
    server.group("outer", 1301, ["inner"] if nested else [])
    if nested:
        server.group("inner", 1302)
    server.user("carol", 1003, tokenGroups=None)
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(EVERYBODY))
    server.user("boss", 1203, dLMemRejectPerms=[server.dn("outer")])
    warned = told(files, server, folder)
    may = send_as(files, "sales@example.test")
    assert "carol@example.test" not in may and {"alice@example.test", "bob@example.test"} <= set(may)
    assert "carol@example.test" in str(denied(files, "boss@example.test"))
    assert "alice@example.test" not in str(denied(files, "boss@example.test"))
    assert '1 users who do not show tokenGroups' in warned and f'"{server.dn("carol")}"' in warned, warned


@pytest.mark.parametrize("aces", [b"", deny(ScriptedDomain.sid(1302))], ids=["no denial", "one for a group that shows its members"])
def test_nobody_is_asked_for_a_token_where_no_denial_needs_it(files, server, folder, aces):
    server.group("hidden", 1301)
    server.group("shown", 1302, ["bob"])
    server.user("sales", 1201, aces=aces + allow(server.sid(1001)) + allow(server.sid(1301)))
    told(files, server, folder)
    assert send_as(files, "sales@example.test") == ["alice@example.test"] and server.tokens_asked == 0


def test_a_denial_for_a_distribution_group_that_nobody_shows_is_told(files, server, folder):
    """No token has it: only memberOf can."""
    server.group("news", 1301, groupType=["2"])
    server.user("carol", 1003, memberOf=[server.dn("news")])
    server.user("boss", 1203, dLMemRejectPerms=[server.dn("news")])
    warned = told(files, server, folder)
    assert "1 distribution groups in dLMemRejectPerms that do not show member, or have none" in warned, warned
    assert "carol@example.test" in str(denied(files, "boss@example.test")) and server.tokens_asked == 0


def test_everybody_s_right_on_everything_ends_with_a_message_and_not_with_the_memory(files, server, folder):
    files.publish(server.settings(folder))
    before = files.digest()
    for number in range(3200):
        server.user(f"u{number}", 2000 + number, aces=allow(EVERYBODY))
    done = files.cli("sync")
    assert "more than 10000000 rights to Send-As: everybody, or" in done.stderr and files.digest() == before
    server.entries["users"] = [(dn, {**said, "nTSecurityDescriptor": [server.descriptor(b"")]}) for dn, said in server.entries["users"]]
    server.user("info", 1201, aces=allow(EVERYBODY))
    told(files, server, folder)
    assert len(send_as(files, "info@example.test")) == 3202


@pytest.mark.parametrize("attribute", ["userAccountControl", "primaryGroupID"])
def test_a_user_who_hides_what_limits_rights_is_blocked(files, server, folder, attribute):
    """A group that is denied, and is the user's primary one, would else not be."""
    server.group("staff", 1301)
    server.user("sales", 1201, aces=deny(server.sid(1301)) + allow(server.sid(1003)) + allow(server.sid(1001)))
    server.user("carol", 1003, **{"primaryGroupID": ["1301"], attribute: None})
    assert f"{attribute} is not shown" in told(files, server, folder)
    assert f"{attribute} is not shown" in json.loads(files.cli("--json", "lookup", "carol@example.test").stdout)["blocked"]


@pytest.mark.parametrize("attribute", ["nTSecurityDescriptor", "userAccountControl", "primaryGroupID"])
def test_what_is_shown_of_nobody_is_no_truth(files, server, folder, attribute):
    """Rights that were taken from the account that reads; a single entry that hides it is told."""
    server.user("sales", 1201, aces=allow(server.sid(1001)))
    told(files, server, folder)
    before = files.digest()
    for _, said in server.entries["users"]:
        said.pop(attribute)
    done = files.cli("sync")
    assert f"is shown {attribute} of nobody: it needs the right to read" in done.stderr and files.digest() == before


def test_who_has_no_readable_address_stays_denied_under_the_old_name(files, server, folder):
    """bob himself, and as the member of a group without an address; his own DACL and limits too."""
    def lookup(name):
        return json.loads(files.cli("--json", "lookup", name).stdout)
    server.group("former", 1301, ["bob"])
    server.user("ceo", 1302, unauthOrig=[server.dn("bob")], dLMemRejectPerms=[server.dn("former")])
    server.user("sales", 1303, aces=deny(server.sid(1002)) + allow(EVERYBODY))
    server.group("news", 1304, ["bob"], mail=["news@example.test"], authOrig=[server.dn("alice")])
    told(files, server, folder)
    names = ("ceo@example.test", "sales@example.test", "news@example.test", "bob@example.test")
    before = [lookup(name) for name in names]
    assert before[0]["senders_denied"] and "bob@example.test" not in before[1]["send_as"]
    for entries in server.entries.values():
        for dn, said in entries:
            if dn in (server.dn("bob"), server.dn("news")):
                said["mail"] = ["not an address"]
    warned = told(files, server, folder)
    assert "this user stays bob@example.test" in warned and "this group stays news@example.test" in warned
    after = [lookup(name) for name in names]
    assert after == before


@pytest.mark.parametrize("attribute", ["objectGUID", "mS-DS-ConsistencyGuid"])
def test_octets_may_be_the_key_that_a_policy_names(files, server, folder, attribute):
    """Who is renamed is who he was."""
    text = server.settings(folder) + f' users_attributes = {{ "source_key={attribute}" }}'
    for number, (_, said) in enumerate(server.entries["users"]):
        said[attribute] = [bytes([number, 0xFF, 0x20, 0]) * 4]
    files.publish(text)
    server.entries["users"][0][1]["mail"] = ["alice.new@example.test"]
    files.use(text)
    done = files.cli("sync")
    assert done.returncode == 0 and "source_key" not in done.stderr, done.stderr
    lookup = files.cli("lookup", "alice.new@example.test").stdout
    assert "formerly" in lookup and "alice@example.test" in lookup and "blocked" not in lookup, lookup


def test_who_is_said_to_be_in_a_principal_of_windows_own_is_read(files, server, folder):
    """No domain says that of anybody."""
    dn = f"CN=S-1-5-4,CN=ForeignSecurityPrincipals,{BASE}"
    server.add("domain", dn, objectClass=["top", "foreignSecurityPrincipal"], objectSid=[sid(4)])
    server.user("carol", 1003, memberOf=[dn])
    server.group("staff", 1301, memberOf=[dn])
    told(files, server, folder)
    assert not json.loads(files.cli("--json", "lookup", "carol@example.test").stdout)["blocked"]
