/* SPDX-License-Identifier: MIT */
#include "logs/unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define UTF8_LONGEST 4 /* octets of a character */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- gzip */

#define GZIP_OF_ANY_WINDOW (15 + 16) /* inflateInit2(): gzip's frame alone */
#define GZIP_MAGIC 2

struct gzip {
	z_stream stream;
	bool once; /* one file was unpacked */
};

static void *gzip_start(void)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (gzip != NULL && inflateInit2(&gzip->stream, GZIP_OF_ANY_WINDOW) == Z_OK)
		return gzip;
	free(gzip);
	return NULL;
}

static enum mw_unpacked gzip_step(void *state, struct mw_unpack_io *io)
{
	struct gzip *gzip = state;
	z_stream *stream = &gzip->stream;
	int status;

	stream->next_in = (Bytef *)io->in;
	stream->avail_in = (uInt)io->in_len;
	stream->next_out = (Bytef *)io->out;
	stream->avail_out = (uInt)io->out_len;
	status = inflate(stream, Z_NO_FLUSH);
	*io = (struct mw_unpack_io){ (char *)stream->next_in, stream->avail_in, (char *)stream->next_out, stream->avail_out };
	if (status == Z_STREAM_END) {
		gzip->once = true;
		return inflateReset(stream) == Z_OK ? MW_UNPACK_BETWEEN : MW_UNPACK_DAMAGED;
	}
	if (status == Z_MEM_ERROR)
		return MW_UNPACK_NO_MEMORY;
	if (status != Z_OK && status != Z_BUF_ERROR)
		return gzip->once && stream->total_in <= GZIP_MAGIC ? MW_UNPACK_PAST : MW_UNPACK_DAMAGED;
	return gzip->once && stream->total_in < GZIP_MAGIC ? MW_UNPACK_BETWEEN : MW_UNPACK_MORE;
}

static void gzip_end(void *state)
{
	inflateEnd(&((struct gzip *)state)->stream);
	free(state);
}

/* --- bzip2 */

#define BZIP2_MAGIC 4 /* "BZh" and a digit */

struct bzip2 {
	bz_stream stream;
	bool once;
};

static void *bzip2_start(void)
{
	struct bzip2 *bzip2 = calloc(1, sizeof(*bzip2));

	if (bzip2 != NULL && BZ2_bzDecompressInit(&bzip2->stream, 0, 0) == BZ_OK)
		return bzip2;
	free(bzip2);
	return NULL;
}

/* The library has no way to begin again. */
static enum mw_unpacked bzip2_again(struct bzip2 *bzip2)
{
	BZ2_bzDecompressEnd(&bzip2->stream);
	memset(&bzip2->stream, 0, sizeof(bzip2->stream));
	bzip2->once = true;
	return BZ2_bzDecompressInit(&bzip2->stream, 0, 0) == BZ_OK ? MW_UNPACK_BETWEEN : MW_UNPACK_NO_MEMORY;
}

static enum mw_unpacked bzip2_step(void *state, struct mw_unpack_io *io)
{
	struct bzip2 *bzip2 = state;
	bz_stream *stream = &bzip2->stream;
	int status;

	stream->next_in = io->in;
	stream->avail_in = (unsigned)io->in_len;
	stream->next_out = io->out;
	stream->avail_out = (unsigned)io->out_len;
	status = BZ2_bzDecompress(stream);
	*io = (struct mw_unpack_io){ stream->next_in, stream->avail_in, stream->next_out, stream->avail_out };
	if (status == BZ_STREAM_END)
		return bzip2_again(bzip2);
	if (status == BZ_MEM_ERROR)
		return MW_UNPACK_NO_MEMORY;
	if (status != BZ_OK)
		return bzip2->once && status == BZ_DATA_ERROR_MAGIC ? MW_UNPACK_PAST : MW_UNPACK_DAMAGED;
	return bzip2->once && stream->total_in_lo32 < BZIP2_MAGIC ? MW_UNPACK_BETWEEN : MW_UNPACK_MORE;
}

static void bzip2_end(void *state)
{
	BZ2_bzDecompressEnd(&((struct bzip2 *)state)->stream);
	free(state);
}

/* --- xz */

#define XZ_MEMORY ((uint64_t)1 << 30) /* octets; xz -9 needs 65 MiB */

struct xz {
	lzma_stream stream;
	bool between;
};

static lzma_ret xz_begin(struct xz *xz)
{
	return lzma_stream_decoder(&xz->stream, XZ_MEMORY, 0);
}

static void *xz_start(void)
{
	struct xz *xz = calloc(1, sizeof(*xz));

	if (xz != NULL && xz_begin(xz) == LZMA_OK)
		return xz;
	free(xz);
	return NULL;
}

static enum mw_unpacked xz_step(void *state, struct mw_unpack_io *io)
{
	struct xz *xz = state;
	lzma_stream *stream = &xz->stream;
	lzma_ret status;

	/* Padding may stand between two files and behind the last. */
	for (; xz->between && io->in_len > 0 && *io->in == '\0'; io->in_len--)
		io->in++;
	if (xz->between && io->in_len == 0)
		return MW_UNPACK_BETWEEN;
	xz->between = false;
	stream->next_in = (const uint8_t *)io->in;
	stream->avail_in = io->in_len;
	stream->next_out = (uint8_t *)io->out;
	stream->avail_out = io->out_len;
	status = lzma_code(stream, LZMA_RUN);
	*io = (struct mw_unpack_io){ io->in + (io->in_len - stream->avail_in), stream->avail_in, (char *)stream->next_out,
				     stream->avail_out };
	if (status == LZMA_STREAM_END) {
		xz->between = true;
		status = xz_begin(xz);
	}
	if (status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR)
		return MW_UNPACK_NO_MEMORY;
	if (status != LZMA_OK && status != LZMA_BUF_ERROR)
		return MW_UNPACK_DAMAGED;
	return xz->between ? MW_UNPACK_BETWEEN : MW_UNPACK_MORE;
}

static void xz_end(void *state)
{
	lzma_end(&((struct xz *)state)->stream);
	free(state);
}

/* --- zstd */

static void *zstd_start(void)
{
	return ZSTD_createDStream();
}

static enum mw_unpacked zstd_step(void *state, struct mw_unpack_io *io)
{
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	/* 0: a frame is complete, and all of it is written. It begins the next one by itself. */
	size_t status = ZSTD_decompressStream(state, &out, &in);

	*io = (struct mw_unpack_io){ io->in + in.pos, io->in_len - in.pos, io->out + out.pos, io->out_len - out.pos };
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_no_error:
		break;
	case ZSTD_error_memory_allocation:
	case ZSTD_error_frameParameter_windowTooLarge: /* zstd --long=28 and more */
		return MW_UNPACK_NO_MEMORY;
	default:
		return MW_UNPACK_DAMAGED;
	}
	return status == 0 ? MW_UNPACK_BETWEEN : MW_UNPACK_MORE;
}

static void zstd_end(void *state)
{
	ZSTD_freeDStream(state);
}

/* --- UTF-16, as Windows writes text: to UTF-8 */

struct utf16 {
	bool begun, little, half; /* half: of a unit the first octet is there */
	unsigned char first;
	uint16_t high; /* of a pair of surrogates; 0: none */
};

static void *utf16_start(void)
{
	return calloc(1, sizeof(struct utf16));
}

/* A lone half of a pair becomes a "?". */
static char *utf16_put(struct utf16 *utf16, uint16_t unit, char *out)
{
	bool low = unit >= 0xdc00 && unit < 0xe000, high = unit >= 0xd800 && unit < 0xdc00;
	ucs4_t code = unit;
	int len;

	if (high) {
		utf16->high = unit;
		return out;
	}
	if (low && utf16->high != 0)
		code = 0x10000 + ((ucs4_t)(utf16->high - 0xd800) << 10) + (unit - 0xdc00U);
	else if (low)
		code = '?';
	utf16->high = 0;
	len = u8_uctomb((uint8_t *)out, code, UTF8_LONGEST);
	return len > 0 ? out + len : out;
}

static enum mw_unpacked utf16_step(void *state, struct mw_unpack_io *io)
{
	struct utf16 *utf16 = state;

	while (io->in_len > 0 && io->out_len >= UTF8_LONGEST) {
		unsigned char octet = (unsigned char)*io->in;
		uint16_t unit;
		char *end;

		io->in++;
		io->in_len--;
		utf16->half = !utf16->half;
		if (utf16->half) {
			utf16->first = octet;
			continue;
		}
		if (!utf16->begun) {
			utf16->begun = true;
			utf16->little = utf16->first == 0xff;
			continue;
		}
		unit = (uint16_t)(utf16->little ? utf16->first | octet << 8 : utf16->first << 8 | octet);
		end = utf16_put(utf16, unit, io->out);
		io->out_len -= (size_t)(end - io->out);
		io->out = end;
	}
	return utf16->half ? MW_UNPACK_MORE : MW_UNPACK_BETWEEN;
}

static const struct mw_unpacker unpackers[] = {
	{ "gzip", "\x1f\x8b", gzip_start, gzip_step, gzip_end },
	{ "bzip2", "BZh", bzip2_start, bzip2_step, bzip2_end },
	{ "xz", "\xfd" "7zXZ", xz_start, xz_step, xz_end },
	{ "zstd", "\x28\xb5\x2f\xfd", zstd_start, zstd_step, zstd_end },
	{ "UTF-16", "\xff\xfe", utf16_start, utf16_step, free },
	{ "UTF-16", "\xfe\xff", utf16_start, utf16_step, free },
};

const struct mw_unpacker *mw_unpacker_find(const char *octets, size_t len)
{
	for (size_t i = 0; i < COUNT(unpackers); i++) {
		size_t magic_len = strlen(unpackers[i].magic);

		if (len >= magic_len && memcmp(octets, unpackers[i].magic, magic_len) == 0)
			return &unpackers[i];
	}
	return NULL;
}
