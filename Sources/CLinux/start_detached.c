#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int describe(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int descriptor) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failure = posix_spawn_file_actions_adddup2(files, descriptor, 3);
    if (!failure) failure = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDWR, 0);
    if (!failure) failure = posix_spawn_file_actions_adddup2(files, 0, 1);
    if (!failure) failure = posix_spawn_file_actions_adddup2(files, 0, 2);
    if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(files, 4);
    // So that it keeps no directory busy.
    if (!failure) failure = posix_spawn_file_actions_addchdir_np(files, "/");
    if (!failure) failure = posix_spawnattr_setsigmask(attributes, &none);
    if (!failure) failure = posix_spawnattr_setsigdefault(attributes, &all);
    short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    return failure ? failure : posix_spawnattr_setflags(attributes, flags);
}

int imagelet_start_detached(const char *program, char *const arguments[], int descriptor, pid_t *process) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&files);
    if (failure) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (!failure) {
        failure = describe(&files, &attributes, descriptor);
        if (!failure) failure = posix_spawn(process, program, &files, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

int imagelet_touch_detached(const char *path) {
    // Twice: nobody can be made to wait for the second process, whose end nobody then has to wait for.
    pid_t child = _Fork();
    if (child < 0) return errno;
    if (child == 0) {
        // Above all the daemon's lock, and its connections.
        close_range(0, ~0U, 0);
        if (_Fork() == 0) {
            int descriptor = open(path, O_RDONLY | O_CLOEXEC);
            if (descriptor >= 0) close(descriptor);
        }
        _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    return 0;
}
