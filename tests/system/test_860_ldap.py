"""OpenLDAP as a source of the directory: the same content as in text, and what is said where a server is not as it should be."""
import json
import os
import subprocess

import pytest

from rig.built import CLI
from rig.ldap_source import LdapSource, entry, group, listed, person
from rig.ports import free_port
from rig.slapd import BLIND, FEW, NOMAIL, SUFFIX
from rig.sources import OTHER, SMALL, Files, is_the_same_as_text


@pytest.fixture
def files(folder):
    return Files(folder)


@pytest.fixture
def source(slapd, folder):
    return LdapSource(slapd, folder)


def test_a_thousand_users_are_the_same_as_in_text(files, source, folder):
    is_the_same_as_text(files, source, folder)


def same_as_text(files, settings, text):
    """The source says what the text does: warnings of its sync."""
    files.write(files.directory, text)
    expected = files.publish(f'driver = text path = "{files.directory}"')
    files.use(settings)
    done = files.cli("sync")
    if done.returncode == os.EX_NOPERM:
        done = files.cli("sync", "--accept", "people")
    assert done.returncode == 0, done.stderr
    assert files.digest() == expected, done.stderr
    return done.stderr


PLAIN = {"users_filter": None, "users_attributes": None, "groups_attributes": None}


def test_the_usual_schemas_need_no_map(files, source):
    """inetOrgPerson, posixAccount and inetLocalMailRecipient; groups by DN, by a DN with bits and by uid."""
    base = source.base
    source.server.add(
        person(f"uid=bob,{base}", uid=["bob", "robert"], mail=["bob@example.test", "old.bob@example.test"],
               mailLocalAddress="b@example.test") +
        person(f"cn=Zo\u00eb,{base}", cn="Zo\u00eb", uid="zoe", mail="zoe@example.test") +
        entry(f"uid=unix,{base}", objectClass=["account", "posixAccount", "mwMail"], uid="unix", cn="x", uidNumber="1", gidNumber="1",
              homeDirectory="/", mail="unix@example.test") +
        person(f"uid=nomail,{base}", uid="nomail") +
        group(f"cn=sales,{base}", [f"UID=bob , {base.upper()}", f"CN=ZO\u00cb,{base}"], mail="sales@example.test") +
        entry(f"cn=all,{base}", objectClass=["groupOfUniqueNames", "mwMail"], uniqueMember=[f"cn=sales,{base}#'0101'B"],
              mail="all@example.test") +
        entry(f"cn=staff,{base}", objectClass=["posixGroup", "mwMail"], gidNumber="1", memberUid=["unix", "robert", "gone"],
              mail="staff@example.test"))
    warned = same_as_text(files, source.settings(**PLAIN), (
        "user bob@example.test address=b@example.test,old.bob@example.test login=bob,robert\nuser zoe@example.test login=zoe\n"
        "user unix@example.test login=unix\n"
        "group sales@example.test member=bob@example.test,zoe@example.test\ngroup all@example.test member=sales@example.test\n"
        "group staff@example.test member=unix@example.test,bob@example.test\n"))
    assert "1 members are nobody of the source" in warned


def test_an_attribute_may_be_called_by_any_of_its_names(files, source):
    """A server sends it by its first one, whatever it was asked for."""
    base = source.base
    source.server.add(person(f"cn=boss,{base}", uid="b", mail="boss@example.test", manager=f"cn=bob,{base}") +
                      person(f"cn=bob,{base}", uid="robert", mail="bob@example.test"))
    for names in (["name=mail", "login=uid"], ["NAME=rfc822MailBox", "login=userid"],
                  ["name=0.9.2342.19200300.100.1.3", "login=0.9.2342.19200300.100.1.1"]):
        same_as_text(files, source.settings(**{**PLAIN, "users_attributes": listed([*names, "send_on_behalf=MANAGER"])}), (
            "user boss@example.test login=b\nuser bob@example.test login=robert\ngrant send-on-behalf boss@example.test bob@example.test\n"))


def test_grants_name_entries_addresses_and_uids(files, source):
    base = source.base
    source.server.add(
        person(f"cn=boss,{base}", mail="boss@example.test", mwSendAs=[f"cn=bob,{base}", f"cn=gone,{base}"], secretary=f"cn=mary,{base}",
               mwSendOnBehalf=["bob@example.test", "uid-of-mary"]) +
        person(f"cn=bob,{base}", mail="bob@example.test", mwSendAsIdentity=["*@shop.example", f"cn=mary,{base}", "role@example.test"]) +
        person(f"cn=mary,{base}", uid="uid-of-mary", mail="mary@example.test", mwSendOnBehalfIdentity="list-*@example.test") +
        group(f"cn=shared,{base}", [f"cn=bob,{base}"], mail="shared@example.test"))
    attributes = ["send_as=mwSendAs", "send_on_behalf=mwSendOnBehalf", "send_on_behalf=secretary", "send_as_identity=mwSendAsIdentity",
                  "send_on_behalf_identity=mwSendOnBehalfIdentity"]
    warned = same_as_text(files, source.settings(**{
        **PLAIN, "users_attributes": listed(attributes), "groups_attributes": listed(["send_as=member"])}), (
        "user boss@example.test\nuser bob@example.test\nuser mary@example.test login=uid-of-mary\n"
        "group shared@example.test member=bob@example.test\n"
        "grant send-as boss@example.test bob@example.test\ngrant send-on-behalf boss@example.test mary@example.test\n"
        "grant send-on-behalf boss@example.test bob@example.test\ngrant send-as *@shop.example bob@example.test\n"
        "grant send-as mary@example.test bob@example.test\ngrant send-as role@example.test bob@example.test\n"
        "grant send-on-behalf list-*@example.test mary@example.test\ngrant send-as shared@example.test bob@example.test\n"))
    assert "1 ends of a grant to send as are nobody of the source" in warned


def test_senders_of_whom_nobody_is_left_admit_nobody(files, source):
    base = source.base
    source.server.add(
        person(f"cn=a,{base}", mail="a@example.test", mwSenders=f"cn=gone,{base}") +
        person(f"cn=b,{base}", mail="b@example.test", mwSenders=[f"cn=a,{base}", f"cn=gone,{base}"], mwDenied=f"cn=c,{base}") +
        person(f"cn=c,{base}", mail="c@example.test", mwSenders="Authenticated"))
    same_as_text(files, source.settings(**{
        **PLAIN, "users_attributes": listed(["senders=mwSenders", "senders_denied=mwDenied"])}), (
        "user a@example.test senders=nobody\nuser b@example.test senders=a@example.test senders_denied=c@example.test\n"
        "user c@example.test senders=authenticated\n"))


def test_groups_without_an_address_carry_their_members(files, source):
    """One between two others, one with a grant; one that nobody names is no group here."""
    base = source.base
    source.server.add(
        person(f"cn=bob,{base}", mail="bob@example.test", mwSendAs=f"cn=Inner Circle,{base}") +
        person(f"cn=mary,{base}", mail="mary@example.test") +
        group(f"cn=outer,{base}", [f"cn=inner circle,{base}"], mail="outer@example.test") +
        group(f"cn=Inner Circle,{base}", [f"cn=mary,{base}"]) + group(f"cn=unused,{base}", [f"cn=mary,{base}"]))
    files.publish(source.settings(**{**PLAIN, "users_attributes": listed(["send_as=mwSendAs"])}))
    shown = files.cli("lookup", "mary@example.test").stdout
    assert "outer@example.test" in shown and "inner-circle." in shown and "@group.invalid" in shown and "unused" not in shown
    assert "inner-circle." in files.cli("lookup", "bob@example.test").stdout


def test_groups_in_a_circle_lose_these_members_and_it_is_told(files, source):
    base = source.base
    source.server.add(
        person(f"cn=bob,{base}", mail="bob@example.test") +
        group(f"cn=a,{base}", [f"cn=b,{base}", f"cn=bob,{base}"], mail="a@example.test") +
        group(f"cn=b,{base}", [f"cn=a,{base}"], mail="b@example.test"))
    files.publish(source.settings(**PLAIN))
    assert "groups contain each other, these members are left out" in files.cli("sync").stderr
    assert "a@example.test" in files.cli("lookup", "bob@example.test").stdout


HOSTILE = [
    ("mail is one of a filter", "*)(objectClass=*@example.test", None),
    ("a uid with a newline", None, b"bob\ngrant send-as *@example.test bob"),
    ("a uid with a NUL", None, b"bob\0"),
    ("no UTF-8", None, b"bob\xff"),
    ("a uid with blanks and commas", None, b"bob,mary imap=no"),
]


@pytest.mark.parametrize("mail,uid", [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_values_are_data_and_spoil_their_own_record_alone(files, source, mail, uid):
    base = source.base
    source.server.add(person(f"cn=bob,{base}", mail="bob@example.test") + person(f"cn=mary,{base}", mail="mary@example.test"))
    settings = source.settings(**{**PLAIN, "users_attributes": listed(["address=mwText", "login=mwOctets"])})
    files.publish(settings)
    change = entry("x", **({"mwText": mail} if mail else {"mwOctets": uid})).partition("\n")[2].strip()
    source.server.modify(f"dn: cn=bob,{base}\nchangetype: modify\nadd: {'mwText' if mail else 'mwOctets'}\n{change}\n")
    done = files.cli("sync")
    assert done.returncode == 0 and 'source "people", users' in done.stderr, done.stderr
    assert f'warning: "cn=bob,{base}": ' in done.stderr, done.stderr
    assert "no grants" not in files.cli("lookup", "mary@example.test").stdout
    told = files.cli("lookup", "bob@example.test").stdout
    assert "*@example.test" not in told and "imap=no" not in told, told


def test_a_dn_with_every_octet_that_has_a_meaning_is_one_member(files, source):
    base = source.base
    name = "".join(f"\\{ord(c):02x}" for c in '"+,;<>=#\\') + "*()\\20 x"
    source.server.add(person(f"cn={name},{base}", cn='"+,;<>=#\\*()  x', mail="bob@example.test") +
                      group(f"cn=a,{base}", [f"CN={name.upper()},{base}"], mail="a@example.test"))
    same_as_text(files, source.settings(**PLAIN), "user bob@example.test\ngroup a@example.test member=bob@example.test\n")


# --- what is wrong

MISTAKES = [
    ({"base": f"ou=nowhere,{SUFFIX}"}, f'base: there is no entry "ou=nowhere,{SUFFIX}", or', "the server has entries below"),
    ({"base": "nonsense"}, 'source "people": ', "DN syntax"),
    ({"users_base": f"ou=nowhere,{SUFFIX}"}, "users_base: there is no entry"),
    ({"users_filter": "(mail=*"}, 'users: "(mail=*" is no filter'),
    ({"users_filter": "(mail=nobody@example.test)"}, "users: users_filter (mail=nobody@example.test) finds nobody below"),
    ({"users_attributes": '{ "address=mwAdress" }'}, 'the server\'s schema has no attribute "mwAdress" ("mwAddress"?)'),
    ({"users_attributes": '{ "name=carLicense" }'}, "none of the 1 users has an address that"),
    ({"users_attributes": '{ "nmae=mail" }'}, 'users_attributes: unknown key "nmae"', "expected name, address, "),
    ({"groups_attributes": '{ "login=mail" }'}, 'groups_attributes: unknown key "login"'),
    ({"user": BLIND}, f'or "{BLIND}" has no right to read it'),
    ({"user": f"cn=nobody,{SUFFIX}"}, f'the server refuses "cn=nobody,{SUFFIX}" or its password', "Invalid credentials"),
    ({"user": NOMAIL}, "finds nobody below", f'"{NOMAIL}" has no right to read these entries'),
    ({"password_file": "/nowhere"}, "password_file /nowhere: No such file"),
    ({"tls_ca_file": "/nowhere"}, "tls_ca_file /nowhere: No such file"),
    ({"tls_ca_file": None}, "TLS failed: the server's certificate is signed by none of tls_ca_file /etc/ssl/certs/ca-certificates.crt"),
]


@pytest.mark.parametrize("changes,told", [(row[0], row[1:]) for row in MISTAKES], ids=[row[1] for row in MISTAKES])
def test_a_mistake_is_named(files, source, changes, told):
    source.server.add(person(f"cn=bob,{source.base}", mail="bob@example.test"))
    files.publish(source.settings(**PLAIN))
    for command in (["sync"], ["check"], ["sync", "--dry-run"]):
        files.use(source.settings(**{**PLAIN, **changes}))
        done = files.cli(*command)
        assert done.returncode != 0 or command == ["sync"], done
        for words in told:
            assert words in done.stderr + done.stdout, done


def test_the_wrong_password_and_an_empty_one_are_told_and_not_shown(files, source):
    source.server.add(person(f"cn=bob,{source.base}", mail="bob@example.test"))
    files.publish(source.settings(**PLAIN))
    for text, told in (("another\n", "or its password"), ("\n", "its first line is empty")):
        source.password.write_text(text)
        files.use(source.settings(**PLAIN))
        done = files.cli("sync", "--dry-run")
        assert done.returncode != 0 and told in done.stderr and "another" not in done.stderr


def test_a_size_limit_is_a_failure_and_no_shorter_directory(files, source):
    """FEW may read 20 entries. The last good content stands."""
    base = source.base
    source.server.add("".join(person(f"cn=u{n},{base}", mail=f"u{n}@example.test") for n in range(19)))
    settings = source.settings(**{**PLAIN, "user": FEW})
    before = files.publish(settings)
    source.server.add("".join(person(f"cn=u{n},{base}", mail=f"u{n}@example.test") for n in range(19, 30)))
    files.use(settings)
    done = files.cli("sync")
    assert "a size limit; OpenLDAP: olcLimits with size=unlimited" in done.stderr and files.digest() == before
    assert files.publish(source.settings(**PLAIN)) != before


def test_starttls_a_socket_and_a_certificate_serve_too(files, source):
    source.load(SMALL)
    server = source.server
    over_tls = files.publish(source.settings())
    starttls = listed([f"ldap://127.0.0.1:{server.port}"])
    assert files.publish(source.settings(url=starttls)) == over_tls
    assert files.publish(source.settings(url=starttls, tls="none", tls_ca_file=None)) == over_tls
    nobody = {"user": None, "password_file": None}
    assert files.publish(source.settings(url=listed([server.ldapi]), tls_ca_file=None, **nobody)) == over_tls
    assert files.publish(source.settings(bind="external", tls_cert_file=server.certificate.cert, tls_key_file=server.certificate.key,
                                         **nobody)) == over_tls
    files.use(source.settings(bind="anonymous", **nobody))
    assert "an anonymous session has no right to read it" in files.cli("sync", "--dry-run").stderr
    # libldap takes localhost for the host's own name.
    files.use(source.settings(url=listed([f"ldaps://127.0.0.2:{server.tls_port}", starttls.strip('{ }"')])))
    assert files.cli("sync", "--dry-run").returncode == 0


def test_the_next_server_is_asked_where_one_is_away(files, source):
    source.load(SMALL)
    good = f"ldaps://127.0.0.1:{source.server.tls_port}"
    before = files.publish(source.settings(url=listed([f"ldaps://127.0.0.1:{free_port()}", f"ldap://127.0.0.1:{free_port()}", good])))
    source.load(OTHER)
    assert files.publish(source.settings(url=listed([good, "ldaps://127.0.0.1:1"]))) != before
    files.use(source.settings(url=listed([f"ldaps://127.0.0.1:{(one := free_port())}", f"ldap://127.0.0.1:{(two := free_port())}"])))
    done = files.cli("sync", "--dry-run")
    assert f":{one}: Can't contact" in done.stderr and f":{two}: Can't contact" in done.stderr


def test_files_of_options_are_not_read(files, source):
    """An ldaprc in the current folder, or the environment, would else say whom to trust."""
    source.load(SMALL)
    (files.folder / "ldaprc").write_text("TLS_REQCERT never\n")
    files.use(source.settings(tls_ca_file=None))
    done = subprocess.run([CLI, "-c", files.policy, "sync", "--dry-run"], cwd=files.folder, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LDAPTLS_REQCERT": "never"})
    assert done.returncode != 0 and "TLS failed" in done.stderr, done


def test_who_is_renamed_keeps_the_grants_of_a_text(files, source):
    """By entryUUID, that the server itself gives: another mail, another DN, and another who takes the old mail."""
    base, server = source.base, source.server
    server.add(person(f"uid=bob,{base}", uid="bob", mail="bob@example.test") +
               person(f"uid=eve,{base}", uid="eve", mail="eve@example.test"))
    files.write(files.directory, "group sales@example.test member=bob@example.test\ngrant send-as sales@example.test bob@example.test\n"
                "grant send-on-behalf bob@example.test eve@example.test\n")

    def may(name):
        said = json.loads(files.cli("lookup", name, "--json").stdout)
        return said["may_send_as"], said["may_send_on_behalf"], said["groups"]

    def sync():
        files.use(source.settings(**PLAIN) + f'\n  }}\n  source "local" {{\n    driver = text\n    path = "{files.directory}"')
        done = files.cli("sync")
        assert done.returncode == 0, done
        return done.stderr
    sync()
    held = (["sales@example.test"], [], ["sales@example.test"])
    assert may("bob@example.test") == held and may("eve@example.test")[1] == ["bob@example.test"]
    server.modify(f"dn: uid=bob,{base}\nchangetype: modrdn\nnewrdn: uid=rob\ndeleteoldrdn: 1\n\n"
                  f"dn: uid=rob,{base}\nchangetype: modify\nreplace: mail\nmail: rob@example.test\n")
    for _ in range(2):
        assert 'the grant\'s trustee "bob@example.test" means user rob@example.test, who was called so formerly' in sync()
        assert may("rob@example.test") == held and may("eve@example.test")[1] == ["rob@example.test"]
    # Eve writes herself the name that he has, and then the one that he had.
    for mail, told in (("rob@example.test", "this user stays eve@example.test"), ("bob@example.test", "somebody else since")):
        server.modify(f"dn: uid=eve,{base}\nchangetype: modify\nreplace: mail\nmail: {mail}\n")
        assert told in sync()
        eve = "eve@example.test" if mail.startswith("rob") else "bob@example.test"
        assert may(eve)[0] == may(eve)[2] == [], may(eve)
    assert may("rob@example.test") == ([], [], [])
