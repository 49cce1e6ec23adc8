"""setup never loosens and never replaces what works; it touches no listener that the policy does not name."""
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import rig
from rig import changed
from rig.stock import AUDIT_POLICY, AUDITED_LOGINS, LOGINS, POLICY, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

AUDIT = changed(POLICY, ('connector "Client" {', 'connector "Client" {\n    mode = audit'), (LOGINS, AUDITED_LOGINS))
ALL_AUDIT = AUDIT_POLICY
STRICT = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_auth_only": "yes", "smtpd_tls_mandatory_protocols": ">=TLSv1.3",
          "smtpd_tls_protocols": ">=TLSv1.3", "smtpd_sasl_security_options": "noanonymous, noplaintext",
          "smtpd_recipient_limit": "50", "message_size_limit": "1000000"}


@pytest.fixture
def stock(folder):
    made = Stock(folder)
    yield made
    made.stop()


def add_to_main(stock, settings):
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    main = stock.postfix.etc / "main.cf"
    main.write_text(stock.postfix.without_replaced(main.read_text(), lines) + lines)


def add_to_master(stock, text):
    master = stock.postfix.etc / "master.cf"
    master.write_text(master.read_text() + text)


def options(stock, port):
    """Of the listener at a port, as master.cf has them."""
    told = stock.postfix.postconf("-P")
    return dict(re.findall(rf"(?m)^{port}/inet/(\S+) = (.*)$", told))


def dovecot_says(stock, name):
    told = subprocess.run(["doveconf", "-c", stock.dovecot.config, "-h", name], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


@pytest.mark.parametrize("policy", [POLICY, AUDIT], ids=["enforced", "audit mode"])
def test_what_is_stricter_in_main_cf_stays_for_old_listeners_and_new_ones(stock, policy):
    stock.change_policy(policy)
    add_to_main(stock, STRICT)
    before = (stock.postfix.etc / "main.cf").read_text()
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    after = (stock.postfix.etc / "main.cf").read_text()
    for name, value in STRICT.items():
        assert f"\n{name} = {value}\n" in before and f"\n{name} = {value}\n" in after
        for port in stock.ports["smtp"], stock.ports["submission"]:
            assert options(stock, port).get(name, value) == value, (port, name)


def test_ssl_required_stays_in_audit_mode_and_with_a_rule_for_passwords_without_tls(stock):
    local = stock.dovecot.config.parent / "local.conf"
    local.write_text(local.read_text() + "ssl = required\n")
    for policy in AUDIT, POLICY + 'login "webmail" { remote = { "127.0.0.1" }  login_type = PlainTextLogin }\n':
        stock.change_policy(policy)
        told = stock.setup("--apply")
        assert told.returncode == 0, told.stdout + told.stderr
        assert dovecot_says(stock, "ssl") == "required"
        assert stock.undo().returncode == 0


def test_audit_mode_refuses_nothing_that_is_permitted_today(stock):
    stock.change_policy(AUDIT)
    port = stock.ports["submission"]
    add_to_master(stock, f"{port} inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_sasl_type=dovecot\n"
                         f"  -o smtpd_sasl_path=private/auth\n"
                         "  -o smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,reject\n")
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    found = options(stock, port)
    assert "smtpd_tls_auth_only" not in found
    assert re.fullmatch(r"check_policy_service \{ \S+ policy_context=relay, timeout=10s \}, permit_mynetworks, "
                        r"permit_sasl_authenticated, reject", found["smtpd_relay_restrictions"])


def test_a_list_by_a_name_of_the_administrators_stays_a_name_when_the_policy_is_enforced(stock):
    stock.change_policy(ALL_AUDIT)
    port = stock.ports["submission"]
    add_to_main(stock, {"mua_sender_restrictions": "reject_non_fqdn_sender, permit_sasl_authenticated, reject",
                        "mua_relay_restrictions": "permit_sasl_authenticated, reject"})
    add_to_master(stock, f"{port} inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n"
                         "  -o smtpd_sender_restrictions=$mua_sender_restrictions\n"
                         "  -o smtpd_relay_restrictions=$mua_relay_restrictions\n")
    assert stock.setup("--apply").returncode == 0
    found = options(stock, port)
    for kind in "sender", "relay":
        assert found[f"smtpd_{kind}_restrictions"].endswith(f" }}, $mua_{kind}_restrictions"), found
    stock.change_policy(POLICY)
    assert stock.setup("--apply").returncode == 0
    found = options(stock, port)
    assert found["smtpd_sender_restrictions"].endswith(" }, $mua_sender_restrictions"), found
    assert found["smtpd_relay_restrictions"].endswith(" }, reject_unauth_destination"), "the policy decides about relaying"
    assert stock.setup().stdout == "nothing to do\n"


@pytest.mark.parametrize("policy", [POLICY, ALL_AUDIT], ids=["enforced", "audit mode"])
def test_a_line_of_check_permits_no_more_than_the_list_in_whose_place_it_stands(stock, policy):
    stock.change_policy(policy)
    port = stock.ports["submission"]
    add_to_main(stock, {"smtpd_relay_restrictions": "reject_non_fqdn_recipient, permit_mynetworks, reject_unauth_destination",
                        "smtpd_end_of_data_restrictions": "check_policy_service inet:127.0.0.1:12340"})
    add_to_master(stock, f"{port} inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n"
                         "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n")
    told = stock.daemon.cli("check", "--policy-only", "--postfix-config", stock.postfix.etc).stdout
    lines = re.findall(r"(?m)^(?:  -o \{ )?(smtpd_(?:relay|end_of_data)_restrictions) = check_policy_service "
                       r"(?:\{(?:[^{}]|\{[^}]*\})*\})(.*?)(?: \})?$", told)
    stays = {("smtpd_relay_restrictions", ", reject_non_fqdn_recipient, reject_unauth_destination"),
             ("smtpd_relay_restrictions", ", reject_unauth_destination"),
             ("smtpd_end_of_data_restrictions", ", check_policy_service inet:127.0.0.1:12340")}
    if policy == ALL_AUDIT:
        stays = {("smtpd_relay_restrictions", ", reject_non_fqdn_recipient, permit_mynetworks, reject_unauth_destination"),
                 ("smtpd_relay_restrictions", ", permit_sasl_authenticated, reject"),
                 ("smtpd_end_of_data_restrictions", ", check_policy_service inet:127.0.0.1:12340")}
    assert set(lines) == stays, told


@pytest.mark.parametrize("relay", [None, "", "permit_mynetworks"], ids=["no level", "empty", "a permit"])
def test_in_audit_mode_the_recipient_list_goes_on_deciding_about_relaying(stock, relay):
    stock.change_policy(ALL_AUDIT)
    main = stock.postfix.etc / "main.cf"
    text = re.sub(r"(?m)^(compatibility_level|smtpd_relay_restrictions) *=.*\n(?:[ \t#].*\n)*", "", main.read_text())
    main.write_text(text)
    add_to_main(stock, {"smtpd_recipient_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
                        **({} if relay is None else {"smtpd_relay_restrictions": relay})})
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    for port in stock.ports["smtp"], stock.ports["submission"]:
        lists = options(stock, port)["smtpd_relay_restrictions"]
        assert re.fullmatch(r"check_policy_service \{ [^}]* \}" + (f", {relay}" if relay else ""), lists), lists


PROXIED = changed(POLICY, ('"*:$submission", "*:$submissions"', '"127.0.0.1:$submission", "*:$other"'))


def test_the_port_of_a_proxys_clients_gets_no_listener(stock):
    stock.ports["other"] = rig.free_port()
    port = stock.ports["submission"]
    add_to_master(stock, f"127.0.0.1:{port} inet n - y - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n")
    with socket.create_server(("0.0.0.0", stock.ports["other"])):  # the proxy
        stock.change_policy(PROXIED)
        told = stock.setup("--apply")
        assert told.returncode == 0, told.stdout + told.stderr
        assert str(stock.ports["other"]) not in (stock.postfix.etc / "master.cf").read_text()
        assert not [row for row in stock.check()[1] if row[0] == "error"]
    stock.change_policy(PROXIED.replace(', "*:$other"', ""))
    assert [row[2] for row in stock.check()[1] if row[0] == "error"] == [
        "the connector has no binding for the port that the proxy's clients use"]


def test_passwords_that_another_library_checks_stay_there(stock):
    port = stock.ports["submission"]
    add_to_master(stock, f"{port} inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_sasl_type=cyrus\n"
                         "  -o smtpd_sasl_path=smtpd\n")
    stock.change_policy(ALL_AUDIT)
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    found = options(stock, port)
    assert (found["smtpd_sasl_type"], found["smtpd_sasl_path"]) == ("cyrus", "smtpd")
    assert ("warning", f"{port}/inet/smtpd_sasl_type", "Dovecot does not check the passwords") in stock.check()[1]
    stock.change_policy(POLICY)
    told = stock.setup("--apply")
    assert told.returncode != 0 and "Dovecot does not check the passwords" in told.stdout
    assert options(stock, port) == found


def test_an_entry_keeps_its_order_indentation_and_comments(stock):
    port = stock.ports["submission"]
    add_to_master(stock, f"{port}   inet n - y - - smtpd\n\t-o syslog_name=postfix/subm\n# TLS\n\t-o smtpd_tls_security_level=none\n"
                         "\t-o { smtpd_client_restrictions = permit_sasl_authenticated, reject }\n# end\n")
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    text = (stock.postfix.etc / "master.cf").read_text()
    assert f"{port}   inet n - y - - smtpd\n\t-o syslog_name=postfix/subm\n# TLS\n\t-o smtpd_tls_security_level=may\n" \
           "\t-o { smtpd_client_restrictions = permit_sasl_authenticated, reject }\n\t-o " in text
    assert f" }} }}\n# end\n{stock.ports['submissions']} " in text, "the listener that was not there comes behind it"


@pytest.mark.parametrize("path", ["private/other-auth", "inet:127.0.0.1:$port"])
def test_a_sasl_path_where_dovecot_listens_stays(stock, path):
    port = rig.free_port()
    path = path.replace("$port", str(port))
    listener = f"inet_listener postfix {{\n    port = {port}\n  }}" if "inet:" in path else \
        f"unix_listener {stock.postfix.queue}/{path} {{\n    mode = 0660\n    user = postfix\n    group = postfix\n  }}"
    local = stock.dovecot.config.parent / "local.conf"
    local.write_text(local.read_text() + f"service auth {{\n  {listener}\n}}\n")
    add_to_main(stock, {"smtpd_sasl_type": "dovecot", "smtpd_sasl_path": path})
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    assert not re.search(r"(?m)^[+-].*smtpd_sasl_path", told.stdout)
    assert "unix_listener" not in (stock.dovecot.config.parent / "conf.d" / "99-mailwicket.conf").read_text()
    assert stock.setup().stdout == "nothing to do\n"


SERVICES = POLICY.replace('connector "Client" {', 'connector "Client" {\n    sasl_services = { "submission" }')
BY_NAME = {"2.3": ("args = ", "args = username_format=%Ls-%u "), "2.4": ("passdb passwd-file {", "passdb passwd-file {\n  "
           "auth_username_format = %{protocol}-%{user}")}


@pytest.mark.parametrize("how", ["a variable", "a filter", "nothing"])
def test_the_service_name_stays_where_a_passdb_may_depend_on_it(stock, how):
    stock.change_policy(SERVICES)
    local = stock.dovecot.config.parent / "local.conf"
    if how == "a variable":
        text = local.read_text().replace(*BY_NAME[stock.dovecot.generation], 1)
        assert text != local.read_text()
        local.write_text(text)
    elif how == "a filter":
        local.write_text(local.read_text() + "protocol smtp {\n  auth_verbose = yes\n}\n")
    told = stock.setup()
    written = "+  -o smtpd_sasl_service=submission\n" in told.stdout
    assert (written, 'smtpd_sasl_service stays "smtp"' in told.stderr) == (how == "nothing", how != "nothing"), told


BACK = ("  -o content_filter=\n  -o receive_override_options=no_unknown_recipient_checks\n  -o mynetworks=127.0.0.0/8\n"
        "  -o smtpd_recipient_restrictions=permit_mynetworks,reject\n")


def test_a_content_filters_way_back_is_left_as_it_is_and_named(stock):
    port = rig.free_port()
    entry = f"127.0.0.1:{port} inet n - n - - smtpd\n{BACK}"
    add_to_master(stock, entry)
    told = stock.setup("--apply")
    assert told.returncode == 0, told.stdout + told.stderr
    assert entry in (stock.postfix.etc / "master.cf").read_text()
    assert f"note: {stock.postfix.etc}/master.cf:" in told.stdout
    assert "takes mail unasked" in told.stdout


def test_a_way_back_that_other_hosts_reach_is_an_error_and_is_bound_into_no_connector(stock):
    port = rig.free_port()
    add_to_master(stock, f"0.0.0.0:{port} inet n - n - - smtpd\n{BACK}")
    told = stock.setup()
    assert told.returncode == 1
    assert "can be reached from other hosts" in told.stdout
    assert f"127.0.0.1:{port} in place of 0.0.0.0:{port}" in told.stdout
    assert "bindings = " not in told.stdout


def test_with_the_question_in_main_cf_the_plan_has_the_lines_for_a_way_back(stock):
    port = rig.free_port()
    assert stock.setup("--apply").returncode == 0
    lists = {name: value for name, value in options(stock, stock.ports["smtp"]).items() if name.endswith("_restrictions")}
    assert stock.undo().returncode == 0
    add_to_main(stock, lists)
    add_to_master(stock, f"127.0.0.1:{port} inet n - n - - smtpd\n{BACK}")
    told = stock.setup()
    assert told.returncode == 1
    assert "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n" in told.stdout
    assert "  -o smtpd_end_of_data_restrictions=\n" in told.stdout
    assert "bindings = " not in told.stdout


# --- ports

def test_no_listener_is_added_where_a_process_listens(stock):
    before = stock.tree()
    with socket.create_server(("127.0.0.1", stock.ports["submission"])):
        told = stock.setup("--apply")
    assert told.returncode == 78
    assert re.search(r"\(process \d+\) listens there: Postfix ends with all its listeners", told.stderr), told.stderr
    assert stock.tree() == before


def test_no_listener_is_added_where_dovecot_submits(stock):
    local = stock.dovecot.config.parent / "local.conf"
    port = stock.ports["submission"]
    local.write_text(re.sub(r"(?m)^protocols = imap$", "protocols = imap submission", local.read_text()) +
                     f"service submission-login {{\n  inet_listener submission {{\n    port = {port}\n  }}\n}}\n")
    told = stock.setup()
    assert (told.returncode, f"Dovecot's service submission-login has port {port}" in told.stderr) == (78, True), told


def test_no_listener_is_added_that_another_instance_has(stock):
    port, other = stock.ports["submission"], stock.folder / "postfix-out"
    other.mkdir()
    for name in "main.cf", "master.cf":
        text = (stock.postfix.etc / name).read_text().replace(str(stock.postfix.queue), str(stock.folder / "queue-out"))
        (other / name).write_text(text)
    (other / "master.cf").write_text(f"{port} inet n - y - - smtpd\n")
    add_to_main(stock, {"multi_instance_directories": str(other)})
    told = stock.setup()
    assert (told.returncode, f"another Postfix has it, by the entry {port} in {other}/master.cf" in told.stderr) == (78, True), told


# --- after the plan

def without_passdbs(stock, text):
    local = stock.dovecot.config.parent / "local.conf"
    local.write_text(re.sub(r"(?ms)^passdb.*?^\}\n", "", local.read_text()) + text)


def test_a_plan_after_which_auth_does_not_start_is_refused_with_the_reason(stock):
    without_passdbs(stock, "")
    before = stock.tree()
    told = stock.setup("--apply")
    assert told.returncode == 1
    assert "nobody can log in" in told.stdout
    assert stock.tree() == before


def add_to_dovecot(stock, text):
    local = stock.dovecot.config.parent / "local.conf"
    local.write_text(local.read_text() + text)


def test_what_only_the_start_shows_is_refused_with_dovecots_words(stock):
    add_to_dovecot(stock, "passdb {\n  driver = passwd-file\n}\n" if stock.dovecot.generation == "2.3" else
                   "service auth {\n  executable = /bin/false\n}\n")
    before = stock.tree()
    told = stock.setup("--apply")
    assert told.returncode == 1, told.stdout
    assert re.fullmatch("mailwicket: setup: nothing was changed: nobody could log in any more, as Dovecot's auth service does not "
                        r"start with it: .*\n", told.stderr), told.stderr
    assert stock.tree() == before


@pytest.mark.parametrize("much", ["proxies", "filters"])
def test_more_than_a_file_of_ours_takes_is_an_error_that_says_what_to_do(stock, much):
    if much == "proxies":
        addresses = ", ".join(f'"10.{number // 250}.{number % 250}.1"' for number in range(4000))
        stock.change_policy(POLICY + f'login "proxied" {{\n    remote = {{ "192.0.2.0/24" }}\n    tls_proxies = {{ {addresses} }}\n}}\n')
    else:
        passdb = {"2.3": "passdb {\n driver = static\n args = password=x\n }", "2.4": "passdb static {\n passdb_static_password = x\n }"}
        add_to_dovecot(stock, "".join(f"protocol p{number} {{\n {passdb[stock.dovecot.generation]}\n}}\n" for number in range(300)))
    before = stock.tree()
    told = stock.setup("--apply")
    fix = {"proxies": "name networks in tls_proxies, in place of each address", "filters": "let fewer filters have passdbs of their own"}
    assert (told.returncode, told.stdout, told.stderr) == (
        78, "", f"mailwicket: setup: {stock.dovecot.config}: what Mailwicket needs there is longer than 32768 octets: {fix[much]}\n")
    assert stock.tree() == before


def trials():
    """The commands of all processes that run a Dovecot on trial: process -> command."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        found.update({int(path.parent.name): word.decode() for word in words if word.endswith(b".mailwicket-trial")})
    return found


def parent(process):
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def interrupted(stock, how, ready):
    """setup --apply until it is sent the signal, when its Dovecot on trial is `ready(folder)`; nothing of it stays."""
    before = stock.tree()
    process = subprocess.Popen([rig.CLI, "-c", stock.daemon.policy, "setup", "--apply", "--backup", stock.backup,
                                *stock.servers()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = rig.wait_for(lambda: [command for trial, command in trials().items() if parent(trial) == process.pid],
                           "Dovecot on trial")[0]
    folder = Path(*Path(command).parts[:3])
    assert folder.name.startswith("mailwicket-setup-") and folder.is_dir()
    rig.wait_for(lambda: ready(folder), "Dovecot on trial to be ready")
    process.send_signal(how)
    process.wait(60)
    rig.wait_for(lambda: not folder.exists(), "the folder to be removed")
    rig.wait_for(lambda: command not in trials().values(), "Dovecot on trial to end")
    assert stock.tree() == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_trial_leaves_nothing_behind(stock, how):
    # Auth says nothing, so that the trial lasts.
    add_to_dovecot(stock, "service auth {\n  executable = /bin/sleep 60\n}\n")
    interrupted(stock, how, lambda folder: True)


# It finds the trial's folder by the configuration of its parent, Dovecot's master.
WRITER = """#!/bin/sh
read -r _ _ _ master _ </proc/self/stat
file=$(tr '\\0' '\\n' </proc/$master/cmdline | grep mailwicket-trial)
for writer in 1 2 3 4 5 6 7 8; do
    while :; do
        n=$((n + 1))
        : >"${file%/*/*}/trial/state/$writer.$n"
    done &
done
exec sleep 60
"""


@pytest.mark.parametrize("count", range(3))
def test_what_dovecot_on_trial_writes_to_the_last_is_removed_too(stock, count):
    writer = stock.folder / "writer"
    writer.write_text(WRITER)
    writer.chmod(0o755)
    add_to_dovecot(stock, f"service auth {{\n  executable = {writer}\n  user = root\n}}\n")
    interrupted(stock, signal.SIGINT, lambda folder: len(list((folder / "trial/state").iterdir())) > 300)


def test_a_plan_is_refused_while_mailwicketd_is_not_there(stock):
    stock.daemon.kill()
    stock.postfix.policy_socket.unlink(missing_ok=True)
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == \
        (1, "mailwicket: setup: nothing was changed: mailwicketd is not running, all mail would be deferred; "
            "run: systemctl enable --now mailwicketd\n")
