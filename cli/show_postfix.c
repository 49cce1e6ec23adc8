/* SPDX-License-Identifier: MIT */
#include "show.h"

#define POSTFIX_QUEUE "/var/spool/postfix/"
#define POSTFIX_MAILBOX_SIZE_LIMIT 51200000

/* One listener of master.cf: what the connectors that share it need from smtpd, the most permissive of them. */
struct listener {
	const struct mw_binding *binding;
	bool sasl, auth_without_tls, tls, tls_required, ask_certificate;
	struct mw_str sasl_service;
};

static void add_connector(struct listener *listener, const struct mw_connector *connector, bool first)
{
	bool basic = (connector->auth_mechanism & MW_AUTH_BASIC) != 0;
	bool integrated = (connector->auth_mechanism & MW_AUTH_INTEGRATED) != 0;
	bool users = (connector->permission_groups & MW_EXCHANGE_USERS) != 0;
	bool without_tls = (basic || integrated) && !connector->require_tls &&
			   (connector->auth_mechanism & MW_AUTH_BASIC_REQUIRE_TLS) == 0;

	listener->sasl |= users && (basic || integrated);
	listener->auth_without_tls |= users && without_tls;
	listener->tls |= (connector->auth_mechanism & MW_AUTH_TLS) != 0;
	listener->tls_required = (first || listener->tls_required) && connector->require_tls;
	listener->ask_certificate |= connector->partner_certificates.count > 0;
	if (connector->sasl_services.count > 0 && mw_str_empty(listener->sasl_service))
		listener->sasl_service = connector->sasl_services.items[0];
}

static bool same_binding(const struct mw_binding *a, const struct mw_binding *b)
{
	return a->kind == b->kind && a->port == b->port && (a->kind != MW_BINDING_ADDRESS || mw_ip_equal(&a->ip, &b->ip));
}

static void print_endpoint(const struct mw_binding *binding, struct mw_buf *out)
{
	if (binding->kind == MW_BINDING_ANY_IPV4) {
		mw_buf_printf(out, "0.0.0.0:%u", binding->port);
	} else if (binding->kind == MW_BINDING_ANY_IPV6) {
		mw_buf_printf(out, "[::]:%u", binding->port);
	} else if (binding->kind == MW_BINDING_ADDRESS) {
		mw_binding_print(binding, out);
	} else if (binding->port == 25) {
		mw_buf_add_text(out, "smtp");
	} else if (binding->port == 465) {
		mw_buf_add_text(out, "submissions");
	} else if (binding->port == 587) {
		mw_buf_add_text(out, "submission");
	} else {
		mw_buf_add_number(out, binding->port);
	}
}

static void print_listener(const struct listener *listener, struct mw_buf *out)
{
	bool wrapper = listener->binding->port == 465;
	const char *level = listener->tls_required || wrapper ? "encrypt" : listener->tls ? "may" : "none";

	print_endpoint(listener->binding, out);
	mw_buf_printf(out, " inet n - y - - smtpd\n  -o smtpd_tls_security_level=%s\n", level);
	if (wrapper)
		mw_buf_add_text(out, "  -o smtpd_tls_wrappermode=yes\n");
	mw_buf_printf(out, "  -o smtpd_sasl_auth_enable=%s\n", listener->sasl ? "yes" : "no");
	mw_buf_printf(out, "  -o smtpd_tls_auth_only=%s\n", listener->auth_without_tls ? "no" : "yes");
	if (!mw_str_empty(listener->sasl_service))
		mw_buf_printf(out, "  -o smtpd_sasl_service=%.*s\n", MW_STR_ARG(listener->sasl_service));
	if (listener->ask_certificate)
		mw_buf_add_text(out, "  -o smtpd_tls_ask_ccert=yes\n  -o smtpd_tls_fingerprint_digest=sha256\n");
}

static bool listed_before(const struct mw_policy *policy, size_t connector, size_t binding)
{
	const struct mw_binding *wanted = &policy->connectors[connector].bindings.items[binding];

	for (size_t i = 0; i <= connector; i++) {
		const struct mw_bindings *bindings = &policy->connectors[i].bindings;
		size_t end = i == connector ? binding : bindings->count;

		for (size_t k = 0; k < end && policy->connectors[i].enabled; k++) {
			if (same_binding(&bindings->items[k], wanted))
				return true;
		}
	}
	return false;
}

static struct listener listener_at(const struct mw_policy *policy, const struct mw_binding *binding)
{
	struct listener listener = { .binding = binding };
	bool first = true;

	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_bindings *bindings = &policy->connectors[i].bindings;

		for (size_t k = 0; k < bindings->count && policy->connectors[i].enabled; k++) {
			if (!same_binding(&bindings->items[k], binding))
				continue;
			add_connector(&listener, &policy->connectors[i], first);
			first = false;
		}
	}
	return listener;
}

static void print_master(const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_add_text(out, "\n# --- master.cf: one entry for each listener of a connector, in place of those that\n"
			     "# are there\n");
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		for (size_t k = 0; k < connector->bindings.count && connector->enabled; k++) {
			struct listener listener;

			if (listed_before(policy, i, k))
				continue;
			mw_buf_printf(out, "# connector \"%.*s\"\n", MW_STR_ARG(connector->name));
			listener = listener_at(policy, &connector->bindings.items[k]);
			print_listener(&listener, out);
		}
	}
}

/* smtpd runs in a chroot in Postfix's queue directory: a socket below it is named from there. */
static void print_service(const struct mw_policy *policy, struct mw_buf *out)
{
	struct mw_str chosen = MW_STR("unix:" POSTFIX_QUEUE "mailwicket/policy");
	struct mw_str below = MW_STR("unix:" POSTFIX_QUEUE);

	for (size_t i = 0; i < policy->policy_service.listen.count; i++) {
		chosen = policy->policy_service.listen.items[i];
		if (mw_str_starts_with(chosen, below))
			break;
	}
	if (mw_str_starts_with(chosen, below))
		mw_buf_printf(out, "unix:%.*s", MW_STR_ARG(mw_str_tail(chosen, below.len)));
	else
		mw_buf_add(out, chosen);
}

static bool audits(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled && policy->connectors[i].enforcement.mode == MW_MODE_AUDIT)
			return true;
	}
	return false;
}

static void print_hooks(const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_add_text(out, "# the questions: first in both lists, so that nothing is permitted before Mailwicket was asked\n"
			     "smtpd_delay_reject = yes\n"
			     "smtpd_relay_restrictions =\n    check_policy_service { ");
	print_service(policy, out);
	mw_buf_add_text(out, ", policy_context=relay, timeout=10s },\n");
	if (audits(policy))
		mw_buf_add_text(out, "    permit_mynetworks,\n    permit_sasl_authenticated,\n");
	mw_buf_add_text(out, "    reject_unauth_destination\nsmtpd_end_of_data_restrictions =\n    check_policy_service { ");
	print_service(policy, out);
	mw_buf_add_text(out, ", timeout=10s }\n");
	if (audits(policy))
		mw_buf_add_text(out, "# a connector is in audit mode and refuses nothing: the two permits keep today's relaying;\n"
				     "# take them out when it is enforced\n");
	mw_buf_add_text(out, "# mailwicketd away: defer, never permit\n"
			     "smtpd_policy_service_default_action = 451 4.3.5 Server configuration problem\n"
			     "smtpd_policy_service_max_idle = 300s\n");
}

static uint64_t largest_size(const struct mw_policy *policy)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled && policy->connectors[i].max_message_size > largest)
			largest = policy->connectors[i].max_message_size;
	}
	return largest;
}

static void print_main(const struct mw_policy *policy, struct mw_buf *out)
{
	uint64_t size = largest_size(policy);

	mw_buf_add_text(out, "# --- main.cf\n");
	print_hooks(policy, out);
	mw_buf_add_text(out, "# Dovecot checks passwords\n"
			     "smtpd_sasl_type = dovecot\n"
			     "smtpd_sasl_path = private/auth\n"
			     "smtpd_sasl_security_options = noanonymous\n"
			     "# a second message smuggled into the first would be judged as nobody's\n"
			     "smtpd_forbid_bare_newline = yes\n"
			     "smtpd_tls_mandatory_protocols = >=TLSv1.2\n");
	if (!mw_str_empty(policy->recipient_delimiter))
		mw_buf_printf(out, "recipient_delimiter = %.*s\n", MW_STR_ARG(policy->recipient_delimiter));
	mw_buf_printf(out, "# at least the largest max_message_size, which mailwicketd enforces\nmessage_size_limit = %llu\n",
		      size == MW_UNLIMITED ? 0ULL : (unsigned long long)size);
	if (size > POSTFIX_MAILBOX_SIZE_LIMIT)
		mw_buf_add_text(out, "# its default is smaller, and Postfix delivers nothing then\nmailbox_size_limit = 0\n");
}

static void print_domains(const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_add_text(out, "# Postfix must know the accepted domains too: mydestination or virtual_mailbox_domains for the\n"
			     "# Authoritative, relay_domains for the others:");
	for (size_t i = 0; i < policy->accepted_domain_count; i++)
		mw_buf_printf(out, " %s%.*s", policy->accepted_domains[i].subdomains ? "." : "",
			      MW_STR_ARG(policy->accepted_domains[i].domain));
	mw_buf_add_char(out, '\n');
}

void mw_show_postfix(const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_printf(out, "# for Postfix 3.7 and later, made from %s by `mailwicket show --postfix`\n", policy->file);
	print_main(policy, out);
	print_domains(policy, out);
	print_master(policy, out);
}
