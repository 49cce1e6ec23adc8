/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <sys/mman.h>

#define PAGE 4096u
#define AT_ONCE 16
/* Each starts on a page of its own, so that a few octets cost one page. */
#define STRIDE ((sizeof(struct mw_work) + PAGE - 1) / PAGE * PAGE)

static void reset(struct mw_work *work)
{
	work->next = NULL;
	work->fill = work->high = 0;
	work->answer_len = work->answer_sent = 0;
	mw_request_init(&work->request);
}

/* Mapped, not allocated: pages that no request reaches never exist. */
static bool grow(struct mw_works *works)
{
	char *memory;

	if (works->made + AT_ONCE > MW_WORKS_MOST)
		return false;
	memory = mmap(NULL, AT_ONCE * STRIDE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	for (size_t i = 0; i < AT_ONCE; i++) {
		struct mw_work *work = (struct mw_work *)(void *)(memory + i * STRIDE);

		work->next = works->idle;
		works->idle = work;
	}
	works->made += AT_ONCE;
	return true;
}

struct mw_work *mw_work_take(struct mw_works *works)
{
	struct mw_work *work;

	if (works->idle == NULL && !grow(works))
		return NULL;
	work = works->idle;
	works->idle = work->next;
	reset(work);
	return work;
}

void mw_work_return(struct mw_works *works, struct mw_work *work)
{
	char *start = (char *)work;
	size_t kept = PAGE;

	if (offsetof(struct mw_work, input) + work->high > kept)
		madvise(start + kept, STRIDE - kept, MADV_DONTNEED);
	work->next = works->idle;
	works->idle = work;
}
