"""What decides stands where an administrator put it: in master.cf, in a default of old, above or in an included file."""
import json
import re

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.stock import Stock, needs_stock

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


def ids(findings):
    return [row["id"] for row in findings]


# --- Postfix

def test_an_auth_socket_of_one_listener_is_looked_for_in_dovecot(site):
    site.configure(options={"submission": {"smtpd_sasl_path": "private/of-submission"}})
    path = site.postfix.queue / "private" / "of-submission"
    found = [row for row in site.check_dovecot()[1] if row["id"] == "no-auth-listener"]
    assert [row["what"] for row in found] == [f"there is no listener {path}"]
    assert f"{site.ports['submission']}/inet of Postfix asks there" in found[0]["why"]
    listener = f"service auth {{\n  unix_listener {path} {{\n    mode = 0660\n    user = postfix\n    group = postfix\n  }}\n}}\n"
    assert ids(site.check_dovecot(site.dovecot.config.read_text() + listener)[1]) == []


@pytest.mark.parametrize("level,chrooted", [("0", True), ("0.9", True), ("1", False), ("3.6", False), ("", True)],
                         ids=["0", "below 1", "1", "3.6", "none"])
def test_a_chroot_that_nobody_wrote_is_told_from_the_level(site, level, chrooted):
    """"-" is yes below compatibility_level 1 (master(5)): then smtpd does not see a socket outside of its queue."""
    port = site.ports["submission"]
    outside = site.folder / "outside" / "policy"
    outside.parent.mkdir(exist_ok=True)
    before = site.policy_template
    site.configure(main=f"compatibility_level = {level}\n" if level else "",
                   replaced=[(f"\n{port} inet n - n", f"\n{port} inet n - -"), (str(site.postfix.policy_socket), str(outside))])
    if not level:
        path = site.postfix.etc / "main.cf"
        path.write_text(re.sub(r"(?m)^compatibility_level.*\n", "", path.read_text()))
    site.daemon.write_policy(site.policy_text(before).replace(str(site.postfix.policy_socket), str(outside)))
    try:
        policy = site.daemon.policy.read_text()
        site.daemon.policy.write_text(policy.replace(str(site.postfix.policy_socket), str(outside)))
        found = [row for row in site.check_postfix()[1] if row["id"] == "outside-chroot"]
        assert bool(found) == chrooted, brief(site.check_postfix()[1])
    finally:
        site.change_policy(before)


@pytest.mark.parametrize("value,found", [("note", False), ("normalize", False), ("reject", False), ("yes", False), ("no", True)])
def test_each_value_that_keeps_bare_newlines_out_counts(site, value, found):
    """note is normalize with a line in the log (Postfix 3.10)."""
    site.configure(main=f"smtpd_forbid_bare_newline = {value}\n")
    assert ("bare-newline" in ids(site.check_postfix()[1])) == found
    told = site.daemon.cli("setup", "--postfix", "--postfix-config", site.postfix.etc)
    assert ("smtpd_forbid_bare_newline" in told.stdout) == found, told.stdout


# --- Dovecot's files

OTHER = {"2.3": "passdb {\n  driver = static\n  args = nopassword\n}\n",
         "2.4": "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n"}
EMPTY = {"2.3": "login_plugins =\n", "2.4": "login_plugins {\n  mailwicket = no\n}\n"}


@pytest.fixture
def stock(folder):
    if needs_stock() is not None:
        pytest.skip(needs_stock())
    made = Stock(folder)
    yield made
    made.stop()


@pytest.mark.parametrize("where", ["above the include", "in conf.d", "in a first file of conf.d"])
def test_ours_stands_before_every_other_passdb_and_check_names_the_place(stock, where):
    """Behind another one that says yes, nobody asks for ours."""
    config = stock.dovecot.config
    if where == "above the include":
        path = config
        text = config.read_text()
        assert re.search(r"(?m)^!include conf\.d/\*\.conf", text)
        config.write_text(re.sub(r"(?m)^!include conf\.d/\*\.conf", OTHER[version()] + "!include conf.d/*.conf", text))
    else:
        path = config.parent / "conf.d" / ("10-mine.conf" if where == "in conf.d" else "00-mine.conf")
        path.write_text(OTHER[version()])
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stderr + told.stdout
    assert stock.check() == (0, [])
    own, = (one for one in config.parent.rglob("*.conf") if re.search(r"(?m)^passdb mailwicket|^  driver = mailwicket",
                                                                      one.read_text()))
    assert f"+++ {own}\n" in told.stdout and path.exists()

    again = own.read_text()
    # Dovecot 2.4 takes no name twice, and nothing before its version.
    ours = re.search(r"(?m)^passdb mailwicket|^passdb \{\n  driver = mailwicket", again).start()
    line = again[:ours].count("\n") + 1
    own.write_text(again[:ours] + OTHER[version()].replace("passdb static {", "passdb another {\n  driver = static") + again[ours:])
    told = stock.daemon.cli("--json", "check", "--policy-only", *stock.servers())
    found = [row for row in json.loads(told.stdout)["findings"] if row["id"] == "passdb-before"]
    assert [(row["severity"], row["file"], row["line"]) for row in found] == [("error", str(own), line)], told.stdout
    assert (found[0]["place"]["how"], found[0]["place"]["file"], found[0]["place"]["line"]) == ("above", str(own), line)


def test_a_later_file_that_takes_the_plugin_away_is_named(stock):
    path = stock.dovecot.config.parent / "conf.d" / "zz-mine.conf"
    path.write_text(EMPTY[version()])
    told = stock.setup("--apply")
    assert told.returncode == 1 and "nothing was changed" in told.stderr, told
    assert str(path) in told.stdout, told.stdout
