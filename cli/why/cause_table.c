/* SPDX-License-Identifier: MIT */
#include "why/cause_table.h"

static bool is(const struct mw_why_entry *entry, enum mw_why_kind kind)
{
	return entry->kind == kind;
}

static bool sending(const struct mw_why_entry *entry)
{
	return entry->protocol == MW_PROTOCOL_SMTP || entry->protocol == MW_PROTOCOL_SUBMISSION;
}

/* Refused in earnest: audit mode only says that it would. */
static bool refused(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_DECIDED) && strcmp(entry->verdict, "would-refuse") != 0;
}

static bool because(const struct mw_why_entry *entry, const char *reason)
{
	return refused(entry) && strcmp(entry->reason, reason) == 0;
}

static bool suspended(const struct mw_why_entry *entry)
{
	return refused(entry) && strstr(entry->reason, "suspended") != NULL;
}

static bool switched_off(const struct mw_why_entry *entry)
{
	return because(entry, "smtp-disabled") || (because(entry, "service-disabled") && sending(entry));
}

static bool send_as(const struct mw_why_entry *entry)
{
	return because(entry, "send-as-denied") || is(entry, MW_WHY_NOT_OWNED);
}

/* Said by the policy, or in Postfix's own words where it was not asked. */
static bool no_authentication(const struct mw_why_entry *entry)
{
	if (is(entry, MW_WHY_REJECTED))
		return strstr(entry->reply, "Client was not authenticated") != NULL || strncmp(entry->reply, "530 ", 4) == 0;
	return is(entry, MW_WHY_NO_LOGIN) || because(entry, "not-authenticated") ||
	       (because(entry, "relay-denied") && entry->by_address);
}

static bool mechanism(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_MECHANISM) || because(entry, "mechanism-refused");
}

static bool sending_without_tls(const struct mw_why_entry *entry)
{
	if (entry->tls || !sending(entry))
		return false;
	return because(entry, "basic-without-tls") || because(entry, "tls-required") || is(entry, MW_WHY_AUTH_NOT_OFFERED) ||
	       is(entry, MW_WHY_LOGIN_NEEDS_TLS) || because(entry, "login-without-tls");
}

static bool left_without_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AFTER_EHLO) && !entry->tls && !entry->tls_unknown;
}

static bool left_with_tls_unknown(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AFTER_EHLO) && !entry->tls && entry->tls_unknown;
}

/* A server that cannot check a password, or take a message. */
static bool fault(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_FAULT);
}

static bool limit(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LIMIT);
}

static bool too_big_for_postfix(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TOO_BIG);
}

static bool content(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_CONTENT_REFUSED);
}

static bool held(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_HELD);
}

static bool cut(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_CUT);
}

static bool bounced(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_BOUNCED) || is(entry, MW_WHY_EXPIRED);
}

static bool deferred(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_DEFERRED);
}

/* No server on the way answers on port 25. */
static bool blocked(const struct mw_why_entry *entry)
{
	return deferred(entry) && strncmp(entry->reply, "connect to ", strlen("connect to ")) == 0 &&
	       strstr(entry->reply, ":25: ") != NULL &&
	       (strstr(entry->reply, "timed out") != NULL || strstr(entry->reply, "unreachable") != NULL);
}

static bool ended(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_ENDED);
}

static bool session_error(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SESSION_ERROR);
}

static bool no_authentication_no_tls(const struct mw_why_entry *entry)
{
	return no_authentication(entry) && !entry->tls && !entry->tls_unknown;
}

static bool old_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_OLD) ||
	       (entry->tls && (because(entry, "basic-without-tls") || because(entry, "tls-required") ||
			       because(entry, "login-without-tls")));
}

static bool distrust(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_DISTRUST);
}

static bool tls_hello(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_HELLO);
}

static bool no_tls_hello(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_NO_TLS_HELLO);
}

static bool left_at_greeting(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AT_GREETING);
}

static bool wrong_password(const struct mw_why_entry *entry)
{
	return sending(entry) && (is(entry, MW_WHY_LOGIN_FAILED) || is(entry, MW_WHY_PASSWORD_WRONG));
}

static bool unknown_login(const struct mw_why_entry *entry)
{
	return because(entry, "unknown-login");
}

static bool too_big(const struct mw_why_entry *entry)
{
	return because(entry, "too-big") || because(entry, "too-many-recipients");
}

static bool refused_otherwise(const struct mw_why_entry *entry)
{
	return refused(entry) && sending(entry);
}

static bool rejected(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_REJECTED);
}

static bool left_with_tls(const struct mw_why_entry *entry)
{
	return (is(entry, MW_WHY_LEFT_AFTER_EHLO) || is(entry, MW_WHY_AUTH_NOT_OFFERED)) && entry->tls;
}

static bool tls_failed(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_FAILED);
}

static bool reading_without_tls(const struct mw_why_entry *entry)
{
	return !sending(entry) && !entry->tls && (because(entry, "login-without-tls") || is(entry, MW_WHY_LOGIN_NEEDS_TLS));
}

static bool reading_refused(const struct mw_why_entry *entry)
{
	return refused(entry) && !sending(entry);
}

static bool reading_failed(const struct mw_why_entry *entry)
{
	return !sending(entry) && (is(entry, MW_WHY_LOGIN_FAILED) || is(entry, MW_WHY_PASSWORD_WRONG));
}

static bool silent(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SILENT);
}

#define PORTS "port 587 with STARTTLS, or port 465 with TLS"

const struct cause_row mw_why_cause_rows[] = {
	{ "suspended", suspended, true, false,
	  "<user> is suspended (<reason>): <sentence>.",
	  "Find out why, and see that it is fixed; then: mailwicket resume <'user'>",
	  "Your account is suspended at present. Please call us before you try again." },
	{ "server-fault", fault, false, false,
	  "The server itself is at fault, not the user and not the client: <reply>",
	  "See why that part of the server does not work, in the log around that time; the client needs no change.",
	  "Our mail server has a fault at present; your settings and your password are not the reason." },
	{ "smtp-switched-off", switched_off, false, false,
	  "Sending is switched off for <user>: the directory says smtp=no.",
	  NULL,
	  "Sending mail through a mail program is switched off for your account; we can switch it on." },
	{ "send-as", send_as, true, false,
	  "The client logs in as <user> and sends as <sender>, for which <user> has no right (send-as, or on behalf where the "
	  "header says so).",
	  NULL,
	  "Your mail program sends as <sender>. Please choose your own address as sender, or tell us why you should send as "
	  "<sender>." },
	{ "no-authentication", no_authentication_no_tls, false, false,
	  "The client does not log in for sending, and has no encryption, without which no login is offered: mail was "
	  "submitted without a user name from <client>, where <user> reads mail.",
	  "In the client's settings for outgoing mail: switch on encryption first (" PORTS "), then \"my server requires "
	  "authentication\" with the same user name and password as for reading.",
	  "In your mail program's settings for outgoing mail, switch on encryption (" PORTS ") and \"My server requires "
	  "authentication\" (same user name and password as for reading)." },
	{ "no-authentication", no_authentication, false, false,
	  "The client does not log in for sending: mail was submitted without a user name from <client>, where <user> "
	  "reads mail.",
	  "In the client's settings for outgoing mail: switch on \"my server requires authentication\" with the same user "
	  "name and password as for reading, and use " PORTS ".",
	  "In your mail program's settings for outgoing mail, switch on \"My server requires authentication\" (same user name "
	  "and password as for reading), and use " PORTS "." },
	{ "mechanism", mechanism, false, false,
	  "The client chose a way to log in that this server does not offer[: <mechanism>]. NTLM is what Outlook calls Secure "
	  "Password Authentication (SPA).",
	  "In the client: switch off SPA (\"encrypted password\"), choose \"normal password\", and TLS.",
	  "In your mail program, switch off \"Secure Password Authentication (SPA)\" and choose \"normal password\"; the "
	  "connection itself is encrypted." },
	{ "sending-without-tls", sending_without_tls, false, false,
	  "The client tries to log in for sending without TLS. Before TLS this server offers no login that shows a password, "
	  "so the password dialog comes again and again.",
	  "In the client's settings for outgoing mail: switch on encryption, " PORTS ".",
	  "In your mail program's settings for outgoing mail, switch on encryption: " PORTS "." },
	{ "tls-too-old", old_tls, false, false,
	  "The client's TLS[ (<tls>)] is older or weaker than this server accepts.",
	  "Update the client or its operating system.",
	  "Your mail program is too old for a safe connection; please update it, or the system it runs on." },
	{ "certificate", distrust, false, false,
	  "The client ends the connection because it does not accept the server's certificate.",
	  "See that the certificate has the name that the client was given, has not expired, and comes with its chain "
	  "(mailwicket probe HOST); where it is right, correct the server's name in the client.",
	  "Please check the server's name in your mail program; it must be exactly the one that we gave you." },
	{ "tls-on-starttls-port", tls_hello, false, false,
	  "The client speaks TLS from the first byte on a port[ of <protocol>] where TLS begins later, with STARTTLS: \"the "
	  "server unexpectedly terminated the connection\" (0x800CCC0F).",
	  "In the client: STARTTLS (\"TLS\") for port 587, 143 or 110; or implicit TLS (\"SSL\") with port 465, 993 or 995.",
	  "In your mail program, choose STARTTLS for port 587 (143 for IMAP), or SSL/TLS together with port 465 (993 for "
	  "IMAP)." },
	{ "starttls-on-tls-port", no_tls_hello, false, false,
	  "The client waits for a greeting, or speaks without TLS, on a port where TLS comes first (465, 993, 995).",
	  "In the client: SSL/TLS for port 465, 993 or 995; or STARTTLS with port 587, 143 or 110.",
	  "In your mail program, choose SSL/TLS for port 465, or STARTTLS together with port 587." },
	{ "login-unknown", unknown_login, false, false,
	  "The login name is not in the directory: it is misspelt in the client, or missing in the directory.",
	  NULL,
	  "The user name in your mail program is not one of ours; please enter it exactly as we gave it to you." },
	{ "wrong-password", wrong_password, false, false,
	  "The client logs in for sending with a wrong password: often the old one after a change, as outgoing mail has a "
	  "password of its own in most clients.",
	  "Enter the password again in the settings for outgoing mail.",
	  "Please enter your password again in your mail program's settings for outgoing mail." },
	{ "message-limit", too_big, true, false,
	  "A message was refused: <sentence>[ (connector <rule>)].",
	  "Send a smaller message or to fewer recipients at once; or raise the connector's max_message_size or "
	  "max_recipients_per_message, or the user's own max_message_size or max_recipients.",
	  "Your message is too large or has too many recipients; please send less at once." },
	{ "message-limit", too_big_for_postfix, true, false,
	  "The message was not accepted: it is larger than Postfix's message_size_limit[ (<reply>)].",
	  "Send a smaller message, or raise message_size_limit in main.cf.",
	  "Your message is too large; please send less at once." },
	{ "content-refused", content, true, false,
	  "The message was not accepted: a content filter (a milter, a proxy, or header_checks and body_checks) refused it "
	  "with: <reply>",
	  "See the filter's own log for why; Postfix names it in smtpd_milters, smtpd_proxy_filter, header_checks or "
	  "body_checks.",
	  "Our mail filter refused your message: <reply>" },
	{ "held", held, true, false,
	  "The message was taken, but a filter or a check of its text put it on hold or threw it away: <reply>",
	  "See the queue with: postqueue -p; release a message with: postsuper -H ID", "" },
	{ "message-cut", cut, false, false,
	  "The message was begun and not accepted: its text did not arrive whole, or was refused[ (<reply>)].",
	  "Try from another network, and with a small message: a path with a smaller MTU, a virus scanner or a slow line "
	  "ends such connections.",
	  "Your message did not reach us whole; please try again, from another network if you can." },
	{ "not-delivered", bounced, true, false,
	  "Accepted, but not delivered[ to <recipient>], and sent back: <reply>",
	  "The words behind the colon are those of the recipient's server, or of Postfix's own delivery.",
	  "Your message[ to <recipient>] was returned: <reply>" },
	{ "not-delivered", blocked, true, false,
	  "Accepted, but not delivered[ to <recipient>] yet: <reply>. No connection to the recipient's server comes about: "
	  "outgoing port 25 is blocked, nearly always by the provider of this server.",
	  "Have the provider open outgoing port 25, or send through a relay (relayhost in main.cf) on port 587 or 465; then: "
	  "postqueue -f",
	  "We have your message, but cannot deliver it at present; we try again, you need not send it twice." },
	{ "not-delivered", deferred, true, false,
	  "Accepted, but not delivered[ to <recipient>] yet, Postfix tries again: <reply>",
	  "The words behind the colon are those of the recipient's server, or of Postfix's own delivery; the queue: "
	  "postqueue -p",
	  "We have your message, but cannot deliver it at present; we try again, you need not send it twice." },
	{ "limit", limit, false, false,
	  "The client reached a limit of this server: <reply>",
	  "Raise the limit (Postfix: smtpd_client_*_limit; Dovecot: mail_max_userip_connections), or have the client open "
	  "fewer connections.",
	  "Your mail program opens too many connections at once; please close other programs that use this account." },
	{ "left-at-greeting", left_at_greeting, false, false,
	  "The client connects for sending and leaves without a word: it speaks TLS from the first byte on a STARTTLS port "
	  "(587 or 25), cannot do STARTTLS, or something between (a virus scanner, a firewall) ends the connection.",
	  "In the client: STARTTLS for port 587, implicit TLS for port 465; else try another client from the same network.",
	  "In your mail program, choose STARTTLS for port 587, or SSL/TLS together with port 465." },
	{ "policy", refused_otherwise, true, false,
	  "The policy refuses it (<reason>): <sentence>.",
	  NULL,
	  "The mail server refused your message[: <reply>]." },
	{ "postfix", rejected, true, false,
	  "Postfix itself refuses it: <reply>",
	  "The restriction stands in main.cf or master.cf (postconf -n, postconf -P), or in a table that they name.",
	  "The mail server refused your message: <reply>" },
	{ "left-without-tls", left_without_tls, false, false,
	  "The client connects for sending without TLS, asks what is offered, and leaves: it wants to log in, and this server "
	  "offers no login before TLS.",
	  "In the client's settings for outgoing mail: switch on encryption, " PORTS ".",
	  "In your mail program's settings for outgoing mail, switch on encryption: " PORTS "." },
	{ "left-after-ehlo", left_with_tls_unknown, false, false,
	  "The client connects for sending, asks what is offered, and leaves. TLS not known: the log does not show whether "
	  "there was any (smtpd_tls_loglevel = 0).",
	  "Set smtpd_tls_loglevel = 1 in main.cf and have the user try again. In the client: encryption on (" PORTS "), SPA "
	  "off; look at the certificate with: mailwicket probe HOST",
	  "In your mail program's settings for outgoing mail, choose " PORTS ", and check the server's name." },
	{ "left-after-tls", left_with_tls, false, false,
	  "The client connects for sending, has TLS, asks what is offered, and leaves: it does not accept the certificate, or "
	  "wants to log in with a mechanism that is not offered (SPA).",
	  "Switch off SPA in the client; look at the certificate with: mailwicket probe HOST",
	  "In your mail program, switch off \"Secure Password Authentication (SPA)\", and check the server's name." },
	{ "tls-failed", tls_failed, false, false,
	  "The client and this server begin TLS and do not agree.",
	  "See what the server offers with: mailwicket probe HOST; update the client.",
	  "Please update your mail program, or the system it runs on." },
	{ "reading-without-tls", reading_without_tls, false, false,
	  "The client logs in to <protocol> without TLS, and is answered \"Command is not valid in this state\".",
	  "In the client: implicit TLS on port 993 (IMAP) or 995 (POP3), or STARTTLS on 143 or 110.",
	  "In your mail program's settings for incoming mail, choose SSL/TLS with port 993 (IMAP) or 995 (POP3)." },
	{ "reading-refused", reading_refused, false, false,
	  "The policy refuses to let <user> read by <protocol> (<reason>): <sentence>.",
	  NULL, "" },
	{ "login-ended", ended, false, false,
	  "Dovecot ended the login to <protocol>: <reply>",
	  "The words are Dovecot's; what they name stands in its configuration or in the user's entry of its passdb.", "" },
	{ "reading-error", session_error, false, false,
	  "<user> logs in to <protocol>, and then Dovecot fails: <reply>",
	  "See Dovecot's log at that time: most often a mail folder or a uid that is not right.", "" },
	{ "reading-password", reading_failed, false, false,
	  "The client logs in to <protocol> with a wrong password.",
	  "Enter the password again in the settings for incoming mail.",
	  "Please enter your password again in your mail program's settings for incoming mail." },
	{ "no-connection", silent, false, true,
	  "<user> reads mail from <client>, and no SMTP came from there on any submission port. If sending was tried, the "
	  "connection does not arrive: the provider blocks the port (25 nearly always), or the client has a wrong port or "
	  "server.",
	  "In the client: " PORTS ", and the same server as for reading; see from outside that the ports are open: mailwicket "
	  "probe HOST",
	  "In your mail program's settings for outgoing mail, enter " PORTS " (not port 25)." },
	{ NULL, NULL, false, false, NULL, NULL, NULL },
};

const struct cause_row mw_why_all_well = {
	"all-well", NULL, false, false,
	"All is well: <user> logs in and sends, and no later refusal was seen.",
	"Nothing; if it fails now, look again in a moment, or further back with --since.", "" };
const struct cause_row mw_why_unfinished = {
	"message-unfinished", NULL, false, false,
	"A message of <user> was begun, and the log does not show that it was accepted.",
	"Look again in a moment, or name the rest of Postfix's log: --log FILE", "" };
const struct cause_row mw_why_not_understood = {
	"not-understood", NULL, false, false,
	"Lines of SMTP have the name of <user>, and none says what happened in words that are known here.",
	"Read those lines: grep for the address in Postfix's log.", "" };
const struct cause_row mw_why_no_attempt = {
	"no-attempt", NULL, false, false,
	"Nothing was refused to <user>, and nothing was sent.",
	"Have the user try to send, and look again; or look further back with --since.", "" };
const struct cause_row mw_why_no_smtp_lines = {
	"no-smtp-lines", NULL, false, false,
	"The log has no line of Postfix's smtpd or of mailwicketd, so nothing can be said about sending.",
	"Name Postfix's log too: --log FILE", "" };
