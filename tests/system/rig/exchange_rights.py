"""An export for `mailwicket import exchange`, whose rights a test writes."""
import copy
import json
import subprocess

from rig.built import CLI
from rig.exchange_world import World, write_table


class Export:
    """An organization whose only permissions and members are those of a test."""

    def __init__(self, folder):
        self.folder, self.dir = folder, folder / "export"
        self.world = World(seed=5, mailboxes=30)
        self.tables = copy.deepcopy(self.world.tables())
        self.tables["ADPermission"] = []
        for name in ("Mailbox", "DistributionGroup"):
            for row in self.tables[name]:
                row["GrantSendOnBehalfTo"] = ""
        self.boss, self.one, self.two = self.world.users[:3]
        self.team = next(p for p in self.world.groups if p.kind == "group")
        self.set_row("DistributionGroup", self.team, RecipientTypeDetails="MailUniversalSecurityGroup")
        self.members([self.one, self.two])

    def row(self, table, person):
        [row] = [row for row in self.tables[table] if row["DistinguishedName"] == person.dn]
        return row

    def set_row(self, table, person, **cells):
        for row in self.tables[table]:
            for column in cells:
                row.setdefault(column, "")
        self.row(table, person).update(cells)

    def members(self, people):
        self.tables["DistributionGroupMember"] = [{"Group": self.team.dn, "DistinguishedName": p.dn} for p in people]

    def ace(self, trustee, sid="", deny=False, inherited=False, **cells):
        row = {**self.world.ace_row(self.boss, trustee, deny, inherited, "All", "Send-As"), "UserSid": sid, **cells}
        self.tables["ADPermission"].append(row)

    def online(self, *rows):
        for name in ("ADPermission", "ReceiveConnector", "ReceiveConnectorPermission", "ImapSettings", "PopSettings"):
            self.tables.pop(name, None)
        self.tables["TransportConfig"][0]["SmtpClientAuthenticationDisabled"] = "False"
        self.tables["RecipientPermission"] = [
            {"Recipient": self.boss.dn, "Identity": "x", "AccessRights": "SendAs", "IsInherited": "False", "InheritanceType": "None",
             "AccessControlType": "Allow", "TrusteeSidString": "", **row} for row in rows]

    def run(self):
        for name, rows in self.tables.items():
            write_table(self.dir / f"{name}.csv", rows)
        return subprocess.run([CLI, "-c", self.folder / "mailwicket.conf", "--json", "import", "exchange", self.dir, "--apply"],
                              capture_output=True, text=True, timeout=120)

    def imported(self):
        done = self.run()
        assert done.returncode == 0, done.stderr
        self.told = json.loads(done.stdout)
        self.directory = (self.folder / "directory").read_text()
        self.policy = (self.folder / "mailwicket.conf").read_text()
        return {tuple(line.split()[2:]) for line in self.directory.splitlines() if line.startswith("grant send-as")}

    def again(self):
        for name in ("directory", "mailwicket.conf"):
            (self.folder / name).unlink()
        return self.imported()

    def refused(self):
        done = self.run()
        assert done.returncode == 65 and not (self.folder / "directory").exists(), done
        return done.stderr

    def notes(self, file, word):
        return [note for note in self.told["decide"] if note["file"] == file and word in note["what"]]

    def record(self, person):
        [line] = [line for line in self.directory.splitlines() if line.split()[1:2] == [person.primary] and "grant" not in line]
        return line
