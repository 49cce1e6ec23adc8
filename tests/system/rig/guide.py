"""The policy of the install guide: what users are told to write is what is tested.

`policy()` has the ports of a private site as $smtp, $submission and $submissions; `policy(ports=None)` the guide's own.
"""
import re

from rig.built import SOURCE

INSTALL = SOURCE / "docs" / "guides" / "install.md"
PORTS = {"25": "$smtp", "587": "$submission", "465": "$submissions"}


def written():
    """The policy that step 2 of the guide gives, in audit mode, word for word."""
    step = INSTALL.read_text().partition("\n## 2. ")[2].partition("\n## ")[0]
    lines = [line[4:] for line in step.splitlines() if line.startswith("    ") or not line.strip()]
    text = "\n".join(lines).strip() + "\n"
    assert text.startswith("default_domain"), f"{INSTALL}: where is the policy of step 2?"
    return text


def policy(ports=PORTS):
    """The same, enforced as step 6 says, for example.test; its directory is the test's."""
    text = re.sub(r"(?m)^ *mode = audit\n| mode = audit(?= \})|^directory .*\n", "", written())
    for port, name in (ports or {}).items():
        assert f'"*:{port}"' in text, f"{INSTALL}: no listener on port {port}"
        text = text.replace(f'"*:{port}"', f'"*:{name}"')
    return text.replace("example.org", "example.test")
