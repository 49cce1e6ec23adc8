"""`mailwicket import exchange`: an organization of 5,000 mailboxes becomes a policy and a directory that decide as Exchange
does, and every property of it is accounted for."""
import json
import random
import re
import subprocess

import pytest

from rig.built import CLI
from rig.daemon import Daemon
from rig.exchange_world import DOMAIN, World


def import_exchange(folder, dir_, *arguments, json_=False):
    return subprocess.run([CLI, "-c", folder / "mailwicket.conf", *(["--json"] if json_ else []), "import", "exchange", dir_,
                           *arguments], capture_output=True, text=True, timeout=300)


class Imported:
    def __init__(self, folder, mailboxes):
        self.folder = folder
        self.world = World(seed=20261130, mailboxes=mailboxes)
        self.dir = self.world.write(folder / "export")
        done = import_exchange(folder, self.dir, "--apply", json_=True)
        assert done.returncode == 0, done.stderr
        self.told = json.loads(done.stdout)
        self.directory = (folder / "directory").read_text()
        self.policy = (folder / "mailwicket.conf").read_text()
        self.records = {}
        for line in self.directory.splitlines():
            words = line.split()
            if words and words[0] in ("user", "group"):
                self.records[words[1]] = dict(word.split("=", 1) for word in words[2:])

    def daemon(self):
        """mailwicketd with the policy, enforced."""
        policy = self.policy[:self.policy.index("# Every decision")].replace("mode = audit", "mode = enforce")
        served = self.folder / "served"
        served.mkdir()
        return Daemon(policy, self.directory, served)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    return Imported(tmp_path_factory.mktemp("exchange"), 5000)


@pytest.fixture(scope="module")
def daemon(imported):
    with imported.daemon() as daemon:
        yield daemon


def test_a_second_run_changes_no_byte_and_check_is_clean(imported):
    assert imported.told["applied"]
    again = import_exchange(imported.folder, imported.dir, "--apply")
    assert again.returncode == 0 and "nothing to do: both files are as import would write them" in again.stdout, again
    assert (imported.folder / "directory").read_text() == imported.directory
    checked = subprocess.run([CLI, "-c", imported.folder / "mailwicket.conf", "check"], capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0 and "no error; " in checked.stdout and checked.stderr == "", checked


def test_every_property_is_accounted_for(imported):
    """Each column is in the answer, with its fate and how many rows say something there."""
    told = {(row["file"], row["name"]): row for row in imported.told["properties"]}
    for name, rows in imported.world.tables().items():
        for column in {key for row in rows for key in row}:
            row = told.pop((name, column))
            said = sum(1 for r in rows if r.get(column, "") not in ("", "False", "FALSE", "Unlimited"))
            assert (row["rows"], row["says"]) == (len(rows), said), row
            assert row["fate"] in ("carried over", "no meaning here", "decide") and row["text"], row
    assert told == {} and imported.told["unknown_files"] == [] and imported.told["missing"] == []
    forwarded = [n for n in imported.told["decide"] if n["property"] == "ForwardingAddress"]
    assert len(forwarded) == sum(1 for r in imported.world.tables()["Mailbox"] if r["ForwardingAddress"])
    assert all("virtual_alias_maps" in n["fix"] and n["line"] > 1 for n in forwarded)


def test_every_recipient_has_its_addresses_logins_and_services(imported):
    on = {"yes": True, "no": False}
    people = [p for p in imported.world.people if p.kind != "rights"]
    assert len(imported.records) == len(people)
    for person in people:
        record = imported.records[person.primary]
        addresses = set(filter(None, record.get("address", "").split(",")))
        outside = {f"{person.alias}@partner.example"} if person.kind in ("contact", "mailuser") else set()
        assert addresses == set(person.others) | outside, person.primary
        if person.kind in ("group", "dynamic"):
            continue
        services = {key: on[record.get(key, "yes")] for key in ("imap", "pop3", "smtp")}
        assert services == {"imap": person.logs_in and person.imap, "pop3": person.logs_in and person.pop,
                            "smtp": imported.world.may_submit(person)}, (person.primary, record)
        if person.kind == "user":
            assert set(record["login"].split(",")) == {person.upn, person.sam} - {person.primary}


def test_sizes_are_the_smaller_of_the_mailbox_and_the_connector(imported):
    """25 MB and 500 recipients are the organization's limits, which a mailbox's own go before; 36 MB and 600 the connector's,
    which nothing passes."""
    expected = {"Unlimited": None, "10 MB (10,485,760 bytes)": "10485760", "20 MB (20.971.520 Bytes)": "20971520",
                "100 MB (104\u202f857\u202f600 octets)": str(36 << 20)}
    for person in imported.world.users:
        record = imported.records[person.primary]
        assert record.get("max_message_size") == expected[person.size], person.primary
        assert record.get("max_recipients") == {"Unlimited": None, "500": None, "1,000": "600"}[person.recipients]


def questions(world, rand, count):
    """Logins and senders, most of them such that somebody has a permission."""
    granted = [p for p in world.people if any(not isinstance(ace[0], str) for ace in p.aces)]
    for _ in range(count):
        identity = rand.choice(granted)
        trustee = rand.choice([ace[0] for ace in identity.aces if not isinstance(ace[0], str)])
        inside = [p for p in world.closure(trustee).values() if p.kind == "user"]
        yield rand.choice(inside if inside and rand.random() < 0.8 else world.users), identity


def test_send_as_is_exchanges_verdict(imported, daemon):
    world, rand = imported.world, random.Random(1)
    seen = {True: 0, False: 0}
    for person, identity in questions(world, rand, 3000):
        if not world.may_submit(person):
            continue
        sender = rand.choice(identity.addresses)
        answer = daemon.request(sasl_username=rand.choice([person.upn, person.sam]), sender=sender,
                                recipient="x@elsewhere.example", recipient_count="0", instance=str(rand.random()))
        may = world.may_send_as(person, identity)
        seen[may] += 1
        assert (answer == "DUNNO") == may, (person.primary, sender, answer, [(getattr(a[0], "primary", a[0]), *a[1:]) for a in identity.aces])
        assert may or "send as this sender" in answer, answer
    assert min(seen.values()) > 300, seen


def test_restrictions_are_exchanges_verdict(imported, daemon):
    world, rand = imported.world, random.Random(2)
    restricted = [p for p in world.people if p.accept or p.reject]
    seen = {True: 0, False: 0}
    for _ in range(1500):
        recipient = rand.choice(restricted if rand.random() < 0.8 else world.groups)
        named = [p for one in recipient.accept + recipient.reject for p in world.closure(one).values() if p.kind == "user"]
        person = rand.choice(named if named and rand.random() < 0.6 else world.users)
        if not world.may_submit(person):
            continue
        answer = daemon.request(sasl_username=person.upn, sender=person.primary, recipient=rand.choice(recipient.addresses),
                                instance=str(rand.random()))
        may = world.may_write_to(person, recipient)
        seen[may] += 1
        assert (answer == "DUNNO") == may, (person.primary, recipient.primary, answer)
    assert min(seen.values()) > 200, seen


def test_strangers_write_to_whom_exchange_lets_them(imported, daemon):
    world = imported.world
    for recipient in random.Random(3).sample([p for p in world.people if p.kind != "rights"], 300):
        answer = daemon.request(sasl_username="", sasl_method="", sender="somebody@elsewhere.example", server_port="25",
                                recipient=recipient.primary)
        assert (answer == "DUNNO") == world.may_write_to(None, recipient), (recipient.primary, answer)


RELAY = [("10.1.2.7", "x@elsewhere.example", "DUNNO"), ("192.168.8.200", "x@elsewhere.example", "DUNNO"),
         ("192.0.2.9", "x@elsewhere.example", "Unable to relay"), ("192.0.2.9", "x@relay.example", "DUNNO")]


@pytest.mark.parametrize("client, recipient, expected", RELAY)
def test_connectors_relay_for_whom_exchange_relays(daemon, client, recipient, expected):
    answer = daemon.request(sasl_username="", sasl_method="", server_port="25", client_address=client,
                            sender="scanner@elsewhere.example", recipient=recipient)
    assert expected in answer


def test_who_may_not_submit_is_refused_at_the_login(imported, daemon):
    world = imported.world
    for person in [p for p in world.people if p.kind in ("user", "shared")][::25]:
        done = daemon.cli("--json", "explain", "submission", "--login", person.upn, "--client", "192.0.2.1", "--port", "587",
                          "--tls", "TLSv1.3")
        assert done.returncode in (0, 1), done
        assert (done.returncode == 0) == world.may_submit(person), (person.primary, done.stdout, done.stderr)


def test_on_behalf_is_a_grant(imported):
    granted = {tuple(line.split()[2:]) for line in imported.directory.splitlines() if line.startswith("grant send-on-behalf ")}
    assert granted == {(p.primary, q.primary) for p in imported.world.people for q in p.on_behalf}


def test_login_types_are_carried_over(imported):
    assert re.search(r"protocols = \{ imap \}\n    login_type = PlainTextAuthentication", imported.policy)
    assert re.search(r"protocols = \{ pop3 \}\n    login_type = SecureLogin", imported.policy)
    assert f'default_domain = "{DOMAIN}"' in imported.policy
