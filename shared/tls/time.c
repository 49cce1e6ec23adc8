/* SPDX-License-Identifier: MIT */
#include "tls/time.h"

#include <openssl/bio.h>

void mw_tls_add_time(struct mw_buf *out, const ASN1_TIME *time)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = memory != NULL && ASN1_TIME_print(memory, time) == 1 ? BIO_get_mem_data(memory, &text) : 0;

	if (len > 0)
		mw_buf_add(out, (struct mw_str){ text, (size_t)len });
	BIO_free(memory);
}
