/* What a process writes into one folder and when it syncs that: every call is made, then written down in its order.

   LD_PRELOAD=calls.so CALLS_OF=FOLDER CALLS_INTO=FILE program. A record is a head (below), a path and the bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint64_t file, at, size; /* inode; where bytes go, the new size of a file, or whether it was emptied */
    uint32_t path, kind;     /* length of the path; one of O W T S D R U */
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static const char *folder(void) { return getenv("CALLS_OF"); }

static int into(void) {
    static int number = -1;
    if (number < 0) {
        int (*theirs)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        number = theirs(getenv("CALLS_INTO"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (number < 0) abort();
    }
    return number;
}

static int within(const char *path) {
    size_t length = folder() ? strlen(folder()) : 0;
    return length && strncmp(path, folder(), length) == 0;
}

static int path_of(int number, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    ssize_t length = readlink(link, path, 4095);
    path[length < 0 ? 0 : length] = 0;
    return within(path);
}

static void note(char kind, const char *path, uint64_t file, uint64_t at, const void *bytes, size_t size) {
    struct head head = {file, at, size, strlen(path), kind};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)bytes, size}};
    if (writev(into(), parts, 3) != (ssize_t)(sizeof head + head.path + size)) abort();
}

static void note_open(char kind, int number, uint64_t at, const void *bytes, size_t size) {
    char path[4096];
    struct stat found;
    if (!path_of(number, path) || fstat(number, &found)) return;
    if (kind == 'S' && S_ISDIR(found.st_mode)) kind = 'D';
    if (S_ISDIR(found.st_mode) && kind != 'D') return;
    note(kind, path, found.st_ino, at, bytes, size);
}

/* Make the call, and write it down before any other thread makes one. */
#define MADE(type, good, call, noting)             \
    do {                                           \
        pthread_mutex_lock(&one_at_a_time);        \
        type made = call;                          \
        if (good) { noting; }                      \
        pthread_mutex_unlock(&one_at_a_time);      \
        return made;                               \
    } while (0)
#define THEIRS(name) __typeof__(&name) theirs = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPEN(name)                                                                              \
    int name(const char *path, int flags, ...) {                                                \
        THEIRS(name);                                                                           \
        va_list rest;                                                                           \
        va_start(rest, flags);                                                                  \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                               \
        va_end(rest);                                                                           \
        MADE(int, made >= 0 && flags & (O_CREAT | O_TRUNC), theirs(path, flags, mode),          \
             note_open('O', made, flags & O_TRUNC ? 1 : 0, NULL, 0));                           \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int number, const void *bytes, size_t size) {
    THEIRS(write);
    MADE(ssize_t, made > 0, theirs(number, bytes, size),
         note_open('W', number, (uint64_t)lseek(number, 0, SEEK_CUR) - (uint64_t)made, bytes, made));
}

#define PWRITE(name)                                                                                     \
    ssize_t name(int number, const void *bytes, size_t size, off_t at) {                                 \
        THEIRS(name);                                                                                    \
        MADE(ssize_t, made > 0, theirs(number, bytes, size, at), note_open('W', number, at, bytes, made)); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name)                                                                            \
    int name(int number, off_t size) {                                                            \
        THEIRS(name);                                                                             \
        MADE(int, made == 0, theirs(number, size), note_open('T', number, size, NULL, 0));        \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                                                                     \
    int name(int number) {                                                             \
        THEIRS(name);                                                                  \
        MADE(int, made == 0, theirs(number), note_open('S', number, 0, NULL, 0));      \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *path, const char *target) {
    THEIRS(rename);
    MADE(int, made == 0 && within(path), theirs(path, target), note('R', path, 0, 0, target, strlen(target)));
}

int unlink(const char *path) {
    THEIRS(unlink);
    MADE(int, made == 0 && within(path), theirs(path), note('U', path, 0, 0, NULL, 0));
}
