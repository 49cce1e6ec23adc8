"""The policy and directory that the tests of mailwicketd share."""

POLICY = """\
hostname = "mx.example.test"
default_domain = "example.test"
recipient_delimiter = "+"
accepted_domain "example.test" { type = Authoritative }
connector "Default" {
    bindings = { "*:25" }
    auth_mechanism = { Tls }
    permission_groups = { AnonymousUsers }
}
connector "Client" {
    bindings = { "*:587" }
    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS, Integrated }
    permission_groups = { ExchangeUsers }
}
"""

DIRECTORY = """\
user bob@example.test login=bob
user mary@example.test login=mary
user scanner@example.test message_rate_limit=unlimited
user eve@example.test login=eve smtp=no pop3=no
group sales@example.test member=bob@example.test
grant send-as sales@example.test bob@example.test
grant send-on-behalf bob@example.test mary@example.test
"""

SEND_AS_DENIED = "550 5.7.1 Client does not have permissions to send as this sender"
NOT_AUTHENTICATED = "530 5.7.1 Client was not authenticated"
