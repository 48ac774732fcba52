#define _GNU_SOURCE
#include "fuse_device.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define FUSE_USE_VERSION 314
// For the layout of `struct fuse_buf` alone.
#include <fuse3/fuse_lowlevel.h>

struct worker {
    struct imagelet_fuse_device *device;
    struct fuse_session *session;
    int (*receive)(struct fuse_session *, struct fuse_buf *);
    void (*process)(struct fuse_session *, const struct fuse_buf *);
    pthread_t thread;
    struct fuse_buf buffer;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    struct imagelet_fuse_device *device = worker->device;
    for (;;) {
        // Cancelled while it waits for a question, never with one in hand.
        atomic_fetch_add_explicit(&device->waiting, 1, memory_order_relaxed);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        int length = worker->receive(worker->session, &worker->buffer);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        atomic_fetch_sub_explicit(&device->waiting, 1, memory_order_relaxed);
        if (length == -EINTR || length == -EAGAIN) continue;
        if (length <= 0) {
            // 0 is the orderly end: unmounted, or the connection was cut.
            if (length < 0) atomic_store_explicit(&device->error, -length, memory_order_relaxed);
            break;
        }
        atomic_fetch_add_explicit(&device->taken, 1, memory_order_relaxed);
        worker->process(worker->session, &worker->buffer);
    }
    imagelet_fuse_stop(device);
    return NULL;
}

int imagelet_fuse_serve(
    struct imagelet_fuse_device *device, struct fuse_session *session, int threads,
    int (*receive)(struct fuse_session *, struct fuse_buf *),
    void (*process)(struct fuse_session *, const struct fuse_buf *)) {
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!workers) return ENOMEM;
    int started = 0, failure = 0;
    for (; started < threads; started++) {
        struct worker *worker = &workers[started];
        *worker = (struct worker){.device = device, .session = session, .receive = receive, .process = process};
        failure = pthread_create(&worker->thread, NULL, work, worker);
        if (failure) break;
        (void)pthread_setname_np(worker->thread, "fuse");
    }
    while (!failure && sem_wait(&device->end) != 0) {}
    for (int i = 0; i < started; i++) (void)pthread_cancel(workers[i].thread);
    for (int i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        // libfuse allocates it in the first `receive`.
        free(workers[i].buffer.mem);
    }
    free(workers);
    return failure ? failure : atomic_load_explicit(&device->error, memory_order_relaxed);
}

void imagelet_fuse_stop(struct imagelet_fuse_device *device) { (void)sem_post(&device->end); }

void imagelet_fuse_progress(const struct imagelet_fuse_device *device, unsigned long *taken, int *waiting) {
    *taken = atomic_load_explicit(&device->taken, memory_order_relaxed);
    *waiting = atomic_load_explicit(&device->waiting, memory_order_relaxed);
}
