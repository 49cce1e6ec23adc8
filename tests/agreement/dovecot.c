/* SPDX-License-Identifier: MIT */
/* Reads values of From, a line each in hexadecimal, with Dovecot's parser (IMAP's ENVELOPE has what it reads). Prints
   the addresses of each in hexadecimal. */
#include "lib.h"
#include "str.h"
#include "message-address.h"

#include <stdio.h>

static void print_hex(const char *text)
{
	for (; *text != '\0'; text++)
		printf("%02x", (unsigned char)*text);
}

int main(void)
{
	static char line[40000];
	static unsigned char value[20000];

	lib_init();
	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t len = 0;
		unsigned int octet;
		pool_t pool = pool_alloconly_create("field", 1024);
		const struct message_address *address;

		for (const char *at = line; sscanf(at, "%2x", &octet) == 1; at += 2)
			value[len++] = (unsigned char)octet;
		address = message_address_parse(pool, value, len, UINT_MAX, 0);
		for (; address != NULL; address = address->next) {
			if (address->domain == NULL || address->mailbox == NULL)
				continue; /* where a group begins and ends */
			putchar(' ');
			print_hex(address->mailbox);
			print_hex("@");
			print_hex(address->domain);
		}
		putchar('\n');
		pool_unref(&pool);
	}
	lib_deinit();
	return 0;
}
