/* SPDX-License-Identifier: MIT */
/* LD_PRELOAD for tests of mailwicketd, worked through a file that both sides map (MAILWICKET_PRELOAD): counts
   allocations, moves the clock, lets the Nth allocation or system call of the request path fail, and kills the process
   beside its log. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct control {
	uint64_t allocations;
	uint64_t calls;          /* of the functions below, since fail_call_at was set */
	uint64_t fail_call_at;   /* 0: none */
	uint64_t fail_errno;
	uint64_t fail_allocation_at; /* counted by `allocations` */
	uint64_t failed;
	int64_t clock_stands_at; /* the monotonic clock, in seconds; poll(2) ends no time-out then; 0: it goes on */
	int64_t date_seconds;    /* added to the time of day */
	uint64_t kill_at_log;    /* 1: the process is killed before what it would write to standard error next; 2: after it */
};

static struct control none, *control = &none;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("MAILWICKET_PRELOAD");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return;
	memory = (void *)syscall(SYS_mmap, NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		control = memory;
}

static int allocation_fails(void)
{
	uint64_t number = __atomic_add_fetch(&control->allocations, 1, __ATOMIC_RELAXED);

	if (control->fail_allocation_at == 0 || number != control->fail_allocation_at)
		return 0;
	control->failed++;
	errno = ENOMEM;
	return 1;
}

static int call_fails(void)
{
	if (control->fail_call_at == 0)
		return 0;
	if (++control->calls != control->fail_call_at)
		return 0;
	control->failed++;
	errno = (int)control->fail_errno;
	return 1;
}

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : __libc_realloc(old, size);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, time);

	if (result != 0 || clock != CLOCK_MONOTONIC)
		return result;
	if (control->clock_stands_at != 0)
		*time = (struct timespec){ .tv_sec = control->clock_stands_at };
	return 0;
}

time_t time(time_t *time_r)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	now.tv_sec += control->date_seconds;
	if (time_r != NULL)
		*time_r = now.tv_sec;
	return now.tv_sec;
}

ssize_t recv(int fd, void *memory, size_t size, int flags)
{
	return call_fails() ? -1 : syscall(SYS_recvfrom, fd, memory, size, flags, NULL, NULL);
}

ssize_t send(int fd, const void *memory, size_t size, int flags)
{
	return call_fails() ? -1 : syscall(SYS_sendto, fd, memory, size, flags, NULL, 0);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	return call_fails() ? -1 : (int)syscall(SYS_accept4, fd, address, len, flags);
}

static void kill_at_log(int fd, uint64_t when)
{
	if (fd == STDERR_FILENO && control->kill_at_log == when)
		raise(SIGKILL);
}

ssize_t write(int fd, const void *memory, size_t size)
{
	ssize_t result;

	kill_at_log(fd, 1);
	result = call_fails() ? -1 : syscall(SYS_write, fd, memory, size);
	kill_at_log(fd, 2);
	return result;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (timeout > 0 && control->clock_stands_at != 0)
		timeout = -1;
	return call_fails() ? -1 : (int)syscall(SYS_poll, fds, count, timeout);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (call_fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}
