internal import CCurl
internal import Glibc

extension EasyOptions {
    /// Largest file of certificates that is read.
    private static let maxFile = 8 << 20

    /// - Throws: `tls` naming the file that cannot be used.
    func set(_ tls: TLSOptions, _ label: String) throws(HTTPError) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, tls.skipVerification ? 0 : 1)
        set(CURLOPT_SSL_VERIFYHOST, tls.skipVerification ? 0 : 2)
        if !tls.caFiles.isEmpty {
            // curl takes one bundle: the system's and the extra ones in a row. (Its default directory stays in force.)
            var bundle: [UInt8] = []
            if let system = Self.systemBundle, let bytes = Self.read(system) { bundle += bytes + [0x0A] }
            for path in tls.caFiles {
                guard let bytes = Self.read(path) else {
                    throw HTTPError(
                        .tls, "\(label): cannot read the CA certificates in \(path); check the path and its mode")
                }
                bundle += bytes + [0x0A]
            }
            set(CURLOPT_CAINFO_BLOB, bytes: bundle)
        }
        if let client = tls.clientCertificate {
            for path in [client.certificate, client.key] where Self.read(path) == nil {
                throw HTTPError(.tls, "\(label): cannot read the client certificate or key in \(path)")
            }
            set(CURLOPT_SSLCERT, client.certificate)
            set(CURLOPT_SSLKEY, client.key)
        }
    }

    /// Path of the bundle curl was built to use.
    private static var systemBundle: String? {
        guard let info = unsafe curl_version_info(CURLVERSION_TENTH), let path = unsafe info.pointee.cainfo else {
            return nil
        }
        return unsafe String(cString: path)
    }

    /// A whole file, or nil if it cannot be read or is longer than a certificate file may be.
    private static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = Glibc.close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= maxFile {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            bytes += buffer[..<count]
        }
        return nil
    }
}
