noinst_LTLIBRARIES += libmwpostfix.la
libmwpostfix_la_SOURCES = \
	shared/postfix/answer.c shared/postfix/answer.h \
	shared/postfix/attributes.def \
	shared/postfix/facts.c shared/postfix/facts.h \
	shared/postfix/request.c shared/postfix/request.h
libmwpostfix_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwpostfix_la_CFLAGS = $(MW_CFLAGS)
