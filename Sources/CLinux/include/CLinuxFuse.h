#pragma once
// The /dev/fuse descriptor under libfuse (its custom I/O), watching for the INIT exchange, and the threads that serve it. Here and not
// in Swift because these threads are cancelled inside `read`: the frames that are unwound then must be C's.
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct imagelet_fuse_device;

/// NULL without memory. `owner` is given back by `imagelet_fuse_device_owner`.
struct imagelet_fuse_device *imagelet_fuse_device_new(void *owner);
void imagelet_fuse_device_free(struct imagelet_fuse_device *device);
void *imagelet_fuse_device_owner(const struct imagelet_fuse_device *device);

/// Copies the INIT request (`reply` 0) or the whole reply to it, headers included; gives its length, 0 if it hasn't been seen.
size_t imagelet_fuse_device_handshake(const struct imagelet_fuse_device *device, int reply, void *target, size_t capacity);

/// Makes the first `read` give this INIT request of an earlier session on the descriptor, and keeps the reply to it from the kernel, which
/// has one. Gives 0 if the request is too long. To be called before anything is read.
int imagelet_fuse_device_replay(struct imagelet_fuse_device *device, const void *request, size_t length);
/// FUSE_NOTIFY_RESEND (kernel 6.9): asks for all questions again that were read from the descriptor and not answered. Gives -1 and EINVAL
/// where the kernel doesn't know it.
ssize_t imagelet_fuse_resend(int descriptor);
/// Keeps all answers from the kernel from now on: its questions stay open for whoever has the descriptor next.
void imagelet_fuse_mute(struct imagelet_fuse_device *device);

/// `read` and `writev` of struct fuse_custom_io; `device` is the session's userdata.
ssize_t imagelet_fuse_read(int descriptor, void *buffer, size_t size, void *device);
ssize_t imagelet_fuse_writev(int descriptor, struct iovec *pieces, int count, void *device);

struct fuse_session;
struct fuse_buf;

/// Takes questions and has them answered on `threads` threads until the mount is gone, `imagelet_fuse_stop` was called or the
/// descriptor fails; then waits for the answers these threads are at. `receive` and `process` are libfuse's, which this module doesn't
/// link. Gives 0 or an error number. Once a device.
int imagelet_fuse_serve(
    struct imagelet_fuse_device *device, struct fuse_session *session, int threads,
    int (*receive)(struct fuse_session *, struct fuse_buf *),
    void (*process)(struct fuse_session *, const struct fuse_buf *));
/// Ends `imagelet_fuse_serve`, also one that begins later. From any thread.
void imagelet_fuse_stop(struct imagelet_fuse_device *device);
/// How many questions were taken so far, and how many threads wait for one now.
void imagelet_fuse_progress(const struct imagelet_fuse_device *device, unsigned long *taken, int *waiting);
