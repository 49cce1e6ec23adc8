/* Values as Exchange's cmdlets and Export-Csv write them. */
#ifndef MW_CLI_IMPORT_EXCHANGE_VALUE_H
#define MW_CLI_IMPORT_EXCHANGE_VALUE_H

#include "base/arena.h"
#include "base/units.h"
#include "policy/model.h"

/* "True", "False", in any case; also as a spreadsheet of another language writes them: "WAHR", "FALSCH". */
bool mw_exchange_switch(struct mw_str text, bool *on_r);
/* "10 MB (10,485,760 bytes)", with the digits grouped as any culture does it; "36MB", "2048", "Unlimited". Octets. */
bool mw_exchange_size(struct mw_str text, uint64_t *octets_r);
/* "500", "1,000", "Unlimited". */
bool mw_exchange_limit(struct mw_str text, uint64_t *limit_r);

/* The items of a property with several values, as the exporter joins them: a line each. Empty lines are none. */
bool mw_exchange_next_item(struct mw_str *rest_io, struct mw_str *item_r);
/* The same for values that can hold no comma, and which Exchange itself prints with commas: "Tls, BasicAuth". Scripts join
   them with ";" or "|" too. */
bool mw_exchange_next_word(struct mw_str *rest_io, struct mw_str *word_r);
/* The same for words without a blank, which may be joined with blanks. */
bool mw_exchange_next_right(struct mw_str *rest_io, struct mw_str *right_r);
/* Whether the list has this word, be it joined with blanks, as PowerShell makes a text of a list: "Send-As Receive-As". */
bool mw_exchange_has_word(struct mw_str list, const char *word);
/* The parts of an item that a script joined of several with ";" or "|". */
bool mw_exchange_next_joined(struct mw_str *rest_io, struct mw_str *part_r);

/* Whether Export-Csv wrote the name of a list's type in place of its values: "System.Object[]",
   "Microsoft.Exchange.Data.MultiValuedProperty`1[...]"; or it is a list as Format-List prints it: "{a, b...}". */
bool mw_exchange_is_no_value(struct mw_str text);
/* Whether a property says nothing by it: nothing, False, Unlimited. */
bool mw_exchange_says_nothing(struct mw_str text);

#endif
