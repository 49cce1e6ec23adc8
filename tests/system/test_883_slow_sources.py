"""`mailwicket sync --follow`: what one source takes, or does not answer, is not what the others wait for."""
import os
import signal
import subprocess

import pytest

from rig import CLI, wait_for
from rig.daemon import Daemon
from rig.follower import Follower
from rig.names import Names

POLICY = 'accepted_domain "example.test" { type = Authoritative }\n'
LISTED = "user bob@example.test\nuser mary@example.test\n"


class Site(Daemon):
    """A text, and the program `listed`, which tells of each of its runs."""

    def __init__(self, folder):
        super().__init__(POLICY, LISTED, folder)
        self.program, self.runs, self.hung = folder / "listed.sh", folder / "runs", folder / "hung"
        self.runs.touch()
        self.hung.touch()

    def uses(self, settings):
        self.write_policy(POLICY + f'directory {{ path = "{self.published}"\n'
                          f'  source "text" {{ driver = text path = "{self.directory}" }}\n'
                          f'  source "listed" {{ driver = exec command = {{ "{self.program}" }} {settings} }}\n}}\n')
        self.write(self.directory, "")

    def says(self, script):
        aside = self.folder / "aside.sh"
        aside.write_text(f"#!/bin/sh\necho run >>{self.runs}\n{script}\n")
        aside.chmod(0o755)
        os.replace(aside, self.program)

    def hangs(self):
        self.says(f"echo hangs >>{self.hung}; exec sleep 600")

    def ran(self):
        return len(self.runs.read_text().splitlines())

    def wait_hung(self, before=0):
        """Once the program hangs for one more time: how often it does."""
        return wait_for(lambda: (count := self.hung.read_text().count("\n")) > before and count, "the program to hang")

    def decides(self, text, may):
        """What the text says now is the next answer's."""
        self.write(self.directory, text)
        wait_for(lambda: (self.request(sender="mary@example.test") == "DUNNO") is may, f"{text!r} to be decided")


GRANT = "grant send-as mary@example.test bob@example.test\n"


@pytest.fixture
def site(folder):
    with Site(folder) as made:
        yield made


def test_who_did_not_change_is_not_asked(site):
    site.uses("interval = 1h")
    site.says(f"printf '{LISTED}'")
    with Follower(site) as follower:
        follower.wait_log("following 2 sources")
        for _ in range(3):
            site.decides(GRANT, True)
            site.decides("", False)
        assert site.ran() == 1, follower.text()


def test_who_does_not_answer_gives_way_to_a_change_of_another(site):
    """It may take five minutes; nobody waits so long for the text."""
    site.uses("interval = 1s timeout = 300s")
    site.says(f"printf '{LISTED}'")
    with Follower(site) as follower:
        follower.wait_log("following 2 sources")
        site.decides(GRANT, True)
        site.says("echo no >&2; exit 1")
        follower.wait_log('source "listed": cannot be read; its content of')
        site.hangs()
        hung = 0
        for text, may in (("", False), (GRANT, True)):
            hung = site.wait_hung(hung)
            site.decides(text, may)
        site.says(f"printf '{LISTED}user eve@example.test\\n'")
        site.decides("", False)
        follower.wait_log("published: 3 users")
        follower.wait_log("all sources are read again")
    assert len(follower.lines("its content of")) == 1, follower.text()
    assert follower.lines("unchanged") == [], follower.text()


def test_a_change_that_comes_while_a_source_is_read_is_read_too(site):
    """The first reading is the long one: it is not given up, and nothing of it is lost."""
    go = site.folder / "go"
    site.uses("interval = 1h timeout = 300s")
    site.says(f"until [ -e {go} ]; do sleep 0.05; done; printf '{LISTED}'")
    with Follower(site) as follower:
        wait_for(lambda: site.ran() == 1, "the program to be asked")
        site.write(site.directory, GRANT)
        go.touch()
        wait_for(lambda: site.request(sender="mary@example.test") == "DUNNO", "the grant")
        assert site.ran() == 1, follower.text()


def test_what_was_to_be_read_is_read_after_a_process_that_was_killed(site):
    site.uses("interval = 1h timeout = 300s")
    site.says("exec sleep 600")
    with Follower(site) as follower:
        wait_for(lambda: site.ran() == 1, "the program to be asked")
        site.says(f"printf '{LISTED}'")
        os.kill(follower.child(), signal.SIGKILL)
        follower.wait_log("ended with signal 9")
        site.decides(GRANT, True)
        assert site.ran() == 2, follower.text()


def test_the_service_manager_hears_of_it_while_a_source_hangs(site):
    site.uses("interval = 1s timeout = 300s")
    site.says(f"printf '{LISTED}'")
    with Follower(site, notify=site.folder) as follower:
        follower.hears("READY=1")
        site.hangs()
        site.wait_hung()
        hangs = follower.child()
        follower.forgets()
        for _ in range(3):
            follower.hears("WATCHDOG=1")
        assert follower.child() == hangs
        follower.process.terminate()
        follower.hears("STOPPING=1")


FAR = {
    "ldap": 'driver = ldap url = "ldap://far.example.net" base = "dc=example" bind = anonymous',
    "pgsql": 'driver = pgsql host = "far.example.net" dbname = "mail" user = "mailwicket" users = "SELECT name FROM t"',
    "mysql": 'driver = mysql host = "far.example.net" dbname = "mail" user = "mailwicket" users = "SELECT name FROM t"',
}


@pytest.fixture
def names(folder):
    if os.geteuid() != 0:
        pytest.skip("mounts another /etc/resolv.conf")
    with Names(folder) as made:
        yield made


def checks(folder, names):
    """`check` with each of FAR as the only source, all at once: what each says."""
    running = {}
    for kind, settings in FAR.items():
        policy = folder / f"{kind}.conf"
        policy.write_text(POLICY + f'directory {{ path = "{folder}/{kind}"\n  source "far" {{ {settings} }}\n}}\n')
        running[kind] = subprocess.Popen([*names.prefix, CLI, "-c", policy, "check"], text=True, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT)
    return {kind: process.communicate()[0] for kind, process in running.items()}


def test_a_name_that_nobody_knows_is_named(folder, names):
    names.address = lambda: ""
    for kind, said in checks(folder, names).items():
        assert 'host "far.example.net": there is no such host' in said, (kind, said)


def test_a_name_server_that_is_silent_is_not_waited_for(folder, names):
    """This resolver would wait for ten minutes and more."""
    names.address = lambda: None
    for kind, said in checks(folder, names).items():
        assert 'host "far.example.net": no name server answers within 15 s' in said, (kind, said)


def test_the_process_that_follows_tells_of_a_silent_name_server(site, names):
    names.address = lambda: None
    site.write_policy(POLICY + f'directory {{ path = "{site.published}"\n'
                      f'  source "text" {{ driver = text path = "{site.directory}" }}\n'
                      f'  source "far" {{ {FAR["ldap"]} interval = 1s }}\n}}\n')
    with Follower(site, prefix=names.prefix) as follower:
        # After 15 s each.
        follower.wait_log('source "far" cannot be watched: ldap://far.example.net: host "far.example.net": no name server', patience=120)
        follower.wait_log('source "far" cannot be read, and it has no last good content', patience=120)
