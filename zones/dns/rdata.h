/* rdata.h - record types, and what their RDATA consists of.
 *
 * Inside muster RDATA is uncompressed wire form.  It enters through
 * rdata_read(), which checks every field of the types listed in RFC 1035 to
 * RFC 9460 that have structure and passes unknown types through (RFC 3597),
 * and leaves through rdata_put(), which compresses only where a receiver must
 * understand it (RFC 3597 4: the types of RFC 1035; never SRV).
 *
 * Threads:   any.
 * Ownership: callers own all buffers.
 * Units:     octets.
 * Errors:    bool: false says malformed (FORMERR to a peer).
 * Standards: RFC 1035 3.3; RFC 2782; RFC 3597 4, 7; RFC 4034 6.2; RFC 6840
 *            5.1; RFC 9460 2.2; RFC 2136 1.1.1 (comparison).
 */
#ifndef ZONES_DNS_RDATA_H
#define ZONES_DNS_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/wire.h"

#define RDATA_MAX_LEN 65535

enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_MD = 3,
	TYPE_MF = 4,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_MB = 7,
	TYPE_MG = 8,
	TYPE_MR = 9,
	TYPE_NULL = 10,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MINFO = 14,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_RP = 17,
	TYPE_AFSDB = 18,
	TYPE_SIG = 24,
	TYPE_KEY = 25,
	TYPE_AAAA = 28,
	TYPE_LOC = 29,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_KX = 36,
	TYPE_CERT = 37,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_APL = 42,
	TYPE_DS = 43,
	TYPE_SSHFP = 44,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_DHCID = 49,
	TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51,
	TYPE_TLSA = 52,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_SPF = 99,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255,
	TYPE_URI = 256,
	TYPE_CAA = 257,
};

enum dns_class {
	CLASS_IN = 1,
	CLASS_CH = 3,
	CLASS_HS = 4,
	CLASS_NONE = 254,
	CLASS_ANY = 255,
};

/* Whether the type exists in questions only, or is about the message and not
 * data: 0, OPT, and 128 to 255 (RFC 6895 3.1).  Such types can be in no
 * zone. */
bool type_is_meta(uint16_t type);

/* Reads the RDATA of one record, rdlen octets from the reader's place, and
 * writes it uncompressed to out (RDATA_MAX_LEN octets, *out_len used).  False
 * if a field does not fit, octets are left over, a name is bad, or the type
 * forbids compression and it is compressed in a way RFC 3597 does not let a
 * receiver accept.  The reader stands behind the RDATA on success and where it
 * stood before otherwise.  An empty RDATA (rdlen 0) is malformed except for
 * types whose form allows it. */
bool rdata_read(struct wire_reader *, uint16_t type, uint16_t rdlen,
    uint8_t *out, size_t *out_len);

/* Whether uncompressed RDATA is well-formed for its type. */
bool rdata_check(uint16_t type, const uint8_t *rdata, size_t len);

/* Compares as RFC 2136 1.1.1 and RFC 4034 6.3 ask: canonical octet order,
 * names inside the RDATA without regard to case for the types in which
 * RFC 4034 6.2 (as corrected by RFC 6840 5.1) lower-cases them, octet by
 * octet otherwise.  <0, 0, >0. */
int rdata_compare(uint16_t type, const uint8_t *a, size_t a_len,
    const uint8_t *b, size_t b_len);

/* Writes RDLENGTH and RDATA; names are compressed for NS CNAME SOA MB MD MF MG
 * MR PTR MINFO MX only. */
void rdata_put(
    struct wire_writer *, uint16_t type, const uint8_t *rdata, size_t len);

/* The host name inside the RDATA whose addresses belong into the additional
 * section (NS, MX, SRV, SVCB, HTTPS and the like), or NULL.  "." as a target is
 * no host. */
const uint8_t *rdata_target(uint16_t type, const uint8_t *rdata, size_t len);

/* The type's name, or TYPEnnn, in a buffer of at least 16 octets. */
const char *type_to_text(uint16_t type, char *text);

/* Any name that type_to_text gives, case-blind; 0 if unknown. */
uint16_t type_from_text(const char *text);

#endif
