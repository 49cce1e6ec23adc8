"""Small programs beside a mail server, for the tests of whole sites: a content filter, the rest of the world, a policy service.

Each serves in a thread of the test, in the network namespace of the thread that starts it, and keeps what it saw.
"""
import base64
import re
import shutil
import smtplib
import socketserver
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from rig.ports import listens
from rig.processes import kill_and_wait, tool
from rig.waiting import PATIENCE, wait_for


class Seen:
    """One message as it arrived."""

    def __init__(self, sender, recipients, content):
        self.sender, self.recipients, self.content = sender, list(recipients), content

    @property
    def subject(self):
        found = re.search(rb"(?mi)^Subject: (.*?)\r?$", self.content)
        return found[1].decode() if found else None


class Receiver(Controller):
    """Takes all mail on ADDRESS:PORT; what it has is in `.messages`."""

    def __init__(self, port, address="127.0.0.1"):
        super().__init__(self, hostname=address, port=port, ready_timeout=PATIENCE)
        self.messages = []

    def factory(self):
        return SMTP(self, hostname="world.example.net", enable_SMTPUTF8=True, ident="ESMTP")

    async def handle_DATA(self, server, session, envelope):
        return self.take(Seen(envelope.mail_from, envelope.rcpt_tos, envelope.original_content))

    def take(self, seen):
        self.messages.append(seen)
        return "250 2.0.0 taken"


class Filter(Receiver):
    """A content filter: marks a message and gives it back by SMTP to `back`, or by LMTP (`lmtp`); refuses what has EICAR."""

    def __init__(self, port, back, lmtp=False):
        super().__init__(port)
        self.back, self.lmtp = back, lmtp

    def factory(self):
        if self.lmtp:
            return LMTP(self, hostname="filter.example.test", ident="filter")
        return super().factory()

    def take(self, seen):
        self.messages.append(seen)
        if b"EICAR" in seen.content:
            return "550 5.7.0 Refused by the content filter"
        client = smtplib.LMTP if self.lmtp else smtplib.SMTP
        try:
            with client("127.0.0.1", self.back, timeout=PATIENCE) as given:
                given.sendmail(seen.sender, seen.recipients, f"X-Filter: {self.port}\r\n".encode() + seen.content)
        except smtplib.SMTPException as error:
            code = getattr(error, "smtp_code", 451)
            return f"{code} 4.0.0 back: {' '.join(str(error).split())[:200]}"
        return "250 2.0.0 given back"


class Process:
    """A program of Debian's that stays in front and listens on a port of 127.0.0.1."""

    def __init__(self, port, *command):
        self.port, self.command, self.process = port, command, None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)

        def is_ready():
            assert self.process.poll() is None, f"{self.command[0]} ended"
            return listens(self.port)
        wait_for(is_ready, f"{self.command[0]} to listen")

    def stop(self):
        kill_and_wait(self.process)


def signing_key(folder, owner):
    """A key for DKIM signatures, `folder`/dkim.key."""
    subprocess.run([tool("openssl"), "genrsa", "-out", folder / "dkim.key", "2048"], check=True, capture_output=True, timeout=60)
    shutil.chown(folder / "dkim.key", owner)


def key_record(folder):
    """What DNS would say of it."""
    key = subprocess.run([tool("openssl"), "rsa", "-in", folder / "dkim.key", "-pubout", "-outform", "DER"], capture_output=True,
                         check=True, timeout=60)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(key.stdout)


def signer(folder, port):
    """opendkim, as its file in `folder` says, which has its key there."""
    signing_key(folder, "nobody")
    return Process(port, tool("opendkim"), "-f", "-x", folder / "opendkim.conf")


RSPAMD = """\
options {
    pidfile = "{folder}/rspamd.pid";
    filters = "dkim";
    cache_file = "{folder}/symbols.cache";
    dynamic_conf = "{folder}/dynamic";
    tempdir = "{folder}";
    url_tld = "{folder}/tld";
    control_socket = "{folder}/control mode=0600";
    hs_cache_dir = "{folder}";
    history_file = "{folder}/history";
    stats_file = "{folder}/stats.ucl";
    dns { nameserver = ["127.0.0.1:1"]; timeout = 1s; retransmits = 1; }
}
logging { type = "file"; filename = "{folder}/log"; level = "info"; }
lua = "/usr/share/rspamd/rules/rspamd.lua";
modules { path = "/usr/share/rspamd/plugins"; }
actions { reject = 15; }
dkim { sign_headers = "(o)from:(o)sender:to:subject:date:message-id"; }
dkim_signing {
    sign_authenticated = true; sign_local = true; use_domain = "header"; use_esld = false;
    allow_username_mismatch = true; allow_hdrfrom_mismatch = true;
    domain { example.test { selector = "mail"; path = "{folder}/dkim.key"; } }
}
milter_headers { use = ["x-spam-status", "x-spamd-result"]; skip_local = false; skip_authenticated = false; }
worker "rspamd_proxy" {
    bind_socket = "127.0.0.1:{port}";
    milter = yes;
    count = 1;
    upstream "local" { default = yes; self_scan = yes; }
}
"""


def rspamd(folder, port):
    """rspamd as a milter, with all its files in `folder`/rspamd: it signs, writes its headers and refuses GTUBE."""
    own = folder / "rspamd"
    own.mkdir()
    (own / "rspamd.conf").write_text(RSPAMD.replace("{folder}", str(own)).replace("{port}", str(port)))
    (own / "tld").write_text("test\n")
    signing_key(own, "_rspamd")
    shutil.chown(own, "_rspamd", "_rspamd")
    return Process(port, tool("rspamd"), "-c", own / "rspamd.conf", "-f", "-u", "_rspamd", "-g", "_rspamd")


def greylist(folder, port):
    """postgrey, with the files in `folder`. Who came once is still too early a day later."""
    (folder / "postgrey").mkdir()
    shutil.chown(folder / "postgrey", "postgrey")
    return Process(port, tool("postgrey"), f"--inet=127.0.0.1:{port}", f"--dbdir={folder / 'postgrey'}", "--delay=86400",
                   f"--whitelist-clients={folder / 'whitelist_clients'}",
                   f"--whitelist-recipients={folder / 'whitelist_recipients'}")


class PolicyService(socketserver.ThreadingTCPServer):
    """Answers Postfix's policy requests: REJECT for a sender of greedy.example.net, else DUNNO; `.asked` has the requests."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), _PolicyHandler)
        self.asked = []

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.shutdown()
        self.server_close()


class _PolicyHandler(socketserver.StreamRequestHandler):
    def handle(self):
        request = {}
        for line in self.rfile:
            name, _, value = line.decode(errors="replace").rstrip("\n").partition("=")
            if name:
                request[name] = value
                continue
            self.server.asked.append(request)
            greedy = request.get("sender", "").endswith("@greedy.example.net")
            self.wfile.write(b"action=REJECT greedy sender\n\n" if greedy else b"action=DUNNO\n\n")
            request = {}
