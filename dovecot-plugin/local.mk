# Dovecot's headers as the system's: our warnings are for our code.
MW_DOVECOT_CPPFLAGS = $(MW_CPPFLAGS) $(LIBDOVECOT_INCLUDE:-I%=-isystem %)
MW_DOVECOT_LOGIN_CPPFLAGS = $(MW_DOVECOT_CPPFLAGS) $(LIBDOVECOT_LOGIN_INCLUDE:-I%=-isystem %)
MW_DOVECOT_AUTH_CPPFLAGS = $(MW_DOVECOT_CPPFLAGS) $(LIBDOVECOT_AUTH_INCLUDE:-I%=-isystem %)
MW_DOVECOT_CFLAGS = $(MW_CFLAGS) -Wno-conversion -Wno-shadow
# Dovecot's own libraries are in the process that loads the module. Unmapping it before the process ends anyway
# (nodelete) costs a login process time for nothing.
MW_DOVECOT_LDFLAGS = $(MW_LDFLAGS) -Wl,-z,nodelete -module -avoid-version -shared

noinst_LTLIBRARIES += libmwcredential.la
libmwcredential_la_SOURCES = \
	dovecot-plugin/capability.c dovecot-plugin/capability.h \
	dovecot-plugin/credential.c dovecot-plugin/credential.h \
	dovecot-plugin/credential_rest.c dovecot-plugin/credential_rest.h
libmwcredential_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwcredential_la_CFLAGS = $(MW_CFLAGS)

noinst_LTLIBRARIES += libmwdovecot.la
libmwdovecot_la_SOURCES = \
	dovecot-plugin/compat.h \
	dovecot-plugin/decision_log.c dovecot-plugin/decision_log.h \
	dovecot-plugin/policy_copy.c dovecot-plugin/policy_copy.h \
	dovecot-plugin/policy_holder.c dovecot-plugin/policy_holder.h \
	dovecot-plugin/version.c
libmwdovecot_la_CPPFLAGS = $(MW_DOVECOT_CPPFLAGS)
libmwdovecot_la_CFLAGS = $(MW_DOVECOT_CFLAGS)

mw_login_moduledir = $(dovecot_moduledir)/login
mw_login_module_LTLIBRARIES = dovecot-plugin/lib10_mailwicket_plugin.la
dovecot_plugin_lib10_mailwicket_plugin_la_SOURCES = \
	dovecot-plugin/compat_login.h \
	dovecot-plugin/login_client.h \
	dovecot-plugin/login_binary.c \
	dovecot-plugin/login_facts.c \
	dovecot-plugin/login_libraries.c \
	dovecot-plugin/login_offer.c \
	dovecot-plugin/login_plugin.c \
	dovecot-plugin/login_policy.c \
	dovecot-plugin/login_reply.c
dovecot_plugin_lib10_mailwicket_plugin_la_CPPFLAGS = $(MW_DOVECOT_LOGIN_CPPFLAGS)
dovecot_plugin_lib10_mailwicket_plugin_la_CFLAGS = $(MW_DOVECOT_CFLAGS)
dovecot_plugin_lib10_mailwicket_plugin_la_LDFLAGS = $(MW_DOVECOT_LDFLAGS)
dovecot_plugin_lib10_mailwicket_plugin_la_LIBADD = \
	libmwdovecot.la libmwcredential.la libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la

mw_auth_moduledir = $(dovecot_moduledir)/auth
mw_auth_module_LTLIBRARIES = dovecot-plugin/libauthdb_mailwicket.la
dovecot_plugin_libauthdb_mailwicket_la_SOURCES = \
	dovecot-plugin/auth_directory.c dovecot-plugin/auth_directory.h \
	dovecot-plugin/auth_facts.c dovecot-plugin/auth_facts.h \
	dovecot-plugin/auth_login.c dovecot-plugin/auth_login.h \
	dovecot-plugin/auth_mechanisms.h \
	dovecot-plugin/auth_module.c \
	dovecot-plugin/auth_notice.c dovecot-plugin/auth_notice.h \
	dovecot-plugin/compat_auth.h
if MECHANISMS_REGISTER
dovecot_plugin_libauthdb_mailwicket_la_SOURCES += dovecot-plugin/auth_mechanisms.c
else
dovecot_plugin_libauthdb_mailwicket_la_SOURCES += dovecot-plugin/auth_mechanisms_unheld.c
endif
dovecot_plugin_libauthdb_mailwicket_la_CPPFLAGS = $(MW_DOVECOT_AUTH_CPPFLAGS)
dovecot_plugin_libauthdb_mailwicket_la_CFLAGS = $(MW_DOVECOT_CFLAGS)
dovecot_plugin_libauthdb_mailwicket_la_LDFLAGS = $(MW_DOVECOT_LDFLAGS)
dovecot_plugin_libauthdb_mailwicket_la_LIBADD = \
	libmwdovecot.la libmwdirectory.la libmwreport.la libmwdecide.la libmwpolicy.la libmwmail.la libmwbase.la \
	$(LMDB_LIBS) $(IDN2_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS)
