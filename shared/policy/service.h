/* Who may ask mailwicketd: its answers tell which accounts, grants and senders= there are. */
#ifndef MW_POLICY_SERVICE_H
#define MW_POLICY_SERVICE_H

#include "policy/model.h"

enum mw_reach {
	MW_REACH_FILE,     /* unix:PATH */
	MW_REACH_LOOPBACK, /* inet:127.0.0.1:PORT: every user of this host */
	MW_REACH_NETWORK   /* other hosts too: any other address, and 0.0.0.0, [::] and * */
};

/* From where a listener of policy_service, as it is written, can be reached. */
enum mw_reach mw_listener_reach(struct mw_str listener);

/* Whether an address may ask over TCP: one of peers_networks; where there are none, one of this host's loopback. */
bool mw_service_admits(const struct mw_policy *policy, const struct mw_ip *ip);

/* The path of the socket on which mailwicketd tells root about itself: beside its first unix socket for questions, else
   MW_STATUS_PATH. */
#define MW_STATUS_PATH "/run/mailwicket/policy.status"
void mw_service_status_path(const struct mw_policy *policy, struct mw_buf *out);

#endif
