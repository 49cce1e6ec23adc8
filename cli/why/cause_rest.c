/* SPDX-License-Identifier: MIT */
#include "why/cause_table.h"

const struct cause_row mw_why_all_well = {
	"all-well", NULL, false, false,
	"<user> logs in and sends; the log does not show that anything was refused later, or not delivered.",
	"Nothing; if it fails now, look again in a moment, or further back with --since.", "" };
const struct cause_row mw_why_underway = {
	"underway", NULL, false, false,
	"<user> logs in and sends, and the log does not show that the message was delivered, nor that it was not: the log "
	"ends before, or the lines that tell are in another log.",
	"See whether it waits, and why: postqueue -p; or name the rest of Postfix's log: --log FILE", "" };
const struct cause_row mw_why_sent_without_login = {
	"sent-without-login", NULL, false, false,
	"Mail with <sender> as its sender was accepted from <client> without a login, and the log does not show that "
	"anything was refused later, or not delivered. Whether <user> sent it, nobody can tell: anybody can write a sender.",
	"Nothing, if <client> may send without a login (a printer, webmail, mynetworks); look further back with --since.",
	"" };
const struct cause_row mw_why_sent_from_unknown = {
	"sent-from-unknown", NULL, false, false,
	"Mail with an address of <user> as its sender was accepted, and the log does not show from whom, nor that anything "
	"was refused later, or not delivered.",
	"Name the rest of Postfix's log: --log FILE; look further back with --since.", "" };
const struct cause_row mw_why_unfinished = {
	"message-unfinished", NULL, false, false,
	"A message of <user> was begun, and the log does not show that it was accepted.",
	"Look again in a moment, or name the rest of Postfix's log: --log FILE", "" };
const struct cause_row mw_why_not_understood = {
	"not-understood", NULL, false, false,
	"Lines of SMTP have the name of <user>, and the log does not show what happened in words that are known here.",
	"Read those lines: grep for the address in Postfix's log.", "" };
const struct cause_row mw_why_no_attempt = {
	"no-attempt", NULL, false, false,
	"The log does not show that anything was refused to <user>, nor that anything was sent.",
	"Have the user try to send, and look again; or look further back with --since.", "" };
const struct cause_row mw_why_no_smtp_lines = {
	"no-smtp-lines", NULL, false, false,
	"The log does not show any line of Postfix's smtpd or of mailwicketd, so nothing can be said about sending.",
	"Name Postfix's log too: --log FILE", "" };
