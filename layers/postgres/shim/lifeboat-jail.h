/* What a program that reads a backup may do: one profile for each kind. See lifeboat-jail.c. */

#ifndef LIFEBOAT_JAIL_H
#define LIFEBOAT_JAIL_H

#include <stdbool.h>
#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))

struct profile {
    const char *name;
    const int *families;    /* of sockets that it may make; ends with -1 */
    bool connects;          /* to sockets of these families */
    bool has_walls;         /* may open only files below its own directories */
};

/* Directories, as realpath() gives them; each list ends with NULL. */
struct room {
    const char *writable[8];
    const char *readable[8];
};

/* Ends the program, which must not run like this. */
HIDDEN _Noreturn void jail_failed(const char *what);

HIDDEN void refuse_system_calls(const struct profile *profile);

/* As far as the kernel has it: Linux 5.13 and later. */
HIDDEN void restrict_by_landlock(const struct profile *profile, const struct room *room);

/* From now on the C library's functions that take a path refuse those outside of the room. */
HIDDEN void raise_walls(const struct room *room);

#endif
