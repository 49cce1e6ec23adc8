sbin_PROGRAMS += postfix-policy/mailwicketd
postfix_policy_mailwicketd_SOURCES = \
	postfix-policy/bind.c postfix-policy/bind.h \
	postfix-policy/bind_unix.c \
	postfix-policy/connection.c postfix-policy/connection.h \
	postfix-policy/daemonize.c postfix-policy/daemonize.h \
	postfix-policy/deadline.c postfix-policy/deadline.h \
	postfix-policy/decision_log.c postfix-policy/decision_log.h \
	postfix-policy/guests.c postfix-policy/guests.h \
	postfix-policy/identity.c postfix-policy/identity.h \
	postfix-policy/inbox.c postfix-policy/inbox.h \
	postfix-policy/judge.c postfix-policy/judge.h \
	postfix-policy/listener.c postfix-policy/listener.h \
	postfix-policy/log.c postfix-policy/log.h \
	postfix-policy/lookup_cache.c postfix-policy/lookup_cache.h \
	postfix-policy/loop.c postfix-policy/loop.h \
	postfix-policy/main.c \
	postfix-policy/notify.c postfix-policy/notify.h \
	postfix-policy/outbox.c postfix-policy/outbox.h \
	postfix-policy/peer.c postfix-policy/peer.h \
	postfix-policy/privileges.c postfix-policy/privileges.h \
	postfix-policy/state.c postfix-policy/state.h \
	postfix-policy/system_log.c postfix-policy/system_log.h \
	postfix-policy/turn.c postfix-policy/turn.h \
	postfix-policy/work.c postfix-policy/work.h
postfix_policy_mailwicketd_CPPFLAGS = $(MW_CPPFLAGS)
postfix_policy_mailwicketd_CFLAGS = $(MW_CFLAGS) $(MW_PIE_CFLAGS) $(SYSTEMD_CFLAGS)
postfix_policy_mailwicketd_LDFLAGS = $(MW_WHOLE_LDFLAGS) $(MW_PIE_LDFLAGS)
postfix_policy_mailwicketd_LDADD = \
	libmwpostfix.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(EV_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS) $(SYSTEMD_LIBS)
