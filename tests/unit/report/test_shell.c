/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shell.h"
#include "report/template.h"

static char memory[4096];

/* What a shell gives to a program for the command's text, with a mark behind it. */
static struct mw_str heard(const char *shell, const char *words, char *text, size_t size)
{
	static char command[8192];
	size_t len = 0;
	int ends[2];
	ssize_t got;
	pid_t pid;

	snprintf(command, sizeof(command), "printf '%%s|' %s", words);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(shell, shell, "-c", command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	while (len < size && (got = read(ends[0], text + len, size - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return (struct mw_str){ text, len };
}

static void check_word(const char *shell, struct mw_str text)
{
	struct mw_buf out = MW_BUF_OVER(memory), wanted;
	char found[1024], expected[1024];

	wanted = MW_BUF_OVER(expected);
	mw_buf_add(&wanted, text);
	mw_buf_add_char(&wanted, '|');
	mw_shell_word(&out, text);
	ck_assert(!out.truncated);
	ck_assert(mw_test_is_printable(mw_buf_str(&out)));
	ck_assert_msg(mw_str_equal(heard(shell, out.data, found, sizeof(found)), mw_buf_str(&wanted)), "%s: %s", shell,
		      out.data);
}

static const char *const words[] = {
	"a&id@d", "$(id)", "`id`", "${HOME}", "$HOME", "~", "~root", "*", "?", "[a-z]", "{a,b}", "a;id", "a|id", "a>b",
	"a<b", "o'hara@d", "''", "'", "\"", "\\", "a\\", "!!", "#a", "a b", " a", "a ", "=id", "a=b", "(id)", "-a", "--",
	"%1", "^a^b", "\xc3\xa9t\xc3\xa9@d", "", "alice@example.org", "/etc/mail wicket/x", "$'a'", "'$'\\''(id)'", "&",
	"a,b:c+d-e_f.g/h",
};

START_TEST(a_shell_takes_a_word_for_its_bytes)
{
	check_word("/bin/sh", mw_str(words[_i]));
	check_word("/bin/bash", mw_str(words[_i]));
}
END_TEST

START_TEST(bytes_that_no_terminal_should_see_are_escaped)
{
	uint64_t seed = 670;

	for (int round = 0; round < 200; round++) {
		char bytes[120];
		size_t len = mw_test_hostile(&seed, bytes, sizeof(bytes));

		/* No program's argument has a NUL in it. */
		for (size_t i = 0; i < len; i++)
			bytes[i] = bytes[i] == '\0' ? '\1' : bytes[i];
		check_word("/bin/bash", (struct mw_str){ bytes, len });
	}
}
END_TEST

START_TEST(a_plain_word_stays_as_it_is)
{
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_shell_word(&out, MW_STR("alice.b+c-d_e@example.org"));
	ck_assert_str_eq(out.data, "alice.b+c-d_e@example.org");
}
END_TEST

START_TEST(a_word_is_whole_or_not_there)
{
	struct mw_str word = MW_STR("a'$(id)\x1b");

	for (size_t size = 1; size < 40; size++) {
		struct mw_buf out = mw_buf_over(memory, size);

		mw_shell_word(&out, word);
		ck_assert(out.truncated ? out.used == 0 && memory[0] == '\0' : strcmp(memory, "'a'\\''$(id)'$'\\033'") == 0);
	}
}
END_TEST

START_TEST(a_name_is_no_option)
{
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_shell_operand(&out, MW_STR("-a"));
	ck_assert_str_eq(out.data, "-- -a");
	mw_buf_reset(&out);
	mw_shell_operand(&out, MW_STR("a-b"));
	ck_assert_str_eq(out.data, "a-b");
}
END_TEST

START_TEST(a_sentence_quotes_what_its_commands_name)
{
	struct mw_template_values values = { .count = 0 };
	struct mw_buf out = MW_BUF_OVER(memory);
	char longest[255];

	memset(longest, '&', sizeof(longest) - 1);
	longest[254] = '\0';
	mw_template_set(&values, "user", MW_STR("a&id@d"));
	mw_template_set(&values, "longest", mw_str(longest));
	mw_template_write("<user>: run <'user'>[ or <'none'>]", &values, &out);
	ck_assert_str_eq(out.data, "a&id@d: run 'a&id@d'");
	mw_buf_reset(&out);
	mw_template_write("<'longest'>", &values, &out);
	ck_assert_uint_eq(out.used, 256);
}
END_TEST

MW_UNIT_TESTS("shell")
{
	MW_LOOP(tcase, a_shell_takes_a_word_for_its_bytes, words);
	tcase_add_test(tcase, bytes_that_no_terminal_should_see_are_escaped);
	tcase_add_test(tcase, a_plain_word_stays_as_it_is);
	tcase_add_test(tcase, a_word_is_whole_or_not_there);
	tcase_add_test(tcase, a_name_is_no_option);
	tcase_add_test(tcase, a_sentence_quotes_what_its_commands_name);
}
