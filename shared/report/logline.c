/* SPDX-License-Identifier: MIT */
#include "report/logline.h"

#include "report/prose.h"
#include "report/text.h"

/* Addresses, logins and text (RFC 5321 4.5.3.1.3); words that are short unless somebody means harm, and the login of an
   exposed credential, which may be the password typed into the wrong field. */
#define VALUE_MAX 254
#define SHORT_MAX 64
#define FINGERPRINT_MAX 95 /* SHA-256 with colons */

static bool needs_quotes(struct mw_str value)
{
	while (value.len > 0) {
		size_t len = mw_text_harmless(value);

		if (len == 0 || value.ptr[0] == ' ' || value.ptr[0] == '"' || value.ptr[0] == '=')
			return true;
		value = mw_str_tail(value, len);
	}
	return false;
}

static void write_quoted(struct mw_buf *out, struct mw_str value)
{
	mw_buf_add_char(out, '"');
	while (value.len > 0) {
		size_t len = mw_text_harmless(value);

		if (len == 0) {
			mw_text_escape_byte(out, value.ptr[0]);
			len = 1;
		} else {
			if (value.ptr[0] == '"' || value.ptr[0] == '\\')
				mw_buf_add_char(out, '\\');
			mw_buf_add(out, mw_str_head(value, len));
		}
		value = mw_str_tail(value, len);
	}
	mw_buf_add_char(out, '"');
}

/* An empty value is written too. */
static void add_value(struct mw_buf *out, const char *key, struct mw_str value)
{
	size_t before = out->used;

	if (before > 0)
		mw_buf_add_char(out, ' ');
	mw_buf_add_text(out, key);
	mw_buf_add_char(out, '=');
	if (mw_str_empty(value) || needs_quotes(value))
		write_quoted(out, value);
	else
		mw_buf_add(out, value);
	if (!out->truncated)
		return;
	/* Half a field would be read as another value: it is left out whole. */
	out->used = before;
	out->data[before] = '\0';
}

static void add_field(struct mw_buf *out, const char *key, struct mw_str value, size_t most)
{
	if (!mw_str_empty(value))
		add_value(out, key, mw_text_cut(value, most));
}

void mw_logline_field(struct mw_buf *out, const char *key, struct mw_str value)
{
	add_field(out, key, value, VALUE_MAX);
}

static void add_word(struct mw_buf *out, const char *key, struct mw_str value)
{
	add_field(out, key, value, SHORT_MAX);
}

static void add_number(struct mw_buf *out, const char *key, uint64_t number)
{
	char memory[24];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (number == 0)
		return;
	mw_buf_add_number(&text, number);
	add_word(out, key, mw_buf_str(&text));
}

static const char *verdict_word(const struct mw_verdict *verdict)
{
	if (verdict->outcome != MW_PERMIT && !mw_verdict_stops(verdict))
		return "would-refuse";
	return mw_table_word(mw_outcomes, verdict->outcome);
}

static void write_connectors(struct mw_buf *out, const struct mw_verdict *verdict)
{
	char memory[4 * VALUE_MAX];
	struct mw_buf names = MW_BUF_OVER(memory);

	mw_verdict_rule_names(verdict, &names);
	mw_logline_field(out, "connector", mw_buf_str(&names));
}

static void write_decision(struct mw_buf *out, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	add_word(out, "v", MW_STR("1"));
	add_word(out, "verdict", mw_str(verdict_word(verdict)));
	add_word(out, "reason", mw_str(mw_reason_name(verdict->reason)));
	add_word(out, "mode", mw_str(mw_table_word(mw_modes, verdict->mode)));
	add_word(out, "protocol", mw_str(mw_table_word(mw_protocols, facts->endpoints.protocol)));
	if (facts->endpoints.protocol == MW_PROTOCOL_SMTP)
		add_word(out, "stage", mw_str(mw_table_word(mw_stages, facts->stage)));
	if (verdict->connector != NULL)
		write_connectors(out, verdict);
	else if (verdict->login_rule != NULL)
		mw_logline_field(out, "login_rule", mw_verdict_rule_name(verdict));
}

static void write_ip(struct mw_buf *out, const char *key, const struct mw_ip *ip)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (ip->family != MW_FAMILY_UNKNOWN)
		mw_ip_print(ip, &text);
	add_word(out, key, mw_buf_str(&text));
}

static void write_client(struct mw_buf *out, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	write_ip(out, "client", &facts->endpoints.remote_ip);
	add_number(out, "port", facts->endpoints.local_port);
	if (!facts->tls.assumed) {
		add_word(out, "tls", facts->tls.version);
		add_word(out, "cipher", facts->tls.cipher);
		add_number(out, "bits", facts->tls.bits);
	}
	add_word(out, "mechanism", facts->mechanism);
	if (verdict->reason == MW_REASON_NO_TRANSACTION)
		add_value(out, "instance", MW_STR_EMPTY);
	else
		add_word(out, "instance", facts->instance);
	add_word(out, "queue_id", facts->queue_id);
}

/* Of the values that a decision looks at, those that do not stand here whole. */
static void write_cut(struct mw_buf *out, const struct mw_facts *facts, size_t login_most)
{
	const struct { const char *key; size_t len, most; } values[] = {
		{ "login", facts->login.len, login_most },
		{ "master", facts->master.len, VALUE_MAX },
		{ "sender", facts->sender.len, VALUE_MAX },
		{ "recipient", facts->recipient.len, VALUE_MAX },
		{ "tls", facts->tls.version.len, SHORT_MAX },
		{ "mechanism", facts->mechanism.len, SHORT_MAX },
		{ "fingerprint", facts->tls.certificate_fingerprint.len, FINGERPRINT_MAX },
		{ "sasl_service", facts->sasl_service.len, SHORT_MAX },
		{ "etrn_domain", facts->etrn_domain.len, VALUE_MAX },
	};
	char memory[128];
	struct mw_buf keys = MW_BUF_OVER(memory);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].len > values[i].most)
			mw_buf_printf(&keys, "%s%s", keys.used > 0 ? "," : "", values[i].key);
	mw_logline_field(out, "cut", mw_buf_str(&keys));
}

/* What else the decision looked at. */
static void write_circumstances(struct mw_buf *out, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	add_word(out, "decision", mw_str(mw_table_word(mw_decisions, (int)verdict->decision)));
	write_ip(out, "local", &facts->endpoints.local_ip);
	if (!mw_str_empty(facts->tls.version))
		add_word(out, "tls_origin", mw_str(mw_table_word(mw_tls_origins, (int)facts->tls.origin)));
	write_ip(out, "proxy", &facts->tls.proxy);
	add_field(out, "fingerprint", facts->tls.certificate_fingerprint, FINGERPRINT_MAX);
	if (facts->tls.certificate_verified)
		add_word(out, "verified", MW_STR("yes"));
	add_word(out, "sasl_service", facts->sasl_service);
	if (facts->relay_context)
		add_word(out, "context", MW_STR("relay"));
	add_number(out, "size", facts->size);
	add_number(out, "recipient_count", facts->recipient_count);
	mw_logline_field(out, "etrn_domain", facts->etrn_domain);
}

static void write_rule(struct mw_buf *out, const struct mw_verdict *verdict)
{
	struct mw_place place = mw_verdict_rule_place(verdict);
	struct mw_str file = mw_str(place.file);
	char memory[VALUE_MAX + 16];
	struct mw_buf text = MW_BUF_OVER(memory);

	/* Where several are alike, the place of one would be taken for the reason. */
	if ((verdict->connector == NULL && verdict->login_rule == NULL) || verdict->alike_count > 0)
		return;
	if (mw_str_find_last(file, '/') < file.len)
		file = mw_str_tail(file, mw_str_find_last(file, '/') + 1);
	mw_buf_add(&text, mw_text_cut(file, VALUE_MAX - 16));
	if (place.line > 0)
		mw_buf_printf(&text, ":%u", place.line);
	mw_logline_field(out, "rule", mw_buf_str(&text));
}

static void write_hint(struct mw_buf *out, const struct mw_verdict *verdict)
{
	char memory[1024];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_prose_hint(verdict, &text);
	mw_logline_field(out, "hint", mw_buf_str(&text));
}

static void write_line(struct mw_buf *out, const struct mw_facts *facts, const struct mw_verdict *verdict, bool exposed)
{
	size_t login_most = exposed ? SHORT_MAX : VALUE_MAX;

	write_decision(out, facts, verdict);
	add_field(out, "login", facts->login, login_most);
	mw_logline_field(out, "master", facts->master);
	mw_logline_field(out, "sender", facts->sender);
	mw_logline_field(out, "recipient", facts->recipient);
	write_client(out, facts, verdict);
	write_circumstances(out, facts, verdict);
	write_cut(out, facts, login_most);
	if (mw_verdict_stops(verdict))
		mw_logline_field(out, "reply", mw_str(verdict->reply));
	write_rule(out, verdict);
	/* The hint may repeat the login at its full length. */
	if (!exposed)
		write_hint(out, verdict);
}

void mw_logline_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	write_line(out, facts, verdict, false);
}

void mw_logline_write_exposed(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	write_line(out, facts, verdict, true);
	mw_buf_add(out, MW_STR(" credential=exposed"));
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What a backslash begins. Returns how many bytes it took, 0 for none that is known. */
static size_t read_escape(struct mw_str text, struct mw_buf *value)
{
	if (text.len >= 2 && (text.ptr[1] == '"' || text.ptr[1] == '\\')) {
		mw_buf_add_char(value, text.ptr[1]);
		return 2;
	}
	if (text.len < 4 || text.ptr[1] != 'x' || digit(text.ptr[2]) < 0 || digit(text.ptr[3]) < 0)
		return 0;
	mw_buf_add_char(value, (char)(digit(text.ptr[2]) * 16 + digit(text.ptr[3])));
	return 4;
}

/* Returns the length of the quoted value with its quotes, 0 where it does not end. */
static size_t read_quoted(struct mw_str text, struct mw_buf *value)
{
	size_t at = 1;

	while (at < text.len && text.ptr[at] != '"') {
		struct mw_str here = mw_str_tail(text, at);
		size_t len = mw_text_harmless(here);

		if (here.ptr[0] == '\\')
			len = read_escape(here, value);
		else
			mw_buf_add(value, mw_str_head(here, len));
		if (len == 0)
			return 0;
		at += len;
	}
	return at < text.len ? at + 1 : 0;
}

static bool is_key(struct mw_str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || c == '_'))
			return false;
	}
	return key.len > 0;
}

bool mw_logline_next(struct mw_str *rest_io, struct mw_str *key_r, struct mw_buf *value)
{
	size_t equals = mw_str_find(*rest_io, '=');
	struct mw_str text = mw_str_tail(*rest_io, equals + 1);
	size_t len;

	mw_buf_reset(value);
	*key_r = mw_str_head(*rest_io, equals);
	if (mw_str_empty(text) || !is_key(*key_r))
		return false;
	if (text.ptr[0] == '"') {
		len = read_quoted(text, value);
	} else {
		len = mw_str_find(text, ' ');
		if (needs_quotes(mw_str_head(text, len)))
			return false;
		mw_buf_add(value, mw_str_head(text, len));
	}
	/* One blank, and another field behind it. */
	if (len == 0 || (len < text.len && (text.ptr[len] != ' ' || len + 1 == text.len)))
		return false;
	*rest_io = mw_str_tail(text, len + 1);
	return true;
}
