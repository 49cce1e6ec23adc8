/* What a snapshot holds, in memory: made by sync/, written by the writer, served as it is by the view in memory.
   All of it sorted and distinct, so that the same sources give the same bytes. */
#ifndef MW_DIRECTORY_CONTENT_H
#define MW_DIRECTORY_CONTENT_H

#include "base/arena.h"
#include "decide/directory_view.h"
#include "policy/model.h"

/* A login or address and the id of the principal that has it. */
struct mw_name_entry { struct mw_str text; uint32_t id; enum mw_held held; };
/* Grants on an address without a principal or of receive=, or on a domain (without "*@"). */
struct mw_grants_entry { struct mw_str text; struct mw_grants grants; };
/* A name that principals had before their sources renamed them (mailwicket-directory(5)), each until when: seconds since the
   epoch. Sorted by id. */
struct mw_former_holder { uint32_t id; int64_t until; };
struct mw_former_entry { struct mw_str text; const struct mw_former_holder *items; size_t count; };

struct mw_content {
	const struct mw_principal *const *principals; /* by name; the id is the index + 1 */
	size_t principal_count;
	const uint64_t *fingerprints;          /* of each principal, by mw_content_fingerprints() */
	const struct mw_name_entry *logins, *addresses; /* by text */
	size_t login_count, address_count;
	const struct mw_grants_entry *address_grants, *domain_grants; /* by text */
	size_t address_grant_count, domain_grant_count;
	const struct mw_former_entry *formers; /* by text */
	size_t former_count;
	const struct mw_networks *networks;    /* distinct; the number is the index + 1 */
	size_t network_count;
	struct mw_strs complete_domains;       /* whose every login is here */
	uint64_t users, groups, grants;
};

/* The order of all tables here: by bytes, then by length. */
int mw_content_compare_text(struct mw_str a, struct mw_str b);

/* The entry with this text in a table that is sorted by text; each begins with it, and has `size` octets. NULL: none has it. */
const void *mw_content_find(const void *entries, size_t count, size_t size, struct mw_str text);

/* Fills `fingerprints`: one number over everything about a principal, by names and not by ids. So two snapshots can
   be compared although their ids differ. False when memory is out. */
bool mw_content_fingerprints(struct mw_content *content, struct mw_arena *arena);

#endif
