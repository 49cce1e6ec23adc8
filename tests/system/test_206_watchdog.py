"""A mailwicketd that hangs: what Postfix's clients see until its service manager started it again."""
import os
import signal
import socket

import pytest

import rig
from rig import MAILWICKETD
from rig.mailsite import WORLD_DIRECTORY, WORLD_LOGINS, WORLD_POLICY, MailSite
from rig.programs import has_systemd, sanitized
from rig.service_manager import Manager

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(not has_systemd(), reason="built without libsystemd"),
              pytest.mark.skipif(sanitized(), reason="a sanitizer reports SIGABRT at leisure")]

UNIT = rig.build_folder() / "packaging" / "systemd" / "mailwicketd.service"
REMOTE, MARY, BOB = "someone@remote.test", "mary@example.test", "bob@example.test"
PERMITTED = "250 2.1.5 Ok"
DEFERRED = f"451 4.3.5 <{BOB}>: Sender address rejected: Server configuration problem"
TIMEOUT = 5


class Site(MailSite):
    """Its mailwicketd is a service, and Postfix waits TIMEOUT seconds for an answer."""

    def start_service(self, watchdog):
        self.listening = socket.socket(socket.AF_UNIX)
        self.postfix.policy_socket.unlink(missing_ok=True)
        self.listening.bind(str(self.postfix.policy_socket))
        self.postfix.policy_socket.chmod(0o666)
        self.listening.listen(1024)
        (self.folder / "notify").unlink(missing_ok=True)
        return Manager(UNIT, [MAILWICKETD, "-f", "-c", self.daemon.policy], self.folder, [self.listening], watchdog)


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder, WORLD_POLICY, WORLD_DIRECTORY, WORLD_LOGINS,
                replaced=[("timeout=10s", f"timeout={TIMEOUT}s")])
    try:
        made.start()
        made.daemon.stop()
        yield made
    finally:
        made.stop()


def test_pol_11_the_watchdog_restarts_what_hangs_and_a_client_that_waits_gets_a_451_then_a_250(site):
    """POL-11: a watchdog slower than Postfix's patience, 2 x 5 s and a second between them."""
    patience = 2 * TIMEOUT + 1
    with site.start_service(watchdog=patience + 1.5) as manager:
        manager.wait_ready()
        slower, manager.watchdog = manager.watchdog, 600  # it looks only when Postfix has answered, however late that is
        with site.client(login="bob") as client:
            assert client.ask(BOB, REMOTE) == PERMITTED
            os.kill(manager.process.pid, signal.SIGSTOP)
            assert client.ask(BOB, REMOTE) == DEFERRED
            manager.watchdog = slower
            manager.wait_ready(2)
            assert (manager.starts, manager.aborted) == (2, 1)
            assert client.ask(BOB, REMOTE) == PERMITTED
            assert client.ask(MARY, REMOTE).startswith("550 5.7.1 ")


def test_pol_11_with_the_units_watchdog_and_socket_a_client_sees_no_more_than_a_delay(site):
    """POL-11: WatchdogSec of the unit. Postfix's second question waits in the socket that the manager holds, for as long as
    a busy machine may need for the restart."""
    site.postfix.stop()
    site.replaced = [(own, "timeout=60s") for own, _ in site.replaced]
    site.configure_postfix()
    site.postfix.start()
    with site.start_service(watchdog=None) as manager:
        assert manager.watchdog <= 10, "within Postfix's patience as setup writes it, 2 x 10 s and a second between them"
        manager.wait_ready()
        with site.client(login="bob") as client:
            assert client.ask(BOB, REMOTE) == PERMITTED
            os.kill(manager.process.pid, signal.SIGSTOP)
            assert client.ask(BOB, REMOTE) == PERMITTED
            assert (manager.starts, manager.aborted) == (2, 1)
