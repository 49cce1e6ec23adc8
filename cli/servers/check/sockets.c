/* SPDX-License-Identifier: MIT */
#include "servers/check/sockets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "servers/pid.h"

#define LISTENING 0x0A /* TCP_LISTEN */

/* --- the table */

/* Words of 32 bits in the byte order of the machine. */
static struct mw_ip read_address(const char *text)
{
	uint32_t words[4] = { 0 };
	size_t count = strlen(text) / 8;

	for (size_t i = 0; i < count && i < 4; i++) {
		char word[9] = "";

		memcpy(word, text + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	return mw_ip_from_bytes(words, count * sizeof(words[0]));
}

static bool is_any(const struct mw_ip *ip)
{
	static const struct mw_ip none;

	return memcmp(ip->bytes, none.bytes, ip->family == MW_FAMILY_IPV4 ? 4 : 16) == 0;
}

static bool takes(const struct mw_ip *ip, unsigned port, const struct mw_binding *binding)
{
	if (port != binding->port)
		return false;
	/* "::" has IPv4 too, as a rule. */
	if (is_any(ip) && ip->family == MW_FAMILY_IPV6)
		return true;
	switch (binding->kind) {
	case MW_BINDING_ANY_IPV4:
		return ip->family == MW_FAMILY_IPV4;
	case MW_BINDING_ANY_IPV6:
		return ip->family == MW_FAMILY_IPV6;
	case MW_BINDING_ADDRESS:
		return is_any(ip) ? ip->family == binding->ip.family : mw_ip_equal(ip, &binding->ip);
	default:
		return true;
	}
}

/* The socket's number; 0: none. */
static unsigned long find_in(const char *path, const struct mw_binding *binding)
{
	FILE *table = fopen(path, "re");
	unsigned long found = 0;
	char line[512];

	while (table != NULL && found == 0 && fgets(line, sizeof(line), table) != NULL) {
		char address[33];
		unsigned port, state;
		unsigned long number;
		struct mw_ip ip;

		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %lu", address, &port, &state,
			   &number) != 4 || state != LISTENING)
			continue;
		ip = read_address(address);
		if (takes(&ip, port, binding))
			found = number;
	}
	if (table != NULL)
		fclose(table);
	return found;
}

/* --- the process */

static bool has_socket(const char *process, unsigned long number)
{
	char folder[300], path[600], target[64], wanted[64];
	DIR *listing;
	struct dirent *entry;
	bool found = false;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", number);
	snprintf(folder, sizeof(folder), "/proc/%s/fd", process);
	listing = opendir(folder);
	while (listing != NULL && !found && (entry = readdir(listing)) != NULL) {
		ssize_t len;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (listing != NULL)
		closedir(listing);
	return found;
}

/* 0: not told, as for other users' processes without root. */
static uint64_t process_of(unsigned long number)
{
	DIR *listing = opendir("/proc");
	struct dirent *entry;
	uint64_t found = 0;

	while (listing != NULL && found == 0 && (entry = readdir(listing)) != NULL) {
		if (!mw_parse_number(mw_str(entry->d_name), &found) || !has_socket(entry->d_name, number))
			found = 0;
	}
	if (listing != NULL)
		closedir(listing);
	return found;
}

static const char *name_of(uint64_t process, struct mw_arena *arena)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", process);
	file = fopen(path, "re");
	if (file != NULL && fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	return mw_arena_textf(arena, "%s", name[0] != '\0' ? name : "a process");
}

const char *mw_socket_holder(const struct mw_binding *binding, const char *queue_directory, struct mw_arena *arena)
{
	unsigned long number = find_in("/proc/net/tcp", binding);
	/* master(8) writes it there, and hands its listeners to smtpd. */
	uint64_t master = mw_pid_in(mw_arena_textf(arena, "%s/pid/master.pid", queue_directory)), process;

	if (number == 0)
		number = find_in("/proc/net/tcp6", binding);
	if (number == 0)
		return NULL;
	process = process_of(number);
	if (process != 0 && master != 0 && (process == master || mw_pid_parent(process) == master))
		return NULL;
	if (process == 0)
		return mw_arena_textf(arena, "a process that this user cannot see listens there");
	return mw_arena_textf(arena, "%s (process %" PRIu64 ") listens there", name_of(process, arena), process);
}
