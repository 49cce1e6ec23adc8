/* SPDX-License-Identifier: MIT */
#include "servers/restriction.h"

#include "base/units.h"

static bool divides(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r';
}

static struct mw_str next_word(struct mw_str *rest_io)
{
	size_t from = 0, depth = 0, len = 0;
	struct mw_str word;

	while (from < rest_io->len && divides(rest_io->ptr[from]))
		from++;
	*rest_io = mw_str_tail(*rest_io, from);
	while (len < rest_io->len && (depth > 0 || !divides(rest_io->ptr[len]))) {
		depth += rest_io->ptr[len] == '{';
		depth -= depth > 0 && rest_io->ptr[len] == '}';
		len++;
	}
	word = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return word;
}

bool mw_word_next(struct mw_str *rest_io, struct mw_str *word_r)
{
	size_t len = 0;

	while (!mw_str_empty(*rest_io) && divides(rest_io->ptr[0]))
		*rest_io = mw_str_tail(*rest_io, 1);
	while (len < rest_io->len && !divides(rest_io->ptr[len]))
		len++;
	*word_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return len > 0;
}

static bool is_one_of(struct mw_str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_equal_nocase(name, mw_str(names[i])))
			return true;
	}
	return false;
}

#define IS_ONE_OF(name, names) is_one_of((name), (names), sizeof(names) / sizeof((names)[0]))

/* postconf(5): what the restrictions are followed by. Postfix knows its words in any case. Other names that begin as
   these do are restriction classes, which take nothing. */
static bool takes_argument(struct mw_str name)
{
	static const char *const names[] = {
		"check_policy_service", "check_client_access", "check_reverse_client_hostname_access", "check_client_a_access",
		"check_client_mx_access", "check_client_ns_access", "check_reverse_client_hostname_a_access",
		"check_reverse_client_hostname_mx_access", "check_reverse_client_hostname_ns_access", "check_ccert_access",
		"check_sasl_access", "check_helo_access", "check_helo_a_access", "check_helo_mx_access", "check_helo_ns_access",
		"check_sender_access", "check_sender_a_access", "check_sender_mx_access", "check_sender_ns_access",
		"check_recipient_access", "check_recipient_a_access", "check_recipient_mx_access", "check_recipient_ns_access",
		"check_etrn_access", "reject_rbl", "reject_rbl_client", "reject_rhsbl_client", "reject_rhsbl_reverse_client",
		"reject_rhsbl_helo", "reject_rhsbl_sender", "reject_rhsbl_recipient", "permit_dnswl_client",
		"permit_rhswl_client", "sleep",
	};

	return IS_ONE_OF(name, names);
}

bool mw_restriction_is_builtin(struct mw_str name)
{
	static const char *const names[] = {
		"warn_if_reject", "permit", "defer", "reject", "reject_unauth_pipelining", "defer_if_permit", "defer_if_reject",
		"reject_plaintext_session", "reject_unknown_client_hostname", "reject_unknown_client",
		"reject_unknown_reverse_client_hostname", "permit_inet_interfaces", "permit_mynetworks", "reject_maps_rbl",
		"reject_invalid_helo_hostname", "reject_invalid_hostname", "reject_unknown_helo_hostname",
		"reject_unknown_hostname", "permit_naked_ip_address", "reject_non_fqdn_helo_hostname",
		"reject_non_fqdn_hostname", "reject_unknown_address", "reject_unknown_sender_domain", "reject_unverified_sender",
		"reject_non_fqdn_sender", "reject_authenticated_sender_login_mismatch",
		"reject_known_sender_login_mismatch", "reject_unauthenticated_sender_login_mismatch", "reject_unlisted_sender",
		"permit_mx_backup", "permit_auth_destination", "reject_unauth_destination", "defer_unauth_destination",
		"check_relay_domains", "permit_sasl_authenticated", "permit_tls_all_clientcerts", "permit_tls_clientcerts",
		"reject_unknown_recipient_domain", "reject_non_fqdn_recipient", "check_recipient_maps",
		"reject_unlisted_recipient", "reject_multi_recipient_bounce", "reject_unverified_recipient",
	};

	return takes_argument(name) || IS_ONE_OF(name, names) || mw_str_find(name, ':') < name.len ||
	       mw_str_equal(name, MW_STR("reject_sender_login_mismatch"));
}

bool mw_restriction_next(struct mw_str *rest_io, struct mw_restriction *restriction_r)
{
	struct mw_str name = next_word(rest_io);
	const char *from = name.ptr;

	*restriction_r = (struct mw_restriction){ .argument = MW_STR_EMPTY };
	while (mw_str_equal_nocase(name, MW_STR("warn_if_reject"))) {
		restriction_r->only_warns = true;
		name = next_word(rest_io);
	}
	if (mw_str_empty(name))
		return false;
	restriction_r->name = name;
	if (takes_argument(name))
		restriction_r->argument = next_word(rest_io);
	if (mw_str_empty(restriction_r->argument))
		restriction_r->text = (struct mw_str){ from, (size_t)(name.ptr + name.len - from) };
	else
		restriction_r->text = (struct mw_str){
			from, (size_t)(restriction_r->argument.ptr + restriction_r->argument.len - from) };
	return true;
}

bool mw_restriction_has(struct mw_str list, const char *name)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, mw_str(name)))
			return true;
	}
	return false;
}

static struct mw_str without_braces(struct mw_str text)
{
	if (text.len >= 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}')
		text = mw_str_head(mw_str_tail(text, 1), text.len - 2);
	return mw_str_trim(text);
}

/* The value of the last attribute of that name behind the server in "{ SERVER, NAME=VALUE, { NAME = VALUE } }". */
static struct mw_str attribute_of(struct mw_str text, const char *wanted)
{
	struct mw_str rest = without_braces(text), found = MW_STR_EMPTY, word;

	(void)next_word(&rest);
	while (!mw_str_empty(word = next_word(&rest))) {
		struct mw_str attribute = without_braces(word);
		size_t equals = mw_str_find(attribute, '=');

		if (mw_str_equal(mw_str_trim(mw_str_head(attribute, equals)), mw_str(wanted)))
			found = mw_str_trim(mw_str_tail(attribute, equals + 1));
	}
	return found;
}

static struct mw_str server_of(struct mw_str text)
{
	struct mw_str rest = without_braces(text);

	return next_word(&rest);
}

struct mw_policy_call mw_policy_call_parse(struct mw_str argument)
{
	return (struct mw_policy_call){ .server = server_of(argument), .context = attribute_of(argument, "policy_context"),
					.timeout = attribute_of(argument, "timeout"),
					.default_action = attribute_of(argument, "default_action") };
}

bool mw_milter_next(struct mw_str *rest_io, struct mw_milter *milter_r)
{
	struct mw_str text = next_word(rest_io);

	*milter_r = (struct mw_milter){ .text = text, .server = server_of(text),
					.default_action = attribute_of(text, "default_action"),
					.protocol = attribute_of(text, "protocol"),
					.content_timeout = attribute_of(text, "content_timeout") };
	return !mw_str_empty(text);
}

bool mw_postfix_seconds(struct mw_str text, unsigned long *seconds_r)
{
	static const struct { char unit; unsigned long seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	unsigned long factor = 1;
	uint64_t number;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && text.len > 0; i++) {
		if (text.ptr[text.len - 1] == units[i].unit) {
			factor = units[i].seconds;
			text = mw_str_head(text, text.len - 1);
			break;
		}
	}
	if (!mw_parse_number(text, &number) || number > 1000000000)
		return false;
	*seconds_r = (unsigned long)number * factor;
	return true;
}
