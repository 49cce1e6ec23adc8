/* SPDX-License-Identifier: MIT */
/* Dovecot's certificates and keys: it does not start without the files, or nobody can begin TLS with what is in them.
   doveconf does not look. */
#include "servers/check/dovecot.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/time.h"
#include "ui/process.h"

#define WHY "Dovecot does not start with TLS, or nobody can use it"

/* Where a certificate and its key are named, in the whole configuration or in a filter. */
struct place {
	const struct mw_dovecot_site *site;
	const struct mw_dovecot_node *node, *filter;
	const char *names[2]; /* of the two settings within the node */
};

static void add(const struct place *place, size_t which, const char *what)
{
	const struct mw_dovecot_site *site = place->site;
	bool inside = site->generation == MW_DOVECOT_2_4;
	const char *name = inside ? mw_arena_textf(site->arena, "ssl_server/%s", place->names[which]) : place->names[which];

	mw_dovecot_finding(site, MW_FOUND_DOVECOT_CERTIFICATE, MW_FINDING_ERROR, mw_dovecot_place(site, place->filter, name),
			   what, WHY, mw_fix_words(mw_arena_textf(site->arena, "%s names the file of the %s", name,
								  which == 0 ? "certificate" : "key")));
}

/* "": the setting names no file, or whoever asks may not read it. */
static const char *path_of(const struct place *place, size_t which)
{
	const struct mw_dovecot_site *site = place->site;
	struct mw_str path = mw_dovecot_value(place->node, place->names[which]);
	bool named = site->generation == MW_DOVECOT_2_4 || mw_str_starts_with(path, MW_STR("<"));
	const char *text;

	if (!named || mw_str_empty(path))
		return "";
	path = mw_str_tail(path, site->generation == MW_DOVECOT_2_3);
	/* In the folder of the file that names it, which doveconf does not tell; a start shows whether it is there. */
	if (!mw_str_starts_with(path, MW_STR("/")))
		return "";
	text = mw_arena_text(site->arena, path);
	if (access(text, R_OK) == 0)
		return text;
	/* Who is not root may not read a key. */
	if (errno != EACCES || geteuid() == 0)
		add(place, which, mw_arena_textf(site->arena, "%s: %s", text, strerror(errno)));
	return "";
}

/* An encrypted key is opened with ssl_key_password, which doveconf hides. */
static int note_password(char *text, int size, int writing, void *context)
{
	(void)text, (void)size, (void)writing;
	*(bool *)context = true;
	return -1;
}

static X509 *read_certificate(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *certificate = file != NULL ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;

	BIO_free(file);
	return certificate;
}

static EVP_PKEY *read_key(const char *path, bool *encrypted_r)
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key = file != NULL ? PEM_read_bio_PrivateKey(file, NULL, note_password, encrypted_r) : NULL;

	BIO_free(file);
	return key;
}

static const char *date_of(const struct mw_dovecot_site *site, const ASN1_TIME *time)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_tls_add_time(&text, time);
	return mw_arena_text(site->arena, mw_buf_str(&text));
}

/* It starts, and clients refuse it. */
static void check_days(const struct place *place, const char *path, const X509 *certificate)
{
	const struct mw_dovecot_site *site = place->site;
	const ASN1_TIME *from = X509_get0_notBefore(certificate), *until = X509_get0_notAfter(certificate);
	const char *what = NULL;

	if (X509_cmp_current_time(until) < 0)
		what = mw_arena_textf(site->arena, "%s expired on %s", path, date_of(site, until));
	else if (X509_cmp_current_time(from) > 0)
		what = mw_arena_textf(site->arena, "%s is not valid before %s", path, date_of(site, from));
	if (what != NULL)
		mw_dovecot_finding(site, MW_FOUND_DOVECOT_CERTIFICATE_EXPIRED, MW_FINDING_WARNING,
			mw_dovecot_place(site, place->filter, place->names[0]), what,
			"mail programs refuse it, or ask their user whether to go on", mw_fix_words("renew the certificate"));
}

static void check_content(const struct place *place, const char *certificate_path, const char *key_path)
{
	struct mw_arena *arena = place->site->arena;
	X509 *certificate = certificate_path[0] != '\0' ? read_certificate(certificate_path) : NULL;
	bool encrypted = false;
	EVP_PKEY *key = key_path[0] != '\0' ? read_key(key_path, &encrypted) : NULL;

	if (certificate_path[0] != '\0' && certificate == NULL)
		add(place, 0, mw_arena_textf(arena, "%s has no certificate in PEM form", certificate_path));
	if (key_path[0] != '\0' && key == NULL && !encrypted)
		add(place, 1, mw_arena_textf(arena, "%s has no private key in PEM form", key_path));
	if (certificate != NULL && key != NULL && X509_check_private_key(certificate, key) != 1)
		add(place, 1, mw_arena_textf(arena, "%s is not the key of the certificate in %s", key_path, certificate_path));
	if (certificate != NULL)
		check_days(place, certificate_path, certificate);
	X509_free(certificate);
	EVP_PKEY_free(key);
	ERR_clear_error();
}

static void check_place(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
			const struct mw_dovecot_node *filter)
{
	bool older = site->generation == MW_DOVECOT_2_3;
	struct place place = { site, node, filter, { older ? "ssl_cert" : "cert_file", older ? "ssl_key" : "key_file" } };
	const char *certificate = path_of(&place, 0), *key = path_of(&place, 1);

	check_content(&place, certificate, key);
}

/* Dovecot 2.3 hides the name of a key's file as it does a password, unless it is asked for both. Only the names of
   files are looked at. NULL: doveconf does not tell. */
static const struct mw_dovecot_node *with_keys(const struct mw_dovecot_site *site, const char *config)
{
	const char *own[] = { "doveconf", "-a", "-P", NULL };
	const char *other[] = { "doveconf", "-a", "-P", "-c", config, NULL };
	const struct mw_dovecot_node *root = NULL;
	struct mw_run run;

	if (site->generation == MW_DOVECOT_2_4)
		return site->root;
	if (mw_run_program(config != NULL ? other : own, &run))
		root = mw_dovecot_parse(site->arena, mw_arena_copy(site->arena, run.output));
	mw_run_free(&run);
	return root;
}

void mw_check_dovecot_certificates(const struct mw_dovecot_site *site, const char *config)
{
	const struct mw_dovecot_node *filter;
	struct mw_dovecot_site keyed = *site;

	if (mw_str_equal(mw_dovecot_value(site->root, "ssl"), MW_STR("no")))
		return;
	keyed.root = with_keys(site, config);
	for (filter = keyed.root; filter != NULL; filter = mw_dovecot_next_filter(&keyed, filter)) {
		const struct mw_dovecot_node *node = filter;

		if (site->generation == MW_DOVECOT_2_4)
			node = mw_dovecot_next(filter, NULL, "ssl_server");
		if (node != NULL)
			check_place(&keyed, node, filter);
	}
}
