/* SPDX-License-Identifier: MIT */
#include "postfix/request.h"

#include <stdlib.h>

#include "unit.h"

#define HEAD "request=smtpd_access_policy\n"

static const char standard[] =
	HEAD "protocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.7\nclient_name=a.example.net\n"
	"client_port=40000\nreverse_client_name=a.example.net\nserver_address=203.0.113.1\nserver_port=587\n"
	"helo_name=a.example.net\nsender=bob@example.test\nrecipient=mary@example.test\nrecipient_count=0\nqueue_id=\n"
	"instance=1.2.3.0\nsize=1000\netrn_domain=\nstress=\nsasl_method=PLAIN\nsasl_username=bob\nsasl_sender=\n"
	"ccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
	"encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=relay\n\n";

#define STANDARD_ATTRIBUTES 29

static void expect_value(const struct mw_request *request, const char *bytes, enum mw_attribute attribute,
			 const char *value)
{
	struct mw_str found = mw_request_value(request, bytes, attribute);

	ck_assert_msg(mw_str_equal(found, mw_str(value)), "%.*s is \"%.*s\"", MW_STR_ARG(mw_attribute_name(attribute)),
		      MW_STR_ARG(found));
}

static void expect_standard(const struct mw_request *request, const char *bytes)
{
	expect_value(request, bytes, MW_ATTRIBUTE_REQUEST, "smtpd_access_policy");
	expect_value(request, bytes, MW_ATTRIBUTE_PROTOCOL_STATE, "RCPT");
	expect_value(request, bytes, MW_ATTRIBUTE_SENDER, "bob@example.test");
	expect_value(request, bytes, MW_ATTRIBUTE_RECIPIENT, "mary@example.test");
	expect_value(request, bytes, MW_ATTRIBUTE_QUEUE_ID, "");
	expect_value(request, bytes, MW_ATTRIBUTE_POLICY_CONTEXT, "relay");
	ck_assert(mw_request_has(request, MW_ATTRIBUTE_QUEUE_ID));
	ck_assert(!mw_request_has(request, MW_ATTRIBUTE_MAIL_VERSION));
}

START_TEST(a_request_in_one_piece)
{
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0;

	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, MW_STR(standard), &used, &why), MW_REQUEST_WHOLE);
	ck_assert_uint_eq(used, sizeof(standard) - 1);
	expect_standard(&request, standard);
}
END_TEST

/* POL-01 */
START_TEST(a_request_cut_at_every_offset)
{
	for (size_t cut = 1; cut < sizeof(standard) - 1; cut++) {
		struct mw_request request;
		char *moved = malloc(sizeof(standard));
		const char *why = NULL;
		size_t used = 0;

		mw_request_init(&request);
		ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ standard, cut }, &used, &why),
				 MW_REQUEST_PARTIAL);
		memcpy(moved, standard, sizeof(standard));
		ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ moved, sizeof(standard) - 1 }, &used, &why),
				 MW_REQUEST_WHOLE);
		ck_assert_uint_eq(used, sizeof(standard) - 1);
		expect_standard(&request, moved);
		free(moved);
	}
}
END_TEST

START_TEST(a_request_byte_by_byte)
{
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0;

	mw_request_init(&request);
	for (size_t len = 1; len < sizeof(standard) - 1; len++)
		ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ standard, len }, &used, &why),
				 MW_REQUEST_PARTIAL);
	ck_assert_int_eq(mw_request_read(&request, MW_STR(standard), &used, &why), MW_REQUEST_WHOLE);
	expect_standard(&request, standard);
}
END_TEST

/* POL-02 */
START_TEST(the_next_request_is_left_where_it_is)
{
	static const char two[] = HEAD "sender=a\n\n" HEAD "sender=b\n\n";
	struct mw_request request;
	const char *why = NULL;
	size_t first = 0, second = 0;

	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, MW_STR(two), &first, &why), MW_REQUEST_WHOLE);
	expect_value(&request, two, MW_ATTRIBUTE_SENDER, "a");
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, mw_str_tail(MW_STR(two), first), &second, &why), MW_REQUEST_WHOLE);
	expect_value(&request, two + first, MW_ATTRIBUTE_SENDER, "b");
	ck_assert_uint_eq(first + second, sizeof(two) - 1);
}
END_TEST

static const struct { struct mw_str bytes; const char *why; } bad[] = {
	{ { "\n", 1 }, "the request is empty" },
	{ { "request=other\n\n", 15 }, "it is not request=smtpd_access_policy" },
	{ { "sender=a\n\n", 10 }, "it is not request=smtpd_access_policy" },
	{ { HEAD "sender\n", sizeof(HEAD) + 6 }, "a line has no \"=\"" },
	{ { HEAD "=x\n", sizeof(HEAD) + 2 }, "an attribute's name is empty or not printable" },
	{ { HEAD "s\xe9nder=a\n", sizeof(HEAD) + 8 }, "an attribute's name is empty or not printable" },
	{ { HEAD "se nder=a\n", sizeof(HEAD) + 9 }, "an attribute's name is empty or not printable" },
	{ { HEAD "sender=a\0b\n", sizeof(HEAD) + 10 }, "a line holds a NUL or a carriage return" },
	{ { HEAD "sender=a\r\n", sizeof(HEAD) + 9 }, "a line holds a NUL or a carriage return" },
	{ { HEAD "sender=a\rb", sizeof(HEAD) + 9 }, "a line holds a NUL or a carriage return" },
	{ { HEAD "sender=a\nsender=b\n", sizeof(HEAD) + 17 }, "an attribute came twice" },
	{ { HEAD "request=smtpd_access_policy\n", 2 * sizeof(HEAD) - 2 }, "an attribute came twice" },
};

/* POL-06 */
START_TEST(what_is_no_request)
{
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0;

	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, bad[_i].bytes, &used, &why), MW_REQUEST_BAD);
	ck_assert_str_eq(why, bad[_i].why);
}
END_TEST

static size_t fill_line(char *to, const char *name, size_t len)
{
	memset(to, 'x', len);
	memcpy(to, name, strlen(name));
	to[strlen(name)] = '=';
	to[len] = '\n';
	return len + 1;
}

/* POL-07: lines that fill all there is room for, so that nothing more could be read. */
START_TEST(a_request_that_fills_the_room_for_it)
{
	static char bytes[MW_REQUEST_MAX];
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0;

	for (size_t at = 0; at < sizeof(bytes); at += MW_REQUEST_LINE_MAX)
		fill_line(bytes + at, "unknown", MW_REQUEST_LINE_MAX - 1);
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, sizeof(bytes) }, &used, &why), MW_REQUEST_BAD);
	ck_assert_str_eq(why, "the request is longer than 64 KiB");
}
END_TEST

/* POL-07 */
START_TEST(the_longest_line)
{
	static char bytes[3 * MW_REQUEST_LINE_MAX];
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0, len = fill_line(bytes, "request", MW_REQUEST_LINE_MAX);

	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_PARTIAL);
	len = fill_line(bytes, "request", MW_REQUEST_LINE_MAX + 1);
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_BAD);
	mw_request_init(&request);
	/* Without its end too: what is too long already gets no more room. */
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len - 1 }, &used, &why), MW_REQUEST_BAD);
}
END_TEST

START_TEST(the_longest_request)
{
	static char bytes[MW_REQUEST_MAX + 8192];
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0, len = 0;

	for (int i = 0; len < MW_REQUEST_MAX - 8300; i++) {
		char name[16] = { 'n', (char)('a' + i) };

		len += fill_line(bytes + len, name, 8000);
	}
	memset(bytes + len, 'y', sizeof(bytes) - len);
	bytes[len + 1] = '=';
	bytes[len + 4000] = '\n';
	bytes[len + 4002] = '=';
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, MW_REQUEST_MAX - 1 }, &used, &why),
			 MW_REQUEST_PARTIAL);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, MW_REQUEST_MAX }, &used, &why),
			 MW_REQUEST_BAD);
	ck_assert_str_eq(why, "the request is longer than 64 KiB");
}
END_TEST

START_TEST(a_request_of_known_lines_that_is_too_long)
{
	static char bytes[MW_REQUEST_MAX + 8192];
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0, len = sizeof(HEAD) - 1;

	memcpy(bytes, HEAD, len);
	for (int row = 1; len <= MW_REQUEST_MAX; row++)
		len += fill_line(bytes + len, mw_attribute_name((enum mw_attribute)row).ptr, 8000);
	bytes[len++] = '\n';
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_BAD);
	ck_assert_str_eq(why, "the request is longer than 64 KiB");
}
END_TEST

START_TEST(the_most_attributes)
{
	static char bytes[4096];
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0, len = sizeof(HEAD) - 1;

	memcpy(bytes, HEAD, len);
	for (int i = 1; i < MW_REQUEST_ATTRIBUTES_MAX; i++) {
		memcpy(bytes + len, "unknown=1\n", 10);
		len += 10;
	}
	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_PARTIAL);
	memcpy(bytes + len, "unknown=1\n", 10);
	len += 10;
	ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_BAD);
	ck_assert_str_eq(why, "there are more than 128 attributes");
}
END_TEST

/* Unknown lines first, then all that Postfix writes: the last that is allowed is one of these. Another request
   follows. */
START_TEST(the_most_attributes_the_last_of_them_known)
{
	static char bytes[4096];

	for (int unknown = MW_REQUEST_ATTRIBUTES_MAX - 30; unknown <= MW_REQUEST_ATTRIBUTES_MAX - 28; unknown++) {
		bool fits = unknown + STANDARD_ATTRIBUTES <= MW_REQUEST_ATTRIBUTES_MAX;
		struct mw_request request;
		const char *why = NULL;
		size_t used = 0, len = 0;

		for (int i = 0; i < unknown; i++, len += 10)
			memcpy(bytes + len, "unknown=1\n", 10);
		memcpy(bytes + len, standard, sizeof(standard));
		memcpy(bytes + len + sizeof(standard) - 1, standard, sizeof(standard));
		mw_request_init(&request);
		ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len }, &used, &why), MW_REQUEST_PARTIAL);
		ck_assert_int_eq(mw_request_read(&request, (struct mw_str){ bytes, len + 2 * sizeof(standard) - 2 }, &used, &why),
				 fits ? MW_REQUEST_WHOLE : MW_REQUEST_BAD);
		if (fits)
			expect_standard(&request, bytes);
		else
			ck_assert_str_eq(why, "there are more than 128 attributes");
	}
}
END_TEST

/* One octet of one name is another: nobody's attribute, and those around it are what they were. */
START_TEST(a_name_is_compared_to_its_last_octet)
{
	char bytes[sizeof(standard)];
	size_t line = sizeof(HEAD) - 1;

	for (int row = 1; standard[line] != '\n'; row++) {
		size_t end = line + strcspn(standard + line, "\n");

		for (size_t at = line; standard[at] != '='; at++) {
			struct mw_request request;
			const char *why = NULL;
			size_t used = 0;

			memcpy(bytes, standard, sizeof(bytes));
			bytes[at] = '~';
			mw_request_init(&request);
			ck_assert_int_eq(mw_request_read(&request, MW_STR(bytes), &used, &why), MW_REQUEST_WHOLE);
			ck_assert(!mw_request_has(&request, (enum mw_attribute)row));
			ck_assert_int_eq(__builtin_popcountll(request.seen), STANDARD_ATTRIBUTES - 1);
		}
		line = end + 1;
	}
}
END_TEST

START_TEST(an_octet_that_no_line_holds)
{
	char bytes[sizeof(standard)];

	for (size_t at = 0; at < sizeof(standard) - 2; at++) {
		struct mw_request request;
		const char *why = NULL;
		size_t used = 0;

		memcpy(bytes, standard, sizeof(bytes));
		bytes[at] = at % 2 == 0 ? '\0' : '\r';
		mw_request_init(&request);
		ck_assert_int_eq(mw_request_read(&request, MW_STR(bytes), &used, &why), MW_REQUEST_BAD);
		ck_assert_str_eq(why, "a line holds a NUL or a carriage return");
	}
}
END_TEST

/* All that Postfix writes, behind one of its lines, in two pieces: that line is the second piece's first, or is not. */
START_TEST(an_attribute_twice_wherever_it_is)
{
	static const char once[] = "sender=a@example.test\n";
	char bytes[sizeof(once) + sizeof(standard)];
	size_t end = 0;

	memcpy(bytes, once, sizeof(once) - 1);
	memcpy(bytes + sizeof(once) - 1, standard, sizeof(standard));
	while (standard[end] != '\n') {
		struct mw_request request;
		const char *why = NULL;
		size_t used = 0;

		mw_request_init(&request);
		if (mw_request_read(&request, (struct mw_str){ bytes, sizeof(once) - 1 + end }, &used, &why) == MW_REQUEST_PARTIAL)
			ck_assert_int_eq(mw_request_read(&request, MW_STR(bytes), &used, &why), MW_REQUEST_BAD);
		ck_assert_str_eq(why, "an attribute came twice");
		end += strcspn(standard + end, "\n") + 1;
	}
}
END_TEST

/* For whoever shows the request to a person. */
START_TEST(the_line_that_is_wrong)
{
	static const struct { const char *bytes; uint32_t line; } wrong[] = {
		{ HEAD "sender=a\nnonsense\n\n", sizeof(HEAD) - 1 + 9 },
		{ HEAD "sender=a\nsender=a\n\n", sizeof(HEAD) - 1 + 9 },
		{ HEAD "sender=a\r\n\n", sizeof(HEAD) - 1 },
		{ "\n", 0 },
	};

	for (size_t i = 0; i < MW_COUNT(wrong); i++) {
		struct mw_request request;
		const char *why = NULL;
		size_t used;

		mw_request_init(&request);
		ck_assert_int_eq(mw_request_read(&request, mw_str(wrong[i].bytes), &used, &why), MW_REQUEST_BAD);
		ck_assert_uint_eq(request.line, wrong[i].line);
	}
}
END_TEST

START_TEST(values_are_bytes_as_they_came)
{
	static const char bytes[] = HEAD "future_attribute=1\nsender= a=b \xff\t\n\n";
	struct mw_request request;
	const char *why = NULL;
	size_t used = 0;

	mw_request_init(&request);
	ck_assert_int_eq(mw_request_read(&request, MW_STR(bytes), &used, &why), MW_REQUEST_WHOLE);
	expect_value(&request, bytes, MW_ATTRIBUTE_SENDER, " a=b \xff\t");
}
END_TEST

MW_UNIT_TESTS("request")
{
	tcase_add_test(tcase, a_request_in_one_piece);
	tcase_add_test(tcase, a_request_cut_at_every_offset);
	tcase_add_test(tcase, a_request_byte_by_byte);
	tcase_add_test(tcase, the_next_request_is_left_where_it_is);
	MW_LOOP(tcase, what_is_no_request, bad);
	tcase_add_test(tcase, a_request_that_fills_the_room_for_it);
	tcase_add_test(tcase, the_longest_line);
	tcase_add_test(tcase, the_longest_request);
	tcase_add_test(tcase, a_request_of_known_lines_that_is_too_long);
	tcase_add_test(tcase, the_most_attributes);
	tcase_add_test(tcase, the_most_attributes_the_last_of_them_known);
	tcase_add_test(tcase, a_name_is_compared_to_its_last_octet);
	tcase_add_test(tcase, an_octet_that_no_line_holds);
	tcase_add_test(tcase, an_attribute_twice_wherever_it_is);
	tcase_add_test(tcase, the_line_that_is_wrong);
	tcase_add_test(tcase, values_are_bytes_as_they_came);
}
