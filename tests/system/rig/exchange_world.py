"""An Exchange organization, made from a seed: what its cmdlets print as CSV, and what Exchange itself would permit.

    world = World(seed=1, mailboxes=200)
    world.write(folder)
    world.may_send_as(person, address)

The columns and the text of their values follow Microsoft's documented output; nothing of it was taken from a real server.
"""
import csv
import io
import random

DOMAIN, NETBIOS = "example.test", "EXAMPLE"
SELF = "NT AUTHORITY\\SELF"
FIRST = ["Anna", "Bernd", "Chloé", "Dörte", "Émile", "Fjóla", "Gül", "Håkon", "İlker", "John"]
LAST = ["Smith", "Müller", "O'Brien", "Ångström", "de la Cruz", "Šimek", "Smith, Jr.", "Li"]
SIZES = ["Unlimited", "10 MB (10,485,760 bytes)", "20 MB (20.971.520 Bytes)", "100 MB (104\u202f857\u202f600 octets)"]


class Person:
    """A recipient, a group of rights (kind "rights") or an account."""

    def __init__(self, world, kind, number, name, local):
        self.kind, self.number, self.name = kind, number, name
        unit = "Users" if number % 3 else "Sales/North"
        self.canonical = f"{DOMAIN}/{unit}/{name} {number}"
        folders = ",".join(f"OU={part}" for part in reversed(unit.split("/")))
        self.dn = f"CN={name.replace(',', chr(92) + ',')} {number},{folders},DC=example,DC=test"
        self.guid = f"{number:08x}-0000-4000-8000-{world.seed:012x}"
        self.sid = f"S-1-5-21-1-2-3-{1000 + number}"
        self.sam, self.alias = f"{local}", local
        self.primary = f"{local}@{DOMAIN}"
        self.upn = self.primary
        self.others, self.members, self.groups, self.aces = [], [], [], []
        self.disabled, self.imap, self.pop, self.smtp_disabled = False, True, True, ""
        self.accept, self.reject, self.on_behalf = [], [], []
        self.authenticated = kind == "group"
        self.size, self.recipients = "Unlimited", "Unlimited"
        self.details = ""

    @property
    def logs_in(self):
        return self.kind == "user" and not self.disabled

    @property
    def addresses(self):
        return [self.primary, *self.others]


class World:
    def __init__(self, seed, mailboxes):
        self.seed, self.random = seed, random.Random(seed)
        self.people, self.number = [], 0
        self.org_smtp_disabled = False
        for i in range(mailboxes):
            self.add_mailbox(i, mailboxes)
        self.outsiders = [self.add("contact" if i % 3 else "mailuser", "Partner", f"partner{i}")
                          for i in range(max(4, mailboxes // 50))]
        self.users = [p for p in self.people if p.kind == "user"]
        self.shared = [p for p in self.people if p.kind == "shared"]
        self.add_groups(max(12, mailboxes // 20))
        for person in [p for p in self.people if p.kind in ("user", "shared", "group")]:
            self.restrict(person)
            self.permit(person)

    def add(self, kind, name, local):
        self.number += 1
        person = Person(self, kind, self.number, name, local)
        self.people.append(person)
        return person

    def some(self, people, most):
        return self.random.sample(people, min(len(people), self.random.randint(1, most)))

    def add_mailbox(self, i, count):
        rand = self.random
        kind = "user" if i < count * 0.9 else "shared"
        person = self.add(kind, f"{rand.choice(FIRST)} {rand.choice(LAST)}", f"u{i}")
        person.details = "UserMailbox" if kind == "user" else rand.choice(["SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
        if rand.random() < 0.3:
            person.upn = f"login{i}@corp.{DOMAIN}"
        if rand.random() < 0.5:
            person.others = [f"{person.alias}.alias{j}@{rand.choice([DOMAIN, 'old.' + DOMAIN])}" for j in range(rand.randint(1, 3))]
        if kind == "user":
            person.disabled = rand.random() < 0.03
            person.imap, person.pop = rand.random() < 0.9, rand.random() < 0.5
            person.smtp_disabled = rand.choice(["", "", "", "True", "False"])
        person.size = rand.choice(SIZES) if rand.random() < 0.2 else "Unlimited"
        person.recipients = rand.choice(["Unlimited", "Unlimited", "500", "1,000"])

    def add_groups(self, count):
        rand = self.random
        groups = [self.add("group", "Team", f"team{i}") for i in range(count)]
        dynamic = [self.add("dynamic", "Everybody", f"dynamic{i}") for i in range(3)]
        rights = [self.add("rights", "Rights", f"rights{i}") for i in range(6)]
        for i, group in enumerate(groups + dynamic + rights):
            group.members = self.some(self.users, 12) + self.some(self.shared, 2)
            if group.kind != "rights":
                group.members += self.some(self.outsiders, 2)
            if group.kind == "group" and i % 4 == 1:
                group.members.append(groups[i - 1])  # nested
        for one, other in ((0, 2), (2, 4), (4, 0)):  # a circle
            groups[one].members.append(groups[other])
        for group in groups + rights:
            group.authenticated = rand.random() < 0.7
            group.details = "MailUniversalDistributionGroup" if group.kind == "group" and rand.random() < 0.2 else "MailUniversalSecurityGroup"
            if group.kind == "rights" or rand.random() < 0.2:
                group.members.append(rand.choice([g for g in groups if g is not group]))
        self.groups, self.rights = groups + dynamic, rights

    # --- what Exchange decides

    def closure(self, group, rights=False):
        """Everybody in a group, however deep, and each group; those who have its rights: not through distribution groups."""
        seen, waiting = {}, [group]
        while waiting:
            one = waiting.pop()
            if rights and (one.kind == "dynamic" or one.details == "MailUniversalDistributionGroup"):
                continue
            if id(one) not in seen:
                seen[id(one)] = one
                waiting += one.members
        return seen

    def restrict(self, person):
        rand = self.random
        if rand.random() < 0.08:
            person.accept = self.some(self.users, 3) + (self.some(self.groups, 2) if rand.random() < 0.5 else [])
        if rand.random() < 0.06:
            person.reject = self.some(self.users, 2) + (self.some(self.groups, 1) if rand.random() < 0.5 else [])
        if rand.random() < 0.06:
            person.on_behalf = [p for p in self.some(self.users + self.groups, 2) if p is not person]

    def permit(self, person):
        """ACEs: (trustee or text, deny, inherited, inheritance type, rights)."""
        rand, aces = self.random, person.aces
        aces.append((SELF, False, False, "All", "Send-As"))
        aces.append((f"{NETBIOS}\\Domain Admins", False, True, "All", "GenericAll"))
        if rand.random() < 0.15:
            for trustee in self.some(self.users + self.groups[:20] + self.rights, 3):
                aces.append((trustee, False, rand.random() < 0.3, "All", "Send-As"))
        if rand.random() < 0.06:
            group = rand.choice(self.groups[:20] + self.rights)
            aces.append((group, False, rand.random() < 0.5, "All", "Send-As"))
            for trustee in self.some([m for m in group.members if m.kind in ("user", "group")] or self.users, 2):
                aces.append((trustee, True, rand.random() < 0.5, "All", "Send-As"))
        if rand.random() < 0.03:
            aces.append((rand.choice(self.users), False, False, "Descendents", "Send-As"))
        if rand.random() < 0.03:
            aces.append(("S-1-5-21-1-2-3-99999", False, False, "All", "Send-As"))
        if rand.random() < 0.03:
            aces.append((rand.choice(self.users), False, False, "All", "Receive-As"))

    def may_send_as(self, person, identity):
        """The first ACE that is about the person: explicit before inherited, in each deny before allow."""
        if person is identity:
            return True
        for inherited, deny in ((False, True), (False, False), (True, True), (True, False)):
            for trustee, ace_deny, ace_inherited, kind, rights in identity.aces:
                if (ace_inherited, ace_deny) != (inherited, deny) or rights != "Send-As" or kind != "All" or isinstance(trustee, str):
                    continue
                if id(person) in self.closure(trustee, rights=True):
                    return not deny
        return False

    def may_write_to(self, person, recipient):
        """None: nobody logged in."""
        if person is None:
            return not (recipient.authenticated or recipient.accept)
        lists = [{id(p) for one in people for p in self.closure(one).values()} for people in (recipient.accept, recipient.reject)]
        return (not recipient.accept or id(person) in lists[0]) and id(person) not in lists[1]

    def may_submit(self, person):
        off = person.smtp_disabled == "True" or (person.smtp_disabled == "" and self.org_smtp_disabled)
        return person.logs_in and not off

    # --- what PowerShell prints

    @staticmethod
    def lines(values):
        return "\n".join(values)

    def recipient_row(self, p, **more):
        return {"Name": f"{p.name} {p.number}", "DisplayName": p.name, "Alias": p.alias, "Identity": p.canonical, "Guid": p.guid,
                "DistinguishedName": p.dn, "PrimarySmtpAddress": p.primary,
                "EmailAddresses": self.lines([f"X500:/o=Org/cn={p.alias}", f"SMTP:{p.primary}", f"sip:{p.alias}@{DOMAIN}",
                                              *(f"smtp:{a}" for a in p.others)]),
                "RequireSenderAuthenticationEnabled": str(p.authenticated),
                "AcceptMessagesOnlyFromSendersOrMembers": self.lines(q.canonical for q in p.accept),
                "RejectMessagesFromSendersOrMembers": self.lines(q.canonical for q in p.reject),
                "GrantSendOnBehalfTo": self.lines(q.canonical for q in p.on_behalf),
                "MaxSendSize": p.size, "MaxReceiveSize": "Unlimited", "CustomAttribute1": "x", "ModerationEnabled": "False", **more}

    def tables(self):
        mailboxes = [p for p in self.people if p.kind in ("user", "shared")]
        ofkind = lambda *kinds: [p for p in self.people if p.kind in kinds]  # noqa: E731
        tables = {
            "Mailbox": [self.recipient_row(p, RecipientTypeDetails=p.details, UserPrincipalName=p.upn, SamAccountName=p.sam,
                                           RecipientLimits=p.recipients, AuditOwner="System.Object[]",
                                           ForwardingAddress="" if p.number % 40 else self.outsiders[0].canonical) for p in mailboxes],
            "CASMailbox": [{"Identity": p.canonical, "PrimarySmtpAddress": p.primary, "ImapEnabled": str(p.imap).upper(),
                            "PopEnabled": str(p.pop), "SmtpClientAuthenticationDisabled": p.smtp_disabled,
                            "ActiveSyncEnabled": "True", "OWAEnabled": "True"} for p in mailboxes],
            "DistributionGroup": [self.recipient_row(p, RecipientTypeDetails=p.details, SamAccountName=p.sam)
                                  for p in ofkind("group")],
            "DynamicDistributionGroup": [self.recipient_row(p, RecipientFilter="Company -eq 'x'") for p in ofkind("dynamic")],
            "MailUser": [self.recipient_row(p, ExternalEmailAddress=f"SMTP:{p.alias}@partner.example") for p in ofkind("mailuser")],
            "MailContact": [self.recipient_row(p, ExternalEmailAddress=f"SMTP:{p.alias}@partner.example") for p in ofkind("contact")],
            "User": [{"DistinguishedName": p.dn, "Sid": p.sid, "SamAccountName": p.sam, "UserPrincipalName": p.upn,
                      "UserAccountControl": "AccountDisabled, NormalAccount" if p.disabled or p.kind == "shared" else "NormalAccount"}
                     for p in mailboxes],
            "Group": [{"DistinguishedName": p.dn, "Sid": p.sid, "SamAccountName": p.sam, "Name": p.name,
                       "GroupType": "Universal, SecurityEnabled" if p.kind == "rights" else "",
                       "Members": self.lines(m.canonical for m in p.members) if p.kind == "rights" else ""}
                      for p in ofkind("rights", "group")],
            "AcceptedDomain": [{"Name": "main", "DomainName": DOMAIN, "DomainType": "Authoritative", "Default": "True"},
                               {"Name": "below", "DomainName": f"*.{DOMAIN}", "DomainType": "Authoritative", "Default": "False"},
                               {"Name": "partner", "DomainName": "relay.example", "DomainType": "ExternalRelay", "Default": "False"}],
            "TransportConfig": [{"MaxSendSize": "25 MB (26,214,400 bytes)", "MaxReceiveSize": "25 MB (26,214,400 bytes)",
                                 "MaxRecipientEnvelopeLimit": "500", "ShadowRedundancyEnabled": "True"}],
        }
        for name, kind in (("DistributionGroupMember", "group"), ("DynamicDistributionGroupMember", "dynamic")):
            tables[name] = [{"Group": g.dn, "DistinguishedName": m.dn, "Name": m.name, "PrimarySmtpAddress": m.primary}
                            for g in ofkind(kind) for m in g.members]
        tables["ADPermission"] = [self.ace_row(p, *ace) for p in self.people for ace in p.aces]
        tables.update(self.server_tables())
        return tables

    def ace_row(self, person, trustee, deny, inherited, kind, rights):
        text = trustee if isinstance(trustee, str) else f"{NETBIOS}\\{trustee.sam}"
        every = rights == "GenericAll"
        return {"Recipient": person.dn, "Identity": person.canonical, "User": text, "Deny": str(deny), "IsInherited": str(inherited),
                "InheritanceType": kind, "AccessRights": "GenericAll" if every else "ExtendedRight",
                "ExtendedRights": "" if every else rights}

    @staticmethod
    def connector(name, role, ports, mechanisms, groups, remote="0.0.0.0-255.255.255.255\n::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                  **more):
        return {"Identity": f"MAIL\\{name}", "Name": name, "Server": "MAIL", "Enabled": "True", "TransportRole": role,
                "Bindings": "\n".join(f"[::]:{port}\n0.0.0.0:{port}" for port in ports), "RemoteIPRanges": remote,
                "AuthMechanism": mechanisms, "PermissionGroups": groups, "RequireTLS": "False",
                "MaxMessageSize": "36 MB (37,748,736 bytes)", "MaxRecipientsPerMessage": "200", "MessageRateLimit": "Unlimited",
                "MessageRateSource": "None", "Fqdn": f"mail.{DOMAIN}", "TarpitInterval": "00:00:05", **more}

    def server_tables(self):
        front, submit = "FrontendTransport", "ms-Exch-SMTP-Submit"
        anonymous = {"Connector": "MAIL\\Relay", "User": "NT AUTHORITY\\ANONYMOUS LOGON", "Deny": "False", "IsInherited": "False"}
        return {
            "ReceiveConnector": [
                self.connector("Default Frontend MAIL", front, [25], "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer",
                               "AnonymousUsers, ExchangeServers, ExchangeLegacyServers"),
                self.connector("Client Frontend MAIL", front, [587], "Tls, Integrated, BasicAuth, BasicAuthRequireTLS",
                               "ExchangeUsers", MessageRateLimit="5", MessageRateSource="User", MaxRecipientsPerMessage="600"),
                self.connector("Relay", front, [25], "Tls", "AnonymousUsers, Custom", remote="10.1.2.0/28\n192.168.8.1/24"),
                self.connector("Client Proxy MAIL", "HubTransport", [465], "Tls, Integrated, BasicAuth", "ExchangeUsers")],
            "ReceiveConnectorPermission": [
                {**anonymous, "ExtendedRights": right} for right in
                (submit, "ms-Exch-SMTP-Accept-Any-Sender", "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
                 "ms-Exch-Accept-Headers-Routing", "ms-Exch-SMTP-Accept-Any-Recipient")],
            "ImapSettings": [{"Server": "MAIL", "LoginType": "PlainTextAuthentication", "UnencryptedOrTLSBindings": "[::]:143\n0.0.0.0:143"}],
            "PopSettings": [{"Server": "MAIL", "LoginType": "SecureLogin", "SSLBindings": "[::]:995"}],
        }

    def write(self, folder, encoding="utf-8-sig", delimiter=",", head=""):
        folder.mkdir(exist_ok=True)
        for name, rows in self.tables().items():
            write_table(folder / f"{name}.csv", rows, encoding, delimiter, head)
        return folder


def write_table(path, rows, encoding="utf-8-sig", delimiter=",", head=""):
    """As Export-Csv does: every cell in quotes, lines that end in CR LF."""
    out = io.StringIO()
    out.write(head)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(out, columns, restval="", delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
