check_PROGRAMS += tests/unit/test_sync
TESTS += tests/unit/test_sync
tests_unit_test_sync_SOURCES = $(mw_unit_sources) \
	tests/unit/sync/sync_support.c tests/unit/sync/sync_support.h \
	tests/unit/sync/ldap/descriptors.h \
	tests/unit/sync/ldap/test_ad_groups.c \
	tests/unit/sync/ldap/test_descriptor.c \
	tests/unit/sync/ldap/test_dn.c \
	tests/unit/sync/ldap/test_sid.c \
	tests/unit/sync/test_expand.c \
	tests/unit/sync/test_file_watch.c \
	tests/unit/sync/test_former.c \
	tests/unit/sync/test_memory.c \
	tests/unit/sync/test_networks.c \
	tests/unit/sync/test_pairs.c \
	tests/unit/sync/test_record.c \
	tests/unit/sync/test_rename.c \
	tests/unit/sync/test_row.c \
	tests/unit/sync/test_run.c \
	tests/unit/sync/test_schema.c \
	tests/unit/sync/test_some.c \
	tests/unit/sync/test_source.c \
	tests/unit/sync/test_text.c \
	tests/unit/sync/test_text_edit.c \
	tests/unit/sync/test_text_field.c \
	tests/unit/sync/test_text_write.c
tests_unit_test_sync_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_sync_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_sync_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
