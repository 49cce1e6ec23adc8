/* SPDX-License-Identifier: MIT */
/* The folder: its files, their columns, and what a person has to decide of single cells. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "import/exchange/model.h"
#include "import/exchange/value.h"

#define FILE_MOST (UINT64_C(1) << 30)
#define USUAL_RESULT_SIZE 1000 /* of Get-Mailbox and others (Microsoft, "Get-Mailbox", ResultSize) */

/* --- files */

/* The file whole; false with an error, or without one where it is not there. */
static bool read_file(struct mw_exchange *import, const char *path, struct mw_str *octets_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *octets;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0) {
		if (errno != ENOENT)
			mw_errors_add(import->errors, MW_ERROR, path, 0, 0, NULL, "%s", strerror(errno));
		return false;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_MOST) {
		mw_errors_add(import->errors, MW_ERROR, path, 0, 0, NULL, "it is no file of at most 1 GB");
		close(fd);
		return false;
	}
	octets = mw_arena_alloc(import->arena, (size_t)st.st_size + 1);
	while (octets != NULL && used < (size_t)st.st_size && (got = read(fd, octets + used, (size_t)st.st_size - used)) > 0)
		used += (size_t)got;
	if (got < 0)
		mw_errors_add(import->errors, MW_ERROR, path, 0, 0, NULL, "%s", strerror(errno));
	close(fd);
	*octets_r = (struct mw_str){ octets, used };
	return octets != NULL && got >= 0;
}

struct columns {
	struct mw_exchange *import;
	const struct mw_exchange_table *table;
};

static void need_column(const char *name, void *context)
{
	struct columns *columns = context;
	const struct mw_csv *csv = &columns->table->csv;

	if (csv->columns.count > 0 && mw_csv_column(csv, mw_str(name)) == csv->columns.count)
		mw_errors_add(columns->import->errors, MW_ERROR, csv->name, 0, 0, "what mailwicket import exchange --exporter writes",
			      "it has no column %s", name);
}

/* A file without a row says nothing, and one that was cut off too little. */
static void look_at_rows(struct mw_exchange *import, enum mw_exchange_file file)
{
	static const enum mw_exchange_file limited[] = { MW_EXCHANGE_MAILBOX,	MW_EXCHANGE_CAS_MAILBOX,
							 MW_EXCHANGE_GROUP,	MW_EXCHANGE_DYNAMIC,
							 MW_EXCHANGE_MAIL_USER, MW_EXCHANGE_MAIL_CONTACT,
							 MW_EXCHANGE_USER,	MW_EXCHANGE_SECURITY_GROUP,
							 MW_EXCHANGE_RECIPIENT_PERMISSION };
	const struct mw_csv *csv = &import->tables[file].csv;

	if (csv->row_count == 0 && mw_exchange_files[file].needed)
		mw_errors_add(import->errors, MW_ERROR, csv->name, 0, 0, mw_exchange_files[file].command, "it has no row");
	for (size_t i = 0; csv->row_count == USUAL_RESULT_SIZE && i < sizeof(limited) / sizeof(limited[0]); i++) {
		if (limited[i] == file)
			mw_exchange_note(import, file, NULL, "ResultSize", "1,000 rows",
					 "without -ResultSize Unlimited the cmdlet prints 1,000 rows and leaves the others out: export it "
					 "again, if there are more");
	}
}

static void read_table(struct mw_exchange *import, enum mw_exchange_file file)
{
	struct mw_exchange_table *table = &import->tables[file];
	const char *path = mw_arena_textf(import->arena, "%s/%s.csv", import->folder, mw_exchange_files[file].name);
	struct columns columns = { import, table };
	struct mw_str octets;
	unsigned before = mw_errors_count(import->errors, MW_ERROR);

	table->csv.name = path;
	if (!read_file(import, path, &octets)) {
		if (mw_exchange_files[file].needed && mw_errors_count(import->errors, MW_ERROR) == before)
			mw_errors_add(import->errors, MW_ERROR, path, 0, 0, mw_exchange_files[file].command, "there is no such file");
		return;
	}
	table->there = true;
	if (mw_csv_read(import->arena, path, octets, import->errors, &table->csv)) {
		mw_exchange_needed(file, need_column, &columns);
		look_at_rows(import, file);
	}
	table->says = MW_ARENA_ARRAY(import->arena, uint64_t, table->csv.columns.count + 1);
}

static size_t rows_of(const struct mw_exchange *import, enum mw_exchange_file file)
{
	return import->tables[file].csv.row_count;
}

/* What is needed because of what another file has. */
static void need_more(struct mw_exchange *import)
{
	static const struct {
		enum mw_exchange_file groups, members;
	} lists[] = { { MW_EXCHANGE_GROUP, MW_EXCHANGE_GROUP_MEMBER }, { MW_EXCHANGE_DYNAMIC, MW_EXCHANGE_DYNAMIC_MEMBER } };
	const enum mw_exchange_file group = MW_EXCHANGE_SECURITY_GROUP;
	static const enum mw_exchange_file smtp[] = { MW_EXCHANGE_CAS_MAILBOX, MW_EXCHANGE_TRANSPORT };

	/* A group that is no security group holds no rights. */
	if (rows_of(import, group) > 0 && !mw_exchange_has_column(import, group, "GroupType") &&
	    !mw_exchange_has_column(import, group, "RecipientTypeDetails"))
		mw_exchange_error(import, group, NULL, NULL, mw_exchange_files[group].command,
				  "it has no column GroupType, by which a security group is told");
	/* Whom a denial of a group means is who is in it. */
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (rows_of(import, lists[i].groups) > 0 && !import->tables[lists[i].members].there)
			mw_exchange_error(import, lists[i].members, NULL, NULL, mw_exchange_files[lists[i].members].command,
					  "there is no such file, and %s.csv has groups", mw_exchange_files[lists[i].groups].name);
	}
	/* Exchange Online switches sending off by it; Exchange servers have no such property. */
	for (size_t i = 0; i < sizeof(smtp) / sizeof(smtp[0]) && import->tables[MW_EXCHANGE_RECIPIENT_PERMISSION].there; i++) {
		if (!mw_exchange_has_column(import, smtp[i], "SmtpClientAuthenticationDisabled"))
			mw_exchange_error(import, smtp[i], NULL, NULL, mw_exchange_files[smtp[i]].command,
					  "it has no column SmtpClientAuthenticationDisabled, by which Exchange Online switches sending off");
	}
}

/* "Mailbox.csv" in any case is not enough: the names are those that the exporter writes. */
static bool is_ours(struct mw_str name)
{
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		struct mw_str wanted = mw_str(mw_exchange_files[file].name);

		if (name.len == wanted.len + 4 && mw_str_starts_with(name, wanted))
			return true;
	}
	return false;
}

static int compare_names(const void *left, const void *right)
{
	return mw_str_compare(*(const struct mw_str *)left, *(const struct mw_str *)right);
}

static void find_strange(struct mw_exchange *import)
{
	DIR *folder = opendir(import->folder);
	struct mw_str *names = NULL;
	const struct dirent *entry;
	size_t count = 0;

	if (folder == NULL) {
		mw_errors_add(import->errors, MW_ERROR, import->folder, 0, 0, NULL, "%s", strerror(errno));
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		struct mw_str name = mw_str(entry->d_name);

		if (name.len < 4 || !mw_str_equal_nocase(mw_str_tail(name, name.len - 4), MW_STR(".csv")) || is_ours(name))
			continue;
		names = mw_exchange_grown(import->arena, names, count, sizeof(*names));
		if (names == NULL)
			break;
		names[count++] = mw_arena_copy(import->arena, name);
	}
	closedir(folder);
	if (names != NULL)
		qsort(names, count, sizeof(*names), compare_names);
	import->strange = (struct mw_strs){ names, names != NULL ? count : 0 };
}

/* --- cells */

/* Who a row is about, for people. */
static const char *whom(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row)
{
	static const char *const properties[] = { "PrimarySmtpAddress", "DomainName", "Identity", "Name" };
	struct mw_str text = MW_STR_EMPTY;

	for (size_t i = 0; text.len == 0 && i < sizeof(properties) / sizeof(properties[0]); i++)
		text = mw_exchange_cell(import, file, row, properties[i]);
	return mw_arena_text(import->arena, text);
}

struct column {
	const char *name, *text;
	enum mw_exchange_fate fate;
};

/* Names that people choose: they may be in braces, or look like a type, but for that of a list. */
static bool is_free_text(const char *property)
{
	static const char *const names[] = { "Name", "DisplayName", "Alias", "SamAccountName", "Identity", "Id" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (mw_str_equal_nocase(mw_str(property), mw_str(names[i])))
			return true;
	}
	return false;
}

/* The types of lists in place of lists: there is nothing that could be carried over. */
static void look_at_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			 const struct column *column, struct mw_str value)
{
	if (column->fate == MW_EXCHANGE_NO_MEANING || column->fate == MW_EXCHANGE_UNKNOWN)
		return;
	if (mw_exchange_is_no_value(value) && (!is_free_text(column->name) || mw_str_ends_with(value, MW_STR("]"))))
		mw_exchange_error(import, file, row, column->name, "the values, a line each, as the exporter writes them",
				  "\"%.*s\" is what PowerShell writes in place of a list", MW_STR_ARG(mw_text_cut(value, 60)));
	/* All-rights permissions are told by who reads permissions. */
	else if (column->fate == MW_EXCHANGE_DECIDE && strcmp(column->name, "AccessRights") != 0)
		mw_exchange_note(import, file, row, column->name,
				 mw_arena_textf(import->arena, "%s: %.*s", whom(import, file, row), MW_STR_ARG(mw_text_cut(value, 200))),
				 column->text);
}

static bool is_letter(struct mw_str text, size_t i)
{
	return i < text.len && ((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') || (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'));
}

static bool is_letter_or_digit(struct mw_str text, size_t i)
{
	return is_letter(text, i) || (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9');
}

/* Whether an octet is of an address of another kind than SMTP: "X500:", "X400:" are before it in its line. */
static bool is_of_other_kind(struct mw_str text, size_t at)
{
	struct mw_str kind;
	size_t end = at, begin;

	while (end > 0 && text.ptr[end] != ':' && text.ptr[end] != '\n')
		end--;
	for (begin = end; begin > 0 && is_letter_or_digit(text, begin - 1);)
		begin--;
	kind = mw_str_tail(mw_str_head(text, end), begin);
	return text.ptr[end] == ':' && kind.len > 0 && !mw_str_equal_nocase(kind, MW_STR("smtp"));
}

/* Exchange itself writes "?" into addresses that are no SMTP: X.400 and LegacyExchangeDN have few letters. */
static bool is_own_of_exchange(const char *property, struct mw_str text, size_t at)
{
	if (mw_str_equal_nocase(mw_str(property), MW_STR("LegacyExchangeDN")))
		return true;
	return (mw_str_equal_nocase(mw_str(property), MW_STR("EmailAddresses")) ||
		mw_str_equal_nocase(mw_str(property), MW_STR("ExternalEmailAddress"))) &&
	       is_of_other_kind(text, at);
}

/* Whether a text looks as if it had lost its letters that are no ASCII: "M?ller". */
static bool is_lossy(const char *property, struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '?' && ((i > 0 && is_letter(text, i - 1)) || is_letter(text, i + 1)) &&
		    !is_own_of_exchange(property, text, i))
			return true;
	}
	return false;
}

/* Windows PowerShell writes ASCII where -Encoding lacks, and two people may be one then. */
static bool tell_lossy(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		       const struct column *column, struct mw_str value)
{
	if (!import->tables[file].csv.ascii || column->fate != MW_EXCHANGE_CARRIED || !is_lossy(column->name, value))
		return false;
	mw_exchange_error(import, file, row, column->name,
			  "Export-Csv -Encoding UTF8, or a byte order mark before a file in which ? is meant",
			  "\"%.*s\" has ? in place of letters", MW_STR_ARG(mw_text_cut(value, 60)));
	return true;
}

static void look_at_cells(struct mw_exchange *import, enum mw_exchange_file file)
{
	struct mw_exchange_table *table = &import->tables[file];
	const struct mw_csv *csv = &table->csv;
	struct column *columns = MW_ARENA_ARRAY(import->arena, struct column, csv->columns.count);
	bool lossy = false;

	for (size_t i = 0; columns != NULL && i < csv->columns.count; i++) {
		columns[i].name = mw_arena_text(import->arena, csv->columns.items[i]);
		columns[i].fate = mw_exchange_property(file, csv->columns.items[i], &columns[i].text);
	}
	for (size_t i = 0; i < csv->row_count && !mw_arena_failed(import->arena); i++) {
		for (size_t j = 0; j < csv->columns.count; j++) {
			struct mw_str value = mw_str_trim(csv->rows[i].cells[j]);

			if (mw_exchange_says_nothing(value))
				continue;
			table->says[j]++;
			look_at_cell(import, file, &csv->rows[i], &columns[j], value);
			/* Once a file. */
			lossy = lossy || tell_lossy(import, file, &csv->rows[i], &columns[j], value);
		}
	}
}

void mw_exchange_read(struct mw_exchange *import)
{
	find_strange(import);
	if (mw_errors_count(import->errors, MW_ERROR) > 0)
		return;
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT && !mw_arena_failed(import->arena); file++)
		read_table(import, (enum mw_exchange_file)file);
	if (mw_errors_count(import->errors, MW_ERROR) > 0)
		return;
	need_more(import);
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++)
		look_at_cells(import, (enum mw_exchange_file)file);
}

bool mw_exchange_is_here(const struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row)
{
	struct mw_str server = mw_exchange_cell(import, file, row, "Server");

	return import->server == NULL || server.len == 0 || mw_str_equal_nocase(server, mw_str(import->server));
}
