# All but main() and what questions wait for: the tests' too.
mw_daemon_sources = \
	postfix-policy/milter/judge.c postfix-policy/milter/judge.h \
	postfix-policy/milter/macros.c postfix-policy/milter/macros.h \
	postfix-policy/milter/milters.c postfix-policy/milter/milters.h \
	postfix-policy/milter/packet.c postfix-policy/milter/packet.h \
	postfix-policy/milter/session.c postfix-policy/milter/session.h \
	postfix-policy/policy/batch.c postfix-policy/policy/batch.h \
	postfix-policy/policy/connection.c postfix-policy/policy/connection.h \
	postfix-policy/policy/question.c postfix-policy/policy/question.h \
	postfix-policy/policy/waits.h \
	postfix-policy/server/bind.c postfix-policy/server/bind.h \
	postfix-policy/server/bind_unix.c \
	postfix-policy/server/daemonize.c postfix-policy/server/daemonize.h \
	postfix-policy/server/deadline.c postfix-policy/server/deadline.h \
	postfix-policy/server/decision_log.c postfix-policy/server/decision_log.h \
	postfix-policy/server/guests.c postfix-policy/server/guests.h \
	postfix-policy/server/handover.c postfix-policy/server/handover.h \
	postfix-policy/server/identity.c postfix-policy/server/identity.h \
	postfix-policy/server/listener.c postfix-policy/server/listener.h \
	postfix-policy/server/log.c postfix-policy/server/log.h \
	postfix-policy/server/log_lines.c postfix-policy/server/log_lines.h \
	postfix-policy/server/loop.c postfix-policy/server/loop.h \
	postfix-policy/server/passed.c postfix-policy/server/passed.h \
	postfix-policy/server/peer.c postfix-policy/server/peer.h \
	postfix-policy/server/pool.c postfix-policy/server/pool.h \
	postfix-policy/server/pooled.h \
	postfix-policy/server/privileges.c postfix-policy/server/privileges.h \
	postfix-policy/server/seed.c postfix-policy/server/seed.h \
	postfix-policy/server/standard_error.c postfix-policy/server/standard_error.h \
	postfix-policy/server/status.c postfix-policy/server/status.h \
	postfix-policy/server/world.c postfix-policy/server/world.h \
	postfix-policy/server/system_log.c postfix-policy/server/system_log.h
mw_daemon_libs = \
	libmwnotify.la libmwpostfix.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(EV_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(SYSTEMD_LIBS)

sbin_PROGRAMS += postfix-policy/mailwicketd
postfix_policy_mailwicketd_SOURCES = postfix-policy/main.c postfix-policy/policy/waits.c $(mw_daemon_sources)
postfix_policy_mailwicketd_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/postfix-policy
postfix_policy_mailwicketd_CFLAGS = $(MW_CFLAGS) $(MW_PIE_CFLAGS) $(SYSTEMD_CFLAGS)
postfix_policy_mailwicketd_LDFLAGS = $(MW_WHOLE_LDFLAGS) $(MW_PIE_LDFLAGS)
postfix_policy_mailwicketd_LDADD = $(mw_daemon_libs)
