/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "servers/dovecot_file.h"
#include "servers/setup/text.h"

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

static const struct {
	const char *text, *driver; /* of its last section */
} drivers[] = {
	{ "passdb {\n  driver = pam\n}\n", "pam" },
	{ "passdb pam {\n}\n", "pam" },
	{ "passdb first {\n  driver = pam\n}\n", "pam" },
	{ "passdb_driver = pam\npassdb first {\n}\n", "pam" },
	{ "passdb_driver = pam\npassdb first {\n  driver = sql\n}\n", "sql" },
	{ "passdb_driver = pam\nuserdb passwd {\n}\n", "passwd" },
	{ "userdb_driver = static\nuserdb passwd {\n}\n", "static" },
	{ "passdb {\n}\n", "" },
};

START_TEST(the_driver_of_a_passdb_is_its_own_or_that_of_all_or_its_title)
{
	struct mw_arena *arena = mw_arena_new(0);
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, mw_str(drivers[_i].text));

	ck_assert_ptr_nonnull(root);
	ck_assert_slice(mw_dovecot_driver(root->last), mw_str(drivers[_i].driver));
	mw_arena_free(arena);
}
END_TEST

START_TEST(the_path_in_args_stands_behind_options)
{
	ck_assert_slice(mw_dovecot_path_of_args(MW_STR("/etc/users")), MW_STR("/etc/users"));
	ck_assert_slice(mw_dovecot_path_of_args(MW_STR("scheme=CRYPT  username_format=%u /etc/users ")), MW_STR("/etc/users"));
	ck_assert_slice(mw_dovecot_path_of_args(MW_STR("")), MW_STR(""));
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

/* Cut from what doveconf 2.3.19 and 2.4.1 print for odd values, titles and keys. */
static const char odd[] =
	"# 2.4.1-4 (7d8c0e5759): /etc/dovecot/odd = {\n"
	"auth_default_realm = }\n"
	"auth_master_user_separator = \"# {\"\n"
	"auth_username_format = cont {\n"
	"login_greeting = hello {\n"
	"login_log_format = \"x # y \\\" \\' \\\\ {\"\n"
	"login_trusted_networks = \n"
	"mail_attachment_dir = = {\n"
	"mail_attachment_fs = {\n"
	"mail_location = maildir:~/x = {\n"
	"mail_plugins = password=#hidden_use-P_to_show# {\n"
	"mail_chroot = \"quotes of its own\"\n"
	"postmaster_address = \"  lead # {\"\n"
	"import_environment {\n"
	"  \"A B\" = {\n"
	"  \"q\\\"t = {\" = \"w # {\"\n"
	"  C = }\n"
	"}\n"
	"plugin {\n"
	"  w = }\n"
	"  x{ = y\n"
	"  } = y\n"
	"  z = {\n"
	"}\n"
	"namespace = {\n"
	"  prefix = x/\n"
	"}\n"
	"namespace a={ {\n"
	"  prefix = {\n"
	"}\n"
	"namespace \"q\\\\t$<{\" {\n"
	"}\n"
	"ssl_cert = </etc/ssl/a = {\n"
	"ssl_key = # hidden, use -P to show it\n"
	"local 127.0.0.1 {\n"
	"  protocol imap {\n"
	"    login_greeting = }\n"
	"  }\n"
	"  ssl = yes\n"
	"}\n"
	"local_name a b{ {\n"
	"  ssl = no\n"
	"}\n"
	"last = of all\n";

static const struct {
	const char *path[3], *key, *value; /* of sections: their titles */
} odd_values[] = {
	{ { NULL }, "auth_default_realm", "}" },
	{ { NULL }, "auth_master_user_separator", "# {" },
	{ { NULL }, "auth_username_format", "cont {" },
	{ { NULL }, "login_greeting", "hello {" },
	{ { NULL }, "login_log_format", "x # y \" ' \\ {" },
	{ { NULL }, "login_trusted_networks", "" },
	{ { NULL }, "mail_attachment_dir", "= {" },
	{ { NULL }, "mail_attachment_fs", "{" },
	{ { NULL }, "mail_location", "maildir:~/x = {" },
	{ { NULL }, "mail_plugins", "password=#hidden_use-P_to_show# {" },
	{ { NULL }, "mail_chroot", "\"quotes of its own\"" },
	{ { NULL }, "postmaster_address", "lead # {" },
	{ { "" }, "A B", "{" },
	{ { "" }, "q\"t = {", "w # {" },
	{ { "" }, "C", "}" },
	{ { "" }, "w", "}" },
	{ { "" }, "x{", "y" },
	{ { "" }, "}", "y" },
	{ { "" }, "z", "{" },
	{ { "=" }, "prefix", "x/" },
	{ { "a={" }, "prefix", "{" },
	{ { NULL }, "ssl_cert", "</etc/ssl/a = {" },
	{ { NULL }, "ssl_key", "# hidden, use -P to show it" },
	{ { "127.0.0.1", "imap" }, "login_greeting", "}" },
	{ { "127.0.0.1" }, "ssl", "yes" },
	{ { "a b{" }, "ssl", "no" },
	{ { NULL }, "last", "of all" },
};

/* The setting below sections with these titles. */
static const struct mw_dovecot_node *find(const struct mw_dovecot_node *node, const char *const *path, const char *key)
{
	const struct mw_dovecot_node *found = path[0] == NULL ? mw_dovecot_next(node, NULL, key) : NULL;

	for (const struct mw_dovecot_node *child = node->first; child != NULL && found == NULL; child = child->next) {
		if (child->is_section && path[0] != NULL && mw_str_equal(child->value, mw_str(path[0])))
			found = find(child, path + 1, key);
	}
	return found;
}

START_TEST(odd_values_titles_and_keys_are_read_as_they_are)
{
	struct mw_arena *arena = mw_arena_new(0);
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, mw_str(odd)), *found;

	ck_assert_ptr_nonnull(root);
	found = find(root, odd_values[_i].path, odd_values[_i].key);
	ck_assert_ptr_nonnull(found);
	ck_assert(!found->is_section);
	ck_assert_slice(found->value, mw_str(odd_values[_i].value));
	mw_arena_free(arena);
}
END_TEST

/* No release prints such values today; a line that does not stand where doveconf puts one opens and ends nothing. */
START_TEST(a_value_with_newlines_opens_and_ends_no_section)
{
	struct mw_arena *arena = mw_arena_new(0);
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, MW_STR(
		"protocol imap {\n  login_greeting = one\nthree {\n    }\n    ssl = no\n  ssl = yes\n}\nssl = required\n"));

	ck_assert_ptr_nonnull(root);
	ck_assert_slice(mw_dovecot_value(root, "ssl"), MW_STR("required"));
	ck_assert_slice(mw_dovecot_value(mw_dovecot_next(root, NULL, "protocol"), "ssl"), MW_STR("yes"));
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
	ck_assert_uint_eq(mw_setup_folder_line(MW_STR("a = b\n  !include conf.d/*.conf\n")), 2);
	ck_assert_uint_eq(mw_setup_folder_line(MW_STR("!include_try /etc/dovecot/conf.d/*.conf")), 1);
	ck_assert_uint_eq(mw_setup_folder_line(MW_STR("#!include conf.d/*.conf\n!include conf.d/10-auth.conf\n")), 0);
}
END_TEST

MW_UNIT_TESTS("dovecot files")
{
	tcase_add_test(tcase, settings_and_sections_of_2_3_are_found);
	MW_LOOP(tcase, the_driver_of_a_passdb_is_its_own_or_that_of_all_or_its_title, drivers);
	tcase_add_test(tcase, the_path_in_args_stands_behind_options);
	tcase_add_test(tcase, lists_and_named_sections_of_2_4_are_found);
	MW_LOOP(tcase, odd_values_titles_and_keys_are_read_as_they_are, odd_values);
	tcase_add_test(tcase, a_value_with_newlines_opens_and_ends_no_section);
	tcase_add_test(tcase, what_ends_within_a_section_is_refused);
	MW_LOOP(tcase, the_passdb_is_put_first_and_the_settings_last_once, files);
	tcase_add_test(tcase, an_included_folder_is_noticed_unless_commented_out);
}
