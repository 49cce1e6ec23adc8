noinst_LTLIBRARIES += libmwbase.la
libmwbase_la_SOURCES = \
	shared/base/arena.c shared/base/arena.h \
	shared/base/buf.c shared/base/buf.h \
	shared/base/child.c shared/base/child.h \
	shared/base/clock.c shared/base/clock.h \
	shared/base/complain.c shared/base/complain.h \
	shared/base/errors.c shared/base/errors.h \
	shared/base/inherited.c shared/base/inherited.h \
	shared/base/path.c shared/base/path.h \
	shared/base/shell.c shared/base/shell.h \
	shared/base/str.c shared/base/str.h \
	shared/base/table.c shared/base/table.h \
	shared/base/text.c shared/base/text.h \
	shared/base/units.c shared/base/units.h
libmwbase_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwbase_la_CFLAGS = $(MW_CFLAGS)

# Of the programs alone: Dovecot's modules have no use for it.
noinst_LTLIBRARIES += libmwnotify.la
libmwnotify_la_SOURCES = shared/base/notify.c shared/base/notify.h
libmwnotify_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwnotify_la_CFLAGS = $(MW_CFLAGS) $(SYSTEMD_CFLAGS)
