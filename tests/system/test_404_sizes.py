"""A user's own max_message_size, where it is above the connector's, holds behind Postfix's message_size_limit too."""
import re

import pytest

import rig
from rig.daemon import Daemon
from rig.mailsite import MailSite

POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
accepted_domain "example.test" { type = Authoritative }
connector "Client" {
    bindings = { "*:$submission" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }
    permission_groups = { ExchangeUsers }
    max_message_size = "64KB"
}
"""
DIRECTORY = """\
user bob@example.test login=bob
user big@example.test login=big max_message_size=200KB
"""
TOO_BIG = "552 5.3.4 <bob@example.test>: Recipient address rejected: Message size exceeds fixed maximum message size"


@pytest.mark.skipif(rig.needs_postfix() is not None, reason=str(rig.needs_postfix()))
def test_a_user_may_send_more_than_the_connector_lets_others(module_folder):
    site = MailSite(module_folder, POLICY, DIRECTORY, ["bob", "big"])
    site.WIRED_BY = "show"  # setup keeps the message_size_limit that Postfix has
    try:
        site.start()
        with site.client(login="big") as client:
            assert client.ask("big@example.test", "bob@example.test", "SIZE=204800").startswith("250 ")
            body = ("x" * 70 + "\n") * 2000  # 140 KB
            assert client.deliver("big@example.test", "bob@example.test", body=body).startswith("250 ")
            client.reset()
            assert client.mail("big@example.test", "SIZE=204801").startswith("552 5.3.4 ")
        with site.client(login="bob") as client:
            assert client.ask("bob@example.test", "bob@example.test", "SIZE=65536").startswith("250 ")
            assert client.ask("bob@example.test", "bob@example.test", "SIZE=65537") == TOO_BIG
    finally:
        site.stop()


def shown(files):
    return re.search(r"(?m)^message_size_limit = (\d+)$", files.cli("show", "--postfix").stdout)[1]


def test_show_takes_the_largest_size_that_somebody_may_send(folder):
    """Of connectors and of users of the published directory; 0 is Postfix's word for no limit."""
    policy = POLICY.replace("$submission", "587")
    files = Daemon(policy, None, folder, start=False)
    assert shown(files) == "65536"
    files.write_directory(DIRECTORY)
    assert shown(files) == "204800"
    files.write_directory(DIRECTORY.replace("200KB", "1KB"))
    assert shown(files) == "65536"
    files.write_directory(DIRECTORY.replace("200KB", "unlimited"))
    assert shown(files) == "0"
    files.write_directory(DIRECTORY)
    disabled = ('connector "Off" { enabled = no bindings = { "*:2525" } max_message_size = "1GB" }\n'
                'connector "Servers" { bindings = { "*:25" } permission_groups = { ExchangeServers } }\n')
    files.write_policy(policy + disabled.replace('"*:25" }', '"*:25" } max_message_size = "1KB"'))
    assert shown(files) == "204800"
    for bypass in ("grant_permissions = { Bypass-Message-Size-Limit }",
                   "permission_groups = { ExchangeServers } auth_mechanism = { Tls, ExternalAuthoritative }"
                   ' remote_ip_ranges = { "10.0.0.0/8" }'):
        files.write_policy(f'{policy}connector "More" {{ bindings = {{ "*:2525" }} {bypass} }}\n')
        assert shown(files) == "0", bypass
