"""One distribution, before setup, after it and after --undo: what worked, and what the files are.

    cycle = Cycle(site)                 # runs it all; the tests of a distribution look at what came of it
    cycle.before["587: forged"]         # outcomes of Actions
    cycle.removed("postfix/etc/main.cf")
"""
import difflib
import re

from rig.distribution_clients import Actions

# What setup may add to main.cf without anybody noticing a difference in mail. What it changes there is a distribution's own list.
NEW_SETTINGS = {
    "smtpd_policy_service_default_action", "smtpd_policy_service_max_idle", "smtpd_forbid_bare_newline",
    "smtpd_discard_ehlo_keywords", "append_dot_mydomain", "smtpd_delay_reject", "smtpd_tls_mandatory_protocols",
    "smtpd_sasl_security_options", "recipient_delimiter", "message_size_limit", "mailbox_size_limit",
}

ALICE, BOB, TEAM = "alice@example.test", "bob@example.test", "team@example.test"
REFUSED_HOST = "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied"
WRONG = "535 5.7.8 Error: authentication failed: (reason unavailable)"
NO_RELAY = "554 5.7.1 <other@example.org>: Relay access denied"
RELAY_LATER = "454 4.7.1 <other@example.org>: Relay access denied"
NO_MAILBOX = "550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in virtual mailbox table"
NOT_OWNED = "553 5.7.1 <bob@example.test>: Sender address rejected: not owned by user alice@example.test"

# Where a distribution does nothing of its own. IN and OUT stand for what the message passed.
USUAL = {
    "25: in": "once at bob IN",
    "25: in, without TLS": "once at bob IN",
    "25: to nobody": "550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown",
    "25: relay": NO_RELAY,
    "25: relay as alice": NO_RELAY,
    "25: what the filter refuses": "0 times at bob",
    "25: AUTH": "no AUTH",
    "587: AUTH without TLS": "no AUTH",
    "587: alice out, by curl": "once at world OUT",
    "465: alice out, by curl": "once at world OUT",
    "imaps, by curl": "logged in",
    "imap, by Python": "OK",
    "imap, wrong password": "b'[AUTHENTICATIONFAILED] Authentication failed.'",
    "imap, without TLS": "refused",
    "pop3s, by curl": "logged in",
    "pop3, by curl": "logged in",
    "pop3, without TLS": "refused",
    "sieve": "logged in",
    "sieve, wrong password": "refused",
}
for _port in 587, 465:
    USUAL.update({
        f"{_port}: alice to bob": "once at bob OUT",
        f"{_port}: forged": "once at world OUT",
        f"{_port}: carol out": "once at world OUT",
        f"{_port}: relay without AUTH": REFUSED_HOST,
        f"{_port}: mail without AUTH": REFUSED_HOST,
        f"{_port}: wrong password": WRONG,
    })

# What the policy says otherwise: nobody sends as another, carol (smtp=no) does not send, and who may not relay hears why.
FORGED = "550 5.7.1 <bob@example.test>: Sender address rejected: Client does not have permissions to send as this sender"
NOT_AS_TEAM = "550 5.7.1 <team@example.test>: Sender address rejected: Client does not have permissions to send as this sender"
POLICY = {
    "25: relay": "550 5.7.1 <other@example.org>: Recipient address rejected: Unable to relay",
    "25: relay as alice": "550 5.7.1 <other@example.org>: Recipient address rejected: Unable to relay",
    "587: forged": FORGED, "465: forged": FORGED,
    "587: carol out": WRONG, "465: carol out": WRONG,
}


def usual(passed_in="", passed_out=""):
    """USUAL with the marks of what mail passed on its way."""
    return {name: outcome.replace(" IN", passed_in).replace(" OUT", passed_out) for name, outcome in USUAL.items()}


class Cycle:
    def __init__(self, site):
        self.site = site
        self.trees, self.views = [], []
        site.start()
        self.before = self.run()
        self.setup = site.setup("--apply")
        self.look()
        self.errors = site.errors()
        site.restart()
        self.after = self.run(look=False)
        self.again = site.setup("--apply")
        self.undo = site.undo()
        self.look()
        site.restart()
        self.undone = self.run(look=False)
        site.stop()

    def run(self, look=True):
        if look:
            self.look()
        actions = Actions(self.site).common()
        self.site.more(actions)
        return actions.all()

    def look(self):
        """The files as they are now: before, after and undone."""
        self.trees.append(self.site.tree())
        self.views.append(self.site.effective())

    # --- what each distribution promises

    def assert_setup_was_made(self, errors=()):
        """`errors`: the settings at which check has one all the same."""
        assert (self.setup.returncode, self.setup.stderr) == (0, ""), f"{self.setup.stderr}\n{self.setup.stdout}"
        assert [error.partition(":")[0] for error in self.errors] == list(errors), self.errors
        assert self.again.stdout == "nothing to do\n"

    def assert_nothing_was_taken(self, *, files, entries, options=(), settings=()):
        """What setup may change: files, entries of master.cf and their options, settings of main.cf; of nothing else a line."""
        assert self.setup.returncode == 0
        changed = {
            "files": self.changed_files() - set(files),
            "entries": self.changed_entries() - set(entries),
            "options": {name for name in self.lost_options() if name.rpartition("/")[2] not in options},
            "settings": self.changed_settings() - set(settings),
            "lines": [line for path in self.changed_files() & set(self.trees[0]) for line in self.removed(path)
                      if not self.is_of(line, {*options, *settings})],
        }
        assert not any(changed.values()), changed

    @staticmethod
    def is_of(line, names):
        """Whether a line is one of these settings or options. (One that goes on over lines has to keep its other lines.)"""
        return any(re.match(rf"\s*(-o\s*)?{name}\s*=", line) for name in names)

    def assert_undone(self, outcomes):
        assert (self.setup.returncode, self.undo.returncode, self.undo.stderr) == (0, 0, "")
        assert self.trees[2] == self.trees[0]
        assert_same(self.undone, outcomes)

    # --- what setup changed

    def changed_files(self):
        before, after = self.trees[:2]
        return {path for path in {*before, *after} if before.get(path) != after.get(path)}

    def lines(self, path, which):
        return self.trees[which][path][3].decode().splitlines()

    def removed(self, path):
        """The lines of a file that are no longer there, or no longer at their place among the others."""
        return [line[2:] for line in difflib.ndiff(self.lines(path, 0), self.lines(path, 1)) if line.startswith("- ")]

    def changed_settings(self):
        """Settings of main.cf that have another value, and new ones that are none of NEW_SETTINGS."""
        before, after = (view["settings"] for view in self.views[:2])
        return {name for name in {*before, *after} if before.get(name) != after.get(name)
                and not (name not in before and name in NEW_SETTINGS)}

    def changed_entries(self):
        """Entries of master.cf ("25/inet") that are not as they were: their columns, their options."""
        found = set()
        for kind, name_of in (("entries", lambda key: "/".join(key.split())),
                              ("options", lambda key: key.rpartition("/")[0])):
            before, after = (view[kind] for view in self.views[:2])
            found.update(name_of(key) for key in {*before, *after} if before.get(key) != after.get(key))
        return found

    def lost_options(self):
        """Options of master.cf's entries that are gone or have another value."""
        before, after = (view["options"] for view in self.views[:2])
        return {name for name in before if before[name] != after.get(name)}


def assert_same(found, wanted):
    """That each action had the outcome that is wanted; all that are otherwise are told."""
    lines = [f"{name}: {found.get(name)!r}, wanted {wanted.get(name)!r}" for name in dict.fromkeys([*wanted, *found])
             if found.get(name) != wanted.get(name)]
    assert not lines, "\n" + "\n".join(lines)
