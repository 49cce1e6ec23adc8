"""mailwicket check --postfix names what Postfix takes for its own host and the policy for foreign, while it matters."""
import socket

import pytest

import rig
from rig import changed
from rig.checked import Checked, brief
from rig.mailsite import WORLD_DIRECTORY, WORLD_LISTED, WORLD_POLICY

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

SENDERS = changed(WORLD_DIRECTORY, ("user ceo@example.test\n", "user ceo@example.test senders=bob@example.test\n"))
STRANGERS_ARE_FOREIGN = "{ AnonymousUsers }\n    deny_permissions = { Accept-Authoritative-Domain-Sender }"
STRICT = changed(WORLD_POLICY, ("{ AnonymousUsers }", STRANGERS_ARE_FOREIGN))


@pytest.fixture(scope="module")
def site(module_folder):
    made = Checked(module_folder)
    yield made
    made.stop()


@pytest.fixture
def restricted(site):
    """Somebody has senders=, and the host's address is listed."""
    site.change_directory(SENDERS)
    site.change_policy(WORLD_LISTED)
    yield site
    site.change_policy()
    site.change_directory(WORLD_DIRECTORY)


def found(site, main="", master="", options=None):
    site.configure(main=main, master=master)
    code, findings = site.check_postfix()
    assert code == (1 if "error" in [finding["severity"] for finding in findings] else 0)
    assert all(finding["why"] and finding["fix"] for finding in findings), findings
    return findings


def names(findings, severity="error"):
    return [(finding["setting"], finding["what"].split()[0]) for finding in findings
            if finding["severity"] == severity]


def test_where_no_rule_can_be_got_round_nothing_is_asked_for(site):
    everything = "mydestination = $myhostname, localhost\ninet_interfaces = all\nappend_dot_mydomain = yes\n"
    findings = found(site, everything)
    assert "error" not in [finding["severity"] for finding in findings], brief(findings)


def test_nor_where_nobody_may_write_to_foreign_domains(site):
    """Without Accept-Any-Recipient mail to a name that is not accepted is refused anyway."""
    site.change_directory(SENDERS)
    site.change_policy(changed(WORLD_POLICY, ("    permission_groups", "    deny_permissions = { Accept-Any-Recipient }\n"
                                               "    permission_groups")))
    try:
        assert names(found(site, "mydestination = localhost\nappend_dot_mydomain = yes\n")) == []
    finally:
        site.change_policy()
        site.change_directory(WORLD_DIRECTORY)


def test_with_senders_every_name_is_an_error_of_its_own(restricted):
    findings = found(restricted, "mydestination = mx.other.test, $myhostname, localhost, example.test\n"
                                 "inet_interfaces = 127.0.0.1\nproxy_interfaces = 192.0.2.77, [2001:db8::77]\n"
                                 "inet_protocols = all\n")
    assert names(findings) == [("mydestination", "mx.other.test"), ("mydestination", "mx.example.test"),
                               ("mydestination", "localhost"), ("proxy_interfaces", "[192.0.2.77]"),
                               ("proxy_interfaces", "[IPv6:2001:db8::77]")]
    for finding in findings:
        if finding["severity"] != "error":
            continue
        assert "gets round senders=" in finding["why"] and 'the users of connector "Client"' in finding["why"]
        assert "Authoritative" not in finding["why"]
        assert finding["fix"].startswith('local_names = { "[127.0.0.1]", "mx.other.test", "mx.example.test", "localhost", ')
        assert 'accepted_domain "example.test"' in restricted.daemon.line(finding["place"])
        line = (restricted.postfix.etc / "main.cf").read_text().splitlines()[finding["line"] - 1]
        assert line.startswith(finding["setting"])


def test_where_strangers_are_kept_from_authoritative_senders_too(site):
    site.change_policy(STRICT)
    try:
        findings = found(site, "mydestination = localhost\ninet_interfaces = 127.0.0.1\n")
        assert names(findings) == [("mydestination", "localhost"), ("inet_interfaces", "[127.0.0.1]")]
        assert all("gets round type = Authoritative" in finding["why"] and "senders=" not in finding["why"] and
                   'whoever reaches connector "Default"' in finding["why"] for finding in findings)
    finally:
        site.change_policy()


def test_the_addresses_of_this_machine_are_listed(restricted):
    """A name that resolves to the loopback is as good as its address."""
    assert names(found(restricted, "inet_interfaces = loopback-only\ninet_protocols = ipv4\n")) == []
    assert names(found(restricted, "inet_interfaces = localhost\ninet_protocols = ipv4\n")) == []
    everything = [name for _, name in names(found(restricted, "inet_interfaces = all\ninet_protocols = all\n"))]
    assert "[127.0.0.1]" not in everything
    for name in everything:
        family = socket.AF_INET6 if name.startswith("[IPv6:") else socket.AF_INET
        with socket.socket(family) as probe:
            address = name.strip("[]").removeprefix("IPv6:")
            if not address.startswith("fe80:"):
                probe.bind((address, 0))  # it is this machine's


def test_what_cannot_be_listed_is_named(restricted):
    findings = found(restricted, "mydestination = example.test, hash:/nowhere/domains, /nowhere/names\n"
                                 "proxy_interfaces = no-such-host.invalid\n")
    assert names(findings) == []
    assert names(findings, "warning") == [("mydestination", "hash:/nowhere/domains"), ("mydestination", "/nowhere/names"),
                                          ("proxy_interfaces", "no-such-host.invalid")]
    assert all("was not looked at" in finding["what"] and "senders=" in finding["why"] for finding in findings)


def test_a_file_of_names_is_read_and_negation_is_heeded(restricted):
    listing = restricted.folder / "names"
    listing.write_text("# a comment.test\nfile.test, second.test\n")
    findings = found(restricted, f"mydestination = example.test, !second.test, {listing}, !out.test, out.test, B\u00dcRO.test\n"
                                 "smtputf8_enable = no\n")
    assert names(findings) == [("mydestination", "file.test"), ("mydestination", "xn--bro-hoa.test")]


def test_accepted_domains_that_share_mailboxes_must_name_the_same_people(restricted):
    """local(8) looks at the local part alone: ceo@xn--bcher-kva.test would be open to everybody."""
    shared = "mydestination = example.test, xn--bcher-kva.test\nvirtual_mailbox_domains =\n"
    findings = found(restricted, shared)
    assert names(findings) == [("mydestination", "xn--bcher-kva.test")]
    assert "shares the mailboxes" in findings[0]["what"] and "1 who have senders=" in findings[0]["why"]
    restricted.change_directory(SENDERS.replace("senders=bob", "address=ceo@xn--bcher-kva.test senders=bob"))
    assert found(restricted, shared) == []


def test_a_name_that_is_accepted_by_itself_is_not_taken_for_listed(restricted):
    """accepted_domain "localhost" makes it worse: now strangers may write there too."""
    restricted.change_policy(WORLD_LISTED + 'accepted_domain "localhost" { }\n')
    findings = found(restricted, "mydestination = example.test, localhost\nvirtual_mailbox_domains = xn--bcher-kva.test\n")
    assert names(findings) == [("mydestination", "localhost")]
    assert "open to all who may submit" in findings[0]["why"]
    assert 'local_names = { "localhost" }' in findings[0]["fix"]


def test_a_virtual_alias_domain_is_a_name_for_mailboxes_too(restricted):
    findings = found(restricted, "virtual_alias_domains = alias.test\n")
    assert [(finding["severity"], finding["setting"]) for finding in findings] == [("error", "virtual_alias_domains")]
    assert "gets round senders=" in findings[0]["why"] and 'local_names = { "alias.test" }' in findings[0]["fix"]
    restricted.change_directory(WORLD_DIRECTORY)
    assert [finding["severity"] for finding in found(restricted, "virtual_alias_domains = alias.test\n")] == ["warning"]


def test_the_settings_of_the_rewriting_service_count(restricted):
    """trivial-rewrite decides, with its own -o settings, not smtpd."""
    restricted.configure()
    master = restricted.postfix.etc / "master.cf"
    text = master.read_text()
    entry = "rewrite   unix  -       -       n       -       -       trivial-rewrite"
    line = next(one for one in text.splitlines() if one.split()[-1] == "trivial-rewrite")
    assert entry.split() == line.split()
    master.write_text(text.replace(line, line + "\n  -o mydestination=localhost\n  -o append_dot_mydomain=yes\n"
                                   "  -o myorigin=other.test\n"))
    code, findings = restricted.check_postfix()
    assert code == 1
    assert sorted(finding["setting"] for finding in findings) == [
        "rewrite/unix/append_dot_mydomain", "rewrite/unix/mydestination", "rewrite/unix/myorigin"], brief(findings)


@pytest.mark.parametrize("main,severities", [("append_dot_mydomain = yes\n", ["error"]),
                                             ("compatibility_level = 0\n", []),
                                             ("append_dot_mydomain = no\n", [])])
def test_append_dot_mydomain_is_an_error(restricted, main, severities):
    """The line that show prints keeps it off whatever the compatibility_level is."""
    findings = [finding for finding in found(restricted, main) if finding["setting"] == "append_dot_mydomain"]
    assert [finding["severity"] for finding in findings] == severities
    assert [finding["fix"] for finding in findings] == ["append_dot_mydomain = no" for _ in severities]


def test_postfixs_old_default_of_append_dot_mydomain_is_found_too(restricted):
    restricted.configure(main="compatibility_level = 0\n", replaced=[("append_dot_mydomain = no\n", "")])
    findings = restricted.check_postfix()[1]
    assert ("error", "append_dot_mydomain", "append_dot_mydomain is yes") in brief(findings)


def test_a_default_domain_that_is_not_myorigin_is_an_error_and_append_at_myorigin_none(restricted):
    findings = found(restricted, "myorigin = other.test\nappend_at_myorigin = yes\n")
    assert [(finding["severity"], finding["setting"]) for finding in findings] == [("error", "myorigin")]
    assert "recipient" in findings[0]["why"]
    assert found(restricted, "myorigin = EXAMPLE.test\nappend_at_myorigin = no\n") == []


def test_masquerading_of_senders_is_an_error_where_strangers_are_kept_from_them(site):
    site.change_policy(changed(WORLD_LISTED, ("{ AnonymousUsers }", STRANGERS_ARE_FOREIGN)))
    try:
        findings = found(site, "masquerade_domains = example.test\n")
        assert names(findings) == [("masquerade_domains", "masquerade_domains")], brief(findings)
        assert "<ceo@example.test>" in findings[0]["why"]
        assert found(site, "masquerade_domains = example.test\nmasquerade_classes = header_sender\n") == []
    finally:
        site.change_policy()


def test_sources_that_were_never_published_count(site, folder):
    """Before the first sync there is no directory to look at but its text."""
    site.configure(main="mydestination = localhost\n")
    source = folder / "directory"
    source.write_text(SENDERS)
    policy = folder / "mailwicket.conf"
    policy.write_text(site.daemon.policy.read_text().replace(str(site.daemon.directory), str(source)).replace(
        "path = \"" + str(site.daemon.folder / "published"), "path = \"" + str(folder / "published")))
    site.daemon.policy, before = policy, site.daemon.policy
    try:
        assert ("mydestination", "localhost") in names(site.check_postfix()[1])
    finally:
        site.daemon.policy = before
