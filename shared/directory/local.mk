noinst_LTLIBRARIES += libmwdirectory.la
libmwdirectory_la_SOURCES = \
	shared/directory/content.c shared/directory/content.h \
	shared/directory/copy.c \
	shared/directory/directory.h \
	shared/directory/follower.c shared/directory/follower.h \
	shared/directory/folder.c shared/directory/folder.h \
	shared/directory/index.c shared/directory/index.h \
	shared/directory/overlay.c shared/directory/overlay.h \
	shared/directory/pages.c shared/directory/pages.h \
	shared/directory/publish.c \
	shared/directory/names.c \
	shared/directory/reader.c \
	shared/directory/result.h \
	shared/directory/schema.c shared/directory/schema.h \
	shared/directory/snapshot.c shared/directory/snapshot.h \
	shared/directory/suspensions.c shared/directory/suspensions.h \
	shared/directory/suspensions_edit.c \
	shared/directory/suspensions_place.c \
	shared/directory/trust.c \
	shared/directory/watch.c shared/directory/watch.h \
	shared/directory/writer.c shared/directory/writer.h
libmwdirectory_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwdirectory_la_CFLAGS = $(MW_CFLAGS) $(LMDB_CFLAGS) $(XXHASH_CFLAGS)
libmwdirectory_la_LIBADD = $(LMDB_LIBS)
