/* SPDX-License-Identifier: MIT */
/* With service_count = 1 a process is started for each connection, and two thirds of what the plugin would add to that
   is the loading of libidn2 and libunistring, which next to no policy needs. These are their functions that shared/
   calls; standing before the libraries', they leave those unlinked. */
#include "login_client.h"

#include <dlfcn.h>
#include <idn2.h>
#include <unichar.h>
#include <unistr.h>

/* libunistring's, without its headers: the normal form has a type there that only the library can define. */
uint8_t *u8_casefold(const uint8_t *text, size_t len, const char *language, const void *normal_form, uint8_t *result,
		     size_t *len_r);
extern const char uninorm_nfc[1];
/* Stands for the library's own, the one normal form that shared/ asks for. */
const char uninorm_nfc[1];

static void *libidn2;

/* For a policy with a domain that is not plain ASCII. It is read before the process locks itself in. */
static void *from_libidn2(const char *name)
{
	void *function;

	if (libidn2 == NULL)
		libidn2 = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL);
	function = libidn2 == NULL ? NULL : dlsym(libidn2, name);
	if (function == NULL)
		i_error("mailwicket: domains that are not ASCII cannot be read: %s", dlerror());
	return function;
}

int idn2_to_ascii_8z(const char *input, char **output, int flags)
{
	__typeof__(idn2_to_ascii_8z) *function = from_libidn2(__func__);

	return function == NULL ? IDN2_MALLOC : function(input, output, flags);
}

int idn2_to_unicode_8z8z(const char *input, char **output, int flags)
{
	__typeof__(idn2_to_unicode_8z8z) *function = from_libidn2(__func__);

	return function == NULL ? IDN2_MALLOC : function(input, output, flags);
}

void idn2_free(void *memory)
{
	__typeof__(idn2_free) *function = memory == NULL ? NULL : from_libidn2(__func__);

	if (function != NULL)
		function(memory);
}

/* libidn2 brings libunistring with it. */
uint8_t *u8_casefold(const uint8_t *text, size_t len, const char *language, const void *normal_form ATTR_UNUSED,
		     uint8_t *result, size_t *len_r)
{
	__typeof__(u8_casefold) *function = from_libidn2(__func__);
	const void *nfc = function == NULL ? NULL : from_libidn2("uninorm_nfc");

	return nfc == NULL ? NULL : function(text, len, language, nfc, result, len_r);
}

int u8_mbtoucr(ucs4_t *character_r, const uint8_t *text, size_t len)
{
	unichar_t character = 0xfffd;
	int used = uni_utf8_get_char_n(text, len, &character);

	*character_r = character;
	return used > 0 ? used : used == 0 ? -2 : -1;
}
