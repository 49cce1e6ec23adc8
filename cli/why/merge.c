/* SPDX-License-Identifier: MIT */
#include "why/merge.h"

#include <stdlib.h>

#include "base/text.h"
#include "why/fault.h"
#include "why/part.h"
#include "why/reply.h"

#define TOGETHER 10 /* seconds: two programs' lines about one thing */
#define NEAR 60     /* seconds: the attempts of one client, one after the other */
#define WAITED 300  /* seconds: what a client may take from one command to the next (Postfix's smtpd_timeout) */

static void copy(char *to, size_t size, struct mw_str text)
{
	struct mw_buf out = mw_buf_over(to, size);

	mw_buf_add(&out, mw_text_cut(text, size - 1));
}

#define COPY(to, text) copy((to), sizeof(to), (text))

void mw_why_entry_from(const struct mw_why_event *event, struct mw_why_entry *entry_r)
{
	*entry_r = (struct mw_why_entry){ .kind = event->kind, .protocol = event->protocol, .tls = event->tls,
					  .exposed = event->exposed, .count = 1, .first = event->time,
					  .last = event->time, .tls_unknown = event->tls_unknown,
					  .login_state = event->login_state };
	COPY(entry_r->client, event->client);
	COPY(entry_r->port, event->port);
	COPY(entry_r->mechanism, event->mechanism);
	COPY(entry_r->tls_version, event->tls_version);
	COPY(entry_r->verdict, event->verdict);
	COPY(entry_r->reason, event->reason);
	COPY(entry_r->master, event->master);
	COPY(entry_r->rule_name, event->rule_name);
	COPY(entry_r->rule, event->rule);
	COPY(entry_r->login, event->user);
	COPY(entry_r->sender, event->sender);
	COPY(entry_r->recipient, event->recipient);
	COPY(entry_r->reply, event->reply);
	COPY(entry_r->queue, event->queue);
	entry_r->wide = event->wide;
	if (event->kind == MW_WHY_REJECTED)
		COPY(entry_r->reason, mw_str(mw_reply_reason(entry_r->reply, event->recipient)));
	if (event->decision != NULL && event->kind == MW_WHY_DECIDED) {
		struct mw_buf explain = MW_BUF_OVER(entry_r->explain);

		mw_why_decision_explain(event->decision, event->time, &explain);
		/* Cut, it would be about something else. */
		if (explain.truncated)
			entry_r->explain[0] = '\0';
	}
}

/* One message may have several ends, and each is told; that they were delivered is told once. */
static bool of_one_message(enum mw_why_kind kind)
{
	return kind == MW_WHY_DEFERRED || kind == MW_WHY_BOUNCED || kind == MW_WHY_EXPIRED;
}

static bool same_end(const struct mw_why_entry *a, const struct mw_why_entry *b)
{
	return !of_one_message(a->kind) || (strcmp(a->queue, b->queue) == 0 && strcmp(a->recipient, b->recipient) == 0);
}

static bool same(const struct mw_why_entry *a, const struct mw_why_entry *b)
{
	/* Of somebody else's logins each is told by its name. */
	if (a->by_sender != b->by_sender || ((a->other_login || b->other_login) && strcmp(a->login, b->login) != 0))
		return false;
	return a->kind == b->kind && a->wide == b->wide &&
	       a->protocol == b->protocol && a->tls == b->tls && a->exposed == b->exposed &&
	       strcmp(a->client, b->client) == 0 && strcmp(a->port, b->port) == 0 &&
	       strcmp(a->mechanism, b->mechanism) == 0 && strcmp(a->reason, b->reason) == 0 &&
	       strcmp(a->verdict, b->verdict) == 0 && strcmp(a->rule, b->rule) == 0 &&
	       strcmp(a->master, b->master) == 0 &&
	       strcmp(a->rule_name, b->rule_name) == 0 &&
	       (a->kind != MW_WHY_DECIDED || strcmp(a->sender, b->sender) == 0) && a->tls_unknown == b->tls_unknown &&
	       a->login_state == b->login_state &&
	       same_end(a, b) && (a->kind == MW_WHY_DELIVERED || of_one_message(a->kind) || mw_reply_same(a->reply, b->reply));
}

bool mw_why_merge(struct mw_why_entry *entries, size_t count, const struct mw_why_event *event, int64_t gap)
{
	return mw_why_merge_as(entries, count, event, gap, false);
}

bool mw_why_merge_as(struct mw_why_entry *entries, size_t count, const struct mw_why_event *event, int64_t gap,
		     bool by_sender)
{
	struct mw_why_entry one;

	mw_why_entry_from(event, &one);
	one.by_sender = by_sender;
	for (size_t i = 0; i < count; i++) {
		struct mw_why_entry *entry = &entries[i];

		one.by_address = entry->by_address;
		if (one.first > entry->last + gap || one.first < entry->first - gap || !same(entry, &one))
			continue;
		entry->count++;
		if (one.first < entry->first)
			entry->first = one.first;
		if (one.last >= entry->last) {
			entry->last = one.last;
			memcpy(entry->recipient, one.recipient, sizeof(entry->recipient));
			memcpy(entry->reply, one.reply, sizeof(entry->reply));
			memcpy(entry->explain, one.explain, sizeof(entry->explain));
		}
		return true;
	}
	return false;
}

/* Which kind is told already by which other one. */
static const struct { enum mw_why_kind told, by; } twice[] = {
	{ MW_WHY_LOGIN_FAILED, MW_WHY_DECIDED },    /* the policy refused before a password was looked at */
	{ MW_WHY_LOGIN_NEEDS_TLS, MW_WHY_DECIDED }, /* Dovecot's line beside the login plugin's */
	{ MW_WHY_REJECTED, MW_WHY_DECIDED },        /* Postfix's line beside mailwicketd's */
	{ MW_WHY_NO_LOGIN, MW_WHY_DECIDED },
	{ MW_WHY_LOGIN_FAILED, MW_WHY_FAULT },      /* no password was looked at */
	{ MW_WHY_LOGIN_FAILED, MW_WHY_ENDED },      /* auth says why */
	{ MW_WHY_LOGIN_FAILED, MW_WHY_USER_UNKNOWN },
	{ MW_WHY_USER_UNKNOWN, MW_WHY_DECIDED },
	{ MW_WHY_PASSWORD_WRONG, MW_WHY_DECIDED },
	{ MW_WHY_FAULT, MW_WHY_TLS_HELLO },         /* who began with TLS did not wait for Dovecot's auth */
	{ MW_WHY_FAULT, MW_WHY_FAULT },             /* Dovecot's auth says which one, the login process only that */
	{ MW_WHY_FAULT, MW_WHY_LOGIN_FAILED },      /* of one mechanism, and then another was tried */
	{ MW_WHY_PERMITTED, MW_WHY_SUBMITTED },
	{ MW_WHY_PASSWORD_WRONG, MW_WHY_LOGIN_FAILED },
	{ MW_WHY_LEFT_AT_GREETING, MW_WHY_TLS_HELLO }, /* Postfix notices a hello only where it was early */
	{ MW_WHY_CONNECTED, MW_WHY_SUBMITTED },     /* the session in which that happened */
	{ MW_WHY_CONNECTED, MW_WHY_DECIDED },
	{ MW_WHY_CONNECTED, MW_WHY_REJECTED },
	{ MW_WHY_CONNECTED, MW_WHY_NO_LOGIN },
	{ MW_WHY_CONNECTED, MW_WHY_NOT_OWNED },
	{ MW_WHY_CONNECTED, MW_WHY_FAULT },
	{ MW_WHY_CONNECTED, MW_WHY_LIMIT },
	{ MW_WHY_CONNECTED, MW_WHY_BEGUN },
	{ MW_WHY_CONNECTED, MW_WHY_CUT },
	{ MW_WHY_CONNECTED, MW_WHY_TOO_BIG },
	{ MW_WHY_CONNECTED, MW_WHY_HELD },
	{ MW_WHY_CONNECTED, MW_WHY_CONTENT_REFUSED },
	{ MW_WHY_CONNECTED, MW_WHY_LOGIN_FAILED },
	{ MW_WHY_CONNECTED, MW_WHY_MECHANISM },
	{ MW_WHY_CONNECTED, MW_WHY_PERMITTED },
	{ MW_WHY_CONNECTED, MW_WHY_CLEAR },
	{ MW_WHY_CONNECTED, MW_WHY_LOGIN_LEFT },
	{ MW_WHY_CONNECTED, MW_WHY_LOGIN_CANCELED },
	{ MW_WHY_PASSWORD_WRONG, MW_WHY_AUTH_FAILED },
	{ MW_WHY_AUTH_FAILED, MW_WHY_DECIDED },
	{ MW_WHY_AUTH_FAILED, MW_WHY_LOGIN_FAILED },
	{ MW_WHY_AUTH_FAILED, MW_WHY_FAULT },
	{ MW_WHY_CONNECTED, MW_WHY_USER_UNKNOWN },
	{ MW_WHY_CONNECTED, MW_WHY_LINE_ENDS },
	{ MW_WHY_CONNECTED, MW_WHY_PIPELINED },
	{ MW_WHY_CONNECTED, MW_WHY_NO_SMTP },
	{ MW_WHY_CONNECTED, MW_WHY_TLS_HELLO },
	{ MW_WHY_CONNECTED, MW_WHY_SCREENED },
	{ MW_WHY_LEFT_AT_GREETING, MW_WHY_SCREENED },
	{ MW_WHY_DECIDED, MW_WHY_DECIDED },         /* POP3's USER, then PASS with the password */
};

static bool waits_for_auth(const struct mw_why_entry *entry)
{
	return strstr(entry->reply, "before auth was ready") != NULL ||
	       strstr(entry->reply, "Auth process not responding") != NULL;
}

/* One mechanism is set up wrongly, and the client went on to another, with which its password was looked at. */
static bool is_behind_problem(const struct mw_why_entry *failed, const struct mw_why_entry *fault)
{
	return fault->kind == MW_WHY_FAULT && failed->kind == MW_WHY_LOGIN_FAILED && failed->last >= fault->last &&
	       strcmp(failed->client, fault->client) == 0 &&
	       mw_why_fault_of_login(mw_part_after(mw_str(fault->reply), " ("));
}

static bool told_by(const struct mw_why_entry *told, const struct mw_why_entry *by)
{
	bool sending = told->protocol == MW_PROTOCOL_SMTP;
	bool near = told->first >= by->first - TOGETHER && told->first <= by->last + TOGETHER;
	bool stopped = strcmp(by->verdict, "would-refuse") != 0 && strcmp(by->verdict, "permit") != 0;

	if (told->kind == MW_WHY_FAULT && by->kind == MW_WHY_TLS_HELLO)
		return waits_for_auth(told) && !told->tls && told->protocol == by->protocol &&
		       strcmp(told->client, by->client) == 0 && told->last >= by->first - NEAR && told->first <= by->last + NEAR;
	/* Dovecot's auth could not look: no password was wrong. */
	if (by->wide && told->kind == MW_WHY_LOGIN_FAILED)
		return near && by->protocol == MW_PROTOCOL_IMAP;
	if (strcmp(told->client, by->client) != 0 || sending != (by->protocol == MW_PROTOCOL_SMTP) ||
	    !near)
		return false;
	switch (told->kind) {
	case MW_WHY_DECIDED:
		return !told->exposed && by->exposed && strcmp(told->reason, by->reason) == 0;
	case MW_WHY_FAULT:
		if (by->kind == MW_WHY_LOGIN_FAILED)
			return is_behind_problem(by, told);
		return strcmp(told->login, by->login) == 0 &&
		       strncmp(told->reply, "Login aborted: ", strlen("Login aborted: ")) == 0 &&
		       strncmp(by->reply, "Login aborted: ", strlen("Login aborted: ")) != 0;
	case MW_WHY_PASSWORD_WRONG:
	case MW_WHY_USER_UNKNOWN:
	case MW_WHY_LOGIN_FAILED:
		/* Dovecot's auth may have made another name of the user's own. */
		return stopped && !is_behind_problem(told, by) &&
		       (mw_str_equal_nocase(mw_str(told->login), mw_str(by->login)) || told->login[0] == '\0' ||
				   (by->kind != MW_WHY_DECIDED && !told->other_login && !by->other_login));
	case MW_WHY_LOGIN_NEEDS_TLS:
		return stopped && strcmp(by->reason, "login-without-tls") == 0;
	case MW_WHY_NO_LOGIN:
		return stopped && strcmp(mw_reply_words(told->reply), mw_reply_words(by->reply)) == 0;
	case MW_WHY_REJECTED:
		return stopped && (told->reason[0] != '\0' ? strcmp(told->reason, by->reason) == 0
							: strcmp(mw_reply_words(told->reply), mw_reply_words(by->reply)) == 0);
	default:
		return true;
	}
}

static void drop_twice(struct mw_why_entry *entries, size_t count, struct mw_why_entry *told)
{
	for (size_t row = 0; row < sizeof(twice) / sizeof(twice[0]); row++)
		for (size_t i = 0; i < count && twice[row].told == told->kind; i++) {
			struct mw_why_entry *by = &entries[i];

			if (by == told || by->kind != twice[row].by || !told_by(told, by))
				continue;
			told->dropped = true;
			/* The policy's own reason goes before the password's. */
			if (told->kind == MW_WHY_PASSWORD_WRONG && by->kind != MW_WHY_DECIDED)
				COPY(by->reason, MW_STR("wrong-password"));
			/* Auth does not know which protocol it is, nor the port. */
			if (told->kind == MW_WHY_LOGIN_FAILED && by->kind != MW_WHY_DECIDED && !by->wide) {
				by->protocol = told->protocol;
				by->tls = told->tls;
				by->tls_unknown = told->tls_unknown;
			}
			if (told->kind == MW_WHY_LOGIN_FAILED && by->port[0] == '\0')
				COPY(by->port, mw_str(told->port));
			if (told->kind == MW_WHY_PERMITTED && by->port[0] == '\0')
				COPY(by->port, mw_str(told->port));
		}
}

static bool has_failed_login(const struct mw_why_entry *entries, size_t count, const struct mw_why_entry *told,
			     int64_t time)
{
	static const enum mw_why_kind kinds[] = { MW_WHY_LOGIN_FAILED, MW_WHY_PASSWORD_WRONG, MW_WHY_USER_UNKNOWN,
						  MW_WHY_LOGIN_NEEDS_TLS, MW_WHY_MECHANISM, MW_WHY_ENDED, MW_WHY_FAULT,
						  MW_WHY_LOGIN_CANCELED };

	for (size_t i = 0; i < count; i++)
		for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
			if (entries[i].kind == kinds[kind] && entries[i].protocol == told->protocol &&
			    strcmp(entries[i].client, told->client) == 0 && time >= entries[i].first &&
			    time <= entries[i].last + WAITED)
				return true;
	return false;
}

/* Who tried to log in first, and did not get in, is told by that; but only where the story has that login: it may be
   somebody else's, or nobody's. */
static void drop_tried(const struct mw_why_entry *entries, size_t count, struct mw_why_entry *told)
{
	if (told->kind == MW_WHY_NO_LOGIN && told->login_state == MW_WHY_LOGIN_TRIED &&
	    has_failed_login(entries, count, told, told->first) && has_failed_login(entries, count, told, told->last))
		told->dropped = true;
}

static int by_time(const void *left, const void *right)
{
	const struct mw_why_entry *a = left, *b = right;

	if (a->dropped != b->dropped)
		return a->dropped ? 1 : -1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : (a->last > b->last) - (a->last < b->last);
}

size_t mw_why_tidy(struct mw_why_entry *entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		drop_tried(entries, count, &entries[i]);
	for (size_t i = 0; i < count; i++)
		drop_twice(entries, count, &entries[i]);
	for (size_t i = 0; i < count; i++)
		kept += entries[i].dropped ? 0 : 1;
	qsort(entries, count, sizeof(entries[0]), by_time);
	return kept;
}
