/* From where a user, or a group's members, may log in, as `lookup` tells it. */
#ifndef MW_CLI_NETWORKS_H
#define MW_CLI_NETWORKS_H

#include "decide/directory_view.h"
#include "report/json.h"

/* A line for each service that has networks; one for all where they are the same. */
void mw_networks_print(const struct mw_networks *networks, struct mw_buf *out);
/* "networks": {"imap": [...], ...}, without the services that are open from anywhere. */
void mw_networks_json(const struct mw_networks *networks, struct mw_json *json);

#endif
