"""An LDAP source whose server is scripted: ranges, limits, cut connections, silence, trickling, lies. What is not the whole truth
is never published."""
import json
import os
import subprocess
import sys

import pytest

from rig.built import CLI
from rig.database import PASSWORD
from rig.ldap_script import ADMIN, BASE, BUSY, CRITICAL, ENTRY, NO_SUCH, REFERENCE, REFERRAL, SIZE, TIME, ScriptedLdap, ber, text
from rig.ldap_source import listed
from rig.sources import Files

PEOPLE = 8
# Runs a command and prints how many KB it had at the most. Before its exec a process has the memory of who forks it, which
# counts: this one is small, and a test's own process is not.
MEASURED = """import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)"""


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture
def server():
    with ScriptedLdap() as made:
        for number in range(PEOPLE):
            made.add("users", f"uid=u{number},{BASE}", mail=[f"u{number}@example.test"], uid=[f"u{number}"])
        made.add("groups", f"cn=all,{BASE}", mail=["all@example.test"], member=[f"uid=u{n},{BASE}" for n in range(PEOPLE)])
        yield made


def settings(server, folder, timeout="60s", **changes):
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    said = {"user": "cn=reader", "password_file": password, "base": BASE, "tls": "none", "timeout": timeout,
            "users_filter": "(kind=users)", "groups_filter": "(kind=groups)", **changes}
    return "\n    ".join(["driver = ldap", f'url = {listed([f"ldap://127.0.0.1:{server.port}"])}',
                          *(f'{name} = "{value}"' for name, value in said.items() if value is not None)])


def failed(files, text, *told):
    """The source could not be read: what is published stays."""
    snapshot = files.published / "snapshot.mdb"
    before = snapshot.read_bytes()
    files.use(text)
    done = files.cli("sync")
    assert "cannot be read" in done.stderr, done
    for words in told:
        assert words in done.stderr, done.stderr
    assert snapshot.read_bytes() == before


def test_pages_and_ranges_are_read_to_their_end(files, server, folder):
    """35 members in ranges of 10, users in pages of 3, beside an empty attribute without a range, as Active Directory sends it."""
    for number in range(PEOPLE, 35):
        server.add("users", f"uid=u{number},{BASE}", mail=[f"u{number}@example.test"])
    server.entries["groups"][0][1]["member"] = [f"uid=u{n},{BASE}" for n in range(35)]
    files.write(files.directory, "".join(f"user u{n}@example.test{f' login=u{n}' if n < PEOPLE else ''}\n" for n in range(35)) +
                "group all@example.test member=" + ",".join(f"u{n}@example.test" for n in range(35)) + "\n")
    expected = files.publish(f'driver = text path = "{files.directory}"')
    assert files.publish(settings(server, folder)) == expected
    assert [asked.cookie for asked in server.searches if asked.kind == "users"][:3] == [b"", b"3", b"6"]


def clocked(files, preload, *words):
    """A command whose clock is the test's."""
    return subprocess.run([CLI, "-c", files.policy, *words], env={**os.environ, **preload.environment}, capture_output=True, text=True,
                          timeout=120)


def use(server, number, act):
    """`number` is counted from the next search on."""
    first = len(server.searches)
    server.search = lambda reply, asked, page: act(reply, asked) if page == first + number else server.answer(reply, asked)


def half(server, reply):
    reply.entry(*server.entries["users"][0])


LIMITS = [(SIZE, "a size limit"), (TIME, "time limit, or timeout"), (ADMIN, "administrative limit"), (CRITICAL, "no paged results"),
          (BUSY, "busy"), (NO_SUCH, "No such object")]


@pytest.mark.parametrize("code,told,page", [(*row, number % 4 + 1) for number, row in enumerate(LIMITS)], ids=[row[1] for row in LIMITS])
def test_a_limit_of_the_server_is_a_failure(files, server, folder, code, told, page):
    """At the first page of users, in between, and at groups."""
    files.publish(settings(server, folder))

    def limit(reply, asked):
        half(server, reply)
        reply.result(code, message="no more")
    use(server, page, limit)
    failed(files, settings(server, folder), told)


def test_a_connection_that_is_cut_anywhere_is_a_failure(files, server, folder):
    files.publish(settings(server, folder))
    for page in (1, 2, 3, 4):
        use(server, page, lambda reply, asked: (half(server, reply), reply.cut()))
        failed(files, settings(server, folder), "the connection was cut")
        use(server, page, lambda reply, asked: (reply.raw(reply.message(ber(ENTRY, text(f"uid=x,{BASE}"), ber(0x30)))[:9]), reply.cut()))
        failed(files, settings(server, folder), "the connection was cut")


def no_control(server, reply, asked):
    half(server, reply)
    reply.result()


def range_that_ends(server, reply, asked):
    reply.entry(f"cn=gone,{BASE}", {"member;range=0-1": ["a", "b"]})
    reply.result(cookie="")


def short_range(server, reply, asked):
    reply.entry(f"cn=all,{BASE}", {"member;range=0-9": ["a", "b"]})
    reply.result(cookie="")


def empty_pages(server, reply, asked):
    server.search = lambda again, asked, page: again.result(cookie="x")
    reply.result(cookie="x")


def no_attributes(server, reply, asked):
    reply.send(ber(ENTRY, text(f"uid=x,{BASE}"), b"\x30\x05\x30\x20\x04\x01x"))
    reply.result(cookie="")


def no_message(server, reply, asked):
    reply.raw(b"\x30\x84\x00\x00\x00\x10\x02\x01\x02\x64\x84\x7f\xff\xff\xff" + b"x" * 8)
    reply.silence()


def huge_message(server, reply, asked):
    reply.raw(b"\x30\x84\x7f\xff\xff\xff")
    reply.silence()


def elsewhere(server, reply, asked):
    reply.result(REFERRAL, referral=["ldap://127.0.0.1:1/dc=other"])


LIES = [(no_control, "without the pages that it was asked for"), (range_that_ends, "cannot be read to the end"),
        (short_range, "is no whole one"), (empty_pages, "one empty page after the other"), (no_attributes, ""), (no_message, ""),
        (huge_message, ""), (elsewhere, "the base is on another server")]


@pytest.mark.parametrize("lie,told", LIES, ids=[row[0].__name__ for row in LIES])
def test_a_lie_is_a_failure(files, server, folder, lie, told):
    files.publish(settings(server, folder))
    use(server, 1, lambda reply, asked: lie(server, reply, asked))
    # Of these two nothing more comes: the time of an answer is what ends them.
    failed(files, settings(server, folder, timeout="2s" if lie in (no_message, huge_message) else "60s"), told)


@pytest.mark.parametrize("where", ["accepted", "bind", "search", "page"])
@pytest.mark.parametrize("how", ["silence", "trickle"])
def test_a_server_that_is_silent_or_trickles_holds_nobody(files, server, folder, where, how):
    files.publish(settings(server, folder))

    def hold(reply, *_):
        if how == "trickle":
            reply.trickle(b"\x30\x84\x00\x01\x00\x00" + b"\x02\x01" * 30000)
        reply.silence()
    if where == "accepted" and how == "trickle":
        server.accepted = hold
    elif where == "accepted":
        server.bind = hold
    elif where == "bind":
        server.bind = hold
    else:
        use(server, 1 if where == "search" else 2, hold)
    failed(files, settings(server, folder, timeout="1s"), "the server does not answer in time")


@pytest.mark.parametrize("url", ["ldaps", "ldap"])
def test_a_handshake_that_does_not_end_holds_nobody(files, server, folder, url):
    """Neither with octets that come slowly, for minutes. STARTTLS itself has to be answered in time."""
    files.publish(settings(server, folder))
    hello = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc" + b"\x03" * 16000

    def extended(reply):
        reply.result(tag=0x78)
        reply.trickle(hello)
    server.extended = extended
    if url == "ldaps":
        server.accepted = lambda reply: reply.trickle(hello)
    text = settings(server, folder, timeout="1s" if url == "ldaps" else "10s", tls=None).replace("ldap://", f"{url}://")
    failed(files, text, "TLS failed: the server does not answer in time")


def test_references_are_not_followed_and_told(files, server, folder):
    with ScriptedLdap() as other:
        expected = files.publish(settings(server, folder))

        def refer(reply, asked):
            reply.reference(f"ldap://127.0.0.1:{other.port}/dc=other")
            reply.reference("ldap://second.test/")
            server.answer(reply, asked)
        use(server, 1, refer)
        files.use(settings(server, folder))
        done = files.cli("sync")
        assert done.returncode == 0 and files.digest() == expected
        assert f'2 references to other servers are not followed, what these have is missing: "ldap://127.0.0.1:{other.port}' in done.stderr
        assert other.searches == []


def test_an_entry_that_moves_between_two_pages_counts_once(files, server, folder):
    """By its own key; what the later reading says holds."""
    server.entries["users"][0][1]["entryUUID"] = ["one"]
    expected = files.publish(settings(server, folder))
    server.add("users", f"uid=u0,ou=moved,{BASE}", mail=["u0@example.test"], uid=["u0"], entryUUID=["one"])
    server.entries["groups"][0][1]["member"][0] = f"uid=u0,ou=moved,{BASE}"
    assert files.publish(settings(server, folder)) == expected


def test_two_entries_of_one_name_are_nobodys(files, server, folder):
    """The same DN in two spellings: a member that means both is neither."""
    server.add("users", f"UID=U1 , {BASE}", mail=["other@example.test"], entryUUID=["two"])
    server.entries["users"][1][1]["entryUUID"] = ["three"]
    files.use(settings(server, folder))
    done = files.cli("sync")
    assert done.returncode == 0 and "1 members are nobody of the source" in done.stderr
    assert "all@example.test" not in files.cli("lookup", "other@example.test").stdout
    assert "all@example.test" not in files.cli("lookup", "u1@example.test").stdout


def test_a_password_is_never_sent_without_tls_unless_that_is_written(files, server, folder):
    """The server has no STARTTLS."""
    files.publish(settings(server, folder))
    asked = []
    server.bind = lambda reply: (asked.append("bind"), reply.result(tag=0x61))
    failed(files, settings(server, folder, tls=None), "the server refuses STARTTLS")
    assert asked == []


def test_what_was_asked_is_data_of_the_policy(files, server, folder):
    files.publish(settings(server, folder))
    [users, *_] = [asked for asked in server.searches if asked.kind == "users"]
    assert users.base == BASE and users.scope == 2 and "mail" in users.attributes and "entryUUID" in users.attributes
    assert "*" not in users.attributes and "userPassword" not in users.attributes


def test_ranges_in_between_take_nothing_of_the_time_of_a_page(files, server, folder, preload):
    """Twelve groups in one page, with three more ranges each, that take longer than a page may: 5 s each."""
    server.page = 50
    for number in range(12):
        server.add("groups", f"cn=g{number},{BASE}", mail=[f"g{number}@example.test"],
                   member=[f"uid=u{n % PEOPLE},{BASE}" for n in range(35)])
    expected = files.publish(settings(server, folder))
    ranged, slow = server.ranged, []

    def slowly(attributes, asked):
        if asked.scope == 0 and any("range" in name for name in asked.attributes):
            slow.append(asked)
            preload.set("clock_stands_at", 1000000 + 5 * len(slow))
        return ranged(attributes, asked)
    server.ranged = slowly
    preload.set("clock_stands_at", 1000000)
    done = clocked(files, preload, "sync")
    assert done.returncode == 0 and files.digest() == expected and len(slow) >= 36, done.stderr


def same_page(server, reply, asked):
    """With the same cookie, for ever."""
    def again(more, asked, page):
        for entry in server.entries["users"][:3]:
            more.entry(*entry)
        more.result(cookie="same")
    server.search = again
    again(reply, asked, 1)


def circle(server, reply, asked):
    """Five pages, and the first one again; each has a cookie of its own."""
    def again(more, asked, page):
        more.entry(*server.entries["users"][page % 5])
        more.result(cookie=f"c{page}")
    server.search = again
    again(reply, asked, 1)


def flood(operation):
    def pour(server, reply, asked):
        """Entries or references that have no end within their page."""
        data = reply.message(operation) * 1000
        while True:
            reply.raw(data)
    return pour


def endless_range(server, reply, asked):
    def more(again, asked, page=None):
        [name] = asked.attributes
        first = int(name.partition("range=")[2].partition("-")[0])
        again.entry(f"cn=all,{BASE}", {f"member;range={first}-{first}": [f"uid=u{first},{BASE}"]})
        again.result()
    server.answer = more
    reply.entry(f"cn=all,{BASE}", {"member;range=0-0": [f"uid=u0,{BASE}"]})
    reply.result(cookie="")


ENDLESS = {"the same page": (same_page, "the server gives the same page again"), "a circle": (circle, "the server gives the same page again"),
           "entries": (flood(ber(ENTRY, text(f"uid=x,{BASE}"), ber(0x30))), "does not come to an end: 100000 entries and references"),
           "references": (flood(ber(REFERENCE, text("ldap://x/"))), "does not come to an end: 100000 entries and references"),
           "ranges": (endless_range, f'the values of member of "cn=all,{BASE}" have no end')}


@pytest.mark.parametrize("lie,told", ENDLESS.values(), ids=ENDLESS)
def test_a_server_that_has_no_end_holds_nobody(files, server, folder, lie, told):
    """However soon each answer comes."""
    files.publish(settings(server, folder))
    use(server, 1, lambda reply, asked: lie(server, reply, asked))
    failed(files, settings(server, folder), told)


def test_a_server_that_gives_page_after_page_is_ended(files, server, folder, preload):
    """Each is new, and comes in 50 s of 60: an hour is what all of them may take."""
    files.publish(settings(server, folder))
    before, pages = files.digest(), []

    def another(reply, asked, _):
        pages.append(asked)
        preload.set("clock_stands_at", 1000000 + 50 * len(pages))
        reply.entry(f"uid=p{len(pages)},{BASE}", {"mail": [f"p{len(pages)}@example.test"]})
        reply.result(cookie=str(len(pages)))
    server.search = another
    preload.set("clock_stands_at", 1000000)
    done = clocked(files, preload, "sync")
    assert "the server does not come to an end within 60 times timeout = 60s" in done.stderr, done
    assert "its content of " in done.stderr and files.digest() == before and len(pages) >= 3600 // 50


def test_an_address_with_an_equals_sign_is_no_dn(files, server, folder):
    """Nor is a DN with an at sign an address."""
    for name in ("a=b@example.test", "c=d+e=f@example.test"):
        server.add("users", f"uid={name.replace('=', '').replace('+', '')},{BASE}", mail=[name])
    server.add("users", f"uid=x@example.test,{BASE}", mail=["x@example.test"])
    server.entries["groups"][0][1]["member"] = ["a=b@example.test", "c=d+e=f@example.test", f"uid=x@example.test,{BASE}"]
    files.write(files.directory, "".join(f"user u{n}@example.test login=u{n}\n" for n in range(PEOPLE)) +
                "user a=b@example.test\nuser c=d+e=f@example.test\nuser x@example.test\n"
                "group all@example.test member=a=b@example.test,c=d+e=f@example.test,x@example.test\n")
    expected = files.publish(f'driver = text path = "{files.directory}"')
    files.use(settings(server, folder))
    done = files.cli("sync", "--accept", "people")
    assert files.digest() == expected, done.stderr


@pytest.mark.parametrize("mail", [[], ["u0@example.test"]], ids=["name", "address"])
def test_nobody_takes_the_name_of_a_group_without_an_address(files, server, folder, mail):
    """Everybody can work it out; a denial of the group would else be void."""
    def denied():
        return json.loads(files.cli("--json", "lookup", "ceo@example.test").stdout)["senders_denied"]
    server.add("users", f"uid=ceo,{BASE}", mail=["ceo@example.test"], uid=["ceo"], denied=[f"cn=bad,{BASE}"])
    server.add("groups", f"cn=bad,{BASE}", member=[f"uid=u1,{BASE}"])
    text = f"{settings(server, folder)}\n    users_attributes = {listed(['senders_denied=denied'])}"
    files.publish(text)
    [name] = denied()
    ceo, own = server.entries["users"][-1][1], server.entries["users"][0][1]
    kept = ceo.pop("denied")
    files.publish(text)
    own.update(mail=[*mail, name], entryUUID=["k0"])
    for said in ([], kept):
        ceo["denied"] = said
        files.use(text)
        assert "group.invalid is the domain of groups without an address" in files.cli("sync").stderr
    assert denied() == [name]


def test_a_new_group_whose_address_cannot_be_read_is_denied_all_the_same(files, server, folder):
    """No copy knows an earlier name of it. It stays so at the next sync, and with an address it has that one."""
    server.add("users", f"uid=ceo,{BASE}", mail=["ceo@example.test"], denied=[f"cn=bad,{BASE}"])
    server.add("groups", f"cn=bad,{BASE}", mail=["not an address"], member=[f"uid=u1,{BASE}"], entryUUID=["g"])
    files.use(f"{settings(server, folder)}\n    users_attributes = {listed(['senders_denied=denied'])}")

    def denied():
        done = files.cli("sync")
        assert done.returncode == 0, done
        return json.loads(files.cli("--json", "lookup", "ceo@example.test").stdout)["senders_denied"], done.stderr
    (first, second), said = denied()
    assert first.endswith("@group.invalid") and second == "u1@example.test" and '"not an address" is no address' in said
    assert denied()[0] == [first, second]
    server.entries["groups"][-1][1]["mail"] = ["bad@example.test"]
    assert denied()[0] == ["bad@example.test"]


def test_a_uid_that_looks_like_an_address_is_a_uid(files, server, folder):
    """An address counts where nobody has it as a uid; of two with one uid it is neither, and no third."""
    for name, uid in (("carol", "u1@example.test"), ("dave", "twice@example.test"), ("erin", "twice@example.test"), ("twice", "twice")):
        server.add("users", f"cn={name},{BASE}", mail=[f"{name}@example.test"], uid=[uid])
    server.add("groups", f"cn=news,{BASE}", mail=["news@example.test"], memberUid=["U1@example.test", "twice@example.test", "u2@example.test"])
    files.publish(settings(server, folder))
    names = ("carol", "dave", "erin", "twice", "u1", "u2")
    groups = {name: json.loads(files.cli("--json", "lookup", f"{name}@example.test").stdout)["groups"] for name in names}
    assert [name for name in names if "news@example.test" in groups[name]] == ["carol", "u2"]


def test_groups_of_two_sources_with_one_dn_and_no_address_are_two(files, server, folder):
    """Each denies its own."""
    with ScriptedLdap() as other:
        other.add("users", f"uid=s1,{BASE}", mail=["s1@example.test"], uid=["s1"])
        (folder / "other").mkdir()
        for one, member in ((server, "u1"), (other, "s1")):
            one.add("users", f"uid=boss,{BASE}", mail=[f"boss-{member}@example.test"], denied=[f"cn=bad,{BASE}"])
            one.add("groups", f"cn=bad,{BASE}", member=[f"uid={member},{BASE}"])
        words = f"\n    users_attributes = {listed(['senders_denied=denied'])}"
        files.publish(f'{settings(server, folder)}{words}\n  }}\n  source "two" {{\n    {settings(other, folder / "other")}{words}')
    denied = {name: json.loads(files.cli("--json", "lookup", f"boss-{name}@example.test").stdout)["senders_denied"] for name in ("u1", "s1")}
    for name, groups in denied.items():
        assert groups and set(groups) <= set(json.loads(files.cli("--json", "lookup", f"{name}@example.test").stdout)["groups"])


def test_a_group_with_many_addresses_does_not_take_the_memory(files, server, folder):
    server.range = 10 ** 6
    server.add("groups", f"cn=news,{BASE}", mail=["news@example.test"], member=[f"p{number}@elsewhere.test" for number in range(10000)])
    files.use(settings(server, folder))
    done = subprocess.run([sys.executable, "-c", MEASURED, CLI, "-c", files.policy, "sync"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and int(done.stdout.splitlines()[-1]) < 300 << 10, done


def looked_up(files, name):
    return json.loads(files.cli("--json", "lookup", name).stdout)


def test_a_key_of_the_policy_that_two_have_is_nobodys(files, server, folder):
    """The policy names the attribute, and no server keeps its values apart: who writes another's into his entry takes nothing from
    him, a group with the number of a user stays a group, and an entry that is read twice is one all the same."""
    mapped = {"users_attributes": "source_key=uidNumber", "groups_attributes": "source_key=gidNumber"}
    grants = folder / "grants"
    grants.write_text("group boss@example.test\ngrant send-as boss@example.test u2@example.test\n")
    text = settings(server, folder, **mapped) + f'\n}}\nsource "grants" {{ driver = text path = "{grants}"'
    for number, (_, said) in enumerate(server.entries["users"]):
        said["uidNumber"] = [str(1000 + number)]
    server.entries["groups"][0][1]["gidNumber"] = ["2000"]
    files.publish(text)
    names = [f"{name}@example.test" for name in ("u1", "u2", "u3", "all", "boss")]
    before = [looked_up(files, name) for name in names]
    server.entries["users"][1][1]["uidNumber"] = ["1002"]
    server.entries["groups"][0][1]["gidNumber"] = ["1003"]
    server.add("users", f"UID=u5, {BASE}", mail=["u5@example.test"], uid=["u5"], uidNumber=["1005"])
    server.entries["users"].reverse()
    files.use(text)
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    assert 'source_key "1002" belongs to user ' in done.stderr and 'source_key "1003" belongs to user ' in done.stderr, done.stderr
    assert "1005" not in done.stderr and "users_filter and groups_filter" not in done.stderr, done.stderr
    after = [looked_up(files, name) for name in names]
    same = ("asked", "known", "addresses", "formerly", "logins", "send_as", "may_send_as", "blocked")
    assert [[one[word] for word in same] for one in after[1:3]] == [[one[word] for word in same] for one in before[1:3]]
    assert after[0]["blocked"] and after[3]["blocked"] and after[4]["send_as"] == before[4]["send_as"], after


def test_a_group_that_claims_an_address_takes_no_member_from_who_has_it_for_a_name(files, server, folder):
    """By the address beside the name, or by the same name: a denial of the first group holds for its members all the same. What is
    no address is nobody's."""
    server.entries["users"][0][1]["manager"] = [f"cn=interns,{BASE}"]
    server.entries["users"][1][1]["memberOf"] = ["Interns@example.test", "all users@corp", "gone@example.test", "second@example.test"]
    server.add("groups", f"cn=interns,{BASE}", mail=["interns@example.test"], entryUUID=["interns"])
    server.add("groups", f"cn=mine,{BASE}", mail=["mine@example.test"], mailAlternateAddress=["second@example.test"], entryUUID=["mine"])
    text = settings(server, folder) + ' users_attributes = { "member_of=memberOf", "senders_denied=manager" }'

    def found():
        files.use(text)
        done = files.cli("sync")
        assert done.returncode == 0 and "2 groups of a member are nobody of the source, and are left out" in done.stderr, done.stderr
        member = looked_up(files, "u1@example.test")
        return "interns@example.test" in str(member["groups"]), member["blocked"], looked_up(files, "u0@example.test")["senders_denied"]

    first = found()
    assert first[0] and not first[1] and "interns@example.test" in str(first[2])
    assert "mine@example.test" in str(looked_up(files, "u1@example.test")["groups"])
    claims = server.entries["groups"][-1][1]
    claims["mailAlternateAddress"].append("interns@example.test")
    assert found() == first
    claims["mail"] = ["interns@example.test"]
    assert found() == first
