#pragma once
// The /dev/fuse descriptor under libfuse (its custom I/O), watching for the INIT exchange. Here and not in Swift because libfuse
// cancels its threads inside `read`: the frame that is unwound then must be C's.
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

/// `read` and `writev` of struct fuse_custom_io; `device` is the session's userdata.
ssize_t imagelet_fuse_read(int descriptor, void *buffer, size_t size, void *device);
ssize_t imagelet_fuse_writev(int descriptor, struct iovec *pieces, int count, void *device);
