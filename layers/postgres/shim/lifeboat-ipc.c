/* What a PostgreSQL server asks of the system and a sandbox may refuse.
 *
 * 1. System V shared memory. A server needs one small segment, as its guard against a second
 *    server over the same data directory (src/backend/port/sysv_shmem.c), and its processes get
 *    it from the first one by fork(). initdb's servers, of one process each, need some more where
 *    there is no /dev/shm (choose_dsm_implementation() in src/bin/initdb/initdb.c). Here all of
 *    it is anonymous shared memory, which is inherited likewise, but can't be found by processes
 *    that exist already: run servers with dynamic_shared_memory_type=mmap. The guard itself is
 *    gone: this is for throw-away servers only.
 * 2. A name for the user it runs as. Users in a sandbox may have none; those that have one keep it.
 *
 * Loaded ahead of the C library, it takes the place of the functions below and of no others.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

struct segment {
    void *address; /* NULL: there is none */
    size_t size;
    key_t key;
};

static struct segment segments[16]; /* an id is the place in it, counted from 1 */

static const int COUNT = sizeof segments / sizeof *segments;

static int failed(int why) {
    errno = why;
    return -1;
}

static struct segment *by_id(int id) {
    if (id < 1 || id > COUNT || segments[id - 1].address == NULL)
        return NULL;
    return &segments[id - 1];
}

static int create(key_t key, size_t size) {
    int id = 1;
    while (by_id(id) != NULL)
        id++;
    if (id > COUNT)
        return failed(ENOSPC);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    segments[id - 1] = (struct segment){.address = memory, .size = size, .key = key};
    return id;
}

int shmget(key_t key, size_t size, int flags) {
    for (int id = 1; id <= COUNT && key != IPC_PRIVATE; id++)
        if (by_id(id) != NULL && by_id(id)->key == key)
            return (flags & IPC_CREAT) && (flags & IPC_EXCL) ? failed(EEXIST) : id;
    return flags & IPC_CREAT ? create(key, size) : failed(ENOENT);
}

void *shmat(int id, const void *address, int flags) {
    struct segment *segment = by_id(id);
    (void)flags;
    if (segment == NULL || (address != NULL && address != segment->address)) {
        errno = EINVAL;
        return (void *)-1;
    }
    return segment->address;
}

/* The memory stays until the segment is removed: PostgreSQL detaches first and removes then. */
int shmdt(const void *address) {
    for (int id = 1; id <= COUNT; id++)
        if (by_id(id) != NULL && by_id(id)->address == address)
            return 0;
    return failed(EINVAL);
}

int shmctl(int id, int command, struct shmid_ds *answer) {
    struct segment *segment = by_id(id);
    if (segment == NULL)
        return failed(EINVAL);
    switch (command) {
    case IPC_STAT:
        memset(answer, 0, sizeof *answer);
        answer->shm_perm.uid = answer->shm_perm.cuid = geteuid();
        answer->shm_segsz = segment->size;
        answer->shm_nattch = 1;
        return 0;
    case IPC_RMID:
        munmap(segment->address, segment->size);
        segment->address = NULL;
        return 0;
    default:
        return failed(EINVAL);
    }
}

typedef int lookup(uid_t, struct passwd *, char *, size_t, struct passwd **);

int getpwuid_r(uid_t uid, struct passwd *entry, char *room, size_t size, struct passwd **found) {
    static const char name[] = "postgres", home[] = "/tmp", shell[] = "/bin/sh";
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getpwuid_r");
    int error = real(uid, entry, room, size, found);
    if (*found != NULL || error == ERANGE)
        return error;
    /* Constants serve for every caller: nobody may change them. */
    entry->pw_name = (char *)name;
    entry->pw_passwd = entry->pw_gecos = (char *)"";
    entry->pw_dir = (char *)home;
    entry->pw_shell = (char *)shell;
    entry->pw_uid = uid;
    entry->pw_gid = getegid();
    *found = entry;
    return 0;
}

struct passwd *getpwuid(uid_t uid) {
    static struct passwd entry;
    static char room[4096];
    struct passwd *found = NULL;
    int error = getpwuid_r(uid, &entry, room, sizeof room, &found);
    if (error != 0)
        errno = error;
    return found;
}
