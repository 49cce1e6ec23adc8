"""mailwicket setup on Debian's stock configuration: shown, made, working, taken back byte for byte."""
import hashlib
import imaplib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import rig
from rig import dovecot
from rig.mailsite import PASSWORD
from rig.ports import listens_at
from rig.stock import POLICY, STOCK_POSTFIX, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

# What Dovecot reads before anything else.
FIRST = {"2.3": "", "2.4": "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"}

@pytest.fixture
def stock(folder):
    made = Stock(folder)
    yield made
    made.stop()


def test_without_apply_the_change_is_shown_and_nothing_is_written(stock):
    before = stock.tree()
    told = stock.setup()
    assert (told.returncode, told.stderr) == (0, "")
    assert stock.tree() == before
    assert not stock.backup.exists()
    assert f"+++ {stock.postfix.etc}/main.cf\n" in told.stdout
    assert "+  -o { smtpd_relay_restrictions = check_policy_service { unix:" in told.stdout
    assert f"--- /dev/null\n+++ {stock.dovecot.folder}/etc/conf.d/05-mailwicket.conf\n" in told.stdout
    assert told.stdout.endswith("nothing was changed; --apply does it\n")
    answer = json.loads(stock.daemon.cli("--json", "setup", *stock.servers()).stdout)
    assert answer["diff"] in told.stdout
    assert (answer["applied"], answer["reload"]) == (False, ["doveadm reload", f"postfix -c {stock.postfix.etc} reload"])


def test_running_servers_heed_the_policy_after_setup_and_undo_gives_the_same_bytes(stock):
    before = stock.tree()
    assert stock.check()[0] == 1
    stock.dovecot.start()
    stock.postfix.ports = [stock.ports["smtp"]]
    stock.postfix.start()
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    assert told.stdout.endswith(
        f"nothing was restarted; now: doveadm reload && postfix -c {stock.postfix.etc} reload\n")
    stock.postfix.age()
    assert stock.check() == (0, [])
    assert (stock.postfix.etc / "main.cf").stat().st_mode & 0o777 == 0o640

    again = stock.setup("--apply")
    assert (again.returncode, again.stdout) == (0, "nothing to do\n")

    stock.dovecot.reload()
    stock.postfix.ports.append(stock.ports["submission"])
    stock.postfix.reload()
    rig.wait_for(lambda: listens_at(stock.postfix.auth_socket), "Dovecot's auth socket")
    with rig.Smtp(stock.ports["submission"]) as clear:
        assert "AUTH" not in clear.hello()
    with stock.client("submission", login="bob") as smtp:
        assert smtp.ask("bob@example.test", "someone@example.net").startswith("250")
        assert "send as this sender" in smtp.ask("mary@example.test", "bob@example.test")
        assert smtp.deliver("bob@example.test", "mary@example.test", subject="by setup").startswith("250")
    stock.postfix.wait_delivered("by setup")
    shown = f"/{stock.ports['submission']}/smtpd["
    rig.wait_for(lambda: [line for line in stock.postfix.lines("TLS connection established") if shown in line],
                 "what `mailwicket why` reads")
    with stock.client("smtp") as stranger:
        assert "Unable to relay" in stranger.ask("x@example.net", "y@example.org")
    stock.dovecot.imap_login("bob", PASSWORD)
    plain = imaplib.IMAP4("127.0.0.1", stock.dovecot.ports["imap"])
    with pytest.raises(imaplib.IMAP4.error, match="Command is not valid in this state"):
        plain.login("bob", PASSWORD)
    plain.shutdown()
    stock.postfix.stop()
    stock.dovecot.stop()

    told = stock.undo()
    assert (told.returncode, told.stderr) == (0, "")
    assert stock.tree() == before
    told = stock.undo()
    assert (told.returncode, told.stderr) == (66, f"mailwicket: setup: {stock.backup}: there is no setup to undo\n")


def test_what_setup_does_not_own_stays_in_the_files(stock):
    # Debian's lines but for those that the private instance replaced.
    here = (stock.postfix.etc / "main.cf").read_text().splitlines()
    debians = [line for line in (STOCK_POSTFIX / "main.cf.debian").read_text().splitlines() if line in here]
    assert stock.setup("--apply").returncode == 0
    main, master = ((stock.postfix.etc / name).read_text() for name in ("main.cf", "master.cf"))
    for line in debians:
        assert line in main.splitlines() or line.startswith(("compatibility_level", "recipient_delimiter")), line
    assert "smtpd_relay_restrictions = permit_mynetworks,\n# a comment among the lines\n    reject_non_fqdn_recipient " \
        "defer_unauth_destination\n" in main
    assert ", reject_non_fqdn_recipient, defer_unauth_destination }\n" in master
    before = Path("/etc/postfix/master.cf.proto").read_text().splitlines()
    assert [line for line in before[1:] if not line.startswith("smtp      inet")] == \
        [line for line in master.splitlines()[1:]
         if line in before and not re.match(r"\d+ ", line) and not line.startswith("smtp      inet")]


def test_undo_refuses_where_a_file_was_changed_since_and_names_it(stock):
    before = stock.tree()
    assert stock.setup("--apply").returncode == 0
    main = stock.postfix.etc / "main.cf"
    applied = stock.tree()
    text = main.read_text()
    main.write_text(text + "biff = yes\n")
    told = stock.undo()
    assert (told.returncode, told.stderr) == \
        (1, f"mailwicket: setup: {main}: was changed since mailwicket setup changed it; nothing was undone\n")
    main.write_text(text)
    assert stock.tree() == applied
    # A file that is already as it was before loses nothing.
    last = stock.dovecot.folder / "etc" / "conf.d" / "99-mailwicket.conf"
    last.unlink()
    assert stock.undo().returncode == 0
    assert stock.tree() == before


def test_a_backup_that_was_not_completed_is_none(stock):
    assert stock.setup("--apply").returncode == 0
    applied = stock.tree()
    (stock.backup / "1" / "manifest").rename(stock.backup / "1" / "manifest.away")
    assert stock.undo().returncode == 66
    assert stock.tree() == applied


def test_the_manifest_has_the_digests_of_the_files(stock):
    main = stock.postfix.etc / "main.cf"
    before = hashlib.sha256(main.read_bytes()).hexdigest()
    assert stock.setup("--apply").returncode == 0
    after = hashlib.sha256(main.read_bytes()).hexdigest()
    lines = (stock.backup / "1" / "manifest").read_text().splitlines()[1:]
    assert lines[0] == f"{before}\t{after}\t0640\t0\t0\t{main}"
    assert [line.split("\t")[0] for line in lines[2:]] == ["absent", "absent"]
    assert stock.backup.stat().st_mode & 0o077 == 0


def test_a_second_setup_has_a_backup_of_its_own(stock):
    before = stock.tree()
    assert stock.setup("--apply").returncode == 0
    first = stock.tree()
    stock.change_policy(POLICY.replace('connector "Client" {', 'connector "Client" {\n    max_message_size = "40MB"'))
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout
    assert (stock.postfix.etc / "main.cf").read_text().count("message_size_limit = 41943040") == 1
    assert stock.undo().returncode == 0
    assert stock.tree() == first
    assert stock.undo().returncode == 0
    assert stock.tree() == before


@pytest.mark.parametrize("line,what", [
    ("smtpd_authorized_xclient_hosts = 192.0.2.1", "192.0.2.1 may use XCLIENT"),
    ("myorigin = other.test", "myorigin is other.test"),
])
def test_setup_changes_nothing_where_the_policy_would_not_hold(stock, line, what):
    main = stock.postfix.etc / "main.cf"
    main.write_text(stock.postfix.without_replaced(main.read_text(), line) + line + "\n")
    before = stock.tree()
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == \
        (1, "mailwicket: setup: nothing was changed: with it, the policy would not hold yet; fix the errors first\n")
    assert what in told.stdout
    assert f"error: {main}:" in told.stdout
    assert stock.tree() == before
    assert not stock.backup.exists()


def test_a_file_that_cannot_be_put_in_place_takes_the_others_back(stock):
    before = stock.tree()
    folder = stock.dovecot.folder / "etc" / "conf.d"
    told = subprocess.run(["unshare", "--mount", "sh", "-c",
                           'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', folder,
                           rig.CLI, "-c", stock.daemon.policy, "setup", "--apply", "--backup", stock.backup,
                           *stock.servers()], capture_output=True, text=True, timeout=60)
    assert told.returncode == 73, told
    assert re.fullmatch(r"mailwicket: setup: \S+05-mailwicket\.conf\S*: Read-only file system\n", told.stderr)
    assert stock.tree() == before
    assert stock.undo().returncode == 66


@pytest.mark.parametrize("where", ["main.cf", "."])
def test_an_immutable_file_or_folder_is_named_with_what_to_do(stock, where):
    place = (stock.postfix.etc / where).resolve()
    before = stock.tree()

    def refused(act):
        made = subprocess.run(["chattr", "+i", place], capture_output=True, text=True, timeout=60)
        if made.returncode:
            pytest.skip(f"nothing can be made immutable here: {made.stderr}")
        tree = stock.tree()
        try:
            told = act()
            found = re.search(r"\(`(lsattr -d \S+)` shows i or a\): undo that with `(chattr -ia \S+)`", told.stderr)
            assert (told.returncode, stock.tree()) == (73, tree) and f"{stock.postfix.etc}/m" in told.stderr and found, told
            assert "i" in subprocess.run(found[1].split(), capture_output=True, text=True, check=True).stdout.split()[0]
            subprocess.run(found[2].split(), check=True)
        finally:
            subprocess.run(["chattr", "-i", place], check=True)
        assert act().returncode == 0

    refused(lambda: stock.setup("--apply"))
    assert stock.tree() != before
    refused(stock.undo)
    assert stock.tree() == before


def test_setup_of_a_dovecot_conf_that_includes_nothing(stock):
    config = stock.dovecot.config
    local = (config.parent / "local.conf").read_text()
    shutil.rmtree(config.parent / "conf.d")
    (config.parent / "local.conf").unlink()
    config.write_text("# ours\n\n" + FIRST[dovecot.version()] + local)
    before = stock.tree()
    assert stock.setup("--apply").returncode == 0
    stock.postfix.age()
    assert stock.check() == (0, [])
    assert config.read_text().startswith(f"# ours\n\n{FIRST[dovecot.version()]}# mailwicket setup: begin\n")
    assert stock.setup().stdout == "nothing to do\n"
    assert stock.undo().returncode == 0
    assert stock.tree() == before


def test_setup_of_one_server_leaves_the_other_alone(stock):
    before = stock.tree()
    # Postfix alone would ask for AUTH where nobody listens.
    told = stock.setup("--postfix", "--apply")
    assert told.returncode == 1
    assert f"there is no listener {stock.postfix.queue}/private/auth" in told.stdout
    assert stock.tree() == before
    told = stock.setup("--dovecot", "--apply")
    assert told.returncode == 0, told.stdout
    assert told.stdout.endswith("now: doveadm reload\n")
    with_dovecot = stock.tree()
    assert {path.name for path in with_dovecot if before.get(path) != with_dovecot[path]} == \
        {"05-mailwicket.conf", "99-mailwicket.conf"}
    told = stock.setup("--postfix", "--apply")
    assert told.returncode == 0, told.stdout
    assert f"now: postfix -c {stock.postfix.etc} reload\n" in told.stdout
    assert {path.name for path, file in stock.tree().items() if with_dovecot.get(path) != file} == {"main.cf", "master.cf"}


def test_dovecot_must_be_restarted_where_its_processes_have_another_policy_file(stock):
    local = stock.dovecot.config.parent / "local.conf"
    text, count = re.subn(r"import_environment( = .*| \{[^}]*\})\n", "", local.read_text())
    assert count == 1
    local.write_text(text)
    told = stock.setup("--apply")
    assert (told.returncode, told.stdout.splitlines()[-1]) == \
        (0, f"nothing was restarted; now: systemctl restart dovecot && postfix -c {stock.postfix.etc} reload")


def test_a_port_under_two_names_is_an_error(stock):
    master = stock.postfix.etc / "master.cf"
    master.write_text(master.read_text() + f"127.0.0.1:{stock.ports['submission']} inet n - y - - smtpd\n")
    told = stock.setup()
    assert told.returncode == 78
    assert told.stderr == (f"mailwicket: setup: {master}: the entry 127.0.0.1:{stock.ports['submission']} and the binding "
                           f"*:{stock.ports['submission']} of connector \"Client\" are one port under two names: "
                           "write them alike\n")


@pytest.mark.parametrize("arguments", [["--undo", "--apply"], ["--undo", "--postfix"], ["somewhere"], ["--backup"]])
def test_a_wrong_command_line_is_one_line(stock, arguments):
    told = stock.daemon.cli("setup", *arguments)
    assert told.returncode == 64
    assert re.fullmatch(r"mailwicket: setup: .*\n", told.stderr)
