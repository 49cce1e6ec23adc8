/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/check.h"

static const struct {
	enum mw_tls_origin origin;
	const char *version;
	unsigned bits;
	const char *proxy;
	enum mw_tls_version minimum;
	unsigned minimum_bits;
	enum mw_note note;
} sessions[] = {
	{ MW_TLS_ORIGIN_STARTTLS, "TLSv1.3", 256, "", MW_TLS_1_2, 128, MW_NOTE_TLS_OK },
	{ MW_TLS_ORIGIN_IMPLICIT, "TLSv1.2", 128, "", MW_TLS_1_2, 128, MW_NOTE_TLS_OK },
	{ MW_TLS_ORIGIN_IMPLICIT, "tlsv1.2", 128, "", MW_TLS_1_2, 128, MW_NOTE_TLS_OK },
	{ MW_TLS_ORIGIN_IMPLICIT, "TLSv1.2", 127, "", MW_TLS_1_2, 128, MW_NOTE_TLS_TOO_WEAK },
	{ MW_TLS_ORIGIN_IMPLICIT, "TLSv1.2", 0, "", MW_TLS_1_2, 128, MW_NOTE_TLS_TOO_WEAK },
	{ MW_TLS_ORIGIN_IMPLICIT, "TLSv1.1", 256, "", MW_TLS_1_2, 128, MW_NOTE_TLS_TOO_OLD },
	{ MW_TLS_ORIGIN_IMPLICIT, "SSLv3", 256, "", MW_TLS_1_2, 0, MW_NOTE_TLS_TOO_OLD },
	{ MW_TLS_ORIGIN_IMPLICIT, "TLSv9", 256, "", MW_TLS_1_2, 0, MW_NOTE_TLS_TOO_OLD },
	{ MW_TLS_ORIGIN_IMPLICIT, "SSLv3", 0, "", MW_TLS_NONE, 0, MW_NOTE_TLS_OK },
	{ MW_TLS_ORIGIN_NONE, "TLSv1.3", 256, "", MW_TLS_NONE, 0, MW_NOTE_TLS_NONE },
	{ MW_TLS_ORIGIN_STARTTLS, "", 256, "", MW_TLS_NONE, 0, MW_NOTE_TLS_NONE },
	{ MW_TLS_ORIGIN_STARTTLS, "none", 256, "", MW_TLS_NONE, 0, MW_NOTE_TLS_NONE },
	{ (enum mw_tls_origin)77, "TLSv1.3", 256, "", MW_TLS_NONE, 0, MW_NOTE_TLS_NONE },
	{ MW_TLS_ORIGIN_PROXY, "TLSv1.3", 256, "192.0.2.1", MW_TLS_1_2, 128, MW_NOTE_TLS_OK },
	{ MW_TLS_ORIGIN_PROXY, "TLSv1.3", 256, "192.0.2.2", MW_TLS_1_2, 128, MW_NOTE_TLS_PROXY_NOT_NAMED },
	{ MW_TLS_ORIGIN_PROXY, "TLSv1.3", 256, "", MW_TLS_1_2, 128, MW_NOTE_TLS_PROXY_NOT_NAMED },
};

START_TEST(what_is_not_known_is_not_enough)
{
	struct mw_range proxy;
	const char *why;
	struct mw_tls_minimum minimum = { sessions[_i].minimum, sessions[_i].minimum_bits, { &proxy, 1 } };
	struct mw_tls_facts tls = { .origin = sessions[_i].origin, .version = mw_str(sessions[_i].version),
				    .bits = sessions[_i].bits };
	struct mw_tls_judgement judgement;

	ck_assert(mw_range_parse(MW_STR("192.0.2.1"), &proxy, &why));
	if (sessions[_i].proxy[0] != '\0')
		ck_assert(mw_ip_parse(mw_str(sessions[_i].proxy), &tls.proxy));
	judgement = mw_tls_judge(&tls, &minimum);
	ck_assert_int_eq(judgement.note, sessions[_i].note);
	ck_assert_int_eq(judgement.satisfied, sessions[_i].note == MW_NOTE_TLS_OK);
}
END_TEST

/* Noon of any day has no meaning here: the last day of an audit is a day of it. */
static const struct { struct mw_enforcement rule; int64_t today; enum mw_mode mode; } days[] = {
	{ { MW_MODE_ENFORCE, false, 0, { NULL, 0 } }, 100, MW_MODE_ENFORCE },
	{ { MW_MODE_ENFORCE, true, 100, { NULL, 0 } }, 100, MW_MODE_ENFORCE },
	{ { MW_MODE_AUDIT, false, 0, { NULL, 0 } }, 100, MW_MODE_AUDIT },
	{ { MW_MODE_AUDIT, true, 100, { NULL, 0 } }, 99, MW_MODE_AUDIT },
	{ { MW_MODE_AUDIT, true, 100, { NULL, 0 } }, 100, MW_MODE_AUDIT },
	{ { MW_MODE_AUDIT, true, 100, { NULL, 0 } }, 101, MW_MODE_ENFORCE },
	{ { MW_MODE_AUDIT, true, 100, { NULL, 0 } }, 0, MW_MODE_AUDIT },
};

START_TEST(an_audit_ends_by_itself)
{
	ck_assert_int_eq(mw_enforcement_mode(&days[_i].rule, days[_i].today), days[_i].mode);
}
END_TEST

MW_UNIT_TESTS("tls")
{
	MW_LOOP(tcase, what_is_not_known_is_not_enough, sessions);
	MW_LOOP(tcase, an_audit_ends_by_itself, days);
}
