/* What an audit came to, for people and programs. Private to `mailwicket audit`. */
#ifndef MW_CLI_AUDIT_PRINT_H
#define MW_CLI_AUDIT_PRINT_H

#include "decisions/audit/day.h"

struct mw_audit_answer {
	const struct mw_audit_day *day;
	size_t limit; /* of proposals, and of rows of each kind */
	bool failed;  /* out of memory while it was printed */
};

/* To standard output. False: out of memory. */
bool mw_audit_print(struct mw_audit_answer *answer);
bool mw_audit_print_json(struct mw_audit_answer *answer);
bool mw_audit_print_html(struct mw_audit_answer *answer);

/* In print.c, for all three. */
enum mw_audit_part { MW_AUDIT_OURS, MW_AUDIT_APART, MW_AUDIT_STRANGERS, MW_AUDIT_NOT_TAKEN };
enum mw_audit_part mw_audit_part(const struct mw_audit_day *day, const struct mw_audit_row *row);
/* "12 users seen, 2 would be locked out, 1 printer would lose relaying" */
void mw_audit_headline(const struct mw_audit_day *day, struct mw_buf *out);
/* "4211 decisions since 2026-11-22 09:00:00; 57 events would be refused, and what is proposed fixes 40" */
void mw_audit_sums(const struct mw_audit_day *day, struct mw_buf *out);
/* What else there is to know of the log; the number of the note, from 0 on. False: there is none. */
bool mw_audit_note(const struct mw_audit_day *day, size_t number, struct mw_buf *out);
/* Who does what that the change would permit; names as they are. */
void mw_audit_sentence(const struct mw_audit_day *day, const struct mw_audit_entry *entry, struct mw_buf *out);
/* What to write, as a line of its own or as what to add to a user's line, and the file where. */
void mw_audit_what(const struct mw_audit_entry *entry, struct mw_buf *out);
struct mw_str mw_audit_where(const struct mw_audit_day *day, const struct mw_audit_entry *entry);
/* "3", the number of the row's proposal; or what to do about it in words; empty for who is set apart. */
void mw_audit_row_fix(const struct mw_audit_day *day, const struct mw_audit_row *row, struct mw_buf *out);
void mw_audit_client(const struct mw_ip *client, struct mw_buf *out);

#endif
