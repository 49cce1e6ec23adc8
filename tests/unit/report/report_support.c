/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include <stdlib.h>
#include <unistr.h>

const struct mw_connector mw_test_connector = {
	.name = { "Client", 6 },
	.place = { "/etc/mailwicket/mailwicket.conf", 31 },
	.enabled = true,
};

void mw_test_verdict(const struct mw_connector *connector, struct mw_verdict *verdict_r)
{
	*verdict_r = (struct mw_verdict){
		.decision = MW_DECISION_SUBMISSION,
		.outcome = MW_REFUSE,
		.mode = MW_MODE_ENFORCE,
		.reason = MW_REASON_SEND_AS_DENIED,
		.reply = mw_reason_reply(MW_REASON_SEND_AS_DENIED, MW_REPLIES_CLASSIC),
		.connector = connector,
		.permissions = MW_SUBMIT | MW_ACCEPT_ANY_RECIPIENT,
		.trace = {
			.count = 2,
			.steps = {
				{ .check = MW_CHECK_RULE, .outcome = MW_PASSED, .note = MW_NOTE_RULE_CHOSEN,
				  .value = { "Client", 6 } },
				{ .check = MW_CHECK_SENDER, .outcome = MW_FAILED, .note = MW_NOTE_SENDER_NO_GRANT,
				  .value = { "bob@example.org", 15 }, .other = { "alice@example.org", 17 } },
			},
		},
	};
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Half of it from pieces that once broke a log, the rest any byte. */
size_t mw_test_hostile(uint64_t *seed, char *out, size_t most)
{
	static const char *const pieces[] = {
		"\n", "\r\n", " verdict=permit", "\" verdict=permit \"", "\\", "\\x", "\\\"", "=", " ", "\t", "%s%n", "\x7f",
		"\x1b[2J", "\xc3\xa9", "\xc3", "\xe2\x80\xa8", "\xe2\x80\xae", "\xff\xfe", "\xed\xa0\x80", "\xf0\x9f\x93\xa7",
		"mailwicket: v=1 verdict=permit", "credential=exposed", "\x01", "]", "<login>", "{", "alice@example.org",
	};
	size_t want = next(seed) % most + 1, len = 0;

	while (len < want) {
		const char *piece = pieces[next(seed) % (sizeof(pieces) / sizeof(pieces[0]))];

		if (next(seed) % 2 == 0 && strlen(piece) <= want - len) {
			memcpy(out + len, piece, strlen(piece));
			len += strlen(piece);
		} else {
			out[len++] = (char)next(seed);
		}
	}
	return len;
}

bool mw_test_is_printable(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return false;
	return u8_check((const uint8_t *)text.ptr, text.len) == NULL;
}
