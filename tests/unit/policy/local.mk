check_PROGRAMS += tests/unit/test_policy
TESTS += tests/unit/test_policy
tests_unit_test_policy_SOURCES = $(mw_unit_sources) \
	tests/unit/policy/policy_support.h \
	tests/unit/policy/policy_support.c \
	tests/unit/policy/test_audit.c \
	tests/unit/policy/test_choose.c \
	tests/unit/policy/test_defaults.c \
	tests/unit/policy/test_file.c \
	tests/unit/policy/test_mistakes.c \
	tests/unit/policy/test_print.c \
	tests/unit/policy/test_ties.c
tests_unit_test_policy_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_policy_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_policy_LDADD = libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
