/* main.cf and master.cf as text: entries with their lines, what stands between them, and what postconf prints. */
#ifndef MW_CLI_POSTFIX_FILE_H
#define MW_CLI_POSTFIX_FILE_H

#include "base/arena.h"
#include "mail/network.h"

/* A logical line with its continuations (and the comments among them), or one line that is empty or a comment
   (postconf(5), "FILE FORMAT"). */
struct mw_postfix_piece {
	struct mw_str text; /* with the newline at its end, where there is one */
	bool is_entry;
	unsigned line;      /* of its first line; 1 is the first */
};

struct mw_postfix_text {
	struct mw_str rest;
	unsigned line;
};

struct mw_postfix_text mw_postfix_text_over(struct mw_str text);
/* False at the end. The pieces together are the text. */
bool mw_postfix_text_next(struct mw_postfix_text *text, struct mw_postfix_piece *piece_r);
/* The next line of a piece, without the newline. */
bool mw_postfix_line_next(struct mw_str *rest_io, struct mw_str *line_r);
/* Whether a line is empty or a comment. */
bool mw_postfix_line_is_comment(struct mw_str line);

/* The name before "=", trimmed. */
struct mw_str mw_postfix_entry_name(struct mw_str entry);
/* The next word, divided by blanks; "{ ... }" counts as one. Empty at the end. */
struct mw_str mw_postfix_word(struct mw_str *rest_io);
/* Whether a value has blanks, so that an option of master.cf needs braces around it (master(5)). */
bool mw_postfix_has_blank(struct mw_str value);
/* The line of the entry that sets a name in main.cf; 0: none. The last one counts. */
unsigned mw_postfix_main_line(struct mw_str main_cf, struct mw_str name);
/* What the last entry of a name says, as it is written; empty: none. In the arena. */
struct mw_str mw_postfix_main_value(struct mw_arena *arena, struct mw_str main_cf, struct mw_str name);
/* An entry on one line, without its comments. */
struct mw_str mw_postfix_entry_joined(struct mw_arena *arena, struct mw_str entry);

/* The characters of both values of recipient_delimiter, each once, those of `a` first. */
struct mw_str mw_postfix_delimiters(struct mw_arena *arena, struct mw_str a, struct mw_str b);

/* Which address and port a service name of master.cf stands for; names of ports as /etc/services has them, and of hosts as
   the resolver does. False: no port. */
bool mw_postfix_binding(struct mw_str service, struct mw_binding *binding_r);

/* --- what postconf prints */

struct mw_postfix_value {
	struct mw_str name, value;
};

struct mw_postfix_values {
	const struct mw_postfix_value *items;
	size_t count;
};

struct mw_postfix_service {
	struct mw_str name, type, open, chroot, command; /* open: "n" for a public socket; command: the program alone */
	struct mw_str arguments;          /* of the command, as they stand there */
	struct mw_postfix_values options; /* its -o settings */
	unsigned line;                    /* of its entry */
};

struct mw_postfix_services {
	const struct mw_postfix_service *items;
	size_t count;
};

/* "NAME = VALUE" lines. The texts point into `text`. */
struct mw_postfix_values mw_postfix_values_parse(struct mw_arena *arena, struct mw_str text);
/* The last value of a name, or NULL. */
const struct mw_str *mw_postfix_value_find(const struct mw_postfix_values *values, const char *name);
/* Where a word of a program's arguments has the letter of an option with a value, which is the rest of the word or the next
   one (getopt(3)); word.len: nowhere. */
size_t mw_postfix_option_letter(struct mw_str word);
/* The services of master.cf; of two with one name and type the last, as master does. Options are read as the programs
   themselves do: postconf -P stops at the first that it does not know (-m 5), and parts "-oNAME" at each "o" in it. */
struct mw_postfix_services mw_postfix_services_parse(struct mw_arena *arena, struct mw_str master_cf);

#endif
