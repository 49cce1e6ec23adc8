/* SPDX-License-Identifier: MIT */
#include "ui/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "ui/output.h"
#include "base/text.h"

/* Reads to the end of the line, of the file or of the memory. False: errno, or EINTR by a signal that is to end us. */
static bool read_line(int fd, char *line, size_t size, size_t *len_r)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, line + len, 1);

		if (got < 0)
			return false;
		if (got == 0 || line[len] == '\n')
			break;
		len++;
	}
	*len_r = len;
	return true;
}

static int take(const char *from, struct mw_str line, struct mw_buf *password_r)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.len >= MW_PASSWORD_MAX || memchr(line.ptr, '\0', line.len) != NULL) {
		mw_complain("%s: %s", from,
			    line.len == 0 ? "no password in the first line" : "the first line is no password");
		return EX_DATAERR;
	}
	mw_buf_add(password_r, line);
	return EX_OK;
}

static int read_file(int fd, const char *path, struct mw_buf *password_r)
{
	char line[MW_PASSWORD_MAX];
	struct stat status;
	size_t len;
	int code;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IRWXO) != 0) {
		mw_complain("%s: others may read it (mode %04o); run chmod o= on it", path,
			    (unsigned)(status.st_mode & 07777));
		return EX_NOPERM;
	}
	if (!read_line(fd, line, sizeof(line), &len)) {
		mw_complain("%s: %s", path, strerror(errno));
		return EX_NOINPUT;
	}
	code = take(path, (struct mw_str){ line, len }, password_r);
	explicit_bzero(line, sizeof(line));
	return code;
}

int mw_password_from_file(const char *path, struct mw_buf *password_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0) {
		mw_complain("%s: %s", path, strerror(errno));
		return errno == EACCES ? EX_NOPERM : EX_NOINPUT;
	}
	code = read_file(fd, path, password_r);
	close(fd);
	return code;
}

/* --- the terminal */

static volatile sig_atomic_t caught;

static void catch(int number)
{
	caught = number;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

#define ENDING_COUNT (sizeof(ending) / sizeof(ending[0]))

/* Reads without echo. A signal that ends or stops us finds the terminal as it was. */
static bool read_hidden(int fd, char *line, size_t size, size_t *len_r)
{
	struct sigaction before[ENDING_COUNT], action = { .sa_handler = catch };
	struct termios shown, hidden;
	bool done;

	if (tcgetattr(fd, &shown) < 0)
		return false;
	caught = 0;
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &action, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &hidden);
	done = read_line(fd, line, size, len_r);
	tcsetattr(fd, TCSAFLUSH, &shown);
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
	return done && caught == 0;
}

int mw_password_from_terminal(const char *user, struct mw_buf *password_r)
{
	char line[MW_PASSWORD_MAX], prompt[MW_PASSWORD_MAX];
	struct mw_buf shown = MW_BUF_OVER(prompt);
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	size_t len = 0;
	int code;
	bool done;

	if (fd < 0)
		return mw_usage_error("no terminal to ask for the password: name a file with --password-file");
	mw_buf_add_text(&shown, "Password for ");
	mw_text_show(&shown, mw_str(user));
	mw_buf_add_text(&shown, ": ");
	done = write(fd, shown.data, shown.used) >= 0 && read_hidden(fd, line, sizeof(line), &len);
	done = write(fd, "\n", 1) >= 0 && done;
	close(fd);
	code = done ? take("terminal", (struct mw_str){ line, len }, password_r) : EX_USAGE;
	if (!done)
		mw_complain("no password was given");
	explicit_bzero(line, sizeof(line));
	return code;
}
