/* Whoever loads it runs it: the dynamic linker calls this before anybody looks at the library. */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void run(void) {
    close(open("loaded", O_CREAT | O_WRONLY, 0644));
}

int evil(void) { return 1; }
