check_PROGRAMS += tests/unit/test_cli
TESTS += tests/unit/test_cli
tests_unit_test_cli_SOURCES = $(mw_unit_sources) \
	tests/unit/cli/test_audit.c \
	tests/unit/cli/test_client_offer.c \
	tests/unit/cli/test_doveadm.c \
	tests/unit/cli/test_dovecot_file.c \
	tests/unit/cli/test_dovecot_size.c \
	tests/unit/cli/test_exchange_table.c \
	tests/unit/cli/test_exchange_value.c \
	tests/unit/cli/test_facts_log.c \
	tests/unit/cli/test_file.c \
	tests/unit/cli/test_follow_say.c \
	tests/unit/cli/test_init_databases.c \
	tests/unit/cli/test_init_tables.c \
	tests/unit/cli/test_log_source.c \
	tests/unit/cli/test_log_unpack.c \
	tests/unit/cli/test_markup.c \
	tests/unit/cli/test_postfix_file.c \
	tests/unit/cli/test_process.c \
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
tests_unit_test_cli_LDADD = $(MW_CLI_LIBS) $(CHECK_LIBS)
