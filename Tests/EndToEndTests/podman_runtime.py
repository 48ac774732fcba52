#!/usr/bin/env python3
"""Podman as a container runtime: stands in for CRI-O, which Debian does not have, where only its storage matters.

usage: podman_runtime.py SOCKET SERVICE GRAPHROOT

Serves on SOCKET what the tests need of CRI: Version, and the image service. Pulls are those of a podman that runs on and keeps its view of its
stores (`podman system service` at SERVICE, a Unix socket), as CRI-O's process does; all else asks the same one. So what is under test is
the library that CRI-O stores images by, containers/storage, behind a real socket; CRI-O's own code is not. Answers have CRI-O's form: ids are
bare hashes, the image file system is GRAPHROOT/overlay-images, an absent image is removed.

Prints "serving". Needs podman, grpcio and grpcio-tools; the environment says which configuration podman reads.
"""

import concurrent.futures
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import grpc
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    """What podman said."""


class Podman:
    def __init__(self, service):
        self.command = ["podman", "--remote", "--url", "unix://" + service]

    def __call__(self, *words):
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr.strip())
        return done.stdout

    def inspect(self, name):
        """The image's own facts; None if there is no such image."""
        try:
            return json.loads(self("image", "inspect", name))[0]
        except Failed as error:
            if "no such image" in str(error) or "not known" in str(error):
                return None
            raise

    def images(self):
        ids = self("images", "--all", "--quiet", "--no-trunc").split()
        return [found for found in map(self.inspect, sorted(set(ids))) if found]


class Runtime:
    """The services, each method as gRPC calls it."""

    def __init__(self, podman, graph_root, messages):
        self.podman, self.graph_root, self.messages = podman, graph_root, messages

    def Version(self, request, context):
        version = self.podman("version", "--format", "{{.Server.Version}}").strip()
        return self.messages.VersionResponse(
            version="0.1.0", runtime_name="podman", runtime_version=version, runtime_api_version="v1")

    def image(self, found):
        return self.messages.Image(
            id=found["Id"].removeprefix("sha256:"), repo_tags=found["RepoTags"] or [],
            repo_digests=found["RepoDigests"] or [], size=found["Size"], username=found["User"])

    def ListImages(self, request, context):
        name = request.filter.image.image
        found = self.podman.images() if not name else filter(None, [self.podman.inspect(name)])
        return self.messages.ListImagesResponse(images=map(self.image, found))

    def ImageStatus(self, request, context):
        found = self.podman.inspect(request.image.image)
        return self.messages.ImageStatusResponse(image=self.image(found) if found else None)

    def PullImage(self, request, context):
        credentials = []
        if request.auth.username:
            credentials = ["--creds", f"{request.auth.username}:{request.auth.password}"]
        image = self.podman("pull", "--quiet", *credentials, request.image.image).split()[-1]
        return self.messages.PullImageResponse(image_ref=image)

    def RemoveImage(self, request, context):
        if self.podman.inspect(request.image.image):
            self.podman("rmi", request.image.image)
        return self.messages.Nothing()

    def ImageFsInfo(self, request, context):
        directory = self.graph_root + "/overlay-images"
        answer = self.messages.ImageFsInfoResponse()
        for systems in (answer.image_filesystems, answer.container_filesystems):
            usage = systems.add(timestamp=time.time_ns())
            usage.fs_id.mountpoint = directory
            usage.used_bytes.value = sum(file.stat().st_size for file in pathlib.Path(directory).rglob("*") if file.is_file())
            usage.inodes_used.value = 1
        return answer


def answering(method):
    """The method with podman's failures as CRI-O's: code UNKNOWN, the text its own."""

    def answer(request, context):
        try:
            return method(request, context)
        except Failed as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answer


def main():
    socket, service, graph_root = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        if protoc.main(["protoc", f"-I{HERE}", f"--python_out={directory}", str(HERE / "runtime.proto")]) != 0:
            sys.exit("podman_runtime.py: cannot read runtime.proto")
        sys.path.insert(0, directory)
        messages = importlib.import_module("runtime_pb2")
    podman = Podman(service)
    # CRI-O opens its store when it starts.
    podman("images", "--quiet")
    runtime = Runtime(podman, graph_root, messages)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
    for name, methods in {
        "RuntimeService": ["Version"],
        "ImageService": ["ListImages", "ImageStatus", "PullImage", "RemoveImage", "ImageFsInfo"],
    }.items():
        described = messages.DESCRIPTOR.services_by_name[name].methods_by_name
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(
                answering(getattr(runtime, method)),
                request_deserializer=getattr(messages, described[method].input_type.name).FromString,
                response_serializer=getattr(messages, described[method].output_type.name).SerializeToString)
            for method in methods
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("runtime.v1." + name, handlers),))
    server.add_insecure_port("unix://" + socket)
    server.start()
    print("serving", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
