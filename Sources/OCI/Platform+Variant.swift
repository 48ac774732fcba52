extension Platform {
    /// The highest level of the x86-64 psABI that a CPU with these flags (Linux's names, of /proc/cpuinfo) has: `v1` to `v4`.
    package static func amd64Variant(flags: Set<String>) -> String {
        let levels: [[String]] = [
            ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"],
            ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"],
            ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
        ]
        return "v\(1 + levels.prefix { flags.isSuperset(of: $0) }.count)"
    }
}
