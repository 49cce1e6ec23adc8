/* The PowerShell that writes the folder which `mailwicket import exchange` reads. */
#ifndef MW_CLI_IMPORT_EXCHANGE_EXPORTER_H
#define MW_CLI_IMPORT_EXCHANGE_EXPORTER_H

#include "base/buf.h"

/* "server": for Exchange servers; "online": for Exchange Online. False: there is none of this name. */
bool mw_exchange_print_exporter(struct mw_str name, struct mw_buf *out);

#endif
