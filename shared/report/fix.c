/* SPDX-License-Identifier: MIT */
#include "decide/identity.h"
#include "mail/address.h"
#include "report/prose.h"
#include "report/template.h"

/* <rule> is the rule with its place; <user> the directory's name for the login, else the login as it came. */
struct fix {
	enum mw_reason reason;
	enum mw_note note; /* of the step that failed; NONE: any other */
	const char *sentence;
};

#define THEN_SYNC ", and run: mailwicket sync"
#define IN_RULE "in <rule>: "

static const struct fix fixes[] = {
	{ MW_REASON_NO_CONNECTOR, MW_NOTE_NONE,
	  "Give this listener a connector: connector \"NAME\" { bindings = { \"*:<port>\" }"
	  "[ remote_ip_ranges = { \"<client>\" }] }; or widen the ranges of one that has it." },
	{ MW_REASON_DIRECTORY_UNAVAILABLE, MW_NOTE_LOGIN_AMBIGUOUS,
	  "mailwicket check names both users' lines: give one of them another login name" THEN_SYNC "." },
	{ MW_REASON_DIRECTORY_UNAVAILABLE, MW_NOTE_NONE,
	  "Publish the directory (mailwicket sync) and see that the path of directory { path = ... } can be read." },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_TOO_OLD,
	  "Update the client; or " IN_RULE "tls_min_version = \"<tls>\"." },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_TOO_WEAK,
	  "Update the client; or " IN_RULE "tls_min_bits = <bits>." },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_PROXY_NOT_NAMED,
	  "If the proxy is yours, " IN_RULE "add \"<proxy>\" to tls_proxies = { ... }." },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_NONE,
	  "Switch on STARTTLS in the client; or " IN_RULE "require_tls = no." },
	{ MW_REASON_MECHANISM_REFUSED, MW_NOTE_NONE,
	  "Choose another mechanism in the client; or " IN_RULE "add <admits> to auth_mechanism = { ... }." },
	{ MW_REASON_BASIC_WITHOUT_TLS, MW_NOTE_TLS_TOO_OLD,
	  "Update the client; or " IN_RULE "tls_min_version = \"<tls>\"." },
	{ MW_REASON_BASIC_WITHOUT_TLS, MW_NOTE_NONE,
	  "Switch on STARTTLS in the client, or TLS on port 465; to let passwords pass in clear, take "
	  "BasicAuthRequireTLS out of auth_mechanism = { ... } in <rule>." },
	{ MW_REASON_UNKNOWN_LOGIN, MW_NOTE_NONE,
	  "Correct the login name in the client; or write into the directory's source: user ADDRESS login=<login>"
	  THEN_SYNC "." },
	{ MW_REASON_NAME_BLOCKED, MW_NOTE_NONE,
	  "Correct the record in the directory's source that mailwicket lookup <'login'> names[, or that of <master>, the "
	  "master user: mailwicket lookup <'master'>]" THEN_SYNC "." },
	{ MW_REASON_NAME_BLOCKED, MW_NOTE_LOGIN_BLOCKED,
	  "Correct the record in the directory's source that mailwicket lookup <'seen_address'> names" THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_BLOCKED,
	  "Correct the record in the directory's source that mailwicket lookup <'sender'> names" THEN_SYNC "." },
	{ MW_REASON_SMTP_DISABLED, MW_NOTE_NONE,
	  "Write into the directory's source: user <user> smtp=yes" THEN_SYNC "." },
	{ MW_REASON_CLIENT_UNKNOWN, MW_NOTE_NONE,
	  "See that whatever asks for the client names its address (a proxy, XCLIENT, Dovecot's rip); or take networks= and "
	  "<service>_networks= off <refused>[ or <master>, the master user,] and its groups, in the directory's source"
	  THEN_SYNC "." },
	{ MW_REASON_NETWORK_REFUSED, MW_NOTE_NONE,
	  "Somebody outside may know the password: ask the user. If it is the user, add <client> in the directory's source "
	  "to <service>_networks= of <refused>[ or of <master>, the master user: mailwicket lookup <'master'>]; where it has "
	  "no such key, to its networks=; where it has none either, to that of one of its groups (mailwicket lookup "
	  "<'refused'>)"
	  THEN_SYNC "." },
	{ MW_REASON_SENDING_SUSPENDED, MW_NOTE_NONE,
	  "Find out why (mailwicket lookup <'refused'>), have the password changed, then: mailwicket resume <'refused'>[; or "
	  "the same of the master user: mailwicket lookup <'master'>]" },
	{ MW_REASON_LOGIN_SUSPENDED, MW_NOTE_NONE,
	  "Find out why (mailwicket lookup <'refused'>), have the password changed, then: mailwicket resume <'refused'>[; or "
	  "the same of the master user: mailwicket lookup <'master'>]" },
	{ MW_REASON_NOT_AUTHENTICATED, MW_NOTE_NONE,
	  "Switch on authentication for outgoing mail in the client; for a device that cannot, give its address a "
	  "connector of its own: connector \"NAME\" { bindings = { \"*:<port>\" } remote_ip_ranges = { \"<client>\" } "
	  "permission_groups = { AnonymousUsers } }; where <rule> is for that address alone, write it there." },
	{ MW_REASON_NO_SUBMIT, MW_NOTE_NONE,
	  "Write " IN_RULE "permission_groups = { <group> }, and no Submit in deny_permissions." },
	{ MW_REASON_INVALID_SENDER, MW_NOTE_NONE,
	  "Correct the sender's address in the client: nobody can have <sender>." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_NULL_REFUSED,
	  "Write " IN_RULE "allow_null_sender = yes." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_AUTHORITATIVE,
	  "Have the client log in; or write " IN_RULE "grant_permissions = { Accept-Authoritative-Domain-Sender }, and none "
	  "in deny_permissions." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_GRANT_ENDED,
	  "Correct the sender in the client; or in the directory's source, give the grant a later until=, or write: grant "
	  "send-as <sender> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_GRANT_ENDED,
	  "Correct the field in the client; or in the directory's source, give the grant on <seen_address> a later "
	  "until=" THEN_SYNC "." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_GRANT_ENDED,
	  "Correct From in the client; or in the directory's source, give the grant on <seen_address> a later until=" THEN_SYNC
	  "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_RECEIVE_ONLY,
	  "Correct the sender in the client; or in the directory's source, in the line of user <user>, move <sender> from "
	  "receive= to address=; or write there: grant send-as <sender> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_BLOCKED,
	  "Correct the record in the directory's source that mailwicket lookup <'seen_address'> names" THEN_SYNC "." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_BLOCKED,
	  "Correct the record in the directory's source that mailwicket lookup <'seen_address'> names" THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_RECEIVE_ONLY,
	  "Correct the field in the client; or in the directory's source, in the line of user <user>, move <seen_address> "
	  "from receive= to address=; or write there: grant send-as <seen_address> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_RECEIVE_ONLY,
	  "Correct From in the client; or in the directory's source, in the line of user <user>, move <seen_address> from "
	  "receive= to address=; or write there: grant send-as <seen_address> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_NO_GRANT,
	  "Correct the sender in the client; or write into the directory's source: grant send-as <sender> <user>"
	  THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_NONE,
	  "Correct the sender in the client; or write into the directory's source: grant send-as <sender> <user>"
	  THEN_SYNC " (where mailwicket lookup <'sender'> says that the name is blocked, correct the record that it names "
	  "instead)." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_SENDER_NO_GRANT,
	  "Correct Sender in the client; or write into the directory's source: grant send-as <seen_address> <user>"
	  THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_RESENT_NO_GRANT,
	  "Correct Resent-From in the client; or write into the directory's source: grant send-as <seen_address> <user>"
	  THEN_SYNC "." },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_HEADER_AUTHORITATIVE,
	  "Have the client log in; or " IN_RULE "header_from = off." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_NEEDS_SENDER,
	  "Have the client write Sender: <user>; or " IN_RULE "add_sender = yes; or write into the directory's source: grant "
	  "send-as <seen_address> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_SENDER_SIGNED,
	  "Sign without sender in h=; or have the client write Sender: <user>; or write into the directory's source: grant "
	  "send-as <seen_address> <user>" THEN_SYNC "." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_HEADER_NAME,
	  "Take the address out of the name in the client; or " IN_RULE "display_name = any." },
	{ MW_REASON_SEND_ON_BEHALF_DENIED, MW_NOTE_NONE,
	  "Correct From in the client; or write into the directory's source: grant send-on-behalf <seen_address> <user> "
	  "(From is the other's, Sender the user's), or grant send-as <seen_address> <user>" THEN_SYNC
	  "[ (where mailwicket lookup <'untold'> says that the name is blocked, correct the record that it names instead)]"
	  ". A message that is sent on as it is (bounced) needs Resent-From, and " IN_RULE "allow_resend = yes." },
	{ MW_REASON_FROM_INVALID, MW_NOTE_HEADER_NAME_UNREAD,
	  "Write the name in UTF-8 in the client; or " IN_RULE "display_name = any." },
	{ MW_REASON_FROM_INVALID, MW_NOTE_NONE,
	  "Have the client or script write the field as RFC 5322 has it: From: \"Name\" <user@example.org>, a name with "
	  "special characters in quotes." },
	{ MW_REASON_FROM_AMBIGUOUS, MW_NOTE_HEADER_SEVERAL,
	  "Have the client write who of them sends it: Sender: <user>." },
	{ MW_REASON_FROM_AMBIGUOUS, MW_NOTE_NONE,
	  "Have the client or script write the field once." },
	{ MW_REASON_INVALID_RECIPIENT, MW_NOTE_NONE,
	  "Correct the recipient's address: nobody can have <recipient>." },
	{ MW_REASON_RELAY_DENIED, MW_NOTE_RELAY_OFF,
	  "Write into the directory's source: user <user> relay=yes" THEN_SYNC "." },
	{ MW_REASON_RELAY_DENIED, MW_NOTE_NONE,
	  "A user has to log in; for a domain that is yours: accepted_domain \"<domain>\" { type = Authoritative }; for a "
	  "device that may send anywhere, in a connector for its address alone: "
	  "grant_permissions = { Accept-Any-Recipient }." },
	{ MW_REASON_RECIPIENT_RESTRICTED, MW_NOTE_RESTRICTION_DENIED,
	  "Take[ <denied>] out of the senders_denied= of <recipient> in the directory's source" THEN_SYNC "." },
	{ MW_REASON_RECIPIENT_RESTRICTED, MW_NOTE_RESTRICTION_REFUSED,
	  "Write into the directory's source, for <recipient>: senders=anyone, or senders=...[,<user>]" THEN_SYNC "." },
	{ MW_REASON_RECIPIENT_RESTRICTED, MW_NOTE_NONE,
	  "See mailwicket lookup <'recipient'>: in the directory's source, for <recipient>, senders_denied= must not name "
	  "[<user> or ]a group of the user's, and senders= has to admit[ <user>] (senders=anyone, or senders=...[,<user>])"
	  THEN_SYNC "." },
	{ MW_REASON_NO_TRANSACTION, MW_NOTE_NONE,
	  "Nothing: the client has to begin a new session. Postfix 3.10.13 and later ask no such question." },
	{ MW_REASON_TOO_MANY_RECIPIENTS, MW_NOTE_NONE,
	  "Split the message; or " IN_RULE "max_recipients_per_message = <seen>[, or for the user alone, in the directory's "
	  "source: user <user> max_recipients=<seen>]." },
	{ MW_REASON_TOO_MANY_RECIPIENTS, MW_NOTE_OVER_USER_LIMIT,
	  "Split the message; or write into the directory's source: user <user> max_recipients=<seen>" THEN_SYNC "." },
	{ MW_REASON_TOO_BIG, MW_NOTE_NONE,
	  "Send less; or " IN_RULE "max_message_size = \"<seen>\"[, or for the user alone, in the directory's source: user "
	  "<user> max_message_size=<seen>]. Postfix's message_size_limit must allow it too." },
	{ MW_REASON_TOO_BIG, MW_NOTE_OVER_USER_LIMIT,
	  "Send less; or write into the directory's source: user <user> max_message_size=<seen>" THEN_SYNC ". Postfix's "
	  "message_size_limit must allow it too." },
	{ MW_REASON_LOGIN_WITHOUT_TLS, MW_NOTE_TLS_TOO_OLD,
	  "Update the client; or " IN_RULE "tls_min_version = \"<tls>\"." },
	{ MW_REASON_LOGIN_WITHOUT_TLS, MW_NOTE_TLS_TOO_WEAK,
	  "Update the client; or " IN_RULE "tls_min_bits = <bits>." },
	{ MW_REASON_LOGIN_WITHOUT_TLS, MW_NOTE_TLS_PROXY_NOT_NAMED,
	  "If the proxy is yours, " IN_RULE "add \"<proxy>\" to tls_proxies = { ... }." },
	{ MW_REASON_LOGIN_WITHOUT_TLS, MW_NOTE_NONE,
	  "Switch on TLS in the client (STARTTLS, or the TLS port); for a network that may do without: login \"NAME\" { "
	  "protocols = { <protocol> }[ remote = { \"<client>\" }] login_type = <login_type> }; where <rule> is for that "
	  "network alone, write the login_type there." },
	{ MW_REASON_SERVICE_DISABLED, MW_NOTE_NONE,
	  "Write into the directory's source: user <user> <service>=yes" THEN_SYNC "." },
	{ MW_REASON_MASTER_REFUSED, MW_NOTE_NONE,
	  "Master users submit mail only where the policy says: master_users_submit = yes." },
	{ MW_REASON_POLICY_UNREADABLE, MW_NOTE_NONE,
	  "Correct what this names: mailwicket check; then run: doveadm reload." },
};

/* Several connectors could be meant: a change that is right for one may open another. */
static const struct fix for_the_client[] = {
	{ MW_REASON_MECHANISM_REFUSED, MW_NOTE_NONE,
	  "Choose the port for users (587 or 465) or another mechanism in the client: the connector the client used does not "
	  "admit this one." },
	{ MW_REASON_BASIC_WITHOUT_TLS, MW_NOTE_TLS_TOO_OLD,
	  "Update the client: the TLS it speaks is too old for the connector the client used." },
	{ MW_REASON_BASIC_WITHOUT_TLS, MW_NOTE_NONE,
	  "Switch on STARTTLS in the client, or TLS on port 465: the connector the client used admits passwords over TLS "
	  "only." },
};

/* Of a session that has logged in. */
static const struct fix for_users[] = {
	{ MW_REASON_RELAY_DENIED, MW_NOTE_RECIPIENT_RELAY,
	  "Write " IN_RULE "permission_groups = { ExchangeUsers }, and no Accept-Any-Recipient in deny_permissions; for a "
	  "domain that is yours: accepted_domain \"<domain>\" { type = Authoritative }." },
};

static const struct fix *find_in(const struct fix *table, size_t count, enum mw_reason reason, enum mw_note note)
{
	const struct fix *any = NULL;

	for (size_t i = 0; i < count; i++) {
		if (table[i].reason != reason)
			continue;
		if (table[i].note == note)
			return &table[i];
		if (table[i].note == MW_NOTE_NONE)
			any = &table[i];
	}
	return any;
}

static const struct fix *find(const struct mw_facts *facts, const struct mw_verdict *verdict, enum mw_note note)
{
	const struct fix *found = NULL;

	if (!mw_str_empty(facts->login))
		found = find_in(for_users, sizeof(for_users) / sizeof(for_users[0]), verdict->reason, note);
	if (verdict->listener_unknown)
		found = find_in(for_the_client, sizeof(for_the_client) / sizeof(for_the_client[0]), verdict->reason, note);
	return found != NULL ? found : find_in(fixes, sizeof(fixes) / sizeof(fixes[0]), verdict->reason, note);
}

/* Memory for the values of a sentence. */
struct texts {
	char client[64], port[8], bits[16], proxy[64], seen[32], rule[512], domain[MW_DOMAIN_MAX + 1];
	char sender[MW_ADDRESS_MAX + 2], recipient[MW_ADDRESS_MAX + 2], seen_address[MW_ADDRESS_MAX + 2];
};

/* An address as the directory's source has to write it: at the accepted domain of a local name, with default_domain. */
static struct mw_str as_judged(const struct mw_policy *policy, struct mw_str text, char memory[MW_ADDRESS_MAX + 2])
{
	struct mw_buf out = mw_buf_over(memory, MW_ADDRESS_MAX + 2);
	const struct mw_accepted_domain *stands_for;
	struct mw_address address;

	if (policy == NULL || mw_str_empty(text))
		return text;
	mw_identity_address(policy, text, &address, &stands_for);
	if (!mw_address_has_domain(&address) || (stands_for == NULL && mw_str_find(text, '@') < text.len))
		return text;
	mw_buf_add(&out, address.whole);
	return mw_buf_str(&out);
}

static struct mw_str print_ip(const struct mw_ip *ip, char *memory, size_t size)
{
	struct mw_buf out = mw_buf_over(memory, size);

	if (ip->family != MW_FAMILY_UNKNOWN)
		mw_ip_print(ip, &out);
	return mw_buf_str(&out);
}

static struct mw_str print_number(uint64_t number, char *memory, size_t size)
{
	struct mw_buf out = mw_buf_over(memory, size);

	mw_buf_add_number(&out, number);
	return mw_buf_str(&out);
}

static struct mw_str print_rule(const struct mw_verdict *verdict, char *memory, size_t size)
{
	struct mw_buf out = mw_buf_over(memory, size);
	struct mw_str name = mw_verdict_rule_name(verdict);
	struct mw_place place = mw_verdict_rule_place(verdict);

	if (verdict->connector == NULL && verdict->login_rule == NULL)
		return MW_STR("the policy file");
	mw_buf_printf(&out, "%s \"%.*s\"", verdict->connector != NULL ? "connector" : "login", MW_STR_ARG(name));
	if (place.line > 0)
		mw_buf_printf(&out, " (%s:%u)", place.file, place.line);
	else
		mw_buf_add_text(&out, " (built in; mailwicket show prints it)");
	return mw_buf_str(&out);
}

static struct mw_str print_seen(const struct mw_step *failed, char *memory, size_t size)
{
	struct mw_buf out = mw_buf_over(memory, size);

	if (failed == NULL)
		return MW_STR_EMPTY;
	if (failed->check == MW_CHECK_SIZE)
		mw_print_size(failed->number, &out);
	else
		mw_print_limit(failed->number, &out);
	return mw_buf_str(&out);
}

static struct mw_str recipient_domain(const struct mw_facts *facts, char memory[MW_DOMAIN_MAX + 1])
{
	struct mw_str domain = facts->etrn_domain;
	size_t at = mw_str_find_last(facts->recipient, '@');
	size_t len;

	if (at < facts->recipient.len)
		domain = mw_str_tail(facts->recipient, at + 1);
	return mw_domain_canonical(domain, memory, &len) ? (struct mw_str){ memory, len } : MW_STR("DOMAIN");
}

static const char *admits(struct mw_str mechanism)
{
	switch (mw_mechanism_class(mechanism)) {
	case MW_MECHANISM_BASIC:
	case MW_MECHANISM_BEARER:
		return "BasicAuth";
	case MW_MECHANISM_INTEGRATED:
	case MW_MECHANISM_CHALLENGE:
		return "Integrated";
	case MW_MECHANISM_EXTERNAL:
		return "Tls (with a verified client certificate)";
	}
	return "BasicAuth";
}

static const char *laxer_login_type(struct mw_str mechanism)
{
	return mw_mechanism_shows_secret(mechanism) ? "PlainTextLogin" : "PlainTextAuthentication";
}

static struct mw_str user_name(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	const struct mw_step *step = mw_trace_step(&verdict->trace, MW_CHECK_LOGIN);

	if (step != NULL && (step->note == MW_NOTE_LOGIN_KNOWN || step->note == MW_NOTE_LOGIN_UNLISTED) &&
	    !mw_str_empty(step->other))
		return step->other;
	return facts->login;
}

/* The user, or the master user who acts as the user. */
static struct mw_str refused_name(const struct mw_facts *facts, const struct mw_verdict *verdict,
				  const struct mw_step *failed)
{
	return failed != NULL && !mw_str_empty(failed->other) ? failed->other : user_name(facts, verdict);
}

static struct mw_str service_name(const struct mw_facts *facts)
{
	enum mw_protocol protocol = facts->endpoints.protocol;

	return mw_str(mw_table_word(mw_protocols, protocol == MW_PROTOCOL_SUBMISSION ? MW_PROTOCOL_SMTP : protocol));
}

static void set_facts(struct mw_template_values *values, const struct mw_policy *policy, const struct mw_facts *facts,
		      struct texts *texts)
{
	mw_template_set(values, "client", print_ip(&facts->endpoints.remote_ip, texts->client, sizeof(texts->client)));
	mw_template_set(values, "port", print_number(facts->endpoints.local_port, texts->port, sizeof(texts->port)));
	mw_template_set(values, "protocol", mw_str(mw_table_word(mw_protocols, facts->endpoints.protocol)));
	mw_template_set(values, "tls", facts->tls.version);
	mw_template_set(values, "bits", print_number(facts->tls.bits, texts->bits, sizeof(texts->bits)));
	mw_template_set(values, "proxy", print_ip(&facts->tls.proxy, texts->proxy, sizeof(texts->proxy)));
	mw_template_set(values, "login", facts->login);
	mw_template_set(values, "sender", as_judged(policy, facts->sender, texts->sender));
	mw_template_set(values, "recipient", as_judged(policy, facts->recipient, texts->recipient));
	mw_template_set(values, "domain", recipient_domain(facts, texts->domain));
	mw_template_set(values, "admits", mw_str(admits(facts->mechanism)));
	mw_template_set(values, "login_type", mw_str(laxer_login_type(facts->mechanism)));
	mw_template_set(values, "service", service_name(facts));
	mw_template_set(values, "group", mw_str(mw_str_empty(facts->login) ? "AnonymousUsers" : "ExchangeUsers"));
}

/* The name that the step is about; a login is none. */
static struct mw_str seen_name(const struct mw_policy *policy, const struct mw_step *failed, struct texts *texts)
{
	if (failed == NULL)
		return MW_STR_EMPTY;
	return failed->check == MW_CHECK_LOGIN ? failed->value : as_judged(policy, failed->value, texts->seen_address);
}

void mw_prose_fix(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict,
		  struct mw_buf *out)
{
	const struct mw_step *failed = mw_verdict_step(verdict);
	const struct fix *fix = find(facts, verdict, failed != NULL ? failed->note : MW_NOTE_NONE);
	struct mw_template_values values = { .count = 0 };
	struct texts texts;

	if (verdict->outcome == MW_PERMIT || fix == NULL)
		return;
	set_facts(&values, policy, facts, &texts);
	mw_template_set(&values, "user", user_name(facts, verdict));
	mw_template_set(&values, "refused", refused_name(facts, verdict, failed));
	mw_template_set(&values, "seen_address", seen_name(policy, failed, &texts));
	/* A log does not tell which of two it was about. */
	mw_template_set(&values, "master", failed == NULL ? facts->master : MW_STR_EMPTY);
	mw_template_set(&values, "untold", failed != NULL && mw_str_equal(failed->other, MW_STR_EMPTY) ? failed->value
												       : MW_STR_EMPTY);
	mw_template_set(&values, "denied", failed != NULL ? failed->other : MW_STR_EMPTY);
	mw_template_set(&values, "rule", print_rule(verdict, texts.rule, sizeof(texts.rule)));
	mw_template_set(&values, "seen", print_seen(failed, texts.seen, sizeof(texts.seen)));
	mw_template_write(fix->sentence, &values, out);
}
