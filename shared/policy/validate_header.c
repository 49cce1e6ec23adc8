/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

static struct mw_spot spot_of(const struct mw_connector *connector, const struct mw_written *written, const char *name)
{
	return mw_written_at(written, MW_SECTION_CONNECTOR, name, connector->place);
}

static bool is_written(const struct mw_written *written, const char *name)
{
	return written->spots[mw_setting_find(MW_SECTION_CONNECTOR, mw_str(name))].line != 0;
}

/* Whether these may write any header. */
static bool pass_all(const struct mw_connector *connector, mw_permission_groups principals)
{
	const mw_permissions both = MW_ACCEPT_ANY_SENDER | MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER;

	return (mw_permissions_at(connector, principals) & both) == both;
}

/* Who did not log in, may send, and may not as one of us. */
static bool holds_strangers(const struct mw_connector *connector)
{
	mw_permissions permissions = mw_permissions_at(connector, MW_ANONYMOUS_USERS);

	return (permissions & MW_SUBMIT) != 0 && !pass_all(connector, MW_ANONYMOUS_USERS);
}

static void check_who(struct mw_reader *reader, const struct mw_connector *connector, const struct mw_written *written)
{
	bool users = (mw_permissions_at(connector, MW_EXCHANGE_USERS) & MW_SUBMIT) != 0 &&
		     !pass_all(connector, MW_EXCHANGE_USERS);

	if (!connector->header_from_written || connector->header_from != MW_HEADER_FROM_CHECK)
		return;
	if (holds_strangers(connector) && connector->enforcement.mode == MW_MODE_ENFORCE)
		mw_reader_error(reader, spot_of(connector, written, "header_from"),
				"mode = audit, or header_from left out: then it is for who logs in",
				"header_from = check is for sessions without a login too, as deny_permissions has "
				"Accept-Authoritative-Domain-Sender, and needs mode = audit for that: it would refuse mailing "
				"lists and forwarders");
	else if (!users && !holds_strangers(connector))
		mw_reader_warn(reader, spot_of(connector, written, "header_from"),
			       "header_from = check has no effect: every session that may send here may write any header");
}

/* Settings that are for a header that is looked at. */
static void check_parts(struct mw_reader *reader, const struct mw_connector *connector,
			const struct mw_written *written)
{
	static const char *const names[] = { "display_name", "allow_resend", "add_sender" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_written(written, names[i]) && connector->header_from == MW_HEADER_FROM_OFF)
			mw_reader_warn(reader, spot_of(connector, written, names[i]),
				       "%s has no effect with header_from = off", names[i]);
}

static void check_listener(struct mw_reader *reader, const struct mw_connector *connector,
			   const struct mw_written *written)
{
	static const char *const names[] = { "header_from", "display_name", "allow_resend", "add_sender" };

	if (reader->policy->milter.listen.count > 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_written(written, names[i]) &&
		    !(i == 0 && connector->header_from == MW_HEADER_FROM_OFF))
			mw_reader_warn(reader, spot_of(connector, written, names[i]),
				       "%s has no effect without milter { listen = { \"unix:/PATH\" } }: nothing sees a message's header",
				       names[i]);
}

void mw_validate_header_from(struct mw_reader *reader, const struct mw_connector *connector,
			     const struct mw_written *written)
{
	check_who(reader, connector, written);
	check_parts(reader, connector, written);
	check_listener(reader, connector, written);
}
