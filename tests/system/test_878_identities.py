"""mailwicket identities: what a webmail may offer is what the servers permit, address by address."""
import json

import pytest

from rig.daemon import Daemon

POLICY = """\
hostname = "mx.example.test"
recipient_delimiter = "+"
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "granted.test" { type = Authoritative }
connector "Client" {
    bindings = { "*:587" }
    permission_groups = { ExchangeUsers }
    header_from = check
}
milter { listen = { "unix:/nowhere/milter" } }
"""

DIRECTORY = """\
user bob@example.test login=bob address=b@example.test receive=only@example.test,shown@example.test
user mary@example.test login=mary address=maria@example.test networks=192.0.2.0/24
user eve@example.test login=eve smtp=no
user ann@example.test
user dan@example.test
user boss@example.test address=chief@example.test,chief@granted.test receive=ceo@example.test
group sales@example.test member=bob@example.test address=shop@example.test
group team@example.test member=sales@example.test,mary@example.test
group lists@example.test address=list@example.test
grant send-as sales@example.test bob@example.test
grant send-as boss@example.test team@example.test until=2090-05-05
grant send-on-behalf boss@example.test bob@example.test
grant send-on-behalf mary@example.test sales@example.test until=2091-01-01
grant send-as ann@example.test mary@example.test until=2020-01-01
grant send-on-behalf dan@example.test mary@example.test
grant send-as shown@example.test bob@example.test
grant send-as ceo@example.test mary@example.test
grant send-as lone@other.test mary@example.test
grant send-as *@granted.test team@example.test
grant send-on-behalf *@behalf.test bob@example.test
grant send-as news-*@example.test sales@example.test
grant send-as list+*@example.test bob@example.test
grant send-as dan@example.test sales@example.test until=2090-05-05
grant send-as dan@example.test bob@example.test until=2090-06-06
"""

USERS = ["bob", "mary", "eve", "ann", "dan", "boss"]
# What anybody could try: every address of the directory, of patterns, of nobody.
TRIED = ["bob", "b", "only", "shown", "mary", "maria", "eve", "ann", "dan", "boss", "chief", "ceo", "sales", "shop", "team",
         "lists", "list", "list+x", "news-7", "news", "nobody", "chief@granted.test", "any@granted.test", "x@behalf.test",
         "lone@other.test", "x@other.test", "bob+x", "shop+y", "only+z"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Daemon(POLICY, DIRECTORY, tmp_path_factory.mktemp("identities"), start=False)


def identities(site, user, code=0):
    told = site.cli("--json", "identities", user)
    assert told.returncode == code, told.stderr + told.stdout
    return json.loads(told.stdout)


def covers(identity, address, owned, delimiter="+"):
    """Whether what was listed is about the address."""
    local, domain = address.split("@")
    if not identity["pattern"]:
        name = identity["address"].split("@")
        return domain == name[1] and name[0] in (local, local.split(delimiter)[0])
    prefix, wanted = identity["address"].split("@")
    return domain == wanted and local.startswith(prefix[:-1]) and (prefix == "*" or address not in owned)


def explain(site, user, address, header=None):
    words = ["explain", "smtp", "--client", "192.0.2.7", "--port", "587", "--tls", "TLSv1.3", "--login", user,
             "--recipient", "mary@example.test"]
    if header is None:
        words += ["--sender", address]
    else:
        words += ["--sender", f"{user}@example.test", "--stage", "HEADER", "--header", f"From: {address}", *header]
    code = site.cli(*words).returncode
    assert code in (0, 1), words
    return code == 0


@pytest.mark.parametrize("user", USERS)
def test_what_is_listed_is_what_the_servers_permit_and_nothing_else(site, user):
    told = identities(site, user)
    owned = {address for address in TRIED if "@" not in address}
    owned = {f"{local}@example.test" for local in owned - {"news-7", "news", "nobody", "list+x"}}
    for tried in TRIED:
        address = tried if "@" in tried else f"{tried}@example.test"
        of = [one for one in told["identities"] if covers(one, address, owned)]
        as_sender = told["may_send"] and any(one["envelope_sender"] for one in of)
        assert explain(site, user, address) == as_sender, (user, address, of)
        if not told["may_send"]:
            continue
        alone = any(not one["needs_sender"] for one in of)
        assert explain(site, user, address, header=[]) == alone, (user, address, of)
        beside = ["--header", f"Sender: {user}@example.test"]
        assert explain(site, user, address, header=beside) == bool(of), (user, address, of)


def test_each_right_is_told_with_its_reason_and_end(site):
    told = {one["address"]: one for one in identities(site, "b@example.test")["identities"]}
    assert list(told)[:2] == ["bob@example.test", "b@example.test"]
    assert told["bob@example.test"]["primary"] and told["b@example.test"]["right"] == "own"
    assert "only@example.test" not in told and told["shown@example.test"]["granted_on"] == "shown@example.test"
    assert told["shop@example.test"] == {
        "address": "shop@example.test", "pattern": False, "right": "send-as", "primary": False, "envelope_sender": True,
        "from": True, "needs_sender": False, "until": None, "granted_on": "sales@example.test",
        "trustee": "bob@example.test", "reason": "send-as grant on sales@example.test"}
    assert (told["chief@example.test"]["until"], told["chief@example.test"]["trustee"]) == ("2090-05-05", "team@example.test")
    # Of two that are as strong the one counts that ends later.
    assert told["dan@example.test"]["until"] == "2090-06-06"
    assert told["maria@example.test"]["right"] == "send-on-behalf" and told["maria@example.test"]["until"] == "2091-01-01"
    assert told["*@granted.test"]["trustee"] == "team@example.test" and told["news-*@example.test"]["pattern"]
    assert told["*@behalf.test"]["needs_sender"] and not told["*@behalf.test"]["envelope_sender"]
    # list+x is an extension of list, which is somebody's.
    assert "list+*@example.test" not in told


def test_who_may_not_send_is_told_with_the_reason(site):
    assert identities(site, "mary")["networks"]["smtp"] == ["192.0.2.0/24"] and identities(site, "mary")["may_send"]
    told = identities(site, "eve")
    assert (told["may_send"], told["refused"]) == (False, "smtp-disabled") and told["identities"]
    assert site.cli("suspend", "ann@example.test", "--sending").returncode == 0
    assert identities(site, "ann")["refused"] == "sending-suspended"
    assert site.cli("resume", "ann@example.test").returncode == 0
    assert identities(site, "ann")["refused"] is None
    text = site.cli("identities", "eve").stdout
    assert "eve@example.test\town\tthe user's own name\n" in text and "may not send at present" in text


def test_who_is_no_user_is_told(site):
    assert identities(site, "stranger", code=67) == {"format": 1, "asked": "stranger", "known": False}
    assert "group" in site.cli("identities", "sales@example.test").stderr
    assert site.cli("identities").returncode == 64 and site.cli("identities", "a", "b").returncode == 64


def test_an_unlisted_user_has_its_own_address(folder):
    site = Daemon(POLICY + "unlisted_logins = own_address\n", DIRECTORY, folder, start=False)
    told = identities(site, "new@example.test")
    assert told["unlisted"] and [one["address"] for one in told["identities"]] == ["new@example.test"]


def test_without_a_directory_nobody_is_told_anything(folder):
    assert Daemon(POLICY, None, folder, start=False).cli("--json", "identities", "bob").returncode == 75
