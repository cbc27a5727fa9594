/* config_yaml_text.h - whether octets are text at all.
 *
 * The YAML library takes octets that are no UTF-8 and silently makes nothing
 * of them; so they are looked at first.
 *
 * Threads:   one at a time.
 * Ownership: none.
 * Errors:    ERR_SYNTAX, reported.
 * Standards: RFC 3629 4 (UTF-8); YAML 1.2 5.1 (printable characters).
 */
#ifndef SERVER_CONFIG_YAML_TEXT_H
#define SERVER_CONFIG_YAML_TEXT_H

#include "server/config_report.h"

/* Checks the report's source. */
enum error yaml_check_text(struct config_report *) MUST_CHECK;

#endif
