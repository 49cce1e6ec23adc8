"""The ready-made queries for mailcow, iRedMail and PostfixAdmin: who may send as whom is what the project's own
smtpd_sender_login_maps give through a real Postfix, but for what stands here, and in docs/guides/schemas.md."""
import pytest

import rig
from rig.schema_world import World

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

D = "example.test"
OFF = "who is switched off sends nothing"
ELSEWHERE = "who may not log in from there sends nothing from there"
FOREIGN = "* is every address of the server's domains"
CATCH_ALL = "a catch-all address gives no right"
IDLE = "an alias domain that is not active gives no right"
OWN = "an address of its own comes before an extension"
EXTENSION = "an extension belongs to its address, whoever else may send as the whole domain"


def at(names, domain=D):
    return [f"{name}@{domain}" for name in names.split()]


# Per schema: who asks, as whom, and {why: {(login, sender): what Mailwicket says}} where it says something else.
QUESTIONS = {
    "mailcow": (
        at("alice bob carol dave frank room henry iris kim") + ["gina@off.test", "ghost@example.test", "jan@xn--bcher-kva.test"],
        at("alice bob carol frank info receive quiet team half silent office lent free temporary shown asked nobody bob+tag") +
        ["alice@second.test", "bob@second.test", "carol@second.test", "kim@second.test", "free@second.test", "alice@idle.test",
         "alice+news@example.test", "upper@example.test", "spaced@example.test", "junk@example.test", "round@example.test", "kim@example.test",
         "forever@example.test", "alice@third.test", "info@second.test", "any@xn--bcher-kva.test", "jan@xn--bcher-kva.test",
         "any@catchall.test", "any@other.test", "partner@foreign.example", "ALICE@Example.TEST", "old@off.test"]),
    "iredmail": (
        at("alice bob carol dave erin frank ivan ghost") + ["gina@off.test", "heidi@backup.test", "jan@xn--bcher-kva.test"],
        at("alice bob carol dave erin frank ivan ghost info both team one list alice+tag nobody half away alice+news upper") +
        ["alice@third.test", "any@ring.test", "closed@off.test", "jan@xn--bcher-kva.test"] +
        ["alice@second.test", "info@second.test", "alice@idle.test", "gina@off.test", "heidi@backup.test"]),
    "postfixadmin": (
        at("alice bob carol dave ghost") + ["jan@xn--bcher-kva.test", "gina@off.test", "info@example.test", "team@example.test", "alice@second.test", "bob@idle.test"],
        at("alice bob carol dave ghost info spaced gone team away nested odd nobody alice+tag alice+news upper round null empty pair") +
        ["bob@third.test", "hers@ring.test", "closed@off.test", "jan@xn--bcher-kva.test"] +
        ["alice@second.test", "bob@second.test", "info@second.test", "alice@idle.test", "gina@off.test", "ALICE@Example.TEST"]),
}
DIFFERENCES = {
    "mailcow": {
        OFF: {("frank@example.test", "frank@example.test"): False},
        FOREIGN: {("henry@example.test", "partner@foreign.example"): False},
        CATCH_ALL: {("alice@example.test", "any@catchall.test"): False},
        IDLE: {("iris@example.test", "alice@idle.test"): False, ("henry@example.test", "alice@idle.test"): False},
        EXTENSION: {("bob@example.test", "bob+tag@example.test"): True, ("kim@example.test", "bob+tag@example.test"): True},
    },
    "iredmail": {
        ELSEWHERE: {("ivan@example.test", "ivan@example.test"): False},
        OWN: {("alice@example.test", "alice+news@example.test"): False},
    },
    "postfixadmin": {
        OFF: {("carol@example.test", "carol@example.test"): False, ("gina@off.test", "gina@off.test"): False},
        OWN: {("alice@example.test", "alice+news@example.test"): False},
    },
}
WORLDS = [("mailcow", "mysql"), ("iredmail", "mysql"), ("iredmail", "pgsql"), ("postfixadmin", "mysql"), ("postfixadmin", "pgsql")]


@pytest.fixture(scope="module", params=WORLDS, ids=[" in ".join(world) for world in WORLDS])
def world(request):
    project, driver = request.param
    server = request.getfixturevalue({"mysql": "mariadb", "pgsql": "postgresql"}[driver])
    folder = rig.make_folder("schema")
    made = World(server, driver, project, folder)
    try:
        yield made
    finally:
        made.close()
        rig.remove_folder(folder)


def test_the_verdicts_are_the_projects_own(world):
    logins, senders = QUESTIONS[world.project]
    assert len(logins) * len(senders) >= 200
    world.start_postfix(logins)
    found = {}
    for login in logins:
        for sender, theirs in world.postfix_permits(login, senders).items():
            ours = world.permits(login, sender)
            if ours != theirs:
                found[login, sender] = ours
    listed = {question: ours for table in DIFFERENCES[world.project].values() for question, ours in table.items()}
    assert found == listed, {"not listed": {q: v for q, v in found.items() if listed.get(q) != v},
                             "no difference any more": [q for q in listed if q not in found]}
