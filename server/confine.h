/* confine.h - giving up what the server does not need once it is set up.
 *
 * Threads:   main, before other threads exist.
 * Ownership: none.
 * Units:     none.
 * Errors:    ERR_NOT_FOUND, ERR_IO, with one line in the text buffer.
 */
#ifndef SERVER_CONFINE_H
#define SERVER_CONFINE_H

#include <stddef.h>

#include "zones/dns/error.h"

/* Becomes a user, by name, with its groups only, for good. */
enum error confine_to_user(
    const char *user, char *text, size_t text_len) MUST_CHECK;

/* Neither we nor what we start can gain privileges from now on. */
void confine_privileges(void);

/* Raises the limit of open files as far as allowed; returns it. */
size_t confine_open_files(void);

#endif
