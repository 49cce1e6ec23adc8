check_PROGRAMS += tests/unit/test_mail
TESTS += tests/unit/test_mail
tests_unit_test_mail_SOURCES = $(mw_unit_sources) \
	tests/unit/mail/test_address.c \
	tests/unit/mail/test_binding.c \
	tests/unit/mail/test_domain.c \
	tests/unit/mail/test_login_name.c \
	tests/unit/mail/test_network.c \
	tests/unit/mail/test_originators.c \
	tests/unit/mail/test_words.c
tests_unit_test_mail_CPPFLAGS = $(MW_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_test_mail_CFLAGS = $(MW_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_mail_LDADD = libmwmail.la libmwbase.la $(IDN2_LIBS) $(UNISTRING_LIBS) $(CHECK_LIBS)
