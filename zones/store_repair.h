/* store_repair.h - a torn page at the head of an LMDB file.
 *
 * LMDB writes a commit's root into one of two meta pages in turn, and never
 * touches a page that the other one still needs, so the previous commit is
 * whole whatever happens to the newest page.  But LMDB 0.9 refuses a file if
 * either page is unreadable.  So before it opens a file, a page that is no
 * meta page any more is replaced by what the other one says.
 *
 * Threads:   store_open's, with no environment open on the file.
 * Ownership: none.
 * Errors:    ERR_DAMAGED if neither page is whole; ERR_IO.
 */
#ifndef ZONES_STORE_REPAIR_H
#define ZONES_STORE_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "zones/dns/error.h"

/* Looks at path/data.mdb, which may be missing, and puts it right if it must;
 * sets *repaired then, and leaves it alone otherwise. */
enum error store_repair(
    const char *path, bool *repaired, char *text, size_t text_len) MUST_CHECK;

#endif
