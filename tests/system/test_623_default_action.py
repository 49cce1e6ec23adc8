"""What Postfix makes of a default_action at the end of data while nobody answers, and that check says the same of it."""
import pytest

import rig
from rig import end_of_message as eom
from rig.checked import Checked

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

# what stands in braces behind check_policy_service, what a client is told, whether check has nothing to say of it
SPELLINGS = [
    ("timeout=2s, { default_action = 421 4.3.5 Away }", "421 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Away", True),
    ("{default_action=421 4.3.5 Away},timeout=2s", "421 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Away", True),
    ("timeout=2s { default_action = 521 5.3.5 Away }", "521 5.3.5 <END-OF-MESSAGE>: End-of-data rejected: Away", True),
    ("timeout=2s, { default_action = 421 Away }", "421 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: Away", True),
    ("timeout=2s, { default_action = 421\t4.3.5 Away }", "421 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Away", True),
    ("timeout=2s, default_action=421", "250 2.0.0 Ok", False),
    ("timeout=2s, { default_action = {421 4.3.5 Away} }", "451 4.3.5 Server configuration error", False),
    ("timeout=2s, default_action={421 4.3.5 Away}", "451 4.3.5 Server configuration error", False),
    ("timeout=2s, { default_action = 4217 4.3.5 Away }", "451 4.3.5 Server configuration error", False),
    ("timeout=2s, { default_action = 451 4.3.5 Away }", "451 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Away", False),
    ("timeout=2s, { default_action = 421 4.3.5 Away }, { default_action = 550 5.3.5 Late }",
     "550 5.3.5 <END-OF-MESSAGE>: End-of-data rejected: Late", False),
    ("timeout=2s, default_action=REJECT", "554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied", False),
    ("timeout=2s, default_action=DEFER", "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied", False),
    ("timeout=2s, default_action=reject", "554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied", False),
    ("timeout=2s, default_action=DEFER_IF_PERMIT",
     "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: Service unavailable", False),
    ("timeout=2s, default_action=DEFER_IF_REJECT", "250 2.0.0 Ok", False),
    ("timeout=2s, default_action=reject_unauth_destination", "250 2.0.0 Ok", False),
    ("timeout=2s", "451 4.3.5 <END-OF-MESSAGE>: End-of-data rejected: Server configuration problem", False),
]
POLICY = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "xn--bcher-kva.test" { type = Authoritative }
connector "All" {
    bindings = { %s }
    auth_mechanism = { Tls }
    permission_groups = { AnonymousUsers }
}
"""


class Site(Checked):
    """A listener for each spelling; the questions at RCPT are not asked, as they would be those that get no answer."""

    def __init__(self, folder):
        self.spelled = [rig.free_port() for _ in SPELLINGS]
        super().__init__(folder, POLICY % ", ".join(f'"*:{port}"' for port in self.spelled))
        lists = {port: f"{{ unix:{self.postfix.policy_socket}, {spelling} }}".replace("\t", " \t")
                 for port, (spelling, _, _) in zip(self.spelled, SPELLINGS)}
        self.configure(main="smtpd_sender_restrictions =\nsmtpd_relay_restrictions = reject_unauth_destination\n", replaced=[
            (f"{port} inet n - n - - smtpd\n", f"{port} inet n - n - - smtpd\n"
             f"  -o {{ smtpd_end_of_data_restrictions = check_policy_service {lists[port]} }}\n")
            for port in self.spelled])


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder)
    try:
        yield made
    finally:
        made.stop()


def test_check_knows_which_default_actions_smtpd_outlives(site):
    _, findings = site.check_postfix()
    found = {f["setting"]: f for f in findings if f["setting"].endswith("/smtpd_end_of_data_restrictions")}
    for port, (spelling, _, sound) in zip(site.spelled, SPELLINGS):
        finding = found.get(f"{port}/inet/smtpd_end_of_data_restrictions")
        assert (finding is None) == sound, (spelling, finding)
        if finding is not None:
            assert finding["severity"] == "error"
            assert "{ default_action = 421 4.3.5 Server configuration problem } }" in finding["fix"]


def test_postfix_takes_the_default_actions_so(site):
    site.daemon.stop()
    site.postfix.start()
    clients = [rig.Smtp(port) for port in site.spelled]
    try:
        for client in clients:
            client.hello()
            assert client.mail(eom.SENDER).startswith("250")
            assert client.rcpt(eom.MARY).startswith("250")
            client.expect("354", "DATA")
        for client in clients:
            client.send("Subject: default action\r\n\r\nhello\r\n.\r\n")
        told = [(spelling, client.reply()) for client, (spelling, _, _) in zip(clients, SPELLINGS)]
    finally:
        for client in clients:
            client.close()
    for (spelling, reply), (_, expected, _) in zip(told, SPELLINGS):
        assert reply.startswith(expected), spelling
