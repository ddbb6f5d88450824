/* Counts what a program would write to its standard output, inside of that program.
 *
 * pg_restore and pg_dump load this library before all others, and write scripts by fwrite() alone.
 * With LIFEBOAT_COUNTER in the environment, what they would write there is read here, and only its
 * events go on: each as its number and its size in bytes, of 32 bits each, then what belongs to it.
 * A script goes through no pipe then, and is read where the program has just made it.
 *
 * The last event is END, written when the program ends by itself after a whole script. Without it the
 * script was cut, or something else than fwrite() has written.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lifeboat-counter.h"

static bool counting;
static FILE *output; /* the stream to standard output that was met last */
static struct script script;

static unsigned char pending[1 << 16]; /* events that were not written yet */
static size_t waiting;

static bool write_all(const unsigned char *data, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(STDOUT_FILENO, data, size);
        if (done >= 0) {
            data += done;
            size -= done;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool flush(void)
{
    const size_t size = waiting;
    waiting = 0;
    return write_all(pending, size);
}

static bool add(const void *data, size_t size)
{
    if (size > sizeof pending - waiting && !flush())
        return false;
    if (size > sizeof pending)
        return write_all(data, size);
    if (size > 0)
        memcpy(pending + waiting, data, size);
    waiting += size;
    return true;
}

static bool tell(enum event event, const unsigned char *data, size_t size)
{
    const uint32_t head[2] = {event, size};
    return add(head, sizeof head) && add(data, size);
}

static bool count(const unsigned char *at, size_t size)
{
    while (size > 0) {
        const size_t done = lifeboat_script_feed(&script, at, size);
        const unsigned char *data;
        size_t length;
        const enum event event = lifeboat_script_event(&script, &data, &length);
        if (event != NOTHING && !tell(event, data, length))
            return false;
        if (script.is_over) {
            flush();
            errno = EMSGSIZE;
            return false;
        }
        if (event == ROWS && script.in_rows && !flush()) /* somebody may watch a large table */
            return false;
        at += done;
        size -= done;
    }
    return true;
}

/* Whether a stream leads to where standard output does: programs open it anew. */
static bool is_output(FILE *stream)
{
    struct stat there, here;
    if (stream == output)
        return true;
    if (fstat(fileno(stream), &there) != 0 || fstat(STDOUT_FILENO, &here) != 0 ||
        there.st_dev != here.st_dev || there.st_ino != here.st_ino)
        return false;
    output = stream;
    return true;
}

size_t fwrite(const void *data, size_t size, size_t count_of, FILE *stream)
{
    static __typeof__(&fwrite) real;
    if (counting && is_output(stream))
        return count(data, size * count_of) ? count_of : 0;
    if (real == NULL)
        real = (__typeof__(&fwrite))dlsym(RTLD_NEXT, "fwrite");
    return real(data, size, count_of, stream);
}

__attribute__((constructor)) static void begin(void)
{
    counting = getenv("LIFEBOAT_COUNTER") != NULL;
}

__attribute__((destructor)) static void end(void)
{
    if (counting && (!lifeboat_script_is_whole(&script) || tell(END, NULL, 0)))
        flush();
}
