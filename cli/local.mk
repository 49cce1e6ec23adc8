bin_PROGRAMS += cli/mailwicket
cli_mailwicket_SOURCES = \
	cli/arguments.c cli/arguments.h \
	cli/check.c \
	cli/check_dovecot.c cli/check_dovecot.h \
	cli/check_dovecot_filter.c \
	cli/check_dovecot_delivery.c \
	cli/check_dovecot_passdb.c \
	cli/check_dovecot_userdb.c \
	cli/check_postfix.c cli/check_postfix.h \
	cli/check_postfix_delimiter.c \
	cli/check_postfix_hooks.c \
	cli/check_postfix_listener.c \
	cli/check_postfix_main.c \
	cli/check_postfix_names.c \
	cli/check_postfix_proxy.c \
	cli/check_postfix_service.c \
	cli/check_postfix_socket.c \
	cli/check_servers.c cli/check_servers.h \
	cli/check_service.c \
	cli/client_format.h \
	cli/client_format_apple.c \
	cli/client_format_html.c \
	cli/client_format_text.c \
	cli/client_format_xml.c \
	cli/client_offer.c cli/client_offer.h \
	cli/client_settings.c \
	cli/command.h \
	cli/completion.c \
	cli/doveadm.c cli/doveadm.h \
	cli/dovecot_file.c cli/dovecot_file.h \
	cli/dovecot_memory.c cli/dovecot_memory.h \
	cli/explain.c \
	cli/facts_log.c cli/facts_log.h \
	cli/facts_options.c cli/facts_options.h \
	cli/facts_request.c \
	cli/finding.c cli/finding.h \
	cli/journal.c cli/journal.h \
	cli/log_input.c cli/log_input.h \
	cli/log_source.c cli/log_source.h \
	cli/lookup.c \
	cli/main.c \
	cli/markup.c cli/markup.h \
	cli/named.c cli/named.h \
	cli/output.c cli/output.h \
	cli/password.c cli/password.h \
	cli/postfix_file.c cli/postfix_file.h \
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
	cli/program.c cli/program.h \
	cli/replay.c cli/replay.h \
	cli/replay_line.c \
	cli/replay_print.c \
	cli/replay_rows.c cli/replay_rows.h \
	cli/reply.c cli/reply.h \
	cli/restriction.c cli/restriction.h \
	cli/resume.c \
	cli/run_program.c cli/run_program.h \
	cli/setting.c cli/setting.h \
	cli/setup.c \
	cli/setup_backup.c \
	cli/setup_dovecot_conf.c \
	cli/setup_files.c cli/setup_files.h \
	cli/setup_main_cf.c \
	cli/setup_master_cf.c \
	cli/setup_plan.c cli/setup_plan.h \
	cli/setup_text.h \
	cli/shell_text.c cli/shell_text.h \
	cli/show.c cli/show.h \
	cli/show_dovecot.c \
	cli/show_json.c \
	cli/show_postfix.c \
	cli/stake.c cli/stake.h \
	cli/suspend.c \
	cli/suspend_sessions.c cli/suspend_sessions.h \
	cli/suspended.c \
	cli/suspension.c cli/suspension.h \
	cli/sync.c \
	cli/terminal.c cli/terminal.h \
	cli/userdb_fields.c cli/userdb_fields.h \
	cli/when.c cli/when.h \
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
	cli/wiring.c cli/wiring.h \
	cli/wiring_sizes.c cli/wiring_sizes.h \
	cli/wiring_tls.c cli/wiring_tls.h
cli_mailwicket_CPPFLAGS = $(MW_CPPFLAGS)
cli_mailwicket_CFLAGS = $(MW_CFLAGS) $(OPENSSL_CFLAGS) $(MW_PIE_CFLAGS)
cli_mailwicket_LDFLAGS = $(MW_LDFLAGS) $(MW_PIE_LDFLAGS)
cli_mailwicket_LDADD = \
	libmwpostfix.la libmwsync.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwtls.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS)
