# Sourced by hack/quickstart and hack/bench: a registry, a link and a daemon of their own, on loopback, all stopped at the end.
# Needs $work (a temporary directory) and $imagelet (the binary; build_imagelet sets it).

pids=()
mounts=()

# clear_away DIRECTORY: with what is still mounted below it, such as images of layers that the kernel reads.
clear_away() {
    local mount
    for mount in $(awk -v place="$1/" 'index($5, place) == 1 { print $5 }' /proc/self/mountinfo | tac); do umount -l "$mount"; done
    rm -rf --one-file-system "$1"
}

cleanup() {
    local status=$? pid mount
    trap - EXIT
    # What is gone already must not end the clearing away.
    set +e
    for mount in "${mounts[@]}"; do "$imagelet" unmount --admin "unix://$work/node/admin.sock" "$mount" >/dev/null 2>&1 || umount -l "$mount" 2>/dev/null; done
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
    clear_away "$work"
    exit "$status"
}

# build_imagelet: the binary as it is shipped, without a Swift runtime beside it.
build_imagelet() {
    local flags=(-c release --static-swift-stdlib)
    swift build "${flags[@]}" --product imagelet
    imagelet=$(swift build "${flags[@]}" --show-bin-path)/imagelet
}

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
mib() { awk -v n="$1" 'BEGIN { printf "%.1f", n / 1048576 }'; }

# wait_for WHAT COMMAND...: until the command succeeds, $patience seconds at most, or 30.
wait_for() {
    local what=$1 i
    shift
    for ((i = 0; i < 10 * ${patience:-30}; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "$what: not within ${patience:-30} s" >&2
    return 1
}

# start_registry: Debian's docker-registry; sets $registry to host:port.
start_registry() {
    local port
    port=$(free_port)
    registry=127.0.0.1:$port
    cat >"$work/registry.yml" <<YAML
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $work/registry }, delete: { enabled: true } }
http: { addr: "$registry" }
YAML
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
    pids+=($!)
    wait_for "the registry" curl -fsS "http://$registry/v2/"
}

# start_link RATE RTT: a shaped way to the registry; sets $link to its host:port, counts into $work/link.count.
start_link() {
    local port
    port=$(free_port)
    link=127.0.0.1:$port
    python3 "$here/shaped-link" --listen "$link" --to "$registry" ${1:+--rate "$1"} ${2:+--rtt "$2"} --count "$work/link.count" \
        >"$work/link.log" 2>&1 &
    link_pid=$!
    pids+=("$link_pid")
    wait_for "the link" curl -fsS "http://$link/v2/"
}

# carried: bytes that came over the link so far; 0 without one.
carried() {
    [ -e "$work/link.count" ] || { echo 0; return; }
    # The count is written ten times a second.
    sleep 0.2
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["down"])' "$work/link.count"
}

# start_node: a fresh daemon; its root is $work/node.
start_node() {
    stop_node
    mkdir -p "$work/node"
    cat >"$work/node/config.yaml" <<YAML
apiVersion: imagelet.dev/v1alpha1
kind: ImageletConfiguration
rootDirectory: $work/node/root
sockets:
  cri: $work/node/imagelet.sock
  admin: $work/node/admin.sock
YAML
    "$imagelet" serve --config "$work/node/config.yaml" >"$work/node/log" 2>&1 &
    node_pid=$!
    pids+=("$node_pid")
    wait_for "the daemon" test -S "$work/node/admin.sock" || { cat "$work/node/log" >&2; return 1; }
    export IMAGELET_ENDPOINT=unix://$work/node/imagelet.sock IMAGELET_ADMIN=unix://$work/node/admin.sock
}

stop_node() {
    local mount
    [ -n "${node_pid-}" ] || return 0
    for mount in "${mounts[@]}"; do "$imagelet" unmount "$mount"; done
    mounts=()
    kill "$node_pid" && wait "$node_pid" || true
    node_pid=
    clear_away "$work/node"
}

# push_layout LAYOUT:TAG REPOSITORY:TAG
push_layout() {
    skopeo copy --quiet --dest-tls-verify=false "oci:$1" "docker://$registry/$2"
}
