/* The octets of a log as they are read: straight from a descriptor, or unpacked where they begin as a format of
   unpack.h does. */
#ifndef MW_CLI_LOG_INPUT_H
#define MW_CLI_LOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MW_LOG_INPUT_SIZE 1048576 /* octets read at once */

struct mw_log_input;

enum mw_log_input_state { MW_LOG_INPUT_GOOD, MW_LOG_INPUT_UNREADABLE, MW_LOG_INPUT_DAMAGED };

/* Takes the descriptor, also when it fails: NULL when memory is out. */
struct mw_log_input *mw_log_input_new(int fd);
void mw_log_input_free(struct mw_log_input *input); /* NULL is allowed */
/* What reads what `input` unpacks, which it owns then, and unpacks that too: text in UTF-16 that was compressed. The same
   input where it is text. */
struct mw_log_input *mw_log_input_within(struct mw_log_input *input);
/* What it begins as, if that is neither text nor can be unpacked: "lz4", "zip", "journal"; NULL: it can be read. Reads the first
   octets. */
const char *mw_log_input_kind(struct mw_log_input *input);
/* Up to `size` octets; 0 at the end and after an error. */
size_t mw_log_input_read(struct mw_log_input *input, char *memory, size_t size);
/* UNREADABLE: errno in *errno_r. DAMAGED: compressed data that are wrong or end too early; what was
   unpacked before has been read. */
enum mw_log_input_state mw_log_input_state(const struct mw_log_input *input, int *errno_r);
/* What it is compressed with: "gzip", "bzip2", "xz", "zstd"; "UTF-16" where it is written in that; NULL: with nothing, or
   not looked at yet. */
const char *mw_log_input_packed(const struct mw_log_input *input);
/* Octets read from the descriptor, before they were unpacked. */
uint64_t mw_log_input_taken(const struct mw_log_input *input);

#endif
