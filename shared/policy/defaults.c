/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

void mw_default_header_from(struct mw_connector *connector)
{
	connector->header_from_written = connector->header_from != 0;
	if (!connector->header_from_written)
		connector->header_from = (connector->permission_groups & MW_EXCHANGE_USERS) != 0 ? MW_HEADER_FROM_CHECK
												 : MW_HEADER_FROM_OFF;
}

/* Exchange's "Default SERVER" and "Client SERVER"; other settings have the defaults of setting.def. In C, not in
   the file's own syntax: every login process builds them. */
void mw_builtin_connectors(struct mw_reader *reader)
{
	static const struct mw_binding smtp = { .kind = MW_BINDING_ANY, .port = 25 };
	struct mw_connector *connectors = MW_ARENA_ARRAY(reader->arena, struct mw_connector, 2);
	struct mw_written *written;

	if (connectors == NULL)
		return;
	mw_build_settings(reader, MW_SECTION_CONNECTOR, NULL, &connectors[0], &written);
	connectors[0].place = (struct mw_place){ "built-in", 0 };
	connectors[1] = connectors[0];
	connectors[0].name = MW_STR("Default");
	connectors[0].bindings = (struct mw_bindings){ &smtp, 1 };
	connectors[0].auth_mechanism |= MW_AUTH_EXCHANGE_SERVER;
	connectors[0].permission_groups = MW_ANONYMOUS_USERS | MW_EXCHANGE_USERS | MW_EXCHANGE_SERVERS;
	connectors[0].message_rate_limit = MW_UNLIMITED;
	connectors[1].name = MW_STR("Client");
	mw_default_header_from(&connectors[0]);
	mw_default_header_from(&connectors[1]);
	reader->policy->connectors = connectors;
	reader->policy->connector_count = 2;
}

void mw_builtin_login_rule(struct mw_reader *reader, struct mw_login_rule *rule)
{
	struct mw_written *written;

	mw_build_settings(reader, MW_SECTION_LOGIN, NULL, rule, &written);
	rule->name = MW_STR("built-in");
	rule->place = (struct mw_place){ "built-in", 0 };
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++)
		rule->protocols[i] = true;
}
