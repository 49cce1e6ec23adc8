/* Memory with one lifetime and one free: that of a policy, of a sync run, of a test. */
#ifndef MW_BASE_ARENA_H
#define MW_BASE_ARENA_H

#include "base/str.h"

struct mw_arena;

/* limit: the most bytes that may be handed out, 0 for no limit. NULL when memory is out. */
struct mw_arena *mw_arena_new(size_t limit);
void mw_arena_free(struct mw_arena *arena); /* NULL is allowed */

/* Zeroed memory, aligned for any type, owned by the arena. NULL when the limit or the memory is reached;
   mw_arena_failed() then stays true, so that a caller may build on and look once at the end. */
void *mw_arena_alloc(struct mw_arena *arena, size_t size);
/* The same for `count` things of `size` bytes; a product that overflows fails. */
void *mw_arena_alloc_array(struct mw_arena *arena, size_t size, size_t count);
/* Takes over what malloc() gave: it is freed with the arena. False when memory is out; it stays the caller's then. */
bool mw_arena_keep(struct mw_arena *arena, void *allocated);
bool mw_arena_failed(const struct mw_arena *arena);
/* What was built in the arena lacks something, as memory for it was out elsewhere: mw_arena_failed() from now on. */
void mw_arena_fail(struct mw_arena *arena);
size_t mw_arena_used(const struct mw_arena *arena);

/* A NUL-terminated copy; the empty slice (never NULL ptr) when memory is out. */
struct mw_str mw_arena_copy(struct mw_arena *arena, struct mw_str text);
const char *mw_arena_text(struct mw_arena *arena, struct mw_str text);
/* A text that printf would print; "" when memory is out. */
const char *mw_arena_textf(struct mw_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define MW_ARENA_NEW(arena, type) ((type *)mw_arena_alloc((arena), sizeof(type)))
#define MW_ARENA_ARRAY(arena, type, count) ((type *)mw_arena_alloc_array((arena), sizeof(type), (count)))

/* Tests: the Nth allocation from now fails (0 = none). */
void mw_arena_fail_at(struct mw_arena *arena, unsigned long nth);

#endif
