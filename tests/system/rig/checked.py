"""A site whose servers are looked at, for the tests of `mailwicket check --postfix --dovecot`."""
import json

from rig.findings import SENTENCES
from rig.mailsite import MailSite, WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY


def brief(findings):
    """Of what `check --json` found."""
    return [(finding["severity"], finding["setting"], finding["what"]) for finding in findings]


class Checked(MailSite):
    """A site whose mailwicketd runs and whose Postfix and Dovecot are configurations only."""
    WIRED_BY = "show"

    def __init__(self, folder, policy=WORLD_POLICY, milter=False, **dovecot):
        super().__init__(folder, policy, WORLD_DIRECTORY, WORLD_LOGINS, **{"protocols": ("imap", "pop3"), **dovecot})
        if milter:
            self.add_milter()
        self.postfix.domains = "example.test, xn--bcher-kva.test"
        self.daemon.start()
        self.wire()

    def configure(self, main="", options=None, master="", replaced=()):
        """Postfix as it was wired, but for these."""
        by_port = {self.ports[name]: settings for name, settings in (options or {}).items()}
        self.postfix.configure(main=main, options=by_port, master=master, replaced=replaced)
        self.postfix.age()

    def check(self, *arguments, gate=False):
        """`gate`: with the published directory and the mailwicketd that runs."""
        result = self.daemon.cli("--json", "check", *([] if gate else ["--policy-only"]), *arguments)
        assert result.stderr == ""
        findings = json.loads(result.stdout)["findings"]
        wrong = [finding for finding in findings if finding["place"] and finding["id"] in SENTENCES]
        assert not wrong, "lines that no test pastes"
        return result.returncode, findings

    def check_postfix(self):
        return self.check("--postfix-config", self.postfix.etc)

    def check_dovecot(self, text=None):
        path = self.dovecot.config
        if text is not None:
            path = self.dovecot.folder / "changed.conf"
            path.write_text(text)
        return self.check("--dovecot-config", path, "--postfix-config", self.postfix.etc)
