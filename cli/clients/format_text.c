/* SPDX-License-Identifier: MIT */
#include "clients/format.h"
#include "networks.h"
#include "ui/terminal.h"

static const struct {
	const char *name, *word, *switched_off;
} services[] = {
	[MW_CLIENT_IMAP] = { "IMAP", "imap", "switched off for this user (imap=no)" },
	[MW_CLIENT_POP3] = { "POP3", "pop3", "switched off for this user (pop3=no)" },
	[MW_CLIENT_SMTP] = { "SMTP", "smtp", "switched off for this user (smtp=no)" },
};

const char *mw_client_service_name(enum mw_client_service service)
{
	return services[service].name;
}

const char *mw_client_security_name(enum mw_client_security security)
{
	static const char *const names[] = { [MW_CLIENT_TLS] = "SSL/TLS", [MW_CLIENT_STARTTLS] = "STARTTLS",
					     [MW_CLIENT_CLEAR] = "none" };

	return names[security];
}

const char *mw_client_password_name(enum mw_client_password password)
{
	return password == MW_CLIENT_NORMAL_PASSWORD ? "normal password" : "encrypted password";
}

const char *mw_client_absence_text(const struct mw_client_sheet *sheet, enum mw_client_service service)
{
	switch (sheet->settings.absences[service]) {
	case MW_CLIENT_SWITCHED_OFF:
		return services[service].switched_off;
	case MW_CLIENT_SUSPENDED:
		return "suspended for this user";
	case MW_CLIENT_REFUSED:
		return "the policy permits it to nobody from outside";
	case MW_CLIENT_NO_LISTENER:
		return "no listener for clients from outside";
	case MW_CLIENT_OFFERED:
		break;
	}
	return "";
}

struct mw_str mw_client_user_name(const struct mw_client_sheet *sheet, const char *placeholder)
{
	return mw_str_empty(sheet->user_name) ? mw_str(placeholder) : sheet->user_name;
}

/* --- text */

static void add_offer(struct mw_grid *grid, const struct mw_client_offer *offer)
{
	bool clear = offer->security == MW_CLIENT_CLEAR;

	mw_grid_cell(grid, MW_STRONG, mw_str(mw_client_service_name(offer->service)));
	mw_grid_cell(grid, MW_PLAIN, offer->host);
	mw_grid_cellf(grid, MW_PLAIN, "%u", offer->port);
	mw_grid_cell(grid, clear ? MW_BAD : MW_PLAIN, mw_str(mw_client_security_name(offer->security)));
	mw_grid_cell(grid, MW_PLAIN, mw_str(mw_client_password_name(offer->password)));
	mw_grid_cell(grid, offer->recommended ? MW_GOOD : clear ? MW_BAD : MW_FAINT,
		     offer->recommended ? MW_STR("recommended") : clear ? MW_STR("not protected") : MW_STR("also possible"));
}

static void write_absences(struct mw_buf *out, const struct mw_client_sheet *sheet)
{
	for (unsigned service = 0; service < MW_CLIENT_SERVICES; service++) {
		if (sheet->settings.absences[service] != MW_CLIENT_OFFERED)
			mw_buf_printf(out, "no %s: %s\n", services[service].name,
				      mw_client_absence_text(sheet, (enum mw_client_service)service));
	}
}

static void write_warnings(struct mw_buf *out, const struct mw_client_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct mw_client_offer *offer = &settings->offers[i];

		if (offer->security != MW_CLIENT_CLEAR)
			continue;
		mw_coloured(out, MW_BAD, MW_STR("warning:"));
		mw_buf_printf(out, " the policy lets clients from anywhere use %s on port %u without TLS: %s\n",
			      mw_client_service_name(offer->service), offer->port,
			      offer->password == MW_CLIENT_NORMAL_PASSWORD ? "mail and password can be read on the way"
									    : "mail can be read on the way");
	}
}

void mw_client_write_text(struct mw_buf *out, const void *context)
{
	static const char *const titles[] = { "FOR", "SERVER", "PORT", "SECURITY", "AUTHENTICATION", "NOTE" };
	const struct mw_client_sheet *sheet = context;
	struct mw_grid *grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));

	mw_buf_add_text(out, "user name: ");
	mw_coloured(out, MW_STRONG, mw_client_user_name(sheet, "the whole mail address"));
	mw_buf_add_char(out, '\n');
	for (size_t i = 0; i < sheet->settings.count && grid != NULL; i++)
		add_offer(grid, &sheet->settings.offers[i]);
	if (grid == NULL || !mw_grid_print(grid, out))
		out->truncated = true; /* out of memory: the caller says so when more does not help */
	mw_grid_free(grid);
	write_absences(out, sheet);
	mw_networks_print(&sheet->networks, out);
	write_warnings(out, &sheet->settings);
}

/* --- JSON */

static void add_offer_object(struct mw_json *json, const struct mw_client_offer *offer)
{
	static const char *const securities[] = { [MW_CLIENT_TLS] = "tls", [MW_CLIENT_STARTTLS] = "starttls",
						  [MW_CLIENT_CLEAR] = "none" };

	mw_json_object(json, NULL);
	mw_json_string(json, "service", mw_str(services[offer->service].word));
	mw_json_string(json, "host", offer->host);
	mw_json_number(json, "port", offer->port);
	mw_json_string(json, "security", mw_str(securities[offer->security]));
	mw_json_string(json, "authentication",
		       offer->password == MW_CLIENT_NORMAL_PASSWORD ? MW_STR("password") : MW_STR("encrypted-password"));
	mw_json_bool(json, "recommended", offer->recommended);
	mw_json_end_object(json);
}

void mw_client_write_json(struct mw_json *json, const void *context)
{
	static const char *const absences[] = {
		[MW_CLIENT_OFFERED] = "offered", [MW_CLIENT_SWITCHED_OFF] = "switched-off",
		[MW_CLIENT_SUSPENDED] = "suspended", [MW_CLIENT_REFUSED] = "refused",
		[MW_CLIENT_NO_LISTENER] = "no-listener",
	};
	const struct mw_client_sheet *sheet = context;

	mw_json_string(json, "domain", sheet->domain);
	if (mw_str_empty(sheet->user_name))
		mw_json_null(json, "user_name");
	else
		mw_json_string(json, "user_name", sheet->user_name);
	mw_networks_json(&sheet->networks, json);
	mw_json_array(json, "offers");
	for (size_t i = 0; i < sheet->settings.count; i++)
		add_offer_object(json, &sheet->settings.offers[i]);
	mw_json_end_array(json);
	mw_json_array(json, "not_offered");
	for (unsigned service = 0; service < MW_CLIENT_SERVICES; service++) {
		enum mw_client_absence absence = sheet->settings.absences[service];

		if (absence == MW_CLIENT_OFFERED)
			continue;
		mw_json_object(json, NULL);
		mw_json_string(json, "service", mw_str(services[service].word));
		mw_json_string(json, "why", mw_str(absences[absence]));
		mw_json_string(json, "text", mw_str(mw_client_absence_text(sheet, (enum mw_client_service)service)));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

/* --- DNS */

static const struct mw_client_offer *find_offer(const struct mw_client_settings *settings,
						enum mw_client_service service, enum mw_client_security security)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->offers[i].service == service && settings->offers[i].security == security)
			return &settings->offers[i];
	}
	return NULL;
}

void mw_client_write_srv(struct mw_buf *out, const void *context)
{
	static const struct {
		const char *label;
		enum mw_client_service service;
		enum mw_client_security security;
		unsigned priority; /* the lowest is tried first; IMAP rather than POP3 (RFC 6186 3.4) */
	} records[] = {
		{ "_submissions", MW_CLIENT_SMTP, MW_CLIENT_TLS, 0 }, { "_submission", MW_CLIENT_SMTP, MW_CLIENT_STARTTLS, 10 },
		{ "_imaps", MW_CLIENT_IMAP, MW_CLIENT_TLS, 0 },       { "_imap", MW_CLIENT_IMAP, MW_CLIENT_STARTTLS, 10 },
		{ "_pop3s", MW_CLIENT_POP3, MW_CLIENT_TLS, 20 },      { "_pop3", MW_CLIENT_POP3, MW_CLIENT_STARTTLS, 30 },
	};
	const struct mw_client_sheet *sheet = context;

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const struct mw_client_offer *offer = find_offer(&sheet->settings, records[i].service, records[i].security);

		mw_buf_printf(out, "%s._tcp.%.*s. 3600 IN SRV ", records[i].label, MW_STR_ARG(sheet->domain));
		if (offer != NULL)
			mw_buf_printf(out, "%u 1 %u %.*s.\n", records[i].priority, offer->port, MW_STR_ARG(offer->host));
		else
			mw_buf_add_text(out, "0 0 0 .\n");
	}
}
