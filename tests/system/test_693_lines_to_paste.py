"""Every line that `mailwicket check` says to write is valid where it says, and does what it is for."""
import re
import string
import subprocess

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.findings import DOVECOT, POSTFIX
from rig.pasted import paste, run

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def same_policy(site):
    """Lines for the policy are written into it."""
    before = site.daemon.policy.read_text()
    yield
    site.daemon.policy.write_text(before)


def postfix_version():
    told = subprocess.run([rig.tool("postconf"), "-dh", "mail_version"], capture_output=True, text=True, timeout=60)
    return tuple(int(number) for number in told.stdout.split("."))


def accepted_by_postfix(site):
    for arguments in (["postconf", "-c", site.postfix.etc, "-x"], ["postconf", "-c", site.postfix.etc, "-Mx"],
                      ["postfix", "-c", site.postfix.etc, "check"]):
        done = subprocess.run([rig.tool(arguments[0]), *arguments[1:]], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not re.search("fatal|unused parameter|overriding", done.stderr), done.stderr


def accepted_by_dovecot(config):
    done = subprocess.run([rig.tool("doveconf"), "-c", config, "-n"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr


def pasted(findings, name, check, arguments):
    """Pastes what the first of that name says, until there is none: a line each for several listeners."""
    assert name in [finding["id"] for finding in findings], brief(findings)
    told = check.cli("check", "--policy-only", *arguments).stdout.splitlines()
    assert [line for line in told if re.match(rf"(error|warning|note): .* \[{name}\]$", line)], told
    for _ in range(8):
        found = [finding for finding in findings if finding["id"] == name and finding["place"]]
        if not found:
            return
        if found[0]["place"]["how"] == "run":
            assert run(found[0]).returncode == 0
            return
        told = check.cli("check", "--policy-only", *arguments).stdout.splitlines()
        assert all(line in told for line in found[0]["fix"].splitlines()), "the text has them at the margin"
        paste(found[0])
        findings = check.found(arguments)
    raise AssertionError(brief(findings))


class Check:
    def __init__(self, site):
        self.site, self.cli = site, site.daemon.cli

    def found(self, arguments):
        return self.site.check(*arguments)[1]


def filled(site, text):
    shown = site.daemon.cli("show", "--postfix").stdout
    hook, end = (re.search(rf"{name}_restrictions =\s+(check_policy_service \{{.*\}})(?:,|$)", shown, re.M)[1]
                 for name in ("smtpd_relay", "smtpd_end_of_data"))
    return string.Template(text).safe_substitute(HOOK=hook, END=end, SOCKET=f"unix:{site.postfix.policy_socket}",
                                                 PORT=rig.free_port())


@pytest.mark.parametrize("name", POSTFIX)
def test_a_line_for_postfix_is_accepted_and_the_finding_is_gone(site, name):
    row = {key: filled(site, value) if isinstance(value, str) else value for key, value in POSTFIX[name].items()}
    site.configure(**row)
    if name == "chunking" and postfix_version() >= (3, 10, 13):
        pytest.skip("this Postfix outlives BDAT")
    arguments = ["--postfix-config", site.postfix.etc]
    pasted(site.check(*arguments)[1], name, Check(site), arguments)
    accepted_by_postfix(site)


@pytest.mark.parametrize("name", DOVECOT)
def test_a_line_for_dovecot_is_accepted_and_the_finding_is_gone(site, name):
    old, new = DOVECOT[name][version()]
    text = site.dovecot.config.read_text()
    assert old in text
    site.configure()
    config = site.dovecot.folder / "pasted.conf"
    config.write_text(text.replace(old, new) if old else text + new)
    arguments = ["--dovecot-config", config, "--postfix-config", site.postfix.etc]
    pasted(site.check(*arguments)[1], name.partition(",")[0], Check(site), arguments)
    accepted_by_dovecot(config)
