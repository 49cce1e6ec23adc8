"""A client whose address nobody knows: it is in no range but "every address", over real Postfix and the protocol."""
import json

import pytest

import rig
from rig.mailsite import MailSite, PASSWORD

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

POLICY = """\
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative }
connector "Front" {
    bindings = { "*:$smtp" }
    permission_groups = { AnonymousUsers }
}
connector "Printers" {
    bindings = { "*:$smtp" }
    remote_ip_ranges = { "10.0.0.0/8" }
    auth_mechanism = { None }
    permission_groups = { AnonymousUsers }
    deny_permissions = { Accept-Any-Sender }
}
connector "Client" { bindings = { "*:$submission" } }
connector "Office" {
    bindings = { "*:$submissions" }
    remote_ip_ranges = { "127.0.0.0/8" }
}
log { facility = mail  decisions = all }
"""
DIRECTORY = "user bob@example.test login=bob\nuser mary@example.test\n"
HOST = "127.0.0.80"  # may use XCLIENT
STRANGER, MARY, BOB = "x@remote.test", "mary@example.test", "bob@example.test"
DEFERRED = "450 4.3.5 "
PERMITTED = "250 2.1.5 Ok"


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, POLICY, DIRECTORY, ["bob"], main=f"smtpd_authorized_xclient_hosts = {HOST}\n")
    try:
        yield made.start()
    finally:
        made.stop()


def unknown_client(site, listener):
    """Postfix then tells client_address=unknown."""
    client = rig.Smtp(site.ports[listener], HOST)
    client.hello()
    client.expect("220", "XCLIENT NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE]")
    client.hello()
    return client


def test_with_a_narrower_connector_beside_it_the_wide_one_is_not_used(site):
    with site.client("smtp") as known:
        assert known.ask(STRANGER, MARY) == PERMITTED
    with unknown_client(site, "smtp") as client:
        assert client.ask(STRANGER, MARY).startswith(DEFERRED)
    assert "connector" not in site.daemon.logged(reason="no-connector")[-1]


def test_the_only_connector_of_a_listener_is_used_if_it_is_for_everybody(site):
    with unknown_client(site, "submission") as client:
        client.starttls()
        client.log_in("bob", PASSWORD)
        assert client.ask(BOB, "someone@remote.test") == PERMITTED
    assert "client" not in site.daemon.logged(login="bob", verdict="permit")[-1]


def asked(site, listener, address):
    return {"client_address": address, "client_name": "unknown", "reverse_client_name": "unknown",
            "server_address": "127.0.0.1", "server_port": str(site.ports[listener]), "sender": BOB,
            "recipient": "someone@remote.test", "sasl_username": "bob", "policy_context": "relay"}


NO_CONNECTOR = "450 4.3.5 Server configuration problem, no connector for this listener and client"


@pytest.mark.parametrize("listener,action", [("smtp", NO_CONNECTOR), ("submission", "OK"), ("submissions", NO_CONNECTOR)])
@pytest.mark.parametrize("address", ["unknown", ""], ids=["unknown", "empty"])
def test_unknown_and_empty_are_the_same(site, listener, action, address):
    attributes = asked(site, listener, address)
    if listener == "smtp":
        attributes.update(sasl_username="", sasl_method="", sender=STRANGER, recipient=MARY)
    with site.daemon.connect() as connection:
        assert connection.request(attributes) == action


@pytest.mark.parametrize("address", ["nonsense", "10.0.0.1.5", None], ids=["nonsense", "five numbers", "missing"])
def test_what_is_no_address_is_not_an_unknown_one(site, address):
    with site.daemon.connect() as connection:
        assert connection.request(asked(site, "submission", address)) is None


def test_explain_and_replay_decide_the_same(site, folder):
    for listener, result in (("smtp", "deferred"), ("submission", "permitted"), ("submissions", "deferred")):
        request = folder / "request"
        attributes = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "encryption_protocol": "TLSv1.3",
                      "encryption_keysize": "256", "sasl_method": "PLAIN", **asked(site, listener, "unknown")}
        if listener == "smtp":
            attributes.update(sasl_username="", sasl_method="", sender=STRANGER, recipient=MARY)
        request.write_text("".join(f"{name}={value}\n" for name, value in attributes.items()) + "\n")
        told = json.loads(site.daemon.cli("--json", "explain", "smtp", "--request", str(request)).stdout)
        assert told["result"] == result, listener
    words = ("--port", str(site.ports["smtp"]), "--sender", STRANGER, "--recipient", MARY)
    assert site.explain("--client", "unknown", *words)[0]["result"] == "deferred"
    told, text = site.explain(*words)
    assert told["result"] == "permitted" and "assumed: client=198.51.100.1" in text
    with unknown_client(site, "smtp") as client:
        assert client.ask(STRANGER, MARY).startswith(DEFERRED)
    log = folder / "decisions"
    log.write_text("".join(line for line in site.daemon.text().splitlines(True) if " reason=no-connector " in line))
    assert log.read_text()
    assert site.daemon.cli("replay", str(log)).returncode == 0
