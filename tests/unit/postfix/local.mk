check_PROGRAMS += tests/unit/test_postfix
TESTS += tests/unit/test_postfix
tests_unit_test_postfix_SOURCES = $(mw_unit_sources) \
	tests/unit/postfix/test_answer.c \
	tests/unit/postfix/test_facts.c \
	tests/unit/postfix/test_request.c
tests_unit_test_postfix_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_postfix_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_postfix_LDADD = \
	libmwpostfix.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
