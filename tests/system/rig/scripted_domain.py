"""A scripted domain controller of Active Directory (ldap_script.py): what Samba does not do, or only after minutes.

    with ScriptedDomain() as server:
        server.user("alice", 1001)
        server.group("staff", 1002, members=["alice"])
        server.user("sales", 1003, aces=allow(server.sid(1002)) + deny(server.sid(1001)))

Whoever is asked for has the numbers' SIDs in the domain 1-2-3.
"""
import struct
import uuid

from rig.database import PASSWORD
from rig.ldap_script import BASE, ScriptedLdap

CONFIGURATION = f"CN=Configuration,{BASE}"
SEND_AS = uuid.UUID("ab721a54-1e2f-11d0-9819-00aa0040529b").bytes_le
ALLOW_OBJECT, DENY_OBJECT, CONTROL_ACCESS, OBJECT_TYPE = 5, 6, 0x100, 1


def sid(*numbers, authority=5):
    return struct.pack(">BBHI", 1, len(numbers), 0, authority) + b"".join(struct.pack("<I", number) for number in numbers)


EVERYBODY = sid(11)


def _ace(kind, whose):
    return struct.pack("<BBHII", kind, 0, 28 + len(whose), CONTROL_ACCESS, OBJECT_TYPE) + SEND_AS + whose


def allow(whose):
    return _ace(ALLOW_OBJECT, whose)


def deny(whose):
    return _ace(DENY_OBJECT, whose)


def descriptor(aces, count):
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20) + struct.pack("<BBHHH", 4, 0, 8 + len(aces), count, 0) + aces


class ScriptedDomain(ScriptedLdap):
    page = 1000

    def __init__(self):
        super().__init__()
        self.root.update(defaultNamingContext=[BASE], configurationNamingContext=[CONFIGURATION], highestCommittedUSN=["1"],
                         dsServiceName=[f"CN=NTDS Settings,{CONFIGURATION}"])
        self.entries.update(domain=[], partitions=[])
        self.partition("CORP", BASE)
        self.group("Domain Users", 513)
        self.lookups, self.tokens_asked = [], 0

    @staticmethod
    def sid(number):
        return sid(21, 1, 2, 3, number)

    @staticmethod
    def dn(name):
        return name if "=" in name else f"CN={name},{BASE}"

    def partition(self, name, dn):
        self.add("partitions", f"CN={name},CN=Partitions,{CONFIGURATION}", nCName=[dn], nETBIOSName=[name])

    def user(self, name, number, aces=b"", **attributes):
        """None takes an attribute away."""
        said = {"objectClass": ["top", "person", "user"], "mail": [f"{name}@example.test"], "sAMAccountName": [name],
                "userAccountControl": ["512"], "primaryGroupID": ["513"], "objectSid": [self.sid(number)],
                "objectGUID": [number.to_bytes(16, "big")], "nTSecurityDescriptor": [self.descriptor(aces)],
                "tokenGroups": [self.sid(513)], **attributes}
        return self._add(["users"] if said["mail"] else ["others"], name, said)

    def group(self, name, number, members=(), aces=b"", **attributes):
        said = {"objectClass": ["top", "group"], "mail": None, "groupType": ["-2147483646"], "objectSid": [self.sid(number)],
                "objectGUID": [number.to_bytes(16, "big")], "member": [self.dn(one) for one in members] or None,
                "nTSecurityDescriptor": [self.descriptor(aces)], **attributes}
        return self._add(["domain", "groups"] if said["mail"] else ["domain"], name, said)

    def _add(self, kinds, name, said):
        for kind in kinds:
            self.entries.setdefault(kind, [])
            self.add(kind, self.dn(name), **{key: value for key, value in said.items() if value is not None})

    @staticmethod
    def descriptor(aces):
        count, at = 0, 0
        while at < len(aces):
            count, at = count + 1, at + struct.unpack_from("<H", aces, at + 2)[0]
        return descriptor(aces, count)

    def settings(self, folder):
        """The block's settings."""
        password = folder / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        return (f'driver = ldap flavour = ad tls = none url = {{ "ldap://127.0.0.1:{self.port}" }} base = "{BASE}" user = "reader"\n'
                f'    password_file = "{password}" users_filter = "(kind=users)" groups_filter = "(kind=groups)"')

    def answer(self, reply, asked, page=None):
        self.tokens_asked += "tokenGroups" in asked.attributes
        if asked.equal == b"objectSid":
            self.lookups.append(asked.value)
            found = {dn: said for entries in self.entries.values() for dn, said in entries if said.get("objectSid") == [asked.value]}
            for dn, said in found.items():
                reply.entry(dn, self.ranged(said, asked))
            reply.result(cookie="")
            return
        if asked.kind is None:
            asked.kind = "partitions" if asked.base.startswith("CN=Partitions") else "domain"
        super().answer(reply, asked, page)
