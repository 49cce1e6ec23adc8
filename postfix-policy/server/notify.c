/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "mailwicket-config.h"
#include "base/clock.h"

#ifdef HAVE_SYSTEMD
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

void mw_notify_sockets(struct mw_passed *passed_r)
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

void mw_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void mw_notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			 (long long)mw_clock_microseconds());
}

void mw_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void mw_notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
#else
void mw_notify_sockets(struct mw_passed *passed_r)
{
	passed_r->count = 0;
}

void mw_notify_ready(void)
{
}

void mw_notify_reloading(void)
{
}

void mw_notify_stopping(void)
{
}

void mw_notify_alive(void)
{
}
#endif
