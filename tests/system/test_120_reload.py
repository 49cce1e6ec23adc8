"""A changed policy and the running Dovecot: `doveadm reload` applies it, a bad file opens no door."""
import base64
import os
import re

import pytest

import rig
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, long_lived, version
from rig.login_clients import TEXT, client, encoded

pytestmark = pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")

PASSWORD = "right-password"
OPEN = 'login "open" { remote = { "127.0.0.42" } login_type = PlainTextLogin }\n'
CLOSED = 'login "open" { remote = { "127.0.0.42" } login_type = SecureLogin }\n'
SOURCE = "127.0.0.42"
DIRECTORY = "user bob@example.test login=bob\n"
HARM = {"missing": lambda path: path.unlink(), "syntax": lambda path: path.write_text("login {{{"),
        "writable": lambda path: path.chmod(0o666), "a mistake": lambda path: path.write_text("no_such_setting = 1\n"),
        "no domain": lambda path: path.write_text('accepted_domain "xn--a.test" { type = Authoritative }\n')}


class Site:
    def __init__(self, mode, policy=OPEN):
        self.folder = rig.make_folder("reload")
        self.files = Daemon("default_domain = \"example.test\"\n" + policy, DIRECTORY, self.folder, start=False)
        self.dovecot = PrivateDovecot(self.folder, policy=self.files.policy, users={"bob": PASSWORD},
                                      extra=long_lived() if mode == "long-lived" else "")

    def __enter__(self):
        self.dovecot.start()
        return self

    def __exit__(self, *_):
        self.dovecot.stop()
        rig.remove_folder(self.folder)

    def connect(self, protocol="imap", **options):
        return client(protocol, self.dovecot.ports, **{"source": SOURCE, **options})

    def door(self):
        """"open" or "closed"; None where Dovecot, reloading, dropped the connection."""
        try:
            with self.connect() as it:
                offered = it.offered()
                permitted = it.plain("bob", PASSWORD) == "ok"
                if "PLAIN" in offered and "UNAVAILABLE" in it.last:
                    return None
                assert permitted == ("PLAIN" in offered), it.transcript
                return "open" if permitted else "closed"
        except (EOFError, OSError):
            return None

    def is_open(self):
        return rig.wait_for(self.door, "a whole answer") == "open"

    def becomes(self, door):
        """What is written holds once Dovecot has reloaded: a login process that already waits has read the old file."""
        self.dovecot.reload()
        rig.wait_for(lambda: self.door() == door, f"a door that is {door}")

    def copy(self):
        """The policy's copy in base_dir; what a login process is just writing has its pid behind the name."""
        found = (self.dovecot.folder / "run").iterdir()
        copies = [path for path in found if re.fullmatch(r"mailwicket-policy\.\d+-\d+\.\d+", path.name)]
        assert len(copies) == 1, copies
        return copies[0]

    def keeps(self, text):
        """Waits until that is the copy: a login process that begins writes the file's text there."""
        rig.wait_for(lambda: self.is_open() and self.copy().read_text() == text, "the copy of the policy")


@pytest.fixture(scope="module")
def closed():
    with Site("one connection a process", CLOSED) as site:
        yield site


@pytest.fixture(params=["one connection a process", "long-lived"])
def mode(request):
    return request.param


def test_reload_applies_a_changed_policy(mode):
    with Site(mode) as site:
        assert site.is_open()
        with site.connect() as held:
            site.files.write_policy("default_domain = \"example.test\"\n" + CLOSED)
            # Dovecot 2.4 itself ends a session without a login some seconds after it.
            site.dovecot.begin_reload()
            assert held.ask("NOOP") == "ok"
            rig.wait_for(lambda: not site.is_open(), "the new policy")
        site.files.write_policy("default_domain = \"example.test\"\n" + OPEN)
        site.dovecot.reload()
        rig.wait_for(site.is_open, "the new policy")


@pytest.fixture(scope="module")
def short_lived():
    with Site("one connection a process") as site:
        assert site.is_open()
        yield site


def padded(policy, size):
    return policy + "#" * (size - len(policy) - 1) + "\n"


@pytest.mark.parametrize("how", ["written", "renamed", "renamed, with the time of the other"])
def test_a_file_that_changes_is_read_at_a_reload(short_lived, how):
    file = short_lived.files.policy
    good = file.read_text()
    bad = padded(good.replace("PlainTextLogin", "SecureLogin"), len(good))
    times = file.stat()
    for text, door in ((bad, "closed"), (good, "open")):
        if how == "written":
            file.write_text(text)
        else:
            other = file.with_name("other")
            other.write_text(text)
            other.chmod(times.st_mode & 0o7777)
            if "time" in how:
                os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
            other.rename(file)
        short_lived.becomes(door)
    short_lived.keeps(good)


def test_a_file_that_becomes_a_link_is_not_read(short_lived):
    file = short_lived.files.policy
    there = file.with_name("there")
    file.rename(there)
    file.symlink_to(there)
    try:
        short_lived.dovecot.reload()
        rig.wait_for(lambda: short_lived.is_open() and short_lived.dovecot.lines("still using the previous policy"), "the log")
        rig.wait_for(lambda: short_lived.dovecot.lines("is a symbolic link"), "why, in the log")
    finally:
        there.rename(file)


def test_log_02_the_rule_of_a_decision_has_its_place(short_lived):
    file = short_lived.files.policy
    good = file.read_text()
    file.write_text(good.replace("PlainTextLogin", "SecureLogin"))
    try:
        short_lived.becomes("closed")
        with short_lived.connect() as it:
            assert it.command("bob", PASSWORD) == "refused"
        rig.wait_for(lambda: short_lived.dovecot.lines(rf"reason=\S+.*rule={re.escape(file.name)}:2"), "the decision")
    finally:
        file.write_text(good)
        short_lived.becomes("open")


def test_a_copy_that_others_may_write_is_not_believed(short_lived):
    assert short_lived.is_open()
    file, copy = short_lived.files.policy, short_lived.copy()
    good = file.read_text()
    file.write_text("no_such_setting = 1\n")
    try:
        short_lived.becomes("open")
        copy.chmod(0o666)
        short_lived.becomes("closed")
    finally:
        file.write_text(good)
    short_lived.becomes("open")
    short_lived.keeps(good)
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("harm", HARM)
def test_log_13_a_bad_file_at_reload_leaves_the_policy_in_force(mode, harm):
    with Site(mode) as site:
        assert site.is_open()
        HARM[harm](site.files.policy)
        site.dovecot.reload()
        rig.wait_for(lambda: site.is_open() and site.dovecot.lines("still using the previous policy"), "the log")
        assert site.is_open()
        with site.connect(source="127.0.0.1") as it:
            assert it.plain("bob", PASSWORD) == "refused" and it.ours()
        rig.wait_for(lambda: site.dovecot.lines(rf"Error: mailwicket: .*{site.files.policy.name}"), "the fault in the log")


@pytest.mark.parametrize("harm", HARM)
def test_log_13_a_bad_file_at_start_closes_every_door(mode, harm):
    site = Site(mode)
    HARM[harm](site.files.policy)
    with site:
        for protocol in ("imap", "pop3", "submission"):
            for how in ("none", "starttls", "implicit"):
                with site.connect(protocol, how=how) as it:
                    assert it.offered() == set(), it.transcript
                    assert it.plain("bob", PASSWORD) == "refused" and TEXT in it.last, it.transcript
                    if it.command is not None:
                        assert it.command("bob", PASSWORD) == "refused" and TEXT in it.last, it.transcript
        rig.wait_for(lambda: site.dovecot.lines("every login is refused"), "the log")
        rig.wait_for(lambda: site.dovecot.lines("reason=policy-unreadable"), "the decision")
        assert PASSWORD not in site.dovecot.text()


def test_log_13_no_copy_of_another_run_is_used():
    """The copy of the last good policy is this Dovecot's: after a stop a bad file closes the door."""
    with Site("one connection a process") as site:
        assert site.is_open()
        site.dovecot.stop()
        site.files.policy.write_text("no_such_setting = 1\n")
        site.dovecot.start()
        assert not site.is_open()


@pytest.mark.parametrize("name", ["bücher.test", "xn--mller-kva.test", "XN--MLLER-KVA.test"])
def test_domains_that_are_not_plain_ascii_close_no_door(mode, name):
    with Site(mode, OPEN + f'accepted_domain "{name}" {{ type = Authoritative }}\n') as site:
        assert site.is_open()
        assert not site.dovecot.lines("Error: ")


@pytest.mark.parametrize("login,shown", [
    ("bücher".encode(), "bücher"), ("日本𝄞".encode(), "日本𝄞"), (b"b\xfccher", r"b\xfccher"), (b"b\xc3", r"b\xc3"),
    (b"\xc0\xafb", r"\xc0\xafb"), (b"\xed\xa0\x80b", r"\xed\xa0\x80b"), (b"\xf4\x90\x80\x80b", r"\xf4\x90\x80\x80b"),
    ("\u202eb".encode(), r"\xe2\x80\xaeb"), (b"b\xe2\x82", r"b\xe2\x82")])
def test_log_02_a_login_is_shown_as_far_as_it_is_harmless(closed, login, shown):
    response = base64.b64encode(b"\0" + login + b"\0" + PASSWORD.encode()).decode()
    before = len(closed.dovecot.lines("credential=exposed"))
    with closed.connect() as it:
        assert it.ask(f"AUTHENTICATE PLAIN {response}") == "refused"
    rig.wait_for(lambda: len(closed.dovecot.lines("credential=exposed")) > before, "the decision")
    logged = closed.dovecot.lines("credential=exposed")[-1]
    assert re.search(rf'login="?{re.escape(shown)}"?( |$)', logged), logged


def test_log_02_no_secret_in_the_log_without_debugging():
    with Site("one connection a process", CLOSED) as site:
        for protocol in ("imap", "pop3", "submission"):
            with site.connect(protocol) as it:
                it.plain("bob", PASSWORD)
                if it.command is not None:
                    it.command("bob", PASSWORD)
        rig.wait_for(lambda: len(site.dovecot.lines("credential=exposed login=bob|login=bob.*credential=exposed")) >= 5,
                     "five exposed credentials")
        assert PASSWORD not in site.dovecot.text() and encoded(f"\0bob\0{PASSWORD}") not in site.dovecot.text()
