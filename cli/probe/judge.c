/* SPDX-License-Identifier: MIT */
#include "probe/judge.h"

#include "base/arena.h"
#include "base/table.h"
#include "mail/mechanism.h"

#define FEWEST_BITS 128

struct row {
	enum mw_finding_severity severity, on_25;
	const char *what, *dovecot, *postfix;
};

static const struct row rows[] = {
#define MW_FOUND(id, name)
#define MW_AT_PORT(id, name, severity, on_25, what, dovecot, postfix) \
	[MW_FOUND_##id] = { MW_FINDING_##severity, MW_FINDING_##on_25, what, dovecot, postfix },
#include "finding.def"
};

static const struct mw_word judged_words[] = {
	{ "good", MW_JUDGED_GOOD }, { "doubtful", MW_JUDGED_DOUBTFUL }, { "bad", MW_JUDGED_BAD },
};
const struct mw_table mw_judged_words = MW_TABLE(judged_words);

struct judge {
	const struct mw_probe *probe;
	const struct mw_probe_service *service;
	const struct mw_seen *seen;
	struct mw_findings *findings;
};

enum mw_judged mw_judged(const struct mw_findings *findings)
{
	return mw_findings_count(findings, MW_FINDING_ERROR) > 0     ? MW_JUDGED_BAD
	       : mw_findings_count(findings, MW_FINDING_WARNING) > 0 ? MW_JUDGED_DOUBTFUL
								     : MW_JUDGED_GOOD;
}

bool mw_probe_service_is_for_users(const struct mw_probe_service *service)
{
	return service->protocol != MW_PROTOCOL_SMTP;
}

static bool is_postfix(const struct mw_probe_service *service)
{
	return service->protocol == MW_PROTOCOL_SMTP || service->protocol == MW_PROTOCOL_SUBMISSION;
}

/* detail: NULL where there is none. */
static void find(const struct judge *judge, enum mw_finding_id id, const char *detail)
{
	const struct row *row = &rows[id];
	bool postfix = is_postfix(judge->service) && row->postfix != NULL;

	mw_findings_add(judge->findings, (struct mw_finding){
		.id = id,
		.severity = mw_probe_service_is_for_users(judge->service) ? row->severity : row->on_25,
		.what = row->what,
		.detail = detail,
		.fix = mw_fix_words(postfix ? row->postfix : row->dovecot),
	});
}

/* --- one small judge for each thing */

static void judge_fault(const struct judge *judge)
{
	static const enum mw_finding_id ids[] = {
		[MW_FAULT_REFUSED] = MW_FOUND_REFUSED, [MW_FAULT_NO_CONNECTION] = MW_FOUND_NO_CONNECTION,
		[MW_FAULT_UNREACHABLE] = MW_FOUND_UNREACHABLE, [MW_FAULT_SILENT] = MW_FOUND_SILENT,
		[MW_FAULT_TIMEOUT] = MW_FOUND_TIMEOUT, [MW_FAULT_CLOSED] = MW_FOUND_CLOSED,
		[MW_FAULT_TOO_LONG] = MW_FOUND_TOO_LONG, [MW_FAULT_FOREIGN] = MW_FOUND_FOREIGN,
		[MW_FAULT_SESSION_REFUSED] = MW_FOUND_SESSION_REFUSED, [MW_FAULT_TLS_FROM_START] = MW_FOUND_TLS_FROM_START,
		[MW_FAULT_TEXT_FOR_TLS] = MW_FOUND_TEXT_FOR_TLS, [MW_FAULT_TLS] = MW_FOUND_TLS,
		[MW_FAULT_STARTTLS] = MW_FOUND_STARTTLS,
	};
	const struct mw_seen *seen = judge->seen;
	const char *said = seen->fault >= MW_FAULT_UNREACHABLE ? seen->fault_text : "";

	if (seen->fault == MW_FAULT_NONE)
		return;
	/* Where the words of the finding do not say it already. */
	if (seen->fault >= MW_FAULT_TIMEOUT && seen->fault <= MW_FAULT_FOREIGN && seen->step != NULL)
		said = mw_arena_textf(mw_findings_arena(judge->findings), "at %s%s%s", seen->step,
				      said[0] != '\0' ? ": " : "", said);
	find(judge, ids[seen->fault], said);
}

bool mw_offer_shows_password(const struct mw_seen_offer *offer)
{
	struct mw_str rest = mw_str(offer->mechanisms), name;

	while (mw_str_split(&rest, ' ', &name))
		if (mw_mechanism_shows_secret(name))
			return true;
	return offer->login_command;
}

static const char *offer_words(const struct judge *judge, const struct mw_seen_offer *offer)
{
	const char *command = !offer->login_command					? ""
			      : judge->service->protocol == MW_PROTOCOL_POP3	? "USER"
										: "LOGIN";

	if (offer->mechanisms[0] == '\0')
		return command;
	return mw_arena_textf(mw_findings_arena(judge->findings), "%s%s%s %s", command, offer->login_command ? ", " : "",
			      is_postfix(judge->service) ? "AUTH" : "SASL", offer->mechanisms);
}

static void judge_before_tls(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;
	const struct mw_seen_offer *before = &seen->before;

	if (mw_offer_shows_password(before))
		find(judge, MW_FOUND_LOGIN_BEFORE_TLS, offer_words(judge, before));
	else if (seen->login_before.answered == MW_ACCEPTED)
		find(judge, MW_FOUND_LOGIN_TAKEN, seen->login_before.text);
	else if (before->mechanisms[0] != '\0')
		find(judge, MW_FOUND_CHALLENGE_BEFORE_TLS, before->mechanisms);
	if (!judge->service->implicit_tls && !seen->tls && !before->starttls && seen->fault == MW_FAULT_NONE)
		find(judge, MW_FOUND_NO_STARTTLS, NULL);
}

static void judge_strength(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (seen->tls_old)
		find(judge, MW_FOUND_TLS_OLD, seen->tls_version);
	if (seen->tls_bits < FEWEST_BITS)
		find(judge, MW_FOUND_TLS_WEAK, seen->cipher);
}

static void judge_dates(const struct judge *judge)
{
	const struct mw_seen_certificate *certificate = &judge->seen->certificate;
	struct mw_arena *arena = mw_findings_arena(judge->findings);

	if (certificate->too_early)
		find(judge, MW_FOUND_CERTIFICATE_EARLY, NULL);
	if (certificate->ends[0] == '\0')
		return;
	if (certificate->days_left < 0)
		find(judge, MW_FOUND_CERTIFICATE_EXPIRED, mw_arena_textf(arena, "on %s", certificate->ends));
	else if ((unsigned)certificate->days_left < judge->probe->warn_days)
		find(judge, MW_FOUND_CERTIFICATE_EXPIRES,
		     mw_arena_textf(arena, "in %d days, on %s", certificate->days_left, certificate->ends));
}

static void judge_certificate(const struct judge *judge)
{
	static const enum mw_finding_id ids[] = {
		[MW_CHAIN_SELF_SIGNED] = MW_FOUND_SELF_SIGNED, [MW_CHAIN_NO_ISSUER] = MW_FOUND_NO_ISSUER,
		[MW_CHAIN_BROKEN] = MW_FOUND_CHAIN_BROKEN,
	};
	const struct mw_seen_certificate *certificate = &judge->seen->certificate;

	judge_dates(judge);
	if (!certificate->name_matches)
		find(judge, MW_FOUND_CERTIFICATE_NAME, certificate->subject);
	if (certificate->chain == MW_CHAIN_TRUSTED)
		return;
	find(judge, ids[certificate->chain], certificate->chain == MW_CHAIN_NO_ISSUER ? certificate->issuer
					     : certificate->chain == MW_CHAIN_BROKEN  ? certificate->chain_error
										      : NULL);
}

static void judge_login(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (seen->fault == MW_FAULT_NONE && mw_probe_service_is_for_users(judge->service) &&
	    !seen->after.login_command && seen->after.mechanisms[0] == '\0')
		find(judge, MW_FOUND_NO_LOGIN, NULL);
	else if (seen->login_unspoken)
		find(judge, MW_FOUND_LOGIN_UNSPOKEN, seen->after.mechanisms);
	if (seen->login.answered == MW_REJECTED)
		find(judge, MW_FOUND_LOGIN_REJECTED, seen->login.text);
	if (seen->login.answered == MW_DEFERRED)
		find(judge, MW_FOUND_LOGIN_DEFERRED, seen->login.text);
}

static bool went_wrong(const struct mw_seen_answer *answer)
{
	return answer->answered == MW_REJECTED || answer->answered == MW_DEFERRED;
}

static void judge_sending(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (went_wrong(&seen->sender))
		find(judge, MW_FOUND_SENDER, seen->sender.text);
	if (went_wrong(&seen->recipient))
		find(judge, MW_FOUND_RECIPIENT, seen->recipient.text);
	if (went_wrong(&seen->message))
		find(judge, MW_FOUND_MESSAGE, seen->message.text);
	if (seen->outside.answered == MW_ACCEPTED)
		find(judge, MW_FOUND_OPEN_RELAY, seen->outside.text);
	if (seen->outside.answered == MW_DEFERRED)
		find(judge, MW_FOUND_RELAY_UNKNOWN, seen->outside.text);
}

void mw_judge(const struct mw_probe *probe, const struct mw_probe_service *service, const struct mw_seen *seen,
	      struct mw_findings *findings)
{
	const struct judge judge = { probe, service, seen, findings };

	judge_fault(&judge);
	judge_before_tls(&judge);
	if (seen->tls) {
		judge_strength(&judge);
		judge_certificate(&judge);
		judge_login(&judge);
	}
	if (seen->login_withheld)
		find(&judge, MW_FOUND_LOGIN_WITHHELD, NULL);
	judge_sending(&judge);
	if (seen->missed[0] != '\0')
		find(&judge, MW_FOUND_ADDRESS_MISSED, seen->missed);
}
