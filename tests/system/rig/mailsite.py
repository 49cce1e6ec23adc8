"""A mail site for a test: mailwicketd, Dovecot and Postfix, each private, with the policy of the install guide, set up by
`mailwicket setup`. A test that needs another policy gives its own.

    site = MailSite(folder, POLICY, DIRECTORY, {"bob@example.test": "secret"}).start()
    with site.client("submission", login="bob@example.test") as smtp:
        assert smtp.ask("bob@example.test", "mary@example.test").startswith("250")

In the policy `$smtp`, `$submission`, `$submissions` and the names in `extra` stand for ports of 127.0.0.1.
"""
import json
import string

from rig import guide
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot
from rig.ports import free_port
from rig.postfix import Postfix
from rig.smtp import Smtp
from rig.text import changed

PASSWORD = "right-password"


def login_letters(more=""):
    """A setting of Dovecot: the letters of a login, with "+" and more."""
    return f"auth_username_chars = {string.ascii_letters}{string.digits}.-_@+{more}\n"


def refused_sender(code, sender, text):
    """What the client reads where the sender question refused."""
    return f"{code} <{sender}>: Sender address rejected: {text}"


def refused_recipient(code, recipient, text):
    """What it reads where the relay question refused."""
    return f"{code} <{recipient}>: Recipient address rejected: {text}"


class MailSite:
    """`before` is in main.cf already, `master` in master.cf, when setup comes. After it `main` is appended to main.cf, and
    `replaced` are texts of both files with others in their place; `options` ({listener: {setting: value}}) wins over both.

    A class whose WIRED_BY is "show" has Postfix wired by hand with the lines that `mailwicket show` prints, in main.cf: for
    tests of what such lines are worth, which setup writes at the listeners, out of main.cf's reach."""
    WIRED_BY = "setup"

    def __init__(self, folder, policy, directory, logins, *, extra=(), before="", master="", main="", options=None,
                 replaced=(), replies="classic", **dovecot):
        self.folder = folder
        self.ports = {name: free_port() for name in ("smtp", "submission", "submissions", *extra)}
        self.postfix = Postfix(folder)
        self.policy_template, self.replies = policy, replies
        self.before, self.master, self.main, self.options, self.replaced = before, master, main, options or {}, replaced
        self.passwords = {login: PASSWORD for login in logins}
        service = (f'policy_service {{ listen = {{ "unix:{self.postfix.policy_socket}" }} socket_group = "postfix" }}')
        self.daemon = Daemon(self.policy_text(), directory, folder, start=False, sections=service)
        self.daemon.socket_path = self.postfix.policy_socket
        self.dovecot = None
        self.dovecot_options = dovecot

    def add_milter(self):
        """mailwicketd listens as a milter too, before it is started."""
        self.milter_socket = self.postfix.queue / "mailwicket" / "milter"
        self.daemon.sections += f'\nmilter {{ listen = {{ "unix:{self.milter_socket}" }} }}\n'
        self.daemon.write_policy(self.policy_text())

    def policy_text(self, template=None, replies=None):
        text = string.Template(template or self.policy_template).substitute(self.ports)
        return f"replies = {replies or self.replies}\n" + text

    def listeners(self):
        """Those that Postfix has before Mailwicket."""
        return {name: self.ports[name] for name in ("smtp", "submissions") if f'${name}"' in self.policy_template}

    def wire(self):
        """Plain servers, and the change that setup makes of them."""
        if self.WIRED_BY == "setup":
            self.postfix.write_plain(self.listeners(), self.before, self.master)
        else:
            self.postfix.write_plain({}, self.before, self.master)
            self.postfix.add_shown(self.daemon.cli("show", "--postfix").stdout, wrapped=self.ports["submissions"])
        self.dovecot = PrivateDovecot(self.folder, policy=self.daemon.policy, users=self.passwords, postfix=self.postfix,
                                      wires_postfix=self.WIRED_BY == "setup", **self.dovecot_options)

    def configure_postfix(self, main=None):
        options = {self.ports[name]: settings for name, settings in self.options.items()}
        self.postfix.configure(main=self.main if main is None else main, options=options, replaced=self.replaced)

    def start(self):
        try:
            self.daemon.start()
            self.wire()
            self.configure_postfix()
            self.dovecot.start()
            self.postfix.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.postfix.stop()
        if self.dovecot is not None:
            self.dovecot.stop()
        self.daemon.kill()

    # --- changes

    def change_policy(self, template=None, replies=None):
        """Another policy, read by mailwicketd through SIGHUP."""
        self.daemon.write_policy(self.policy_text(template, replies))
        assert self.daemon.reload(), self.daemon.text()

    def change_directory(self, text):
        """Another directory; returns once mailwicketd answers from it (it need not be told)."""
        self.daemon.write_directory(text)

    # --- clients

    def client(self, listener="submission", login=None, source="127.0.0.1", tls=None, password=PASSWORD, context=None):
        """A client that said EHLO, has TLS unless it is for port smtp or `tls` is False, and logged in as `login`."""
        implicit = listener == "submissions"
        client = Smtp(self.ports[listener], source, tls=implicit, context=context)
        client.hello()
        if not implicit and (tls if tls is not None else listener != "smtp"):
            client.starttls()
        if login is not None:
            client.log_in(login, password)
        return client

    def explain(self, *words):
        """What `mailwicket explain smtp` says, as JSON's last decision and as its text."""
        told = self.daemon.cli("--json", "explain", "smtp", *words)
        return json.loads(told.stdout)["decisions"][-1], self.daemon.cli("explain", "smtp", *words).stdout


# The world of the acceptance tests: what the guide says, and a second domain.
WORLD_MORE = """\
hostname = "mx.example.test"
recipient_delimiter = "+"
accepted_domain "xn--bcher-kva.test" { type = Authoritative }
"""
WORLD_POLICY = guide.policy() + WORLD_MORE
# The same with what setup asks for once somebody has senders=: the host's own address reaches the mailboxes too.
WORLD_LISTED = changed(WORLD_POLICY, ('"example.test" { type = Authoritative }',
                                      '"example.test" { type = Authoritative  local_names = { "[127.0.0.1]" } }'))
WORLD_DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary
user scanner@example.test message_rate_limit=unlimited relay=no
user eve@example.test login=eve smtp=no pop3=no
user ceo@example.test
user ulla@xn--bcher-kva.test login=ulla
group sales@example.test member=bob@example.test
grant send-as sales@example.test bob@example.test
grant send-on-behalf ceo@example.test mary@example.test
"""
WORLD_LOGINS = ["bob", "mary", "scanner@example.test", "eve", "ulla"]
