noinst_LTLIBRARIES += libmwmail.la
libmwmail_la_SOURCES = \
	shared/mail/address.c shared/mail/address.h \
	shared/mail/extension.c \
	shared/mail/local_part.c shared/mail/local_part.h \
	shared/mail/binding.c \
	shared/mail/claims.c shared/mail/claims.h \
	shared/mail/domain.c shared/mail/domain.h \
	shared/mail/encoded_word.c shared/mail/encoded_word.h \
	shared/mail/mailbox_list.c shared/mail/mailbox_list.h \
	shared/mail/mechanism.c shared/mail/mechanism.h \
	shared/mail/network.c shared/mail/network.h \
	shared/mail/originators.c shared/mail/originators.h \
	shared/mail/prefix.c shared/mail/prefix.h \
	shared/mail/protocol.c shared/mail/protocol.h \
	shared/mail/plain.h \
	shared/mail/range.c
libmwmail_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwmail_la_CFLAGS = $(MW_CFLAGS)
