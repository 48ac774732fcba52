#!/usr/bin/env python3
"""A foreign CRI client: what critest's image suite asserts (specs/cri-image-service.md 14), from Python's grpcio.

usage: cri_client.py SOCKET REFERENCE... [--latest NAME] [--same-image REFERENCE REFERENCE...]
                     [--user REFERENCE=USER[:GROUP]] [--creds USER:PASSWORD] [--refused REFERENCE]
                     [--missing REFERENCE] [--containerd]

The REFERENCEs are images with a tag, named in full (host, repository, tag), each a different image. All of them are
removed from the node at the beginning and at the end. Prints a line for each check, then "N passed, N failed"; the exit
status is 1 if one failed. Needs grpcio and grpcio-tools; the stubs are made from Sources/GRPC/Protos on the spot.

Not here, since they need containers: 14 is in ContainerdImageTests; 17 to 21, image volumes, cannot be had of a
containerd before 2.1, which ignores Mount.image: ContainerdPodTests+Volumes asks the snapshotter for what 2.1 would.
"""

import argparse
import concurrent.futures
import importlib
import json
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "GRPC" / "Protos"
LIMIT = 16 * 1024 * 1024


def stubs(directory):
    """Generates and imports the messages and the client of image_service.proto."""
    arguments = ["protoc", f"-I{PROTOS}", f"--python_out={directory}", f"--grpc_python_out={directory}"]
    if protoc.main(arguments + [str(PROTOS / "image_service.proto")]) != 0:
        sys.exit("cri_client.py: cannot generate stubs from " + str(PROTOS))
    sys.path.insert(0, directory)
    return importlib.import_module("image_service_pb2"), importlib.import_module("image_service_pb2_grpc")


class Node:
    """The image service, called as the kubelet calls it."""

    def __init__(self, socket, messages, services, creds):
        options = [
            ("grpc.max_receive_message_length", LIMIT),
            ("grpc.max_send_message_length", LIMIT),
            ("grpc.default_authority", "localhost"),
        ]
        self.channel = grpc.insecure_channel("unix://" + socket, options=options)
        self.stub = services.ImageServiceStub(self.channel)
        self.messages = messages
        self.creds = creds

    def spec(self, name):
        return self.messages.ImageSpec(image=name)

    def pull(self, name, timeout=600, creds=None):
        request = self.messages.PullImageRequest(image=self.spec(name))
        # As critest does: a sandbox with nothing but labels.
        request.sandbox_config.labels["io.kubernetes.pod.name"] = "cri-client"
        creds = creds or self.creds
        if creds:
            request.auth.username, request.auth.password = creds.split(":", 1)
        return self.stub.PullImage(request, timeout=timeout).image_ref

    def status(self, name, verbose=False):
        """The answer's image, None if it has none."""
        answer = self.answer(name, verbose)
        return answer.image if answer.HasField("image") else None

    def known(self, name):
        """The status of an image that has to be there."""
        image = self.status(name)
        assert image is not None, f"{name} is not present"
        return image

    def answer(self, name, verbose=False):
        request = self.messages.ImageStatusRequest(image=self.spec(name), verbose=verbose)
        return self.stub.ImageStatus(request, timeout=10)

    def list(self, name=""):
        request = self.messages.ListImagesRequest(filter=self.messages.ImageFilter(image=self.spec(name)))
        return list(self.stub.ListImages(request, timeout=10).images)

    def stream(self):
        return [list(part.images) for part in self.stub.StreamImages(self.messages.StreamImagesRequest(), timeout=10)]

    def remove(self, name):
        self.stub.RemoveImage(self.messages.RemoveImageRequest(image=self.spec(name)), timeout=60)

    def usage(self):
        return self.stub.ImageFsInfo(self.messages.ImageFsInfoRequest(), timeout=10)

    def forget(self, name):
        """critest's set-up: remove the image by its id if it is there."""
        image = self.status(name)
        if image is not None:
            self.remove(image.id)


class Checks:
    """Runs checks one by one and keeps count."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, title, check, *arguments):
        try:
            check(*arguments)
        except grpc.RpcError as error:
            self.fail(title, f"{error.code().name}: {error.details()}")
        except AssertionError as error:
            self.fail(title, str(error) or "assertion failed")
        else:
            self.passed += 1
            print(f"ok    {title}", flush=True)

    def fail(self, title, why):
        self.failed += 1
        print(f"FAIL  {title}: {why}", flush=True)


def equal(found, expected, what):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def failing(code, call, *arguments, **options):
    """The message of the failure that `call` has to end with."""
    try:
        call(*arguments, **options)
    except grpc.RpcError as error:
        equal(error.code(), code, "code")
        return error.details()
    raise AssertionError(f"succeeded, expected {code.name}")


def usage_answers(node):
    answer = node.usage()
    assert len(answer.image_filesystems) >= 1, "no image file system"
    usage = answer.image_filesystems[0]
    assert pathlib.Path(usage.fs_id.mountpoint).is_dir(), f"{usage.fs_id.mountpoint} is no directory"
    assert usage.timestamp > 0, "timestamp is not above 0"
    assert usage.HasField("used_bytes") and usage.HasField("inodes_used"), "no usage"


def public_tag(node, name):
    node.forget(name)
    reference = node.pull(name)
    image = node.known(name)
    equal(reference, image.id, "image_ref")
    assert image.id and image.size > 0, "id or size not set"
    equal(list(image.repo_tags), [name], "repo_tags")
    node.remove(image.id)
    assert node.status(name) is None, "still present after removal by id"


def short_deadline(node, name):
    node.forget(name)
    failing(grpc.StatusCode.DEADLINE_EXCEEDED, node.pull, name, timeout=0.001)
    # And a real pull afterwards is as good as any.
    assert node.pull(name), "no image_ref"


def without_tag(node, name):
    node.forget(name)
    node.pull(name)
    equal(list(node.known(name).repo_tags), [name + ":latest"], "repo_tags")
    node.forget(name)


def by_digest(node, name):
    node.pull(name)
    reference = node.known(name).repo_digests[0]
    node.forget(name)
    node.pull(reference)
    image = node.known(reference)
    equal(list(image.repo_tags), [], "repo_tags")
    equal(list(image.repo_digests), [reference], "repo_digests")
    node.forget(reference)


def same_by_every_name(node, name):
    node.pull(name)
    image = node.known(name)
    for alias in [image.id, image.id.removeprefix("sha256:"), *image.repo_tags, *image.repo_digests]:
        equal(node.status(alias), image, f"status of {alias}")
    assert image in node.list(image.id), "list by id has not the image"


def filtered_list(node, name):
    node.pull(name)
    image = node.known(name)
    equal(node.list(image.id), [image], "list by id")


def verbose(node, name):
    answer = node.answer(name, verbose=True)
    assert "imageSpec" in json.loads(answer.info["info"]), answer.info["info"]
    equal(len(node.answer(name).info), 0, "info when not asked for")


def verbose_of_ours(node, name):
    answer = node.answer(name, verbose=True)
    assert "imagelet" in answer.info, f"info has only {list(answer.info)}"
    own = json.loads(answer.info["imagelet"])
    assert own["strategy"] in ("stream", "prefetch", "pull"), own
    assert own["reasons"] and own["layers"], own


def user(node, name, configured):
    node.pull(name)
    image = node.known(name)
    # The group is nobody's business.
    expected = configured.partition(":")[0]
    found = (image.uid.value if image.HasField("uid") else None, image.username)
    equal(found, (int(expected), "") if expected.isdigit() else (None, expected), "uid and username")


def different_images(node, names):
    ids = {name: node.pull(name) for name in names}
    equal(len(set(ids.values())), len(names), "distinct ids")
    listed = node.list()
    for name, identity in ids.items():
        equal([list(image.repo_tags) for image in listed if image.id == identity], [[name]], f"entries of {name}")


def same_image(node, names):
    # By whatever other name it is here already: gone with this one.
    node.pull(names[0])
    node.forget(names[0])
    ids = {node.pull(name) for name in names}
    equal(len(ids), 1, "distinct ids")
    equal({node.known(name).id for name in names}, ids, "ids by name")
    images = [image for image in node.list() if image.id in ids]
    equal(len(images), 1, "entries")
    equal(sorted(images[0].repo_tags), sorted(names), "repo_tags")


def removal_of_all_names(node, names):
    image = node.known(names[0])
    node.remove(names[0])
    for name in [*names, image.id]:
        assert node.status(name) is None, f"{name} is still present"


def listed_after_pull(node, name):
    node.forget(name)
    identity = node.pull(name)
    equal([image.id for image in node.list()].count(identity), 1, "times listed after the pull")
    assert node.status(name) is not None, "no status after the pull"


def gone_after_removal(node, name):
    identity = node.known(name).id
    node.remove(identity)
    assert identity not in [image.id for image in node.list()], "listed after removal"
    assert node.status(name) is None, "status after removal"


def parallel_removal(node, name):
    identity = node.pull(name)

    def remove(_):
        node.remove(identity)
        return node.status(identity)

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        equal(list(pool.map(remove, range(5))), [None] * 5, "statuses after removal")


def parallel_pulls(node, name):
    node.forget(name)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        ids = list(pool.map(lambda _: node.pull(name), range(5)))
    equal(len(set(ids)), 1, "distinct ids")
    equal(ids[0], node.known(name).id, "id")


def unknown_removal(node):
    for _ in range(2):
        node.remove("0" * 64)


def absent(node, name):
    assert node.status(name) is None, "present"


def streams_what_it_lists(node):
    parts = node.stream()
    assert all(parts), "an empty message"
    streamed = sorted(image.id for part in parts for image in part)
    equal(streamed, sorted(image.id for image in node.list()), "ids")
    equal(len(streamed), len(set(streamed)), "distinct ids")


def does_not_stream(node):
    failing(grpc.StatusCode.UNIMPLEMENTED, node.stream)


def unknown_method(node):
    call = node.channel.unary_unary("/runtime.v1.ImageService/FutureMethod")
    failing(grpc.StatusCode.UNIMPLEMENTED, call, b"", timeout=10)
    call = node.channel.unary_unary("/runtime.v1.FutureService/Version")
    failing(grpc.StatusCode.UNIMPLEMENTED, call, b"", timeout=10)


def unknown_fields(node, name):
    # ImageStatusRequest with field 9999 = "new" besides the image.
    request = node.messages.ImageStatusRequest(image=node.spec(name)).SerializeToString() + b"\xfa\xf0\x04\x03new"
    call = node.channel.unary_unary("/runtime.v1.ImageService/ImageStatus")
    answer = node.messages.ImageStatusResponse.FromString(call(request, timeout=10))
    equal(answer.image, node.known(name), "image")


def large_request(node):
    request = node.messages.ImageStatusRequest(image=node.spec("example.org/a:b"))
    for number in range(12):
        request.image.annotations[f"note-{number}"] = "x" * (1 << 20)
    assert not node.stub.ImageStatus(request, timeout=60).HasField("image"), "present"


def refusals(node, reference, missing, codes):
    if reference:
        try:
            node.pull(reference, creds="nobody:wrong-password")
        except grpc.RpcError as error:
            assert error.code() in codes, f"{error.code().name}: {error.details()}"
            assert "wrong-password" not in error.details(), "the password is in the message"
        else:
            raise AssertionError("succeeded")
    if missing:
        failing(grpc.StatusCode.NOT_FOUND, node.pull, missing)
        absent(node, missing)


def unreachable(node):
    # Port 1 of this machine: connection refused.
    return failing(grpc.StatusCode.UNKNOWN, node.pull, "localhost:1/imagelet/none:1")


def unreachable_as_told(node):
    details = unreachable(node)
    assert details.startswith("RegistryUnavailable"), details


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("socket")
    parser.add_argument("references", nargs="+")
    parser.add_argument("--latest", help="a name without tag that has a tag latest")
    parser.add_argument("--same-image", nargs="+", default=[], help="names of one image, of more than one registry")
    parser.add_argument("--user", action="append", default=[], help="REFERENCE=USER[:GROUP] as in the image's config")
    parser.add_argument("--creds", help="for every pull")
    parser.add_argument("--refused", help="a reference that wrong credentials can't pull")
    parser.add_argument("--missing", help="a reference the registry does not have")
    parser.add_argument("--containerd", action="store_true", help="containerd 1.6 answers, whoever passes it on")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        node = Node(options.socket, *stubs(directory), options.creds)
        checks = Checks()
        names = options.references
        try:
            for name in names:
                node.forget(name)
        except grpc.RpcError as error:
            sys.exit(f"cri_client.py: {options.socket}: {error.code().name}: {error.details()}")
        first = names[0]

        checks.run("ImageFsInfo names a directory and its use", usage_answers, node)
        checks.run("1: pull by tag, status, removal by id", public_tag, node, first)
        checks.run("2: a deadline of 1 ms is exceeded", short_deadline, node, first)
        if options.latest:
            checks.run("3: no tag means latest", without_tag, node, options.latest)
        checks.run("4: a pull by digest has no tags", by_digest, node, first)
        checks.run("5: every name of an image gives the same status", same_by_every_name, node, first)
        checks.run("verbose status tells the image's configuration", verbose, node, first)
        for index, text in enumerate(options.user):
            name, configured = text.rsplit("=", 1)
            checks.run(f"6: user {configured!r}", user, node, name, configured)
        if len(names) > 1:
            checks.run(f"7: {len(names)} images have {len(names)} ids and one tag each", different_images, node, names)
        if len(options.same_image) > 1:
            checks.run("8, 10, 15: several names of one image share an id", same_image, node, options.same_image)
            checks.run("9, 10: removal by one name removes all", removal_of_all_names, node, options.same_image)
        checks.run("12: listed once and known right after the pull", listed_after_pull, node, first)
        checks.run("11: gone right after removal", gone_after_removal, node, first)
        checks.run("13: five removals at once", parallel_removal, node, first)
        checks.run("16: removal of an unknown id, twice", unknown_removal, node)
        checks.run("five pulls at once give one image", parallel_pulls, node, first)
        checks.run("a second pull of a present image gives the same id", lambda: equal(node.pull(first), node.known(first).id, "id"))
        if options.containerd:
            checks.run("StreamImages is unimplemented", does_not_stream, node)
            checks.run("an unreachable registry is told", unreachable, node)
            # containerd tells a refusal in words only.
            refused = (grpc.StatusCode.UNKNOWN,)
        else:
            checks.run("StreamImages sends what ListImages lists", streams_what_it_lists, node)
            # containerd ignores the filter, and takes an empty name for the beginning of any id.
            checks.run("ListImages with a filter lists that image", filtered_list, node, first)
            checks.run("an empty name is absent", absent, node, "")
            checks.run("verbose status tells strategy, reasons and layers", verbose_of_ours, node, first)
            checks.run("an unreachable registry is told as RegistryUnavailable", unreachable_as_told, node)
            refused = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
        checks.run("fields of a later CRI are no error", unknown_fields, node, first)
        checks.run("a malformed name is absent", absent, node, "UPPER CASE//:::")
        checks.run("a request of 12 MiB is read", large_request, node)
        checks.run("unknown methods and services are unimplemented", unknown_method, node)
        if options.refused or options.missing:
            checks.run("refused and missing images have their codes", refusals, node, options.refused, options.missing, refused)

        for name in [*names, *options.same_image, *(text.rsplit("=", 1)[0] for text in options.user)]:
            node.forget(name)
        print(f"{checks.passed} passed, {checks.failed} failed")
        return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
