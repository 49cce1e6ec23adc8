/* SPDX-License-Identifier: MIT */
#include "logs/login.h"

/* "WORDS: method=PLAIN, rip=192.0.2.7, lip=...", as Dovecot before 2.1 tells of a client without a name. */
static bool read_nameless(struct mw_str message, struct mw_log_login *login_r)
{
	size_t rip = mw_str_find_last_text(message, "rip=");
	struct mw_str head = mw_str_head(message, rip), tail = mw_str_tail(message, rip + strlen("rip="));
	size_t method = mw_str_find_last_text(head, ": method=");
	struct mw_str mechanism = mw_str_tail(head, method + strlen(": method="));

	login_r->client = mw_str_head(tail, mw_str_find(tail, ','));
	login_r->behind = mw_str_tail(tail, login_r->client.len);
	login_r->user = MW_STR_EMPTY;
	login_r->mechanism = mw_str_head(mechanism, mw_str_find(mechanism, ','));
	if (method == head.len && !mw_str_ends_with(head, MW_STR(": ")))
		return false;
	login_r->words = mw_str_head(head, method < head.len ? method : head.len - strlen(": "));
	return rip < message.len && !mw_str_empty(login_r->behind);
}

bool mw_log_login_read(struct mw_str message, struct mw_log_login *login_r)
{
	size_t user = mw_str_find_text(message, ": user=<"), rip, method, end;
	struct mw_str rest = mw_str_tail(message, user + strlen(": user=<")), head, tail;

	if (user == message.len)
		return read_nameless(message, login_r);
	login_r->words = mw_str_head(message, user);
	rip = mw_str_find_last_text(rest, ", rip=");
	head = mw_str_head(rest, rip);
	tail = mw_str_tail(rest, rip + strlen(", rip="));
	login_r->client = mw_str_head(tail, mw_str_find(tail, ','));
	login_r->behind = mw_str_tail(tail, login_r->client.len);
	if (rip == rest.len || mw_str_empty(login_r->behind))
		return false;
	method = mw_str_find_last_text(head, ">, method=");
	login_r->mechanism = mw_str_tail(head, method + strlen(">, method="));
	if (mw_str_has(login_r->mechanism, ">")) { /* a part of the name: there is no method */
		login_r->mechanism = MW_STR_EMPTY;
		method = head.len;
	}
	end = method < head.len ? method : head.len - 1;
	login_r->user = mw_str_head(head, end);
	return end < head.len && head.ptr[end] == '>';
}

bool mw_log_login_succeeded(struct mw_str words)
{
	return mw_str_equal(words, MW_STR("Login")) /* 2.3 */ || mw_str_equal(words, MW_STR("Logged in")) /* 2.4 */;
}
