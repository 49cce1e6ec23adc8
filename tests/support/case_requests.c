/* SPDX-License-Identifier: MIT */
/* Prints the submission cases of a folder as questions of Postfix: one JSON object a line, for the system tests. */
#include <stdio.h>
#include <stdlib.h>

#include "case_run.h"
#include "mail/address.h"
#include "report/json.h"

#define LINE_MAX_BYTES (1 << 20)

static void add(struct mw_buf *out, const char *name, struct mw_str value)
{
	mw_buf_add_text(out, name);
	mw_buf_add_char(out, '=');
	mw_buf_add(out, value);
	mw_buf_add_char(out, '\n');
}

static void add_number(struct mw_buf *out, const char *name, uint64_t number)
{
	mw_buf_printf(out, "%s=%llu\n", name, (unsigned long long)number);
}

static void add_ip(struct mw_buf *out, const char *name, const struct mw_ip *ip)
{
	mw_buf_printf(out, "%s=", name);
	if (ip->family == MW_FAMILY_UNKNOWN)
		mw_buf_add_text(out, "unknown");
	else
		mw_ip_print(ip, out);
	mw_buf_add_char(out, '\n');
}

/* As Postfix 3.7 writes them, in its order. */
static void add_connection(struct mw_buf *out, const struct mw_facts *facts)
{
	add(out, "request", MW_STR("smtpd_access_policy"));
	add(out, "protocol_state", mw_str(mw_table_word(mw_stages, facts->stage)));
	add(out, "protocol_name", MW_STR("ESMTP"));
	add_ip(out, "client_address", &facts->endpoints.remote_ip);
	add(out, "client_name", MW_STR("unknown"));
	add_number(out, "client_port", facts->endpoints.remote_port);
	add(out, "reverse_client_name", MW_STR("unknown"));
	add_ip(out, "server_address", &facts->endpoints.local_ip);
	add_number(out, "server_port", facts->endpoints.local_port);
	add(out, "helo_name", MW_STR("client.example.net"));
}

static void add_request(struct mw_buf *out, const struct mw_case *one, const struct mw_facts *facts)
{
	add_connection(out, facts);
	add(out, "sender", facts->sender);
	add(out, "recipient", facts->recipient);
	add_number(out, "recipient_count", facts->recipient_count);
	add(out, "queue_id", MW_STR_EMPTY);
	mw_buf_printf(out, "instance=%s.%u\n", one->file, one->line);
	add_number(out, "size", facts->size);
	add(out, "etrn_domain", facts->etrn_domain);
	add(out, "stress", MW_STR_EMPTY);
	add(out, "sasl_method", facts->mechanism);
	add(out, "sasl_username", facts->login);
	add(out, "sasl_sender", MW_STR_EMPTY);
	add(out, "ccert_subject", facts->tls.certificate_verified ? MW_STR("client.example.net") : MW_STR_EMPTY);
	add(out, "ccert_issuer", facts->tls.certificate_verified ? MW_STR("Example CA") : MW_STR_EMPTY);
	add(out, "ccert_fingerprint", facts->tls.certificate_fingerprint);
	add(out, "ccert_pubkey_fingerprint", MW_STR_EMPTY);
	add(out, "encryption_protocol", facts->tls.version);
	add(out, "encryption_cipher", facts->tls.cipher);
	add_number(out, "encryption_keysize", facts->tls.bits);
	add(out, "policy_context", mw_str(mw_table_word(mw_contexts, facts->context)));
	mw_buf_add_char(out, '\n');
}

static bool has_line_end(struct mw_str value)
{
	return mw_str_find(value, '\n') < value.len || mw_str_find(value, '\r') < value.len;
}

/* Whether it would be read as the same with quotes, which Postfix leaves out. */
static bool is_read_as_quoted(struct mw_str value)
{
	char memory[MW_ADDRESS_QUOTED_MAX];
	struct mw_buf quoted = MW_BUF_OVER(memory);

	return !mw_str_equal(mw_address_quoted(value, &quoted), value);
}

/* Facts that Postfix's policy protocol cannot carry, a message's header among them, and an instance, by which the tests
   find the case in the log. */
static bool is_askable(const struct mw_case *one, const struct mw_facts *facts)
{
	return one->decision == MW_CASE_SUBMISSION && facts->stage != MW_STAGE_HEADER &&
	       !mw_case_gives(one, "today") && !mw_case_gives(one, "master") &&
	       !mw_case_gives(one, "proxy") && !mw_case_gives(one, "instance") && !has_line_end(facts->sender) &&
	       !has_line_end(facts->recipient) &&
	       !has_line_end(facts->login) && !is_read_as_quoted(facts->sender) &&
	       !is_read_as_quoted(facts->recipient);
}

static void add_hex(struct mw_json *json, const char *key, struct mw_str bytes)
{
	char *memory = malloc(bytes.len * 2 + 1);
	struct mw_buf hex;

	if (memory == NULL)
		abort();
	hex = mw_buf_over(memory, bytes.len * 2 + 1);
	for (size_t i = 0; i < bytes.len; i++)
		mw_buf_printf(&hex, "%02x", (unsigned char)bytes.ptr[i]);
	mw_json_string(json, key, mw_buf_str(&hex));
	free(memory);
}

static void add_suspended(struct mw_json *json, const struct mw_case_world *world)
{
	mw_json_array(json, "suspended");
	for (size_t i = 0; i < world->suspended_count; i++) {
		mw_json_array(json, NULL);
		mw_json_string(json, NULL, world->suspended[i].user);
		mw_json_string(json, NULL, world->suspended[i].all ? MW_STR("--all") : MW_STR("--sending"));
		mw_json_end_array(json);
	}
	mw_json_end_array(json);
}

static void print_case(const struct mw_case *one, const struct mw_facts *facts, char *memory)
{
	static char request_memory[65536];
	struct mw_buf line = mw_buf_over(memory, LINE_MAX_BYTES), request = MW_BUF_OVER(request_memory);
	struct mw_json json = mw_json_over(&line);

	add_request(&request, one, facts);
	mw_json_object(&json, NULL);
	mw_json_string(&json, "file", mw_str(one->file));
	mw_json_number(&json, "line", one->line);
	mw_json_string(&json, "name", mw_str(one->name));
	mw_json_string(&json, "world", mw_str(one->world->name));
	mw_json_string(&json, "policy", one->world->policy_text);
	mw_json_string(&json, "directory", one->world->directory_text);
	mw_json_bool(&json, "unavailable", one->world->unavailable);
	mw_json_bool(&json, "unreadable", one->world->unreadable);
	add_suspended(&json, one->world);
	add_hex(&json, "request", mw_buf_str(&request));
	mw_json_string(&json, "verdict", mw_str(one->verdict));
	mw_json_string(&json, "reason", mw_str(one->reason));
	mw_json_string(&json, "reply", mw_str(mw_case_expected_reply(one)));
	mw_json_string(&json, "rule", mw_str(one->rule));
	mw_json_end_object(&json);
	if (line.truncated || request.truncated)
		abort();
	puts(line.data);
}

static void print_errors(struct mw_errors *errors)
{
	char memory[1024];
	struct mw_buf text = MW_BUF_OVER(memory);

	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		if (mw_errors_get(errors, i)->severity != MW_ERROR)
			continue;
		mw_buf_reset(&text);
		mw_error_print(mw_errors_get(errors, i), &text);
		fprintf(stderr, "%s\n", text.data);
	}
}

int main(int argc, char **argv)
{
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_cases cases = { .arena = NULL };
	char *memory = malloc(LINE_MAX_BYTES);
	struct mw_given_facts given;
	bool bad;

	if (argc != 2 || memory == NULL) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 64;
	}
	mw_cases_read_folder(&cases, argv[1], errors);
	print_errors(errors);
	bad = mw_errors_count(errors, MW_ERROR) > 0;
	for (size_t i = 0; i < cases.count && !bad; i++) {
		if (!mw_case_facts(&cases.items[i], &given)) {
			fprintf(stderr, "%s:%u: %s\n", cases.items[i].file, cases.items[i].line, mw_case_complaint());
			bad = true;
		} else if (is_askable(&cases.items[i], &given.facts)) {
			print_case(&cases.items[i], &given.facts, memory);
		}
	}
	mw_cases_free(&cases);
	mw_errors_free(errors);
	free(memory);
	return bad ? 65 : 0;
}
