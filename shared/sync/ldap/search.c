/* SPDX-License-Identifier: MIT */
#include <sys/time.h>
#include <xxhash.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"
#include "sync/sql/sql.h"

#define PAGE_SIZE 1000	    /* entries; Active Directory gives no more */
#define PAGE_MESSAGES_MAX (100 * PAGE_SIZE) /* entries and references of a page */
#define ENTRIES_MAX 20000000 /* of a search */
/* One after the other: a filter that a server tries entry by entry gives some. */
#define EMPTY_PAGES_MAX 100
#define DACL_CONTROL "1.2.840.113556.1.4.801" /* LDAP_SERVER_SD_FLAGS_OID, [MS-ADTS] 3.1.1.3.4.1.11 */

/* --- pages (RFC 2696) */

/* OWNER, GROUP, DACL and SACL are bits; 4 is the DACL: SEQUENCE { INTEGER 4 }. */
static char dacl_flags[] = { 0x30, 0x03, 0x02, 0x01, 0x04 };

static bool ask_page(struct mw_ldap_session *session, struct mw_buf *why)
{
	const struct mw_ldap_search *search = session->search;
	LDAPControl dacl = { (char *)(uintptr_t)DACL_CONTROL, { sizeof(dacl_flags), dacl_flags }, 1 };
	LDAPControl *page = NULL, *controls[3] = { NULL };
	struct timeval time = { .tv_sec = (int)session->seconds };
	char memory[8192];
	struct mw_buf base = MW_BUF_OVER(memory);
	int code = ldap_create_page_control(session->ld, PAGE_SIZE, &session->cookie, 1, &page);

	mw_buf_add(&base, search->base);
	controls[0] = page;
	controls[1] = search->dacl ? &dacl : NULL;
	session->page_entries = session->page_messages = 0;
	session->page_dns = 0;
	session->page_left = (int64_t)session->seconds * 1000;
	if (code == LDAP_SUCCESS)
		code = base.truncated ? LDAP_INVALID_DN_SYNTAX
				      : ldap_search_ext(session->ld, memory, LDAP_SCOPE_SUBTREE, search->filter,
							(char **)(uintptr_t)search->attributes, 0, controls, NULL,
							&time, LDAP_NO_LIMIT, &session->message_id);
	ldap_control_free(page);
	if (code == LDAP_SUCCESS)
		return true;
	session->message_id = -1;
	if (code == LDAP_FILTER_ERROR)
		mw_buf_printf(why, "\"%s\" is no filter", search->filter);
	else
		mw_ldap_say(session, code, why);
	return false;
}

bool mw_ldap_search(struct mw_ldap_session *session, const struct mw_ldap_search *search, struct mw_buf *why)
{
	session->search = search;
	session->empty_pages = session->entries = session->pages = session->keep_at = 0;
	ber_memfree(session->cookie.bv_val);
	session->cookie = (struct berval){ 0, NULL };
	return ask_page(session, why);
}

static void explain_limit(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	switch (code) {
	case LDAP_SIZELIMIT_EXCEEDED:
		mw_buf_printf(
			why,
			"the server gives %s no more entries (a size limit; OpenLDAP: olcLimits with size=unlimited)",
			session->who);
		break;
	case LDAP_TIMELIMIT_EXCEEDED:
		mw_buf_printf(why, "the server's time limit, or timeout = %us, is over", session->seconds);
		break;
	case LDAP_ADMINLIMIT_EXCEEDED:
		mw_buf_add_text(why, "the server's administrative limit is reached; an index for the filter's "
				     "attributes may be missing");
		break;
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
		mw_buf_add_text(why, "the server knows no paged results, or no control that is needed");
		break;
	case LDAP_REFERRAL:
		mw_buf_add_text(why, MW_LDAP_ELSEWHERE);
		return;
	default: break;
	}
	if (why->used > 0)
		mw_buf_add_text(why, ": ");
	mw_ldap_say(session, code, why);
}

/* The cookie of the next page. False: the server gave none. */
static bool take_cookie(struct mw_ldap_session *session, LDAPControl **controls)
{
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_int_t estimate;

	ber_memfree(session->cookie.bv_val);
	session->cookie = (struct berval){ 0, NULL };
	return page != NULL &&
	       ldap_parse_pageresponse_control(session->ld, page, &estimate, &session->cookie) == LDAP_SUCCESS;
}

/* Whether a page shows the entries of an earlier one, all of them: cookies are the server's, and may be the same each
   time. Brent's way to find a circle: one page is kept, and replaced after 1, 2, 4, 8 ... more. */
static bool is_page_again(struct mw_ldap_session *session)
{
	if (session->page_entries == 0)
		return false;
	if (session->pages > 0 && session->page_dns == session->kept_dns)
		return true;
	if (session->pages++ == session->keep_at) {
		session->kept_dns = session->page_dns;
		session->keep_at = 2 * session->keep_at + 1;
	}
	return false;
}

/* The end of a page; MW_LDAP_ENTRY: there is another one. */
static enum mw_ldap_step end_page(struct mw_ldap_session *session, LDAPMessage *message, struct mw_buf *why)
{
	LDAPControl **controls = NULL;
	int code = LDAP_DECODING_ERROR;
	bool paged;

	session->message_id = -1;
	if (ldap_parse_result(session->ld, message, &code, NULL, NULL, NULL, &controls, 1) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	paged = take_cookie(session, controls);
	ldap_controls_free(controls);
	if (code != LDAP_SUCCESS) {
		explain_limit(session, code, why);
		return MW_LDAP_FAILED;
	}
	if (!paged) {
		mw_buf_add_text(why, "the server answers without the pages that it was asked for: nobody can tell "
				     "whether that is all");
		return MW_LDAP_FAILED;
	}
	session->empty_pages = session->page_entries > 0 ? 0 : session->empty_pages + 1;
	if (session->cookie.bv_len == 0)
		return MW_LDAP_END;
	if (is_page_again(session)) {
		mw_buf_add_text(why, "the server gives the same page again");
		return MW_LDAP_FAILED;
	}
	if (session->empty_pages > EMPTY_PAGES_MAX) {
		mw_buf_add_text(why, "the server gives one empty page after the other");
		return MW_LDAP_FAILED;
	}
	return ask_page(session, why) ? MW_LDAP_ENTRY : MW_LDAP_FAILED;
}

static void take_reference(struct mw_ldap_session *session, LDAPMessage *message)
{
	char **urls = NULL;

	if (session->references++ == 0 &&
	    ldap_parse_reference(session->ld, message, &urls, NULL, 0) == LDAP_SUCCESS && urls != NULL &&
	    urls[0] != NULL) {
		struct mw_buf text = MW_BUF_OVER(session->reference);

		mw_sql_say(&text, urls[0]);
	}
	ldap_memvfree((void **)urls);
	ldap_msgfree(message);
}

/* One message of the page. What is read in between, ranges, takes nothing of its time. */
static bool wait_for_message(struct mw_ldap_session *session, LDAPMessage **message_r, struct mw_buf *why)
{
	int64_t began = mw_clock_milliseconds();
	bool came = mw_ldap_wait(session, session->message_id, began + session->page_left, message_r, why);

	session->page_left -= mw_clock_milliseconds() - began;
	if (!came)
		return false;
	if (session->page_messages++ < PAGE_MESSAGES_MAX && session->entries < ENTRIES_MAX)
		return true;
	ldap_msgfree(*message_r);
	if (session->entries < ENTRIES_MAX)
		mw_buf_printf(why, "a page of %d entries does not come to an end: %d entries and references came",
			      PAGE_SIZE, PAGE_MESSAGES_MAX);
	else
		mw_buf_printf(why, "the server does not come to an end: %d entries came", ENTRIES_MAX);
	return false;
}

static enum mw_ldap_step take_entry(struct mw_ldap_session *session, LDAPMessage *message,
				    struct mw_ldap_entry *entry_r, struct mw_buf *why)
{
	session->page_entries++;
	session->entries++;
	session->next.message = message;
	if (!mw_ldap_read_entry(session, &session->next, entry_r, why))
		return MW_LDAP_FAILED;
	session->page_dns = XXH3_64bits_withSeed(entry_r->dn.ptr, entry_r->dn.len, session->page_dns);
	return MW_LDAP_ENTRY;
}

enum mw_ldap_step mw_ldap_next(struct mw_ldap_session *session, struct mw_ldap_entry *entry_r, struct mw_buf *why)
{
	enum mw_ldap_step step = MW_LDAP_ENTRY;
	LDAPMessage *message;

	mw_ldap_forget(&session->next);
	while (step == MW_LDAP_ENTRY) {
		if (!wait_for_message(session, &message, why))
			return MW_LDAP_FAILED;
		switch (ldap_msgtype(message)) {
		case LDAP_RES_SEARCH_ENTRY: return take_entry(session, message, entry_r, why);
		case LDAP_RES_SEARCH_REFERENCE: take_reference(session, message); break;
		case LDAP_RES_SEARCH_RESULT: step = end_page(session, message, why); break;
		default: ldap_msgfree(message); break;
		}
	}
	return step;
}

size_t mw_ldap_references(const struct mw_ldap_session *session, struct mw_str *first_r)
{
	if (first_r != NULL)
		*first_r = mw_str(session->reference);
	return session->references;
}
