/* SPDX-License-Identifier: MIT */
#include "logs/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/unpack.h"

#define LONGEST_MAGIC 8

struct mw_log_input {
	int fd, error;
	struct mw_log_input *lower; /* NULL: it reads the descriptor */
	enum mw_log_input_state state;
	uint64_t taken;
	bool looked, at_end;
	size_t begin, used; /* of what was read and not yet given away */
	const struct mw_unpacker *unpacker; /* NULL: it is text */
	void *packed;
	enum mw_unpacked stands; /* where the last step ended */
	bool full;               /* that had no room left: there may be more without more input */
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
	if (input->packed != NULL)
		input->unpacker->end(input->packed);
	if (input->lower == NULL)
		close(input->fd);
	mw_log_input_free(input->lower);
	free(input);
}

static size_t take_unpacked(struct mw_log_input *input, char *memory, size_t size)
{
	size_t count = mw_log_input_read(input->lower, memory, size);

	input->at_end = count == 0;
	if (input->at_end)
		input->state = mw_log_input_state(input->lower, &input->error);
	return count;
}

static size_t take(struct mw_log_input *input, char *memory, size_t size)
{
	ssize_t count;

	if (input->at_end || input->state != MW_LOG_INPUT_GOOD)
		return 0;
	if (input->lower != NULL)
		return take_unpacked(input, memory, size);
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

static void no_memory(struct mw_log_input *input)
{
	input->error = ENOMEM;
	input->state = MW_LOG_INPUT_UNREADABLE;
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
	input->unpacker = mw_unpacker_find(input->memory, input->used);
	if (input->unpacker == NULL)
		return;
	input->packed = input->unpacker->start();
	if (input->packed == NULL)
		no_memory(input);
}

struct mw_log_input *mw_log_input_within(struct mw_log_input *input)
{
	struct mw_log_input *upper;

	look(input);
	if (input->unpacker == NULL || input->state != MW_LOG_INPUT_GOOD)
		return input;
	upper = mw_log_input_new(-1);
	if (upper != NULL)
		upper->lower = input;
	else
		no_memory(input);
	return upper != NULL ? upper : input;
}

const char *mw_log_input_kind(struct mw_log_input *input)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *kind;
	} kinds[] = {
		{ "\x04\x22\x4d\x18", 4, "lz4" },
		{ "PK\x03\x04", 4, "zip" },
		{ "LPKSHHRH", 8, "journal" },
	};

	look(input);
	if (input->unpacker != NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (begins(input, kinds[i].magic, kinds[i].len))
			return kinds[i].kind;
	}
	return NULL;
}

/* Whether a step has something to do. Where the file ends it must stand between two. */
static bool has_more(struct mw_log_input *input)
{
	if (input->stands == MW_UNPACK_PAST)
		return false;
	if (input->begin < input->used || input->full)
		return true;
	input->begin = 0;
	input->used = take(input, input->memory, sizeof(input->memory));
	if (input->used == 0 && input->state == MW_LOG_INPUT_GOOD && input->stands != MW_UNPACK_BETWEEN)
		input->state = MW_LOG_INPUT_DAMAGED;
	return input->used > 0;
}

static size_t unpack(struct mw_log_input *input, char *memory, size_t size)
{
	struct mw_unpack_io io = { .out = memory, .out_len = size };

	while (io.out_len == size && input->state == MW_LOG_INPUT_GOOD && has_more(input)) {
		io.in = input->memory + input->begin;
		io.in_len = input->used - input->begin;
		input->stands = input->unpacker->step(input->packed, &io);
		input->begin = input->used - io.in_len;
		input->full = io.out_len == 0 && input->stands == MW_UNPACK_MORE;
		if (input->stands == MW_UNPACK_NO_MEMORY)
			no_memory(input);
		else if (input->stands == MW_UNPACK_DAMAGED)
			input->state = MW_LOG_INPUT_DAMAGED;
	}
	return size - io.out_len;
}

size_t mw_log_input_read(struct mw_log_input *input, char *memory, size_t size)
{
	size_t count;

	look(input);
	if (input->unpacker != NULL)
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

const char *mw_log_input_packed(const struct mw_log_input *input)
{
	if (input->lower != NULL && (input->unpacker == NULL || input->lower->state != MW_LOG_INPUT_GOOD))
		return mw_log_input_packed(input->lower);
	return input->unpacker == NULL ? NULL : input->unpacker->name;
}

uint64_t mw_log_input_taken(const struct mw_log_input *input)
{
	return input->lower != NULL ? mw_log_input_taken(input->lower) : input->taken;
}
