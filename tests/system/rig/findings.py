"""Every finding of `mailwicket check` (cli/finding.def), by its name: how it is provoked, or that its fix is a sentence.

A row of POSTFIX has lines of main.cf, options of a listener, more of master.cf; $HOOK and $END stand for our two
questions. A row of DOVECOT has, by generation, what stands in the file that `show` makes and what in its place, or at the end."""

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
    "trusted-clients": both("ssl = required", "ssl = required\nlogin_trusted_networks = 192.0.2.0/24"),
    "no-auth-listener": both("private/auth {", "private/other {"),
    "closed-auth": both("    user = postfix\n    group = postfix", ""),
    "open-auth": both("mode = 0660", "mode = 0666"),
    "no-auth-log": both("auth_verbose = yes", "auth_verbose = no"),
    "auth-memory": both("", "service auth {\n  vsz_limit = 10 M\n}\n"),
}

# The fix is a sentence.
SENTENCES = {
    "no-login-module", "no-auth-module", "lmtp-dash", "useless-plugins", "no-proxy-listener",
    "proxy-listener", "userdb-sets-user", "userdb-may-set-user", "userdb-entry", "userdb-file", "unasked-listener",
    "reinjection", "odd-listener", "unknown-listener", "open-reinjection", "own-listener", "last-passdb",
    "delimiter", "other-at-end", "auth-over-old-tls", "no-certificate", "alias-domain",
    "unseen-names", "shared-mailboxes", "qmqpd", "local-mail", "takes-mail", "other-listener", "unix-smtpd",
    "closed-socket", "open-socket", "port-taken", "submission-relay", "outside-chroot", "unseen-socket", "asked-by-all",
}
# Needs another policy or directory than this site's: its own tests look at its lines.
ELSEWHERE = {
    "lmtp-delimiter", "cleartext-refused", "dovecot-requires-tls", "passdb-driver", "untrusted-proxy", "unserved-connector",
    "no-wrapper", "wrapper", "tls-required", "no-client-certificate", "fingerprints", "auth-over-tls-only", "sasl-service",
    "useless-auth", "missing-name", "append-dot", "masquerade", "proxy-line", "proxy-binding", "open-folder", "closed-folder", "no-socket",
    "daemon-away", "no-auth-port", "defers-in-audit", "daemon-unseen", "daemon-behind", "no-snapshot", "old-snapshot",
    "unreadable", "dovecot-certificate",
}
