/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/outlier.h"

#include <math.h>
#include <stdlib.h>

bool
outlier_is_ejected(struct outlier *outlier, int64_t now_ms)
{
	if (outlier->ejected && now_ms >= outlier->until_ms)
		outlier->ejected = false;
	return outlier->ejected;
}

static bool
counts(const struct outlier_host *host, const struct outlier_settings *settings)
{
	return host->good + host->bad >= settings->least &&
	       host->good + host->bad > 0;
}

static double
success(const struct outlier_host *host)
{
	double all = (double)host->good + (double)host->bad;

	return all > 0 ? (double)host->good / all : 1;
}

/* The share of good results below which one is an outlier; negative if too
 * few have results to tell. */
static double
find_bound(const struct outlier_host *hosts, size_t count,
    const struct outlier_settings *settings)
{
	double sum = 0, squares = 0, mean;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!counts(&hosts[i], settings))
			continue;
		sum += success(&hosts[i]);
		n++;
	}
	if (n < OUTLIER_HOSTS_MIN)
		return -1;
	mean = sum / (double)n;
	for (size_t i = 0; i < count; i++)
		if (counts(&hosts[i], settings))
			squares += (success(&hosts[i]) - mean) *
				   (success(&hosts[i]) - mean);
	return mean -
	       sqrt(squares / (double)n) * (double)settings->deviations / 10;
}

/* The worst first. */
static int
compare(const void *left, const void *right)
{
	double a = success(left), b = success(right);

	return (a > b) - (a < b);
}

static void
eject(struct outlier *outlier, const struct outlier_settings *settings,
    int64_t now_ms)
{
	if (outlier->times < OUTLIER_TIMES_MAX)
		outlier->times++;
	outlier->ejected = true;
	outlier->until_ms = now_ms + settings->eject_ms * outlier->times;
}

size_t
outlier_sweep(struct outlier_host *hosts, size_t count,
    const struct outlier_settings *settings, int64_t now_ms)
{
	size_t room = (size_t)((uint64_t)count * settings->percent / 100);
	size_t ejected = 0, out = 0;
	double bound;

	if (settings->percent == 0 || count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		out += outlier_is_ejected(hosts[i].outlier, now_ms);
	bound = find_bound(hosts, count, settings);
	qsort(hosts, count, sizeof(*hosts), compare);
	for (size_t i = 0; i < count; i++) {
		struct outlier *outlier = hosts[i].outlier;

		if (outlier->ejected)
			continue;
		if (counts(&hosts[i], settings) && success(&hosts[i]) < bound &&
		    out < room) {
			eject(outlier, settings, now_ms);
			ejected++;
			out++;
		} else if (outlier->times > 0) {
			outlier->times--;
		}
	}
	return ejected;
}
