"""The demo's day: alice logs in and sends mail through a private mail site, and what is said on the wire is printed.

    day.py [--stay | --stop]        MAILWICKET_BUILD names the build, and keeps what --stop has to end
"""
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import rig  # noqa: E402
from rig.mailsite import MailSite  # noqa: E402
from rig.processes import running  # noqa: E402

STATE = rig.build_folder() / "demo-running.json"
PASSWORD = "correct-horse"
POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative }

connector "Inbound" {                   # other mail servers
    bindings          = { "*:$smtp" }
    auth_mechanism    = { Tls }
    permission_groups = { AnonymousUsers }
}
connector "Client" {                    # our users
    bindings          = { "*:$submission", "*:$submissions" }
    auth_mechanism    = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
}
"""
DIRECTORY = """\
user alice@example.test login=alice
user chief@example.test login=chief
user scanner@example.test imap=no pop3=no
"""


class Wrong(Exception):
    """A server did not answer as Mailwicket promises."""


def title(text):
    print(f"\n== {text}\n")


def said(who, line):
    print(f"   {who}: {line}", flush=True)


def hidden(line):
    return line.replace(PASSWORD, "*" * 8) if not line.startswith("AUTH PLAIN") else "AUTH PLAIN ********"


def must(answer, beginning):
    if not answer.startswith(beginning):
        raise Wrong(f"expected {beginning!r}, got {answer!r}")


class Mail(rig.Smtp):
    """An SMTP client that shows the dialogue."""

    def reply(self):
        text = super().reply()
        for line in text.split("\n"):
            said("S", line)
        return text

    def command(self, line):
        said("C", hidden(line))
        return super().command(line)

    def send(self, data):
        if data.endswith(b"\r\n.\r\n"):
            said("C", "... the message ...")
        super().send(data)

    def wrap(self):
        super().wrap()
        print(f"      ({self.socket.version()} from here)")


class Box:
    """An IMAP client that shows the dialogue."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), rig.PATIENCE)
        self.rest, self.count = b"", 0
        self.line()

    def line(self):
        while b"\r\n" not in self.rest:
            part = self.socket.recv(65536)
            if not part:
                raise Wrong("Dovecot closed the connection")
            self.rest += part
        one, self.rest = self.rest.split(b"\r\n", 1)
        said("S", one.decode())
        return one.decode()

    def command(self, words):
        """Sends a command; the tagged answer without its tag."""
        self.count += 1
        tag = f"a{self.count}"
        said("C", hidden(f"{tag} {words}"))
        self.socket.sendall(f"{tag} {words}\r\n".encode())
        while True:
            line = self.line()
            if line.startswith(tag + " "):
                return line[len(tag) + 1:]

    def starttls(self):
        must(self.command("STARTTLS"), "OK")
        self.socket = rig.client_context().wrap_socket(self.socket)
        print(f"      ({self.socket.version()} from here)")


def morning(site):
    title("Alice reads her mail, but her program does not use TLS (IMAP)")
    box = Box(site.dovecot.ports["imap"])
    must(box.command(f"LOGIN alice {PASSWORD}"), "NO")
    box.socket.close()
    print("\n   Nothing was checked, so nobody learns whether the password is right. It did cross the wire, and the log says so:\n")
    lines = rig.wait_for(lambda: site.dovecot.lines("credential=exposed"), "the line in Dovecot's log")
    print(f"   {lines[-1]}")
    title("The same with TLS")
    box = Box(site.dovecot.ports["imap"])
    box.starttls()
    must(box.command(f"LOGIN alice {PASSWORD}"), "OK")
    must(box.command("SELECT INBOX"), "OK")
    box.command("LOGOUT")


def noon(site):
    title("Somebody sends without logging in (SMTP, submission)")
    with Mail(site.ports["submission"]) as client:
        client.hello()
        client.starttls()
        must(client.mail("alice@example.test"), "250")
        must(client.rcpt("bob@example.net"), "530 5.7.1")
        title("Alice logs in and sends as the chief")
        client.reset()
        must(client.plain("alice", PASSWORD), "235")
        must(client.mail("chief@example.test"), "250")
        must(client.rcpt("bob@example.net"), "550 5.7.1")
        title("Alice sends as herself")
        client.reset()
        must(client.mail("alice@example.test"), "250")
        must(client.rcpt("bob@example.net"), "250")
        must(client.data("From: <alice@example.test>\r\nTo: <bob@example.net>\r\nSubject: lunch\r\n\r\nAt noon?\r\n"), "250")
        site.postfix.wait_delivered("lunch")
        print("\n   Postfix delivered it.")


def evening(site):
    title("The administrator asks why the chief's mail was refused")
    words = ["explain", "smtp", "--local", f"127.0.0.1:{site.ports['submission']}", "--client", "127.0.0.1", "--tls", "TLSv1.3",
             "--login", "alice", "--mechanism", "PLAIN", "--sender", "chief@example.test", "--recipient", "bob@example.net"]
    print("   $ mailwicket " + shlex.join(words) + "\n")
    told = site.daemon.cli(*words)
    print("".join(f"   {line}\n" for line in (told.stdout + told.stderr).splitlines()))
    if told.returncode != 1 or "send-as-denied" not in told.stdout + told.stderr:
        raise Wrong(f"explain ended with {told.returncode}")
    print("   and mailwicketd's decision log has\n")
    line = rig.wait_for(lambda: site.daemon.lines("reason=send-as-denied"), "the line in mailwicketd's log")[-1]
    print(f"   {line}")


# --- leaving it running

def processes(site):
    return [site.daemon.process.pid, site.dovecot.process.pid, site.postfix.process.pid]


def stay(site, folder):
    STATE.write_text(json.dumps({"folder": str(folder), "processes": processes(site)}))
    dovecot = site.dovecot.ports
    program = f"{rig.CLI} -c {site.daemon.policy}"
    print(f"""
== It stays

   IMAP         127.0.0.1:{dovecot['imap']} (STARTTLS), {dovecot['imaps']} (TLS)
   POP3         127.0.0.1:{dovecot['pop3']} (STLS), {dovecot['pop3s']} (TLS)
   submission   127.0.0.1:{site.ports['submission']} (STARTTLS), {site.ports['submissions']} (TLS)
   SMTP         127.0.0.1:{site.ports['smtp']}
   users        alice, chief, scanner@example.test; password {PASSWORD}; the certificate is self-signed
   policy       {site.daemon.policy}
   directory    {site.daemon.directory}
   logs         {site.daemon.log}, {site.dovecot.folder / 'log'}, {site.postfix.log}
   mailwicket   {program} check | show | explain | lookup | sync
   reload       {program} check && kill -HUP {site.daemon.process.pid} {site.dovecot.process.pid}
   stop         ./demo --stop
""")


def ours(pid, folder):
    """Whether the process is one that the demo started: its command line names the demo's folder."""
    try:
        return folder.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def stop_earlier():
    """Ends what an earlier --stay left; whether there was something."""
    if not STATE.exists():
        return False
    state = json.loads(STATE.read_text())
    left = [pid for pid in state["processes"] if ours(pid, state["folder"])]
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    # Dovecot and Postfix lead process groups, whose others end after them and write into the folder until then.
    rig.wait_for(lambda: not any(pid in left or group in left for pid, _, _, group in running()), "the earlier demo to end")
    shutil.rmtree(state["folder"], ignore_errors=True)
    STATE.unlink()
    return True


def main(words):
    if stop_earlier():
        print("The earlier demo's servers were stopped.")
    elif words == ["--stop"]:
        print("No demo is running.")
    if words == ["--stop"]:
        return 0
    folder = rig.make_folder("demo")
    site = MailSite(folder, POLICY, DIRECTORY, ["alice", "chief", "scanner@example.test"])
    site.passwords = {login: PASSWORD for login in site.passwords}
    keep = False
    try:
        site.start()
        print("Private servers are up: Dovecot, Postfix, mailwicketd. In what follows C is a mail program, S the server.")
        morning(site)
        noon(site)
        evening(site)
        if words == ["--stay"]:
            stay(site, folder)
            keep = True
    except (Wrong, AssertionError, EOFError, OSError, subprocess.SubprocessError) as problem:
        print(f"\ndemo: FAILED: {problem}")
        return 1
    finally:
        if not keep:
            site.stop()
            rig.remove_folder(folder)
    if not keep:
        print("\nThe servers are stopped and their files removed.")
    print("demo: OK - what the policy refuses was refused, what it permits was permitted.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
