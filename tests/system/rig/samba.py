"""Samba as a private domain controller of Active Directory, in a network of the test's own (network.py).

    with Network(), Samba(folder) as samba:
        alice = samba.user("alice", mail="alice@example.test")
        samba.send_as("shared", "(OA;;CR;SEND_AS;;{alice})")
        source = samba.settings(password_file)

What is written goes to its database, as samba-tool writes it; what reads is `samba.reader`, an ordinary user, over LDAPS.
"""
import base64
import os
import re
import subprocess
from pathlib import Path

from rig.ports import listens
from rig.processes import kill_and_wait, tool
from rig.tls import Certificate
from rig.waiting import PATIENCE, wait_for

REALM, DOMAIN = "CORP.EXAMPLE.TEST", "CORP"
ROOT = "DC=corp,DC=example,DC=test"
HOST = "dc1.corp.example.test"
ADMINISTRATOR, READER = "Pass-w0rd.of.the.administrator", "Pass-w0rd.of.the.reader"
START = 6 * PATIENCE
SEND_AS = "ab721a54-1e2f-11d0-9819-00aa0040529b"

# What Exchange adds to the schema, and is read here. With the numbers of their links where they are links.
STRING, NUMBER, TRUTH, NAME = ("2.5.5.12", 64), ("2.5.5.9", 2), ("2.5.5.8", 1), ("2.5.5.1", 127)
ATTRIBUTES = {
    "publicDelegates": (NAME, True), "authOrig": (NAME, True), "unauthOrig": (NAME, True), "dLMemSubmitPerms": (NAME, True),
    "dLMemRejectPerms": (NAME, True), "msExchRequireAuthToSendTo": (TRUTH, False), "submissionContLength": (NUMBER, False),
    "msExchRecipLimit": (NUMBER, False), "protocolSettings": (STRING, True),
}


def why_not():
    """Why there can be no Samba here, or None."""
    missing = [name for name in ("samba", "samba-tool") if tool(name) is None]
    return f"no {missing[0]} (samba-ad-dc)" if missing else None


def schema():
    """The attributes, and the classes that may have them, as LDIF."""
    below = f"CN=Schema,CN=Configuration,{ROOT}"
    text = ""
    for number, (name, ((syntax, om), several)) in enumerate(ATTRIBUTES.items()):
        text += (f"dn: CN={name},{below}\nchangetype: add\nobjectClass: attributeSchema\nlDAPDisplayName: {name}\n"
                 f"attributeID: 1.3.6.1.4.1.8072.999.1.{number}\nattributeSyntax: {syntax}\noMSyntax: {om}\n"
                 f"isSingleValued: {'FALSE' if several else 'TRUE'}\n" +
                 ("oMObjectClass:: KwwCh3McAIVK\n" if om == 127 else "") + "\n")
    names = "".join(f"mayContain: {name}\n" for name in ATTRIBUTES)
    text += "dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n-\n\n"
    return text + "".join(f"dn: CN={name},{below}\nchangetype: modify\nadd: mayContain\n{names}-\n\n" for name in ("User", "Group"))


class Samba:
    def __init__(self, folder):
        self.folder = Path(folder) / "samba"
        self.folder.mkdir()
        # A test's domain need not outlive a power cut: each entry would wait for the disk.
        os.environ["TDB_NO_FSYNC"] = "1"
        self.certificate = Certificate(folder, HOST)
        self.process = None
        self.log = self.folder / "samba.log"
        self.config = self.folder / "etc" / "smb.conf"
        self.reader = f"reader@{REALM.lower()}"
        self.provision()

    def run(self, *command, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=START, **options)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def tool(self, *arguments):
        """samba-tool, at the database."""
        return self.run(tool("samba-tool"), *arguments, "-s", self.config)

    def provision(self):
        self.run(tool("samba-tool"), "domain", "provision", f"--targetdir={self.folder}", f"--realm={REALM}", f"--domain={DOMAIN}",
                 "--server-role=dc", f"--adminpass={ADMINISTRATOR}", "--dns-backend=NONE", "--host-name=dc1",
                 "--host-ip=127.0.0.1", "--option=interfaces = lo", "--option=bind interfaces only = yes")
        text = re.sub(r"(?m)^\s*(server services|log file|logging|interfaces|bind interfaces only) =.*\n", "", self.config.read_text())
        self.config.write_text(text.replace("[global]\n", "[global]\n" + "".join(f"\t{name} = {value}\n" for name, value in {
            "server services": "ldap kdc", **self.sasl_over_tls(), "interfaces": "lo", "bind interfaces only": "yes", "log file": self.log,
            "tls certfile": self.certificate.cert, "tls keyfile": self.certificate.key, "tls cafile": self.certificate.cert,
            "pid directory": self.folder, "ncalrpc dir": self.folder / "ncalrpc",
        }.items()), 1))
        (self.folder / "ncalrpc").mkdir()
        self.open()
        self.write(schema())
        self.open()

    def sasl_over_tls(self):
        """What lets Kerberos log in over TLS. From 4.21 on channel binding does, which the default demands."""
        version = re.search(r"Version (\d+)\.(\d+)", self.run(tool("samba"), "--version"))
        known = (int(version[1]), int(version[2])) >= (4, 21)
        return {} if known else {"ldap server require strong auth": "allow_sasl_over_tls"}

    def kerberos(self):
        """The reader's keys, and the environment of who asks this domain's KDC for the ldap server of 127.0.0.1."""
        keytab, config = self.folder / "reader.keytab", self.folder / "krb5.conf"
        self.modify(f"CN=DC1,OU=Domain Controllers,{ROOT}", servicePrincipalName=["ldap/127.0.0.1", f"ldap/{HOST}", f"HOST/{HOST}"])
        self.tool("domain", "exportkeytab", keytab, f"--principal={self.reader}")
        config.write_text(f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
                          f"dns_canonicalize_hostname = false\nrdns = false\n[realms]\n{REALM} = {{\nkdc = 127.0.0.1\n}}\n"
                          f"[domain_realm]\n127.0.0.1 = {REALM}\n")
        return keytab, {"KRB5_CONFIG": str(config), "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}"}

    # --- its database

    def open(self):
        """As who owns the files; what a modify writes is checked as the server checks it."""
        from samba.auth import system_session
        from samba.param import LoadParm
        from samba.samdb import SamDB

        parameters = LoadParm()
        parameters.load(str(self.config))
        parameters.set("dsdb:schema update allowed", "yes")
        self.sam = SamDB(url=str(self.folder / "private" / "sam.ldb"), session_info=system_session(), lp=parameters)

    def write(self, ldif, controls=()):
        self.sam.modify_ldif(ldif, controls=list(controls))

    def add(self, dn, object_class, **attributes):
        """An entry; a list is several values, None is no attribute."""
        self.sam.add({"dn": dn, "objectClass": object_class,
                      **{name: value if isinstance(value, list) else str(value) for name, value in attributes.items()
                         if value is not None}})
        return dn

    def unit(self, name):
        return self.add(f"OU={name},{ROOT}", "organizationalUnit")

    def user(self, name, below=f"CN=Users,{ROOT}", enabled=True, **attributes):
        """An account; `name` is its sAMAccountName and the common name."""
        said = {"sAMAccountName": name, "userPrincipalName": f"{name}@{REALM.lower()}", "userAccountControl": 512 if enabled else 514}
        return self.add(f"CN={name},{below}", "user", **{**said, **attributes})

    def group(self, name, below=f"CN=Users,{ROOT}", security=True, **attributes):
        return self.add(f"CN={name},{below}", "group", **{"sAMAccountName": name, "groupType": (-0x80000000 if security else 0) + 2,
                                                          **attributes})

    def modify(self, dn, **attributes):
        """Replaces attributes; None takes one away."""
        lines = [f"dn: {dn}", "changetype: modify"]
        for name, value in attributes.items():
            values = value if isinstance(value, list) else [] if value is None else [value]
            lines += [f"replace: {name}", *(f"{name}: {one}" for one in values), "-"]
        self.write("\n".join(lines) + "\n\n")

    def sid(self, name):
        """Of the account of this sAMAccountName, as text."""
        from samba.dcerpc import security
        from samba.ndr import ndr_unpack

        [entry] = self.sam.search(base=ROOT, expression=f"(sAMAccountName={name})", attrs=["objectSid"])
        return str(ndr_unpack(security.dom_sid, entry["objectSid"][0]))

    def aces(self, text):
        """Those of an SDDL text, with {NAME} for the SID of an account."""
        from samba.dcerpc import security

        text = re.sub(r"\{(.+?)\}", lambda found: self.sid(found[1]), text).replace("SEND_AS", SEND_AS)
        return security.descriptor.from_sddl("D:" + text, security.dom_sid(self.sam.get_domain_sid())).dacl.aces

    def allow(self, dn, text):
        """Puts entries of SDDL in front of the DACL of an entry."""
        from samba.dcerpc import security
        from samba.ndr import ndr_pack, ndr_unpack

        [entry] = self.sam.search(base=dn, scope=0, attrs=["nTSecurityDescriptor"], controls=["sd_flags:1:4"])
        descriptor = ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])
        dacl = descriptor.dacl
        aces = self.aces(text) + dacl.aces
        dacl.aces, dacl.num_aces = aces, len(aces)
        self.write_descriptor(dn, ndr_pack(descriptor))

    def write_descriptor(self, dn, octets):
        encoded = base64.b64encode(octets).decode()
        self.write(f"dn: {dn}\nchangetype: modify\nreplace: nTSecurityDescriptor\nnTSecurityDescriptor:: {encoded}\n-\n\n",
                   ["sd_flags:1:4"])

    def password(self, name, password):
        self.sam.setpassword(f"(sAMAccountName={name})", password, force_change_at_next_login=False)

    # --- the server

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([tool("samba"), "-F", "-M", "single", "-s", self.config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_for(self.is_ready, "Samba to listen", START)

    def is_ready(self):
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        return listens(636)

    def stop(self):
        kill_and_wait(self.process, START)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- a source of the policy

    def settings(self, password, **changes):
        """The block's settings, with the file of the reader's password; None leaves one out."""
        said = {"url": '"ldaps://127.0.0.1"', "flavour": "ad", "base": f'"{ROOT}"', "user": f'"{self.reader}"',
                "password_file": f'"{password}"', "tls_ca_file": f'"{self.certificate.cert}"', **changes}
        return "driver = ldap\n    " + "\n    ".join(f"{name} = {value}" for name, value in said.items() if value is not None)
