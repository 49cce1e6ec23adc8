/* The service manager: readiness, reloads, its watchdog, the sockets it passes. Does nothing without one. */
#ifndef MW_POSTFIX_NOTIFY_H
#define MW_POSTFIX_NOTIFY_H

/* How many sockets were passed; they begin at *first_r. */
int mw_notify_sockets(int *first_r);

void mw_notify_ready(void);
void mw_notify_reloading(void); /* mw_notify_ready() ends it */
void mw_notify_stopping(void);
void mw_notify_alive(void);

#endif
