"""smtpd_recipient_limit of each listener: there an honest sender splits its batch, before a message is refused whole."""
import re
import smtplib

import pytest

import rig
from rig.checked import Checked, brief
from rig.daemon import Daemon
from rig.mailsite import MailSite

pytestmark = [pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))]

POLICY = """\
hostname = "mx.example.test"
accepted_domain "example.test" { type = Authoritative }
accepted_domain "xn--bcher-kva.test" { type = Authoritative }
connector "Default" {
    bindings = { "*:$smtp" }
    auth_mechanism = { Tls }
    permission_groups = { AnonymousUsers }
    max_recipients_per_message = 3
}
connector "Lists" {
    bindings = { "*:$smtp" }
    remote_ip_ranges = { "127.0.0.8" }
    auth_mechanism = { Tls }
    permission_groups = { AnonymousUsers }
    max_recipients_per_message = 5
}
connector "Client" {
    bindings = { "*:$submission", "*:$submissions" }
    permission_groups = { ExchangeUsers }
    max_recipients_per_message = 4
}
"""
USERS = """\
user mary@example.test login=mary
user lists@example.test login=lists max_recipients=%s
"""
SENDER = "someone@remote.test"


def recipients(count):
    return [f"r{number}@example.test" for number in range(count)]


@pytest.fixture(scope="module")
def site(module_folder):
    made = MailSite(module_folder, POLICY, USERS % 6, ["mary", "lists"])
    try:
        yield made.start()
    finally:
        made.stop()


def limits(site):
    """Of each listener, as smtpd gets it."""
    told = site.postfix.postconf("-P")
    return {name: re.search(rf"(?m)^{port}/inet/smtpd_recipient_limit = (\d+)$", told)[1]
            for name, port in site.ports.items()}


def test_each_listener_has_the_largest_limit_of_its_connectors_and_of_users_who_log_in_there(site):
    assert limits(site) == {"smtp": "5", "submission": "6", "submissions": "6"}


def test_an_honest_sender_splits_its_batch_and_all_of_it_arrives(site):
    """Python's smtplib, which tells the recipients that were refused, as a mail server keeps them for the next try."""
    batch, tries = recipients(13), 0
    left = batch
    while left:
        with smtplib.SMTP("127.0.0.1", site.ports["smtp"], source_address=("127.0.0.8", 0)) as client:
            refused = client.sendmail(SENDER, left, "Subject: batch\r\n\r\nhello\r\n")
        assert all(code == 452 for code, _ in refused.values()), refused
        left, tries = list(refused), tries + 1
    assert tries == 3
    messages = site.postfix.wait_delivered("batch", len(batch))
    assert sorted(message["X-Original-To"] or message["Delivered-To"] for message in messages) == sorted(batch)


def test_as_many_as_the_limit_pass_in_one_message_and_its_own_limit_holds_for_each(site):
    with site.client(login="lists") as client:
        assert client.deliver("lists@example.test", recipients(6), subject="six").startswith("250 2.0.0")
    with site.client(login="lists") as client:
        client.expect("250", "MAIL FROM:<lists@example.test>")
        replies = [client.rcpt(recipient)[:9] for recipient in recipients(7)]
        assert replies == ["250 2.1.5"] * 6 + ["452 4.5.3"]
    with site.client(login="mary") as client:
        assert client.deliver("mary@example.test", recipients(4), subject="four").startswith("250 2.0.0")
        assert client.deliver("mary@example.test", recipients(5)) == \
            "521 5.5.3 <END-OF-MESSAGE>: End-of-data rejected: Too many recipients"


def test_a_limit_raised_for_a_user_is_found_by_check(module_folder):
    folder = module_folder / "checked"
    folder.mkdir()
    made = Checked(folder, POLICY)
    try:
        made.configure()
        code, findings = made.check_postfix()
        assert (code, brief(findings)) == (0, [])
        made.daemon.write_directory(made.daemon.directory.read_text() + "user lists@example.test max_recipients=500\n")
        code, findings = made.check_postfix()
        assert code == 0
        assert {(f["severity"], f["setting"], f["fix"]) for f in findings} == {
            ("warning", f"{made.ports[name]}/inet/smtpd_recipient_limit", "  -o smtpd_recipient_limit=500")
            for name in ("submission", "submissions")}
    finally:
        made.stop()


def test_check_that_cannot_read_the_directory_does_not_mind_a_larger_limit(module_folder):
    folder = module_folder / "unreadable"
    folder.mkdir()
    made = Checked(folder, POLICY)
    try:
        made.configure(options={name: {"smtpd_recipient_limit": "500"} for name in ("submission", "submissions")})
        assert {f["setting"].rpartition("/")[2] for f in made.check_postfix()[1]} == {"smtpd_recipient_limit"}
        (made.daemon.published / "snapshot.mdb").unlink()
        assert [f["id"] for f in made.check_postfix()[1]] == ["no-snapshot"]
    finally:
        made.stop()


# Default's, Client's, a user's; what 25 and 587 have then
UNLIMITED = [
    ("200", "200", "300", "200", "300"),
    ("200", "200", "100", "200", "200"),
    ("unlimited", "200", "300", "1000", "300"),
    ("200", "unlimited", "300", "200", "1000"),
    ("200", "200", "unlimited", "200", "1000"),
    ("5000", "200", "5000000000", "5000", "2147483647"),
    ("200\n mode = audit", "200", "300", "1000", "300"),
]


@pytest.mark.parametrize("default,client,user,on_25,on_587", UNLIMITED)
def test_the_limit_is_one_that_postfix_takes(folder, default, client, user, on_25, on_587):
    """Unlimited counts as Postfix's own default, and a connector that refuses nothing as unlimited."""
    policy = f"""\
accepted_domain "example.test" {{ type = Authoritative }}
connector "Default" {{
    bindings = {{ "*:25" }}
    auth_mechanism = {{ Tls }}
    permission_groups = {{ AnonymousUsers }}
    max_recipients_per_message = {default}
}}
connector "Client" {{ bindings = {{ "*:587" }} max_recipients_per_message = {client} }}
"""
    daemon = Daemon(policy, USERS % user, folder, start=False)
    entries = re.split(r"(?m)^(?=\S)", daemon.cli("show", "--postfix").stdout.partition("# --- master.cf")[2])
    shown = {entry.split(" ")[0]: re.findall(r"-o smtpd_recipient_limit=(\d+)$", entry, re.M) for entry in entries}
    assert (shown["smtp"], shown["submission"]) == ([on_25], [on_587])
