/* SPDX-License-Identifier: MIT */
/* LD_PRELOAD: counts a program's allocations. At SIGUSR2 it writes "allocations N" to the file COUNT_MALLOC names. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
int posix_memalign(void **result, size_t alignment, size_t size);

void *malloc(size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	*result = aligned_alloc(alignment, size);
	return *result == NULL ? 12 : 0;
}

/* Only what a handler may do. */
static void report(int number)
{
	char text[32] = "allocations ";
	size_t len = strlen(text);
	unsigned long value = allocations;
	char digits[24];
	int count = 0, fd;

	(void)number;
	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (count > 0 && len < sizeof(text) - 1)
		text[len++] = digits[--count];
	text[len++] = '\n';
	fd = open(getenv("COUNT_MALLOC"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		(void)!write(fd, text, len);
		close(fd);
	}
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = { .sa_handler = report, .sa_flags = SA_RESTART };

	if (getenv("COUNT_MALLOC") != NULL)
		sigaction(SIGUSR2, &action, NULL);
}
