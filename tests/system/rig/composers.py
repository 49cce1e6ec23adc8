"""Messages as real mail programs compose them, and the programs that send them.

    COMPOSERS["mutt"](folder, number, path)
    SENDERS["msmtp"](site, "submission", path, recipient)
"""
import email.message
import email.policy
import os
import random
import smtplib
import subprocess

from rig.built import SOURCE
from rig.claws import Claws
from rig.processes import tool
from rig.tls import client_context
from rig.waiting import PATIENCE

BOB, PASSWORD, SOURCE_ADDRESS = "bob@example.test", "right-password", "127.0.0.9"
TO = "mary@example.test"
WORDS = ["Grüße", "offer", "meeting", "Ünïcode", "日本語", "-- ", ".", "..", "From here", ">From", "a" * 120, "=?x?=", "tab\there"]


def run(*command, data=None, environment=None):
    result = subprocess.run([str(word) for word in command], input=data, capture_output=True, timeout=6 * PATIENCE,
                            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})
    assert result.returncode == 0, (command, result.stdout, result.stderr)


def text(number):
    chance = random.Random(number)
    return "\n".join(" ".join(chance.choice(WORDS) for _ in range(chance.randrange(8))) for _ in range(chance.randrange(1, 30))) + "\n"


def capture(folder):
    """A program in sendmail's place, which keeps what it is given in the file $CAPTURED."""
    path = folder / "capture"
    path.write_text('#!/bin/sh\nexec cat >"$CAPTURED"\n')
    path.chmod(0o755)
    return path


def by_mutt(folder, number, path):
    (folder / "muttrc").write_text(f'set sendmail="{capture(folder)}"\nset realname="Bob"\nset from="{BOB}"\nset use_from=yes\n'
                                   'set copy=no\nset charset="utf-8"\n')
    attached = ["-a", folder / "muttrc", "--"] if number % 3 == 0 else ["--"]
    run(tool("mutt"), "-F", folder / "muttrc", "-s", f"Grüße {number}", *attached, TO, data=text(number).encode(),
        environment={"CAPTURED": str(path), "HOME": str(folder)})


def by_s_nail(folder, number, path):
    attached = ["-a", capture(folder)] if number % 3 == 0 else []
    run(tool("s-nail"), "-:/", "-S", f"mta={capture(folder)}", "-S", "sendwait", "-S", "ttycharset=utf-8", "-S", "sendcharsets=utf-8",
        "-r", f"Bob <{BOB}>", "-s", f"meeting {number}", *attached, TO, data=text(number).encode(),
        environment={"CAPTURED": str(path), "HOME": str(folder), "MAILRC": "/dev/null"})


def by_python(folder, number, path):
    message = email.message.EmailMessage(policy=email.policy.SMTP if number % 2 else email.policy.default)
    message["From"] = ["Bob <bob@example.test>", BOB, "=?utf-8?q?B=C3=B6b?= <bob@example.test>"][number % 3]
    message["To"], message["Subject"] = TO, f"Ünïcode {number} " + "x" * (number % 90)
    message["Message-ID"], message["Date"] = f"<{number}@client.example.net>", "Mon, 30 Nov 2026 12:00:00 +0000"
    message.set_content(text(number), cte=["8bit", "quoted-printable", "base64"][number % 3])
    if number % 4 == 0:
        message.add_attachment(random.Random(number).randbytes(number * 30), maintype="application", subtype="octet-stream",
                               filename=f"Grüße {number}.bin")
    path.write_bytes(message.as_bytes())


RIG = SOURCE / "tests/system/rig"
PHPMAILER, NODEMAILER = ("php", RIG / "phpmailer.php"), ("node", RIG / "nodemailer.js")


def by_phpmailer(folder, number, path):
    run(*PHPMAILER, "compose", number, text(number), path)


def by_nodemailer(folder, number, path):
    run(*NODEMAILER, "compose", number, text(number), path)


def by_claws(folder, number, path):
    # Each has a Claws Mail of its own: it does not always live through windows that close as soon as they are open.
    own = folder / f"claws-folder-{number}"
    own.mkdir()
    with Claws(own, command=capture(folder), environment={"CAPTURED": str(path)}) as claws:
        claws.send(f"To: {TO}\nSubject: Grüße {number}\n\n{text(number)}")


COMPOSERS = {"mutt": by_mutt, "s-nail": by_s_nail, "python": by_python, "phpmailer": by_phpmailer, "nodemailer": by_nodemailer,
             "claws": by_claws}


# --- sending

def by_msmtp(site, listener, path, recipient):
    run(tool("msmtp"), "--host=127.0.0.1", f"--port={site.ports[listener]}", "--auth=plain", "--user=bob",
        f"--passwordeval=echo {PASSWORD}", "--tls=on", "--tls-starttls=on", "--tls-certcheck=off", f"--from={BOB}",
        f"--source-ip={SOURCE_ADDRESS}", "--file=/dev/null", recipient, data=path.read_bytes())


def by_curl(site, listener, path, recipient):
    run(tool("curl"), "-sS", f"smtp://127.0.0.1:{site.ports[listener]}/client.example.net", "--ssl-reqd", "-k", "--interface", SOURCE_ADDRESS, "--login-options", "AUTH=PLAIN",
        "--user", f"bob:{PASSWORD}", "--mail-from", BOB, "--mail-rcpt", recipient, "--crlf", "--upload-file", path)


def by_swaks(site, listener, path, recipient):
    run(tool("swaks"), "--server", "127.0.0.1", "--port", site.ports[listener], "-tls", "--auth", "PLAIN", "--auth-user", "bob",
        "--auth-password", PASSWORD, "--from", BOB, "--to", recipient, "--local-interface", SOURCE_ADDRESS, "--data", f"@{path}")


def by_smtplib(site, listener, path, recipient):
    with smtplib.SMTP("127.0.0.1", site.ports[listener], "client.example.net", PATIENCE, (SOURCE_ADDRESS, 0)) as client:
        client.starttls(context=client_context())
        client.login("bob", PASSWORD)
        client.sendmail(BOB, recipient, path.read_bytes(), ["BODY=8BITMIME"])


def with_phpmailer(site, listener, path, recipient):
    run(*PHPMAILER, "send", site.ports[listener], SOURCE_ADDRESS, path, recipient, environment={"PASSWORD": PASSWORD})


def with_nodemailer(site, listener, path, recipient):
    run(*NODEMAILER, "send", site.ports[listener], SOURCE_ADDRESS, path, recipient, environment={"PASSWORD": PASSWORD})


SENDERS = {"msmtp": by_msmtp, "curl": by_curl, "swaks": by_swaks, "smtplib": by_smtplib, "phpmailer": with_phpmailer,
           "nodemailer": with_nodemailer}
