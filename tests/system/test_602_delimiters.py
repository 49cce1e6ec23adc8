"""Where Postfix or Dovecot split an address otherwise than the policy, `check` says so."""
import pytest

import rig
from rig import changed
from rig.checked import Checked
from rig.dovecot import version
from rig.findings import SENDERS
from rig.mailsite import WORLD_DIRECTORY, WORLD_POLICY

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder, changed(WORLD_POLICY, ('"+"', '"+-"')))
    made.configure()
    yield made
    made.stop()


def found(findings, setting):
    return [finding for finding in findings if finding["setting"] == setting]


def test_names_that_postfix_is_told_to_split_are_an_error(site):
    assert not found(site.check_postfix()[1], "owner_request_special")
    site.configure(main="owner_request_special = no\n")
    try:
        code, findings = site.check_postfix()
    finally:
        site.configure()
    [finding] = found(findings, "owner_request_special")
    assert (code, finding["severity"]) == (1, "error")
    assert "senders=" in finding["why"] and finding["fix"] == "owner_request_special = yes"


def test_another_name_for_double_bounces_leaves_double_bounce_to_be_split(site):
    assert not found(site.check_postfix()[1], "double_bounce_sender")
    site.configure(main="double_bounce_sender = bounces\n")
    try:
        findings = site.check_postfix()[1]
    finally:
        site.configure()
    [finding] = found(findings, "double_bounce_sender")
    assert finding["severity"] == "warning" and "senders=" in finding["why"]
    assert finding["fix"] == "double_bounce_sender = double-bounce"


# Dovecot's delimiter in general, and for LMTP alone (None: not set); a word of the finding (None: there is none)
LMTP = [
    ("+", None, None),
    ("", None, None),
    ("+_", None, 'is "+_"'),
    ("+-", None, 'has a "-"'),
    ("_", "+", None),
    ("+", "_", 'is "_"'),
]


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
@pytest.mark.parametrize("general", ["_", "+-"])
def test_what_lmtp_takes_off_is_no_matter_where_nobody_has_senders(site, general):
    """As on a plain server, whose Dovecot takes "+" off and whose Postfix and policy nothing."""
    site.daemon.write_directory(WORLD_DIRECTORY)
    _, findings = site.check_dovecot(site.dovecot.config.read_text() + f"\nprotocols = lmtp\nrecipient_delimiter = {general}\n")
    assert not found(findings, "recipient_delimiter")


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
@pytest.mark.parametrize("general,lmtp,word", LMTP)
def test_what_lmtp_takes_off_and_the_policy_does_not_is_a_warning(site, general, lmtp, word):
    site.daemon.write_directory(SENDERS)
    text = site.dovecot.config.read_text() + f"\nprotocols = lmtp\nrecipient_delimiter = {general}\n"
    if lmtp is not None:
        text += f"protocol lmtp {{\n  recipient_delimiter = {lmtp}\n}}\n"
    _, findings = site.check_dovecot(text)
    of_delimiter = found(findings, "recipient_delimiter")
    assert [finding["severity"] for finding in of_delimiter] == ["warning"] * (word is not None), findings
    assert word is None or word in of_delimiter[0]["what"]


def test_without_lmtp_dovecot_s_delimiter_is_no_matter(site):
    _, findings = site.check_dovecot(site.dovecot.config.read_text() + "\nrecipient_delimiter = _\n")
    assert not found(findings, "recipient_delimiter")
