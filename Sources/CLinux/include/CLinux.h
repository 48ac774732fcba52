#pragma once
// What Glibc's module map leaves out, for Swift. Never define _FILE_OFFSET_BITS here: `struct flock` would then differ between
// this module and Glibc, and nothing builds (measured.md part 1).
#include <malloc.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// fallocate(2) that frees the bytes and keeps the file's length.
int imagelet_punch_hole(int descriptor, long long offset, long long length);
/// lseek(2) with SEEK_DATA (`data` not 0) or SEEK_HOLE.
long long imagelet_seek_sparse(int descriptor, long long offset, int data);
/// fcntl(2), F_OFD_SETLK: takes (`lock` not 0) or gives up the lock to write of the whole file, which belongs to the open file; never waits.
int imagelet_lock_records(int descriptor, int lock);
/// openat2(2), kernel 5.6 and later: opens the directory `name` of `parent` without following a symlink and without entering another
/// mount (EXDEV), close-on-exec.
int imagelet_open_directory(int parent, const char *name);
/// pthread_setname_np(3).
int imagelet_name_thread(pthread_t thread, const char *name);
/// open(2) with O_PATH, close-on-exec.
int imagelet_open_path(const char *path);
/// madvise(2) with MADV_DONTNEED on the program's own read-only pages: they come back from the file when they are used again.
void imagelet_release_program_pages(void);
/// sendmsg(2) of one message and the descriptors that go with it (SCM_RIGHTS), without SIGPIPE. `count` is at most 32.
ssize_t imagelet_send_message(int socket, const void *bytes, size_t length, const int *descriptors, int count);
/// recvmsg(2) of one message. Descriptors arrive close-on-exec: `descriptors` has room for 32, `*count` says how many came. Of a message
/// that is longer than `capacity`, or has more descriptors, the rest is gone; EMSGSIZE then, and nothing stays open.
ssize_t imagelet_receive_message(int socket, void *bytes, size_t capacity, int *descriptors, int *count);
/// accept4(2), close-on-exec.
int imagelet_accept(int listener);
/// User id of the process that connected a Unix socket (SO_PEERCRED); -1 on failure.
long imagelet_peer_user(int socket);
/// memfd_create(2), close-on-exec, whose content can be sealed.
int imagelet_memory_file(const char *name);
/// Forbids all changes of a memory file's content (F_ADD_SEALS).
int imagelet_seal(int descriptor);
/// posix_spawn(3) of `program` in a session of its own, with /dev/null as standard input, output and error, `descriptor` as 3 and no
/// other descriptor, in /, no signal blocked. Gives 0 or an error number.
int imagelet_start_detached(const char *program, char *const arguments[], int descriptor, pid_t *process);
/// Opens `path` for reading and closes it, in a process that has no other descriptor and that nobody waits for. Gives 0 or an error
/// number.
int imagelet_touch_detached(const char *path);
