/* SPDX-License-Identifier: Apache-2.0 */
#include "server/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum error
confine_to_user(const char *user, char *text, size_t text_len)
{
	struct passwd *who;

	errno = 0;
	who = getpwnam(user);
	if (who == NULL) {
		snprintf(text, text_len, "user %s: %s", user,
		    errno == 0 ? "no such user" : strerror(errno));
		return ERR_NOT_FOUND;
	}
	/* Already so: started as that user, without the right to change. */
	if (getuid() == who->pw_uid && geteuid() == who->pw_uid &&
	    who->pw_uid != 0)
		return OK;
	/* Groups first: afterwards we may not. */
	if (initgroups(user, who->pw_gid) != 0 || setgid(who->pw_gid) != 0 ||
	    setuid(who->pw_uid) != 0) {
		snprintf(text, text_len, "cannot become user %s: %s", user,
		    strerror(errno));
		return ERR_IO;
	}
	if (who->pw_uid != 0 && setuid(0) == 0) {
		snprintf(
		    text, text_len, "user %s could become root again", user);
		return ERR_IO;
	}
	return OK;
}

void
confine_privileges(void)
{
	/* Kernels without it are older than any we run on. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

size_t
confine_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}
