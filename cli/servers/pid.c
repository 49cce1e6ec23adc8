/* SPDX-License-Identifier: MIT */
#include "servers/pid.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"

uint64_t mw_pid_in(const char *path)
{
	char text[64];
	struct mw_str line;
	uint64_t process = 0;
	FILE *file = fopen(path, "re");

	if (file != NULL && fgets(text, sizeof(text), file) != NULL) {
		line = mw_str_trim(mw_str_head(mw_str(text), mw_str_find(mw_str(text), '\n')));
		if (!mw_parse_number(line, &process))
			process = 0;
	}
	if (file != NULL)
		fclose(file);
	return process;
}

uint64_t mw_pid_parent(uint64_t process)
{
	char path[64], text[512];
	const char *behind = NULL;
	uint64_t parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", process);
	file = fopen(path, "re");
	/* Its name, in parentheses, may have anything in it. */
	if (file != NULL && fgets(text, sizeof(text), file) != NULL)
		behind = strrchr(text, ')');
	if (behind == NULL || sscanf(behind + 1, " %*c %" SCNu64, &parent) != 1)
		parent = 0;
	if (file != NULL)
		fclose(file);
	return parent;
}
