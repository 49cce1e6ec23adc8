"""The policy of the install guide: what users are told to write is what is tested.

`policy()` has the ports of a private site as $smtp, $submission and $submissions; `policy(ports=None)` the guide's own.
"""
import re

from rig.built import SOURCE

INSTALL = SOURCE / "docs" / "guides" / "install.md"
PORTS = {"25": "$smtp", "587": "$submission", "465": "$submissions"}


def written():
    """The policy that the guide gives, in audit mode, word for word."""
    found = re.search(r"(?m)^    default_domain = (?:.*\n)(?:    .*\n|\n)*", INSTALL.read_text())
    assert found, f"{INSTALL}: where is the policy?"
    return re.sub(r"(?m)^    ", "", found[0]).strip() + "\n"


def policy(ports=PORTS, audit=False):
    """The same for example.test, enforced as step 5 says, or still in audit; its directory is the test's."""
    text = re.sub(r"(?m)^directory .*\n", "", written())
    if not audit:
        text = re.sub(r"(?m)^ *mode = audit\n| mode = audit(?= \})", "", text)
    for port, name in (ports or {}).items():
        assert f'"*:{port}"' in text, f"{INSTALL}: no listener on port {port}"
        text = text.replace(f'"*:{port}"', f'"*:{name}"')
    return text.replace("example.org", "example.test")
