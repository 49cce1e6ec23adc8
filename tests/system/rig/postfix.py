"""A private Postfix.

    with Postfix(folder) as postfix:              # files only
        postfix.write_plain({"smtp": port})       # main.cf and master.cf before Mailwicket; then `mailwicket setup`
        postfix.start()
        with Smtp(port) as client:
            client.command("EHLO client.example.net")

It needs root, as Postfix's master does, and touches nothing of the machine's own Postfix. Its ports are free ones on
127.0.0.1; as all of 127.0.0.0/8 is local on Linux, a client chooses its network by its source address.
"""
import email
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from rig.ports import listens
from rig.processes import PATH, children, kill_and_wait, tool, wait_group_ended
from rig.text import whole_lines
from rig.tls import Certificate
from rig.waiting import wait_for

# Every service without chroot; what delivers writes into folders of the test.
MASTER = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

# Listeners before Mailwicket: those of Debian's master.cf, the second by its comment.
PLAIN = {
    "smtp": "{port} inet n - n - - smtpd\n",
    "submissions": "{port} inet n - n - - smtpd\n  -o syslog_name=postfix/submissions\n  -o smtpd_tls_wrappermode=yes\n"
                   "  -o smtpd_sasl_auth_enable=yes\n",
}

# Deliver everything, wherever it goes, into one Maildir that the test reads; never wait to be polite to a test.
MAIN = """\
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {folder}
multi_instance_name = {name}
myhostname = mx.example.test
mydomain = example.test
myorigin = example.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {mail}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
default_transport = virtual
relay_transport = virtual
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_received_header = yes
smtpd_client_event_limit_exceptions = static:all
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 900
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_starttls_timeout = 30s
notify_classes =
bounce_queue_lifetime = 1m
"""

LOOKS = 4  # at a queue until it counts as empty: more than there are ways back into one
QUEUE_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                 "trace")


class Postfix:
    """A Postfix of its own below `folder` (which user postfix can enter), with its sockets:

    `policy_socket` for mailwicketd to listen on, `auth_socket` for Dovecot's auth service (private/auth).
    """

    def __init__(self, folder, domains="example.test", certificate=None):
        self.folder = Path(folder) / "postfix"
        self.queue, self.data, self.mail = (self.folder / name for name in ("queue", "data", "mail"))
        self.etc, self.log = self.folder / "etc", self.folder / "maillog"
        self.domains = domains
        self.process = None
        self.ports = []
        self.wired = {}
        self.make_folders()
        self.certificate = certificate or Certificate(self.folder)
        self.policy_socket = self.queue / "mailwicket" / "policy"
        self.auth_socket = self.queue / "private" / "auth"

    def make_folders(self):
        for folder in (self.folder, self.etc, self.queue, self.queue / "pid", self.queue / "mailwicket"):
            folder.mkdir(mode=0o755)
        for name in QUEUE_FOLDERS:
            self.owned(self.queue / name, 0o700, "root")
        self.owned(self.queue / "public", 0o710, "postdrop")
        self.owned(self.queue / "maildrop", 0o730, "postdrop")
        self.owned(self.data, 0o700, "postfix")
        self.owned(self.mail, 0o755, "postfix")

    @staticmethod
    def owned(folder, mode, group):
        folder.mkdir()
        shutil.chown(folder, "postfix", group)
        folder.chmod(mode)

    def write_plain(self, ports, main="", master=""):
        """main.cf and master.cf as they are before Mailwicket, for these listeners: {"smtp": port, "submissions": port};
        `main` and `master` are appended."""
        stat = self.mail.stat()
        text = MAIN.format(
            queue=self.queue, data=self.data, log=self.log, folder=self.folder, mail=self.mail, uid=stat.st_uid,
            gid=stat.st_gid, domains=self.domains, cert=self.certificate.cert, key=self.certificate.key,
            name="postfix-" + re.sub(r"[^a-z0-9]", "", self.folder.parent.name.lower()))
        (self.etc / "main.cf").write_text(self.without_replaced(text, main) + main)
        entries = "".join(PLAIN[name].format(port=port) for name, port in ports.items())
        (self.etc / "master.cf").write_text(MASTER + entries + master)
        self.is_wired()

    def add_shown(self, shown, wrapped):
        """The lines of `mailwicket show --postfix`, without chroot; the port `wrapped` is what 465 is to Mailwicket."""
        main, _, master = shown.partition("# --- master.cf")
        with open(self.etc / "main.cf", "a") as file:
            file.write(main)
        entries = ("#" + master).replace(" inet n - y - - smtpd\n", " inet n - n - - smtpd\n")
        with open(self.etc / "master.cf", "a") as file:
            file.write(self.with_options(entries, {wrapped: {"smtpd_tls_wrappermode": "yes",
                                                             "smtpd_tls_security_level": "encrypt"}}))
        self.is_wired()

    def is_wired(self):
        """What is in its files now is what configure() goes out from."""
        self.wired = {name: (self.etc / name).read_text() for name in ("main.cf", "master.cf")}
        self.configure()

    def configure(self, main="", master="", options=None, replaced=()):
        """Its files as they were wired, but for these: `main` and `master` are appended, `options` maps a port to `-o`
        settings of its smtpd, of `replaced` each first text becomes the second."""
        files = dict(self.wired)
        for old, new in replaced:
            assert any(old in text for text in files.values()), old
            files = {name: text.replace(old, new) for name, text in files.items()}
        (self.etc / "main.cf").write_text(self.without_replaced(files["main.cf"], main) + "\n" + main)
        entries = self.with_options(files["master.cf"], options or {})
        (self.etc / "master.cf").write_text(entries + master)

    @staticmethod
    def without_replaced(text, replacement):
        """Without the settings that `replacement` sets again: Postfix warns of a setting that stands twice."""
        for name in re.findall(r"(?m)^([a-z_0-9]+)\s*=", replacement):
            text = re.sub(rf"(?m)^{name}\s*=.*\n(?:[ \t].*\n)*", "", text)
        return text

    def with_options(self, text, options):
        """master.cf with these settings of the listeners that it has; it is noted which these are."""
        self.ports, made = [], []
        for entry in re.split(r"(?m)^(?=\S)", text):
            found = re.match(r"(?:\S+:)?(\d+)\s+inet\s.*", entry)
            if found:
                self.ports.append(int(found[1]))
                more = options.get(int(found[1]), {})
                for name in more:
                    entry = re.sub(rf"(?m)^\s+-o (?:{name}=|\{{ {name} =).*\n", "", entry)
                entry += "".join(f"  -o {{ {name} = {value} }}\n" for name, value in more.items())
            made.append(entry)
        return "".join(made)

    def postconf(self, *arguments):
        result = subprocess.run([tool("postconf"), "-c", self.etc, *arguments], capture_output=True, text=True,
                                timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def age(self):
        """Makes main.cf an old file: Postfix waits a second or two for one that was written just now."""
        os.utime(self.etc / "main.cf", (1700000000, 1700000000))

    def daemon_folder(self):
        return self.postconf("-hx", "daemon_directory").strip()

    # --- the process

    def start(self):
        before = len(self.lines("daemon started"))
        console = open(self.folder / "console", "ab")
        self.process = subprocess.Popen([f"{self.daemon_folder()}/master", "-c", str(self.etc), "-d"],
                                        stdin=subprocess.DEVNULL,
                                        stdout=console, stderr=console, cwd=self.queue, start_new_session=True,
                                        env={"PATH": PATH, "MAIL_CONFIG": str(self.etc), "LC_ALL": "C"})
        console.close()
        wait_for(lambda: self.is_up() and len(self.lines("daemon started")) > before, "Postfix to start")
        for port in self.ports:
            self.wait_listening(port)
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Postfix ended with {self.process.returncode}: {self.text()}")
        return True

    def wait_listening(self, port):
        def is_listening():
            return self.is_up() and listens(port)
        wait_for(is_listening, f"Postfix on port {port}")

    def children(self, name="smtpd"):
        """The processes of this name that master started."""
        return {pid for pid, its in children(self.process.pid).items() if its == name}

    def reload(self):
        """After configure(), with no client connected: new connections get the new settings."""
        old, before = self.children(), len(self.lines("reload -- version"))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(self.lines("reload -- version")) > before, "Postfix's reload")
        wait_for(lambda: not old & self.children(), "smtpd with the old settings to end")
        for port in self.ports:
            self.wait_listening(port)

    def stop(self):
        """master tells its children to end and does not wait for them: they hold its listeners a little longer. All of them
        are of its process group, those too that it starts as it ends."""
        leader, self.process = self.process, None
        if leader is not None:
            kill_and_wait(leader)
            wait_group_ended(leader, "Postfix")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- what it did

    def text(self):
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        console = self.folder / "console"
        return log + (console.read_text(errors="replace") if console.exists() else "")

    def lines(self, pattern):
        return [line for line in whole_lines(self.text()) if re.search(pattern, line)]

    def messages(self):
        """All delivered messages, oldest first (email.message.Message)."""
        files = sorted((self.mail / "all").glob("new/*"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        return [email.message_from_bytes(path.read_bytes()) for path in files]

    def delivered(self, subject):
        """The messages with this subject."""
        return [message for message in self.messages() if message["Subject"] == subject]

    def wait_delivered(self, subject, count=1):
        def enough():
            found = self.delivered(subject)
            return found if len(found) >= count else None
        return wait_for(enough, f"{count} message(s) with subject {subject!r}")

    def queue_idle(self):
        """Waits until every message taken is delivered or returned (one still being received is not executable yet)."""
        folders = [self.queue / name for name in ("maildrop", "incoming", "active", "deferred")]

        def complete(path):
            try:
                return path.is_file() and path.stat().st_mode & 0o100
            except FileNotFoundError:
                return False

        def is_empty():
            return not any(complete(path) for folder in folders for path in folder.rglob("*"))
        # What a content filter gives back comes in again, maybe behind the look, before it goes: several filters, several looks.
        wait_for(lambda: all(is_empty() for _ in range(LOOKS)), "an empty queue")


def needs_postfix():
    """Why a private Postfix cannot run here, or None."""
    if os.geteuid() != 0:
        return "Postfix needs root"
    if tool("postconf") is None:
        return "no Postfix on this machine"
    return None
