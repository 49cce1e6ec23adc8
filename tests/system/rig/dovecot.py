"""A private Dovecot 2.3 or 2.4 with Mailwicket's modules, set up by `mailwicket setup`, together with `postfix` if given.

    with PrivateDovecot(folder, policy=conf, users={"bob": "secret"}, postfix=postfix) as dovecot:
        dovecot.imap_login("bob", "secret")

Dovecot looks for auth modules in one compiled-in folder: the process gets mounts of its own, where a copy of that
folder with ours in it lies over it. `modules=False` is a Dovecot without Mailwicket.
"""
import contextlib
import imaplib
import os
import poplib
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from rig.built import MODULES
from rig.ports import free_port, listens
from rig.processes import children, holds_listener, kill_and_wait, running, takes_clients, tool, wait_group_ended
from rig.text import whole_lines
from rig.tls import Certificate, client_context
from rig.waiting import PATIENCE, wait_for
from rig.wiring import set_up

PROTOCOLS = {"imap": ("imap", "imaps"), "pop3": ("pop3", "pop3s"), "submission": ("submission", "submissions"),
             "sieve": ("sieve",)}


def version():
    """"2.3" or "2.4"; None without Dovecot."""
    if tool("dovecot") is None:
        return None
    return subprocess.run([tool("dovecot"), "--version"], capture_output=True, text=True, timeout=20).stdout[:3]


def module_folder():
    for folder in ("/usr/lib/dovecot/modules", "/usr/lib/dovecot"):
        if Path(folder, "auth").is_dir():
            return Path(folder)
    return Path("/usr/lib/dovecot/modules")


def login_service(protocol):
    return "managesieve-login" if protocol == "sieve" else f"{protocol}-login"


def has_protocol(protocol):
    return Path("/usr/lib/dovecot", login_service(protocol)).exists()


LONG_LIVED = {"2.3": "service_count = 0", "2.4": "restart_request_count = unlimited"}


def long_lived():
    """Settings: a login process serves one connection after the other, not one alone."""
    return "".join(f"service {name}-login {{\n  {LONG_LIVED[version()]}\n  process_min_avail = 1\n}}\n"
                   for name in ("imap", "pop3", "submission", "managesieve") if has_protocol(name))


COMMON = """\
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {name}
log_path = {folder}/log
listen = 127.0.0.1
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_verbose = yes
auth_failure_delay = {failure_delay}
first_valid_uid = 1
mail_max_userip_connections = 1000
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  client_limit = 1000
}}
"""

GENERATION = {
    "2.3": """\
protocols = {protocols}
ssl_cert = <{cert}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%u
login_plugin_dir = {modules}/login
submission_relay_host = 127.0.0.1
""",
    "2.4": """\
protocols = {protocols}
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
login_plugin_dir = {modules}/login
submission_relay_host = 127.0.0.1
""",
}

ACCOUNTS = {
    "2.3": """\
passdb {{
  driver = passwd-file
  args = {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
""",
    "2.4": """\
passdb passwd-file {{
  passwd_file_path = {folder}/passwd
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {folder}/mail
  }}
}}
""",
}

WITHOUT_MAILWICKET = """\
service auth {{
  unix_listener {auth} {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


class PrivateDovecot:
    """`extra` is appended after the set-up; `users` maps login names to passwords; `wired=False`: setup has not run yet."""

    def __init__(self, folder, policy, users, *, postfix=None, wires_postfix=True, modules=True, wired=True,
                 certificate=None, extra="",
                 failure_delay="0", protocols=("imap", "pop3", "submission")):
        self.folder = Path(folder) / "dovecot"
        self.folder.mkdir(mode=0o755)
        self.policy, self.postfix, self.wires_postfix = policy, postfix, wires_postfix
        self.generation = version()
        self.certificate = certificate or Certificate(self.folder)
        self.protocols = [protocol for protocol in protocols if has_protocol(protocol)]
        self.ports = {name: free_port() for protocol in self.protocols for name in PROTOCOLS[protocol]}
        self.extra, self.failure_delay = extra, failure_delay
        self.process = self.stopped = None
        mail = self.folder / "mail"
        mail.mkdir()
        shutil.chown(mail, "nobody", "nogroup")
        # The accounts come later: setup refuses while there are some that the directory lacks.
        self.write_users({})
        self.modules = self.copy_modules() if modules else None
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(self.plain() + ("" if modules else WITHOUT_MAILWICKET.format(auth=self.auth_path())))
        if modules and wired:
            self.wire()
        self.write_users(users)
        with open(self.config, "a") as file:
            file.write(self.extra)

    def write_users(self, users):
        passwd = self.folder / "passwd"
        passwd.write_text("".join(f"{login}:{{PLAIN}}{password}\n" for login, password in users.items()))
        passwd.chmod(0o644)

    def copy_modules(self):
        """Dovecot's own auth modules and ours in one folder, the login plugin in another."""
        made = self.folder / "modules"
        shutil.copytree(module_folder() / "auth", made / "auth", symlinks=True)
        (made / "login").mkdir()
        shutil.copy(MODULES / "libauthdb_mailwicket.so", made / "auth")
        shutil.copy(MODULES / "lib10_mailwicket_plugin.so", made / "login")
        return made

    def wire(self):
        servers = ["--dovecot-config", self.config]
        if self.postfix and self.wires_postfix:
            servers += ["--postfix-config", self.postfix.etc]
        set_up(self.policy, self.folder / "backup", *servers)
        if self.postfix and self.wires_postfix:
            self.postfix.is_wired()
        else:  # setup took the usual Postfix for its
            text = self.config.read_text()
            self.config.write_text(text.replace("/var/spool/postfix/private/auth", str(self.auth_path())))

    def auth_path(self):
        return self.postfix.auth_socket if self.postfix else self.folder / "auth-client"

    def listeners(self):
        made = []
        for protocol in self.protocols:
            plain, *implicit = PROTOCOLS[protocol]
            made.append(f"service {login_service(protocol)} {{\n"
                        f"  inet_listener {plain} {{\n    port = {self.ports[plain]}\n  }}\n")
            made.extend(f"  inet_listener {name} {{\n    port = {self.ports[name]}\n    ssl = yes\n  }}\n"
                        for name in implicit)
            made.append("}\n")
        return "".join(made)

    def plain(self):
        """Its configuration before Mailwicket."""
        generation = self.generation
        owner = (self.folder / "mail").stat()
        values = {"folder": self.folder, "name": self.folder.parent.name, "failure_delay": self.failure_delay,
                  "protocols": " ".join(self.protocols), "cert": self.certificate.cert, "key": self.certificate.key,
                  "modules": self.modules or self.folder, "uid": owner.st_uid, "gid": owner.st_gid}
        head = "" if generation == "2.3" else "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
        return (head + COMMON.format(**values) + GENERATION[generation].format(**values) +
                ACCOUNTS[generation].format(**values) + self.listeners())

    def start(self):
        command = [tool("dovecot"), "-F", "-c", str(self.config)]
        if self.modules:
            command = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
                       # In a chroot / is no mount of its own, and private already where it matters.
                       'mount --make-rprivate / 2>/dev/null; mount --bind "$0" "$1" && shift && exec "$@"',
                       str(self.modules / "auth"), str(module_folder() / "auth"),
                       *command]
        console = open(self.folder / "console", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                        start_new_session=True)
        console.close()

        def up():
            assert self.process.poll() is None, self.text()
            return self.is_up() and all(listens(port) for port in self.ports.values())
        wait_for(up, "Dovecot to listen")
        if version() == "2.3":
            self.wait_configured()
        return self

    def wait_configured(self):
        """Dovecot 2.3 reads its configuration when a process asks for it first. It keeps it then, whatever becomes of the file."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(PATIENCE)
            asked.connect(str(self.folder / "run" / "config"))
            asked.sendall(b"VERSION\tconfig\t2\t0\nREQ\n")
            told = b""
            while not told.endswith(b"\n\n"):
                part = asked.recv(65536)
                assert part, self.text()
                told += part

    def is_up(self):
        """It writes its process id once all its sockets are listened on and it takes signals."""
        try:
            return (self.folder / "run" / "master.pid").read_text() == f"{self.process.pid}\n"
        except FileNotFoundError:
            return False

    def begin_reload(self):
        """Returns once Dovecot knows of it."""
        count = len(self.lines("SIGHUP received"))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(self.lines("SIGHUP received")) > count, "Dovecot's reload")

    def reload(self):
        """Returns once no login or auth process from before takes a client. Such a login fails: the mail process asks the
        new auth process about it, which knows nothing of it ("Internal login failure")."""
        before = [pid for pid, name in children(self.process.pid).items() if name == "auth" or "-lo" in name]
        self.begin_reload()
        wait_for(lambda: not any(takes_clients(pid) for pid in before), "the old processes' end of taking clients")

    def stop(self):
        """Dovecot waits a few seconds for its processes. A slower one would keep the next Dovecot off a port; one with a client
        may outlive it. In Dovecot 2.4 that one may go on listening: it is ended."""
        kill_and_wait(self.process)
        self.stopped, self.process = self.process or self.stopped, None
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not any(map(holds_listener, self.left())), "Dovecot's processes to leave its ports", PATIENCE / 4)
        for pid in filter(holds_listener, self.left()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(holds_listener, self.left())), "Dovecot's processes to leave its ports")

    def left(self):
        """After stop(): its processes that have not ended."""
        return [pid for pid, _, _, group in running() if self.stopped is not None and group == self.stopped.pid]

    def wait_ended(self):
        """After stop(), once nobody is connected to its auth process: the process that writes the log ends last."""
        wait_group_ended(self.stopped, "Dovecot")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def texts(self):
        return [path.read_text(errors="replace") for path in (self.folder / "log", self.folder / "console") if path.exists()]

    def text(self):
        return "".join(self.texts())

    def lines(self, pattern):
        return [line for text in self.texts() for line in whole_lines(text) if re.search(pattern, line)]

    def imap_login(self, login, password, listener="imaps"):
        """Logs in, opens INBOX, leaves."""
        client = imaplib.IMAP4_SSL("127.0.0.1", self.ports[listener], ssl_context=client_context())
        client.login(login, password)
        assert client.select()[0] == "OK"
        client.logout()

    def pop3_login(self, login, password):
        client = poplib.POP3_SSL("127.0.0.1", self.ports["pop3s"], context=client_context())
        client.user(login)
        client.pass_(password)
        client.quit()
