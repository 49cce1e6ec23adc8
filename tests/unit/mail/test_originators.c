/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "mail/originators.h"

#define OWN "bob@example.test"
#define OTHER "mary@example.test"

/* A value of From, its fault ("" for none) and its addresses. */
static const struct { const char *value, *fault, *addresses; } fields[] = {
	/* what mail programs write */
	{ OWN, "", OWN },
	{ " " OWN, "", OWN },
	{ "<" OWN ">", "", OWN },
	{ "Bob <" OWN ">", "", OWN },
	{ "Bob<" OWN ">", "", OWN },
	{ "\"Smith, Bob\" <" OWN ">", "", OWN },
	{ "\"Bob \\\"the\\\" Builder\" <" OWN ">", "", OWN },
	{ "\"\" <" OWN ">", "", OWN },
	{ "John Q. Public <" OWN ">", "", OWN },
	{ "Mc'Bob R&D <" OWN ">", "", OWN },
	{ "B\303\266b \345\261\261\347\224\260 <" OWN ">", "", OWN },
	{ "=?utf-8?q?B=C3=B6b?= <" OWN ">", "", OWN },
	{ "=?UTF-8?B?QsO2Yg==?=\n =?utf-8?q?_Smith?= <" OWN ">", "", OWN },
	{ "=?utf-8?q?a?==?utf-8?q?b?= <" OWN ">", "", OWN },
	{ "=?iso-2022-jp?B?GyRCO0MbKEI=?= <" OWN ">", "", OWN },
	{ "\"=?utf-8?q?Bob?=\" <" OWN ">", "", OWN },
	{ OWN " (Bob)", "", OWN },
	{ OWN "(Bob)", "", OWN },
	{ "Bob <" OWN "> (at work)", "", OWN },
	{ OWN " (Bob (the builder))", "", OWN },
	{ "Bob\n <" OWN ">", "", OWN },
	{ "Bob \n\t<" OWN ">", "", OWN },
	{ "\n " OWN, "", OWN },
	{ "< " OWN " >", "", OWN },
	{ "BOB@Example.Test", "", "BOB@Example.Test" },
	{ "\"bob\"@example.test", "", "\"bob\"@example.test" },
	{ "\"a b\"@example.test", "", "\"a b\"@example.test" },
	{ "b\303\266b@ex\303\244mple.test", "", "b\303\266b@ex\303\244mple.test" },
	{ "bob@[192.0.2.1]", "", "bob@[192.0.2.1]" },
	{ "bob@[IPv6:2001:db8::1]", "", "bob@[IPv6:2001:db8::1]" },
	{ "bob+mary=example.test@example.test", "", "bob+mary=example.test@example.test" },
	/* several, and groups */
	{ OWN ", " OTHER, "", OWN "," OTHER },
	{ OWN "," OTHER, "", OWN "," OTHER },
	{ "Bob <" OWN ">,\n Mary <" OTHER ">", "", OWN "," OTHER },
	{ OWN " (Bob), " OTHER, "", OWN "," OTHER },
	{ "team: " OWN ", Mary <" OTHER ">;", "", OWN "," OTHER },
	{ "\"a team\":" OWN ";", "", OWN },
	{ "=?utf-8?q?team?=:" OWN ";", "", OWN },
	{ "team:" OWN "; (us), " OTHER, "", OWN "," OTHER },
	{ "undisclosed:;", "empty-group", "" },
	{ "undisclosed: ;", "empty-group", "" },
	{ OWN ", undisclosed:;", "empty-group", "" },
	{ "undisclosed:();", "comment", "" },
	{ "a: b: " OWN ";;", "syntax", "" },
	{ "team: " OWN, "syntax", "" },
	{ "team: " OWN ", ;", "syntax", "" },
	{ ":" OWN ";", "syntax", "" },
	{ OWN ";", "syntax", "" },
	{ "team:" OWN ";" OTHER, "syntax", "" },
	/* nobody */
	{ "", "syntax", "" },
	{ " ", "syntax", "" },
	{ "<>", "syntax", "" },
	{ "Bob <>", "syntax", "" },
	{ "bob", "no-domain", "" },
	{ "<bob>", "no-domain", "" },
	{ "Bob <bob>", "no-domain", "" },
	{ "bob, " OWN, "no-domain", "" },
	{ "bob@", "syntax", "" },
	{ "@example.test", "syntax", "" },
	{ "bob@, " OTHER, "syntax", "" },
	{ "bob@example.test.", "syntax", "" },
	{ ".bob@example.test", "syntax", "" },
	{ "bob.@example.test", "syntax", "" },
	{ "b..b@example.test", "syntax", "" },
	{ "\"\"@example.test", "syntax", "" },
	{ "bob@example..test", "syntax", "" },
	{ "bob@-example.test", "syntax", "" },
	{ "bob@[300.0.0.1]", "syntax", "" },
	{ "bob@[192.0.2.1", "syntax", "" },
	/* two readings */
	{ "," OWN, "syntax", "" },
	{ OWN ",", "syntax", "" },
	{ OWN ",," OTHER, "syntax", "" },
	{ OWN " " OTHER, "syntax", "" },
	{ OWN "\n " OTHER, "syntax", "" },
	{ OWN ";" OTHER, "syntax", "" },
	{ OTHER " <" OWN ">", "syntax", "" },
	/* An address as its own name. */
	{ OWN " <" OWN ">", "", OWN },
	{ OWN "\n <" OWN "> (Bob)", "", OWN },
	{ "BOB@Example.Test<" OWN ">", "", "BOB@Example.Test" },
	{ OWN " <" OWN "> <" OWN ">", "syntax", "" },
	{ OWN " <" OWN "", "syntax", "" },
	{ OWN " < " OWN ">", "syntax", "" },
	{ OWN " (Bob) <" OWN ">", "syntax", "" },
	{ OWN " <" OWN ".net>", "syntax", "" },
	{ OWN ", <" OTHER ">", "", OWN "," OTHER },
	{ "\"bob\"@example.test <\"bob\"@example.test>", "syntax", "" },
	{ OTHER ", <" OWN ">", "", OTHER "," OWN },
	{ "<" OWN "> <" OTHER ">", "syntax", "" },
	{ "<" OWN ">" OTHER, "syntax", "" },
	{ "<" OTHER ">\\,<" OWN ">", "syntax", "" },
	{ "<<" OWN ">>", "syntax", "" },
	{ "Bob <" OWN, "syntax", "" },
	{ "Bob " OWN ">", "syntax", "" },
	{ "\"Bob <" OWN ">", "syntax", "" },
	{ "Bob [Sales] <" OWN ">", "syntax", "" },
	{ "Bob \\\" <" OWN ">", "syntax", "" },
	{ ".st <" OWN ">", "syntax", "" },
	{ "bob @example.test", "syntax", "" },
	{ "bob@ example.test", "syntax", "" },
	{ "bob@example .test", "syntax", "" },
	{ "\"bob\"\"x\"@example.test", "syntax", "" },
	{ "\"bob\".x@example.test", "syntax", "" },
	{ "\"" OTHER "\"" OWN, "syntax", "" },
	/* routes, paths and a second @ */
	{ "<@example.net:" OWN ">", "route", "" },
	{ "<@a.test,@b.test:" OWN ">", "route", "" },
	{ "<@example.net>" OWN, "route", "" },
	{ "bob%example.net@example.test", "path", "" },
	{ "example.net!bob@example.test", "path", "" },
	{ "\"bob%x\"@example.test", "path", "" },
	{ OWN "@example.net", "path", "" },
	{ "bob@@example.test", "syntax", "" },
	{ "\"" OTHER "\"@example.test", "path", "" },
	{ "\"x <" OTHER ">\"@example.net", "path", "" },
	{ "\"bob,mary\"@example.test", "syntax", "" },
	{ "\"bob<x>\"@example.test", "syntax", "" },
	/* comments */
	{ "(Bob) " OWN, "comment", "" },
	{ "Bob (Sales) <" OWN ">", "comment", "" },
	{ "bob(x)@example.test", "comment", "" },
	{ "bob@(x)example.test", "comment", "" },
	{ "bob@example(x).test", "syntax", "" },
	{ "<(x)" OWN ">", "comment", "" },
	{ "<" OWN "(x)>", "comment", "" },
	{ OWN " (<" OTHER ">)", "comment", "" },
	{ OWN " (a (b), " OTHER ")", "comment", "" },
	{ OWN " (a\\), " OTHER " (b))", "comment", "" },
	{ OWN " (a\\), " OTHER " (b)", "syntax", "" },
	{ OWN " (Bob", "syntax", "" },
	{ OWN " Bob)", "syntax", "" },
	{ OWN " (a\\)", "syntax", "" },
	{ OWN ", (x) " OTHER, "comment", "" },
	/* encoded-words where none may be */
	{ "=?utf-8?q?bob=40example.test?=", "no-domain", "" },
	{ "=?utf-8?q?bob?=@example.test", "encoded-word", "" },
	{ "bob@=?utf-8?q?example.test?=", "encoded-word", "" },
	{ "<=?utf-8?q?bob?=@example.test>", "encoded-word", "" },
	{ OWN " (=?utf-8?q?Bob?=)", "encoded-word", "" },
	{ "=?utf-8?b?PG1hcnlAZXhhbXBsZS50ZXN0Pg==?=,<" OWN ">", "no-domain", "" },
	{ "=?utf-8?q?a <" OWN ">", "encoded-word", "" },
	{ "\"=?utf-8?q?a\" b?= <" OWN ">", "encoded-word", "" },
	{ "x=?utf-8?q?a?=y <" OWN ">", "encoded-word", "" },
	/* text that is turned around */
	{ "B\xe2\x80\xae" "b <" OWN ">", "control-character", "" },
	{ "\"B\xe2\x80\xad" "b\" <" OWN ">", "control-character", "" },
	{ "=?utf-8?b?4oCuYm9i?= <" OWN ">", "control-character", "" },
	{ "=?utf-8?q?B=E2=80?= =?utf-8?q?=AEb?= <" OWN ">", "control-character", "" },
	{ "\xe2\x80\x8f" "B <" OWN ">", "", OWN },
	/* ones that show something else than their octets say, to readers that know the character set */
	{ "=?utf-7?q?B+AAo-b?= <" OWN ">", "encoded-word", "" },
	{ "\"=?UTF-7?q?B+AA0ACg-b?=\" <" OWN ">", "encoded-word", "" },
	{ "=?unicode-1-1-utf-7*en?b?QitBQW8tYg==?= <" OWN ">", "encoded-word", "" },
	{ "=?utf-8?q?a?= =?cp037?q?=25?= <" OWN ">", "encoded-word", "" },
	{ "=?unicode_escape?q?=5Cn?= <" OWN ">", "encoded-word", "" },
	{ "=?utf-16be?b?AEIAbwBi?= <" OWN ">", "encoded-word", "" },
	{ "=??q?Bob?= <" OWN ">", "encoded-word", "" },
	{ "=?iso-2022-jp?b?GyRCRnxLXBsoQg==?= <" OWN ">", "", OWN },
	{ "=?Windows-1252?Q?B=F6b?= <" OWN ">", "", OWN },
	{ "=?cp850?Q?B=94b?= <" OWN ">", "", OWN },
	{ "=?utf-8?b?bWFyeUBleGFtcGxlLnRlc3QA?= <" OWN ">", "control-character", "" },
	/* a line is broken behind its 998th octet, and a quote that is escaped ends the string then */
	{ "\"A\\\" <ceo@example.test> (\" <" OWN ">", "syntax", "" },
	{ "\"A\\\\\" \"ceo@example.test\" <" OWN ">", "syntax", "" },
	{ "\"A\\\"A\" =?utf-8?q?ceo=40example.test?= <" OWN ">", "syntax", "" },
	{ "\"A\\\"A\" =?utf-7?q?ceo?= <" OWN ">", "encoded-word", "" },
	{ "\"A\\\"A\" <" OWN "> (\\\"), \"ceo@example.test\" <" OWN ">", "comment", "" },
	{ "\"A\\\\A\" \"ceo@example.test\" <" OWN ">", "", OWN },
	{ "\"A\\\"A\"\n <" OWN ">", "", OWN },
	/* not so behind a fold, where the line's length is seen */
	{ "Bob\n \"A\\\"A\" \"ceo@example.test\" <" OWN ">", "", OWN },
	{ "\"Bob \\\"the\\\" Builder\" <" OWN ">", "", OWN },
	{ "=?utf-8?q?mary=40example.test=0A?= <" OWN ">", "control-character", "" },
	{ "=?utf-8?q?a=0Db?= <" OWN ">", "control-character", "" },
	/* octets */
	{ OWN "\r", "control-character", "" },
	{ "Bob\r\n <" OWN ">", "control-character", "" },
	{ "Bob\nX: y <" OWN ">", "control-character", "" },
	{ "Bob\n \n <" OWN ">", "control-character", "" },
	{ OWN "\n ", "control-character", "" },
	{ "B\001b <" OWN ">", "control-character", "" },
	{ "B\177b <" OWN ">", "control-character", "" },
	{ "\"B\013b\" <" OWN ">", "control-character", "" },
	{ "B\302\205b <" OWN ">", "control-character", "" },
	{ "B\342\200\250b <" OWN ">", "control-character", "" },
	{ "B\366b <" OWN ">", "not-utf-8", "" },
	{ "\"B\303\" <" OWN ">", "not-utf-8", "" },
	{ "bob@ex\302\240ample.test", "syntax", "" },
	{ "b\342\200\256ob@example.test", "syntax", "" },
	{ "bob\357\274\240example.test", "no-domain", "" },
};

static struct mw_arena *arena;
static struct mw_originators_reader reader;
static struct mw_originators read;

static void begin(void)
{
	arena = mw_arena_new(MW_ORIGINATORS_MEMORY);
	mw_originators_begin(&reader, arena);
}

static void add(const char *name, const char *value)
{
	mw_originators_add(&reader, mw_str(name), mw_str(value));
}

static void end(void)
{
	ck_assert(mw_originators_end(&reader, &read));
}

static void release(void)
{
	mw_arena_free(arena);
	arena = NULL;
}

static const char *fault_of(const struct mw_originator *originator)
{
	return originator->fault == MW_ORIGINATOR_OK ? "" : mw_table_word(mw_originator_faults, (int)originator->fault);
}

static void check(const struct mw_originator *got, const char *fault, const char *addresses)
{
	ck_assert_str_eq(fault_of(got), fault);
	ck_assert_slice(got->addresses, mw_str(addresses));
}

START_TEST(a_field_is_read_in_one_way_or_refused)
{
	add("From", fields[_i].value);
	end();
	ck_assert_msg(strcmp(fault_of(&read.from), fields[_i].fault) == 0, "%s: \"%s\" instead of \"%s\"", fields[_i].value,
		      fault_of(&read.from), fields[_i].fault);
	ck_assert_slice(read.from.addresses, mw_str(fields[_i].addresses));
}
END_TEST

/* Sender and Resent-* have the same grammar. */
START_TEST(every_originator_is_read_as_from_is)
{
	add("Sender", fields[_i].value);
	add("Resent-From", fields[_i].value);
	add("Resent-Sender", fields[_i].value);
	end();
	check(&read.sender, fields[_i].fault, fields[_i].addresses);
	check(&read.resent_from, fields[_i].fault, fields[_i].addresses);
	check(&read.resent_sender, fields[_i].fault, fields[_i].addresses);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
	static const char value[] = "Bob\0 <" OWN ">";

	mw_originators_add(&reader, MW_STR("From"), (struct mw_str){ value, sizeof(value) - 1 });
	end();
	check(&read.from, "control-character", "");
}
END_TEST

START_TEST(a_message_without_from_says_so)
{
	add("To", OWN);
	end();
	check(&read.from, "missing", "");
	check(&read.sender, "", "");
	check(&read.resent_from, "", "");
}
END_TEST

START_TEST(a_second_field_counts_whatever_its_letters)
{
	add("From", OWN);
	add("FROM ", OWN);
	add("Sender", OWN);
	add("sender", "nonsense");
	end();
	check(&read.from, "repeated", "");
	check(&read.sender, "repeated", "");
}
END_TEST

START_TEST(a_thousand_fields_take_no_more_memory)
{
	for (int i = 0; i < 1000; i++) {
		char value[4000];

		memset(value, ' ', sizeof(value));
		snprintf(value + 3900, 100, "user%d@example.test", i);
		add("From", value);
		add("Sender", value);
		add("Resent-From", value);
		add("Resent-Sender", value);
	}
	end();
	check(&read.from, "repeated", "");
	ck_assert(read.claims_cut);
}
END_TEST

static void fill(char *value, size_t len)
{
	memset(value, 'x', len);
	memcpy(value, "\"", 1);
	memcpy(value + len - sizeof("\" <" OWN ">") + 1, "\" <" OWN ">", sizeof("\" <" OWN ">"));
}

START_TEST(a_field_of_8_kib_is_too_long)
{
	static char value[MW_ORIGINATOR_MAX + 1];

	fill(value, MW_ORIGINATOR_MAX - 1);
	add("From", value);
	fill(value, MW_ORIGINATOR_MAX);
	add("Sender", value);
	end();
	check(&read.from, "", OWN);
	check(&read.sender, "too-long", "");
}
END_TEST

START_TEST(a_hundred_addresses_are_read_and_no_more)
{
	char memory[4000];
	struct mw_buf value = MW_BUF_OVER(memory);

	for (int i = 0; i < 100; i++)
		mw_buf_printf(&value, "%su%d@example.test", i > 0 ? "," : "", i);
	add("From", memory);
	ck_assert_uint_eq(mw_originator_count(&reader.read.from), 100);
	mw_buf_add_text(&value, "," OWN);
	add("Sender", memory);
	end();
	check(&read.sender, "too-many-addresses", "");
}
END_TEST

START_TEST(the_topmost_block_of_resent_fields_counts)
{
	add("Resent-Date", "today");
	add("Resent-From", OWN);
	add("Received", "by x");
	add("Resent-From", OTHER);
	add("Resent-Sender", OTHER);
	add("From", "x@example.net");
	end();
	check(&read.resent_from, "", OWN);
	check(&read.resent_sender, "", "");
}
END_TEST

START_TEST(two_resent_senders_of_one_block_are_ambiguous)
{
	add("Resent-Sender", OWN);
	add("Resent-From", OWN);
	add("Resent-Sender", OTHER);
	end();
	check(&read.resent_sender, "repeated", "");
}
END_TEST

static const struct { const char *value; bool signs; } signatures[] = {
	{ "v=1; a=rsa-sha256; h=From:Sender:To; b=x", true },
	{ "v=1; h=from : to :\n sender", true },
	{ "v=1; h=SENDER", true },
	{ "v=1; h=From:To; b=Sender", false },
	{ "v=1; bh=sender; h=From", false },
	{ "v=1; h=X-Sender:Sender-X", false },
	{ "v=1;\n\th =\n sender", true },
	{ "", false },
};

START_TEST(a_signature_that_names_sender_is_seen)
{
	add("DKIM-Signature", signatures[_i].value);
	add("DKIM-Signature", "v=1; h=From");
	end();
	ck_assert_int_eq(read.sender_signed, signatures[_i].signs);
}
END_TEST

/* What some reader could take From for. */
static const struct { const char *value, *claims; } claims[] = {
	{ "Bob <" OWN ">", "" },
	{ "\"" OTHER "\" <" OWN ">", OTHER },
	{ "\"Mary <" OTHER ">\" <" OWN ">", OTHER },
	{ "=?utf-8?q?mary=40example.test?= <" OWN ">", OTHER },
	{ "=?utf-8?b?bWFyeUBleGFtcGxlLnRlc3Q=?= <" OWN ">", OTHER },
	{ "=?utf-8?q?mary=40?= =?utf-8?q?example.test?= <" OWN ">", OTHER },
	{ "=?utf-8?q?mary?=\n =?iso-8859-1?b?QGV4YW1wbGUudGVzdA==?= <" OWN ">", OTHER },
	{ "\"mary@exam\\ple.test\" <" OWN ">", "mary@exam," OTHER },
	{ "\"mary\357\274\240example.test\" <" OWN ">", OTHER },
	{ "\"ask: mary@example.test.\" <" OWN ">", OTHER },
	{ OWN " (" OTHER ")", OTHER },
	{ "mary@(x)example.test", OTHER },
	{ "mary @ example.test", OTHER },
	{ "\"a@b@c.test\" <" OWN ">", "a@b,b@c.test" },
	{ "@ <" OWN ">", OWN },
};

START_TEST(other_readings_of_from_are_found)
{
	add("From", claims[_i].value);
	end();
	ck_assert_msg(mw_str_equal(read.claims, mw_str(claims[_i].claims)), "%s: %.*s", claims[_i].value,
		      MW_STR_ARG(read.claims));
	ck_assert(!read.claims_cut);
}
END_TEST

START_TEST(a_name_in_a_character_set_without_ascii_is_not_read)
{
	add("From", "=?utf-7?q?mary+AEA-example.test?= <" OWN ">");
	end();
	ck_assert(read.claims_cut);
	check(&read.from, "encoded-word", "");
}
END_TEST

START_TEST(memory_that_runs_out_is_told)
{
	mw_arena_fail_at(arena, (unsigned long)_i);
	add("From", "Mary " OTHER " <" OWN ">");
	add("From", OWN);
	add("Sender", OWN);
	ck_assert(!mw_originators_end(&reader, &read));
}
END_TEST

MW_UNIT_TESTS("originators")
{
	tcase_add_checked_fixture(tcase, begin, release);
	MW_LOOP(tcase, a_field_is_read_in_one_way_or_refused, fields);
	MW_LOOP(tcase, every_originator_is_read_as_from_is, fields);
	tcase_add_test(tcase, a_nul_is_no_text);
	tcase_add_test(tcase, a_message_without_from_says_so);
	tcase_add_test(tcase, a_second_field_counts_whatever_its_letters);
	tcase_add_test(tcase, a_thousand_fields_take_no_more_memory);
	tcase_add_test(tcase, a_field_of_8_kib_is_too_long);
	tcase_add_test(tcase, a_hundred_addresses_are_read_and_no_more);
	tcase_add_test(tcase, the_topmost_block_of_resent_fields_counts);
	tcase_add_test(tcase, two_resent_senders_of_one_block_are_ambiguous);
	MW_LOOP(tcase, a_signature_that_names_sender_is_seen, signatures);
	MW_LOOP(tcase, other_readings_of_from_are_found, claims);
	tcase_add_test(tcase, a_name_in_a_character_set_without_ascii_is_not_read);
	tcase_add_loop_test(tcase, memory_that_runs_out_is_told, 1, 3);
}
