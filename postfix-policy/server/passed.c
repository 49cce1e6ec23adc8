/* SPDX-License-Identifier: MIT */
#include "passed.h"

#include "mailwicket-config.h"

#ifdef HAVE_SYSTEMD
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

void mw_passed_take(struct mw_passed *passed_r)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	passed_r->count = 0;
	for (int i = 0; i < count; i++) {
		if (passed_r->count < sizeof(passed_r->items) / sizeof(passed_r->items[0])) {
			passed_r->items[passed_r->count].fd = SD_LISTEN_FDS_START + i;
			passed_r->items[passed_r->count++].of_milter = strcmp(names[i], "milter") == 0;
		}
		free(names[i]);
	}
	free(names);
}
#else
void mw_passed_take(struct mw_passed *passed_r)
{
	passed_r->count = 0;
}
#endif
