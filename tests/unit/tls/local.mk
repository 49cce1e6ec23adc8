check_PROGRAMS += tests/unit/test_tls
TESTS += tests/unit/test_tls
tests_unit_test_tls_SOURCES = $(mw_unit_sources) tests/unit/tls/test_strength.c
tests_unit_test_tls_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_tls_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_tls_LDADD = libmwtls.la libmwbase.la $(CHECK_LIBS)
