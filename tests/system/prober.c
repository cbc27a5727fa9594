/* SPDX-License-Identifier: Apache-2.0 */
/* prober: the checker alone, by hand.  Says what it makes of an instance, one
 * line a result; or, over many instances, what that costs.
 *
 *     prober TYPE ADDRESS[,ADDRESS...] PORT [key=value]...
 *
 * Keys as in a check of the configuration (path, arg, host, ca, body, send,
 * receive, status=200-399, tls=yes, verify=no), interval and timeout in ms,
 * target, service, networks=A/N, at-once; results=N (1) before it stops;
 * or instances=N seconds=N: figures only. */
#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "server/health/checker.h"
#include "server/now.h"
#include "server/stats.h"

#define ARGS_MAX 16

struct wish {
	struct config_check check;
	struct config_network networks[2];
	char *args[ARGS_MAX];
	const char *target, *service;
	unsigned at_once, instances, results, seconds;
};

/* Written by the checker's thread, read when it has ended. */
static struct {
	sem_t wanted; /* posted for each result */
	unsigned instances;
	bool quiet;
	uint64_t good, bad;
	int64_t *last_us; /* [instances] when its latest result came */
	uint8_t *count; /* [instances] of its results, up to 2 */
	uint32_t *off_ms; /* how far from an interval later; [off_count] */
	size_t off_count, off_room;
	int64_t interval_us;
} seen;

static const char *const word_text[] = {
    "", " up", " ready", " drain", " maint", " down"};

static const struct {
	const char *name;
	enum config_check_type type;
} types[] = {
    {"http", CHECK_HTTP},
    {"https", CHECK_HTTPS},
    {"tcp", CHECK_TCP},
    {"exec", CHECK_EXEC},
    {"agent", CHECK_AGENT},
    {"grpc", CHECK_GRPC},
};

static void
say(const struct probe_result *result)
{
	printf("%s%s%s", result->good ? "good" : "bad",
	    result->late ? " late" : "", word_text[result->word]);
	if (result->percent >= 0)
		printf(" %d%%", result->percent);
	if (result->load >= 0)
		printf(" load %d", result->load);
	printf(": %s\n", result->reason);
	fflush(stdout);
}

/* How regularly an instance is probed, once it is in its place. */
static void
note_time(uint64_t instance)
{
	int64_t now_us = now_monotonic_us();
	int64_t off = now_us - seen.last_us[instance] - seen.interval_us;

	if (seen.count[instance] < 2)
		seen.count[instance]++;
	else if (seen.off_count < seen.off_room)
		seen.off_ms[seen.off_count++] =
		    (uint32_t)(llabs((long long)off) / 1000);
	seen.last_us[instance] = now_us;
}

static void
take_result(void *arg, struct probe_result *result)
{
	(void)arg;
	if (result->good)
		seen.good++;
	else
		seen.bad++;
	if (seen.quiet)
		note_time(result->instance);
	else
		say(result);
	free(result);
	sem_post(&seen.wanted);
}

static void
usage(const char *what)
{
	fprintf(stderr,
	    "prober: %s\n"
	    "usage: prober TYPE ADDRESS[,ADDRESS...] PORT [key=value]...\n",
	    what);
	exit(2);
}

static void
read_network(struct config_network *network, char *text)
{
	char *slash = strchr(text, '/');

	if (slash == NULL)
		usage("networks=A/N");
	*slash = '\0';
	network->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(network->family, text, network->address) != 1)
		usage("networks=A/N");
	network->prefix = (uint8_t)atoi(slash + 1);
}

static bool
is_key(const char *text, const char *key, char **value)
{
	size_t len = strlen(key);

	if (strncmp(text, key, len) != 0 || text[len] != '=')
		return false;
	*value = (char *)text + len + 1;
	return true;
}

static void
read_key(struct wish *wish, const char *text)
{
	struct config_check *check = &wish->check;
	char *value;

	if (is_key(text, "path", &value))
		check->path = value;
	else if (is_key(text, "arg", &value) && check->args_count < ARGS_MAX)
		wish->args[check->args_count++] = value;
	else if (is_key(text, "host", &value))
		check->host = value;
	else if (is_key(text, "ca", &value))
		check->ca = value;
	else if (is_key(text, "body", &value))
		check->body = value;
	else if (is_key(text, "send", &value))
		check->send = value;
	else if (is_key(text, "receive", &value))
		check->receive = value;
	else if (is_key(text, "status", &value))
		sscanf(
		    value, "%u-%u", &check->status_least, &check->status_most);
	else if (is_key(text, "tls", &value))
		check->tls = strcmp(value, "yes") == 0;
	else if (is_key(text, "verify", &value))
		check->verify = strcmp(value, "yes") == 0;
	else if (is_key(text, "interval", &value))
		check->interval_ms = strtoull(value, NULL, 10);
	else if (is_key(text, "timeout", &value))
		check->timeout_ms = strtoull(value, NULL, 10);
	else if (is_key(text, "target", &value))
		wish->target = value;
	else if (is_key(text, "service", &value))
		wish->service = value;
	else if (is_key(text, "networks", &value)) {
		read_network(&wish->networks[0], value);
		check->networks_count = 1;
	} else if (is_key(text, "at-once", &value))
		wish->at_once = (unsigned)strtoul(value, NULL, 10);
	else if (is_key(text, "instances", &value))
		wish->instances = (unsigned)strtoul(value, NULL, 10);
	else if (is_key(text, "results", &value))
		wish->results = (unsigned)strtoul(value, NULL, 10);
	else if (is_key(text, "seconds", &value))
		wish->seconds = (unsigned)strtoul(value, NULL, 10);
	else
		usage(text);
}

static void
read_addresses(struct probe_order *order, const char *list, unsigned port)
{
	char text[1024], *save = NULL;

	snprintf(text, sizeof(text), "%s", list);
	for (char *at = strtok_r(text, ",", &save); at != NULL;
	     at = strtok_r(NULL, ",", &save)) {
		struct endpoint *to = &order->address[order->addresses];

		if (order->addresses == PROBE_ADDRESSES)
			usage("too many addresses");
		if (inet_pton(AF_INET, at, &to->in.sin_addr) == 1) {
			to->in.sin_family = AF_INET;
			to->in.sin_port = htons((uint16_t)port);
			to->len = sizeof(to->in);
		} else if (inet_pton(AF_INET6, at, &to->in6.sin6_addr) == 1) {
			to->in6.sin6_family = AF_INET6;
			to->in6.sin6_port = htons((uint16_t)port);
			to->len = sizeof(to->in6);
		} else
			usage(at);
		order->addresses++;
	}
}

static struct wish
read_wish(int argc, char **argv)
{
	struct wish wish = {
	    .check = {.interval_ms = 1000,
		.timeout_ms = 1000,
		.verify = true,
		.networks_count = 2},
	    .networks = {{.family = AF_INET, .address = {127}, .prefix = 8},
		{.family = AF_INET6, .address = {[15] = 1}, .prefix = 128}},
	    .target = "a.svc.example",
	    .service = "_x._tcp.svc.example",
	    .at_once = 256,
	    .instances = 1,
	    .results = 1,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(argv[1], types[i].name) == 0)
			wish.check.type = types[i].type;
	if (wish.check.type == CHECK_NONE)
		usage(argv[1]);
	for (int i = 4; i < argc; i++)
		read_key(&wish, argv[i]);
	return wish;
}

static void
give_orders(struct checker *checker, struct wish *wish, char **argv)
{
	unsigned port = (unsigned)strtoul(argv[3], NULL, 10);

	wish->check.args = wish->args;
	wish->check.networks = wish->networks;
	for (unsigned i = 0; i < wish->instances; i++) {
		struct probe_order *order = probe_order_new(
		    PROBE_BEGIN, i, &wish->check, wish->target, wish->service);

		if (order == NULL)
			abort();
		read_addresses(order, argv[2], port);
		order->port = (uint16_t)port;
		checker_order(checker, order);
	}
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
cpu_s(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void
figures(double seconds, double cpu, const struct stats *stats)
{
	uint64_t n = seen.good + seen.bad;
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	qsort(seen.off_ms, seen.off_count, sizeof(*seen.off_ms), by_size);
	printf("checks/s %.0f  good %llu  bad %llu  late %llu\n",
	    (double)n / seconds, (unsigned long long)seen.good,
	    (unsigned long long)seen.bad,
	    (unsigned long long)stats_sum(stats, 1, STAT_CHECKS_LATE));
	printf("CPU %.1f%% of a core, %.1f us a check; %ld MiB\n",
	    100 * cpu / seconds, 1e6 * cpu / (double)n, used.ru_maxrss / 1024);
	if (seen.off_count > 0)
		printf("off their time: median %u ms, 99%% %u ms\n",
		    seen.off_ms[seen.off_count / 2],
		    seen.off_ms[seen.off_count * 99 / 100]);
}

int
main(int argc, char **argv)
{
	struct checker_plan plan = {.report = take_result};
	struct checker *checker;
	struct wish wish;
	double cpu;

	if (argc < 4)
		usage("too few arguments");
	wish = read_wish(argc, argv);
	plan.at_once = wish.at_once;
	plan.stats = stats_table_new(1);
	sem_init(&seen.wanted, 0, 0);
	seen.quiet = wish.seconds > 0;
	seen.interval_us = (int64_t)wish.check.interval_ms * 1000;
	seen.off_room = 1000000;
	seen.last_us = calloc(wish.instances, sizeof(*seen.last_us));
	seen.count = calloc(wish.instances, sizeof(*seen.count));
	seen.off_ms = calloc(seen.off_room, sizeof(*seen.off_ms));
	if (plan.stats == NULL || seen.last_us == NULL || seen.count == NULL ||
	    seen.off_ms == NULL || checker_new(&plan, &checker) != OK ||
	    checker_start(checker) != OK)
		abort();
	give_orders(checker, &wish, argv);
	cpu = cpu_s();
	if (wish.seconds > 0)
		sleep(wish.seconds);
	else
		for (unsigned i = 0; i < wish.results; i++)
			while (sem_wait(&seen.wanted) != 0)
				;
	cpu = cpu_s() - cpu;
	checker_stop(checker);
	if (wish.seconds > 0)
		figures(wish.seconds, cpu, plan.stats);
	checker_free(checker);
	stats_table_free(plan.stats);
	free(seen.last_us);
	free(seen.count);
	free(seen.off_ms);
	return 0;
}
