"""A private Kerberos KDC (MIT), and tickets.

    with Kdc(folder) as kdc:
        kdc.add("reader", keytab=folder / "reader.keytab")
        environment = kdc.environment          # KRB5_CONFIG: whoever has it asks this KDC alone
"""
import os
import subprocess

from rig.ports import free_port, listens
from rig.processes import kill_and_wait, tool
from rig.waiting import wait_for

REALM = "EXAMPLE.TEST"


def why_not():
    """Why there can be no KDC here, or None."""
    missing = [name for name in ("krb5kdc", "kadmin.local", "kinit") if tool(name) is None]
    return f"no {missing[0]} (krb5-kdc, krb5-admin-server, krb5-user)" if missing else None


class Kdc:
    def __init__(self, folder):
        self.folder = folder / "kdc"
        self.folder.mkdir()
        self.port = free_port()
        self.process = None
        self.environment = {"KRB5_CONFIG": str(self.configure("krb5.conf")), "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
                            "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}"}
        (self.folder / "kdc.conf").write_text(
            f"[realms]\n{REALM} = {{\ndatabase_name = {self.folder}/principal\nkey_stash_file = {self.folder}/stash\n"
            f"acl_file = {self.folder}/acl\nkdc_listen = 127.0.0.1:{self.port}\nkdc_tcp_listen = 127.0.0.1:{self.port}\n"
            f"max_life = 1d\nsupported_enctypes = aes256-cts-hmac-sha1-96:normal\n}}\n[logging]\nkdc = FILE:{self.folder}/kdc.log\n")
        self.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")

    def configure(self, name, realm=REALM, port=None, of_localhost=None):
        """A krb5.conf of this KDC; `realm`, `port`, `of_localhost` (the realm of that name): as it should not be."""
        path = self.folder / name
        path.write_text(
            f"[libdefaults]\ndefault_realm = {realm}\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
            f"dns_canonicalize_hostname = false\nrdns = false\n[realms]\n{realm} = {{\nkdc = 127.0.0.1:{port or self.port}\n}}\n"
            f"[domain_realm]\nlocalhost = {of_localhost or realm}\n127.0.0.1 = {realm}\n")
        path.chmod(0o644)
        return path

    def run(self, program, *arguments, **options):
        done = subprocess.run([tool(program), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **self.environment}, **options)
        assert done.returncode == 0, (program, arguments, done.stdout, done.stderr)
        return done.stdout

    def add(self, name, keytab=None):
        self.run("kadmin.local", "-r", REALM, "addprinc", "-randkey", f"{name}@{REALM}")
        if keytab is not None:
            self.run("kadmin.local", "-r", REALM, "ktadd", "-k", keytab, f"{name}@{REALM}")

    def remove(self, name):
        self.run("kadmin.local", "-r", REALM, "delprinc", "-force", f"{name}@{REALM}")

    def tickets(self, name, keytab, life="1h"):
        self.run("kinit", "-l", life, "-k", "-t", keytab, f"{name}@{REALM}")

    def is_ready(self):
        assert self.process.poll() is None, (self.folder / "kdc.log").read_text(errors="replace")
        return listens(self.port)

    def __enter__(self):
        self.process = subprocess.Popen([tool("krb5kdc"), "-n", "-r", REALM], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **self.environment})
        try:
            wait_for(self.is_ready, "the KDC to listen")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        kill_and_wait(self.process)
