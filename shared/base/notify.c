/* SPDX-License-Identifier: MIT */
#include "base/notify.h"

#include "mailwicket-config.h"
#include "base/clock.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

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
