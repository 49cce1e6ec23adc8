noinst_LTLIBRARIES += libmwsync.la
libmwsync_la_SOURCES = \
	shared/sync/exec.c \
	shared/sync/exec_keeper.c shared/sync/exec_keeper.h \
	shared/sync/file_watch.c shared/sync/file_watch.h \
	shared/sync/gather.c shared/sync/gather.h \
	shared/sync/host.c shared/sync/host.h \
	shared/sync/memory.c \
	shared/sync/prefix_grants.c shared/sync/prefix_grants.h \
	shared/sync/source.c shared/sync/source.h \
	shared/sync/sync.c shared/sync/sync.h \
	shared/sync/expand/bound.c \
	shared/sync/expand/complete.c \
	shared/sync/expand/expand.c shared/sync/expand/expand.h \
	shared/sync/expand/former.c \
	shared/sync/expand/grants.c \
	shared/sync/expand/groups.c \
	shared/sync/expand/index.c \
	shared/sync/expand/networks.c \
	shared/sync/expand/pairs.c shared/sync/expand/pairs.h \
	shared/sync/ldap/ad_groups.c shared/sync/ldap/ad_groups.h \
	shared/sync/ldap/descriptor.c shared/sync/ldap/descriptor.h \
	shared/sync/ldap/dn.c shared/sync/ldap/dn.h \
	shared/sync/ldap/sid.c shared/sync/ldap/sid.h \
	shared/sync/merge/claim.c shared/sync/merge/claim.h \
	shared/sync/merge/claiming.c shared/sync/merge/claiming.h \
	shared/sync/merge/contest.c shared/sync/merge/contest.h \
	shared/sync/merge/copy.c shared/sync/merge/copy.h \
	shared/sync/merge/copy_file.c shared/sync/merge/copy_file.h \
	shared/sync/merge/copy_state.c \
	shared/sync/merge/copy_text.c \
	shared/sync/merge/former.c shared/sync/merge/former.h \
	shared/sync/merge/keep.c shared/sync/merge/keep.h \
	shared/sync/merge/parts.c shared/sync/merge/parts.h \
	shared/sync/merge/keep_guard.c \
	shared/sync/merge/keep_version.c shared/sync/merge/keep_version.h \
	shared/sync/merge/left_out.c shared/sync/merge/left_out.h \
	shared/sync/merge/lost.c shared/sync/merge/lost.h \
	shared/sync/merge/merge.c shared/sync/merge/merge.h \
	shared/sync/merge/merge_list.c \
	shared/sync/merge/names.c shared/sync/merge/names.h \
	shared/sync/merge/rename.c shared/sync/merge/rename.h \
	shared/sync/record/grant.c \
	shared/sync/record/join.c \
	shared/sync/record/key.c shared/sync/record/key.h \
	shared/sync/record/key_copy.c shared/sync/record/key_copy.h \
	shared/sync/record/key_networks.c shared/sync/record/key_networks.h \
	shared/sync/record/key_source.c shared/sync/record/key_source.h \
	shared/sync/record/record.c shared/sync/record/record.h \
	shared/sync/record/row.c shared/sync/record/row.h \
	shared/sync/sql/password.c \
	shared/sync/sql/read.c \
	shared/sync/sql/schema.c shared/sync/sql/schema.h \
	shared/sync/sql/schema_iredmail.c \
	shared/sync/sql/schema_mailcow.c \
	shared/sync/sql/schema_postfixadmin.c \
	shared/sync/sql/sql.h \
	shared/sync/sql/name.c shared/sync/sql/watch.c \
	shared/sync/text/edit.c shared/sync/text/edit.h \
	shared/sync/text/field.c shared/sync/text/field.h \
	shared/sync/text/name.c shared/sync/text/name.h \
	shared/sync/text/source.c \
	shared/sync/text/text.c shared/sync/text/text.h \
	shared/sync/text/write.c shared/sync/text/write.h
if HAVE_SQLITE
libmwsync_la_SOURCES += shared/sync/sql/sqlite.c
endif
if HAVE_PGSQL
libmwsync_la_SOURCES += shared/sync/sql/pgsql.c
endif
if HAVE_MYSQL
libmwsync_la_SOURCES += shared/sync/sql/mysql.c
endif
if HAVE_LDAP
libmwsync_la_SOURCES += \
	shared/sync/ldap/ad.c shared/sync/ldap/ad.h \
	shared/sync/ldap/ad_denied.c \
	shared/sync/ldap/ad_entry.c \
	shared/sync/ldap/ad_names.c \
	shared/sync/ldap/ad_tokens.c \
	shared/sync/ldap/check.c \
	shared/sync/ldap/deadline.c \
	shared/sync/ldap/entry.c \
	shared/sync/ldap/gssapi.c \
	shared/sync/ldap/internal.h \
	shared/sync/ldap/map.c shared/sync/ldap/map.h \
	shared/sync/ldap/openldap.c \
	shared/sync/ldap/prefix.c \
	shared/sync/ldap/reader.c shared/sync/ldap/reader.h \
	shared/sync/ldap/resolve.c \
	shared/sync/ldap/search.c \
	shared/sync/ldap/services.c \
	shared/sync/ldap/session.c shared/sync/ldap/session.h \
	shared/sync/ldap/source.c \
	shared/sync/ldap/tls.c
endif
libmwsync_la_CPPFLAGS = $(MW_CPPFLAGS) $(SQLITE_CFLAGS) $(PGSQL_CFLAGS) $(MYSQL_CFLAGS) $(LDAP_CFLAGS)
libmwsync_la_CFLAGS = $(MW_CFLAGS) $(XXHASH_CFLAGS)
libmwsync_la_LIBADD = $(UNISTRING_LIBS) $(XXHASH_LIBS) $(SQLITE_LIBS) $(PGSQL_LIBS) $(MYSQL_LIBS) $(LDAP_LIBS)
