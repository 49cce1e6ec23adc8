/* SPDX-License-Identifier: MIT */
#include "clients/format.h"
#include "ui/markup.h"

/* What both programs, and the web servers that hand these files out, put the asker's address in for. */
#define EVERYBODY "%EMAILADDRESS%"
#define OUTLOOK_SCHEMAS "http://schemas.microsoft.com/exchange/autodiscover/"
#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void add_number(struct mw_markup *markup, const char *element, unsigned number)
{
	char text[16];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_buf_add_number(&out, number);
	mw_markup_element(markup, element, mw_buf_str(&out));
}

static void add_switch(struct mw_markup *markup, const char *element, bool on)
{
	mw_markup_element(markup, element, on ? MW_STR("on") : MW_STR("off"));
}

/* --- Thunderbird */

static void add_thunderbird_server(struct mw_markup *markup, const struct mw_client_sheet *sheet,
				   const struct mw_client_offer *offer)
{
	static const char *const types[] = { [MW_CLIENT_IMAP] = "imap", [MW_CLIENT_POP3] = "pop3", [MW_CLIENT_SMTP] = "smtp" };
	static const char *const sockets[] = { [MW_CLIENT_TLS] = "SSL", [MW_CLIENT_STARTTLS] = "STARTTLS",
					       [MW_CLIENT_CLEAR] = "plain" };
	bool normal = offer->password == MW_CLIENT_NORMAL_PASSWORD;

	mw_markup_begin(markup, offer->service == MW_CLIENT_SMTP ? "outgoingServer" : "incomingServer");
	mw_markup_attribute(markup, "type", mw_str(types[offer->service]));
	mw_markup_element(markup, "hostname", offer->host);
	add_number(markup, "port", offer->port);
	mw_markup_element(markup, "socketType", mw_str(sockets[offer->security]));
	mw_markup_element(markup, "username", mw_client_user_name(sheet, EVERYBODY));
	mw_markup_element(markup, "authentication", normal ? MW_STR("password-cleartext") : MW_STR("password-encrypted"));
	mw_markup_end(markup);
}

void mw_client_write_thunderbird(struct mw_buf *out, const void *context)
{
	const struct mw_client_sheet *sheet = context;
	struct mw_markup markup = mw_markup_over(out);

	mw_buf_add_text(out, XML_DECLARATION);
	mw_markup_begin(&markup, "clientConfig");
	mw_markup_attribute(&markup, "version", MW_STR("1.1"));
	mw_markup_begin(&markup, "emailProvider");
	mw_markup_attribute(&markup, "id", sheet->domain);
	mw_markup_element(&markup, "domain", sheet->domain);
	mw_markup_element(&markup, "displayName", sheet->provider);
	mw_markup_element(&markup, "displayShortName", sheet->provider);
	for (size_t i = 0; i < sheet->settings.count; i++) {
		if (mw_client_is_for_programs(&sheet->settings, &sheet->settings.offers[i]))
			add_thunderbird_server(&markup, sheet, &sheet->settings.offers[i]);
	}
	mw_markup_end(&markup);
	mw_markup_end(&markup);
}

/* --- Outlook */

static void add_outlook_protocol(struct mw_markup *markup, const struct mw_client_sheet *sheet,
				 const struct mw_client_offer *offer)
{
	static const char *const encryptions[] = { [MW_CLIENT_TLS] = "SSL", [MW_CLIENT_STARTTLS] = "TLS",
						   [MW_CLIENT_CLEAR] = "None" };

	mw_markup_begin(markup, "Protocol");
	mw_markup_element(markup, "Type", mw_str(mw_client_service_name(offer->service)));
	mw_markup_element(markup, "Server", offer->host);
	add_number(markup, "Port", offer->port);
	add_switch(markup, "DomainRequired", false);
	mw_markup_element(markup, "LoginName", mw_client_user_name(sheet, EVERYBODY));
	add_switch(markup, "SPA", offer->password == MW_CLIENT_ENCRYPTED_PASSWORD);
	add_switch(markup, "SSL", offer->security != MW_CLIENT_CLEAR);
	mw_markup_element(markup, "Encryption", mw_str(encryptions[offer->security]));
	add_switch(markup, "AuthRequired", true);
	mw_markup_end(markup);
}

void mw_client_write_outlook(struct mw_buf *out, const void *context)
{
	const struct mw_client_sheet *sheet = context;
	struct mw_markup markup = mw_markup_over(out);

	mw_buf_add_text(out, XML_DECLARATION);
	mw_markup_begin(&markup, "Autodiscover");
	mw_markup_attribute(&markup, "xmlns", MW_STR(OUTLOOK_SCHEMAS "responseschema/2006"));
	mw_markup_begin(&markup, "Response");
	mw_markup_attribute(&markup, "xmlns", MW_STR(OUTLOOK_SCHEMAS "outlook/responseschema/2006a"));
	mw_markup_begin(&markup, "User");
	mw_markup_element(&markup, "DisplayName", mw_client_user_name(sheet, EVERYBODY));
	mw_markup_end(&markup);
	mw_markup_begin(&markup, "Account");
	mw_markup_element(&markup, "AccountType", MW_STR("email"));
	mw_markup_element(&markup, "Action", MW_STR("settings"));
	/* Outlook takes the first of a type. */
	for (unsigned service = 0; service < MW_CLIENT_SERVICES; service++) {
		const struct mw_client_offer *best = mw_client_best(&sheet->settings, (enum mw_client_service)service);

		if (best != NULL)
			add_outlook_protocol(&markup, sheet, best);
	}
	mw_markup_end(&markup);
	mw_markup_end(&markup);
	mw_markup_end(&markup);
}
