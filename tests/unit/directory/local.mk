check_PROGRAMS += tests/unit/test_directory
TESTS += tests/unit/test_directory
tests_unit_test_directory_SOURCES = $(mw_unit_sources) \
	tests/unit/directory/directory_support.c tests/unit/directory/directory_support.h \
	tests/unit/directory/test_content.c \
	tests/unit/directory/test_foreign.c \
	tests/unit/directory/test_index.c \
	tests/unit/directory/test_overlay.c \
	tests/unit/directory/test_publish.c \
	tests/unit/directory/test_reader.c \
	tests/unit/directory/test_schema.c \
	tests/unit/directory/test_snapshot.c \
	tests/unit/directory/test_suspensions.c \
	tests/unit/directory/test_watch.c
tests_unit_test_directory_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_directory_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_directory_LDADD = \
	libmwsync.la libmwtls.la libmwdirectory.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(XXHASH_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
