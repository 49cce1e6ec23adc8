/* SPDX-License-Identifier: MIT */
#include "ui/output.h"
#include "servers/show/show.h"
#include "servers/wiring.h"

static void print_comment(const char *comment, struct mw_buf *out)
{
	struct mw_str rest = mw_str(comment), line;

	while (mw_str_split(&rest, '\n', &line))
		mw_buf_printf(out, "# %.*s\n", MW_STR_ARG(line));
}

static void print_setting(const struct mw_wiring_setting *setting, struct mw_buf *out)
{
	print_comment(setting->comment, out);
	mw_wiring_setting_print(setting, out);
}

static void print_master(const struct mw_wiring *wiring, struct mw_buf *out)
{
	mw_buf_add_text(out, "\n# --- master.cf: one entry for each listener of a connector, in place of those that\n"
			     "# are there\n");
	for (size_t i = 0; i < wiring->listener_count; i++) {
		struct mw_wiring_setting options[MW_WIRING_OPTIONS];
		size_t count = mw_wiring_options(wiring, &wiring->listeners[i], options);

		mw_buf_printf(out, "# connector \"%.*s\"\n", MW_STR_ARG(wiring->listeners[i].connector));
		mw_wiring_endpoint(&wiring->listeners[i].binding, out);
		mw_buf_add_text(out, " inet n - y - - smtpd\n");
		for (size_t k = 0; k < count; k++) {
			mw_buf_add_text(out, "  ");
			mw_wiring_option_print(&options[k], out);
			mw_buf_add_char(out, '\n');
		}
	}
}

static void print_domains(const struct mw_policy *policy, struct mw_buf *out)
{
	mw_buf_add_text(out, "# Postfix must know the accepted domains too: mydestination or virtual_mailbox_domains for the\n"
			     "# Authoritative, relay_domains for the others:");
	for (size_t i = 0; i < policy->accepted_domain_count; i++)
		mw_buf_printf(out, " %s%.*s", policy->accepted_domains[i].subdomains ? "." : "",
			      MW_STR_ARG(policy->accepted_domains[i].domain));
	mw_buf_add_char(out, '\n');
}

void mw_show_postfix(const struct mw_policy *policy, struct mw_buf *out)
{
	struct mw_wiring *wiring = mw_wiring_new(policy, MW_POSTFIX_QUEUE);

	if (wiring == NULL) {
		mw_complain("out of memory");
		return;
	}
	mw_buf_printf(out, "# for Postfix 3.7 and later, made from %s by `mailwicket show --postfix`\n# --- main.cf\n",
		      policy->file);
	for (size_t i = 0; i < wiring->setting_count; i++)
		print_setting(&wiring->settings[i], out);
	print_domains(policy, out);
	print_master(wiring, out);
	mw_wiring_free(wiring);
}
