/* SPDX-License-Identifier: MIT */
#include <xxhash.h>

#include "clients/format.h"
#include "ui/markup.h"

#define UUID_LENGTH 36

/* A UUID that the same text always has (RFC 9562 5.8: version 8, of a digest's bits). */
static struct mw_str uuid_of(struct mw_str text, char memory[UUID_LENGTH + 1])
{
	struct mw_buf out = mw_buf_over(memory, UUID_LENGTH + 1);
	XXH128_canonical_t digest;

	XXH128_canonicalFromHash(&digest, XXH3_128bits(text.ptr, text.len));
	digest.digest[6] = (digest.digest[6] & 0x0f) | 0x80;
	digest.digest[8] = (digest.digest[8] & 0x3f) | 0x80;
	for (unsigned i = 0; i < sizeof(digest.digest); i++)
		mw_buf_printf(&out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", digest.digest[i]);
	return mw_buf_str(&out);
}

/* --- property list */

static void add_string(struct mw_markup *markup, const char *key, struct mw_str value)
{
	mw_markup_element(markup, "key", mw_str(key));
	mw_markup_element(markup, "string", value);
}

static void add_number(struct mw_markup *markup, const char *key, unsigned number)
{
	char text[16];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_buf_add_number(&out, number);
	mw_markup_element(markup, "key", mw_str(key));
	mw_markup_element(markup, "integer", mw_buf_str(&out));
}

static void add_switch(struct mw_markup *markup, const char *key, bool on)
{
	mw_markup_element(markup, "key", mw_str(key));
	mw_markup_begin(markup, on ? "true" : "false");
	mw_markup_end_void(markup);
}

/* --- the profile */

struct profile {
	const struct mw_client_sheet *sheet;
	const struct mw_client_offer *incoming, *outgoing;
	char identifier[1024], content[4096];
};

static void describe(struct mw_buf *out, const struct mw_client_offer *offer)
{
	mw_buf_printf(out, "%s %.*s %u %s %s\n", mw_client_service_name(offer->service), MW_STR_ARG(offer->host),
		      offer->port, mw_client_security_name(offer->security), mw_client_password_name(offer->password));
}

/* The same profile keeps its name and replaces itself; its UUIDs change with what is in it. */
static void begin_profile(struct profile *profile)
{
	const struct mw_client_sheet *sheet = profile->sheet;
	struct mw_buf identifier = MW_BUF_OVER(profile->identifier), content = MW_BUF_OVER(profile->content);

	mw_buf_printf(&identifier, "mailwicket.%.*s.%.*s", MW_STR_ARG(sheet->hostname),
		      MW_STR_ARG(mw_client_user_name(sheet, "everybody")));
	mw_buf_printf(&content, "%s\n%.*s\n", profile->identifier, MW_STR_ARG(sheet->provider));
	describe(&content, profile->incoming);
	describe(&content, profile->outgoing);
}

static void add_payload(struct mw_markup *markup, const struct profile *profile, const char *type, const char *suffix)
{
	char name[4200], identifier[1100], uuid[UUID_LENGTH + 1];
	struct mw_buf name_out = MW_BUF_OVER(name), identifier_out = MW_BUF_OVER(identifier);

	mw_buf_printf(&name_out, "%s\n%s", type, profile->content);
	mw_buf_printf(&identifier_out, "%s%s", profile->identifier, suffix);
	add_string(markup, "PayloadType", mw_str(type));
	add_number(markup, "PayloadVersion", 1);
	add_string(markup, "PayloadIdentifier", mw_buf_str(&identifier_out));
	add_string(markup, "PayloadUUID", uuid_of(mw_buf_str(&name_out), uuid));
	add_string(markup, "PayloadDisplayName", profile->sheet->provider);
}

static void add_server(struct mw_markup *markup, const struct mw_client_sheet *sheet,
		       const struct mw_client_offer *offer, const char *const keys[5])
{
	bool normal = offer->password == MW_CLIENT_NORMAL_PASSWORD;

	add_string(markup, keys[0], offer->host);
	add_number(markup, keys[1], offer->port);
	add_switch(markup, keys[2], offer->security != MW_CLIENT_CLEAR);
	add_string(markup, keys[3], normal ? MW_STR("EmailAuthPassword") : MW_STR("EmailAuthCRAMMD5"));
	/* Whoever installs a profile without it is asked. */
	if (!mw_str_empty(sheet->user_name))
		add_string(markup, keys[4], sheet->user_name);
}

static void add_account(struct mw_markup *markup, const struct profile *profile)
{
	static const char *const in[5] = { "IncomingMailServerHostName", "IncomingMailServerPortNumber",
					   "IncomingMailServerUseSSL", "IncomingMailServerAuthentication",
					   "IncomingMailServerUsername" };
	static const char *const out[5] = { "OutgoingMailServerHostName", "OutgoingMailServerPortNumber",
					    "OutgoingMailServerUseSSL", "OutgoingMailServerAuthentication",
					    "OutgoingMailServerUsername" };
	const struct mw_client_sheet *sheet = profile->sheet;
	bool imap = profile->incoming->service == MW_CLIENT_IMAP;

	mw_markup_begin(markup, "dict");
	add_payload(markup, profile, "com.apple.mail.managed", ".mail");
	add_string(markup, "EmailAccountDescription", sheet->provider);
	add_string(markup, "EmailAccountType", imap ? MW_STR("EmailTypeIMAP") : MW_STR("EmailTypePOP"));
	if (!mw_str_empty(sheet->user_name))
		add_string(markup, "EmailAddress", sheet->user_name);
	add_server(markup, sheet, profile->incoming, in);
	add_server(markup, sheet, profile->outgoing, out);
	add_switch(markup, "OutgoingPasswordSameAsIncomingPassword", true);
	mw_markup_end(markup);
}

void mw_client_write_apple(struct mw_buf *out, const void *context)
{
	struct mw_markup markup = mw_markup_over(out);
	struct profile profile = { .sheet = context };

	profile.incoming = mw_client_incoming(&profile.sheet->settings);
	profile.outgoing = mw_client_best(&profile.sheet->settings, MW_CLIENT_SMTP);
	if (profile.incoming == NULL || profile.outgoing == NULL)
		return;
	begin_profile(&profile);
	mw_buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\""
			     " \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n");
	mw_markup_begin(&markup, "plist");
	mw_markup_attribute(&markup, "version", MW_STR("1.0"));
	mw_markup_begin(&markup, "dict");
	mw_markup_element(&markup, "key", MW_STR("PayloadContent"));
	mw_markup_begin(&markup, "array");
	add_account(&markup, &profile);
	mw_markup_end(&markup);
	add_payload(&markup, &profile, "Configuration", "");
	mw_markup_end(&markup);
	mw_markup_end(&markup);
}
