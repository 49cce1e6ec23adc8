/* SPDX-License-Identifier: MIT */
#include "report/daemon_status.h"

#include <stddef.h>

#include "base/units.h"

#define SIZE(field) sizeof(((struct mw_daemon_status *)0)->field)
#define TEXT(field) { #field, offsetof(struct mw_daemon_status, field), SIZE(field), true }
#define NUMBER(field) { #field, offsetof(struct mw_daemon_status, field), 0, false }

static const struct {
	const char *name;
	size_t at, size;
	bool is_text;
} fields[] = {
	TEXT(version), NUMBER(process), NUMBER(user), TEXT(policy), NUMBER(policy_read), NUMBER(reload_failed),
	NUMBER(enforces), NUMBER(asked_in_audit), TEXT(directory), NUMBER(directory_written), NUMBER(directory_failed),
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void mw_daemon_status_write(const struct mw_daemon_status *status, struct mw_buf *out)
{
	const char *bytes = (const char *)status;

	for (size_t i = 0; i < FIELDS; i++) {
		uint64_t number;

		mw_buf_printf(out, "%s=", fields[i].name);
		if (fields[i].is_text) {
			mw_buf_add_text(out, bytes + fields[i].at);
		} else {
			memcpy(&number, bytes + fields[i].at, sizeof(number));
			mw_buf_add_number(out, number);
		}
		mw_buf_add_char(out, '\n');
	}
}

static bool take(struct mw_daemon_status *status, size_t i, struct mw_str value)
{
	char *to = (char *)status + fields[i].at;
	uint64_t number;

	if (fields[i].is_text) {
		if (value.len >= fields[i].size)
			return false;
		memcpy(to, value.ptr, value.len);
		return true;
	}
	if (!mw_parse_number(value, &number))
		return false;
	memcpy(to, &number, sizeof(number));
	return true;
}

bool mw_daemon_status_read(struct mw_str text, struct mw_daemon_status *status_r)
{
	size_t found = 0;
	struct mw_str line;

	memset(status_r, 0, sizeof(*status_r));
	while (mw_str_split(&text, '\n', &line)) {
		struct mw_str name = mw_str_head(line, mw_str_find(line, '='));

		for (size_t i = 0; i < FIELDS; i++) {
			if (!mw_str_equal(name, mw_str(fields[i].name)))
				continue;
			if (!take(status_r, i, mw_str_tail(line, name.len + 1)))
				return false;
			found++;
		}
	}
	return found == FIELDS;
}
