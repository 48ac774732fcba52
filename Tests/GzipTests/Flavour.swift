import TestSupport
import Testing

/// Ways of gzip in the wild, each made by the tool that makes them.
struct Flavour: Sendable, CustomTestStringConvertible {
    var name: String
    var command: [String]

    var testDescription: String { name }
    var isAvailable: Bool { Tool.isInstalled(command[0]) }

    static let all = tools + python

    private static let tools = [
        Flavour(name: "gzip -1", command: ["gzip", "-1c"]),
        Flavour(name: "gzip -6", command: ["gzip", "-6c"]),
        Flavour(name: "gzip -9", command: ["gzip", "-9c"]),
        Flavour(name: "pigz", command: ["pigz", "-c", "-b", "128"]),
        Flavour(name: "pigz -i", command: ["pigz", "-ic", "-b", "128"]),
        Flavour(name: "igzip -0", command: ["igzip", "-0", "-c"]),
        Flavour(name: "igzip -3", command: ["igzip", "-3", "-c"]),
    ]

    private static func script(_ name: String, _ body: String) -> Flavour {
        Flavour(name: name, command: ["python3", "-c", prelude + body])
    }

    /// `member` writes one gzip member with any header; `d` is the content.
    private static let prelude = """
        import sys, zlib, struct
        d = sys.stdin.buffer.read()
        out = sys.stdout.buffer
        def member(data, flags=0, fields=b'', flush=None, level=6, first=None, strategy=0):
            head = b'\\x1f\\x8b\\x08' + bytes([flags]) + b'\\0\\0\\0\\0\\0\\xff' + fields
            if flags & 2: head += struct.pack('<H', zlib.crc32(head) & 0xffff)
            c = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
            body = b''
            if first is not None: body += c.flush(first)
            step = flush[1] if flush else len(data) or 1
            for i in range(0, len(data), step):
                body += c.compress(data[i:i + step])
                if flush: body += c.flush(flush[0])
            body += c.flush()
            out.write(head + body + struct.pack('<II', zlib.crc32(data), len(data) & 0xffffffff))

        """

    private static let python = [
        script("stored", "member(d, level=0)"),
        script("fixed codes", "member(d, strategy=zlib.Z_FIXED)"),
        script("huffman only", "member(d, strategy=zlib.Z_HUFFMAN_ONLY)"),
        script("runs", "member(d, strategy=zlib.Z_RLE)"),
        script("sync flush first", "member(d, first=zlib.Z_SYNC_FLUSH)"),
        script("sync flushes", "member(d, flush=(zlib.Z_SYNC_FLUSH, 3000))"),
        script("full flushes", "member(d, flush=(zlib.Z_FULL_FLUSH, 5000))"),
        script("partial flushes", "member(d, flush=(zlib.Z_PARTIAL_FLUSH, 777))"),
        script("block flushes", "member(d, flush=(zlib.Z_BLOCK, 777))"),
        script("name", "member(d, 8, b'layer.tar\\0')"),
        script("comment", "member(d, 16, b'a comment\\0')"),
        script("extra field", "member(d, 4, struct.pack('<H', 300) + b'x' * 300)"),
        script("empty extra field", "member(d, 4, struct.pack('<H', 0))"),
        script("header checksum", "member(d, 2)"),
        script("all fields", "member(d, 30, struct.pack('<H', 4) + b'abcd' + b'n\\0' + b'c\\0')"),
        script("empty name", "member(d, 8, b'\\0')"),
        script("empty members around", "member(b''); member(b'', 8, b'x\\0'); member(d); member(b'')"),
        script(
            "many members",
            "[member(d[i:i + 7001], 31 & i, (struct.pack('<H', 3) + b'abc' if i & 4 else b'') + "
                + "(b'name\\0' if i & 8 else b'') + (b'comment\\0' if i & 16 else b'')) for i in range(0, len(d), 7001)]"
        ),
        script("tiny members", "[member(d[i:i + 11]) for i in range(0, 40000, 11)]; member(d[40007:])"),
        script("members of one byte", "[member(d[i:i + 1]) for i in range(0, 2000)]; member(d[2000:])"),
    ]
}
