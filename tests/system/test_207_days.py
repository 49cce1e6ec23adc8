"""An audit ends with its last day in UTC, in whatever zone mailwicketd, Dovecot or an administrator's shell lives."""
import datetime

import pytest

import rig
from rig import changed
from rig.daemon import Daemon
from rig.dovecot import PrivateDovecot, version
from rig.login_clients import client
from rig.submission_world import DIRECTORY, POLICY, SEND_AS_DENIED

PASSWORD = "right-password"
# At any moment the date of one of them is not that of UTC.
ZONES = ["EAST-14", "WEST12", "UTC0"]
AS_MARY = {"sender": "mary@example.test"}


@pytest.fixture(params=[(0, True), (-1, False)], ids=["today is the last day", "yesterday was"])
def ends(request):
    """audit_until, and whether the audit is on: with a day of UTC that lasts long enough."""
    days, audited = request.param
    return f'mode = audit audit_until = "{rig.today() + datetime.timedelta(days=days)}"', audited


@pytest.mark.parametrize("zone", ZONES)
def test_mailwicketd_and_explain_end_an_audit_at_the_same_time(folder, ends, zone, monkeypatch):
    words, audited = ends
    policy = changed(POLICY, ('connector "Client" {', f'connector "Client" {{\n    {words}'))
    with Daemon(policy, DIRECTORY, folder, environment={"TZ": zone}) as daemon:
        assert daemon.request(**AS_MARY) == ("DUNNO" if audited else SEND_AS_DENIED)
        for other in ZONES:
            monkeypatch.setenv("TZ", other)
            told = daemon.cli("explain", "smtp", "--login", "bob", "--sender", AS_MARY["sender"],
                              "--recipient", "bob@example.test", "--tls", "TLSv1.3")
            assert (told.returncode, "would be refused" in told.stdout) == (0 if audited else 1, audited), told


@pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")
@pytest.mark.parametrize("zone", ZONES[:2])
def test_dovecot_ends_an_audit_at_the_same_time(folder, ends, zone, monkeypatch):
    words, audited = ends
    monkeypatch.setenv("TZ", zone)
    files = Daemon(f'default_domain = "example.test"\nlogin "trial" {{ {words} }}\n', "user bob@example.test login=bob\n", folder,
                   start=False)
    with PrivateDovecot(folder, policy=files.policy, users={"bob": PASSWORD}, protocols=["imap"]) as dovecot:
        with client("imap", dovecot.ports) as it:
            assert it.command("bob", PASSWORD) == ("ok" if audited else "refused"), it.transcript
