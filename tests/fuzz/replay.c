/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over files, or over its kept corpus when none is named, without libFuzzer: for `make check`.
   The corpus of fuzz_NAME is SRCDIR/tests/fuzz/corpus/NAME. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	size_t size;

	if (file == NULL || data == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char name[8192];
	int count = 0;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		replay(name);
		count++;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *target = strstr(argv[0], "fuzz_");
	char corpus[4096];
	int count = 0;

	for (int i = 1; i < argc; i++, count++)
		replay(argv[i]);
	if (argc == 1 && target != NULL) {
		/* The last one: the build folder's own name may have it too. */
		for (const char *next; (next = strstr(target + 1, "fuzz_")) != NULL;)
			target = next;
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
			 target + strlen("fuzz_"));
		count = replay_folder(corpus);
	}
	printf("%d inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
