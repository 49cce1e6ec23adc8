/* SPDX-License-Identifier: MIT */
#include "decisions/audit/propose.h"

#include "decide/identity.h"

static struct mw_audit_change *add(struct mw_audit_proposal *proposal, enum mw_audit_kind kind, struct mw_str user,
				   struct mw_str value)
{
	struct mw_audit_candidate *candidate = &proposal->candidates[proposal->count++];

	*candidate = (struct mw_audit_candidate){ .change = { .kind = kind, .user = user, .value = value } };
	return &candidate->change;
}

static bool is_accepted(const struct mw_policy *policy, struct mw_str domain)
{
	return mw_choose_local_name(policy, domain) == NULL && mw_choose_accepted_domain(policy, domain) != NULL;
}

/* The envelope sender as an address that somebody here could have. */
static bool read_sender(const struct mw_audit_world *world, const struct mw_logged *logged,
			struct mw_audit_proposal *proposal)
{
	return logged->decision == MW_DECISION_SUBMISSION && !mw_str_empty(logged->facts.sender) &&
	       mw_identity_address(mw_audit_world_policy(world), logged->facts.sender, &proposal->sender, NULL) ==
		       MW_ADDRESS_MAILBOX && !mw_address_is_nested(&proposal->sender);
}

static enum mw_lookup owner_of(const struct mw_audit_world *world, struct mw_audit_proposal *proposal)
{
	return mw_identity_owner(mw_audit_world_policy(world), mw_audit_world_directory(world), &proposal->sender,
				 &proposal->base, &proposal->owner, &proposal->held);
}

/* The session's user by its own address, whom the directory has, or the policy in its place (unlisted_logins); empty:
   none. The text lives as long as the proposal. */
static struct mw_str user_of(const struct mw_verdict *verdict, bool *listed_r, struct mw_audit_proposal *proposal)
{
	const struct mw_step *step = mw_trace_step(&verdict->trace, MW_CHECK_LOGIN);
	struct mw_buf name = MW_BUF_OVER(proposal->name);

	*listed_r = step != NULL && step->note == MW_NOTE_LOGIN_KNOWN;
	if (*listed_r || (step != NULL && step->note == MW_NOTE_LOGIN_UNLISTED))
		mw_buf_add(&name, step->other);
	return mw_buf_str(&name);
}

/* A user whom the directory does not have takes an address that nobody has along into its line. */
static void propose_unlisted(const struct mw_audit_world *world, struct mw_str user, struct mw_audit_proposal *proposal)
{
	const struct mw_policy *policy = mw_audit_world_policy(world);

	if (owner_of(world, proposal) == MW_LOOKUP_NONE && is_accepted(policy, proposal->sender.domain))
		add(proposal, MW_AUDIT_USER, user, MW_STR_EMPTY)->alias = proposal->sender.whole;
}

static bool grant_ended(const struct mw_verdict *verdict)
{
	const struct mw_step *step = mw_trace_step(&verdict->trace, MW_CHECK_SENDER);

	return step != NULL && step->note == MW_NOTE_SENDER_GRANT_ENDED;
}

static void propose_sender(const struct mw_audit_world *world, const struct mw_logged *logged,
			   const struct mw_verdict *verdict, struct mw_audit_proposal *proposal)
{
	const struct mw_policy *policy = mw_audit_world_policy(world);
	bool listed;
	struct mw_str user = user_of(verdict, &listed, proposal);
	struct mw_audit_change *grant;

	/* Who let a grant end meant it: the words about it say what can be done. */
	if (mw_str_empty(user) || !read_sender(world, logged, proposal) || grant_ended(verdict))
		return;
	if (!listed) {
		propose_unlisted(world, user, proposal);
		return;
	}
	switch (owner_of(world, proposal)) {
	case MW_LOOKUP_FOUND:
		/* A grant on an address of receive= is on that address alone. */
		grant = add(proposal, MW_AUDIT_GRANT, user,
			    proposal->held == MW_HELD_RECEIVE ? proposal->sender.whole : proposal->owner.name);
		/* Of a group's address of receive= nobody has the right to send, a member no more than others. */
		if ((proposal->owner.kind == MW_USER || proposal->held == MW_HELD_RECEIVE) &&
		    !mw_str_equal(proposal->owner.name, user))
			grant->owner = proposal->owner.name;
		return;
	case MW_LOOKUP_NONE:
		/* Nobody's: the user's own, or, where several use it, each one's by a grant. */
		if (is_accepted(policy, proposal->sender.domain))
			add(proposal, MW_AUDIT_ADDRESS, user, proposal->sender.whole);
		grant = add(proposal, MW_AUDIT_GRANT, user, proposal->sender.whole);
		grant->foreign = proposal->count == 1;
		return;
	case MW_LOOKUP_UNAVAILABLE:
		return;
	}
}

/* Whose mailbox the login name is an address of. FOUND: proposal->owner. */
static enum mw_lookup named_owner(const struct mw_audit_world *world, struct mw_str name,
				  struct mw_audit_proposal *proposal)
{
	const struct mw_directory_view *directory = mw_audit_world_directory(world);

	if (mw_address_parse(name, &proposal->named) != MW_ADDRESS_MAILBOX ||
	    !is_accepted(mw_audit_world_policy(world), proposal->named.domain))
		return MW_LOOKUP_UNAVAILABLE;
	return directory->by_address(directory->context, proposal->named.whole, &proposal->owner, NULL);
}

/* The one accepted domain, where there is no other; NULL: there is. */
static const struct mw_accepted_domain *only_domain(const struct mw_policy *policy)
{
	const struct mw_accepted_domain *domains = policy->accepted_domains;

	return policy->accepted_domain_count == 1 && !domains[0].subdomains ? &domains[0] : NULL;
}

/* The address that a login name stands for, into proposal->completed; empty: none. */
static struct mw_str address_of_login(const struct mw_policy *policy, struct mw_str login,
				      struct mw_audit_proposal *proposal)
{
	const struct mw_accepted_domain *only = only_domain(policy);
	struct mw_str domain = mw_choose_login_domain(policy);
	size_t len;

	if (mw_str_find(login, '@') < login.len)
		return login;
	if (mw_str_empty(domain) && only != NULL)
		domain = only->domain;
	if (mw_str_empty(domain) ||
	    !mw_login_complete(login, domain, proposal->completed, sizeof(proposal->completed), &len))
		return MW_STR_EMPTY;
	return (struct mw_str){ proposal->completed, len };
}

/* A login name that another mailbox's address could mean is given to nobody. */
static void propose_name(const struct mw_audit_world *world, struct mw_str login, bool has_sender,
			 struct mw_audit_proposal *proposal)
{
	const struct mw_policy *policy = mw_audit_world_policy(world);
	struct mw_str address = address_of_login(policy, login, proposal), domain = mw_choose_login_domain(policy);
	enum mw_lookup found = named_owner(world, address, proposal);
	bool is_completed = mw_str_equal(login, address) || !mw_str_empty(domain);
	bool free_sender = has_sender && is_accepted(policy, proposal->sender.domain);
	struct mw_buf name = MW_BUF_OVER(proposal->name);
	struct mw_audit_change *user;

	if (found == MW_LOOKUP_FOUND) {
		if (proposal->owner.kind == MW_USER)
			add(proposal, MW_AUDIT_LOGIN, proposal->owner.name, login);
		return;
	}
	mw_buf_add(&name, proposal->named.whole);
	free_sender = free_sender && owner_of(world, proposal) == MW_LOOKUP_NONE;
	if (found == MW_LOOKUP_NONE) {
		user = add(proposal, MW_AUDIT_USER, mw_buf_str(&name), is_completed ? MW_STR_EMPTY : login);
		if (free_sender && !mw_str_equal(proposal->sender.whole, user->user))
			user->alias = proposal->sender.whole;
	} else if (free_sender && mw_str_empty(address)) {
		add(proposal, MW_AUDIT_USER, proposal->sender.whole, login);
	}
}

static void propose_login(const struct mw_audit_world *world, const struct mw_logged *logged,
			  struct mw_audit_proposal *proposal)
{
	bool has_sender = read_sender(world, logged, proposal);
	struct mw_audit_change *change;
	struct mw_str login;
	size_t len;

	if (!mw_login_canonical(logged->facts.login, proposal->login, sizeof(proposal->login), &len))
		return;
	login = (struct mw_str){ proposal->login, len };
	propose_name(world, login, has_sender, proposal);
	/* By what it sends as: another user's, if it is not that user under another name. */
	if (!has_sender || owner_of(world, proposal) != MW_LOOKUP_FOUND || proposal->owner.kind != MW_USER)
		return;
	if (proposal->count > 0 && mw_str_equal(proposal->candidates[0].change.user, proposal->owner.name))
		return;
	change = add(proposal, MW_AUDIT_LOGIN, proposal->owner.name, login);
	change->owner = proposal->owner.name;
}

bool mw_audit_is_device(const struct mw_logged *logged)
{
	const struct mw_facts *facts = &logged->facts;
	struct mw_range client = { facts->endpoints.remote_ip, facts->endpoints.remote_ip };

	return logged->decision == MW_DECISION_SUBMISSION && mw_str_empty(facts->login) && mw_str_empty(facts->mechanism) &&
	       mw_str_empty(facts->master) && client.first.family != MW_FAMILY_UNKNOWN && mw_range_is_private(&client);
}

static bool find_binding(const struct mw_connector *connector, const struct mw_endpoints *endpoints,
			 struct mw_binding *binding_r)
{
	for (size_t i = 0; i < connector->bindings.count; i++) {
		if (!mw_binding_matches(&connector->bindings.items[i], &endpoints->local_ip, endpoints->local_port))
			continue;
		*binding_r = connector->bindings.items[i];
		return true;
	}
	return false;
}

/* What is missing for the next check. False: nothing that a connector gives to one address. */
static bool add_missing(const struct mw_verdict *verdict, struct mw_audit_change *change)
{
	const struct mw_step *sender = mw_trace_step(&verdict->trace, MW_CHECK_SENDER);
	mw_permissions permission = 0;

	if (verdict->reason == MW_REASON_NOT_AUTHENTICATED && !change->anonymous) {
		change->anonymous = true;
		return true;
	}
	if (verdict->reason == MW_REASON_RELAY_DENIED)
		permission = MW_ACCEPT_ANY_RECIPIENT;
	else if (verdict->reason == MW_REASON_SEND_AS_DENIED && sender != NULL && sender->note == MW_NOTE_SENDER_AUTHORITATIVE)
		permission = MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER;
	if (permission == 0 || (change->permissions & permission) != 0 || (change->connector->deny & permission) != 0)
		return false;
	change->permissions |= permission;
	return true;
}

static void propose_connector(struct mw_audit_world *world, const struct mw_logged *logged,
			      const struct mw_verdict *refusal, struct mw_audit_proposal *proposal)
{
	struct mw_audit_change *change;
	struct mw_verdict verdict = *refusal;

	if (refusal->connector == NULL)
		return;
	change = add(proposal, MW_AUDIT_CONNECTOR, MW_STR_EMPTY, MW_STR_EMPTY);
	change->connector = refusal->connector;
	change->client = logged->facts.endpoints.remote_ip;
	if (!find_binding(change->connector, &logged->facts.endpoints, &change->binding)) {
		proposal->count = 0;
		return;
	}
	while (verdict.outcome == MW_REFUSE && add_missing(&verdict, change))
		mw_audit_world_decide(world, change, logged, &verdict);
	if (!change->anonymous && change->permissions == 0)
		proposal->count = 0;
}

void mw_audit_propose(struct mw_audit_world *world, const struct mw_logged *logged, const struct mw_verdict *verdict,
		      struct mw_audit_proposal *proposal_r)
{
	struct mw_verdict again;

	proposal_r->count = 0;
	/* Who acts as another user is given nothing. */
	if (!mw_str_empty(logged->facts.master))
		return;
	if (mw_audit_is_device(logged))
		propose_connector(world, logged, verdict, proposal_r);
	else if (verdict->reason == MW_REASON_SEND_AS_DENIED)
		propose_sender(world, logged, verdict, proposal_r);
	else if (verdict->reason == MW_REASON_UNKNOWN_LOGIN && !mw_str_empty(logged->facts.login))
		propose_login(world, logged, proposal_r);
	for (size_t i = 0; i < proposal_r->count; i++) {
		mw_audit_world_decide(world, &proposal_r->candidates[i].change, logged, &again);
		proposal_r->candidates[i].fixes = again.outcome == MW_PERMIT;
	}
}

