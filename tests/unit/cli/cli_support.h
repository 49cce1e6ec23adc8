/* The cases of test_cli. */
#ifndef MW_TESTS_CLI_SUPPORT_H
#define MW_TESTS_CLI_SUPPORT_H

#include "unit.h"

TCase *mw_test_client_offer_case(void);
TCase *mw_test_doveadm_case(void);
TCase *mw_test_dovecot_file_case(void);
TCase *mw_test_dovecot_size_case(void);
TCase *mw_test_facts_log_case(void);
TCase *mw_test_log_source_case(void);
TCase *mw_test_log_unpack_case(void);
TCase *mw_test_markup_case(void);
TCase *mw_test_postfix_file_case(void);
TCase *mw_test_replay_rows_case(void);
TCase *mw_test_setup_text_case(void);
TCase *mw_test_terminal_case(void);
TCase *mw_test_userdb_fields_case(void);
TCase *mw_test_when_case(void);
TCase *mw_test_why_event_case(void);
TCase *mw_test_why_line_case(void);
TCase *mw_test_why_story_case(void);

#endif
