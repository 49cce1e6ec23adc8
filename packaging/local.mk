systemdsystemunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

# Without libsystemd mailwicketd reports no readiness, feeds no watchdog and takes no socket.
nodist_systemdsystemunit_DATA = packaging/systemd/mailwicketd.service packaging/systemd/mailwicket-sync.service
if HAVE_SYSTEMD
dist_systemdsystemunit_DATA = packaging/systemd/mailwicketd.socket
unit_follows_build =
else
unit_follows_build = -e 's/^Type=notify/Type=exec/' -e '/^WatchdogSec=/d'
endif
EXTRA_DIST += packaging/build-deb packaging/copy-tree packaging/debian packaging/systemd/mailwicketd.service.in \
	packaging/systemd/mailwicket-sync.service.in \
	packaging/systemd/mailwicketd.socket packaging/systemd/sysusers.conf packaging/systemd/tmpfiles.conf
CLEANFILES += packaging/systemd/mailwicketd.service packaging/systemd/mailwicket-sync.service

packaging/systemd/mailwicketd.service packaging/systemd/mailwicket-sync.service: packaging/systemd/%.service: packaging/systemd/%.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
	sed -e 's|@sbindir[@]|$(sbindir)|' -e 's|@bindir[@]|$(bindir)|' $(unit_follows_build) \
		$(srcdir)/packaging/systemd/$*.service.in > $@.new && mv $@.new $@

# What a new policy and directory begin with.
examplesdir = $(docdir)/examples
dist_examples_DATA = packaging/examples/mailwicket.conf packaging/examples/directory

# Triggers with which PostgreSQL tells of changes in the tables of a schema.
schemasdir = $(pkgdatadir)/schemas
dist_schemas_DATA = packaging/schemas/iredmail-notify.sql packaging/schemas/iredmail-notify-undo.sql \
	packaging/schemas/postfixadmin-notify.sql packaging/schemas/postfixadmin-notify-undo.sql

# Two sources whose installed names are not their own.
install-data-hook: install-systemd-files
install-systemd-files:
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) $(srcdir)/packaging/systemd/sysusers.conf "$(DESTDIR)$(sysusersdir)/mailwicket.conf"
	$(INSTALL_DATA) $(srcdir)/packaging/systemd/tmpfiles.conf "$(DESTDIR)$(tmpfilesdir)/mailwicket.conf"
# Postfix and Dovecot must not name what is no longer there. (A variable, so that automake keeps its own rules.)
removed_by_uninstall = uninstall-binPROGRAMS uninstall-sbinPROGRAMS uninstall-mw_auth_moduleLTLIBRARIES \
	uninstall-mw_login_moduleLTLIBRARIES uninstall-hook
$(removed_by_uninstall): not-in-use
not-in-use:
	@if test -f "$(DESTDIR)$(sysconfdir)/mailwicket/mailwicket.conf" && test -z "$(DESTDIR)" && \
		"$(bindir)/mailwicket" setup --in-use; then \
		echo "make uninstall: first undo what setup wrote: mailwicket setup --undo" >&2; exit 1; fi
.PHONY: not-in-use

uninstall-hook: uninstall-systemd-files
uninstall-systemd-files:
	rm -f "$(DESTDIR)$(sysusersdir)/mailwicket.conf" "$(DESTDIR)$(tmpfilesdir)/mailwicket.conf"
.PHONY: install-systemd-files uninstall-systemd-files

# Made from the option tables by the program itself: not where it cannot be run.
if !CROSS_COMPILING
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = packaging/completion/mailwicket
CLEANFILES += packaging/completion/mailwicket

packaging/completion/mailwicket: cli/mailwicket$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging/completion && cli/mailwicket$(EXEEXT) completion bash > $@.new && mv $@.new $@
endif
