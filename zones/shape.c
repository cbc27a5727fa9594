/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/shape.h"

const struct shape shape_default = {
    .strategy = STRATEGY_WEIGHTED,
    .prefix_ipv4 = SHAPE_PREFIX_IPV4,
    .prefix_ipv6 = SHAPE_PREFIX_IPV6,
};
