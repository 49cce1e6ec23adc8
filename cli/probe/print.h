/* What the probe saw, as a table with what to do below it, or as JSON. */
#ifndef MW_CLI_PROBE_PRINT_H
#define MW_CLI_PROBE_PRINT_H

#include "command.h"
#include "probe/judge.h"

struct mw_probe_result {
	const struct mw_probe *probe;
	const struct mw_seen *seen;            /* one for each of mw_probe_services; not filled where the port is 0 */
	struct mw_findings *const *findings;   /* the same; NULL there */
	enum mw_judged judged;                 /* the worst of them */
};

/* False: out of memory; one line was printed. */
bool mw_probe_print(const struct mw_cli *cli, const struct mw_probe_result *result);

#endif
