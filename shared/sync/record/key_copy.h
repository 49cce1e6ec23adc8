/* What a user or group says in a last good copy only (MW_ROW_COPY): `read` and `write` of these keys. */
#ifndef MW_SYNC_KEY_COPY_H
#define MW_SYNC_KEY_COPY_H

#include "sync/record/key.h"

/* held=user or held=group: record->held_kind. */
void mw_held_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		  struct mw_str value);
void mw_held_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);
/* gone=yes, no_login=yes: record->held and no_login. */
void mw_flag_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		  struct mw_str value);
void mw_flag_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);
/* unconfirmed=yes: record->unconfirmed. */
void mw_unconfirmed_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			 struct mw_str value);
void mw_unconfirmed_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);
/* blocked="WHY": record->bad. */
void mw_blocked_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		     struct mw_str value);
void mw_blocked_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);
/* former=STATE:SECONDS:NAME,...: record->formers. */
void mw_formers_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		     struct mw_str value);
void mw_formers_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);

#endif
