mw_unit_sources = tests/unit/unit.c tests/unit/unit.h
check_PROGRAMS += tests/unit/test_base
TESTS += tests/unit/test_base
tests_unit_test_base_SOURCES = $(mw_unit_sources) \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_buf.c \
	tests/unit/base/test_clock.c \
	tests/unit/base/test_complain.c \
	tests/unit/base/test_errors.c \
	tests/unit/base/test_path.c \
	tests/unit/base/test_str.c \
	tests/unit/base/test_table.c \
	tests/unit/base/test_text.c \
	tests/unit/base/test_units.c
tests_unit_test_base_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_base_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_base_LDADD = libmwbase.la $(UNISTRING_LIBS) $(CHECK_LIBS)
