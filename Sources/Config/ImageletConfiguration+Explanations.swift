extension ImageletConfiguration {
    /// What each key is for, as `manifests/config.yaml` and `imagelet config reference` say it; by its path from the top. What may stand
    /// there, and the default, they take from the types.
    static let explanations: [String: String] = [
        "rootDirectory": """
        Where images, layers and the state database live; on a local file system with room for the images.
        """,
        "runtime": """
        The container runtime behind imagelet. With none it is a complete image service by itself; with
        containerd, set up as in containerd/*.toml beside this file, it prepares layers, gives them to containerd
        as snapshots and passes the CRI on to it; with crio, set up as in crio/ beside this file, it lists them in
        an image store that CRI-O reads beside its own.
        """,
        "runtimeHandlers": """
        With containerd 1.7 and later, the runtime handlers (RuntimeClass) whose snapshotter imagelet is, where
        another is the node's own: images for other pods are passed on untouched. Empty: imagelet is the
        snapshotter of the whole node.
        """,
        "idMappedMounts": """
        Whether containerd (2.0 and later) was told that layers can be mounted with a pod's own user ids: its
        proxy plugin has `capabilities = ["remap-ids"]`. Pods with user namespaces stream then like others; without,
        their images are pulled plainly. Needs Linux 6.12.
        """,
        "sockets": "Unix sockets; ours are made with mode 0600. All must differ.",
        "sockets.cri": """
        The CRI image service: what the kubelet's --image-service-endpoint and crictl are pointed at.
        """,
        "sockets.admin": "What `imagelet status`, `mount` and `unmount` ask.",
        "sockets.snapshots": """
        Where containerd asks for snapshots: the address of its proxy plugin. Made with `runtime: containerd`
        only.
        """,
        "sockets.runtime":
            "The runtime's own socket, which imagelet connects to; with `runtime: crio` by default /var/run/crio/crio.sock.",
        "policy": """
        How it is decided whether an image is streamed, prefetched or pulled. `imagelet explain IMAGE` says what
        follows from it.
        """,
        "policy.streamThreshold": "Images of at most this compressed size are pulled plainly.",
        "policy.smallLayer": """
        Layers smaller than this need no table of contents for their image to stream: they are fetched whole
        beside it.
        """,
        "policy.rules": """
        Strategies for images by name; the first rule that matches counts, a pod's annotation
        imagelet.dev/strategy before all. Names are full: docker.io/library/python:3.12, not python:3.12. A
        pattern without tag takes every tag.
        For example:
          rules:
            - match: "registry.example/models/**"
              strategy: prefetch
            - match: "docker.io/library/python:3.*"
              strategy: stream
        """,
        "registries": "Where registries are, and how one logs in.",
        "registries.hostsDirectories": """
        Directories in containerd's certs.d layout (HOST/hosts.toml), searched in order; the first that has a
        directory for a host decides about it. Those that do not exist are passed over.
        """,
        "registries.dockerConfig": """
        A Docker config.json with logins and credential helpers, for requests that bring no credentials of their
        own.
        """,
        "registries.credentialProviders": """
        The kubelet's plugins that give credentials (ECR, GCR, ACR and others), asked before dockerConfig. With
        both keys as the kubelet has them, images stay readable longer than the credentials of their pull live.
        Plugins that want a pod's service account are left out.
        """,
        "registries.credentialProviders.config": """
        The file given to the kubelet as --image-credential-provider-config.
        """,
        "registries.credentialProviders.binDirectory": """
        The directory given to the kubelet as --image-credential-provider-bin-dir.
        """,
        "registries.plainHTTPHosts": """
        Hosts that are spoken to without TLS although they are not on this machine.
        """,
        "transfers": "How bytes move.",
        "transfers.maxConcurrent": "Requests for blobs in flight at once, all layers together.",
        "transfers.readTimeout": "How long a reader waits for bytes that do not come before its read fails.",
        "fill": "Bringing in the rest of streamed layers in the background.",
        "fill.enabled": "Whether streamed layers become complete by themselves.",
        "fill.quietPeriod": "How long nothing of a layer was asked for before its fill begins.",
        "layers": "How layers are shown to containers.",
        "layers.directMounts": """
        Whether complete layers are mounted as EROFS file systems, which the kernel reads without imagelet (Linux 6.12 and later). What is
        in use when this is changed stays as it is.
        """,
        "cache": "How much of the disk fetched layers may take. What is given up streams again when it is read.",
        "cache.maxBytes": """
        Most bytes of fetched layers on the disk; beyond it segments go, those that were not read for longest first. Those whose registry does
        not answer for them stay.
        """,
        "cache.minFreeBytes": "Bytes that stay free on the volume, by the same means.",
        "cache.evictionThreshold": """
        The kubelet's threshold imagefs.available (evictionHard), below which it removes images and evicts pods. Neither background fills nor
        layers that are fetched whole take the volume below it; their images stream, or their pulls fail.
        """,
        "metrics": """
        Metrics and health over HTTP: /metrics for Prometheus, /livez and /readyz for probes; without TLS and without a login.
        """,
        "metrics.address": """
        Where they are served, such as 127.0.0.1:9117; null: nowhere. Whoever can connect may read them; a Unix socket is root's.
        """,
        "traces": "Pulls, fills and the waits of readers as traces of OpenTelemetry.",
        "traces.endpoint": """
        Where a collector takes OTLP over HTTP as JSON, such as http://127.0.0.1:4318/v1/traces; null: nowhere. Names of images and
        files are in it.
        """,
        "log": """
        What is written to standard error; under systemd that is the journal. `imagelet log-level` changes it until the next reload.
        """,
        "log.level": "The least important lines to write.",
        "log.levels": "The same for single parts of the daemon; null: as above.",
        "log.levels.cri": "Requests of the kubelet and crictl.",
        "log.levels.snapshots": "Requests of containerd for snapshots.",
        "log.levels.images": "Pulls and what they decide.",
        "log.levels.registry": "Talk with registries.",
        "log.levels.layers": "Transfers, fill and checks of layers.",
        "log.levels.store": "Reads of the mounted layers.",
        "log.levels.daemon": "Start, stop, sockets and all that belongs to no other part.",
    ]
}
