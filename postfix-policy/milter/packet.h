/* Packets of Sendmail's milter protocol, version 6: bytes in, bytes out. Pure.

   A packet is the number of its octets (four of them, the highest first), a command of one octet, and what belongs to the
   command: strings that end with a NUL, numbers of four octets. Sources: libmilter's mfdef.h, Postfix's milter8.c.

   However a stream is cut, the same packets come out of it. Of a header field and of macros the first
   MW_PACKET_KEPT octets are kept and the rest is passed over; no other packet may be longer. */
#ifndef MW_POSTFIX_PACKET_H
#define MW_POSTFIX_PACKET_H

#include "base/buf.h"

#define MW_PACKET_KEPT 8704 /* octets: a field's name, and one more than a field may have that is judged */
#define MW_PACKET_MAX (16u << 20) /* octets; Postfix cuts a header at header_size_limit, 102,400 */
#define MW_PACKET_HEAD 4

/* From Postfix. */
enum mw_packet_command {
	MW_PACKET_ABORT = 'A', MW_PACKET_BODY = 'B', MW_PACKET_CONNECT = 'C', MW_PACKET_MACROS = 'D', MW_PACKET_END = 'E',
	MW_PACKET_HELO = 'H', MW_PACKET_QUIT_NEXT = 'K', MW_PACKET_FIELD = 'L', MW_PACKET_MAIL = 'M',
	MW_PACKET_END_OF_FIELDS = 'N', MW_PACKET_NEGOTIATE = 'O', MW_PACKET_QUIT = 'Q', MW_PACKET_RCPT = 'R',
	MW_PACKET_DATA = 'T', MW_PACKET_UNKNOWN = 'U'
};

/* To Postfix; the negotiation's answer is MW_PACKET_NEGOTIATE too. There is no ACCEPT: Postfix before 3.10.13 forgets the
   filter for the next message then. */
enum mw_packet_answer {
	MW_PACKET_CONTINUE = 'c', MW_PACKET_ADD_FIELD = 'h', MW_PACKET_TEMPFAIL = 't', MW_PACKET_REPLY = 'y'
};

struct mw_packet {
	char command;
	bool cut;           /* it was longer than MW_PACKET_KEPT */
	struct mw_str data; /* behind the command; points into the bytes that were given */
};

/* All zero before the first byte. */
struct mw_packet_reader {
	uint32_t skip; /* octets of the last packet that are passed over */
};

enum mw_packet_progress { MW_PACKET_PARTIAL, MW_PACKET_WHOLE, MW_PACKET_BAD };

/* `bytes` begin where the last call's *used_r ended. PARTIAL: *used_r octets (perhaps 0) are done with, and more have to
   come behind the rest, which is less than MW_PACKET_HEAD + MW_PACKET_KEPT. WHOLE: *packet_r is one packet. BAD: *why_r, a
   static sentence part, says why the connection has to be closed. */
enum mw_packet_progress mw_packet_read(struct mw_packet_reader *reader, struct mw_str bytes, struct mw_packet *packet_r,
				       size_t *used_r, const char **why_r);

/* Takes the next string of a packet's data, without its NUL. False: there is none that ends. */
bool mw_packet_string(struct mw_str *data_io, struct mw_str *string_r);
/* The next number of four octets; false: there are not so many. */
bool mw_packet_number(struct mw_str *data_io, uint32_t *number_r);

/* Begins a packet and ends it; what is added to the buffer in between belongs to it. */
size_t mw_packet_begin(struct mw_buf *out, char command);
void mw_packet_end(struct mw_buf *out, size_t begin);
void mw_packet_add_number(struct mw_buf *out, uint32_t number);
void mw_packet_add_string(struct mw_buf *out, struct mw_str string);

#endif
