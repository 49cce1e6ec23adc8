/* SPDX-License-Identifier: MIT */
/* Asks policy questions as Postfix does: so many connections, one outstanding request on each. Prints one line of JSON.
   load [-a] [-c CONNECTIONS] [-s SECONDS | -n REQUESTS] [-w WARM-UP SECONDS] [-r RATE] [-e ACTION] [-p PID]
        unix:PATH|inet:ADDRESS:PORT FILE
   FILE holds requests, each with its empty line; they are asked in turn. -a: it stays awake; where no answer is there
   it looks again instead of sleeping, so that no server pays for waking it. -e: every other action counts as wrong.
   -r: no more than so many requests a second over all connections. -p: reports the processor seconds that process used
   meanwhile. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 1024
#define BUCKETS 4096
#define EVENTS 256

struct peer {
	int fd;
	bool waiting; /* for its answer */
	size_t have;
	double asked;
	char answer[ANSWER_MAX];
};

struct question { const char *bytes; size_t len; };

static struct {
	bool awake;
	unsigned connections;
	double seconds, warm, rate;
	uint64_t most;
	const char *expect, *address;
	int pid;
} options = { .connections = 10, .seconds = 3, .warm = 0.3, .most = UINT64_MAX };

static struct question *questions;
static size_t question_count, next_question;
static struct peer *peers;
static int epoll;
static uint64_t asked, answered, wrong, closed;
static uint64_t buckets[BUCKETS]; /* microseconds, 1/16 of an octave wide */
static double slowest;
static double paced_from;  /* when asking at a rate began */
static unsigned next_peer; /* whom to ask next, at a rate */
static bool measuring;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned bucket_of(double seconds)
{
	uint64_t us = (uint64_t)(seconds * 1e6);
	unsigned octave;

	if (us < 16)
		return (unsigned)us;
	octave = 63u - (unsigned)__builtin_clzll(us);
	return octave * 16 + (unsigned)((us >> (octave - 4)) & 15);
}

static double bucket_seconds(unsigned bucket)
{
	if (bucket < 16)
		return bucket / 1e6;
	return (double)((uint64_t)(16 + bucket % 16) << (bucket / 16 - 4)) / 1e6;
}

static double percentile(double part)
{
	uint64_t total = 0, seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++)
		total += buckets[i];
	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += buckets[i];
		if ((double)seen >= part * (double)total)
			return bucket_seconds(i);
	}
	return 0;
}

static void read_questions(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text, *at, *end;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
		die(path);
	rewind(file);
	text = malloc((size_t)size + 1);
	if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size)
		die(path);
	fclose(file);
	text[size] = '\0';
	for (at = text; (end = strstr(at, "\n\n")) != NULL; at = end + 2) {
		if (question_count % 1024 == 0)
			questions = realloc(questions, (question_count + 1024) * sizeof(*questions));
		if (questions == NULL)
			die("memory");
		questions[question_count++] = (struct question){ at, (size_t)(end + 2 - at) };
	}
	if (question_count == 0) {
		errno = EINVAL;
		die(path);
	}
}

static int connect_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(path);
	return fd;
}

static int connect_inet(const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	const char *colon = strrchr(text, ':');
	char host[64];

	if (colon == NULL)
		die(text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	to.sin_port = htons((uint16_t)atoi(colon + 1));
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || fd < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(text);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int connect_to(const char *address)
{
	int fd = strncmp(address, "unix:", 5) == 0 ? connect_unix(address + 5) : connect_inet(address + 5);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void lose(struct peer *peer)
{
	closed++;
	close(peer->fd);
	peer->fd = -1;
}

static void ask(struct peer *peer)
{
	const struct question *question = &questions[next_question];

	next_question = next_question + 1 == question_count ? 0 : next_question + 1;
	peer->have = 0;
	peer->waiting = true;
	peer->asked = now();
	/* The peer answered the one before: its buffer is empty and takes a request whole. */
	if (send(peer->fd, question->bytes, question->len, MSG_NOSIGNAL) != (ssize_t)question->len)
		lose(peer);
	else
		asked++;
}

static void count(const struct peer *peer)
{
	double took = now() - peer->asked;
	unsigned bucket = bucket_of(took);

	answered++;
	if (options.expect != NULL && (peer->have < 9 || peer->have - 9 != strlen(options.expect) ||
	    memcmp(peer->answer + 7, options.expect, peer->have - 9) != 0))
		wrong++;
	if (!measuring)
		return;
	buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	if (took > slowest)
		slowest = took;
}

/* True: its answer is whole. */
static bool hear(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->answer + peer->have, sizeof(peer->answer) - peer->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		lose(peer);
		return false;
	}
	peer->have += (size_t)got;
	if (peer->have < 2 || memcmp(peer->answer + peer->have - 2, "\n\n", 2) != 0)
		return false;
	peer->waiting = false;
	count(peer);
	return true;
}

/* As many questions as the rate allows by now, of whoever waits for no answer. */
static void ask_at_rate(void)
{
	double due = (now() - paced_from) * options.rate - (double)asked;

	for (unsigned i = 0; i < options.connections && due >= 1 && asked < options.most; i++) {
		struct peer *peer = &peers[next_peer];

		next_peer = next_peer + 1 == options.connections ? 0 : next_peer + 1;
		if (peer->fd < 0 || peer->waiting)
			continue;
		ask(peer);
		due--;
	}
}

static void run(double until)
{
	struct epoll_event events[EVENTS];
	int patience = options.awake ? 0 : options.rate > 0 ? 1 : 100; /* milliseconds */

	while (now() < until && asked < options.most && closed < options.connections) {
		int ready = epoll_wait(epoll, events, EVENTS, patience);

		for (int i = 0; i < ready; i++) {
			struct peer *peer = events[i].data.ptr;

			if (peer->fd >= 0 && hear(peer) && asked < options.most && options.rate <= 0)
				ask(peer);
		}
		if (options.rate > 0)
			ask_at_rate();
	}
}

/* What is still out when the time is over. */
static void collect(void)
{
	struct epoll_event events[EVENTS];
	double until = now() + 10;

	while (answered + closed < asked && now() < until) {
		int ready = epoll_wait(epoll, events, EVENTS, 100);

		for (int i = 0; i < ready; i++) {
			struct peer *peer = events[i].data.ptr;

			if (peer->fd >= 0)
				(void)hear(peer);
		}
	}
}

static double processor_seconds(int pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		user = system = 0;
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "ac:s:n:w:r:e:p:")) != -1) {
		switch (option) {
		case 'a': options.awake = true; break;
		case 'c': options.connections = (unsigned)atoi(optarg); break;
		case 's': options.seconds = atof(optarg); break;
		case 'n': options.most = strtoull(optarg, NULL, 10); options.seconds = 3600; options.warm = 0; break;
		case 'w': options.warm = atof(optarg); break;
		case 'r': options.rate = atof(optarg); break;
		case 'e': options.expect = optarg; break;
		case 'p': options.pid = atoi(optarg); break;
		default: exit(64);
		}
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: load [OPTION...] unix:PATH|inet:ADDRESS:PORT FILE\n");
		exit(64);
	}
	options.address = argv[optind];
	read_questions(argv[optind + 1]);
}

static void open_peers(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	epoll = epoll_create1(0);
	peers = calloc(options.connections, sizeof(*peers));
	if (peers == NULL || epoll < 0)
		die("memory");
	for (unsigned i = 0; i < options.connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &peers[i] };

		peers[i].fd = connect_to(options.address);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event) != 0)
			die("epoll");
	}
}

int main(int argc, char **argv)
{
	uint64_t before;
	double began, took, processor;

	read_options(argc, argv);
	open_peers();
	paced_from = now();
	for (unsigned i = 0; i < options.connections && asked < options.most && options.rate <= 0; i++)
		ask(&peers[i]);
	run(now() + options.warm);
	measuring = true;
	before = answered;
	processor = processor_seconds(options.pid);
	began = now();
	run(began + options.seconds);
	took = now() - began;
	before = answered - before;
	processor = processor_seconds(options.pid) - processor;
	collect();
	printf("{\"connections\": %u, \"requests\": %" PRIu64 ", \"seconds\": %.4f, \"per_second\": %.1f, "
	       "\"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f, \"asked\": %" PRIu64 ", \"answered\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"closed\": %" PRIu64 ", \"processor_seconds\": %.2f}\n",
	       options.connections, before, took, (double)before / took, percentile(0.5) * 1e6, percentile(0.99) * 1e6,
	       slowest * 1e6, asked, answered, wrong, closed, processor);
	return wrong == 0 && closed == 0 && asked == answered ? EXIT_SUCCESS : EXIT_FAILURE;
}
