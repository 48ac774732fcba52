#!/usr/bin/env python3
"""A foreign gRPC client for tests: JSON lines in, JSON lines out.

usage: pods.py PROTO...

Knows the services of the PROTO files. A line on standard input is a call:

    {"id": 1, "socket": "/path", "method": "RunPodSandbox", "body": {...}, "metadata": {...}, "timeout": 60}

The method is a name, Service/Method where two services share it, or a path with a slash in front. Such a path needs no
PROTO: instead of "body" the call then has "bytes", the message in base64, and so has the answer; "streams": true says
that the answer is a stream. {"cancel": 1} hangs up. A line on standard output is an outcome, in the order they come:

    {"id": 1, "answer": {...}}     {"id": 2, "answers": [{...}, ...]}     {"id": 3, "code": "NOT_FOUND", "message": "..."}

Messages are in the JSON form of protobuf with the names of the PROTO files. Ends with its input. Needs grpcio and
grpcio-tools.
"""

import base64
import json
import pathlib
import sys
import tempfile
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

LIMIT = 16 * 1024 * 1024


class Method:
    """Where a call goes and how its messages are written."""

    def __init__(self, path, streams, encode, decode):
        self.path, self.streams, self.encode, self.decode = path, streams, encode, decode

    @staticmethod
    def described(method):
        def message(descriptor):
            return message_factory.GetMessageClass(descriptor)

        def encode(call):
            return json_format.ParseDict(call.get("body", {}), message(method.input_type)()).SerializeToString()

        def decode(answer):
            found = message(method.output_type).FromString(answer)
            return json_format.MessageToDict(found, preserving_proto_field_name=True)

        path = f"/{method.containing_service.full_name}/{method.name}"
        return Method(path, method.server_streaming, encode, decode)

    @staticmethod
    def raw(path, streams):
        return Method(
            path, streams, lambda call: base64.b64decode(call.get("bytes", "")),
            lambda answer: {"bytes": base64.b64encode(answer).decode()})


def described_methods(protos):
    """The methods of .proto files by name and by Service/Method."""
    pool = descriptor_pool.DescriptorPool()
    methods = {}
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory) / "descriptors"
        for proto in map(pathlib.Path, protos):
            include = pathlib.Path(protoc.__file__).parent / "_proto"
            arguments = ["protoc", f"-I{proto.parent}", f"-I{include}", f"--descriptor_set_out={output}", "--include_imports"]
            if protoc.main([*arguments, str(proto)]) != 0:
                sys.exit(f"pods.py: cannot read {proto}")
            for file in descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file:
                pool.Add(file)
                for service in file.service:
                    found = pool.FindServiceByName(f"{file.package}.{service.name}")
                    for method in found.methods:
                        methods[f"{service.name}/{method.name}"] = methods[method.name] = Method.described(method)
    return methods


class Client:
    def __init__(self, methods):
        self.methods = methods
        self.channels = {}
        self.calls = {}
        self.lock = threading.Lock()

    def channel(self, socket):
        if socket not in self.channels:
            options = [
                ("grpc.max_receive_message_length", LIMIT), ("grpc.max_send_message_length", LIMIT),
                ("grpc.default_authority", "localhost"),
                # A daemon that comes back is found at once.
                ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200),
                ("grpc.min_reconnect_backoff_ms", 50),
            ]
            self.channels[socket] = grpc.insecure_channel("unix://" + socket, options=options)
        return self.channels[socket]

    def say(self, identifier, **outcome):
        with self.lock:
            self.calls.pop(identifier, None)
            print(json.dumps({"id": identifier, **outcome}), flush=True)

    def failed(self, identifier, error):
        self.say(identifier, code=error.code().name, message=error.details() or "")

    def begin(self, call):
        identifier, name = call["id"], call["method"]
        method = Method.raw(name, call.get("streams", False)) if name.startswith("/") else self.methods[name]
        channel = self.channel(call["socket"])
        options = {
            "timeout": call.get("timeout", 120), "metadata": list(call.get("metadata", {}).items()),
            "wait_for_ready": call.get("waits", False),
        }
        request = method.encode(call)
        if method.streams:
            answers = channel.unary_stream(method.path)(request, **options)
            with self.lock:
                self.calls[identifier] = answers
            threading.Thread(target=self.collect, args=(identifier, method, answers), daemon=True).start()
        else:
            future = channel.unary_unary(method.path).future(request, **options)
            with self.lock:
                self.calls[identifier] = future
            future.add_done_callback(lambda future: self.end(identifier, method, future))

    def end(self, identifier, method, future):
        try:
            self.say(identifier, answer=method.decode(future.result()))
        except grpc.FutureCancelledError:
            self.say(identifier, code="CANCELLED", message="by this client")
        except grpc.RpcError as error:
            self.failed(identifier, error)

    def collect(self, identifier, method, answers):
        try:
            self.say(identifier, answers=[method.decode(answer) for answer in answers])
        except grpc.RpcError as error:
            self.failed(identifier, error)

    def cancel(self, identifier):
        with self.lock:
            call = self.calls.get(identifier)
        if call is not None:
            call.cancel()


def main():
    client = Client(described_methods(sys.argv[1:]))
    for line in sys.stdin:
        call = json.loads(line)
        if "cancel" in call:
            client.cancel(call["cancel"])
            continue
        try:
            client.begin(call)
        except Exception as error:
            client.say(call["id"], code="CLIENT", message=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
