/* One setting's value: words -> its field of the model. Private to shared/policy. */
#ifndef MW_POLICY_VALUE_H
#define MW_POLICY_VALUE_H

#include "policy/setting.h"
#include "policy/syntax.h"

/* Reads the statement's value into the setting's field of the struct at `base`; what is wrong becomes errors. */
void mw_value_read(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_statement *statement,
		   void *base);
/* The types that are lists; `field` is the setting's field. */
void mw_value_read_list(struct mw_reader *reader, const struct mw_setting *setting,
			const struct mw_statement *statement, void *field);

/* '"VALUE" is not ...' for setting.name. */
void mw_value_bad(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		  const char *expected, const char *what);
/* The same with the reason in brackets. */
void mw_value_bad_because(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			  const char *expected, const char *what, const char *why);
/* The word's value; or an error that lists the words of the table and names the nearest. */
bool mw_value_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		   int *word_r);
/* "unix:PATH" or "inet:ADDRESS:PORT". */
bool mw_value_check_listener(struct mw_reader *reader, const struct mw_setting *setting,
			     const struct mw_value *value);
/* A system user or group: letters, digits, "_", "-", "." */
bool mw_value_check_name(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value);

#endif
