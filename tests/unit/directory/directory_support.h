/* What the tests of the directory share: contents from text, and a folder to publish in. */
#ifndef MW_TESTS_DIRECTORY_SUPPORT_H
#define MW_TESTS_DIRECTORY_SUPPORT_H

#include "unit.h"
#include "directory/directory.h"
#include "directory/writer.h"

/* Checked fixture: mw_test_folder with nothing in it, mw_test_path = its snapshot. */
extern char mw_test_folder[], mw_test_path[];
void mw_test_make(void);
void mw_test_end(void);

/* Directory text, with the keys of last good copies, to content; freed by mw_test_end(). */
struct mw_content *mw_test_content(const char *text);
/* Publishes it. */
void mw_test_publish(const char *text);
/* One as `mailwicket suspend` makes it, since 1000; and put into the file of the folder. */
struct mw_suspension mw_test_suspension(const char *user, enum mw_suspended what, int64_t until);
void mw_test_suspend(const char *user, enum mw_suspended what, int64_t until);
/* The same with the login names that are noted, up to a NULL. */
void mw_test_suspend_names(const char *user, enum mw_suspended what, const char *const *logins);
/* The user with this login name has this switch on; *found_r otherwise. */
enum mw_lookup mw_test_login(struct mw_directory *directory, const char *login, struct mw_principal *user_r);

#endif
