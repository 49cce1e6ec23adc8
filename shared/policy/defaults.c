/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

/* Exchange's "Default SERVER" and "Client SERVER"; what they do not say is in setting.def. */
const char mw_builtin_connectors[] =
	"connector \"Default\" {\n"
	"	bindings = { \"*:25\" }\n"
	"	auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS, Integrated, ExchangeServer }\n"
	"	permission_groups = { AnonymousUsers, ExchangeUsers, ExchangeServers }\n"
	"	message_rate_limit = unlimited\n"
	"}\n"
	"connector \"Client\" {\n"
	"}\n";

void mw_builtin_login_rule(struct mw_reader *reader, struct mw_login_rule *rule)
{
	struct mw_written *written;

	mw_build_settings(reader, MW_SECTION_LOGIN, NULL, rule, &written);
	rule->name = MW_STR("built-in");
	rule->place = (struct mw_place){ "built-in", 0 };
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++)
		rule->protocols[i] = true;
}
