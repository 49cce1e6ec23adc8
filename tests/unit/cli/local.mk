check_PROGRAMS += tests/unit/test_cli
TESTS += tests/unit/test_cli
tests_unit_test_cli_SOURCES = \
	cli/journal.c \
	cli/log_input.c \
	cli/log_source.c \
	cli/output.c \
	cli/terminal.c \
	cli/why_cause.c \
	cli/why_cause_table.c \
	cli/why_decision.c \
	cli/why_dovecot.c \
	cli/why_line.c \
	cli/why_merge.c \
	cli/why_smtpd.c \
	cli/why_story.c \
	tests/unit/cli/cli_support.h \
	tests/unit/cli/test_cli.c \
	tests/unit/cli/test_log_source.c \
	tests/unit/cli/test_why_event.c \
	tests/unit/cli/test_why_line.c \
	tests/unit/cli/test_why_story.c
tests_unit_test_cli_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli -I$(top_srcdir)/tests/unit
tests_unit_test_cli_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_cli_LDADD = \
	libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(IDN2_LIBS) $(UNISTRING_LIBS) $(ZLIB_LIBS) $(CHECK_LIBS)
