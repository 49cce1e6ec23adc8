"""What `mailwicket import exchange` takes and refuses: forms of CSV, names, values, files that are there already."""
import copy
import json
import re
import subprocess

import pytest

from rig.built import CLI
from rig.exchange_world import NETBIOS, World, write_table


def run(folder, *arguments, json_=False):
    done = subprocess.run([CLI, "-c", folder / "mailwicket.conf", *(["--json"] if json_ else []), "import", "exchange", *arguments],
                          capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout) if json_ else done


class Export:
    """The tables of a small organization, to be changed."""

    def __init__(self, folder, seed=5):
        self.folder, self.dir = folder, folder / "export"
        self.world = World(seed=seed, mailboxes=60)
        self.tables = copy.deepcopy(self.world.tables())
        self.dir.mkdir()

    def write(self):
        for name, rows in self.tables.items():
            write_table(self.dir / f"{name}.csv", rows)
        return self.dir

    def apply(self, *arguments):
        done = run(self.folder, self.write(), "--apply", *arguments)
        assert done.returncode == 0, done.stderr
        return (self.folder / "directory").read_text(), (self.folder / "mailwicket.conf").read_text()

    def refused(self, *arguments):
        done = run(self.folder, self.write(), "--apply", *arguments)
        assert done.returncode == 65 and not (self.folder / "directory").exists(), done
        return done.stderr

    def told(self, *arguments):
        self.write()
        return run(self.folder, self.dir, *arguments, json_=True)


@pytest.fixture
def export(tmp_path):
    return Export(tmp_path)


FORMS = [("utf-8", ",", ""), ("utf-8-sig", ";", ""), ("utf-16", ",", ""), ("utf-16-le", "\t", ""), ("utf-16-be", ";", ""),
         ("utf-8-sig", ";", "sep=;\r\n"), ("utf-8-sig", ",", "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n")]


def test_every_form_of_csv_gives_the_same_files(tmp_path):
    found = set()
    for i, form in enumerate(FORMS):
        folder = tmp_path / str(i)
        folder.mkdir()
        World(seed=5, mailboxes=60).write(tmp_path / "export", *form)
        done = run(folder, tmp_path / "export", "--apply", "--directory", tmp_path / "same")
        assert done.returncode == 0, (form, done.stderr)
        found.add(((tmp_path / "same").read_text(), (folder / "mailwicket.conf").read_text()))
        (tmp_path / "same").unlink()
    assert len(found) == 1


def test_rows_in_another_order_give_the_same_directory(export):
    first = export.apply()
    for name in ("Mailbox", "DistributionGroupMember", "ADPermission", "User"):
        export.tables[name].reverse()
    again = run(export.folder, export.write(), "--apply")
    assert "nothing to do" in again.stdout, again.stdout
    assert (export.folder / "directory").read_text() == first[0]


@pytest.mark.parametrize("on, off", [("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("VERO", "FALSO"), ("PRAWDA", "FAŁSZ")])
def test_what_a_spreadsheet_of_another_language_saved_gives_the_same_directory(export, on, off):
    """It opens True and False as its own two words."""
    first = export.apply()
    words = {"true": on, "false": off}
    for rows in export.tables.values():
        for row in rows:
            row.update({column: words.get(str(value).lower(), value) for column, value in row.items()})
    again = run(export.folder, export.write(), "--apply")
    assert again.returncode == 0 and "nothing to do" in again.stdout, (again.stdout, again.stderr)
    assert (export.folder / "directory").read_text() == first[0] and off not in again.stdout


def by_hand(world, tables, spelling):
    """What an administrator exports by a script of his own: few columns, in capitals, lists joined, no column of the exporter's."""
    several = {"EmailAddresses", "AcceptMessagesOnlyFromSendersOrMembers", "RejectMessagesFromSendersOrMembers", "GrantSendOnBehalfTo",
               "Members", "Bindings", "RemoteIPRanges"}
    people = {p.canonical: p for p in world.people}
    spell = {"dn": lambda p: p.dn, "canonical": lambda p: p.canonical, "guid": lambda p: f"{p.guid}".upper(), "x": lambda p: p.dn.lower()}[spelling]
    for name, rows in tables.items():
        for row in rows:
            for column in several & set(row):
                row[column] = ";".join(spell(people[item]) if item in people else item for item in row[column].split("\n"))
            for column in ("Alias", "CustomAttribute1", "Fqdn"):
                row.pop(column, None)
            row["Notes"] = 'first "line"\r\n\r\n#TYPE; second'
    for row in tables["ADPermission"]:
        del row["Recipient"]
        if row["ExtendedRights"]:
            row["ExtendedRights"] = f"Receive-As {row['ExtendedRights']}"
        own = row["User"] == "NT AUTHORITY\\SELF"
        row["User"] = "NT-AUTORITÄT\\SELBST" if own else row["User"].lower()
    return {name: [{key.upper(): row[key] for key in reversed(row)} for row in rows] for name, rows in tables.items()}


@pytest.mark.parametrize("spelling, form", [("dn", FORMS[6]), ("canonical", FORMS[2]), ("guid", FORMS[3]), ("x", FORMS[1])])
def test_files_of_an_administrators_own_script_give_the_same_directory(export, spelling, form):
    expected, policy = export.apply()
    (export.folder / "directory").rename(export.folder / "expected")
    (export.folder / "mailwicket.conf").rename(export.folder / "policy")
    for name, rows in by_hand(export.world, export.tables, spelling).items():
        write_table(export.dir / f"{name}.csv", rows, *form)
    done = run(export.folder, export.dir, "--apply")
    assert done.returncode == 0, done.stderr
    assert (export.folder / "directory").read_text() == expected and (export.folder / "mailwicket.conf").read_text() == policy
    assert "grant send-as" in expected and "grant send-on-behalf" in expected and "senders_denied=" in expected


# table, row, column, value, and what is told
MISTAKES = [
    ("Mailbox", 3, "EmailAddresses", "System.Object[]",
     'EmailAddresses: "System.Object[]" is what PowerShell writes in place of a list (expected the values, a line each'),
    ("Mailbox", 3, "GrantSendOnBehalfTo", "Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.Directory.ADObjectId]",
     "GrantSendOnBehalfTo: "),
    ("Mailbox", 3, "EmailAddresses", "{SMTP:a@example.test, smtp:b@example.test...}", "EmailAddresses: "),
    ("Mailbox", 2, "MaxSendSize", "ten", 'MaxSendSize: bad value "ten" (expected a size as 10 MB (10,485,760 bytes), or Unlimited)'),
    ("Mailbox", 2, "RecipientLimits", "-5", 'RecipientLimits: bad value "-5" (expected a number or Unlimited)'),
    ("Mailbox", 2, "RequireSenderAuthenticationEnabled", "Ja",
     'RequireSenderAuthenticationEnabled: bad value "Ja" (expected True or False)'),
    ("Mailbox", 2, "PrimarySmtpAddress", "", 'PrimarySmtpAddress: "" is no address that the directory can have (expected local@domain)'),
    ("Mailbox", 2, "PrimarySmtpAddress", "u0@example.test", "PrimarySmtpAddress: u0@example.test is of Mailbox.csv, line "),
    ("Mailbox", 2, "RecipientTypeDetails", "Postbox", 'RecipientTypeDetails: "Postbox" is no kind of recipient that is known here'),
    ("CASMailbox", 2, "ImapEnabled", "System.Boolean", 'ImapEnabled: "System.Boolean" is what PowerShell'),
    ("ADPermission", 2, "Deny", "Deny", 'Deny: bad value "Deny" (expected True or False)'),
    ("AcceptedDomain", 0, "DomainType", "Own", 'DomainType: bad value "Own" (expected Authoritative, InternalRelay or ExternalRelay)'),
    ("ReceiveConnector", 1, "Name", 'a\n""" b', 'Name: bad value "a'),
    ("ReceiveConnector", 1, "Name", "x" * 129, 'Name: bad value "x'),
    ("ReceiveConnector", 0, "Bindings", "0.0.0.0", 'Bindings: bad value "0.0.0.0"'),
    ("ReceiveConnector", 0, "RemoteIPRanges", "somewhere", 'RemoteIPRanges: bad value "somewhere"'),
    ("ReceiveConnector", 0, "AuthMechanism", "Magic", 'AuthMechanism: bad value "Magic"'),
    ("ReceiveConnector", 0, "PermissionGroups", "Users", 'PermissionGroups: bad value "Users"'),
    ("ImapSettings", 0, "LoginType", "4", 'LoginType: bad value "4"'),
]


@pytest.mark.parametrize("table, row, column, value, expected", MISTAKES)
def test_a_bad_value_is_told_with_file_line_and_column(export, table, row, column, value, expected):
    export.tables[table][row][column] = value
    told = export.refused()
    breaks = sum(str(cell).count("\n") for before in export.tables[table][:row] for cell in before.values())
    assert f"{export.dir}/{table}.csv:{row + 2 + breaks}: error: {expected}" in told, told


def test_columns_and_files_that_are_needed(export):
    for row in export.tables["Mailbox"]:
        del row["RequireSenderAuthenticationEnabled"]
    del export.tables["CASMailbox"]
    told = export.refused()
    assert "Mailbox.csv: error: it has no column RequireSenderAuthenticationEnabled" in told
    assert "CASMailbox.csv: error: there is no such file (expected Get-CASMailbox)" in told


@pytest.mark.parametrize("name", ["Mailbox", "CASMailbox", "AcceptedDomain"])
def test_a_needed_file_without_a_row_is_refused(export, name):
    """A cmdlet that found nothing makes an empty file."""
    export.write()
    (export.dir / f"{name}.csv").write_bytes(b"\xef\xbb\xbf")
    done = run(export.folder, export.dir, "--apply")
    assert done.returncode == 65 and f"{name}.csv: error: it has no row (expected Get-{name})" in done.stderr


def test_letters_that_an_ascii_file_lost_are_told(export):
    """Export-Csv of Windows PowerShell writes ? for them without -Encoding; two people would be one."""
    for name, rows in export.tables.items():
        write_table(export.dir / f"{name}.csv", rows, "utf-8")
    path = export.dir / "Mailbox.csv"
    path.write_bytes(path.read_bytes().decode().encode("ascii", "replace"))
    done = run(export.folder, export.dir)
    assert done.returncode == 65 and "Mailbox.csv:" in done.stderr and "has ? in place of letters (expected Export-Csv -Encoding UTF8" in done.stderr
    assert done.stderr.count(" in place of letters") == 1
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "in place of letters" not in run(export.folder, export.dir).stderr


X400 = "X400:C=US;A= ;P=Org;O=Exchange;S=R?D;"


@pytest.mark.parametrize("column, value, lost", [
    ("EmailAddresses", f"{X400}\nx500:/o=Org/cn=a?b\nsip:a?b@example.test\nSMTP:{{primary}}", False), ("LegacyExchangeDN", "/o=Org/cn=R?D", False),
    ("EmailAddresses", f"SMTP:{{primary}};{X400}", False), ("EmailAddresses", f"{X400}\nSMTP:{{primary}}\nsmtp:r?d@example.test", True),
    ("EmailAddresses", "SMTP:{primary}\nr?d@example.test", True), ("EmailAddresses", "x500:/o=Org/cn=a;smtp:r?d@example.test", True),
    ("DisplayName", "Sales: R?D", True)])
def test_exchange_itself_writes_a_question_mark_into_addresses_of_other_kinds(export, column, value, lost):
    """X.400 has few letters: nothing was lost there."""
    row = export.tables["Mailbox"][0]
    for other in export.tables["Mailbox"]:
        other.setdefault("LegacyExchangeDN", "")
    row[column] = value.format(primary=row["PrimarySmtpAddress"])
    export.write()
    for path in export.dir.iterdir():
        path.write_bytes(re.sub("[^\\0-\\x7f]", "e", path.read_text("utf-8-sig")).encode())
    done = run(export.folder, export.dir, "--apply")
    assert ("has ? in place of letters" in done.stderr) == lost and done.returncode == (65 if lost else 0), done.stderr


def test_a_remote_mailbox_is_told_with_the_cmdlet_that_prints_it(export):
    """Users of a hybrid organization have mailboxes that Get-Mailbox and Get-MailUser do not print."""
    user = {"DistinguishedName": "CN=far,DC=example,DC=test", "RecipientTypeDetails": "RemoteUserMailbox", "UserAccountControl": "NormalAccount"}
    export.tables["User"].append(user)
    [note] = [n for n in export.told()["decide"] if n["what"].endswith(": RemoteUserMailbox")]
    assert "Get-RemoteMailbox -ResultSize Unlimited to MailUser.csv" in note["fix"] and note["property"] == "RecipientTypeDetails"
    export.tables["MailUser"].append({**export.tables["MailUser"][0], "ExternalEmailAddress": "", "EmailAddresses": "", "Alias": "", "Guid": "", "Identity": "",
                                      "Name": "far", "DisplayName": "far", "PrimarySmtpAddress": "far@example.test", **user})
    assert not [n for n in export.told()["decide"] if n["what"].endswith(": RemoteUserMailbox")]
    assert "user far@example.test " in export.apply()[0]


def test_what_may_be_cut_off_is_told(export):
    """Get-Mailbox prints 1,000 without -ResultSize Unlimited."""
    user = export.tables["User"][0]
    more = [{**user, "DistinguishedName": f"CN=more {i},DC=example,DC=test", "Sid": "", "SamAccountName": "", "UserPrincipalName": "",
             "RecipientTypeDetails": "UserMailbox" if i == 7 else "User"} for i in range(1000 - len(export.tables["User"]))]
    export.tables["User"] += more
    export.tables["Group"].append({"DistinguishedName": "CN=list,DC=example,DC=test", "RecipientTypeDetails": "MailUniversalDistributionGroup"})
    decide = export.told()["decide"]
    assert [(n["file"], n["what"]) for n in decide if n["property"] == "ResultSize"] == [("User", "1,000 rows")]
    assert [n["what"] for n in decide if n["property"] == "RecipientTypeDetails"] == [
        "CN=more 7,DC=example,DC=test: UserMailbox", "CN=list,DC=example,DC=test: MailUniversalDistributionGroup"]


def test_no_default_domain_is_told(export):
    export.tables["AcceptedDomain"][0]["Default"] = "False"
    assert [n["property"] for n in export.told()["decide"] if n["file"] == "AcceptedDomain"] == ["Default"]


def test_addresses_that_a_script_joined_are_each_one(export):
    expected = {}
    for i, separator in enumerate([";", "; ", ", ", ",", "|", " "]):
        for j, first in enumerate(["SMTP:{}", "x500:/o=Org/cn=a\nSMTP:{}", "sip:a@example.test"]):
            row = export.tables["Mailbox"][3 * i + j]
            expected[row["PrimarySmtpAddress"]] = f"zed{i}{j}@example.test"
            row["EmailAddresses"] = separator.join([first.format(row["PrimarySmtpAddress"]), f"smtp:zed{i}{j}@example.test", "sip:x@example.test"])
    directory, _ = export.apply()
    for name, address in expected.items():
        assert f"user {name} address={address} " in directory


@pytest.mark.parametrize("text", ["smtp:a@example.test+smtp:b@example.test", "X500:/o=Org/cn=a b smtp:b@example.test"])
def test_several_values_that_cannot_be_told_apart_are_an_error(export, text):
    export.tables["Mailbox"][0]["EmailAddresses"] = text
    assert "Mailbox.csv:2: error: EmailAddresses: " in export.refused()


def test_an_address_of_another_kind_is_one_whatever_it_has(export):
    row = export.tables["Mailbox"][0]
    row["EmailAddresses"] = "X400:C=DE;A= ;P=Org;O=x;S=y;\nMSPEER:a@example.test@b\nX500:/o=Org, Ltd/cn=a b@example.test"
    directory, _ = export.apply()
    assert f"user {row['PrimarySmtpAddress']} login=" in directory


@pytest.mark.parametrize("column", ["dn", "canonical", "primary", "guid"])
def test_delegates_and_senders_that_a_script_joined_are_each_one(export, column):
    row, one, two = export.tables["Mailbox"][0], *export.world.users[1:3]
    joined = ";".join(getattr(person, column) for person in (one, two))
    row.update({"GrantSendOnBehalfTo": joined, "RejectMessagesFromSendersOrMembers": joined, "AcceptMessagesOnlyFromSendersOrMembers": ""})
    directory, _ = export.apply()
    name = row["PrimarySmtpAddress"]
    assert all(f"grant send-on-behalf {name} {person.primary}\n" in directory for person in (one, two))
    [line] = [line for line in directory.splitlines() if line.startswith(f"user {name} ")]
    assert f"senders_denied={one.primary},{two.primary}" in line


def test_plain_names_that_may_be_joined_are_nobodys(export):
    """A group may be called so, and is in no file."""
    row, one, two = export.tables["Mailbox"][0], *export.world.users[1:3]
    row["GrantSendOnBehalfTo"] = f"{one.sam};{two.sam}"
    [note] = [n for n in export.told()["decide"] if n["property"] == "GrantSendOnBehalfTo" and f"{one.sam};" in n["what"]]
    assert "write each into a line of the cell" in note["fix"]


JOINED = ["Send-As, Receive-As", "Receive-As;Send-As", "Send-As Receive-As", "Receive-As|Send-As", "Send As", "Receive-As\nSend-As"]


@pytest.mark.parametrize("deny", [False, True])
def test_rights_that_a_script_joined_are_each_one(export, deny):
    *bosses, one = export.world.users[:len(JOINED) + 1]
    export.tables["ADPermission"] = []
    for boss, rights in zip(bosses, JOINED):
        rows = [export.world.ace_row(boss, one, deny, False, "All", rights), export.world.ace_row(boss, one, False, True, "All", "Send-As")]
        export.tables["ADPermission"] += rows if deny else rows[:1]
    directory, _ = export.apply()
    assert [f"grant send-as {boss.primary} {one.primary}\n" in directory for boss in bosses] == [not deny] * len(JOINED)


def test_a_mailbox_whose_master_is_self_in_another_language_has_no_such_login(export):
    for row in export.tables["Mailbox"]:
        row["LinkedMasterAccount"] = "NT-AUTORITÄT\\SELBST"
    directory, _ = export.apply()
    assert "selbst" not in directory.lower()


def test_a_mailbox_without_a_row_of_its_services_is_refused(export):
    gone = export.tables["CASMailbox"].pop(1)["PrimarySmtpAddress"]
    assert f"CASMailbox.csv has no row of {gone} (expected its row, with ImapEnabled and PopEnabled)" in export.refused()


PROPERTIES = [("GrantSendOnBehalfTo", ""), ("AcceptMessagesOnlyFromSendersOrMembers", "senders=nobody"),
              ("RejectMessagesFromSendersOrMembers", "senders=nobody")]


@pytest.mark.parametrize("column, written", PROPERTIES)
def test_a_name_that_several_have_is_nobody_and_told_with_all_of_them(export, column, written):
    """Exchange Online prints people by their names, and a display name may be another one's name."""
    one, other, third = export.tables["Mailbox"][:3]
    one["DisplayName"] = other["Name"] = "Jane Roe"
    third.update({"GrantSendOnBehalfTo": "", column: "Jane Roe"})
    told = export.told("--apply")
    may_be = f'{third["PrimarySmtpAddress"]}: Jane Roe may be {one["PrimarySmtpAddress"]}, {other["PrimarySmtpAddress"]}'
    [note] = [note for note in told["decide"] if note["property"] == column and "Jane Roe" in note["what"]]
    assert note["what"] == may_be and "write his address or distinguished name into the cell" in note["fix"]
    directory = (export.folder / "directory").read_text()
    assert f"grant send-on-behalf {third['PrimarySmtpAddress']} " not in directory
    [line] = [line for line in directory.splitlines() if line.startswith(f"user {third['PrimarySmtpAddress']} ")]
    assert written in line


NAMES = ["DistinguishedName", "Identity", "Guid", "PrimarySmtpAddress", "UserPrincipalName", "Alias", "SamAccountName", "Name"]


@pytest.mark.parametrize("column", NAMES)
def test_every_name_of_a_recipient_is_resolved(export, column):
    holder, trustee = export.tables["Mailbox"][:2]
    holder["GrantSendOnBehalfTo"] = trustee[column].upper() if column != "Guid" else trustee[column]
    directory, _ = export.apply()
    assert f"grant send-on-behalf {holder['PrimarySmtpAddress']} {trustee['PrimarySmtpAddress']}\n" in directory


@pytest.mark.parametrize("text", ["{sam}", f"{NETBIOS}\\{{sam}}", "{sid}", "{upn}"])
def test_every_name_of_a_trustee_is_resolved(export, text):
    holder, trustee = export.world.users[:2]
    export.tables["ADPermission"] = [export.world.ace_row(
        holder, text.format(sam=trustee.sam, sid=trustee.sid, upn=trustee.upn), False, False, "All", "Send-As")]
    directory, _ = export.apply()
    assert f"grant send-as {holder.primary} {trustee.primary}\n" in directory


def test_an_account_name_of_two_domains_needs_the_sid(export):
    holder, one, other = export.world.users[:3]
    for row in export.tables["Mailbox"] + export.tables["User"]:
        if row["DistinguishedName"] == other.dn:
            row["SamAccountName"] = one.sam
    ace = export.world.ace_row(holder, f"OTHER\\{one.sam}", False, False, "All", "Send-As")
    export.tables["ADPermission"] = [ace]
    told = export.refused()
    assert f"may be {one.primary}, {other.primary} (expected the SID in a column UserSid" in told
    ace["UserSid"] = other.sid
    directory, _ = export.apply()
    assert f"grant send-as {holder.primary} {other.primary}\n" in directory
    # Neither logs in by the name that both have.
    assert f"login={one.sam} " not in directory and f",{one.sam} " not in directory


def test_rights_of_a_group_without_an_address_are_its_members(export):
    holder, group = export.world.users[0], export.world.rights[0]
    group.members = [export.world.users[0], export.world.users[1], export.world.shared[0]]
    [row] = [row for row in export.tables["Group"] if row["DistinguishedName"] == group.dn]
    row["Members"] = "\n".join(m.canonical for m in group.members)
    export.tables["ADPermission"] = [export.world.ace_row(holder, group, False, False, "All", "Send-As")]
    directory, _ = export.apply()
    granted = {line.split()[3] for line in directory.splitlines() if line.startswith(f"grant send-as {holder.primary} ")}
    assert granted == {m.primary for m in group.members} - {holder.primary}


def test_a_distribution_group_holds_no_rights(export):
    """Windows has no rights for it, neither for itself nor for who is in a security group through it."""
    holder, member, inner_member = export.world.users[:3]
    outer, inner = [g for g in export.world.groups if g.kind == "group"][:2]
    for row in export.tables["DistributionGroup"]:
        if row["DistinguishedName"] in (outer.dn, inner.dn):
            row["RecipientTypeDetails"] = f"MailUniversal{'Security' if row['DistinguishedName'] == outer.dn else 'Distribution'}Group"
    export.tables["DistributionGroupMember"] = [
        {"Group": g.dn, "DistinguishedName": m.dn} for g, m in ((outer, member), (outer, inner), (inner, inner_member))]
    export.tables["ADPermission"] = [export.world.ace_row(holder, group, False, False, "All", "Send-As") for group in (outer, inner)]
    told = export.told("--apply")
    grants = [line for line in (export.folder / "directory").read_text().splitlines() if line.startswith("grant send-as")]
    assert grants == [f"grant send-as {holder.primary} {member.primary}"]
    assert any("holds no rights in Windows" in n["fix"] and inner.primary in n["what"] for n in told["decide"])


def test_a_principal_name_that_is_anothers_address_is_nobodys_login(export):
    one, other = export.world.users[:2]
    for row in export.tables["Mailbox"] + export.tables["User"]:
        if row["DistinguishedName"] == one.dn:
            row["UserPrincipalName"] = other.primary
    export.tables["ADPermission"] = []
    told = export.told("--apply")
    [line] = [line for line in (export.folder / "directory").read_text().splitlines() if line.startswith(f"user {one.primary} ")]
    assert other.primary not in line
    assert any(n["property"] == "UserPrincipalName" and other.primary in n["what"] for n in told["decide"])
    (export.folder / "directory").unlink()
    (export.folder / "mailwicket.conf").unlink()
    export.tables["Mailbox"][3]["GrantSendOnBehalfTo"] = other.primary
    assert any(f"{other.primary} may be {one.primary}, {other.primary}" in n["what"] for n in export.told()["decide"])


def test_what_has_no_counterpart_is_to_be_decided(export):
    one, other = export.tables["Mailbox"][:2]
    one["ModerationEnabled"], one["AcceptMessagesOnlyFromSendersOrMembers"] = "True", "Somebody Gone"
    other["Surprise"] = "x"
    export.tables["ADPermission"] += [export.world.ace_row(export.world.users[0], f"{NETBIOS}\\ghost", False, False, "All", "Send-As"),
                                      export.world.ace_row(export.world.users[0], f"{NETBIOS}\\boss", False, False, "All", "GenericAll"),
                                      export.world.ace_row(export.world.users[1], "Everyone", False, False, "All", "Send-As")]
    (export.dir / "Mailboxes.csv").write_text("a\n")
    told = export.told("--apply")
    decide = {(n["file"], n["property"]): n for n in told["decide"]}
    assert "senders=" in decide["Mailbox", "ModerationEnabled"]["fix"]
    assert "Somebody Gone" in decide["Mailbox", "AcceptMessagesOnlyFromSendersOrMembers"]["what"]
    whats = [n["what"] for n in told["decide"] if n["file"] == "ADPermission"]
    assert any("ghost" in what for what in whats) and any("boss" in what for what in whats) and any("Everyone" in what for what in whats)
    assert [p["name"] for p in told["properties"] if p["fate"] == "unknown"] == ["Surprise"]
    assert told["unknown_files"] == ["Mailboxes.csv"]
    # Nobody is on the list that is left, so nobody may write.
    [line] = [line for line in (export.folder / "directory").read_text().splitlines() if line.split()[1:2] == [one["PrimarySmtpAddress"]]]
    assert "senders=nobody" in line
    shown = run(export.folder, export.dir).stdout
    assert "unknown: Mailbox.csv, column Surprise, which says something in 1 rows" in shown
    assert "decide: Mailbox.csv, ModerationEnabled (1)\n" in shown


def test_a_denial_for_everybody_leaves_explicit_grants(export):
    holder, one, other = export.world.users[:3]
    row = export.world.ace_row
    export.tables["ADPermission"] = [row(holder, "Everyone", True, True, "All", "Send-As"),
                                     row(holder, one, False, False, "All", "Send-As"),
                                     row(holder, other, False, True, "All", "Send-As")]
    directory, _ = export.apply()
    assert f"grant send-as {holder.primary} {one.primary}\n" in directory
    assert f"grant send-as {holder.primary} {other.primary}\n" not in directory


def test_connectors_of_several_servers_need_one_to_be_named(export):
    more = [dict(row, Server="OTHER", Identity=row["Identity"].replace("MAIL", "OTHER")) for row in export.tables["ReceiveConnector"]]
    export.tables["ReceiveConnector"] += more
    assert "connectors of 2 servers: MAIL, OTHER (expected --server NAME)" in export.refused()
    assert "no connector is of the server THIRD (expected MAIL, OTHER)" in export.refused("--server", "THIRD")
    _, policy = export.apply("--server", "other")
    assert policy.count('connector "') == 3


def test_two_connectors_that_match_alike_make_no_policy(export):
    export.tables["ReceiveConnector"].append(dict(export.tables["ReceiveConnector"][0], Name="Twin"))
    done = run(export.folder, export.write(), "--apply")
    assert done.returncode == 65 and "Twin" in done.stderr and not (export.folder / "directory").exists(), done


HOSTILE = [("EmailAddresses", "smtp:a@example.test imap=yes"), ("EmailAddresses", "smtp:a,boss@example.test"),
           ("EmailAddresses", "smtp:a@example.test\tlogin=root"), ("EmailAddresses", 'smtp:"a\nuser eve@example.test"@example.test'),
           ("EmailAddresses", "smtp:$(reboot)@example.test"), ("SamAccountName", "x y"), ("SamAccountName", "a,root"),
           ("SamAccountName", "a;b"), ("UserPrincipalName", "a@b@c"), ("UserPrincipalName", "x login=root@example.test"),
           ("SamAccountName", "#x"), ("EmailAddresses", "smtp:*@example.test")]


@pytest.mark.parametrize("column, value", HOSTILE)
def test_values_become_no_words_of_the_directory(export, column, value):
    """What the directory cannot have is left out and told; no value ends its field or begins a line."""
    row = export.tables["Mailbox"][1]
    row[column] = f"{row[column]}\n{value}" if column == "EmailAddresses" else value
    export.tables["ADPermission"] = []
    for user in export.tables["User"]:
        if user["DistinguishedName"] == row["DistinguishedName"]:
            user["SamAccountName"] = user["UserPrincipalName"] = ""
    told = export.told("--apply")
    directory = (export.folder / "directory").read_text()
    [line] = [line for line in directory.splitlines() if line.startswith(f"user {row['PrimarySmtpAddress']} ")]
    assert all(word.split("=")[0] in ("address", "login", "imap", "pop3", "sieve", "smtp", "senders", "senders_denied",
                                      "max_message_size", "max_recipients") for word in line.split()[2:]), line
    assert "root" not in line and "reboot" not in line and "boss" not in line and "eve@" not in directory
    count = sum(1 for person in export.world.people if person.kind != "rights")
    assert sum(1 for line in directory.splitlines() if line.startswith(("user ", "group "))) == count
    if value != "#x":
        assert any(n["property"] == column for n in told["decide"]), told["decide"]


def test_names_of_connectors_are_data(export):
    """Quotes and backslashes in a name close nothing, and a long one is whole."""
    name = 'Evil" { mode = audit } # \\ ' + "ü" * 48
    export.tables["ReceiveConnector"][1]["Name"] = name
    _, policy = export.apply()
    shown = subprocess.run([CLI, "-c", export.folder / "mailwicket.conf", "--json", "check"], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert f'connector "{escaped}" {{\n' in policy


def test_an_open_relay_is_not_carried_over(export):
    relay = export.tables["ReceiveConnector"][2]
    relay["RemoteIPRanges"] = "0.0.0.0-255.255.255.255"
    relay["Bindings"] = "0.0.0.0:2525"
    told = export.told("--apply")
    policy = (export.folder / "mailwicket.conf").read_text()
    assert "Accept-Any-Recipient" not in policy and "open_relay_accepted" not in policy
    assert any(n["property"] == "RemoteIPRanges" and "from everywhere" in n["fix"] for n in told["decide"])


def test_strangers_at_some_public_addresses_relay_as_before(export):
    export.tables["ReceiveConnector"][2]["RemoteIPRanges"] = "198.51.100.7"
    told = export.told("--apply")
    assert "open_relay_accepted = yes" in (export.folder / "mailwicket.conf").read_text()
    assert any(n["property"] == "RemoteIPRanges" for n in told["decide"])


def test_exchange_online_has_no_connectors_and_other_permissions(export):
    world = export.world
    holder, one, other = world.users[:3]
    for name in ("ADPermission", "ReceiveConnector", "ReceiveConnectorPermission", "ImapSettings", "PopSettings", "Group"):
        del export.tables[name]
    export.tables["TransportConfig"][0]["SmtpClientAuthenticationDisabled"] = "True"
    world.org_smtp_disabled = True
    base = {"Recipient": holder.dn, "Identity": holder.name, "AccessRights": "SendAs", "IsInherited": "False", "InheritanceType": "None"}
    export.tables["RecipientPermission"] = [
        {**base, "Trustee": "NT AUTHORITY\\SELF", "AccessControlType": "Allow"},
        {**base, "Trustee": one.upn, "AccessControlType": "Allow"},
        {**base, "Trustee": other.upn, "AccessControlType": "Allow"},
        {**base, "Trustee": other.upn, "AccessControlType": "Deny"}]
    directory, policy = export.apply()
    grants = [line for line in directory.splitlines() if line.startswith("grant send-as")]
    assert grants == [f"grant send-as {holder.primary} {one.primary}"]
    assert 'connector "Client"' in policy and 'connector "Default"' in policy
    for person in world.users:
        [line] = [line for line in directory.splitlines() if line.split()[1:2] == [person.primary] and line.startswith("user")]
        assert ("smtp=no" in line) != world.may_submit(person), line
    assert export.told()["missing"] == []


def test_somebodys_files_stay_as_they_are(export):
    export.write()
    (export.folder / "directory").write_text("user own@example.test\n")
    done = run(export.folder, export.dir, "--apply")
    assert done.returncode == 1 and "is there already and stays as it is" in done.stderr and "\n-user own@example.test" in done.stdout
    assert (export.folder / "directory").read_text() == "user own@example.test\n"
    assert not (export.folder / "mailwicket.conf").exists()


def test_without_apply_nothing_is_written(export):
    done = run(export.folder, export.write())
    assert done.returncode == 0 and done.stdout.startswith("--- /dev/null\n") and "nothing was written; --apply does it" in done.stdout
    assert [p.name for p in export.folder.iterdir()] == ["export"]


@pytest.mark.parametrize("arguments", [[], ["--exporter", "2007"], ["dir", "--properties"], ["dir", "--exporter", "server"],
                                       ["dir", "other"], ["--exporter", "server", "--postfix-config", "/"]])
def test_a_wrong_command_line_is_told(tmp_path, arguments):
    done = run(tmp_path, *arguments)
    assert done.returncode == 64 and done.stderr.startswith("mailwicket: import: "), done


def test_a_folder_that_is_not_there(tmp_path):
    done = run(tmp_path, tmp_path / "none")
    assert done.returncode == 65 and "No such file or directory" in done.stderr
