"""Ways into Postfix past the policy: an attack that succeeds on a real Postfix, and the finding that names it."""
import re
import socket
import subprocess

import pytest

import rig
from rig.past_policy import DIRECTORY, INSIDE, OUTSIDE, REPLACED, STRANGER, Site, wait_plain

EVERYWHERE = "0.0.0.0:"

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
]

@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder)
    made.daemon.start()
    yield made
    made.daemon.kill()


def proxy(site, address="10.9.8.7"):
    return f"PROXY TCP4 {address} 127.0.0.1 40000 {site.ports['smtp']}\r\n".encode()


def test_a_sound_configuration_has_no_finding_and_refuses(site):
    site.configure()
    assert site.found() == (0, [])
    with site:
        assert site.ask(STRANGER, "bob@example.test") == "250"
        assert site.ask(STRANGER, INSIDE) == "550"
        assert site.ask(STRANGER, OUTSIDE) == "550"


# --- recipient_delimiter

@pytest.mark.parametrize("delimiters", ["-", "+-", "-+", "+=-"])
def test_a_delimiter_the_policy_lacks_is_an_error_while_somebody_has_senders(site, delimiters):
    site.configure(main=f"recipient_delimiter = {delimiters}\n")
    code, told = site.check()
    assert (code, [(f["severity"], f["setting"]) for f in told["findings"]]) == (1, [("error", "recipient_delimiter")])
    finding = told["findings"][0]
    assert f'recipient_delimiter = "+{delimiters.replace("+", "")}" in {site.daemon.policy}' in finding["fix"]
    assert "senders=" in finding["why"]
    with site:
        assert site.ask(STRANGER, "staff-x@example.test") == "250"
        assert site.ask(STRANGER, "staff+x@example.test") == "550"


def test_the_fix_of_a_missing_delimiter_holds(site):
    before = site.policy_template
    site.change_policy(before.replace('recipient_delimiter = "+"', 'recipient_delimiter = "+-"'))
    try:
        site.configure(main="recipient_delimiter = -+\n")
        assert site.found() == (0, [])
        with site:
            assert site.ask(STRANGER, "staff-x@example.test") == "550"
    finally:
        site.change_policy(before)


def test_a_delivery_agent_with_a_delimiter_of_its_own_is_found(site):
    site.configure()
    path = site.postfix.etc / "master.cf"
    path.write_text(path.read_text().replace("- virtual\n", "- virtual\n  -o recipient_delimiter=_\n"))
    code, findings = site.found()
    assert (code, findings[0][:2]) == (1, ("error", "virtual/unix/recipient_delimiter"))


def test_without_senders_a_delimiter_is_a_warning(site):
    site.change_directory(DIRECTORY.replace(" senders=authenticated", ""))
    try:
        site.configure(main="recipient_delimiter = +-\n")
        assert [row[:2] for row in site.found()[1]] == [("warning", "recipient_delimiter")]
    finally:
        site.change_directory(DIRECTORY)


def test_setup_takes_no_delimiter_out_of_postfix(site):
    site.configure(main="recipient_delimiter = -\n")
    told = site.daemon.cli("setup", "--postfix-config", site.postfix.etc)
    assert "+recipient_delimiter = -+" in told.stdout, told
    assert told.returncode == 1 and '"+-"' in told.stdout + told.stderr


# --- a PROXY line

@pytest.mark.parametrize("place", ["main.cf", "master.cf"])
def test_a_proxy_line_from_everybody_is_found(site, place):
    if place == "main.cf":
        site.configure(main="smtpd_upstream_proxy_protocol = haproxy\n", host=EVERYWHERE)
    else:
        site.configure(options={"smtpd_upstream_proxy_protocol": "haproxy"}, host=EVERYWHERE)
    code, findings = site.found()
    setting = "smtpd_upstream_proxy_protocol"
    wanted = setting if place == "main.cf" else f"{EVERYWHERE}{site.ports['smtp']}/inet/{setting}"
    assert (code, {row[:2] for row in findings if row[0] == "error"}) == (1, {("error", wanted)})
    with site:
        assert site.ask(STRANGER, OUTSIDE, proxy(site, "198.51.100.1")) == "550"
        assert site.ask("ceo@example.test", OUTSIDE, proxy(site)) == "250"


def test_a_proxy_line_names_the_port_of_a_connector(site):
    port = rig.free_port()
    site.configure(master=f"{EVERYWHERE}{port} inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n")
    code, findings = site.found()
    assert code == 1
    assert ("error", f"{EVERYWHERE}{port}/inet/smtpd_upstream_proxy_protocol") in [row[:2] for row in findings], findings
    with site:
        site.postfix.wait_listening(port)
        assert site.ask("ceo@example.test", OUTSIDE, proxy(site), port=port) == "250"


def test_a_proxy_line_that_decides_nothing_is_a_note(site):
    before = site.policy_template
    site.change_policy(before.replace('    remote_ip_ranges = { "10.9.8.7" }\n', "").replace('connector "Relay" {',
                       'connector "Relay" {\n    enabled = no'))
    try:
        site.configure(options={"smtpd_upstream_proxy_protocol": "haproxy"})
        code, findings = site.found()
        assert (code, [row[0] for row in findings]) == (0, ["note"])
    finally:
        site.change_policy(before)


# --- postscreen

def test_a_sound_postscreen_has_no_finding_and_refuses(site):
    site.behind_postscreen()
    assert site.found() == (0, [])
    with site:
        assert site.ask(STRANGER, INSIDE) == "550"


@pytest.mark.parametrize("place", ["main.cf", "master.cf", "both"])
def test_the_smtpd_that_postscreen_names_is_looked_at(site, place):
    other = "other pass - - n - - smtpd\n" + "".join(f"  -o {name}={value}\n" for name, value in REPLACED.items())
    if place == "main.cf":
        site.behind_postscreen(main="smtpd_service_name = other\n", master=other)
    elif place == "both":
        site.behind_postscreen(main="smtpd_service_name = $by_name\nby_name = smtpd\n", options="  -o by_name=other\n",
                               master=other)
    else:
        site.behind_postscreen(options="  -o smtpd_service_name=other\n", master=other)
    code, findings = site.found()
    assert code == 1
    assert ("error", "other/pass/smtpd_relay_restrictions") in [row[:2] for row in findings], findings
    with site:
        assert site.ask(STRANGER, INSIDE) == "250"


def test_a_postscreen_that_hands_over_to_nobody_is_found(site):
    site.behind_postscreen(options="  -o smtpd_service_name=none\n")
    code, findings = site.found()
    assert code == 1 and any("no smtpd listens on port" in what for _, _, what in findings), findings


@pytest.mark.parametrize("place", ["main.cf", "master.cf"])
def test_a_proxy_line_to_postscreen_is_found(site, place):
    setting = "postscreen_upstream_proxy_protocol"
    if place == "main.cf":
        site.behind_postscreen(main=f"{setting} = haproxy\npostscreen_access_list = static:permit\n", host=EVERYWHERE)
    else:
        site.behind_postscreen(main="postscreen_access_list = static:permit\n", options=f"  -o {setting}=haproxy\n",
                               host=EVERYWHERE)
    code, findings = site.found()
    wanted = setting if place == "main.cf" else f"{EVERYWHERE}{site.ports['smtp']}/inet/{setting}"
    assert (code, [row[:2] for row in findings]) == (1, [("error", wanted)])
    with site:
        assert site.ask(STRANGER, OUTSIDE, proxy(site, "198.51.100.1")) == "550"
        assert site.ask("ceo@example.test", OUTSIDE, proxy(site)) == "250"


# --- other services

def netstring(data):
    return f"{len(data)}:{data},"


def qmqp(port, sender, recipient):
    """One message by QMQP; the first byte of the answer: K is "taken"."""
    text = netstring("From: <x@example.net>\nSubject: qmqp\n\nhello\n") + netstring(sender) + netstring(recipient)
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(netstring(text).encode())
        answer = b""
        while b":" not in answer or not answer.endswith(b","):
            part = client.recv(1000)
            if not part:
                break
            answer += part
    return answer.partition(b":")[2][:1].decode()


@pytest.mark.parametrize("clients,severity", [
    ("127.0.0.1,192.0.2.0/24", "error"), ("127.0.0.0/8", "note"), ("", "note"),
], ids=["other hosts", "this host", "nobody"])
def test_qmqpd_is_found(site, clients, severity):
    port = rig.free_port()
    site.configure(master=f"{EVERYWHERE}{port} inet n - n - - qmqpd\n  -o qmqpd_authorized_clients={clients}\n"
                          "  -o qmqpd_error_delay=0\n")
    code, findings = site.found()
    assert (code, [row[:2] for row in findings]) == (1 if severity == "error" else 0, [(severity, f"{EVERYWHERE}{port}/inet")])
    assert "qmqpd takes mail past the policy" in findings[0][2]
    with site:
        site.postfix.wait_listening(port)
        assert qmqp(port, "ceo@example.test", INSIDE) == ("K" if clients else "D")


@pytest.mark.parametrize("private,options,severity", [("n", True, "error"), ("-", True, "note"), ("n", False, "error")],
                         ids=["public", "private", "asked about nothing"])
def test_an_smtpd_on_a_unix_socket_is_found(site, private, options, severity):
    lines = "".join(f"  -o {name}={value}\n" for name, value in REPLACED.items()) if options else ""
    site.configure(master=f"inject unix {private} - n - - smtpd\n{lines}")
    code, findings = site.found()
    assert (code, [row[:2] for row in findings]) == \
        (1 if severity == "error" else 0, [(severity, "inject/unix/smtpd_relay_restrictions")])
    path = site.postfix.queue / ("public" if private == "n" else "private") / "inject"
    with site:
        client = wait_plain(str(path))
        assert client.ask("ceo@example.test", INSIDE) == ("250" if options else "450")
        client.close()


def test_a_cleanup_on_the_network_is_found(site):
    port = rig.free_port()
    site.configure(master=f"{port} inet n - n - 0 cleanup\n")
    code, findings = site.found()
    assert (code, [row[:2] for row in findings]) == (1, [("error", f"{port}/inet")])


def test_local_mail_is_named_as_what_it_is(site):
    site.configure()
    code, told = site.check()
    assert (code, told["findings"]) == (0, [])
    row, = [row for row in told["not_judged"] if row["id"] == "local-mail"]
    assert (row["severity"], row["setting"]) == ("not judged", "pickup/unix")
    assert "sendmail" in row["what"] and "senders=" in row["why"]
    shown = site.daemon.cli("check", "--policy-only", "--postfix-config", site.postfix.etc).stdout
    assert re.search(r"(?m)^not judged: .*master\.cf:\d+: pickup/unix: local mail by `sendmail`", shown)
    with site:
        # postdrop is setgid and knows the system's folders alone: as root, with this instance's.
        sent = subprocess.run([rig.tool("sendmail"), "-C", site.postfix.etc, "-f", "ceo@example.test", INSIDE],
                              input="Subject: local\n\nhello\n", text=True, capture_output=True, timeout=60,
                              env={"PATH": rig.PATH, "MAIL_CONFIG": str(site.postfix.etc)})
        assert sent.returncode == 0, sent
        site.postfix.wait_delivered("local")


def test_another_instance_is_found(site):
    site.configure(main="multi_instance_directories = /etc/postfix-out\n")
    code, told = site.check()
    assert (code, [(f["severity"], f["setting"], f["fix"]) for f in told["findings"]]) == \
        (0, [("warning", "multi_instance_directories", f"mailwicket -c {site.daemon.policy} check --postfix-config /etc/postfix-out")])
