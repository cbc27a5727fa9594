/* outlier.h - who fails more often than its peers.
 *
 * A breaker knows one endpoint; this compares all endpoints of a service.  At
 * each sweep those whose share of good results lies well below the mean are
 * left out for a time, longer each time in a row; but never more than a part
 * of them, the worst first: when everybody fails, nobody is an outlier.
 *
 * Threads:   one.
 * Ownership: a value; zero is not ejected.
 * Units:     monotonic milliseconds.
 * Errors:    none.
 */
#ifndef RESOLVER_CLIENT_OUTLIER_H
#define RESOLVER_CLIENT_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many endpoints must have enough results: of fewer none can lie two
 * standard deviations from the mean, whatever it does. */
#define OUTLIER_HOSTS_MIN 5
#define OUTLIER_TIMES_MAX 10 /* that lengthen an ejection */

struct outlier_settings {
	uint32_t percent; /* of the endpoints that may be ejected; 0: none */
	uint32_t deviations; /* tenths of a standard deviation */
	uint32_t least; /* results of an endpoint that counts */
	int64_t eject_ms;
};

struct outlier {
	bool ejected;
	int64_t until_ms;
	uint32_t times; /* ejected, less one for each sweep without */
};

/* An endpoint in a sweep. */
struct outlier_host {
	struct outlier *outlier;
	uint32_t good, bad;
};

bool outlier_is_ejected(struct outlier *, int64_t now_ms);

/* Compares the endpoints of a service (each once); returns how many it
 * ejected.  May reorder the array. */
size_t outlier_sweep(struct outlier_host *, size_t count,
    const struct outlier_settings *, int64_t now_ms);

#endif
