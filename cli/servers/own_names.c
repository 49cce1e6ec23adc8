/* SPDX-License-Identifier: MIT */
#include "servers/own_names.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include "mail/domain.h"
#include "servers/check/postfix_interfaces.h"
#include "servers/restriction.h"

#define DEEPEST 5 /* files within files */

struct look {
	const struct mw_postfix_endpoint *rewriter;
	struct mw_own_names *names;
	const char *setting;                       /* the one being read */
	struct mw_str excluded[MW_OWN_NAMES_MOST]; /* "!name" */
	size_t excluded_count;
	bool ipv4, ipv6;
};

static struct mw_arena *arena_of(const struct look *look)
{
	return look->rewriter->site->arena;
}

static void keep_unseen(const struct look *look, struct mw_str what, const char *why)
{
	if (look->names->unseen_count < MW_OWN_NAMES_MOST)
		look->names->unseen[look->names->unseen_count++] = (struct mw_own_unseen){ look->setting, what, why };
}

static bool has(const struct mw_own_names *names, struct mw_str canonical)
{
	for (size_t i = 0; i < names->count; i++)
		if (mw_str_equal(names->items[i].canonical, canonical))
			return true;
	return false;
}

static void keep(const struct look *look, struct mw_str canonical)
{
	struct mw_own_names *names = look->names;

	if (has(names, canonical))
		return;
	if (names->count < MW_OWN_NAMES_MOST)
		names->items[names->count++] = (struct mw_own_name){ look->setting, canonical };
	else
		keep_unseen(look, canonical, "there are too many names");
}

/* What is no domain to us is in no address that we permit. */
static void take_name(struct look *look, struct mw_str text)
{
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_canonical(text, memory, &len))
		return;
	for (size_t i = 0; i < look->excluded_count; i++)
		if (mw_str_equal_nocase(look->excluded[i], text))
			return;
	keep(look, mw_arena_copy(arena_of(look), (struct mw_str){ memory, len }));
}

/* --- mydestination */

static void take_pattern(struct look *look, struct mw_str item, unsigned depth);

static void take_list(struct look *look, struct mw_str list, unsigned depth)
{
	struct mw_str item;

	while (mw_word_next(&list, &item))
		take_pattern(look, item, depth);
}

/* A file has patterns; its lines that begin with "#" are comments. */
static void take_file(struct look *look, struct mw_str path, unsigned depth)
{
	struct mw_str text = mw_file_text(arena_of(look), mw_arena_text(arena_of(look), path)), line;

	if (mw_str_empty(text))
		keep_unseen(look, path, "it cannot be read, or is empty");
	while (depth < DEEPEST && mw_postfix_line_next(&text, &line))
		if (!mw_str_starts_with(line, MW_STR("#")))
			take_list(look, line, depth + 1);
}

/* match_list(3): a name, "type:table", "/file" or one of them behind "!". The first that matches counts. */
static void take_pattern(struct look *look, struct mw_str item, unsigned depth)
{
	bool negated = false;

	for (; mw_str_starts_with(item, MW_STR("!")); item = mw_str_tail(item, 1))
		negated = !negated;
	if (negated && look->excluded_count < MW_OWN_NAMES_MOST)
		look->excluded[look->excluded_count++] = item;
	if (negated)
		return;
	if (mw_str_starts_with(item, MW_STR("/")))
		take_file(look, item, depth);
	else if (mw_str_find(item, ':') < item.len && !mw_str_starts_with(item, MW_STR("[")))
		keep_unseen(look, item, "a table cannot be listed here");
	else
		take_name(look, item);
}

/* --- addresses */

static void take_ip(struct look *look, const struct mw_ip *ip)
{
	char text[80];
	struct mw_buf out = MW_BUF_OVER(text);

	if (ip->family == MW_FAMILY_IPV4 ? !look->ipv4 : !look->ipv6)
		return;
	mw_buf_add_text(&out, ip->family == MW_FAMILY_IPV6 ? "[IPv6:" : "[");
	mw_ip_print(ip, &out);
	mw_buf_add_char(&out, ']');
	take_name(look, mw_buf_str(&out));
}

/* The addresses that this machine has now. */
static void take_machine(struct look *look, bool loopback_only)
{
	struct ifaddrs *interfaces = NULL;
	struct mw_ip ip;

	if (getifaddrs(&interfaces) != 0)
		keep_unseen(look, MW_STR("this machine's list of addresses"), "the system does not give it");
	for (const struct ifaddrs *one = interfaces; one != NULL; one = one->ifa_next)
		if ((one->ifa_flags & IFF_UP) != 0 && mw_ip_of_sockaddr(one->ifa_addr, &ip) &&
		    (!loopback_only || mw_ip_is_loopback(&ip)))
			take_ip(look, &ip);
	freeifaddrs(interfaces);
}

/* An address, or a host's name as the resolver has it. */
static void take_host(struct look *look, struct mw_str host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	struct mw_ip ip;

	if (mw_str_starts_with(host, MW_STR("[")) && mw_str_ends_with(host, MW_STR("]")))
		host = mw_str_head(mw_str_tail(host, 1), host.len - 2);
	if (mw_ip_parse(host, &ip)) {
		take_ip(look, &ip);
		return;
	}
	if (getaddrinfo(mw_arena_text(arena_of(look), host), NULL, &hints, &found) != 0)
		keep_unseen(look, host, "its addresses cannot be found out");
	for (const struct addrinfo *one = found; one != NULL; one = one->ai_next)
		if (mw_ip_of_sockaddr(one->ai_addr, &ip))
			take_ip(look, &ip);
	if (found != NULL)
		freeaddrinfo(found);
}

static void take_interfaces(struct look *look)
{
	struct mw_str list = mw_endpoint_value(look->rewriter, look->setting);
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal(item.text, MW_STR("all")) || mw_str_equal(item.text, MW_STR("loopback-only")))
			take_machine(look, mw_str_equal(item.text, MW_STR("loopback-only")));
		else
			take_host(look, item.text);
	}
}

static void read_protocols(struct look *look)
{
	struct mw_str list = mw_endpoint_value(look->rewriter, "inet_protocols");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		look->ipv4 |= mw_str_equal(item.text, MW_STR("all")) || mw_str_equal(item.text, MW_STR("ipv4"));
		look->ipv6 |= mw_str_equal(item.text, MW_STR("all")) || mw_str_equal(item.text, MW_STR("ipv6"));
	}
}

const struct mw_own_names *mw_own_names_of(const struct mw_postfix_endpoint *rewriter)
{
	struct look *look = MW_ARENA_NEW(rewriter->site->arena, struct look);
	struct mw_own_names *names = MW_ARENA_NEW(rewriter->site->arena, struct mw_own_names);

	if (look == NULL || names == NULL)
		return NULL;
	look->rewriter = rewriter;
	look->names = names;
	read_protocols(look);
	look->setting = "mydestination";
	take_list(look, mw_endpoint_value(rewriter, look->setting), 0);
	look->setting = "inet_interfaces";
	take_interfaces(look);
	look->setting = "proxy_interfaces";
	take_interfaces(look);
	return names;
}
