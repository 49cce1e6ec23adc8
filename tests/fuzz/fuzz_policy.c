/* SPDX-License-Identifier: MIT */
/* Invariant: a policy that reads prints to text that reads, without an error, to the same print. */
#include <stdio.h>
#include <stdlib.h>

#include "policy/choose.h"
#include "policy/print.h"
#include "policy/read.h"

#define PRINT_MAX (8u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mw_policy *read_text(struct mw_str text)
{
	struct mw_errors *errors = mw_errors_new(50);
	struct mw_policy *policy = mw_policy_read_text("fuzz.conf", text, "mail.example.org", 20000, errors);

	if ((policy == NULL) != (mw_errors_count(errors, MW_ERROR) > 0))
		abort();
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		char memory[1000];
		struct mw_buf line = MW_BUF_OVER(memory);

		mw_error_print(mw_errors_get(errors, i), &line);
	}
	mw_errors_free(errors);
	return policy;
}

static struct mw_str print(const struct mw_policy *policy, char *memory)
{
	struct mw_buf out = mw_buf_over(memory, PRINT_MAX);

	mw_policy_print(policy, &out);
	if (out.truncated)
		abort();
	return mw_buf_str(&out);
}

static void choose(const struct mw_policy *policy)
{
	struct mw_endpoints endpoints = { .protocol = MW_PROTOCOL_IMAP, .local_port = 587 };
	const struct mw_connector *found[4];

	mw_ip_parse(MW_STR("192.0.2.1"), &endpoints.local_ip);
	mw_ip_parse(MW_STR("10.0.0.1"), &endpoints.remote_ip);
	if (mw_choose_login_rule(policy, &endpoints) == NULL)
		abort();
	mw_choose_connector(policy, &endpoints);
	mw_choose_connectors_for_sasl(policy, &endpoints, MW_STR("smtp"), found, 4);
	mw_choose_accepted_domain(policy, MW_STR("a.example.org"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[PRINT_MAX], second[PRINT_MAX];
	struct mw_policy *policy = read_text((struct mw_str){ (const char *)data, size });
	struct mw_str text;

	if (policy == NULL)
		return 0;
	choose(policy);
	text = print(policy, first);
	mw_policy_free(policy);
	/* Printed out in full a text may grow beyond what is read. */
	if (text.len > 1024 * 1024)
		return 0;
	policy = read_text(text);
	if (policy == NULL || !mw_str_equal(print(policy, second), text)) {
		fwrite(first, 1, text.len, stderr);
		abort();
	}
	mw_policy_free(policy);
	return 0;
}
