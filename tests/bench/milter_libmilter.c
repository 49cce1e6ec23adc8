/* SPDX-License-Identifier: MIT */
/* A filter of libmilter that does nothing, and negotiates the steps and macros that mailwicketd negotiates.
   milter_libmilter unix:PATH; prints "ready" before it serves. Needs libmilter-dev. */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2,
			     unsigned long unused3, unsigned long *actions_r, unsigned long *steps_r, unsigned long *zero2_r,
			     unsigned long *zero3_r)
{
	static char connection[] = "{client_addr} {client_port} {daemon_addr} {daemon_port}", id[] = "i",
		mail[] = "{auth_authen} {auth_type} {tls_version} {cipher} {cipher_bits} {cert_subject}",
		end[] = "i {client_addr} {client_port} {daemon_addr} {daemon_port} {auth_authen} {auth_type}";
	char *const lists[] = { connection, id, mail, id, id, end, id };

	(void)actions;
	(void)steps;
	(void)unused2;
	(void)unused3;
	for (int i = 0; i < (int)(sizeof(lists) / sizeof(lists[0])); i++) {
		if (smfi_setsymlist(context, i, lists[i]) != MI_SUCCESS)
			return SMFIS_REJECT;
	}
	*actions_r = SMFIF_ADDHDRS | SMFIF_SETSYMLIST;
	*steps_r = SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_HDR |
		   SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN |
		   SMFIP_NR_EOH | SMFIP_NR_BODY;
	*zero2_r = *zero3_r = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	(void)context;
	(void)name;
	(void)address;
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *context, char **words)
{
	(void)context;
	(void)words;
	return SMFIS_NOREPLY;
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
	(void)context;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc filter = { .xxfi_name = (char *)"nothing", .xxfi_version = SMFI_VERSION,
				   .xxfi_flags = SMFIF_ADDHDRS | SMFIF_SETSYMLIST, .xxfi_connect = on_connect,
				   .xxfi_envfrom = on_mail, .xxfi_header = on_field, .xxfi_eom = on_end,
				   .xxfi_negotiate = on_negotiate };

	if (argc != 2 || smfi_setconn(argv[1]) == MI_FAILURE || smfi_register(filter) == MI_FAILURE ||
	    smfi_opensocket(1) == MI_FAILURE) {
		fprintf(stderr, "usage: milter_libmilter unix:PATH\n");
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
