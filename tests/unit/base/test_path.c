/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static char top[64];
static struct mw_path_owner owner;

/* A path below the test's folder, which is the caller's. */
static const char *below(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, 256, "%s/%s", top, name);
	return path;
}

static void make_folder(const char *name, mode_t mode)
{
	ck_assert_int_eq(mkdir(below(name), 0700), 0);
	ck_assert_int_eq(chmod(below(name), mode), 0);
}

static void make_link(const char *to, const char *name)
{
	ck_assert_int_eq(symlink(to, below(name)), 0);
}

static void set_up(void)
{
	snprintf(top, sizeof(top), "/tmp/mw-path-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	make_folder("a", 0755);
	make_folder("a/b", 0755);
	make_folder("open", 0777);
	make_folder("open/b", 0755);
	make_folder("group", 0770);
	make_folder("group/b", 0755);
	make_folder("sticky", 01777);
	make_folder("sticky/b", 0755);
	make_link("a/b", "relative");
	make_link(below("a"), "absolute");
	make_link("../../open/b", "a/b/up");
	make_link("round2", "round1");
	make_link("round1", "round2");
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
}

static bool is_ours(const char *name)
{
	return mw_path_is_ours(below(name), geteuid(), &owner);
}

START_TEST(a_way_that_only_the_caller_can_change_is_ours)
{
	static const char *const names[] = {
		"", "a", "a/b", "a/b/", "a//b", "a/./b", "a/b/..", "a/../a/b", "relative", "absolute/b", "sticky", "sticky/b", "open",
		"a/none", "a/none/below",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(is_ours(names[i]), "%s: %s", names[i], owner.where);
}
END_TEST

START_TEST(a_folder_that_others_write_may_be_anything_below)
{
	static const char *const names[] = { "open/b", "open/none", "group/b", "a/b/up" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_msg(!is_ours(names[i]), "%s", names[i]);
		ck_assert(owner.anybody && !owner.foreign);
		ck_assert_str_eq(owner.where, below(names[i][0] == 'g' ? "group" : "open"));
	}
}
END_TEST

START_TEST(what_belongs_to_another_user_is_named)
{
	/* To user `geteuid() + 1` the caller is the other one; root is trusted by everybody. */
	bool ours = mw_path_is_ours(below("a/b"), geteuid() + 1, &owner);

	ck_assert(ours == (geteuid() == 0));
	ck_assert(owner.foreign == (geteuid() != 0) && owner.user == geteuid());
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(below("a"), 65534, 65534), 0);
		ck_assert(!is_ours("a/b") && owner.foreign && owner.user == 65534);
		ck_assert_str_eq(owner.where, below("a"));
		ck_assert(!is_ours("absolute/b") && owner.user == 65534);
		ck_assert_int_eq(lchown(below("relative"), 65534, 65534), 0);
		ck_assert(!is_ours("relative") && owner.user == 65534);
		ck_assert_str_eq(owner.where, below("relative"));
	}
}
END_TEST

START_TEST(a_way_without_an_end_is_an_error)
{
	static char longest[PATH_MAX + 10];

	ck_assert(!is_ours("round1") && errno == ELOOP && !owner.foreign && !owner.anybody);
	ck_assert(!mw_path_is_ours("relative", 0, &owner) && errno == EINVAL);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	ck_assert(!mw_path_is_ours(longest, 0, &owner) && errno == ENAMETOOLONG);
	longest[PATH_MAX - 10] = '\0';
	ck_assert(!mw_path_is_ours(longest, 0, &owner) && errno == ENAMETOOLONG);
}
END_TEST

MW_UNIT_TESTS("path")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_way_that_only_the_caller_can_change_is_ours);
	tcase_add_test(tcase, a_folder_that_others_write_may_be_anything_below);
	tcase_add_test(tcase, what_belongs_to_another_user_is_named);
	tcase_add_test(tcase, a_way_without_an_end_is_an_error);
}
