"""Certificates, and TLS of clients."""
import functools
import ssl
import subprocess
from pathlib import Path

from rig.processes import tool


class Certificate:
    """A self-signed certificate and its key: `.cert`, `.key`, `.fingerprint` (SHA-256, upper case, colons)."""

    def __init__(self, folder, name="mx.example.test", names="DNS:localhost,IP:127.0.0.1"):
        self.cert, self.key = Path(folder) / f"{name}.crt", Path(folder) / f"{name}.key"
        subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes",
                        "-keyout", self.key, "-out", self.cert, "-days", "30", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name},{names}"],
                       check=True, capture_output=True, timeout=60)
        self.key.chmod(0o600)
        shown = subprocess.run([tool("openssl"), "x509", "-in", self.cert, "-noout", "-fingerprint", "-sha256"],
                               check=True, capture_output=True, text=True, timeout=60).stdout
        self.fingerprint = shown.strip().partition("=")[2]

    def expire(self):
        """The same certificate, whose time was over in 2024."""
        folder, name = self.cert.parent, self.cert.stem
        (folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca = this\n[this]\ndatabase = {folder}/ca.db\nserial = {folder}/ca.serial\nnew_certs_dir = {folder}\n"
            f"default_md = sha256\npolicy = any\nx509_extensions = names\n[any]\ncommonName = supplied\n"
            f"[names]\nsubjectAltName = DNS:{name},DNS:localhost,IP:127.0.0.1\n[req]\ndistinguished_name = any_name\n[any_name]\n")
        (folder / "ca.db").write_text("")
        (folder / "ca.serial").write_text("01\n")
        for words in (["req", "-new", "-key", self.key, "-subj", f"/CN={name}", "-out", folder / "ca.csr"],
                      ["ca", "-batch", "-selfsign", "-keyfile", self.key, "-in", folder / "ca.csr", "-out", self.cert, "-notext",
                       "-startdate", "20240101000000Z", "-enddate", "20240201000000Z"]):
            subprocess.run([tool("openssl"), *words, "-config", folder / "ca.cnf"], check=True, capture_output=True, timeout=60)
        return self


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
