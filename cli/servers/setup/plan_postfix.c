/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "base/units.h"
#include "servers/setup/lacks.h"
#include "servers/setup/plan.h"
#include "servers/check/ports.h"
#include "ui/output.h"

#define LISTENERS_MOST 64
#define SERVER_SETTINGS 8

struct planning {
	struct mw_setup_plan *plan;
	struct mw_postfix_site site;
	struct mw_wiring *wiring;
	const struct mw_setup_sasl *sasl;
	struct mw_lacks lacks[LISTENERS_MOST];         /* of each listener of the policy that is there */
	struct mw_setup_entry entries[LISTENERS_MOST];
	size_t entry_count;
	bool served[LISTENERS_MOST]; /* by the policy's listeners */
	struct mw_str chroot;        /* that of the first of them, for new entries */
	const char *why;             /* it cannot be done */
};

static struct mw_arena *arena_of(const struct planning *planning)
{
	return planning->site.arena;
}

static const char *binding_text(const struct planning *planning, const struct mw_binding *binding)
{
	char name[128];
	struct mw_buf out = MW_BUF_OVER(name);

	mw_binding_print(binding, &out);
	return mw_arena_text(arena_of(planning), mw_buf_str(&out));
}

/* --- the listeners of the policy */

/* A listener's value once it has what it lacks. */
static struct mw_postfix_value value_after(const struct mw_postfix_endpoint *endpoint, const struct mw_lacks *lacks,
					   const char *name)
{
	struct mw_postfix_value value = { .name = mw_str(name), .value = mw_endpoint_value(endpoint, name) };

	for (size_t i = 0; i < lacks->count; i++)
		if (strcmp(lacks->items[i].name, name) == 0)
			value.value = lacks->items[i].value.items[0];
	return value;
}

/* Where Postfix will ask Dovecot: of the first listener with users whose passwords Dovecot checks. */
static void keep_socket(struct planning *planning, struct mw_postfix_endpoint *endpoint, const struct mw_lacks *lacks)
{
	struct mw_postfix_value path = value_after(endpoint, lacks, "smtpd_sasl_path");
	struct mw_postfix_endpoint after = *endpoint;

	if (!endpoint->need.sasl || planning->plan->sasl_socket != NULL ||
	    !mw_str_equal(value_after(endpoint, lacks, "smtpd_sasl_type").value, MW_STR("dovecot")))
		return;
	after.values = (struct mw_postfix_values){ &path, 1 };
	planning->plan->sasl_socket = mw_endpoint_sasl_socket(&after);
}

/* As it is, and as it is once clients hold all its processes. */
static int find_lacks(struct planning *planning, struct mw_postfix_endpoint *endpoint, struct mw_lacks *lacks)
{
	int status = mw_endpoint_load(endpoint);

	if (status != EX_OK)
		return status;
	mw_setup_lacks(endpoint, planning->sasl, false, lacks);
	keep_socket(planning, endpoint, lacks);
	if (!mw_endpoint_knows_stress(endpoint))
		return EX_OK;
	endpoint->stressed = true;
	status = mw_endpoint_load(endpoint);
	if (status == EX_OK)
		mw_setup_lacks(endpoint, planning->sasl, false, lacks);
	return status;
}

static void note_overlap(struct planning *planning, const struct mw_postfix_service *service,
			 const struct mw_wiring_listener *listener)
{
	planning->why = mw_arena_textf(arena_of(planning),
				       "the entry %.*s and the binding %s of connector \"%.*s\" are one port under two names: write "
				       "them alike", MW_STR_ARG(service->name), binding_text(planning, &listener->binding),
				       MW_STR_ARG(listener->connector));
}

/* Whether a service is a listener of the policy. */
static bool is_named(struct planning *planning, const struct mw_postfix_endpoint *endpoint)
{
	bool named = false;

	for (size_t i = 0; i < planning->wiring->listener_count; i++) {
		const struct mw_wiring_listener *listener = &planning->wiring->listeners[i];

		if (mw_wiring_same_binding(&listener->binding, &endpoint->binding))
			named = planning->served[i] = true;
		else if (mw_binding_overlaps(&listener->binding, &endpoint->binding))
			note_overlap(planning, endpoint->front, listener);
	}
	return named;
}

static int plan_service(struct planning *planning, const struct mw_postfix_service *service)
{
	struct mw_postfix_endpoint endpoint;
	struct mw_lacks *lacks;
	size_t at = 0;
	int status;

	if (!mw_postfix_endpoint_of(&planning->site, service, &endpoint) || !is_named(planning, &endpoint))
		return EX_OK;
	if (mw_str_empty(planning->chroot))
		planning->chroot = endpoint.service->chroot;
	/* The smtpd behind two postscreens is one. */
	while (at < planning->entry_count && planning->entries[at].line != endpoint.service->line)
		at++;
	if (at == LISTENERS_MOST)
		return EX_OK;
	planning->entry_count += at == planning->entry_count;
	lacks = &planning->lacks[at];
	status = find_lacks(planning, &endpoint, lacks);
	planning->entries[at] = (struct mw_setup_entry){ endpoint.service->line, { lacks->items, lacks->count } };
	return status;
}

/* --- new entries */

static void print_entry(struct planning *planning, const struct mw_postfix_service *service,
			const struct mw_lacks *lacks, struct mw_str *added_io)
{
	char text[8192];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_buf_printf(&out, "%.*s%.*s inet n - %.*s - - smtpd\n", MW_STR_ARG(*added_io), MW_STR_ARG(service->name),
		      MW_STR_ARG(service->chroot));
	for (size_t i = 0; i < lacks->count; i++) {
		mw_buf_add_text(&out, "  ");
		mw_wiring_option_print(&lacks->items[i], &out);
		mw_buf_add_char(&out, '\n');
	}
	if (out.truncated)
		planning->why = "the new entries are too long";
	*added_io = mw_arena_copy(arena_of(planning), mw_buf_str(&out));
}

static int plan_new(struct planning *planning, const struct mw_wiring_listener *listener, struct mw_str *added_io)
{
	char name[128];
	struct mw_buf out = MW_BUF_OVER(name);
	struct mw_postfix_service service = { .type = MW_STR("inet"), .command = MW_STR("smtpd"),
					      .chroot = mw_str_empty(planning->chroot) ? MW_STR("y") : planning->chroot };
	struct mw_postfix_endpoint endpoint = { .site = &planning->site, .service = &service, .front = &service,
						.binding = listener->binding, .values = planning->site.values,
						.chroot = mw_str_equal(service.chroot, MW_STR("y")) };
	const char *holder = mw_port_holder(&planning->site, &listener->binding, planning->sasl->dovecot);
	struct mw_lacks lacks = { .count = 0 };

	if (holder != NULL) {
		planning->why = mw_arena_textf(arena_of(planning),
			"there is no entry for the binding %s of connector \"%.*s\", and %s: Postfix ends with all its listeners "
			"where a port is taken; take that away there, or the binding out of the connector",
			binding_text(planning, &listener->binding), MW_STR_ARG(listener->connector), holder);
		return EX_OK;
	}
	mw_wiring_endpoint(&listener->binding, &out);
	service.name = mw_arena_copy(arena_of(planning), mw_buf_str(&out));
	endpoint.need = mw_wiring_listener_of(planning->site.policy, &listener->binding);
	mw_setup_lacks(&endpoint, planning->sasl, true, &lacks);
	keep_socket(planning, &endpoint, &lacks);
	print_entry(planning, &service, &lacks, added_io);
	return EX_OK;
}

/* --- main.cf: what is no affair of a single listener */

static void lack(struct planning *planning, struct mw_wiring_setting *settings, size_t *count_io, const char *name,
		 struct mw_str value)
{
	const struct mw_wiring_setting *wanted = mw_wiring_setting(planning->wiring, name);
	struct mw_str *item = MW_ARENA_NEW(arena_of(planning), struct mw_str);

	if (item == NULL || *count_io == SERVER_SETTINGS)
		return;
	*item = value;
	settings[(*count_io)++] = (struct mw_wiring_setting){ .name = name, .value = { item, 1 },
							       .comment = wanted != NULL ? wanted->comment : NULL };
}

/* Whether nobody chose a value: it is Postfix's own, or setup wrote it, by the comment above it. */
static bool is_nobodys(const struct planning *planning, const struct mw_wiring_setting *setting)
{
	struct mw_str main_cf = planning->site.main_cf, comment = mw_str(setting->comment);
	const char *written;

	if (mw_postfix_main_line(main_cf, mw_str(setting->name)) == 0)
		return true;
	written = mw_arena_textf(arena_of(planning), "# %.*s\n%s =", MW_STR_ARG(mw_str_head(comment, comment.len - 1)),
				 setting->name);
	return mw_str_has(main_cf, written);
}

/* Limits of mailboxes have to be as large as a message, or Postfix delivers nothing. */
static void look_at_mailboxes(struct planning *planning, struct mw_wiring_setting *settings, size_t *count_io,
			      uint64_t size)
{
	static const char *const names[] = { "mailbox_size_limit", "virtual_mailbox_limit" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t limit;

		if (mw_parse_number(mw_postfix_site_value(&planning->site, names[i]), &limit) && limit != 0 &&
		    (size == 0 || limit < size))
			lack(planning, settings, count_io, names[i], MW_STR("0"));
	}
}

static size_t list_settings(struct planning *planning, struct mw_wiring_setting *settings)
{
	const struct mw_postfix_site *site = &planning->site;
	const struct mw_wiring_setting *size = mw_wiring_setting(planning->wiring, "message_size_limit");
	struct mw_str delimiter = mw_postfix_site_value(site, "recipient_delimiter"), united;
	size_t count = 0;
	uint64_t most = 0;

	/* In an audit that enforces nothing, whom bob@mail reaches today he reaches. */
	if (!planning->wiring->harmless &&
	    !mw_str_equal_nocase(mw_postfix_site_value(site, "append_dot_mydomain"), MW_STR("no")))
		lack(planning, settings, &count, "append_dot_mydomain", MW_STR("no"));
	/* Never without a delimiter that is there: mail to addresses with it would bounce. */
	united = mw_postfix_delimiters(site->arena, delimiter, site->policy->recipient_delimiter);
	if (united.len > delimiter.len)
		lack(planning, settings, &count, "recipient_delimiter", united);
	/* A smaller one by somebody's choice is stricter. */
	if (!mw_wiring_does(size, mw_postfix_site_value(site, size->name)) && is_nobodys(planning, size)) {
		lack(planning, settings, &count, size->name, size->value.items[0]);
		mw_parse_number(size->value.items[0], &most);
		look_at_mailboxes(planning, settings, &count, most);
	}
	return count;
}

/* --- the plan */

static int plan_texts(struct planning *planning, struct mw_str added)
{
	struct mw_setup_plan *plan = planning->plan;
	struct mw_arena *arena = arena_of(planning);
	const char *main_path = mw_arena_textf(arena, "%s/main.cf", plan->postfix_folder);
	const char *master_path = mw_arena_textf(arena, "%s/master.cf", plan->postfix_folder);
	struct mw_wiring_setting settings[SERVER_SETTINGS];
	size_t count = list_settings(planning, settings);
	struct mw_str main_cf, master_cf;
	bool exists;

	if (!mw_changes_read(arena, main_path, &main_cf, &exists) ||
	    !mw_changes_read(arena, master_path, &master_cf, &exists))
		return EX_NOINPUT;
	main_cf = mw_setup_main_cf(arena, main_cf, (struct mw_settings){ settings, count });
	master_cf = mw_setup_master_cf(arena, master_cf, planning->entries, planning->entry_count, added);
	return mw_setup_plan_file(plan, main_path, main_cf, &plan->changes_postfix) &&
	       mw_setup_plan_file(plan, master_path, master_cf, &plan->changes_postfix) ? EX_OK : EX_NOINPUT;
}

static int plan_listeners(struct planning *planning)
{
	struct mw_str added = MW_STR_EMPTY;
	int status = EX_OK;

	if (planning->wiring->listener_count > LISTENERS_MOST)
		planning->why = "the policy has more than 64 listeners";
	for (size_t i = 0; i < planning->site.services.count && status == EX_OK && planning->why == NULL; i++)
		status = plan_service(planning, &planning->site.services.items[i]);
	for (size_t i = 0; i < planning->wiring->listener_count && status == EX_OK && planning->why == NULL; i++) {
		if (!planning->served[i] &&
		    !mw_postfix_is_before_proxy(&planning->site, &planning->wiring->listeners[i].binding))
			status = plan_new(planning, &planning->wiring->listeners[i], &added);
	}
	if (status == EX_OK && planning->why != NULL) {
		mw_complain("%s/master.cf: %s", planning->plan->postfix_folder, planning->why);
		return EX_CONFIG;
	}
	return status == EX_OK ? plan_texts(planning, added) : status;
}

/* The site with the policy's wiring, which is the caller's. */
static int load(struct mw_postfix_site *site, struct mw_wiring **wiring_r)
{
	*wiring_r = mw_wiring_new(site->policy, site->queue_directory);
	site->wiring = *wiring_r;
	site->findings = mw_findings_new();
	if (*wiring_r == NULL || site->findings == NULL)
		return EX_OSERR;
	mw_wiring_for_version(*wiring_r, mw_postfix_site_value(site, "mail_version"));
	(*wiring_r)->syslog_name = mw_postfix_site_value(site, "syslog_name");
	return EX_OK;
}

int mw_setup_plan_postfix(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config,
			  const struct mw_setup_sasl *sasl)
{
	struct mw_arena *arena = plan->changes.arena;
	struct planning *planning = MW_ARENA_NEW(arena, struct planning);
	int status = planning != NULL ? mw_postfix_site_load(&planning->site, policy, config, arena) : EX_OSERR;

	if (status != EX_OK)
		return status;
	if (config == NULL)
		config = mw_arena_text(arena, mw_postfix_site_value(&planning->site, "config_directory"));
	plan->postfix_folder = mw_setup_absolute(arena, config);
	if (plan->postfix_folder == NULL)
		return EX_NOINPUT;
	planning->plan = plan;
	planning->sasl = sasl;
	status = load(&planning->site, &planning->wiring);
	if (status == EX_OK)
		status = plan_listeners(planning);
	mw_findings_free(planning->site.findings);
	mw_wiring_free(planning->wiring);
	return status;
}

static bool asks_dovecot(struct mw_postfix_site *site, const struct mw_postfix_service *service, const char **socket_r)
{
	struct mw_postfix_endpoint endpoint;

	if (!mw_postfix_endpoint_of(site, service, &endpoint) || !endpoint.need.sasl || mw_endpoint_load(&endpoint) != EX_OK ||
	    !mw_endpoint_says(&endpoint, "smtpd_sasl_auth_enable", "yes") ||
	    !mw_endpoint_says(&endpoint, "smtpd_sasl_type", "dovecot"))
		return false;
	*socket_r = mw_endpoint_sasl_socket(&endpoint);
	return true;
}

const char *mw_setup_postfix_socket(const struct mw_policy *policy, const char *config, struct mw_arena *arena)
{
	struct mw_postfix_site site;
	struct mw_wiring *wiring = NULL;
	const char *socket = MW_POSTFIX_QUEUE "/private/auth";
	bool any = false;

	if (!mw_postfix_site_try(&site, policy, config, arena))
		return socket;
	socket = mw_arena_textf(arena, "%s/private/auth", site.queue_directory);
	if (load(&site, &wiring) == EX_OK) {
		for (size_t i = 0; i < site.services.count && !any; i++)
			any = asks_dovecot(&site, &site.services.items[i], &socket);
	}
	mw_findings_free(site.findings);
	mw_wiring_free(wiring);
	return socket;
}
