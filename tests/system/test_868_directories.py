"""Directories of other products in OpenLDAP, with attributes of their own: read as they are, by the settings that the page has."""
import os
import re

import pytest

from rig.ldap_source import LdapSource, entry, listed
from rig.pages import page_text
from rig.slapd import Slapd
from rig.sources import Files

TEXT, ASCII, NUMBER, TRUTH = (f"1.3.6.1.4.1.1466.115.121.1.{number}" for number in (15, 26, 27, 7))
MATCH = {TEXT: "caseIgnoreMatch", ASCII: "caseIgnoreIA5Match", NUMBER: "integerMatch", TRUTH: "booleanMatch"}

# By their own names, numbers and syntaxes: (number, name, syntax).
ATTRIBUTES = [
    *((f"1.3.6.1.4.1.32349.1.2.2.{number}", name, ASCII) for number, name in
      ((9, "accountStatus"), (13, "enabledService"), (14, "memberOfGroup"), (19, "shadowAddress"), (8, "mailForwardingAddress"))),
    ("1.3.6.1.4.1.47732.1.1.2.2", "kopanoSharedStoreOnly", NUMBER), ("1.3.6.1.4.1.47732.1.1.2.3", "kopanoAccount", NUMBER),
    ("1.3.6.1.4.1.47732.1.1.2.4", "kopanoSendAsPrivilege", TEXT), ("1.3.6.1.4.1.47732.1.1.2.14", "kopanoDisabledFeatures", TEXT),
    ("1.3.6.1.4.1.47732.1.1.3.1", "kopanoAliases", TEXT),
    ("1.3.6.1.4.1.10098.1.1.12.1", "gosaMailAlternateAddress", ASCII),
    ("1.3.6.1.4.1.29426.1.10.1", "mailAlias", ASCII), ("1.3.6.1.4.1.29426.1.10.2", "mailEnabled", TRUTH),
    ("1.3.6.1.4.1.29426.1.10.3", "mailGroupMember", ASCII),
    ("1.3.6.1.4.1.10176.1010.1.1", "mailPrimaryAddress", TEXT), ("1.3.6.1.4.1.10176.1010.1.2", "mailAlternativeAddress", TEXT),
    ("2.16.840.1.113730.3.1.610", "nsAccountLock", TRUTH), ("2.16.840.1.113730.3.8.3.1", "ipaUniqueID", TEXT),
    ("1.2.840.113556.1.2.210", "proxyAddresses", TEXT),
]
CLASSES = [("1.3.6.1.4.1.32349.1.2.4.3", "mailList", "SUP top STRUCTURAL MUST mail"),
           ("1.3.6.1.4.1.32349.1.2.4.4", "mailAlias", "SUP top STRUCTURAL MUST mail"),
           ("1.3.6.1.4.1.4203.666.11.99.2.9", "mwProducts", "SUP top AUXILIARY")]


class Products(Slapd):
    def make(self):
        super().make()
        names = " $ ".join([name for _, name, _ in ATTRIBUTES] + ["mail", "cn", "displayName"])
        own = "".join(f"attributetype ( {number} NAME '{name}' EQUALITY {MATCH[syntax]} SYNTAX {syntax} )\n"
                      for number, name, syntax in ATTRIBUTES)
        own += "".join(f"objectclass ( {number} NAME '{name}' {kind} MAY ( {names} ) )\n" for number, name, kind in CLASSES)
        self.config.write_text(self.config.read_text().replace("modulepath", own + "modulepath", 1))


@pytest.fixture(scope="module")
def server():
    with Products() as made:
        yield made


def person(dn, **said):
    return entry(dn, objectClass=["inetOrgPerson", "mwProducts"], **{"cn": "x", "sn": "x", **said})


def user(name, base, **said):
    return person(f"uid={name},{base}", uid=name, mail=f"{name}@example.test", **said)


def members(dn, *names, **said):
    return entry(dn, objectClass=["groupOfNames", "mwProducts"], member=names, **said)


def iredmail(base):
    """The full address logs in. Lists have no members: users name their lists."""
    def mailbox(name, *services, **said):
        return person(f"mail={name}@example.test,{base}", uid=name, mail=f"{name}@example.test", enabledService=services,
                      **{"accountStatus": "active", **said})
    return (mailbox("alice", "mail", "internal", "smtp", "imap", "pop3", "managesieve", shadowAddress="al@example.test",
                    memberOfGroup="sales@example.test") +
            mailbox("bob", "mail", "smtpsecured", "pop3tls") + mailbox("carol", "mail", "smtp", "imap", accountStatus="disabled") +
            person(f"mail=@example.test,{base}", mail="@example.test", uid="catch-all", accountStatus="active") +
            entry(f"mail=sales@example.test,{base}", objectClass="mailList", mail="sales@example.test", accountStatus="active") +
            entry(f"mail=info@example.test,{base}", objectClass="mailAlias", mail="info@example.test",
                  mailForwardingAddress=["alice@example.test", "bob@example.test"]))


def kopano(base):
    return (user("alice", base, kopanoAccount="1", kopanoAliases=["al@example.test", "a.jones@example.test"]) +
            user("bob", base, kopanoAccount="1", kopanoDisabledFeatures=["pop3", "imap"]) +
            user("support", base, kopanoAccount="1", kopanoSharedStoreOnly="1", kopanoSendAsPrivilege=[f"uid=alice,{base}", "bob"]) +
            user("unix", base, kopanoAccount="0") +
            members(f"cn=staff,{base}", f"uid=bob,{base}", mail="staff@example.test", kopanoAccount="1"))


def postfix_book(base):
    """Who has no mailEnabled has no mailbox."""
    return (user("alice", base, mailEnabled="TRUE", mailAlias=["al@example.test"], mailGroupMember="sales@example.test") +
            user("bob", base, mailEnabled="FALSE") + user("carol", base) +
            entry(f"cn=sales,{base}", objectClass=["groupOfNames", "mwProducts"], member=f"cn=nobody,{base}", mail="sales@example.test"))


def freeipa(base):
    """Its compatibility tree has everybody once more."""
    people, compat = f"cn=accounts,{base}", f"cn=compat,{base}"
    return ("".join(entry(dn, objectClass="organizationalRole") for dn in (people, compat)) +
            user("alice", people, ipaUniqueID="i-1") + user("bob", people, ipaUniqueID="i-2", nsAccountLock="TRUE") +
            user("carol", people, ipaUniqueID="i-3", nsAccountLock="FALSE") + user("alice", compat) +
            members(f"cn=staff,{people}", f"uid=alice,{people}", f"uid=bob,{people}", mail="staff@example.test"))


def univention(base):
    """`mail` may be anybody's private address."""
    return (person(f"uid=alice,{base}", uid="alice", mailPrimaryAddress="alice@example.test", mail="al@private.example",
                   mailAlternativeAddress=["al@example.test"]) +
            person(f"uid=bob,{base}", uid="bob", mail="bob@private.example") +
            members(f"cn=sales,{base}", f"uid=alice,{base}", f"uid=bob,{base}", mailPrimaryAddress="sales@example.test"))


def gosa(base):
    return user("alice", base, gosaMailAlternateAddress="al@example.test") + user("bob", base)


def exchange(base):
    """What was carried over from there: SMTP: is the main address, smtp: are others."""
    return (user("alice", base, proxyAddresses=["smtp:al@example.test", "SMTP:alice.jones@example.test", "X500:/o=Example/cn=alice",
                                                "SIP:alice@example.test"]) +
            user("bob", base, proxyAddresses=["X500:/o=Example/cn=bob", "SIP:bob@example.test"]))


OFF = "imap=no pop3=no sieve=no smtp=no relay=no"
# The product; its heading on the page; what comes of it.
PRODUCTS = [
    (iredmail, "iRedMail", f"""
user alice@example.test address=al@example.test
user bob@example.test imap=no sieve=no
user carol@example.test {OFF}
group sales@example.test member=alice@example.test
group info@example.test member=alice@example.test,bob@example.test
"""),
    (kopano, "Kopano", f"""
user alice@example.test login=alice address=al@example.test,a.jones@example.test
user bob@example.test login=bob imap=no pop3=no
user support@example.test login=support {OFF}
grant send-as support@example.test alice@example.test
grant send-as support@example.test bob@example.test
group staff@example.test member=bob@example.test
"""),
    (postfix_book, "Postfix-book", f"""
user alice@example.test login=alice address=al@example.test
user bob@example.test login=bob {OFF}
user carol@example.test login=carol {OFF}
group sales@example.test member=alice@example.test
"""),
    (freeipa, "FreeIPA", f"""
user alice@example.test login=alice
user bob@example.test login=bob {OFF}
user carol@example.test login=carol
group staff@example.test member=alice@example.test,bob@example.test
"""),
    (univention, "Univention", """
user alice@example.test login=alice address=al@example.test
group sales@example.test member=alice@example.test
"""),
    (gosa, None, """
user alice@example.test login=alice address=al@example.test
user bob@example.test login=bob
"""),
    (exchange, "proxyAddresses", """
user alice.jones@example.test login=alice address=al@example.test,alice@example.test
user bob@example.test login=bob
"""),
]


def settings_of_the_page(heading, base):
    """The lines below its heading."""
    if heading is None:
        return {}
    [block] = re.findall(rf"(?m)^### {heading}.*\n(?:(?!###|    ).*\n)*((?:    .*\n)+)", page_text("from-openldap.md"))
    block = block.replace("dc=example,dc=org", base)
    return dict(re.findall(r"(?ms)^ +(\w+) = (\{.*?\}|\".*?\")$", block))


def read(files, source, heading, **changes):
    files.use(source.settings(**{"users_filter": None, "users_attributes": None, "groups_attributes": None,
                                 **{key: value.strip('"') for key, value in settings_of_the_page(heading, source.base).items()}, **changes}))
    return files.cli("sync")


@pytest.mark.parametrize("made,heading,text", PRODUCTS, ids=[row[0].__name__ for row in PRODUCTS])
def test_a_directory_of_a_known_product_is_read_as_it_is(server, folder, made, heading, text):
    files, source = Files(folder), LdapSource(server, folder)
    files.write(files.directory, text)
    expected = files.publish(f'driver = text path = "{files.directory}"')
    server.add(made(source.base))
    done = read(files, source, heading)
    if done.returncode == os.EX_NOPERM:
        done = files.cli("sync", "--accept", "people")
    assert done.returncode == 0 and files.digest() == expected, done.stderr
    assert made is not exchange or "2 addresses of another kind than smtp: are left out; the first is" in done.stderr, done.stderr


def test_a_switch_that_no_user_has_switches_nobody_off(server, folder):
    """The account that reads may not see it, or it is another one; who may see one of two is switched by it."""
    files, source = Files(folder), LdapSource(server, folder)
    server.add(user("alice", source.base) + user("bob", source.base))
    assert read(files, source, None).returncode == 0
    before = files.digest()
    done = read(files, source, None, users_attributes=listed(["active=accountStatus:active"]))
    assert done.returncode != 0 and files.digest() == before
    assert ('users_attributes "active=accountStatus:active": none of the 2 users has an attribute accountStatus that '
            in done.stderr), done.stderr
    assert read(files, source, None, users_attributes=listed(["active=!nsAccountLock:TRUE"])).returncode == 0
    assert files.digest() == before


def test_a_value_that_no_user_has_switches_nobody_off(server, folder):
    """As a word that is misspelt; of a single service it may be meant, and is told."""
    files, source = Files(folder), LdapSource(server, folder)
    server.add(user("alice", source.base, accountStatus="live") + user("bob", source.base, accountStatus="live"))
    assert read(files, source, None, users_attributes=listed(["active=accountStatus:live"])).returncode == 0
    before = files.digest()
    for mapping in ("active=accountStatus:active", "active=accountStatus"):
        done = read(files, source, None, users_attributes=listed([mapping]))
        assert done.returncode != 0 and files.digest() == before, done
        assert (f'users_attributes "{mapping}": none of the 2 users has this value: every service is off for all; '
                'the first has "live"') in done.stderr, done.stderr
    done = read(files, source, None, users_attributes=listed(["imap=accountStatus:live|x", "pop3=accountStatus:y", "smtp=accountStatus:x"]))
    assert done.returncode == 0 and ': pop3 is off for all; the first has "live"; users_attributes "smtp=' in done.stderr, done.stderr
    assert '"imap=' not in done.stderr


@pytest.mark.parametrize("tests,services", [
    (["imap=enabledService:IMAP"], "imap=yes"), (["imap=!enabledService:imap"], "imap=no"), (["imap=enabledService:pop3"], "imap=no"),
    (["imap=enabledService:imap", "imap=accountStatus:disabled"], "imap=no"), (["imap=mailEnabled", "imap=accountStatus:active"], "imap=yes"),
    (["active=accountStatus:*"], ""), (["active=!accountStatus:*"], OFF), (["active=mailEnabled"], ""), (["smtp=!mailEnabled"], "smtp=no"),
    (["active=accountStatus:active", "smtp=mailEnabled", "pop3=!mailEnabled"], "pop3=no"),
    (["active=kopanoAccount"], ""), (["smtp=!kopanoAccount"], "smtp=no"), (["imap=enabledService:a|imap", "pop3=enabledService:a|b"], "pop3=no"),
])
def test_each_test_of_a_service_has_to_hold(server, folder, tests, services):
    files, source = Files(folder), LdapSource(server, folder)
    files.write(files.directory, f"user alice@example.test login=alice {services}\n")
    expected = files.publish(f'driver = text path = "{files.directory}"')
    server.add(user("alice", source.base, enabledService=["imap", "mail"], accountStatus="active", mailEnabled="TRUE",
                    kopanoAccount="1"))
    done = read(files, source, None, users_attributes=listed(tests))
    assert done.returncode == 0 and files.digest() == expected, done.stderr


@pytest.mark.parametrize("mapping,told", [
    ("address=mailAlias:x", 'users_attributes: "address=mailAlias:x": only a service is switched by a value'),
    ("login=!uid", "only a service is switched by a value of an attribute (expected imap, pop3, sieve, smtp, relay or active"),
    ("active=accountState:active", 'the server\'s schema has no attribute "accountState" ("accountStatus"?)'),
])
def test_a_wrong_test_is_named(server, folder, mapping, told):
    files, source = Files(folder), LdapSource(server, folder)
    server.add(user("alice", source.base))
    done = read(files, source, None, users_attributes=listed([mapping]))
    assert done.returncode != 0 and told in done.stderr, done.stderr


def test_a_key_of_the_policy_knows_who_was_renamed(server, folder):
    """389 Directory Server and FreeIPA have no entryUUID, but keys of their own."""
    files, source = Files(folder), LdapSource(server, folder)
    server.add(user("alice", source.base, ipaUniqueID="i-1"))
    grants = folder / "grants"
    grants.write_text("group boss@example.test\ngrant send-as boss@example.test alice@example.test\n")
    text = f'\n  }}\n  source "grants" {{ driver = text path = "{grants}"'
    files.use(source.settings(users_attributes=listed(["source_key=ipaUniqueID"]), groups_attributes=None) + text)
    assert files.cli("sync").returncode == 0
    server.remove(f"uid=alice,{source.base}")
    server.add(person(f"uid=alison,{source.base}", uid="alison", mail="alison@example.test", ipaUniqueID="i-1"))
    done = files.cli("sync")
    assert done.returncode == 0 and "alison@example.test" in files.cli("lookup", "boss@example.test").stdout, done.stderr
