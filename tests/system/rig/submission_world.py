"""The policy and directory that the tests of mailwicketd share: the guide's, on the guide's own ports, as nothing listens there."""
from rig import guide

POLICY = 'hostname = "mx.example.test"\nrecipient_delimiter = "+"\n' + guide.policy(ports=None)

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
