/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/arguments.h"
#include "decide/account.h"
#include "decide/login.h"
#include "decide/submission.h"
#include "decisions/facts_options.h"
#include "decisions/message.h"
#include "ui/output.h"
#include "ui/own_command.h"
#include "postfix/answer.h"
#include "decisions/reply.h"
#include "named.h"
#include "report/prose.h"
#include "setting.h"

#define TEXT_MAX 8192 /* an answer or a fix, with the longest names in it */

static const struct mw_option options[] = {
	MW_FACT_OPTIONS,
	{ "message", "FILE|-", "smtp: the header of this message, for the milter" },
	{ "local-rewrite", "yes|no", "its client is in Postfix's local_header_rewrite_clients" },
	{ "request", "FILE|-", "smtp: the facts of a captured policy request" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* One of the decisions that a command meets on its way. */
struct decision {
	enum mw_reply_step step;
	const char *title;
	const char *condition; /* when it is met at all; in words for the reader */
	struct mw_verdict verdict;
};

struct explanation {
	struct mw_given_facts given;
	const struct mw_policy *policy;
	struct decision decisions[2];
	size_t count;
	const char *message; /* a file, or NULL */
	bool local_rewrite;
	char request[MW_REQUEST_TEXT_MAX];
	char formerly[TEXT_MAX]; /* of the login: the names that its user had before, or who had the name; "": none */
};

static const char *outcome_words(const struct mw_verdict *verdict)
{
	if (verdict->outcome == MW_UNDECIDED)
		return mw_verdict_stops(verdict) ? "undecided" : "permitted in audit mode; enforced it would be undecided";
	if (verdict->outcome == MW_PERMIT)
		return "permitted";
	if (!mw_verdict_stops(verdict))
		return "permitted in audit mode; enforced it would be refused";
	return verdict->outcome == MW_DEFER ? "deferred" : "refused";
}

static const char *outcome_word(const struct mw_verdict *verdict)
{
	if (verdict->outcome == MW_UNDECIDED && mw_verdict_stops(verdict))
		return "undecided";
	if (!mw_verdict_stops(verdict))
		return "permitted";
	return verdict->outcome == MW_DEFER ? "deferred" : "refused";
}

static void write_rule(struct mw_buf *out, const struct mw_verdict *verdict)
{
	struct mw_place place = mw_verdict_rule_place(verdict);
	struct mw_str name = mw_verdict_rule_name(verdict);

	if (verdict->connector == NULL && verdict->login_rule == NULL)
		return;
	mw_buf_printf(out, "rule:   %s \"%.*s\"", verdict->connector != NULL ? "connector" : "login", MW_STR_ARG(name));
	if (place.line > 0)
		mw_buf_printf(out, " (%s:%u)", place.file, place.line);
	else
		mw_buf_add_text(out, " (built-in)");
	for (unsigned i = 0; i < verdict->alike_count; i++)
		mw_buf_printf(out, ", or \"%.*s\"", MW_STR_ARG(verdict->alike[i]->name));
	mw_buf_printf(out, ", mode %s\n", mw_table_word(mw_modes, verdict->mode));
}

static void write_trace(struct mw_buf *out, const struct mw_trace *trace)
{
	for (unsigned i = 0; i < trace->count; i++) {
		const struct mw_step *step = &trace->steps[i];

		mw_buf_printf(out, "  %s %-10s %-8s ", i + 1 < trace->count ? "|-" : "`-",
			      mw_table_word(mw_checks, step->check),
			      mw_table_word(mw_check_outcomes, step->outcome));
		mw_prose_step(step, out);
		mw_buf_add_char(out, '\n');
	}
}

static void write_reply(struct mw_buf *out, const struct mw_facts *facts, const struct decision *decision)
{
	size_t before;

	mw_buf_add_text(out, "answer: ");
	before = out->used;
	mw_reply_print(facts, &decision->verdict, decision->step, out);
	if (out->used == before)
		mw_buf_add_text(out, decision->verdict.outcome == MW_UNDECIDED && mw_verdict_stops(&decision->verdict)
					? "(none: the connection is closed)"
										: "(none: the command continues)");
	mw_buf_add_char(out, '\n');
	if (decision->step != MW_REPLY_SUBMISSION)
		return;
	before = out->used;
	mw_answer_print_client(facts, &decision->verdict, out);
	if (out->used > before) {
		out->used = before;
		mw_buf_add_text(out, "client: ");
		mw_answer_print_client(facts, &decision->verdict, out);
		mw_buf_add_char(out, '\n');
	}
}

static void write_decision(struct mw_buf *out, const struct explanation *explanation, const struct decision *decision)
{
	const struct mw_facts *facts = &explanation->given.facts;
	size_t before;

	mw_buf_printf(out, "%s%s: %s", decision->title, decision->condition != NULL ? decision->condition : "",
		      outcome_words(&decision->verdict));
	if (decision->verdict.reason != MW_REASON_PERMITTED)
		mw_buf_printf(out, ", %s: %s", mw_reason_name(decision->verdict.reason),
			      mw_verdict_sentence(&decision->verdict));
	mw_buf_add_char(out, '\n');
	write_rule(out, &decision->verdict);
	write_trace(out, &decision->verdict.trace);
	write_reply(out, facts, decision);
	mw_buf_add_text(out, "fix: ");
	before = out->used;
	mw_prose_fix(explanation->policy, facts, &decision->verdict, out);
	mw_own_commands(out, before);
	if (out->used > before) {
		mw_buf_add_char(out, '\n');
		return;
	}
	out->used = before - strlen("fix: ");
	out->data[out->used] = '\0';
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct explanation *explanation = context;

	if (explanation->given.closed[0] != '\0') {
		mw_buf_printf(out, "submission: undecided: %s\nanswer: (none: the connection is closed)\n",
			      explanation->given.closed);
		return;
	}

	for (size_t i = 0; i < explanation->count; i++) {
		if (i > 0)
			mw_buf_add_char(out, '\n');
		write_decision(out, explanation, &explanation->decisions[i]);
	}
	if (explanation->given.assumed[0] != '\0')
		mw_buf_printf(out, "\nassumed: %s\n", explanation->given.assumed);
	if (explanation->formerly[0] != '\0')
		mw_buf_printf(out, "\nformerly: %s\n", explanation->formerly);
}

static void write_reply_member(struct mw_json *json, const struct explanation *explanation,
			       const struct decision *decision)
{
	const struct mw_facts *facts = &explanation->given.facts;
	char text[TEXT_MAX];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_reply_print(facts, &decision->verdict, decision->step, &out);
	if (out.used > 0)
		mw_json_string(json, "answer", mw_buf_str(&out));
	else
		mw_json_null(json, "answer");
	mw_buf_reset(&out);
	if (decision->step == MW_REPLY_SUBMISSION)
		mw_answer_print_client(facts, &decision->verdict, &out);
	if (out.used > 0)
		mw_json_string(json, "client_reads", mw_buf_str(&out));
	mw_buf_reset(&out);
	mw_prose_fix(explanation->policy, facts, &decision->verdict, &out);
	mw_own_commands(&out, 0);
	if (out.used > 0)
		mw_json_string(json, "fix", mw_buf_str(&out));
}

/* No decision was taken of it. */
static void write_closed_members(struct mw_json *json, const struct explanation *explanation)
{
	mw_json_string(json, "protocol", MW_STR("smtp"));
	mw_json_string(json, "result", MW_STR("undecided"));
	mw_json_string(json, "assumed", MW_STR_EMPTY);
	mw_json_array(json, "decisions");
	mw_json_object(json, NULL);
	mw_json_string(json, "decision", MW_STR("submission"));
	mw_json_string(json, "result", MW_STR("undecided"));
	mw_json_string(json, "verdict", mw_str(mw_table_word(mw_outcomes, MW_UNDECIDED)));
	mw_json_null(json, "reason");
	mw_json_null(json, "answer");
	mw_json_string(json, "closed", mw_str(explanation->given.closed));
	mw_json_end_object(json);
	mw_json_end_array(json);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct explanation *explanation = context;
	const struct mw_facts *facts = &explanation->given.facts;
	const struct decision *last;

	if (explanation->given.closed[0] != '\0') {
		write_closed_members(json, explanation);
		return;
	}
	last = &explanation->decisions[explanation->count - 1];
	mw_json_string(json, "protocol", mw_str(mw_table_word(mw_protocols, facts->endpoints.protocol)));
	mw_json_string(json, "result", mw_str(outcome_word(&last->verdict)));
	mw_json_string(json, "assumed", mw_str(explanation->given.assumed));
	mw_json_string(json, "formerly", mw_str(explanation->formerly));
	mw_json_array(json, "decisions");
	for (size_t i = 0; i < explanation->count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "decision", mw_str(explanation->decisions[i].title));
		mw_json_string(json, "result", mw_str(outcome_word(&explanation->decisions[i].verdict)));
		mw_json_verdict(json, &explanation->decisions[i].verdict);
		write_reply_member(json, explanation, &explanation->decisions[i]);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static struct decision *next_decision(struct explanation *explanation, enum mw_reply_step step, const char *title)
{
	struct decision *decision = &explanation->decisions[explanation->count++];

	decision->step = step;
	decision->title = title;
	return decision;
}

/* What Dovecot's auth module knows of a login that Postfix asks it about: neither the listener's port nor how strong
   TLS is. */
static struct mw_facts facts_at_auth(const struct mw_facts *facts)
{
	struct mw_facts known = *facts;

	known.endpoints.local_port = 0;
	known.stage = MW_STAGE_UNKNOWN;
	if (mw_str_empty(known.sasl_service))
		known.sasl_service = MW_STR("smtp");
	if (!mw_str_empty(known.tls.version))
		mw_tls_assume(&known.tls);
	return known;
}

/* The sender question comes first at RCPT. Where it stops nothing, the relay question tells all of it. */
static void decide_submission(struct explanation *explanation, const struct mw_directory_view *view,
			      struct mw_verdict *verdict)
{
	struct mw_facts *facts = &explanation->given.facts;

	if (!explanation->given.captured && facts->context == MW_CONTEXT_NONE && facts->stage == MW_STAGE_RCPT) {
		facts->context = MW_CONTEXT_SENDER;
		mw_submission_decide(explanation->policy, view, facts, verdict);
		if (mw_verdict_stops(verdict))
			return;
		facts->context = MW_CONTEXT_NONE;
	}
	mw_submission_decide(explanation->policy, view, facts, verdict);
}

static const char *submission_condition(const struct explanation *explanation)
{
	if (explanation->count > 1)
		return " (of a session that is logged in already)";
	if (explanation->given.captured && mw_submission_is_sender_question(&explanation->given.facts))
		return " (the sender question: the relay question judges the recipient)";
	return NULL;
}

/* AUTH is Dovecot's to answer: told where that is what the client meets. A captured request says that it passed. */
static void decide_smtp(struct explanation *explanation, const struct mw_directory_view *view)
{
	const struct mw_facts *facts = &explanation->given.facts;
	struct mw_facts at_auth = facts_at_auth(facts);
	struct decision *decision;

	if (!mw_str_empty(facts->login) && !explanation->given.captured) {
		decision = next_decision(explanation, MW_REPLY_ACCOUNT, "account");
		decision->condition = " (AUTH, where Dovecot has the auth module)";
		mw_account_decide(explanation->policy, view, &at_auth, &decision->verdict);
		if (!mw_verdict_stops(&decision->verdict) || decision->verdict.outcome == MW_UNDECIDED)
			explanation->count = 0;
	}
	decision = next_decision(explanation, MW_REPLY_SUBMISSION, "submission");
	decision->condition = submission_condition(explanation);
	decide_submission(explanation, view, &decision->verdict);
}

/* In the order that the servers ask; a decision that stops is the last. */
static void decide(struct explanation *explanation, const struct mw_directory_view *view)
{
	const struct mw_facts *facts = &explanation->given.facts;
	struct decision *decision;

	if (facts->endpoints.protocol == MW_PROTOCOL_SMTP) {
		decide_smtp(explanation, view);
		return;
	}
	decision = next_decision(explanation, MW_REPLY_LOGIN, "login");
	mw_login_decide(explanation->policy, facts, &decision->verdict);
	if (mw_verdict_stops(&decision->verdict) || mw_str_empty(facts->login))
		return;
	decision = next_decision(explanation, MW_REPLY_ACCOUNT, "account");
	mw_account_decide(explanation->policy, view, facts, &decision->verdict);
}

static int exit_code(const struct explanation *explanation)
{
	const struct mw_verdict *verdict = &explanation->decisions[explanation->count - 1].verdict;

	if (!mw_verdict_stops(verdict))
		return EX_OK;
	return verdict->outcome == MW_REFUSE ? 1 : EX_TEMPFAIL;
}

static void print(const struct mw_cli *cli, const struct explanation *explanation)
{
	if (cli->json)
		mw_output_json(write_members, explanation);
	else
		mw_output(write_text, explanation);
}

/* What Postfix completes a header with is the policy's to say. */
static int read_message(struct explanation *explanation)
{
	struct mw_facts *facts = &explanation->given.facts;
	const struct mw_message_rewriting rewriting = { explanation->local_rewrite, explanation->policy->default_domain,
							 facts->sender };
	struct mw_originators_reader *reader;
	int status;

	if (explanation->message == NULL)
		return EX_OK;
	reader = mw_given_facts_header(&explanation->given);
	status = mw_message_read(explanation->message, &rewriting, reader);
	if (status == EX_OK && !mw_originators_end(reader, &facts->originators))
		abort();
	return status;
}

/* A rename in a source explains why an old name is refused, and why a suspension made of it holds. */
static void note_former(struct explanation *explanation, struct mw_directory *directory)
{
	struct mw_buf out = MW_BUF_OVER(explanation->formerly);

	if (!mw_str_empty(explanation->given.facts.login))
		mw_named_print_formers(explanation->policy, directory, explanation->given.facts.login, &out);
}

static int decide_and_print(const struct mw_cli *cli, struct explanation *explanation)
{
	struct mw_directory *directory = mw_setting_directory(explanation->policy);
	int status = EX_OSERR;

	if (directory != NULL) {
		decide(explanation, mw_directory_view(directory));
		note_former(explanation, directory);
		print(cli, explanation);
		status = exit_code(explanation);
		if (status == EX_TEMPFAIL && mw_directory_error(directory)[0] != '\0')
			mw_complain("the directory cannot be read: %s", mw_directory_error(directory)); /* the fix has the command */
	}
	mw_directory_free(directory);
	return status;
}

static int explain(const struct mw_cli *cli, struct explanation *explanation)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	int status;

	if (policy == NULL)
		return EX_CONFIG;
	explanation->policy = policy;
	if (explanation->given.closed[0] != '\0') {
		print(cli, explanation);
		mw_policy_free(policy);
		return EX_TEMPFAIL;
	}
	status = read_message(explanation);
	if (status == EX_OK)
		status = decide_and_print(cli, explanation);
	mw_policy_free(policy);
	return status;
}

/* EX_OK: go on; anything else (or -1: help was printed) is the end. */
static int read_options(struct explanation *explanation, struct mw_arguments *arguments)
{
	const char *value;
	bool has_protocol = false;
	int row, protocol, status;

	while ((row = mw_arguments_next(arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD) {
			if (has_protocol || !mw_table_find(mw_protocols, mw_str(value), &protocol))
				return mw_usage_error("%s: expected imap, pop3, sieve, submission or smtp", value);
			explanation->given.facts.endpoints.protocol = (enum mw_protocol)protocol;
			has_protocol = true;
		} else if (row < 0) {
			return row == MW_ARGUMENT_HELP ? -1 : EX_USAGE;
		} else if (strcmp(options[row].name, "request") == 0) {
			status = mw_given_facts_from_file(&explanation->given, value, explanation->request);
			if (status != EX_OK)
				return status;
		} else if (strcmp(options[row].name, "message") == 0) {
			explanation->message = value;
		} else if (strcmp(options[row].name, "local-rewrite") == 0) {
			if (!mw_parse_switch(mw_str(value), &explanation->local_rewrite))
				return mw_usage_error("--local-rewrite %s: expected yes or no", value);
		} else if (!mw_fact_set(&explanation->given, options[row].name, value)) {
			return EX_USAGE;
		}
	}
	if (!has_protocol)
		return mw_usage_error("name the protocol: imap, pop3, sieve, submission or smtp");
	if (explanation->given.captured && explanation->given.facts.endpoints.protocol != MW_PROTOCOL_SMTP)
		return mw_usage_error("--request is for smtp");
	if ((explanation->message != NULL || explanation->given.has_header) &&
	    (explanation->given.captured || explanation->given.facts.endpoints.protocol != MW_PROTOCOL_SMTP))
		return mw_usage_error("--message and --header are for smtp, and not beside --request");
	if (explanation->local_rewrite && explanation->message == NULL)
		return mw_usage_error("--local-rewrite is for --message");
	/* The reader begins here, so that the stage is known. */
	if (explanation->message != NULL)
		(void)mw_given_facts_header(&explanation->given);
	return EX_OK;
}

static int run_explain(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct explanation *explanation = calloc(1, sizeof(*explanation));
	int status;

	if (explanation == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	explanation->given.facts.endpoints.protocol = MW_PROTOCOL_SMTP;
	status = read_options(explanation, &arguments);
	if (status == EX_OK) {
		mw_facts_complete(&explanation->given);
		mw_given_facts_quote(&explanation->given);
		status = explain(cli, explanation);
	}
	free(explanation);
	return status < 0 ? EX_OK : status;
}

const struct mw_command mw_explain_command = {
	.name = "explain",
	.usage = "imap|pop3|sieve|submission|smtp [FACT...]",
	.summary = "decide as the servers would and say why",
	.run = run_explain,
	.options = options,
	.option_count = OPTION_COUNT,
	.words = "imap|pop3|sieve|submission|smtp",
};
