/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include "base/text.h"
#include "mail/mechanism.h"

/* What 8 KiB of base64 hold; login processes take no longer response (LOGIN_MAX_AUTH_BUF_SIZE). */
#define RESPONSE_MAX 6144

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

/* The whole text (RFC 4648, 4), or false: it is no base64, or longer than any response that a login process reads. */
static bool base64_decode(struct mw_str text, char *out, size_t size, struct mw_str *decoded_r)
{
	unsigned bits = 0, have = 0;
	size_t used = 0, len = text.len;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > size)
		return false;
	while (text.len - len < 2 && text.ptr[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text.ptr[i]);

		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xffffu;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[used++] = (char)(unsigned char)(bits >> have & 0xffu);
		}
	}
	*decoded_r = (struct mw_str){ out, used };
	return true;
}

bool mw_credential_is_name(struct mw_str text, bool blanks)
{
	if (mw_str_empty(text) || text.len >= MW_CREDENTIAL_LOGIN_SIZE)
		return false;
	return mw_text_harmless_head(text, blanks ? '\0' : ' ', '\0') == text.len;
}

static void keep(struct mw_credential *credential, struct mw_str login)
{
	memcpy(credential->login, login.ptr, login.len);
	credential->login[login.len] = '\0';
}

static bool keep_name(struct mw_credential *credential, struct mw_str login)
{
	if (!mw_credential_is_name(login, false))
		return false;
	keep(credential, login);
	return true;
}

static bool has_control(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

/* authzid NUL authcid NUL password (RFC 4616), no more and no less: of "bob NUL secret" nobody knows which is which.
   Where the NULs say it, the name may be in any character set; the log escapes what is no UTF-8. */
static void read_plain(struct mw_str text, struct mw_credential *credential)
{
	struct mw_str rest = mw_str_tail(text, mw_str_find(text, '\0') + 1);
	struct mw_str login = mw_str_head(rest, mw_str_find(rest, '\0'));
	struct mw_str password = mw_str_tail(rest, login.len + 1);

	credential->shown = true;
	if (!mw_str_empty(password) && mw_str_find(password, '\0') == password.len &&
	    login.len < sizeof(credential->login) && !has_control(login))
		keep(credential, login);
}

/* The name alone; the password comes with the next line. Anything else may hold both. */
static void read_login(struct mw_str text, struct mw_credential *credential)
{
	credential->shown = !keep_name(credential, text);
}

/* Whether a token stands among the fields, each of which ends with \1. */
static bool has_token(struct mw_str fields)
{
	const struct mw_str auth = MW_STR("auth=");
	struct mw_str field;

	while (mw_str_split(&fields, '\1', &field)) {
		if (mw_str_starts_with(field, auth) && field.len > auth.len)
			return true;
	}
	return false;
}

/* RFC 5801's saslname: "=2C" is a comma, "=3D" an equals sign. False where another "=" stands in it. */
static bool read_saslname(struct mw_str text, struct mw_buf *name)
{
	while (text.len > 0) {
		size_t plain = mw_str_find(text, '=');

		mw_buf_add(name, mw_str_head(text, plain));
		text = mw_str_tail(text, plain);
		if (mw_str_starts_with(text, MW_STR("=2C")))
			mw_buf_add_char(name, ',');
		else if (mw_str_starts_with(text, MW_STR("=3D")))
			mw_buf_add_char(name, '=');
		else if (!mw_str_empty(text))
			return false;
		text = mw_str_tail(text, 3);
	}
	return true;
}

/* "n,a=USER,\1host=...\1auth=Bearer ...\1\1" (RFC 7628) */
static void read_oauthbearer(struct mw_str text, struct mw_credential *credential)
{
	const struct mw_str authzid = MW_STR("a=");
	struct mw_str header = mw_str_head(text, mw_str_find(text, '\1')), binding, name;
	char memory[MW_CREDENTIAL_LOGIN_SIZE];
	struct mw_buf decoded = MW_BUF_OVER(memory);

	if (!has_token(mw_str_tail(text, header.len)) || !mw_str_ends_with(header, MW_STR(",")) ||
	    !mw_str_split(&header, ',', &binding) || !mw_str_split(&header, ',', &name) || !mw_str_empty(header) ||
	    !mw_str_starts_with(name, authzid))
		return;
	if (read_saslname(mw_str_tail(name, authzid.len), &decoded) && !decoded.truncated)
		(void)keep_name(credential, mw_buf_str(&decoded));
}

/* "user=USER\1auth=Bearer ...\1\1", Google's XOAUTH2, or the form that RFC 7628 made of it. */
static void read_bearer(struct mw_str text, struct mw_credential *credential)
{
	const struct mw_str user = MW_STR("user=");
	struct mw_str rest = mw_str_tail(text, user.len);
	size_t end = mw_str_find(rest, '\1');

	credential->shown = true;
	if (!mw_str_starts_with(text, user))
		read_oauthbearer(text, credential);
	else if (has_token(mw_str_tail(rest, end)))
		(void)keep_name(credential, mw_str_head(rest, end));
}

bool mw_credential_came(struct mw_str response)
{
	size_t digits = 1;

	if (mw_str_empty(response) || response.ptr[0] != '{')
		return !mw_str_empty(response);
	while (digits < response.len && response.ptr[digits] >= '0' && response.ptr[digits] <= '9')
		digits++;
	response = mw_str_tail(response, digits);
	return digits == 1 || !(mw_str_equal(response, MW_STR("}")) || mw_str_equal(response, MW_STR("+}")));
}

void mw_credential_read(struct mw_str mechanism, struct mw_str response, struct mw_credential *credential_r)
{
	char memory[RESPONSE_MAX];
	struct mw_str text;

	credential_r->shown = false;
	credential_r->login[0] = '\0';
	if (!mw_credential_came(response) || mw_str_equal(response, MW_STR("=")))
		return;
	if (!mw_mechanism_shows_secret(mechanism))
		return;
	if (!base64_decode(response, memory, sizeof(memory), &text))
		credential_r->shown = true;
	else if (mw_mechanism_class(mechanism) == MW_MECHANISM_BEARER)
		read_bearer(text, credential_r);
	else if (mw_str_equal_nocase(mechanism, MW_STR("LOGIN")))
		read_login(text, credential_r);
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

/* Cuts a word off the line; empty at its end. */
static struct mw_str next_word(struct mw_str *rest)
{
	struct mw_str word;
	size_t len = 0;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = mw_str_tail(*rest, 1);
	while (len < rest->len && rest->ptr[len] != ' ' && !line_end(rest->ptr[len]))
		len++;
	word = mw_str_head(*rest, len);
	*rest = mw_str_tail(*rest, len);
	return word;
}

static bool is_auth_line(struct mw_str line)
{
	return mw_str_equal_nocase(next_word(&line), MW_STR("AUTH"));
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
	return !mw_str_empty(*mechanism_r);
}
