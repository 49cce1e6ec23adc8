/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/directory.h"
#include "policy/read.h"

static char folder[] = "/tmp/mailwicket-test-XXXXXX";
static struct mw_policy *policy;
static struct mw_errors *errors;

static void write_source(const char *text)
{
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/users", folder);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	chmod(path, 0644);
}

static void make(void)
{
	char text[400];

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_source("user bob\nuser mary\ngroup g member=bob\ngrant send-as g mary\n");
	snprintf(text, sizeof(text),
		 "default_domain = \"example.test\"\n"
		 "accepted_domain \"example.test\" { local_names = { localhost, \"[127.0.0.1]\" } }\n"
		 "directory { path = \"%s/out\" source \"s\" { driver = text path = \"%s/users\" } }\n",
		 folder, folder);
	errors = mw_errors_new(20);
	policy = mw_policy_read_text("test.conf", mw_str(text), "mx", 0, errors);
	ck_assert_msg(policy != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
}

static void end(void)
{
	static const char *const names[] = { "out/snapshot.mdb", "out/.lock", "users" };
	char path[80];

	for (size_t i = 0; i < MW_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/out", folder);
	rmdir(path);
	ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
	mw_policy_free(policy);
	mw_errors_free(errors);
}

START_TEST(a_run_publishes_counts_and_compares)
{
	struct mw_sync_report report;

	ck_assert(mw_sync_run(policy, true, errors, &report));
	ck_assert(!report.published && report.users == 2 && report.groups == 1 && report.grants == 1);
	ck_assert(mw_sync_run(policy, false, errors, &report));
	ck_assert(report.published && report.added == 3 && report.changed == 0 && report.removed == 0);
	ck_assert(mw_sync_run(policy, false, errors, &report));
	ck_assert(!report.published && report.added == 0);
	write_source("user bob imap=no\nuser eve\ngroup g member=bob\n");
	ck_assert(mw_sync_run(policy, false, errors, &report));
	/* g lost a grant */
	ck_assert(report.published && report.added == 1 && report.changed == 2 && report.removed == 1);
	ck_assert_uint_eq(mw_errors_kept(errors), 0);
}
END_TEST

START_TEST(an_error_changes_nothing)
{
	struct mw_sync_report report;
	struct mw_directory *directory;
	struct mw_principal found;
	char out[80];

	ck_assert(mw_sync_run(policy, false, errors, &report));
	write_source("user bob\nuser bob\n");
	ck_assert(!mw_sync_run(policy, false, errors, &report));
	ck_assert(!report.published && mw_errors_count(errors, MW_ERROR) == 1);
	snprintf(out, sizeof(out), "%s/out", folder);
	directory = mw_directory_new(out);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_directory_view(directory)->by_login(mw_directory_view(directory)->context,
								MW_STR("mary@example.test"), &found), MW_LOOKUP_FOUND);
	mw_directory_free(directory);
}
END_TEST

static enum mw_lookup is_complete(struct mw_directory *directory, const char *domain)
{
	const struct mw_directory_view *view = mw_directory_view(directory);

	return view->complete_domain(view->context, mw_str(domain));
}

/* The same users from a source that has every login of its domains: another directory. */
START_TEST(the_domains_of_a_complete_source_are_published)
{
	struct mw_source source = policy->directory.sources[0];
	struct mw_sync_report report;
	struct mw_directory *directory;
	char out[80];

	snprintf(out, sizeof(out), "%s/out", folder);
	write_source("user bob address=b@one.test,c@one.test\nuser mary login=mary,m@two.test\ngroup g@three.test member=bob\n"
		     "grant send-as x@four.test bob\n");
	ck_assert(mw_sync_run(policy, false, errors, &report) && report.published);
	directory = mw_directory_new(out);
	ck_assert_int_eq(is_complete(directory, "example.test"), MW_LOOKUP_UNAVAILABLE);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(is_complete(directory, "example.test"), MW_LOOKUP_NONE);
	source.complete = true;
	policy->directory.sources = &source;
	ck_assert(mw_sync_run(policy, false, errors, &report) && report.published);
	ck_assert(report.added == 0 && report.changed == 0 && report.removed == 0);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(is_complete(directory, "example.test"), MW_LOOKUP_FOUND);
	ck_assert_int_eq(is_complete(directory, "one.test"), MW_LOOKUP_FOUND);
	ck_assert_int_eq(is_complete(directory, "two.test"), MW_LOOKUP_FOUND);
	ck_assert_int_eq(is_complete(directory, "three.test"), MW_LOOKUP_FOUND);
	ck_assert_int_eq(is_complete(directory, "four.test"), MW_LOOKUP_NONE);
	ck_assert_int_eq(is_complete(directory, "test"), MW_LOOKUP_NONE);
	ck_assert_int_eq(is_complete(directory, "sub.one.test"), MW_LOOKUP_NONE);
	mw_directory_free(directory);
}
END_TEST

START_TEST(names_of_enforce_for_that_nobody_has_are_warned_of)
{
	static const struct mw_str names[] = { MW_STR("bob@example.test"), MW_STR("g@example.test"),
					       MW_STR("gone@example.test") };
	const struct mw_connector connector = { .name = MW_STR("In"), .place = { "test.conf", 7 },
						.enforcement = { .enforce_for = { names, 3 } } };
	struct mw_sync_report report;
	const struct mw_error *error;

	policy->connectors = &connector;
	policy->connector_count = 1;
	write_source("user bob\ngroup g member=bob\n");
	ck_assert(mw_sync_run(policy, true, errors, &report));
	ck_assert_uint_eq(mw_errors_count(errors, MW_WARNING), 1);
	error = mw_errors_get(errors, 0);
	ck_assert_uint_eq(error->line, 7);
	ck_assert_str_eq(error->text, "connector \"In\": enforce_for: the directory has no user or group "
				      "\"gone@example.test\"");
}
END_TEST

static const struct { const char *text, *expected; } below_local_names[] = {
	{ "user bob@localhost\n", "bob@example.test" },
	{ "user bob address=chief@[127.0.0.1]\n", "chief@example.test" },
	{ "group g@127.0.0.1 member=mary\nuser mary\n", "g@example.test" },
	{ "user mary\ngrant send-as x@localhost mary\n", "x@example.test" },
	{ "user mary\ngrant send-as *@localhost mary\n", "*@example.test" },
	{ "user bob address=bob@localhost\n", NULL }, /* says nothing new */
	{ "user bob login=bob@localhost\n", NULL },   /* a name to log in by, no address */
};

START_TEST(an_address_below_a_local_name_is_refused)
{
	struct mw_sync_report report;
	const struct mw_error *error;

	write_source(below_local_names[_i].text);
	ck_assert_int_eq(mw_sync_run(policy, true, errors, &report), below_local_names[_i].expected == NULL);
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), below_local_names[_i].expected != NULL);
	if (below_local_names[_i].expected == NULL)
		return;
	error = mw_errors_get(errors, 0);
	ck_assert_ptr_nonnull(strstr(error->text, "is a local name of example.test (test.conf:2)"));
	ck_assert_ptr_nonnull(strstr(error->expected, below_local_names[_i].expected));
	ck_assert_uint_ne(error->line, 0);
}
END_TEST

MW_UNIT_TESTS("run")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, a_run_publishes_counts_and_compares);
	tcase_add_test(tcase, an_error_changes_nothing);
	tcase_add_test(tcase, the_domains_of_a_complete_source_are_published);
	tcase_add_test(tcase, names_of_enforce_for_that_nobody_has_are_warned_of);
	MW_LOOP(tcase, an_address_below_a_local_name_is_refused, below_local_names);
}
