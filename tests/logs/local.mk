# What tests/system/test_518_situations.py asks.
check_PROGRAMS += tests/logs/many
tests_logs_many_SOURCES = tests/logs/many.c
tests_logs_many_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/cli
tests_logs_many_CFLAGS = $(MW_CFLAGS)
tests_logs_many_LDADD = $(MW_CLI_LIBS)
