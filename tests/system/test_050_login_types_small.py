"""The login type table for IMAP on whatever Dovecot is there, 2.3 or 2.4: three rules by network, three ways to connect."""
import base64
import hashlib
import hmac
import re
import socket

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, version

pytestmark = [pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

NETWORKS = {"SecureLogin": "127.0.0.1", "PlainTextAuthentication": "127.0.0.41", "PlainTextLogin": "127.0.0.42"}
POLICY = """\
login "half" { remote = { "127.0.0.41" } login_type = PlainTextAuthentication }
login "open" { remote = { "127.0.0.42" } login_type = PlainTextLogin }
"""
DIRECTORY = "user bob@example.test login=bob\nuser eve@example.test login=eve imap=no\n"
REFUSAL = "Command is not valid in this state."
PASSWORD = "right-password"


@pytest.fixture(scope="module")
def dovecot(module_folder):
    files = Daemon(POLICY, DIRECTORY, module_folder, start=False)
    with PrivateDovecot(module_folder, policy=files.policy, users={"bob": PASSWORD, "eve": PASSWORD},
                        protocols=["imap"]) as made:
        yield made


class Imap:
    """One IMAP connection from an address of choice: `how` is none, starttls or implicit."""

    def __init__(self, dovecot, how, source):
        port = dovecot.ports["imaps" if how == "implicit" else "imap"]
        self.socket = socket.create_connection(("127.0.0.1", port), rig.PATIENCE, (source, 0))
        if how == "implicit":
            self.wrap()
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()
        if how == "starttls":
            assert self.command("STARTTLS")[-1].startswith("a OK")
            self.wrap()
            self.file = self.socket.makefile("rb")

    def wrap(self):
        self.socket = rig.client_context().wrap_socket(self.socket, server_hostname="mx.example.test")

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def send(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def until_tagged(self):
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith(("a ", "+")):
            lines.append(self.line())
        return lines

    def command(self, text):
        self.send("a " + text)
        return self.until_tagged()

    def capability(self):
        return " ".join(self.command("CAPABILITY")).split()

    def login(self, login="bob"):
        return self.command(f"LOGIN {login} {PASSWORD}")[-1]

    def plain(self, login="bob"):
        answer = base64.b64encode(f"\0{login}\0{PASSWORD}".encode()).decode()
        return self.command(f"AUTHENTICATE PLAIN {answer}")[-1]

    def cram_md5(self, login="bob"):
        challenge = self.command("AUTHENTICATE CRAM-MD5")[-1]
        if not challenge.startswith("+"):
            return challenge
        digest = hmac.new(PASSWORD.encode(), base64.b64decode(challenge[2:]), hashlib.md5).hexdigest()
        self.send(base64.b64encode(f"{login} {digest}".encode()).decode())
        return self.until_tagged()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


TABLE = [(kind, how, how != "none" or kind == "PlainTextLogin", how != "none" or kind != "SecureLogin")
         for kind in NETWORKS for how in ("none", "starttls", "implicit")]


@pytest.mark.parametrize("kind,how,basic,challenge", TABLE)
def test_imap_login_types(dovecot, kind, how, basic, challenge):
    """What the table permits is offered and works; the rest is neither offered nor taken."""
    source = NETWORKS[kind]
    for method, permitted in (("login", basic), ("plain", basic), ("cram_md5", challenge)):
        with Imap(dovecot, how, source) as imap:
            offered = imap.capability()
            assert ("LOGINDISABLED" in offered) == (not basic), offered
            assert ("AUTH=PLAIN" in offered) == basic and ("AUTH=CRAM-MD5" in offered) == challenge, offered
            reply = getattr(imap, method)()
            if permitted:
                assert reply.startswith("a OK"), (method, reply)
            else:
                assert re.fullmatch(rf"a (NO|BAD)( \[[A-Z]+\])? {re.escape(REFUSAL)}", reply), (method, reply)


@pytest.mark.parametrize("method", ["login", "plain", "cram_md5"])
def test_a_user_without_imap_is_refused_like_a_wrong_password(dovecot, method):
    with Imap(dovecot, "implicit", "127.0.0.1") as imap:
        assert getattr(imap, method)("eve") == "a NO [AUTHENTICATIONFAILED] Authentication failed."
    with Imap(dovecot, "implicit", "127.0.0.1") as imap:
        assert getattr(imap, method)("nobody") == "a NO [AUTHENTICATIONFAILED] Authentication failed."


def test_a_password_shown_in_clear_is_logged_as_exposed(dovecot):
    with Imap(dovecot, "none", "127.0.0.1") as imap:
        imap.login()
    rig.wait_for(lambda: dovecot.lines("credential=exposed"), "credential=exposed in the log")
    assert PASSWORD not in dovecot.text()
