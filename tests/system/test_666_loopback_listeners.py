"""Listeners of master.cf that no connector names: who can connect to them, what they are for, and what `check` says to do."""
import json
import socket

import pytest

import rig
from rig.checked import Checked, brief
from rig.smtp import Smtp

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
]

UNASKED = ("  -o smtpd_relay_restrictions=permit_mynetworks,reject -o smtpd_sender_restrictions=\n"
           "  -o smtpd_end_of_data_restrictions=\n")
FILTER = "content_filter = smtp:[127.0.0.1]:10024\n"
SASL = "smtpd_sasl_auth_enable = yes\n"


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


def finding_of(site, port, main="", options="", host=""):
    site.configure(main=main, master=f"{host}{port} inet n - n - - smtpd\n{options}")
    found = [row for row in site.check_postfix()[1] if row["setting"].startswith(f"{host}{port}/inet")]
    assert len(found) == 1, brief(found)
    return found[0]


def reached(port, address):
    try:
        with socket.create_connection((address, port), 10):
            return True
    except OSError:
        return False


def other_address():
    address = socket.gethostbyname(socket.gethostname())
    return address if not address.startswith("127.") else None


@pytest.mark.parametrize("main,options,host,local", [
    ("inet_interfaces = loopback-only\n", "", "", True),
    ("inet_interfaces = 127.0.0.1\n", "", "", True),
    ("inet_interfaces = 127.0.0.1, [::1]\ninet_protocols = all\n", "", "", True),
    ("inet_interfaces = localhost\n", "", "", True),
    ("inet_interfaces = all\n", "", "", False),
    ("inet_interfaces = all\n", "  -o inet_interfaces=127.0.0.1\n", "", False),
    ("inet_interfaces = loopback-only\n", "  -o inet_interfaces=all\n", "", True),
    ("inet_interfaces = loopback-only\n", "", "0.0.0.0:", False),
    ("inet_interfaces = all\n", "", "[127.0.0.1]:", True),
    ("inet_interfaces = all\n", "", "localhost:", True),
], ids=["loopback-only", "127.0.0.1", "both families", "localhost", "all", "an option that master does not read",
        "another such", "a host", "in brackets", "a name"])
def test_who_can_connect_is_told_as_master_opens_it(site, main, options, host, local):
    """An unasked listener is a note where only this host reaches it, an error elsewhere; and so Postfix opens it."""
    port = rig.free_port()
    found = finding_of(site, port, main, UNASKED + options, host)
    assert (found["id"], found["severity"]) == (("reinjection", "note") if local else ("unasked-listener", "error")), found
    address = other_address()
    site.postfix.start()
    try:
        rig.wait_for(lambda: reached(port, "127.0.0.1"), "the listener")
        assert address is None or reached(port, address) == (not local)
    finally:
        site.postfix.stop()


def test_a_family_that_postfix_does_not_speak_is_not_looked_at(site):
    port = rig.free_port()
    found = finding_of(site, port, "inet_interfaces = 127.0.0.1, [2001:db8::25]\ninet_protocols = ipv4\n", UNASKED)
    assert found["id"] == "reinjection"


def test_a_connector_for_an_address_that_postfix_does_not_open_is_not_served(site):
    before = site.policy_template
    site.change_policy(before.replace('"*:$submission"', '"192.0.2.1:$submission"'))
    try:
        site.configure()
        assert "unserved-connector" in [row["id"] for row in site.check_postfix()[1]]
        site.configure(main="inet_interfaces = all\n")
        assert "unserved-connector" not in [row["id"] for row in site.check_postfix()[1]]
    finally:
        site.change_policy(before)


# What is known of a listener that is asked: lines of main.cf, its options, its host; whether lines are said that take the
# question away, and whether a connector's bindings are named as what else it may need.
ASKED = {
    "filter options": ("", "  -o content_filter=\n", "127.0.0.1:", True, False),
    "filter options, AUTH in main.cf": (SASL, "  -o content_filter=\n  -o receive_override_options=no_milters\n", "127.0.0.1:",
                                        True, False),
    "a filter is in use": (FILTER, "", "127.0.0.1:", True, False),
    "a filter is in use, AUTH in main.cf": (FILTER + SASL, "", "127.0.0.1:", True, False),
    "a proxy before the queue": ("smtpd_proxy_filter = 127.0.0.1:10024\n", "", "[127.0.0.1]:", True, False),
    "no filter is known": ("", "", "127.0.0.1:", True, True),
    "no filter is known, by inet_interfaces": ("inet_interfaces = loopback-only\n", "", "", True, True),
    "AUTH in main.cf": (SASL, "", "127.0.0.1:", True, True),
    "filter options, and AUTH of its own": ("", "  -o content_filter=\n  -o smtpd_sasl_auth_enable=yes\n", "127.0.0.1:", True, True),
    "AUTH of its own": ("", "  -o smtpd_sasl_auth_enable=yes\n", "127.0.0.1:", False, True),
    "filter options on a network, AUTH in main.cf": (SASL, "  -o content_filter=\n", "0.0.0.0:", False, True),
    "a listener on a network": ("", "", "0.0.0.0:", False, True),
}


@pytest.mark.parametrize("main,options,host,lines,bindings", ASKED.values(), ids=ASKED)
def test_no_advice_binds_a_way_back_into_a_connector(site, main, options, host, lines, bindings):
    port = rig.free_port()
    found = finding_of(site, port, main, options, host)
    assert found["severity"] == "error"
    assert bool(found["place"]) == lines, found
    told = json.dumps(found)
    assert ("bindings = " in told) == bindings, told
    if bindings and (lines or "filter" in options):
        assert "bindings = " not in found["fix"] and "no content filter gives mail back" in found["alternative"]
    if lines:
        assert "  -o smtpd_relay_restrictions=permit_mynetworks,reject" in found["fix"].splitlines()


def test_users_who_log_in_on_this_host_unasked_are_a_warning(site):
    """Webmail submits so: whoever uses it sends as anybody."""
    found = finding_of(site, rig.free_port(), "", UNASKED + "  -o smtpd_sasl_auth_enable=yes\n", "127.0.0.1:")
    assert (found["id"], found["severity"]) == ("unasked-listener", "warning")
    assert "bindings = " in found["fix"]


def test_a_listener_that_a_proxy_connects_to_is_not_for_this_host(site):
    port = rig.free_port()
    for options in "", "  -o content_filter= -o smtpd_authorized_xforward_hosts=127.0.0.0/8\n":
        site.configure(main=FILTER, master=f"127.0.0.1:{port} inet n - n - - smtpd\n"
                                           f"  -o smtpd_upstream_proxy_protocol=haproxy\n{options}{UNASKED}")
        found, line = [row for row in site.check_postfix()[1] if row["setting"].startswith(f"127.0.0.1:{port}/inet")]
        assert (found["severity"], found["id"], line["id"]) == ("error", "unasked-listener", "proxy-line"), found
        assert f'"127.0.0.1:{port}", and the address and port that the proxy\'s clients use' in found["fix"]


def test_mail_comes_back_once_the_lines_are_pasted(site):
    port = rig.free_port()
    found = finding_of(site, port, "mynetworks = 127.0.0.0/8\n", "", "127.0.0.1:")
    path = site.postfix.etc / "master.cf"
    before = path.read_text()

    def answer():
        site.postfix.start()
        try:
            rig.wait_for(lambda: reached(port, "127.0.0.1"), "the listener")
            with Smtp(port) as client:
                client.hello()
                return client.ask("anybody@example.net", "bob@example.test")[:3]
        finally:
            site.postfix.stop()

    assert answer() == "450"
    path.write_text(before + found["fix"] + "\n")
    assert answer() == "250"
