check_PROGRAMS += tests/unit/test_cli
TESTS += tests/unit/test_cli
tests_unit_test_cli_SOURCES = \
	cli/client_offer.c \
	cli/doveadm.c \
	cli/dovecot_file.c \
	cli/facts_log.c \
	cli/journal.c \
	cli/log_input.c \
	cli/log_source.c \
	cli/markup.c \
	cli/output.c \
	cli/postfix_file.c \
	cli/program.c \
	cli/replay_rows.c \
	cli/restriction.c \
	cli/setting.c \
	cli/setup_dovecot_conf.c \
	cli/setup_main_cf.c \
	cli/setup_master_cf.c \
	cli/terminal.c \
	cli/userdb_fields.c \
	cli/when.c \
	cli/why_cause.c \
	cli/why_cause_table.c \
	cli/why_decision.c \
	cli/why_dovecot.c \
	cli/why_line.c \
	cli/why_merge.c \
	cli/why_smtpd.c \
	cli/why_story.c \
	cli/wiring.c \
	cli/wiring_sizes.c \
	cli/wiring_tls.c \
	tests/unit/cli/cli_support.h \
	tests/unit/cli/test_cli.c \
	tests/unit/cli/test_client_offer.c \
	tests/unit/cli/test_doveadm.c \
	tests/unit/cli/test_dovecot_file.c \
	tests/unit/cli/test_dovecot_size.c \
	tests/unit/cli/test_facts_log.c \
	tests/unit/cli/test_log_source.c \
	tests/unit/cli/test_markup.c \
	tests/unit/cli/test_postfix_file.c \
	tests/unit/cli/test_replay_rows.c \
	tests/unit/cli/test_setup_text.c \
	tests/unit/cli/test_terminal.c \
	tests/unit/cli/test_userdb_fields.c \
	tests/unit/cli/test_when.c \
	tests/unit/cli/test_why_event.c \
	tests/unit/cli/test_why_line.c \
	tests/unit/cli/test_why_story.c
tests_unit_test_cli_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli -I$(top_srcdir)/tests/unit
tests_unit_test_cli_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_cli_LDADD = \
	libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(LMDB_LIBS) $(ZLIB_LIBS) $(CHECK_LIBS)
