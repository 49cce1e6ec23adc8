"""Every finding of `mailwicket check` (cli/finding.def), by its name: how it is provoked, or that its fix is a sentence.

A row of POSTFIX has lines of main.cf, options of a listener, more of master.cf; $HOOK and $END stand for our two
questions. A row of DOVECOT has, by generation, what stands in the file that `show` makes and what in its place, or at the end.
A row of MACHINE does something to the running site. What needs another policy or directory has it in POLICY and DIRECTORY."""
import re

from rig import guide
from rig.mailsite import WORLD_DIRECTORY, WORLD_MORE
from rig.text import changed

ACTION = "{ default_action = 421 4.3.5 Server configuration problem }"
RELAY = "smtpd_relay_restrictions"
CLASS = "smtpd_restriction_classes = ours\n"

# At the site of rig.checked.Checked.
POSTFIX = {
    "permit-before": dict(main=f"{RELAY} = permit_mynetworks, $HOOK, reject_unauth_destination\n"),
    "table-before": dict(main=f"{RELAY} = check_client_access static:DUNNO, $HOOK, reject_unauth_destination\n"),
    "refuses-permitted": dict(main="smtpd_client_restrictions = permit_sasl_authenticated, reject\n"),
    "login-mismatch": dict(main=CLASS + "ours = reject_unknown_sender_domain, reject_sender_login_mismatch\n"
                           "smtpd_recipient_restrictions = ours\n"),
    "undefined-class": dict(main=CLASS),
    "senders-not-compared": dict(main="smtpd_sender_login_maps = inline:{ bob@example.test=bob }\n"),
    "permits-without-answer": dict(main="smtpd_policy_service_default_action = DUNNO\n"),
    "last-action": dict(main="smtpd_end_of_data_restrictions = check_policy_service { $SOCKET, timeout=10s }\n"),
    "only-warns": dict(main=f"{RELAY} = warn_if_reject $HOOK, reject_unauth_destination\n"),
    "long-wait": dict(main=f"smtpd_end_of_data_restrictions = check_policy_service {{ $SOCKET, timeout=2m, {ACTION} }}\n"),
    "not-asked": dict(options={"submission": {RELAY: ""}}),
    "sender-not-asked": dict(main="smtpd_sender_restrictions = reject_non_fqdn_sender\n"),
    "sender-context": dict(main="smtpd_sender_restrictions = $END\n"),
    "sender-permit-before": dict(main="smtpd_sender_restrictions = permit_sasl_authenticated, "
                                 "check_policy_service { $SOCKET, policy_context=sender, timeout=10s }\n"),
    "sender-only-warns": dict(main="smtpd_sender_restrictions = warn_if_reject "
                              "check_policy_service { $SOCKET, policy_context=sender, timeout=10s }\n"),
    "audit-wiring": dict(main="smtpd_sender_restrictions = check_policy_service { $SOCKET, policy_context=audit-sender, "
                         "timeout=10s }\n"),
    "no-context": dict(main=f"{RELAY} = $END, reject_unauth_destination\n"),
    "no-refusal-behind": dict(main=f"{RELAY} = $HOOK\n"),
    "context-elsewhere": dict(main="smtpd_policy_service_policy_context = relay\n"),
    "no-delay": dict(main="smtpd_delay_reject = no\n"),
    "few-recipients": dict(options={"submission": {"smtpd_recipient_limit": "199"}}),
    "many-recipients": dict(options={"submission": {"smtpd_recipient_limit": "1000"}}),
    "no-tls": dict(options={"submission": {"smtpd_tls_security_level": "none"}}),
    "auth-without-tls": dict(options={"submission": {"smtpd_tls_auth_only": "no"}}),
    "old-tls": dict(options={"submission": {"smtpd_tls_protocols": ">=TLSv1"}}),
    "sasl-service-unlisted": dict(options={"submission": {"smtpd_sasl_service": "imap"}}),
    "sasl-type": dict(main="smtpd_sasl_type = cyrus\n"),
    "anonymous": dict(main="smtpd_sasl_security_options =\n"),
    "no-auth": dict(options={"submission": {"smtpd_sasl_auth_enable": "no"}}),
    "no-tls-log": dict(main="smtpd_tls_loglevel = 0\n"),
    "no-log-name": dict(options={"submission": {"syslog_name": "$multi_instance_name"}}),
    "world-as-own": dict(main="mynetworks = 127.0.0.0/8, 0.0.0.0/0\nsmtpd_client_restrictions = permit_mynetworks\n"),
    "public-as-own": dict(main="mynetworks = 203.0.0.0/16\nsmtpd_client_restrictions = permit_mynetworks\n"),
    "xclient": dict(main="smtpd_authorized_xclient_hosts = 192.0.2.1\n"),
    "milter-accepts": dict(main="smtpd_milters = unix:private/milter\nmilter_default_action = accept\n"),
    "milter-accepts, by an item": dict(main="smtpd_milters = $smtpd_other, { unix:private/odd, protocol=6, { default_action = "
                                       "accept } }, inet:127.0.0.1:1\nsmtpd_other = inet:127.0.0.1:2\n"),
    "milter-accepts, by an item of a name": dict(
        main="smtpd_milters = $smtpd_other\nnon_smtpd_milters = $smtpd_other\n"
             "smtpd_other = { inet:127.0.0.1:2, default_action=quarantine }\n"),
    "no-milter": dict(options={"submission": {"smtpd_milters": ""}}),
    "milter-bypassed": dict(options={"submission": {"receive_override_options": "no_milters,no_address_mappings"}}),
    "milter-action": dict(options={"submission": {"smtpd_milters": "{ unix:mailwicket/milter, default_action=accept }"}}),
    "milter-late": dict(options={"submission": {
        "smtpd_milters": "inet:127.0.0.1:1, { unix:mailwicket/milter, content_timeout=30s }"}}),
    "milter-protocol": dict(options={"submission": {"smtpd_milters": "{ unix:mailwicket/milter, protocol=2 }"}}),
    "milter-wait": dict(options={"submission": {"smtpd_milters": "{ unix:mailwicket/milter, content_timeout=10m }"}}),
    "local-milter": dict(main="non_smtpd_milters = unix:mailwicket/milter, inet:127.0.0.1:1\n"),
    "chunking": dict(main="smtpd_discard_ehlo_keywords = dsn\n"),
    "bare-newline": dict(main="smtpd_forbid_bare_newline = no\n"),
    "origin": dict(main="myorigin = other.test\n"),
    "owner-request": dict(main="recipient_delimiter = +-\nowner_request_special = no\n"),
    "double-bounce": dict(main="recipient_delimiter = +-\ndouble_bounce_sender = bounce-bounce\n"),
    "message-size": dict(main="message_size_limit = 1000000\n"),
    "mailbox-size": dict(main="mailbox_size_limit = 40000000\nmessage_size_limit = 50000000\n"),
    "unknown-domain": dict(main="virtual_mailbox_domains = example.test\n"),
    "unaccepted-domain": dict(main="relay_domains = other.test\n"),
    "delimiter-lacking": dict(main="recipient_delimiter =\n"),
    "asked-reinjection": dict(master="127.0.0.1:$PORT inet n - n - - smtpd -o receive_override_options=no_milters\n"),
    "public-cleanup": dict(master="127.0.0.1:$PORT inet n - n - 0 cleanup\n"),
    "other-instance": dict(main="multi_instance_directories = /etc/postfix-out\n"),
    "unserved-connector": dict(),
    "no-wrapper": dict(master="465 inet n - n - - smtpd\n"),
    "wrapper": dict(master="587 inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n"),
    "no-client-certificate": dict(options={"smtp": {"smtpd_tls_ask_ccert": "no"}}),
    "fingerprints": dict(options={"smtp": {"smtpd_tls_fingerprint_digest": "md5"}}),
    "auth-over-tls-only": dict(options={"submission": {"smtpd_tls_auth_only": "yes"}}),
    "sasl-service": dict(options={"submission": {"smtpd_sasl_service": "imap"}}),
    "useless-auth": dict(options={"smtp": {"smtpd_sasl_auth_enable": "yes"}}),
    "missing-name": dict(),
    "append-dot": dict(main="append_dot_mydomain = yes\n"),
    "masquerade": dict(main="masquerade_domains = example.test\n"),
    "defers-in-audit": dict(),
}

PASSDB = ("{\n  driver = mailwicket\n  result_success = continue\n  result_failure = return-fail\n"
          "  result_internalfail = return-fail\n}\n")
OURS = {"2.3": "passdb " + PASSDB, "2.4": "passdb mailwicket " + PASSDB}
OTHER = {"2.3": "passdb {\n  driver = static\n  args = nopassword\n}\n",
         "2.4": "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n"}
PLUGINS = {"2.3": "login_plugins = mailwicket\n", "2.4": "login_plugins {\n  mailwicket = yes\n}\n"}
CLEARTEXT = {"2.3": ("", "disable_plaintext_auth = no\n"),
             "2.4": ("ssl = required\n", "ssl = yes\nauth_allow_cleartext = yes\n")}
TOLD = {"2.3": ("MAILWICKET_CONFIG=", "OTHER="), "2.4": ("MAILWICKET_CONFIG = ", "OTHER = ")}


def both(old, new):
    return {"2.3": (old, new), "2.4": (old, new)}


def each(olds, change):
    return {generation: (old, change(old, generation)) for generation, old in olds.items()}


DOVECOT = {
    "no-plugin": each(PLUGINS, lambda old, generation: ""),
    "no-plugin, in a protocol": each(PLUGINS, lambda old, generation: old + {
        "2.3": "protocol imap {\n  login_plugins = other\n}\n",
        "2.4": "protocol imap {\n  login_plugins {\n    mailwicket = no\n  }\n}\n"}[generation]),
    "no-passdb": each(OURS, lambda old, generation: ""),
    "passdb-before": each(OURS, lambda old, generation: OTHER[generation] + old),
    "passdb-of-filter": each(OURS, lambda old, generation: f"{old}protocol imap {{\n{OTHER[generation]}}}\n"),
    "passdb-setting": each(OURS, lambda old, generation: old.replace("continue", "return-ok")),
    "tls-not-required": both("ssl = required", "ssl = yes"),
    "dovecot-without-tls": both("ssl = required", "ssl = no"),
    "cleartext-allowed": CLEARTEXT,
    "dovecot-old-tls": both("", "ssl_min_protocol = TLSv1\n"),
    "other-policy": TOLD,
    "trusted-clients": both("ssl = required", "ssl = required\nlogin_trusted_networks = 0.0.0.0/0"),
    "no-auth-listener": both("private/auth {", "private/other {"),
    "closed-auth": both("    user = postfix\n    group = postfix", ""),
    "open-auth": both("mode = 0660", "mode = 0666"),
    "no-auth-log": both("auth_verbose = yes", "auth_verbose = no"),
    "auth-memory": both("", "service auth {\n  vsz_limit = 10 M\n}\n"),
    "lmtp-delimiter": both("", "protocols = lmtp\nrecipient_delimiter = +_\n"),
    "cleartext-refused": {"2.3": ("", "disable_plaintext_auth = yes\n"),
                          "2.4": ("ssl = required\n", "ssl = yes\nauth_allow_cleartext = no\n")},
    "dovecot-requires-tls": both("", ""),
    # In 2.3 no block changes another one.
    "passdb-driver": {"2.4": ("", "protocol imap {\n  passdb mailwicket {\n    driver = static\n  }\n}\n")},
    "untrusted-proxy": both("", ""),
    "no-auth-port": both("", ""),
}
# What stands in main.cf beside it.
BESIDE = {"no-auth-port": "smtpd_sasl_path = inet:127.0.0.1:$PORT\n"}


def in_place_of_the_socket(site):
    site.daemon.stop()
    site.postfix.policy_socket.write_text("")


def with_socket(word):
    def change(site):
        site.daemon.write(site.daemon.policy, changed(site.daemon.policy.read_text(), ('socket_group = "postfix"', word)))
        site.daemon.stop()
        site.daemon.start()
    return change


def without_milter(site):
    site.daemon.policy.write_text(re.sub(r"\nmilter \{.*", "", site.daemon.policy.read_text()))
    site.daemon.reload()


MACHINE = {
    "milter-gone": without_milter,
    "closed-socket": with_socket('socket_group = "root"'),
    "open-socket": with_socket('socket_mode = "0666" socket_group = "postfix"'),
    "open-folder": lambda site: site.postfix.policy_socket.parent.chmod(0o757),
    "closed-folder": lambda site: site.postfix.policy_socket.parent.chmod(0o700),
    "no-socket": in_place_of_the_socket,
    "daemon-away": lambda site: site.daemon.stop(),
    "daemon-unseen": lambda site: site.daemon.stop(),
    "daemon-behind": lambda site: site.daemon.write_policy(site.policy_text() + "# changed\n"),
    "no-snapshot": lambda site: (site.daemon.published / "snapshot.mdb").unlink(),
    "old-snapshot": lambda site: site.daemon.write(site.daemon.directory, WORLD_DIRECTORY + "user new@example.test\n"),
}

# The fix is a sentence, as no line is right everywhere: the reason of each.
SENTENCES = {
    # Files that the administrator has, or has to get.
    "no-login-module": "a package to install", "no-auth-module": "a package to install",
    "no-certificate": "which files are the host's", "dovecot-certificate": "which files are the host's",
    "unreadable": "whichever folder or file on the way is closed",
    "dovecot-certificate-expired": "a certificate to get", "dovecot-start": "whatever Dovecot says of it",
    # Where the passwords or users of this server are.
    "last-passdb": "which passdb has the passwords", "userdb-sets-user": "which field of whose table",
    "userdb-may-set-user": "what a query or program gives", "userdb-entry": "a line of the administrator's own file",
    "userdb-file": "a setting of a file of another syntax",
    "unknown-logins": "a line for each, or one setting for all", "unknown-mailboxes": "a line for each, or one setting for all",
    "not-listed": "no fix is known",
    "useless-plugins": "what these clients may do",
    "unknown-restriction": "what was meant is not known",
    # Who shall connect, and where: a choice.
    "unknown-listener": "which connector, or none", "unasked-listener": "which connector, or none",
    "proxy-line": "who keeps others from the proxy's listener",
    "proxy-binding": "which port of the proxy it is",
    "odd-listener": "no fix is known", "own-listener": "which of those hosts need it", "reinjection": "right for a filter",
    "open-reinjection": "another address, where the filter can reach it",
    "port-taken": "which of both goes", "submission-relay": "where users go instead",
    "auth-on-network": "where Postfix is", "lmtp-on-network": "where Postfix is",
    "no-proxy-listener": "which listener the proxy connects to", "proxy-listener": "whose word counts",
    "auth-over-old-tls": "users go to another listener", "other-at-end": "it goes to another list, beside what is there",
    "tls-required": "whether that is meant, and the policy says it too",
    "qmqpd": "another protocol for its hosts", "local-mail": "who sends on this machine", "takes-mail": "an smtpd in its place",
    "other-listener": "whether anybody elsewhere needs it", "unix-smtpd": "an inet service in its place",
    "outside-chroot": "the questions have to be asked at the new path too: setup writes both",
    "unseen-socket": "to be run as root", "asked-by-all": "who else asks there",
    # Names and delimiters: they change what is whose, on both sides.
    "delimiter": "the policy's own setting, in one of its lines", "lmtp-dash": "Postfix and the policy change with it",
    "alias-domain": "whose mailboxes it reaches", "unseen-names": "the names were not seen",
    "shared-mailboxes": "a line for each user, or one domain less",
}

# Of the process that follows the sources: test_846_follower_told.py brings each, and runs what is no unit of systemd's.
FOLLOWER = ("not-followed", "follower-silent", "follower-behind", "source-old", "source-held", "source-bad")

# The site's own, with a part replaced, or another one.
STRANGERS = "permission_groups = { AnonymousUsers }"
CLIENT = '"*:$submission", '
POLICY = {
    "unserved-connector": [(CLIENT, CLIENT + '"*:$PORT", ')],
    "no-wrapper": [('"*:$submissions"', '"*:465"')],
    "wrapper": [(CLIENT, CLIENT + '"*:587", ')],
    "no-client-certificate": [(STRANGERS, "permission_groups = { AnonymousUsers, Partners }\n    partner_certificates = { \"%s\" }"
                               % ":".join(["AB"] * 32))],
    "auth-over-tls-only": [(", BasicAuthRequireTLS", "")],
    "sasl-service": [("permission_groups = { ExchangeUsers }", 'permission_groups = { ExchangeUsers }\n    sasl_services = { "smtp" }')],
    "senders-not-compared": [("permission_groups = { ExchangeUsers }", "permission_groups = { ExchangeUsers }\n"
                              "    grant_permissions = { Accept-Any-Sender }")],
    "masquerade": [(STRANGERS, STRANGERS + "\n    deny_permissions = { Accept-Authoritative-Domain-Sender }")],
    "defers-in-audit": guide.policy(audit=True) + WORLD_MORE,
    "cleartext-refused": [('login "everywhere" { }', 'login "everywhere" { login_type = PlainTextLogin }')],
    "trusted-clients": [('login "everywhere" { }', 'login "everywhere" { }\nlogin "office" { remote = { "192.0.2.0/24" } }')],
    "untrusted-proxy": [('login "everywhere" { }', 'login "everywhere" { tls_proxies = { "192.0.2.1" } }')],
}
POLICY["fingerprints"] = POLICY["no-client-certificate"]
POLICY["dovecot-requires-tls"] = POLICY["cleartext-refused"]

SENDERS = changed(WORLD_DIRECTORY, ("user ceo@example.test\n", "user ceo@example.test senders=bob@example.test\n"))
DIRECTORY = {"missing-name": SENDERS, "append-dot": SENDERS, "lmtp-delimiter": SENDERS}
