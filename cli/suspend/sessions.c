/* SPDX-License-Identifier: MIT */
#include "suspend/sessions.h"

#include "decide/identity.h"
#include "suspend/doveadm.h"
#include "base/text.h"
#include "ui/process.h"

#define COMMAND_MAX 4096

struct columns {
	size_t name, service; /* their places in a line */
};

/* "username", and "proto" (Dovecot 2.3) or "service" (2.4). */
static bool read_columns(struct mw_str line, struct columns *columns_r)
{
	struct mw_str field;
	bool name = false, service = false;
	for (size_t i = 0; mw_str_split(&line, '\t', &field); i++) {
		if (mw_str_equal(field, MW_STR("username"))) {
			columns_r->name = i;
			name = true;
		} else if (mw_str_equal(field, MW_STR("proto")) || mw_str_equal(field, MW_STR("service"))) {
			columns_r->service = i;
			service = true;
		}
	}
	return name && service;
}

static void add_service(struct mw_session_name *entry, struct mw_str service)
{
	for (size_t i = 0; i < entry->service_count; i++) {
		if (mw_str_equal(entry->services[i], service))
			return;
	}
	if (entry->service_count < MW_SESSION_SERVICES_MAX)
		entry->services[entry->service_count++] = service;
}

static struct mw_session_name *find_name(const struct mw_sessions *sessions, struct mw_str name)
{
	for (size_t i = 0; i < sessions->count; i++) {
		if (mw_str_equal(sessions->names[i].name, name))
			return &sessions->names[i];
	}
	return NULL;
}

static size_t count_lines(struct mw_str text)
{
	struct mw_str line;
	size_t count = 0;

	while (mw_str_split(&text, '\n', &line))
		count++;
	return count;
}

void mw_sessions_read(struct mw_arena *arena, struct mw_str text, const struct mw_policy *policy,
		      const struct mw_directory_view *view, const struct mw_principal *user,
		      struct mw_sessions *sessions_r)
{
	struct mw_str line;
	struct columns columns = { 0, 0 };

	*sessions_r = (struct mw_sessions){ .names = MW_ARENA_ARRAY(arena, struct mw_session_name, count_lines(text) + 1) };
	if (sessions_r->names == NULL || !mw_str_split(&text, '\n', &line) || !read_columns(line, &columns))
		return;
	sessions_r->known = true;
	while (mw_str_split(&text, '\n', &line)) {
		struct mw_str field, name = MW_STR_EMPTY, service = MW_STR_EMPTY;
		struct mw_unlisted_name unlisted;
		struct mw_principal principal;
		struct mw_session_name *entry;

		for (size_t i = 0; mw_str_split(&line, '\t', &field); i++) {
			if (i == columns.name)
				name = field;
			else if (i == columns.service)
				service = field;
		}
		entry = find_name(sessions_r, name);
		if (entry == NULL && mw_identity_user(policy, view, name, &unlisted, &principal) == MW_LOOKUP_FOUND &&
		    mw_principal_same(&principal, user)) {
			entry = &sessions_r->names[sessions_r->count++];
			*entry = (struct mw_session_name){ .name = mw_arena_copy(arena, name) };
		}
		if (entry != NULL)
			add_service(entry, mw_arena_copy(arena, service));
	}
}

void mw_sessions_find(struct mw_arena *arena, const struct mw_policy *policy, const struct mw_directory_view *view,
		      const struct mw_principal *user, struct mw_sessions *sessions_r)
{
	const char *who[] = { "doveadm", "-f", "tab", "who", "-1", NULL };
	struct mw_run run;

	*sessions_r = (struct mw_sessions){ .known = false };
	if (mw_run_program(who, &run))
		mw_sessions_read(arena, run.output, policy, view, user, sessions_r);
	mw_run_free(&run);
}

static void print_services(const struct mw_session_name *entry, struct mw_buf *out)
{
	for (size_t i = 0; i < entry->service_count; i++) {
		mw_buf_add_text(out, i > 0 ? ", " : "");
		mw_text_show(out, entry->services[i]);
	}
}

/* A line of its own with the command, and what is known of the name. */
static void print_kick(struct mw_str name, const struct mw_session_name *entry, struct mw_buf *out)
{
	mw_buf_add_text(out, "  ");
	if (!mw_doveadm_kick(out, name))
		mw_buf_add_text(out, "(none: look for them with doveadm who; doveadm kick takes this name for a mask or an "
				     "address, and would end sessions of others)");
	mw_buf_add_text(out, " # ");
	if (entry != NULL)
		print_services(entry, out);
	else
		mw_buf_add_text(out, "the name that logged in");
	mw_buf_add_text(out, "\n");
}

void mw_sessions_print(const struct mw_sessions *sessions, struct mw_str usual, struct mw_buf *out)
{
	if (sessions->known && sessions->count == 0) {
		mw_buf_add_text(out, "No session of this user is open at Dovecot on this machine.\n");
	} else {
		mw_buf_add_text(out, "Sessions already open at Dovecot (IMAP, ManageSieve, submission) stay until they end. To end "
				     "them:\n");
		if (!sessions->known)
			print_kick(usual, NULL, out);
		for (size_t i = 0; i < sessions->count; i++)
			print_kick(sessions->names[i].name, &sessions->names[i], out);
	}
	mw_buf_add_text(out, "A Sieve script that is active still redirects and answers mail. To stop it:\n");
	for (size_t i = 0; i < (sessions->count > 0 ? sessions->count : 1); i++) {
		mw_buf_add_text(out, "  ");
		if (!mw_doveadm_deactivate(out, sessions->count > 0 ? sessions->names[i].name : usual))
			mw_buf_add_text(out, "(none: doveadm takes this name for a mask, and would stop scripts of others)");
		mw_buf_add_char(out, '\n');
	}
}

static void write_command(struct mw_json *json, const char *key, bool (*write)(struct mw_buf *out, struct mw_str name),
			  struct mw_str name)
{
	char memory[COMMAND_MAX];
	struct mw_buf command = MW_BUF_OVER(memory);

	if (write(&command, name))
		mw_json_string(json, key, mw_buf_str(&command));
	else
		mw_json_null(json, key);
}

static void write_session(struct mw_json *json, const struct mw_session_name *entry)
{
	mw_json_object(json, NULL);
	mw_json_string(json, "login", entry->name);
	mw_json_array(json, "services");
	for (size_t i = 0; i < entry->service_count; i++)
		mw_json_string(json, NULL, entry->services[i]);
	mw_json_end_array(json);
	write_command(json, "kick", mw_doveadm_kick, entry->name);
	write_command(json, "deactivate", mw_doveadm_deactivate, entry->name);
	mw_json_end_object(json);
}

void mw_sessions_json(const struct mw_sessions *sessions, struct mw_str usual, struct mw_json *json)
{
	struct mw_str first = sessions->count > 0 ? sessions->names[0].name : usual;

	write_command(json, "kick", mw_doveadm_kick, first);
	write_command(json, "deactivate", mw_doveadm_deactivate, first);
	if (!sessions->known) {
		mw_json_null(json, "sessions");
		return;
	}
	mw_json_array(json, "sessions");
	for (size_t i = 0; i < sessions->count; i++)
		write_session(json, &sessions->names[i]);
	mw_json_end_array(json);
}
