/* SPDX-License-Identifier: MIT */
#include "file_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACCESS_LIST "system.posix_acl_access"

/* What says who may do what. Others of security.* sign the content, or give a program rights. */
static bool is_kept(const char *name)
{
	return strcmp(name, ACCESS_LIST) == 0 || strcmp(name, "security.selinux") == 0 || strncmp(name, "user.", 5) == 0;
}

static bool copy(const char *path, int fd, const char *name)
{
	ssize_t size = lgetxattr(path, name, NULL, 0);
	char *value = size >= 0 ? malloc((size_t)size + 1) : NULL;
	bool done = false;

	if (value != NULL)
		size = lgetxattr(path, name, value, (size_t)size);
	if (value != NULL && size >= 0)
		done = fsetxattr(fd, name, value, (size_t)size, 0) == 0;
	free(value);
	return done;
}

static char *names_of(const char *path, ssize_t *size_r)
{
	ssize_t size = llistxattr(path, NULL, 0);
	char *names = size > 0 ? malloc((size_t)size) : NULL;

	*size_r = names != NULL ? llistxattr(path, names, (size_t)size) : 0;
	return names;
}

bool mw_file_attributes_copy(const char *path, int fd)
{
	bool done = true, listed = false;
	ssize_t size;
	char *names;

	if (access(path, F_OK) != 0)
		return true;
	names = names_of(path, &size);
	for (ssize_t at = 0; done && at < size; at += (ssize_t)strlen(names + at) + 1) {
		bool is_list = strcmp(names + at, ACCESS_LIST) == 0;

		listed = listed || is_list;
		if (is_kept(names + at) && !copy(path, fd, names + at) && is_list)
			done = false;
	}
	free(names);
	if (done && !listed && fremovexattr(fd, ACCESS_LIST) != 0)
		done = errno == ENODATA || errno == ENOTSUP;
	return done;
}

bool mw_file_is_immutable(const char *path)
{
	int error = errno, flags = 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		flags = 0;
	if (fd >= 0)
		close(fd);
	errno = error;
	return (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0;
}
