import Foundation
internal import OCI
import TestSupport

/// A sandbox that runs.
struct Pod: Sendable {
    var id: String
    /// What it was made from, which every container needs again.
    var config: JSONValue
    var logDirectory: String { config.at("log_directory").text }
}

extension ContainerNode {
    /// Pulls as the kubelet does, with the pod's annotations.
    /// - Returns: `image_ref`, the image's id.
    @discardableResult
    func pull(_ image: String, _ strategy: String? = nil, credentials: (String, String)? = nil) async throws -> String {
        try await client.call("PullImage", pullRequest(image, strategy, credentials: credentials), at: imageSocket)
            .at("image_ref").text
    }

    func pullRequest(
        _ image: String, _ strategy: String? = nil, credentials: (user: String, password: String)? = nil
    ) -> JSONValue {
        var request: [String: JSONValue] = ["image": ["image": "\(image)"], "sandbox_config": sandbox(strategy)]
        if let credentials {
            request["auth"] = ["username": "\(credentials.user)", "password": "\(credentials.password)"]
        }
        return .object(request)
    }

    private func sandbox(_ strategy: String?) -> JSONValue {
        let uid = UUID().uuidString
        return [
            "metadata": ["name": "pod-\(uid)", "uid": "\(uid)", "namespace": "tests"],
            "log_directory": "\(containerd.directory)/logs/\(uid)",
            "annotations": strategy.map { ["imagelet.dev/strategy": "\($0)"] } ?? [:],
            "linux": [
                "cgroup_parent": "\(containerd.controlGroup)",
                "security_context": ["namespace_options": ["network": "NODE"]],
            ],
        ]
    }

    // The kubelet calls the runtime at containerd's own socket; some use one socket for both services.

    /// - Parameter handler: the runtime handler of the pod's RuntimeClass; empty for the default.
    func runPod(at socket: String? = nil, handler: String = "") async throws -> Pod {
        let config = sandbox(nil)
        let request: JSONValue = ["config": config, "runtime_handler": "\(handler)"]
        let answer = try await client.call("RunPodSandbox", request, at: socket ?? containerd.socket)
        return Pod(id: answer.at("pod_sandbox_id").text, config: config)
    }

    func remove(_ pod: Pod, at socket: String? = nil) async throws {
        let request: JSONValue = ["pod_sandbox_id": "\(pod.id)"]
        for method in ["StopPodSandbox", "RemovePodSandbox"] {
            _ = try await client.call(method, request, at: socket ?? containerd.socket)
        }
    }

    /// Runs `body` with a pod of its own, which is removed with all its containers.
    func withPod<R>(handler: String = "", _ body: (Pod) async throws -> R) async throws -> R {
        let pod = try await runPod(handler: handler)
        do {
            let result = try await body(pod)
            try await remove(pod)
            return result
        } catch {
            // The node goes as a whole if this fails too.
            try? await remove(pod)
            throw error
        }
    }

    /// Creates and starts a container.
    /// - Parameters:
    ///   - specified: the image as the pod's manifest has it, if `image` is an id.
    ///   - name: of the container and its log.
    func start(
        _ image: String, specified: String = "", _ command: [String] = forever, in pod: Pod, name: String = "main",
        at socket: String? = nil
    ) async throws -> String {
        let container = try await create(image, specified: specified, command, in: pod, name: name, at: socket)
        let socket = socket ?? containerd.socket
        _ = try await client.call("StartContainer", ["container_id": "\(container)"], at: socket)
        return container
    }

    /// Creates a container that is not started yet.
    func create(
        _ image: String, specified: String = "", _ command: [String] = forever, in pod: Pod, name: String = "main",
        at socket: String? = nil
    ) async throws -> String {
        let socket = socket ?? containerd.socket
        let config: JSONValue = [
            "metadata": ["name": "\(name)"],
            "image": ["image": "\(image)", "user_specified_image": "\(specified)"],
            "command": .array(command.map { .string($0) }), "log_path": "\(name).log",
        ]
        let request: JSONValue = ["pod_sandbox_id": "\(pod.id)", "config": config, "sandbox_config": pod.config]
        return try await client.call("CreateContainer", request, at: socket).at("container_id").text
    }

    /// What a command prints in a container; one that fails is an error.
    @discardableResult
    func exec(_ words: String..., in container: String) async throws -> String {
        let request: JSONValue = [
            "container_id": "\(container)", "cmd": .array(words.map { .string($0) }), "timeout": 100,
        ]
        let answer = try await client.call("ExecSync", request, at: containerd.socket)
        func text(_ key: String) -> String {
            String(decoding: Data(base64Encoded: answer.at(key).text) ?? Data(), as: UTF8.self)
        }
        guard answer.at("exit_code").number == 0 else {
            throw Tool.Failure(description: "\(words) in a container: \(text("stderr"))")
        }
        return text("stdout")
    }

    /// The log of a container so far, as the kubelet would read it.
    func log(of name: String = "main", in pod: Pod) -> String {
        (try? String(contentsOfFile: pod.logDirectory + "/\(name).log", encoding: .utf8)) ?? ""
    }

    func stop(_ container: String) async throws {
        // No grace: nothing here has anything to finish.
        _ = try await client.call("StopContainer", ["container_id": "\(container)"], at: containerd.socket)
    }

    func removeContainer(_ container: String) async throws {
        _ = try await client.call("RemoveContainer", ["container_id": "\(container)"], at: containerd.socket)
    }
}
