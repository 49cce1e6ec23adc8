"""Where the policy leaves it to Postfix who may send as whom: whom its restrictions free from the comparison, and whom they
refuse beside it. Bob logs in and sends as ceo, from an address of mynetworks and from another one."""
import pytest

import rig
from rig.dovecot import version
from rig.past_policy import Site
from rig.pasted import paste

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]

POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative  local_names = { "[127.0.0.1]" } }
connector "Everybody" {
    bindings = { "*:$smtp", "*:$submission" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { AnonymousUsers, ExchangeUsers }
    $grant
}
"""
LEFT = POLICY.replace("$grant", "grant_permissions = { Accept-Any-Sender, Accept-Authoritative-Domain-Sender }")
CEO, BOB = "ceo@example.test", "bob@example.test"
NEAR, FAR = "127.0.0.2", "127.0.0.3"
MAIN = f"mynetworks = {NEAR}/32\nsmtpd_sender_login_maps = inline:{{{{{CEO}=ceo}}, {{{BOB}=bob}}}}\n"
SENDER, RECIPIENT, DATA = "smtpd_sender_restrictions", "smtpd_recipient_restrictions", "smtpd_data_restrictions"


class Comparing(Site):
    """`$ETC` in a configuration is Postfix's folder."""

    def __init__(self, folder, policy=LEFT):
        super().__init__(folder, policy)
        self.daemon.start()
        self.dovecot.start()

    def compare(self, main, options=None):
        self.configure(main=MAIN + main.replace("$ETC", str(self.postfix.etc)), options=options)

    def told(self, name="senders-not-compared"):
        return [found for found in self.check()[1]["findings"] if found["id"] == name]

    def paste(self, name="senders-not-compared"):
        """What the first of that name says, until there is none: a line for each listener."""
        for _ in range(len(self.told(name))):
            paste(self.told(name)[0])
        assert self.told(name) == []

    def answer(self, source, sender=CEO, login="bob", listener="smtp"):
        """To the message, whichever command it is that Postfix refuses."""
        with self.client(listener, login=login, source=source, tls=True) as client:
            reply = client.mail(sender)
            reply = client.rcpt(BOB) if reply.startswith("250") else reply
            reply = client.command("DATA") if reply.startswith("250") else reply
        return reply[:3]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Comparing(module_folder)
    (made.postfix.etc / "clients.cidr").write_text(f"{NEAR}/32 OK\n")
    yield made
    made.stop()


# What stands before the comparison: permits NEAR, and not FAR.
FREES = {
    "permit_mynetworks": (f"{SENDER} = permit_mynetworks, reject_sender_login_mismatch\n", "permit_mynetworks"),
    "in capitals, over lines": (f"{RECIPIENT} =\n  Permit_MyNetworks\n# in between\n\tReject_Authenticated_Sender_Login_Mismatch,\n",
                                "Permit_MyNetworks"),
    "behind warn_if_reject": (f"{SENDER} = warn_if_reject permit_mynetworks reject_sender_login_mismatch\n",
                              "warn_if_reject permit_mynetworks"),
    "in a class": (f"smtpd_restriction_classes = near\nnear = permit_mynetworks\n{SENDER} = near, "
                   "reject_authenticated_sender_login_mismatch\n", "permit_mynetworks"),
    "at DATA": (f"{DATA} = permit_mynetworks, reject_sender_login_mismatch\n", "permit_mynetworks"),
    "by a $name": (f"near = permit_mynetworks\n{SENDER} = $near reject_sender_login_mismatch\n", "permit_mynetworks"),
    "a table in the list": (f"{SENDER} = check_client_access inline:{{ {{ {NEAR} = OK }}, 192.0.2.1=REJECT }}, "
                            "reject_sender_login_mismatch\n", "check_client_access inline:"),
    "in both lists that compare": (f"{SENDER} = permit_mynetworks, reject_sender_login_mismatch\n"
                                   f"{RECIPIENT} = permit_mynetworks reject_authenticated_sender_login_mismatch\n",
                                   "permit_mynetworks"),
    "known senders": (f"{SENDER} = permit_mynetworks, reject_known_sender_login_mismatch\n", "permit_mynetworks"),
}


@pytest.mark.parametrize("main,word", FREES.values(), ids=FREES)
def test_who_is_freed_from_the_comparison_is_told_and_the_fix_compares(site, main, word):
    site.compare(main)
    found = site.told()
    assert {row["severity"] for row in found} == {"error"}, found
    assert all(row["what"].startswith(word) and " stands before " in row["what"] for row in found), found
    with site:
        assert [site.answer(NEAR), site.answer(FAR)] == ["354", "553"]
        unknown = site.answer(NEAR, "bob@foreign.test")
        stranger = [site.answer(source, CEO, login=None) for source in (NEAR, FAR)]
    site.paste()
    with site:
        assert [site.answer(NEAR), site.answer(FAR)] == ["553", "553"]
        assert site.answer(NEAR, BOB) == "354"
        assert [site.answer(source, CEO, login=None) for source in (NEAR, FAR)] == stranger
        if "known" in main:
            assert site.answer(NEAR, "bob@foreign.test") == unknown == "354"


@pytest.mark.parametrize("main", [
    f"{SENDER} = check_client_access cidr:$ETC/clients.cidr, reject_sender_login_mismatch\n",
    f"{SENDER} = cidr:$ETC/clients.cidr reject_sender_login_mismatch\n",
    f"{SENDER} = check_policy_service {{ inet:127.0.0.1:1, default_action=OK }}, reject_sender_login_mismatch\n",
], ids=["a table", "a table alone", "a service"])
def test_what_may_free_somebody_is_a_note(site, main):
    site.compare(main)
    found = site.told()
    assert {row["severity"] for row in found} == {"note"} and all("where it answers OK" in row["why"] for row in found), found
    site.paste()


SOUND = {
    "behind the comparison": f"{SENDER} = reject_sender_login_mismatch, permit_mynetworks\n",
    "in another list": f"smtpd_client_restrictions = permit_mynetworks\n{SENDER} = reject_sender_login_mismatch\n",
    "compared in a second list": f"{SENDER} = permit_mynetworks, reject_sender_login_mismatch\n"
                                 f"{RECIPIENT} = reject_authenticated_sender_login_mismatch\n",
    "a table that permits nobody": f"{SENDER} = check_client_access inline:{{{NEAR}=DUNNO}}, reject_sender_login_mismatch\n",
    "a table whose OK does not count": f"{SENDER} = check_sender_mx_access cidr:$ETC/clients.cidr, reject_sender_login_mismatch\n",
    "certificates that nobody is asked for": f"{SENDER} = permit_tls_clientcerts, reject_sender_login_mismatch\n",
    "a table that compares": f"{SENDER} = check_sasl_access static:reject_sender_login_mismatch, permit_mynetworks\n",
}


@pytest.mark.parametrize("main", SOUND.values(), ids=SOUND)
def test_who_is_compared_all_the_same_is_no_finding(site, main):
    site.compare(main)
    assert site.told() == []
    with site:
        assert [site.answer(NEAR), site.answer(FAR)] == ["553", "553"]


def test_a_network_that_no_client_of_the_connector_has_frees_nobody(folder):
    made = Comparing(folder, LEFT.replace("    auth_", '    remote_ip_ranges = { "192.0.2.0/24" }\n    auth_'))
    try:
        made.compare(f"{SENDER} = permit_mynetworks, reject_sender_login_mismatch\n")
        assert made.told() == []
    finally:
        made.stop()
