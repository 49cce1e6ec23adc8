/* SPDX-License-Identifier: MIT */
/* What init and import go out from: the servers of this machine, read once, and what could not be read. */
#include "servers/init/init.h"

#include <sysexits.h>

#include <xxhash.h>

#include "base/text.h"
#include "policy/read.h"
#include "servers/init/databases.h"
#include "servers/init/passdbs.h"
#include "servers/new_files.h"
#include "ui/output.h"

/* --- its life */

bool mw_init_begin(struct mw_init *init, const char *made_by, const char *policy_path, const char *directory)
{
	struct mw_errors *errors = mw_errors_new(10);

	*init = (struct mw_init){ .arena = mw_arena_new(0), .aside = mw_findings_new(), .made_by = made_by };
	if (errors != NULL)
		init->nothing = mw_policy_read_text("built-in", MW_STR_EMPTY, "localhost", 0, errors);
	mw_errors_free(errors);
	if (init->arena == NULL || init->aside == NULL || init->nothing == NULL)
		return false;
	init->policy_path = mw_new_file_path(init->arena, policy_path);
	init->directory_path = directory != NULL ? mw_new_file_path(init->arena, directory)
						 : mw_new_file_beside(init->arena, init->policy_path, "directory");
	return true;
}

void mw_init_end(struct mw_init *init)
{
	mw_wiring_free(init->wiring);
	mw_policy_free(init->nothing);
	mw_findings_free(init->aside);
	mw_arena_free(init->arena);
}

/* --- what could not be read */

/* The place of a thing, or a free one for it. */
static size_t *unread_place(const struct mw_init *init, const struct mw_init_unread *unread)
{
	XXH64_hash_t at = XXH3_64bits_withSeed(unread->what, strlen(unread->what),
					       XXH3_64bits(unread->setting, strlen(unread->setting)));

	for (;; at++) {
		size_t *place = &init->unread_places[at % init->unread_room];

		if (*place == 0 || (strcmp(init->unread[*place - 1].setting, unread->setting) == 0 &&
				    strcmp(init->unread[*place - 1].what, unread->what) == 0))
			return place;
	}
}

/* Room for one more. False: out of memory, and there are none any more. */
static bool grow_unread(struct mw_init *init)
{
	size_t room = init->unread_room == 0 ? 64 : init->unread_room * 2;

	init->unread = mw_init_grown(init->arena, init->unread, init->unread_count, sizeof(*init->unread));
	if (init->unread != NULL && (init->unread_count + 1) * 2 <= init->unread_room)
		return true;
	init->unread_places = MW_ARENA_ARRAY(init->arena, size_t, room);
	init->unread_room = room;
	if (init->unread == NULL || init->unread_places == NULL) {
		init->unread_count = init->unread_room = 0;
		return false;
	}
	for (size_t i = 0; i < init->unread_count; i++)
		*unread_place(init, &init->unread[i]) = i + 1;
	return true;
}

void mw_init_unread_add(struct mw_init *init, struct mw_init_unread unread)
{
	if ((init->unread_room > 0 && *unread_place(init, &unread) != 0) || !grow_unread(init))
		return;
	init->unread[init->unread_count] = unread;
	*unread_place(init, &unread) = ++init->unread_count;
}

void mw_init_unread_set(struct mw_init *init, struct mw_init_unread unread)
{
	size_t place;

	mw_init_unread_add(init, unread);
	place = init->unread_room > 0 ? *unread_place(init, &unread) : 0;
	if (place > 0)
		init->unread[place - 1] = unread;
}

void mw_init_print_unread(const struct mw_init *init, struct mw_buf *out)
{
	for (size_t i = 0; i < init->unread_count; i++) {
		const struct mw_init_unread *unread = &init->unread[i];

		mw_buf_printf(out, "%snot read: %s%s", i == 0 ? "\n" : "", unread->setting,
			      unread->what[0] != '\0' ? ", " : "");
		mw_text_show(out, mw_str(unread->what));
		mw_buf_add_text(out, ": ");
		mw_text_show(out, mw_str(unread->why));
		mw_buf_printf(out, "\n  %s\n", unread->fix);
	}
}

void mw_init_json_unread(const struct mw_init *init, struct mw_json *json)
{
	mw_json_array(json, "unread");
	for (size_t i = 0; i < init->unread_count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "setting", mw_str(init->unread[i].setting));
		mw_json_string(json, "what", mw_str(init->unread[i].what));
		mw_json_string(json, "why", mw_str(init->unread[i].why));
		mw_json_string(json, "fix", mw_str(init->unread[i].fix));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

/* --- who may not send as himself */

void mw_init_print_without_own(const struct mw_init *init, struct mw_buf *out)
{
	if (init->without_own > 0)
		mw_buf_printf(out, "who may not send as the address of the login, by smtpd_sender_login_maps: %zu; "
			      "their names in the directory end in " MW_INIT_NO_ADDRESS "\n", init->without_own);
	if (init->own_at_some > 0)
		mw_buf_printf(out, "who may send as the address of the login, but not at listener %s: %zu; Postfix goes on "
			      "refusing it there\n", mw_init_stricter_listeners(init), init->own_at_some);
}

void mw_init_json_without_own(const struct mw_init *init, struct mw_json *json)
{
	mw_json_number(json, "without_own_address", init->without_own);
	mw_json_number(json, "own_address_at_some", init->own_at_some);
}

/* --- the servers */

/* Dovecot may be elsewhere: then its users are not known here. */
static int load_dovecot(struct mw_init *init, const char *config)
{
	if (config != NULL) {
		int status = mw_dovecot_site_load(&init->dovecot, init->nothing, config, NULL, init->arena);

		init->has_dovecot = status == EX_OK;
		return status;
	}
	init->has_dovecot = mw_dovecot_site_try(&init->dovecot, init->nothing, NULL, NULL, init->arena);
	if (!init->has_dovecot)
		mw_init_unread_add(init, (struct mw_init_unread){ "Dovecot", "",
								  "doveconf does not tell its configuration here",
								  "run init where Dovecot runs, or write login "
								  "rules and users by hand" });
	return EX_OK;
}

static int load(struct mw_init *init, const char *postfix_config, const char *dovecot_config)
{
	int status = mw_postfix_site_load(&init->postfix, init->nothing, postfix_config, init->arena);

	if (status != EX_OK)
		return status;
	init->wiring = mw_wiring_new(init->nothing, init->postfix.queue_directory);
	if (init->wiring == NULL)
		return EX_OSERR;
	init->postfix.wiring = init->wiring;
	init->postfix.findings = init->aside;
	return load_dovecot(init, dovecot_config);
}

int mw_init_read_servers(struct mw_init *init, const char *postfix_config, const char *dovecot_config)
{
	int status = load(init, postfix_config, dovecot_config);

	if (status != EX_OK)
		return status;
	init->people = mw_people_new(init->arena);
	if (init->people == NULL)
		return EX_OSERR;
	init->system_users = mw_init_has_system_users(init);
	if (init->tries_databases)
		mw_init_read_databases(init);
	mw_init_read_logins(init);
	status = mw_init_read_domains(init);
	if (status != EX_OK)
		return status;
	mw_init_compare_databases(init);
	mw_init_read_listeners(init);
	return mw_arena_failed(init->arena) ? EX_OSERR : EX_OK;
}
