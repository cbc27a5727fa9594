/* client_dns.h - a DNS server of a few records, for tests of the client side.
 *
 *     struct client_dns dns;
 *     client_dns_start(&dns);            listens on 127.0.0.1, some port
 *     client_dns_add_srv(&dns, "_a._tcp.x.test", 30, 10, 1, 80, "h.x.test");
 *     ...
 *     client_dns_stop(&dns);
 *
 * A name with records of other types is NODATA, one without any NXDOMAIN,
 * both with a SOA.  CNAMEs are followed, unless it is told not to.
 *
 * Threads:   one of its own; everything is behind its mutex.
 * Ownership: the caller's.
 * Units:     TTLs in seconds.
 * Errors:    asserts: it is a test.
 */
#ifndef TESTS_UNIT_CLIENT_DNS_H
#define TESTS_UNIT_CLIENT_DNS_H

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zones/dns/message.h"
#include "zones/dns/rdata.h"

#define CLIENT_DNS_RECORDS 64

enum client_dns_mode {
	CLIENT_DNS_ANSWERS,
	CLIENT_DNS_SILENT,
	CLIENT_DNS_SERVFAIL,
	CLIENT_DNS_GARBAGE,
};

struct client_dns_record {
	struct name owner;
	uint16_t type;
	uint32_t ttl_s;
	uint8_t rdata[NAME_MAX_LEN + 6];
	size_t rdata_len;
};

struct client_dns {
	int fd;
	uint16_t port;
	char servers[32]; /* as struct muster_settings wants it */
	pthread_t thread;
	pthread_mutex_t lock;
	/* behind the lock */
	enum client_dns_mode mode;
	bool no_additional;
	bool no_chase;
	uint32_t negative_ttl_s; /* 0: no SOA */
	unsigned asked;
	bool stop;
	struct client_dns_record records[CLIENT_DNS_RECORDS];
	size_t count;
};

static inline struct client_dns_record *
client_dns_add(
    struct client_dns *dns, const char *owner, uint16_t type, uint32_t ttl_s)
{
	struct client_dns_record *record;

	assert(dns->count < CLIENT_DNS_RECORDS);
	record = &dns->records[dns->count++];
	*record = (struct client_dns_record){.type = type, .ttl_s = ttl_s};
	assert(name_from_text(owner, NULL, &record->owner) == OK);
	return record;
}

static inline void
client_dns_add_srv(struct client_dns *dns, const char *owner, uint32_t ttl_s,
    uint16_t priority, uint16_t weight, uint16_t port, const char *target)
{
	struct client_dns_record *record;
	struct name name;

	assert(name_from_text(target, NULL, &name) == OK);
	pthread_mutex_lock(&dns->lock);
	record = client_dns_add(dns, owner, TYPE_SRV, ttl_s);
	wire_store_u16(record->rdata, priority);
	wire_store_u16(record->rdata + 2, weight);
	wire_store_u16(record->rdata + 4, port);
	memcpy(record->rdata + 6, name.wire, name.len);
	record->rdata_len = 6 + (size_t)name.len;
	pthread_mutex_unlock(&dns->lock);
}

static inline void
client_dns_add_address(
    struct client_dns *dns, const char *owner, uint32_t ttl_s, const char *text)
{
	bool v6 = strchr(text, ':') != NULL;
	struct client_dns_record *record;

	pthread_mutex_lock(&dns->lock);
	record = client_dns_add(dns, owner, v6 ? TYPE_AAAA : TYPE_A, ttl_s);
	record->rdata_len = v6 ? 16 : 4;
	assert(inet_pton(v6 ? AF_INET6 : AF_INET, text, record->rdata) == 1);
	pthread_mutex_unlock(&dns->lock);
}

static inline void
client_dns_add_cname(struct client_dns *dns, const char *owner, uint32_t ttl_s,
    const char *target)
{
	struct client_dns_record *record;
	struct name name;

	assert(name_from_text(target, NULL, &name) == OK);
	pthread_mutex_lock(&dns->lock);
	record = client_dns_add(dns, owner, TYPE_CNAME, ttl_s);
	memcpy(record->rdata, name.wire, name.len);
	record->rdata_len = name.len;
	pthread_mutex_unlock(&dns->lock);
}

static inline void
client_dns_clear(struct client_dns *dns)
{
	pthread_mutex_lock(&dns->lock);
	dns->count = 0;
	pthread_mutex_unlock(&dns->lock);
}

static inline void
client_dns_set_mode(struct client_dns *dns, enum client_dns_mode mode)
{
	pthread_mutex_lock(&dns->lock);
	dns->mode = mode;
	pthread_mutex_unlock(&dns->lock);
}

static inline unsigned
client_dns_asked(struct client_dns *dns)
{
	unsigned asked;

	pthread_mutex_lock(&dns->lock);
	asked = dns->asked;
	pthread_mutex_unlock(&dns->lock);
	return asked;
}

/* --- its thread --- */

static inline void
client_dns_put(struct wire_writer *w, const struct client_dns_record *record)
{
	wire_put_name_plain(w, record->owner.wire);
	wire_put_u16(w, record->type);
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, record->ttl_s);
	wire_put_u16(w, (uint16_t)record->rdata_len);
	wire_put_bytes(w, record->rdata, record->rdata_len);
}

/* Writes the records of a name and type; returns how many. */
static inline uint16_t
client_dns_put_set(struct client_dns *dns, struct wire_writer *w,
    const uint8_t *name, uint16_t type)
{
	uint16_t count = 0;

	for (size_t i = 0; i < dns->count; i++)
		if (dns->records[i].type == type &&
		    name_equal(dns->records[i].owner.wire, name)) {
			client_dns_put(w, &dns->records[i]);
			count++;
		}
	return count;
}

static inline bool
client_dns_knows(const struct client_dns *dns, const uint8_t *name)
{
	for (size_t i = 0; i < dns->count; i++)
		if (name_equal(dns->records[i].owner.wire, name))
			return true;
	return false;
}

/* Where the CNAMEs of a name lead; they are written. */
static inline uint16_t
client_dns_follow(
    struct client_dns *dns, struct wire_writer *w, struct name *name)
{
	uint16_t count = 0;

	for (size_t i = 0; i < dns->count; i++) {
		const struct client_dns_record *record = &dns->records[i];

		if (record->type != TYPE_CNAME || count == 10 ||
		    !name_equal(record->owner.wire, name->wire))
			continue;
		client_dns_put(w, record);
		name_set(name, record->rdata);
		count++;
		if (dns->no_chase)
			break;
		i = (size_t)-1;
	}
	return count;
}

static inline uint16_t
client_dns_put_additional(
    struct client_dns *dns, struct wire_writer *w, const uint8_t *name)
{
	uint16_t count = 0;

	for (size_t i = 0; i < dns->count && !dns->no_additional; i++) {
		const struct client_dns_record *record = &dns->records[i];

		if (record->type != TYPE_SRV ||
		    !name_equal(record->owner.wire, name))
			continue;
		count = (uint16_t)(count +
				   client_dns_put_set(
				       dns, w, record->rdata + 6, TYPE_A) +
				   client_dns_put_set(
				       dns, w, record->rdata + 6, TYPE_AAAA));
	}
	return count;
}

static inline void
client_dns_put_soa(
    struct client_dns *dns, struct wire_writer *w, const uint8_t *owner)
{
	wire_put_name_plain(w, owner);
	wire_put_u16(w, TYPE_SOA);
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, dns->negative_ttl_s);
	wire_put_u16(w, 22);
	wire_put_bytes(w, "\0\0", 2);
	for (int i = 0; i < 4; i++)
		wire_put_u32(w, 1);
	wire_put_u32(w, dns->negative_ttl_s);
}

/* Answers in out; returns the length. */
static inline size_t
client_dns_answer(struct client_dns *dns, const uint8_t *in, size_t len,
    uint8_t *out, size_t room)
{
	struct wire_reader reader = wire_reader(in, len);
	uint16_t answers, authority = 0, additional = 0, type, id, rcode = 0;
	struct wire_writer w;
	struct name name;

	id = wire_get_u16(&reader);
	reader.pos = MESSAGE_HEADER_LEN;
	wire_get_name(&reader, &name);
	type = wire_get_u16(&reader);
	wire_get_u16(&reader);
	assert(!reader.failed);
	wire_writer_init(&w, out, room);
	wire_put_room(&w, MESSAGE_HEADER_LEN);
	wire_put_bytes(
	    &w, in + MESSAGE_HEADER_LEN, reader.pos - MESSAGE_HEADER_LEN);
	answers = client_dns_follow(dns, &w, &name);
	if (!dns->no_chase || answers == 0) {
		uint16_t found = client_dns_put_set(dns, &w, name.wire, type);

		if (found == 0 && dns->negative_ttl_s > 0) {
			client_dns_put_soa(dns, &w, name.wire);
			authority = 1;
		}
		if (found == 0 && !client_dns_knows(dns, name.wire))
			rcode = RCODE_NXDOMAIN;
		if (found > 0 && type == TYPE_SRV)
			additional =
			    client_dns_put_additional(dns, &w, name.wire);
		answers = (uint16_t)(answers + found);
	}
	if (dns->mode == CLIENT_DNS_SERVFAIL) {
		w.len = reader.pos;
		answers = authority = additional = 0;
		rcode = RCODE_SERVFAIL;
	} else if (dns->mode == CLIENT_DNS_GARBAGE) {
		answers = 7;
	}
	wire_store_u16(out, id);
	wire_store_u16(
	    out + 2, (uint16_t)(FLAG_QR | FLAG_RD | FLAG_RA | rcode));
	wire_store_u16(out + 4, 1);
	wire_store_u16(out + 6, answers);
	wire_store_u16(out + 8, authority);
	wire_store_u16(out + 10, additional);
	assert(!w.failed);
	return w.len;
}

static inline void *
client_dns_run(void *arg)
{
	struct client_dns *dns = arg;
	struct sockaddr_in from;
	uint8_t in[512], out[4096];
	bool stop = false;

	while (!stop) {
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(dns->fd, in, sizeof(in), 0,
		    (struct sockaddr *)&from, &from_len);
		size_t len = 0;

		pthread_mutex_lock(&dns->lock);
		stop = dns->stop;
		if (!stop && n > MESSAGE_HEADER_LEN) {
			dns->asked++;
			if (dns->mode != CLIENT_DNS_SILENT)
				len = client_dns_answer(
				    dns, in, (size_t)n, out, sizeof(out));
		}
		pthread_mutex_unlock(&dns->lock);
		if (len > 0)
			sendto(dns->fd, out, len, 0, (struct sockaddr *)&from,
			    from_len);
	}
	return NULL;
}

static inline void
client_dns_start(struct client_dns *dns)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	memset(dns, 0, sizeof(*dns));
	dns->negative_ttl_s = 5;
	dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert(dns->fd >= 0);
	assert(bind(dns->fd, (struct sockaddr *)&at, len) == 0);
	assert(getsockname(dns->fd, (struct sockaddr *)&at, &len) == 0);
	dns->port = ntohs(at.sin_port);
	snprintf(dns->servers, sizeof(dns->servers), "127.0.0.1:%u", dns->port);
	assert(pthread_mutex_init(&dns->lock, NULL) == 0);
	assert(pthread_create(&dns->thread, NULL, client_dns_run, dns) == 0);
}

static inline void
client_dns_stop(struct client_dns *dns)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(dns->port)};

	pthread_mutex_lock(&dns->lock);
	dns->stop = true;
	pthread_mutex_unlock(&dns->lock);
	sendto(dns->fd, "", 0, 0, (struct sockaddr *)&to, sizeof(to));
	pthread_join(dns->thread, NULL);
	pthread_mutex_destroy(&dns->lock);
	close(dns->fd);
}

#endif
