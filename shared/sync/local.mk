noinst_LTLIBRARIES += libmwsync.la
libmwsync_la_SOURCES = \
	shared/sync/bound.c \
	shared/sync/complete.c \
	shared/sync/expand.c shared/sync/expand.h \
	shared/sync/file_watch.c shared/sync/file_watch.h \
	shared/sync/copy.c shared/sync/copy_state.c shared/sync/copy.h \
	shared/sync/gather.c shared/sync/gather.h \
	shared/sync/grants.c shared/sync/groups.c \
	shared/sync/index.c \
	shared/sync/key.c shared/sync/key.h \
	shared/sync/key_networks.c shared/sync/key_networks.h \
	shared/sync/memory.c \
	shared/sync/keep.c shared/sync/keep.h \
	shared/sync/merge.c shared/sync/merge.h \
	shared/sync/merge_list.c \
	shared/sync/names.c shared/sync/names.h \
	shared/sync/networks.c \
	shared/sync/pairs.c shared/sync/pairs.h \
	shared/sync/record.c shared/sync/record.h \
	shared/sync/row.c shared/sync/row.h \
	shared/sync/schema.c shared/sync/schema.h \
	shared/sync/schema_iredmail.c \
	shared/sync/schema_mailcow.c \
	shared/sync/schema_postfixadmin.c \
	shared/sync/source.c shared/sync/source.h \
	shared/sync/source_exec.c \
	shared/sync/source_text.c \
	shared/sync/sql.h shared/sync/sql_password.c shared/sync/sql_read.c shared/sync/sql_watch.c \
	shared/sync/sync.c shared/sync/sync.h \
	shared/sync/text.c shared/sync/text.h \
	shared/sync/text_edit.c shared/sync/text_edit.h \
	shared/sync/text_field.c shared/sync/text_field.h \
	shared/sync/text_name.c shared/sync/text_name.h \
	shared/sync/text_write.c shared/sync/text_write.h
if HAVE_SQLITE
libmwsync_la_SOURCES += shared/sync/source_sqlite.c
endif
if HAVE_PGSQL
libmwsync_la_SOURCES += shared/sync/source_pgsql.c
endif
if HAVE_MYSQL
libmwsync_la_SOURCES += shared/sync/source_mysql.c
endif
libmwsync_la_CPPFLAGS = $(MW_CPPFLAGS) $(SQLITE_CFLAGS) $(PGSQL_CFLAGS) $(MYSQL_CFLAGS)
libmwsync_la_CFLAGS = $(MW_CFLAGS) $(XXHASH_CFLAGS)
libmwsync_la_LIBADD = $(UNISTRING_LIBS) $(XXHASH_LIBS) $(SQLITE_LIBS) $(PGSQL_LIBS) $(MYSQL_LIBS)
