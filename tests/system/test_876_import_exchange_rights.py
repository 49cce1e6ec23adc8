"""`mailwicket import exchange` gives nobody more than Exchange gave: who is named by what nobody in the files has is nobody,
who is denied something and is not in the files keeps the right from everybody, and what a right rests on has to be there."""
import pytest

from rig.exchange_rights import Export
from rig.exchange_world import NETBIOS


@pytest.fixture
def export(tmp_path):
    export = Export(tmp_path)
    export.dir.mkdir()
    return export


# --- who is meant

FOREIGN = "S-1-5-21-9-9-9-5555"


@pytest.mark.parametrize("name, sid", [
    ("PARTNER\\{sam}", FOREIGN), ("PARTNER\\{sam}", ""), (f"{NETBIOS}\\{{sam}}", FOREIGN), ("{sam}", FOREIGN), ("{primary}", FOREIGN),
    ("{dn}", FOREIGN), ("", FOREIGN), ("{display}", ""), ("CN={display},OU=Elsewhere,DC=example,DC=test", ""),
    ("{sam}@elsewhere.example", ""), ("00000000-0000-4000-8000-000000000001", ""), ("example.test/Elsewhere/{display}", "")])
def test_a_trustee_whom_nobody_in_the_files_is_gets_nothing_and_is_told(export, name, sid):
    """A SID decides, then the domain: whoever only has the same account, display or first name is somebody else."""
    text = name.format(sam=export.one.sam, primary=export.one.primary, dn=export.one.dn, display=export.one.name)
    # Somebody may be called like anything.
    export.set_row("Mailbox", export.one, DisplayName=text or "x")
    export.ace(text, sid)
    assert export.imported() == set()
    assert [note["line"] for note in export.notes("ADPermission", text or sid)] == [2]


@pytest.mark.parametrize("text", ["EXAMPLE\\{sam}", "example.test\\{sam}", "example\\{sam}  ", "{dn}", "{dn2}", "{sid}", "{guid}", "{canonical}"])
def test_a_trustee_in_every_spelling_is_found(export, text):
    spelled = export.one.dn.replace(",OU", ", ou").replace("\\,", "\\2C")
    export.ace(text.format(sam=export.one.sam.upper(), dn=export.one.dn, dn2=spelled, sid=export.one.sid.lower(),
                           guid=export.one.guid.upper(), canonical=export.one.canonical.upper()))
    assert export.imported() == {(export.boss.primary, export.one.primary)}


def test_rows_with_sids_say_whose_domain_a_short_name_is(export):
    """EXAMPLE is the first label of the domain, but Windows calls it OURS; EXAMPLE is another one."""
    export.ace(f"OURS\\{export.two.sam}", export.two.sid)
    export.ace(f"OURS\\{export.one.sam}")
    export.ace(f"EXAMPLE\\{export.team.sam}")
    assert export.imported() == {(export.boss.primary, p.primary) for p in (export.one, export.two)}


def test_the_account_of_a_linked_mailbox_is_its_own(export):
    export.set_row("Mailbox", export.one, RecipientTypeDetails="LinkedMailbox", LinkedMasterAccount="PARTNER\\anna", MasterAccountSid=FOREIGN)
    export.ace("PARTNER\\anna")
    export.set_row("User", export.one, UserAccountControl="AccountDisabled, NormalAccount")
    assert export.imported() == {(export.boss.primary, export.one.primary)}
    assert "imap=no" not in export.record(export.one) or not export.one.imap  # its own account always is disabled


def test_a_recipient_who_is_in_no_file_is_not_the_one_with_that_name(export):
    export.ace(f"{NETBIOS}\\{export.one.sam}", Recipient="CN=Gone,OU=Users,DC=example,DC=test", Identity=export.two.canonical)
    export.ace(f"{NETBIOS}\\{export.one.sam}", Recipient="", Identity=export.two.name)
    assert export.imported() == set()


@pytest.mark.parametrize("column, value", [("DistinguishedName", "CN=x,DC=partner,DC=example"), ("PrimarySmtpAddress", "x@partner.example"),
                                           ("Guid", "00000000-0000-4000-8000-000000000001")])
def test_a_member_who_is_in_no_file_is_not_the_one_with_that_name(export, column, value):
    name = export.row("Mailbox", export.one)["Name"]
    export.tables["DistributionGroupMember"] = [{"Group": export.team.dn, column: value, "Name": name, "Alias": export.one.alias}]
    export.imported()
    assert "member=" not in export.record(export.team)


def test_an_account_without_a_mailbox_is_not_the_mailbox_with_that_name(export):
    export.set_row("User", export.one, Identity="")
    export.tables["User"].append({**export.row("User", export.one), "DistinguishedName": "CN=old,DC=example,DC=test", "Sid": FOREIGN,
                                  "Identity": export.row("Mailbox", export.one)["Name"], "SamAccountName": "old",
                                  "UserPrincipalName": "old@example.test", "UserAccountControl": "AccountDisabled"})
    export.ace(f"{NETBIOS}\\old", FOREIGN)
    assert export.imported() == set()
    assert ("smtp=no" not in export.record(export.one)) == export.world.may_submit(export.one)


def test_a_row_that_says_two_people_is_an_error(export):
    for row in export.tables["CASMailbox"]:
        if row["PrimarySmtpAddress"] == export.one.primary:
            row["Identity"] = export.two.canonical
    assert f"PrimarySmtpAddress: {export.one.primary} is of Mailbox.csv, line " in export.refused()


@pytest.mark.parametrize("column, value", [("Sid", "S-1-5-21-1-2-3-77777"), ("Guid", "00000000-0000-4000-8000-000000000001")])
def test_two_files_that_differ_are_an_error(export, column, value):
    export.set_row("Mailbox", export.one, Sid=export.one.sid)
    export.set_row("User", export.one, **{column: value})
    assert f"error: {column}: {value}, and Mailbox.csv, line " in export.refused()


@pytest.mark.parametrize("deny, inherited, told", [(False, False, True), (True, False, True), (True, True, True), (False, True, False)])
def test_a_permission_on_whom_nobody_is_has_a_line(export, deny, inherited, told):
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid, deny=deny, inherited=inherited, Recipient="",
               Identity=f"{{{export.boss.guid}}}")
    assert export.imported() == set()
    assert [(note["line"], note["property"]) for note in export.notes("ADPermission", export.boss.guid)] == [(2, "Identity")] * told


@pytest.mark.parametrize("name", ["Sales Team", ""])
def test_members_of_what_is_no_group_are_an_error(export, name):
    """A denial of the group would deny nobody: nobody is found by a display name."""
    export.set_row("DistributionGroup", export.team, DisplayName="sales team")
    export.tables["DistributionGroupMember"][1]["Group"] = name
    assert f'DistributionGroupMember.csv:3: error: Group: "{name}" is no group in the files' in export.refused()


@pytest.mark.parametrize("name", ["All Staff 365", "CN=Gone,DC=example,DC=test", "example.test/Users/Gone"])
def test_members_of_a_group_that_is_in_no_file_are_left_out_and_counted(export, name):
    """An own script leaves groups out; nobody has a right by them, and a denial of them holds for everybody."""
    export.tables["DistributionGroupMember"] += [{"Group": name, "DistinguishedName": p.dn} for p in (export.boss, export.one)]
    export.ace(f"{NETBIOS}\\{export.team.sam}")
    assert export.imported() == {(export.boss.primary, export.team.primary)}
    [note] = export.notes("DistributionGroupMember", name)
    assert (note["what"], note["line"], note["property"]) == (f"{name}: 2", 4, "Group") and "export the group" in note["fix"]
    export.ace(name, deny=True)
    assert export.again() == set()


def test_a_denied_group_without_a_row_may_be_one_that_rows_name_otherwise(export):
    """It was moved while the files were written."""
    for row in export.tables["DistributionGroupMember"]:
        row["Group"] = "CN=before,DC=example,DC=test"
    export.ace(f"{NETBIOS}\\{export.one.sam}")
    export.ace(f"{NETBIOS}\\{export.team.sam}", deny=True)
    assert export.imported() == set()


# --- denials

@pytest.mark.parametrize("trustee, sid", [
    ("BUILTIN\\Users", "S-1-5-32-545"), ("BUILTIN\\Users", ""), ("VORDEFINIERT\\Benutzer", "S-1-5-32-545"), ("Jeder", ""),
    (FOREIGN, FOREIGN), (FOREIGN, ""), (f"{NETBIOS}\\ghosts", ""), ("NT AUTHORITY\\INTERACTIVE", "S-1-5-4"),
    (f"{NETBIOS}\\Domain Users", "S-1-5-21-1-2-3-513"), (f"{NETBIOS}\\Domain Users", ""), ("PARTNER\\{sam}", "")])
def test_a_denial_of_whom_the_files_do_not_have_leaves_nobody_the_right(export, trustee, sid):
    trustee = trustee.format(sam=export.one.sam)
    export.tables["Group"].append({"DistinguishedName": "CN=Domain Users,CN=Users,DC=example,DC=test", "Sid": "S-1-5-21-1-2-3-513",
                                   "SamAccountName": "Domain Users", "Name": "Domain Users", "Members": ""})
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    export.ace(trustee, sid, deny=True)
    assert export.imported() == set()
    [note] = export.notes("ADPermission", "(a denial)")
    assert note["line"] == 3 and trustee in note["what"] and note["property"] == "User"


def test_an_inherited_denial_leaves_explicit_permissions(export):
    export.ace(f"{NETBIOS}\\{export.one.sam}")
    export.ace(f"{NETBIOS}\\{export.two.sam}", inherited=True)
    export.ace("BUILTIN\\Users", deny=True, inherited=True)
    assert export.imported() == {(export.boss.primary, export.one.primary)}


@pytest.mark.parametrize("kind, granted", [("", False), ("MailUniversalSecurityGroup", False), ("MailContact", True)])
def test_a_denied_group_with_a_member_in_no_file_may_have_anybody_in_it(export, kind, granted):
    export.members([export.two])
    for row in export.tables["DistributionGroupMember"]:
        row["RecipientTypeDetails"] = "UserMailbox"
    export.tables["DistributionGroupMember"].append({"Group": export.team.dn, "DistinguishedName": "CN=x,DC=example,DC=test",
                                                     "RecipientTypeDetails": kind})
    export.ace(f"{NETBIOS}\\{export.one.sam}")
    export.ace(f"{NETBIOS}\\{export.team.sam}", deny=True)
    assert export.imported() == ({(export.boss.primary, export.one.primary)} if granted else set())


def test_who_is_denied_to_send_as_his_own_mailbox_sends_nothing(export):
    export.boss.smtp_disabled = ""
    export.ace("NT-AUTORITÄT\\SELBST", "S-1-5-10", deny=True)
    export.imported()
    assert "smtp=no" in export.record(export.boss) and export.notes("ADPermission", "SELBST")


def test_senders_who_are_refused_and_in_no_file_let_nobody_write(export):
    export.set_row("Mailbox", export.boss, RejectMessagesFromSendersOrMembers=f"{export.one.canonical}\nexample.test/Users/Interns")
    export.imported()
    assert "senders=nobody" in export.record(export.boss) and f"senders_denied={export.one.primary}" in export.record(export.boss)
    assert [note["property"] for note in export.notes("Mailbox", "Interns")] == ["RejectMessagesFromSendersOrMembers"]


def test_what_a_user_is_denied_at_a_connector_nobody_has_there(export):
    for row in export.tables["ReceiveConnectorPermission"]:
        row["InheritanceType"] = "All"
    any_recipient = "ms-Exch-SMTP-Accept-Any-Recipient"
    export.tables["ReceiveConnectorPermission"] += [
        {"Connector": "MAIL\\Client Frontend MAIL", "User": f"{NETBIOS}\\Interns", "Deny": "True", "IsInherited": "False",
         "InheritanceType": "All", "ExtendedRights": any_recipient},
        {"Connector": "MAIL\\Default Frontend MAIL", "User": "NT AUTHORITY\\ANONYMOUS LOGON", "Deny": "False", "IsInherited": "False",
         "InheritanceType": "Descendents", "ExtendedRights": any_recipient}]
    export.imported()
    policy = export.policy.split('connector "')
    [client], [default] = ([part for part in policy if part.startswith(name)] for name in ("Client", "Default"))
    assert "deny_permissions = { Accept-Any-Recipient }" in client and "grant_permissions" not in default
    assert export.notes("ReceiveConnectorPermission", "Interns (a denial)")


@pytest.mark.parametrize("user, sid, denied", [
    (f"{NETBIOS}\\ExchangeScanner", "S-1-5-21-1-2-3-9001", True), (f"{NETBIOS}\\Exchange Servers Admins", "", True),
    (f"{NETBIOS}\\Exchange Servers", "S-1-5-21-1-2-3-9002", False), ("MS Exchange\\Edge Transport Servers", "", False)])
def test_who_is_only_called_like_exchange_is_no_server_of_it(export, user, sid, denied):
    export.tables["ReceiveConnectorPermission"].append(
        {"Connector": "MAIL\\Client Frontend MAIL", "User": user, "UserSid": sid, "Deny": "True", "IsInherited": "False",
         "ExtendedRights": "ms-Exch-SMTP-Accept-Any-Recipient"})
    export.imported()
    [client] = [part for part in export.policy.split('connector "') if part.startswith("Client")]
    assert ("deny_permissions = { Accept-Any-Recipient }" in client) == denied


@pytest.mark.parametrize("groups", ["AnonymousUsers, ExchangeServers, ExchangeLegacyServers", "AnonymousUsers, ExchangeUsers", "AnonymousUsers"])
@pytest.mark.parametrize("denied", [False, True])
def test_what_was_taken_from_strangers_at_a_connector_they_do_not_have(export, groups, denied):
    """Its own domains, first of all. Servers of Exchange hold it, and no session here is one of them."""
    authoritative = "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"
    rights = ["ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Sender", "ms-Exch-Accept-Headers-Routing"]
    rows = [(right, "False") for right in rights] + ([(authoritative, "False"), (authoritative, "True")] if denied else [])
    export.tables["ReceiveConnector"][0]["PermissionGroups"] = groups
    export.tables["ReceiveConnectorPermission"] += [
        {"Connector": "MAIL\\Default Frontend MAIL", "User": "NT AUTHORITY\\ANONYMOUS LOGON", "Deny": deny, "IsInherited": "False",
         "ExtendedRights": right} for right, deny in rows]
    export.imported()
    [default] = [part for part in export.policy.split('connector "') if part.startswith("Default")]
    assert "deny_permissions = { Accept-Authoritative-Domain-Sender }" in default and "grant_permissions" not in default
    assert not export.notes("ReceiveConnector", "single permissions")


def test_a_short_name_without_a_sid_is_told_with_the_column_that_makes_it_sure(export):
    export.ace("CONTOSO\\anna")
    export.ace("CONTOSO\\bernd", deny=True)
    export.ace("ghost")
    for row in export.tables["ADPermission"]:
        del row["UserSid"]
    export.imported()
    fixes = {note["line"]: note["fix"] for note in export.notes("ADPermission", "")}
    assert set(fixes) == {2, 3, 4}
    assert ["a column UserSid with the SID" in fixes[line] for line in (2, 3, 4)] == [True, True, False]


# --- the own mailbox

SELF = "NT AUTHORITY\\SELF"


def own(export):
    """Everybody's permission on his own mailbox, but for the boss's, who else may send."""
    row = export.world.ace_row
    export.tables["ADPermission"] = [row(p, SELF, False, False, "All", "Send-As") for p in export.world.users if p is not export.boss]
    for cas, mailbox in zip(export.tables["CASMailbox"], export.tables["Mailbox"]):
        cas["DistinguishedName"] = mailbox["DistinguishedName"]
    export.set_row("CASMailbox", export.boss, SmtpClientAuthenticationDisabled="")
    export.set_row("User", export.boss, UserAccountControl="NormalAccount")


@pytest.mark.parametrize("deny, inherited, trustee, sends", [
    (False, False, "{netbios}\\{one}", False), (False, True, SELF, True), (False, False, "{netbios}\\{boss}", True),
    (True, True, SELF, False), (True, False, "{netbios}\\{boss}", False), (True, False, "{netbios}\\{team}", False),
    (True, False, "NT-AUTORITÄT\\SELBST", False), (False, False, "NT-AUTORITÄT\\SELBST", True), (False, False, "AUTORITE NT\\SELF", True),
    (False, False, "{netbios}\\{team}", True)])
def test_who_may_send_as_his_own_mailbox(export, deny, inherited, trustee, sends):
    own(export)
    export.members([export.boss])
    export.ace(trustee.format(netbios=NETBIOS, one=export.one.sam, boss=export.boss.sam, team=export.team.sam), deny=deny, inherited=inherited)
    export.imported()
    assert ("smtp=no" not in export.record(export.boss)) == sends
    told = [note for note in export.told["decide"] if "smtp=no" in note["fix"]]
    assert [export.boss.primary in note["what"] for note in told] == ([] if sends else [True])


def test_all_rights_of_self_are_send_as_too(export):
    own(export)
    export.ace(SELF, AccessRights="GenericAll", ExtendedRights="")
    export.imported()
    assert "smtp=no" not in export.record(export.boss)


def test_an_export_without_self_takes_it_from_nobody(export):
    """Many leave its rows out, as every mailbox has them."""
    own(export)
    export.tables["ADPermission"] = []
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    export.imported()
    assert "smtp=no" not in export.record(export.boss)


def shared_too(export):
    """A script left SELF out of user mailboxes alone."""
    export.tables["ADPermission"] = [export.world.ace_row(p, SELF, False, False, "All", "Send-As") for p in export.world.shared]


def of_a_guest(export):
    """Of what is no recipient in the files."""
    export.tables["ADPermission"] = [{**export.world.ace_row(export.boss, SELF, False, True, "All", "Send-As"), "Identity": "example.test/Users/Guest",
                                      "Recipient": "CN=Guest,CN=Users,DC=example,DC=test"}]


def of_one(export):
    """Of a single mailbox among others with rows."""
    row = export.world.ace_row
    export.tables["ADPermission"] = [row(export.one, SELF, False, False, "All", "Send-As"), row(export.two, export.one, False, False, "All", "Send-As")]


@pytest.mark.parametrize("rows, told", [(shared_too, False), (of_a_guest, False), (of_one, True)])
def test_self_of_others_by_chance_takes_it_from_nobody(export, rows, told):
    """SELF was taken away only where most mailboxes with rows have it."""
    own(export)
    rows(export)
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    export.imported()
    assert "smtp=no" not in export.record(export.boss)
    assert ["write smtp=no" in note["fix"] for note in export.notes("ADPermission", export.boss.primary)] == [True] * told
    export.ace(SELF, deny=True)
    export.again()
    assert "smtp=no" in export.record(export.boss)


ADMINS, CONTROL = f"{NETBIOS}\\Domain Admins", "CreateChild, DeleteChild, Self, WriteProperty, ExtendedRight, GenericRead, WriteDacl, WriteOwner"


@pytest.mark.parametrize("trustee, rights, inherited, in_it, smtp, told", [
    (ADMINS, CONTROL, False, True, True, False), (ADMINS, "GenericAll", True, True, True, False), (ADMINS, CONTROL, False, False, True, True),
    (ADMINS, "GenericAll", True, False, False, True), ("BUILTIN\\Administrators", CONTROL, False, False, True, True),
    ("BUILTIN\\Administrators", CONTROL, True, False, False, True), (f"{NETBIOS}\\Elsewhere", CONTROL, False, False, True, True),
    (FOREIGN, "GenericAll", False, False, False, True), ("{one}", "GenericAll", False, False, False, True), ("{boss}", "GenericAll", False, False, True, False)])
def test_an_administrator_sends_as_himself_by_all_rights(export, trustee, rights, inherited, in_it, smtp, told):
    """Windows takes SELF from accounts of protected groups and gives these groups all rights (AdminSDHolder). They are no grants."""
    own(export)
    groups = export.tables["Group"]
    groups.append({**dict.fromkeys(groups[0], ""), "DistinguishedName": "CN=Domain Admins,CN=Users,DC=example,DC=test", "Name": "Domain Admins",
                   "SamAccountName": "Domain Admins", "Sid": "S-1-5-21-1-2-3-512", "GroupType": "Global, SecurityEnabled",
                   "Members": "\n".join(p.dn for p in [export.two, *[export.boss] * in_it])})
    names = {name: f"{NETBIOS}\\{person.sam}" for name, person in (("one", export.one), ("boss", export.boss))}
    export.ace(trustee.format(**names), inherited=inherited, AccessRights=rights, ExtendedRights="")
    assert export.imported() == set() and ("smtp=no" not in export.record(export.boss)) == smtp
    assert ["smtp=no" in note["fix"] for note in export.notes("ADPermission", export.boss.primary) if note["property"] == "User"] == [True] * told
    export.ace(names["boss"], deny=True)
    export.again()
    assert "smtp=no" in export.record(export.boss)


def test_a_mailbox_that_no_permission_is_about_is_told(export):
    own(export)
    export.imported()
    assert "smtp=no" not in export.record(export.boss)
    assert ["write smtp=no then" in note["fix"] for note in export.notes("ADPermission", export.boss.primary)] == [True]


def connector_permission(export, deny, rights, connector="MAIL\\Default Frontend MAIL"):
    export.tables["ReceiveConnectorPermission"] = [
        {"Connector": connector, "User": "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", "Deny": str(deny), "IsInherited": "False",
         "InheritanceType": "All", "ExtendedRights": rights}]


@pytest.mark.parametrize("between", [" ", ";", ", ", "|", "\n"])
def test_rights_on_a_connector_that_a_script_joined_are_each_one(export, between):
    """A denial that is not read is a permit."""
    usual = ["Submit", "Accept-Any-Sender", "Accept-Authoritative-Domain-Sender"]
    connector_permission(export, True, between.join(f"ms-Exch-SMTP-{right}" for right in usual[1:]))
    export.imported()
    [default] = [part for part in export.policy.split('connector "') if part.startswith("Default")]
    [denied] = [line for line in default.splitlines() if "deny_permissions" in line]
    assert all(right in denied for right in usual[1:])


def test_a_permission_on_a_connector_that_is_in_no_file_is_told(export):
    connector_permission(export, True, "ms-Exch-SMTP-Submit", "Relay")
    export.imported()
    [note] = export.notes("ReceiveConnectorPermission", "Relay")
    assert (note["line"], note["property"]) == (2, "Connector") and "SERVER\\NAME" in note["fix"]


# --- which groups have rights

@pytest.mark.parametrize("kind, group_type, granted", [
    ("MailNonUniversalGroup", "Global", False), ("MailNonUniversalGroup", "Global, SecurityEnabled", True),
    ("MailNonUniversalGroup", "-2147483646", True), ("MailNonUniversalGroup", "2", False),
    ("MailUniversalSecurityGroup", "", True), ("RoomList", "", False), ("GroupMailbox", "Universal", False)])
def test_members_have_the_rights_of_security_groups_only(export, kind, group_type, granted):
    export.set_row("DistributionGroup", export.team, RecipientTypeDetails=kind, GroupType=group_type)
    export.ace(f"{NETBIOS}\\{export.team.sam}")
    assert export.imported() == ({(export.boss.primary, export.team.primary)} if granted else set())
    assert bool(export.notes("ADPermission", export.team.primary)) != granted


def test_a_group_without_an_address_has_them_by_its_type(export):
    group = export.world.rights[0]
    export.set_row("Group", group, GroupType="Universal", Members=export.one.canonical)
    export.ace(f"{NETBIOS}\\{group.sam}", group.sid)
    assert export.imported() == set() and export.notes("ADPermission", group.sam)


def test_a_denial_reaches_members_of_a_group_without_an_address(export):
    """Get-Group alone prints that the denied group contains it."""
    group = export.world.rights[0]
    export.set_row("Group", group, GroupType="Universal, SecurityEnabled", Members=export.two.canonical)
    if not any(row["DistinguishedName"] == export.team.dn for row in export.tables["Group"]):
        export.tables["Group"].append({"DistinguishedName": export.team.dn, "Sid": export.team.sid, "GroupType": "Universal, SecurityEnabled"})
    export.set_row("Group", export.team, Members=f"{export.one.canonical}\n{group.dn}")
    export.members([export.one])
    export.ace(f"{NETBIOS}\\{export.two.sam}", export.two.sid)
    export.ace(f"{NETBIOS}\\{export.team.sam}", export.team.sid, deny=True)
    assert export.imported() == set()


@pytest.mark.parametrize("denied", [False, True])
def test_a_member_by_a_name_that_several_have_is_nobody(export, denied):
    """Exchange Online prints members of groups without an address by their names, and a display name may be another's name."""
    group = export.world.rights[0]
    export.online({"Trustee": group.sam, "TrusteeSidString": group.sid, "AccessControlType": "Deny" if denied else "Allow"},
                  {"Trustee": export.team.primary, "TrusteeSidString": export.team.sid})
    name = export.row("Mailbox", export.one)["Name"]
    export.row("Mailbox", export.two)["DisplayName"] = name
    export.set_row("Group", group, RecipientTypeDetails="RoleGroup", GroupType="Universal, SecurityEnabled", Members=name)
    assert export.imported() == (set() if denied else {(export.boss.primary, export.team.primary)})
    assert [note["property"] for note in export.notes("Group", f"{name} may be ")] == ["Members"]


def test_a_group_of_two_kinds_is_an_error(export):
    export.set_row("DistributionGroup", export.team, GroupType="Universal")
    assert 'GroupType: "Universal", and RecipientTypeDetails is MailUniversalSecurityGroup' in export.refused()


# --- what has to be there

COLUMNS = [("DistributionGroup", "RecipientTypeDetails"), ("Group", "Members"), ("ADPermission", "InheritanceType"),
           ("ADPermission", "IsInherited"), ("User", "UserAccountControl"), ("User", "Sid"), ("Group", "Sid"),
           ("MailContact", "RejectMessagesFromSendersOrMembers")]


@pytest.mark.parametrize("table, column", COLUMNS)
def test_a_column_that_a_right_rests_on_is_needed(export, table, column):
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    for row in export.tables[table]:
        del row[column]
    assert f"{export.dir}/{table}.csv: error: it has no column {column}" in export.refused()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_right_by_sid_needs_a_file_with_the_sids_of_accounts(export, elsewhere):
    """Those of mailboxes will do."""
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    sids = {row["DistinguishedName"]: row for row in export.tables.pop("User")}
    for row in export.tables["Mailbox"]:
        row["AccountDisabled"] = "False"
        if elsewhere:
            row["Sid"] = sids[row["DistinguishedName"]]["Sid"]
    if elsewhere:
        assert export.imported() == {(export.boss.primary, export.one.primary)}
    else:
        assert ("User.csv: error: there is no such file, and permissions name people by their SIDs" in
                export.refused())


def test_a_group_that_is_not_universal_needs_its_type(export):
    export.row("DistributionGroup", export.team)["RecipientTypeDetails"] = "MailNonUniversalGroup"
    assert "DistributionGroup.csv: error: it has no column GroupType" in export.refused()


CELLS = [("ADPermission", "Deny", "", 'Deny: bad value ""'), ("ADPermission", "IsInherited", "", 'IsInherited: bad value ""'),
         ("ADPermission", "InheritanceType", "Alle", 'InheritanceType: bad value "Alle"'),
         ("ADPermission", "UserSid", "x", 'UserSid: bad value "x" (expected S-1-5-21-...)'),
         ("Mailbox", "RequireSenderAuthenticationEnabled", "", 'RequireSenderAuthenticationEnabled: bad value ""'),
         ("User", "UserAccountControl", "Deaktiviert", 'UserAccountControl: bad value "Deaktiviert"'),
         ("User", "UserAccountControl", "", "AccountDisabled: no file says whether the account of "),
         ("User", "Sid", "x", 'Sid: bad value "x"'), ("ReceiveConnector", "RequireTLS", "", 'RequireTLS: bad value ""'),
         ("DistributionGroup", "RecipientTypeDetails", "", 'RecipientTypeDetails: bad value ""')]


@pytest.mark.parametrize("table, column, value, expected", CELLS)
def test_a_cell_that_a_right_rests_on_is_needed(export, table, column, value, expected):
    export.ace(f"{NETBIOS}\\{export.one.sam}", export.one.sid)
    export.tables[table][0][column] = value
    assert f": error: {expected}" in export.refused()


def test_groups_of_rights_need_their_type(export):
    for row in export.tables["Group"]:
        del row["GroupType"]
    assert "Group.csv: error: it has no column GroupType, by which a security group is told (expected Get-Group)" in export.refused()


@pytest.mark.parametrize("name", ["DistributionGroupMember", "DynamicDistributionGroupMember"])
def test_groups_need_the_file_of_their_members(export, name):
    del export.tables[name]
    assert f"{name}.csv: error: there is no such file, and {name[:-6]}.csv has groups" in export.refused()


def test_online_needs_the_switch_of_the_organization(export):
    export.online({"Trustee": export.one.upn})
    del export.tables["TransportConfig"][0]["SmtpClientAuthenticationDisabled"]
    assert "TransportConfig.csv: error: it has no column SmtpClientAuthenticationDisabled" in export.refused()


def test_online_a_sid_goes_before_the_name_of_the_trustee(export):
    export.online({"Trustee": export.one.upn, "TrusteeSidString": export.two.sid}, {"Trustee": export.one.upn, "TrusteeSidString": FOREIGN})
    assert export.imported() == {(export.boss.primary, export.two.primary)}
    assert [note["line"] for note in export.notes("RecipientPermission", export.one.upn)] == [3]


@pytest.mark.parametrize("cells", [{"UserAccountControl": "514"}, {"UserAccountControl": "AccountDisabled", "AccountDisabled": "False"},
                                   {"UserAccountControl": "NormalAccount", "AccountDisabled": "True"}])
def test_an_account_that_one_property_calls_disabled_is(export, cells):
    export.set_row("User", export.one, **cells)
    export.imported()
    assert all(f"{service}=no" in export.record(export.one) for service in ("imap", "pop3", "sieve", "smtp"))


# --- relays

OPEN = ["0.0.0.0-127.255.255.255\n128.0.0.0-255.255.255.255", "0.0.0.1-255.255.255.255", "1.0.0.0-223.255.255.255", "2000::/3",
        "0.0.0.0/2\n64.0.0.0/2\n128.0.0.0/2", "8.0.0.0/8\n9.0.0.0/24"]


@pytest.mark.parametrize("groups", ["AnonymousUsers, Custom", "Custom"])
@pytest.mark.parametrize("ranges", OPEN)
def test_a_relay_that_its_ranges_open_together_is_open(export, ranges, groups):
    relay = export.tables["ReceiveConnector"][2]
    relay.update(RemoteIPRanges=ranges, Bindings="0.0.0.0:2525", PermissionGroups=groups)
    export.imported()
    assert "Accept-Any-Recipient" not in export.policy and "open_relay_accepted" not in export.policy
    assert [note["property"] for note in export.notes("ReceiveConnector", "Relay")] == ["RemoteIPRanges"]


def test_a_relay_that_connectors_open_together_is_open(export):
    relay = export.tables["ReceiveConnector"][2]
    relay.update(RemoteIPRanges="8.0.0.0/8", Bindings="0.0.0.0:2525")
    export.tables["ReceiveConnector"].append({**relay, "Name": "Other", "Identity": "MAIL\\Other", "RemoteIPRanges": "9.0.0.0/8"})
    export.tables["ReceiveConnectorPermission"] += [{**row, "Connector": "MAIL\\Other"} for row in export.tables["ReceiveConnectorPermission"]]
    export.imported()
    assert "Accept-Any-Recipient" not in export.policy and len(export.notes("ReceiveConnector", "")) == 2


# --- values

@pytest.mark.parametrize("text", ["{External}", "System.Backup", "Microsoft.Exchange.Team"])
def test_a_display_name_may_be_in_braces(export, text):
    export.set_row("Mailbox", export.one, DisplayName=text, Name=text)
    export.imported()


def test_settings_of_two_servers_that_differ_need_one_to_be_named(export):
    export.tables["ImapSettings"].append({**export.tables["ImapSettings"][0], "Server": "OTHER", "LoginType": "PlainTextLogin"})
    assert "LoginType: line 2 says PlainTextAuthentication (expected --server NAME)" in export.refused()


def test_a_member_of_several_rows_is_one(export):
    export.members([export.one, export.two, export.one])
    export.imported()
    members = export.record(export.team).split("member=")[1].split()[0].split(",")
    assert sorted(members) == sorted([export.one.primary, export.two.primary])
