"""Real mail programs of Debian, each run on a host of network.py as its owner set it up. What they say is kept for who makes
a situation: `.stdout` and `.stderr`, MAILWICKET_SHOW prints it."""
import contextlib
import imaplib
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import network
import rig
from machine import PASSWORD

SERVER = "mail.example.org"
CA = "/etc/ssl/ca.crt"
OUTSIDE = "ann@example.net"
TEXT = "From: {sender}\nTo: {to}\nSubject: {subject}\n\n{body}\n"


def run(host, *words, stdin="", patience=60, environment=None):
    """A program on a host. How it ends is no matter: its user would not look either."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run([*network.prefix(host), *words], input=stdin, capture_output=True, text=True, timeout=patience,
                              errors="replace", env={**os.environ, "HOME": "/root", "TERM": "xterm", **(environment or {})})
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(words, -1, str(error.stdout), str(error.stderr))
    if os.environ.get("MAILWICKET_SHOW"):
        print("$", shlex.join(words), "\n", done.returncode, done.stdout, done.stderr, flush=True)
    return done


def file_of(text):
    handle, name = tempfile.mkstemp()
    os.write(handle, text.encode())
    os.close(handle)
    return name


def text(sender, to, subject="Hello", body="Hello, how are you?", size=0):
    return TEXT.format(sender=sender, to=to, subject=subject, body=body + "\n" + ("x" * 70 + "\n") * (size // 71))


# --- that send

def msmtp(host="bob", to=OUTSIDE, sender="bob@example.org", login="bob", password=PASSWORD, port=587, starttls=True, tls=True,
          verify=True, auth="on", message=None, more=""):
    settings = f"""account default
host {SERVER}
port {port}
from {sender}
tls {'on' if tls else 'off'}
tls_starttls {'on' if starttls else 'off'}
{'tls_trust_file ' + CA if verify is True else 'tls_trust_file system' if verify else 'tls_certcheck off'}
timeout 20
"""
    if auth != "off":
        settings += f"auth {auth}\nuser {login}\npassword {password}\n"
    recipients = [to] if isinstance(to, str) else to
    return run(host, "msmtp", "-C", file_of(settings + more), *recipients,
               stdin=message or text(sender, recipients[0]))


def mutt(host="bob", to=OUTSIDE, sender="bob@example.org", login="bob", password=PASSWORD, port=587, scheme="smtp", starttls=True,
         verify=True, authenticators="plain:login", more="", body="Hello, how are you?"):
    settings = f"""set from="{sender}" use_envelope_from=yes envelope_from_address="{sender}" realname="Bob" copy=no
set smtp_url="{scheme}://{login + '@' if login else ''}{SERVER}:{port}/" smtp_pass="{password}"
set ssl_starttls={'yes' if starttls else 'no'} ssl_force_tls=no smtp_authenticators="{authenticators}"
{f'set ssl_ca_certificates_file="{CA}"' if verify else ''}
{more}
"""
    return run(host, "mutt", "-F", file_of(settings), "-s", "Hello", to, stdin=body + "\n")


def swaks(host="bob", to=OUTSIDE, sender="bob@example.org", login="bob", password=PASSWORD, port=587, tls="--tls", more=()):
    words = ["swaks", "--server", SERVER, "--port", port, "--from", sender, "--to", to, "--helo", "client.example.com",
             "--timeout", "20s"]
    words += [tls] if tls else []
    words += ["--auth", "PLAIN,LOGIN", "--auth-user", login, "--auth-password", password] if login else []
    return run(host, *words, *more)


def curl(host="bob", to=OUTSIDE, sender="bob@example.org", login="bob", password=PASSWORD, url="smtp://mail.example.org:587",
         more=("--ssl-reqd",), message=None):
    words = ["curl", "-sv", "--max-time", "40", "--cacert", CA, url, "--mail-from", sender, "--mail-rcpt", to, "-T", "-"]
    words += ["--user", f"{login}:{password}"] if login else []
    return run(host, *words, *more, stdin=message or text(sender, to))


@contextlib.contextmanager
def smtp(host="bob", port=587, tls=True, login=None, password=PASSWORD, server=network.SERVER, hello="client.example.com",
         context=None):
    """Python's: a conversation of which each line is said on purpose."""
    with network.inside(host):
        client = rig.Smtp(port, "", tls=port == 465 and tls, host=server, context=context)
    try:
        if hello:
            client.hello(hello)
        if tls and port != 465:
            client.starttls()
        if login:
            client.log_in(login, password)
        yield client
    finally:
        client.close()


def sends(host="bob", sender="bob@example.org", to=OUTSIDE, login="bob", port=587, subject="Hello", body="Hello\n"):
    """All in order, with Python."""
    with smtp(host, port, login=login) as client:
        reply = client.deliver(sender, to, subject=subject, body=body)
        client.command("QUIT")
    return reply


CLAWS = {"accountrc": """[Account: 1]
account_name=bob
is_default=1
name=Bob
address={sender}
protocol=6
smtp_server=mail.example.org
use_smtp_auth=1
smtp_auth_method=0
smtp_user_id={login}
ssl_smtp={ssl}
set_smtpport=1
smtp_port={port}
set_domain=1
domain=client.example.com
""", "passwordstorerc": "[account:1]\nsend {password}\n", "clawsrc": "[Common]\nconfig_version=3\nskip_ssl_cert_check=1\n",
         "folderlist.xml": """<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
  <folder type="mh" collapsed="0" name="Mail" path="Mail" sort="0">
    <folderitem type="normal" name="Mail" path="." mtime="0">
      <folderitem type="inbox" name="inbox" path="inbox" mtime="0"/>
      <folderitem type="outbox" name="sent" path="sent" mtime="0"/>
      <folderitem type="draft" name="draft" path="draft" mtime="0"/>
      <folderitem type="queue" name="queue" path="queue" mtime="0"/>
      <folderitem type="trash" name="trash" path="trash" mtime="0"/>
    </folderitem>
  </folder>
</folderlist>
"""}
QUEUED = """X-Claws-Sign:0
X-Claws-Encrypt:0
X-Claws-Account-Id:1
S:{sender}
SSV:mail.example.org
R:<{to}>
MAID:1
X-Claws-End-Special-Headers: 1
"""


def claws(host="bob", to=OUTSIDE, sender="bob@example.org", login="bob", password=PASSWORD, port=587, ssl=2):
    """claws-mail, on a screen that nobody sees: it sends what stands in its queue. `ssl`: 0 none, 1 from the start, 2 STARTTLS."""
    home = Path(tempfile.mkdtemp())
    (home / ".claws-mail").mkdir()
    for name, content in CLAWS.items():
        values = {"sender": sender, "login": login, "ssl": ssl, "port": port, "password": password}
        (home / ".claws-mail" / name).write_text(content.format(**values))
    for name in ("inbox", "sent", "draft", "queue", "trash"):
        (home / "Mail" / name).mkdir(parents=True)
    (home / "Mail" / "queue" / "1").write_text(QUEUED.format(sender=sender, to=to) + text(sender, to))
    script = "timeout 15 claws-mail --debug --send & for _ in $(seq 12); do sleep 1; [ -e ~/Mail/queue/1 ] || break; done; claws-mail --exit; wait"
    return run(host, "xvfb-run", "-a", "sh", "-c", script, patience=40, environment={"HOME": str(home)})


# --- that read

def fetchmail(host="bob", login="bob", password=PASSWORD, protocol="imap", port=None, ssl=True, verify=True, more=""):
    port = port or {"imap": 993, "pop3": 995}[protocol]
    tls = f"ssl sslcertfile {CA} {'sslcertck' if verify else 'no sslcertck'}" if ssl else "sslproto ''"
    settings = f"""poll {SERVER} proto {protocol} port {port} timeout 20 auth password
  user "{login}" password "{password}" {tls} keep mda "/bin/true" {more}
"""
    name = file_of(settings)
    os.chmod(name, 0o600)
    return run(host, "fetchmail", "-v", "-f", name, "--pidfile", name + ".pid", "-i", name + ".ids")


def mbsync(host="bob", login="bob", password=PASSWORD, tls="IMAPS", port=993, verify=True, mechanisms="PLAIN LOGIN"):
    """isync's program; `tls`: IMAPS, STARTTLS, None."""
    folder = tempfile.mkdtemp()
    word = "TLSType" if b"TLSType" in Path("/usr/bin/mbsync").read_bytes() else "SSLType"
    settings = f"""IMAPAccount a
Host {SERVER}
Port {port}
User {login}
Pass {password}
{word} {tls}
{'CertificateFile ' + CA if verify else 'SystemCertificates yes'}
AuthMechs {mechanisms}

IMAPStore far
Account a

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel c
Far :far:
Near :near:
Patterns INBOX
Create Near
"""
    return run(host, "mbsync", "-c", file_of(settings), "-V", "c")


def curl_reads(host="bob", login="bob", password=PASSWORD, url="imaps://mail.example.org/INBOX", more=()):
    return run(host, "curl", "-sv", "--max-time", "40", "--cacert", CA, url, "--user", f"{login}:{password}", *more)


def reads(host="bob", login="bob", password=PASSWORD, port=993, server=network.SERVER):
    """By IMAP, with Python."""
    with network.inside(host):
        client = imaplib.IMAP4_SSL(server, port, ssl_context=rig.client_context())
    client.login(login, password)
    assert client.select()[0] == "OK"
    client.logout()
