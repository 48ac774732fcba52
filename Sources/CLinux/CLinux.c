#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int imagelet_punch_hole(int descriptor, long long offset, long long length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int imagelet_lock_records(int descriptor, int lock) {
    struct flock all = {.l_type = lock ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &all);
}

long long imagelet_seek_sparse(int descriptor, long long offset, int data) {
    return lseek(descriptor, offset, data ? SEEK_DATA : SEEK_HOLE);
}

int imagelet_open_directory(int parent, const char *name) {
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

int imagelet_name_thread(pthread_t thread, const char *name) {
    return pthread_setname_np(thread, name);
}

int imagelet_open_path(const char *path) {
    return open(path, O_PATH | O_CLOEXEC);
}

int imagelet_memory_file(const char *name) {
    return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int imagelet_seal(int descriptor) {
    return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}
