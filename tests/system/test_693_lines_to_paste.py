"""Every line that `mailwicket check` says to write is valid where it says, and does what it is for."""
import re
import string
import subprocess

import pytest

import rig
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.findings import BESIDE, DIRECTORY, DOVECOT, MACHINE, POLICY, POSTFIX
from rig.mailsite import WORLD_DIRECTORY
from rig.pasted import paste, run
from rig.text import changed

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
    pytest.mark.skipif(version() is None, reason="no Dovecot on this machine"),
]


@pytest.fixture(scope="module")
def world(module_folder):
    made = Checked(module_folder, milter=True)
    yield made
    made.stop()


@pytest.fixture
def site(world):
    """As it was made, whatever a test did: lines for the policy are written into it, too."""
    policy, template = world.daemon.policy.read_text(), world.policy_template
    yield world
    world.policy_template = template
    world.daemon.policy.write_text(policy)
    world.daemon.write_directory(WORLD_DIRECTORY)
    world.postfix.policy_socket.parent.chmod(0o755)
    if world.daemon.process.poll() is None:
        assert world.daemon.reload()
    else:
        world.postfix.policy_socket.unlink(missing_ok=True)
        world.daemon.start()


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


LOOKS = {"other-instance"}  # whose command looks at the other one, and changes nothing


def pasted(site, name, *arguments, gate=False):
    """Pastes what the first of that name says, until there is none: a line each for several listeners."""
    findings = site.check(*arguments, gate=gate)[1]
    assert name in [finding["id"] for finding in findings], brief(findings)
    for _ in range(8):
        found = [finding for finding in findings if finding["id"] == name]
        if not found:
            return
        told = site.daemon.cli("check", *([] if gate else ["--policy-only"]), *arguments).stdout.splitlines()
        assert [line for line in told if re.match(rf"(error|warning|note): .* \[{name}\]$", line)], told
        first = found[0]
        assert first["place"], f"{first}: nothing to paste"
        if first["place"]["how"] == "run":
            run(first, site.daemon)
            if name in LOOKS:
                return
        else:
            assert all(line in told for line in first["fix"].splitlines()), "the text has them at the margin"
            paste(first)
        findings = site.check(*arguments, gate=gate)[1]
    raise AssertionError(brief(findings))


def prepare(site, name):
    """The policy and the directory that the finding needs."""
    policy = POLICY.get(name, [])
    port = str(rig.free_port())
    template = policy if isinstance(policy, str) else changed(site.policy_template, *policy)
    site.policy_template = template.replace("$PORT", port)
    site.daemon.write_policy(site.policy_text())
    if name in DIRECTORY:
        site.daemon.write_directory(DIRECTORY[name])


def filled(site, text):
    shown = site.daemon.cli("show", "--postfix").stdout
    hook, end = (re.search(rf"{name}_restrictions =\s+(check_policy_service \{{.*\}})(?:,|$)", shown, re.M)[1]
                 for name in ("smtpd_relay", "smtpd_end_of_data"))
    return string.Template(text).safe_substitute(HOOK=hook, END=end, SOCKET=f"unix:{site.postfix.policy_socket}",
                                                 PORT=rig.free_port())


@pytest.mark.parametrize("name", POSTFIX)
def test_a_line_for_postfix_is_accepted_and_the_finding_is_gone(site, name):
    row = {key: filled(site, value) if isinstance(value, str) else value for key, value in POSTFIX[name].items()}
    name = name.partition(",")[0]
    prepare(site, name)
    site.configure(**row)
    if name == "chunking" and postfix_version() >= (3, 10, 13):
        pytest.skip("this Postfix outlives BDAT")
    pasted(site, name, "--postfix-config", site.postfix.etc)
    accepted_by_postfix(site)


@pytest.mark.parametrize("name", [name for name in DOVECOT if version() in DOVECOT[name]])
def test_a_line_for_dovecot_is_accepted_and_the_finding_is_gone(site, name):
    old, new = DOVECOT[name][version()]
    text = site.dovecot.config.read_text()
    assert old in text
    name = name.partition(",")[0]
    prepare(site, name)
    site.configure(main=filled(site, BESIDE.get(name, "")))
    config = site.dovecot.folder / "pasted.conf"
    config.write_text(text.replace(old, new) if old else text + new)
    pasted(site, name, "--dovecot-config", config, "--postfix-config", site.postfix.etc)
    accepted_by_dovecot(config)


@pytest.mark.parametrize("name", MACHINE)
def test_a_command_for_this_machine_ends_the_finding(site, name):
    site.configure()
    MACHINE[name](site)
    pasted(site, name, "--postfix-config", site.postfix.etc, gate=True)
