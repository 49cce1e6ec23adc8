"""setup of policies of every kind on stock servers: nothing is left to find, nothing to do again, undo gives the bytes."""
import pytest

from rig import changed
from rig.stock import AUDITED_LOGINS, LOGINS, POLICY, Stock, needs_stock

pytestmark = pytest.mark.skipif(needs_stock() is not None, reason=str(needs_stock()))

CLIENT = "    permission_groups = { ExchangeUsers }\n"
POLICIES = {
    "TLS 1.3": changed(POLICY, (CLIENT, CLIENT + '    tls_min_version = TLSv1.3\n'),
                       (LOGINS, 'login "everywhere" { tls_min_version = TLSv1.3 }')),
    "several domains, local names": POLICY + 'accepted_domain "other.test" { type = Authoritative  local_names = '
    '{ "localhost", "mx.other.test", "[192.0.2.7]" } }\naccepted_domain "*.relayed.test" { type = InternalRelay }\n',
    "no limits": changed(POLICY, (CLIENT, CLIENT + "    max_message_size = unlimited\n"
                                  "    max_recipients_per_message = unlimited\n")),
    "audit mode": changed(POLICY, (CLIENT, CLIENT + "    mode = audit\n"), (LOGINS, AUDITED_LOGINS)),
    "another port, and 465": changed(POLICY, ('"*:$submission", "*:$submissions"', '"*:$submission"'))
    + 'connector "Implicit" { bindings = { "*:$submissions" }  auth_mechanism = '
    "{ Tls, BasicAuth, BasicAuthRequireTLS }  require_tls = yes  permission_groups = { ExchangeUsers } }\n",
}


@pytest.fixture
def stock(folder):
    made = Stock(folder)
    yield made
    made.stop()


def round_trip(stock):
    before = stock.tree()
    told = stock.setup("--apply")
    assert (told.returncode, told.stderr) == (0, ""), told
    stock.postfix.age()
    found = [row for row in stock.check()[1]
             if not ("accepted domain" in row[2] and row[0] == "warning")]  # (the stock Postfix knows example.test)
    assert found == []
    again = stock.setup("--apply")
    assert (again.returncode, again.stdout) == (0, "nothing to do\n")
    assert stock.undo().returncode == 0
    assert {path: entry for path, entry in stock.tree().items()} == before


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_setup_leaves_nothing_to_find_and_undo_nothing_of_it(stock, policy):
    stock.change_policy(policy)
    round_trip(stock)
    round_trip(stock)


@pytest.mark.parametrize("options", ["-osmtpd_relay_restrictions=permit_mynetworks,reject",
                                     "-vo smtpd_relay_restrictions=permit_mynetworks,reject",
                                     "-m 5 -o smtpd_relay_restrictions=permit_mynetworks,reject",
                                     "-vosmtpd_end_of_data_restrictions=",
                                     "-o { smtpd_relay_restrictions = permit_mynetworks, reject }"])
def test_setup_replaces_options_in_every_form(stock, options):
    path, port = stock.postfix.etc / "master.cf", stock.ports["smtp"]
    text = path.read_text()
    assert f"{port}      inet" in text
    lines = [line + f"\n  {options}" if line.startswith(f"{port} ") else line for line in text.splitlines()]
    path.write_text("\n".join(lines) + "\n")
    round_trip(stock)
