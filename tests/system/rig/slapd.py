"""OpenLDAP's slapd as a private server of the tests.

    with Slapd() as server:               # or the fixture `slapd`, once for a process of tests
        base = server.tree()              # an empty entry that no other test has
        server.add(ldif)

`.port` is for ldap://, `.tls_port` for ldaps://, both on 127.0.0.1, `.socket` for ldapi://. READER may read everything, BLIND
nothing; FEW may read, with the size limit that slapd gives by default, lowered to 20. All have PASSWORD.
"""
import os
from itertools import count
from urllib.parse import quote

from rig.database import PASSWORD, DatabaseServer
from rig.ports import free_port
from rig.processes import tool

SUFFIX = "dc=example,dc=test"
ACCOUNTS = {name: f"cn={name},{SUFFIX}" for name in ("reader", "blind", "few", "nomail")}
READER, BLIND, FEW, NOMAIL = ACCOUNTS.values()
RAW = 8  # attributes mwRaw0 and so on, of any octets
_numbers = count(1)

# What mail servers keep in attributes of their own; of a test's OID.
SCHEMA = """
attributetype ( 1.3.6.1.4.1.4203.666.11.99.1.1 NAME 'mwText' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
""" + "".join(f"""
attributetype ( 1.3.6.1.4.1.4203.666.11.99.1.{number} NAME '{name}' SUP mwText )
""" for number, name in enumerate(("mwAddress", "mwName", "mwLogin", "mwImap", "mwPop3", "mwSieve", "mwSmtp", "mwRelay", "mwSenders",
                                   "mwMaxSize", "mwMaxRecipients", "mwSendAs", "mwSendOnBehalf", "mwSendAsIdentity",
                                   "mwSendOnBehalfIdentity", "mwDenied", "mwMember", "mwNetworks"), 2)) + """
attributetype ( 1.3.6.1.4.1.4203.666.11.99.1.50 NAME 'mwOctets' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
""" + "".join(f"attributetype ( 1.3.6.1.4.1.4203.666.11.99.1.{51 + number} NAME 'mwRaw{number}' SUP mwOctets )\n"
             for number in range(RAW)) + """
objectclass ( 1.3.6.1.4.1.4203.666.11.99.2.1 NAME 'mwMail' SUP top AUXILIARY MAY ( mail $ mailLocalAddress $ mwText $ mwAddress $
  mwName $ mwLogin $ mwImap $ mwPop3 $ mwSieve $ mwSmtp $ mwRelay $ mwSenders $ mwMaxSize $ mwMaxRecipients $ mwSendAs $
  mwSendOnBehalf $ mwSendAsIdentity $ mwSendOnBehalfIdentity $ mwDenied $ mwMember $ mwNetworks $ mwOctets $
  """ + " $ ".join(f"mwRaw{number}" for number in range(RAW)) + """ ) )
"""


class Slapd(DatabaseServer):
    name, user = "slapd", "openldap"
    size = 1 << 30  # of the database at the most

    def make(self):
        self.tls_port = free_port()
        self.socket = self.folder / "ldapi"
        self.config = self.folder / "slapd.conf"
        self.data.mkdir()
        os.chown(self.data, self.identity.get("user", -1), self.identity.get("group", -1))
        me = f"gidNumber={os.getegid()}+uidNumber={os.geteuid()},cn=peercred,cn=external,cn=auth"
        self.config.write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/misc.schema
{SCHEMA}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
pidfile {self.folder}/slapd.pid
TLSCertificateFile {self.certificate.cert}
TLSCertificateKeyFile {self.certificate.key}
TLSCACertificateFile {self.certificate.cert}
TLSVerifyClient allow
sasl-host localhost
authz-regexp "^cn=localhost$" "{READER}"
authz-regexp "^uid=reader,(cn=[^,]*,)?cn=gssapi,cn=auth$" "{READER}"
access to dn.base="" by * read
access to dn.base="cn=Subschema" by * read
database config
rootdn "{me}"
database mdb
suffix "{SUFFIX}"
rootdn "{me}"
directory {self.data}
maxsize {self.size}
dbnosync
index objectClass,entryUUID,entryCSN eq
index mail pres,eq
limits dn.exact="{FEW}" size=20
limits dn.exact="{READER}" size=unlimited time=unlimited
limits dn.exact="{NOMAIL}" size=unlimited
access to attrs=userPassword by anonymous auth by * none
access to attrs=mail by dn.exact="{NOMAIL}" none by dn.exact="{READER}" read by dn.exact="{FEW}" read by * none
access to * by dn.exact="{READER}" read by dn.exact="{FEW}" read by dn.exact="{NOMAIL}" read by * none
overlay syncprov
""")
        self.config.chmod(0o644)

    def command(self):
        urls = f"{self.ldapi} ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        return [tool("slapd"), "-f", self.config, "-h", urls, "-d", "256"]

    @property
    def ldapi(self):
        return f"ldapi://{quote(str(self.socket), safe='')}"

    def client(self, program, *arguments, **options):
        """One of ldap-utils as the administrator."""
        options = {"user": None, "group": None, "extra_groups": None, **options}
        return self.run(tool(program), "-Q", "-Y", "EXTERNAL", "-H", self.ldapi, *arguments, **options).stdout.decode()

    def is_ready(self):
        assert self.process.poll() is None, (self.folder / "server.log").read_text(errors="replace")[-2000:]
        try:
            self.client("ldapwhoami")
            return True
        except AssertionError:
            return False

    def start(self):
        super().start()
        if not (self.folder / "filled").exists():
            self.add(f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n" + "\n".join(
                f"dn: {dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: {name}\n"
                f"userPassword: {PASSWORD}\n" for name, dn in ACCOUNTS.items()))
            (self.folder / "filled").touch()

    def add(self, ldif):
        self.client("ldapadd", input=ldif if isinstance(ldif, bytes) else ldif.encode())

    def modify(self, ldif):
        self.client("ldapmodify", input=ldif if isinstance(ldif, bytes) else ldif.encode())

    def tree(self):
        """A new, empty entry."""
        name = f"tree{next(_numbers)}"
        self.add(f"dn: ou={name},{SUFFIX}\nobjectClass: organizationalUnit\nou: {name}\n")
        return f"ou={name},{SUFFIX}"

    def remove(self, dn):
        self.client("ldapdelete", "-r", dn)
