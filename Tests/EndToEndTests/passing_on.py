#!/usr/bin/env python3
"""What passes through a server in front of a container runtime: each call is made twice, of the runtime directly and
through the front, and has to come out the same.

usage: passing_on.py RUNTIME FRONT

The runtime is this program: it listens on the Unix socket RUNTIME and answers every method there may be, in any form of
streaming, with the bytes and the metadata of the request, or as that asks for. The server that listens on the Unix
socket FRONT is to pass calls on to it. Compared is all that either end received: metadata and messages there; metadata
before and after, messages, code and text here. Prints a line for each check, then "N passed, N failed"; the exit status
is 1 if one failed. Needs grpcio.
"""

import concurrent.futures
import queue
import sys

import grpc

DETAILS = b"\x08\x05\x12\x02no\x1a\x04\x0a\x00\xff\x00"
WORDS = "wörds of the runtime: 100 %\n"


def grouped(metadata):
    """The values of each key, in order. The order of keys means nothing."""
    result = {}
    for key, value in metadata or []:
        result.setdefault(key, []).append(value)
    return result


class Runtime(grpc.GenericRpcHandler):
    """Answers as the keys of a call's metadata say: x-answer-bin (this message, when all have come), x-refuse (a code)
    and x-when (first: before anything else; last: after answers)."""

    def __init__(self):
        self.received = {}

    def service(self, call):
        def answer(requests, context):
            return self.answer(call.method, requests, context)

        # Without (de)serializers: bytes.
        return grpc.stream_stream_rpc_method_handler(answer)

    def answer(self, method, requests, context):
        metadata = context.invocation_metadata()
        asked = dict(metadata)
        messages = []
        self.received[asked.get("x-check")] = (method, grouped(metadata), messages)
        echo = [(key, value) for key, value in metadata if key.startswith("x-")]
        answers = "x-refuse" not in asked or asked.get("x-when") == "last"
        if asked.get("x-when") == "first":
            self.refuse(asked, echo, context)
        if answers:
            context.send_initial_metadata(echo)
        for request in requests:
            messages.append(request)
            if answers and "x-answer-bin" not in asked:
                yield request
        if "x-refuse" in asked:
            self.refuse(asked, echo, context)
        if "x-answer-bin" in asked:
            yield asked["x-answer-bin"]
        context.set_trailing_metadata([("x-after", "all")] + echo)

    def refuse(self, asked, echo, context):
        context.set_trailing_metadata([("grpc-status-details-bin", DETAILS)] + echo)
        context.abort(code_of(int(asked["x-refuse"])), WORDS)


def code_of(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


# Messages, as the kubelet of some later year would send them: of each, the fields that our proto knows come first, so
# that a message taken apart and put together is the same bytes.


def number(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + number(value >> 7)


def field(index, value):
    """A field with a number, or else with bytes or a message."""
    if isinstance(value, int):
        return number(index << 3) + number(value)
    return number(index << 3 | 2) + number(len(value)) + value


def entry(key, value):
    return field(1, key) + field(2, value)


def pull(image):
    spec = field(1, image) + field(2, entry(b"annotation", b"1")) + field(19, b"handler") + field(21, b"later")
    auth = field(1, b"user") + field(2, b"secret") + field(7, b"\xff\x00")
    metadata = field(1, b"pod") + field(2, b"uid") + field(3, b"space") + field(4, 3) + field(5, 1 << 40)
    options = field(5, field(1, 2) + field(4, b"later")) + field(9, 1)
    resources = field(1, 100000) + field(2, 50000) + field(9, entry(b"memory.high", b"1")) + field(30, b"later")
    linux = field(1, b"/kubepods") + field(2, field(1, options) + field(2, b"selinux")) + field(3, entry(b"a", b"b"))
    linux += field(4, resources) + field(5, resources)
    sandbox = field(1, metadata) + field(6, entry(b"label", b"1")) + field(8, linux) + field(9, b"\xff") + field(77, 7)
    return field(1, spec) + field(2, auth) + field(3, sandbox) + field(18, linux) + field(19, 1 << 60)


def file_systems():
    usage = field(1, 1700000000000000000) + field(2, field(1, b"/") + field(9, b"later")) + field(3, field(1, 5))
    return field(1, usage + field(8, 1)) + field(2, usage) + field(3, usage)


def fields(message):
    """The fields of a message that has only such with bytes, in order."""
    result = []
    while message:
        assert message[0] & 7 == 2 and message[0] < 128
        length, shift, message = 0, 0, message[1:]
        while True:
            (byte, message) = (message[0], message[1:])
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        result.append(message[:length])
        message = message[length:]
    return result


class Checks:
    METADATA = [
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "a=1,b=2"),
        ("x-text", "one"), ("x-text", "a, b; %20 ~"), ("x-blob-bin", bytes(range(256))), ("x-blob-bin", b"\xff"),
        ("x-blob-bin", b"ab"),
    ]

    def __init__(self, runtime_socket, front_socket):
        self.runtime = Runtime()
        self.passed = self.failed = 0
        sizes = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        threads = concurrent.futures.ThreadPoolExecutor(max_workers=16)
        self.server = grpc.server(threads, [self.runtime], options=sizes)
        self.server.add_insecure_port("unix://" + runtime_socket)
        self.server.start()
        options = [*sizes, ("grpc.default_authority", "localhost")]
        sockets = (runtime_socket, front_socket)
        self.channels = [grpc.insecure_channel("unix://" + socket, options=options) for socket in sockets]

    def outcome(self, channel, name, method, messages, asking):
        """All that either end sees of a call. messages(answers): an iterator that may wait for them; None ends them."""
        answered = queue.Queue()
        metadata = [*self.METADATA, ("x-check", name), *asking.items()]
        call = channel.stream_stream(method)(messages(answered), metadata=metadata, timeout=120)
        answers = []
        try:
            for answer in call:
                answers.append(answer)
                answered.put(answer)
        except grpc.RpcError:
            pass
        finally:
            answered.put(None)
        there = self.runtime.received.pop(name, None)
        return {
            "there": there, "before": grouped(call.initial_metadata()), "answers": answers,
            "after": grouped(call.trailing_metadata()), "code": call.code(), "words": call.details(),
        }

    def same(self, name, method, messages, expected=None, answer=None, refuse=None, when=None):
        """expected(direct, through): whether the answers are as they are to be; None: the same."""
        asking = {"x-answer-bin": answer, "x-refuse": refuse and str(refuse), "x-when": when}
        asking = {key: value for key, value in asking.items() if value is not None}
        if not callable(messages):
            fixed = messages

            def messages(answered):
                return iter(fixed)

        direct, through = (self.outcome(channel, name, method, messages, asking) for channel in self.channels)
        # That there is anything to compare.
        assert direct["after"].get("x-blob-bin") == [bytes(range(256)), b"\xff", b"ab"], direct
        assert direct["there"][1]["traceparent"], direct
        assert (direct["code"] == grpc.StatusCode.OK) == ("x-refuse" not in asking), direct
        differing = [key for key in direct if direct[key] != through[key] and not (key == "answers" and expected)]
        if expected and not expected(direct["answers"], through["answers"]):
            differing.append("answers")
        self.passed, self.failed = self.passed + (not differing), self.failed + bool(differing)
        print(f"{'failed' if differing else 'passed'}: {name}")
        for key in differing:
            print(f"  {key}: {str(direct[key])[:1500]}\n  became {str(through[key])[:1500]}")

    def everything_else(self):
        future = "/future.v9.Service/Anything"
        noise = bytes(range(256)) * 3
        self.same("a method nobody knows", future, [noise])
        self.same("no bytes", future, [b""])
        self.same("no message", future, [])
        self.same("a message of nearly 16 MiB", future, [noise[1:] * 21800])
        self.same("a method of the runtime", "/runtime.v1.RuntimeService/RunPodSandbox", [pull(b"a")])
        self.same("a method of the image service", "/runtime.v1.ImageService/ListImages", [pull(b"a")])
        many = [noise[at:] for at in range(200)]
        self.same("many messages each way", future, many)
        self.same("many messages, one answer", future, many, answer=noise)
        self.same("each message after the answer to the last", future, in_turns)
        for code in (2, 5, 14):
            self.same(f"a refusal with code {code}", future, [noise], refuse=code)
        self.same("a refusal before anything", future, [noise], refuse=7, when="first")
        self.same("a refusal after answers", future, many, refuse=3, when="last")
        for time in range(6):
            self.same(f"a refusal while messages are sent, {time}", future, until_refused, refuse=8, when="first")

    def ours(self):
        service = "/runtime.v1.ImageService/"
        pulled = field(1, b"sha256:id") + field(2, b"later") + field(1000, b"\xff")
        # A name that is none the runtime gets at once; the registry of the other one does not answer.
        for image in (b"NO NAME//:::", b"127.0.0.1:1/a:v1"):
            self.same(f"PullImage of {image.decode()}", service + "PullImage", [pull(image)], answer=pulled)
        # NOT_FOUND of a pull is asked again.
        for code in (2, 5, 16):
            name = f"PullImage, refused with code {code}"
            self.same(name, service + "PullImage", [pull(b"NO NAME//:::")], refuse=code)
        removed = field(7, b"later")
        self.same("RemoveImage", service + "RemoveImage", [pull(b"127.0.0.1:1/a:v1")], answer=removed)
        self.same("RemoveImage, refused", service + "RemoveImage", [pull(b"a")], refuse=9)
        asked = field(3, b"later")
        self.same("ImageFsInfo", service + "ImageFsInfo", [asked], answer=file_systems(), expected=with_one_more)
        self.same("ImageFsInfo, refused", service + "ImageFsInfo", [asked], refuse=13)


def in_turns(answered):
    for turn in range(20):
        yield b"turn %d" % turn
        answered.get(timeout=60)


def until_refused(answered):
    while answered.empty():
        yield bytes(1000)


def with_one_more(direct, through):
    """Among image file systems, imagelet's own."""
    if len(through) != 1:
        return False
    theirs, ours = fields(direct[0]), fields(through[0])
    return len(ours) == len(theirs) + 1 and ours[:1] + ours[2:] == theirs


def main():
    checks = Checks(*sys.argv[1:])
    checks.everything_else()
    checks.ours()
    checks.server.stop(None)
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed > 0)


if __name__ == "__main__":
    main()
