/* The C library's functions that take a path, within walls.
 *
 * SQL of a superuser can name any file: pg_read_file, COPY, lo_export, LOAD, tablespaces. All of it
 * ends in one of the functions below, which take the place of the C library's. A path is resolved
 * first, so that neither ".." nor a symbolic link leads out; a library is only loaded from where
 * nobody can write. Without walls they do what they always do.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "lifeboat-jail.h"


#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const struct room *walls;

static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", NULL};

void raise_walls(const struct room *room) { walls = room; }

static bool below(const char *path, const char *const *directories) {
    for (; *directories != NULL; directories++) {
        size_t size = strlen(*directories);
        if (strncmp(path, *directories, size) == 0 && (path[size] == '/' || path[size] == '\0'))
            return true;
    }
    return false;
}

static bool allowed(const char *resolved, bool to_write) {
    return below(resolved, walls->writable) || below(resolved, DEVICES) ||
           (!to_write && below(resolved, walls->readable));
}

/* Where an entry of a directory lies, which may not be there; the entry itself isn't followed.
 * False, and errno, where the directory can't be found. */
static bool place(const char *path, char *room) {
    char parent[PATH_MAX], name[PATH_MAX];
    if (strlen(path) >= sizeof parent) {
        errno = ENAMETOOLONG;
        return false;
    }
    /* Each writes into its argument, and gives a part of it. */
    strcpy(name, path);
    const char *last = basename(name);
    if (strcmp(last, "..") == 0)
        return realpath(path, room) != NULL;
    strcpy(parent, path);
    if (realpath(dirname(parent), room) == NULL)
        return false;
    if (strlen(room) + strlen(last) + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcat(strcat(room, "/"), last);
    return true;
}

static bool is_link(const char *path) {
    struct stat found;
    return lstat(path, &found) == 0 && S_ISLNK(found.st_mode);
}

static bool refused(void) {
    errno = EACCES;
    return false;
}

/* Of a file that is opened, whatever links lead to it. Some links of /proc lead to what has no path:
 * nobody follows those. */
static bool may_open(const char *path, bool to_write) {
    char room[PATH_MAX];
    if (walls == NULL)
        return true;
    if (realpath(path, room) != NULL)
        return allowed(room, to_write) || refused();
    if (errno != ENOENT)
        return false;
    if (!place(path, room))
        return false;
    return (allowed(room, to_write) && !is_link(room)) || refused();
}

/* Of an entry that is made, renamed or removed. */
static bool may_change(const char *path) {
    char room[PATH_MAX];
    if (walls == NULL)
        return true;
    return place(path, room) && (allowed(room, true) || refused());
}

static bool writes(int flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return may_open(path, writes(flags)) ? REAL(open)(path, flags, mode) : -1;
}

FILE *fopen(const char *path, const char *mode) {
    bool to_write = *mode != 'r' || strchr(mode, '+') != NULL;
    return may_open(path, to_write) ? REAL(fopen)(path, mode) : NULL;
}

FILE *freopen(const char *path, const char *mode, FILE *file) {
    bool to_write = *mode != 'r' || strchr(mode, '+') != NULL;
    return path == NULL || may_open(path, to_write) ? REAL(freopen)(path, mode, file) : NULL;
}

DIR *opendir(const char *path) {
    return may_open(path, false) ? REAL(opendir)(path) : NULL;
}

int truncate(const char *path, off_t size) {
    return may_open(path, true) ? REAL(truncate)(path, size) : -1;
}

int chmod(const char *path, mode_t mode) {
    return may_open(path, true) ? REAL(chmod)(path, mode) : -1;
}

int chown(const char *path, uid_t user, gid_t group) {
    return may_open(path, true) ? REAL(chown)(path, user, group) : -1;
}

int utime(const char *path, const struct utimbuf *times) {
    return may_open(path, true) ? REAL(utime)(path, times) : -1;
}

int mkdir(const char *path, mode_t mode) {
    return may_change(path) ? REAL(mkdir)(path, mode) : -1;
}

int rmdir(const char *path) { return may_change(path) ? REAL(rmdir)(path) : -1; }

int unlink(const char *path) { return may_change(path) ? REAL(unlink)(path) : -1; }

int rename(const char *from, const char *to) {
    return may_change(from) && may_change(to) ? REAL(rename)(from, to) : -1;
}

int link(const char *from, const char *to) {
    return may_change(from) && may_change(to) ? REAL(link)(from, to) : -1;
}

/* A link may say what it likes: it is followed before anything is opened. */
int symlink(const char *target, const char *path) {
    return may_change(path) ? REAL(symlink)(target, path) : -1;
}

void *dlopen(const char *path, int flags) {
    char room[PATH_MAX];
    if (walls == NULL || path == NULL)
        return REAL(dlopen)(path, flags);
    if (realpath(path, room) == NULL) /* a bare name is searched for in directories of the system */
        return REAL(dlopen)(strchr(path, '/') == NULL ? path : "/no such library", flags);
    if (below(room, walls->writable) || !below(room, walls->readable))
        return REAL(dlopen)("/a library outside of the layer", flags); /* sets dlerror() */
    return REAL(dlopen)(room, flags);
}
