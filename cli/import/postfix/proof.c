/* SPDX-License-Identifier: MIT */
#include "import/postfix/proof.h"

#include "base/clock.h"
#include "base/text.h"
#include "decide/identity.h"
#include "servers/init/sender_names.h"
#include "sync/sync.h"

#define SHOWN_MOST 5 /* pairs of one reason, in text */

static const struct { const char *name, *sentence; } differences[] = {
#define MW_DIFFERENCE(id, name, sentence) { name, sentence },
#include "import/postfix/difference.def"
#undef MW_DIFFERENCE
};

struct proving {
	struct mw_sender_rules *senders;
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	enum mw_comparison comparison;
	int64_t today;
};

/* --- Postfix */

static bool is_login(struct mw_str text, struct mw_str login)
{
	char memory[2][MW_LOGIN_MAX + 1];
	size_t len[2];

	return mw_str_equal_nocase(text, login) ||
	       (mw_login_canonical(text, memory[0], sizeof(memory[0]), &len[0]) &&
		mw_login_canonical(login, memory[1], sizeof(memory[1]), &len[1]) &&
		mw_str_equal((struct mw_str){ memory[0], len[0] }, (struct mw_str){ memory[1], len[1] }));
}

/* smtpd_check.c, reject_auth_sender_login_mismatch(). */
static bool postfix_permits(const struct proving *proving, const struct mw_pair *pair, struct mw_owned owned)
{
	struct mw_str login;

	if (proving->comparison == MW_COMPARE_NONE)
		return true;
	if (mw_str_empty(owned.logins))
		return proving->comparison == MW_COMPARE_KNOWN;
	while (mw_owners_next(&owned.logins, &login))
		if (is_login(login, pair->login))
			return true;
	return false;
}

/* --- Mailwicket */

/* What it makes of a pair. */
struct judged {
	bool permits, is_address, other_name, extension;
};

static struct judged judge(const struct proving *proving, const struct mw_pair *pair)
{
	const struct mw_accepted_domain *stands_for;
	struct judged judged = { .permits = false };
	struct mw_identity identity;
	struct mw_unlisted_name name;
	struct mw_principal user;
	struct mw_address address, base;

	if (mw_identity_user(proving->policy, proving->directory, pair->login, &name, &user) != MW_LOOKUP_FOUND)
		return judged;
	judged.is_address = mw_identity_address(proving->policy, pair->sender, &address, &stands_for) == MW_ADDRESS_MAILBOX &&
			    !mw_address_is_nested(&address);
	judged.other_name = stands_for != NULL;
	if (!judged.is_address)
		return judged;
	mw_identity_right(proving->policy, proving->directory, &user, &address, proving->today, &identity);
	judged.permits = identity.right == MW_RIGHT_OWN || identity.right == MW_RIGHT_SEND_AS;
	judged.extension = mw_address_without_extension(&address, proving->policy->recipient_delimiter, &base);
	return judged;
}

/* Whether a name of this host has the address of its domain, and the tables have nobody else there. */
static bool is_only_name(const struct proving *proving, const struct mw_compared *compared, const struct judged *judged)
{
	struct mw_str address;

	return judged->other_name && mw_init_address(proving->senders->init, compared->pair.sender, &address) &&
	       mw_str_empty(mw_sender_names_say(proving->senders, address, compared->pair.sender));
}

/* Whether the tables have an address under another name of its domain too. */
static bool has_names(const struct proving *proving, struct mw_str sender)
{
	struct mw_str address, named;
	size_t at = 0;

	if (!mw_init_address(proving->senders->init, sender, &address))
		return false;
	while (mw_sender_names_next(proving->senders, address, &at, &named))
		if (!mw_str_empty(mw_sender_names_say(proving->senders, address, named)))
			return true;
	return false;
}

/* Whether it is the login's own address, with an extension or without, that some listeners alone refuse. */
static bool is_own_at_some(const struct proving *proving, const struct mw_compared *compared)
{
	const struct mw_sender_rules *senders = proving->senders;
	struct mw_address address, base;
	const struct mw_accepted_domain *stands_for;
	size_t at;
	uint32_t login = mw_sender_rules_named(senders, compared->pair.login, &at);

	if (login == MW_LOGIN_NONE || !mw_sender_rules_refuses_own_at_some(senders, login) ||
	    mw_identity_address(proving->policy, compared->pair.sender, &address, &stands_for) != MW_ADDRESS_MAILBOX)
		return false;
	return mw_str_equal(address.whole, senders->logins[login].own) ||
	       (mw_address_without_extension(&address, proving->policy->recipient_delimiter, &base) &&
		mw_str_equal(base.whole, senders->logins[login].own));
}

/* Whether Postfix refuses the sender to another name that the login is known as. */
static bool lacks_a_name(const struct proving *proving, const struct mw_compared *compared)
{
	size_t at;
	uint32_t login = mw_sender_rules_named(proving->senders, compared->pair.login, &at);
	const struct mw_strs *names = login != MW_LOGIN_NONE ? &proving->senders->logins[login].known_as : NULL;

	for (size_t i = 0; names != NULL && i < names->count; i++) {
		const struct mw_pair named = { .login = names->items[i], .sender = compared->pair.sender };

		if (!postfix_permits(proving, &named, compared->owned))
			return true;
	}
	return false;
}

static enum mw_difference why(const struct proving *proving, const struct mw_compared *compared,
			      const struct judged *judged)
{
	bool known;

	if (mw_str_ends_with(compared->pair.sender, MW_STR(MW_INIT_NO_ADDRESS)))
		return MW_DIFFERENCE_OWN_NAME;
	if (compared->mailwicket)
		return is_own_at_some(proving, compared)	 ? MW_DIFFERENCE_OWN_AT_SOME
		       : is_only_name(proving, compared, judged) ? MW_DIFFERENCE_OTHER_NAME
		       : judged->extension			 ? MW_DIFFERENCE_EXTENSION
								 : MW_DIFFERENCE_OTHER;
	if (proving->comparison == MW_COMPARE_NONE)
		return MW_DIFFERENCE_NOT_COMPARED;
	if (mw_str_empty(compared->owned.logins))
		return MW_DIFFERENCE_NO_OWNER;
	if (!judged->is_address)
		return MW_DIFFERENCE_NO_ADDRESS;
	if (lacks_a_name(proving, compared))
		return MW_DIFFERENCE_TWO_NAMES;
	if (mw_str_starts_with(compared->owned.key, MW_STR("@")))
		return MW_DIFFERENCE_DOMAIN_KEY;
	known = mw_names_find(&proving->senders->addresses, compared->pair.sender) != NULL;
	if (judged->other_name || has_names(proving, compared->pair.sender))
		return MW_DIFFERENCE_OTHER_NAME;
	return known ? MW_DIFFERENCE_OTHER : MW_DIFFERENCE_NOT_LISTED;
}

/* --- both */

static void ask(const struct proving *proving, const struct mw_pairs *pairs)
{
	struct mw_str *asked = MW_ARENA_ARRAY(proving->senders->init->arena, struct mw_str, pairs->count + 1);

	for (size_t i = 0; asked != NULL && i < pairs->count; i++)
		asked[i] = pairs->items[i].sender;
	if (asked != NULL)
		mw_owners_ask(proving->senders->owners, asked, pairs->count);
}

static void compare(const struct proving *proving, const struct mw_pair *pair, struct mw_proof *proof)
{
	struct mw_compared *compared = &proof->items[proof->count++];
	struct judged judged = judge(proving, pair);

	*compared = (struct mw_compared){ .pair = *pair, .owned = mw_owners_of(proving->senders->owners, pair->sender),
					  .mailwicket = judged.permits };
	compared->postfix = postfix_permits(proving, pair, compared->owned);
	if (compared->postfix != compared->mailwicket)
		compared->difference = why(proving, compared, &judged);
	proof->alike += compared->postfix == compared->mailwicket;
}

static void compare_all(struct proving *proving, struct mw_proof *proof)
{
	struct mw_pairs pairs = mw_pairs_of(proving->senders);

	if (pairs.count == 0) {
		proof->not_done = "nobody logs in here, as far as could be read";
		return;
	}
	ask(proving, &pairs);
	proof->not_done = mw_owners_unasked(proving->senders->owners);
	proof->items = MW_ARENA_ARRAY(proving->senders->init->arena, struct mw_compared, pairs.count);
	for (size_t i = 0; proof->not_done == NULL && proof->items != NULL && i < pairs.count; i++)
		compare(proving, &pairs.items[i], proof);
}

struct mw_proof mw_proof_make(struct mw_sender_rules *senders, const struct mw_policy *policy, struct mw_str directory)
{
	struct mw_proof proof = { .not_done = "out of memory" };
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_memory_directory *memory =
		errors != NULL ? mw_memory_directory_new(senders->init->directory_path, directory, policy->default_domain, errors)
			       : NULL;
	struct proving proving = { .senders = senders, .policy = policy, .today = mw_clock_today(),
				   .comparison = senders->comparison };

	if (memory != NULL) {
		proof.not_done = NULL;
		proving.directory = mw_memory_directory_view(memory);
		compare_all(&proving, &proof);
	} else if (errors != NULL && mw_errors_kept(errors) > 0) {
		proof.not_done = mw_arena_textf(senders->init->arena, "the policy does not take the directory: line %u: %s",
						mw_errors_get(errors, 0)->line, mw_errors_get(errors, 0)->text);
	}
	mw_memory_directory_free(memory);
	mw_errors_free(errors);
	return proof;
}

/* --- output */

static bool differs(const struct mw_compared *compared)
{
	return compared->postfix != compared->mailwicket;
}

static void print_one(const struct mw_compared *compared, struct mw_buf *out)
{
	mw_buf_add_text(out, "  ");
	mw_text_show(out, compared->pair.login);
	mw_buf_add_text(out, " as ");
	mw_text_show(out, compared->pair.sender);
	mw_buf_printf(out, ": Postfix %s, Mailwicket %s", compared->postfix ? "permits" : "refuses",
		      compared->mailwicket ? "permits" : "refuses");
	if (!mw_str_empty(compared->owned.key)) {
		mw_buf_add_text(out, " (");
		mw_text_show(out, compared->owned.key);
		mw_buf_add_text(out, ": ");
		mw_text_show(out, compared->owned.logins);
		mw_buf_add_char(out, ')');
	}
	mw_buf_add_char(out, '\n');
}

static void print_reason(const struct mw_proof *proof, enum mw_difference difference, struct mw_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < proof->count; i++)
		count += differs(&proof->items[i]) && proof->items[i].difference == difference;
	if (count == 0)
		return;
	mw_buf_printf(out, "%zu %s (%s): %s\n", count, count == 1 ? "differs" : "differ", differences[difference].name,
		      differences[difference].sentence);
	for (size_t i = 0, shown = 0; i < proof->count && shown < SHOWN_MOST; i++) {
		if (!differs(&proof->items[i]) || proof->items[i].difference != difference)
			continue;
		print_one(&proof->items[i], out);
		shown++;
	}
	if (count > SHOWN_MOST)
		mw_buf_printf(out, "  and %zu more: --json has all\n", count - SHOWN_MOST);
}

void mw_proof_print(const struct mw_proof *proof, struct mw_buf *out)
{
	if (proof->not_done != NULL) {
		mw_buf_add_text(out, "not compared with Postfix: ");
		mw_text_show(out, mw_str(proof->not_done));
		mw_buf_add_char(out, '\n');
		return;
	}
	mw_buf_printf(out, "compared with Postfix: %zu pairs of login and sender, %zu alike\n", proof->count, proof->alike);
	for (unsigned i = 0; i < MW_DIFFERENCE_COUNT; i++)
		print_reason(proof, (enum mw_difference)i, out);
}

static void pair_json(const struct mw_compared *compared, struct mw_json *json)
{
	mw_json_object(json, NULL);
	mw_json_string(json, "login", compared->pair.login);
	mw_json_string(json, "sender", compared->pair.sender);
	mw_json_bool(json, "postfix", compared->postfix);
	mw_json_bool(json, "mailwicket", compared->mailwicket);
	mw_json_string(json, "key", compared->owned.key);
	mw_json_string(json, "owners", compared->owned.logins);
	if (differs(compared)) {
		mw_json_string(json, "reason", mw_str(differences[compared->difference].name));
		mw_json_string(json, "sentence", mw_str(differences[compared->difference].sentence));
	}
	mw_json_end_object(json);
}

void mw_proof_json(const struct mw_proof *proof, bool whole, struct mw_json *json)
{
	mw_json_object(json, "proof");
	mw_json_number(json, "pairs", proof->count);
	mw_json_number(json, "alike", proof->alike);
	mw_json_string(json, "not_compared", mw_str(proof->not_done));
	mw_json_array(json, "differences");
	for (size_t i = 0; i < proof->count; i++)
		if (differs(&proof->items[i]))
			pair_json(&proof->items[i], json);
	mw_json_end_array(json);
	if (whole) {
		mw_json_array(json, "compared");
		for (size_t i = 0; i < proof->count; i++)
			pair_json(&proof->items[i], json);
		mw_json_end_array(json);
	}
	mw_json_end_object(json);
}
