"""`mailwicket import postfix` and `init` on the configurations of distributions and of small servers: what Postfix says of each
pair is what a real smtpd with their sender rules says, and nobody may send as an address that Postfix does not let him."""
import json
import subprocess

import pytest

from rig import distribution
from rig.built import CLI
from rig.distribution import Distribution
from rig.import_many import HARMLESS, ImportMany
from rig.processes import tool
from rig.small_server import SmallServer, names
from test_700_iredmail import IRedMail
from test_710_mailcow import Mailcow
from test_720_docker_mailserver import DockerMailserver
from test_730_modoboa import Modoboa
from test_740_mail_in_a_box import MailInABox

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

DISTRIBUTIONS = {kind.name: kind for kind in (IRedMail, Mailcow, DockerMailserver, Modoboa, MailInABox)}
SETTINGS = ("smtpd_sender_login_maps", "myorigin", "mydestination", "recipient_delimiter")
COMPARES = "compares senders with"


def made(folder, name):
    """Its files, without its servers."""
    folder.mkdir()
    site = DISTRIBUTIONS[name](folder) if name in DISTRIBUTIONS else SmallServer(name, folder)
    Distribution.make(site)
    site.daemon.kill()
    return site


def run(site, *command):
    done = subprocess.run([CLI, "-c", site.folder / command[0] / "mailwicket.conf", "--json", *command, "--apply", *site.servers()],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (site.name, done.stdout, done.stderr)
    lines = (site.folder / command[0] / "directory").read_text().splitlines()
    return json.loads(done.stdout), sorted(line for line in lines if line and not line.startswith("#"))


def sender_rules(site, told):
    """What smtpd goes by, on a listener that compares as this server's."""
    values = subprocess.run([tool("postconf"), "-c", site.postfix.etc, "-xh", *SETTINGS], capture_output=True, text=True, check=True,
                            timeout=60).stdout.splitlines()
    compares = any(COMPARES in row["text"] for row in told["remarks"])
    return {**dict(zip(SETTINGS, (value.replace("proxy:", "") for value in values))),
            "smtpd_sender_restrictions": "reject_sender_login_mismatch" if compares else ""}


def test_no_right_that_their_postfix_does_not_give(folder):
    told, cases = {}, {}
    for name in [*DISTRIBUTIONS, *names()]:
        site = made(folder / name, name)
        told[name], directory = run(site, "import", "postfix", "--pairs")
        proof = told[name]["proof"]
        assert not [row for row in proof["differences"] if row["mailwicket"] and row["reason"] not in HARMLESS], name
        # The catch-all of nixos is one of smtpd_sender_login_maps too.
        fewer = {"not-compared", "own-name"} | ({"domain-key"} if name == "nixos" else set())
        assert {row["reason"] for row in proof["differences"] if not row["mailwicket"]} <= fewer, name
        assert proof["pairs"] or proof["not_compared"] == "nobody logs in here, as far as could be read", name
        if proof["pairs"]:
            cases[name] = sender_rules(site, told[name])
        if any(COMPARES in row["text"] for row in told[name]["remarks"]):
            assert run(site, "init")[1] == directory, name
    assert {"mailcow", "docker-mailserver", "modoboa", "login_maps", "mua_lists", "plain"} <= cases.keys()
    (folder / "world").mkdir()
    with ImportMany(folder / "world", {}, [], cases) as many:
        for name in cases:
            assert not many.wrong(name, told[name]["proof"]["compared"]), name
