/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sync/merge/copy.h"
#include "sync/record/row.h"
#include "sync/text/text.h"
#include "sync/text/write.h"

/* What is written of the records, in memory that the next call uses again. */
static struct mw_str written(const struct mw_records *records, char *digest)
{
	static char text[1 << 22];
	static struct mw_text_out out;
	char path[] = "/tmp/mailwicket-write-XXXXXX";
	int fd = mkstemp(path);
	ssize_t len;

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert(mw_text_out_begin(&out, fd));
	ck_assert(mw_text_write(&out, records, 0));
	ck_assert_int_eq(mw_text_out_end(&out, digest), 0);
	len = pread(fd, text, sizeof(text), 0);
	close(fd);
	ck_assert_int_ge(len, 0);
	return (struct mw_str){ text, (size_t)len };
}

/* Reads text, writes it, reads that and writes it again: the same octets. Returns what was written first. */
static const char *round_trip(struct mw_str text, bool copy)
{
	static char first[1 << 22];
	char digests[2][MW_TEXT_DIGEST_SIZE];
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_str out = text;

	for (size_t i = 0; i < 2; i++) {
		struct mw_arena *arena = mw_arena_new(0);
		struct mw_records records;

		mw_records_init(&records, arena, errors);
		records.copy = copy;
		mw_text_read(&records, "users", out, MW_STR("example.test"));
		for (unsigned k = 0; k < mw_errors_kept(errors); k++)
			ck_assert_msg(mw_errors_get(errors, k)->severity != MW_ERROR, "%s in %.*s",
				      mw_errors_get(errors, k)->text, MW_STR_ARG(out));
		out = written(&records, digests[i]);
		if (i == 0) {
			ck_assert_uint_lt(out.len, sizeof(first));
			memcpy(first, out.ptr, out.len);
			first[out.len] = '\0';
			out = (struct mw_str){ first, out.len };
		}
		mw_records_deinit(&records);
		mw_arena_free(arena);
	}
	ck_assert_str_eq(digests[0], digests[1]);
	ck_assert_slice(out, mw_str(first));
	mw_errors_free(errors);
	return first;
}

START_TEST(every_key_is_written)
{
	ck_assert_str_eq(round_trip(MW_STR("group g member=bob source_key=9f:{A-1} address=h senders=members "
					   "networks=10.0.0.0/8,192.0.2.1-192.0.2.9\n"
					   "grant send-as *@x.test bob\n"
					   "grant send-on-behalf a@b.test g UNTIL=2027-01-31\n"
					   "grant send-as List-*@X.test bob\n"
					   "user bob source_key=7 imap=no pop3=no sieve=no smtp=no relay=no address=b receive=r,q login=rob,X\\y "
					   "senders=g,bob senders_denied=g message_rate_limit=5 recipient_rate_limit=unlimited "
					   "max_message_size=10MB max_recipients=7 smtp_networks=::1 imap_networks=::ffff:10.1.0.0/112 "
					   "networks=2001:db8::/32,192.0.2.7\n"), false),
			 "user bob@example.test address=b@example.test "
			 "receive=r@example.test,q@example.test login=rob,x\\y source_key=7 "
			 "imap=no pop3=no sieve=no smtp=no relay=no senders=g@example.test,bob@example.test "
			 "senders_denied=g@example.test message_rate_limit=5 recipient_rate_limit=unlimited max_message_size=10485760 "
			 "max_recipients=7 networks=2001:db8::/32,192.0.2.7 imap_networks=10.1.0.0/16 smtp_networks=::1\n"
			 "group g@example.test address=h@example.test member=bob@example.test source_key=9f:{A-1} senders=members "
			 "networks=10.0.0.0/8,192.0.2.1-192.0.2.9\n"
			 "grant send-on-behalf a@b.test g@example.test until=2027-01-31\n"
			 "grant send-as list-*@x.test bob@example.test\n"
			 "grant send-as *@x.test bob@example.test\n");
}
END_TEST

START_TEST(a_blocked_record_is_kept_with_its_reason)
{
	const char *text = round_trip(MW_STR("user bob senders=nobody blocked=\"a \\\"b\\\" \\\\ c, # d\"\n"), true);

	ck_assert_ptr_nonnull(strstr(text, " senders=nobody blocked=\"a \\\"b\\\" \\\\ c, # d\"\n"));
}
END_TEST

START_TEST(former_names_are_kept)
{
	const char *text = round_trip(MW_STR("user bob former=carried:1764473261:\"a b,c\"@x.test,passed:7:#d@x.test,"
					     "spent:0:e\n"), true);

	ck_assert_ptr_nonnull(strstr(text, " former=carried:1764473261:\"a b,c\"@x.test,passed:7:#d@x.test,"
					   "spent:0:e@example.test\n"));
}
END_TEST

/* A generator of its own, so that each run sees the same. */
static uint32_t state = 1;

static uint32_t draw(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static const char *const pieces[] = {
	"a", "B", "7", ".", "-", "+", "=", "#", "'", "&", "/", "%", "{", "}", "\"", "\\", " ", ",", "@", "ä", "ß",
	"\xe2\x80\xae", "\xe2\x82\xac", "*", "$", "`", "|", "<", ">", "(", ")", ";", "?", "!", "~", "\t", "\n", "\x7f",
	"\xff", "\xc3", "%s",
	"x.test",
	"example.test", "''--", "\r", "bücher.example", "xn--bcher-kva.example",
};

static struct mw_str draw_text(char *memory, size_t size)
{
	struct mw_buf buf = mw_buf_over(memory, size);

	if (draw(4) == 0)
		mw_buf_add_text(&buf, "\"");
	for (uint32_t n = draw(6) + 1; n > 0; n--)
		mw_buf_add_text(&buf, pieces[draw(MW_COUNT(pieces))]);
	if (draw(3) == 0)
		mw_buf_add_text(&buf, buf.data[0] == '"' ? "\"@x.test" : "@x.test");
	return mw_buf_str(&buf);
}

/* Rows of any values: what is read of them is written and read back as the same. */
START_TEST(hostile_values_come_back_as_they_were)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(10), *reports = mw_errors_new(10);
	char digest[MW_TEXT_DIGEST_SIZE], memory[5][200];
	struct mw_records records;
	struct mw_reading reading;
	struct mw_str text;
	char *copy;

	mw_records_init(&records, arena, errors);
	records.reports = reports;
	mw_reading_begin(&reading, &records, "rows", MW_STR("example.test"));
	for (int i = 0; i < 20000; i++) {
		struct mw_column row[5] = {
			{ MW_STR("name"), draw_text(memory[0], 200) }, { MW_STR("address"), draw_text(memory[1], 200) },
			{ MW_STR("login"), draw_text(memory[2], 200) }, { MW_STR("senders"), draw_text(memory[3], 200) },
			{ MW_STR("imap"), draw(2) == 0 ? MW_STR("no") : draw_text(memory[4], 200) },
		};

		mw_row_read(&reading, MW_ROW_USER, row, 5);
		row[2].key = MW_STR("member");
		mw_row_read(&reading, MW_ROW_GROUP, row, 4);
		row[0] = (struct mw_column){ MW_STR("kind"), MW_STR("send-as") };
		row[1].key = MW_STR("identity");
		row[2].key = MW_STR("trustee");
		mw_row_read(&reading, MW_ROW_GRANT, row, 3);
	}
	ck_assert_uint_gt(records.count, 1000);
	ck_assert_uint_gt(records.grant_count, 100);
	text = written(&records, digest);
	copy = strndup(text.ptr, text.len);
	ck_assert_uint_eq(strlen(copy), text.len);
	ck_assert_str_eq(round_trip(mw_str(copy), true), copy);
	free(copy);
	mw_records_deinit(&records);
	mw_errors_free(reports);
	mw_errors_free(errors);
	mw_arena_free(arena);
}
END_TEST

START_TEST(a_copy_reads_back_or_it_is_told)
{
	const struct mw_str line = MW_STR("user bob@example.test imap=yes pop3=yes sieve=yes smtp=yes relay=yes "
					  "senders=anyone held=group gone=yes blocked=\"a \\\"b\\\" c\"\n");
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(10);
	char digest[MW_TEXT_DIGEST_SIZE], memory[512];
	struct mw_buf why = MW_BUF_OVER(memory);
	struct mw_records records;

	mw_records_init(&records, arena, errors);
	records.copy = true;
	mw_text_read(&records, "users", line, MW_STR_EMPTY);
	ck_assert(records.items[0].held && records.items[0].held_kind == 1u << MW_GROUP);
	ck_assert_slice(written(&records, digest), line);
	ck_assert(mw_copy_reads_back(line, "copy", MW_STR_EMPTY, MW_STR_EMPTY, digest, &why));
	ck_assert(!mw_copy_reads_back(line, "copy", MW_STR("# "), MW_STR_EMPTY, digest, &why));
	ck_assert_str_eq(memory, "copy: its records are not read as they were written");
	mw_buf_reset(&why);
	ck_assert(!mw_copy_reads_back(MW_STR("usr bob\n"), "copy", MW_STR_EMPTY, MW_STR_EMPTY, digest, &why));
	ck_assert_msg(strstr(memory, "copy:1:1: error: unknown record") == memory, "%s", memory);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_arena_free(arena);
}
END_TEST

/* A group of a database may be larger than a line of a text that somebody wrote. */
START_TEST(a_line_of_a_copy_has_no_limit)
{
	const size_t len = MW_TEXT_LINE_MAX + 100;
	char *line = malloc(len + 1);

	ck_assert_ptr_nonnull(line);
	memset(line, ' ', len);
	memcpy(line, "group g", 7);
	memcpy(line + len - 16, "member=bob@x.org", 16);
	line[len] = '\0';
	for (size_t i = 0; i < 2; i++) {
		struct mw_arena *arena = mw_arena_new(0);
		struct mw_errors *errors = mw_errors_new(10);
		struct mw_records records;

		mw_records_init(&records, arena, errors);
		records.copy = i == 1;
		mw_text_read(&records, "users", mw_str(line), MW_STR("example.test"));
		ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), i == 0);
		ck_assert_uint_eq(records.count, i);
		mw_records_deinit(&records);
		mw_errors_free(errors);
		mw_arena_free(arena);
	}
	free(line);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static struct mw_text_out out;
	char digest[MW_TEXT_DIGEST_SIZE];
	int fd = open("/dev/full", O_WRONLY);

	ck_assert(mw_text_out_begin(&out, fd));
	mw_text_out_add(&out, MW_STR("user bob\n"));
	ck_assert_int_ne(mw_text_out_end(&out, digest), 0);
	close(fd);
}
END_TEST

MW_UNIT_TESTS("text_write")
{
	tcase_add_test(tcase, every_key_is_written);
	tcase_add_test(tcase, a_blocked_record_is_kept_with_its_reason);
	tcase_add_test(tcase, hostile_values_come_back_as_they_were);
	tcase_add_test(tcase, a_copy_reads_back_or_it_is_told);
	tcase_add_test(tcase, a_line_of_a_copy_has_no_limit);
	tcase_add_test(tcase, former_names_are_kept);
	tcase_add_test(tcase, a_full_disk_is_told);
}
