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
	cli/reply.c cli/reply.h \
	cli/setting.c cli/setting.h \
	cli/show.c cli/show.h \
	cli/show_dovecot.c \
	cli/show_json.c \
	cli/show_postfix.c \
	cli/sync.c \
	cli/terminal.c cli/terminal.h \
	cli/why.c \
	cli/why_cause.c cli/why_cause.h \
	cli/why_cause_table.c cli/why_cause_table.h \
	cli/why_cause_text.c \
	cli/why_decision.c \
	cli/why_dovecot.c \
	cli/why_event.h \
	cli/why_line.c cli/why_line.h \
	cli/why_logs.c cli/why_logs.h \
	cli/why_merge.c cli/why_merge.h \
	cli/why_print.c cli/why_print.h \
	cli/why_smtpd.c \
	cli/why_story.c cli/why_story.h \
	cli/why_words.c cli/why_words.h \
	cli/wiring.c cli/wiring.h
cli_mailwicket_CPPFLAGS = $(MW_CPPFLAGS)
cli_mailwicket_CFLAGS = $(MW_CFLAGS) $(MW_PIE_CFLAGS)
cli_mailwicket_LDFLAGS = $(MW_LDFLAGS) $(MW_PIE_LDFLAGS)
cli_mailwicket_LDADD = \
	libmwsync.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwtls.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS)
