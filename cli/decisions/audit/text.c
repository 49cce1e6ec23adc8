/* SPDX-License-Identifier: MIT */
#include "decisions/audit/day.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/print.h"
#include "policy/read.h"
#include "sync/text/text.h"

static bool is_only(struct mw_str value, struct mw_strs list)
{
	return mw_str_empty(value) ? list.count == 0 : list.count == 1 && mw_str_equal(list.items[0], value);
}

static bool are_same(struct mw_strs a, struct mw_strs b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = mw_str_equal(a.items[i], b.items[i]);
	return same;
}

/* Each value whole: in a login name with a blank, what stands behind the blank would be a setting of the user. */
static bool is_users_line(const struct mw_record *record, const struct mw_audit_change *change, struct mw_strs aliases)
{
	bool is_address = change->kind == MW_AUDIT_ADDRESS;

	return mw_str_equal(record->principal.name, change->user) &&
	       is_only(is_address ? MW_STR_EMPTY : change->value, record->logins) &&
	       (is_address ? is_only(change->value, record->addresses) : are_same(aliases, record->addresses));
}

/* Reads a line as a text of its own, which tells whether the grammar takes each name, and as itself. */
static bool is_read_back(const struct mw_policy *policy, struct mw_str line, const struct mw_audit_change *change,
			 struct mw_strs aliases)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_records records;
	bool good = errors != NULL && arena != NULL;

	if (good) {
		mw_records_init(&records, arena, errors);
		mw_text_read(&records, "", line, policy->default_domain);
		good = mw_errors_count(errors, MW_ERROR) == 0 && !records.failed && !mw_arena_failed(arena);
		if (good && change->kind == MW_AUDIT_GRANT)
			good = records.grant_count == 1 && records.count == 0 && !records.grants[0].domain &&
			       mw_str_equal(records.grants[0].identity, change->value) &&
			       mw_str_equal(records.grants[0].trustee, change->user);
		else if (good)
			good = records.count == 1 && records.grant_count == 0 &&
			       is_users_line(&records.items[0], change, aliases);
		mw_records_deinit(&records);
	}
	mw_arena_free(arena);
	mw_errors_free(errors);
	return good;
}

static void print_user(const struct mw_audit_change *change, struct mw_strs aliases, struct mw_buf *out)
{
	mw_buf_printf(out, "user %.*s", MW_STR_ARG(change->user));
	if (change->kind == MW_AUDIT_ADDRESS)
		mw_buf_printf(out, " address=%.*s", MW_STR_ARG(change->value));
	else if (!mw_str_empty(change->value))
		mw_buf_printf(out, " login=%.*s", MW_STR_ARG(change->value));
	for (size_t i = 0; i < aliases.count; i++)
		mw_buf_printf(out, "%s%.*s", i == 0 ? " address=" : ",", MW_STR_ARG(aliases.items[i]));
}

static bool print_connector(const struct mw_policy *policy, const struct mw_audit_change *change, struct mw_buf *out)
{
	struct mw_range client = { change->client, change->client };
	struct mw_connector connector = mw_audit_connector(change, &client);
	char memory[128];
	struct mw_buf name = MW_BUF_OVER(memory);

	mw_ip_print(&change->client, &name);
	mw_buf_printf(&name, " on %u", change->binding.port);
	connector.name = mw_buf_str(&name);
	/* Any connector that is written takes the place of those that are built in. */
	for (size_t i = 0; change->connector->place.line == 0 && i < policy->connector_count; i++)
		mw_connector_print_short(&policy->connectors[i], out);
	mw_connector_print_short(&connector, out);
	return !out->truncated;
}

bool mw_audit_text(const struct mw_policy *policy, const struct mw_audit_change *change, struct mw_strs aliases,
		   struct mw_buf *out)
{
	if (change->kind == MW_AUDIT_CONNECTOR)
		return print_connector(policy, change, out);
	if (change->kind == MW_AUDIT_GRANT)
		mw_buf_printf(out, "grant send-as %.*s %.*s", MW_STR_ARG(change->value), MW_STR_ARG(change->user));
	else
		print_user(change, aliases, out);
	return !out->truncated && is_read_back(policy, mw_buf_str(out), change, aliases);
}

/* The file and the sections behind it; NULL: it cannot be read. */
static char *read_with(const char *path, struct mw_str sections, size_t *len_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	size_t size;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		size = (size_t)status.st_size;
		text = malloc(size + 1 + sections.len);
		if (text != NULL && read(fd, text, size) == (ssize_t)size) {
			text[size] = '\n';
			memcpy(text + size + 1, sections.ptr, sections.len);
			*len_r = size + 1 + sections.len;
		} else {
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

bool mw_audit_policy_takes(const struct mw_policy *policy, struct mw_str sections)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_policy *changed = NULL;
	size_t len;
	char *text = errors != NULL ? read_with(policy->file, sections, &len) : NULL;
	bool taken;

	if (text != NULL)
		changed = mw_policy_read_text(policy->file, (struct mw_str){ text, len }, "localhost", 0, errors);
	taken = changed != NULL;
	mw_policy_free(changed);
	mw_errors_free(errors);
	free(text);
	return taken;
}
