/* SPDX-License-Identifier: MIT */
#include "decide/tls.h"

enum mw_tls_origin mw_tls_origin_of_port(uint16_t port)
{
	return port == 465 || port == 993 || port == 995 ? MW_TLS_ORIGIN_IMPLICIT : MW_TLS_ORIGIN_STARTTLS;
}

void mw_tls_assume(struct mw_tls_facts *tls)
{
	tls->version = MW_STR("TLSv1.3");
	tls->bits = 256;
	tls->assumed = true;
}

static bool is_named(const struct mw_ranges *proxies, const struct mw_ip *proxy)
{
	if (proxy->family == MW_FAMILY_UNKNOWN)
		return false;
	for (size_t i = 0; i < proxies->count; i++)
		if (mw_range_contains(&proxies->items[i], proxy))
			return true;
	return false;
}

static bool has_tls(const struct mw_tls_facts *tls)
{
	return (tls->origin == MW_TLS_ORIGIN_STARTTLS || tls->origin == MW_TLS_ORIGIN_IMPLICIT ||
		tls->origin == MW_TLS_ORIGIN_PROXY) &&
	       !mw_str_empty(tls->version) && !mw_str_equal_nocase(tls->version, MW_STR("none"));
}

static bool new_enough(struct mw_str version, enum mw_tls_version minimum)
{
	int found;

	if (minimum == MW_TLS_NONE)
		return true;
	return mw_table_find(mw_tls_versions, version, &found) && found != MW_TLS_NONE && found >= (int)minimum;
}

struct mw_tls_judgement mw_tls_judge(const struct mw_tls_facts *tls, const struct mw_tls_minimum *minimum)
{
	struct mw_tls_judgement judgement = { false, MW_NOTE_TLS_NONE, MW_STR_EMPTY, MW_STR_EMPTY };

	if (!has_tls(tls))
		return judgement;
	if (tls->origin == MW_TLS_ORIGIN_PROXY && !is_named(&minimum->proxies, &tls->proxy)) {
		judgement.note = MW_NOTE_TLS_PROXY_NOT_NAMED;
	} else if (!new_enough(tls->version, minimum->version)) {
		judgement.note = MW_NOTE_TLS_TOO_OLD;
		judgement.value = tls->version;
	} else if (tls->bits < minimum->bits) {
		judgement.note = MW_NOTE_TLS_TOO_WEAK;
		judgement.value = tls->cipher;
	} else {
		judgement = (struct mw_tls_judgement){ true, MW_NOTE_TLS_OK, tls->version, tls->cipher };
	}
	return judgement;
}
