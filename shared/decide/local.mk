noinst_LTLIBRARIES += libmwdecide.la
libmwdecide_la_SOURCES = \
	shared/decide/account.c shared/decide/account.h \
	shared/decide/check.h \
	shared/decide/check_header.c \
	shared/decide/check_limits.c \
	shared/decide/check_login.c \
	shared/decide/check_network.c \
	shared/decide/check_recipient.c \
	shared/decide/check_sender.c \
	shared/decide/check_session.c \
	shared/decide/directory_view.h \
	shared/decide/enforce.c \
	shared/decide/facts.h \
	shared/decide/identity.c shared/decide/identity.h \
	shared/decide/identity_login.c \
	shared/decide/login.c shared/decide/login.h \
	shared/decide/reason.c shared/decide/reason.def \
	shared/decide/service.c \
	shared/decide/submission.c shared/decide/submission.h \
	shared/decide/tls.c shared/decide/tls.h \
	shared/decide/trace.c shared/decide/trace.h shared/decide/trace_write.h \
	shared/decide/unlisted.c shared/decide/unlisted.h \
	shared/decide/verdict.c shared/decide/verdict.h
libmwdecide_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwdecide_la_CFLAGS = $(MW_CFLAGS)
