"""Dovecot's own services log in to one another for a session that has logged in: the login plugin leaves that alone."""
import base64
import errno
import imaplib
import os
import socket
import socketserver
import threading
from pathlib import Path

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, has_protocol, version
from rig.login_clients import client

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

PASSWORD = "right-password"
MESSAGE = b"From: bob@example.test\r\nSubject: hidden\r\n\r\nfor alice alone\r\n"
URLAUTH = {
    "2.3": """\
imap_urlauth_host = mx.example.test
mail_attribute_dict = file:{folder}/dovecot/mail/attributes-%u
submission_relay_port = {relay}
""",
    "2.4": """\
imap_urlauth_host = mx.example.test
mail_attribute {{
  dict file {{
    path = {folder}/dovecot/mail/attributes-%{{user}}
  }}
}}
submission_relay_port = {relay}
""",
}


class Relay(socketserver.StreamRequestHandler):
    """Takes any message; `taken` has what came in DATA or BDAT."""

    taken = []

    def reply(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self):
        self.reply("220 relay.example.test ESMTP")
        while (line := self.rfile.readline()):
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                self.reply("250-relay.example.test", "250-CHUNKING", "250-8BITMIME", "250 PIPELINING")
            elif word == b"BDAT":
                self.taken.append(self.rfile.read(int(line.split()[1])))
                self.reply("250 2.0.0 taken")
            elif word == b"DATA":
                self.reply("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.taken.append(b"".join(lines))
                self.reply("250 2.0.0 taken")
            elif word == b"QUIT":
                self.reply("221 2.0.0 bye")
                return
            else:
                self.reply("250 2.0.0 ok")


@pytest.fixture(scope="module")
def relay():
    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True
    with Server(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def dovecot(module_folder, relay):
    files = Daemon("", "user bob@example.test login=bob\nuser alice@example.test login=alice\n", module_folder,
                   start=False)
    extra = URLAUTH[version()].format(folder=module_folder, relay=relay)
    with PrivateDovecot(module_folder, policy=files.policy, users={"bob": PASSWORD, "alice": PASSWORD}, extra=extra,
                        protocols=["imap", "submission"]) as made:
        yield made


def imap(dovecot, login):
    made = imaplib.IMAP4_SSL("127.0.0.1", dovecot.ports["imaps"], ssl_context=rig.client_context())
    made.login(login, PASSWORD)
    made.select()
    return made


def command(session, name, arguments):
    imaplib.Commands.setdefault(name, ("SELECTED",))
    kind, data = session._simple_command(name, arguments)
    assert kind == "OK", data
    return session._untagged_response(kind, [None], name)[1]


@pytest.fixture(scope="module")
def url_of(dovecot):
    """A URL of bob's only message, for one other."""
    with imap(dovecot, "bob") as bob:
        bob.append("INBOX", None, None, MESSAGE)
        bob.select()

        def generate(access):
            rump = f"imap://bob@mx.example.test/INBOX/;uid=1;urlauth={access}"
            return command(bob, "GENURLAUTH", f'"{rump}" INTERNAL')[0].decode().strip('"')
        yield generate


def nothing_died(dovecot):
    return not dovecot.lines(r"killed with signal|Panic:|Fatal: .*imap|core dumped|Raw backtrace")


def test_another_users_message_is_fetched_with_its_url(dovecot, url_of):
    """imap asks imap-urlauth-login, over a unix socket, with the token of the session."""
    with imap(dovecot, "alice") as alice:
        data = command(alice, "URLFETCH", f'"{url_of("user+alice")}"')
        assert MESSAGE in b"".join(part if isinstance(part, bytes) else b"".join(part) for part in data)
        assert alice.noop()[0] == "OK"
    assert nothing_died(dovecot), dovecot.text()
    assert not dovecot.lines("mailwicket: v=1 .*DOVECOT-TOKEN"), dovecot.text()
    assert not dovecot.lines("mailwicket: .*imap-urlauth"), "it is one that we know"


@pytest.mark.only("2.4")  # Dovecot 2.3's submission aborts after any BURL, without Mailwicket too.
@pytest.mark.skipif(not has_protocol("submission"), reason="no submission-login")
def test_submission_takes_a_message_by_its_url(dovecot, url_of):
    """BURL (RFC 4468), what the URLs are made for."""
    with client("submission", dovecot.ports, how="implicit") as it:
        assert it.plain("alice", PASSWORD) == "ok", it.transcript
        it.last = ""
        assert it.hello()
        assert it.ask("MAIL FROM:<alice@example.test>") == "ok", it.transcript
        assert it.ask("RCPT TO:<carol@example.net>") == "ok", it.transcript
        assert it.ask(f"BURL {url_of('submit+alice')} LAST") == "ok", it.transcript + dovecot.lines("urlauth|alice")
    assert any(b"for alice alone" in message for message in Relay.taken)
    assert nothing_died(dovecot), dovecot.text()


OTHER = "jmap-urlauth"


@pytest.fixture(scope="module")
def with_another(module_folder):
    """A Dovecot with a login binary that nobody knows: imap-urlauth-login under another name."""
    folder = module_folder / "another"
    folder.mkdir(mode=0o755)
    program = folder / f"{OTHER}-login"
    known = Path("/usr/lib/dovecot/imap-urlauth-login").read_bytes()
    program.write_bytes(known.replace(b"imap-urlauth\0", f"{OTHER}\0".encode()))
    assert program.read_bytes() != known
    program.chmod(0o755)
    files = Daemon("", "user bob@example.test login=bob\n", folder, start=False)
    extra = (f"service {OTHER}-login {{\n  executable = {program}\n  type = login\n  user = dovenull\n  service_count = 1\n"
             "  chroot = token-login\n"
             f"  unix_listener {OTHER} {{\n    mode = 0666\n  }}\n}}\n")
    if version() == "2.4":
        extra = extra.replace("service_count =", "restart_request_count =")
    with PrivateDovecot(folder, policy=files.policy, users={"bob": PASSWORD}, extra=extra, protocols=["imap"]) as made:
        yield made


def ask_as_service(dovecot, name):
    """What a stranger is told who claims to be Dovecot's imap process."""
    path = dovecot.folder / "run" / name
    rig.wait_for(path.is_socket, f"the socket {name}")
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(rig.PATIENCE)
        rig.wait_for(lambda: raw.connect_ex(str(path)) in (0, errno.EISCONN), f"who listens at {name}")
        raw.sendall(f"VERSION\t{name}\t2\t0\nAUTH\timap\t{os.getpid()}\tbob\tsession\tdeadbeef\n".encode())
        got = b""
        try:
            while (part := raw.recv(4096)):
                got += part
        except ConnectionResetError:
            pass
    return got


def test_an_unknown_login_binary_is_named_once_and_left_alone(with_another):
    """A process for each connection, one line for all."""
    for _ in range(5):
        ask_as_service(with_another, OTHER)
    named = f"mailwicket: {OTHER}-login|mailwicket: .*protocol \"{OTHER}\""
    rig.wait_for(lambda: with_another.lines(named), "the line")
    with imap(with_another, "bob"):
        pass
    assert len(with_another.lines(named)) == 1, with_another.text()
    assert "left to the auth module" in with_another.lines(named)[0]
    assert not with_another.lines(f"mailwicket: v=1 .*{OTHER}"), with_another.text()


@pytest.mark.parametrize("how", ["none", "implicit"])
def test_a_client_cannot_log_in_as_a_service(dovecot, how):
    """The mechanism of the services, from outside."""
    response = base64.b64encode(b"imap\x001234\x00bob\x00session\x00token").decode()
    with client("imap", dovecot.ports, how=how) as it:
        assert "DOVECOT-TOKEN" not in it.offered()
        assert it.mechanism("DOVECOT-TOKEN", response) == "refused", it.transcript
        assert it.ours() == (how == "none"), it.transcript


def test_a_stranger_at_the_socket_is_refused(dovecot):
    """Without a token of a session: by Dovecot's auth process."""
    assert ask_as_service(dovecot, "imap-urlauth").endswith(b"FAILED\n")
    assert nothing_died(dovecot), dovecot.text()
