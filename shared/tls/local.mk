noinst_LTLIBRARIES += libmwtls.la
libmwtls_la_SOURCES = \
	shared/tls/fault.c shared/tls/fault.h \
	shared/tls/strength.c shared/tls/strength.h \
	shared/tls/time.c shared/tls/time.h
libmwtls_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwtls_la_CFLAGS = $(MW_CFLAGS) $(OPENSSL_CFLAGS)
libmwtls_la_LIBADD = $(OPENSSL_LIBS)
