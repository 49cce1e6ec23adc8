"""mailwicket probe: servers that misbehave hold nobody and show nothing; passwords; the command line."""
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import rig
from rig.probe_servers import (BAD, EX_DATAERR, EX_NOHOST, EX_NOINPUT, EX_NOPERM, EX_TEMPFAIL, EX_USAGE, GOOD, Scripted,
                               issue_all, names, probe, probe_until, run)

PASSWORD = "right-password"


@pytest.fixture(scope="module")
def certificates(module_folder):
    return issue_all(module_folder)


@pytest.fixture(scope="module")
def password_file(module_folder):
    path = module_folder / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


OPEN_TO_ALL = {
    "imap": ("* OK hello", {"CAPABILITY": "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n% OK", "LOGIN": "% OK",
                            "AUTHENTICATE": "+"}),
    "pop3": ("+OK hello", {"CAPA": "+OK\r\nUSER\r\nSASL PLAIN\r\n.", "USER": "+OK", "PASS": "+OK", "AUTH": "+ "}),
    "submission": ("220 hello", {"EHLO": "250-hello\r\n250 AUTH PLAIN", "AUTH": "235 in", "MAIL": "530 no"}),
}


@pytest.mark.parametrize("name", OPEN_TO_ALL)
def test_without_tls_neither_password_nor_name_is_sent_even_where_it_is_asked_for(name, password_file):
    greeting, replies = OPEN_TO_ALL[name]

    def script(client):
        client.send(greeting)
        client.answer(replies)
    with Scripted(script) as server:
        service = probe("--user", "bob", "--sender", "bob@example.test", "--password-file", password_file,
                     code=BAD, **{name: server.port})[name]
        assert {"login-before-tls", "no-starttls", "login-withheld"} == set(names(service))
        assert not re.search(rb"(?i)bob|right|Ym9i|AGJvYg|AUTH(ENTICATE)? PLAIN|PASS|LOGIN", server.heard), server.heard


def forever(client, text):
    while True:
        client.send(text)


def trickle(client):
    while True:
        client.send(b"*")
        time.sleep(0.05)


def serve_tls(client):
    client.tls()
    client.until_closed()


SMTP_HELLO = {"EHLO": "250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN"}

MISBEHAVING = {
    "says nothing": ("imap", lambda client: client.until_closed(), "silent"),
    "says nothing to a ClientHello": ("imaps", lambda client: client.until_closed(), "silent"),
    "says nothing within TLS": ("imaps", serve_tls, "timeout"),
    "leaves at once": ("pop3", lambda client: None, "closed"),
    "sends a line without an end": ("imap", lambda client: forever(client, b"A" * 65536), "endless"),
    "sends an answer without an end": ("smtp", lambda client: forever(client, b"220-more\r\n" * 6000), "endless"),
    "sends one byte at a time": ("imap", trickle, "timeout"),
    "is no mail server": ("submission", lambda client: client.send("SSH-2.0-OpenSSH_9.2"), "foreign"),
    "refuses IMAP": ("imap", lambda client: client.send("* BYE too many"), "session-refused"),
    "refuses POP3": ("pop3", lambda client: client.send("-ERR too many"), "session-refused"),
    "refuses SMTP": ("smtp", lambda client: client.send("554 no mail here"), "session-refused"),
    "answers TLS with text": ("submissions", lambda client: client.send("220 hello"), "plaintext-on-tls-port"),
    "answers TLS with noise": ("imaps", lambda client: (client.more(), client.send(b"\x16\x03\x03\xff\xff" * 99)),
                               "tls-failed"),
    "refuses the STARTTLS it offers": ("submission", lambda client: (
        client.send("220 hello"), client.answer({"EHLO": "250-hello\r\n250 STARTTLS", "STARTTLS": "454 not now"})),
        "starttls-refused"),
    "says more between STARTTLS and TLS": ("imap", lambda client: (client.send("* OK hello"), client.answer({
        "CAPABILITY": "* CAPABILITY STARTTLS LOGINDISABLED\r\n% OK", "LOGIN": "% NO",
        "STARTTLS": "% OK\r\n* CAPABILITY AUTH=PLAIN\r\na4 OK"})), "foreign"),
    "takes a login it does not offer, IMAP": ("imap", lambda client: (client.send("* OK hello"), client.answer({
        "CAPABILITY": "* CAPABILITY LOGINDISABLED\r\n% OK", "LOGIN": "% NO [AUTHENTICATIONFAILED] wrong"})),
        "login-taken-before-tls"),
    "takes a login it does not offer, POP3": ("pop3", lambda client: (client.send("+OK hello"), client.answer({
        "CAPA": "+OK\r\n.", "USER": "+OK who"})), "login-taken-before-tls"),
    "takes a login it does not offer, SMTP": ("submission", lambda client: (client.send("220 hello"), client.answer({
        "EHLO": "250 hello", "AUTH": "334 ", "*": "501 aborted", "MAIL": "530 no"})), "login-taken-before-tls"),
}


@pytest.mark.parametrize("how", MISBEHAVING)
def test_a_server_that_misbehaves_is_named_and_holds_nobody(how, certificates):
    name, script, found = MISBEHAVING[how]
    arguments = ["--ca", certificates["authority"].cert]
    with Scripted(script, certificates["good"]) as server:
        if found in ("silent", "timeout"):
            _, service = probe_until(lambda service: next(iter(names(service))) == found, *arguments, **{name: server.port})
        else:
            service = probe(*arguments, **{name: server.port})[name]
        assert service["verdict"] == "bad" and next(iter(names(service))) == found, service


def test_a_conversation_of_slow_answers_ends(certificates):
    def script(client):
        client.send("* OK hello")
        while True:
            tag = client.line().split(" ")[0]
            for _ in range(30):
                client.send("* OK wait")
                time.sleep(0.03)
            client.send(f"{tag} OK\r\n")
    with Scripted(script) as server:
        # run() waits some minutes; the server would go on for ever.
        probe("--timeout", 1, imap=server.port)


def test_what_servers_say_cannot_drive_a_terminal():
    with Scripted(lambda client: client.send(b"* BYE \033]0;owned\007\033[2J\xff\xe2\x80\xae\r\n")) as server:
        told = run("probe", "127.0.0.1", "imap", "--imap-port", server.port)
        assert "\\x1b]0;owned\\x07\\x1b[2J\\xff" in told.stdout and "\033" not in told.stdout
        assert "\u202e" not in told.stdout
        told = run("--json", "probe", "127.0.0.1", "imap", "--imap-port", server.port)
        assert "\\u001b" in told.stdout and "\033" not in told.stdout


# --- the command line

@pytest.mark.parametrize("arguments,line", [
    ([], "name a host"),
    (["localhost", "otherhost"], "otherhost: not a service; expected one host, then imap, imaps"),
    (["localhost", "--imap-port", "0"], "--imap-port 0: a port is 1 to 65535, or none"),
    (["localhost", "--imap-port", "imap"], "--imap-port imap: a port is 1 to 65535, or none"),
    (["localhost", "imap", "--imap-port", "none"], "no port is left"),
    (["localhost", "--timeout", "0"], "--timeout 0: a number from 1 to 300"),
    (["localhost", "--warn-days", "x"], "--warn-days x: a number from 0 to 3650"),
    (["localhost", "--sender", "a@b>\r\nDATA"], "--sender (not shown): an address is local@domain"),
    (["localhost", "--outside", "nobody"], "--outside nobody: an address is local@domain"),
    (["localhost", "--user", "a\nb"], "--user (not shown): a login name is one line"),
    (["localhost", "--user", "bob"], "--user bob is no address: name the address to send as with --sender ADDRESS"),
    (["localhost", "--send"], "--send need --user"),
])
def test_a_wrong_command_line_is_one_line_and_64(arguments, line):
    told = run("probe", *arguments)
    assert told.returncode == EX_USAGE and told.stdout == ""
    assert told.stderr.count("\n") == 1 and line in told.stderr, told.stderr


def with_names(mode, *arguments):
    return subprocess.run(["unshare", "--mount", "--net", sys.executable, "-m", "rig.probe_names", mode, str(rig.CLI),
                           *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)})


def test_a_host_that_does_not_exist_is_68():
    told = with_names("nxdomain", "probe", "mail.example.test")
    assert told.returncode == EX_NOHOST
    assert told.stderr == "mailwicket: probe: mail.example.test: there is no such host\n"


def test_a_name_server_that_does_not_answer_is_75_within_the_timeout():
    told = with_names("silent", "probe", "mail.example.test", "--timeout", 1)
    assert told.returncode == EX_TEMPFAIL
    assert told.stderr == "mailwicket: probe: mail.example.test: the resolver did not answer in time\n"


def test_the_first_address_that_answers_is_looked_at_and_the_other_named():
    told = with_names("two", "--json", "probe", "two.example.test", "imap", "--imap-port", 1143)
    service = json.loads(told.stdout)["services"][0]
    missed = {"127.0.0.1": "127.0.0.2", "127.0.0.2": "127.0.0.1"}[service["address"]]
    assert names(service) == {"no-starttls": "error", "address-without-answer": "warning"}
    assert service["findings"][1]["detail"] == missed


def test_certificates_that_cannot_be_read_are_66(folder):
    told = run("probe", "127.0.0.1", "--ca", folder / "missing.pem")
    assert told.returncode == EX_NOINPUT and "missing.pem" in told.stderr and told.stderr.count("\n") == 1


@pytest.mark.parametrize("content,mode,code,line", [
    ("secret\n", 0o644, EX_NOPERM, "others may read it (mode 0644)"),
    ("secret\n", 0o602, EX_NOPERM, "others may read it (mode 0602)"),
    ("", 0o600, EX_DATAERR, "no password in the first line"),
    ("x" * 2000, 0o600, EX_DATAERR, "the first line is no password"),
    (None, 0o600, EX_NOINPUT, "No such file"),
])
def test_a_password_file_is_for_its_owner_and_group(folder, content, mode, code, line):
    path = folder / "password"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    told = run("probe", "127.0.0.1", "--user", "bob@example.test", "--password-file", path)
    assert told.returncode == code and line in told.stderr and told.stderr.count("\n") == 1
    assert "secret" not in told.stderr


def imap_with_login(client):
    """Lets nobody in but bob with his password."""
    client.tls()
    client.send("* OK hello")
    client.answer({"CAPABILITY": "* CAPABILITY IMAP4rev1\r\n% OK", f'LOGIN "BOB" "{PASSWORD.upper()}"': "% OK in",
                   "LOGIN": "% NO"})


class Asked:
    """A probe on a terminal of its own, where it has asked for the password. `terminal` is the person's end."""

    def __init__(self, *arguments):
        self.terminal, self.other = pty.openpty()
        self.process = subprocess.Popen([str(rig.CLI), "probe", "127.0.0.1", "--user", "bob", *map(str, arguments)],
                                        stdin=self.other, stdout=self.other, stderr=self.other,
                                        start_new_session=True, preexec_fn=self.as_a_person_starts_it)
        os.set_blocking(self.terminal, False)
        self.told = b""
        rig.wait_for(lambda: b"Password for bob: " in self.read(), "the question")
        rig.wait_for(lambda: not self.echoes(), "echo to be off")

    def as_a_person_starts_it(self):
        """On the terminal; what runs in the background of a script ignores SIGINT."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(self.other, termios.TIOCSCTTY, 0)

    def echoes(self):
        return bool(termios.tcgetattr(self.other)[3] & termios.ECHO)

    def read(self):
        """All that was told so far."""
        try:
            self.told += os.read(self.terminal, 65536)
        except BlockingIOError:
            pass
        return self.told

    def type(self, text):
        """Types, and waits for the end: the exit code."""
        os.write(self.terminal, text)
        rig.wait_for(lambda: self.read() and self.process.poll() is not None, "the probe to end")
        self.read()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        rig.kill_and_wait(self.process)
        os.close(self.terminal)
        os.close(self.other)


def test_the_password_is_asked_for_without_echo(certificates):
    with Scripted(imap_with_login, certificates["good"]) as server, \
            Asked("imaps", "--imaps-port", server.port, "--ca", certificates["authority"].cert) as asked:
        assert asked.type(PASSWORD.encode() + b"\n") == GOOD, asked.told
        assert b"accepted" in asked.told and PASSWORD.encode() not in asked.told
        assert asked.echoes()


def test_an_interrupted_question_leaves_the_terminal_as_it_was():
    with Asked("imap") as asked:
        assert asked.type(b"right\x03") == -signal.SIGINT
        assert asked.echoes()


def test_without_a_terminal_a_password_must_come_from_a_file():
    told = run("probe", "127.0.0.1", "imap", "--user", "bob", start_new_session=True)
    assert told.returncode == EX_USAGE and "--password-file" in told.stderr
