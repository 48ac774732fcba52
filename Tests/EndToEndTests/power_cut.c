// Preloaded into a daemon: keeps, in the directory $POWER_CUT_SHADOW, what of each regular file below $POWER_CUT_ROOT was synced last, by
// inode number and time of birth. A power cut may lose everything else.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void copy(int from, int to, off_t size) {
    static char buffer[1 << 16];
    off_t at = 0;
    while (at < size && (at = lseek(from, at, SEEK_DATA)) >= 0) {
        off_t hole = lseek(from, at, SEEK_HOLE);
        while (at < hole) {
            size_t want = hole - at < (off_t)sizeof buffer ? (size_t)(hole - at) : sizeof buffer;
            ssize_t count = pread(from, buffer, want, at);
            if (count <= 0 || pwrite(to, buffer, count, at) != count) return;
            at += count;
        }
    }
    if (ftruncate(to, size) != 0) return;
}

static void keep(int descriptor) {
    const char *root = getenv("POWER_CUT_ROOT"), *shadow = getenv("POWER_CUT_SHADOW");
    struct statx status;
    char link[64], path[PATH_MAX], aside[PATH_MAX], place[PATH_MAX];
    if (!root || !shadow ||
        statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0 || !S_ISREG(status.stx_mode))
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, root, strlen(root)) != 0) return;
    // A descriptor of its own: the position of the daemon's is not ours to move.
    int from = open(link, O_RDONLY | O_CLOEXEC);
    if (from < 0) return;
    snprintf(aside, sizeof aside, "%s/new", shadow);
    snprintf(
        place, sizeof place, "%s/%llu-%lld", shadow, (unsigned long long)status.stx_ino,
        (long long)status.stx_btime.tv_sec);
    pthread_mutex_lock(&turn);
    int to = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to >= 0) {
        copy(from, to, (off_t)status.stx_size);
        close(to);
        rename(aside, place);
    }
    pthread_mutex_unlock(&turn);
    close(from);
}

static int synced(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    // Before: what is written during the sync need not be on the disk behind it.
    keep(descriptor);
    return real(descriptor);
}

int fsync(int descriptor) { return synced("fsync", descriptor); }
int fdatasync(int descriptor) { return synced("fdatasync", descriptor); }
