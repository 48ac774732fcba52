#include "CLinuxFuse.h"

#include <linux/fuse.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { waiting_for_request, waiting_for_reply, complete };

struct message {
    size_t length;
    // INIT is 104 bytes and its reply 80 on protocol 7.45; both may grow.
    unsigned char bytes[512];
};

struct imagelet_fuse_device {
    void *owner;
    atomic_int phase;
    uint64_t unique;
    struct message request, reply;
};

struct imagelet_fuse_device *imagelet_fuse_device_new(void *owner) {
    struct imagelet_fuse_device *device = calloc(1, sizeof *device);
    if (device) device->owner = owner;
    return device;
}

void imagelet_fuse_device_free(struct imagelet_fuse_device *device) { free(device); }

void *imagelet_fuse_device_owner(const struct imagelet_fuse_device *device) { return device->owner; }

size_t imagelet_fuse_device_handshake(
    const struct imagelet_fuse_device *device, int reply, void *target, size_t capacity) {
    if (atomic_load_explicit(&device->phase, memory_order_acquire) != complete) return 0;
    const struct message *message = reply ? &device->reply : &device->request;
    if (message->length > capacity) return 0;
    memcpy(target, message->bytes, message->length);
    return message->length;
}

static int append(struct message *message, const void *bytes, size_t length) {
    if (length > sizeof message->bytes - message->length) return 0;
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
    return 1;
}

ssize_t imagelet_fuse_read(int descriptor, void *buffer, size_t size, void *userdata) {
    struct imagelet_fuse_device *device = userdata;
    ssize_t length = read(descriptor, buffer, size);
    if (atomic_load_explicit(&device->phase, memory_order_relaxed) == waiting_for_request
        && length >= (ssize_t)sizeof(struct fuse_in_header)) {
        struct fuse_in_header header;
        memcpy(&header, buffer, sizeof header);
        if (header.opcode == FUSE_INIT && append(&device->request, buffer, (size_t)length)) {
            device->unique = header.unique;
            atomic_store_explicit(&device->phase, waiting_for_reply, memory_order_release);
        }
    }
    return length;
}

ssize_t imagelet_fuse_writev(int descriptor, struct iovec *pieces, int count, void *userdata) {
    struct imagelet_fuse_device *device = userdata;
    ssize_t length = writev(descriptor, pieces, count);
    if (atomic_load_explicit(&device->phase, memory_order_acquire) == waiting_for_reply && length > 0
        && pieces[0].iov_len >= sizeof(struct fuse_out_header)) {
        struct fuse_out_header header;
        memcpy(&header, pieces[0].iov_base, sizeof header);
        if (header.unique != device->unique) return length;
        int whole = 1;
        for (int i = 0; i < count; i++) whole = whole && append(&device->reply, pieces[i].iov_base, pieces[i].iov_len);
        if (whole) atomic_store_explicit(&device->phase, complete, memory_order_release);
    }
    return length;
}
