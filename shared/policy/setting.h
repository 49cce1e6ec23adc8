/* Every setting of mailwicket.conf, as a table made from setting.def: parser, printer, man page and lint read it. */
#ifndef MW_POLICY_SETTING_H
#define MW_POLICY_SETTING_H

#include "base/table.h"

enum mw_section_kind {
#define MW_SECTION(kind, name, titled, sentence) MW_SECTION_##kind,
#define MW_SETTING(section, name, type, owner, field, table, preset, sentence)
#include "policy/setting.def"
	MW_SECTION_COUNT
};

/* What a value is, and where it goes. */
enum mw_setting_type {
	MW_TYPE_TEXT,         /* struct mw_str */
	MW_TYPE_DOMAIN,       /* struct mw_str, canonical */
	MW_TYPE_DELIMITER,    /* struct mw_str */
	MW_TYPE_PATH,         /* struct mw_str, absolute */
	MW_TYPE_GROUP,        /* struct mw_str, a system group or user name */
	MW_TYPE_DRIVER,       /* struct mw_str, from a table whose value 1 is "not built in" */
	MW_TYPE_FACILITY,     /* struct mw_str, from a table */
	MW_TYPE_LISTENER,     /* struct mw_str */
	MW_TYPE_QUERY,        /* struct mw_str, of any length */
	MW_TYPE_SWITCH,       /* bool */
	MW_TYPE_FLAG,         /* bool, as the word of a table */
	MW_TYPE_WORD,         /* an enum, as the word of a table */
	MW_TYPE_SIZE,         /* uint64_t octets */
	MW_TYPE_DURATION,     /* uint64_t seconds; 0: not set, where the setting has no default */
	MW_TYPE_LIMIT,        /* uint64_t */
	MW_TYPE_BITS,         /* unsigned */
	MW_TYPE_PORT,         /* unsigned, 0: not written */
	MW_TYPE_SOCKET_MODE,  /* unsigned, octal */
	MW_TYPE_DATE,         /* struct mw_enforcement: audit_until */
	/* From here on lists */
	MW_TYPE_SET,          /* uint32_t bits of a table */
	MW_TYPE_PROTOCOLS,    /* bool[MW_PROTOCOL_COUNT] */
	MW_TYPE_RANGES,       /* struct mw_ranges */
	MW_TYPE_BINDINGS,     /* struct mw_bindings */
	MW_TYPE_NAMES,        /* struct mw_strs */
	MW_TYPE_WORDS,        /* struct mw_strs, any text: a program and its arguments */
	MW_TYPE_PRINCIPALS,   /* struct mw_strs, addresses of users and groups; the domain canonical */
	MW_TYPE_DOMAINS,      /* struct mw_strs, canonical; address literals too */
	MW_TYPE_FINGERPRINTS, /* struct mw_strs */
	MW_TYPE_LISTENERS     /* struct mw_strs */
};

struct mw_setting {
	enum mw_section_kind section;
	const char *name;
	enum mw_setting_type type;
	size_t offset;              /* in the struct of the section */
	const struct mw_table *table; /* for types made of words, else NULL */
	const char *preset;         /* the default, as it would be written; "" for none */
	const char *sentence;       /* for the man page */
};

struct mw_section_info {
	const char *name; /* "" for the top level */
	bool titled;
	const char *sentence;
};

extern const struct mw_setting mw_settings[];
extern const size_t mw_setting_count;
extern const struct mw_section_info mw_sections[MW_SECTION_COUNT];

extern const struct mw_table mw_login_protocols, mw_log_facilities, mw_log_decisions, mw_source_drivers, mw_source_part_names,
	mw_counter_drivers;

bool mw_setting_is_list(enum mw_setting_type type);
/* The index into mw_settings, or mw_setting_count. */
size_t mw_setting_find(enum mw_section_kind section, struct mw_str name);
/* Which sections stand inside `parent` under this name; MW_SECTION_COUNT: none. */
enum mw_section_kind mw_section_find(enum mw_section_kind parent, struct mw_str name);
/* All names that may stand in a section, settings and sections, as words of a table; at most `most`. */
size_t mw_setting_words(enum mw_section_kind section, struct mw_word *words, size_t most);

#endif
