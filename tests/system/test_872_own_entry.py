"""Who may write his own entry, or a group that he owns, gains nothing by it: the entry of one user or group of a source gets
values that a seed draws, others' names among them, and a running mailwicketd is asked as everybody, for everybody.

What holds after each change, whatever was written: nobody sends as an address that was another's and that he could not use
before; nobody writes to somebody who did not take his messages before; and everybody else sends as before.

MAILWICKET_OWN_ENTRY=FIRST-LAST runs these seeds in place of a few.
"""
import os
import random

import pytest

import rig
from rig.daemon import Daemon, rcpt
from rig.ldap_script import BASE, ScriptedLdap
from rig.ldap_source import listed
from rig.submission_world import POLICY
from test_861_ldap_servers_that_lie import settings
from test_870_renamed import Keyed, Program

HELD = 77
FIRST, LAST = map(int, os.environ.get("MAILWICKET_OWN_ENTRY", "1-4").split("-"))
OUTSIDE = "first@example.org"


def at(name):
    return f"{name}@example.test"


# Name: kind, then what the entry says. `sendas`: who may send as it; `denied`: whose messages it does not take.
WORLD = {
    **{f"u{number}": {"kind": "user", "mail": [at(f"u{number}")], "login": [f"u{number}"]} for number in range(12)},
    "ceo": {"kind": "user", "mail": [at("ceo"), at("boss")], "login": ["ceo"], "sendas": ["u1"], "denied": ["u3", "mallory", "mine"]},
    "hr": {"kind": "user", "mail": [at("hr")], "login": ["hr"], "senders": ["u0", "ceo", "staff"]},
    "mallory": {"kind": "user", "mail": [at("mallory"), at("mal")], "login": ["mallory"], "sendas": ["u2"]},
    "mine": {"kind": "group", "mail": [at("mine")], "member": ["u4", "mallory"], "sendas": ["u4", "mallory"]},
    "staff": {"kind": "group", "mail": [at("staff")], "member": ["u0", "u1"], "sendas": ["u0", "u1"]},
}
# Of a source that comes first: an address that no source has would be his who claims it.
TEXT = f"group {at('payroll')}\ngrant send-as {at('payroll')} {at('u2')}\ngrant send-as {at('hr')} {at('staff')}\n"
ADDRESSES = [address for entry in WORLD.values() for address in entry["mail"]]
NEW = [at("new"), at("other")]
LOGINS = [*(login for entry in WORLD.values() for login in entry.get("login", ())), *ADDRESSES, *NEW]
SENDERS = [*ADDRESSES, *NEW, at("payroll")]
RECIPIENTS = [OUTSIDE, at("ceo"), at("boss"), at("hr")]
ODD = ["", "not an address", "x" * 300 + "@example.test", at("CEO"), at("u0").upper(), f"<{at('ceo')}>", f"{at('ceo')},{at('u0')}"]


class OfLdap:
    """Entries of a server, known by entryUUID; who may send as an entry is an attribute of its own."""

    def __init__(self, folder):
        self.server, self.folder = ScriptedLdap(), folder

    def close(self):
        self.server.close()

    def says(self, entries):
        self.server.entries = {"users": [], "groups": []}
        for name, entry in entries:
            said = {key: [f"cn={who},{BASE}" for who in entry.get(key, ())] for key in ("member", "sendas", "denied", "senders")}
            self.server.add(entry["kind"] + "s", f"cn={name},{BASE}", mail=entry["mail"], uid=entry.get("login", []),
                            entryUUID=[f"key-of-{name}"], **said)

    def block(self):
        common = ["send_as=sendas", "senders_denied=denied", "senders=senders"]
        return (settings(self.server, self.folder) + f"\n    users_attributes = {listed(common)}\n"
                f"    groups_attributes = {listed(common)}\n")


class Rows(list):
    """A table that may have a name twice."""

    def items(self):
        return self


class OfRows:
    """Records of a database or a program: who is named is named by the first address of old, as people write such tables."""

    def __init__(self, source):
        self.source = source

    def close(self):
        pass

    def says(self, entries):
        rows = Rows()
        for name, entry in entries:
            # Lists are with commas here, and a program's text has no blanks in a value.
            mail = [address for address in entry["mail"] if not {" ", ","} & {*address}] or [f"none-of-{name}"]
            said = {"kind": entry["kind"], "source_key": f"key-of-{name}", "address": ",".join(filter(None, mail[1:])),
                    "login": ",".join(entry.get("login", ())), "member": ",".join(at(who) for who in entry.get("member", ()))}
            rows.append((mail[0] or f"none-of-{name}", {key: value for key, value in said.items() if value}))
        self.source.says(rows)

    def block(self):
        return self.source.block(True)


class Site(Daemon):
    def __init__(self, folder, source):
        self.source, self.number = source, 0
        super().__init__(POLICY, None, folder, start=False)

    def sync(self, entries):
        """What sync tells; mailwicketd has what it published."""
        self.number += 1
        self.write(self.directory, f"user {at(f's{self.number}')}\n" + TEXT)
        self.source.says(entries)
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n'
                          f'  source "local" {{ driver = text path = "{self.directory}" }}\n'
                          f'  source "people" {{ {self.source.block()} }}\n}}\n')
        done = self.cli("sync")
        assert done.returncode in (0, HELD), (done.returncode, done.stdout, done.stderr)
        if self.process is None:
            self.start()
        marker = at(f"s{self.number}")
        rig.wait_for(lambda: self.request(sasl_username=marker, sender=marker, recipient=OUTSIDE) == "DUNNO", "the new directory")
        return done.stdout + done.stderr

    def suspend(self, command, *words, expect):
        """Until the answer for mallory is another one."""
        done = self.cli(command, at("mallory"), *words)
        assert done.returncode == 0, done
        rig.wait_for(lambda: (self.request(sasl_username="mallory", sender=at("mallory"), recipient=OUTSIDE) == "DUNNO") is expect,
                     command)

    def permitted(self):
        """All (login, sender, recipient) that mailwicketd permits."""
        asked = [(login, sender, recipient) for login in LOGINS for sender in SENDERS for recipient in RECIPIENTS]
        found = set()
        for first in range(0, len(asked), 40):
            part = asked[first:first + 40]
            self.connection.send(b"".join(rcpt(sasl_username=login, sender=sender, recipient=recipient)
                                          for login, sender, recipient in part))
            found.update(question for question in part if self.connection.answer() == "DUNNO")
        return found


def owner(address):
    return next((name for name, entry in WORLD.items() if address in entry["mail"]), None)


def person(login):
    return next((name for name, entry in WORLD.items() if login in (*entry.get("login", ()), *entry["mail"][:1])), None)


def drawn(draw, whose):
    """The entry of `whose`, with what he may write of it drawn anew."""
    entry = dict(WORLD[whose])
    pool = [*entry["mail"], *NEW, *ODD, *(2 * [at("ceo"), at("boss"), at("hr"), at("staff"), at("payroll")]), at("u1")]
    entry["mail"] = draw.sample(pool, draw.randrange(4))
    if "login" in entry and draw.random() < 0.5:
        entry["login"] = draw.sample(["mallory", "ceo", "u1", at("ceo"), at("boss"), "hr"], draw.randrange(1, 3))
    if draw.random() < 0.5:
        entry["sendas"] = draw.sample(["u2", "u5", "mallory", "mine", "staff"], draw.randrange(3))
    if "member" in entry and draw.random() < 0.5:
        entry["member"] = draw.sample(["u4", "u5", "mallory", "staff", "mine"], draw.randrange(4))
    return entry


def moved_by(whose, entry):
    """Who is in a group, its owner says, and so whom it binds; a group brings its members."""
    moved = {*entry.get("member", ()), *WORLD[whose].get("member", ())}
    return moved | {who for name in moved for who in WORLD[name].get("member", ())}


def wrong(before, after, whose, moved):
    """What somebody gained, and what others lost. A login that was nobody's is his who wrote it."""
    could_send = {(person(login), sender) for login, sender, _ in before}
    could_reach = {(person(login), recipient) for login, _, recipient in before}
    told = []
    for login, sender, recipient in sorted(after - before):
        who = person(login) or whose
        if owner(sender) not in (None, whose) or sender == at("payroll"):
            if (who, sender) not in could_send:
                told.append(f"{login} may send as {sender} to {recipient}")
        if recipient != OUTSIDE and (who, recipient) not in could_reach and who not in moved:
            told.append(f"{login} may write to {recipient} as {sender}")
    for login, sender, recipient in sorted(before - after):
        if whose not in (person(login), owner(sender), owner(recipient)) and person(login) not in moved:
            told.append(f"{login} may no longer send as {sender} to {recipient}")
    return told


@pytest.mark.parametrize("kind", ["ldap", "sqlite", "exec"])
def test_nobody_gains_by_what_he_writes_in_his_own_entry(folder, kind):
    source = OfLdap(folder) if kind == "ldap" else OfRows((Keyed if kind == "sqlite" else Program)(folder))
    with Site(folder, source) as site:
        said = site.sync(list(WORLD.items()))
        before = site.permitted()
        assert ("u1", at("boss"), OUTSIDE) in before or kind != "ldap", said
        assert ("mallory", at("mal"), OUTSIDE) in before and ("u0", at("hr"), OUTSIDE) in before
        found = []
        for seed in range(FIRST, LAST + 1):
            draw = random.Random(seed)
            whose = draw.choice(["mallory", "mallory", "mine"])
            suspended = seed % 2 == 0
            if suspended:
                site.suspend("suspend", "--sending", expect=False)
            moved = set()
            for step in range(2):
                entries = list({**WORLD, whose: drawn(draw, whose)}.items())
                draw.shuffle(entries)
                said = site.sync(entries)
                moved |= moved_by(whose, dict(entries)[whose])
                after = site.permitted()
                faults = wrong({question for question in before if not suspended or person(question[0]) != "mallory"},
                               after, whose, moved)
                if suspended:
                    faults[:0] = [f"{login}, suspended, may send as {sender}" for login, sender, _ in sorted(after)
                               if (person(login) or "mallory") == "mallory"]
                if faults:
                    found.append(f"seed {seed}, step {step}: {dict(entries)[whose]}\n  " + "\n  ".join(faults[:8]) + f"\n{said}")
            # As it was, everything is as it was.
            said = site.sync(list(WORLD.items()))
            if suspended:
                site.suspend("resume", expect=True)
            if site.permitted() != before:
                found.append(f"seed {seed}: afterwards {sorted(site.permitted() ^ before)[:6]}\n{said}")
        source.close()
    assert not found, f"{len(found)} of them\n" + "\n".join(found[:6])
