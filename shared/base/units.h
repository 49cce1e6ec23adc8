/* Numbers as administrators write them. Parsers take the whole slice or fail; overflow fails; no sign, no locale. */
#ifndef MW_BASE_UNITS_H
#define MW_BASE_UNITS_H

#include <stdint.h>

#include "base/table.h"

#define MW_UNLIMITED UINT64_MAX /* no limit; written "unlimited" */

bool mw_parse_number(struct mw_str text, uint64_t *number_r);
/* The value of a hexadecimal digit in either case; -1: it is none. */
int mw_hex_digit(char c);
/* "36MB", "500KB", "1GB", "4096", "4096B", "unlimited"; 1,024s as in Exchange's ByteQuantifiedSize. Octets. */
bool mw_parse_size(struct mw_str text, uint64_t *octets_r);
void mw_print_size(uint64_t octets, struct mw_buf *out);
/* "90", "90s", "5m", "1h", "2d": seconds, minutes, hours, days. 1 second to 366 days. */
#define MW_DURATION_MAX (UINT64_C(366) * 86400)
bool mw_parse_duration(struct mw_str text, uint64_t *seconds_r);
void mw_print_duration(uint64_t seconds, struct mw_buf *out);
/* A count or "unlimited". */
bool mw_parse_limit(struct mw_str text, uint64_t *limit_r);
void mw_print_limit(uint64_t limit, struct mw_buf *out);
/* "2027-01-31" -> days since 1970-01-01 (proleptic Gregorian); refuses days that do not exist. */
bool mw_parse_date(struct mw_str text, int64_t *days_r);
void mw_print_date(int64_t days, struct mw_buf *out);
/* The day of a moment (seconds since 1970-01-01 00:00 UTC), in days as above. Days are those of UTC for every program: a
   login process in its chroot knows no other zone. */
int64_t mw_day_of(int64_t seconds);
/* "yes" "no" "true" "false" "on" "off", without regard to case. */
bool mw_parse_switch(struct mw_str text, bool *on_r);
extern const struct mw_table mw_switch_words; /* of that function: 1 and 0 */

#endif
