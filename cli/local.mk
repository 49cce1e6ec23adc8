bin_PROGRAMS += cli/mailwicket
# All but main(), for the tests to link too.
noinst_LTLIBRARIES += libmwcli.la
libmwcli_la_SOURCES = \
	cli/clients/format.h \
	cli/clients/format_apple.c \
	cli/clients/format_html.c \
	cli/clients/format_text.c \
	cli/clients/format_xml.c \
	cli/clients/offer.c cli/clients/offer.h \
	cli/clients/settings.c \
	cli/command.h \
	cli/decisions/audit/audit.c \
	cli/decisions/audit/change.c cli/decisions/audit/change.h \
	cli/decisions/audit/day.h \
	cli/decisions/audit/keys.c cli/decisions/audit/keys.h \
	cli/decisions/audit/line.c \
	cli/decisions/audit/print.c cli/decisions/audit/print.h \
	cli/decisions/audit/print_html.c \
	cli/decisions/audit/print_json.c \
	cli/decisions/audit/propose.c cli/decisions/audit/propose.h \
	cli/decisions/audit/settle.c \
	cli/decisions/audit/shown.c cli/decisions/audit/shown.h \
	cli/decisions/audit/tally.c cli/decisions/audit/tally.h \
	cli/decisions/audit/text.c \
	cli/decisions/audit/write.c cli/decisions/audit/write.h \
	cli/decisions/explain.c \
	cli/decisions/facts_log.c cli/decisions/facts_log.h \
	cli/decisions/facts_options.c cli/decisions/facts_options.h \
	cli/decisions/facts_request.c \
	cli/decisions/lookup.c \
	cli/decisions/lookup_answer.h \
	cli/decisions/lookup_list.c \
	cli/decisions/lookup_list.h \
	cli/decisions/lookup_print.c \
	cli/decisions/lookup_trustees.c \
	cli/decisions/message.c cli/decisions/message.h \
	cli/decisions/recorded.c cli/decisions/recorded.h \
	cli/decisions/replay.c cli/decisions/replay.h \
	cli/decisions/replay_line.c \
	cli/decisions/replay_print.c \
	cli/decisions/replay_rows.c cli/decisions/replay_rows.h \
	cli/decisions/reply.c cli/decisions/reply.h \
	cli/finding.c cli/finding.def cli/finding.h \
	cli/finding_print.c \
	cli/file_diff.c cli/file_diff.h \
	cli/directory/editing.c cli/directory/editing.h \
	cli/directory/grant.c \
	cli/directory/groups.c cli/directory/groups.h \
	cli/directory/identities.c \
	cli/directory/identities_find.c cli/directory/identities_find.h \
	cli/directory/list_left.c cli/directory/list_left.h \
	cli/directory/named_by.c cli/directory/named_by.h \
	cli/directory/print.c cli/directory/print.h \
	cli/directory/record.c \
	cli/directory/right.c cli/directory/right.h \
	cli/directory/right_left.c cli/directory/right_left.h \
	cli/directory/values.c cli/directory/values.h \
	cli/file.c cli/file.h \
	cli/file_attributes.c cli/file_attributes.h \
	cli/follow/follow.c cli/follow/follow.h \
	cli/follow/hand_over.c cli/follow/hand_over.h \
	cli/follow/plan.c cli/follow/plan.h \
	cli/follow/reading.c cli/follow/reading.h \
	cli/follow/say.c cli/follow/say.h \
	cli/follow/watches.c cli/follow/watches.h \
	cli/following.c cli/following.h \
	cli/import/exchange/ace.h cli/import/exchange/addresses.c \
	cli/import/exchange/connectors.c cli/import/exchange/connectors.h \
	cli/import/exchange/directory_text.c \
	cli/import/exchange/exchange.c \
	cli/import/exchange/exporter.c cli/import/exchange/exporter.h \
	cli/import/exchange/grants.c \
	cli/import/exchange/groups.c \
	cli/import/exchange/judge.c \
	cli/import/exchange/model.c cli/import/exchange/model.h \
	cli/import/exchange/names.c cli/import/exchange/names.h \
	cli/import/exchange/owner.c \
	cli/import/exchange/people.c \
	cli/import/exchange/permissions.c \
	cli/import/exchange/policy_text.c \
	cli/import/exchange/print.c cli/import/exchange/print.h \
	cli/import/exchange/property.c cli/import/exchange/property.h \
	cli/import/exchange/property.def cli/import/exchange/property_quiet.def cli/import/exchange/property_server.def \
	cli/import/exchange/read.c \
	cli/import/exchange/rights.c \
	cli/import/exchange/table.c cli/import/exchange/table.h \
	cli/import/exchange/trustee.c cli/import/exchange/trustee.h \
	cli/import/exchange/value.c cli/import/exchange/value.h \
	cli/import/import.c cli/import/import.h \
	cli/import/postfix/difference.def cli/import/postfix/setting.def \
	cli/import/postfix/pairs.c cli/import/postfix/pairs.h \
	cli/import/postfix/postfix.c \
	cli/import/postfix/proof.c cli/import/postfix/proof.h \
	cli/import/postfix/remarks.c cli/import/postfix/remarks.h \
	cli/logs/document.c cli/logs/document.h \
	cli/logs/input.c cli/logs/input.h \
	cli/logs/journal.c cli/logs/journal.h \
	cli/logs/line.c cli/logs/line.h \
	cli/logs/line_json.c cli/logs/line_json.h \
	cli/logs/login.c cli/logs/login.h \
	cli/logs/month.c cli/logs/month.h \
	cli/logs/plain.c cli/logs/plain.h \
	cli/logs/record.c cli/logs/record.h \
	cli/logs/source.c cli/logs/source.h \
	cli/logs/stamp.c cli/logs/stamp.h \
	cli/logs/unpack.c cli/logs/unpack.h \
	cli/logs/usual.c cli/logs/usual.h \
	cli/named.c cli/named.h \
	cli/networks.c cli/networks.h \
	cli/probe/address.c cli/probe/address.h \
	cli/probe/connection.c cli/probe/connection.h \
	cli/probe/dialogue.c cli/probe/dialogue.h \
	cli/probe/imap.c \
	cli/probe/judge.c cli/probe/judge.h \
	cli/probe/pop3.c \
	cli/probe/print.c cli/probe/print.h \
	cli/probe/probe.c cli/probe/probe.h \
	cli/probe/smtp.c \
	cli/probe/tls.c cli/probe/tls.h \
	cli/servers/check/check.c \
	cli/servers/check/dovecot.c cli/servers/check/dovecot.h \
	cli/servers/check/dovecot_certificate.c \
	cli/servers/check/dovecot_delivery.c \
	cli/servers/check/dovecot_network.c \
	cli/servers/check/dovecot_filter.c \
	cli/servers/check/dovecot_passdb.c \
	cli/servers/check/dovecot_passdb_block.c cli/servers/check/dovecot_passdb_block.h \
	cli/servers/check/dovecot_trust.c \
	cli/servers/check/dovecot_userdb.c \
	cli/servers/check/permitted.c cli/servers/check/permitted.h \
	cli/servers/check/known.c cli/servers/check/known.h \
	cli/servers/check/ports.c cli/servers/check/ports.h \
	cli/servers/check/postfix.c cli/servers/check/postfix.h \
	cli/servers/check/postfix_classes.c \
	cli/servers/check/postfix_delimiter.c \
	cli/servers/check/postfix_fix.c \
	cli/servers/check/postfix_lists.c \
	cli/servers/check/postfix_hooks.c \
	cli/servers/check/postfix_interfaces.c cli/servers/check/postfix_interfaces.h \
	cli/servers/check/postfix_listener.c \
	cli/servers/check/postfix_main.c \
	cli/servers/check/postfix_milters.c \
	cli/servers/check/postfix_names.c \
	cli/servers/check/postfix_process.c \
	cli/servers/check/postfix_proxy.c \
	cli/servers/check/postfix_refusals.c \
	cli/servers/check/postfix_senders.c \
	cli/servers/check/postfix_service.c \
	cli/servers/check/postfix_socket.c \
	cli/servers/check/postfix_submission.c \
	cli/servers/check/postfix_way.c cli/servers/check/postfix_way.h \
	cli/servers/check/sasl_sockets.c cli/servers/check/sasl_sockets.h \
	cli/servers/check/servers.c cli/servers/check/servers.h \
	cli/servers/check/gate.c cli/servers/check/gate.h \
	cli/servers/check/service.c \
	cli/servers/daemon.c cli/servers/daemon.h \
	cli/servers/check/sockets.c cli/servers/check/sockets.h \
	cli/servers/check/postfix_unnamed.c \
	cli/servers/check/start.c \
	cli/servers/check/stake.c cli/servers/check/stake.h \
	cli/servers/check/table.c cli/servers/check/table.h \
	cli/servers/check/userdb_fields.c cli/servers/check/userdb_fields.h \
	cli/servers/dovecot_file.c cli/servers/dovecot_file.h \
	cli/servers/dovecot_memory.c cli/servers/dovecot_memory.h \
	cli/servers/dovecot_sasl.c cli/servers/dovecot_sasl.h \
	cli/servers/dovecot_source.c cli/servers/dovecot_source.h \
	cli/servers/files.c cli/servers/files.h \
	cli/servers/guard.c cli/servers/guard.h \
	cli/servers/init/addresses.c \
	cli/servers/init/database_query.c \
	cli/servers/init/database_senders.c \
	cli/servers/init/database_text.c \
	cli/servers/init/database_try.c \
	cli/servers/init/databases.c cli/servers/init/databases.h \
	cli/servers/init/directory_text.c \
	cli/servers/init/domains.c \
	cli/servers/init/init.c cli/servers/init/init.h \
	cli/servers/init/listeners.c \
	cli/servers/init/logins.c \
	cli/servers/init/owners.c cli/servers/init/owners.h \
	cli/servers/init/passdbs.c cli/servers/init/passdbs.h \
	cli/servers/init/passwd_file.c cli/servers/init/passwd_file.h \
	cli/servers/init/people.c cli/servers/init/people.h \
	cli/servers/init/policy_text.c \
	cli/servers/init/read.c \
	cli/servers/init/relays.c cli/servers/init/relays.h \
	cli/servers/init/sample.c cli/servers/init/sample.h \
	cli/servers/init/sender_logins.c cli/servers/init/sender_logins.h \
	cli/servers/init/sender_names.c cli/servers/init/sender_names.h \
	cli/servers/init/sender_rules.c cli/servers/init/sender_rules.h \
	cli/servers/init/sender_write.c \
	cli/servers/init/tables.c cli/servers/init/tables.h \
	cli/servers/new_files.c cli/servers/new_files.h \
	cli/servers/own_names.c cli/servers/own_names.h \
	cli/servers/postfix_file.c cli/servers/postfix_file.h \
	cli/servers/pid.c cli/servers/pid.h \
	cli/servers/restriction.c cli/servers/restriction.h \
	cli/servers/setup/backup.c \
	cli/servers/setup/diff.c cli/servers/setup/diff.h \
	cli/servers/setup/dovecot_conf.c \
	cli/servers/setup/dovecot_service.c \
	cli/servers/setup/in_use.c cli/servers/setup/in_use.h \
	cli/servers/setup/lacks.c cli/servers/setup/lacks.h \
	cli/servers/setup/main_cf.c \
	cli/servers/setup/master_cf.c \
	cli/servers/setup/plan.c cli/servers/setup/plan.h \
	cli/servers/setup/plan_dovecot.c \
	cli/servers/setup/plan_postfix.c \
	cli/servers/setup/sasl.c cli/servers/setup/sasl.h \
	cli/servers/setup/setup.c \
	cli/servers/setup/text.h \
	cli/servers/trial.c cli/servers/trial.h \
	cli/servers/show/dovecot.c \
	cli/servers/show/json.c \
	cli/servers/show/postfix.c \
	cli/servers/show/show.c cli/servers/show/show.h \
	cli/servers/wiring.c cli/servers/wiring.h \
	cli/servers/wiring_chunking.c \
	cli/servers/wiring_cleartext.c \
	cli/servers/wiring_newline.c \
	cli/servers/wiring_sizes.c cli/servers/wiring_sizes.h \
	cli/servers/wiring_tls.c cli/servers/wiring_tls.h \
	cli/setting.c cli/setting.h \
	cli/status/look.c \
	cli/status/modules.c \
	cli/status/print.c \
	cli/status/refusals.c \
	cli/status/status.c cli/status/status.h \
	cli/suspend/doveadm.c cli/suspend/doveadm.h \
	cli/suspend/resume.c \
	cli/suspend/sessions.c cli/suspend/sessions.h \
	cli/suspend/suspend.c \
	cli/suspend/suspended.c \
	cli/suspension.c cli/suspension.h \
	cli/sync.c cli/sync.h \
	cli/text_file.c cli/text_file.h \
	cli/text_lock.c cli/text_lock.h \
	cli/ui/arguments.c cli/ui/arguments.h \
	cli/ui/completion.c \
	cli/ui/markup.c cli/ui/markup.h \
	cli/ui/output.c cli/ui/output.h \
	cli/ui/own_command.c cli/ui/own_command.h \
	cli/ui/password.c cli/ui/password.h \
	cli/ui/process.c cli/ui/process.h \
	cli/ui/program.c cli/ui/program.h \
	cli/ui/shell_text.c cli/ui/shell_text.h \
	cli/ui/terminal.c cli/ui/terminal.h \
	cli/ui/when.c cli/ui/when.h \
	cli/why/cause.c cli/why/cause.def cli/why/cause.h \
	cli/why/cause_table.c cli/why/cause_table.h cli/why/cause_rest.c \
	cli/why/cause_text.c \
	cli/why/decision.c \
	cli/why/dovecot.c \
	cli/why/event.h \
	cli/why/logs.c cli/why/logs.h \
	cli/why/fault.c cli/why/fault.h \
	cli/why/merge.c cli/why/merge.h \
	cli/why/print.c cli/why/print.h \
	cli/why/queue.c cli/why/queue.h \
	cli/why/part.c cli/why/part.h \
	cli/why/person.c cli/why/person.h \
	cli/why/postfix.c \
	cli/why/reply.c cli/why/reply.h \
	cli/why/sasl_words.c cli/why/sasl_words.h \
	cli/why/smtpd.c cli/why/smtpd.h \
	cli/why/smtpd_end.c \
	cli/why/smtpd_reject.c \
	cli/why/smtpd_sasl.c \
	cli/why/story.c cli/why/story.h \
	cli/why/story_end.c cli/why/story_end.h \
	cli/why/why.c \
	cli/why/tls_words.c cli/why/tls_words.h \
	cli/why/words.c cli/why/words.h
libmwcli_la_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli -I$(top_builddir)/cli
libmwcli_la_CFLAGS = $(MW_CFLAGS) $(OPENSSL_CFLAGS) $(MW_PIE_CFLAGS)
MW_CLI_LIBS = \
	libmwcli.la libmwpostfix.la libmwsync.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwtls.la \
	libmwmail.la libmwnotify.la libmwbase.la $(SYSTEMD_LIBS) \
	$(LMDB_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(OPENSSL_LIBS) $(CSV_LIBS) $(MW_UNPACK_LIBS)

cli_mailwicket_SOURCES = cli/main.c
cli_mailwicket_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli
cli_mailwicket_CFLAGS = $(MW_CFLAGS) $(MW_PIE_CFLAGS)
cli_mailwicket_LDFLAGS = $(MW_LDFLAGS) $(MW_PIE_LDFLAGS)
cli_mailwicket_LDADD = $(MW_CLI_LIBS)

# The sample policy as a string of C.
cli/servers/init/sample.inc: packaging/examples/mailwicket.conf
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $(top_srcdir)/packaging/examples/mailwicket.conf > $@
BUILT_SOURCES += cli/servers/init/sample.inc
CLEANFILES += cli/servers/init/sample.inc

# The exporters of `import exchange` as strings of C.
cli/import/exchange/%.inc: cli/import/exchange/%.ps1
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
BUILT_SOURCES += cli/import/exchange/exporter_server.inc cli/import/exchange/exporter_online.inc
CLEANFILES += cli/import/exchange/exporter_server.inc cli/import/exchange/exporter_online.inc
EXTRA_DIST += cli/import/exchange/exporter_server.ps1 cli/import/exchange/exporter_online.ps1

# What is built by its name alone has no BUILT_SOURCES. Of a single object automake would leave out its own rule.
$(libmwcli_la_OBJECTS): | cli/servers/init/sample.inc cli/import/exchange/exporter_server.inc \
	cli/import/exchange/exporter_online.inc
