/* Bytes on disk, and nothing else knows them: keys and values of the LMDB part, and the trailer behind it.
   One unnamed database; the first byte of a key says its kind, zero bytes fill it up to a multiple of four (no name
   contains one), and every value is a multiple of four long: so every node of a page, and every list of ids in a value,
   lies on a multiple of four and is read in place.
     'a' ADDRESS    the principal that has it: id, enum mw_held
     'c' DOMAIN     a source that is complete names it
     'd' DOMAIN     grants on *@DOMAIN
     'f' ADDRESS    who had it as a name before: id and until when, of each
     'g' ADDRESS    grants on an address that no principal has, or of receive=
     'i' 0 0 0 ID   the principal with this id, big-endian
     'l' LOGIN      id of the user
     'n' 0 0 0 N    networks from which principals may log in, by their number, big-endian
     'x' "index"    where names and principals are found sooner: index.h
   Numbers are in the byte order of the machine that wrote it; the trailer tells. */
#ifndef MW_DIRECTORY_SCHEMA_H
#define MW_DIRECTORY_SCHEMA_H

#include "decide/directory_view.h"

#define MW_SCHEMA_VERSION 3
#define MW_SNAPSHOT_NAME "snapshot.mdb"
#define MW_SNAPSHOT_TEMPORARY ".snapshot." /* prefix of the names of temporary and old snapshot files */

enum mw_key_kind {
	MW_KEY_ADDRESS = 'a',
	MW_KEY_COMPLETE_DOMAIN = 'c', /* another release's reader looks for none */
	MW_KEY_DOMAIN_GRANTS = 'd',
	MW_KEY_FORMER = 'f', /* another release's reader looks for none */
	MW_KEY_ADDRESS_GRANTS = 'g',
	MW_KEY_PRINCIPAL = 'i',
	MW_KEY_LOGIN = 'l',
	MW_KEY_NETWORKS = 'n',
	MW_KEY_INDEX = 'x' /* another release's reader looks for none */
};

#define MW_KEY_TEXT_MAX 254

struct mw_key {
	size_t len;
	char bytes[MW_KEY_TEXT_MAX + 2];
};

/* False for a text that cannot be a key: no user has such a name. */
bool mw_key_text(enum mw_key_kind kind, struct mw_str text, struct mw_key *key_r);
/* For PRINCIPAL and NETWORKS. */
void mw_key_number(enum mw_key_kind kind, uint32_t number, struct mw_key *key_r);

/* Values: how long one will be, writing it into that many bytes, reading it. Readers point into the value and are false
   for what is none. Suspensions are no part of it: suspensions.h. */
struct mw_value { const void *ptr; size_t size; };

size_t mw_value_principal_size(const struct mw_principal *principal);
void mw_value_principal_write(const struct mw_principal *principal, uint64_t fingerprint, void *out);
bool mw_value_principal_read(struct mw_value value, uint32_t id, struct mw_principal *principal_r,
			     uint64_t *fingerprint_r);
/* The whole value of a record that a snapshot's own index points to. */
struct mw_value mw_value_principal_at(const void *record);

size_t mw_value_grants_size(const struct mw_grants *grants);
void mw_value_grants_write(const struct mw_grants *grants, void *out);
bool mw_value_grants_read(struct mw_value value, struct mw_grants *grants_r);

/* Ranges are written as they stand in memory, and read in place. */
size_t mw_value_networks_size(const struct mw_networks *networks);
void mw_value_networks_write(const struct mw_networks *networks, void *out);
bool mw_value_networks_read(struct mw_value value, struct mw_networks *networks_r);

/* An id and two words each. The reader gives the one at `index`. */
#define MW_VALUE_FORMER_SIZE 12
void mw_value_former_write(uint32_t id, int64_t until, void *out);
size_t mw_value_former_count(struct mw_value value);
bool mw_value_former_read(struct mw_value value, size_t index, uint32_t *id_r, int64_t *until_r);

#define MW_VALUE_ADDRESS_SIZE 8
#define MW_VALUE_LOGIN_SIZE 4
#define MW_VALUE_COMPLETE_DOMAIN_SIZE 4 /* zero bytes */
void mw_value_address_write(uint32_t id, enum mw_held held, void *out);
bool mw_value_address_read(struct mw_value value, uint32_t *id_r, enum mw_held *held_r);
void mw_value_login_write(uint32_t id, void *out);
bool mw_value_login_read(struct mw_value value, uint32_t *id_r);

/* Stands behind the pages, at the end of the file. */
struct mw_trailer {
	char magic[8];
	uint32_t version, byte_order;
	uint64_t pages_octets; /* octets before the trailer, which the digest covers */
	int64_t written;       /* seconds since the epoch */
	uint64_t users, groups, addresses, logins, grants;
	uint8_t digest[16];    /* XXH3-128, canonical */
	uint64_t check;        /* XXH3-64 of the trailer up to here */
};

void mw_trailer_seal(struct mw_trailer *trailer); /* fills magic, version, byte order and check */
/* NULL when it is good, else what is wrong with it. */
const char *mw_trailer_check(const struct mw_trailer *trailer, uint64_t file_octets);
/* The digest of the first `octets` of a file. 0 or an errno. */
int mw_trailer_digest(int fd, uint64_t octets, uint8_t digest_r[16]);

#endif
