/* Records of systemd's journal that stand in several lines ("journalctl -o export", "verbose"), made one line each. Pure. */
#ifndef MW_CLI_LOGS_RECORD_H
#define MW_CLI_LOGS_RECORD_H

#include "base/buf.h"

enum mw_log_record_form { MW_LOG_RECORD_NONE, MW_LOG_RECORD_EXPORT, MW_LOG_RECORD_VERBOSE };

/* A field of "export" whose value stands there as octets: it is no UTF-8, or has a newline in it. */
struct mw_log_octets {
	bool begun;
	size_t seen;            /* octets of its length and its value so far */
	uint64_t length, len;   /* of the value: as it is told, and so far */
	char name[32];
	char value[8192];       /* cut to this */
};

/* Zeroed: no record was begun. */
struct mw_log_record {
	enum mw_log_record_form form;
	char time[64], host[256], program[256], process[32];
	struct mw_log_octets octets;
	bool spoilt; /* a field ended in another place than its length says: what is up to the next record is not read */
	char message[8192]; /* cut to this */
	char line[9216];
};

/* Takes a line of the log. True: *line_r is what there is to read, the line itself or a whole record before it, valid until
   the next call. False: it is a part of a record. */
bool mw_log_record_take(struct mw_log_record *record, struct mw_str line, struct mw_str *line_r);
/* What the end of the log ends; false: nothing. */
bool mw_log_record_end(struct mw_log_record *record, struct mw_str *line_r);

#endif
