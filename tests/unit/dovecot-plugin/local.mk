check_PROGRAMS += tests/unit/test_credential
TESTS += tests/unit/test_credential
tests_unit_test_credential_SOURCES = $(mw_unit_sources) tests/unit/dovecot-plugin/test_credential.c
tests_unit_test_credential_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_credential_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_credential_LDADD = libmwcredential.la libmwreport.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
