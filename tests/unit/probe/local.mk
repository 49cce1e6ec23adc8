check_PROGRAMS += tests/unit/test_probe
TESTS += tests/unit/test_probe
tests_unit_test_probe_SOURCES = $(mw_unit_sources) tests/unit/probe/test_judge.c
tests_unit_test_probe_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli -I$(top_srcdir)/tests/unit
tests_unit_test_probe_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_test_probe_LDADD = $(MW_CLI_LIBS) $(CHECK_LIBS)
