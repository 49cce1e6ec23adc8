/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "import/exchange/property.h"
#include "import/exchange/value.h"

#define MB (UINT64_C(1) << 20)

static const struct {
	const char *text;
	bool good;
	uint64_t octets;
} sizes[] = {
	{ "10 MB (10,485,760 bytes)", true, 10 * MB },
	{ "10 MB (10.485.760 Bytes)", true, 10 * MB },
	{ "10 Mo (10\xc2\xa0" "485\xc2\xa0" "760 octets)", true, 10 * MB },
	{ "10 Mo (10\xe2\x80\xaf" "485\xe2\x80\xaf" "760 octets)", true, 10 * MB },
	{ "10 MB (10'485'760 Bytes)", true, 10 * MB },
	{ "10 MB (10\xe2\x80\x99" "485\xe2\x80\x99" "760 Bytes)", true, 10 * MB },
	{ "1.5 MB (1,572,864 bytes)", true, 3 * MB / 2 },
	{ "0 B (0 bytes)", true, 0 },
	{ "36MB", true, 36 * MB },
	{ "36 MB", true, 36 * MB },
	{ "2048", true, 2048 },
	{ "unlimited", true, MW_UNLIMITED },
	{ "Unlimited", true, MW_UNLIMITED },
	{ "10 MB (1,04,85,760 bytes)", true, 10 * MB },
	{ "1 GB (1,07,37,41,824 bytes)", true, 1024 * MB },
	{ "10 MB (10,485,76 bytes)", false, 0 },
	{ "10 MB (10,4,760 bytes)", false, 0 },
	{ "10 MB (1048,576 bytes)", false, 0 },
	{ "10 MB (10,485,760 bytes", false, 0 },
	{ "10 MB ()", false, 0 },
	{ "10 MB (bytes)", false, 0 },
	{ "1.5 MB", false, 0 },
	{ "1,5 MB", false, 0 },
	{ "", false, 0 },
	{ "System.Object[]", false, 0 },
	{ "10 MB (99,999,999,999,999,999,999 bytes)", false, 0 },
};

START_TEST(sizes_are_exact_in_every_culture)
{
	uint64_t octets = 1;

	ck_assert_int_eq(mw_exchange_size(mw_str(sizes[_i].text), &octets), sizes[_i].good);
	if (sizes[_i].good)
		ck_assert_uint_eq(octets, sizes[_i].octets);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	uint64_t limit;
} limits[] = {
	{ "500", true, 500 }, { "1,000", true, 1000 }, { "5.000", true, 5000 }, { "Unlimited", true, MW_UNLIMITED },
	{ "1,00", false, 0 }, { "-1", false, 0 },      { "5 000 ", false, 0 },  { "1.5", false, 0 },
};

START_TEST(counts_may_be_grouped)
{
	uint64_t limit;

	ck_assert_int_eq(mw_exchange_limit(mw_str(limits[_i].text), &limit), limits[_i].good);
	if (limits[_i].good)
		ck_assert_uint_eq(limit, limits[_i].limit);
}
END_TEST

static const struct {
	const char *text;
	bool good, on;
} switches[] = {
	{ "True", true, true },   { "FALSE", true, false },   { "WAHR", true, true },	{ "FALSCH", true, false },
	{ "vrai", true, true },   { "FAUX", true, false },    { "FALSO", true, false }, { "VERO", true, true },
	{ "FAŁSZ", true, false }, { "EPÄTOSI", true, false }, { "Ja", false, false },	{ "", false, false },
	{ "1", false, false },	  { "True ", false, false },
};

START_TEST(switches_may_be_of_a_spreadsheet)
{
	bool on = true;

	ck_assert_int_eq(mw_exchange_switch(mw_str(switches[_i].text), &on), switches[_i].good);
	if (switches[_i].good)
		ck_assert_int_eq(on, switches[_i].on);
}
END_TEST

START_TEST(lists_are_lines_and_words_have_commas)
{
	struct mw_str list = MW_STR("example.org/Users/Smith, John\r\n\n  b  \n"), item;

	ck_assert(mw_exchange_next_item(&list, &item));
	ck_assert_slice(item, MW_STR("example.org/Users/Smith, John"));
	ck_assert(mw_exchange_next_item(&list, &item));
	ck_assert_slice(item, MW_STR("b"));
	ck_assert(!mw_exchange_next_item(&list, &item));
	ck_assert(mw_exchange_has_word(MW_STR("Tls, basicauth"), "BasicAuth"));
	ck_assert(!mw_exchange_has_word(MW_STR("BasicAuthRequireTLS"), "BasicAuth"));
	ck_assert(mw_exchange_has_word(MW_STR("Receive-As|Send-As"), "send-as"));
	ck_assert(mw_exchange_has_word(MW_STR("Receive-As Send-As"), "Send-As"));
	ck_assert(mw_exchange_has_word(MW_STR("Receive-As; Send As"), "Send As"));
}
END_TEST

static const struct {
	const char *text;
	bool none;
} no_values[] = {
	{ "System.Object[]", true },
	{ "System.Collections.ArrayList", true },
	{ "Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.Directory.ADObjectId]", true },
	{ "Microsoft.Exchange.Data.ProxyAddressCollection", true },
	{ "{alice, bob...}", true },
	{ "System.Smith@example.org", false },
	{ "System. Integrator", false },
	{ "smtp:a@example.org", false },
	{ "{", false },
};

START_TEST(types_in_place_of_values_are_known)
{
	ck_assert_int_eq(mw_exchange_is_no_value(mw_str(no_values[_i].text)), no_values[_i].none);
}
END_TEST

static const struct {
	enum mw_exchange_file file;
	const char *name;
	enum mw_exchange_fate fate;
} fates[] = {
	{ MW_EXCHANGE_MAILBOX, "emailaddresses", MW_EXCHANGE_CARRIED },
	{ MW_EXCHANGE_MAILBOX, "ForwardingAddress", MW_EXCHANGE_DECIDE },
	{ MW_EXCHANGE_MAILBOX, "CustomAttribute15", MW_EXCHANGE_NO_MEANING },
	{ MW_EXCHANGE_MAILBOX, "Surprise", MW_EXCHANGE_UNKNOWN },
	{ MW_EXCHANGE_CAS_MAILBOX, "ImapEnabled", MW_EXCHANGE_CARRIED },
	{ MW_EXCHANGE_CAS_MAILBOX, "ImapUseProtocolDefaults", MW_EXCHANGE_NO_MEANING },
	{ MW_EXCHANGE_CONNECTOR, "TarpitInterval", MW_EXCHANGE_NO_MEANING },
	{ MW_EXCHANGE_CONNECTOR, "RemoteIPRanges", MW_EXCHANGE_CARRIED },
};

START_TEST(each_property_has_its_fate)
{
	const char *text;

	ck_assert_int_eq(mw_exchange_property(fates[_i].file, mw_str(fates[_i].name), &text), fates[_i].fate);
	ck_assert_int_eq(*text != '\0', fates[_i].fate != MW_EXCHANGE_UNKNOWN);
}
END_TEST

MW_UNIT_TESTS("import exchange: values")
{
	MW_LOOP(tcase, sizes_are_exact_in_every_culture, sizes);
	MW_LOOP(tcase, counts_may_be_grouped, limits);
	MW_LOOP(tcase, switches_may_be_of_a_spreadsheet, switches);
	tcase_add_test(tcase, lists_are_lines_and_words_have_commas);
	MW_LOOP(tcase, types_in_place_of_values_are_known, no_values);
	MW_LOOP(tcase, each_property_has_its_fate, fates);
}
