/* SPDX-License-Identifier: MIT */
#include "directory/writer.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "directory/index.h"
#include "directory/schema.h"

#define NODE_OVERHEAD 10 /* of LMDB, a key */
#define PAGE 65536       /* no page is larger */

/* Octets of keys and values in a transaction. LMDB keeps its pages in memory until it ends; nobody reads the file
   before it is whole. */
#define TRANSACTION_MOST ((size_t)16 << 20)

struct pages {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	size_t appended; /* octets, in this transaction */
	int rc;
};

static void begin_next_transaction(struct pages *pages)
{
	pages->rc = mdb_txn_commit(pages->txn);
	pages->txn = NULL;
	if (pages->rc == 0)
		pages->rc = mdb_txn_begin(pages->env, NULL, 0, &pages->txn);
	pages->appended = 0;
}

/* Adds a key, greater than all before, and gives the room for its value; NULL after the first error. */
static void *append(struct pages *pages, const struct mw_key *key, size_t size)
{
	MDB_val name = { key->len, (void *)(uintptr_t)key->bytes }, value = { size, NULL };

	if (pages->rc == 0 && pages->appended > TRANSACTION_MOST)
		begin_next_transaction(pages);
	if (pages->rc != 0)
		return NULL;
	pages->appended += key->len + size;
	pages->rc = mdb_put(pages->txn, pages->dbi, &name, &value, MDB_APPEND | MDB_NOOVERWRITE | MDB_RESERVE);
	return pages->rc == 0 ? value.mv_data : NULL;
}

static void *append_text(struct pages *pages, enum mw_key_kind kind, struct mw_str text, size_t size)
{
	struct mw_key key;

	if (!mw_key_text(kind, text, &key)) {
		pages->rc = MDB_BAD_VALSIZE;
		return NULL;
	}
	return append(pages, &key, size);
}

static void append_grants(struct pages *pages, enum mw_key_kind kind, const struct mw_grants_entry *entries,
			  size_t count)
{
	size_t i;

	for (i = 0; i < count && pages->rc == 0; i++) {
		void *out = append_text(pages, kind, entries[i].text, mw_value_grants_size(&entries[i].grants));

		if (out != NULL)
			mw_value_grants_write(&entries[i].grants, out);
	}
}

static void append_formers(struct pages *pages, const struct mw_content *content)
{
	for (size_t i = 0; i < content->former_count && pages->rc == 0; i++) {
		const struct mw_former_entry *entry = &content->formers[i];
		char *out = append_text(pages, MW_KEY_FORMER, entry->text, entry->count * MW_VALUE_FORMER_SIZE);

		for (size_t k = 0; out != NULL && k < entry->count; k++)
			mw_value_former_write(entry->items[k].id, entry->items[k].until, out + k * MW_VALUE_FORMER_SIZE);
	}
}

static void append_principals(struct pages *pages, const struct mw_content *content)
{
	struct mw_key key;
	size_t i;

	for (i = 0; i < content->principal_count && pages->rc == 0; i++) {
		const struct mw_principal *principal = content->principals[i];
		void *out;

		mw_key_number(MW_KEY_PRINCIPAL, principal->id, &key);
		out = append(pages, &key, mw_value_principal_size(principal));
		if (out != NULL)
			mw_value_principal_write(principal, content->fingerprints[i], out);
	}
}

static void append_networks(struct pages *pages, const struct mw_content *content)
{
	struct mw_key key;

	for (size_t i = 0; i < content->network_count && pages->rc == 0; i++) {
		void *out;

		mw_key_number(MW_KEY_NETWORKS, (uint32_t)i + 1, &key);
		out = append(pages, &key, mw_value_networks_size(&content->networks[i]));
		if (out != NULL)
			mw_value_networks_write(&content->networks[i], out);
	}
}

/* It can only be written where records and readers are: write_index(). */
static void reserve_index(struct pages *pages, const struct mw_content *content)
{
	void *out = append_text(pages, MW_KEY_INDEX, MW_INDEX_NAME, mw_index_size(content));

	if (out != NULL)
		memset(out, 0, mw_index_size(content));
}

/* In the order of the keys' first bytes. */
static void append_all(struct pages *pages, const struct mw_content *content)
{
	size_t i;

	for (i = 0; i < content->address_count && pages->rc == 0; i++) {
		const struct mw_name_entry *entry = &content->addresses[i];
		void *out = append_text(pages, MW_KEY_ADDRESS, entry->text, MW_VALUE_ADDRESS_SIZE);

		if (out != NULL)
			mw_value_address_write(entry->id, entry->held, out);
	}
	for (i = 0; i < content->complete_domains.count && pages->rc == 0; i++) {
		void *out = append_text(pages, MW_KEY_COMPLETE_DOMAIN, content->complete_domains.items[i],
					MW_VALUE_COMPLETE_DOMAIN_SIZE);

		if (out != NULL)
			memset(out, 0, MW_VALUE_COMPLETE_DOMAIN_SIZE);
	}
	append_grants(pages, MW_KEY_DOMAIN_GRANTS, content->domain_grants, content->domain_grant_count);
	append_formers(pages, content);
	append_grants(pages, MW_KEY_ADDRESS_GRANTS, content->address_grants, content->address_grant_count);
	append_principals(pages, content);
	for (i = 0; i < content->login_count && pages->rc == 0; i++) {
		const struct mw_name_entry *entry = &content->logins[i];
		void *out = append_text(pages, MW_KEY_LOGIN, entry->text, MW_VALUE_LOGIN_SIZE);

		if (out != NULL)
			mw_value_login_write(entry->id, out);
	}
	append_networks(pages, content);
	reserve_index(pages, content);
}

/* Map size, which is address space only: three times the content's size, so that no page is missing. The same for
   the same content, since LMDB writes it into the file. */
static size_t room_for(const struct mw_content *content)
{
	size_t octets = 64 * (size_t)PAGE + mw_index_size(content), i;

	for (i = 0; i < content->address_count; i++)
		octets += content->addresses[i].text.len + MW_VALUE_ADDRESS_SIZE + NODE_OVERHEAD + 4;
	for (i = 0; i < content->login_count; i++)
		octets += content->logins[i].text.len + MW_VALUE_LOGIN_SIZE + NODE_OVERHEAD + 4;
	for (i = 0; i < content->principal_count; i++)
		octets += mw_value_principal_size(content->principals[i]) + NODE_OVERHEAD + 8;
	for (i = 0; i < content->former_count; i++)
		octets += content->formers[i].text.len + content->formers[i].count * MW_VALUE_FORMER_SIZE + NODE_OVERHEAD + 4;
	for (i = 0; i < content->domain_grant_count; i++)
		octets += mw_value_grants_size(&content->domain_grants[i].grants) + NODE_OVERHEAD + MW_KEY_TEXT_MAX;
	for (i = 0; i < content->address_grant_count; i++)
		octets += mw_value_grants_size(&content->address_grants[i].grants) + NODE_OVERHEAD + MW_KEY_TEXT_MAX;
	for (i = 0; i < content->network_count; i++)
		octets += mw_value_networks_size(&content->networks[i]) + NODE_OVERHEAD + 8;
	octets += content->complete_domains.count * (MW_VALUE_COMPLETE_DOMAIN_SIZE + NODE_OVERHEAD + MW_KEY_TEXT_MAX);
	return (octets * 3 / PAGE + 1) * PAGE;
}

/* Begins a transaction. LMDB opens a path: /proc/self/fd leads to the descriptor's file only. */
static struct pages open_pages(int fd, size_t room, unsigned environment_flags, unsigned flags)
{
	struct pages pages = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pages.rc = mdb_env_create(&pages.env);
	if (pages.rc == 0)
		pages.rc = mdb_env_set_mapsize(pages.env, room);
	if (pages.rc == 0)
		pages.rc = mdb_env_open(pages.env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | environment_flags, 0600);
	if (pages.rc == 0)
		pages.rc = mdb_txn_begin(pages.env, NULL, flags, &pages.txn);
	if (pages.rc == 0)
		pages.rc = mdb_dbi_open(pages.txn, NULL, 0, &pages.dbi);
	return pages;
}

/* *octets_r: the length of the pages in the file. */
static int write_pages(int fd, const struct mw_content *content, uint64_t *octets_r)
{
	struct pages pages = open_pages(fd, room_for(content), 0, 0);
	MDB_envinfo info;
	MDB_stat stat;

	if (pages.env == NULL)
		return pages.rc;
	if (pages.txn != NULL) {
		append_all(&pages, content);
		if (pages.rc == 0)
			pages.rc = mdb_txn_commit(pages.txn);
		else if (pages.txn != NULL)
			mdb_txn_abort(pages.txn);
	}
	if (pages.rc == 0)
		pages.rc = mdb_env_info(pages.env, &info);
	if (pages.rc == 0)
		pages.rc = mdb_env_stat(pages.env, &stat);
	if (pages.rc == 0)
		*octets_r = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
	mdb_env_close(pages.env);
	return pages.rc;
}

static const void *record(void *context, uint32_t id)
{
	const struct pages *pages = context;
	struct mw_key key;
	MDB_val name = { .mv_data = key.bytes }, found;

	mw_key_number(MW_KEY_PRINCIPAL, id, &key);
	name.mv_size = key.len;
	return mdb_get(pages->txn, pages->dbi, &name, &found) == 0 ? found.mv_data : NULL;
}

/* In the file itself, as a reader has it in memory. Where it cannot be written readers do without it. */
static void write_index(int fd, const struct mw_content *content, uint64_t octets)
{
	struct pages pages = open_pages(fd, (size_t)octets, MDB_WRITEMAP, MDB_RDONLY);
	MDB_val name, found;
	struct mw_key key;

	if (pages.env == NULL)
		return;
	if (pages.rc == 0 && mw_key_text(MW_KEY_INDEX, MW_INDEX_NAME, &key)) {
		name = (MDB_val){ key.len, key.bytes };
		pages.rc = mdb_get(pages.txn, pages.dbi, &name, &found);
		if (pages.rc == 0)
			(void)mw_index_write(content, found.mv_data, record, &pages);
	}
	if (pages.txn != NULL)
		mdb_txn_abort(pages.txn);
	mdb_env_close(pages.env);
}

static bool write_whole(int fd, const void *bytes, size_t size, off_t at)
{
	const char *next = bytes;

	while (size > 0) {
		ssize_t done = pwrite(fd, next, size, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		next += done;
		at += done;
		size -= (size_t)done;
	}
	return true;
}

/* LMDB calls a write that was cut short an I/O error. */
static bool is_full(int fd)
{
	struct statvfs disk;

	return fstatvfs(fd, &disk) == 0 && disk.f_bavail == 0;
}

bool mw_snapshot_write(const char *path, int fd, const struct mw_content *content, int64_t now, struct mw_buf *why)
{
	struct mw_trailer trailer = {
		.written = now,
		.users = content->users,
		.groups = content->groups,
		.addresses = content->address_count,
		.logins = content->login_count,
		.grants = content->grants,
	};
	int rc = write_pages(fd, content, &trailer.pages_octets);

	/* A page that LMDB allocated and freed at the end was never written. */
	if (rc == 0 && ftruncate(fd, (off_t)trailer.pages_octets) != 0)
		rc = errno;
	if (rc == 0)
		write_index(fd, content, trailer.pages_octets);
	if (rc != 0) {
		mw_buf_printf(why, "%s: %s", path, rc == EIO && is_full(fd) ? strerror(ENOSPC) : mdb_strerror(rc));
		return false;
	}
	rc = mw_trailer_digest(fd, trailer.pages_octets, trailer.digest);
	mw_trailer_seal(&trailer);
	if (rc == 0 && !write_whole(fd, &trailer, sizeof(trailer), (off_t)trailer.pages_octets))
		rc = errno != 0 ? errno : EIO;
	if (rc == 0 && fsync(fd) != 0)
		rc = errno;
	if (rc != 0)
		mw_buf_printf(why, "%s: %s", path, strerror(rc));
	return rc == 0;
}
