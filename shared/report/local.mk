noinst_LTLIBRARIES += libmwreport.la
libmwreport_la_SOURCES = \
	shared/report/daemon_status.c shared/report/daemon_status.h \
	shared/report/json.c shared/report/json.h \
	shared/report/logfield.c shared/report/logfield.def shared/report/logfield.h \
	shared/report/logline.c shared/report/logline.h \
	shared/report/module_version.h \
	shared/report/prose.c shared/report/prose.h \
	shared/report/fix.c \
	shared/report/template.c shared/report/template.h
libmwreport_la_CPPFLAGS = $(MW_CPPFLAGS)
libmwreport_la_CFLAGS = $(MW_CFLAGS)
