/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads give orders while the checker probes, reports and is stopped in
 * the middle of it: each order is taken once and each result is whole.  Ends
 * with 0 if so. */
#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/health/checker.h"
#include "server/stats.h"

#define GIVERS 2
#define INSTANCES 200 /* of each giver */
#define ROUNDS 3
#define RESULTS 2000 /* then it is stopped */

static struct checker *checker;
static atomic_uint results, damaged;
static sem_t enough;
static uint16_t port;

static void
take_result(void *arg, struct probe_result *result)
{
	(void)arg;
	if (result->instance >= GIVERS * INSTANCES ||
	    result->generation >= ROUNDS || result->reason[0] == '\0')
		atomic_fetch_add(&damaged, 1);
	free(result);
	if (atomic_fetch_add(&results, 1) + 1 == RESULTS)
		sem_post(&enough);
}

static struct probe_order *
make_order(enum probe_order_kind kind, uint64_t instance, uint32_t generation)
{
	static struct config_network network = {
	    .family = AF_INET, .address = {127}, .prefix = 8};
	static const enum config_check_type types[] = {
	    CHECK_TCP, CHECK_HTTP, CHECK_AGENT, CHECK_GRPC};
	struct config_check check = {.type = types[instance % 4],
	    .interval_ms = 100,
	    .timeout_ms = 100,
	    .networks = &network,
	    .networks_count = 1};
	struct probe_order *order =
	    probe_order_new(kind, instance, &check, "a.example", "_x._tcp");

	if (order == NULL)
		abort();
	order->generation = generation;
	order->address[0].in.sin_family = AF_INET;
	order->address[0].in.sin_port = htons(port);
	order->address[0].in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	order->address[0].len = sizeof(order->address[0].in);
	order->addresses = 1;
	return order;
}

static void *
give(void *arg)
{
	uint64_t first = *(uint64_t *)arg;

	for (uint32_t round = 0; round < ROUNDS; round++)
		for (uint64_t i = first; i < first + INSTANCES; i++) {
			checker_order(
			    checker, make_order(PROBE_BEGIN, i, round));
			if (i % 7 == 0)
				checker_order(
				    checker, make_order(PROBE_NOW, i, 0));
			if (i % 5 == 0 && round + 1 < ROUNDS)
				checker_order(
				    checker, make_order(PROBE_END, i, 0));
		}
	return NULL;
}

/* A port where somebody listens, and nobody ever accepts. */
static uint16_t
listen_somewhere(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 4) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	return ntohs(at.sin_port);
}

int
main(void)
{
	struct checker_plan plan = {.at_once = 64, .report = take_result};
	uint64_t first[GIVERS] = {0, INSTANCES};
	pthread_t giver[GIVERS];

	sem_init(&enough, 0, 0);
	port = listen_somewhere();
	plan.stats = stats_table_new(1);
	if (plan.stats == NULL || checker_new(&plan, &checker) != OK ||
	    checker_start(checker) != OK)
		abort();
	for (int i = 0; i < GIVERS; i++)
		if (pthread_create(&giver[i], NULL, give, &first[i]) != 0)
			abort();
	while (sem_wait(&enough) != 0)
		;
	for (int i = 0; i < GIVERS; i++)
		pthread_join(giver[i], NULL);
	/* Some orders may still wait: they are freed with the checker. */
	checker_order(checker, make_order(PROBE_BEGIN, 0, 0));
	checker_stop(checker);
	checker_order(checker, make_order(PROBE_BEGIN, 0, 0));
	checker_free(checker);
	if (stats_sum(plan.stats, 1, STAT_CHECKS) != atomic_load(&results))
		atomic_fetch_add(&damaged, 1);
	stats_table_free(plan.stats);
	printf("%u results, %u wrong\n", atomic_load(&results),
	    atomic_load(&damaged));
	return atomic_load(&damaged) == 0 ? 0 : 1;
}
