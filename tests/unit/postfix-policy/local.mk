check_PROGRAMS += tests/unit/test_postfix_policy
TESTS += tests/unit/test_postfix_policy
tests_unit_test_postfix_policy_SOURCES = \
	postfix-policy/policy/deadline.c \
	postfix-policy/server/lookup_cache.c \
	tests/unit/postfix-policy/postfix_policy_support.h \
	tests/unit/postfix-policy/test_deadline.c \
	tests/unit/postfix-policy/test_lookup_cache.c \
	tests/unit/postfix-policy/test_postfix_policy.c
tests_unit_test_postfix_policy_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/postfix-policy -I$(top_srcdir)/tests/unit
tests_unit_test_postfix_policy_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_postfix_policy_LDADD = \
	libmwpostfix.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
