/* SPDX-License-Identifier: MIT */
#include "logs/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LONGEST_MAGIC 8
#define GZIP_OF_ANY_WINDOW (15 + 16) /* inflateInit2(): gzip's frame alone */

struct mw_log_input {
	int fd, error;
	enum mw_log_input_state state;
	uint64_t taken;
	bool looked, at_end, gzip;
	bool in_member;     /* within one of gzip's members: an end here is too early */
	size_t begin, used; /* of what was read and not yet given away */
	z_stream stream;
	char memory[MW_LOG_INPUT_SIZE];
};

struct mw_log_input *mw_log_input_new(int fd)
{
	struct mw_log_input *input = malloc(sizeof(*input));

	if (input == NULL) {
		close(fd);
		return NULL;
	}
	memset(input, 0, offsetof(struct mw_log_input, memory));
	input->fd = fd;
	return input;
}

void mw_log_input_free(struct mw_log_input *input)
{
	if (input == NULL)
		return;
	if (input->gzip)
		inflateEnd(&input->stream);
	close(input->fd);
	free(input);
}

static size_t take(struct mw_log_input *input, char *memory, size_t size)
{
	ssize_t count;

	if (input->at_end || input->state != MW_LOG_INPUT_GOOD)
		return 0;
	do
		count = read(input->fd, memory, size);
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		input->error = errno;
		input->state = MW_LOG_INPUT_UNREADABLE;
		return 0;
	}
	input->at_end = count == 0;
	input->taken += (uint64_t)count;
	return (size_t)count;
}

static bool begins(const struct mw_log_input *input, const char *magic, size_t len)
{
	return input->used - input->begin >= len && memcmp(input->memory + input->begin, magic, len) == 0;
}

/* A pipe may give less at once than the longest of what files begin with. */
static void look(struct mw_log_input *input)
{
	size_t more = 1;

	if (input->looked)
		return;
	input->looked = true;
	while (input->used < LONGEST_MAGIC && more > 0) {
		more = take(input, input->memory + input->used, sizeof(input->memory) - input->used);
		input->used += more;
	}
	if (!begins(input, "\x1f\x8b", 2))
		return;
	if (inflateInit2(&input->stream, GZIP_OF_ANY_WINDOW) == Z_OK) {
		input->gzip = true;
		return;
	}
	input->error = ENOMEM;
	input->state = MW_LOG_INPUT_UNREADABLE;
}

const char *mw_log_input_kind(struct mw_log_input *input)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *kind;
	} kinds[] = {
		{ "\xfd" "7zXZ", 5, "xz" },
		{ "\x28\xb5\x2f\xfd", 4, "zstd" },
		{ "BZh", 3, "bzip2" },
		{ "\x04\x22\x4d\x18", 4, "lz4" },
		{ "PK\x03\x04", 4, "zip" },
		{ "LPKSHHRH", 8, "journal" },
	};

	look(input);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (begins(input, kinds[i].magic, kinds[i].len))
			return kinds[i].kind;
	}
	return NULL;
}

/* Whether there are octets to unpack. What follows a member and does not begin as another is passed over, as gzip(1)
   does. */
static bool packed(struct mw_log_input *input)
{
	if (!input->in_member) {
		while (input->used - input->begin < 2 && !input->at_end && input->state == MW_LOG_INPUT_GOOD) {
			memmove(input->memory, input->memory + input->begin, input->used - input->begin);
			input->used -= input->begin;
			input->begin = 0;
			input->used += take(input, input->memory + input->used, sizeof(input->memory) - input->used);
		}
		if (!begins(input, "\x1f\x8b", 2))
			return false;
		inflateReset(&input->stream);
		input->in_member = true;
	}
	if (input->begin < input->used)
		return true;
	input->begin = 0;
	input->used = take(input, input->memory, sizeof(input->memory));
	if (input->used == 0 && input->state == MW_LOG_INPUT_GOOD)
		input->state = MW_LOG_INPUT_DAMAGED;
	return input->used > 0;
}

static size_t unpack(struct mw_log_input *input, char *memory, size_t size)
{
	input->stream.next_out = (Bytef *)memory;
	input->stream.avail_out = (uInt)size;
	while (input->stream.avail_out == size && input->state == MW_LOG_INPUT_GOOD && packed(input)) {
		int status;

		input->stream.next_in = (Bytef *)input->memory + input->begin;
		input->stream.avail_in = (uInt)(input->used - input->begin);
		status = inflate(&input->stream, Z_NO_FLUSH);
		input->begin = input->used - input->stream.avail_in;
		if (status == Z_STREAM_END)
			input->in_member = false;
		else if (status != Z_OK && status != Z_BUF_ERROR)
			input->state = MW_LOG_INPUT_DAMAGED;
	}
	return size - input->stream.avail_out;
}

size_t mw_log_input_read(struct mw_log_input *input, char *memory, size_t size)
{
	size_t count;

	look(input);
	if (input->gzip)
		return unpack(input, memory, size);
	count = input->used - input->begin;
	if (count == 0)
		return take(input, memory, size);
	if (count > size)
		count = size;
	memcpy(memory, input->memory + input->begin, count);
	input->begin += count;
	return count;
}

enum mw_log_input_state mw_log_input_state(const struct mw_log_input *input, int *errno_r)
{
	*errno_r = input->error;
	return input->state;
}

uint64_t mw_log_input_taken(const struct mw_log_input *input)
{
	return input->taken;
}
