"""Between two messages a milter's connection remembers nothing, and a mailwicketd that goes away lets nothing pass."""
import contextlib
import random
import signal
import socket
import threading

import pytest

import rig
from rig import changed, end_of_message as eom, wait_for
from rig.daemon import Daemon
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY
from rig.milter_site import Milter, MilterSite

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))

BOB, MARY = "bob@example.test", "mary@example.test"
OWN = {"bob": BOB, "mary": MARY}
AWAY, XCLIENT_HOST = "127.0.0.9", "127.0.0.77"
DENIED = "550 5.7.1 Client does not have permissions to send on behalf of the from address"
TAKEN = "250 2.0.0 Ok: queued as"
OFF = changed(WORLD_POLICY, ("permission_groups = { ExchangeUsers }",
                             "permission_groups = { ExchangeUsers }\n    header_from = off"))


@pytest.fixture(scope="module")
def site(module_folder):
    made = MilterSite(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS,
                      main=f"smtpd_authorized_xclient_hosts = {XCLIENT_HOST}\n",
                      options={"submission": {"smtpd_discard_ehlo_keywords": "", "max_use": "1"}})
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def bob(site):
    with site.client(login="bob", source=AWAY) as client:
        yield client


# --- after a refusal

@pytest.mark.parametrize("commands", [
    ["DATA"], ["RCPT TO:<mary@example.test>"], ["RCPT TO:<mary@example.test>", "DATA"], ["BDAT 5 LAST\r\nhello"],
    ["RCPT TO:<mary@example.test>", "BDAT 5 LAST\r\nhello"],
])
def test_after_a_refusal_there_is_no_message_to_go_on_with(site, bob, commands):
    assert site.send(bob, BOB, f"From: {MARY}").startswith(DENIED)
    for command in commands:
        bob.send(command if command.startswith("BDAT") else command + "\r\n")
        assert bob.reply().startswith("5")
    assert site.send(bob, BOB, f"From: {BOB}").startswith(TAKEN)
    assert eom.deaths(site) == []


def test_a_refused_message_in_chunks_leaves_nothing_either(site, bob):
    text = site.message(f"From: {MARY}").decode()
    for _ in range(2):
        bob.reset()
        assert bob.mail(BOB).startswith("250") and bob.rcpt(MARY).startswith("250")
        bob.send(f"BDAT {len(text)} LAST\r\n{text}")
        assert bob.reply().startswith(DENIED)
        assert bob.command("DATA").startswith("503")
    assert eom.deaths(site) == []


def in_chunks(text, *cuts):
    ends = [*cuts, len(text)]
    return b"".join(b"BDAT %d%s\r\n" % (end - begin, b" LAST" if end == len(text) else b"") + text[begin:end]
                    for begin, end in zip([0, *ends], ends))


@pytest.mark.parametrize("own", [True, False])
def test_a_header_cut_into_chunks_anywhere_is_judged_as_a_whole(site, bob, own):
    text = site.message(f"From: {BOB if own else MARY}", f"chunks {own}")
    for cut in range(1, text.index(b"\r\nTo:") + 3):
        bob.reset()
        assert bob.mail(BOB).startswith("250") and bob.rcpt(MARY).startswith("250")
        bob.send(in_chunks(text, cut))
        assert bob.reply().startswith("250 2.0.0 Ok: %d bytes" % cut)
        reply = bob.reply()
        assert "queued as" in reply if own else reply.startswith(DENIED), (cut, reply)


def test_messages_in_one_write_are_judged_one_by_one(site, bob):
    bob.reset()
    authors = [BOB, MARY, BOB, MARY, MARY, BOB]
    bob.send(b"".join(f"MAIL FROM:<{BOB}>\r\nRCPT TO:<{MARY}>\r\n".encode() +
                      in_chunks(site.message(f"From: {author}", f"pipelined {number}"), 5) for number, author in enumerate(authors)))
    for author in authors:
        assert [bob.reply()[:3] for _ in range(3)] == ["250"] * 3
        reply = bob.reply()
        assert "queued as" in reply if author == BOB else reply.startswith(DENIED), reply
    assert eom.deaths(site) == []


def test_a_reset_message_leaves_nothing(site, bob):
    bob.reset()
    assert bob.mail(BOB).startswith("250") and bob.rcpt(MARY).startswith("250")
    bob.reset()
    assert bob.command("DATA").startswith("503")
    assert site.send(bob, BOB, f"From: {MARY}").startswith(DENIED)


# --- another identity within a session

def test_xclient_in_mid_session_is_another_session(site):
    site.change_policy(changed(WORLD_POLICY, ("BasicAuth, BasicAuthRequireTLS", "BasicAuth")))
    with site.client("smtp", source=XCLIENT_HOST) as client:
        for number, (login, author) in enumerate([("bob", "bob"), ("mary", "bob"), ("mary", "mary"), ("bob", "mary"),
                                                  ("bob", "bob"), ("[UNAVAILABLE]", "bob")]):
            client.reset()
            client.expect("220", f"XCLIENT ADDR={XCLIENT_HOST} PORT={4711 + number} DESTADDR=127.0.0.1 DESTPORT={site.ports['submission']} "
                          f"LOGIN={login}")
            client.hello()
            reply = site.send(client, OWN.get(login, BOB), f"From: {OWN[author]}", f"xclient {number}")
            assert reply.startswith(TAKEN if login == author else DENIED if login in OWN else "530"), (login, author)
    site.change_policy()


# --- mailwicketd goes away

def to_the_end(client, site, header, subject):
    """All of a message but its last dot."""
    client.reset()
    assert client.mail(BOB).startswith("250") and client.rcpt(MARY).startswith("250")
    client.expect("354", "DATA")
    client.send(site.message(header, subject))


@pytest.mark.parametrize("start_again", [False, True])
def test_hdr_09_killed_in_data_the_message_is_deferred_and_the_next_one_is_fine(site, start_again):
    subject = f"killed {start_again}"
    with site.client(login="bob", source=AWAY) as client:
        to_the_end(client, site, f"From: {BOB}", subject)
        site.daemon.kill()
        if start_again:
            site.daemon.start()
        client.send(b".\r\n")
        assert client.reply().startswith("4")
    if not start_again:
        site.daemon.start()
    with site.client(login="bob", source=AWAY) as client:
        assert site.send(client, BOB, f"From: {BOB}", subject + " next").startswith(TAKEN)
        assert site.send(client, BOB, f"From: {MARY}", subject + " forged").startswith(DENIED)
    site.wait_octets(subject + " next")
    site.postfix.queue_idle()
    assert site.octets(subject) is None and site.octets(subject + " forged") is None


class Between:
    """A listener in front of mailwicketd's, which does something when a packet of this letter comes, and then hands it on."""

    def __init__(self, path, to, letter):
        self.to, self.letter, self.action = to, letter, None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            if server.connect_ex(str(self.to)) != 0:
                client.close()
                server.close()
                continue
            threading.Thread(target=self.there, args=(client, server), daemon=True).start()
            threading.Thread(target=self.back, args=(server, client), daemon=True).start()

    @staticmethod
    def back(source, target):
        try:
            while part := source.recv(65536):
                target.sendall(part)
        except OSError:
            pass
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def there(self, source, target):
        try:
            with source, source.makefile("rb") as packets:
                while head := packets.read(5):
                    if head[4:] == self.letter and self.action is not None:
                        self.action()
                    target.sendall(head + packets.read(int.from_bytes(head[:4], "big") - 1))
        except OSError:
            pass
        target.close()


@pytest.mark.parametrize("letter", [b"L", b"E"])
@pytest.mark.parametrize("start_again", [False, True])
def test_killed_between_the_question_and_the_end_the_message_is_deferred(module_folder, letter, start_again):
    """The policy question is answered; the milter's packet of this letter, a field or the end, finds nobody."""
    folder = module_folder / f"between-{letter.decode()}-{start_again}"
    folder.mkdir()
    folder.chmod(0o755)
    site = MilterSite(folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS, milters={"submission": "unix:mailwicket/between"})
    between = Between(site.milter_socket.with_name("between"), site.milter_socket, letter)
    asked, done = [], threading.Event()

    def kill():
        between.action = None
        asked.extend(site.daemon.logged(stage="END-OF-MESSAGE"))
        site.daemon.kill()
        if start_again:
            site.daemon.start()
        done.set()
    try:
        site.start()
        with site.client(login="bob", source=AWAY) as client:
            assert site.send(client, BOB, f"From: {BOB}", "first").startswith(TAKEN)
            between.action = kill
            assert site.send(client, BOB, f"From: {BOB}", "second").startswith("4")
            wait_for(done.is_set, "mailwicketd to be gone")
            assert len(asked) == 2 and asked[1]["verdict"] == "permit"
        if not start_again:
            site.daemon.start()
        with site.client(login="bob", source=AWAY) as client:
            assert site.send(client, BOB, f"From: {BOB}", "third").startswith(TAKEN)
            assert site.send(client, BOB, f"From: {MARY}", "fourth").startswith(DENIED)
        site.postfix.queue_idle()
        assert [site.octets(name) is not None for name in ("first", "second", "third", "fourth")] == [True, False, True, False]
    finally:
        between.listener.close()
        site.stop()


def test_stopped_by_its_manager_the_message_is_deferred(site):
    with site.client(login="bob", source=AWAY) as client:
        to_the_end(client, site, f"From: {MARY}", "stopped")
        site.daemon.stop()
        site.daemon.start()
        client.send(b".\r\n")
        assert client.reply().startswith("4")
    site.postfix.queue_idle()
    assert site.octets("stopped") is None


# --- another policy within a session

def test_a_reload_at_every_step_loses_nothing_and_the_last_policy_counts(site):
    steps = (lambda c: c.reset(), lambda c: c.mail(BOB), lambda c: c.rcpt(MARY), lambda c: c.expect("354", "DATA"),
             lambda c: c.send(site.message(f"From: {MARY}", "reloaded") + b".\r\n"))
    with site.client(login="bob", source=AWAY) as client:
        for last in (True, False):
            for number, step in enumerate(steps):
                # the policy that refuses is read before the last step, or the other one
                site.change_policy(OFF if (len(steps) - 1 - number) % 2 == last else None)
                step(client)
            assert client.reply().startswith(DENIED if last else TAKEN)
    site.change_policy()


# --- many at once

def test_real_sessions_at_once_with_resets_at_random_permit_nothing_wrong(site):
    wrong, ends = [], []

    def one(seed):
        chance = random.Random(seed)
        login = chance.choice(["bob", "mary"])
        try:
            with site.client(login=login, source=AWAY) as client:
                for _ in range(10):
                    author = chance.choice(list(OWN))
                    client.reset()
                    client.mail(OWN[login])
                    client.rcpt(MARY)
                    if chance.random() < 0.3:
                        continue
                    reply = client.data(site.message(f"From: {OWN[author]}", f"many {seed}"))
                    if not reply.startswith(TAKEN if author == login else DENIED):
                        wrong.append((login, author, reply))
        except (OSError, EOFError, AssertionError) as error:
            ends.append(repr(error))
    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and ends == []


POLICY = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
connector "Client" { bindings = { "*:587" }  permission_groups = { ExchangeUsers } }
"""


def test_a_thousand_sessions_step_by_step_in_any_order_with_aborts_permit_nothing_wrong(tmp_path):
    """At one moment a hundred of them are open; each gets the answer for its own last MAIL, whatever came before."""
    chance, path = random.Random(19), tmp_path / "milter"
    wrong, answers = [], 0

    def begin():
        made = Milter(str(path))
        made.negotiate()
        made.connect_client(port=chance.randrange(1, 65536))
        made.own = None
        return made
    with Daemon(POLICY, WORLD_DIRECTORY, tmp_path, sections=f'milter {{ listen = {{ "unix:{path}" }} }}', log="refused") as daemon:
        sessions = [begin() for _ in range(100)]
        begun = len(sessions)
        while sessions:
            session = chance.choice(sessions)
            step = chance.randrange(8)
            if step == 0 or session.own is None:
                session.own, session.fields = chance.choice(list(OWN)), []
                session.mail(session.own)
            elif step < 3:
                session.fields.append(chance.choice(list(OWN)))
                session.field("From", OWN[session.fields[-1]])
            elif step == 3:
                session.abort()
                session.own = None
            elif step < 6:
                # queue ids come again, in other sessions too
                answer = session.end(f"Q{chance.randrange(50)}")
                answers += 1
                if (answer == ("c", b"")) != (session.fields == [session.own]):
                    wrong.append((session.own, session.fields, answer))
                session.own = None
            elif step == 6 and answers % 10 == 0:
                daemon.process.send_signal(signal.SIGHUP)
            elif step == 7:
                session.close()
                sessions.remove(session)
                if begun < 1000:
                    sessions.append(begin())
                    begun += 1
        wait_for(lambda: daemon.descriptors() < 40, "all sessions to be closed")
    assert begun == 1000 and answers > 500
    assert wrong == []
