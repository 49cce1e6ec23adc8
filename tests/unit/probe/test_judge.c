/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "base/table.h"
#include "probe/judge.h"

enum { IMAP, IMAPS, POP3, SMTP, SUBMISSION };

static const struct mw_probe_service services[] = {
	[IMAP] = { "imap", MW_PROTOCOL_IMAP, false, 143 },
	[IMAPS] = { "imaps", MW_PROTOCOL_IMAP, true, 993 },
	[POP3] = { "pop3", MW_PROTOCOL_POP3, false, 110 },
	[SMTP] = { "smtp", MW_PROTOCOL_SMTP, false, 25 },
	[SUBMISSION] = { "submission", MW_PROTOCOL_SUBMISSION, false, 587 },
};

/* A case is a good service with something changed: its initialiser comes last. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define GOOD_TLS                                                                                              \
	.tls = true, .tls_bits = 256, .tls_version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384",            \
	.before = { .starttls = true }, .after = { .mechanisms = "PLAIN LOGIN" },                              \
	.login_before = { .answered = MW_REJECTED }
#define GOOD_CERTIFICATE .chain = MW_CHAIN_TRUSTED, .name_matches = true, .days_left = 60, .ends = "2027-01-31"
#define GOOD GOOD_TLS, .certificate = { GOOD_CERTIFICATE }

static const struct {
	int service;
	struct mw_seen seen;
	const char *judged, *names, *detail; /* all names in order; the detail of the first */
} cases[] = {
	{ IMAP, { GOOD }, "good", "", "" },
	{ SMTP, { GOOD }, "good", "", "" },
	{ SUBMISSION, { GOOD }, "good", "", "" },

	{ IMAP, { .fault = MW_FAULT_REFUSED }, "bad", "refused", "" },
	{ IMAP, { .fault = MW_FAULT_NO_CONNECTION }, "bad", "connect-timeout", "" },
	{ IMAP, { .fault = MW_FAULT_UNREACHABLE, .fault_text = "No route to host" }, "bad", "unreachable",
	  "No route to host" },
	{ IMAP, { .fault = MW_FAULT_SILENT, .step = "the greeting" }, "bad", "silent", "" },
	{ IMAP, { .fault = MW_FAULT_TIMEOUT, .step = "CAPABILITY" }, "bad", "timeout", "at CAPABILITY" },
	{ IMAP, { .fault = MW_FAULT_CLOSED, .step = "LOGIN", .fault_text = "Connection reset" }, "bad", "closed",
	  "at LOGIN: Connection reset" },
	{ IMAP, { .fault = MW_FAULT_TOO_LONG, .step = "the greeting" }, "bad", "endless", "at the greeting" },
	{ IMAP, { .fault = MW_FAULT_FOREIGN, .step = "the greeting", .fault_text = "SSH-2.0" }, "bad", "foreign",
	  "at the greeting: SSH-2.0" },
	{ SMTP, { .fault = MW_FAULT_SESSION_REFUSED, .fault_text = "554 no" }, "bad", "session-refused", "554 no" },
	{ SUBMISSION, { .fault = MW_FAULT_TLS_FROM_START, GOOD }, "bad", "tls-from-start", "" },
	{ IMAPS, { .fault = MW_FAULT_TEXT_FOR_TLS, .fault_text = "* OK" }, "bad", "plaintext-on-tls-port", "* OK" },
	{ IMAPS, { .fault = MW_FAULT_TLS, .fault_text = "no protocol" }, "bad", "tls-failed", "no protocol" },
	{ SMTP, { .fault = MW_FAULT_TLS, .fault_text = "no protocol" }, "doubtful", "tls-failed", "no protocol" },
	{ SUBMISSION, { .fault = MW_FAULT_STARTTLS, .fault_text = "454 later" }, "bad", "starttls-refused", "454 later" },

	{ IMAP, { .tls_bits = 0 }, "bad", "no-starttls", "" },
	{ SMTP, { .tls_bits = 0 }, "doubtful", "no-starttls", "" },
	{ IMAP, { .before = { .login_command = true } }, "bad", "login-before-tls no-starttls", "LOGIN" },
	{ IMAP, { GOOD, .before = { .login_command = true, .starttls = true, .mechanisms = "PLAIN CRAM-MD5" } }, "bad",
	  "login-before-tls", "LOGIN, SASL PLAIN CRAM-MD5" },
	{ POP3, { GOOD, .before = { .login_command = true, .starttls = true } }, "bad", "login-before-tls", "USER" },
	{ SUBMISSION, { GOOD, .before = { .starttls = true, .mechanisms = "XOAUTH2" } }, "bad", "login-before-tls",
	  "AUTH XOAUTH2" },
	{ SMTP, { GOOD, .before = { .starttls = true, .mechanisms = "PLAIN" } }, "bad", "login-before-tls", "AUTH PLAIN" },
	{ SUBMISSION, { GOOD, .before = { .starttls = true, .mechanisms = "CRAM-MD5 NTLM" } }, "doubtful",
	  "challenge-before-tls", "CRAM-MD5 NTLM" },
	{ POP3, { GOOD, .login_before = { MW_ACCEPTED, "+OK" } }, "bad", "login-taken-before-tls", "+OK" },

	{ IMAP, { GOOD, .tls_old = true, .tls_version = "TLSv1.1" }, "bad", "tls-too-old", "TLSv1.1" },
	{ SMTP, { GOOD, .tls_old = true, .tls_version = "TLSv1.1" }, "doubtful", "tls-too-old", "TLSv1.1" },
	{ IMAP, { GOOD, .tls_bits = 112, .cipher = "DES-CBC3-SHA" }, "bad", "cipher-weak", "DES-CBC3-SHA" },

	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .days_left = -1 } }, "bad", "certificate-expired",
	  "on 2027-01-31" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .days_left = 13 } }, "doubtful", "certificate-expires",
	  "in 13 days, on 2027-01-31" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .days_left = 14 } }, "good", "", "" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .too_early = true } }, "bad", "certificate-not-yet-valid",
	  "" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .name_matches = false, .subject = "CN = x" } }, "bad",
	  "certificate-name", "CN = x" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .chain = MW_CHAIN_SELF_SIGNED } }, "bad",
	  "certificate-self-signed", "" },
	{ IMAP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .chain = MW_CHAIN_NO_ISSUER, .issuer = "CN = ca" } }, "bad",
	  "certificate-unknown-issuer", "CN = ca" },
	{ IMAP, { GOOD_TLS, .certificate = { .chain = MW_CHAIN_BROKEN, .chain_error = "no certificate",
					     .name_matches = true } }, "bad", "certificate-invalid", "no certificate" },
	{ SMTP, { GOOD_TLS, .certificate = { GOOD_CERTIFICATE, .days_left = -9, .name_matches = false } }, "doubtful",
	  "certificate-expired certificate-name", "on 2027-01-31" },

	{ SUBMISSION, { GOOD, .after = { .mechanisms = "" } }, "bad", "no-login", "" },
	{ SMTP, { GOOD, .after = { .mechanisms = "" } }, "good", "", "" },
	{ IMAP, { GOOD, .login_withheld = true }, "doubtful", "login-withheld", "" },
	{ IMAP, { GOOD, .after = { .mechanisms = "GSSAPI" }, .login_unspoken = true }, "doubtful", "login-not-tried",
	  "GSSAPI" },
	{ IMAP, { GOOD, .login = { MW_REJECTED, "NO wrong" } }, "bad", "login-refused", "NO wrong" },
	{ IMAP, { GOOD, .login = { MW_DEFERRED, "NO later" } }, "bad", "login-deferred", "NO later" },

	{ SUBMISSION, { GOOD, .sender = { MW_REJECTED, "550 no" } }, "bad", "sender-refused", "550 no" },
	{ SUBMISSION, { GOOD, .sender = { MW_ACCEPTED, "250" }, .recipient = { MW_DEFERRED, "450 later" } }, "bad",
	  "recipient-refused", "450 later" },
	{ SUBMISSION, { GOOD, .message = { MW_REJECTED, "552 big" } }, "bad", "message-refused", "552 big" },
	{ SMTP, { GOOD, .outside = { MW_ACCEPTED, "250 ok" } }, "bad", "open-relay", "250 ok" },
	{ SMTP, { GOOD, .outside = { MW_DEFERRED, "450 later" } }, "doubtful", "relay-unknown", "450 later" },
	{ SMTP, { GOOD, .outside = { MW_REJECTED, "550 no" } }, "good", "", "" },

	{ IMAP, { GOOD, .missed = "2001:db8::1" }, "doubtful", "address-without-answer", "2001:db8::1" },
	{ SMTP, { GOOD, .tls_old = true, .tls_version = "TLSv1", .outside = { MW_ACCEPTED, "250 ok" } }, "bad",
	  "open-relay tls-too-old", "250 ok" },
};

static struct mw_findings *judged(size_t at)
{
	const struct mw_probe probe = { .warn_days = 14 };
	struct mw_findings *findings = mw_findings_new();

	mw_judge(&probe, &services[cases[at].service], &cases[at].seen, findings);
	ck_assert(mw_findings_complete(findings));
	return findings;
}

START_TEST(what_was_seen_is_judged)
{
	struct mw_findings *findings = judged((size_t)_i);
	const struct mw_finding *finding;
	char text[512];
	struct mw_buf names = MW_BUF_OVER(text);

	for (size_t i = 0; (finding = mw_findings_get(findings, i)) != NULL; i++)
		mw_buf_printf(&names, "%s%s", i > 0 ? " " : "", mw_finding_name(finding->id));
	ck_assert_str_eq(text, cases[_i].names);
	ck_assert_str_eq(mw_table_word(mw_judged_words, mw_judged(findings)), cases[_i].judged);
	if (mw_findings_kept(findings) > 0)
		ck_assert_str_eq(mw_findings_get(findings, 0)->detail, cases[_i].detail);
	mw_findings_free(findings);
}
END_TEST

START_TEST(every_finding_says_what_to_do)
{
	struct mw_findings *findings = judged((size_t)_i);
	const struct mw_finding *finding;

	for (size_t i = 0; (finding = mw_findings_get(findings, i)) != NULL; i++) {
		ck_assert_uint_gt(strlen(finding->what), 10);
		ck_assert_uint_gt(strlen(finding->fix.text), 10);
	}
	mw_findings_free(findings);
}
END_TEST

static const struct {
	struct mw_seen_offer offer;
	bool shows;
} offers[] = {
	{ { .mechanisms = "" }, false },
	{ { .login_command = true }, true },
	{ { .mechanisms = "SCRAM-SHA-256 CRAM-MD5 NTLM GSSAPI EXTERNAL" }, false },
	{ { .mechanisms = "SCRAM-SHA-256 plain" }, true },
	{ { .mechanisms = "OAUTHBEARER" }, true },
	{ { .mechanisms = "X-NEW" }, true },
};

START_TEST(an_offer_shows_a_password_as_its_mechanisms_do)
{
	ck_assert_int_eq(mw_offer_shows_password(&offers[_i].offer), offers[_i].shows);
}
END_TEST

MW_UNIT_TESTS("judge")
{
	MW_LOOP(tcase, what_was_seen_is_judged, cases);
	MW_LOOP(tcase, every_finding_says_what_to_do, cases);
	MW_LOOP(tcase, an_offer_shows_a_password_as_its_mechanisms_do, offers);
}
