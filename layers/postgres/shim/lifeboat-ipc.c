/* What a PostgreSQL server asks of the system and a sandbox may refuse.
 *
 * 1. One segment of System V shared memory, of some 56 bytes. It is a server's guard against a
 *    second server over the same data directory (src/backend/port/sysv_shmem.c); its processes
 *    get it from the first one by fork(). Here it is ordinary shared memory, which is inherited
 *    likewise. The guard itself is gone: use this for throw-away servers only.
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

static struct {
    void *address; /* NULL: there is none */
    size_t size;
    key_t key;
} segment;

static const int ID = 1;

static int failed(int why) {
    errno = why;
    return -1;
}

static int exists(int id) { return id == ID && segment.address != NULL; }

int shmget(key_t key, size_t size, int flags) {
    if (segment.address != NULL && key == segment.key && key != IPC_PRIVATE)
        return (flags & IPC_CREAT) && (flags & IPC_EXCL) ? failed(EEXIST) : ID;
    if (!(flags & IPC_CREAT))
        return failed(ENOENT);
    if (segment.address != NULL)
        return failed(ENOSPC);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    segment.address = memory;
    segment.size = size;
    segment.key = key;
    return ID;
}

void *shmat(int id, const void *address, int flags) {
    (void)flags;
    if (!exists(id) || (address != NULL && address != segment.address)) {
        errno = EINVAL;
        return (void *)-1;
    }
    return segment.address;
}

/* The memory stays until the segment is removed: PostgreSQL detaches first and removes then. */
int shmdt(const void *address) {
    return address != NULL && address == segment.address ? 0 : failed(EINVAL);
}

int shmctl(int id, int command, struct shmid_ds *answer) {
    if (!exists(id))
        return failed(EINVAL);
    switch (command) {
    case IPC_STAT:
        memset(answer, 0, sizeof *answer);
        answer->shm_perm.uid = answer->shm_perm.cuid = geteuid();
        answer->shm_segsz = segment.size;
        answer->shm_nattch = 1;
        return 0;
    case IPC_RMID:
        munmap(segment.address, segment.size);
        segment.address = NULL;
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
