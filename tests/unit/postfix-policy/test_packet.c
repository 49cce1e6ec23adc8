/* SPDX-License-Identifier: MIT */
#include "milter/packet.h"

#include "unit.h"

/* What one call makes of these bytes. */
static const struct {
	struct mw_str bytes;
	enum mw_packet_progress progress;
	size_t used;
	char command;
	struct mw_str data;
} cases[] = {
	{ { "", 0 }, MW_PACKET_PARTIAL, 0, 0, { "", 0 } },
	{ { "\0\0\0", 3 }, MW_PACKET_PARTIAL, 0, 0, { "", 0 } },
	{ { "\0\0\0\1", 4 }, MW_PACKET_PARTIAL, 0, 0, { "", 0 } },
	{ { "\0\0\0\1A", 5 }, MW_PACKET_WHOLE, 5, 'A', { "", 0 } },
	{ { "\0\0\0\4Mxy", 7 }, MW_PACKET_PARTIAL, 0, 0, { "", 0 } },
	{ { "\0\0\0\4Mxy\0\0", 9 }, MW_PACKET_WHOLE, 8, 'M', { "xy\0", 3 } },
	{ { "\0\0\0\0", 4 }, MW_PACKET_BAD, 0, 0, { "", 0 } },
	{ { "\200\0\0\0", 4 }, MW_PACKET_BAD, 0, 0, { "", 0 } },
	{ { "\377\377\377\377L", 5 }, MW_PACKET_BAD, 0, 0, { "", 0 } },
	{ { "\0\1\0\0M", 5 }, MW_PACKET_BAD, 0, 0, { "", 0 } },    /* too long for its command, told at once */
	{ { "\0\1\0\0L", 5 }, MW_PACKET_PARTIAL, 0, 0, { "", 0 } },
};

START_TEST(a_packet_is_read)
{
	struct mw_packet_reader reader = { 0 };
	struct mw_packet packet;
	const char *why;
	size_t used;

	ck_assert_int_eq(mw_packet_read(&reader, cases[_i].bytes, &packet, &used, &why), cases[_i].progress);
	ck_assert_uint_eq(used, cases[_i].used);
	if (cases[_i].progress != MW_PACKET_WHOLE)
		return;
	ck_assert_int_eq(packet.command, cases[_i].command);
	ck_assert(mw_str_equal(packet.data, cases[_i].data));
}
END_TEST

/* Of a long field the begin is kept, and what comes behind it is the next packet. */
START_TEST(a_long_field_is_cut_and_passed_over)
{
	size_t len = 100000, at = 0, steps = 0;
	char *bytes = calloc(1, len + MW_PACKET_HEAD + 5);
	struct mw_packet_reader reader = { 0 };
	struct mw_packet packet;
	struct mw_buf head = mw_buf_over(bytes, 5);
	const char *why;
	size_t used;

	mw_packet_add_number(&head, (uint32_t)len);
	bytes[MW_PACKET_HEAD] = MW_PACKET_FIELD;
	memset(bytes + MW_PACKET_HEAD + 1, 'x', len - 1);
	memcpy(bytes + MW_PACKET_HEAD + len, "\0\0\0\1A", 5);
	ck_assert_int_eq(mw_packet_read(&reader, (struct mw_str){ bytes, len }, &packet, &used, &why), MW_PACKET_WHOLE);
	ck_assert(packet.cut);
	ck_assert_uint_eq(packet.data.len, MW_PACKET_KEPT - 1);
	for (at = used; ; at += used) {
		size_t end = at + 1000 < len + MW_PACKET_HEAD + 5 ? at + 1000 : len + MW_PACKET_HEAD + 5;
		enum mw_packet_progress progress =
			mw_packet_read(&reader, (struct mw_str){ bytes + at, end - at }, &packet, &used, &why);

		ck_assert_int_ne(progress, MW_PACKET_BAD);
		if (progress == MW_PACKET_WHOLE)
			break;
		ck_assert_uint_lt(steps++, 1000);
	}
	ck_assert_int_eq(packet.command, MW_PACKET_ABORT);
	ck_assert_uint_eq(at + used, len + MW_PACKET_HEAD + 5);
	free(bytes);
}
END_TEST

START_TEST(a_packet_that_was_written_is_read_back)
{
	char memory[64];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_packet_reader reader = { 0 };
	struct mw_packet packet;
	struct mw_str string;
	uint32_t number;
	const char *why;
	size_t used, begin = mw_packet_begin(&out, MW_PACKET_ADD_FIELD);

	mw_packet_add_number(&out, 0xdeadbeef);
	mw_packet_add_string(&out, MW_STR("Sender"));
	mw_packet_add_string(&out, MW_STR(""));
	mw_packet_end(&out, begin);
	begin = mw_packet_begin(&out, MW_PACKET_CONTINUE);
	mw_packet_end(&out, begin);
	ck_assert_int_eq(mw_packet_read(&reader, mw_buf_str(&out), &packet, &used, &why), MW_PACKET_WHOLE);
	ck_assert_int_eq(packet.command, MW_PACKET_ADD_FIELD);
	ck_assert(mw_packet_number(&packet.data, &number));
	ck_assert_uint_eq(number, 0xdeadbeef);
	ck_assert(mw_packet_string(&packet.data, &string) && mw_str_equal(string, MW_STR("Sender")));
	ck_assert(mw_packet_string(&packet.data, &string) && mw_str_empty(string));
	ck_assert(!mw_packet_string(&packet.data, &string));
	ck_assert(!mw_packet_number(&packet.data, &number));
	ck_assert_int_eq(mw_packet_read(&reader, mw_str_tail(mw_buf_str(&out), used), &packet, &used, &why), MW_PACKET_WHOLE);
	ck_assert_int_eq(packet.command, MW_PACKET_CONTINUE);
}
END_TEST

MW_UNIT_TESTS("packet")
{
	MW_LOOP(tcase, a_packet_is_read, cases);
	tcase_add_test(tcase, a_long_field_is_cut_and_passed_over);
	tcase_add_test(tcase, a_packet_that_was_written_is_read_back);
}
