"""The milter in Postfix's configuration: `show` and `setup` write it, `check` finds what keeps it from being asked."""
import re

import pytest

import rig
from rig.ports import listens_at
from rig.stock import AUDIT_POLICY, POLICY, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

ITEM = "{ unix:mailwicket/milter, protocol=6, content_timeout=30s, default_action=%s }"
ENFORCED, HARMLESS = ITEM % "tempfail", ITEM % "accept"
FORGED = b"From: mary@example.test\r\nTo: mary@example.test\r\nSubject: forged\r\n\r\nhello\r\n"


class Site(Stock):
    def __init__(self, folder, policy=POLICY, main="", options=""):
        super().__init__(folder, policy, milter=True)
        etc = self.postfix.etc
        (etc / "main.cf").write_text((etc / "main.cf").read_text() + main)
        if options:
            master = (etc / "master.cf").read_text()
            (etc / "master.cf").write_text(master + f"{self.ports['submission']} inet n - n - - smtpd\n" + options)
        self.postfix.age()

    def option(self, name):
        """What the listener for submission has below it, or None."""
        for line in self.postfix.postconf("-P").splitlines():
            service, _, value = line.partition(" = ")
            if service.startswith(f"{self.ports['submission']}/") and service.endswith(f"/{name}"):
                return value
        return None

    def applied(self):
        told = self.setup("--apply")
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
        self.postfix.age()

    def found(self):
        return [what for severity, setting, what in self.check()[1] if "milter" in setting]


@pytest.fixture
def site(folder):
    made = []

    def make(*arguments, **options):
        made.append(Site(folder, *arguments, **options))
        return made[0]
    yield make
    for one in made:
        one.stop()


def test_setup_makes_postfix_ask_it_and_a_forged_from_is_refused(site):
    stock = site()
    before = stock.tree()
    stock.applied()
    assert stock.option("smtpd_milters") == ENFORCED
    assert "smtpd_milters" not in stock.postfix.postconf("-n"), "other listeners have none"
    assert stock.check() == (0, [])
    assert stock.setup("--apply").stdout == "nothing to do\n"

    stock.dovecot.start()
    stock.postfix.ports = [stock.ports["smtp"], stock.ports["submission"]]
    stock.postfix.start()
    rig.wait_for(lambda: listens_at(stock.postfix.auth_socket), "Dovecot's auth socket")
    with stock.client("submission", login="bob") as smtp:
        assert smtp.ask("bob@example.test", "mary@example.test").startswith("250")
        assert smtp.data(FORGED) == \
            "550 5.7.1 Client does not have permissions to send on behalf of the from address"
        assert smtp.deliver("bob@example.test", "mary@example.test", subject="his own").startswith("250")
    stock.postfix.wait_delivered("his own")
    with stock.client("smtp") as stranger:
        assert stranger.deliver("x@example.net", "bob@example.test", subject="from outside").startswith("250")
    stock.postfix.wait_delivered("from outside")

    assert stock.undo().returncode == 0
    assert stock.tree() == before


def test_a_policy_without_a_milter_leaves_postfix_s_as_they_are(folder):
    stock = Stock(folder)
    try:
        with (stock.postfix.etc / "main.cf").open("a") as file:
            file.write("smtpd_milters = inet:127.0.0.1:8891\n")
        assert "milter" not in re.sub(r"(?m)^[^+-].*", "", stock.setup().stdout)
        assert "smtpd_milters" not in stock.daemon.cli("show", "--postfix").stdout
    finally:
        stock.stop()


def test_show_has_it_at_the_listeners_of_users(site):
    stock = site()
    shown = stock.daemon.cli("show", "--postfix").stdout
    entries = re.split(r"(?m)^# connector ", shown)
    lines = [re.findall(r"(?m)^  -o \{ smtpd_milters = (.*) \}$", entry) for entry in entries[1:]]
    wanted = ENFORCED.replace("mailwicket/milter", str(stock.postfix.queue / "mailwicket/milter"))
    assert lines == [[], [wanted], [wanted]], "of 587 and of 465"


def test_an_audit_is_wired_to_be_harmless_and_both_change_together(site):
    stock = site(AUDIT_POLICY)
    stock.applied()
    assert stock.option("smtpd_milters") == HARMLESS
    assert stock.found() == []
    stock.daemon.write_policy(stock.policy_text(POLICY))
    stock.daemon.reload()
    assert "without an answer of mailwicketd's milter, mail is accepted" in stock.found()
    stock.applied()
    assert stock.option("smtpd_milters") == ENFORCED
    assert stock.found() == []


def test_the_milters_that_are_there_come_behind_it(site):
    stock = site(main="smtpd_milters = inet:127.0.0.1:8891, { unix:rspamd/rspamd.sock, default_action=tempfail }\n"
                 "milter_default_action = tempfail\n")
    stock.applied()
    assert stock.option("smtpd_milters") == \
        f"{ENFORCED}, inet:127.0.0.1:8891, {{ unix:rspamd/rspamd.sock, default_action=tempfail }}"
    assert stock.found() == []


def test_a_name_of_main_cf_in_the_list_stays_one(site):
    stock = site(main="signer = inet:127.0.0.1:8891\nsmtpd_milters = $signer\nmilter_default_action = tempfail\n")
    stock.applied()
    assert f"smtpd_milters = {ENFORCED}, $signer" in (stock.postfix.etc / "master.cf").read_text()
    assert stock.found() == []


def test_where_no_milter_was_asked_it_is_the_only_one(site):
    stock = site(main="smtpd_milters = inet:127.0.0.1:8891\n",
                 options="  -o receive_override_options=no_milters,no_unknown_recipient_checks\n")
    stock.applied()
    assert stock.option("smtpd_milters") == ENFORCED
    assert stock.option("receive_override_options") == "no_unknown_recipient_checks"
    assert stock.found() == []


def test_one_that_the_policy_has_no_longer_is_an_error_and_goes(site):
    stock = site(main="smtpd_milters = inet:127.0.0.1:8891\nmilter_default_action = tempfail\n")
    stock.applied()
    stock.daemon.sections = re.sub(r"\nmilter .*\n", "\n", stock.daemon.sections)
    stock.daemon.write_policy(stock.policy_text())
    stock.daemon.reload()
    assert "a milter of mailwicketd is asked, and the policy has none there" in stock.found()
    stock.applied()
    assert stock.option("smtpd_milters") == "inet:127.0.0.1:8891"
    assert stock.found() == []


@pytest.mark.parametrize("setting, value", [("smtpd_proxy_filter", "127.0.0.1:10025"),
                                            ("smtpd_milter_maps", "inline:{127.0.0.1=DISABLE}"),
                                            ("smtpd_milter_maps", "static:DISABLE"), ("cleanup_replace_stray_cr_lf", "no"),
                                            ("milter_macro_defaults", "{daemon_port}=587")])
def test_what_keeps_it_from_being_asked_is_an_error(site, setting, value):
    stock = site()
    stock.applied()
    with (stock.postfix.etc / "main.cf").open("a") as file:
        file.write(f"{setting} = {value}\n")
    stock.postfix.age()
    assert ("error", setting, f"{setting} is {value}") in \
        [(severity, name.split("/")[-1], what) for severity, name, what in stock.check()[1]]
