/* server.h - the whole server: started, told things by signals, stopped.
 *
 *     config -> sockets -> another user -> registry -> threads -> ready
 *
 *     SIGHUP   reads the configuration again: all of it or nothing (so does
 *              "muster reload")
 *     SIGUSR1  logs the counters
 *     SIGTERM, SIGINT  close the doors, finish what is under way, end
 *
 * Threads:   main.
 * Ownership: everything is made and freed in here.
 * Units:     none.
 * Errors:    exit statuses; one line each on the log.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

/* What is read unless another is named. */
#define DEFAULT_CONFIG "/etc/muster/muster.yaml"

enum {
	EXIT_FAILED = 1, /* the system or the store refused */
	EXIT_CONFIG = 2, /* usage, configuration or a zone file */
};

/* Serves until told to stop; returns the exit status. */
int server_run(const char *config_path);

/* Only checks the configuration and the zone files; says what is wrong on
 * standard error. */
int server_check(const char *config_path);

#endif
