/* notify_systemd.h - telling the service manager how we are (sd_notify(3)).
 *
 * The protocol is one datagram to the socket named by NOTIFY_SOCKET, so it is
 * spoken here rather than linked.  Without that variable nothing happens.
 *
 * Threads:   main.
 * Ownership: none.
 * Units:     none.
 * Errors:    none: the service manager's problem, not ours.
 */
#ifndef SERVER_NOTIFY_SYSTEMD_H
#define SERVER_NOTIFY_SYSTEMD_H

/* Ready for clients; also after a reload. */
void notify_systemd_ready(void);

/* Reading the configuration again. */
void notify_systemd_reloading(void);

void notify_systemd_stopping(void);

#endif
