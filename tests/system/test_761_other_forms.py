"""What Postfix takes in other forms than Mailwicket judges: in audit it goes on to, once a rule is enforced it does not."""
import pytest

from rig import distribution
from rig.distribution_clients import Actions
from rig.network import CLIENT, SERVER
from rig.small_server import Day, SmallServer
from rig.smtp import Smtp

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

LEVEL_0 = "mydestination = $myhostname, localhost\nsmtpd_forbid_bare_newline = no\n"


def is_taken_with_bare_newlines(site):
    with site.network.outside(), Smtp(25, CLIENT, host=SERVER) as client:
        client.hello()
        client.expect("250", "MAIL FROM:<someone@example.net>")
        client.expect("250", "RCPT TO:<bob@example.test>")
        client.expect("354", "DATA")
        client.send("Subject: bare\n\nbare\n.\n")
        return client.reply().startswith("250")


def where_mail_to_a_short_name_goes(site):
    """A program on this host writes to bob@mail, which Postfix has always completed."""
    day = Day.__new__(Day)
    day.site, day.actions = site, Actions(site)
    day.actions.seen = day.seen
    day.actions.do_here("sendmail", day.sendmail, "bob@mail")
    return day.actions.all()["sendmail"]


@pytest.fixture
def old_site(folder):
    """Postfix as it was before 3.9, and without a compatibility_level."""
    with SmallServer("old_level", folder) as made:
        etc = made.postfix.etc
        (etc / "aliases.table").write_text("bob bob@example.test\n")
        with (etc / "main.cf").open("a") as main:
            main.write(f"{LEVEL_0}alias_maps = texthash:{etc}/aliases.table\nlocal_recipient_maps = $alias_maps\n")
        made.postfix.age()
        made.start()
        yield made


def forms(site):
    return {row["id"]: row for row in site.findings() if row["id"] in ("append-dot", "bare-newline")}


def test_in_audit_mail_to_a_short_name_goes_where_it_went(old_site):
    assert where_mail_to_a_short_name_goes(old_site) == "once at bob"
    old_site.take_over()
    assert where_mail_to_a_short_name_goes(old_site) == "once at bob"


def test_in_audit_a_client_that_ends_messages_with_bare_newlines_is_answered(old_site):
    assert is_taken_with_bare_newlines(old_site)
    old_site.take_over()
    assert is_taken_with_bare_newlines(old_site)


def test_both_forms_are_noted_in_audit_and_end_once_a_rule_is_enforced(old_site):
    old_site.take_over()
    told = forms(old_site)
    assert {name: (row["severity"], row["fix"]) for name, row in told.items()} == {
        "append-dot": ("note", ""), "bare-newline": ("note", "")}, told
    assert all("once a rule is enforced" in row["why"] for row in told.values()), told
    shown = old_site.daemon.cli("show", "--postfix").stdout
    assert "append_dot_mydomain" not in shown and "smtpd_forbid_bare_newline" not in shown
    old_site.enforce()
    assert "smtpd_forbid_bare_newline = yes" in old_site.daemon.cli("show", "--postfix").stdout
    assert forms(old_site)["bare-newline"]["severity"] == "error"
    assert old_site.setup("--apply").returncode == 0
    assert forms(old_site) == {}
    assert old_site.effective()["settings"]["append_dot_mydomain"] == "no"
