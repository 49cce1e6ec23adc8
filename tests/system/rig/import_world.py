"""Servers whose sender rules are imported: what a real smtpd and mailwicketd say of the pairs that `import postfix` compared.

    world = ImportWorld(folder, main, {"senders": "a@example.test a\\n"}, users=["a"])
    told = world.run_import()
    world.smtpd(told["proof"]["compared"])         # [True, False, ...], of a real Postfix, by XCLIENT
    world.mailwicketd(told["proof"]["compared"])   # the same, of mailwicketd with what was imported
"""
import json
import re

from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot
from rig.ports import free_port
from rig.postfix import Postfix
from rig.smtp import Smtp

# RCPT that is permitted would wait a second for the queue manager, which gets no message here: in_flow_delay.
MAIN = """\
myorigin = example.test
mydestination = example.test, mx.example.test, localhost
recipient_delimiter = +
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = no
smtpd_authorized_xclient_hosts = 127.0.0.1
in_flow_delay = 0
smtpd_hard_error_limit = 1000000
smtpd_soft_error_limit = 1000000
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_restrictions = reject_sender_login_mismatch
virtual_mailbox_maps =
virtual_mailbox_domains =
"""
AWAY = "someone@elsewhere.example"
REFUSED = "553 5.7.1"


class ImportWorld:
    def __init__(self, folder, main, tables, users):
        self.folder = folder
        self.postfix = Postfix(folder)
        self.port = free_port()
        for name, text in tables.items():
            (self.postfix.etc / name).write_text(text)
        self.postfix.write_plain({"smtp": self.port}, self.merged(main.replace("@ETC@", str(self.postfix.etc))))
        self.dovecot = PrivateDovecot(folder, policy=None, users=dict.fromkeys(users, "x"), postfix=self.postfix,
                                      wires_postfix=False, modules=False, protocols=["imap"])
        self.daemon = Daemon("", None, folder, start=False)
        self.daemon.socket_path = self.postfix.policy_socket
        for path in self.daemon.policy, self.daemon.directory:
            path.unlink(missing_ok=True)

    @staticmethod
    def merged(main):
        """The usual settings without those of `main`, and those."""
        return Postfix.without_replaced(MAIN, main) + main

    def run_import(self, *words):
        done = self.daemon.cli("import", "postfix", "--postfix-config", self.postfix.etc, "--dovecot-config",
                               self.dovecot.config, "--apply", "--json", "--pairs", *words)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def check(self):
        return self.daemon.cli("check", "--policy-only")

    # --- the real smtpd

    def start(self):
        self.dovecot.start()
        self.postfix.start()

    def smtpd(self, pairs):
        """Whether Postfix lets each login send as its sender, in the order of the pairs."""
        answers = [None] * len(pairs)
        logins = {}
        for number, pair in enumerate(pairs):
            logins.setdefault(pair["login"], []).append(number)
        for login, numbers in logins.items():
            with Smtp(self.port) as client:
                client.hello()
                client.expect("220", f"XCLIENT LOGIN={login}")
                client.hello()
                for number in numbers:
                    answer = client.ask(pairs[number]["sender"], AWAY)
                    assert answer.startswith(("250 ", REFUSED)), (pairs[number], answer)
                    answers[number] = answer.startswith("250")
        return answers

    # --- mailwicketd

    def serve(self):
        """mailwicketd with what was imported, enforced."""
        text = re.sub(r"(?m)^ *mode = audit\n", "", self.daemon.policy.read_text())
        self.daemon.write(self.daemon.policy, text.replace(
            "\ndirectory {\n", f'\ndirectory {{\n    path = "{self.daemon.published}"\n', 1))
        self.daemon.sync()
        self.daemon.start()

    def mailwicketd(self, pairs):
        told = []
        for pair in pairs:
            action = self.daemon.request(sasl_username=pair["login"], sender=pair["sender"], recipient=AWAY,
                                         server_address="127.0.0.1", server_port=str(self.port), client_address="192.0.2.7")
            told.append(action in ("DUNNO", "OK"))
        return told

    def close(self):
        self.daemon.kill()
        self.postfix.stop()
        self.dovecot.stop()
