/* loop.h - an event loop for one thread.
 *
 * Threads:   the loop belongs to the thread that runs it; nothing in it
 *            locks, so other threads speak to it through a queue only.
 * Ownership: the caller's; event_base_free().
 * Errors:    NULL without memory.
 */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

struct event_base;

struct event_base *loop_new(void);

#endif
