"""Every rule in audit mode: whatever is forgotten or broken of Mailwicket, what worked before goes on, for a client of each
kind; and once a rule is enforced, what was harmless is complained of until `setup` has changed it."""
import re

import pytest

import rig
from rig import guide
from rig.dovecot import version
from rig.mailsite import PASSWORD, MailSite
from rig.waiting import wait_for

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
              pytest.mark.skipif(version() is None, reason="no Dovecot on this machine")]

BOB, MARY, REMOTE, STRANGER = "bob@example.test", "mary@example.test", "someone@remote.test", "other@elsewhere.test"
PRINTER = "127.0.0.55"  # relays by its address, as mynetworks says: the policy has no connector for it
BEFORE = f"mynetworks = {PRINTER}\n"
DIRECTORY = f"user {BOB} login=bob\nuser {MARY} login=mary\n"
AUDIT, ENFORCED = guide.policy(audit=True), guide.policy()


@pytest.fixture(scope="module")
def site(module_folder):
    # Not as root, whom no permission keeps from reading.
    made = MailSite(module_folder, AUDIT, DIRECTORY, ["bob", "mary"], before=BEFORE)
    made.daemon.arguments = ["-u", "nobody"]
    try:
        yield made.start()
    finally:
        made.stop()


def read_by_imap(site):
    site.dovecot.imap_login("bob", PASSWORD)
    return "250"


def read_by_pop3(site):
    site.dovecot.pop3_login("bob", PASSWORD)
    return "250"


def submit(site):
    with site.client("submission", login="bob") as client:
        return client.deliver(BOB, REMOTE)


def receive(site):
    with site.client("smtp") as client:
        return client.deliver(STRANGER, MARY)


def scan(site):
    with site.client("smtp", source=PRINTER) as client:
        return client.deliver("scanner@example.test", REMOTE)


ACTIONS = [read_by_imap, read_by_pop3, submit, receive, scan]


def all_work(site):
    told = {action.__name__: action(site) for action in ACTIONS}
    assert all(reply.startswith("250") for reply in told.values()), (told, site.daemon.text()[-2000:])


def all_are_asked(site):
    """Nothing is broken any more: mailwicketd answers."""
    before = len(site.daemon.logged())
    all_work(site)
    assert len(site.daemon.logged()) > before


# --- each breaks one thing, and returns what mends it


def sync_forgotten(site):
    (site.daemon.published / "snapshot.mdb").unlink()
    return site.daemon.sync


def nothing_published_yet(site):
    away = site.daemon.published.with_name("away")
    site.daemon.published.rename(away)
    return lambda: away.rename(site.daemon.published)


def snapshot_for_root_alone(site):
    snapshot = site.daemon.published / "snapshot.mdb"
    snapshot.chmod(0o600)
    return lambda: snapshot.chmod(0o644)


def folder_for_root_alone(site):
    site.daemon.published.chmod(0o700)
    return lambda: site.daemon.published.chmod(0o755)


def snapshot_writable_by_all(site):
    snapshot = site.daemon.published / "snapshot.mdb"
    snapshot.chmod(0o666)
    return lambda: snapshot.chmod(0o644)


def snapshot_damaged(site):
    site.daemon.write(site.daemon.published / "snapshot.mdb", "no snapshot\n")
    return site.daemon.sync


def suspensions_damaged(site):
    path = site.daemon.suspensions
    site.daemon.stop()
    path.parent.mkdir(exist_ok=True)
    site.daemon.write(path, "no list\n")
    site.daemon.start()
    site.dovecot.reload()

    def mend():
        path.unlink()
    return mend


def daemon_stopped(site):
    site.daemon.stop()
    return site.daemon.start


def daemon_without_policy(site):
    site.daemon.stop()
    text = site.daemon.policy.read_text()
    site.daemon.write(site.daemon.policy, text + "surprise = yes\n")
    site.daemon.launch()
    assert site.daemon.process.wait(60) == 78

    def mend():
        site.daemon.write(site.daemon.policy, text)
        site.daemon.start()
    return mend


def socket_for_root_alone(site):
    site.postfix.policy_socket.chmod(0o600)
    return lambda: site.postfix.policy_socket.chmod(0o660)


def reload_unread(site, text):
    """Nobody can read the policy; afterwards it is `text` again."""
    assert not site.daemon.reload()
    site.dovecot.reload()

    def mend():
        site.daemon.write(site.daemon.policy, text)
        assert site.daemon.reload()
        site.dovecot.reload()
    return mend


def policy_broken(site):
    text = site.daemon.policy.read_text()
    site.daemon.write(site.daemon.policy, text + "surprise = yes\n")
    return reload_unread(site, text)


def policy_gone(site):
    text = site.daemon.policy.read_text()
    site.daemon.policy.unlink()
    return reload_unread(site, text)


def policy_not_reloaded(site):
    """mailwicketd goes on with the old one, Dovecot's new processes read the new one."""
    text = site.daemon.policy.read_text()
    site.daemon.write(site.daemon.policy, text + "# another\n")
    site.dovecot.reload()
    return lambda: site.daemon.write(site.daemon.policy, text)


def users_missing(site):
    site.change_directory(f"user {MARY} login=mary\n")
    return lambda: site.change_directory(DIRECTORY)


STEPS = [sync_forgotten, nothing_published_yet, snapshot_for_root_alone, folder_for_root_alone, snapshot_writable_by_all,
         snapshot_damaged, suspensions_damaged, daemon_stopped, daemon_without_policy, socket_for_root_alone, policy_broken,
         policy_gone, policy_not_reloaded, users_missing]


def test_before_anything_is_broken_all_work(site):
    all_are_asked(site)


@pytest.mark.parametrize("break_it", STEPS, ids=[step.__name__ for step in STEPS])
def test_what_worked_works(site, break_it):
    mend = break_it(site)
    try:
        all_work(site)
    finally:
        mend()
    all_are_asked(site)


NOBODY = "directory read: .*; 0 suspended"


def is_refused(site, login):
    with site.client("submission") as client:
        try:
            client.log_in(login, PASSWORD)
        except AssertionError:
            return True
        return not client.deliver(f"{login}@example.test", REMOTE).startswith("250")


def test_who_is_suspended_sends_nothing_with_a_snapshot_or_without(site):
    assert site.daemon.cli("suspend", BOB, "--sending").returncode == 0
    try:
        assert is_refused(site, "bob")
        mend = sync_forgotten(site)
        try:
            assert is_refused(site, "bob")
            assert not is_refused(site, "mary")
            read_by_imap(site)
        finally:
            mend()
    finally:
        before = len(site.daemon.lines(NOBODY))
        assert site.daemon.cli("resume", BOB).returncode == 0
    site.daemon.wait_log(NOBODY, before + 1)
    all_are_asked(site)


SERVERS_WIRING = ("audit-relay", "audit-sender", "result_internalfail = continue")


def files(site):
    return "".join(path.read_text() for path in (site.postfix.etc / "main.cf", site.postfix.etc / "master.cf",
                                                 site.dovecot.config))


def checked(site):
    told = site.daemon.cli("check", "--postfix-config", site.postfix.etc, "--dovecot-config", site.dovecot.config)
    return told.returncode, told.stdout


def run_setup(site, *arguments):
    told = site.daemon.cli("setup", "--backup", str(site.folder / "again"), *arguments)
    assert told.returncode == 0, told.stdout + told.stderr
    site.postfix.reload()
    site.dovecot.reload()
    site.postfix.age()


def servers(site):
    return ["--postfix-config", site.postfix.etc, "--dovecot-config", site.dovecot.config]


def set_up(site):
    run_setup(site, "--apply", *servers(site))


def test_once_a_rule_is_enforced_the_wiring_of_the_audit_is_complained_of_until_setup_changes_both_servers(site):
    text = files(site)
    assert all(word in text for word in SERVERS_WIRING), text
    assert checked(site)[0] == 0, checked(site)[1]
    site.change_policy(ENFORCED)
    site.dovecot.reload()
    status, told = checked(site)
    assert status == 1
    assert told.count("it asks as in an audit that enforces nothing") >= 2, told
    assert "result_internalfail is continue" in told, told
    with site.client("submission", login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250")
    site.daemon.wait_log(r'"Default" is enforced, but Postfix asks as in an audit that enforces nothing')
    site.dovecot.imap_login("bob", PASSWORD)
    wait_for(lambda: site.dovecot.lines("while a rule is enforced, result_internalfail = return-fail"),
             "Dovecot's complaint")
    set_up(site)
    text = files(site)
    assert not any(word in text for word in SERVERS_WIRING), text
    assert checked(site)[0] == 0, checked(site)[1]
    with site.client("submission", login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250")
    with site.client("smtp", source=PRINTER) as client:
        assert client.ask("scanner@example.test", REMOTE).startswith("550")
    mend = daemon_stopped(site)
    with site.client("smtp") as client:
        assert client.ask(STRANGER, MARY).startswith("451")
    mend()


def one_audited(until=""):
    return re.sub(r'(connector "Client" \{)', rf"\1\n    mode = audit{until}", ENFORCED)


def test_one_connector_in_audit_again_stops_no_user_and_loosens_no_other(site):
    """After the test above: who relayed without us relays, and the printer, whose connector is enforced, does not."""
    site.change_policy(one_audited())
    site.dovecot.reload()
    status, told = checked(site)
    assert status == 1 and "no permit_sasl_authenticated behind the question" in told, told
    set_up(site)
    assert checked(site)[0] == 0, checked(site)[1]
    with site.client("submission", login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250")
        assert client.ask("ceo@example.test", REMOTE).startswith("250"), "an audit refuses nothing"
    with site.client("smtp", source=PRINTER) as client:
        assert client.ask("scanner@example.test", REMOTE).startswith("550")
    told = site.daemon.cli("setup", *servers(site))
    assert told.stdout == "nothing to do\n", told
    # An audit that has ended is none: the permit stands behind the question, which refuses.
    site.change_policy(one_audited('\n    audit_until = "2020-01-01"'))
    site.dovecot.reload()
    assert checked(site)[0] == 0, checked(site)[1]
    with site.client("submission", login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250")
        assert client.ask("ceo@example.test", REMOTE).startswith("550")


def test_an_audit_again_is_harmless_again_and_undo_is_the_step_back(site):
    """After the test above. What an enforced policy has taken away, such as the permit for the printer, only undo gives back."""
    site.change_policy()
    site.dovecot.reload()
    status, told = checked(site)
    assert status == 0, told
    assert told.count("every rule is in audit mode, but while mailwicketd is away mail is deferred") >= 3, told
    set_up(site)
    text = files(site)
    assert all(word in text for word in SERVERS_WIRING), text
    assert "every rule is in audit mode" not in checked(site)[1]
    with site.client("submission", login="bob") as client:
        assert client.ask(BOB, REMOTE).startswith("250")
    mend = daemon_stopped(site)
    assert receive(site).startswith("250") and submit(site).startswith("250")
    mend()
    for _ in range(3):
        run_setup(site, "--undo")
    all_are_asked(site)
