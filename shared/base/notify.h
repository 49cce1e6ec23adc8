/* The service manager: readiness, reloads, its watchdog. Does nothing without one. */
#ifndef MW_BASE_NOTIFY_H
#define MW_BASE_NOTIFY_H

void mw_notify_ready(void);
void mw_notify_reloading(void); /* mw_notify_ready() ends it */
void mw_notify_stopping(void);
void mw_notify_alive(void);

#endif
