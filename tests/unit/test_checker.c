/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "server/health/checker.h"
#include "server/now.h"
#include "server/stats.h"
#include "tests/unit/loopback.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define STALL_MS 400

static struct checker *checker;
static struct stats *stats;
static struct loopback *good, *hanging;

/* What the checker's thread has reported. */
static struct mailbox results;
static sem_t reported;
static struct mail *taken; /* from the mailbox, not looked at yet */
static atomic_bool stall_once;

static void
no_wake(void *arg)
{
	(void)arg;
}

static void
take_result(void *arg, struct probe_result *result)
{
	const struct timespec stall = {.tv_nsec = STALL_MS * 1000000};

	(void)arg;
	mailbox_push(&results, &result->mail);
	sem_post(&reported);
	if (atomic_exchange(&stall_once, false))
		nanosleep(&stall, NULL);
}

static void
begin(unsigned at_once)
{
	struct checker_plan plan = {
	    .at_once = at_once, .stats = stats, .report = take_result};

	cr_assert_eq(checker_new(&plan, &checker), OK);
	cr_assert_eq(checker_start(checker), OK);
}

static void
set_up(void)
{
	stats = stats_table_new(1);
	cr_assert_not_null(stats);
	mailbox_init(&results, no_wake, NULL);
	sem_init(&reported, 0, 0);
	good = loopback_open(OK_ANSWER);
	hanging = loopback_open(NULL);
}

static void
tear_down(void)
{
	struct mail *next;

	checker_stop(checker);
	checker_free(checker);
	if (taken == NULL)
		taken = mailbox_take(&results);
	for (; taken != NULL; taken = next) {
		next = taken->next;
		free(taken);
		if (next == NULL)
			next = mailbox_take(&results);
	}
	loopback_close(good);
	loopback_close(hanging);
	stats_table_free(stats);
}

TestSuite(checker, .init = set_up, .fini = tear_down, .timeout = 30);

/* Waits for the next result; a copy. */
static struct probe_result
next_result(void)
{
	struct probe_result copy;
	struct mail *mail;

	while (sem_wait(&reported) != 0)
		;
	if (taken == NULL)
		taken = mailbox_take(&results);
	mail = taken;
	taken = mail->next;
	memcpy(&copy, mail, sizeof(copy));
	free(mail);
	return copy;
}

static struct probe_result
next_result_of(uint64_t instance)
{
	struct probe_result result;

	do
		result = next_result();
	while (result.instance != instance);
	return result;
}

static struct config_network loopback_network = {
    .family = AF_INET, .address = {127}, .prefix = 8};

static struct config_check
check_of(enum config_check_type type, uint64_t interval_ms)
{
	return (struct config_check){.type = type,
	    .interval_ms = interval_ms,
	    .timeout_ms = interval_ms,
	    .networks = &loopback_network,
	    .networks_count = 1};
}

static void
add_address(struct probe_order *order, const char *text, uint16_t port)
{
	struct endpoint *to = &order->address[order->addresses++];

	to->in.sin_family = AF_INET;
	to->in.sin_port = htons(port);
	to->len = sizeof(to->in);
	cr_assert_eq(inet_pton(AF_INET, text, &to->in.sin_addr), 1);
}

static struct probe_order *
order_of(uint64_t instance, const struct config_check *check, uint16_t port)
{
	struct probe_order *order = probe_order_new(PROBE_BEGIN, instance,
	    check, "a.svc.example", "_x._tcp.svc.example");

	cr_assert_not_null(order);
	order->port = port;
	if (port != 0)
		add_address(order, "127.0.0.1", port);
	return order;
}

static void
order_tcp(uint64_t instance, uint64_t interval_ms, uint16_t port)
{
	struct config_check check = check_of(CHECK_TCP, interval_ms);

	checker_order(checker, order_of(instance, &check, port));
}

static void
order_kind(enum probe_order_kind kind, uint64_t instance)
{
	struct probe_order *order =
	    probe_order_new(kind, instance, NULL, NULL, NULL);

	cr_assert_not_null(order);
	checker_order(checker, order);
}

/* ---- results ---- */

Test(checker, a_result_says_whose_it_is)
{
	struct config_check check = check_of(CHECK_HTTP, 60000);
	struct probe_order *order = order_of(42, &check, good->port);
	int64_t wall_s = now_read().wall_s;
	struct probe_result result;

	begin(10);
	order->generation = 7;
	checker_order(checker, order);
	result = next_result();
	cr_expect_eq(result.instance, 42);
	cr_expect_eq(result.generation, 7);
	cr_expect(result.good);
	cr_expect_not(result.late);
	cr_expect_eq(result.word, WORD_NONE);
	cr_expect_eq(result.percent, -1);
	cr_expect_eq(result.load, -1);
	cr_expect_str_eq(result.reason, "HTTP 200");
	cr_expect_gt(result.duration_us, 0);
	cr_expect_geq(result.wall_s, wall_s - 1);
	cr_expect_leq(result.wall_s, now_read().wall_s);
}

Test(checker, counters_tell_how_many_and_how_many_failed)
{
	begin(10);
	order_tcp(1, 60000, good->port);
	order_tcp(2, 60000, 1);
	next_result();
	next_result();
	checker_stop(checker);
	cr_expect_eq(stats_sum(stats, 1, STAT_CHECKS), 2);
	cr_expect_eq(stats_sum(stats, 1, STAT_CHECKS_FAILED), 1);
	cr_expect_eq(stats_sum(stats, 1, STAT_CHECKS_LATE), 0);
	cr_expect_eq(stats_sum(stats, 1, STAT_CHECKS_INSTANCES), 2);
	cr_expect_eq(stats_sum(stats, 1, STAT_CHECKS_IN_FLIGHT), 0);
}

/* ---- turns ---- */

Test(checker, an_instance_is_probed_again_and_again)
{
	struct probe_result result;

	begin(10);
	order_tcp(1, 100, good->port);
	for (int i = 0; i < 5; i++) {
		result = next_result();
		cr_expect(result.good, "%s", result.reason);
	}
}

Test(checker, no_more_are_in_flight_than_allowed)
{
	begin(4);
	for (uint64_t i = 0; i < 40; i++) {
		struct config_check check = check_of(CHECK_TCP, 200);

		check.receive = (char *)"never";
		check.timeout_ms = 50;
		checker_order(checker, order_of(i, &check, hanging->port));
	}
	for (int i = 0; i < 80; i++)
		cr_expect_not(next_result().good);
	cr_expect_leq(atomic_load(&hanging->most_open), 4);
	cr_expect_gt(atomic_load(&hanging->most_open), 1);
}

/* With room for half of what is wanted, each has its share. */
Test(checker, those_that_wait_take_turns)
{
	unsigned count[20] = {0};

	begin(2);
	for (uint64_t i = 0; i < 20; i++) {
		struct config_check check = check_of(CHECK_TCP, 100);

		check.receive = (char *)"never";
		check.timeout_ms = 20;
		checker_order(checker, order_of(i, &check, hanging->port));
	}
	for (int i = 0; i < 200; i++)
		count[next_result().instance]++;
	for (int i = 0; i < 20; i++)
		cr_expect_geq(count[i], 4, "%d: %u", i, count[i]);
}

Test(checker, a_program_that_hangs_holds_up_nobody)
{
	struct config_check check = check_of(CHECK_EXEC, 10000);
	char *args[] = {(char *)"1000"};

	begin(10);
	check.path = (char *)"/bin/sleep";
	check.args = args;
	check.args_count = 1;
	checker_order(checker, order_of(1, &check, good->port));
	order_tcp(2, 100, good->port);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(next_result().instance, 2);
}

/* ---- orders ---- */

Test(checker, orders_from_before_the_start_count)
{
	struct checker_plan plan = {
	    .at_once = 1, .stats = stats, .report = take_result};

	cr_assert_eq(checker_new(&plan, &checker), OK);
	order_tcp(1, 60000, good->port);
	cr_assert_eq(checker_start(checker), OK);
	cr_expect(next_result().good);
}

Test(checker, nothing_comes_after_the_end)
{
	begin(10);
	order_tcp(1, 100, hanging->port);
	order_tcp(2, 100, good->port);
	next_result_of(1);
	order_kind(PROBE_END, 1);
	order_kind(PROBE_END, 77);
	/* Orders are taken in order: when this one has its result, the end
	 * has been taken. */
	order_tcp(3, 60000, good->port);
	next_result_of(3);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(next_result().instance, 2);
}

Test(checker, a_newer_generation_ends_the_older)
{
	struct config_check check = check_of(CHECK_TCP, 200);
	struct probe_order *order;
	struct probe_result result;

	begin(10);
	check.receive = (char *)"never";
	order = order_of(1, &check, hanging->port);
	order->generation = 1;
	checker_order(checker, order);
	order = order_of(1, &check, good->port);
	order->generation = 2;
	order->check.receive = NULL;
	checker_order(checker, order);
	for (int i = 0; i < 3; i++) {
		result = next_result();
		cr_expect_eq(result.generation, 2);
		cr_expect(result.good);
	}
}

Test(checker, one_can_be_probed_out_of_turn)
{
	begin(10);
	order_tcp(1, 3600000, good->port);
	next_result();
	order_kind(PROBE_NOW, 1);
	next_result();
	order_kind(PROBE_NOW, 1);
	next_result();
}

/* ---- addresses ---- */

Test(checker, a_live_address_is_found_and_remembered)
{
	struct config_check check = check_of(CHECK_TCP, 100);
	struct probe_order *order = order_of(1, &check, 0);
	struct probe_result result;

	begin(10);
	add_address(order, "127.0.0.1", 1);
	add_address(order, "127.0.0.2", 1);
	add_address(order, "127.0.0.1", good->port);
	checker_order(checker, order);
	for (int i = 0; i < 3; i++) {
		result = next_result();
		cr_expect(result.good, "%s", result.reason);
	}
}

/* A listener that lets nobody in any more: its queue is full. */
static uint16_t
listen_full(int fd[4])
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 4; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(fd[0], (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd[0], 0), 0);
	cr_assert_eq(getsockname(fd[0], (struct sockaddr *)&at, &len), 0);
	for (int i = 1; i < 4; i++)
		(void)!connect(fd[i], (struct sockaddr *)&at, sizeof(at));
	return ntohs(at.sin_port);
}

Test(checker, an_address_that_hangs_does_not_hide_a_live_one)
{
	static const enum config_check_type types[] = {CHECK_TCP, CHECK_HTTP};
	struct probe_result result;
	int fd[4];
	uint16_t full = listen_full(fd);

	begin(10);
	for (uint64_t i = 0; i < 2; i++) {
		struct config_check check = check_of(types[i], 600);
		struct probe_order *order = order_of(i, &check, full);

		add_address(order, "127.0.0.1", good->port);
		checker_order(checker, order);
		result = next_result_of(i);
		cr_expect(result.good, "%s", result.reason);
		cr_expect_geq(result.duration_us, 250000);
		/* From then on it is asked first. */
		do {
			result = next_result_of(i);
			cr_expect(result.good, "%s", result.reason);
		} while (result.duration_us >= 250000);
	}
	for (int i = 0; i < 4; i++)
		close(fd[i]);
}

/* The most telling reason: of the address where somebody was. */
Test(checker, the_reason_is_of_who_could_be_reached)
{
	struct config_check check = check_of(CHECK_HTTP, 60000);
	struct probe_order *order = order_of(1, &check, 0);
	struct loopback *broken =
	    loopback_open("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");

	begin(10);
	add_address(order, "127.0.0.2", 1);
	add_address(order, "127.0.0.1", broken->port);
	add_address(order, "127.0.0.3", 1);
	checker_order(checker, order);
	cr_expect_str_eq(next_result().reason, "HTTP 503");
	loopback_close(broken);
}

Test(checker, outside_of_the_networks_there_is_no_traffic)
{
	struct config_check check = check_of(CHECK_TCP, 100);
	struct config_network elsewhere = {
	    .family = AF_INET, .address = {10}, .prefix = 8};
	struct probe_order *order;
	struct probe_result result;

	begin(10);
	check.networks = &elsewhere;
	checker_order(checker, order_of(1, &check, good->port));
	order = order_of(2, &check, 0);
	order->forbidden = true;
	checker_order(checker, order);
	for (int i = 0; i < 6; i++) {
		result = next_result();
		cr_expect_not(result.good);
		cr_expect_str_eq(result.reason,
		    "not probed: no address is within the check's networks");
	}
	cr_expect_eq(atomic_load(&good->accepted), 0);
}

Test(checker, without_an_address_it_is_bad)
{
	struct config_check check = check_of(CHECK_TCP, 100);

	begin(10);
	checker_order(checker, order_of(1, &check, 0));
	cr_expect_str_eq(next_result().reason, "no address");
	cr_expect_str_eq(next_result().reason, "no address");
}

/* ---- the checker itself ---- */

/* A probe is under way when the loop stands still for longer than interval. */
Test(checker, results_of_a_stall_are_marked_late)
{
	struct config_check check = check_of(CHECK_TCP, 100);
	struct probe_result result;
	bool late = false;

	begin(10);
	check.receive = (char *)"never";
	checker_order(checker, order_of(1, &check, hanging->port));
	next_result();
	order_tcp(2, 60000, good->port);
	next_result_of(2);
	for (int i = 0; i < 20 && !late; i++) {
		atomic_store(&stall_once, true);
		order_kind(PROBE_NOW, 1);
		order_kind(PROBE_NOW, 2);
		/* Whichever ends first holds the loop up, and so the other. */
		for (int j = 0; j < 3; j++) {
			result = next_result();
			late |= result.late;
		}
	}
	cr_expect(late);
	checker_stop(checker);
	cr_expect_geq(stats_sum(stats, 1, STAT_CHECKS_LATE), 1);
}

/* Turns that fall into a stall are left out and counted. */
Test(checker, turns_that_a_stall_swallows_are_counted)
{
	begin(10);
	order_tcp(1, 100, good->port);
	order_tcp(2, 60000, good->port);
	next_result_of(2);
	for (int i = 0; i < 20 && stats_sum(stats, 1, STAT_CHECKS_SKIPPED) == 0;
	     i++) {
		atomic_store(&stall_once, true);
		order_kind(PROBE_NOW, 2);
		next_result_of(2);
		next_result_of(1);
		next_result_of(1);
	}
	cr_expect_geq(stats_sum(stats, 1, STAT_CHECKS_SKIPPED), 1);
	checker_stop(checker);
}

/* What we lack says nothing about the instance. */
Test(checker, results_that_we_could_not_make_are_marked_late)
{
	static const enum config_check_type types[] = {
	    CHECK_TCP, CHECK_HTTP, CHECK_EXEC};
	struct rlimit limit;
	struct probe_result result;

	begin(10);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 3;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (uint64_t i = 0; i < 3; i++) {
		struct config_check check = check_of(types[i], 60000);

		check.path = (char *)"/bin/true";
		checker_order(checker, order_of(i, &check, good->port));
		result = next_result();
		cr_expect(result.late, "%s", result.reason);
		cr_expect_str_eq(result.reason, "too many open files here");
	}
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static unsigned
open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned n = 0;

	cr_assert_not_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

Test(checker, it_leaves_no_descriptor_and_no_child)
{
	struct config_check exec = check_of(CHECK_EXEC, 10000);
	struct config_check http = check_of(CHECK_HTTP, 10000);
	char *args[] = {(char *)"1000"};
	unsigned before = open_files();

	begin(100);
	exec.path = (char *)"/bin/sleep";
	exec.args = args;
	exec.args_count = 1;
	for (uint64_t i = 0; i < 5; i++) {
		checker_order(checker, order_of(i, &exec, good->port));
		checker_order(checker, order_of(10 + i, &http, hanging->port));
		order_tcp(20 + i, 10000, good->port);
	}
	for (int i = 0; i < 5; i++)
		next_result();
	checker_free(checker);
	checker = NULL;
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
	/* Connections that the servers have accepted close a moment later. */
	for (int i = 0; i < 200 && open_files() > before; i++)
		poll(NULL, 0, 10);
	cr_expect_leq(open_files(), before);
	/* For the end of the test. */
	begin(1);
}

Test(checker, children_of_others_are_left_alone)
{
	struct config_check check = check_of(CHECK_EXEC, 10000);
	pid_t child = fork();
	siginfo_t info = {.si_code = 0};

	if (child == 0)
		_exit(3);
	begin(1);
	check.path = (char *)"/bin/true";
	checker_order(checker, order_of(1, &check, good->port));
	cr_expect_str_eq(next_result().reason, "exit status 0");
	cr_expect_eq(waitid(P_PID, (id_t)child, &info, WEXITED), 0);
	cr_expect_eq(info.si_status, 3);
}
