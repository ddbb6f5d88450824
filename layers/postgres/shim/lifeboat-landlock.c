/* Files and foreign processes, refused by the kernel where it has Landlock (Linux 5.13 and later).
 *
 * There it also hides the environment and the memory of every process outside of the jail. Older
 * kernels go without: the walls of lifeboat-walls.c stand everywhere.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lifeboat-jail.h"

/* What the first version knows of files: bits 0 to 12. Later ones: 13 is to move between
 * directories, 14 to truncate; both belong to writing. Devices' own calls, 15, are left alone. */
#define FIRST 0x1fffull
#define REFER (1ull << 13)
#define TRUNCATE (1ull << 14)
#define READING (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
                 LANDLOCK_ACCESS_FS_READ_DIR)
#define NEVER (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
               LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define OF_FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE)

/* The kernel takes a longer structure than it knows, as long as the rest is zero. */
struct rules {
    uint64_t files, network, scope;
};

static int version(void) {
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void allow(int rules, const char *path, uint64_t what) {
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT)
            return;
        jail_failed(path);
    }
    struct landlock_path_beneath_attr below = {.allowed_access = what, .parent_fd = descriptor};
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0)
        jail_failed(path);
    close(descriptor);
}

void restrict_by_landlock(const struct profile *profile, const struct room *room) {
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};
    const int has = version();
    if (has < 1)
        return;
    const uint64_t all = FIRST | (has >= 2 ? REFER : 0) | (has >= 3 ? TRUNCATE : 0);
    const struct rules wanted = {
        .files = profile->has_walls ? all : all & ~READING,
        .network = 0, /* no socket to bind or connect can be made: lifeboat-calls.c */
        .scope = has >= 6 ? LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL : 0,
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0);
    if (rules < 0)
        jail_failed("Landlock");
    for (size_t i = 0; room->writable[i] != NULL; i++)
        allow(rules, room->writable[i], all & ~NEVER);
    for (size_t i = 0; room->readable[i] != NULL; i++)
        allow(rules, room->readable[i], READING & ~NEVER);
    if (profile->has_walls)
        allow(rules, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        allow(rules, devices[i], wanted.files & OF_FILES);
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        jail_failed("Landlock");
    close(rules);
}
