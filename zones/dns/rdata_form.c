/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/rdata_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "zones/dns/rdata.h"

#define NAME_1035 FIELD_NAME_1035
#define NAME_OLD FIELD_NAME_OLD
#define NAME_LOWER FIELD_NAME_LOWER
#define NAME_EXACT FIELD_NAME_EXACT
#define STRING FIELD_STRING
#define STRINGS FIELD_STRINGS
#define REST FIELD_REST
#define REST_FULL FIELD_REST_FULL

/* clang-format off */
static const struct rdata_form forms[] = {
	/* RFC 1035 3.3, 3.4 */
	[1] = {"A", {4}},
	[2] = {"NS", {NAME_1035}},
	[3] = {"MD", {NAME_1035}},
	[4] = {"MF", {NAME_1035}},
	[5] = {"CNAME", {NAME_1035}},
	[6] = {"SOA", {NAME_1035, NAME_1035, 20}},
	[7] = {"MB", {NAME_1035}},
	[8] = {"MG", {NAME_1035}},
	[9] = {"MR", {NAME_1035}},
	[10] = {"NULL", {REST}},
	[11] = {"WKS", {5, REST}},
	[12] = {"PTR", {NAME_1035}},
	[13] = {"HINFO", {STRING, STRING}},
	[14] = {"MINFO", {NAME_1035, NAME_1035}},
	[15] = {"MX", {2, NAME_1035}},
	[16] = {"TXT", {STRINGS}},
	/* RFC 1183 */
	[17] = {"RP", {NAME_OLD, NAME_OLD}},
	[18] = {"AFSDB", {2, NAME_OLD}},
	[19] = {"X25", {STRING}},
	[20] = {"ISDN", {FIELD_STRINGS_1_2}},
	[21] = {"RT", {2, NAME_OLD}},
	/* RFC 1706 */
	[22] = {"NSAP", {REST_FULL}},
	[23] = {"NSAP-PTR", {NAME_EXACT}},
	/* RFC 2535 7.1, 3.1; a KEY may hold no key */
	[24] = {"SIG", {18, NAME_OLD, REST_FULL}},
	[25] = {"KEY", {4, REST}},
	/* RFC 2163 4 */
	[26] = {"PX", {2, NAME_OLD, NAME_OLD}},
	/* RFC 1712 1 */
	[27] = {"GPOS", {STRING, STRING, STRING}},
	/* RFC 3596 2.2 */
	[28] = {"AAAA", {16}},
	/* RFC 1876 2 */
	[29] = {"LOC", {FORM_LOC}},
	/* RFC 2535 5.2 */
	[30] = {"NXT", {NAME_OLD, REST_FULL}},
	[31] = {"EID", {REST}},
	[32] = {"NIMLOC", {REST}},
	/* RFC 2782; on input compressed by some (RFC 3597 4) */
	[33] = {"SRV", {6, NAME_OLD}},
	[34] = {"ATMA", {1, REST_FULL}},
	/* RFC 3403 4.1 */
	[35] = {"NAPTR", {4, STRING, STRING, STRING, NAME_OLD}},
	/* RFC 2230 3.1 */
	[36] = {"KX", {2, NAME_LOWER}},
	/* RFC 4398 2 */
	[37] = {"CERT", {5, REST_FULL}},
	/* RFC 6563 made A6 historic: any octets */
	[38] = {"A6", {REST}},
	/* RFC 6672 2.1 */
	[39] = {"DNAME", {NAME_LOWER}},
	[40] = {"SINK", {REST}},
	/* RFC 6891 6.1.2; its options are read elsewhere */
	[41] = {"OPT", {REST}},
	/* RFC 3123 4 */
	[42] = {"APL", {FORM_APL}},
	/* RFC 4034 5.1; RFC 4255 3.1; RFC 4025 2.1 */
	[43] = {"DS", {FORM_DS}},
	[44] = {"SSHFP", {2, REST_FULL}},
	[45] = {"IPSECKEY", {FORM_IPSECKEY}},
	/* RFC 4034 3.1, 4.1, 2.1 */
	[46] = {"RRSIG", {18, NAME_LOWER, REST_FULL}},
	[47] = {"NSEC", {NAME_EXACT, FIELD_TYPES_FULL}},
	[48] = {"DNSKEY", {4, REST_FULL}},
	/* RFC 4701 3.1 */
	[49] = {"DHCID", {3, REST}},
	/* RFC 5155 3.2, 4.2 */
	[50] = {"NSEC3", {4, STRING, FIELD_STRING_FULL, FIELD_TYPES}},
	[51] = {"NSEC3PARAM", {4, STRING}},
	/* RFC 6698 2.1; RFC 8162 2 */
	[52] = {"TLSA", {3, REST_FULL}},
	[53] = {"SMIMEA", {3, REST_FULL}},
	/* RFC 8005 5 */
	[55] = {"HIP", {FORM_HIP}},
	[56] = {"NINFO", {STRINGS}},
	[57] = {"RKEY", {4, REST}},
	[58] = {"TALINK", {NAME_EXACT, NAME_EXACT}},
	/* RFC 7344 3.1, 3.2; with RFC 8078 4 both may say "delete" */
	[59] = {"CDS", {FORM_DS}},
	[60] = {"CDNSKEY", {4, REST_FULL}},
	/* RFC 7929 2.1 */
	[61] = {"OPENPGPKEY", {REST_FULL}},
	/* RFC 7477 2.1.1 */
	[62] = {"CSYNC", {6, FIELD_TYPES}},
	/* RFC 8976 2.2.4: a digest is no shorter than 12 octets */
	[63] = {"ZONEMD", {6, FIELD_REST_12}},
	/* RFC 9460 2.2 */
	[64] = {"SVCB", {FORM_SVCB}},
	[65] = {"HTTPS", {FORM_SVCB}},
	/* RFC 9859 2.1 */
	[66] = {"DSYNC", {5, NAME_EXACT}},
	/* RFC 7208 3.1 */
	[99] = {"SPF", {STRINGS}},
	[100] = {"UINFO", {REST}},
	[101] = {"UID", {REST}},
	[102] = {"GID", {REST}},
	[103] = {"UNSPEC", {REST}},
	/* RFC 6742 2 */
	[104] = {"NID", {10}},
	[105] = {"L32", {6}},
	[106] = {"L64", {10}},
	[107] = {"LP", {2, NAME_EXACT}},
	/* RFC 7043 3.1, 4.1 */
	[108] = {"EUI48", {6}},
	[109] = {"EUI64", {8}},
	/* of messages and questions, not of zones (RFC 6895 3.1) */
	[249] = {"TKEY", {REST}},
	[250] = {"TSIG", {REST}},
	[251] = {"IXFR", {REST}},
	[252] = {"AXFR", {REST}},
	[253] = {"MAILB", {REST}},
	[254] = {"MAILA", {REST}},
	[255] = {"ANY", {REST}},
	/* RFC 7553 4.5 */
	[256] = {"URI", {4, REST_FULL}},
	/* RFC 8659 4.1 */
	[257] = {"CAA", {1, FIELD_TAG, REST}},
	[258] = {"AVC", {STRINGS}},
	[259] = {"DOA", {9, STRING, REST}},
	/* RFC 8777 4.2 */
	[260] = {"AMTRELAY", {FORM_AMTRELAY}},
	/* RFC 9606 4 */
	[261] = {"RESINFO", {STRINGS}},
	[262] = {"WALLET", {STRINGS}},
};
/* clang-format on */

#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* RFC 4431 2, and the type it grew from: far from all others. */
#define TYPE_TA 32768
#define TYPE_DLV 32769

static const struct rdata_form form_ta = {"TA", {FORM_DS}};
static const struct rdata_form form_dlv = {"DLV", {FORM_DS}};
static const struct rdata_form form_unknown = {"", {REST}};

const struct rdata_form *
rdata_form(uint16_t type)
{
	if (type < FORMS && forms[type].name[0] != '\0')
		return &forms[type];
	if (type == TYPE_TA)
		return &form_ta;
	if (type == TYPE_DLV)
		return &form_dlv;
	return &form_unknown;
}

bool
type_is_meta(uint16_t type)
{
	return type == 0 || type == TYPE_OPT || (type >= 128 && type <= 255);
}

const char *
type_to_text(uint16_t type, char *text)
{
	const struct rdata_form *form = rdata_form(type);

	if (form->name[0] != '\0')
		strcpy(text, form->name);
	else
		snprintf(text, 16, "TYPE%u", type);
	return text;
}

/* The number behind "TYPE" (RFC 3597 5), or 0. */
static uint16_t
parse_number(const char *text)
{
	unsigned number = 0;

	if (*text == '\0')
		return 0;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		number = number * 10 + (unsigned)(*text - '0');
		if (number > UINT16_MAX)
			return 0;
	}
	return (uint16_t)number;
}

uint16_t
type_from_text(const char *text)
{
	uint16_t type;

	if (strncasecmp(text, "TYPE", 4) == 0)
		return parse_number(text + 4);
	if (*text == '\0')
		return 0;
	for (type = 0; type < FORMS; type++)
		if (strcasecmp(text, forms[type].name) == 0)
			return type;
	if (strcasecmp(text, form_ta.name) == 0)
		return TYPE_TA;
	if (strcasecmp(text, form_dlv.name) == 0)
		return TYPE_DLV;
	return 0;
}
