/* muster_register.h - muster register, muster deregister: the roll-call as a
 * command, by RFC 2136.
 *
 *     options -> registration -> who serves the zone -> UPDATE -> reply
 *                     ^                                             |
 *                     +----------- a third of the lease <-----------+  --keep
 *
 * An instance is an SRV at its service with the address of its host or, with
 * --dns-sd, a PTR at the service to a name of its own with SRV and TXT
 * (RFC 6763).  Neither command needs the control socket: they speak DNS with
 * whatever server has the zone.
 *
 * Threads:   one.
 * Ownership: struct registration is the caller's, registration_fini() frees
 *            what is in it.
 * Units:     seconds for TTLs and leases, milliseconds for time.
 * Errors:    exit statuses; one line each on standard error.
 * Standards: RFC 2136; RFC 2782; RFC 6763 4, 6; RFC 9664 4, 5.
 */
#ifndef SERVER_MUSTER_REGISTER_H
#define SERVER_MUSTER_REGISTER_H

#include "server/muster_command.h"
#include "server/muster_update_send.h"

#define REGISTRATION_ADDRESSES 16 /* of one host */
#define REGISTRATION_OTHERS 8 /* of one target and port: one, or few */
#define REGISTRATION_TXT_LEN 4096
#define REGISTRATION_LEASE_S 60 /* asked for with --keep */

/* run_alone of the table of commands; argv[0] is the command's name.  --json
 * may stand before it or behind it. */
int muster_register(const struct muster_options *, int argc, char **argv);
int muster_deregister(const struct muster_options *, int argc, char **argv);

struct registration {
	/* what was asked for */
	struct name service;
	const char *target_text; /* NULL: this machine, in the zone */
	const char *label; /* of --dns-sd; NULL: plain SRV */
	struct endpoint address[REGISTRATION_ADDRESSES];
	unsigned addresses;
	uint16_t port, priority, weight;
	uint32_t ttl_s, lease_s; /* 0: as the server likes */
	uint8_t txt[REGISTRATION_TXT_LEN]; /* RDATA */
	size_t txt_len; /* 0: none */
	const char *check; /* NULL: none */
	/* not given: found out */
	bool zone_given, server_given, port_given, address_given;
	bool no_address; /* none is registered */
	bool keep, json;
	struct muster_key key;
	/* what was found out */
	struct name zone; /* len 0: not yet */
	struct muster_way way; /* servers 0: not yet */
	struct name target;
	struct name instance; /* of --dns-sd */
	/* SRV records of the same target and port with another priority or
	 * weight: the first four octets of their RDATA */
	uint8_t other[REGISTRATION_OTHERS][4];
	unsigned others;
	bool looked; /* for others, once */
	bool warned; /* of a loopback address */
	bool taken; /* the instance's name leads to another one by now */
	/* what came of the last message */
	struct muster_reply reply;
	char why[MUSTER_WHY_LEN]; /* "" after success */
};

enum registration_options {
	OPTIONS_READ,
	OPTIONS_HELP, /* was printed */
	OPTIONS_WRONG, /* said why */
};

/* muster_register_options.c: reads what follows the name of the command. */
enum registration_options registration_read(
    struct registration *, bool deregister, int argc, char **argv);
void registration_fini(struct registration *);

/* What one message came to. */
enum registered {
	REGISTERED,
	REGISTERED_LATER, /* silence, or the server cannot now: try again */
	REGISTERED_NEVER, /* refused: trying again is of no use */
	REGISTERED_STOPPED, /* way.stop_fd said so */
};

/* muster_register_records.c: finds out what is missing (zone, server, the
 * host's name), sends one message and judges the reply; why tells what went
 * wrong. */
enum registered registration_add(struct registration *);
enum registered registration_remove(struct registration *);

/* muster_register_message.c: the records, all but ID and signature; false
 * with why set if they make no sense. */
bool registration_put_add(struct registration *, struct muster_update *);
bool registration_put_remove(struct registration *, struct muster_update *);

/* muster_register_keep.c: registers, and stays; the exit status. */
int registration_keep(struct registration *);

/* muster_register.c: says on standard output what happened, as a line or as
 * JSON. */
void registration_tell(const struct registration *, const char *event);

/* muster_register_check.c: whether the instance is well.  false with why set;
 * *stopped if way.stop_fd was readable meanwhile. */
bool registration_check(struct registration *, int64_t until_ms, bool *stopped);

#endif
