/* SPDX-License-Identifier: MIT */
/* The domains that Postfix takes mail for, and the names of this host. */
#include <sysexits.h>

#include "mail/address.h"
#include "mail/domain.h"
#include "servers/init/databases.h"
#include "servers/init/tables.h"
#include "servers/restriction.h"
#include "sync/text/name.h"

#define FIX_DOMAINS                                                                  \
	"write accepted_domain \"DOMAIN\" { type = Authoritative } for each of its " \
	"domains: mail to the others would be "                                      \
	"refused as relaying"
#define FIX_RELAY                                                                    \
	"write accepted_domain \"DOMAIN\" { type = ExternalRelay } for each of its " \
	"domains: mail to the others would be "                                      \
	"refused as relaying"
#define FIX_NAMES                                                            \
	"write its names into local_names beside the accepted domain whose " \
	"mailboxes they reach"

static bool canonical(struct mw_arena *arena, struct mw_str text, struct mw_str *domain_r)
{
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_canonical(text, memory, &len))
		return false;
	*domain_r = mw_arena_copy(arena, (struct mw_str){ memory, len });
	return true;
}

static bool lists(const struct mw_strs *names, struct mw_str name)
{
	for (size_t i = 0; i < names->count; i++)
		if (mw_str_equal(names->items[i], name))
			return true;
	return false;
}

const struct mw_init_domain *mw_init_domain_of(const struct mw_init *init, struct mw_str name)
{
	for (size_t i = 0; i < init->domain_count; i++) {
		const struct mw_init_domain *domain = &init->domains[i];

		if (!domain->subdomains && (mw_str_equal(domain->name, name) || lists(&domain->local_names, name)))
			return domain;
	}
	return NULL;
}

struct mw_str mw_init_home(const struct mw_init *init)
{
	const struct mw_init_domain *domain = mw_init_domain_of(init, init->origin);

	if (!mw_str_empty(init->home))
		return init->home;
	if (domain != NULL)
		return domain->name;
	return init->domain_count > 0 && !init->domains[0].subdomains ? init->domains[0].name : MW_STR_EMPTY;
}

bool mw_init_address(const struct mw_init *init, struct mw_str text, struct mw_str *address_r)
{
	const struct mw_init_domain *domain;
	struct mw_address address;

	/* Postfix drops it; local(8) delivers \user past its aliases. */
	if (mw_str_starts_with(text, MW_STR("\\")))
		text = mw_str_tail(text, 1);
	if (mw_address_parse_completed(text, mw_init_home(init), &address) != MW_ADDRESS_MAILBOX ||
	    mw_address_is_nested(&address))
		return false;
	domain = mw_init_domain_of(init, address.domain);
	if (domain != NULL && !mw_str_equal(domain->name, address.domain) &&
	    !mw_address_set_domain(&address, domain->name))
		return false;
	*address_r = mw_arena_copy(init->arena, address.whole);
	return mw_text_name_refused(*address_r) == '\0';
}

/* --- collecting */

static void add(struct mw_init *init, struct mw_str text, enum mw_domain_type type, const char *setting)
{
	bool subdomains = mw_str_starts_with(text, MW_STR("."));
	struct mw_str name;

	if (!canonical(init->arena, subdomains ? mw_str_tail(text, 1) : text, &name) ||
	    mw_str_starts_with(name, MW_STR("[")))
		return;
	for (size_t i = 0; i < init->domain_count; i++)
		if (mw_str_equal(init->domains[i].name, name) && init->domains[i].subdomains == subdomains)
			return;
	init->domains = mw_init_grown(init->arena, init->domains, init->domain_count, sizeof(*init->domains));
	if (init->domains == NULL)
		init->domain_count = 0;
	else
		init->domains[init->domain_count++] = (struct mw_init_domain){
			.name = name, .subdomains = subdomains, .type = type, .setting = setting
		};
}

/* One list of domains (match_list(3)). */
struct list {
	const char *setting, *fix;
	enum mw_domain_type type;
	bool parents; /* a name stands for those below it too */
};

static void add_name(struct mw_init *init, const struct list *list, struct mw_str name)
{
	add(init, name, list->type, list->setting);
	if (list->parents && !mw_str_starts_with(name, MW_STR(".")))
		add(init, mw_str(mw_arena_textf(init->arena, ".%.*s", MW_STR_ARG(name))), list->type, list->setting);
}

/* virtual(5): "example.org anything". A key without a dot, or with an address
   beside it, is a user's. */
static void add_keys(struct mw_init *init, const struct list *list, struct mw_init_entries entries)
{
	bool aliases = strcmp(list->setting, "virtual_alias_domains") == 0;

	for (size_t i = 0; i < entries.count; i++) {
		struct mw_str key = entries.items[i].key;

		if (mw_str_find(key, '@') < key.len || mw_str_find(key, '.') == key.len ||
		    (aliases && mw_str_find(entries.items[i].value, '@') < entries.items[i].value.len))
			continue;
		add_name(init, list, key);
	}
}

static void take_list(struct mw_init *init, const struct list *list, struct mw_str text, unsigned depth);

static void take_file(struct mw_init *init, const struct list *list, struct mw_str path, unsigned depth)
{
	struct mw_str text, line;

	if (depth == MW_POSTFIX_FILES_DEEPEST) {
		mw_init_unread_add(init, (struct mw_init_unread){ list->setting, mw_arena_text(init->arena, path),
								  "too many files name one another", list->fix });
		return;
	}
	text = mw_file_text(init->arena, mw_arena_text(init->arena, path));
	if (mw_str_empty(text))
		mw_init_unread_add(init, (struct mw_init_unread){ list->setting, mw_arena_text(init->arena, path),
								  "it cannot be read, or is empty", list->fix });
	while (mw_postfix_line_next(&text, &line))
		if (!mw_str_starts_with(line, MW_STR("#")))
			take_list(init, list, line, depth + 1);
}

static void take_list(struct mw_init *init, const struct list *list, struct mw_str text, unsigned depth)
{
	struct mw_restriction item;

	while (mw_restriction_next(&text, &item)) {
		if (mw_str_starts_with(item.text, MW_STR("!")))
			continue;
		if (mw_str_starts_with(item.text, MW_STR("/"))) {
			take_file(init, list, item.text, depth);
		} else if (mw_init_is_table(item.text)) {
			struct mw_init_entries entries = mw_init_tables(init, list->setting, item.text, list->fix);

			add_keys(init, list, entries);
			if (!entries.complete || mw_init_is_of_source(init, list->setting, item.text))
				mw_init_strs_add(init->arena, &init->domain_tables, item.text);
		} else {
			add_name(init, list, item.text);
		}
	}
}

/* Of a table that cannot be listed: whether it has a domain. */
static void confirm(struct mw_init *init, struct mw_str text)
{
	struct mw_str name;

	if (!canonical(init->arena, text, &name) || mw_str_starts_with(name, MW_STR("[")) ||
	    mw_init_domain_of(init, name) != NULL)
		return;
	for (size_t i = 0; i < init->domain_tables.count; i++) {
		if (!mw_init_table_has(init, init->domain_tables.items[i], name))
			continue;
		add(init, name, MW_AUTHORITATIVE, mw_arena_text(init->arena, init->domain_tables.items[i]));
		return;
	}
}

/* A domain that is asked for once. */
void mw_init_confirm_domains(struct mw_init *init)
{
	struct mw_str last = MW_STR_EMPTY;

	for (const struct mw_person *person = init->people->first; person != NULL && init->domain_tables.count > 0;
	     person = person->next) {
		struct mw_str domain = mw_str_tail(person->name, mw_str_find_last(person->name, '@') + 1);

		/* Of a name that is no address, sender_write.c. */
		if (mw_str_ends_with(domain, MW_STR(MW_INIT_NO_ADDRESS)))
			domain = mw_str_head(domain, domain.len - strlen(MW_INIT_NO_ADDRESS));
		if (!mw_str_equal(domain, last))
			confirm(init, domain);
		last = domain;
	}
}

/* Those in the tables of a source that is read. */
static void confirm_of_databases(struct mw_init *init)
{
	for (size_t i = 0; i < init->database_count; i++)
		for (size_t k = 0; k < init->databases[i].domains.count; k++)
			confirm(init, init->databases[i].domains.items[k]);
}

/* --- the host's own */

static bool is_local_only(struct mw_str name)
{
	return mw_str_starts_with(name, MW_STR("localhost.")) || mw_str_ends_with(name, MW_STR(".localdomain")) ||
	       mw_str_find(name, '.') == name.len;
}

static bool is_destination(const struct mw_own_names *names, struct mw_str name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i].setting, "mydestination") == 0 &&
		    mw_str_equal(names->items[i].canonical, name))
			return true;
	return false;
}

/* The domain of the local mailboxes: the one that people write, of all names in
   mydestination, which share them. Where people have theirs in a virtual
   domain, the host's own name is none. */
static struct mw_str home_of(const struct mw_init *init, const struct mw_own_names *names)
{
	struct mw_str mydomain = MW_STR_EMPTY, host = MW_STR_EMPTY;
	bool apart = mw_init_domain_of(init, init->origin) != NULL && !init->system_users;

	canonical(init->arena, mw_postfix_site_value(&init->postfix, "mydomain"), &mydomain);
	canonical(init->arena, mw_postfix_site_value(&init->postfix, "myhostname"), &host);
	if (is_destination(names, mydomain) && !is_local_only(mydomain))
		return mydomain;
	if (is_destination(names, init->origin) && !(apart && mw_str_equal(init->origin, host)))
		return init->origin;
	for (size_t i = 0; i < names->count; i++) {
		struct mw_str name = names->items[i].canonical;

		if (strcmp(names->items[i].setting, "mydestination") == 0 && !is_local_only(name) &&
		    !(apart && mw_str_equal(name, host)) && mw_init_domain_of(init, name) == NULL)
			return name;
	}
	if (init->domain_count == 0 && names->count > 0 && strcmp(names->items[0].setting, "mydestination") == 0)
		return names->items[0].canonical;
	return MW_STR_EMPTY;
}

static void take_names(struct mw_init *init, const struct mw_own_names *names)
{
	struct mw_str *local = MW_ARENA_ARRAY(init->arena, struct mw_str, names->count);
	struct mw_init_domain *target = NULL;
	struct mw_str home;
	size_t count = 0;

	init->home = home_of(init, names);
	if (!mw_str_empty(init->home))
		add(init, init->home, MW_AUTHORITATIVE, "mydestination");
	home = mw_init_home(init);
	for (size_t i = 0; i < init->domain_count; i++)
		if (mw_str_equal(init->domains[i].name, home) && !init->domains[i].subdomains)
			target = &init->domains[i];
	if (target == NULL || local == NULL)
		return;
	for (size_t i = 0; i < names->count; i++)
		if (mw_init_domain_of(init, names->items[i].canonical) == NULL)
			local[count++] = names->items[i].canonical;
	target->local_names = (struct mw_strs){ local, count };
}

static void remove_domain(struct mw_init *init, struct mw_str name)
{
	for (size_t i = 0; i < init->domain_count; i++)
		if (mw_str_equal(init->domains[i].name, name) && !init->domains[i].subdomains)
			init->domains[i--] = init->domains[--init->domain_count];
}

static void add_local_name(struct mw_init *init, struct mw_str of, struct mw_str name)
{
	for (size_t i = 0; i < init->domain_count; i++) {
		struct mw_strs *old = &init->domains[i].local_names;
		struct mw_str *names = MW_ARENA_ARRAY(init->arena, struct mw_str, old->count + 1);

		if (init->domains[i].subdomains || !mw_str_equal(init->domains[i].name, of) || lists(old, name) ||
		    names == NULL)
			continue;
		if (old->count > 0)
			memcpy(names, old->items, old->count * sizeof(*names));
		names[old->count] = name;
		*old = (struct mw_strs){ names, old->count + 1 };
	}
}

/* Whether no other key is of this "@domain". */
static bool is_alone(const struct mw_init_entries *entries, struct mw_str key)
{
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++)
		count += mw_str_ends_with(entries->items[i].key, key);
	return count == 1;
}

/* "@old.example @new.example" of virtual(5): the same mailboxes by another
   name. */
static void take_alias_domains(struct mw_init *init)
{
	for (size_t i = 0; i < init->aliases.count; i++) {
		struct mw_str key = init->aliases.items[i].key, value = init->aliases.items[i].value, from, to;
		const struct mw_init_domain *target;

		if (!mw_str_starts_with(key, MW_STR("@")) || !mw_str_starts_with(value, MW_STR("@")) ||
		    !canonical(init->arena, mw_str_tail(key, 1), &from) ||
		    !canonical(init->arena, mw_str_tail(value, 1), &to))
			continue;
		target = mw_init_domain_of(init, to);
		if (target == NULL || mw_str_equal(target->name, from) || !is_alone(&init->aliases, key))
			continue;
		to = target->name;
		remove_domain(init, from);
		add_local_name(init, to, from);
	}
}

/* --- */

/* Of trivial-rewrite, which decides it. */
static int load_rewriter(struct mw_init *init, struct mw_postfix_endpoint *rewriter)
{
	static const struct mw_postfix_service none;

	*rewriter = (struct mw_postfix_endpoint){
		.site = &init->postfix, .service = &none, .name = "", .values = init->postfix.values
	};
	for (size_t i = 0; i < init->postfix.services.count; i++) {
		if (!mw_postfix_service_runs(&init->postfix.services.items[i], "trivial-rewrite"))
			continue;
		rewriter->service = &init->postfix.services.items[i];
		return mw_endpoint_load(rewriter);
	}
	return EX_OK;
}

static void take_relay_domains(struct mw_init *init)
{
	struct mw_str value = mw_postfix_site_value(&init->postfix, "relay_domains");
	struct list list = { "relay_domains", FIX_RELAY, MW_EXTERNAL_RELAY,
			     mw_restriction_has(mw_postfix_site_value(&init->postfix, "parent_domain_matches_subdomains"),
						"relay_domains") };

	/* Below compatibility_level 3 that is its default. */
	if (!mw_str_equal(value, mw_postfix_site_value(&init->postfix, "mydestination")))
		take_list(init, &list, value, 0);
}

int mw_init_read_domains(struct mw_init *init)
{
	static const struct list lists[] = {
		{ "virtual_mailbox_domains", FIX_DOMAINS, MW_AUTHORITATIVE, false },
		{ "virtual_alias_domains", FIX_DOMAINS, MW_AUTHORITATIVE, false },
	};
	static const char *const likely[] = { "mydomain", "myhostname" };
	const struct mw_own_names *names;
	struct mw_postfix_endpoint rewriter;
	int status = load_rewriter(init, &rewriter);

	if (status != EX_OK)
		return status;
	if (!canonical(init->arena, mw_endpoint_origin(&rewriter), &init->origin))
		init->origin = MW_STR_EMPTY;
	init->aliases =
		mw_init_tables(init, "virtual_alias_maps", mw_postfix_site_value(&init->postfix, "virtual_alias_maps"),
			       MW_INIT_FIX_ALIASES);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		take_list(init, &lists[i], mw_postfix_site_value(&init->postfix, lists[i].setting), 0);
	take_relay_domains(init);
	confirm(init, init->origin);
	for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++)
		confirm(init, mw_postfix_site_value(&init->postfix, likely[i]));
	confirm_of_databases(init);
	init->own_names = names = mw_own_names_of(&rewriter);
	if (names == NULL)
		return EX_OSERR;
	for (size_t i = 0; i < names->unseen_count; i++)
		mw_init_unread_add(init, (struct mw_init_unread){ names->unseen[i].setting,
								  mw_arena_text(init->arena, names->unseen[i].what),
								  names->unseen[i].why, FIX_NAMES });
	take_names(init, names);
	take_alias_domains(init);
	init->delimiter = mw_endpoint_value(&rewriter, "recipient_delimiter");
	return EX_OK;
}
