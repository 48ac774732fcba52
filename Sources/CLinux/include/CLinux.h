#pragma once
// What Glibc's module map leaves out, for Swift. Never define _FILE_OFFSET_BITS here: `struct flock` would then differ between
// this module and Glibc, and nothing builds (measured.md part 1).
#include <malloc.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

/// fallocate(2) that frees the bytes and keeps the file's length.
int imagelet_punch_hole(int descriptor, long long offset, long long length);
/// lseek(2) with SEEK_DATA (`data` not 0) or SEEK_HOLE.
long long imagelet_seek_sparse(int descriptor, long long offset, int data);
/// openat2(2), kernel 5.6 and later: opens the directory `name` of `parent` without following a symlink and without entering another
/// mount (EXDEV), close-on-exec.
int imagelet_open_directory(int parent, const char *name);
/// pthread_setname_np(3).
int imagelet_name_thread(pthread_t thread, const char *name);
/// open(2) with O_PATH, close-on-exec.
int imagelet_open_path(const char *path);
/// madvise(2) with MADV_DONTNEED on the program's own read-only pages: they come back from the file when they are used again.
void imagelet_release_program_pages(void);
