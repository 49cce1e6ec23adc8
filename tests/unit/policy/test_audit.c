/* SPDX-License-Identifier: MIT */
/* Whether any rule is enforced. */
#include "policy_support.h"

#include "policy/audit.h"

#define IN "connector \"In\" { bindings = { \"*:25\" } mode = audit }\n"
#define ALL "login \"all\" { mode = audit }\n"

static const struct { const char *text; int64_t today; const char *enforced; } policies[] = {
	{ "", 1, "Default" },
	{ ALL, 1, "Default" },
	{ IN, 1, "built-in" },
	{ IN ALL, 1, NULL },
	{ IN ALL "connector \"Client\" { bindings = { \"*:587\" } }\n", 1, "Client" },
	{ IN ALL "connector \"Client\" { bindings = { \"*:587\" } enabled = no }\n", 1, NULL },
	{ IN ALL "login \"lan\" { remote = { 10.0.0.0/8 } }\n", 1, "lan" },
	{ IN "login \"lan\" { remote = { 10.0.0.0/8 } mode = audit }\n", 1, "built-in" },
	{ IN "login \"port\" { local = { \"*:143\" } mode = audit }\n", 1, "built-in" },
	{ IN "login \"imap\" { protocols = { imap, pop3 } mode = audit }\n", 1, "built-in" },
	{ IN "login \"imap\" { protocols = { imap, pop3 } mode = audit }\n"
	  "login \"rest\" { protocols = { sieve, submission } mode = audit }\n", 1, NULL },
	{ ALL "connector \"Some\" { bindings = { \"*:587\" } mode = audit enforce_for = { a@b.test } }\n", 1, "Some" },
	{ ALL "connector \"Some\" { bindings = { \"*:587\" } mode = audit enforce_for = { } }\n", 1, NULL },
	{ IN "login \"all\" { mode = audit audit_until = \"1970-01-10\" }\n", 9, NULL },
	{ IN "login \"all\" { mode = audit audit_until = \"1970-01-10\" }\n", 10, "all" },
	{ IN "login \"all\" { mode = audit audit_until = \"1970-01-10\" }\n", 0, NULL },
};

START_TEST(an_audit_is_one_of_all_rules)
{
	struct mw_policy *policy = mw_test_good(policies[_i].text);
	struct mw_place place;
	struct mw_str name;

	ck_assert_int_eq(mw_policy_audits(policy, policies[_i].today), policies[_i].enforced == NULL);
	if (policies[_i].enforced != NULL) {
		ck_assert(mw_policy_enforces(policy, policies[_i].today, &name, &place));
		ck_assert_slice(name, mw_str(policies[_i].enforced));
	}
	mw_policy_free(policy);
}
END_TEST

MW_UNIT_TESTS("audit")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, an_audit_is_one_of_all_rules, policies);
}
