/* Whether the policy knows every login and mailbox that this machine's servers can list. */
#ifndef MW_CLI_CHECK_KNOWN_H
#define MW_CLI_CHECK_KNOWN_H

#include "decide/directory_view.h"
#include "servers/check/servers.h"

/* An error (a warning where the place may list who cannot log in) for each place that lists a login or mailbox which is neither
   in the published directory nor let in by unlisted_logins; what cannot be listed is named as not judged. Reads each once. */
void mw_check_known(const struct mw_policy *policy, const struct mw_servers *servers,
		    const struct mw_directory_view *directory, struct mw_findings *findings);

#endif
