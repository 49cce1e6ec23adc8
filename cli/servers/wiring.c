/* SPDX-License-Identifier: MIT */
#include "servers/wiring.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/units.h"
#include "policy/audit.h"
#include "policy/read.h"
#include "postfix/facts.h"
#include "servers/postfix_file.h"

#define POSTFIX_MAILBOX_SIZE_LIMIT 51200000 /* of local(8) and virtual(8) */
#define SETTINGS_AT_MOST 24
#define MAIN_CF_VERSION MW_TLS_1_2 /* where TLS is required and no connector asks for more */

/* --- listeners */

static bool is_audited(const struct mw_connector *connector)
{
	return mw_enforcement_mode(&connector->enforcement, mw_clock_today()) == MW_MODE_AUDIT;
}

static void add_connector(struct mw_wiring_listener *listener, const struct mw_connector *connector)
{
	bool basic = (connector->auth_mechanism & MW_AUTH_BASIC) != 0;
	bool integrated = (connector->auth_mechanism & MW_AUTH_INTEGRATED) != 0;
	bool users = (connector->permission_groups & MW_EXCHANGE_USERS) != 0;
	bool without_tls = (basic || integrated) && !connector->require_tls &&
			   (connector->auth_mechanism & MW_AUTH_BASIC_REQUIRE_TLS) == 0;

	if (!listener->connected)
		listener->connector = connector->name;
	listener->sasl |= users && (basic || integrated);
	listener->auth_without_tls |= users && without_tls;
	listener->tls |= (connector->auth_mechanism & MW_AUTH_TLS) != 0;
	listener->tls_required = (!listener->connected || listener->tls_required) && connector->require_tls;
	if (!listener->connected || mw_wiring_version_of(connector) < listener->version)
		listener->version = mw_wiring_version_of(connector);
	listener->strangers |= mw_wiring_admits_strangers(connector);
	listener->audits |= is_audited(connector);
	listener->ask_certificate |= connector->partner_certificates.count > 0;
	listener->headers |= connector->header_from == MW_HEADER_FROM_CHECK;
	mw_wiring_recipients_add(&listener->recipients, mw_wiring_recipients_of(connector));
	if (connector->sasl_services.count > 0 && listener->sasl_services.count == 0)
		listener->sasl_services = connector->sasl_services;
	listener->connected = true;
}

bool mw_wiring_same_binding(const struct mw_binding *a, const struct mw_binding *b)
{
	return a->kind == b->kind && a->port == b->port && (a->kind != MW_BINDING_ADDRESS || mw_ip_equal(&a->ip, &b->ip));
}

static struct mw_wiring_listener listener_of(const struct mw_policy *policy, const struct mw_binding *binding,
					     bool (*meets)(const struct mw_binding *a, const struct mw_binding *b))
{
	struct mw_wiring_listener listener = { .binding = *binding, .wrapper = binding->port == 465 };

	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];
		bool met = false;

		for (size_t k = 0; k < connector->bindings.count && connector->enabled; k++)
			met |= meets(&connector->bindings.items[k], binding);
		if (met)
			add_connector(&listener, connector);
	}
	listener.headers &= policy->milter.listen.count > 0;
	return listener;
}

struct mw_wiring_listener mw_wiring_listener_of(const struct mw_policy *policy, const struct mw_binding *binding)
{
	return listener_of(policy, binding, mw_binding_overlaps);
}

static bool is_listed(const struct mw_wiring *wiring, const struct mw_binding *binding)
{
	for (size_t i = 0; i < wiring->listener_count; i++) {
		if (mw_wiring_same_binding(&wiring->listeners[i].binding, binding))
			return true;
	}
	return false;
}

static void list_listeners(struct mw_wiring *wiring)
{
	const struct mw_policy *policy = wiring->policy;
	size_t most = 0;

	for (size_t i = 0; i < policy->connector_count; i++)
		most += policy->connectors[i].bindings.count;
	wiring->listeners = MW_ARENA_ARRAY(wiring->arena, struct mw_wiring_listener, most);
	for (size_t i = 0; i < policy->connector_count && wiring->listeners != NULL; i++) {
		const struct mw_bindings *bindings = &policy->connectors[i].bindings;

		for (size_t k = 0; k < bindings->count && policy->connectors[i].enabled; k++) {
			if (!is_listed(wiring, &bindings->items[k]))
				wiring->listeners[wiring->listener_count++] =
					listener_of(policy, &bindings->items[k], mw_wiring_same_binding);
		}
	}
}

/* The words of /etc/services, as Debian's master.cf has them. */
static void add_service_name(uint16_t port, struct mw_buf *out)
{
	if (port == 25)
		mw_buf_add_text(out, "smtp");
	else if (port == 465)
		mw_buf_add_text(out, "submissions");
	else if (port == 587)
		mw_buf_add_text(out, "submission");
	else
		mw_buf_add_number(out, port);
}

void mw_wiring_endpoint(const struct mw_binding *binding, struct mw_buf *out)
{
	if (binding->kind == MW_BINDING_ANY_IPV4) {
		mw_buf_printf(out, "0.0.0.0:%u", binding->port);
	} else if (binding->kind == MW_BINDING_ANY_IPV6) {
		mw_buf_printf(out, "[::]:%u", binding->port);
	} else if (binding->kind == MW_BINDING_ADDRESS) {
		mw_binding_print(binding, out);
	} else {
		add_service_name(binding->port, out);
	}
}

/* --- settings */

static struct mw_strs one_value(struct mw_arena *arena, const char *text)
{
	struct mw_str *item = MW_ARENA_NEW(arena, struct mw_str);

	if (item == NULL)
		return (struct mw_strs){ 0 };
	*item = mw_str(text);
	return (struct mw_strs){ item, 1 };
}

struct mw_wiring_recipients mw_wiring_recipients(const struct mw_wiring *wiring,
						 const struct mw_wiring_listener *listener)
{
	struct mw_wiring_recipients recipients = listener->recipients;

	mw_wiring_recipients_add(&recipients, listener->sasl ? wiring->users.recipients : 0);
	/* A larger one may be some user's. */
	recipients.unlimited |= listener->sasl && !wiring->users.known;
	return recipients;
}

enum mw_tls_version mw_wiring_listener_version(const struct mw_wiring_listener *listener)
{
	bool tls = listener->tls || listener->tls_required || listener->wrapper;

	return listener->strangers || !tls ? MW_TLS_NONE : listener->version;
}

bool mw_wiring_does(const struct mw_wiring_setting *setting, struct mw_str value)
{
	uint64_t have, needed;

	if (mw_str_equal_nocase(value, setting->value.items[0]))
		return true;
	if (setting->version != MW_TLS_NONE)
		return mw_wiring_protocols_reach(value, setting->version);
	if (strcmp(setting->name, MW_WIRING_EHLO) == 0)
		return mw_wiring_discards_chunking(value);
	if (setting->is_level)
		return mw_parse_number(value, &have) && mw_parse_number(setting->value.items[0], &needed) && have >= needed;
	return setting->at_least && mw_parse_number(value, &have) && mw_parse_number(setting->value.items[0], &needed) &&
	       (have == 0 || (needed != 0 && have >= needed));
}

/* "postfix/$service_name" in main.cf, whose last part postconf leaves empty, names every listener by itself. */
static bool names_services(struct mw_str all)
{
	return mw_str_ends_with(all, MW_STR("/"));
}

bool mw_wiring_names_listener(struct mw_str name, struct mw_str all)
{
	return names_services(all) || (!mw_str_empty(name) && !mw_str_equal(name, all));
}

/* What the log calls a listener's smtpd. Port 25 keeps the name that log readers expect; without an address: a colon
   would end the program's name for syslog. */
const char *mw_wiring_syslog_name(const struct mw_wiring *wiring, const struct mw_binding *binding)
{
	struct mw_str all = mw_str_empty(wiring->syslog_name) ? MW_STR("postfix") : wiring->syslog_name;
	char name[16];
	struct mw_buf out = MW_BUF_OVER(name);

	if (binding->port == 25 || names_services(all))
		return NULL;
	add_service_name(binding->port, &out);
	return mw_arena_textf(wiring->arena, "%.*s/%s", MW_STR_ARG(all), name);
}

/* An option would take the place of main.cf's list: what is as good there goes on. */
static struct mw_wiring_setting protocols_option(const struct mw_wiring *wiring, enum mw_tls_version version,
						 bool required)
{
	struct mw_wiring_setting setting = { .name = mw_wiring_protocols_name(required), .version = version };
	struct mw_str list = required ? wiring->mandatory_protocols : wiring->protocols;
	char text[256];
	struct mw_buf out = MW_BUF_OVER(text);

	setting.value = one_value(wiring->arena, mw_wiring_protocols_value(version));
	if (mw_str_empty(list) || !mw_wiring_protocols_reach(list, version))
		return setting;
	mw_wiring_protocols_compact(list, &out);
	if (!out.truncated)
		setting.value = one_value(wiring->arena, mw_arena_text(wiring->arena, mw_buf_str(&out)));
	return setting;
}

size_t mw_wiring_options(const struct mw_wiring *wiring, const struct mw_wiring_listener *listener,
			 struct mw_wiring_setting options_r[MW_WIRING_OPTIONS])
{
	bool required = listener->tls_required || listener->wrapper;
	const char *level = required ? "encrypt" : listener->tls ? "may" : "none";
	struct mw_wiring_recipients recipients = mw_wiring_recipients(wiring, listener);
	enum mw_tls_version version = mw_wiring_listener_version(listener);
	const char *name = mw_wiring_syslog_name(wiring, &listener->binding);
	size_t count = 0;

#define OPTION(setting, text) \
	options_r[count++] = (struct mw_wiring_setting){ .name = (setting), .value = one_value(wiring->arena, (text)) }
	if (name != NULL)
		OPTION("syslog_name", name);
	OPTION("smtpd_tls_security_level", level);
	if (listener->wrapper)
		OPTION("smtpd_tls_wrappermode", "yes");
	if (version != MW_TLS_NONE)
		options_r[count++] = protocols_option(wiring, version, required);
	/* Somebody may make TLS required there, from the start or not: then the other list counts, and main.cf's is lower. */
	if (version > MAIN_CF_VERSION && !required)
		options_r[count++] = protocols_option(wiring, version, true);
	OPTION("smtpd_sasl_auth_enable", listener->sasl ? "yes" : "no");
	OPTION("smtpd_tls_auth_only", listener->auth_without_tls ? "no" : "yes");
	if (listener->sasl_services.count > 0)
		OPTION("smtpd_sasl_service", mw_arena_text(wiring->arena, listener->sasl_services.items[0]));
	if (listener->ask_certificate) {
		OPTION("smtpd_tls_ask_ccert", "yes");
		OPTION("smtpd_tls_fingerprint_digest", "sha256");
	}
	OPTION("smtpd_recipient_limit", mw_arena_textf(wiring->arena, "%llu", (unsigned long long)recipients.most));
	options_r[count - 1].at_least = recipients.unlimited;
	if (listener->headers)
		OPTION(MW_WIRING_MILTERS, wiring->milter);
#undef OPTION
	return count;
}

/* smtpd runs in a chroot in Postfix's queue directory: a socket below it is named from there. */
static const char *hook_of(const struct mw_wiring *wiring, const struct mw_strs *listen)
{
	struct mw_str below = mw_str(mw_arena_textf(wiring->arena, "unix:%s/", wiring->queue_directory));

	for (size_t i = 0; i < listen->count; i++) {
		if (mw_str_starts_with(listen->items[i], below))
			return mw_arena_textf(wiring->arena, "unix:%.*s",
					      MW_STR_ARG(mw_str_tail(listen->items[i], below.len)));
	}
	return listen->count > 0 ? mw_arena_text(wiring->arena, listen->items[listen->count - 1]) : "";
}

/* The first, so that what a signer behind it signs is what was judged. content_timeout is 300 s by Postfix's default: a
   mailwicketd that hangs would hold each client as long. */
static const char *milter_of(const struct mw_wiring *wiring)
{
	const struct mw_strs *listen = &wiring->policy->milter.listen;

	if (listen->count == 0)
		return NULL;
	return mw_arena_textf(wiring->arena, "{ %s, protocol=6, content_timeout=30s, default_action=%s }",
			      hook_of(wiring, listen), wiring->harmless ? MW_WIRING_AUDIT_MILTER_ACTION : MW_WIRING_MILTER_ACTION);
}

static bool audits(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled && is_audited(&policy->connectors[i]))
			return true;
	}
	return false;
}

static struct mw_wiring_setting *add(struct mw_wiring *wiring, const char *comment, const char *name, const char *value)
{
	struct mw_wiring_setting *setting = &wiring->settings[wiring->setting_count++];

	*setting = (struct mw_wiring_setting){ .comment = comment, .name = name,
					       .value = one_value(wiring->arena, value) };
	return setting;
}

/* context: "" for none; action: what it does without an answer, "": the usual. While every rule is in audit mode it
   lets mail through then, and the context says so to mailwicketd, which complains once a rule is enforced. */
static const char *question(const struct mw_wiring *wiring, const char *context, const char *action)
{
	const char *is = context[0] != '\0' ? ", policy_context=" : "";

	if (wiring->harmless)
		return mw_arena_textf(wiring->arena, "check_policy_service { %s, policy_context=" MW_AUDIT_CONTEXT
				      "%s%s, timeout=10s, default_action=" MW_WIRING_AUDIT_ACTION " }", wiring->hook,
				      context[0] != '\0' ? "-" : "", context);
	return mw_arena_textf(wiring->arena, "check_policy_service { %s%s%s, timeout=10s%s }", wiring->hook, is, context,
			      action);
}

static void add_relay_restrictions(struct mw_wiring *wiring)
{
	struct mw_wiring_setting *setting =
		add(wiring, wiring->audits ? "a connector is in audit mode and refuses nothing: the two permits keep today's\n"
					     "relaying; take them out when it is enforced\n" : NULL,
		    "smtpd_relay_restrictions", "");
	struct mw_str *items = MW_ARENA_ARRAY(wiring->arena, struct mw_str, 4);

	if (items == NULL)
		return;
	setting->value = (struct mw_strs){ items, 0 };
	items[setting->value.count++] = mw_str(question(wiring, "relay", ""));
	if (wiring->audits) {
		items[setting->value.count++] = MW_STR("permit_mynetworks");
		items[setting->value.count++] = MW_STR("permit_sasl_authenticated");
	}
	items[setting->value.count++] = MW_STR("reject_unauth_destination");
}

/* It is not what holds the policy: the relay question judges the sender too. */
static void add_sender_restrictions(struct mw_wiring *wiring)
{
	add(wiring, "about the sender only, so that a mail program reads \"Sender address rejected\" and names that address\n",
	    MW_WIRING_SENDER, question(wiring, "sender", ""));
}

static void add_sizes(struct mw_wiring *wiring)
{
	uint64_t size = mw_wiring_largest_size(wiring->policy, &wiring->users);

	add(wiring, "at least the largest max_message_size of a connector or user, which mailwicketd enforces\n",
	    "message_size_limit",
	    mw_arena_textf(wiring->arena, "%llu", size == MW_UNLIMITED ? 0ULL : (unsigned long long)size))->at_least = true;
	if (size > POSTFIX_MAILBOX_SIZE_LIMIT)
		add(wiring, "its default is smaller, and Postfix delivers nothing then\n", "mailbox_size_limit", "0")
			->at_least = true;
	if (size > POSTFIX_MAILBOX_SIZE_LIMIT)
		add(wiring, NULL, "virtual_mailbox_limit", "0")->at_least = true;
}

/* What Postfix takes today in another form, and would not then: not while nothing is enforced. */
static void add_forms(struct mw_wiring *wiring)
{
	add(wiring, "addresses are passed on as they were judged: ceo@cs stays at cs, and does not move to cs.example.org\n",
	    "append_dot_mydomain", "no");
	add(wiring, "a second message smuggled into the first would be judged as nobody's\n", "smtpd_forbid_bare_newline",
	    "yes");
}

static void list_settings(struct mw_wiring *wiring)
{
	struct mw_str delimiter = wiring->policy->recipient_delimiter;

	wiring->settings = MW_ARENA_ARRAY(wiring->arena, struct mw_wiring_setting, SETTINGS_AT_MOST);
	if (wiring->settings == NULL)
		return;
	add(wiring, "the questions: first in their lists, so that nothing is permitted before Mailwicket was asked\n",
	    "smtpd_delay_reject", "yes");
	add_sender_restrictions(wiring);
	add_relay_restrictions(wiring);
	add(wiring, NULL, "smtpd_end_of_data_restrictions",
	    question(wiring, "", ", { default_action = " MW_WIRING_LAST_ACTION " }"));
	add(wiring, wiring->harmless
		    ? "every rule is in audit mode: while mailwicketd is away its questions, but no others, let mail through\n"
		    : "mailwicketd away: defer, never permit; at the end of data with 421, which ends the session: after any\n"
		      "other code there a client that continues kills its smtpd\n", "smtpd_policy_service_default_action",
	    MW_WIRING_ACTION);
	add(wiring, NULL, "smtpd_policy_service_max_idle", "300s");
	add(wiring, "Dovecot checks passwords\n", "smtpd_sasl_type", "dovecot");
	add(wiring, NULL, "smtpd_sasl_path", "private/auth");
	add(wiring, NULL, "smtpd_sasl_security_options", "noanonymous");
	if (!wiring->harmless)
		add_forms(wiring);
	add(wiring, NULL, mw_wiring_protocols_name(true), mw_wiring_protocols_value(MAIN_CF_VERSION))->version =
		MAIN_CF_VERSION;
	add(wiring, "`mailwicket why` reads in the log whether a client had TLS\n", MW_WIRING_TLS_LOG, "1")->is_level = true;
	if (!mw_str_empty(delimiter))
		add(wiring, "a character that Postfix has more of belongs into the policy too; without it here, mail would bounce\n",
		    "recipient_delimiter", mw_arena_text(wiring->arena, delimiter));
	add_sizes(wiring);
	/* The last one: mw_wiring_for_version(). */
	add(wiring, "Postfix before 3.7.22, 3.8.20, 3.9.14, 3.10.13 and 3.11.6: with BDAT a client can kill smtpd,\n"
		    "and master closes the port for a minute; clients use DATA instead\n", MW_WIRING_EHLO, MW_WIRING_EHLO_VALUE);
}

struct mw_wiring *mw_wiring_new(const struct mw_policy *policy, const char *queue_directory)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_wiring *wiring = arena != NULL ? MW_ARENA_NEW(arena, struct mw_wiring) : NULL;

	if (wiring == NULL) {
		mw_arena_free(arena);
		return NULL;
	}
	*wiring = (struct mw_wiring){ .arena = arena, .policy = policy, .queue_directory = queue_directory,
				      .users = mw_wiring_users(policy), .audits = audits(policy),
				      .harmless = mw_policy_audits(policy, mw_clock_today()) };
	wiring->hook = hook_of(wiring, &policy->policy_service.listen);
	wiring->milter = milter_of(wiring);
	list_settings(wiring);
	list_listeners(wiring);
	if (!mw_arena_failed(arena))
		return wiring;
	mw_arena_free(arena);
	return NULL;
}

void mw_wiring_free(struct mw_wiring *wiring)
{
	if (wiring != NULL)
		mw_arena_free(wiring->arena);
}

const struct mw_wiring_setting *mw_wiring_setting(const struct mw_wiring *wiring, const char *name)
{
	for (size_t i = 0; i < wiring->setting_count; i++) {
		if (strcmp(wiring->settings[i].name, name) == 0)
			return &wiring->settings[i];
	}
	return NULL;
}

void mw_wiring_line(const struct mw_wiring_setting *setting, struct mw_buf *out)
{
	mw_buf_printf(out, "%s =", setting->name);
	for (size_t i = 0; i < setting->value.count; i++)
		mw_buf_printf(out, "%s %.*s", i > 0 ? "," : "", MW_STR_ARG(setting->value.items[i]));
}

void mw_wiring_setting_print(const struct mw_wiring_setting *setting, struct mw_buf *out)
{
	if (setting->value.count <= 1) {
		mw_wiring_line(setting, out);
	} else {
		mw_buf_printf(out, "%s =", setting->name);
		for (size_t i = 0; i < setting->value.count; i++)
			mw_buf_printf(out, "%s\n    %.*s", i > 0 ? "," : "", MW_STR_ARG(setting->value.items[i]));
	}
	mw_buf_add_char(out, '\n');
}

void mw_wiring_option_print(const struct mw_wiring_setting *setting, struct mw_buf *out)
{
	struct mw_str value = setting->value.items[0];

	mw_buf_printf(out, mw_postfix_has_blank(value) ? "-o { %s = %.*s }" : "-o %s=%.*s", setting->name, MW_STR_ARG(value));
}

/* --- Dovecot */

bool mw_wiring_sasl(const struct mw_policy *policy)
{
	struct mw_wiring_listener all = { 0 };

	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled)
			add_connector(&all, &policy->connectors[i]);
	}
	return all.sasl;
}

const char *mw_wiring_policy_path(const struct mw_policy *policy, struct mw_arena *arena)
{
	char *path = realpath(policy->file, NULL);
	const char *copy = mw_arena_text(arena, mw_str(path != NULL ? path : policy->file));

	free(path);
	return strcmp(policy->file, MW_POLICY_PATH) == 0 ? NULL : copy;
}
