/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include <sysexits.h>

#include "mail/domain.h"
#include "policy/choose.h"
#include "servers/own_names.h"
#include "servers/restriction.h"

struct look {
	const struct mw_postfix_endpoint *rewriter;
	const struct mw_stake *stake;
	const struct mw_accepted_domain *target; /* beside which the names belong; NULL: there is none */
	struct mw_own_name missing[MW_OWN_NAMES_MOST];  /* judged as no accepted domain */
	size_t missing_count;
	struct mw_own_name accepted[MW_OWN_NAMES_MOST]; /* domains of mydestination that the policy accepts by themselves */
	size_t accepted_count;
};

static struct mw_arena *arena_of(const struct look *look)
{
	return look->rewriter->site->arena;
}

static void report_unseen(const struct look *look, const struct mw_own_unseen *unseen)
{
	struct mw_arena *arena = arena_of(look);

	if (mw_stake_is_nothing(look->stake))
		return;
	mw_endpoint_finding(look->rewriter, MW_FOUND_UNSEEN_NAMES, MW_FINDING_WARNING, unseen->setting,
		mw_arena_textf(arena, "%.*s was not looked at: %s", MW_STR_ARG(unseen->what), unseen->why),
		mw_arena_textf(arena, "with a name there that the policy lacks, %s", mw_stake_words(look->stake, "NAME", arena)),
		mw_fix_words("local_names = { ... } beside the accepted domain whose mailboxes its names reach"));
}

/* Which names the policy judges as an accepted domain, and which it does not. */
static void sort_names(struct look *look, const struct mw_own_names *names)
{
	const struct mw_policy *policy = look->rewriter->site->policy;

	for (size_t i = 0; i < names->count; i++) {
		const struct mw_own_name *name = &names->items[i];
		const struct mw_accepted_domain *judged = mw_choose_accepted_domain(policy, name->canonical);

		if (judged == NULL)
			look->missing[look->missing_count++] = *name;
		else if (mw_choose_local_name(policy, name->canonical) == NULL)
			look->accepted[look->accepted_count++] = *name;
		if (look->target == NULL && judged != NULL && !judged->subdomains)
			look->target = judged;
	}
}

/* --- findings */

/* The domain whose mailboxes the host's names reach, as far as Postfix tells: one of mydestination, or that of
   myorigin; else an Authoritative one. */
static void find_target(struct look *look)
{
	const struct mw_policy *policy = look->rewriter->site->policy;
	struct mw_str origin = mw_endpoint_origin(look->rewriter);
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	if (look->target == NULL && mw_domain_canonical(origin, memory, &len))
		look->target = mw_choose_accepted_domain(policy, (struct mw_str){ memory, len });
	if (look->target != NULL && look->target->subdomains)
		look->target = NULL;
	for (size_t i = 0; i < policy->accepted_domain_count && look->target == NULL; i++)
		if (!policy->accepted_domains[i].subdomains && policy->accepted_domains[i].type == MW_AUTHORITATIVE)
			look->target = &policy->accepted_domains[i];
}

/* All the names that are to stand there, those that do already too. */
static struct mw_fix names_to_write(const struct look *look)
{
	const struct mw_policy *policy = look->rewriter->site->policy;
	struct mw_arena *arena = arena_of(look);
	const char *names = "";

	for (size_t i = 0; look->target != NULL && i < look->target->local_names.count; i++)
		names = mw_arena_textf(arena, "%s%s\"%.*s\"", names, names[0] != '\0' ? ", " : "",
				       MW_STR_ARG(look->target->local_names.items[i]));
	for (size_t i = 0; i < look->missing_count; i++)
		names = mw_arena_textf(arena, "%s%s\"%.*s\"", names, names[0] != '\0' ? ", " : "",
				       MW_STR_ARG(look->missing[i].canonical));
	if (look->target == NULL)
		return mw_fix_words(mw_arena_textf(arena,
			"local_names = { %s } in the accepted_domain whose mailboxes they reach, in %s", names, policy->file));
	return mw_fix_lines(MW_FIX_WITHIN, policy->file, look->target->place.line,
			    mw_arena_textf(arena, "local_names = { %s }", names));
}

static void report_missing(const struct look *look)
{
	struct mw_arena *arena = arena_of(look);
	struct mw_fix fix = look->missing_count > 0 ? names_to_write(look) : MW_NO_FIX;

	for (size_t i = 0; i < look->missing_count && !mw_stake_is_nothing(look->stake); i++) {
		const char *name = mw_arena_text(arena, look->missing[i].canonical);

		mw_endpoint_finding(look->rewriter, MW_FOUND_MISSING_NAME, MW_FINDING_ERROR, look->missing[i].setting,
			mw_arena_textf(arena, "%s reaches this host's mailboxes, and is neither an accepted domain nor in local_names",
				       name),
			mw_stake_words(look->stake, name, arena), fix);
	}
}

/* local(8) delivers by the local part alone. An accepted domain is open to strangers too. */
static void report_shared(const struct look *look)
{
	struct mw_arena *arena = arena_of(look);
	struct mw_str *domains = MW_ARENA_ARRAY(arena, struct mw_str, look->accepted_count + 1);
	uint64_t *open = MW_ARENA_ARRAY(arena, uint64_t, look->accepted_count + 1);

	if (domains == NULL || open == NULL || look->accepted_count < 2 || look->stake->restricted == 0)
		return;
	for (size_t i = 0; i < look->accepted_count; i++)
		domains[i] = look->accepted[i].canonical;
	mw_stake_apart(look->rewriter->site->policy, domains, look->accepted_count, open);
	for (size_t i = 0; i < look->accepted_count; i++) {
		const char *name = mw_arena_text(arena, domains[i]);

		if (open[i] > 0)
			mw_endpoint_finding(look->rewriter, MW_FOUND_SHARED_MAILBOXES, MW_FINDING_ERROR, look->accepted[i].setting,
				mw_arena_textf(arena, "%s shares the mailboxes of another accepted domain, and the policy judges it apart",
					       name),
				mw_arena_textf(arena, "%llu who have senders= at the other one are nobody at %s: a recipient <user@%s> "
					       "gets round it, open to all who may submit", (unsigned long long)open[i], name, name),
				mw_fix_words(mw_arena_textf(arena, "address=USER@%s for each of them in the directory; or local_names = "
					       "{ \"%s\" } at the other domain, in place of its accepted_domain", name, name)));
	}
}

static void check_append_dot(const struct mw_postfix_endpoint *rewriter, const struct mw_stake *stake)
{
	struct mw_arena *arena = rewriter->site->arena;
	struct mw_str domain = mw_endpoint_value(rewriter, "mydomain");
	const char *name = "append_dot_mydomain", *what = "append_dot_mydomain is yes";

	if (!mw_endpoint_says(rewriter, name, "yes"))
		return;
	if (rewriter->site->wiring->harmless)
		mw_endpoint_finding(rewriter, MW_FOUND_APPEND_DOT, MW_FINDING_NOTE, name, what,
			mw_arena_textf(arena, "<ceo@cs> is judged as it comes and passed on as <ceo@cs.%.*s>; `mailwicket setup` "
				       "writes no once a rule is enforced: then mail to <ceo@cs> is for another server",
				       MW_STR_ARG(domain)), MW_NO_FIX);
	else if (!mw_stake_is_nothing(stake))
		mw_endpoint_finding(rewriter, MW_FOUND_APPEND_DOT, MW_FINDING_ERROR, name, what,
			mw_arena_textf(arena, "<ceo@cs> is judged as it comes and passed on as <ceo@cs.%.*s>: %s", MW_STR_ARG(domain),
				       mw_stake_words(stake, "cs", arena)), mw_fix_shown(rewriter, name));
}

static bool look_at(const struct mw_postfix_endpoint *rewriter, const struct mw_stake *stake)
{
	struct look *look = MW_ARENA_NEW(rewriter->site->arena, struct look);
	const struct mw_own_names *names = mw_own_names_of(rewriter);

	if (look == NULL || names == NULL)
		return false;
	look->rewriter = rewriter;
	look->stake = stake;
	for (size_t i = 0; i < names->unseen_count; i++)
		report_unseen(look, &names->unseen[i]);
	sort_names(look, names);
	find_target(look);
	report_missing(look);
	report_shared(look);
	return true;
}

/* cleanup changes senders that were judged already (ADDRESS_REWRITING_README). */
static void check_masquerade(const struct mw_postfix_endpoint *cleanup)
{
	struct mw_str list = mw_endpoint_value(cleanup, "masquerade_domains");
	struct mw_str classes = mw_endpoint_value(cleanup, "masquerade_classes");
	const struct mw_stake *stake = &cleanup->site->stake;
	struct mw_arena *arena = cleanup->site->arena;
	struct mw_restriction item;
	bool senders = false;

	while (mw_restriction_next(&classes, &item))
		senders |= mw_str_equal(item.text, MW_STR("envelope_sender"));
	if (senders && stake->as_strangers[0] != '\0' && mw_restriction_next(&list, &item))
		mw_endpoint_finding(cleanup, MW_FOUND_MASQUERADE, MW_FINDING_ERROR, "masquerade_domains",
			mw_arena_textf(arena, "masquerade_domains has %.*s", MW_STR_ARG(item.text)),
			mw_arena_textf(arena, "a sender <ceo@x.%.*s> is judged as it comes and passed on as <ceo@%.*s>, round type = "
				       "Authoritative: open to %s", MW_STR_ARG(item.text), MW_STR_ARG(item.text), stake->as_strangers),
			mw_fix_setting(cleanup->site, cleanup->service, "masquerade_classes", "header_sender, header_recipient"));
}

static int check_rewriter(const struct mw_postfix_endpoint *rewriter)
{
	const struct mw_stake *stake = &rewriter->site->stake;

	mw_check_postfix_origin(rewriter);
	check_append_dot(rewriter, stake);
	if (mw_stake_is_nothing(stake) && stake->restricted == 0)
		return EX_OK;
	return look_at(rewriter, stake) ? EX_OK : EX_OSERR;
}

int mw_check_postfix_names(struct mw_postfix_site *site)
{
	int status = EX_OK;

	for (size_t i = 0; i < site->services.count && status == EX_OK; i++) {
		const struct mw_postfix_service *service = &site->services.items[i];
		bool rewrites = mw_postfix_service_runs(service, "trivial-rewrite");
		struct mw_postfix_endpoint endpoint = { .site = site, .service = service };

		if (!rewrites && !mw_postfix_service_runs(service, "cleanup"))
			continue;
		endpoint.name = mw_arena_textf(site->arena, "%.*s/%.*s", MW_STR_ARG(service->name), MW_STR_ARG(service->type));
		status = mw_endpoint_load(&endpoint);
		if (status == EX_OK && rewrites)
			status = check_rewriter(&endpoint);
		else if (status == EX_OK)
			check_masquerade(&endpoint);
	}
	return status;
}
