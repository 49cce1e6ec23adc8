bin_PROGRAMS += cli/mailwicket
cli_mailwicket_SOURCES = \
	cli/arguments.c cli/arguments.h \
	cli/check.c \
	cli/command.h \
	cli/completion.c \
	cli/explain.c \
	cli/facts_options.c cli/facts_options.h \
	cli/facts_request.c \
	cli/journal.c cli/journal.h \
	cli/log_input.c cli/log_input.h \
	cli/log_source.c cli/log_source.h \
	cli/lookup.c \
	cli/main.c \
	cli/output.c cli/output.h \
	cli/password.c cli/password.h \
	cli/probe.c cli/probe.h \
	cli/probe_address.c cli/probe_address.h \
	cli/probe_connection.c cli/probe_connection.h \
	cli/probe_dialogue.c cli/probe_dialogue.h \
	cli/probe_finding.def \
	cli/probe_imap.c \
	cli/probe_judge.c cli/probe_judge.h \
	cli/probe_pop3.c \
	cli/probe_print.c cli/probe_print.h \
	cli/probe_smtp.c \
	cli/probe_tls.c cli/probe_tls.h \
	cli/reply.c cli/reply.h \
	cli/setting.c cli/setting.h \
	cli/show.c cli/show.h \
	cli/show_dovecot.c \
	cli/show_json.c \
	cli/show_postfix.c \
	cli/sync.c \
	cli/terminal.c cli/terminal.h \
	cli/wiring.c cli/wiring.h
cli_mailwicket_CPPFLAGS = $(MW_CPPFLAGS)
cli_mailwicket_CFLAGS = $(MW_CFLAGS) $(OPENSSL_CFLAGS) $(MW_PIE_CFLAGS)
cli_mailwicket_LDFLAGS = $(MW_LDFLAGS) $(MW_PIE_LDFLAGS)
cli_mailwicket_LDADD = \
	libmwsync.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwtls.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS)
