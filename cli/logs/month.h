/* The names of months as systemd's journalctl abbreviates them in the language of whoever calls it. Pure. */
#ifndef MW_CLI_LOGS_MONTH_H
#define MW_CLI_LOGS_MONTH_H

#include "base/str.h"

/* 0 to 11 of "Nov", "Dez", "mars", "févr." (strftime's %b of glibc's locales); -1: it is none. */
int mw_log_month(struct mw_str word);

#endif
