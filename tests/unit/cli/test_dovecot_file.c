/* SPDX-License-Identifier: MIT */
#include "cli_support.h"

#include "dovecot_file.h"
#include "setup_text.h"

/* Cut from what doveconf 2.3.19 and 2.4.1 print. */
static const char of_2_3[] =
	"# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\n"
	"disable_plaintext_auth = yes\n"
	"import_environment = TZ CORE_ERROR MAILWICKET_CONFIG=/srv/policy\n"
	"login_plugins = \" other mailwicket\"\n"
	"passdb {\n"
	"  args = \n"
	"  driver = mailwicket\n"
	"  result_success = continue\n"
	"}\n"
	"passdb {\n"
	"  driver = pam\n"
	"}\n"
	"service auth {\n"
	"  unix_listener /var/spool/postfix/private/auth {\n"
	"    mode = 0660\n"
	"  }\n"
	"}\n"
	"ssl = yes\n"
	"protocol imap {\n"
	"  ssl = required\n"
	"}\n";
static const char of_2_4[] =
	"auth_allow_cleartext = no\n"
	"import_environment {\n"
	"  MAILWICKET_CONFIG = /srv/policy\n"
	"  TZ = %{env:TZ}\n"
	"}\n"
	"login_plugins {\n"
	"  mailwicket = yes\n"
	"  other = no\n"
	"}\n"
	"passdb mailwicket {\n"
	"  driver = mailwicket\n"
	"}\n"
	"passdb pam {\n"
	"}\n";

START_TEST(settings_and_sections_of_2_3_are_found)
{
	struct mw_arena *arena = mw_arena_new(0);
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, mw_str(of_2_3)), *first, *second, *auth;

	ck_assert_ptr_nonnull(root);
	ck_assert_slice(mw_dovecot_value(root, "ssl"), MW_STR("yes"));
	ck_assert(mw_dovecot_lists(root, "login_plugins", "mailwicket"));
	ck_assert(!mw_dovecot_lists(root, "login_plugins", "wicket"));
	first = mw_dovecot_next(root, NULL, "passdb");
	second = mw_dovecot_next(root, first, "passdb");
	ck_assert_slice(mw_dovecot_value(first, "driver"), MW_STR("mailwicket"));
	ck_assert_slice(mw_dovecot_value(second, "driver"), MW_STR("pam"));
	ck_assert_ptr_null(mw_dovecot_next(root, second, "passdb"));
	auth = mw_dovecot_next(root, NULL, "service");
	ck_assert_slice(auth->value, MW_STR("auth"));
	ck_assert_slice(mw_dovecot_next(auth, NULL, "unix_listener")->value, MW_STR("/var/spool/postfix/private/auth"));
	ck_assert_slice(mw_dovecot_value(mw_dovecot_next(root, NULL, "protocol"), "ssl"), MW_STR("required"));
	mw_arena_free(arena);
}
END_TEST

START_TEST(lists_and_named_sections_of_2_4_are_found)
{
	struct mw_arena *arena = mw_arena_new(0);
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, mw_str(of_2_4)), *passdb;

	ck_assert_ptr_nonnull(root);
	ck_assert(mw_dovecot_lists(root, "login_plugins", "mailwicket"));
	ck_assert(!mw_dovecot_lists(root, "login_plugins", "other"));
	passdb = mw_dovecot_next(root, mw_dovecot_next(root, NULL, "passdb"), "passdb");
	ck_assert_slice(passdb->value, MW_STR("pam"));
	ck_assert_slice(mw_dovecot_value(mw_dovecot_next(root, NULL, "import_environment"), "MAILWICKET_CONFIG"),
			MW_STR("/srv/policy"));
	mw_arena_free(arena);
}
END_TEST

START_TEST(what_ends_within_a_section_is_refused)
{
	struct mw_arena *arena = mw_arena_new(0);

	ck_assert_ptr_null(mw_dovecot_parse(arena, MW_STR("passdb {\n driver = pam\n")));
	ck_assert_ptr_null(mw_dovecot_parse(arena, MW_STR("a = b\n}\n")));
	ck_assert_ptr_nonnull(mw_dovecot_parse(arena, MW_STR_EMPTY));
	mw_arena_free(arena);
}
END_TEST

static const struct {
	const char *before, *after;
} files[] = {
	{ "", "# mailwicket setup: begin\nP\n# mailwicket setup: end\n"
	      "# mailwicket setup: begin\nS\n# mailwicket setup: end\n" },
	{ "# title\ndovecot_config_version = 2.4.0\nssl = yes\n",
	  "# title\ndovecot_config_version = 2.4.0\n# mailwicket setup: begin\nP\n# mailwicket setup: end\nssl = yes\n"
	  "# mailwicket setup: begin\nS\n# mailwicket setup: end\n" },
	{ "# mailwicket setup: begin\nold\n# mailwicket setup: end\nssl = no\n# mailwicket setup: begin\nold\n"
	  "# mailwicket setup: end\nlast = 1\n",
	  "# mailwicket setup: begin\nP\n# mailwicket setup: end\nssl = no\nlast = 1\n# mailwicket setup: begin\nS\n"
	  "# mailwicket setup: end\n" },
};

START_TEST(the_passdb_is_put_first_and_the_settings_last_once)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_str once = mw_setup_dovecot_conf(arena, mw_str(files[_i].before), MW_STR("P\n"), MW_STR("S\n"));

	ck_assert_slice(once, mw_str(files[_i].after));
	ck_assert_slice(mw_setup_dovecot_conf(arena, once, MW_STR("P\n"), MW_STR("S\n")), once);
	mw_arena_free(arena);
}
END_TEST

START_TEST(an_included_folder_is_noticed_unless_commented_out)
{
	ck_assert(mw_setup_includes_folder(MW_STR("a = b\n  !include conf.d/*.conf\n")));
	ck_assert(mw_setup_includes_folder(MW_STR("!include_try /etc/dovecot/conf.d/*.conf")));
	ck_assert(!mw_setup_includes_folder(MW_STR("#!include conf.d/*.conf\n!include conf.d/10-auth.conf\n")));
}
END_TEST

TCase *mw_test_dovecot_file_case(void)
{
	TCase *tcase = tcase_create("dovecot files");

	tcase_add_test(tcase, settings_and_sections_of_2_3_are_found);
	tcase_add_test(tcase, lists_and_named_sections_of_2_4_are_found);
	tcase_add_test(tcase, what_ends_within_a_section_is_refused);
	MW_LOOP(tcase, the_passdb_is_put_first_and_the_settings_last_once, files);
	tcase_add_test(tcase, an_included_folder_is_noticed_unless_commented_out);
	return tcase;
}
