#pragma once
#include "CLinuxFuse.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

struct imagelet_fuse_message {
    size_t length;
    // INIT is 104 bytes and its reply 80 on protocol 7.45; both may grow.
    unsigned char bytes[512];
};

struct imagelet_fuse_device {
    void *owner;
    atomic_int phase;
    atomic_int muted;
    uint64_t unique;
    struct imagelet_fuse_message request, reply;

    // Posted when serving is to end.
    sem_t end;
    atomic_int error;
    atomic_ulong taken;
    atomic_int waiting;
};
