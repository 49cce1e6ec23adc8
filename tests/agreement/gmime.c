/* SPDX-License-Identifier: MIT */
/* Reads values of From, a line each in hexadecimal, with GMime. Prints the addresses of each in hexadecimal. */
#include <gmime/gmime.h>
#include <stdio.h>

static void print_list(InternetAddressList *list)
{
	for (int i = 0; i < internet_address_list_length(list); i++) {
		InternetAddress *one = internet_address_list_get_address(list, i);
		const char *text;

		if (INTERNET_ADDRESS_IS_GROUP(one)) {
			print_list(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)));
			continue;
		}
		text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one));
		putchar(' ');
		for (; text != NULL && *text != '\0'; text++)
			printf("%02x", (unsigned char)*text);
	}
}

int main(void)
{
	static char line[40000], value[20001];

	g_mime_init();
	while (fgets(line, sizeof(line), stdin) != NULL) {
		InternetAddressList *list;
		size_t len = 0;
		unsigned octet;

		for (const char *at = line; sscanf(at, "%2x", &octet) == 1; at += 2)
			value[len++] = (char)octet;
		value[len] = '\0';
		list = internet_address_list_parse(NULL, value);
		if (list != NULL) {
			print_list(list);
			g_object_unref(list);
		}
		putchar('\n');
	}
	g_mime_shutdown();
	return 0;
}
