"""Servers in the manner of panels and guides: a day of their clients before, in audit, and once all is enforced."""
import re
import threading

import pytest

from rig import distribution
from rig.listener import Listener
from rig.small_server import Day, SmallServer, difference

pytestmark = pytest.mark.skipif(bool(distribution.why_not()), reason=str(distribution.why_not()))

PANELS = ["plesk", "virtualmin"]


@pytest.fixture
def site(request, folder):
    with SmallServer(request.param, folder) as made:
        yield made


def assert_only_forgers_lost(before, after):
    """A refusal may be in other words; what is refused now was sent as somebody else, and that is refused."""
    for name, (was, became) in difference(before, after).items():
        assert re.match(r"[45]\d\d ", became), (name, was, became)
        assert name.endswith(": forged") or re.match(r"[45]\d\d ", was), (name, was, became)
    assert re.match(r"[45]\d\d ", after["587: forged"]), after


@pytest.mark.parametrize("site", PANELS, indirect=True)
def test_a_day_before_in_audit_and_enforced(site):
    tree = site.tree()
    site.start()
    before = Day(site, wrong_passwords=False).outcomes
    assert before["587: alice out"] == "once at world" and before[f"{site.logins[0]}: alice"] == "logged in", before
    assert before["25: in"] == before["sendmail"] == "once at bob", before
    site.take_over()
    assert difference(before, Day(site, wrong_passwords=False).outcomes) == {}
    site.enforce()
    told = site.setup("--apply")
    assert (told.returncode, site.errors()) == (0, []), told.stdout + told.stderr
    site.restart()
    assert_only_forgers_lost(before, Day(site, wrong_passwords=False).outcomes)
    assert site.undo().returncode == 0
    assert site.undo().returncode == 0
    assert site.tree() == tree


class Backend(Listener):
    """An IMAP server with an empty mailbox that lets everybody in."""

    def taken(self, connection):
        threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] the backend\r\n")
            for line in lines:
                tag, command = (line.split() + [b"", b""])[:2]
                if command.upper() == b"CAPABILITY":
                    connection.sendall(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n")
                if command.upper() in (b"SELECT", b"EXAMINE"):
                    connection.sendall(b"* 0 EXISTS\r\n")
                connection.sendall(tag + b" OK [CAPABILITY IMAP4rev1] done\r\n")


@pytest.mark.parametrize("site", ["proxy_of_dovecot"], indirect=True)
def test_whom_dovecot_passes_on_to_another_server_is_passed_on(site):
    with Backend(port=10143):
        site.start()
        before = Day(site, wrong_passwords=False).outcomes
        assert before["587: alice out"] == "once at world" and before["imaps: alice"] == "logged in", before
        site.take_over()
        assert difference(before, Day(site, wrong_passwords=False).outcomes) == {}
        site.enforce()
        assert site.setup("--apply").returncode == 0
        site.restart()
        assert_only_forgers_lost(before, Day(site, wrong_passwords=False).outcomes)
