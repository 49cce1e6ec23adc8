mw_case_sources = \
	tests/support/case_file.c tests/support/case_file.h \
	tests/support/case_run.c tests/support/case_run.h
mw_case_libs = $(MW_CLI_LIBS)
mw_case_cppflags = $(MW_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/cli -I$(top_srcdir)/tests/support

check_PROGRAMS += tests/support/case_requests
tests_support_case_requests_SOURCES = tests/support/case_requests.c $(mw_case_sources)
tests_support_case_requests_CPPFLAGS = $(mw_case_cppflags)
tests_support_case_requests_CFLAGS = $(MW_CFLAGS)
tests_support_case_requests_LDADD = $(mw_case_libs)

# mailwicketd, in which questions wait where a test says so (waits.c).
check_PROGRAMS += tests/support/mailwicketd_waiting
tests_support_mailwicketd_waiting_SOURCES = postfix-policy/main.c tests/support/waits.c $(mw_daemon_sources)
tests_support_mailwicketd_waiting_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/postfix-policy
tests_support_mailwicketd_waiting_CFLAGS = $(MW_CFLAGS) $(SYSTEMD_CFLAGS)
tests_support_mailwicketd_waiting_LDADD = $(mw_daemon_libs)

if HAVE_CHECK
check_PROGRAMS += tests/unit/test_cases
TESTS += tests/unit/test_cases
tests_unit_test_cases_SOURCES = $(mw_unit_sources) tests/support/test_cases.c $(mw_case_sources)
tests_unit_test_cases_CPPFLAGS = $(mw_case_cppflags) -I$(top_srcdir)/tests/unit
tests_unit_test_cases_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_cases_LDADD = $(mw_case_libs) $(CHECK_LIBS)
endif
EXTRA_DIST += tests/logs tests/policy-cases

# How we read From, for the comparison with other readers (tests/system/rig/agreement.py).
check_PROGRAMS += tests/agreement/ours
tests_agreement_ours_SOURCES = tests/agreement/ours.c
tests_agreement_ours_CPPFLAGS = $(MW_CPPFLAGS)
tests_agreement_ours_CFLAGS = $(MW_CFLAGS)
tests_agreement_ours_LDADD = libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS)
EXTRA_DIST += tests/agreement
