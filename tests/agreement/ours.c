/* SPDX-License-Identifier: MIT */
/* Reads values of From, a line each in hexadecimal, as the milter does. Prints a line for each: "ok" or the fault, and
   the addresses in hexadecimal, as the policy compares them. With -a a line is an address by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "mail/address.h"
#include "mail/originators.h"

#define LINE_MAX_BYTES 40000

static size_t read_hex(const char *line, char *out)
{
	size_t len = 0;
	unsigned octet;

	for (; sscanf(line, "%2x", &octet) == 1; line += 2)
		out[len++] = (char)octet;
	return len;
}

static void print_hex(struct mw_str text)
{
	putchar(' ');
	for (size_t i = 0; i < text.len; i++)
		printf("%02x", (unsigned char)text.ptr[i]);
}

static void print_canonical(struct mw_str text)
{
	struct mw_address address;

	mw_address_parse(text, &address);
	print_hex(mw_address_has_domain(&address) ? address.whole : text);
}

static void print_field(struct mw_str value)
{
	struct mw_arena *arena = mw_arena_new(MW_ORIGINATORS_MEMORY);
	struct mw_originators_reader reader;
	struct mw_originators read;
	struct mw_str rest, address;

	if (arena == NULL)
		abort();
	mw_originators_begin(&reader, arena);
	mw_originators_add(&reader, MW_STR("From"), value);
	if (!mw_originators_end(&reader, &read))
		abort();
	fputs(read.from.fault == MW_ORIGINATOR_OK ? "ok" : mw_table_word(mw_originator_faults, (int)read.from.fault), stdout);
	for (rest = read.from.addresses; mw_originator_next(&rest, &address);)
		print_canonical(address);
	mw_arena_free(arena);
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_BYTES], value[LINE_MAX_BYTES];
	bool addresses = argc > 1 && strcmp(argv[1], "-a") == 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct mw_str text = { value, read_hex(line, value) };

		if (addresses)
			print_canonical(text);
		else
			print_field(text);
		putchar('\n');
	}
	return 0;
}
