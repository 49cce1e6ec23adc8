/* SPDX-License-Identifier: MIT */
/* Dovecot's modules: what is installed, and what its processes have loaded. */
#include "mailwicket-config.h"

#include "status/status.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "report/module_version.h"
#include "servers/check/dovecot.h"
#include "servers/pid.h"

#define INTERFACE_MARK ".ABIv"
#define BLOCK 4096
#define TEXT_MOST 128 /* octets of a text with a mark */

/* --- texts in a module's file */

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* The whole text of printable octets that has a mark in it, as "2.3.ABIv19(2.3.19.1)"; "": there is none. */
static const char *marked(struct mw_arena *arena, const char *path, const char *mark)
{
	char block[BLOCK + TEXT_MOST];
	size_t kept = 0, got;
	const char *found = "";
	FILE *file = fopen(path, "re");

	while (file != NULL && found[0] == '\0' && (got = fread(block + kept, 1, BLOCK, file)) > 0) {
		struct mw_str text = { block, kept + got };
		size_t from = mw_str_find_text(text, mark), end = from;

		while (from < text.len && from > 0 && is_printable(block[from - 1]))
			from--;
		while (end < text.len && is_printable(block[end]))
			end++;
		if (from < text.len && (end < text.len || got < BLOCK))
			found = mw_arena_text(arena, (struct mw_str){ block + from, end - from });
		kept = text.len < TEXT_MOST ? text.len : TEXT_MOST;
		memmove(block, block + text.len - kept, kept);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static const char *version_of(struct mw_arena *arena, const char *path)
{
	const char *text = marked(arena, path, MW_MODULE_VERSION_MARK);

	return strncmp(text, MW_MODULE_VERSION_MARK, strlen(MW_MODULE_VERSION_MARK)) == 0
		       ? text + strlen(MW_MODULE_VERSION_MARK) : "";
}

/* --- what Dovecot's processes have */

/* A line of /proc/PID/maps. */
struct mapping {
	char range[64];
	uint64_t inode;
	bool removed;
};

/* Whether it is of a module's file, by its name: the folder may be another one where Dovecot has mounts of its own. */
static bool read_mapping(struct mw_str line, const char *name, struct mapping *mapping_r)
{
	const struct mw_str removed = MW_STR(" (deleted)");

	mapping_r->removed = mw_str_ends_with(line, removed);
	if (mapping_r->removed)
		line = mw_str_head(line, line.len - removed.len);
	return mw_str_equal(mw_str_tail(line, mw_str_find_last(line, '/') + 1), mw_str(name)) &&
	       sscanf(line.ptr, "%63[0-9a-f-] %*s %*s %*s %" SCNu64, mapping_r->range, &mapping_r->inode) == 2;
}

static void take_mapping(struct mw_status_view *view, struct mw_status_module *module, const char *process,
			 const struct mapping *mapping, uint64_t inode)
{
	char path[160];

	module->processes++;
	if (!mapping->removed && mapping->inode == inode)
		return;
	module->others++;
	if (module->others > 1)
		return;
	/* What is mapped can be read there, also once its name is gone. */
	snprintf(path, sizeof(path), "/proc/%.20s/map_files/%s", process, mapping->range);
	module->other_version = version_of(view->arena, path);
	(void)mw_parse_number(mw_str(process), &module->other_process);
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void look_at_process(struct mw_status_view *view, const char *process, const uint64_t *inodes)
{
	bool seen[MW_STATUS_MODULES] = { false };
	char path[64], *line = NULL;
	struct mapping mapping;
	size_t room = 0;
	ssize_t got;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/maps", process);
	file = fopen(path, "re");
	while (file != NULL && (got = getline(&line, &room, file)) > 0) {
		struct mw_str text = { line, (size_t)got - (line[got - 1] == '\n') };

		for (int i = 0; i < MW_STATUS_MODULES; i++) {
			if (seen[i] || !read_mapping(text, name_of(view->modules[i].path), &mapping))
				continue;
			seen[i] = true;
			take_mapping(view, &view->modules[i], process, &mapping, inodes[i]);
		}
	}
	free(line);
	if (file != NULL)
		fclose(file);
}

/* All of Dovecot's processes are started by its first. */
static void look_at_processes(struct mw_status_view *view, const struct mw_dovecot_site *site)
{
	uint64_t master = mw_pid_in(mw_arena_textf(view->arena, "%.*s/master.pid",
						   MW_STR_ARG(mw_dovecot_value(site->root, "base_dir"))));
	uint64_t inodes[MW_STATUS_MODULES] = { 0 };
	const struct dirent *entry;
	uint64_t process;
	DIR *processes = master > 0 && geteuid() == 0 ? opendir("/proc") : NULL;
	struct stat file;

	for (int i = 0; i < MW_STATUS_MODULES; i++)
		if (stat(view->modules[i].path, &file) == 0)
			inodes[i] = file.st_ino;
	while (processes != NULL && (entry = readdir(processes)) != NULL) {
		if (!mw_parse_number(mw_str(entry->d_name), &process) || mw_pid_parent(process) != master)
			continue;
		view->running_known = true;
		look_at_process(view, entry->d_name, inodes);
	}
	if (processes != NULL)
		closedir(processes);
}

/* --- */

/* Whether the configuration, or a filter in it, has a passdb or a list of plugins that names us. */
static bool asks_us(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *node = site->root, *passdb;

	do {
		if (mw_dovecot_lists(node, "login_plugins", "mailwicket"))
			return true;
		passdb = NULL;
		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL)
			if (mw_dovecot_passdb_is_ours(passdb))
				return true;
	} while ((node = mw_dovecot_next_filter(site, node)) != NULL);
	return false;
}

static void judge_running(struct mw_status_view *view, const struct mw_status_module *module)
{
	const char *text;

	if (module->others == 0)
		return;
	if (module->other_version[0] != '\0' && strcmp(module->other_version, module->version) != 0)
		text = mw_arena_textf(view->arena, "%" PRIu64 " of Dovecot's processes run version %s of %s, which is version %s",
				      module->others, module->other_version, module->path, module->version);
	else
		text = mw_arena_textf(view->arena, "%" PRIu64 " of Dovecot's processes run a copy of %s from before it was "
				      "exchanged", module->others, module->path);
	mw_status_add(view, MW_STATUS_WARNING, text, "systemctl restart dovecot");
}

static void judge_module(struct mw_status_view *view, const struct mw_status_module *module)
{
	if (!module->there && view->dovecot_asks)
		mw_status_add(view, MW_STATUS_CRITICAL,
			      mw_arena_textf(view->arena, "%s is not there, and Dovecot's configuration names it: nobody can log in",
					     module->path), "mailwicket check --dovecot");
	if (!module->there)
		return;
	if (strcmp(module->version, PACKAGE_VERSION) != 0)
		mw_status_add(view, MW_STATUS_WARNING,
			      module->version[0] != '\0'
				      ? mw_arena_textf(view->arena, "%s is version %s, this program " PACKAGE_VERSION, module->path,
						       module->version)
				      : mw_arena_textf(view->arena, "%s says no version: it is of another release than this program",
						       module->path),
			      "");
	judge_running(view, module);
}

void mw_status_look_at_dovecot(struct mw_status_view *view, const char *config)
{
	struct mw_dovecot_modules paths;
	struct mw_dovecot_site site;

	view->dovecot_seen = mw_dovecot_site_try(&site, view->policy, config, NULL, view->arena);
	if (!view->dovecot_seen)
		return;
	view->dovecot_asks = asks_us(&site);
	paths = mw_dovecot_modules_of(&site);
	view->modules[MW_STATUS_LOGIN_MODULE] = (struct mw_status_module){ .path = paths.login, .there = paths.has_login };
	view->modules[MW_STATUS_AUTH_MODULE] = (struct mw_status_module){ .path = paths.auth, .there = paths.has_auth };
	for (int i = 0; i < MW_STATUS_MODULES; i++) {
		struct mw_status_module *module = &view->modules[i];

		module->version = module->there ? version_of(view->arena, module->path) : "";
		module->built = module->there ? marked(view->arena, module->path, INTERFACE_MARK) : "";
		module->other_version = "";
	}
	look_at_processes(view, &site);
	for (int i = 0; i < MW_STATUS_MODULES; i++)
		judge_module(view, &view->modules[i]);
}
