# Each target runs over its corpus in `make check` (replay.c); with libFuzzer: tests/fuzz/README.
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/policy.dict tests/fuzz/README

check_PROGRAMS += tests/fuzz/fuzz_policy
TESTS += tests/fuzz/fuzz_policy
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c tests/fuzz/replay.c
tests_fuzz_fuzz_policy_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_policy_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_policy_LDADD = libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/request.dict
check_PROGRAMS += tests/fuzz/fuzz_request
TESTS += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c tests/fuzz/replay.c
tests_fuzz_fuzz_request_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_request_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_request_LDADD = \
	libmwpostfix.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/address.dict
check_PROGRAMS += tests/fuzz/fuzz_address
TESTS += tests/fuzz/fuzz_address
tests_fuzz_fuzz_address_SOURCES = tests/fuzz/fuzz_address.c tests/fuzz/replay.c
tests_fuzz_fuzz_address_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_address_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_address_LDADD = libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/directory.dict
check_PROGRAMS += tests/fuzz/fuzz_directory
TESTS += tests/fuzz/fuzz_directory
tests_fuzz_fuzz_directory_SOURCES = tests/fuzz/fuzz_directory.c tests/fuzz/replay.c
tests_fuzz_fuzz_directory_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_directory_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_directory_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/doveconf.dict
check_PROGRAMS += tests/fuzz/fuzz_doveconf
TESTS += tests/fuzz/fuzz_doveconf
tests_fuzz_fuzz_doveconf_SOURCES = tests/fuzz/fuzz_doveconf.c tests/fuzz/replay.c cli/servers/dovecot_file.c
tests_fuzz_fuzz_doveconf_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli
tests_fuzz_fuzz_doveconf_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_doveconf_LDADD = libmwbase.la

EXTRA_DIST += tests/fuzz/milter.dict
check_PROGRAMS += tests/fuzz/fuzz_milter
TESTS += tests/fuzz/fuzz_milter
tests_fuzz_fuzz_milter_SOURCES = tests/fuzz/fuzz_milter.c tests/fuzz/replay.c \
	postfix-policy/milter/macros.c postfix-policy/milter/packet.c postfix-policy/milter/session.c
tests_fuzz_fuzz_milter_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/postfix-policy
tests_fuzz_fuzz_milter_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_milter_LDADD = libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/originators.dict
check_PROGRAMS += tests/fuzz/fuzz_originators
TESTS += tests/fuzz/fuzz_originators
tests_fuzz_fuzz_originators_SOURCES = tests/fuzz/fuzz_originators.c tests/fuzz/replay.c
tests_fuzz_fuzz_originators_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_originators_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_originators_LDADD = libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_descriptor
TESTS += tests/fuzz/fuzz_descriptor
tests_fuzz_fuzz_descriptor_SOURCES = tests/fuzz/fuzz_descriptor.c tests/fuzz/replay.c
tests_fuzz_fuzz_descriptor_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_descriptor_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_descriptor_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS)

EXTRA_DIST += tests/fuzz/export_csv.dict
check_PROGRAMS += tests/fuzz/fuzz_export_csv
TESTS += tests/fuzz/fuzz_export_csv
tests_fuzz_fuzz_export_csv_SOURCES = tests/fuzz/fuzz_export_csv.c tests/fuzz/replay.c cli/import/exchange/table.c
tests_fuzz_fuzz_export_csv_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli
tests_fuzz_fuzz_export_csv_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_export_csv_LDADD = libmwbase.la $(CSV_LIBS) $(UNISTRING_LIBS)

if HAVE_LDAP
check_PROGRAMS += tests/fuzz/fuzz_ldap
TESTS += tests/fuzz/fuzz_ldap
endif
tests_fuzz_fuzz_ldap_SOURCES = tests/fuzz/fuzz_ldap.c tests/fuzz/replay.c
tests_fuzz_fuzz_ldap_CPPFLAGS = $(MW_CPPFLAGS)
tests_fuzz_fuzz_ldap_CFLAGS = $(MW_CFLAGS)
tests_fuzz_fuzz_ldap_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS)
