noinst_LTLIBRARIES += libmwpolicy.la
libmwpolicy_la_SOURCES = \
	shared/policy/audit.c \
	shared/policy/audit.h \
	shared/policy/build.c \
	shared/policy/build.h \
	shared/policy/build_sections.c \
	shared/policy/choose.c \
	shared/policy/choose.h \
	shared/policy/defaults.c \
	shared/policy/exchange.c \
	shared/policy/exchange.def \
	shared/policy/exchange.h \
	shared/policy/lex.c \
	shared/policy/listing.c \
	shared/policy/listing.h \
	shared/policy/local_names.c \
	shared/policy/model.h \
	shared/policy/parse.c \
	shared/policy/permission.c \
	shared/policy/permission.h \
	shared/policy/print.c \
	shared/policy/print.h \
	shared/policy/reach.c \
	shared/policy/read.c \
	shared/policy/read.h \
	shared/policy/service.c \
	shared/policy/service.h \
	shared/policy/setting.c \
	shared/policy/setting.def \
	shared/policy/source_driver.def \
	shared/policy/setting.h \
	shared/policy/syntax.h \
	shared/policy/ties.c \
	shared/policy/validate.c shared/policy/validate_header.c shared/policy/validate_ldap.c shared/policy/validate_source.c \
	shared/policy/value.c \
	shared/policy/value.h \
	shared/policy/value_list.c \
	shared/policy/words.c
libmwpolicy_la_CPPFLAGS = $(MW_CPPFLAGS) -DMW_EXAMPLES='"$(examplesdir)"'
libmwpolicy_la_CFLAGS = $(MW_CFLAGS)
