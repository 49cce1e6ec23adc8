"""rig.sources.Content in a tree of a private slapd, with the attributes of rig.slapd."""
from base64 import b64encode

from rig.database import PASSWORD
from rig.slapd import READER
from rig.sources import SWITCHES, USER_KEYS

KEYS = {"senders": "mwSenders", "max_message_size": "mwMaxSize", "max_recipients": "mwMaxRecipients",
        **{switch: f"mw{switch.capitalize()}" for switch in SWITCHES}}
COMMON = ["name=mwName", "address=mwAddress", "senders=mwSenders", "send_as=mwSendAs", "send_on_behalf=mwSendOnBehalf",
          "send_as_identity=mwSendAsIdentity", "send_on_behalf_identity=mwSendOnBehalfIdentity", "senders_denied=mwDenied"]
USERS = [*COMMON, "login=mwLogin", *(f"{key}={name}" for key, name in KEYS.items() if key != "senders")]
GROUPS = [*COMMON, "member=member"]
WORDS = ("anyone", "authenticated", "members", "nobody")


def octets(value):
    return value if isinstance(value, bytes) else str(value).encode()


def entry(dn, **attributes):
    """LDIF of one: values are text or octets, one or several."""
    lines = [f"dn:: {b64encode(octets(dn)).decode()}"]
    for name, values in attributes.items():
        # An attribute has a value once.
        for value in dict.fromkeys(values if isinstance(values, (list, tuple)) else [values]):
            lines.append(f"{name}:: {b64encode(octets(value)).decode()}")
    return "\n".join(lines) + "\n\n"


def person(dn, **attributes):
    return entry(dn, objectClass=["inetOrgPerson", "mwMail"], cn=attributes.pop("cn", "x"), sn="x", **attributes)


def group(dn, member, **attributes):
    return entry(dn, objectClass=["groupOfNames", "mwMail"], member=member, **attributes)


def listed(words):
    return "{ " + ", ".join(f'"{word}"' for word in words) + " }"


class LdapSource:
    driver = "ldap"

    def __init__(self, server, folder):
        self.server, self.base = server, server.tree()
        self.password = folder / "ldap.password"
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)

    def load(self, content):
        """The base keeps its name: its entries are others."""
        self.server.remove(self.base)
        self.server.add(entry(self.base, objectClass="organizationalUnit") + "".join(self.ldif(content)))

    def ldif(self, content):
        names = [row[0] for table in ("users", "groups") for row in content.rows[table]]
        dns = {name: f"cn=e{number},{self.base}" for number, name in enumerate(names)}
        said = {name: {} for name in names}
        for table, attribute in (("addresses", "mwAddress"), ("logins", "mwLogin"), ("members", "member")):
            for name, value in content.rows[table]:
                said[name].setdefault(attribute, []).append(dns.get(value, value) if table == "members" else value)
        for kind, identity, trustee in content.rows["grants"]:
            word = "SendAs" if kind == "send-as" else "SendOnBehalf"
            if identity in dns:
                said[identity].setdefault(f"mw{word}", []).append(dns[trustee].upper().replace(",", " , "))
            else:
                said[trustee].setdefault(f"mw{word}Identity", []).append(identity)
        for row in content.rows["users"]:
            for key, value in zip(USER_KEYS, row[1:]):
                if value is not None:
                    said[row[0]][KEYS[key]] = self.value(value, dns)
            yield person(dns[row[0]], cn=dns[row[0]][3:].partition(",")[0], mwName=row[0], **said[row[0]])
        for name, senders in content.rows["groups"]:
            if senders is not None:
                said[name]["mwSenders"] = self.value(senders, dns)
            yield group(dns[name], said[name].pop("member", [f"cn=nobody,{self.base}"]), mwName=name, **said[name])

    @staticmethod
    def value(value, dns):
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str) and value not in WORDS and "@" in value:
            return [dns[name] for name in value.split(",")]
        return value

    def settings(self, **changes):
        """The block's settings; None leaves one out."""
        said = {"url": listed([f"ldaps://127.0.0.1:{self.server.tls_port}"]), "tls_ca_file": self.server.certificate.cert, "user": READER,
                "password_file": self.password, "base": self.base, "users_filter": "(objectClass=inetOrgPerson)",
                "users_attributes": listed(USERS), "groups_attributes": listed(GROUPS), **changes}
        return "\n    ".join(["driver = ldap", *(
            f'{name} = {value}' if str(value).startswith("{") else f'{name} = "{value}"'
            for name, value in said.items() if value is not None)])


