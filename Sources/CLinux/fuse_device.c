#include "fuse_device.h"

#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// In `replaying` the request is at hand; in `replayed` it was given out, and its reply goes no further than this file.
enum { waiting_for_request, waiting_for_reply, replaying, replayed, complete };

struct imagelet_fuse_device *imagelet_fuse_device_new(void *owner) {
    struct imagelet_fuse_device *device = calloc(1, sizeof *device);
    if (!device) return NULL;
    device->owner = owner;
    (void)sem_init(&device->end, 0, 0);
    return device;
}

void imagelet_fuse_device_free(struct imagelet_fuse_device *device) {
    (void)sem_destroy(&device->end);
    free(device);
}

void *imagelet_fuse_device_owner(const struct imagelet_fuse_device *device) { return device->owner; }

size_t imagelet_fuse_device_handshake(
    const struct imagelet_fuse_device *device, int reply, void *target, size_t capacity) {
    if (atomic_load_explicit(&device->phase, memory_order_acquire) != complete) return 0;
    const struct imagelet_fuse_message *message = reply ? &device->reply : &device->request;
    if (message->length > capacity) return 0;
    memcpy(target, message->bytes, message->length);
    return message->length;
}

static int append(struct imagelet_fuse_message *message, const void *bytes, size_t length) {
    if (length > sizeof message->bytes - message->length) return 0;
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
    return 1;
}

int imagelet_fuse_device_replay(struct imagelet_fuse_device *device, const void *request, size_t length) {
    struct fuse_in_header header;
    if (length < sizeof header || !append(&device->request, request, length)) return 0;
    memcpy(&header, request, sizeof header);
    device->unique = header.unique;
    atomic_store_explicit(&device->phase, replaying, memory_order_release);
    return 1;
}

ssize_t imagelet_fuse_resend(int descriptor) {
    // FUSE_NOTIFY_RESEND is 7; linux/fuse.h of Debian 12 doesn't name it yet.
    struct fuse_out_header header = {.len = sizeof header, .error = 7, .unique = 0};
    return write(descriptor, &header, sizeof header);
}

void imagelet_fuse_mute(struct imagelet_fuse_device *device) {
    atomic_store_explicit(&device->muted, 1, memory_order_release);
}

ssize_t imagelet_fuse_read(int descriptor, void *buffer, size_t size, void *userdata) {
    struct imagelet_fuse_device *device = userdata;
    int phase = atomic_load_explicit(&device->phase, memory_order_relaxed);
    if (phase == replaying && size >= device->request.length) {
        memcpy(buffer, device->request.bytes, device->request.length);
        atomic_store_explicit(&device->phase, replayed, memory_order_release);
        return (ssize_t)device->request.length;
    }
    ssize_t length = read(descriptor, buffer, size);
    if (phase == waiting_for_request && length >= (ssize_t)sizeof(struct fuse_in_header)) {
        struct fuse_in_header header;
        memcpy(&header, buffer, sizeof header);
        if (header.opcode == FUSE_INIT && append(&device->request, buffer, (size_t)length)) {
            device->unique = header.unique;
            atomic_store_explicit(&device->phase, waiting_for_reply, memory_order_release);
        }
    }
    return length;
}

// linux/fuse.h of Debian 12 does not name it yet: bit 40 of the flags, so bit 8 of their upper half.
#define ALLOW_IDMAP_IN_FLAGS2 (1u << (40 - 32))

// Accepts id-mapped mounts (Linux 6.12) where the kernel offers them, which libfuse 3.14 does not know of. Nothing else follows from it
// for a file system that never looks at who asks: with default_permissions the kernel does that.
static void allow_mapped_ids(const struct imagelet_fuse_device *device, const struct iovec *pieces, int count) {
    struct fuse_out_header header;
    struct fuse_init_in offered;
    struct fuse_init_out *answer = count > 1 ? pieces[1].iov_base : NULL;
    if (device->request.length < sizeof(struct fuse_in_header) + sizeof offered || !answer) return;
    if (pieces[0].iov_len != sizeof header || pieces[1].iov_len < sizeof *answer) return;
    memcpy(&header, pieces[0].iov_base, sizeof header);
    memcpy(&offered, device->request.bytes + sizeof(struct fuse_in_header), sizeof offered);
    if (header.unique != device->unique || header.error) return;
    if (!(offered.flags & FUSE_INIT_EXT) || !(offered.flags2 & ALLOW_IDMAP_IN_FLAGS2)) return;
    answer->flags |= FUSE_INIT_EXT;
    answer->flags2 |= ALLOW_IDMAP_IN_FLAGS2;
}

// Keeps the reply to INIT.
static void note_reply(struct imagelet_fuse_device *device, const struct iovec *pieces, int count) {
    struct fuse_out_header header;
    if (pieces[0].iov_len < sizeof header) return;
    memcpy(&header, pieces[0].iov_base, sizeof header);
    if (header.unique != device->unique) return;
    int whole = 1;
    for (int i = 0; i < count; i++) whole = whole && append(&device->reply, pieces[i].iov_base, pieces[i].iov_len);
    if (whole) atomic_store_explicit(&device->phase, complete, memory_order_release);
}

ssize_t imagelet_fuse_writev(int descriptor, struct iovec *pieces, int count, void *userdata) {
    struct imagelet_fuse_device *device = userdata;
    int phase = atomic_load_explicit(&device->phase, memory_order_acquire);
    int swallows = phase == replayed || atomic_load_explicit(&device->muted, memory_order_acquire);
    ssize_t length = 0;
    if (phase == waiting_for_reply) allow_mapped_ids(device, pieces, count);
    if (swallows) {
        for (int i = 0; i < count; i++) length += (ssize_t)pieces[i].iov_len;
    } else {
        length = writev(descriptor, pieces, count);
    }
    if ((phase == waiting_for_reply || phase == replayed) && length > 0) note_reply(device, pieces, count);
    return length;
}
