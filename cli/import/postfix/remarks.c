/* SPDX-License-Identifier: MIT */
#include "import/postfix/remarks.h"

#include "base/text.h"
#include "policy/choose.h"
#include "servers/init/tables.h"

#define ALIASES_MOST 20 /* named one by one */

static const struct { const char *setting, *why; } without_meaning[] = {
#define MW_WITHOUT_MEANING(setting, why) { setting, why },
#include "import/postfix/setting.def"
#undef MW_WITHOUT_MEANING
};

struct reading {
	struct mw_init *init;
	struct mw_remarks remarks;
};

static void add(struct reading *reading, const char *about, const char *text)
{
	struct mw_remarks *remarks = &reading->remarks;

	remarks->items = mw_init_grown(reading->init->arena, remarks->items, remarks->count, sizeof(*remarks->items));
	if (remarks->items == NULL)
		remarks->count = 0;
	else
		remarks->items[remarks->count++] = (struct mw_remark){ about, text };
}

/* --- Postfix */

static void add_listeners(struct reading *reading)
{
	static const char *const says[] = {
		[MW_COMPARE_NONE] = "compares no senders: whoever logs in sends as everybody, which the directory does not permit",
		[MW_COMPARE_KNOWN] = "compares the senders that a table has; as any other everybody sends, which the directory does "
				     "not permit",
		[MW_COMPARE_ALL] = "compares senders with smtpd_sender_login_maps, as the directory does",
	};

	for (size_t i = 0; i < reading->init->listener_count; i++) {
		const struct mw_init_listener *listener = &reading->init->listeners[i];

		if (!listener->users)
			continue;
		if (listener->comparison != MW_COMPARE_NONE &&
		    !mw_str_equal(listener->sender_maps, mw_init_sender_maps(reading->init)))
			add(reading, mw_arena_textf(reading->init->arena, "listener %s", listener->service),
			    mw_arena_textf(reading->init->arena, "has an smtpd_sender_login_maps of its own, %.*s, which is not read",
					   MW_STR_ARG(listener->sender_maps)));
		else
			add(reading, mw_arena_textf(reading->init->arena, "listener %s", listener->service),
			    says[listener->comparison]);
	}
}

static void add_settings(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(without_meaning) / sizeof(without_meaning[0]); i++) {
		struct mw_str value = mw_postfix_site_value(&reading->init->postfix, without_meaning[i].setting);
		/* Its default lets everybody on this host send as everybody. */
		bool usual = mw_str_equal(value, MW_STR("static:*"));

		if (!mw_str_empty(mw_str_trim(value)) && !usual)
			add(reading, without_meaning[i].setting,
			    mw_arena_textf(reading->init->arena, "no meaning in a directory: %s", without_meaning[i].why));
	}
}

/* Why a target of an alias is nobody; NULL: it is an address. */
static const char *nobody(struct mw_str target)
{
	if (mw_str_starts_with(target, MW_STR("\"")))
		target = mw_str_tail(target, 1);
	if (mw_str_starts_with(target, MW_STR("|")))
		return "a program";
	if (mw_str_starts_with(target, MW_STR("/")))
		return "a file";
	return mw_str_starts_with_nocase(target, MW_STR(":include:")) ? "a list of addresses in a file" : NULL;
}

static void add_aliases(struct reading *reading)
{
	struct mw_init_entries local = mw_init_local_aliases(reading->init);
	size_t count = 0;

	for (size_t i = 0; i < local.count; i++) {
		struct mw_str targets = local.items[i].value, target;
		const char *what = NULL;

		while (what == NULL && mw_init_address_next(&targets, &target))
			what = nobody(target);
		if (what != NULL && count++ < ALIASES_MOST)
			add(reading, mw_arena_textf(reading->init->arena, "alias %.*s", MW_STR_ARG(local.items[i].key)),
			    mw_arena_textf(reading->init->arena, "leads to %s, which is nobody in a directory", what));
	}
	if (count > ALIASES_MOST)
		add(reading, "alias_maps",
		    mw_arena_textf(reading->init->arena, "%zu more aliases lead to programs, files and lists", count - ALIASES_MOST));
}

/* --- the policy that is there */

static void add_policy(struct reading *reading, const struct mw_policy *policy)
{
	const struct mw_init *init = reading->init;
	struct mw_arena *arena = init->arena;

	if (!mw_str_equal(policy->recipient_delimiter, init->delimiter))
		add(reading, "the policy's recipient_delimiter",
		    mw_arena_textf(arena,
				   "is \"%.*s\", and Postfix's \"%.*s\": write the same, or USER+EXTENSION@ is judged in another way",
				   MW_STR_ARG(policy->recipient_delimiter), MW_STR_ARG(init->delimiter)));
	if (!mw_str_empty(init->origin) && !mw_str_equal(policy->default_domain, init->origin))
		add(reading, "the policy's default_domain",
		    mw_arena_textf(arena,
				   "is \"%.*s\", and myorigin is \"%.*s\": a login without a domain is completed in another way",
				   MW_STR_ARG(policy->default_domain), MW_STR_ARG(init->origin)));
	for (size_t i = 0; i < init->domain_count; i++)
		if (!init->domains[i].subdomains && mw_choose_accepted_domain(policy, init->domains[i].name) == NULL)
			add(reading, mw_arena_textf(arena, "domain %.*s", MW_STR_ARG(init->domains[i].name)),
			    mw_arena_textf(arena, "is in %s, and the policy has no accepted_domain for it", init->domains[i].setting));
}

struct mw_remarks mw_remarks_read(struct mw_init *init, const struct mw_policy *policy)
{
	struct reading reading = { .init = init };

	add_listeners(&reading);
	if (policy != NULL)
		add_policy(&reading, policy);
	add_settings(&reading);
	add_aliases(&reading);
	return reading.remarks;
}

/* --- output */

void mw_remarks_print(const struct mw_remarks *remarks, struct mw_buf *out)
{
	for (size_t i = 0; i < remarks->count; i++) {
		mw_buf_add_text(out, i == 0 ? "\n" : "");
		mw_text_show(out, mw_str(remarks->items[i].about));
		mw_buf_add_text(out, ": ");
		mw_text_show(out, mw_str(remarks->items[i].text));
		mw_buf_add_char(out, '\n');
	}
}

void mw_remarks_json(const struct mw_remarks *remarks, struct mw_json *json)
{
	mw_json_array(json, "remarks");
	for (size_t i = 0; i < remarks->count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "about", mw_str(remarks->items[i].about));
		mw_json_string(json, "text", mw_str(remarks->items[i].text));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}
