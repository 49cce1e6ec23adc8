/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

struct mw_buf mw_buf_over(char *memory, size_t size)
{
	struct mw_buf buf = { .data = memory, .size = size };

	memory[0] = '\0';
	return buf;
}

void mw_buf_reset(struct mw_buf *buf)
{
	buf->used = 0;
	buf->truncated = false;
	buf->data[0] = '\0';
}

void mw_buf_add(struct mw_buf *buf, struct mw_str text)
{
	size_t room = buf->size - 1 - buf->used;

	if (text.len > room) {
		text.len = room;
		buf->truncated = true;
	}
	if (text.len == 0)
		return;
	memcpy(buf->data + buf->used, text.ptr, text.len);
	buf->used += text.len;
	buf->data[buf->used] = '\0';
}

void mw_buf_add_text(struct mw_buf *buf, const char *text)
{
	mw_buf_add(buf, mw_str(text));
}

void mw_buf_add_char(struct mw_buf *buf, char c)
{
	if (buf->used + 1 == buf->size) {
		buf->truncated = true;
		return;
	}
	buf->data[buf->used++] = c;
	buf->data[buf->used] = '\0';
}

void mw_buf_add_number(struct mw_buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	mw_buf_add(buf, (struct mw_str){ digits + at, sizeof(digits) - at });
}

void mw_buf_printf(struct mw_buf *buf, const char *format, ...)
{
	size_t room = buf->size - buf->used;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf->data + buf->used, room, format, args);
	va_end(args);
	if (len < 0) {
		buf->data[buf->used] = '\0';
		buf->truncated = true;
	} else if ((size_t)len >= room) {
		buf->used = buf->size - 1;
		buf->truncated = true;
	} else {
		buf->used += (size_t)len;
	}
}

struct mw_str mw_buf_str(const struct mw_buf *buf)
{
	return (struct mw_str){ buf->data, buf->used };
}
