"""What `check` has for a fix, pasted: no other listener lets in more than before, or less, and Postfix runs with it."""
import re

import pytest

import rig
from rig.past_policy import INSIDE, OUTSIDE, POLICY, STRANGER, Site
from rig.pasted import paste

pytestmark = [
    pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix())),
]

# Port smtp is enforced; port submission is in audit mode.
AUDITED = POLICY.replace("    auth_mechanism", "    mode = audit\n    auth_mechanism")
CEO, BOB = "ceo@example.test", "bob@example.test"
OWNERS = f"smtpd_sender_login_maps = inline:{{{CEO}=ceo}}\n"
WAY_BACK = "$PORT inet n - n - - smtpd\n  -o content_filter=\n"
CLASSES = {
    "a class": "smtpd_restriction_classes = strict\nstrict = reject\nsmtpd_client_restrictions = strict\n",
    "a class in a class": "smtpd_restriction_classes = outer, strict\nstrict = reject\nouter = strict\n"
                          "smtpd_helo_restrictions = outer, reject_invalid_helo_hostname\n",
}


@pytest.fixture(scope="module")
def site(module_folder):
    made = Site(module_folder, AUDITED)
    made.daemon.start()
    yield made
    made.daemon.kill()


def question(site, context):
    return re.search(rf"check_policy_service \{{[^}}]*policy_context={context}.*?\}}", site.postfix.wired["main.cf"])[0]


def fixes(site, name):
    return [found for found in site.check()[1]["findings"] if found["id"] == name]


def answers(site, recipient):
    with site:
        return [site.ask(CEO, recipient, port=site.ports[name]) for name in ("smtp", "submission")]


# What main.cf has, with the two questions; the finding; whose mail; what both ports answer before and after.
KEPT = {
    "a comparison of senders": (OWNERS + "smtpd_sender_restrictions = $SENDER, reject_sender_login_mismatch\n",
                                "login-mismatch", BOB, ["553", "553"], ["250", "553"]),
    "who gets in": ("smtpd_client_restrictions = permit_sasl_authenticated, reject\n", "refuses-permitted", BOB,
                    ["554", "554"], ["250", "554"]),
    "who may relay": ("smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, $RELAY,"
                      " reject_unauth_destination\nsmtpd_sender_restrictions =\n", "permit-before", OUTSIDE,
                      ["250", "250"], ["550", "250"]),
}


@pytest.mark.parametrize("main,name,recipient,before,after", KEPT.values(), ids=KEPT)
def test_a_listener_in_audit_mode_stays_as_it_is(site, main, name, recipient, before, after):
    for word in "SENDER", "RELAY":
        main = main.replace(f"${word}", question(site, word.lower()))
    site.configure(main="mynetworks = 127.0.0.0/8\n" + main, options={"smtpd_sasl_auth_enable": "yes"})
    assert answers(site, recipient) == before
    found = fixes(site, name)[0]
    assert found["place"]["file"].endswith("/master.cf"), found
    paste(found)
    assert answers(site, recipient) == after


@pytest.mark.parametrize("main", CLASSES.values(), ids=CLASSES)
def test_a_class_keeps_its_definition(site, main):
    site.configure(main=main)
    with site:
        assert site.ask(STRANGER, INSIDE) == "554"
    for found in fixes(site, "refuses-permitted"):
        paste(found)
    assert fixes(site, "refuses-permitted") == []
    with site:
        assert site.ask(STRANGER, BOB) == "250"


def test_the_line_of_a_proxy_stays(site):
    """One listener that strangers reach, and one on loopback for the proxy: both have main.cf's setting."""
    site.configure(main="inet_interfaces = all\nsmtpd_upstream_proxy_protocol = haproxy\n", host="0.0.0.0:",
                   master=f"127.0.0.1:{rig.free_port()} inet n - n - - smtpd\n")
    found = [found for found in fixes(site, "proxy-line") if found["severity"] == "error"]
    assert [(row["place"], "only the proxy connect" in row["fix"]) for row in found] == [(None, True)], found


def test_a_way_back_is_unasked_for_this_host_alone(site):
    port = rig.free_port()
    entry = WAY_BACK.replace("$PORT", str(port))
    site.configure(main="inet_interfaces = all\nmynetworks = 10.0.0.0/8, 192.0.2.0/24\n", master=entry)
    found, = fixes(site, "asked-reinjection")
    assert found["place"] is None, found
    assert found["fix"].startswith(f"127.0.0.1:{port} in place of {port} in master.cf first"), found


def test_a_way_back_asked_by_a_class_is_unasked(site):
    port = rig.free_port()
    entry = "127.0.0.1:" + WAY_BACK.replace("$PORT", str(port))
    site.configure(main=f"mynetworks = 127.0.0.0/8\nsmtpd_restriction_classes = ours\nours = {question(site, 'relay')}\n"
                        "smtpd_relay_restrictions = ours, reject_unauth_destination\n", master=entry)
    found, = fixes(site, "asked-reinjection")
    assert "smtpd_relay_restrictions=permit_mynetworks,reject" in found["fix"], found
    paste(found)
    assert fixes(site, "asked-reinjection") == []
