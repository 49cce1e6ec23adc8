check_PROGRAMS += tests/unit/test_decide
TESTS += tests/unit/test_decide
tests_unit_test_decide_SOURCES = $(mw_unit_sources) \
	tests/unit/decide/decide_support.c tests/unit/decide/decide_support.h \
	tests/unit/decide/test_account.c \
	tests/unit/decide/test_identity.c \
	tests/unit/decide/test_login.c \
	tests/unit/decide/test_reason.c \
	tests/unit/decide/test_submission.c \
	tests/unit/decide/test_tls.c \
	tests/unit/decide/test_trace.c \
	tests/unit/decide/test_unlisted.c
tests_unit_test_decide_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_decide_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_decide_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
