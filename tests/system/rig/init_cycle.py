"""One distribution with the policy and the directory that `mailwicket init` makes of it: what works before, in audit, and once
all is enforced.

    cycle = InitCycle(site)
    cycle.lost(cycle.enforced)        # outcomes that are not what they were
"""
import re
import subprocess

from rig.daemon import parse_decision
from rig.distribution_clients import Actions, Submitted
from rig.network import SERVER
from rig.processes import tool

PRINTER = "10.1.2.3"  # in mynetworks


class InitCycle:
    """The site's own policy and directory are put aside."""

    def __init__(self, site):
        self.site = site
        self.daemon = site.daemon
        site.network.add_outside(PRINTER)
        self.add_network("10.1.2.0/24")
        site.start()
        self.before = self.run()
        self.make_policy()
        self.setup = site.setup("--apply")
        self.errors = site.errors()
        site.restart()
        self.audit = self.run()
        self.would_refuse = self.decisions("would-refuse")
        self.enforce()
        self.setup_again = site.setup("--apply")
        self.errors_again = site.errors()
        site.restart()
        self.enforced = self.run()
        site.stop()

    def add_network(self, network):
        """The printer's network in mynetworks, where it is not yet."""
        main = self.site.postfix.etc / "main.cf"
        text, count = re.subn(r"(?m)^(mynetworks *=.*)$", rf"\1 {network}", main.read_text())
        assert count == 1
        main.write_text(text)
        self.site.postfix.age()

    def run(self):
        actions = Actions(self.site).common()
        self.site.more(actions)
        actions.do("25: the printer", actions.deliver, 25, "printer@example.net", "away@example.org", host=SERVER,
                   source=PRINTER)
        actions.do_here("25: the web application", actions.deliver, 25, "shop@example.net", "away@example.org")
        actions.do_here("25: a report to root", actions.deliver, 25, "cron@example.net", "root@localhost", where="bob")
        actions.do_here("sendmail", self.sendmail, actions)
        return actions.all()

    def sendmail(self, actions):
        """A program on this host, past SMTP."""
        token = actions.token()
        subprocess.run([tool("sendmail"), "-C", self.site.postfix.etc, "-f", "alice@example.test", "bob@example.test"],
                       input=f"Subject: {token}\n\nlocal\n", text=True, check=True, timeout=60)
        return Submitted("bob", token)

    def make_policy(self):
        """What the administrator does: init, check, sync, start."""
        self.daemon.stop()
        for path in self.daemon.policy, self.daemon.directory:
            path.unlink()
        self.init = self.daemon.cli("init", "--apply", *self.site.servers())
        assert self.init.returncode == 0, self.init.stderr + self.init.stdout
        self.text = self.daemon.policy.read_text()
        # Where the directory is published is the machine's own folder, which is not a test's.
        self.daemon.write(self.daemon.policy, self.text.replace(
            "\ndirectory {\n", f'\ndirectory {{\n    path = "{self.daemon.published}"\n', 1))
        self.check = self.daemon.cli("check", "--policy-only")
        self.daemon.sync()
        self.daemon.start()

    def enforce(self):
        self.daemon.write(self.daemon.policy, re.sub(r"(?m)^ *mode = audit\n", "", self.daemon.policy.read_text()))
        assert self.daemon.reload()

    def decisions(self, verdict):
        """What both servers logged with this verdict: reason, login, sender and recipient, each once."""
        lines = [*self.daemon.text().splitlines(),
                 *(self.site.dovecot.folder / "log").read_text(errors="replace").splitlines()]
        found = [parse_decision(line) for line in lines if "mailwicket: v=1 " in line]
        return sorted({" ".join(read.get(key, "-") for key in ("reason", "login", "sender", "recipient"))
                       for read in found if read.get("verdict") == verdict})

    def lost(self, outcomes):
        """By the action's name: what it was, and what it is."""
        return {name: (self.before[name], outcome) for name, outcome in outcomes.items() if outcome != self.before[name]}

    # --- what init promises

    def assert_made(self, errors=()):
        """The files pass `check`, and both servers do once setup has wired them: in audit, and when all is enforced.
        `errors`: the settings at which check has one then all the same."""
        assert (self.check.returncode, self.check.stderr) == (0, ""), self.check.stdout
        for setup in self.setup, self.setup_again:
            assert (setup.returncode, setup.stderr) == (0, ""), f"{setup.stderr}\n{setup.stdout}"
        assert self.errors == []
        assert [error.partition(":")[0] for error in self.errors_again] == list(errors), self.errors_again

    def assert_nothing_that_worked_is_refused(self, *, other_words=(), forged=()):
        """In audit nothing differs. Enforced, a refusal may be in the policy's words (`other_words`), and what was forged
        (`forged`) is refused; nothing else differs, and nothing else would be refused in audit."""
        assert self.lost(self.audit) == {}
        lost = self.lost(self.enforced)
        assert set(lost) == {*other_words, *forged}, lost
        assert all(re.match(r"[45]\d\d ", lost[name][0]) for name in other_words), lost
        assert all("once at " in lost[name][0] and "denied" in lost[name][1] or "permissions" in lost[name][1]
                   for name in forged), lost
        assert {line.split()[0] for line in self.would_refuse} <= {
            *(["relay-denied", "not-authenticated"] if other_words else []), *(["send-as-denied"] if forged else [])}, self.would_refuse
