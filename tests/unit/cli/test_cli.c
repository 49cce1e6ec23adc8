/* SPDX-License-Identifier: MIT */
#include "cli_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = {
		mw_test_client_offer_case,
		mw_test_doveadm_case,
		mw_test_dovecot_file_case,
		mw_test_dovecot_size_case,
		mw_test_facts_log_case,
		mw_test_log_source_case,
		mw_test_log_unpack_case,
		mw_test_markup_case,
		mw_test_postfix_file_case,
		mw_test_replay_rows_case,
		mw_test_setup_text_case,
		mw_test_terminal_case,
		mw_test_userdb_fields_case,
		mw_test_when_case,
		mw_test_why_event_case,
		mw_test_why_line_case,
		mw_test_why_story_case,
	};

	return mw_unit_run("cli", cases, MW_COUNT(cases));
}
