/* SPDX-License-Identifier: MIT */
/* Invariant: a canonical form is its own canonical form, within its length, without a control byte; the first byte of
   the input says what the rest is parsed as. */
#include <stdint.h>
#include <stdlib.h>

#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(struct mw_str text, size_t most)
{
	must(text.len > 0 && text.len <= most);
	for (size_t i = 0; i < text.len; i++)
		must((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
}

static bool has_mailbox(enum mw_address_kind kind)
{
	return kind == MW_ADDRESS_MAILBOX || kind == MW_ADDRESS_ROUTED || kind == MW_ADDRESS_FOREIGN;
}

static void check_base(const struct mw_address *address)
{
	struct mw_address base, again;

	if (!mw_address_without_extension(address, MW_STR("+-"), &base))
		return;
	must(mw_str_equal(base.domain, address->domain) && base.local.len <= MW_LOCAL_PART_MAX);
	must(mw_address_parse(base.whole, &again) != MW_ADDRESS_INVALID && mw_str_equal(again.local, base.local));
}

static void check_address(struct mw_str text)
{
	struct mw_address address, again;
	enum mw_address_kind kind = mw_address_parse(text, &address);

	must(kind == address.kind);
	if (!has_mailbox(kind)) {
		must(mw_str_empty(address.whole));
		return;
	}
	check_text(address.whole, MW_ADDRESS_MAX);
	must(address.local.len <= MW_LOCAL_PART_MAX || kind != MW_ADDRESS_MAILBOX);
	must(address.whole.len == address.local.len + 1 + address.domain.len);
	/* Folding may leave a label that IDNA allows, of one that it did not. */
	mw_address_parse(address.whole, &again);
	must(kind == MW_ADDRESS_FOREIGN || kind == MW_ADDRESS_ROUTED ? has_mailbox(again.kind)
								     : again.kind == kind && mw_str_equal(again.whole, address.whole));
	check_base(&address);
	must(has_mailbox(mw_address_parse_completed(text, MW_STR("example.org"), &again)));
}

static void check_domain(struct mw_str text)
{
	char out[MW_DOMAIN_MAX + 1], again[MW_DOMAIN_MAX + 1];
	size_t len, len_again;

	if (memchr(text.ptr, '\0', text.len) == NULL && mw_domain_as_octets(text, out, &len))
		must(len <= MW_DOMAIN_MAX && out[len] == '\0');
	if (!mw_domain_canonical(text, out, &len))
		return;
	check_text((struct mw_str){ out, len }, MW_DOMAIN_MAX);
	must(out[len] == '\0' && mw_domain_canonical((struct mw_str){ out, len }, again, &len_again));
	must(len == len_again && memcmp(out, again, len) == 0);
}

static void check_login(struct mw_str text)
{
	char out[MW_LOGIN_MAX + 1], again[MW_LOGIN_MAX + 1];
	size_t len, len_again;

	if (!mw_login_canonical(text, out, sizeof(out), &len))
		return;
	check_text((struct mw_str){ out, len }, MW_LOGIN_MAX);
	must(out[len] == '\0' && mw_login_canonical((struct mw_str){ out, len }, again, sizeof(again), &len_again));
	must(len == len_again && memcmp(out, again, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str text;

	if (size == 0)
		return 0;
	text = (struct mw_str){ (const char *)data + 1, size - 1 };
	switch (data[0] % 3) {
	case 0:
		check_address(text);
		break;
	case 1:
		check_domain(text);
		break;
	default:
		check_login(text);
	}
	return 0;
}
