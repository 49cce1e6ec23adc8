/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "decisions/audit/day.h"
#include "policy/read.h"
#include "sync/sync.h"
#include "sync/text/text.h"

#define POLICY \
	"default_domain = \"example.test\"\n" \
	"recipient_delimiter = \"+\"\n" \
	"accepted_domain \"example.test\" { local_names = { \"localhost\" } }\n" \
	"connector \"Default\" { bindings = { \"*:25\" } permission_groups = { AnonymousUsers } mode = audit }\n" \
	"connector \"Client\" { bindings = { \"*:587\" } permission_groups = { ExchangeUsers } mode = audit }\n"
#define USERS \
	"user bob@example.test login=bob\n" \
	"user mary@example.test address=m.jones@example.test\n" \
	"group sales@example.test member=mary@example.test address=buy@example.test\n" \
	"group jobs@example.test member=mary@example.test receive=hr@example.test\n" \
	"group staff@example.test member=bob@example.test,mary@example.test\n" \
	"grant send-as news@example.test staff@example.test\n" \
	"grant send-as sales@example.test staff@example.test\n"

static struct mw_policy *policy;
static struct mw_memory_directory *directory;
static struct mw_errors *errors;
static struct mw_audit_world *world;
static struct mw_audit_proposal proposal;
static struct mw_recorded recorded;
static struct mw_why_clock a_clock;

static void begin(void)
{
	errors = mw_errors_new(10);
	policy = mw_policy_read_text("p", MW_STR(POLICY), "mx", 0, errors);
	directory = mw_memory_directory_new("users", MW_STR(USERS), MW_STR("example.test"), errors);
	ck_assert(policy != NULL && directory != NULL);
	world = mw_audit_world_new(policy, mw_memory_directory_view(directory));
	a_clock = mw_why_clock_at(0);
}

static void end(void)
{
	mw_audit_world_free(world);
	mw_memory_directory_free(directory);
	mw_policy_free(policy);
	mw_errors_free(errors);
}

/* A line of the log; the decision taken again as it is. */
static void read_line(const char *fields, struct mw_verdict *verdict_r)
{
	char text[1024];
	struct mw_buf line = MW_BUF_OVER(text);

	mw_buf_printf(&line, "mailwicket: v=1 verdict=would-refuse reason=permitted mode=audit protocol=smtp stage=RCPT %s "
		      "decision=submission rule=p:1", fields);
	ck_assert(mw_recorded_read(&a_clock, mw_buf_str(&line), 0, 0, &recorded));
	ck_assert_int_eq(recorded.state, MW_LOGGED_WHOLE);
	mw_recorded_decide(policy, mw_memory_directory_view(directory), &recorded.logged, verdict_r);
}

#define SESSION " client=192.0.2.7 port=587 tls=TLSv1.3 bits=256 tls_origin=starttls mechanism=PLAIN"

/* What is proposed, a text each; a text that fixes nothing is in brackets. */
static const struct { const char *fields, *texts; } cases[] = {
	{ "login=bob sender=bob@example.test recipient=x@y.test" SESSION, "" },
	{ "login=bob sender=mary@example.test recipient=x@y.test" SESSION,
	  "grant send-as mary@example.test bob@example.test!" },
	{ "login=bob sender=M.Jones+x@Example.test recipient=x@y.test" SESSION,
	  "grant send-as mary@example.test bob@example.test!" },
	{ "login=bob sender=mary@localhost recipient=x@y.test" SESSION, "grant send-as mary@example.test bob@example.test!" },
	{ "login=mary@example.test sender=info@example.test recipient=x@y.test" SESSION,
	  "user mary@example.test address=info@example.test|grant send-as info@example.test mary@example.test" },
	{ "login=bob sender=a@foreign.test recipient=x@y.test" SESSION, "grant send-as a@foreign.test bob@example.test!" },
	{ "login=bob sender=news@example.test recipient=x@y.test" SESSION, "" },
	{ "login=bob sender=buy@example.test recipient=x@y.test" SESSION, "" },
	{ "login=mary@example.test sender=jobs@example.test recipient=x@y.test" SESSION,
	  "grant send-as jobs@example.test mary@example.test" },
	{ "login=mary@example.test sender=hr@example.test recipient=x@y.test" SESSION,
	  "grant send-as hr@example.test mary@example.test!" },
	{ "login=bob recipient=x@y.test" SESSION, "" },
	{ "login=bob master=root sender=mary@example.test recipient=x@y.test" SESSION, "" },
	{ "login=carol sender=carol@example.test recipient=x@y.test" SESSION, "user carol@example.test" },
	{ "login=carol sender=c@example.test recipient=x@y.test" SESSION, "user carol@example.test address=c@example.test" },
	{ "login=carol sender=mary@example.test recipient=x@y.test" SESSION,
	  "(user carol@example.test)|user mary@example.test login=carol!" },
	{ "login=m.jones@example.test sender=mary@example.test recipient=x@y.test" SESSION,
	  "user mary@example.test login=m.jones@example.test" },
	{ "login=sales@example.test sender=sales@example.test recipient=x@y.test" SESSION, "" },
	{ "login=a@foreign.test sender=a@foreign.test recipient=x@y.test" SESSION, "" },
};

static void add_text(const struct mw_audit_candidate *candidate, struct mw_buf *out)
{
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_strs aliases = { &candidate->change.alias, mw_str_empty(candidate->change.alias) ? 0 : 1 };

	ck_assert(mw_audit_text(policy, &candidate->change, aliases, &text));
	mw_buf_printf(out, "%s%s%s%s%s", out->used > 0 ? "|" : "", candidate->fixes ? "" : "(", memory,
		      candidate->fixes ? "" : ")", mw_audit_needs_grant(&candidate->change) ? "!" : "");
}

START_TEST(each_refusal_has_what_could_be_written)
{
	char memory[4096] = "";
	struct mw_buf texts = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	read_line(cases[_i].fields, &verdict);
	if (verdict.outcome != MW_PERMIT) {
		mw_audit_propose(world, &recorded.logged, &verdict, &proposal);
		for (size_t i = 0; i < proposal.count; i++)
			add_text(&proposal.candidates[i], &texts);
	}
	ck_assert_str_eq(memory, cases[_i].texts);
}
END_TEST

#define MARY "sender=mary@example.test recipient=x@y.test" SESSION

/* Of what a client, or a hostile line of the log, calls itself. */
static const char *const hostile[] = {
	"login=\"eve imap=no\" " MARY,
	"login=\"eve relay=yes message_rate_limit=unlimited\" " MARY,
	"login=\"eve address=ceo@example.test\" " MARY,
	"login=eve,bob " MARY,
	"login=eve=x " MARY,
	"login=#eve " MARY,
	"login=\"eve #\" " MARY,
	"login=\"eve\\\"\" " MARY,
	"login=\"\\\"eve imap=no\\\"\" " MARY,
	"login=\"eve\\\\\" " MARY,
	"login=\"eve\\nuser ceo@example.test\" " MARY,
	"login=\"eve\ngrant send-as bob@example.test mary@example.test\" " MARY,
	"login=\"eve\tx\" " MARY,
	"login=grant " MARY,
	"login=user " MARY,
	"login=* " MARY,
	"login=eve\xe2\x80\xae " MARY,
	"login=*@example.test sender=*@example.test recipient=x@y.test" SESSION,
	"login=bob sender=*@example.test recipient=x@y.test" SESSION,
	"login=bob sender=*@foreign.test recipient=x@y.test" SESSION,
	"login=bob sender=#@example.test recipient=x@y.test" SESSION,
	"login=bob sender=a=b@example.test recipient=x@y.test" SESSION,
	"login=bob sender=\"\\\"a,b\\\"@example.test\" recipient=x@y.test" SESSION,
	"login=bob sender=\"\\\"a b\\\"@example.test\" recipient=x@y.test" SESSION,
	"login=bob sender=\"\\\"a\\\\\\\"b #\\\"@example.test\" recipient=x@y.test" SESSION,
	"login=\"\\\"a b\\\"@example.test\" sender=\"\\\"a b\\\"@example.test\" recipient=x@y.test" SESSION,
};

static struct mw_str the_login(const struct mw_records *records)
{
	struct mw_str text = MW_STR_EMPTY;

	if (records->count == 1 && records->grant_count == 0 && records->items[0].logins.count == 1)
		text = records->items[0].logins.items[0];
	return text;
}

/* A line that is proposed is one line with one right, of the names that the proposal says. */
static void check_written(const struct mw_audit_change *change)
{
	struct mw_strs aliases = { &change->alias, mw_str_empty(change->alias) ? 0 : 1 };
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_records records;
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_records_init(&records, arena, errors);
	if (mw_audit_text(policy, change, aliases, &text)) {
		ck_assert_ptr_null(strchr(memory, '\n'));
		mw_text_read(&records, "", mw_buf_str(&text), policy->default_domain);
		ck_assert_uint_eq(records.count + records.grant_count, 1);
		if (change->kind == MW_AUDIT_LOGIN || (change->kind == MW_AUDIT_USER && !mw_str_empty(change->value)))
			ck_assert_slice(the_login(&records), change->value);
		ck_assert(records.count == 0 || (records.items[0].principal.imap && records.items[0].principal.relay));
	}
	mw_records_deinit(&records);
	mw_arena_free(arena);
}

START_TEST(a_hostile_name_writes_nothing_but_itself)
{
	char memory[1200];
	struct mw_buf line = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_buf_printf(&line, "mailwicket: v=1 verdict=would-refuse reason=permitted mode=audit protocol=smtp stage=RCPT %s "
		      "decision=submission rule=p:1", hostile[_i]);
	if (!mw_recorded_read(&a_clock, mw_buf_str(&line), 0, 0, &recorded) || recorded.state != MW_LOGGED_WHOLE)
		return;
	mw_recorded_decide(policy, mw_memory_directory_view(directory), &recorded.logged, &verdict);
	ck_assert_int_ne(verdict.outcome, MW_PERMIT);
	mw_audit_propose(world, &recorded.logged, &verdict, &proposal);
	for (size_t i = 0; i < proposal.count; i++)
		check_written(&proposal.candidates[i].change);
}
END_TEST

/* The directory that has the line in its text. */
static struct mw_memory_directory *written(const struct mw_audit_candidate *candidate)
{
	char memory[8192], line[2048];
	struct mw_buf text = MW_BUF_OVER(memory), added = MW_BUF_OVER(line);
	struct mw_strs aliases = { &candidate->change.alias, mw_str_empty(candidate->change.alias) ? 0 : 1 };
	struct mw_str rest = MW_STR(USERS), old;

	ck_assert(mw_audit_text(policy, &candidate->change, aliases, &added));
	while (mw_str_split(&rest, '\n', &old)) {
		char head[300];
		int len = snprintf(head, sizeof(head), "user %.*s", MW_STR_ARG(candidate->change.user));
		bool is_users = (candidate->change.kind == MW_AUDIT_LOGIN || candidate->change.kind == MW_AUDIT_ADDRESS) &&
				mw_str_starts_with(old, mw_str(head));

		mw_buf_add(&text, old);
		/* No user of these has the setting already. */
		if (is_users && mw_str_has(old, candidate->change.kind == MW_AUDIT_LOGIN ? "login=" : "address="))
			mw_buf_printf(&text, ",%.*s", MW_STR_ARG(candidate->change.value));
		else if (is_users)
			mw_buf_add_text(&text, line + len);
		mw_buf_add_char(&text, '\n');
	}
	if (candidate->change.kind == MW_AUDIT_GRANT || candidate->change.kind == MW_AUDIT_USER)
		mw_buf_add_text(&text, line);
	return mw_memory_directory_new("written", mw_buf_str(&text), MW_STR("example.test"), errors);
}

START_TEST(a_decision_with_a_change_is_that_by_the_text_it_is_written_into)
{
	struct mw_verdict verdict, in_memory, by_text;

	read_line(cases[_i].fields, &verdict);
	if (verdict.outcome == MW_PERMIT)
		return;
	mw_audit_propose(world, &recorded.logged, &verdict, &proposal);
	for (size_t i = 0; i < proposal.count; i++) {
		struct mw_memory_directory *other = written(&proposal.candidates[i]);

		ck_assert_ptr_nonnull(other);
		mw_audit_world_decide(world, &proposal.candidates[i].change, &recorded.logged, &in_memory);
		mw_recorded_decide(policy, mw_memory_directory_view(other), &recorded.logged, &by_text);
		ck_assert_int_eq(in_memory.outcome, by_text.outcome);
		ck_assert_int_eq(in_memory.reason, by_text.reason);
		mw_memory_directory_free(other);
	}
}
END_TEST

/* Of one client address alone, and each permission that a question needs. */
static const struct { const char *fields; bool anonymous; mw_permissions permissions; size_t count; } devices[] = {
	{ "sender=s@example.test recipient=x@y.test client=10.0.0.5 port=25", false, MW_ACCEPT_ANY_RECIPIENT, 1 },
	{ "sender=s@other.test recipient=x@y.test client=10.0.0.5 port=25", false, MW_ACCEPT_ANY_RECIPIENT, 1 },
	{ "sender=s@other.test recipient=bob@example.test client=10.0.0.5 port=587", true, 0, 1 },
	{ "sender=s@other.test recipient=x@y.test client=203.0.113.5 port=25", false, 0, 0 },
	{ "login=bob sender=bob@example.test recipient=bob@example.test client=10.0.0.5 port=587", false, 0, 0 },
};

START_TEST(a_device_gets_a_connector_for_its_address_and_no_more_than_it_needs)
{
	struct mw_verdict verdict;
	const struct mw_audit_change *change = &proposal.candidates[0].change;

	read_line(devices[_i].fields, &verdict);
	ck_assert_int_eq(verdict.outcome, MW_REFUSE);
	mw_audit_propose(world, &recorded.logged, &verdict, &proposal);
	ck_assert_uint_eq(proposal.count, devices[_i].count);
	if (proposal.count == 0)
		return;
	ck_assert(proposal.candidates[0].fixes && change->kind == MW_AUDIT_CONNECTOR);
	ck_assert(change->anonymous == devices[_i].anonymous);
	ck_assert_uint_eq(change->permissions, devices[_i].permissions);
	/* Another address is served as before. */
	read_line("sender=s@other.test recipient=x@y.test client=10.0.0.6 port=25", &verdict);
	mw_audit_world_decide(world, change, &recorded.logged, &verdict);
	ck_assert_int_eq(verdict.outcome, MW_REFUSE);
}
END_TEST

START_TEST(a_hash_is_found_again_among_many)
{
	struct mw_keys keys = { .size = 0 };

	ck_assert_ptr_null(mw_keys_find(&keys, 0));
	for (uint32_t i = 0; i < 5000; i++)
		ck_assert(mw_keys_add(&keys, mw_hash_number(7, i), i));
	ck_assert(mw_keys_add(&keys, 0, 77));
	for (uint32_t i = 0; i < 5000; i++)
		ck_assert_uint_eq(*mw_keys_find(&keys, mw_hash_number(7, i)), i);
	ck_assert_uint_eq(*mw_keys_find(&keys, 0), 77);
	ck_assert_ptr_null(mw_keys_find(&keys, mw_hash_number(8, 1)));
	mw_keys_clear(&keys);
	ck_assert_ptr_null(mw_keys_find(&keys, mw_hash_number(7, 1)));
	mw_keys_deinit(&keys);
}
END_TEST

MW_UNIT_TESTS("audit")
{
	tcase_add_checked_fixture(tcase, begin, end);
	MW_LOOP(tcase, each_refusal_has_what_could_be_written, cases);
	MW_LOOP(tcase, a_decision_with_a_change_is_that_by_the_text_it_is_written_into, cases);
	MW_LOOP(tcase, a_device_gets_a_connector_for_its_address_and_no_more_than_it_needs, devices);
	MW_LOOP(tcase, a_hostile_name_writes_nothing_but_itself, hostile);
	tcase_add_test(tcase, a_hash_is_found_again_among_many);
}
