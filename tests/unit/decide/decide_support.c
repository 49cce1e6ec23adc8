/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

static const char policy_text[] =
	"hostname = \"mx.example.test\"\n"
	"default_domain = \"example.test\"\n"
	"recipient_delimiter = \"+\"\n"
	"accepted_domain \"example.test\" { type = Authoritative }\n"
	"login \"inside\" { remote = { \"10.0.0.0/8\" } login_type = PlainTextLogin }\n"
	"login \"challenge\" { remote = { \"10.1.0.0/16\" } login_type = PlainTextAuthentication }\n"
	"connector \"Client\" {\n"
	"  bindings = { \"*:587\" }\n"
	"  auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }\n"
	"  permission_groups = { ExchangeUsers }\n"
	"}\n"
	"connector \"Relay\" {\n"
	"  bindings = { \"*:2525\" }\n"
	"  sasl_services = { \"relay\" }\n"
	"  auth_mechanism = { Tls, Integrated }\n"
	"  permission_groups = { ExchangeUsers }\n"
	"}\n"
	"login \"audited\" { remote = { \"10.2.0.0/16\" } mode = audit }\n"
	"login \"audited for a time\" { remote = { \"10.3.0.0/16\" } mode = audit audit_until = 2026-11-29\n"
	"  login_type = PlainTextAuthentication }\n";

static const char directory_text[] =
	"user bob@example.test login=bob address=robert@example.test\n"
	"user mary@example.test login=mary smtp=no\n"
	"user boss@example.test address=\"bob-odd \"@example.test\n"
	"group sales@example.test member=bob@example.test\n"
	"group all@example.test member=sales@example.test\n"
	"grant send-as sales@example.test bob@example.test\n"
	"grant send-as *@granted.test all@example.test\n"
	"grant send-as lone@other.test all@example.test\n"
	"grant send-on-behalf boss@example.test bob@example.test\n";

struct mw_policy *mw_test_policy;
const struct mw_directory_view *mw_test_view;
static struct mw_memory_directory *directory;

void mw_test_world(void)
{
	struct mw_errors *errors = mw_errors_new(10);

	mw_test_policy = mw_policy_read_text("test.conf", mw_str(policy_text), "mx", 0, errors);
	ck_assert_msg(mw_test_policy != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
	directory = mw_memory_directory_new("directory", mw_str(directory_text), MW_STR("example.test"), errors);
	ck_assert_msg(directory != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
	mw_test_view = mw_memory_directory_view(directory);
	mw_errors_free(errors);
}

void mw_test_world_end(void)
{
	mw_memory_directory_free(directory);
	mw_policy_free(mw_test_policy);
}

struct mw_facts mw_test_facts(void)
{
	struct mw_facts facts = {
		.endpoints = { .protocol = MW_PROTOCOL_SMTP, .local_port = 587 },
		.tls = { .origin = MW_TLS_ORIGIN_STARTTLS, .version = MW_STR("TLSv1.3"),
			 .cipher = MW_STR("TLS_AES_256_GCM_SHA384"), .bits = 256 },
		.mechanism = MW_STR("PLAIN"),
		.login = MW_STR("bob"),
		.stage = MW_STAGE_RCPT,
		.sender = MW_STR("bob@example.test"),
		.recipient = MW_STR("boss@example.test"),
	};

	mw_ip_parse(MW_STR("203.0.113.1"), &facts.endpoints.local_ip);
	mw_ip_parse(MW_STR("198.51.100.9"), &facts.endpoints.remote_ip);
	return facts;
}

static enum mw_lookup away_name(void *context, struct mw_str name, struct mw_principal *user_r)
{
	(void)context, (void)name, (void)user_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup away_address(void *context, struct mw_str name, struct mw_principal *user_r, enum mw_held *held_r)
{
	(void)context, (void)name, (void)user_r, (void)held_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup away_grants(void *context, struct mw_str name, struct mw_grants *grants_r)
{
	(void)context, (void)name, (void)grants_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup away_id(void *context, uint32_t id, struct mw_principal *user_r)
{
	(void)context, (void)id, (void)user_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup away_domain(void *context, struct mw_str domain)
{
	(void)context, (void)domain;
	return MW_LOOKUP_UNAVAILABLE;
}

const struct mw_directory_view mw_test_away = {
	.by_login = away_name, .by_address = away_address, .grants_on_address = away_grants,
	.grants_on_domain = away_grants, .complete_domain = away_domain, .by_id = away_id,
};
