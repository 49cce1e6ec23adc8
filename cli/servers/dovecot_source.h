/* Dovecot's configuration as files: what stands where, with everything that !include reads. doveconf prints values without
   the place that they come from. */
#ifndef MW_CLI_DOVECOT_SOURCE_H
#define MW_CLI_DOVECOT_SOURCE_H

#include "base/arena.h"

/* A setting, or the first line of a section. */
struct mw_dovecot_source {
	const char *file;
	unsigned line;
	const char *path;    /* of the sections around it and its own key: "protocol imap/ssl", "passdb mailwicket" */
	struct mw_str value; /* of a setting */
	bool is_section;
};

struct mw_dovecot_sources {
	const struct mw_dovecot_source *items; /* in the order in which Dovecot reads them */
	size_t count;
};

/* Reads a file and those that it includes; what cannot be read is left out. named: what the file is called, and so the
   others in its folder; NULL: the same. In the arena. */
struct mw_dovecot_sources mw_dovecot_sources_read(struct mw_arena *arena, const char *file, const char *named);
/* The last of a path, which counts; NULL: none. */
const struct mw_dovecot_source *mw_dovecot_source_last(const struct mw_dovecot_sources *sources, const char *path);
/* The first of a path. */
const struct mw_dovecot_source *mw_dovecot_source_first(const struct mw_dovecot_sources *sources, const char *path);
/* A section outside of others with this key, whatever it is called; of those the nth, counted from 0. */
const struct mw_dovecot_source *mw_dovecot_source_nth(const struct mw_dovecot_sources *sources, const char *key, size_t nth);
/* The first passdb, in a filter or not. */
const struct mw_dovecot_source *mw_dovecot_source_first_passdb(const struct mw_dovecot_sources *sources);

#endif
