"""Certificates, and TLS of clients."""
import functools
import ssl
import subprocess
from pathlib import Path

from rig.processes import tool


def openssl(*arguments):
    return subprocess.run([tool("openssl"), *map(str, arguments)], check=True, capture_output=True, text=True, timeout=60).stdout


class Certificate:
    """A self-signed certificate and its key: `.cert`, `.key`, `.ca` (itself), `.fingerprint` (SHA-256, upper case, colons)."""

    def __init__(self, folder, name="mx.example.test", names="DNS:localhost,IP:127.0.0.1"):
        self.cert, self.key = Path(folder) / f"{name}.crt", Path(folder) / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key,
                "-out", self.cert, "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},{names}")
        self.key.chmod(0o600)
        self.ca = self.cert
        shown = openssl("x509", "-in", self.cert, "-noout", "-fingerprint", "-sha256")
        self.fingerprint = shown.strip().partition("=")[2]


CA_CONFIG = """\
[ca]
default_ca = this
[this]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
copy_extensions = copy
[policy]
commonName = supplied
"""


class Issued:
    """A certificate that `authority(folder)` issued: `.cert`, `.key`, `.ca`."""

    def __init__(self, folder, name, start="20200101000000Z", end="20491231000000Z", alternative="IP:127.0.0.1"):
        folder = Path(folder)
        self.cert, self.key, request = (folder / f"{name}.{kind}" for kind in ("crt", "key", "csr"))
        ca = authority(folder)
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},{alternative}"]
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key,
            "-out", request, *subject)
        openssl("ca", "-batch", "-notext", "-config", folder / "ca.conf", "-cert", ca.cert, "-keyfile", ca.key, "-in",
            request, "-out", self.cert, "-startdate", start, "-enddate", end)
        self.key.chmod(0o600)
        self.ca = ca.cert


_authorities = {}


def authority(folder):
    """The authority of a folder, made when it is first asked for."""
    if folder not in _authorities:
        (folder / "ca.conf").write_text(CA_CONFIG.format(folder=folder))
        (folder / "index").touch()
        _authorities[folder] = Certificate(folder, "authority.example.test")
    return _authorities[folder]


@functools.lru_cache(maxsize=None)
def client_context(cert=None, key=None, maximum=None):
    """TLS of a client that trusts everybody; `maximum` bounds the version, as ssl.TLSVersion."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if maximum is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context
