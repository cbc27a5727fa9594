/* SPDX-License-Identifier: Apache-2.0 */
#include "server/inquiry.h"

#include <stdlib.h>

void
inquiry_free(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	free(inquiry->report);
	free(inquiry->upstream);
	force_fini(&inquiry->forced);
	free(inquiry);
}
