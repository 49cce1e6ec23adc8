/* Receive connectors of the server that is imported, as a policy has them. */
#ifndef MW_CLI_IMPORT_EXCHANGE_CONNECTORS_H
#define MW_CLI_IMPORT_EXCHANGE_CONNECTORS_H

#include "import/exchange/model.h"

struct mw_exchange_connector {
	const struct mw_csv_row *row;
	struct mw_str name;
	bool enabled, require_tls;
	struct mw_bindings bindings;
	struct mw_ranges remote;
	mw_auth_mechanisms mechanisms;
	mw_permission_groups groups;
	mw_permissions grant, deny;
	mw_permissions refused; /* to somebody */
	bool open_relay; /* strangers at public addresses relay through it, as in Exchange */
	uint64_t size, recipients, rate; /* MW_UNLIMITED: none */
	bool has_rate_source;
	int rate_source; /* enum mw_rate_source */
};

struct mw_exchange_connectors {
	struct mw_exchange_connector *items;
	size_t count;
};

/* Errors are added where a value is none of Exchange's; what cannot be carried over is noted. */
void mw_exchange_read_connectors(struct mw_exchange *import, struct mw_exchange_connectors *connectors_r);

#endif
