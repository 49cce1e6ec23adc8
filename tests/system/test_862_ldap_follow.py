"""`mailwicket sync --follow` with OpenLDAP: contextCSN tells of a change; without it the source is read each interval."""
import os
import re

import pytest

import rig
from rig.follower import Follower, confined
from rig.ldap_source import LdapSource, group, listed, person
from rig.processes import tool
from rig.relay import Relay
from rig.slapd import BLIND, READER, Slapd
from rig.sources import Files


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture
def source(slapd, folder):
    made = LdapSource(slapd, folder)
    slapd.add(person(f"cn=bob,{made.base}", mail="bob@example.test"))
    return made


PLAIN = {"users_filter": None, "users_attributes": None, "groups_attributes": None}


def test_a_change_is_read_and_nothing_is_read_without_one(files, source):
    files.publish(source.settings(**PLAIN, interval="1s", full_every="1d"))

    def logged(text):
        return (source.server.folder / "server.log").read_text(errors="replace").count(text)
    readings = f'SRCH base="{source.base}" scope=2'
    with confined(files, source.password) as follower:
        follower.wait_log("following 1 source")
        source.server.add(person(f"cn=mary,{source.base}", mail="mary@example.test"))
        follower.wait_log("published: 2 users")
        source.server.modify(f"dn: cn=mary,{source.base}\nchangetype: delete\n")
        follower.wait_log("published: 1 users")

        def is_quiet():
            """A change that came while the source was read is read once more."""
            asked, read = logged("contextCSN"), logged(readings)
            rig.wait_for(lambda: logged("contextCSN") >= asked + 3, "three more questions of the watch")
            return logged(readings) == read > 0
        rig.wait_for(is_quiet, "three questions of the watch without a reading")
        assert follower.lines("cannot be watched") == []


class TwoDatabases(Slapd):
    second = "dc=second,dc=test"

    def make(self):
        super().make()
        data = self.folder / "second"
        data.mkdir()
        os.chown(data, self.identity.get("user", -1), self.identity.get("group", -1))
        text = self.config.read_text()
        [administrator] = set(re.findall(r"(?m)^rootdn .*", text))
        self.config.write_text(f'{text}database mdb\nsuffix "{self.second}"\n{administrator}\ndirectory {data}\ndbnosync\n'
                               f'access to * by dn.exact="{READER}" read by * none\noverlay syncprov\n')


@pytest.fixture
def two_databases(folder):
    server = TwoDatabases()
    try:
        made = LdapSource(server, folder)
        server.add(person(f"cn=bob,{made.base}", mail="bob@example.test"))
        yield made
    finally:
        server.close()


def test_groups_in_another_database_are_watched_too(files, two_databases):
    """It has a contextCSN of its own."""
    source, base = two_databases, TwoDatabases.second
    source.server.add(f"dn: {base}\nobjectClass: dcObject\nobjectClass: organization\no: Second\ndc: second\n\n" +
                      person(f"cn=mary,{source.base}", mail="mary@example.test") +
                      group(f"cn=sales,{base}", [f"cn=bob,{source.base}", f"cn=mary,{source.base}"], mail="sales@example.test"))
    files.publish(source.settings(**PLAIN, groups_base=base, interval="1s", full_every="1d"))
    assert "sales@example.test" in files.cli("lookup", "mary@example.test").stdout
    with Follower(files) as follower:
        follower.wait_log("following 1 source")
        source.server.modify(f"dn: cn=sales,{base}\nchangetype: modify\ndelete: member\nmember: cn=mary,{source.base}\n")
        rig.wait_for(lambda: "sales@example.test" not in files.cli("lookup", "mary@example.test").stdout, "mary to be no member")


class WithoutSyncprov(TwoDatabases):
    """The overlay was there once: the contextCSN of that time stays. Or it never was."""
    def __init__(self, state):
        self.state = state
        super().__init__()

    def make(self):
        super().make()
        text = self.config.read_text()
        self.config.write_text(text[:text.rindex("overlay syncprov")])
        self.run(tool("slapadd"), "-f", self.config, "-b", self.second, input=(
            f"dn: {self.second}\nobjectClass: dcObject\nobjectClass: organization\no: Second\ndc: second\n{self.state}").encode())


@pytest.mark.parametrize("state,told", [
    ("contextCSN: 20250101120000.000000Z#000000#000#000000\n", "contextCSN of dc=second,dc=test is older than a week"),
    ("", "no contextCSN of dc=second,dc=test is shown"),
])
def test_where_no_contextcsn_tells_of_changes_it_is_read_each_interval_and_that_is_told(files, folder, state, told):
    server, base = WithoutSyncprov(state), WithoutSyncprov.second
    try:
        source = LdapSource(server, folder)
        server.add(person(f"cn=bob,{base}", mail="bob@example.test"))
        assert state in server.client("ldapsearch", "-LLL", "-b", base, "-s", "base", "contextCSN")
        files.publish(source.settings(**PLAIN, users_base=base, interval="1s", full_every="1d"))
        with Follower(files) as follower:
            follower.wait_log("following 1 source")
            follower.wait_log(told)
            server.add(person(f"cn=mary,{base}", mail="mary@example.test"))
            follower.wait_log("published: 2 users")
            assert len(follower.lines("cannot be watched")) == 1
    finally:
        server.close()


def test_a_user_who_is_renamed_keeps_a_grant_of_another_source(files, source, folder):
    """By entryUUID, in the same tree."""
    grants = folder / "grants"
    grants.write_text("group boss@example.test\ngrant send-as boss@example.test bob@example.test\n")
    files.use(source.settings(**PLAIN) + f'\n  }}\n  source "grants" {{ driver = text path = "{grants}"')
    assert files.cli("sync").returncode == 0
    assert "bob@example.test" in files.cli("lookup", "boss@example.test").stdout
    source.server.modify(f"dn: cn=bob,{source.base}\nchangetype: modify\nreplace: mail\nmail: robert@example.test\n")
    done = files.cli("sync")
    assert done.returncode == 0, done.stderr
    assert "robert@example.test" in files.cli("lookup", "boss@example.test").stdout, done.stderr


def test_another_server_of_the_directory_is_no_other_source(files, source, folder):
    """A user is renamed while the policy gets a second server, and another base is another source."""
    grants = folder / "grants"
    grants.write_text("group boss@example.test\ngrant send-as boss@example.test bob@example.test\n")

    def uses(**changes):
        files.use(source.settings(**PLAIN, **changes) + f'\n  }}\n  source "grants" {{ driver = text path = "{grants}"')
        return files.cli("sync")
    assert uses().returncode == 0
    source.server.modify(f"dn: cn=bob,{source.base}\nchangetype: modify\nreplace: mail\nmail: robert@example.test\n")
    ours = f"ldaps://127.0.0.1:{source.server.tls_port}"
    done = uses(url=listed([ours, "ldaps://127.0.0.2"]))
    assert done.returncode == 0, done.stderr
    assert "robert@example.test" in files.cli("lookup", "boss@example.test").stdout, done.stderr
    # The servers are all new ones, and away: the last good copy stands.
    done = uses(url=listed(["ldaps://127.0.0.2:9"]))
    assert done.returncode == 75 and "its content of " in done.stderr, done.stderr
    done = uses(url=listed(["ldaps://127.0.0.2:9"]), base=f"ou=other,{source.base}")
    assert "was read by another driver or from another place" in done.stderr, done.stderr


def test_a_server_that_is_away_is_told_and_watched_again(files, source):
    with Relay(source.server.port) as relay:
        settings = source.settings(**PLAIN, interval="1s", tls="none", tls_ca_file=None, url=listed([f"ldap://127.0.0.1:{relay.port}"]))
        files.publish(settings)
        with Follower(files) as follower:
            follower.wait_log("following 1 source")
            relay.cut = 0
            follower.wait_log('source "people" cannot be watched: ldap://127.0.0.1')
            relay.cut = None
            follower.wait_log('source "people" is watched again')
            source.server.add(person(f"cn=mary,{source.base}", mail="mary@example.test"))
            follower.wait_log("published: 2 users")


def test_rights_that_are_taken_away_publish_nothing(files, source):
    """The password of who may read nothing is the same."""
    before = files.publish(source.settings(**PLAIN))
    files.use(source.settings(**{**PLAIN, "user": BLIND}))
    done = files.cli("sync")
    assert "has no right to read it" in done.stderr and files.digest() == before
