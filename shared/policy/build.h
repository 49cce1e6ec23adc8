/* Statements -> model, and the rules that the model must satisfy. Private to shared/policy. */
#ifndef MW_POLICY_BUILD_H
#define MW_POLICY_BUILD_H

#include "policy/model.h"
#include "policy/setting.h"
#include "policy/syntax.h"

#define MW_POLICY_RULES_MAX 1000 /* login rules, and connectors */

/* Where each setting of a section was written; line 0: nowhere. Index: that of mw_settings. */
#define MW_SETTINGS_MAX 160
struct mw_written {
	struct mw_spot spots[MW_SETTINGS_MAX];
};

struct mw_written *mw_written_new(struct mw_reader *reader);
/* Where the setting was written, or else the section's own place. */
struct mw_spot mw_written_at(const struct mw_written *written, enum mw_section_kind section, const char *name,
			     struct mw_place place);

/* The statements of a whole file into reader->policy. */
void mw_build_policy(struct mw_reader *reader, const struct mw_statement *statements);
/* The settings of one section into `base`, defaults for what is not there. Sections inside are left to the caller.
   *written_r may be NULL when memory is out. */
void mw_build_settings(struct mw_reader *reader, enum mw_section_kind section, const struct mw_statement *children,
		       void *base, struct mw_written **written_r);
struct mw_place mw_build_place(struct mw_reader *reader, const struct mw_statement *statement);

/* Builds the table of local names from the accepted domains, and reports what is wrong with them. */
void mw_build_local_names(struct mw_reader *reader);

/* The default connectors, for a file that has none. */
void mw_builtin_connectors(struct mw_reader *reader);
/* Whose header is looked at where nobody wrote header_from. */
void mw_default_header_from(struct mw_connector *connector);
/* The login rule that matches last. */
void mw_builtin_login_rule(struct mw_reader *reader, struct mw_login_rule *rule);

/* Reports settings of one rule that contradict each other. */
void mw_validate_login_rule(struct mw_reader *reader, const struct mw_login_rule *rule,
			    const struct mw_written *written);
void mw_validate_connector(struct mw_reader *reader, const struct mw_connector *connector,
			   const struct mw_written *written);
/* The settings for what a message says that it is from; behind milter { }, without which they have no effect. */
void mw_validate_header_from(struct mw_reader *reader, const struct mw_connector *connector,
			     const struct mw_written *written);
/* Whether unlisted_logins lets anybody in. */
void mw_validate_unlisted_logins(struct mw_reader *reader, const struct mw_written *written);
/* Checks policy_service and the milter's listeners: who may ask. */
void mw_validate_policy_service(struct mw_reader *reader, const struct mw_written *written,
				const struct mw_written *milter);
/* What a source of this driver does not know or lacks; fills in what follows from its other settings. */
void mw_validate_source(struct mw_reader *reader, struct mw_source *source, const struct mw_written *written);
/* The same for an LDAP source alone. */
void mw_validate_ldap(struct mw_reader *reader, struct mw_source *source, const struct mw_written *written);
/* Whether the source's driver knows the setting. */
bool mw_source_knows(const struct mw_source *source, const struct mw_setting *setting);
/* Reports conflicts between rules: ties (errors), rules that never apply (warnings). */
void mw_validate_ties(struct mw_reader *reader);
void mw_validate_reach(struct mw_reader *reader);

#endif
