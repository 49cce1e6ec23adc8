/* Records to content: names resolved to ids, every conflict found, nested groups expanded. */
#ifndef MW_SYNC_EXPAND_H
#define MW_SYNC_EXPAND_H

#include "directory/content.h"
#include "sync/record/record.h"

/* NULL with errors in records->errors. The content lives in records->arena and outlives the records: their `items` are
   gone, as the principals were taken out of them. */
struct mw_content *mw_expand(struct mw_records *records);

/* What all sources of a policy say, one of them with a change (sync.h; NULL: none), checked against the policy. NULL with
   errors. `records_r`, all zero: what they said, put together (mw_records_deinit()). In sync.c. */
struct mw_text_change;
struct mw_content *mw_sync_content(const struct mw_policy *policy, const struct mw_text_change *change,
				   struct mw_arena *arena, struct mw_errors *errors, struct mw_records *records_r);

/* Reports addresses at a local name of an accepted domain. In sync.c. */
void mw_sync_refuse_local_names(const struct mw_policy *policy, const struct mw_records *records);

/* Parts of it, private to sync/. */
struct mw_expansion {
	struct mw_records *records;
	struct mw_errors *errors;
	struct mw_arena *arena;
	struct mw_record **by_id; /* [id - 1], in order of the names */
	size_t count;
	struct mw_content *content;
};

/* index.c: ids, addresses, logins; two owners of one name are errors. False when memory is out. */
bool mw_expand_index(struct mw_expansion *expansion);
/* The id of the user or group with this address, or 0; held_r, which may be NULL: how it has it. */
uint32_t mw_expand_find(const struct mw_expansion *expansion, struct mw_str address, enum mw_held *held_r);
/* complete.c: the domains that sources which are complete name. False when memory is out. */
bool mw_expand_complete_domains(struct mw_expansion *expansion);
/* networks.c: from where every principal may log in, after its groups. False when memory is out. */
bool mw_expand_networks(struct mw_expansion *expansion);
/* Says that no user or group is called so: WHAT: no user ... */
void mw_expand_unknown(struct mw_expansion *expansion, struct mw_origin origin, const char *what, struct mw_str name);
/* grants.c: the grants of principals, addresses and domains; a warning for one that has ended. False when memory is out. */
bool mw_expand_grants(struct mw_expansion *expansion);
/* former.c: the names that principals had before. False when memory is out. */
bool mw_expand_formers(struct mw_expansion *expansion);
/* bound.c: `bound_ids` of all records, after the groups. False when memory is out. */
bool mw_expand_bound(struct mw_expansion *expansion);
/* groups.c: principal.groups of every user; groups that contain each other are errors. False when memory is out. */
bool mw_expand_groups(struct mw_expansion *expansion);

#endif
