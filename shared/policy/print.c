/* SPDX-License-Identifier: MIT */
#include "policy/print.h"

#include "policy/build.h"
#include "policy/setting.h"

void mw_policy_print_string(struct mw_str text, struct mw_buf *out)
{
	if (mw_str_has(text, "\n") || mw_str_has(text, "\t")) {
		mw_buf_add_text(out, "\"\"\"");
		mw_buf_add(out, text);
		mw_buf_add_text(out, "\"\"\"");
		return;
	}
	mw_buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, text.ptr[i]);
	}
	mw_buf_add_char(out, '"');
}

static void separate(struct mw_buf *out, size_t *count_io)
{
	mw_buf_add_text(out, (*count_io)++ == 0 ? " " : ", ");
}

static size_t print_set(const struct mw_setting *setting, uint32_t set, struct mw_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < setting->table->count; i++) {
		if ((set & (uint32_t)setting->table->words[i].value) != 0) {
			separate(out, &count);
			mw_buf_add_text(out, setting->table->words[i].word);
		}
	}
	return count;
}

static size_t print_protocols(const bool *protocols, struct mw_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < mw_login_protocols.count; i++) {
		if (protocols[mw_login_protocols.words[i].value]) {
			separate(out, &count);
			mw_buf_add_text(out, mw_login_protocols.words[i].word);
		}
	}
	return count;
}

static size_t print_ranges(const struct mw_ranges *ranges, struct mw_buf *out)
{
	size_t count = 0;

	while (count < ranges->count) {
		const struct mw_range *range = &ranges->items[count];

		separate(out, &count);
		mw_buf_add_char(out, '"');
		mw_range_print(range, out);
		mw_buf_add_char(out, '"');
	}
	return count;
}

static size_t print_bindings(const struct mw_bindings *bindings, struct mw_buf *out)
{
	size_t count = 0;

	while (count < bindings->count) {
		const struct mw_binding *binding = &bindings->items[count];

		separate(out, &count);
		mw_buf_add_char(out, '"');
		mw_binding_print(binding, out);
		mw_buf_add_char(out, '"');
	}
	return count;
}

static size_t print_strings(const struct mw_strs *strings, struct mw_buf *out)
{
	size_t count = 0;

	while (count < strings->count) {
		struct mw_str text = strings->items[count];

		separate(out, &count);
		mw_policy_print_string(text, out);
	}
	return count;
}

static void print_list(const struct mw_setting *setting, const void *field, struct mw_buf *out)
{
	size_t count;

	mw_buf_add_char(out, '{');
	switch (setting->type) {
	case MW_TYPE_SET:
		count = print_set(setting, *(const uint32_t *)field, out);
		break;
	case MW_TYPE_PROTOCOLS:
		count = print_protocols(field, out);
		break;
	case MW_TYPE_RANGES:
		count = print_ranges(field, out);
		break;
	case MW_TYPE_BINDINGS:
		count = print_bindings(field, out);
		break;
	default:
		count = print_strings(field, out);
		break;
	}
	(void)count;
	mw_buf_add_text(out, " }");
}

static void print_word(const struct mw_setting *setting, const void *field, struct mw_buf *out)
{
	const char *word;
	int value;

	if (setting->type == MW_TYPE_FLAG)
		value = *(const bool *)field;
	else
		memcpy(&value, field, sizeof(value));
	word = mw_table_word(*setting->table, value);
	mw_buf_add_text(out, word == NULL ? "\"\"" : word);
}

static void print_limit(const struct mw_setting *setting, uint64_t limit, struct mw_buf *out)
{
	if (limit == MW_UNLIMITED)
		mw_buf_add_text(out, "unlimited");
	else if (setting->type == MW_TYPE_LIMIT)
		mw_buf_add_number(out, limit);
	else
		mw_print_size(limit, out);
}

static void print_scalar(const struct mw_setting *setting, const void *field, struct mw_buf *out)
{
	switch (setting->type) {
	case MW_TYPE_SWITCH:
		mw_buf_add_text(out, *(const bool *)field ? "yes" : "no");
		break;
	case MW_TYPE_FLAG:
	case MW_TYPE_WORD:
		print_word(setting, field, out);
		break;
	case MW_TYPE_SIZE:
	case MW_TYPE_LIMIT:
		print_limit(setting, *(const uint64_t *)field, out);
		break;
	case MW_TYPE_DURATION:
		mw_print_duration(*(const uint64_t *)field, out);
		break;
	case MW_TYPE_PORT:
	case MW_TYPE_BITS:
		mw_buf_add_number(out, *(const unsigned *)field);
		break;
	case MW_TYPE_SOCKET_MODE:
		mw_buf_printf(out, "\"%04o\"", *(const unsigned *)field);
		break;
	case MW_TYPE_DATE:
		mw_buf_add_char(out, '"');
		mw_print_date(((const struct mw_enforcement *)field)->audit_until, out);
		mw_buf_add_char(out, '"');
		break;
	default:
		mw_policy_print_string(*(const struct mw_str *)field, out);
		break;
	}
}

static bool is_absent_in_source(const struct mw_setting *setting, const struct mw_source *source, const void *field)
{
	switch (setting->type) {
	case MW_TYPE_DRIVER:
		return false;
	case MW_TYPE_SWITCH:
		return !mw_source_knows(source, setting);
	case MW_TYPE_WORD:
	case MW_TYPE_PORT:
		return *(const unsigned *)field == 0 || !mw_source_knows(source, setting);
	case MW_TYPE_DURATION:
		return *(const uint64_t *)field == 0 || !mw_source_knows(source, setting);
	default:
		return mw_str_empty(*(const struct mw_str *)field) || !mw_source_knows(source, setting);
	}
}

static bool is_header_from(const struct mw_setting *setting)
{
	return setting->section == MW_SECTION_CONNECTOR && setting->table == &mw_header_froms;
}

/* A setting that has no written form: its value means that it is absent. */
static bool is_absent(const struct mw_setting *setting, const void *base, const void *field)
{
	if (setting->type == MW_TYPE_DATE)
		return !((const struct mw_enforcement *)field)->has_audit_until;
	if (setting->section == MW_SECTION_SOURCE)
		return is_absent_in_source(setting, base, field);
	if (setting->type == MW_TYPE_DURATION)
		return *(const uint64_t *)field == 0;
	if (setting->type == MW_TYPE_PROTOCOLS)
		return !((const struct mw_login_rule *)base)->names_protocols;
	if (is_header_from(setting))
		return !((const struct mw_connector *)base)->header_from_written;
	if (setting->section == MW_SECTION_LOGIN && setting->type == MW_TYPE_BINDINGS)
		return ((const struct mw_bindings *)field)->count == 0;
	if (setting->section == MW_SECTION_LOGIN && setting->type == MW_TYPE_RANGES)
		return ((const struct mw_ranges *)field)->count == 0;
	return false;
}

static void print_settings(enum mw_section_kind section, const void *base, const char *indent, struct mw_buf *out)
{
	for (size_t i = 0; i < mw_setting_count; i++) {
		const struct mw_setting *setting = &mw_settings[i];
		const void *field = (const char *)base + setting->offset;
		bool absent = setting->section != section || is_absent(setting, base, field);

		/* Written, header_from = check would be for sessions without a login, too. */
		if (setting->section != section || (absent && !is_header_from(setting)))
			continue;
		mw_buf_printf(out, "%s%s%s = ", indent, absent ? "# " : "", setting->name);
		if (mw_setting_is_list(setting->type))
			print_list(setting, field, out);
		else
			print_scalar(setting, field, out);
		mw_buf_add_char(out, '\n');
	}
}

static void print_titled(enum mw_section_kind section, struct mw_str title, const void *base, const char *indent,
			 struct mw_buf *out)
{
	mw_buf_printf(out, "%s%s ", indent, mw_sections[section].name);
	mw_policy_print_string(title, out);
	mw_buf_add_text(out, " {\n");
	print_settings(section, base, indent[0] == '\0' ? "    " : "        ", out);
	mw_buf_printf(out, "%s}\n", indent);
}

static void print_accepted_domain(const struct mw_accepted_domain *domain, struct mw_buf *out)
{
	mw_buf_printf(out, "accepted_domain \"%s%.*s\" { type = %s", domain->subdomains ? "*." : "",
		      MW_STR_ARG(domain->domain), mw_table_word(mw_domain_types, (int)domain->type));
	if (domain->local_names.count > 0) {
		mw_buf_add_text(out, "  local_names = {");
		print_strings(&domain->local_names, out);
		mw_buf_add_text(out, " }");
	}
	mw_buf_add_text(out, " }\n");
}

static void print_builtin_login_rule(const struct mw_login_rule *rule, struct mw_buf *out)
{
	mw_buf_printf(out, "# Built in, matches last: login_type = %s  tls_min_version = %s  tls_min_bits = %u\n",
		      mw_table_word(mw_login_types, (int)rule->login_type),
		      mw_table_word(mw_tls_versions, (int)rule->tls.version), rule->tls.bits);
}

static void print_single(enum mw_section_kind section, const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_printf(out, "\n%s {\n", mw_sections[section].name);
	print_settings(section, policy, "    ", out);
	for (size_t i = 0; section == MW_SECTION_DIRECTORY && i < policy->directory.source_count; i++)
		print_titled(MW_SECTION_SOURCE, policy->directory.sources[i].name, &policy->directory.sources[i],
			     "    ", out);
	mw_buf_add_text(out, "}\n");
}

/* As setting.def writes the default, which has quotes where print_scalar() needs none. */
static bool is_preset(const struct mw_setting *setting, struct mw_str printed)
{
	struct mw_str preset = mw_str(setting->preset);

	if (preset.len >= 2 && preset.ptr[0] == '"' && printed.len > 0 && printed.ptr[0] != '"')
		preset = mw_str_tail(mw_str_head(preset, preset.len - 1), 1);
	return mw_str_equal(printed, preset);
}

void mw_connector_print_short(const struct mw_connector *connector, struct mw_buf *out)
{
	char memory[65536];

	mw_buf_printf(out, "%s ", mw_sections[MW_SECTION_CONNECTOR].name);
	mw_policy_print_string(connector->name, out);
	mw_buf_add_text(out, " {\n");
	for (size_t i = 0; i < mw_setting_count; i++) {
		const struct mw_setting *setting = &mw_settings[i];
		const void *field = (const char *)connector + setting->offset;
		struct mw_buf value = MW_BUF_OVER(memory);

		if (setting->section != MW_SECTION_CONNECTOR || is_absent(setting, connector, field))
			continue;
		if (mw_setting_is_list(setting->type))
			print_list(setting, field, &value);
		else
			print_scalar(setting, field, &value);
		if (is_preset(setting, mw_buf_str(&value)))
			continue;
		mw_buf_printf(out, "    %s = ", setting->name);
		mw_buf_add(out, mw_buf_str(&value));
		mw_buf_add_char(out, '\n');
		out->truncated |= value.truncated;
	}
	mw_buf_add_text(out, "}\n");
}

void mw_connector_print(const struct mw_connector *connector, struct mw_buf *out)
{
	print_titled(MW_SECTION_CONNECTOR, connector->name, connector, "", out);
}

void mw_policy_print(const struct mw_policy *policy, struct mw_buf *out)
{
	print_settings(MW_SECTION_TOP, policy, "", out);
	for (size_t i = 0; i < policy->accepted_domain_count; i++) {
		mw_buf_add_text(out, i == 0 ? "\n" : "");
		print_accepted_domain(&policy->accepted_domains[i], out);
	}
	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		mw_buf_add_char(out, '\n');
		print_titled(MW_SECTION_LOGIN, policy->login_rules[i].name, &policy->login_rules[i], "", out);
	}
	mw_buf_add_char(out, '\n');
	print_builtin_login_rule(&policy->login_rules[policy->login_rule_count - 1], out);
	for (size_t i = 0; i < policy->connector_count; i++) {
		mw_buf_add_char(out, '\n');
		mw_connector_print(&policy->connectors[i], out);
	}
	print_single(MW_SECTION_POLICY_SERVICE, policy, out);
	if (policy->milter.listen.count > 0)
		print_single(MW_SECTION_MILTER, policy, out);
	print_single(MW_SECTION_DIRECTORY, policy, out);
	print_single(MW_SECTION_COUNTERS, policy, out);
	print_single(MW_SECTION_METRICS, policy, out);
	print_single(MW_SECTION_LOG, policy, out);
}
