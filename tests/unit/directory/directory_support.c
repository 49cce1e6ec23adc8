/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/expand/expand.h"
#include "sync/text/text.h"

char mw_test_folder[64], mw_test_path[80];
static struct mw_arena *arenas[20];
static size_t arena_count;

void mw_test_make(void)
{
	strcpy(mw_test_folder, "/tmp/mailwicket-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(mw_test_folder));
	ck_assert_int_eq(chmod(mw_test_folder, 0755), 0);
	snprintf(mw_test_path, sizeof(mw_test_path), "%s/snapshot.mdb", mw_test_folder);
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[400];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.' || strcmp(entry->d_name, ".lock") == 0 ||
		    strcmp(entry->d_name, ".suspend.lock") == 0)
			unlink(path);
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(folder), 0); /* no half file was left */
}

void mw_test_end(void)
{
	char suspensions[100];

	snprintf(suspensions, sizeof(suspensions), "%s" MW_SUSPENSIONS_FOLDER, mw_test_folder);
	remove_folder(mw_test_folder);
	if (access(suspensions, F_OK) == 0)
		remove_folder(suspensions);
	while (arena_count > 0)
		mw_arena_free(arenas[--arena_count]);
}

struct mw_content *mw_test_content(const char *text)
{
	struct mw_errors *errors = mw_errors_new(5);
	struct mw_records records;
	struct mw_content *content;

	arenas[arena_count] = mw_arena_new(0);
	mw_records_init(&records, arenas[arena_count++], errors);
	records.copy = true;
	mw_text_read(&records, "users", mw_str(text), MW_STR("example.test"));
	content = mw_expand(&records);
	ck_assert_msg(content != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
	mw_records_deinit(&records);
	mw_errors_free(errors);
	return content;
}

void mw_test_publish(const char *text)
{
	struct mw_errors *errors = mw_errors_new(5);
	struct mw_publisher *publisher = mw_publisher_open(mw_test_folder, errors);
	bool published;

	ck_assert_ptr_nonnull(publisher);
	ck_assert(mw_publisher_publish(publisher, mw_test_content(text), 1000, errors, &published));
	mw_publisher_close(publisher);
	mw_errors_free(errors);
}

struct mw_suspension mw_test_suspension(const char *user, enum mw_suspended what, int64_t until)
{
	struct mw_suspension one = { .since = 1000, .until = until, .what = (uint32_t)what, .by = "root" };

	snprintf(one.user, sizeof(one.user), "%s", user);
	return one;
}

static void suspend(const char *user, enum mw_suspended what, int64_t until, const char *const *logins)
{
	struct mw_errors *errors = mw_errors_new(5);
	struct mw_suspension one = mw_test_suspension(user, what, until);
	int error;
	struct mw_suspensions_edit *edit = mw_suspensions_edit_open(mw_test_folder, 0, errors, &error);

	ck_assert_ptr_nonnull(edit);
	ck_assert(mw_suspensions_edit_set(edit, &one));
	for (; *logins != NULL; logins++)
		ck_assert(mw_suspensions_edit_name(edit, mw_str(user), mw_str(*logins)));
	ck_assert(mw_suspensions_edit_save(edit, errors, &error));
	mw_suspensions_edit_close(edit);
	mw_errors_free(errors);
}

void mw_test_suspend(const char *user, enum mw_suspended what, int64_t until)
{
	static const char *const none[] = { NULL };

	suspend(user, what, until, none);
}

void mw_test_suspend_names(const char *user, enum mw_suspended what, const char *const *logins)
{
	suspend(user, what, 0, logins);
}

enum mw_lookup mw_test_login(struct mw_directory *directory, const char *login, struct mw_principal *user_r)
{
	const struct mw_directory_view *view = mw_directory_view(directory);

	return view->by_login(view->context, mw_str(login), user_r);
}
