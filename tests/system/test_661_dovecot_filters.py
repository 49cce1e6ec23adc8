"""What takes the policy out of Dovecot in a filter, a group or a passdb of ours: the attack, and the finding."""
import imaplib
import poplib
import re

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.mailsite import WORLD_POLICY

GENERATION = version()
pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(GENERATION is None, reason="no Dovecot on this machine"),
]

# Dovecot itself would let a password through in clear: what keeps it off is the login plugin.
POLICY = WORLD_POLICY + 'login "elsewhere" { remote = { "192.0.2.1" } login_type = PlainTextLogin }\n'
OUT = {"2.3": "login_plugins =\n", "2.4": "login_plugins {\n  mailwicket = no\n}\n"}[GENERATION or "2.3"]
ANYBODY = {
    "2.3": "passdb {\n  driver = static\n  args = nopassword\n}\n",
    "2.4": "passdb anybody {\n  driver = static\n  fields {\n    nopassword = yes\n  }\n}\n",
}[GENERATION or "2.3"]


def row(name, *values, only=None):
    """A parameter set; only="2.4": Dovecot 2.3 has no such syntax."""
    return pytest.param(*values, id=name, marks=[] if only is None else [pytest.mark.only(only)])


only_2_4 = pytest.mark.only("2.4")  # Dovecot 2.3 has no such syntax


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder, POLICY, protocols=("imap", "pop3"))
    made.configure()
    assert made.daemon.cli("sync").returncode == 0
    made.sound = made.dovecot.config.read_text()
    yield made
    made.stop()


def ours(text, lines):
    """With more lines in our passdb."""
    assert "  driver = mailwicket\n" in text
    return text.replace("  driver = mailwicket\n", "  driver = mailwicket\n" + lines, 1)


def grouped(text, group, *, root=""):
    """2.4: with a group of settings, included where `text` says so, or at the root."""
    return text + f"group @ours some {{\n{group}}}\n{root}"


class Attacked:
    """The site's Dovecot with another configuration."""

    def __init__(self, site, text):
        self.dovecot = site.dovecot
        self.dovecot.config.write_text(text)

    def __enter__(self):
        self.dovecot.start()
        return self

    def __exit__(self, *_):
        self.dovecot.stop()

    def in_clear(self, protocol="imap"):
        """A password in clear is "refused" by the login plugin, or "asked" about: it reached the auth process."""
        if protocol == "pop3":
            client = poplib.POP3("127.0.0.1", self.dovecot.ports["pop3"])
            try:
                client.user("bob")
                client.pass_("wrong")
            except poplib.error_proto as error:
                return "asked" if "Authentication failed" in str(error) else "refused"
        client = imaplib.IMAP4("127.0.0.1", self.dovecot.ports["imap"])
        try:
            client.login("bob", "wrong")
        except imaplib.IMAP4.error as error:
            return "asked" if "AUTHENTICATIONFAILED" in str(error) else "refused"
        raise AssertionError("a wrong password was accepted")

    def pop3(self, login, password="right-password"):
        """Over TLS: whether it logs in."""
        try:
            client = poplib.POP3_SSL("127.0.0.1", self.dovecot.ports["pop3s"], context=rig.client_context())
            client.user(login)
            client.pass_(password)
        except poplib.error_proto:
            return False
        client.quit()
        return True


def test_a_sound_configuration_has_no_finding_and_holds(site):
    assert site.check_dovecot(site.sound) == (0, [])
    with Attacked(site, site.sound) as attacked:
        assert attacked.in_clear() == "refused"
        assert not attacked.pop3("eve")
        assert attacked.pop3("bob")


PLUGIN = [
    row("a protocol", lambda text: text + f"protocol imap {{\n{OUT}}}\n", "protocol imap/login_plugins", True),
    row("all protocols but one", lambda text: text + f"protocol !pop3 {{\n{OUT}}}\n",
        "protocol !pop3/login_plugins", True),
    row("another list for a protocol", lambda text: text + "protocol imap {\nlogin_plugins =\n}\n",
        "protocol imap/login_plugins", True),
    row("an address of the server", lambda text: text + f"local 127.0.0.1 {{\n{OUT}}}\n",
        "local 127.0.0.1/login_plugins", False),
    row("an address of the client", lambda text: text + f"remote 127.0.0.0/8 {{\n{OUT}}}\n",
        "remote 127.0.0.0/8/login_plugins", False),
    row("a protocol at an address", lambda text: text + f"local 127.0.0.1 {{\nprotocol imap {{\n{OUT}}}\n}}\n",
        "local 127.0.0.1/protocol imap/login_plugins", False),
    row("a group for a protocol", lambda text: grouped(text, OUT) + "protocol imap {\n@ours = some\n}\n",
        "group @ours some/login_plugins", True, only="2.4"),
]


@pytest.mark.parametrize("change,setting,effective", PLUGIN)
def test_a_filter_without_the_login_plugin_is_found(site, change, setting, effective):
    text = change(site.sound)
    code, findings = site.check_dovecot(text)
    assert [(severity, where) for severity, where, _ in brief(findings)] == \
        [("error" if effective else "warning", setting)], brief(findings)
    assert code == (1 if effective else 0)
    with Attacked(site, text) as attacked:
        assert attacked.in_clear() == ("asked" if effective else "refused")
        assert attacked.in_clear("pop3") == "refused"


@only_2_4
@pytest.mark.parametrize("change", [
    lambda text: text + "protocol imap {\nlogin_plugins {\nother = no\n}\n}\n",
    lambda text: text + "protocol imap {\nlogin_plugins = mailwicket\n}\n",
    lambda text: text + "protocol lmtp {\nlogin_plugins = other\n}\n",
    lambda text: grouped(text, OUT),
    lambda text: grouped(text, OUT, root="@ours = some\n"),
], ids=["another plugin is taken out", "the list again", "no login protocol", "an unused group",
        "a group that the root outdoes"])
def test_a_filter_that_keeps_the_login_plugin_is_no_finding(site, change):
    text = change(site.sound)
    assert site.check_dovecot(text) == (0, [])
    with Attacked(site, text) as attacked:
        assert attacked.in_clear() == "refused"


# The change, the setting, what happens to eve, who has pop3=no: in or not; None: nobody gets in.
PASSDB = [
    row("skipped unless authenticated", lambda text: ours(text, "  skip = unauthenticated\n"),
        "passdb mailwicket/skip", True),
    row("skipped when authenticated", lambda text: ours(text, "  skip = authenticated\n"),
        "passdb mailwicket/skip", False),
    row("one that denies", lambda text: ours(text, "  deny = yes\n"), "passdb mailwicket/deny", None),
    row("for master users", lambda text: ours(text, "  master = yes\n"), "passdb mailwicket/master", False),
    row("another in a protocol", lambda text: text + f"protocol pop3 {{\n{ANYBODY}}}\n",
        "protocol pop3/passdb", False),
    row("another in all protocols but one", lambda text: text + f"protocol !imap {{\n{ANYBODY}}}\n",
        "protocol !imap/passdb", False),
    row("one that denies, in a protocol", lambda text: text +
        "protocol pop3 {\npassdb mailwicket {\ndeny = yes\n}\n}\n", "protocol pop3/passdb mailwicket/deny", None,
        only="2.4"),
    row("a result in a protocol", lambda text: text +
        "protocol pop3 {\npassdb mailwicket {\nresult_failure = continue\n}\n}\n",
        "protocol pop3/passdb mailwicket/result_failure", False, only="2.4"),
    row("a result that ends it, in a protocol", lambda text: text +
        "protocol pop3 {\npassdb mailwicket {\nresult_success = return-ok\n}\n}\n",
        "protocol pop3/passdb mailwicket/result_success", False, only="2.4"),
    row("skipped in a protocol", lambda text: text +
        "protocol pop3 {\npassdb mailwicket {\nskip = unauthenticated\n}\n}\n",
        "protocol pop3/passdb mailwicket/skip", False, only="2.4"),
    row("another driver in a protocol", lambda text: text +
        "protocol pop3 {\npassdb mailwicket {\ndriver = static\nfields {\nnopassword = yes\n}\n}\n}\n",
        "protocol pop3/passdb mailwicket/driver", False, only="2.4"),
    row("some mechanisms", lambda text: ours(text, "  mechanisms_filter {\n    cram-md5 = yes\n  }\n"),
        "passdb mailwicket/mechanisms_filter", False, only="2.4"),
    row("deny for all passdbs", lambda text: text + "passdb_deny = yes\n", "passdb_deny", None, only="2.4"),
    row("deny for all passdbs of a protocol", lambda text: text + "protocol pop3 {\npassdb_deny = yes\n}\n",
        "protocol pop3/passdb_deny", None, only="2.4"),
    row("skip by a group in the passdb", lambda text: grouped(
        ours(text, "  @ours = some\n"), "passdb_skip = unauthenticated\n"), "group @ours some/passdb_skip", True,
        only="2.4"),
    row("skip by a group at the root", lambda text: grouped(
        text, "passdb mailwicket {\n  skip = unauthenticated\n}\n", root="@ours = some\n"),
        "group @ours some/passdb mailwicket/skip", True, only="2.4"),
]


@pytest.mark.parametrize("change,setting,outcome", PASSDB)
def test_a_passdb_that_means_something_else_is_found(site, change, setting, outcome):
    text = change(site.sound)
    code, findings = site.check_dovecot(text)
    assert [(severity, where) for severity, where, _ in brief(findings)] == [("error", setting)], brief(findings)
    assert code == 1
    with Attacked(site, text) as attacked:
        assert attacked.pop3("eve") is bool(outcome)
        assert attacked.pop3("bob") is (outcome is not None)


@pytest.mark.parametrize("change", [
    lambda text: ours(text, "  skip = never\n  deny = no\n  master = no\n"),
    pytest.param(lambda text: text + "protocol pop3 {\npassdb passwd-file {\nuse_cache = no\n}\n}\n", marks=only_2_4),
    pytest.param(lambda text: text + "protocol pop3 {\npassdb mailwicket {\nresult_failure = return-fail\n}\n}\n",
                 marks=only_2_4),
    pytest.param(lambda text: ours(text, "  skip = never\n") + "passdb_skip = never\n", marks=only_2_4),
], ids=["the defaults by name", "another passdb's setting", "ours again", "a default for all"])
def test_a_passdb_that_means_the_same_is_no_finding(site, change):
    text = change(site.sound)
    assert site.check_dovecot(text) == (0, [])
    with Attacked(site, text) as attacked:
        assert not attacked.pop3("eve")
        assert attacked.pop3("bob")


def blocks(text):
    """The passdbs of the site, ours first, and the text without them."""
    found = re.findall(r"(?m)^passdb.*\{\n(?:  .*\n)+\}\n", text)
    assert len(found) == 2 and "driver = mailwicket\n" in found[0], found
    return *found, text.replace(found[0], "").replace(found[1], "")


def filtered(text, *, guarded=("pop3", "!pop3"), behind=True):
    """With the passdbs in filters alone: ours in `guarded`, the one that checks passwords behind it, or in front."""
    own, other, rest = blocks(text)
    for name in "pop3", "!pop3":
        first = own.replace("passdb mailwicket", "passdb ours-" + name.replace("!", "not-")) if name in guarded else ""
        rest += f"protocol {name} {{\n{first + other if behind else other + first}}}\n"
    return rest


def test_passdbs_in_filters_alone_hold_with_ours_first_in_each(site):
    text = filtered(site.sound)
    assert site.check_dovecot(text) == (0, [])
    with Attacked(site, text) as attacked:
        assert not attacked.pop3("eve")
        assert attacked.pop3("bob")
        attacked.dovecot.imap_login("bob", "right-password")


@pytest.mark.parametrize("guarded,behind,settings", [
    (["pop3"], True, ["protocol !pop3/passdb"]),
    (["!pop3"], True, ["protocol pop3/passdb"]),
    ([], True, ["protocol pop3/passdb", "protocol !pop3/passdb"]),
    (["pop3"], False, ["protocol pop3/passdb", "protocol pop3/passdb", "protocol !pop3/passdb"]),
], ids=["not for the others", "not for pop3", "nowhere", "behind"])
def test_each_filter_with_passdbs_needs_ours_before_them(site, guarded, behind, settings):
    code, findings = site.check_dovecot(filtered(site.sound, guarded=guarded, behind=behind))
    assert (code, [where for severity, where, _ in brief(findings) if severity == "error"]) == (1, settings)
    guards = [found for found in findings if found["id"] == "passdb-of-filter"]
    assert all(found["fix"].endswith("}") and "driver = mailwicket\n" in found["fix"] and found["place"]["how"] == "above"
               for found in guards), guards


def test_a_filter_where_nothing_stands_behind_ours_is_found(site):
    """Dovecot's auth process does not start with it."""
    own, other, rest = blocks(site.sound)
    text = rest + f"protocol pop3 {{\n{own}}}\nprotocol !pop3 {{\n{own + other}}}\n"
    code, findings = site.check_dovecot(text)
    assert (code, [(found["id"], found["setting"]) for found in findings]) == \
        (1, [("last-passdb", "protocol pop3/passdb")])
    assert site.check_dovecot(text + other)[0] == 1, "what holds outside of filters needs ours too"


@pytest.mark.parametrize("line", ["deny = yes", "skip = authenticated"])
@only_2_4
def test_a_default_counts_for_ours_in_filters_too(site, line):
    name = "passdb_" + line.partition(" ")[0]
    code, findings = site.check_dovecot(filtered(site.sound) + f"passdb_{line}\n")
    assert (code, [where for _, where, _ in brief(findings)]) == (1, [name])
