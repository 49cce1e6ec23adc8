check_PROGRAMS += tests/unit/test_report
TESTS += tests/unit/test_report
tests_unit_test_report_SOURCES = $(mw_unit_sources) \
	tests/unit/report/report_support.c tests/unit/report/report_support.h \
	tests/unit/report/test_daemon_status.c \
	tests/unit/report/test_json.c \
	tests/unit/report/test_logfield.c \
	tests/unit/report/test_logline.c \
	tests/unit/report/test_prose.c \
	tests/unit/report/test_shell.c
tests_unit_test_report_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_report_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_report_LDADD = \
	libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
