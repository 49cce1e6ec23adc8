"""A whole listing of Exchange, `Get-ReceiveConnector | Format-List`, is pasted into a policy: each line is told what to write."""
import json
import subprocess

import pytest

import rig

HEAD = 'hostname = "mail.example.org"\ndefault_domain = "example.org"\naccepted_domain "example.org" { type = Authoritative }\n'
# As Exchange 2016 prints it on a console of 100 columns.
LISTING = """\

RunspaceId                                : 7b1f9c1e-1b5c-4a9e-9c6f-0d6b3b3a1c11
AuthMechanism                             : Tls, Integrated, BasicAuth, BasicAuthRequireTLS,
                                            ExchangeServer
Banner                                    :
BinaryMimeEnabled                         : True
Bindings                                  : {[::]:25, 0.0.0.0:25}
ChunkingEnabled                           : True
DefaultDomain                             :
DeliveryStatusNotificationEnabled         : True
EightBitMimeEnabled                       : True
SmtpUtf8Enabled                           : True
BareLinefeedRejectionEnabled              : False
DomainSecureEnabled                       : False
EnhancedStatusCodesEnabled                : True
LongAddressesEnabled                      : False
OrarEnabled                               : False
SuppressXAnonymousTls                     : False
ProxyEnabled                              : False
AdvertiseClientSettings                   : False
Fqdn                                      : mail.example.org
ServiceDiscoveryFqdn                      :
TlsCertificateName                        : <I>CN=R3, O=Let's Encrypt, C=US<S>CN=mail.example.org
Comment                                   : Receives mail from the world: {do not change}
Enabled                                   : True
ConnectionTimeout                         : 00:10:00
ConnectionInactivityTimeout               : 00:05:00
MessageRateLimit                          : Unlimited
MessageRateSource                         : IPAddress
MaxInboundConnection                      : 5000
MaxInboundConnectionPerSource             : Unlimited
MaxInboundConnectionPercentagePerSource   : 100
MaxHeaderSize                             : 256 KB (262,144 bytes)
MaxHopCount                               : 60
MaxLocalHopCount                          : 5
MaxLogonFailures                          : 3
MaxMessageSize                            : 36 MB (37,748,736 bytes)
MaxProtocolErrors                         : 5
MaxRecipientsPerMessage                   : 5000
PermissionGroups                          : AnonymousUsers, ExchangeUsers, ExchangeServers,
                                            ExchangeLegacyServers, Custom
PipeliningEnabled                         : True
ProtocolLoggingLevel                      : Verbose
RemoteIPRanges                            : {::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,
                                            0.0.0.0-255.255.255.255}
RequireEHLODomain                         : False
RequireTLS                                : False
EnableAuthGSSAPI                          : False
ExtendedProtectionPolicy                  : None
LiveCredentialEnabled                     : False
TlsDomainCapabilities                     : {}
Server                                    : MAIL
TransportRole                             : FrontendTransport
RejectReservedTopLevelRecipientDomains    : False
RejectReservedSecondLevelRecipientDomains : False
RejectSingleLabelRecipientDomains         : False
SizeEnabled                               : Enabled
TarpitInterval                            : 00:00:05
AuthTarpitInterval                        : 00:00:05
MaxAcknowledgementDelay                   : 00:00:30
AdminDisplayName                          :
ExchangeVersion                           : 0.1 (8.0.535.0)
Name                                      : Default Frontend MAIL
DistinguishedName                         : CN=Default Frontend MAIL,CN=SMTP Receive Connectors,CN=Protocols,
                                            CN=MAIL,CN=Servers,DC=example,DC=org
Identity                                  : MAIL\\Default Frontend MAIL
ObjectCategory                            : example.org/Configuration/Schema/ms-Exch-Smtp-Receive-Connector
ObjectClass                               : {top, msExchSmtpReceiveConnector}
WhenChanged                               : 11/20/2026 10:12:13 AM
Id                                        : MAIL\\Default Frontend MAIL
Guid                                      : 0f0e7b52-9d0f-4d27-a3c2-1a2c0a4ef111
OriginatingServer                         : DC1.example.org
IsValid                                   : True
ObjectState                               : Unchanged

"""


def check(folder, text):
    path = folder / "mailwicket.conf"
    path.write_text(text)
    told = subprocess.run([rig.CLI, "-c", path, "--json", "check", "--policy-only"], capture_output=True, text=True, timeout=60,
                          check=False)
    return told.returncode, json.loads(told.stdout)["messages"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_each_line_of_a_listing_is_told_what_to_write_and_that_is_a_policy(folder, ends):
    pasted = HEAD + f'connector "x" {{\n{LISTING}}}\n'
    code, messages = check(folder, pasted.replace("\n", ends))
    assert code != 0
    lines = [number for number, line in enumerate(pasted.splitlines(), 1) if " : " in line[:44] or line.rstrip().endswith(" :")]
    assert [row["line"] for row in messages] == lines, messages
    assert all("is a line of Get-ReceiveConnector" in row["text"] for row in messages)

    written = [row["expected"] for row in messages if " = " in row["expected"]]
    name = next(row["expected"] for row in messages if row["expected"].startswith("connector "))
    assert name == 'connector "Default Frontend MAIL" { ... } around its settings'
    code, messages = check(folder, HEAD + 'connector "Default Frontend MAIL" {\n' + "\n".join(written) + "\n}\n")
    assert code == 0, messages
    assert sorted(row["text"].partition(":")[0] for row in messages if "left out" in row["text"]) == ["permission_groups"] * 2
    shown = subprocess.run([rig.CLI, "-c", folder / "mailwicket.conf", "show"], capture_output=True, text=True, timeout=60,
                           check=False).stdout
    for line in ('bindings = { "[::]:25", "0.0.0.0:25" }', "max_recipients_per_message = 5000", "message_rate_source = IPAddress",
                 "permission_groups = { AnonymousUsers, ExchangeUsers, ExchangeServers }"):
        assert line in " ".join(shown.split()), shown


@pytest.mark.parametrize("line,word", [
    ("RemoteIPRanges : {10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4...}", "$FormatEnumerationLimit = -1"),
    ("Banner : 220 mail.example.org", "Postfix has smtpd_banner"),
    ("Bindings : {}", "it is empty"),
    ("DefaultDomain : example.org", "it stands outside of connectors"),
    ("ObjectState : Changed", "it decides nothing here"),
])
def test_what_has_no_line_here_is_told_why(folder, line, word):
    code, messages = check(folder, HEAD + f'connector "x" {{\n    {line}\n}}\n')
    assert code != 0 and [(row["line"], row["column"]) for row in messages] == [(5, 5)]
    assert word in messages[0]["expected"], messages


def test_a_policy_with_colons_is_none(folder):
    text = HEAD + '# Bindings : {[::]:25}\nconnector "a : b" {\n    bindings = { "[::]:25",\n        "0.0.0.0:25" }\n}\n'
    assert check(folder, text)[0] == 0
