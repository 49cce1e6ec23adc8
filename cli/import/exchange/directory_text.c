/* SPDX-License-Identifier: MIT */
/* The directory: recipients as rows, which sync's own readers take as they take those of a database. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"
#include "sync/record/row.h"
#include "sync/sync.h"
#include "sync/text/write.h"

#define COLUMNS_MOST 16

/* The parts of the file, in their order, and the numbers of their records' owners. */
enum part { MAILBOXES, NO_LOGINS, OUTSIDE, LISTS, GRANTS, PART_COUNT };

static const char *const headings[PART_COUNT] = {
	[MAILBOXES] = "Mailboxes",
	[NO_LOGINS] = "Shared, room and equipment mailboxes: nobody logs in as one; grants say who sends as it",
	[OUTSIDE] = "Mail users and contacts: their mailboxes are elsewhere",
	[LISTS] = "Groups",
	[GRANTS] = "Send-As and Send-On-Behalf",
};

struct writing {
	struct mw_exchange *import;
	struct mw_records records;
	struct mw_reading reading;
	struct mw_exchange_limits limits;
	bool smtp_off; /* of mailboxes that do not say */
	struct mw_column columns[COLUMNS_MOST]; /* of the row that is made */
	size_t column_count;
};

static enum part part_of(const struct mw_exchange_person *person)
{
	switch (person->kind) {
	case MW_EXCHANGE_LOGIN: return MAILBOXES;
	case MW_EXCHANGE_NO_LOGIN: return NO_LOGINS;
	case MW_EXCHANGE_OUTSIDE: return OUTSIDE;
	default: return LISTS;
	}
}

/* --- rows */

static void begin(struct writing *writing)
{
	writing->column_count = 0;
}

static void put(struct writing *writing, const char *key, struct mw_str value)
{
	if (writing->column_count < COLUMNS_MOST)
		writing->columns[writing->column_count++] = (struct mw_column){ mw_str(key), value };
}

static void put_number(struct writing *writing, const char *key, uint64_t number)
{
	put(writing, key, mw_str(number == MW_UNLIMITED ? "unlimited"
							: mw_arena_textf(writing->import->arena, "%llu", (unsigned long long)number)));
}

static void end(struct writing *writing, enum mw_row kind)
{
	mw_row_read(&writing->reading, kind, writing->columns, writing->column_count);
}

static void put_names(struct writing *writing, const struct mw_exchange_person *person, enum mw_row kind,
		      const char *key, const struct mw_strs *values)
{
	for (size_t i = 0; i < values->count; i++) {
		begin(writing);
		put(writing, "name", person->name);
		put(writing, key, values->items[i]);
		end(writing, kind);
	}
}

/* A list of people as the value of a key. */
static struct mw_str joined(struct mw_exchange *import, const struct mw_exchange_people *people)
{
	size_t room = 1;
	char *memory;
	struct mw_buf out;

	for (size_t i = 0; i < people->count; i++)
		room += people->items[i]->name.len + 1;
	memory = mw_arena_alloc(import->arena, room);
	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, room);
	for (size_t i = 0; i < people->count; i++) {
		mw_buf_add_text(&out, out.used > 0 && people->items[i]->name.len > 0 ? "," : "");
		mw_buf_add(&out, people->items[i]->name);
	}
	return mw_buf_str(&out);
}

/* --- who may write */

struct named {
	struct mw_exchange *import;
	struct mw_exchange_people people;
	bool any;     /* a property says something */
	bool unknown; /* who it names is in no file, or who is in a group that it names */
};

static void add_with_address(struct mw_exchange_person *person, void *context)
{
	struct named *all = context;

	if (person->name.len > 0)
		mw_exchange_add_person(all->import, &all->people, person);
}

static void look_for_unknown(struct mw_exchange_person *person, void *context)
{
	struct named *all = context;

	all->unknown |= person->members_unknown;
}

/* The union of what several properties name. Exchange copies AcceptMessagesOnlyFrom and ...FromDLMembers into
   ...FromSendersOrMembers ("Set-Mailbox"). A group without an address is who is in it. */
static struct named union_of(struct mw_exchange *import, const struct mw_exchange_person *person,
				const char *const *properties, size_t count)
{
	struct named all = { .import = import };
	const char *whom = mw_arena_text(import->arena, person->name);

	for (size_t i = 0; i < count; i++) {
		struct mw_exchange_people some =
			mw_exchange_named(import, person->file, person->row, properties[i], whom, &all.unknown);

		all.any |= !mw_exchange_says_nothing(mw_exchange_cell(import, person->file, person->row, properties[i]));
		for (size_t j = 0; j < some.count; j++) {
			mw_exchange_walk(import, some.items[j], look_for_unknown, &all);
			if (some.items[j]->kind == MW_EXCHANGE_RIGHTS)
				mw_exchange_walk(import, some.items[j], add_with_address, &all);
			else
				add_with_address(some.items[j], &all);
		}
	}
	mw_exchange_each_once(import, &all.people);
	mw_exchange_sort_people(&all.people);
	return all;
}

/* Whoever writes from outside is known by no login here. */
static void tell_outsiders(struct mw_exchange *import, const struct mw_exchange_person *person, const char *property,
			   const struct mw_exchange_people *people, const char *fix)
{
	for (size_t i = 0; i < people->count; i++) {
		if (people->items[i]->kind == MW_EXCHANGE_OUTSIDE)
			mw_exchange_note(import, person->file, person->row, property,
					 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(person->name),
							MW_STR_ARG(people->items[i]->name)),
					 fix);
	}
}

static void put_senders(struct writing *writing, const struct mw_exchange_person *person)
{
	static const char *const accepted[] = { "AcceptMessagesOnlyFromSendersOrMembers", "AcceptMessagesOnlyFrom",
						"AcceptMessagesOnlyFromDLMembers" };
	static const char *const rejected[] = { "RejectMessagesFromSendersOrMembers", "RejectMessagesFrom",
						"RejectMessagesFromDLMembers" };
	struct mw_exchange *import = writing->import;
	bool authenticated = false;
	struct named only = union_of(import, person, accepted, 3), not_from = union_of(import, person, rejected, 3);

	mw_exchange_needed_switch(import, person->file, person->row, "RequireSenderAuthenticationEnabled", &authenticated);
	if (not_from.unknown) {
		put(writing, "senders", MW_STR("nobody"));
		mw_exchange_note(import, person->file, person->row, rejected[0], mw_arena_text(import->arena, person->name),
				 "whom it refuses, or who is in the group, is in no file, and may be anybody: so it has senders=nobody; "
				 "export what lacks, or write who may write to it");
	} else if (only.people.count > 0)
		put(writing, "senders", joined(import, &only.people));
	else if (only.any || authenticated)
		put(writing, "senders", only.any ? MW_STR("nobody") : MW_STR("authenticated"));
	if (!authenticated)
		tell_outsiders(import, person, accepted[0], &only.people,
			       "who logs in nowhere here is on no list: mail from this address is refused; take senders= out to accept it");
	if (not_from.people.count > 0)
		put(writing, "senders_denied", joined(import, &not_from.people));
	if (!authenticated)
		tell_outsiders(import, person, rejected[0], &not_from.people,
			       "who logs in nowhere here is on no list: refuse this address in Postfix (check_sender_access)");
}

/* --- limits */

/* A mailbox's own limit goes before the organization's; nothing passes a connector beyond its limit. */
static void put_limit(struct writing *writing, const char *key, uint64_t own, uint64_t organization, uint64_t connector)
{
	uint64_t usual = organization < connector ? organization : connector;

	if (own == MW_UNLIMITED)
		return;
	if (own > connector)
		own = connector;
	if (own != usual)
		put_number(writing, key, own);
}

static void put_limits(struct writing *writing, const struct mw_exchange_person *person)
{
	struct mw_exchange *import = writing->import;
	const struct mw_exchange_limits *limits = &writing->limits;
	uint64_t size = MW_UNLIMITED, recipients = MW_UNLIMITED;

	mw_exchange_size_cell(import, person->file, person->row, "MaxSendSize", &size);
	mw_exchange_limit_cell(import, person->file, person->row, "RecipientLimits", &recipients);
	put_limit(writing, "max_message_size", size, limits->send, limits->connector);
	put_limit(writing, "max_recipients", recipients, limits->recipients, limits->connector_recipients);
}

/* --- people */

static void put_switches(struct writing *writing, const struct mw_exchange_person *person)
{
	struct mw_exchange *import = writing->import;
	const enum mw_exchange_file cas = MW_EXCHANGE_CAS_MAILBOX;
	bool may = person->kind == MW_EXCHANGE_LOGIN && !person->disabled;
	bool imap = false, pop3 = false, smtp_off = writing->smtp_off;

	mw_exchange_switch_cell(import, cas, person->cas, "ImapEnabled", &imap);
	mw_exchange_switch_cell(import, cas, person->cas, "PopEnabled", &pop3);
	mw_exchange_switch_cell(import, cas, person->cas, "SmtpClientAuthenticationDisabled", &smtp_off);
	put(writing, "imap", may && imap ? MW_STR("yes") : MW_STR("no"));
	put(writing, "pop3", may && pop3 ? MW_STR("yes") : MW_STR("no"));
	put(writing, "sieve", may ? MW_STR("yes") : MW_STR("no"));
	put(writing, "smtp", may && !smtp_off && !person->refused ? MW_STR("yes") : MW_STR("no"));
}

static void put_members(struct writing *writing, const struct mw_exchange_person *group)
{
	struct mw_exchange *import = writing->import;

	for (size_t i = 0; i < group->members.count; i++) {
		const struct mw_exchange_person *member = group->members.items[i];

		if (member->name.len == 0) {
			mw_exchange_count(import, "members of groups that have no address");
			continue;
		}
		begin(writing);
		put(writing, "name", group->name);
		put(writing, "member", member->name);
		end(writing, MW_ROW_MEMBER);
	}
}

static void put_person(struct writing *writing, const struct mw_exchange_person *person)
{
	begin(writing);
	put(writing, "name", person->name);
	if (person->kind != MW_EXCHANGE_LIST)
		put_switches(writing, person);
	put_senders(writing, person);
	if (person->kind == MW_EXCHANGE_LOGIN)
		put_limits(writing, person);
	end(writing, person->kind == MW_EXCHANGE_LIST ? MW_ROW_GROUP : MW_ROW_USER);
	put_names(writing, person, MW_ROW_ADDRESS, "address", &person->addresses);
	put_names(writing, person, MW_ROW_LOGIN, "login", &person->logins);
	put_members(writing, person);
	if (person->kind == MW_EXCHANGE_LIST)
		writing->import->groups++;
	else
		writing->import->users++;
}

static int compare_grants(const void *left, const void *right)
{
	const struct mw_exchange_grant *a = left, *b = right;
	int order = mw_str_compare(a->identity->name, b->identity->name);

	if (order == 0)
		order = mw_str_compare(a->trustee->name, b->trustee->name);
	return order != 0 ? order : a->on_behalf - b->on_behalf;
}

static void put_grants(struct writing *writing)
{
	struct mw_exchange *import = writing->import;
	size_t kept = 0;

	if (import->grant_count > 0)
		qsort(import->grants, import->grant_count, sizeof(*import->grants), compare_grants);
	for (size_t i = 0; i < import->grant_count; i++) {
		const struct mw_exchange_grant *grant = &import->grants[i];

		if (kept > 0 && compare_grants(&import->grants[kept - 1], grant) == 0)
			continue;
		import->grants[kept++] = *grant;
		begin(writing);
		put(writing, "kind", grant->on_behalf ? MW_STR("send-on-behalf") : MW_STR("send-as"));
		put(writing, "identity", grant->identity->name);
		put(writing, "trustee", grant->trustee->name);
		end(writing, MW_ROW_GRANT);
	}
	import->grant_count = kept;
}

/* --- the text */

static bool write_parts(struct mw_text_out *out, struct writing *writing)
{
	bool done = true;

	mw_text_out_add(out, MW_STR("# Mailwicket's users, groups and grants, one a line: mailwicket-directory(5). "
				    "Made by \"mailwicket "
				    "import exchange\".\n# After a change: mailwicket sync\n"));
	for (unsigned part = 0; part < PART_COUNT && done; part++) {
		mw_text_out_add(out, MW_STR("\n# "));
		mw_text_out_add(out, mw_str(headings[part]));
		mw_text_out_add(out, MW_STR("\n"));
		done = mw_text_write(out, &writing->records, part);
	}
	return done;
}

/* What was written to a file without a name. */
static struct mw_str read_back(struct mw_arena *arena, int fd)
{
	struct stat st;
	char *octets = fstat(fd, &st) == 0 ? mw_arena_alloc(arena, (size_t)st.st_size + 1) : NULL;
	size_t used = 0;
	ssize_t got;

	if (octets == NULL)
		return MW_STR_EMPTY;
	while (used < (size_t)st.st_size && (got = pread(fd, octets + used, (size_t)st.st_size - used, (off_t)used)) > 0)
		used += (size_t)got;
	return (struct mw_str){ octets, used };
}

/* Each record gets the number of its part. */
static void part_records(struct writing *writing)
{
	struct mw_records *records = &writing->records;
	struct mw_exchange_person *person;

	for (size_t i = 0; i < records->count; i++) {
		if (mw_exchange_find_key(writing->import->names, MW_EXCHANGE_ADDRESS, records->items[i].principal.name, &person,
					 NULL) == MW_EXCHANGE_FOUND)
			records->items[i].owner = part_of(person);
	}
	for (size_t i = 0; i < records->grant_count; i++)
		records->grants[i].owner = GRANTS;
}

static struct mw_str text_of(struct writing *writing)
{
	struct mw_text_out *out = MW_ARENA_NEW(writing->import->arena, struct mw_text_out);
	int fd = memfd_create("mailwicket-import", MFD_CLOEXEC);
	char digest[MW_TEXT_DIGEST_SIZE];
	struct mw_str text = MW_STR_EMPTY;

	part_records(writing);
	if (out != NULL && fd >= 0 && mw_text_out_begin(out, fd)) {
		bool done;

		out->brief = true;
		done = write_parts(out, writing);
		if (mw_text_out_end(out, digest) == 0 && done)
			text = read_back(writing->import->arena, fd);
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static void put_all(struct writing *writing)
{
	struct mw_exchange *import = writing->import;

	mw_exchange_read_limits(import, &writing->limits);
	if (import->tables[MW_EXCHANGE_RECIPIENT_PERMISSION].there)
		mw_exchange_needed_switch(import, MW_EXCHANGE_TRANSPORT, import->tables[MW_EXCHANGE_TRANSPORT].csv.rows,
					  "SmtpClientAuthenticationDisabled", &writing->smtp_off);
	else if (import->tables[MW_EXCHANGE_TRANSPORT].csv.row_count > 0)
		mw_exchange_switch_cell(import, MW_EXCHANGE_TRANSPORT, import->tables[MW_EXCHANGE_TRANSPORT].csv.rows,
					"SmtpClientAuthenticationDisabled", &writing->smtp_off);
	mw_reading_begin(&writing->reading, &writing->records, import->folder, import->default_domain);
	for (size_t i = 0; i < import->people.count && !mw_arena_failed(import->arena); i++) {
		if (import->people.items[i]->name.len > 0)
			put_person(writing, import->people.items[i]);
	}
	put_grants(writing);
}

struct mw_str mw_exchange_directory_text(struct mw_exchange *import)
{
	struct writing *writing = MW_ARENA_NEW(import->arena, struct writing);
	struct mw_str text = MW_STR_EMPTY;

	if (writing == NULL)
		return text;
	writing->import = import;
	mw_records_init(&writing->records, import->arena, import->errors);
	writing->records.login_domain = import->default_domain;
	put_all(writing);
	if (mw_rows_end(&writing->records) && !writing->records.failed && mw_errors_count(import->errors, MW_ERROR) == 0)
		text = text_of(writing);
	mw_records_deinit(&writing->records);
	return text;
}
