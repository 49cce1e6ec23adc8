"""A company in Active Directory: who has which entry in which DACL, and what is in the attributes, for test_865.

Each row of RIGHTS is a shared mailbox, a disabled account as Exchange makes them, with entries of SDDL in front of its DACL;
{NAME} is the SID of an account.
"""
import struct

from rig.samba import DOMAIN, READER, REALM, ROOT
from rig.sources import Content

PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank")
ALLOW, DENY = "(OA;;CR;SEND_AS;;{%s})", "(OD;;CR;SEND_AS;;{%s})"
ODD = "Smith\\, Jones \\+ Sons"
NULL_DACL = struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 0)
STRANGER = "S-1-5-21-11-22-33-4444"

# What, where, the entries, who may send as it and who may not.
RIGHTS = [
    ("nobody", "Shared", "", {"alice": False}),
    ("a user", "Shared", ALLOW % "alice", {"alice": True, "bob": False}),
    ("two users", "Shared", ALLOW % "alice" + ALLOW % "bob", {"alice": True, "bob": True, "carol": False}),
    ("a group", "Shared", ALLOW % "sales", {"alice": True, "carol": True, "dave": True, "bob": False}),
    ("a group without an address", "Shared", ALLOW % "helpdesk", {"bob": True, "alice": False}),
    ("a primary group", "Shared", ALLOW % "staff", {"frank": True, "alice": False}),
    ("Domain Users, the primary group of the others", "Shared", ALLOW % "Domain Users", {"alice": True, "frank": True}),
    ("a distribution group", "Shared", ALLOW % "letters", {"erin": False}),
    ("a security group with a distribution group in it", "Shared", ALLOW % "mixed", {"frank": True, "erin": False}),
    ("groups in one another", "Shared", ALLOW % "ring1", {"alice": True, "erin": True, "bob": False}),
    ("a group with everybody in it", "Shared", ALLOW % "public", {"alice": True, "bob": True}),
    ("everybody who logged in", "Shared", "(OA;;CR;SEND_AS;;AU)", {"alice": True, "frank": True}),
    ("a user denied and allowed", "Shared", DENY % "alice" + ALLOW % "alice", {"alice": False}),
    ("deny over allow: a user out of a group", "Shared", DENY % "alice" + ALLOW % "sales", {"alice": False, "carol": True}),
    ("one group denied, another allowed", "Shared", DENY % "inner" + ALLOW % "sales", {"dave": False, "alice": True}),
    ("a group denied, a user of it allowed", "Shared", DENY % "helpdesk" + ALLOW % "bob", {"bob": False}),
    ("a primary group denied", "Shared", DENY % "staff" + ALLOW % "frank" + ALLOW % "bob", {"frank": False, "bob": True}),
    ("a denial behind what is allowed", "Shared", ALLOW % "alice" + DENY % "alice", {"alice": False}),
    ("everybody denied", "Shared", "(OD;;CR;SEND_AS;;WD)" + ALLOW % "alice", {"alice": False}),
    ("a denied SID that nobody has", "Shared", f"(OD;;CR;SEND_AS;;{STRANGER})" + ALLOW % "alice", {"alice": False}),
    ("a denied account without an address", "Shared", DENY % "blind" + ALLOW % "alice", {"alice": True, "bob": False}),
    ("a denied computer", "Shared", DENY % "pc1$" + ALLOW % "alice", {"alice": True, "bob": False}),
    ("a container whose name has a comma", ODD, ALLOW % "commas", {"alice": True, "bob": False}),
    ("inherited", "Allowed", "", {"alice": True, "bob": False}),
    ("inherited by users", "Allowed", "", {"carol": True}),
    ("inherited by groups only", "Allowed", "", {"dave": False}),
    ("an inherited denial", "Denied", "", {"bob": False, "alice": False}),
    ("explicit allow over inherited deny", "Denied", ALLOW % "alice", {"alice": True, "bob": False}),
    ("explicit deny over inherited allow", "Allowed", DENY % "alice", {"alice": False, "carol": True}),
    ("INHERIT_ONLY", "Shared", "(OA;CIIO;CR;SEND_AS;;{alice})", {"alice": False}),
    ("a denial that is INHERIT_ONLY", "Shared", "(OD;CIIO;CR;SEND_AS;;{alice})" + ALLOW % "alice", {"alice": True}),
    ("SELF", "Shared", "(OA;;CR;SEND_AS;;PS)", {"alice": False}),
    ("Receive-As", "Shared", "(OA;;CR;ab721a56-1e2f-11d0-9819-00aa0040529b;;{alice})", {"alice": False}),
    ("another right denied", "Shared", "(OD;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)" + ALLOW % "alice", {"alice": True}),
    ("CREATOR OWNER", "Shared", "(OA;;CR;SEND_AS;;CO)", {"alice": False}),
    ("a SID that nobody has", "Shared", f"(OA;;CR;SEND_AS;;{STRANGER})", {"alice": False}),
    ("full control", "Shared", "(A;;GA;;;{alice})", {"alice": False}),
    ("all extended rights", "Shared", "(OA;;CR;;;{alice})", {"alice": False}),
    ("full control denied", "Shared", "(D;;GA;;;{alice})" + ALLOW % "alice" + ALLOW % "bob", {"alice": False, "bob": True}),
]
RIGHTS += [
    ("a descriptor that is not shown", "Shared", "(D;;RC;;;{reader})" + ALLOW % "alice", {"alice": False}),
    ("no DACL", "Shared", None, {"alice": False}),
]
# With all_rights_send_as = yes these rows become others; no other row does.
ALL_RIGHTS = {"full control": {"alice": True}, "all extended rights": {"alice": True}}
BOXES = {what: f"box{number:02d}@example.test" for number, (what, *_) in enumerate(RIGHTS)}
CROWD = 4500


def mailbox(samba, name, **attributes):
    """A user whose primary address is NAME@example.test."""
    proxies = [f"SMTP:{name}@example.test", *attributes.pop("proxyAddresses", [])]
    return samba.user(name, proxyAddresses=proxies, **{"mail": f"{name}@example.test", **attributes})


def mail_group(samba, name, member=(), **attributes):
    return samba.group(name, mail=f"{name}@example.test", proxyAddresses=[f"SMTP:{name}@example.test"],
                       member=[one if "=" in one else f"CN={one},CN=Users,{ROOT}" for one in member] or None, **attributes)


def people_and_groups(samba):
    # Before there is anybody: what an entry inherits it gets when it is made.
    samba.user("blind")
    samba.password("blind", READER)
    samba.allow(ROOT, "(D;CI;RPLCLORC;;;{blind})")
    units = {name: samba.unit(name) for name in ("Shared", "Allowed", "Denied", "Crowd", ODD)}
    for name in PEOPLE:
        mailbox(samba, name)
    samba.user("reader")
    samba.password("reader", READER)
    users = f"CN=Users,{ROOT}"
    samba.group("inner", member=[f"CN=dave,{users}"])
    mail_group(samba, "sales", ["alice", "carol", "inner"])
    samba.add(f"CN=pc1,{users}", "computer", sAMAccountName="pc1$", userAccountControl=4096, mail="pc1@example.test")
    samba.group("commas", below=units[ODD], member=[f"CN=alice,{users}"])
    samba.group("helpdesk", member=[f"CN=bob,{users}"])
    mail_group(samba, "letters", ["erin"], security=False)
    mail_group(samba, "mixed", ["frank", "letters"])
    mail_group(samba, "staff", ["frank"])
    samba.modify(f"CN=frank,{users}", primaryGroupID=samba.sid("staff").rpartition("-")[2])
    samba.group("ring2", member=[f"CN=erin,{users}"])
    mail_group(samba, "ring1", ["alice", "ring2"])
    samba.write(f"dn: CN=ring2,{users}\nchangetype: modify\nadd: member\nmember: CN=ring1,{users}\n-\n\n")
    samba.group("public", member=[f"CN=S-1-5-11,CN=ForeignSecurityPrincipals,{ROOT}"])
    # A container's right for users (bf967aba) and one for groups (bf967a9c), as the console of Windows writes them.
    samba.allow(units["Allowed"], "(OA;CI;CR;SEND_AS;;{alice})(OA;CIIO;CR;SEND_AS;bf967aba-0de6-11d0-a285-00aa003049e2;{carol})"
                                  "(OA;CIIO;CR;SEND_AS;bf967a9c-0de6-11d0-a285-00aa003049e2;{dave})")
    samba.allow(units["Denied"], "(OD;CI;CR;SEND_AS;;{bob})(OA;CI;CR;SEND_AS;;{helpdesk})")
    return units


def boxes(samba, units):
    for what, unit, aces, _ in RIGHTS:
        dn = mailbox(samba, BOXES[what].partition("@")[0], below=units[unit], enabled=False)
        if aces is None:
            samba.write_descriptor(dn, NULL_DACL)
        elif aces:
            samba.allow(dn, aces)


def attributes(samba):
    """Users and groups of whom an attribute says something."""
    users = f"CN=Users,{ROOT}"

    def dn(*names):
        return [f"CN={name},{users}" for name in names]
    mailbox(samba, "aliases", proxyAddresses=["smtp:also@example.test", "smtp:Info@Example.test", "X500:/o=Old/ou=x/cn=y",
                                              "SIP:aliases@example.test"])
    samba.user("plain", mail="plain@example.test")
    samba.user("twice", mail="second@example.test", proxyAddresses=["SMTP:first@example.test", "SMTP:second@example.test"])
    samba.user("unclear", mail="none@example.test", proxyAddresses=["SMTP:one@example.test", "SMTP:two@example.test"])
    samba.user("nomail")
    samba.add(f"CN=Bee\\, Jo,OU={ODD},{ROOT}", "inetOrgPerson", sAMAccountName="jo", userAccountControl=512, mail="jo@example.test")
    mail_group(samba, "bees", below=f"OU={ODD},{ROOT}", member=[f"CN=Bee\\, Jo,OU={ODD},{ROOT}"])
    samba.add(f"CN=contact,{users}", "contact", mail="contact@example.test", proxyAddresses=["SMTP:contact@example.test"])
    mailbox(samba, "nopop", protocolSettings=["POP3§0§1§4§ISO-8859-1§0§§§", "IMAP4§1§§§§§§§§§§§§", "HTTP§0§1§§§§§§"])
    mailbox(samba, "noimap", protocolSettings=["IMAP4§0§1§4§ISO-8859-1§0§1§0§0", "POP3§§"])
    mailbox(samba, "limited", submissionContLength=10240, msExchRecipLimit=25)
    mailbox(samba, "closed", authOrig=dn("alice"), dLMemSubmitPerms=dn("helpdesk"))
    mailbox(samba, "barred", unauthOrig=dn("alice"), dLMemRejectPerms=dn("staff"))
    mailbox(samba, "inside", msExchRequireAuthToSendTo="TRUE")
    mailbox(samba, "unreachable", authOrig=dn("nomail"))
    mailbox(samba, "chief", publicDelegates=dn("alice", "sales"))
    mailbox(samba, "o'brien", userPrincipalName="o'brien@corp.example.test")
    mailbox(samba, "with.blank", sAMAccountName="with blank")
    mail_group(samba, "announce", ["alice"], dLMemSubmitPerms=dn("sales"), msExchRequireAuthToSendTo="TRUE")
    samba.sam.transaction_start()
    crowd = [samba.add(f"CN=c{number},OU=Crowd,{ROOT}", "contact", mail=f"c{number}@elsewhere.test") for number in range(CROWD - 1)]
    samba.sam.transaction_commit()
    samba.group("crowd", mail="crowd@example.test", member=[*crowd, *dn("bob")])
    samba.allow(f"CN=crowd,{users}", ALLOW % "erin")


def in_directory(samba, content):
    """Puts a content (sources.py) below OU=Company, as far as Active Directory can say it: what it says of that."""
    below = samba.unit("Company")
    expected, lists = Content(), {}
    for table, key in (("addresses", "address"), ("members", "member")):
        for name, value in content.rows[table]:
            lists.setdefault(name, {}).setdefault(key, []).append(value)
    places = {name: f"CN={name.partition('@')[0]},{below}" for table in ("users", "groups") for name, *_ in content.rows[table]}

    def proxies(name):
        return [f"SMTP:{name}", *(f"smtp:{address}" for address in lists.get(name, {}).get("address", ()))]

    def senders(value):
        """As attributes, and as directory text."""
        if value is None or value == "anyone":
            return {}, None
        if value == "authenticated":
            return {"msExchRequireAuthToSendTo": "TRUE"}, value
        return {"authOrig": [places[name] for name in value.split(",") if name.startswith("user")] or None,
                "dLMemSubmitPerms": [places[name] for name in value.split(",") if name.startswith("team")] or None}, value
    samba.sam.transaction_start()
    for name, imap, pop3, _, _, _, wanted, size, recipients in content.rows["users"]:
        account = name.partition("@")[0]
        octets = {None: None, "unlimited": None, "10MB": 10 << 20, "4096": 4096}[size]
        of_senders, wanted = senders(wanted)
        samba.user(account, below=below, proxyAddresses=proxies(name), submissionContLength=octets and octets >> 10,
                   msExchRecipLimit=recipients, protocolSettings=[f"{protocol}§0§1" for protocol, on in (("IMAP4", imap), ("POP3", pop3))
                                                                  if on is False] or None)
        expected.user(name, address=lists.get(name, {}).get("address", ()),
                      login=[account, f"{account}@{REALM.lower()}", f"{DOMAIN}\\{account}"], imap=imap, pop3=pop3, senders=wanted,
                      max_message_size=octets, max_recipients=recipients)
        lists.setdefault(name, {})["senders"] = of_senders
    for name, wanted in reversed(content.rows["groups"]):
        members = lists[name]["member"]
        samba.group(name.partition("@")[0], below=below, proxyAddresses=proxies(name), member=[places[member] for member in members])
        of_senders, wanted = senders(name if wanted == "members" else wanted)
        expected.group(name, address=lists[name].get("address", ()), member=members, senders=wanted)
        lists[name]["senders"] = of_senders
    for name, said in lists.items():
        if said["senders"]:
            samba.modify(places[name], **{key: value for key, value in said["senders"].items() if value is not None})
    for kind, identity, trustee in sorted(set(content.rows["grants"])):
        if identity not in places:
            continue
        expected.grant(kind, identity, trustee)
        if kind == "send-as":
            samba.allow(places[identity], ALLOW % trustee.partition("@")[0])
        else:
            samba.write(f"dn: {places[identity]}\nchangetype: modify\nadd: publicDelegates\npublicDelegates: {places[trustee]}\n-\n\n")
    samba.sam.transaction_commit()
    return expected
