/* SPDX-License-Identifier: MIT */
#include "clients/format.h"
#include "ui/markup.h"

/* One column on a phone, up to three beside each other where there is room. A tap on a value selects it whole. */
static const char style[] =
	"\n"
	":root { color-scheme: light dark; --page: #f3f5f8; --card: #fff; --text: #1c2430; --soft: #5b6675;\n"
	"  --line: #dde2e9; --value: #eef2f7; --accent: #1f5fbf; --bad: #b3261e; --bad-back: #fdecea; }\n"
	"@media (prefers-color-scheme: dark) { :root { --page: #12161c; --card: #1b212a; --text: #e6eaf0;\n"
	"  --soft: #9aa6b5; --line: #2e3743; --value: #252d38; --accent: #7fb0ff; --bad: #ffb4ab; --bad-back: #3b1d1b; } }\n"
	"* { box-sizing: border-box; }\n"
	"body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }\n"
	"main { max-width: 72rem; margin: 0 auto; padding: 1.25rem 1rem 2.5rem; }\n"
	"h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0; overflow-wrap: anywhere; }\n"
	"h2 { font-size: 1.15rem; margin: 0; }\n"
	"p { margin: .35rem 0; }\n"
	".soft { color: var(--soft); }\n"
	".cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));\n"
	"  align-items: start; margin: 1.25rem 0; }\n"
	".card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; }\n"
	"dl { margin: .75rem 0 0; }\n"
	"dl > div { padding: .5rem 0; border-top: 1px solid var(--line); }\n"
	"dt { color: var(--soft); font-size: .85rem; }\n"
	"dd { margin: .1rem 0 0; }\n"
	"code { -webkit-user-select: all; user-select: all; cursor: copy; font: 600 1rem/1.5 ui-monospace, monospace;\n"
	"  background: var(--value); border-radius: .35rem; padding: .1rem .45rem; overflow-wrap: anywhere;\n"
	"  -webkit-box-decoration-break: clone; box-decoration-break: clone; }\n"
	"dd.word { font-weight: 600; }\n"
	"summary { cursor: pointer; color: var(--accent); padding: .5rem 0 .25rem; }\n"
	".bad { color: var(--bad); background: var(--bad-back); border-radius: .5rem; padding: .5rem .75rem; }\n"
	"@media print { body { background: none; } .card { break-inside: avoid; } }\n";

static void add_paragraph(struct mw_markup *markup, const char *class, struct mw_str text)
{
	mw_markup_begin(markup, "p");
	mw_markup_attribute(markup, "class", mw_str(class));
	mw_markup_text(markup, text);
	mw_markup_end(markup);
}

/* A value to copy, or (not so) a word to look for in the mail program's menu. */
static void add_row(struct mw_markup *markup, const char *name, struct mw_str value, bool to_copy)
{
	mw_markup_begin(markup, "div");
	mw_markup_element(markup, "dt", mw_str(name));
	mw_markup_begin(markup, "dd");
	if (to_copy) {
		mw_markup_element(markup, "code", value);
	} else {
		mw_markup_attribute(markup, "class", MW_STR("word"));
		mw_markup_text(markup, value);
	}
	mw_markup_end(markup);
	mw_markup_end(markup);
}

static void add_rows(struct mw_markup *markup, const struct mw_client_sheet *sheet, const struct mw_client_offer *offer)
{
	char text[16];
	struct mw_buf port = MW_BUF_OVER(text);
	bool normal = offer->password == MW_CLIENT_NORMAL_PASSWORD;

	mw_buf_add_number(&port, offer->port);
	mw_markup_begin(markup, "dl");
	add_row(markup, "Server", offer->host, true);
	add_row(markup, "Port", mw_buf_str(&port), true);
	add_row(markup, "Connection security",
		offer->security == MW_CLIENT_CLEAR ? MW_STR("None") : mw_str(mw_client_security_name(offer->security)), false);
	add_row(markup, "Authentication", normal ? MW_STR("Normal password") : MW_STR("Encrypted password"), false);
	add_row(markup, "User name", mw_client_user_name(sheet, "your whole mail address"), !mw_str_empty(sheet->user_name));
	mw_markup_end(markup);
	if (offer->security == MW_CLIENT_CLEAR)
		add_paragraph(markup, "bad", MW_STR("This connection is not protected: others on the way can read along."));
}

static void add_others(struct mw_markup *markup, const struct mw_client_sheet *sheet,
		       const struct mw_client_offer *best)
{
	for (const struct mw_client_offer *other = best + 1;
	     other < sheet->settings.offers + sheet->settings.count && other->service == best->service; other++) {
		if (other->security == MW_CLIENT_CLEAR)
			continue;
		mw_markup_begin(markup, "details");
		mw_markup_element(markup, "summary", MW_STR("If that does not work"));
		add_rows(markup, sheet, other);
		mw_markup_end(markup);
	}
}

static void add_card(struct mw_markup *markup, const struct mw_client_sheet *sheet, enum mw_client_service service)
{
	static const char *const titles[] = { [MW_CLIENT_IMAP] = "Incoming mail: IMAP",
					      [MW_CLIENT_POP3] = "Incoming mail: POP3",
					      [MW_CLIENT_SMTP] = "Outgoing mail: SMTP" };
	const struct mw_client_offer *best = mw_client_best(&sheet->settings, service);
	bool has_imap = mw_client_best(&sheet->settings, MW_CLIENT_IMAP) != NULL;
	const char *const purposes[] = {
		[MW_CLIENT_IMAP] = "Mail stays on the server, the same on all your devices.",
		[MW_CLIENT_POP3] = has_imap ? "Mail is fetched to one device. Choose this or IMAP, not both."
					    : "Mail is fetched from the server to your device.",
		[MW_CLIENT_SMTP] = "The way your mail program sends, whichever way it receives.",
	};

	if (best == NULL)
		return;
	mw_markup_begin(markup, "section");
	mw_markup_attribute(markup, "class", MW_STR("card"));
	mw_markup_element(markup, "h2", mw_str(titles[service]));
	add_paragraph(markup, "soft", mw_str(purposes[service]));
	add_rows(markup, sheet, best);
	add_others(markup, sheet, best);
	mw_markup_end(markup);
}

/* One way to receive and the way to send come first: on a phone nobody looks further. */
static void add_cards(struct mw_markup *markup, const struct mw_client_sheet *sheet)
{
	const struct mw_client_offer *incoming = mw_client_incoming(&sheet->settings);

	if (incoming != NULL)
		add_card(markup, sheet, incoming->service);
	add_card(markup, sheet, MW_CLIENT_SMTP);
	if (incoming != NULL && incoming->service != MW_CLIENT_POP3)
		add_card(markup, sheet, MW_CLIENT_POP3);
}

static void add_meta(struct mw_markup *markup, const char *attribute, const char *name, const char *content)
{
	mw_markup_begin(markup, "meta");
	mw_markup_attribute(markup, attribute, mw_str(name));
	mw_markup_attribute(markup, "content", mw_str(content));
	mw_markup_end_void(markup);
}

static void add_head(struct mw_markup *markup, struct mw_str title)
{
	mw_markup_begin(markup, "head");
	mw_markup_begin(markup, "meta");
	mw_markup_attribute(markup, "charset", MW_STR("utf-8"));
	mw_markup_end_void(markup);
	add_meta(markup, "name", "viewport", "width=device-width, initial-scale=1");
	add_meta(markup, "name", "robots", "noindex");
	/* Numbers are ports, not telephone numbers. */
	add_meta(markup, "name", "format-detection", "telephone=no");
	add_meta(markup, "http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
	mw_markup_element(markup, "title", title);
	mw_markup_begin(markup, "style");
	mw_markup_raw(markup, style);
	mw_markup_end(markup);
	mw_markup_end(markup);
}

static void add_absences(struct mw_markup *markup, const struct mw_client_sheet *sheet)
{
	static const char *const texts[] = {
		[MW_CLIENT_SWITCHED_OFF] = "is switched off for your mailbox.",
		[MW_CLIENT_SUSPENDED] = "is suspended for your mailbox.",
		[MW_CLIENT_REFUSED] = "is not available.", [MW_CLIENT_NO_LISTENER] = "is not available.",
	};

	for (unsigned service = 0; service < MW_CLIENT_SERVICES; service++) {
		char text[128];
		struct mw_buf out = MW_BUF_OVER(text);

		if (sheet->settings.absences[service] == MW_CLIENT_OFFERED)
			continue;
		mw_buf_printf(&out, "%s (%s) %s", service == MW_CLIENT_SMTP ? "Sending" : "Receiving",
			      mw_client_service_name((enum mw_client_service)service),
			      texts[sheet->settings.absences[service]]);
		add_paragraph(markup, "soft", mw_buf_str(&out));
	}
}

static bool has_networks(const struct mw_client_sheet *sheet)
{
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++)
		if (sheet->networks.of[i].count > 0)
			return true;
	return false;
}

/* People do not know their address: whoever they ask does. */
static void add_networks(struct mw_markup *markup, const struct mw_client_sheet *sheet)
{
	if (has_networks(sheet))
		add_paragraph(markup, "soft", MW_STR("Your mailbox can be used from some networks only. If your password is "
						     "refused, ask from where you may log in."));
}

void mw_client_write_html(struct mw_buf *out, const void *context)
{
	const struct mw_client_sheet *sheet = context;
	struct mw_markup markup = mw_markup_over(out);
	char memory[1024];
	struct mw_buf title = MW_BUF_OVER(memory);

	mw_buf_printf(&title, "Mail settings for %.*s",
		      MW_STR_ARG(mw_str_empty(sheet->user_name) ? sheet->domain : sheet->user_name));
	mw_buf_add_text(out, "<!DOCTYPE html>\n");
	mw_markup_begin(&markup, "html");
	mw_markup_attribute(&markup, "lang", MW_STR("en"));
	add_head(&markup, mw_buf_str(&title));
	mw_markup_begin(&markup, "body");
	mw_markup_begin(&markup, "main");
	add_paragraph(&markup, "soft", sheet->provider);
	mw_markup_element(&markup, "h1", mw_buf_str(&title));
	mw_markup_element(&markup, "p", MW_STR("Enter these in your mail program. The password is that of your mailbox."));
	mw_markup_begin(&markup, "div");
	mw_markup_attribute(&markup, "class", MW_STR("cards"));
	add_cards(&markup, sheet);
	mw_markup_end(&markup);
	add_absences(&markup, sheet);
	add_networks(&markup, sheet);
	mw_markup_end(&markup);
	mw_markup_end(&markup);
	mw_markup_end(&markup);
}
