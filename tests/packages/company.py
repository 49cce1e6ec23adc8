"""A small company's mail server as its administrator left it: Debian's Postfix and Dovecot, users of the system, submission
with TLS on 587; before anybody has heard of Mailwicket."""
import imaplib
import os
import re
import secrets
import shutil
import smtplib
import ssl
import sys
import threading

import pytest

import machine
import packages

sys.path.insert(0, str(machine.SOURCE / "tests/system"))
from rig.processes import running, takes_clients  # noqa: E402

PACKAGES = ("systemd-sysv iproute2 ca-certificates procps postfix dovecot-imapd dovecot-pop3d dovecot-managesieved ssl-cert").split()
USERS = {"alice": "alice-password", "bob": "bob-password"}
MAIN_CF = """\
# See /usr/share/postfix/main.cf.dist for a commented, more complete version
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6
smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
smtpd_tls_security_level = may
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.example.org
mydomain = example.org
myorigin = example.org
mydestination = example.org, mail.example.org, localhost
mynetworks = 127.0.0.0/8 [::1]/128 10.1.2.0/28
# Nothing of the tests leaves the machine.
default_transport = discard:
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = ipv4
home_mailbox = Maildir/
# Dovecot checks the passwords.
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
"""
SUBMISSION = """\
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
"""
AUTH_SOCKET = """\
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
"""
MAILDIR = {"bookworm": "mail_location = maildir:~/Maildir\n",
           "trixie": "mail_driver = maildir\nmail_home = /home/%{user | username}\nmail_path = ~/Maildir\nmail_inbox_path = ~/Maildir\n"}


class Company:
    def __init__(self, release, server_chroot):
        self.release = release
        self.machine = machine.Machine(server_chroot, self._prepare)
        self.run = self.machine.run
        for user, password in USERS.items():
            self.run("useradd", "--create-home", "--shell=/usr/sbin/nologin", user)
            self.run("chpasswd", text=f"{user}:{password}\n")
        # The printer, and whoever else is not at this machine: addresses of its own, as it has no other network.
        for address in ("10.1.2.3/32", "192.0.2.9/32", "192.0.2.77/32"):
            self.run("ip", "address", "add", address, "dev", "lo")
        self.run("newaliases")
        self.run("systemctl", "restart", "dovecot", "postfix")

    def _prepare(self, root):
        # Tests restart services more often than systemd allows anybody.
        limits = root / "etc/systemd/system.conf.d/no-start-limit.conf"
        limits.parent.mkdir(exist_ok=True)
        limits.write_text("[Manager]\nDefaultStartLimitIntervalSec=0\n")
        (root / "etc/hostname").write_text("mail\n")
        (root / "etc/mailname").write_text("example.org\n")
        (root / "etc/aliases").write_text("postmaster: alice\n")
        (root / "etc/postfix/main.cf").write_text(MAIN_CF)
        master = root / "etc/postfix/master.cf"
        if not master.exists():
            master.write_text((root / "usr/share/postfix/master.cf.dist").read_text())
        text = master.read_text()
        assert not re.search(r"^submission ", text, re.MULTILINE)
        master.write_text(text + SUBMISSION)
        (root / "etc/dovecot/conf.d/99-local.conf").write_text(MAILDIR[self.release] + AUTH_SOCKET)

    @staticmethod
    def password(user):
        return USERS[user]

    def close(self):
        self.machine.close()

    def configuration(self):
        """Every file of the servers' configuration, as octets."""
        return {path: path.read_bytes() for name in ("etc/postfix", "etc/dovecot")
                for path in sorted((self.machine.root / name).rglob("*")) if path.is_file() and not path.is_symlink()}

    # --- what users do: in the machine's network, by Python's own clients

    def within(self, work):
        """In a thread that has entered the machine's network."""
        result = {}

        def enter():
            try:
                with open(f"/proc/{self.machine.init}/ns/net") as network:
                    machine.enter_network(network.fileno())
                result["answer"] = work()
            except Exception as error:  # the test says what it expected
                result["error"] = error
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["answer"]

    def submit(self, user="alice", sender="alice@example.org", recipient="bob@example.org", password=None):
        """Sends a message over 587; the subject, by which it can be found."""
        subject = secrets.token_hex(8)

        def work():
            with smtplib.SMTP("127.0.0.1", 587, timeout=60) as client:
                client.starttls(context=ssl._create_unverified_context())
                client.login(user, password or USERS[user])
                client.sendmail(sender, [recipient], f"Subject: {subject}\r\nFrom: {sender}\r\n\r\nhello\r\n")
            return subject
        return self.within(work)

    def receive(self, sender="stranger@example.net", recipient="bob@example.org"):
        """What a stranger's server sends to port 25."""
        subject = secrets.token_hex(8)

        def work():
            with smtplib.SMTP("127.0.0.1", 25, timeout=60) as client:
                client.sendmail(sender, [recipient], f"Subject: {subject}\r\nFrom: {sender}\r\n\r\nhello\r\n")
            return subject
        return self.within(work)

    def read(self, user="bob"):
        """The subjects of what is in the user's inbox."""
        def work():
            with imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=ssl._create_unverified_context(), timeout=60) as client:
                client.login(user, USERS[user])
                client.select("INBOX", readonly=True)
                _, answer = client.search(None, "ALL")
                numbers = answer[0].decode().replace(" ", ",")
                if not numbers:
                    return set()
                _, parts = client.fetch(numbers, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                return {part[1].decode().partition(":")[2].strip() for part in parts if isinstance(part, tuple)}
        return self.within(work)

    def works(self):
        """A message from outside and one of a user arrive, and their reader sees them."""
        sent = {self.receive(), self.submit()}
        self.machine.wait(lambda: sent <= self.read(), "both messages are in bob's inbox")

    def holds(self):
        """The policy: alice sends as herself and not as bob."""
        with pytest.raises(smtplib.SMTPException, match="Client does not have permissions to send as this sender"):
            self.submit(user="alice", sender="bob@example.org")

    # --- what its administrator does

    def offer(self, folder):
        """An archive of the machine's own with the folder's packages, beside Debian's."""
        place = self.machine.path("/packages")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place)
        packages.archive(place)
        self.machine.path("/etc/apt/sources.list.d/mailwicket.list").write_text("deb [trusted=yes] file:/packages ./\n")
        self.run("apt-get", "-q", "update", online=True)

    def apt(self, *command, check=True):
        return self.run("apt-get", "-qy", "-o", "Dpkg::Options::=--force-confold", *command, online=True, check=check)

    def install(self, built):
        self.offer(built.folder)
        self.apt("install", "--no-install-recommends", "mailwicket", "dovecot-mailwicket")

    def undo(self):
        """What setup wrote goes, and both servers hear of it."""
        self.run("mailwicket", "setup", "--undo")
        self.reload("systemctl restart dovecot && postfix reload")

    def reload(self, command):
        """What `command` is for: both servers have their new settings. It returns once no process from before takes a client: its
        settings are the old ones, and Dovecot itself fails a login that it begins and its successor has to end."""
        before = [process for process, name, _, _ in running() if re.match("auth$|smtpd$|imap-lo|pop3-lo|managesieve-lo", name)
                  and self.machine.has(process)]
        done = self.run("sh", "-c", command)
        self.machine.wait(lambda: not any(map(takes_clients, before)), f"{command} is heeded")
        return done
