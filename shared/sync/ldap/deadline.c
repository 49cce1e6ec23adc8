/* SPDX-License-Identifier: MIT */
/* A layer of liblber below TLS. libldap waits in poll(2) during a handshake, anew for each part that comes: only a
   read that fails ends it where a server sends an octet now and then. */
#include <errno.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"

static int setup(Sockbuf_IO_Desc *layer, void *deadline)
{
	layer->sbiod_pvt = deadline;
	return 0;
}

static bool is_over(const Sockbuf_IO_Desc *layer)
{
	const int64_t *deadline = layer->sbiod_pvt;

	if (*deadline == 0 || mw_clock_milliseconds() < *deadline)
		return false;
	errno = ETIMEDOUT;
	return true;
}

static ber_slen_t read_on(Sockbuf_IO_Desc *layer, void *octets, ber_len_t len)
{
	return is_over(layer) ? -1 : LBER_SBIOD_READ_NEXT(layer, octets, len);
}

static ber_slen_t write_on(Sockbuf_IO_Desc *layer, void *octets, ber_len_t len)
{
	return is_over(layer) ? -1 : LBER_SBIOD_WRITE_NEXT(layer, octets, len);
}

static int control(Sockbuf_IO_Desc *layer, int option, void *argument)
{
	return LBER_SBIOD_CTRL_NEXT(layer, option, argument);
}

static Sockbuf_IO deadline_layer = {
	.sbi_setup = setup,
	.sbi_ctrl = control,
	.sbi_read = read_on,
	.sbi_write = write_on,
};

bool mw_ldap_add_deadline(Sockbuf *buffer, int64_t *deadline)
{
	return ber_sockbuf_add_io(buffer, &deadline_layer, LBER_SBIOD_LEVEL_PROVIDER + 1, deadline) == 0;
}
