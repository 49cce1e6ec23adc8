/* SPDX-License-Identifier: MIT */
#include "probe/judge.h"

#include "base/table.h"
#include "mail/mechanism.h"

#define FEWEST_BITS 128

enum finding_id {
#define MW_FINDING(id, judged, on_25, name, what, dovecot, postfix) id,
#include "probe/finding.def"
#undef MW_FINDING
};

struct finding_row {
	enum mw_judged judged, on_25;
	const char *name, *what, *dovecot, *postfix;
};

static const struct finding_row rows[] = {
#define MW_FINDING(id, judged, on_25, name, what, dovecot, postfix) \
	[id] = { MW_JUDGED_##judged, MW_JUDGED_##on_25, name, what, dovecot, postfix },
#include "probe/finding.def"
#undef MW_FINDING
};

static const struct mw_word judged_words[] = {
	{ "good", MW_JUDGED_GOOD }, { "doubtful", MW_JUDGED_DOUBTFUL }, { "bad", MW_JUDGED_BAD },
};
const struct mw_table mw_judged_words = MW_TABLE(judged_words);

struct judge {
	const struct mw_probe *probe;
	const struct mw_probe_service *service;
	const struct mw_seen *seen;
	struct mw_judgement *judgement;
};

bool mw_probe_service_is_for_users(const struct mw_probe_service *service)
{
	return service->protocol != MW_PROTOCOL_SMTP;
}

static bool is_postfix(const struct mw_probe_service *service)
{
	return service->protocol == MW_PROTOCOL_SMTP || service->protocol == MW_PROTOCOL_SUBMISSION;
}

/* Behind those that are as bad: what was found first mostly explains the rest. */
static void find(const struct judge *judge, enum finding_id id, struct mw_str detail)
{
	struct mw_judgement *judgement = judge->judgement;
	const struct finding_row *row = &rows[id];
	enum mw_judged judged = mw_probe_service_is_for_users(judge->service) ? row->judged : row->on_25;
	bool postfix = is_postfix(judge->service) && row->postfix != NULL;
	size_t at = judgement->count;

	if (judged == MW_JUDGED_GOOD || at == MW_FINDINGS_MAX)
		return;
	for (; at > 0 && judgement->findings[at - 1].judged < judged; at--)
		judgement->findings[at] = judgement->findings[at - 1];
	judgement->findings[at] = (struct mw_finding){
		.judged = judged,
		.name = row->name,
		.what = row->what,
		.detail = detail,
		.fix = postfix ? row->postfix : row->dovecot,
	};
	judgement->count++;
	if (judged > judgement->judged)
		judgement->judged = judged;
}

/* The text added to the details since `from`. */
static struct mw_str detail_since(const struct judge *judge, size_t from)
{
	return mw_str_tail(mw_buf_str(&judge->judgement->details), from);
}

/* --- one small judge for each thing */

static void judge_fault(const struct judge *judge)
{
	static const enum finding_id ids[] = {
		[MW_FAULT_REFUSED] = REFUSED, [MW_FAULT_NO_CONNECTION] = NO_CONNECTION,
		[MW_FAULT_UNREACHABLE] = UNREACHABLE, [MW_FAULT_SILENT] = SILENT, [MW_FAULT_TIMEOUT] = TIMEOUT,
		[MW_FAULT_CLOSED] = CLOSED, [MW_FAULT_TOO_LONG] = TOO_LONG, [MW_FAULT_FOREIGN] = FOREIGN,
		[MW_FAULT_SESSION_REFUSED] = SESSION_REFUSED, [MW_FAULT_TLS_FROM_START] = TLS_FROM_START,
		[MW_FAULT_TEXT_FOR_TLS] = TEXT_FOR_TLS, [MW_FAULT_TLS] = TLS, [MW_FAULT_STARTTLS] = STARTTLS,
	};
	const struct mw_seen *seen = judge->seen;
	struct mw_buf *details = &judge->judgement->details;
	size_t from = details->used;

	if (seen->fault == MW_FAULT_NONE)
		return;
	/* Where the words of the finding do not say it already. */
	if (seen->fault >= MW_FAULT_TIMEOUT && seen->fault <= MW_FAULT_FOREIGN && seen->step != NULL)
		mw_buf_printf(details, "at %s%s", seen->step, seen->fault_text[0] != '\0' ? ": " : "");
	if (seen->fault >= MW_FAULT_UNREACHABLE)
		mw_buf_add_text(details, seen->fault_text);
	find(judge, ids[seen->fault], detail_since(judge, from));
}

bool mw_offer_shows_password(const struct mw_seen_offer *offer)
{
	struct mw_str rest = mw_str(offer->mechanisms), name;

	while (mw_str_split(&rest, ' ', &name))
		if (mw_mechanism_shows_secret(name))
			return true;
	return offer->login_command;
}

static struct mw_str offer_words(const struct judge *judge, const struct mw_seen_offer *offer)
{
	struct mw_buf *details = &judge->judgement->details;
	size_t from = details->used;

	if (offer->login_command)
		mw_buf_add_text(details, judge->service->protocol == MW_PROTOCOL_POP3 ? "USER" : "LOGIN");
	if (offer->mechanisms[0] != '\0')
		mw_buf_printf(details, "%s%s %s", offer->login_command ? ", " : "",
			      is_postfix(judge->service) ? "AUTH" : "SASL", offer->mechanisms);
	return detail_since(judge, from);
}

static void judge_before_tls(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;
	const struct mw_seen_offer *before = &seen->before;

	if (mw_offer_shows_password(before))
		find(judge, LOGIN_BEFORE_TLS, offer_words(judge, before));
	else if (seen->login_before.answered == MW_ACCEPTED)
		find(judge, LOGIN_TAKEN, mw_str(seen->login_before.text));
	else if (before->mechanisms[0] != '\0')
		find(judge, CHALLENGE_BEFORE_TLS, mw_str(before->mechanisms));
	if (!judge->service->implicit_tls && !seen->tls && !before->starttls && seen->fault == MW_FAULT_NONE)
		find(judge, NO_STARTTLS, MW_STR_EMPTY);
}

static void judge_strength(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (seen->tls_old)
		find(judge, TLS_OLD, mw_str(seen->tls_version));
	if (seen->tls_bits < FEWEST_BITS)
		find(judge, TLS_WEAK, mw_str(seen->cipher));
}

static void judge_dates(const struct judge *judge)
{
	const struct mw_seen_certificate *certificate = &judge->seen->certificate;
	struct mw_buf *details = &judge->judgement->details;
	size_t from = details->used;

	if (certificate->too_early)
		find(judge, CERTIFICATE_EARLY, MW_STR_EMPTY);
	if (certificate->ends[0] == '\0')
		return;
	if (certificate->days_left < 0) {
		mw_buf_printf(details, "on %s", certificate->ends);
		find(judge, CERTIFICATE_EXPIRED, detail_since(judge, from));
	} else if ((unsigned)certificate->days_left < judge->probe->warn_days) {
		mw_buf_printf(details, "in %d days, on %s", certificate->days_left, certificate->ends);
		find(judge, CERTIFICATE_EXPIRES, detail_since(judge, from));
	}
}

static void judge_certificate(const struct judge *judge)
{
	static const enum finding_id ids[] = {
		[MW_CHAIN_SELF_SIGNED] = SELF_SIGNED, [MW_CHAIN_NO_ISSUER] = NO_ISSUER, [MW_CHAIN_BROKEN] = CHAIN_BROKEN,
	};
	const struct mw_seen_certificate *certificate = &judge->seen->certificate;

	judge_dates(judge);
	if (!certificate->name_matches)
		find(judge, CERTIFICATE_NAME, mw_str(certificate->subject));
	if (certificate->chain == MW_CHAIN_TRUSTED)
		return;
	find(judge, ids[certificate->chain], certificate->chain == MW_CHAIN_NO_ISSUER ? mw_str(certificate->issuer)
			: certificate->chain == MW_CHAIN_BROKEN ? mw_str(certificate->chain_error)
								: MW_STR_EMPTY);
}

static void judge_login(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (seen->fault == MW_FAULT_NONE && !seen->after.login_command && seen->after.mechanisms[0] == '\0')
		find(judge, NO_LOGIN, MW_STR_EMPTY);
	else if (seen->login_unspoken)
		find(judge, LOGIN_UNSPOKEN, mw_str(seen->after.mechanisms));
	if (seen->login.answered == MW_REJECTED)
		find(judge, LOGIN_REJECTED, mw_str(seen->login.text));
	if (seen->login.answered == MW_DEFERRED)
		find(judge, LOGIN_DEFERRED, mw_str(seen->login.text));
}

static bool went_wrong(const struct mw_seen_answer *answer)
{
	return answer->answered == MW_REJECTED || answer->answered == MW_DEFERRED;
}

static void judge_sending(const struct judge *judge)
{
	const struct mw_seen *seen = judge->seen;

	if (went_wrong(&seen->sender))
		find(judge, SENDER, mw_str(seen->sender.text));
	if (went_wrong(&seen->recipient))
		find(judge, RECIPIENT, mw_str(seen->recipient.text));
	if (went_wrong(&seen->message))
		find(judge, MESSAGE, mw_str(seen->message.text));
	if (seen->outside.answered == MW_ACCEPTED)
		find(judge, OPEN_RELAY, mw_str(seen->outside.text));
	if (seen->outside.answered == MW_DEFERRED)
		find(judge, RELAY_UNKNOWN, mw_str(seen->outside.text));
}

void mw_judge(const struct mw_probe *probe, const struct mw_probe_service *service, const struct mw_seen *seen,
	      struct mw_judgement *judgement_r)
{
	struct judge judge = { probe, service, seen, judgement_r };

	judgement_r->judged = MW_JUDGED_GOOD;
	judgement_r->count = 0;
	judgement_r->details = MW_BUF_OVER(judgement_r->memory);
	judge_fault(&judge);
	judge_before_tls(&judge);
	if (seen->tls) {
		judge_strength(&judge);
		judge_certificate(&judge);
		judge_login(&judge);
	}
	if (seen->login_withheld)
		find(&judge, LOGIN_WITHHELD, MW_STR_EMPTY);
	judge_sending(&judge);
	if (seen->missed[0] != '\0')
		find(&judge, ADDRESS_MISSED, mw_str(seen->missed));
}
