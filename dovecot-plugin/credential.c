/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include "mail/mechanism.h"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* As many bytes as fit; ends at the first byte that is not base64. Returns how many. */
static size_t base64_decode_some(struct mw_str text, char *out, size_t size)
{
	unsigned bits = 0, have = 0;
	size_t used = 0;

	for (size_t i = 0; i < text.len && used < size; i++) {
		int value = base64_value(text.ptr[i]);

		if (value < 0)
			break;
		bits = (bits << 6 | (unsigned)value) & 0xffffu;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[used++] = (char)(unsigned char)(bits >> have & 0xffu);
		}
	}
	return used;
}

static void keep_login(struct mw_credential *credential, struct mw_str login)
{
	size_t len = login.len < sizeof(credential->login) ? login.len : sizeof(credential->login) - 1;

	memcpy(credential->login, login.ptr, len);
	credential->login[len] = '\0';
}

/* authzid NUL authcid NUL password (RFC 4616) */
static void read_plain(struct mw_str text, struct mw_credential *credential)
{
	size_t first = mw_str_find(text, '\0');
	struct mw_str rest = mw_str_tail(text, first + 1);
	size_t second = mw_str_find(rest, '\0');

	keep_login(credential, mw_str_head(rest, second));
	credential->shown = rest.len > second + 1;
}

/* "n,a=USER,\1..." (RFC 7628) or "user=USER\1auth=..." */
static void read_bearer(struct mw_str text, struct mw_credential *credential)
{
	struct mw_str rest = text;
	bool xoauth2 = mw_str_starts_with(text, MW_STR("user="));
	size_t at;

	credential->shown = true;
	if (xoauth2) {
		rest = mw_str_tail(text, 5);
		keep_login(credential, mw_str_head(rest, mw_str_find(rest, '\1')));
		return;
	}
	at = mw_str_find(text, ',');
	rest = mw_str_tail(text, at + 1);
	if (mw_str_starts_with(rest, MW_STR("a="))) {
		rest = mw_str_tail(rest, 2);
		keep_login(credential, mw_str_head(rest, mw_str_find(rest, ',')));
	}
}

void mw_credential_read(struct mw_str mechanism, struct mw_str response, struct mw_credential *credential_r)
{
	char memory[2048];
	struct mw_str text = { memory, 0 };
	enum mw_mechanism_class class = mw_mechanism_class(mechanism);

	credential_r->shown = false;
	credential_r->login[0] = '\0';
	if (mw_str_empty(response) || mw_str_equal(response, MW_STR("=")))
		return;
	if (class != MW_MECHANISM_BASIC && class != MW_MECHANISM_BEARER)
		return;
	text.len = base64_decode_some(response, memory, sizeof(memory));
	if (class == MW_MECHANISM_BEARER)
		read_bearer(text, credential_r);
	else if (mw_str_equal_nocase(mechanism, MW_STR("LOGIN")))
		keep_login(credential_r, text); /* the password comes with the next line */
	else if (mw_str_equal_nocase(mechanism, MW_STR("PLAIN")))
		read_plain(text, credential_r);
	else
		credential_r->shown = true;
	explicit_bzero(memory, sizeof(memory));
}

static bool line_end(char c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

/* Cuts a word (quoted in ManageSieve) off the line; empty at its end. */
static struct mw_str next_word(struct mw_str *rest)
{
	struct mw_str word;
	size_t len = 0;

	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '"'))
		*rest = mw_str_tail(*rest, 1);
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '"' && !line_end(rest->ptr[len]))
		len++;
	word = mw_str_head(*rest, len);
	*rest = mw_str_tail(*rest, len);
	return word;
}

static bool is_auth_line(struct mw_str line)
{
	struct mw_str word = next_word(&line);

	return mw_str_equal_nocase(word, MW_STR("AUTH")) || mw_str_equal_nocase(word, MW_STR("AUTHENTICATE"));
}

bool mw_credential_find(struct mw_str taken, struct mw_str *mechanism_r, struct mw_str *response_r)
{
	size_t start = taken.len, found = taken.len;
	struct mw_str rest;

	while (found == taken.len && start > 0) {
		start--;
		if ((start == 0 || line_end(taken.ptr[start - 1])) && is_auth_line(mw_str_tail(taken, start)))
			found = start;
	}
	if (found == taken.len)
		return false;
	rest = mw_str_tail(taken, found);
	(void)next_word(&rest);
	*mechanism_r = next_word(&rest);
	*response_r = next_word(&rest);
	/* A literal's octets are on the line after its length. */
	if (!mw_str_empty(*response_r) && response_r->ptr[0] == '{') {
		while (rest.len > 0 && line_end(rest.ptr[0]))
			rest = mw_str_tail(rest, 1);
		*response_r = next_word(&rest);
	}
	return !mw_str_empty(*mechanism_r);
}
