/* The causes, a row each, the surest first. Private to cause*.c. */
#ifndef MW_CLI_WHY_CAUSE_TABLE_H
#define MW_CLI_WHY_CAUSE_TABLE_H

#include "why/story.h"

/* In the sentences <user>, <client>, <port>, <protocol>, <mechanism>, <tls>, <sender>, <recipient>, <reason>,
   <sentence> (the reason's), <reply> and <rule> are values of the entry; what stands in [ ] is left out where one in it
   is empty (report/template.h). */
struct cause_row {
	const char *id;
	bool (*shows)(const struct mw_why_entry *entry);
	bool whatever_follows; /* a message that was accepted later does not say that it is over */
	bool last_resort;      /* only where nothing else shows and nothing was sent */
	const char *text, *fix, *for_user; /* fix NULL: the one `explain` gives for the reason */
};

extern const struct cause_row mw_why_cause_rows[]; /* ended by a row without an id */
extern const struct cause_row mw_why_all_well, mw_why_underway, mw_why_sent_without_login, mw_why_sent_from_unknown, mw_why_unfinished,
	mw_why_not_understood, mw_why_no_attempt, mw_why_no_smtp_lines;

#endif
