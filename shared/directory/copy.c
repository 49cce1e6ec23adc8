/* SPDX-License-Identifier: MIT */
/* A snapshot of another user is copied: who owns a file can cut it off while it is mapped, which would end whoever
   reads the mapping, or write into it after it was checked. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "directory/pages.h"
#include "directory/snapshot.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int copy_octets(int from, int to, uint64_t octets)
{
	char chunk[65536];

	for (uint64_t done = 0; done < octets;) {
		size_t want = octets - done < sizeof(chunk) ? (size_t)(octets - done) : sizeof(chunk);
		ssize_t got = pread(from, chunk, want, (off_t)done), put;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO;
		put = pwrite(to, chunk, (size_t)got, (off_t)done);
		if (put < 0 && errno != EINTR)
			return errno;
		done += put < 0 ? 0 : (uint64_t)put;
	}
	return 0;
}

int mw_snapshot_copy(int fd, uint64_t octets)
{
	int copy = memfd_create("mailwicket snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;

	if (copy < 0)
		return -1;
	error = copy_octets(fd, copy, octets);
	if (error == 0 && fcntl(copy, F_ADD_SEALS, SEALS) == 0)
		return copy;
	error = error != 0 ? error : errno;
	close(copy);
	errno = error;
	return -1;
}

bool mw_snapshot_copy_check(int copy, uint64_t octets, const char **wrong_r)
{
	void *memory = mmap(NULL, (size_t)octets, PROT_READ, MAP_PRIVATE, copy, 0);
	bool good;

	*wrong_r = "cannot be checked: no room in memory";
	if (memory == MAP_FAILED)
		return false;
	good = mw_pages_check(memory, (size_t)octets, wrong_r);
	munmap(memory, (size_t)octets);
	return good;
}
