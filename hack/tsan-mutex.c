// Preloaded by hack/sanitize: tells ThreadSanitizer of the locks it cannot see. The fast path of Swift's Mutex is compiled into its user
// and instrumented; the slow path lies in libswiftSynchronization, which is not, so that every contended lock would count as a race.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// _MutexHandle._lockSlow(_: UInt32), _tryLockSlow() -> Bool, _unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void imagelet_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool imagelet_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void imagelet_unlock(SELF) __asm__(UNLOCK);

static SWIFT void (*real_lock)(uint32_t thread, SELF);
static SWIFT bool (*real_try_lock)(SELF);
static SWIFT void (*real_unlock)(SELF);

__attribute__((constructor)) static void find(void) {
    real_lock = dlsym(RTLD_NEXT, LOCK);
    real_try_lock = dlsym(RTLD_NEXT, TRY_LOCK);
    real_unlock = dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void imagelet_lock(uint32_t thread, SELF) {
    real_lock(thread, handle);
    __tsan_acquire(handle);
}

SWIFT bool imagelet_try_lock(SELF) {
    bool locked = real_try_lock(handle);
    if (locked) __tsan_acquire(handle);
    return locked;
}

SWIFT void imagelet_unlock(SELF) {
    __tsan_release(handle);
    real_unlock(handle);
}
