"""`explain --request` reads a captured request as mailwicketd does: the same answer, or the same closed connection."""
import json
import subprocess

import pytest

from rig import CLI
from rig.daemon import RCPT, Daemon, encode

FINGERPRINT = "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"
POLICY = f"""hostname = "mx.example.test"
accepted_domain "example.test" {{ type = Authoritative }}
connector "Client" {{ bindings = {{ "*:587" }} permission_groups = {{ ExchangeUsers }} require_tls = yes auth_mechanism = {{ Tls, BasicAuth }} }}
connector "Partner" {{ bindings = {{ "*:2525" }} permission_groups = {{ Partners }} auth_mechanism = {{ Tls }}
    partner_certificates = {{ "{FINGERPRINT}" }} }}
"""
DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary
user "john doe"@example.test login=john
"""
MESSAGE = {"protocol_state": "END-OF-MESSAGE", "recipient_count": "1", "size": "1000"}
PARTNER = {"server_port": "2525", "sasl_method": "", "sasl_username": "", "ccert_subject": "partner",
           "recipient": "mary@example.test", "sender": "x@example.net"}


def changed(**changes):
    return encode({**RCPT, **changes})


def doubled(name, value):
    """The attribute once more, as the last line."""
    return changed()[:-1] + f"{name}={value}\n\n".encode()


REQUESTS = {
    "as Postfix asks": changed(),
    "relay": changed(policy_context="relay", recipient="x@example.net"),
    "refused": changed(sender="mary@example.test"),
    "quotes that Postfix left out": changed(sasl_username="john", sender="john doe@example.test"),
    "quotes in the recipient": changed(recipient="john doe@example.test"),
    **{f"without {name}": changed(**{name: None}) for name in RCPT},
    **{f"{name} empty": changed(**{name: ""}) for name in RCPT},
    **{f"{name} unknown": changed(**{name: "unknown"}) for name in RCPT},
    **{f"{name} twice": doubled(name, RCPT[name]) for name in RCPT},
    **{f"at the end without {name}": changed(**{**MESSAGE, name: None}) for name in
       ("sender", "recipient", "recipient_count", "size", "instance", "protocol_state")},
    "another login, the second time": doubled("sasl_username", "mary"),
    "the end of a message": changed(**MESSAGE),
    "a size with a unit": changed(**{**MESSAGE, "size": "36MB"}),
    "a negative size": changed(size="-1"),
    "a port that is none": changed(server_port="65536"),
    "port 0": changed(server_port="0"),
    "an address that is none": changed(client_address="192.0.2.7."),
    "a server's address that is none": changed(server_address="mx.example.test"),
    "a strength that is none": changed(encryption_keysize="strong"),
    "a strength without TLS": changed(encryption_protocol="", encryption_keysize="strong"),
    "an unknown protocol of TLS": changed(encryption_protocol="TLSv9"),
    "an unknown stage": changed(protocol_state="LUNCH"),
    "ETRN": changed(protocol_state="ETRN", etrn_domain="example.test"),
    "ETRN without its domain": changed(protocol_state="ETRN", etrn_domain=None),
    "another context": changed(policy_context="submission"),
    "a partner": changed(**PARTNER, ccert_fingerprint=FINGERPRINT),
    "a partner by SHA-1": changed(**PARTNER, ccert_fingerprint=FINGERPRINT[:59]),
    "a partner by no fingerprint": changed(**PARTNER, ccert_fingerprint="partner"),
    "a partner whom nobody verified": changed(**{**PARTNER, "ccert_subject": ""}, ccert_fingerprint=FINGERPRINT),
    "no policy request": changed(request="smtpd_chat"),
    "an unknown attribute": changed(weather="fine"),
    "a name that is none": changed(**{"bad name": "x"}),
    "carriage returns": changed().replace(b"\n", b"\r\n"),
    "an octet 0": changed(helo_name=b"a\0b"),
    "a long line": changed(helo_name="x" * 9000),
    "many attributes": changed(**{f"x{number}": "y" for number in range(120)}),
    "nothing": b"\n",
}


@pytest.fixture(scope="module")
def daemon(module_folder):
    with Daemon(POLICY, DIRECTORY, module_folder) as made:
        yield made


def explain(daemon, request, *options):
    return subprocess.run([CLI, "-c", daemon.policy, *options, "explain", "smtp", "--request", "-"], input=request,
                          capture_output=True, timeout=60)


@pytest.mark.parametrize("name", REQUESTS)
def test_explain_says_what_mailwicketd_answers(daemon, name):
    with daemon.connect() as connection:
        action = connection.ask(REQUESTS[name])
    told = explain(daemon, REQUESTS[name], "--json")
    read = json.loads(told.stdout)
    decision = read["decisions"][-1]
    assert decision["answer"] == action
    if action is not None:
        assert "closed" not in decision
        return
    assert (read["result"], decision["result"], told.returncode) == ("undecided", "undecided", 75)
    # For the same reason, in the same words.
    why = decision["closed"].rpartition("of the request: ")[2]
    assert daemon.lines(rf"^mailwicketd: connection of .* closed: {why}$")
    text = explain(daemon, REQUESTS[name]).stdout.decode()
    assert f"submission: undecided: {decision['closed']}" in text
    assert "answer: (none: the connection is closed)" in text


def test_the_table_has_all_three_ends(daemon):
    ends = {json.loads(explain(daemon, request, "--json").stdout)["result"] for request in
            (REQUESTS["as Postfix asks"], REQUESTS["refused"], REQUESTS["without sender"])}
    assert ends == {"permitted", "refused", "undecided"}


def test_the_line_that_is_wrong_is_named(daemon):
    lines = REQUESTS["sender twice"].decode().splitlines()
    read = json.loads(explain(daemon, REQUESTS["sender twice"], "--json").stdout)
    assert read["decisions"][-1]["closed"] == f"line {len(lines) - 1} of the request: an attribute came twice"


@pytest.mark.parametrize("end", [0, 1], ids=["no newline", "no empty line"])
def test_the_empty_line_may_be_missing(daemon, end):
    request = REQUESTS["refused"].rstrip(b"\n") + b"\n" * end
    assert json.loads(explain(daemon, request, "--json").stdout)["decisions"][-1]["reason"] == "send-as-denied"


def test_options_after_a_request_override_it(daemon, tmp_path):
    (tmp_path / "request").write_bytes(REQUESTS["as Postfix asks"])
    told = daemon.cli("--json", "explain", "smtp", "--request", tmp_path / "request", "--sender", "mary@example.test")
    assert json.loads(told.stdout)["decisions"][-1]["reason"] == "send-as-denied"
