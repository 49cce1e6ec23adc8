/* SPDX-License-Identifier: MIT */
#include "probe/print.h"

#include <stdio.h>

#include "base/table.h"
#include "ui/output.h"
#include "ui/terminal.h"

static const enum mw_colour colours[] = {
	[MW_JUDGED_GOOD] = MW_GOOD, [MW_JUDGED_DOUBTFUL] = MW_DOUBTFUL, [MW_JUDGED_BAD] = MW_BAD,
};

static const char *judged_word(enum mw_judged judged)
{
	return mw_table_word(mw_judged_words, judged);
}

/* --- words for what was seen */

static const char *starttls_word(const struct mw_probe_service *service)
{
	return service->implicit_tls ? "implicit" : service->protocol == MW_PROTOCOL_POP3 ? "STLS" : "STARTTLS";
}

static bool is_valid(const struct mw_seen_certificate *certificate)
{
	return certificate->days_left >= 0 && !certificate->too_early && certificate->name_matches &&
	       certificate->chain == MW_CHAIN_TRUSTED;
}

static const char *certificate_word(const struct mw_seen_certificate *certificate)
{
	static const char *const words[] = {
		[MW_CHAIN_TRUSTED] = "valid", [MW_CHAIN_SELF_SIGNED] = "self-signed",
		[MW_CHAIN_NO_ISSUER] = "unknown issuer", [MW_CHAIN_BROKEN] = "invalid",
	};

	return certificate->days_left < 0    ? "expired"
	       : certificate->too_early      ? "not yet valid"
	       : !certificate->name_matches  ? "other name"
					     : words[certificate->chain];
}

static const char *before_tls_word(const struct mw_probe_service *service, const struct mw_seen *seen)
{
	if (service->implicit_tls || (seen->login_before.answered == MW_NOT_ASKED && !mw_offer_shows_password(&seen->before)))
		return "-";
	if (mw_offer_shows_password(&seen->before))
		return "offered";
	return seen->login_before.answered == MW_ACCEPTED ? "taken" : "refused";
}

static const char *answered_word(enum mw_answered answered)
{
	static const char *const words[] = {
		[MW_NOT_ASKED] = "-", [MW_ACCEPTED] = "accepted", [MW_REJECTED] = "refused", [MW_DEFERRED] = "deferred",
	};

	return words[answered];
}

/* The first step of a submission that was not accepted, or the last. */
static enum mw_answered sending(const struct mw_seen *seen)
{
	if (seen->sender.answered != MW_ACCEPTED)
		return seen->sender.answered;
	if (seen->recipient.answered != MW_ACCEPTED || seen->message.answered == MW_NOT_ASKED)
		return seen->recipient.answered;
	return seen->message.answered;
}

/* --- text */

static void add_certificate(struct mw_grid *grid, const struct mw_seen *seen)
{
	const struct mw_seen_certificate *certificate = &seen->certificate;
	const char *word = seen->tls ? certificate_word(certificate) : "-";

	if (seen->tls && is_valid(certificate))
		mw_grid_cellf(grid, MW_PLAIN, "%d days", certificate->days_left);
	else
		mw_grid_cellf(grid, MW_PLAIN, "%s", word);
}

static void add_row(struct mw_grid *grid, const struct mw_probe_result *result, size_t at)
{
	const struct mw_probe_service *service = &mw_probe_services[at];
	const struct mw_seen *seen = &result->seen[at];
	const struct mw_finding *worst = mw_findings_get(result->findings[at], 0);
	enum mw_judged judged = mw_judged(result->findings[at]);

	mw_grid_cellf(grid, MW_STRONG, "%s", service->name);
	mw_grid_cellf(grid, MW_PLAIN, "%u", result->probe->ports[at]);
	mw_grid_cellf(grid, MW_PLAIN, "%s", seen->tls ? seen->tls_version : "-");
	add_certificate(grid, seen);
	mw_grid_cellf(grid, MW_PLAIN, "%s", before_tls_word(service, seen));
	if (!mw_str_empty(result->probe->user)) {
		mw_grid_cellf(grid, MW_PLAIN, "%s", seen->login_withheld ? "withheld" : answered_word(seen->login.answered));
		mw_grid_cellf(grid, MW_PLAIN, "%s", answered_word(sending(seen)));
	}
	mw_grid_cellf(grid, colours[judged], "%s%s%s", judged_word(judged), worst != NULL ? ": " : "",
		      worst != NULL ? mw_finding_name(worst->id) : "");
}

static bool is_same(const struct mw_finding *a, const struct mw_finding *b)
{
	return a->id == b->id && a->severity == b->severity && a->fix.text == b->fix.text &&
	       strcmp(a->detail, b->detail) == 0;
}

static bool has(const struct mw_findings *findings, const struct mw_finding *finding)
{
	const struct mw_finding *other;

	for (size_t i = 0; findings != NULL && (other = mw_findings_get(findings, i)) != NULL; i++) {
		if (is_same(other, finding))
			return true;
	}
	return false;
}

/* A finding of several services is told at the first of them, with all their names. */
static void write_finding(struct mw_buf *out, const struct mw_probe_result *result, size_t service,
			  const struct mw_finding *finding)
{
	char text[MW_PROBE_SERVICE_COUNT * 32];
	struct mw_buf ports = MW_BUF_OVER(text);

	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (!has(result->findings[i], finding))
			continue;
		if (i < service)
			return;
		mw_buf_printf(&ports, "%s%s %u", i == service ? "" : ", ", mw_probe_services[i].name, result->probe->ports[i]);
	}
	mw_finding_print(finding, text, out);
}

static void write_findings_of(struct mw_buf *out, const struct mw_probe_result *result, size_t service,
			      enum mw_finding_severity severity)
{
	const struct mw_finding *finding;

	for (size_t i = 0; (finding = mw_findings_get(result->findings[service], i)) != NULL; i++) {
		if (finding->severity == severity)
			write_finding(out, result, service, finding);
	}
}

static void write_findings(struct mw_buf *out, const struct mw_probe_result *result)
{
	if (result->judged != MW_JUDGED_GOOD)
		mw_buf_add_char(out, '\n');
	for (int severity = MW_FINDING_ERROR; severity <= MW_FINDING_NOTE; severity++) {
		for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
			if (result->findings[i] != NULL)
				write_findings_of(out, result, i, (enum mw_finding_severity)severity);
		}
	}
}

struct page {
	const struct mw_probe_result *result;
	const struct mw_grid *grid;
};

static void write_page(struct mw_buf *out, const void *context)
{
	const struct page *page = context;

	mw_grid_print(page->grid, out);
	write_findings(out, page->result);
}

static bool print_text(const struct mw_probe_result *result)
{
	static const char *const with_user[] = { "SERVICE", "PORT", "TLS", "CERTIFICATE", "BEFORE TLS", "LOGIN", "SENDING",
						 "VERDICT" };
	static const char *const without_user[] = { "SERVICE", "PORT", "TLS", "CERTIFICATE", "BEFORE TLS", "VERDICT" };
	bool logs_in = !mw_str_empty(result->probe->user);
	struct mw_grid *grid = logs_in ? mw_grid_new(with_user, 8) : mw_grid_new(without_user, 6);
	bool done = grid != NULL;

	for (size_t i = 0; grid != NULL && i < MW_PROBE_SERVICE_COUNT; i++) {
		if (result->probe->ports[i] != 0)
			add_row(grid, result, i);
	}
	if (grid == NULL)
		mw_complain("out of memory");
	else
		done = mw_output(write_page, &(struct page){ result, grid });
	mw_grid_free(grid);
	return done;
}

/* --- JSON */

static void json_words(struct mw_json *json, const char *key, const char *words)
{
	struct mw_str rest = mw_str(words), word;

	mw_json_array(json, key);
	while (mw_str_split(&rest, ' ', &word))
		mw_json_string(json, NULL, word);
	mw_json_end_array(json);
}

static void json_offer(struct mw_json *json, const char *key, const struct mw_probe_service *service,
		       const struct mw_seen_offer *offer)
{
	mw_json_object(json, key);
	if (service->protocol == MW_PROTOCOL_IMAP || service->protocol == MW_PROTOCOL_POP3)
		mw_json_bool(json, "login_command", offer->login_command);
	json_words(json, "mechanisms", offer->mechanisms);
	mw_json_end_object(json);
}

static void json_certificate(struct mw_json *json, const struct mw_seen_certificate *certificate)
{
	mw_json_object(json, "certificate");
	mw_json_string(json, "state", mw_str(certificate_word(certificate)));
	mw_json_bool(json, "trusted", certificate->chain == MW_CHAIN_TRUSTED);
	mw_json_bool(json, "name_matches", certificate->name_matches);
	mw_json_bool(json, "expired", certificate->days_left < 0);
	mw_json_number(json, "days_left", certificate->days_left < 0 ? 0 : (unsigned)certificate->days_left);
	mw_json_string(json, "ends", mw_str(certificate->ends));
	mw_json_string(json, "subject", mw_str(certificate->subject));
	mw_json_string(json, "issuer", mw_str(certificate->issuer));
	mw_json_end_object(json);
}

static void json_tls(struct mw_json *json, const struct mw_probe_service *service, const struct mw_seen *seen)
{
	if (!seen->tls) {
		mw_json_null(json, "tls");
		return;
	}
	mw_json_object(json, "tls");
	mw_json_string(json, "by", mw_str(starttls_word(service)));
	mw_json_string(json, "version", mw_str(seen->tls_version));
	mw_json_string(json, "cipher", mw_str(seen->cipher));
	mw_json_number(json, "bits", seen->tls_bits < 0 ? 0 : (unsigned)seen->tls_bits);
	json_certificate(json, &seen->certificate);
	mw_json_end_object(json);
}

static void json_answer(struct mw_json *json, const char *key, const struct mw_seen_answer *answer)
{
	if (answer->answered == MW_NOT_ASKED)
		return;
	mw_json_object(json, key);
	mw_json_string(json, "answer", mw_str(answered_word(answer->answered)));
	mw_json_string(json, "text", mw_str(answer->text));
	mw_json_end_object(json);
}

static void json_service(struct mw_json *json, const struct mw_probe_result *result, size_t at)
{
	const struct mw_probe_service *service = &mw_probe_services[at];
	const struct mw_seen *seen = &result->seen[at];

	mw_json_object(json, NULL);
	mw_json_string(json, "service", mw_str(service->name));
	mw_json_number(json, "port", result->probe->ports[at]);
	mw_json_string(json, "address", mw_str(seen->address));
	mw_json_string(json, "verdict", mw_str(judged_word(mw_judged(result->findings[at]))));
	json_tls(json, service, seen);
	if (!service->implicit_tls)
		json_offer(json, "offered_before_tls", service, &seen->before);
	mw_json_string(json, "login_before_tls", mw_str(before_tls_word(service, seen)));
	if (seen->tls)
		json_offer(json, "offered_with_tls", service, &seen->after);
	json_answer(json, "login", &seen->login);
	json_answer(json, "sender", &seen->sender);
	json_answer(json, "recipient", &seen->recipient);
	json_answer(json, "message", &seen->message);
	json_answer(json, "stranger", &seen->outside);
	mw_findings_json(result->findings[at], json);
	mw_json_end_object(json);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct mw_probe_result *result = context;

	mw_json_string(json, "host", mw_str(result->probe->host));
	mw_json_string(json, "name", mw_str(result->probe->name));
	mw_json_string(json, "verdict", mw_str(judged_word(result->judged)));
	mw_json_array(json, "services");
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (result->probe->ports[i] != 0)
			json_service(json, result, i);
	}
	mw_json_end_array(json);
}

bool mw_probe_print(const struct mw_cli *cli, const struct mw_probe_result *result)
{
	return cli->json ? mw_output_json(write_members, result) : print_text(result);
}
