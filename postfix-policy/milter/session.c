/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "macros.h"

#define VERSION 6

/* Actions that the filter may take, steps that it declines or does not answer, by libmilter's names. */
enum {
	SMFIF_ADDHDRS = 0x1, SMFIF_SETSYMLIST = 0x100,
	SMFIP_NOHELO = 0x2, SMFIP_NORCPT = 0x8, SMFIP_NOBODY = 0x10, SMFIP_NOEOH = 0x40, SMFIP_NOUNKNOWN = 0x100,
	SMFIP_NODATA = 0x200,
	SMFIP_NR_HDR = 0x80, SMFIP_NR_CONN = 0x1000, SMFIP_NR_HELO = 0x2000, SMFIP_NR_MAIL = 0x4000,
	SMFIP_NR_RCPT = 0x8000, SMFIP_NR_DATA = 0x10000, SMFIP_NR_UNKN = 0x20000, SMFIP_NR_EOH = 0x40000,
	SMFIP_NR_BODY = 0x80000,

	ACTIONS = SMFIF_ADDHDRS | SMFIF_SETSYMLIST,
	STEPS = SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_HDR |
		SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_EOH |
		SMFIP_NR_BODY
};

static enum mw_session_step fail(const char *why, const char **why_r)
{
	*why_r = why;
	return MW_SESSION_FAILS;
}

void mw_session_forget(struct mw_session_of_milter *session)
{
	if (session->message == NULL)
		return;
	mw_arena_free(session->message->arena);
	session->message = NULL;
	session->state = MW_SESSION_CONNECTED;
}

static enum mw_session_step negotiate(struct mw_session_of_milter *session, const struct mw_packet *packet,
				      struct mw_buf *out, const char **why_r)
{
	struct mw_str data = packet->data;
	uint32_t version, actions, steps;
	size_t begin;

	if (session->state != MW_SESSION_NEW)
		return fail("a second negotiation", why_r);
	if (!mw_packet_number(&data, &version) || !mw_packet_number(&data, &actions) || !mw_packet_number(&data, &steps))
		return fail("a negotiation that is too short", why_r);
	if (version < VERSION)
		return fail("it speaks an older milter protocol than 6; set milter_protocol = 6 in Postfix's main.cf", why_r);
	if ((actions & ACTIONS) != ACTIONS)
		return fail("it does not offer SMFIF_SETSYMLIST and SMFIF_ADDHDRS", why_r);
	if ((steps & STEPS) != STEPS)
		return fail("it does not offer to leave out the steps and answers of milter protocol 6", why_r);
	begin = mw_packet_begin(out, MW_PACKET_NEGOTIATE);
	mw_packet_add_number(out, VERSION);
	mw_packet_add_number(out, ACTIONS);
	mw_packet_add_number(out, STEPS);
	mw_macros_add_lists(out);
	mw_packet_end(out, begin);
	session->state = MW_SESSION_NEGOTIATED;
	return MW_SESSION_ANSWERS;
}

/* The kind of address and, where it has one, port and text: whether they are what the macros say. */
static bool is_same_client(const struct mw_endpoints *endpoints, struct mw_str data)
{
	struct mw_str name, text;
	struct mw_ip ip;
	char family;

	if (!mw_packet_string(&data, &name) || data.len == 0)
		return false;
	family = data.ptr[0];
	data = mw_str_tail(data, 1);
	if (family != '4' && family != '6')
		return endpoints->remote_ip.family == MW_FAMILY_UNKNOWN;
	if (data.len < 2 || ((unsigned char)data.ptr[0] << 8 | (unsigned char)data.ptr[1]) != endpoints->remote_port)
		return false;
	data = mw_str_tail(data, 2);
	return mw_packet_string(&data, &text) && mw_macros_address(text, &ip) && mw_ip_equal(&ip, &endpoints->remote_ip);
}

static enum mw_session_step connect_client(struct mw_session_of_milter *session, const struct mw_packet *packet,
					   const char **why_r)
{
	if (session->state != MW_SESSION_NEGOTIATED)
		return fail("a client's connection that was not to come now", why_r);
	session->state = MW_SESSION_CONNECTED;
	if (!session->has_macros)
		session->fault = "no macros came with the connection";
	else if (session->fault == NULL && !is_same_client(&session->endpoints, packet->data))
		session->fault = "{client_addr} and {client_port} are not the client that connected";
	return MW_SESSION_GOES_ON;
}

/* --- macros */

static enum mw_session_step take_connection(struct mw_session_of_milter *session, const struct mw_macros *macros)
{
	session->has_macros = true;
	session->fault = mw_macros_endpoints(macros, &session->endpoints);
	return MW_SESSION_GOES_ON;
}

/* A message without facts. NULL: no memory. */
static struct mw_message *new_message(void)
{
	struct mw_arena *arena = mw_arena_new(MW_MESSAGE_MEMORY);
	struct mw_message *message = arena != NULL ? MW_ARENA_NEW(arena, struct mw_message) : NULL;

	if (message == NULL) {
		mw_arena_free(arena);
		return NULL;
	}
	message->arena = arena;
	mw_originators_begin(&message->reader, arena);
	return message;
}

static struct mw_str keep(struct mw_message *message, struct mw_str text)
{
	return mw_str_empty(text) ? MW_STR_EMPTY : mw_arena_copy(message->arena, text);
}

static void keep_facts(struct mw_message *message)
{
	struct mw_facts *facts = &message->facts;

	facts->login = keep(message, facts->login);
	facts->mechanism = keep(message, facts->mechanism);
	facts->tls.version = keep(message, facts->tls.version);
	facts->tls.cipher = keep(message, facts->tls.cipher);
	if (mw_arena_failed(message->arena))
		message->fault = "there is no memory for what its macros say";
}

static enum mw_session_step take_mail(struct mw_session_of_milter *session, const struct mw_macros *macros,
				      const char **why_r)
{
	struct mw_message *message;

	if (session->state == MW_SESSION_NEW || session->state == MW_SESSION_NEGOTIATED)
		return fail("MAIL before the client's connection", why_r);
	mw_session_forget(session);
	message = new_message();
	if (message == NULL)
		return fail("out of memory", why_r);
	session->message = message;
	session->state = MW_SESSION_MACROS;
	message->facts.stage = MW_STAGE_HEADER;
	message->facts.endpoints = session->endpoints;
	message->fault = session->fault;
	if (message->fault == NULL)
		message->fault = mw_macros_identity(macros, session->endpoints.local_port, &message->facts);
	keep_facts(message);
	return MW_SESSION_GOES_ON;
}

/* At the end of a message the macros of its connection and login come again, from another program of Postfix. */
static const char *contradiction(const struct mw_macros *macros, const struct mw_facts *facts)
{
	struct mw_endpoints endpoints;
	const char *why = mw_macros_endpoints(macros, &endpoints);

	if (why != NULL)
		return why;
	if (!mw_ip_equal(&endpoints.remote_ip, &facts->endpoints.remote_ip) ||
	    !mw_ip_equal(&endpoints.local_ip, &facts->endpoints.local_ip) ||
	    endpoints.remote_port != facts->endpoints.remote_port || endpoints.local_port != facts->endpoints.local_port)
		return "its macros name another connection at its end than at its begin";
	if (!mw_str_equal(macros->auth_authen, facts->login) || !mw_str_equal(macros->auth_type, facts->mechanism))
		return "its macros name another login at its end than at its begin";
	return NULL;
}

static enum mw_session_step take_end(struct mw_session_of_milter *session, const struct mw_macros *macros,
				     const char **why_r)
{
	struct mw_message *message = session->message;

	if (session->state != MW_SESSION_MESSAGE)
		return MW_SESSION_GOES_ON;
	if (!mw_str_empty(message->facts.queue_id))
		return fail("macros of a second end", why_r);
	message->facts.queue_id = keep(message, macros->queue_id);
	if (message->fault == NULL)
		message->fault = contradiction(macros, &message->facts);
	return MW_SESSION_GOES_ON;
}

static enum mw_session_step take_macros(struct mw_session_of_milter *session, const struct mw_packet *packet,
					const char **why_r)
{
	struct mw_macros macros;

	if (packet->data.len == 0)
		return fail("macros without the step that they are for", why_r);
	if (packet->cut)
		return fail("macros that are too long", why_r);
	if (!mw_macros_read(mw_str_tail(packet->data, 1), &macros))
		return fail("a macro without its end", why_r);
	switch (packet->data.ptr[0]) {
	case MW_PACKET_CONNECT:
		return session->state == MW_SESSION_NEGOTIATED ? take_connection(session, &macros) :
		       fail("macros of a connection that were not to come now", why_r);
	case MW_PACKET_MAIL:
		return take_mail(session, &macros, why_r);
	case MW_PACKET_END:
		return take_end(session, &macros, why_r);
	default:
		return MW_SESSION_GOES_ON;
	}
}

/* --- a message */

static enum mw_session_step begin_message(struct mw_session_of_milter *session, const char **why_r)
{
	if (session->state != MW_SESSION_MACROS)
		return fail("MAIL without its macros", why_r);
	session->state = MW_SESSION_MESSAGE;
	return MW_SESSION_GOES_ON;
}

static enum mw_session_step take_field(struct mw_session_of_milter *session, const struct mw_packet *packet,
				       const char **why_r)
{
	struct mw_str rest = packet->data, name, value;

	if (session->state != MW_SESSION_MESSAGE)
		return fail("a header field without MAIL", why_r);
	if (!mw_packet_string(&rest, &name))
		return fail("a header field without its end", why_r);
	if (packet->cut)
		value = rest;
	else if (!mw_packet_string(&rest, &value))
		return fail("a header field without its end", why_r);
	session->message->has_fields = true;
	mw_originators_add(&session->message->reader, name, value);
	return MW_SESSION_GOES_ON;
}

static enum mw_session_step end_message(struct mw_session_of_milter *session, const char **why_r)
{
	struct mw_message *message = session->message;

	if (session->state != MW_SESSION_MESSAGE)
		return fail("the end of a message without MAIL", why_r);
	if (mw_str_empty(message->facts.queue_id) && message->fault == NULL)
		message->fault = "its macro i is missing";
	if (!mw_originators_end(&message->reader, &message->facts.originators))
		message->fault = "there is no memory for its header";
	return MW_SESSION_ENDS;
}

/* A session that another one follows on the same connection. */
static enum mw_session_step begin_again(struct mw_session_of_milter *session, const char **why_r)
{
	if (session->state == MW_SESSION_NEW)
		return fail("an end before the negotiation", why_r);
	mw_session_forget(session);
	*session = (struct mw_session_of_milter){ .state = MW_SESSION_NEGOTIATED };
	return MW_SESSION_GOES_ON;
}

enum mw_session_step mw_session_take(struct mw_session_of_milter *session, const struct mw_packet *packet,
				     struct mw_buf *out, const char **why_r)
{
	if (session->state == MW_SESSION_NEW && packet->command != MW_PACKET_NEGOTIATE)
		return fail("it does not begin with a milter's negotiation", why_r);
	switch (packet->command) {
	case MW_PACKET_NEGOTIATE:
		return negotiate(session, packet, out, why_r);
	case MW_PACKET_CONNECT:
		return connect_client(session, packet, why_r);
	case MW_PACKET_MACROS:
		return take_macros(session, packet, why_r);
	case MW_PACKET_MAIL:
		return begin_message(session, why_r);
	case MW_PACKET_FIELD:
		return take_field(session, packet, why_r);
	case MW_PACKET_END:
		return end_message(session, why_r);
	case MW_PACKET_ABORT:
		mw_session_forget(session);
		return MW_SESSION_GOES_ON;
	case MW_PACKET_QUIT_NEXT:
		return begin_again(session, why_r);
	case MW_PACKET_QUIT:
		return MW_SESSION_QUITS;
	default:
		return fail("a step that was declined, or that there is none of", why_r);
	}
}
