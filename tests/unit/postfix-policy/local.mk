check_PROGRAMS += tests/unit/test_postfix_policy
TESTS += tests/unit/test_postfix_policy
tests_unit_test_postfix_policy_SOURCES = $(mw_unit_sources) \
	$(mw_daemon_sources) \
	tests/unit/postfix-policy/test_deadline.c \
	tests/unit/postfix-policy/test_handover.c \
	tests/unit/postfix-policy/test_log.c \
	tests/unit/postfix-policy/test_loop.c \
	tests/unit/postfix-policy/test_packet.c \
	tests/unit/postfix-policy/test_question.c
tests_unit_test_postfix_policy_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/postfix-policy -I$(top_srcdir)/tests/unit
tests_unit_test_postfix_policy_CFLAGS = $(MW_CFLAGS) $(SYSTEMD_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_postfix_policy_LDADD = $(mw_daemon_libs) $(CHECK_LIBS)
