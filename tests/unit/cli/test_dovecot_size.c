/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "servers/dovecot_file.h"

static const struct { const char *text; bool good; uint64_t octets; } sizes[] = {
	{ "0", true, 0 },
	{ "256 M", true, 256 << 20 },
	{ "256M", true, 256 << 20 },
	{ "256MB", true, 256 << 20 },
	{ "256mib", true, 256 << 20 },
	{ "3 k", true, 3072 },
	{ "2Gi", true, (uint64_t)2 << 30 },
	{ "1T", true, (uint64_t)1 << 40 },
	{ "18446744073709551615 B", true, UINT64_MAX },
	{ "", false, 0 },
	{ "M", false, 0 },
	{ "unlimited", false, 0 },
	{ "5 x", false, 0 },
	{ "5 Mb/s", false, 0 },
	{ "5 BB", false, 0 },
	{ "-1", false, 0 },
	{ "18446744073709551616", false, 0 },
	{ "99999999999T", false, 0 },
	{ "$SET:default_vsz_limit", false, 0 },
};

START_TEST(a_size_is_read_as_dovecot_reads_it)
{
	uint64_t octets = 0;
	bool good = mw_dovecot_size_parse(mw_str(sizes[_i].text), &octets);

	ck_assert_msg(good == sizes[_i].good && (!good || octets == sizes[_i].octets), "%s", sizes[_i].text);
}
END_TEST

MW_UNIT_TESTS("dovecot_size")
{
	MW_LOOP(tcase, a_size_is_read_as_dovecot_reads_it, sizes);
}
