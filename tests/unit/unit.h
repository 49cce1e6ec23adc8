/* What all unit tests share. A file of tests registers itself: it stands in the local.mk of its folder, and nowhere else.

	MW_UNIT_TESTS("names of files")
	{
		tcase_add_test(tcase, a_name_is_kept);
	}
*/
#ifndef MW_TESTS_UNIT_H
#define MW_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "base/str.h"

#define MW_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MW_LOOP(tcase, test, array) tcase_add_loop_test((tcase), (test), 0, (int)MW_COUNT(array))

/* Bytes and length are the same. */
#define ck_assert_slice(got, wanted)                                                                        \
	do {                                                                                                \
		struct mw_str got_ = (got), wanted_ = (wanted);                                             \
		ck_assert_msg(mw_str_equal(got_, wanted_), "\"%.*s\" instead of \"%.*s\"", MW_STR_ARG(got_), \
			      MW_STR_ARG(wanted_));                                                         \
	} while (0)

/* The tests of one file, one Check case. */
struct mw_unit_tests {
	const char *name;
	void (*fill)(TCase *tcase);
	struct mw_unit_tests *next;
};

/* Before main(): the program will run them. */
void mw_unit_register(struct mw_unit_tests *tests);

#define MW_UNIT_TESTS(title)                                                                 \
	static void fill_tests(TCase *tcase);                                                \
	__attribute__((constructor)) static void register_tests(void)                        \
	{                                                                                    \
		static struct mw_unit_tests tests = { .name = (title), .fill = fill_tests }; \
                                                                                             \
		mw_unit_register(&tests);                                                    \
	}                                                                                    \
	static void fill_tests(TCase *tcase)

#endif
