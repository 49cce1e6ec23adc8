"""mailwicket check --postfix: what undoes a policy is found, each finding with its place and its fix."""
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import rig
from rig import changed, guide
from rig.checked import Checked, brief
from rig.dovecot import version
from rig.mailsite import WORLD_MORE, WORLD_POLICY

pytestmark = pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


def instance(site):
    """What main.cf calls this Postfix, and its lines in the log begin with."""
    return re.search(r"(?m)^multi_instance_name = (\S+)", (site.postfix.etc / "main.cf").read_text())[1]


def test_servers_set_up_as_show_says_have_no_finding(site):
    site.configure()
    assert site.check("--postfix-config", site.postfix.etc, "--dovecot-config", site.dovecot.config) == (0, [])
    told = site.daemon.cli("check", "--policy-only", "--postfix-config", site.postfix.etc)
    assert told.stdout.splitlines()[-1] == "servers: 0 errors, 0 warnings, 0 notes"


HOOK = "check_policy_service { unix:%s, policy_context=relay, timeout=10s }"
ACTION = "{ default_action = 421 4.3.5 Server configuration problem }"
END = "check_policy_service { unix:%s, timeout=10s, " + ACTION + " }"

SENDER = "check_policy_service { unix:%s, policy_context=sender, timeout=10s }"

# name, what is set wrong, severity, setting, a word of the finding, a word of the fix
MAIN = [
    ("the relay list without the question", "smtpd_relay_restrictions = reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "not asked", "policy_context=relay"),
    ("permit_sasl_authenticated before it", "smtpd_relay_restrictions = permit_sasl_authenticated, HOOK, "
     "reject_unauth_destination", "error", "smtpd_relay_restrictions", "permit_sasl_authenticated stands before", "HOOK"),
    ("permit_mynetworks before it", "smtpd_relay_restrictions = permit_mynetworks HOOK reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "permit_mynetworks stands before", "HOOK"),
    ("reject_unauth_destination before it", "smtpd_relay_restrictions = reject_unauth_destination, HOOK, permit_auth_destination, "
     "reject", "error", "smtpd_relay_restrictions", "reject_unauth_destination refuses what", "HOOK"),
    ("a table before it", "smtpd_relay_restrictions = check_client_access static:DUNNO, HOOK, reject_unauth_destination",
     "note", "smtpd_relay_restrictions", "check_client_access static:DUNNO stands before",
     "}, check_client_access static:DUNNO, reject_unauth_destination"),
    ("a permit in a class before it", "smtpd_restriction_classes = ours\nours = permit_mynetworks, HOOK\n"
     "smtpd_relay_restrictions = ours, reject_unauth_destination", "error", "smtpd_relay_restrictions",
     "permit_mynetworks stands before", "HOOK"),
    ("the question in a class with the name of a restriction, which Postfix never uses", "smtpd_restriction_classes = "
     "permit_sasl_authenticated\npermit_sasl_authenticated = HOOK\nsmtpd_relay_restrictions = permit_sasl_authenticated, "
     "reject_unauth_destination", "error", "smtpd_relay_restrictions", "not asked", "HOOK"),
    ("a class with the name of a restriction before it", "smtpd_restriction_classes = Permit\nPermit = "
     "reject_non_fqdn_sender\nsmtpd_relay_restrictions = Permit, HOOK, reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "Permit stands before", "HOOK"),
    ("the question that only warns", "smtpd_relay_restrictions = warn_if_reject HOOK, reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "warn_if_reject", "HOOK"),
    ("the question without its context", "smtpd_relay_restrictions = END, reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "no policy_context=relay", "HOOK"),
    ("nothing behind the question", "smtpd_relay_restrictions = HOOK", "error", "smtpd_relay_restrictions",
     "no reject_unauth_destination", "reject_unauth_destination"),
    ("another service's question", "smtpd_relay_restrictions = check_policy_service unix:private/other "
     "reject_unauth_destination", "error", "smtpd_relay_restrictions", "not asked", "HOOK"),
    ("the end of data without the question", "smtpd_end_of_data_restrictions =", "error",
     "smtpd_end_of_data_restrictions", "not asked", "END"),
    ("the end of data that only warns", "smtpd_end_of_data_restrictions = warn_if_reject END", "error",
     "smtpd_end_of_data_restrictions", "warn_if_reject", "END"),
    ("the relay context at end of data", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, "
     "policy_context=relay, timeout=10s, ACTION }", "error",
     "smtpd_end_of_data_restrictions", "policy_context=relay in smtpd_end_of_data", "END"),
    ("the relay context in another list", "smtpd_recipient_restrictions = HOOK", "error",
     "smtpd_recipient_restrictions", "policy_context=relay in smtpd_recipient", "check_policy_service"),
    ("the relay context for all", "smtpd_policy_service_policy_context = relay", "error",
     "smtpd_policy_service_policy_context", "policy_context=relay in", "smtpd_policy_service_policy_context ="),
    ("permission without an answer", "smtpd_policy_service_default_action = DUNNO", "error",
     "smtpd_policy_service_default_action", '"DUNNO"', "= 451 4.3.5"),
    ("permission without an answer, in other words", "smtpd_policy_service_default_action = permit", "error",
     "smtpd_policy_service_default_action", '"permit"', "= 451 4.3.5"),
    ("permission of one service without an answer", "smtpd_end_of_data_restrictions = check_policy_service "
     "{ unix:SOCKET, timeout=10s, default_action=OK }", "error", "smtpd_end_of_data_restrictions", '"OK"', "END"),
    ("no action of its own at end of data", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, "
     "timeout=10s }", "error", "smtpd_end_of_data_restrictions", '"451 4.3.5 Server configuration problem"', "END"),
    ("an action that is no code at end of data", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, "
     "timeout=10s, default_action=DEFER }", "error", "smtpd_end_of_data_restrictions", '"DEFER"', "END"),
    ("another code at end of data", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, timeout=10s, "
     "{ default_action = 554 5.3.5 Away } }", "error", "smtpd_end_of_data_restrictions", '"554 5.3.5 Away"', "END"),
    ("a code without a text, which permits", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, "
     "timeout=10s, default_action=421 }", "error", "smtpd_end_of_data_restrictions", '"421"', "END"),
    ("permission of the rest without an answer", "smtpd_policy_service_default_action = DEFER_IF_REJECT", "error",
     "smtpd_policy_service_default_action", '"DEFER_IF_REJECT"', "= 451 4.3.5"),
    ("another service at end of data", "smtpd_end_of_data_restrictions = END, check_policy_service unix:private/other",
     "note", "smtpd_end_of_data_restrictions", "check_policy_service unix:private/other may refuse",
     "smtpd_data_restrictions = check_policy_service unix:private/other"),
    ("a table in a class at end of data", "smtpd_restriction_classes = ours\nours = check_sender_access texthash:/none\n"
     "smtpd_end_of_data_restrictions = END, ours", "note", "smtpd_end_of_data_restrictions",
     "check_sender_access texthash:/none may refuse", "smtpd_data_restrictions = check_sender_access"),
    ("the default time-out", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, ACTION }", "warning",
     "smtpd_policy_service_timeout", "100 s", "END"),
    ("a long time-out", "smtpd_end_of_data_restrictions = check_policy_service { unix:SOCKET, timeout=2m, ACTION }",
     "warning",
     "smtpd_end_of_data_restrictions", "120 s", "END"),
    ("no delayed refusal", "smtpd_delay_reject = no", "warning", "smtpd_delay_reject", "is no", "= yes"),
    ("bare newlines", "smtpd_forbid_bare_newline = no", "error", "smtpd_forbid_bare_newline", "bare newline", "= yes"),
    ("XCLIENT", "smtpd_authorized_xclient_hosts = 192.0.2.1", "error", "smtpd_authorized_xclient_hosts",
     "192.0.2.1 may use XCLIENT", "smtpd_authorized_xclient_hosts ="),
    ("the whole internet as one's own", "mynetworks = 127.0.0.0/8, 0.0.0.0/0\nsmtpd_client_restrictions = permit_mynetworks",
     "error", "mynetworks", "0.0.0.0/0", "mynetworks = 127.0.0.0/8"),
    ("the whole internet as one's own, in a class", "mynetworks = 0.0.0.0/0\nsmtpd_restriction_classes = ours\n"
     "ours = permit_mynetworks\nsmtpd_data_restrictions = ours", "error", "mynetworks", "0.0.0.0/0",
     "mynetworks = 127.0.0.0/8"),
    ("the whole IPv6 internet as one's own", "mynetworks = [::1]/128 [::]/0\n"
     "smtpd_client_restrictions = permit_mynetworks", "error", "mynetworks", "[::]/0", "mynetworks = 127.0.0.0/8"),
    ("the whole internet in two halves", "mynetworks = 8.0.0.0/8 9.0.0.0/8\nsmtpd_client_restrictions = permit_mynetworks",
     "error", "mynetworks", "8.0.0.0/8 9.0.0.0/8", "mynetworks = 127.0.0.0/8"),
    ("many public addresses as one's own", "mynetworks = 203.0.0.0/16\nsmtpd_client_restrictions = permit_mynetworks",
     "warning", "mynetworks", "203.0.0.0/16", "mynetworks = 127.0.0.0/8"),
    ("the sender list without the question", "smtpd_sender_restrictions =", "warning", "smtpd_sender_restrictions",
     "not asked about the sender", "smtpd_sender_restrictions = ABOUT"),
    ("the sender list with another question", "smtpd_sender_restrictions = reject_non_fqdn_sender", "warning",
     "smtpd_sender_restrictions", "not asked about the sender", "ABOUT, reject_non_fqdn_sender"),
    ("the sender question without its context", "smtpd_sender_restrictions = check_policy_service { unix:SOCKET, "
     "timeout=10s }, reject_non_fqdn_sender", "warning", "smtpd_sender_restrictions", "no policy_context=sender",
     "ABOUT, reject_non_fqdn_sender"),
    ("the sender question that only warns", "smtpd_sender_restrictions = warn_if_reject ABOUT", "warning",
     "smtpd_sender_restrictions", "warn_if_reject", "ABOUT"),
    ("the sender question behind a permit", "smtpd_sender_restrictions = permit_sasl_authenticated, ABOUT", "warning",
     "smtpd_sender_restrictions", "permit_sasl_authenticated stands before", "ABOUT"),
    ("the sender question that is waited for", "smtpd_sender_restrictions = check_policy_service { unix:SOCKET, "
     "policy_context=sender, timeout=1m }", "warning", "smtpd_sender_restrictions", "60 s", "ABOUT"),
    ("the relay question about the sender alone", "smtpd_relay_restrictions = ABOUT, reject_unauth_destination", "error",
     "smtpd_relay_restrictions", "no policy_context=relay", "HOOK"),
    ("the relay context in the sender list", "smtpd_sender_restrictions = ABOUT, HOOK", "error",
     "smtpd_sender_restrictions", "policy_context=relay in smtpd_sender", "check_policy_service"),
    ("Postfix's own login table", "smtpd_sender_restrictions = ABOUT, reject_sender_login_mismatch", "error",
     "smtpd_sender_restrictions", "reject_sender_login_mismatch decides", "smtpd_sender_restrictions ="),
    ("a login table of one's own", "smtpd_sender_login_maps = inline:{ bob@example.test=bob }\n"
     "smtpd_sender_restrictions = ABOUT, reject_sender_login_mismatch", "warning", "smtpd_sender_restrictions",
     "reject_sender_login_mismatch decides", "smtpd_sender_restrictions ="),
    ("a login table behind a class that only warns", "smtpd_restriction_classes = ours\nours = reject\n"
     "smtpd_sender_login_maps = inline:{ bob@example.test=bob }\nsmtpd_sender_restrictions = ABOUT, warn_if_reject ours, "
     "reject_sender_login_mismatch", "warning", "smtpd_sender_restrictions", "reject_sender_login_mismatch decides",
     "smtpd_sender_restrictions ="),
    ("another origin", "myorigin = other.test", "error", "myorigin", "other.test", "myorigin = example.test"),
    ("another delimiter", "recipient_delimiter = -", "warning", "recipient_delimiter", '"-"', 'recipient_delimiter = "+-" in /'),
    ("a small message size", "message_size_limit = 1000000", "warning", "message_size_limit", "1000000",
     "message_size_limit = 37748736"),
    ("a mailbox smaller than a message", "mailbox_size_limit = 40000000\nmessage_size_limit = 50000000", "warning",
     "mailbox_size_limit", "40000000", "mailbox_size_limit = 50000000"),
    ("a milter that may be stopped", "smtpd_milters = unix:private/milter\nmilter_default_action = accept", "warning",
     "milter_default_action", "accepted", "milter_default_action = tempfail"),
    ("a milter with an action of its own", "smtpd_milters = { unix:private/milter, default_action=accept }", "warning",
     "smtpd_milters", "accepted", "smtpd_milters = { unix:private/milter, default_action=tempfail }"),
    ("accept without a milter", "milter_default_action = accept", "warning", "milter_default_action", "accepted",
     "milter_default_action = tempfail"),
    ("another SASL library", "smtpd_sasl_type = cyrus", "error", "smtpd_sasl_type", "Dovecot does not check", "= dovecot"),
    ("anonymous logins", "smtpd_sasl_security_options =", "error", "smtpd_sasl_security_options", "anonymous",
     "= noanonymous"),
    ("no certificate", "smtpd_tls_cert_file =\nsmtpd_tls_key_file =", "error", "smtpd_tls_chain_files",
     "no certificate", "smtpd_tls_chain_files with the key"),
    ("a domain the policy does not accept", "relay_domains = other.test", "warning", "relay_domains", "other.test",
     'accepted_domain "other.test"'),
]


@pytest.mark.parametrize("main,severity,setting,what,fix", [row[1:] for row in MAIN], ids=[row[0] for row in MAIN])
def test_check_names_what_main_cf_undoes(site, main, severity, setting, what, fix):
    def filled(text, socket=site.postfix.policy_socket):
        return (text.replace("HOOK", HOOK % socket).replace("ABOUT", SENDER % socket).replace("END", END % socket).replace("ACTION", ACTION)
                .replace("SOCKET", str(socket)))

    site.configure(main=filled(main) + "\n")
    code, findings = site.check_postfix()
    assert [(f["severity"], f["setting"]) for f in findings] == [(severity, setting)], brief(findings)
    assert code == (1 if severity == "error" else 0)
    finding = findings[0]
    assert what in finding["what"]
    assert filled(fix, "mailwicket/policy") in finding["fix"]
    assert finding["why"]
    if setting in main:
        assert finding["file"] == str(site.postfix.etc / "main.cf")
        line = (site.postfix.etc / "main.cf").read_text().splitlines()[finding["line"] - 1]
        assert line.startswith(setting)


OPTIONS = [
    ("AUTH without TLS", "submission", {"smtpd_tls_auth_only": "no"}, "error", "smtpd_tls_auth_only",
     "AUTH is offered without TLS", "-o smtpd_tls_auth_only=yes"),
    ("no AUTH", "submission", {"smtpd_sasl_auth_enable": "no"}, "error", "smtpd_sasl_auth_enable", "no AUTH",
     "-o smtpd_sasl_auth_enable=yes"),
    ("no TLS", "submission", {"smtpd_tls_security_level": "none"}, "error", "smtpd_tls_security_level", "no TLS",
     "-o smtpd_tls_security_level=may"),
    ("an empty relay list", "submission", {"smtpd_relay_restrictions": ""}, "error", "smtpd_relay_restrictions",
     "this -o replaces", "  -o { smtpd_relay_restrictions = check_policy_service"),
    ("a relay list by a name", "submission", {"smtpd_relay_restrictions": "$mua_relay_restrictions"}, "error",
     "smtpd_relay_restrictions", "this -o replaces", "  -o { smtpd_relay_restrictions = check_policy_service"),
    ("an empty list at end of data", "smtp", {"smtpd_end_of_data_restrictions": ""}, "error",
     "smtpd_end_of_data_restrictions", "this -o replaces",
     "  -o { smtpd_end_of_data_restrictions = check_policy_service"),
    ("a sender list of its own", "submission", {"smtpd_sender_restrictions": "reject_non_fqdn_sender"}, "warning",
     "smtpd_sender_restrictions", "not asked about the sender", "-o { smtpd_sender_restrictions = check_policy_service { "),
    ("a SASL service of another kind", "submission", {"smtpd_sasl_service": "imap"}, "error", "smtpd_sasl_service",
     '"imap"', "-o smtpd_sasl_service=smtp"),
    ("fewer recipients than the policy permits", "submission", {"smtpd_recipient_limit": "199"}, "warning",
     "smtpd_recipient_limit", "smtpd_recipient_limit is 199", "-o smtpd_recipient_limit=200"),
    ("more recipients than the policy permits", "submission", {"smtpd_recipient_limit": "1000"}, "warning",
     "smtpd_recipient_limit", "smtpd_recipient_limit is 1000", "-o smtpd_recipient_limit=200"),
    ("XCLIENT on one listener", "smtp", {"smtpd_authorized_xclient_hosts": "127.0.0.1"}, "error",
     "smtpd_authorized_xclient_hosts", "127.0.0.1 may use XCLIENT", "-o smtpd_authorized_xclient_hosts="),
]


@pytest.mark.parametrize("listener,options,severity,setting,what,fix", [row[1:] for row in OPTIONS],
                         ids=[row[0] for row in OPTIONS])
def test_check_names_what_one_listener_undoes(site, listener, options, severity, setting, what, fix):
    site.configure(main="mua_relay_restrictions = permit_sasl_authenticated, reject\n", options={listener: options})
    code, findings = site.check_postfix()
    place = f"{site.ports[listener]}/inet/{setting}"
    assert [(f["severity"], f["setting"]) for f in findings] == [(severity, place)], brief(findings)
    assert code == (1 if severity == "error" else 0)
    assert what in findings[0]["what"]
    assert fix in findings[0]["fix"]
    assert findings[0]["file"] == str(site.postfix.etc / "master.cf")
    line = (site.postfix.etc / "master.cf").read_text().splitlines()[findings[0]["line"] - 1]
    assert line.startswith(f"{site.ports[listener]} inet")


def test_check_misses_the_listener_of_a_connector(site):
    site.configure()
    master = site.postfix.etc / "master.cf"
    port = site.ports["submission"]
    master.write_text(re.sub(rf"(?m)^{port} inet.*\n(?:  .*\n)*", "", master.read_text()))
    code, findings = site.check_postfix()
    assert (code, [finding["what"] for finding in findings]) == \
        (1, [f'no smtpd listens on port {port}, which connector "Client" names'])
    assert findings[0]["fix"].startswith(
        f"{port} inet n - y - - smtpd\n  -o syslog_name={instance(site)}/{port}\n  -o smtpd_tls_security_level=may\n")


@pytest.mark.parametrize("main, options, setting, fix", [
    ("", {"syslog_name": "$multi_instance_name"}, "syslog_name", "  -o syslog_name={name}/{port}"),
    ("syslog_name = mail\n", {"syslog_name": "mail"}, "syslog_name", "  -o syslog_name=mail/{port}"),
    ("", {"smtpd_tls_loglevel": "0"}, "smtpd_tls_loglevel", "  -o smtpd_tls_loglevel=1"),
], ids=["no name", "main.cf's name", "no TLS in the log"])
def test_what_why_cannot_see_in_the_log_is_a_note_with_the_line(site, main, options, setting, fix):
    site.configure(main=main, options={"submission": options})
    code, findings = site.check_postfix()
    fix = fix.format(port=site.ports["submission"], name=instance(site))
    assert (code, [(f["severity"], f["setting"].rpartition("/")[2], f["fix"]) for f in findings]) == (0, [("note", setting, fix)])


@pytest.mark.parametrize("main, options", [
    ("", {"syslog_name": "mine"}), ("syslog_name = postfix/$service_name\n", {"syslog_name": "postfix/$service_name"}),
    ("", {"smtpd_tls_loglevel": "3"})], ids=["a name", "a name by service", "a higher level"])
def test_another_value_that_why_can_read_is_right(site, main, options):
    site.configure(main=main, options={"submission": options})
    assert site.check_postfix() == (0, [])


@pytest.mark.parametrize("entry,severity,what", [
    ("0.0.0.0:{port} inet n - n - - smtpd\n", "error", "no enabled connector has a binding"),
    ("0.0.0.0:{port} inet n - n - - smtpd -o receive_override_options=no_milters -o smtpd_relay_restrictions=permit_mynetworks,reject "
     "-o smtpd_sender_restrictions= -o smtpd_end_of_data_restrictions=\n", "error", "way back takes mail unasked, and can be reached"),
    ("[127.0.0.1]:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject "
     "-o smtpd_sender_restrictions= -o smtpd_end_of_data_restrictions=\n", "note", "takes mail unasked"),
    ("0.0.0.0:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject "
     "-o smtpd_sender_restrictions= -o smtpd_end_of_data_restrictions=\n", "error", "no connector has a binding for this listener, and"),
    ("0.0.0.0:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject -o mynetworks=10.0.0.0/8 -o "
     "smtpd_client_restrictions=static:OK,permit_mynetworks,reject -o smtpd_sender_restrictions= "
     "-o smtpd_end_of_data_restrictions=\n", "error", "no connector has a binding for this listener, and"),
    ("0.0.0.0:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject -o mynetworks=10.0.0.0/8 -o "
     "smtpd_restriction_classes=a -o a=permit -o smtpd_client_restrictions=a,permit_mynetworks,reject "
     "-o smtpd_sender_restrictions= -o smtpd_end_of_data_restrictions=\n", "error",
     "no connector has a binding for this listener, and"),
    ("127.0.0.1:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject "
     "-o smtpd_sender_restrictions= -o smtpd_end_of_data_restrictions=\n", "note", "takes mail unasked"),
    ("127.0.0.1:{port} inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject "
     "-o smtpd_end_of_data_restrictions=\n", "error", "the list of main.cf asks Mailwicket"),
], ids=["asked about nothing", "reached from elsewhere", "in brackets", "not asked", "a table before mynetworks", "a class before them", "a content filter's way back",
        "asked about its senders alone"])
def test_check_finds_a_listener_no_connector_names(site, entry, severity, what):
    port = rig.free_port()
    site.configure(master=entry.format(port=port))
    code, findings = site.check_postfix()
    assert [finding["severity"] for finding in findings] == [severity], brief(findings)
    assert what in findings[0]["what"]
    assert code == (1 if severity == "error" else 0)


@pytest.mark.parametrize("setting", ["reject_sender_login_mismatch", "reject_unauthenticated_sender_login_mismatch"])
def test_a_comparison_of_senders_that_postfix_ignores_without_auth_is_no_finding(site, setting):
    site.configure(options={"smtp": {"smtpd_recipient_restrictions": setting}})
    assert site.check_postfix() == (0, [])


@pytest.mark.parametrize("main, missing", [
    ("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject_sender_login_mismatch\n", True),
    ("smtpd_recipient_restrictions = check_sasl_access inline:{bob=OK}, reject_sender_login_mismatch\n", True),
    ("smtpd_recipient_restrictions = reject_sender_login_mismatch\n", False),
], ids=["before a sender is known", "behind a table that permits", "compared"])
def test_what_compares_no_senders_hides_no_missing_comparison(site, main, missing):
    before = site.daemon.policy.read_text()
    users = "permission_groups = { ExchangeUsers }"
    assert users in before
    site.daemon.policy.write_text(before.replace(users, users + "\n    grant_permissions = { Accept-Any-Sender }"))
    try:
        site.configure(main="smtpd_sender_login_maps = inline:{ bob@example.test=bob }\n" + main)
        _, findings = site.check_postfix()
    finally:
        site.daemon.policy.write_text(before)
    assert ("senders-not-compared" in [finding["id"] for finding in findings]) == missing, brief(findings)


def test_check_looks_behind_postscreen(site):
    port = site.ports["smtp"]
    site.configure()
    master = site.postfix.etc / "master.cf"
    text = master.read_text()

    def behind(options):
        master.write_text(text.replace(f"{port} inet n - n - - smtpd\n", f"smtpd pass - - n - - smtpd\n{options}") +
                          f"{port} inet n - n - 1 postscreen\n")
        return site.check_postfix()

    assert behind("") == (0, [])
    code, findings = behind("  -o smtpd_relay_restrictions=\n")
    assert (code, [finding["setting"] for finding in findings]) == (1, ["smtpd/pass/smtpd_relay_restrictions"])


def test_check_finds_a_socket_outside_the_chroot(site):
    def chrooted(socket):
        site.configure(main=f"smtpd_relay_restrictions = {HOOK % socket}, reject_unauth_destination\n"
                            f"smtpd_end_of_data_restrictions = {END % socket}\n"
                            f"smtpd_sender_restrictions = {SENDER % socket}\n")
        master = site.postfix.etc / "master.cf"
        master.write_text(master.read_text().replace("inet n - n - - smtpd", "inet n - y - - smtpd"))
        return site.check_postfix()

    assert chrooted("mailwicket/policy") == (0, [])
    code, findings = chrooted(site.postfix.policy_socket)
    assert (code, {finding["what"] for finding in findings}) == \
        (1, {"the path of mailwicketd's socket leads out of the chroot of this smtpd"})


@pytest.mark.parametrize("path,mode,severity,what", [
    ("policy", 0o600, "error", "Postfix may not write to mailwicketd's socket"),
    ("policy", 0o666, "warning", "everybody may connect to mailwicketd's socket"),
    (".", 0o777, "error", "everybody may write in the folder"),
    (".", 0o700, "error", "Postfix may not enter the folder"),
], ids=["unreachable", "open to all", "in an open folder", "in a closed folder"])
def test_check_looks_at_the_rights_of_the_socket(site, path, mode, severity, what):
    site.configure()
    changed = site.postfix.policy_socket.parent / path
    before = changed.stat().st_mode & 0o777
    changed.chmod(mode)
    try:
        code, findings = site.check_postfix()
    finally:
        changed.chmod(before)
    assert [finding["severity"] for finding in findings] == [severity], brief(findings)
    assert what in findings[0]["what"]
    assert code == (1 if severity == "error" else 0)


def test_a_mailwicketd_that_is_not_running_is_a_warning(site):
    site.configure()
    away = site.postfix.policy_socket.with_suffix(".away")
    site.postfix.policy_socket.rename(away)
    try:
        code, findings = site.check_postfix()
        site.postfix.policy_socket.write_text("")
        is_file, found = site.check_postfix()
    finally:
        away.rename(site.postfix.policy_socket)
    assert (code, [(f["severity"], f["what"]) for f in findings]) == (0, [("warning", "mailwicketd's socket is not there")])
    assert (is_file, [(f["severity"], f["what"]) for f in found]) == (1, [("error", "is no socket")])


def test_check_says_what_is_missing_on_the_machine(site, tmp_path):
    site.configure()
    broken = tmp_path / "broken.conf"
    first = "" if version() == "2.3" else "dovecot_config_version = 2.4.0\n"
    broken.write_text(first + "ssl = maybe\n")
    told = site.daemon.cli("check", "--policy-only", "--dovecot-config", broken)
    assert told.returncode == 78
    assert re.fullmatch(r"mailwicket: check: doveconf: Fatal: .*broken.conf line \d: .*[Ii]nvalid.*: maybe.*\n", told.stderr)
    told = site.daemon.cli("check", "--policy-only", "--postfix-config", tmp_path)
    assert told.returncode == 78
    assert re.fullmatch(r"mailwicket: check: \S*postconf: fatal: .*main\.cf.*\n", told.stderr)


def test_check_names_the_package_of_a_missing_program(site, tmp_path):
    for program, package, option in (("postconf", "postfix", "--postfix"), ("doveconf", "dovecot-core", "--dovecot")):
        place = Path(rig.tool(program)).resolve().parent
        told = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', place, rig.CLI,
                                "-c", site.daemon.policy, "check", "--policy-only", option],
                              capture_output=True, text=True, timeout=60)
        assert told.returncode == 69, told
        assert told.stderr == f"mailwicket: check: there is no {program} on this machine: install the Debian package {package}\n"


# Nothing is started: the usual ports, by their names.
USUAL_POLICY = changed(guide.policy(ports=None) + WORLD_MORE, ("{ AnonymousUsers }", """{ AnonymousUsers, Partners }
    partner_certificates = { "%s" }""" % ":".join(["AB"] * 32)))


class Usual(Checked):
    def configure_entries(self, *changes):
        """Postfix as `show` has it, but for these changes of master.cf."""
        self.configure(replaced=changes)
        return self.check_postfix()


@pytest.fixture(scope="module")
def usual():
    folder = rig.make_folder("usual")
    made = Usual(folder, USUAL_POLICY)
    yield made
    made.stop()
    rig.remove_folder(folder)


def test_the_usual_ports_set_up_as_show_says_have_no_finding(usual):
    assert usual.configure_entries() == (0, [])


ENTRIES = [
    ("STARTTLS on 465", "  -o smtpd_tls_wrappermode=yes\n", "", "error", "submissions/inet/smtpd_tls_wrappermode",
     "does not begin at once on port 465", "-o smtpd_tls_wrappermode=yes"),
    ("TLS at once on 587", "submission inet n - n - - smtpd\n", "submission inet n - n - - smtpd\n"
     "  -o smtpd_tls_wrappermode=yes\n", "error", "submission/inet/smtpd_tls_wrappermode", "begins at once on port 587",
     "-o smtpd_tls_wrappermode=no"),
    ("TLS required on 25", "  -o smtpd_tls_security_level=may\n", "  -o smtpd_tls_security_level=encrypt\n", "note",
     "smtp/inet/smtpd_tls_security_level", "TLS is required on port 25", 'require_tls = yes in connector "Default"'),
    ("AUTH where nobody may log in", "  -o smtpd_sasl_auth_enable=no\n", "  -o smtpd_sasl_auth_enable=yes\n", "warning",
     "smtp/inet/smtpd_sasl_auth_enable", "no connector admits it", "-o smtpd_sasl_auth_enable=no"),
    ("no client certificates", "  -o smtpd_tls_ask_ccert=yes\n", "", "error", "smtp/inet/smtpd_tls_ask_ccert",
     "no client certificate is asked for", "-o smtpd_tls_ask_ccert=yes"),
    ("other fingerprints", "  -o smtpd_tls_fingerprint_digest=sha256\n", "  -o smtpd_tls_fingerprint_digest=md5\n", "error",
     "smtp/inet/smtpd_tls_fingerprint_digest", "not SHA-256", "-o smtpd_tls_fingerprint_digest=sha256"),
    ("a listener by an unknown name", "submission inet n", "no-such-service inet n - n - - smtpd\nsubmission inet n", "warning",
     "no-such-service/inet", "not known here", "numbers in this entry's first field, as 192.0.2.1:587 or 587"),
]


@pytest.mark.parametrize("old,new,severity,setting,what,fix", [row[1:] for row in ENTRIES],
                         ids=[row[0] for row in ENTRIES])
def test_check_names_what_an_entry_of_master_cf_undoes(usual, old, new, severity, setting, what, fix):
    code, findings = usual.configure_entries((old, new))
    assert [(f["severity"], f["setting"]) for f in findings] == [(severity, setting)], brief(findings)
    assert code == (1 if severity == "error" else 0)
    assert what in findings[0]["what"]
    assert findings[0]["fix"] == (f"  {fix}" if fix.startswith("-o") else fix)
    assert findings[0]["line"] > 0


def test_check_misses_an_accepted_domain_in_postfix(site):
    site.configure(main="virtual_mailbox_domains = example.test\n")
    code, findings = site.check_postfix()
    assert (code, [(f["severity"], f["what"], f["fix"]) for f in findings]) == \
        (0, [("warning", "Postfix does not know the accepted domain xn--bcher-kva.test",
              "virtual_mailbox_domains = example.test, xn--bcher-kva.test")])


def test_check_without_the_right_to_look_at_the_socket_says_so(site):
    site.configure()
    folder = site.postfix.policy_socket.parent
    folder.chmod(0o710)
    shutil.chown(folder, group="postfix")
    try:
        told = subprocess.run(["setpriv", "--reuid=nobody", "--clear-groups", rig.CLI, "-c", site.daemon.policy, "--json",
                               "check", "--policy-only", "--postfix-config", site.postfix.etc],
                              capture_output=True, text=True, timeout=60)
    finally:
        folder.chmod(0o755)
        shutil.chown(folder, group="root")
    assert told.returncode == 0, told
    assert [f["what"] for f in json.loads(told.stdout)["findings"]] == ["only root may ask mailwicketd here", "cannot be looked at"]


def test_check_finds_auth_over_tls_only_where_a_connector_permits_it_without(folder):
    policy = changed(WORLD_POLICY, ("{ Tls, BasicAuth, BasicAuthRequireTLS }",
                                    "{ Tls, BasicAuth }\n    sasl_services = { \"submission\" }"))
    site = Checked(folder, policy)
    try:
        site.configure()
        code, findings = site.check_postfix()
        assert (code, brief(findings)) == (0, [])
        site.configure(options={"submission": {"smtpd_tls_auth_only": "yes", "smtpd_sasl_service": "smtp"}})
        code, findings = site.check_postfix()
        port = site.ports["submission"]
        assert (code, {(f["setting"], f["fix"]) for f in findings}) == (1, {
            (f"{port}/inet/smtpd_tls_auth_only", "  -o smtpd_tls_auth_only=no"),
            (f"{port}/inet/smtpd_sasl_service", "  -o smtpd_sasl_service=submission")})
    finally:
        site.stop()
