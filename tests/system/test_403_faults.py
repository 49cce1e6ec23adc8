"""What Postfix's clients see when mailwicketd, its directory or its policy is away: a 4xx, never a door left open."""
import os
import signal
import threading
import time

import pytest

import rig
from rig import wait_for
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite, refused_sender

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

REMOTE, MARY, BOB = "someone@remote.test", "mary@example.test", "bob@example.test"
PERMITTED = "250 2.1.5 Ok"


@pytest.fixture(scope="module")
def site(module_folder):
    """Postfix waits 5 s for an answer, not 10: longer than a busy machine pauses."""
    made = MailSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS,
                    replaced=[("timeout=10s", "timeout=5s")])
    try:
        yield made.start()
    finally:
        made.stop()


def deferred(sender):
    return refused_sender("451 4.3.5", sender, "Server configuration problem")


def test_without_mailwicketd_mail_waits_and_nobody_relays(site):
    site.daemon.stop()
    try:
        with site.client("smtp") as client:
            assert client.ask("other@elsewhere.test", MARY) == deferred("other@elsewhere.test")
            assert client.ask("other@elsewhere.test", REMOTE) == deferred("other@elsewhere.test")
        with site.client(login="bob") as client:
            assert client.ask(BOB, REMOTE) == deferred(BOB)
            assert client.ask(MARY, MARY) == deferred(MARY)
    finally:
        site.daemon.start()
    with site.client(login="bob") as client:
        assert client.ask(BOB, REMOTE) == PERMITTED


def test_a_session_outlives_a_restart_of_mailwicketd(site):
    """OVR-07, one kill: the question asked next finds the new process, at the second of Postfix's two attempts."""
    with site.client(login="bob") as client:
        assert client.ask(BOB, REMOTE) == PERMITTED
        site.daemon.kill()
        site.daemon.start()
        assert client.ask(BOB, REMOTE) == PERMITTED
        assert client.ask(MARY, REMOTE).startswith("550 5.7.1 ")


def test_ovr_07_kills_under_traffic_never_permit_nor_refuse_for_good(site):
    """Half the messages are forged: those are 550 or 451, the others 250 or 451, whenever mailwicketd dies."""
    answers, stop = [], threading.Event()

    def traffic(number):
        with site.client(login="bob") as client:
            while not stop.is_set():
                sender = MARY if number % 2 else BOB
                answers.append((sender, client.ask(sender, REMOTE)))

    threads = [threading.Thread(target=traffic, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            seen = len(answers)
            wait_for(lambda: len(answers) > seen + 20, "traffic")
            site.daemon.kill()
            site.daemon.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    for sender, reply in answers:
        assert reply.startswith(("250 2.1.5" if sender == BOB else "550 5.7.1", "451 4.3.5")), (sender, reply)
    assert {sender for sender, _ in answers} == {BOB, MARY}


def test_pol_11_a_stopped_mailwicketd_costs_a_451_and_nothing_else(site):
    """Postfix asks twice, each for its time-out, and waits a second between."""
    with site.client(login="bob") as client:
        assert client.ask(BOB, REMOTE) == PERMITTED
        os.kill(site.daemon.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert client.ask(BOB, REMOTE) == deferred(BOB)
            # Not for its usual 100 s.
            assert 3 < time.monotonic() - began < 60
        finally:
            os.kill(site.daemon.pid, signal.SIGCONT)
        assert client.ask(BOB, REMOTE) == PERMITTED


def test_a_broken_policy_keeps_the_old_one_for_the_running_session(site):
    with site.client(login="bob") as client:
        site.daemon.write(site.daemon.policy, "connector {")
        try:
            assert site.daemon.reload() is False
            assert client.ask(BOB, REMOTE) == PERMITTED
            assert client.ask(MARY, REMOTE).startswith("550 5.7.1 ")
        finally:
            site.change_policy()


def test_without_a_directory_users_wait_and_nothing_is_permitted(site):
    snapshot = site.daemon.published / "snapshot.mdb"
    hidden = snapshot.with_name("hidden")
    with site.client(login="bob") as client:
        snapshot.rename(hidden)
        site.daemon.stop()
        site.daemon.start()
        try:
            assert client.ask(BOB, REMOTE) == deferred(BOB)
            assert client.ask(MARY, REMOTE) == deferred(MARY)
        finally:
            hidden.rename(snapshot)
        wait_for(lambda: client.ask(BOB, REMOTE) == PERMITTED, "the directory to serve again")
