#!/usr/bin/env python3
"""Usage: mapped_mount.py SOURCE OPTIONS TARGET PATH...

Mounts an overlay as containerd 2 does for a pod with a user namespace: each lower directory is cloned with the ids that the options
uidmap= and gidmap= tell, and the overlay stands on the clones. Prints JSON: of each PATH below TARGET owner, group and SHA-256, and
whether a file could be written and belongs to the container's root. Everything is unmounted at the end.
"""
import ctypes
import hashlib
import json
import os
import subprocess
import sys
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, AT_EMPTY_PATH, MOVE_MOUNT_F_EMPTY_PATH, MOUNT_ATTR_IDMAP = 1, 0x1000, 4, 0x00100000
CLONE_NEWUSER = 0x10000000


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def system(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"system call {number}: {os.strerror(code)}")
    return result


def user_namespace(users, groups):
    """A descriptor of a user namespace with these maps."""
    ready, leave = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        ok = libc.unshare(CLONE_NEWUSER) == 0
        os.write(ready[1], b"y" if ok else b"n")
        os.close(leave[1])
        os.read(leave[0], 1)
        os._exit(0)
    try:
        if os.read(ready[0], 1) != b"y":
            raise OSError("no user namespace")
        for name, ranges in (("uid_map", users), ("gid_map", groups)):
            with open(f"/proc/{child}/{name}", "w") as file:
                file.write("".join(entry.replace(":", " ") + "\n" for entry in ranges.split(",")))
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY)
    finally:
        os.close(leave[1])
        os.waitpid(child, 0)


def clone(directory, target, userns):
    tree = system(OPEN_TREE, -100, directory.encode(), OPEN_TREE_CLONE | os.O_CLOEXEC)
    attributes = Attributes(MOUNT_ATTR_IDMAP, 0, 0, userns)
    system(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, ctypes.byref(attributes), ctypes.sizeof(attributes))
    system(MOVE_MOUNT, tree, b"", -100, target.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree)


def main(source, options, target, *paths):
    given = dict(option.split("=", 1) for option in json.loads(options))
    userns = user_namespace(given.pop("uidmap"), given.pop("gidmap"))
    mounts = []
    scratch = tempfile.mkdtemp()
    try:
        lower = []
        for number, directory in enumerate(given["lowerdir"].split(":")):
            lower.append(f"{scratch}/{number}")
            os.mkdir(lower[-1])
            clone(directory, lower[-1], userns)
            mounts.append(lower[-1])
        given["lowerdir"] = ":".join(lower)
        text = ",".join(f"{key}={value}" for key, value in given.items())
        subprocess.run(["mount", "-t", "overlay", "-o", text, source, target], check=True)
        mounts.append(target)
        files = {}
        for path in paths:
            status = os.lstat(f"{target}/{path}")
            with open(f"{target}/{path}", "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            files[path] = {"uid": status.st_uid, "gid": status.st_gid, "sha256": digest}
        # A copy up keeps the owner the container sees.
        os.utime(f"{target}/{paths[0]}")
        print(json.dumps({"files": files, "copied": os.lstat(f"{target}/{paths[0]}").st_uid}))
    finally:
        for mount in reversed(mounts):
            subprocess.run(["umount", mount], check=False)
        for name in os.listdir(scratch):
            os.rmdir(f"{scratch}/{name}")
        os.rmdir(scratch)


if __name__ == "__main__":
    main(*sys.argv[1:])
