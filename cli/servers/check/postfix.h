/* What the parts of `mailwicket check --postfix` share: Postfix's configuration as postconf tells it, its listeners, and
   how a finding gets its place. */
#ifndef MW_CLI_CHECK_POSTFIX_H
#define MW_CLI_CHECK_POSTFIX_H

#include "finding.h"
#include "servers/postfix_file.h"
#include "servers/restriction.h"
#include "servers/check/permitted.h"
#include "servers/check/sasl_sockets.h"
#include "servers/check/stake.h"
#include "servers/wiring.h"

struct mw_dovecot_site;

#define MW_RELAY_RESTRICTIONS "smtpd_relay_restrictions"

struct mw_postfix_site {
	struct mw_arena *arena; /* that of the findings */
	const struct mw_policy *policy;
	const struct mw_wiring *wiring;
	struct mw_stake stake;
	struct mw_findings *findings;
	bool quiet; /* prints no line where postconf fails */
	const char *config_directory, *main_path, *master_path, *queue_directory;
	struct mw_str main_cf;
	struct mw_postfix_values values; /* every setting, defaults too, $name expanded */
	struct mw_postfix_services services;
	const struct mw_dovecot_site *dovecot; /* NULL: it is not looked at */
	struct mw_sasl_sockets *sasl_sockets; /* what the listeners that offer AUTH ask */
	struct mw_postfix_site *first_instance; /* Postfix's own configuration; NULL: not looked at, or none */
	bool first_instance_known;              /* it was looked at */
};

/* A listener of master.cf that ends in smtpd; or another service, then without what is of listeners. */
struct mw_postfix_endpoint {
	struct mw_postfix_site *site;
	const struct mw_postfix_service *service; /* whose options smtpd has */
	const struct mw_postfix_service *front;   /* what listens: the same, or postscreen */
	const char *name;                         /* "submission/inet" */
	bool chroot;
	bool stressed; /* its values are those under stress */
	struct mw_binding binding;
	struct mw_wiring_listener need;
	struct mw_postfix_values values; /* as this process sees them */
};

/* Adds what is wrong with Postfix. config_directory: NULL for Postfix's own; named: what findings call it, NULL: the same. Returns EX_OK; EX_UNAVAILABLE where there
   is no Postfix or EX_CONFIG where postconf cannot read its files, then one line was printed. sockets_r: where its listeners
   look for Dovecot's auth service, in the findings' arena. dovecot: NULL where it is not looked at. */
int mw_check_postfix(const struct mw_policy *policy, const char *config_directory, const char *named,
		     const struct mw_dovecot_site *dovecot, struct mw_findings *findings,
		     struct mw_sasl_sockets *sockets_r);

/* The smtpd that talks to the clients of an inet service: its own or, behind postscreen, that of a service "pass". NULL:
   none. */
const struct mw_postfix_service *mw_postfix_smtpd_of(struct mw_postfix_site *site, const struct mw_postfix_service *service);

/* Reads postconf's answers. EX_OK or as above. Everything lives in `arena`. */
int mw_postfix_site_load(struct mw_postfix_site *site, const struct mw_policy *policy, const char *config_directory,
			 struct mw_arena *arena);
/* The same without a word where there is no Postfix, or none that can be read. */
bool mw_postfix_site_try(struct mw_postfix_site *site, const struct mw_policy *policy, const char *config_directory,
			 struct mw_arena *arena);
/* A file of a list may name others, so many deep. */
#define MW_POSTFIX_FILES_DEEPEST 4
/* The whole text of a file, at most 1 MB; empty where it cannot be read. */
struct mw_str mw_file_text(struct mw_arena *arena, const char *path);
/* The same. False: it cannot be read, or has more than that. */
bool mw_file_whole(struct mw_arena *arena, const char *path, struct mw_str *text_r);

/* "" for a setting this Postfix does not know. */
struct mw_str mw_postfix_site_value(const struct mw_postfix_site *site, const char *name);
/* Runs postconf with these arguments behind -c DIR; the output is copied into the arena. */
int mw_postconf(const struct mw_postfix_site *site, const char *const *arguments, size_t count,
		struct mw_str *output_r);
/* As the process of any service sees it. Runs postconf where the service has -o settings. */
struct mw_str mw_postfix_service_value(struct mw_postfix_site *site, const struct mw_postfix_service *service,
				       const char *name);
struct mw_str mw_endpoint_value(const struct mw_postfix_endpoint *endpoint, const char *name);
/* All settings as the service's process sees them, from the service's own -o settings. EX_OK or as mw_check_postfix(). */
int mw_endpoint_load(struct mw_postfix_endpoint *endpoint);
/* Whether its values may differ under stress (STRESS_README): when clients hold all processes of a service, master starts
   the next ones with stress=yes. */
bool mw_endpoint_knows_stress(const struct mw_postfix_endpoint *endpoint);
/* Whether master starts its processes in a chroot; "-" is yes below compatibility_level 1. */
bool mw_postfix_service_is_chrooted(const struct mw_postfix_site *site, const struct mw_postfix_service *service);
bool mw_postfix_service_runs(const struct mw_postfix_service *service, const char *program);
bool mw_endpoint_says(const struct mw_postfix_endpoint *endpoint, const char *name, const char *value);

/* A finding about a service of master.cf; setting: below it, or "". */
void mw_service_finding(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			enum mw_finding_id id, enum mw_finding_severity severity, const char *setting, const char *what,
			const char *why, struct mw_fix fix);
/* A finding about a setting, at the place that decided it: an -o in master.cf, main.cf, or nowhere (a default). */
void mw_setting_finding(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			enum mw_finding_id id, enum mw_finding_severity severity, const char *setting, const char *what,
			const char *why, struct mw_fix fix);
/* The same for an endpoint's smtpd. */
void mw_endpoint_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
			 enum mw_finding_severity severity, const char *setting, const char *what, const char *why,
			 struct mw_fix fix);
/* The same for what must be written below the listener in master.cf. */
void mw_endpoint_option_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
				enum mw_finding_severity severity, const char *setting, const char *what, const char *why,
				struct mw_fix fix);

/* --- lines to write */

/* In main.cf, in place of what sets it there. */
struct mw_fix mw_fix_main(const struct mw_postfix_site *site, const char *name, const char *value);
/* Below the service in master.cf: the last -o of a name counts. */
struct mw_fix mw_fix_option(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			    const char *name, const char *value);
/* Where it is decided for the service: one of the two. */
struct mw_fix mw_fix_setting(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			     const char *name, const char *value);
/* The same for a restriction list, and for another that says who may do what. Below the listener where others have what
   main.cf has and must keep it: those that no connector names (ways back from a content filter, at which no question must be
   asked) and, where more than our questions changes, those of a connector in audit mode, at which all that is permitted and
   refused today stays so, and those where Postfix alone compares senders. */
struct mw_fix mw_fix_list(const struct mw_postfix_endpoint *endpoint, const char *name, const char *value);
/* Whether by the policy who logs in there may send as others, in audit mode or not: what Postfix compares must stay. */
bool mw_binding_leaves_senders(const struct mw_policy *policy, const struct mw_binding *binding);
/* A finding about a list, below the listener where mw_fix_list() writes it there. */
void mw_list_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, enum mw_finding_severity severity,
		     const char *list, const char *what, const char *why, struct mw_fix fix);
/* The list that `show` prints for main.cf, whatever is there; "": it prints none. */
const char *mw_shown_list(const struct mw_postfix_endpoint *endpoint, const char *name);
/* Where it is decided for the endpoint, the value that `setup` writes: what `show` prints or, of a list, mw_endpoint_list(). */
struct mw_fix mw_fix_shown(const struct mw_postfix_endpoint *endpoint, const char *name);

/* Where a path is for a process: relative to the queue directory, which is / in a chroot. */
const char *mw_postfix_real_path(const struct mw_postfix_site *site, bool chroot, struct mw_str path);
/* Whether `server` is one of the sockets mailwicketd listens on, as this listener's smtpd finds it; path_r: that of a
   unix socket, absolute and outside the chroot, NULL for TCP. */
bool mw_endpoint_asks_us(const struct mw_postfix_endpoint *endpoint, struct mw_str server, const char **path_r);
/* The same of a milter: whether it is the one of the policy. */
bool mw_endpoint_milter_is_ours(const struct mw_postfix_endpoint *endpoint, struct mw_str server, const char **path_r);

/* The listener of a service. False: it is none that ends in smtpd, or (a warning) its port is not known. */
bool mw_postfix_endpoint_of(struct mw_postfix_site *site, const struct mw_postfix_service *service,
			    struct mw_postfix_endpoint *endpoint_r);
/* Whether our question stands in a list or in a class of it; and whether it counts there too, as it does not behind
   warn_if_reject. */
bool mw_endpoint_has_question(const struct mw_postfix_endpoint *endpoint, const char *list);
bool mw_endpoint_asks_in(const struct mw_postfix_endpoint *endpoint, const char *list);
/* Whether a word of a restriction list is one of smtpd_restriction_classes. A class with the name of a restriction of Postfix
   is none: Postfix never uses it. */
bool mw_endpoint_has_class(const struct mw_postfix_endpoint *endpoint, struct mw_str name);

/* Where somebody is who goes through a list and its classes; all zero at the beginning. */
struct mw_class_walk {
	unsigned depth; /* classes around */
	unsigned count; /* classes seen */
	struct mw_str beyond; /* the first that was too deep, or one too many: empty: none */
};

/* Whether `name` is a class that is gone through now; `depth` is one more then, until the caller has left it. The check of
   the listener has an error about those that are too deep. */
bool mw_class_enter(const struct mw_postfix_endpoint *endpoint, struct mw_class_walk *walk, struct mw_str name);
/* The first class of a list that is too deep, or one too many; empty: there is none. */
struct mw_str mw_endpoint_beyond(const struct mw_postfix_endpoint *endpoint, const char *list);
/* The names of all lists of restrictions of smtpd, in their order. NULL behind the last. */
const char *mw_endpoint_list_name(size_t index);
/* A network of mynetworks: "[2001:db8::]/32" of Postfix is "2001:db8::/32" here. */
bool mw_postfix_network(struct mw_arena *arena, struct mw_str text, struct mw_range *range_r);

/* Whether Mailwicket is asked there at all. No findings. */
bool mw_endpoint_is_asked(struct mw_postfix_endpoint *endpoint);
/* Whether a list of restrictions that is there will do for the policy's. No findings. */
bool mw_endpoint_list_does(struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting);
/* The list that will: the question first, and behind it what is there and is not the policy's affair. In the site's arena. */
struct mw_str mw_endpoint_list(const struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting);
/* Whether a connector of the listener is in audit mode, where the question about relaying is never answered OK, and nothing
   behind it lets users relay, as the answer did while it was enforced. */
bool mw_endpoint_loses_permit(const struct mw_postfix_endpoint *endpoint);
/* Whether nothing about a list of restrictions is an error. No findings. */
bool mw_endpoint_list_holds(struct mw_postfix_endpoint *endpoint, const char *list);
/* TLS as this smtpd offers or requires it, in all of Postfix's spellings. */
bool mw_endpoint_has_tls(const struct mw_postfix_endpoint *endpoint);
bool mw_endpoint_requires_tls(const struct mw_postfix_endpoint *endpoint);
/* Where it looks for Dovecot's auth socket, absolute and outside its chroot; NULL: over TCP. */
const char *mw_endpoint_sasl_socket(const struct mw_postfix_endpoint *endpoint);
/* Whether somebody chose the value of a setting: an option, or main.cf. */
bool mw_endpoint_is_written(const struct mw_postfix_endpoint *endpoint, const char *setting);
/* As it is written there, with its $names; empty: nobody did. */
struct mw_str mw_endpoint_written(const struct mw_postfix_endpoint *endpoint, const char *setting);

/* Whether Postfix itself, by its restrictions about authentication and relaying, lets a kind of session submit here: with or
   without relaying, whoever the sender is. remote: whose sessions; NULL: any client's. A table is taken to permit nobody. */
bool mw_endpoint_lets(const struct mw_postfix_endpoint *endpoint, enum mw_permitted_kind kind,
		      const struct mw_ranges *remote, bool relays);
/* Whether Postfix compares the sender of a user who logged in with smtpd_sender_login_maps. */
enum mw_comparison {
	MW_COMPARE_NONE,  /* no sender */
	MW_COMPARE_KNOWN, /* those that a table has: reject_known_sender_login_mismatch */
	MW_COMPARE_ALL
};
enum mw_comparison mw_endpoint_compares_senders(const struct mw_postfix_endpoint *endpoint);
/* The restriction by which Postfix refuses who does not log in and uses a sender that smtpd_sender_login_maps has. Empty: it
   does not. */
struct mw_str mw_endpoint_refuses_owned(const struct mw_postfix_endpoint *endpoint);
/* Whether its clients come through a proxy, whose PROXY line says which address and port they connected to. */
bool mw_endpoint_is_proxied(const struct mw_postfix_endpoint *endpoint);
/* Whether a binding of the policy is the proxy's: a connector has it beside that of such a listener. */
bool mw_postfix_is_before_proxy(struct mw_postfix_site *site, const struct mw_binding *binding);
/* Whether it is there for a content filter, a signer or a program of this host, and nobody else gets in. */
bool mw_endpoint_is_way_back(const struct mw_postfix_endpoint *endpoint);

/* Whether the milters of a listener will do for the policy, and those that will: the policy's own first, where it has to be asked, and behind it
   what is there; nothing behind it where no milter was asked until now. In the site's arena. */
bool mw_endpoint_milters_do(const struct mw_postfix_endpoint *endpoint);
struct mw_str mw_endpoint_milter_list(const struct mw_postfix_endpoint *endpoint);
/* receive_override_options without no_milters; false: it does not have that. */
bool mw_endpoint_overrides(const struct mw_postfix_endpoint *endpoint, const char **rest_r);

/* The parts. */
void mw_check_postfix_milters(const struct mw_postfix_endpoint *endpoint);
/* Local mail is not judged. */
void mw_check_postfix_local_milters(struct mw_postfix_site *site);
bool mw_check_postfix_hooks(const struct mw_postfix_endpoint *endpoint); /* whether any question is asked */
void mw_check_postfix_depth(const struct mw_postfix_endpoint *endpoint);
/* Names in lists of restrictions with which Postfix takes no mail. */
void mw_check_postfix_restrictions(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_refusals(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_tls(const struct mw_postfix_endpoint *endpoint);
/* One that no connector names. */
void mw_check_postfix_unnamed(struct mw_postfix_endpoint *endpoint);
/* "[2001:db8::]/32" of mynetworks is "2001:db8::/32" here. False: it is no network. */
bool mw_postfix_network(struct mw_arena *arena, struct mw_str text, struct mw_range *range_r);
void mw_check_postfix_log(const struct mw_postfix_endpoint *endpoint);
/* Where Dovecot's submission service gives its users' mail to. */
int mw_check_postfix_submission(struct mw_postfix_site *site);
void mw_check_postfix_recipients(const struct mw_postfix_endpoint *endpoint);
/* Where a listener's smtpd, or the one of main.cf, looks for Dovecot's auth service. */
void mw_postfix_sasl_socket(const struct mw_postfix_site *site, const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_sasl(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_proxy(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_trust(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_addresses(const struct mw_postfix_endpoint *endpoint);
void mw_check_postfix_domains(const struct mw_postfix_site *site);
void mw_check_postfix_delimiter(const struct mw_postfix_site *site);
/* Names that Postfix takes for its own and the policy for foreign ones, and what it completes addresses with. EX_OK or as
   mw_check_postfix(). */
int mw_check_postfix_names(struct mw_postfix_site *site);
void mw_check_postfix_origin(const struct mw_postfix_endpoint *rewriter);
/* myorigin; of a file, its first line. */
struct mw_str mw_endpoint_origin(const struct mw_postfix_endpoint *endpoint);
int mw_check_postfix_services(struct mw_postfix_site *site); /* those that are no listener; EX_OK or as above */
/* list: the setting that names the socket */
void mw_check_postfix_socket(const struct mw_postfix_endpoint *endpoint, const char *list, const char *path);

#endif
