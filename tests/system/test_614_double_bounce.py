"""Where double bounces have another name, Postfix splits double-bounce as any other: what check warns of is a way round."""
import pytest

import rig
from rig import changed
from rig.mailsite import WORLD_LISTED, WORLD_LOGINS, MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary
user double@example.test senders=bob
"""
MARY = "mary@example.test"


@pytest.mark.parametrize("name, reaches", [("double-bounce", False), ("bounces", True)])
def test_what_postfix_makes_of_double_bounce(module_folder, name, reaches):
    folder = module_folder / name
    folder.mkdir(mode=0o755)
    site = MailSite(folder, changed(WORLD_LISTED, ('"+"', '"-"')), DIRECTORY,
                    WORLD_LOGINS)
    maps = site.postfix.etc / "mailboxes"
    maps.write_text("double@example.test double/\nmary@example.test mary/\n")
    site.before = f"virtual_mailbox_maps = texthash:{maps}\nsmtpd_reject_unlisted_recipient = yes\n"
    site.main = f"double_bounce_sender = {name}\n"
    try:
        site.start()
        with site.client(login="mary") as mary:
            assert mary.ask(MARY, "double@example.test").startswith("550 5.7.1 ")
            assert mary.deliver(MARY, "double-bounce@example.test", subject="double").startswith("250 2.0.0 ")
        site.postfix.queue_idle()
        assert bool(list((site.postfix.mail / "double").glob("new/*"))) == reaches, site.postfix.text()[-2000:]
        told = site.daemon.cli("--json", "check", "--policy-only", "--postfix-config", site.postfix.etc)
        assert ('"double_bounce_sender"' in told.stdout) == reaches, told.stdout + told.stderr
    finally:
        site.stop()
