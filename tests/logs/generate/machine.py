"""One mail server, new for each situation: Debian's packages as installed, then set up as an administrator would.

Kinds of machine: "plain" is Debian's own master.cf and conf.d with the listeners for submission switched on, no
syslog_name, smtpd_tls_loglevel 0, auth_verbose off; "verbose" has all three; "wired" is that one after `mailwicket setup`.
"""
import re
import shutil
import subprocess
import time
from pathlib import Path

import internet
import maillog
import names
import network
import rig

PASSWORD = "right-password"
LOGINS = ("bob", "alice@example.org", "mary", "eve", "scanner@example.org")
CERTIFICATE, KEY = "/etc/ssl/mail.crt", "/etc/ssl/mail.key"
MAIN = f"""\
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6
smtpd_tls_cert_file = {CERTIFICATE}
smtpd_tls_key_file = {KEY}
smtpd_tls_security_level = may
smtp_tls_security_level = may
smtp_tls_session_cache_database = btree:${{data_directory}}/smtp_scache
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.example.org
mydomain = example.org
myorigin = example.org
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = mail.example.org, localhost
virtual_mailbox_domains = example.org
virtual_mailbox_maps = hash:/etc/postfix/mailboxes
virtual_alias_maps = hash:/etc/postfix/virtual
virtual_transport = lmtp:unix:private/dovecot-lmtp
relayhost =
mynetworks = 127.0.0.0/8
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
"""
MAILBOXES = "".join(f"{name}@example.org x\n" for name in ("bob", "alice", "mary", "eve", "scanner", "full"))
VIRTUAL = "robert@example.org bob@example.org\npostmaster@example.org mary@example.org\n"
SUBMISSION = {"smtpd_tls_security_level": "encrypt", "smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "yes",
              "smtpd_client_restrictions": "", "smtpd_helo_restrictions": "", "smtpd_sender_restrictions": "",
              "smtpd_relay_restrictions": "", "smtpd_recipient_restrictions": "permit_sasl_authenticated,reject"}
DOVECOT = {"12": f"""\
protocols = imap pop3 lmtp sieve
ssl = required
ssl_cert = <{CERTIFICATE}
ssl_key = <{KEY}
mail_location = maildir:/var/vmail/%n
auth_mechanisms = plain login
auth_username_format = %Lu
passdb {{
  driver = passwd-file
  args = username_format=%u /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/var/vmail/%n
}}
protocol lmtp {{
  auth_username_format = %Ln
  mail_plugins = $mail_plugins sieve
}}
""", "13": f"""\
protocols = imap pop3 lmtp sieve
ssl = required
ssl_server_cert_file = {CERTIFICATE}
ssl_server_key_file = {KEY}
mail_driver = maildir
mail_path = /var/vmail/%{{user|username}}
mail_inbox_path =
auth_mechanisms = plain login
auth_username_format = %{{user|lower}}
passdb passwd-file {{
  passwd_file_path = /etc/dovecot/users
}}
userdb static {{
  fields {{
    uid = vmail
    gid = vmail
    home = /var/vmail/%{{user|username}}
  }}
}}
protocol lmtp {{
  auth_username_format = %{{user|username|lower}}
  mail_plugins {{
    sieve = yes
  }}
}}
sieve_script personal {{
  driver = file
  path = ~/sieve
  active_path = ~/.dovecot.sieve
}}
"""}
DOVECOT_SOCKETS = """\
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
"""
POLICY = (Path(__file__).parent / "mailwicket.conf").read_text()
DIRECTORY = (Path(__file__).parent / "directory").read_text()


def run(*words, check=True, timeout=120, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout, **more)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Machine:
    def __init__(self, release, kind):
        self.release, self.kind = release, kind
        self.policy, self.directory = POLICY, DIRECTORY
        self.dovecot_more, self.passwords = "", {login: PASSWORD for login in LOGINS}
        self.children = []
        run("hostname", "mail.example.org")
        Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{network.SERVER} mail.example.org mail\n")
        Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        network.make()
        names.serve()
        self.log = maillog.Syslog("mail")
        internet.make()
        self.make_certificate()

    def make_certificate(self, subject="mail.example.org", expired=False):
        """Signed by an authority that the clients are told to trust."""
        past = {"12": "-days -1", "13": "-not_before 20250101000000Z -not_after 20250201000000Z"}[self.release]
        script = f"""
        cd /etc/ssl
        [ -e ca.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt \
            -days 30 -subj '/CN=Example CA'
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {KEY} -out mail.csr -subj '/CN={subject}'
        printf 'subjectAltName=DNS:{subject}\\n' >mail.ext
        openssl x509 -req -in mail.csr -CA ca.crt -CAkey ca.key -CAcreateserial {past if expired else "-days 30"} -extfile mail.ext -out {CERTIFICATE}
        """
        run("sh", "-ec", script)

    # --- settings

    def postconf(self, **settings):
        """main.cf."""
        run("postconf", "-e", *[f"{name}={value}" for name, value in settings.items()])

    def listener(self, service, **settings):
        """-o settings of "submission", "submissions" or "smtp" (port 25)."""
        for name, value in settings.items():
            if " " in value:  # which master.cf does not take
                self.postconf(**{f"{service}_{name}": value})
                value = f"${service}_{name}"
            run("postconf", "-P", f"{service}/inet/{name}={value}")

    def write_postfix(self):
        Path("/etc/postfix/main.cf").write_text(MAIN)
        Path("/etc/postfix/mailboxes").write_text(MAILBOXES)
        Path("/etc/postfix/virtual").write_text(VIRTUAL)
        Path("/etc/aliases").write_text("postmaster: root\n")
        run("postmap", "/etc/postfix/mailboxes")
        run("postmap", "/etc/postfix/virtual")
        run("newaliases")
        for service in ("submission", "submissions"):
            run("postconf", "-M", f"{service}/inet={service} inet n - y - - smtpd")
            self.listener(service, **SUBMISSION)
        self.listener("submissions", smtpd_tls_wrappermode="yes")
        if self.kind != "plain":
            self.postconf(smtpd_tls_loglevel="1", smtp_tls_loglevel="1")
            for service in ("submission", "submissions"):
                self.listener(service, syslog_name=f"postfix/{service}")

    def write_dovecot(self):
        users = Path("/etc/dovecot/users")
        users.write_text("".join(f"{login}:{{PLAIN}}{password}\n" for login, password in self.passwords.items()))
        shutil.chown(users, "dovecot", "dovecot")
        users.chmod(0o640)
        auth = Path("/etc/dovecot/conf.d/10-auth.conf")
        auth.write_text(re.sub(r"(?m)^!include auth-system", "#!include auth-system", auth.read_text()))
        for name in ("10-ssl.conf", "10-mail.conf"):  # what local.conf says instead
            path = Path("/etc/dovecot/conf.d", name)
            path.write_text(re.sub(r"(?m)^(ssl|mail)(_\w+)? = ", r"#\g<0>", path.read_text()))
        verbose = "" if self.kind == "plain" else "auth_verbose = yes\n"
        Path("/etc/dovecot/local.conf").write_text(DOVECOT[self.release] + DOVECOT_SOCKETS + verbose + self.dovecot_more)

    def accounts_in_sqlite(self, database):
        """In place of the passwd-file."""
        rows = "".join(f"insert into users values('{login}', '{{PLAIN}}{password}');" for login, password in self.passwords.items())
        run("sqlite3", database, "create table users(login text, password text);" + rows)
        query = "SELECT login AS user, password FROM users WHERE login = "
        Path("/etc/dovecot/sql.conf.ext").write_text(f"driver = sqlite\nconnect = {database}\npassword_query = {query}'%u'\n")
        new = {"12": "passdb {\n  driver = sql\n  args = /etc/dovecot/sql.conf.ext\n}\n",
               "13": f"sql_driver = sqlite\nsqlite_path = {database}\npassdb sql {{\n  query = {query}'%{{user}}'\n}}\n"}[self.release]
        conf = Path("/etc/dovecot/local.conf")
        conf.write_text(re.sub(r"passdb .*?\n\}\n", lambda _: new, conf.read_text(), count=1, flags=re.S))

    def write_mailwicket(self):
        Path("/etc/mailwicket").mkdir(exist_ok=True)
        Path("/etc/mailwicket/mailwicket.conf").write_text(self.policy)
        Path("/etc/mailwicket/directory").write_text(self.directory)
        run("systemd-sysusers")
        run("systemd-tmpfiles", "--create", "--prefix=/var/lib/mailwicket", "--prefix=/var/spool/postfix/mailwicket", check=False)
        run("mailwicket", "sync")

    def write(self):
        run("sh", "-c", "id vmail || useradd -r -d /var/vmail vmail")
        Path("/var/vmail").mkdir(exist_ok=True)
        shutil.chown("/var/vmail", "vmail", "vmail")
        self.write_postfix()
        self.write_dovecot()
        if self.kind == "wired":
            self.write_mailwicket()
            run("mailwicket", "setup", "--apply")
        return self

    # --- processes

    def start(self):
        self.log.lines.clear()  # of what wrote the settings
        if self.kind == "wired":
            self.start_mailwicket()
        self.start_postfix()
        self.start_dovecot()
        return self

    def start_mailwicket(self):
        run("mailwicketd")
        rig.wait_for(lambda: Path("/var/spool/postfix/mailwicket/policy").is_socket(), "mailwicketd")

    def start_dovecot(self):
        self.children.append(subprocess.Popen(["dovecot", "-F"], stdin=subprocess.DEVNULL))
        rig.wait_for(lambda: Path("/var/spool/postfix/private/auth").is_socket(), "Dovecot")

    def stop_dovecot(self):
        run("doveadm", "stop", check=False)

    @staticmethod
    def stop_dovecot_service(service):
        """Its socket refuses, as that of a service that failed does."""
        run("doveadm", "service", "stop", service)

    @staticmethod
    def sieve(login, script):
        """The active script of a user."""
        folder = Path("/var/vmail", login)
        folder.mkdir(exist_ok=True)
        (folder / ".dovecot.sieve").write_text(script)
        shutil.chown(folder, "vmail", "vmail")

    def start_postfix(self):
        if self.release == "12":  # Debian 13's postfix-script does it
            run("/usr/lib/postfix/configure-instance.sh", "-")
        run("postfix", "start")

    def reload(self):
        run("postfix", "reload")

    def settle(self, quiet=0.7, patience=90):
        """Until every SMTP session is over and the log has been quiet for a while: not a promise to a test, only tidy."""
        def still():
            before = len(self.log.lines)
            time.sleep(quiet)
            begun = self.log.count(r"smtpd\[\d+\]: connect from")
            return before == len(self.log.lines) and begun == self.log.count(r"smtpd\[\d+\]: disconnect from")
        deadline = time.monotonic() + patience
        while not still() and time.monotonic() < deadline:
            pass

    def wait_log(self, pattern, count=1, patience=60):
        rig.wait_for(lambda: self.log.count(pattern) >= count, f"{pattern!r} in the log", patience)

    def end(self):
        run("postfix", "stop", check=False)
        self.stop_dovecot()
        network.end()

