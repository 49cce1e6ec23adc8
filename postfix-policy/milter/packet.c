/* SPDX-License-Identifier: MIT */
#include "packet.h"

static uint32_t number_at(const char *bytes)
{
	const unsigned char *octets = (const unsigned char *)bytes;

	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static bool may_be_long(char command)
{
	return command == MW_PACKET_FIELD || command == MW_PACKET_MACROS;
}

/* What is left of a packet that was cut. */
static size_t skip(struct mw_packet_reader *reader, struct mw_str bytes)
{
	size_t skipped = reader->skip < bytes.len ? reader->skip : bytes.len;

	reader->skip -= (uint32_t)skipped;
	return skipped;
}

/* False with *why_r: it begins no packet. More than its head has come. */
static bool check(uint32_t len, char command, const char **why_r)
{
	*why_r = NULL;
	if (len == 0)
		*why_r = "a packet without a command";
	else if (len > MW_PACKET_MAX || (len > MW_PACKET_KEPT && !may_be_long(command)))
		*why_r = "a packet that is too long";
	return *why_r == NULL;
}

enum mw_packet_progress mw_packet_read(struct mw_packet_reader *reader, struct mw_str bytes, struct mw_packet *packet_r,
				       size_t *used_r, const char **why_r)
{
	size_t skipped = skip(reader, bytes);
	uint32_t len, kept;

	*used_r = skipped;
	bytes = mw_str_tail(bytes, skipped);
	/* A length of 0 has no command behind it. */
	if (bytes.len < MW_PACKET_HEAD)
		return MW_PACKET_PARTIAL;
	len = number_at(bytes.ptr);
	if ((len == 0 || len > MW_PACKET_MAX || bytes.len > MW_PACKET_HEAD) &&
	    !check(len, bytes.len > MW_PACKET_HEAD ? bytes.ptr[MW_PACKET_HEAD] : '\0', why_r))
		return MW_PACKET_BAD;
	kept = len > MW_PACKET_KEPT ? MW_PACKET_KEPT : len;
	if (bytes.len < MW_PACKET_HEAD + kept)
		return MW_PACKET_PARTIAL;
	*packet_r = (struct mw_packet){ .command = bytes.ptr[MW_PACKET_HEAD], .cut = kept < len,
					.data = { bytes.ptr + MW_PACKET_HEAD + 1, kept - 1 } };
	reader->skip = len - kept;
	*used_r = skipped + MW_PACKET_HEAD + kept;
	return MW_PACKET_WHOLE;
}

bool mw_packet_string(struct mw_str *data_io, struct mw_str *string_r)
{
	size_t end = mw_str_find(*data_io, '\0');

	*string_r = mw_str_head(*data_io, end);
	if (end == data_io->len)
		return false;
	*data_io = mw_str_tail(*data_io, end + 1);
	return true;
}

bool mw_packet_number(struct mw_str *data_io, uint32_t *number_r)
{
	if (data_io->len < 4)
		return false;
	*number_r = number_at(data_io->ptr);
	*data_io = mw_str_tail(*data_io, 4);
	return true;
}

void mw_packet_add_number(struct mw_buf *out, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		mw_buf_add_char(out, (char)(number >> shift & 0xff));
}

void mw_packet_add_string(struct mw_buf *out, struct mw_str string)
{
	mw_buf_add(out, string);
	mw_buf_add_char(out, '\0');
}

size_t mw_packet_begin(struct mw_buf *out, char command)
{
	size_t begin = out->used;

	mw_packet_add_number(out, 0);
	mw_buf_add_char(out, command);
	return begin;
}

void mw_packet_end(struct mw_buf *out, size_t begin)
{
	uint32_t len = (uint32_t)(out->used - begin - MW_PACKET_HEAD);

	if (out->truncated)
		return;
	for (size_t i = 0; i < MW_PACKET_HEAD; i++)
		out->data[begin + i] = (char)(len >> (24 - 8 * i) & 0xff);
}
