/* The facts of a decision from words: the options of `explain` and the attributes of a captured policy request. */
#ifndef MW_CLI_FACTS_OPTIONS_H
#define MW_CLI_FACTS_OPTIONS_H

#include "ui/arguments.h"
#include "decide/facts.h"
#include "postfix/facts.h"
#include "postfix/request.h"

/* Facts with what the administrator left open. Slices point into argv or into the request's text. */
struct mw_given_facts {
	struct mw_facts facts;
	bool has_client, has_tls, has_bits, has_origin, has_stage, has_recipient, has_today;
	bool captured;        /* from a request: nothing is to be filled in */
	const char *assumed;  /* what was filled in, for the reader; "" for nothing */
	char assumed_text[160];
	char closed[160];     /* the request is one at which mailwicketd closes the connection, for this reason; else "" */
	struct mw_originators_reader header; /* what --header and --message gave */
	bool has_header;
	struct mw_quoted quoted; /* sender and recipient with the quotes they need */
};

/* The facts among the options of explain; a command may put options of its own behind them. */
#define MW_FACT_OPTIONS                                                                       \
	{ "client", "IP", "the client's address, or unknown" },                               \
	{ "client-port", "N", "the client's port" },                                          \
	{ "port", "N", "the listener's port" },                                               \
	{ "local", "IP:PORT", "the listener's address and port" },                            \
	{ "tls", "VERSION", "TLSv1.3, TLSv1.2, ...; none" },                                  \
	{ "cipher", "NAME", "the cipher" },                                                   \
	{ "bits", "N", "its strength (default: the cipher's; 256 without one)" },                    \
	{ "tls-origin", "none|starttls|implicit|proxy", "how TLS came about" },               \
	{ "proxy", "IP", "the HAProxy that ended TLS" },                                      \
	{ "fingerprint", "HEX", "SHA-256 of the client's certificate" },                      \
	{ "verified", "yes|no", "whether that certificate was verified" },                    \
	{ "mechanism", "NAME", "SASL mechanism, or LOGIN, USER for the protocol's command" }, \
	{ "login", "NAME", "who logged in, or tries to" },                                    \
	{ "master", "NAME", "the master user who logs in as --login" },                       \
	{ "sasl-service", "NAME", "Postfix's smtpd_sasl_service" },                           \
	{ "stage", "STAGE", "CONNECT HELO EHLO MAIL RCPT DATA END-OF-MESSAGE VRFY ETRN HEADER" },  \
	{ "sender", "ADDRESS", "the envelope sender; \"\" is the null sender" },              \
	{ "recipient", "ADDRESS", "the recipient" },                                          \
	{ "recipient-count", "N", "recipients of the message (DATA, END-OF-MESSAGE)" },       \
	{ "size", "OCTETS", "the message's size: 500KB, 36MB or octets" },                    \
	{ "instance", "ID", "Postfix's message instance; \"\": it names none" },               \
	{ "etrn-domain", "DOMAIN", "the domain of an ETRN" },                                 \
	{ "context", "relay|sender", "asked in smtpd_relay_restrictions, or smtpd_sender_restrictions" }, \
	{ "header", "NAME:VALUE", "a field of the message's header, for the milter; may be given several times" }, \
	{ "today", "YYYY-MM-DD", "the day that ends audits (default: today)" }

/* Puts one option's value into the facts. False with one line printed: the value is wrong. */
bool mw_fact_set(struct mw_given_facts *given, const char *name, const char *value);

/* The reader of the message's header, begun. What it reads is kept until the process ends. */
struct mw_originators_reader *mw_given_facts_header(struct mw_given_facts *given);

/* The values of what was not given: for smtp a client that is in no narrow range, port by protocol, strength and origin of TLS, mechanism, stage, day. */
void mw_facts_complete(struct mw_given_facts *given);

/* Puts the quotes that sender and recipient need (mw_address_quoted()): Postfix asks, and logs, without them. */
void mw_given_facts_quote(struct mw_given_facts *given);

/* A captured request of Postfix's policy delegation protocol, read as mailwicketd reads it. The text ends with an empty
   line and is kept by the caller as long as the facts. EX_OK (see `closed`), or EX_NOINPUT with one line printed: it is
   none. */
int mw_given_facts_from_request(struct mw_given_facts *given, struct mw_str text);
/* The same from a file ("-": standard input), in `text`. One that was cut out of a log may lack the empty line. */
#define MW_REQUEST_TEXT_MAX (MW_REQUEST_MAX + 3)
int mw_given_facts_from_file(struct mw_given_facts *given, const char *path, char text[MW_REQUEST_TEXT_MAX]);

#endif
