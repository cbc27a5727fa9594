/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/error.h"

static const char *const texts[] = {
    [OK] = "no error",
    [ERR_MEMORY] = "out of memory",
    [ERR_LIMIT] = "limit reached",
    [ERR_SYNTAX] = "malformed input",
    [ERR_RANGE] = "number out of range",
    [ERR_NOT_FOUND] = "not found",
    [ERR_EXISTS] = "exists already",
    [ERR_CONFLICT] = "contradiction",
    [ERR_IO] = "input/output error",
    [ERR_FULL] = "no space left",
    [ERR_VERSION] = "written by an unknown version",
    [ERR_DAMAGED] = "damaged data",
    [ERR_CRYPTO] = "cryptography failed",
};

const char *
error_text(enum error err)
{
	if ((unsigned)err >= sizeof(texts) / sizeof(texts[0]))
		return "unknown error";
	return texts[err];
}
