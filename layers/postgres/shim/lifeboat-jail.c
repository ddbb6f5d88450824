/* A jail for the programs that read what lies inside of a backup.
 *
 * Whoever may create a table in a database can put code into its backups: a CHECK, an index
 * expression, a view. A server that restores such a backup runs it, and pg_restore reads it. All
 * programs of the layers load this library before main(), and name nothing of it: it reads from the
 * environment which jail it shall be, and without that variable does nothing.
 *
 *   LIFEBOAT_JAIL           server, local, remote or offline
 *   LIFEBOAT_JAIL_WRITABLE  directories that a server may use, with colons in between
 *   LIFEBOAT_JAIL_CONFIRM   a file descriptor; a byte is written to it when the jail stands, so
 *                           that who started the program knows that it did not run without
 *
 * A jail that can't be had ends the program. What it inherits from this process - forks, parallel
 * workers, sessions - is in the same jail, and there is no way out.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lifeboat-jail.h"

static const int NONE[] = {-1};
static const int LOCAL[] = {AF_UNIX, -1};
static const int REMOTE[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, -1}; /* getaddrinfo()'s, too */

static const struct profile PROFILES[] = {
    /* A throw-away server: is connected to, never connects. */
    {.name = "server", .families = LOCAL, .connects = false, .has_walls = true},
    /* A client of such a server. */
    {.name = "local", .families = LOCAL, .connects = true, .has_walls = false},
    /* A client of a server elsewhere. */
    {.name = "remote", .families = REMOTE, .connects = true, .has_walls = false},
    /* Reads an archive and writes text. */
    {.name = "offline", .families = NONE, .connects = false, .has_walls = false},
};

static const int EXIT_CODE = 78; /* sysexits.h: EX_CONFIG */

_Noreturn void jail_failed(const char *what) {
    dprintf(STDERR_FILENO, "lifeboat-jail: %s: %s\n", what, strerror(errno));
    _exit(EXIT_CODE);
}

static const struct profile *profile_named(const char *name) {
    for (size_t i = 0; i < sizeof PROFILES / sizeof *PROFILES; i++)
        if (strcmp(PROFILES[i].name, name) == 0)
            return &PROFILES[i];
    errno = EINVAL;
    jail_failed(name);
}

static const char *resolved(const char *path) {
    char *found = realpath(path, NULL); /* kept until the program ends */
    if (found == NULL)
        jail_failed(path);
    return found;
}

static void furnish(struct room *room) {
    static const char *const system[] = {"/lib", "/lib64", "/usr"};
    static char own[PATH_MAX], writable[4 * PATH_MAX];
    size_t count = 0;
    Dl_info here;
    if (dladdr((void *)&furnish, &here) == 0 || strlen(here.dli_fname) >= sizeof own)
        jail_failed("its own path");
    strcpy(own, here.dli_fname);
    *strrchr(own, '/') = '\0'; /* a library is loaded by its path */
    room->readable[count++] = resolved(own);
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (access(system[i], F_OK) == 0)
            room->readable[count++] = resolved(system[i]);

    const char *list = getenv("LIFEBOAT_JAIL_WRITABLE");
    if (list == NULL || strlen(list) >= sizeof writable)
        jail_failed("LIFEBOAT_JAIL_WRITABLE");
    strcpy(writable, list);
    count = 0;
    for (char *rest = writable, *path; (path = strsep(&rest, ":")) != NULL;) {
        if (count == sizeof room->writable / sizeof *room->writable - 1)
            jail_failed("LIFEBOAT_JAIL_WRITABLE");
        room->writable[count++] = resolved(path);
    }
}

static void confirm(void) {
    const char *number = getenv("LIFEBOAT_JAIL_CONFIRM");
    if (number == NULL)
        return;
    int descriptor = atoi(number);
    if (write(descriptor, "j", 1) != 1)
        jail_failed("LIFEBOAT_JAIL_CONFIRM");
    close(descriptor);
}

__attribute__((constructor)) static void enter(void) {
    static struct room room;
    const char *name = getenv("LIFEBOAT_JAIL");
    if (name == NULL)
        return;
    const struct profile *profile = profile_named(name);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        jail_failed("no new privileges");
    if (profile->has_walls)
        furnish(&room);
    restrict_by_landlock(profile, &room);
    refuse_system_calls(profile);
    if (profile->has_walls)
        raise_walls(&room);
    confirm();
}
