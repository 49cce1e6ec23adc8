/* SPDX-License-Identifier: MIT */
#include "servers/show/show.h"

static void add_size(struct mw_json *json, const char *key, uint64_t size)
{
	char text[40];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_print_limit(size, &out);
	if (size == MW_UNLIMITED)
		mw_json_string(json, key, mw_buf_str(&out));
	else
		mw_json_number(json, key, size);
}

/* The words of the bits that are set. */
static void add_set(struct mw_json *json, const char *key, struct mw_table table, uint32_t set)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < table.count; i++) {
		if ((set & (uint32_t)table.words[i].value) != 0)
			mw_json_string(json, NULL, mw_str(table.words[i].word));
	}
	mw_json_end_array(json);
}

static void add_strs(struct mw_json *json, const char *key, struct mw_strs strs)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < strs.count; i++)
		mw_json_string(json, NULL, strs.items[i]);
	mw_json_end_array(json);
}

static void add_ranges(struct mw_json *json, const char *key, struct mw_ranges ranges)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < ranges.count; i++) {
		char text[128];
		struct mw_buf out = MW_BUF_OVER(text);

		mw_range_print(&ranges.items[i], &out);
		mw_json_string(json, NULL, mw_buf_str(&out));
	}
	mw_json_end_array(json);
}

static void add_bindings(struct mw_json *json, const char *key, struct mw_bindings bindings)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < bindings.count; i++) {
		char text[64];
		struct mw_buf out = MW_BUF_OVER(text);

		mw_binding_print(&bindings.items[i], &out);
		mw_json_string(json, NULL, mw_buf_str(&out));
	}
	mw_json_end_array(json);
}

static void add_place(struct mw_json *json, struct mw_place place)
{
	mw_json_string(json, "file", mw_str(place.file));
	mw_json_number(json, "line", place.line);
}

static void add_conditions(struct mw_json *json, const struct mw_tls_minimum *tls,
			   const struct mw_enforcement *enforcement)
{
	mw_json_string(json, "tls_min_version", mw_str(mw_table_word(mw_tls_versions, (int)tls->version)));
	mw_json_number(json, "tls_min_bits", tls->bits);
	add_ranges(json, "tls_proxies", tls->proxies);
	mw_json_string(json, "mode", mw_str(mw_table_word(mw_modes, (int)enforcement->mode)));
	if (enforcement->enforce_for.count > 0)
		add_strs(json, "enforce_for", enforcement->enforce_for);
	if (enforcement->has_audit_until) {
		char text[32];
		struct mw_buf out = MW_BUF_OVER(text);

		mw_print_date(enforcement->audit_until, &out);
		mw_json_string(json, "audit_until", mw_buf_str(&out));
	}
}

static void add_login_rule(struct mw_json *json, const struct mw_login_rule *rule)
{
	mw_json_object(json, NULL);
	mw_json_string(json, "name", rule->name);
	add_place(json, rule->place);
	mw_json_array(json, "protocols");
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++) {
		if (rule->protocols[i])
			mw_json_string(json, NULL, mw_str(mw_table_word(mw_protocols, i)));
	}
	mw_json_end_array(json);
	add_bindings(json, "local", rule->local);
	add_ranges(json, "remote", rule->remote);
	mw_json_string(json, "login_type", mw_str(mw_table_word(mw_login_types, (int)rule->login_type)));
	add_conditions(json, &rule->tls, &rule->enforcement);
	mw_json_end_object(json);
}

static void add_connector(struct mw_json *json, const struct mw_connector *connector)
{
	mw_json_object(json, NULL);
	mw_json_string(json, "name", connector->name);
	add_place(json, connector->place);
	mw_json_bool(json, "enabled", connector->enabled);
	add_bindings(json, "bindings", connector->bindings);
	add_ranges(json, "remote_ip_ranges", connector->remote);
	add_strs(json, "sasl_services", connector->sasl_services);
	add_set(json, "auth_mechanism", mw_auth_mechanism_names, connector->auth_mechanism);
	mw_json_bool(json, "require_tls", connector->require_tls);
	add_set(json, "permission_groups", mw_permission_group_names, connector->permission_groups);
	add_set(json, "grant_permissions", mw_permission_names, connector->grant);
	add_set(json, "deny_permissions", mw_permission_names, connector->deny);
	add_strs(json, "partner_certificates", connector->partner_certificates);
	mw_json_bool(json, "allow_null_sender", connector->allow_null_sender);
	mw_json_bool(json, "open_relay_accepted", connector->open_relay_accepted);
	add_size(json, "max_message_size", connector->max_message_size);
	add_size(json, "max_recipients_per_message", connector->max_recipients_per_message);
	add_size(json, "message_rate_limit", connector->message_rate_limit);
	mw_json_string(json, "message_rate_source",
		       mw_str(mw_table_word(mw_rate_sources, (int)connector->message_rate_source)));
	add_conditions(json, &connector->tls, &connector->enforcement);
	mw_json_end_object(json);
}

static void add_domains(struct mw_json *json, const struct mw_policy *policy)
{
	mw_json_array(json, "accepted_domains");
	for (size_t i = 0; i < policy->accepted_domain_count; i++) {
		const struct mw_accepted_domain *domain = &policy->accepted_domains[i];

		mw_json_object(json, NULL);
		mw_json_string(json, "domain", domain->domain);
		mw_json_bool(json, "subdomains", domain->subdomains);
		mw_json_string(json, "type", mw_str(mw_table_word(mw_domain_types, (int)domain->type)));
		add_strs(json, "local_names", domain->local_names);
		add_place(json, domain->place);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static void add_directory(struct mw_json *json, const struct mw_policy *policy)
{
	mw_json_object(json, "directory");
	mw_json_string(json, "path", policy->directory.path);
	mw_json_array(json, "sources");
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		const struct mw_source *source = &policy->directory.sources[i];

		mw_json_object(json, NULL);
		mw_json_string(json, "name", source->name);
		mw_json_string(json, "driver", source->driver);
		mw_json_bool(json, "complete", source->complete);
		mw_json_string(json, "path", source->path);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_end_object(json);
}

void mw_show_json(const struct mw_policy *policy, struct mw_json *json)
{
	mw_json_string(json, "file", mw_str(policy->file));
	mw_json_string(json, "hostname", policy->hostname);
	mw_json_string(json, "recipient_delimiter", policy->recipient_delimiter);
	mw_json_string(json, "default_domain", policy->default_domain);
	mw_json_bool(json, "aliases_grant_send_as", policy->aliases_grant_send_as);
	mw_json_bool(json, "master_users_submit", policy->master_users_submit);
	mw_json_string(json, "unlisted_logins",
		       mw_str(mw_table_word(mw_unlisted_logins, (int)policy->unlisted_logins)));
	mw_json_string(json, "replies", mw_str(mw_table_word(mw_reply_styles, (int)policy->replies)));
	add_domains(json, policy);
	mw_json_array(json, "login");
	for (size_t i = 0; i < policy->login_rule_count; i++)
		add_login_rule(json, &policy->login_rules[i]);
	mw_json_end_array(json);
	mw_json_array(json, "connectors");
	for (size_t i = 0; i < policy->connector_count; i++)
		add_connector(json, &policy->connectors[i]);
	mw_json_end_array(json);
	add_strs(json, "policy_service_listen", policy->policy_service.listen);
	add_strs(json, "policy_service_peers", policy->policy_service.peers);
	add_ranges(json, "policy_service_peers_networks", policy->policy_service.peers_networks);
	add_directory(json, policy);
	mw_json_string(json, "log_decisions", mw_str(policy->log.all_decisions ? "all" : "refused"));
}
