"""What a real node is configured with, as text made from data: nothing here touches the machine."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from testbed.images import REGISTRY, SANDBOX

TEST_NETWORK = ipaddress.IPv4Network("198.18.0.0/15")
"""Reserved for tests by RFC 2544, so a pod's address is in no other use."""

PLUGINS = Path("/usr/lib/cni")
"""Where Debian's containernetworking-plugins puts its programs."""

TAINT = "testbed.cafe/real"
TOLERATION = {"key": TAINT, "operator": "Exists"}
"""What a pod needs in its tolerations to come to a node that is reserved."""

_NOBODY = "http://127.0.0.1:9"
"""Where every image is pulled from: refused at once, and the network is never asked."""

_TUNED = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
"""Kernel settings that a kubelet insists on changing."""


@dataclass(frozen=True)
class NodeConfig:
    """One real node: where its files are, what it is called, which addresses it has."""

    directory: Path
    name: str
    cell: str
    reserved: bool
    """Whether only pods with `TOLERATION` may come."""
    subnet: ipaddress.IPv4Network
    kubeconfig: Path
    containerd: Path
    kubelet: Path
    snapshotter: str

    @property
    def bridge(self) -> str:
        """The network interface that pods hang on."""
        return bridge(self.directory)

    @property
    def address(self) -> str:
        """The node's own address, on the bridge: the kubelet refuses one on loopback."""
        return str(self.subnet.network_address + 1)

    @property
    def archive(self) -> Path:
        """The images, as one OCI archive."""
        return self.directory / "images.tar"

    def files(self) -> dict[Path, str]:
        """Every file to write before the node is started."""
        return {
            self.directory / "containerd.toml": containerd_toml(self),
            self.directory / "certs.d/_default/hosts.toml": f'server = "{_NOBODY}"\n',
            self.directory / "cni/10-cafe.conflist": json.dumps(network(self)),
            self.directory / "kubelet.json": json.dumps(kubelet_configuration(self), indent=1),
            self.directory / "init.sh": init_script(self),
        }


def bridge(directory: Path) -> str:
    """The name of the bridge of this directory's node; at most 15 letters, unlike a path."""
    return f"cafe-{_identity(directory)}"


def cgroup(directory: Path) -> str:
    """The control group, below each hierarchy's root, that holds this directory's node's pods."""
    return f"cafe-{_identity(directory)}"


def free_subnet(directory: Path, taken: list[ipaddress.IPv4Interface]) -> ipaddress.IPv4Network:
    """The first of the /24s that none of `taken` lies in; each directory begins at its own.

    Raises LookupError when all 512 are in use.
    """
    subnets = list(TEST_NETWORK.subnets(new_prefix=24))
    begin = int(_identity(directory), 16) % len(subnets)
    for subnet in subnets[begin:] + subnets[:begin]:
        if not any(subnet.overlaps(interface.network) for interface in taken):
            return subnet
    raise LookupError(f"every /24 of {TEST_NETWORK} is in use")


def containerd_toml(node: NodeConfig) -> str:
    """containerd's configuration.

    `restrict_oom_score_adj`: without CAP_SYS_RESOURCE runc dies with "can't get final child's PID".
    """
    return f"""\
version = 3
root = "{node.directory / "containerd"}"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]

[plugins.'io.containerd.cri.v1.images']
snapshotter = "{node.snapshotter}"
pinned_images = {{ sandbox = "{REGISTRY}{SANDBOX}" }}
registry = {{ config_path = "{node.directory / "certs.d"}" }}

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
cni = {{ bin_dirs = ["{PLUGINS}"], conf_dir = "{node.directory / "cni"}" }}

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
options = {{ BinaryName = "runc", SystemdCgroup = false }}
"""


def network(node: NodeConfig) -> dict[str, object]:
    """The CNI network: a bridge without gateway or masquerade, so pods talk to the host alone.

    `isGateway` would switch on forwarding for the whole machine.
    """
    ipam = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": str(node.subnet)}]],
    }
    plugin = {"type": "bridge", "bridge": node.bridge, "isGateway": False, "ipam": ipam}
    return {"cniVersion": "1.0.0", "name": "cafe", "plugins": [plugin]}


def kubelet_configuration(node: NodeConfig) -> dict[str, object]:
    """A kubelet that keeps below its own cgroup, evicts nothing and cleans no images away."""
    taint = {"key": TAINT, "value": "true", "effect": "NoSchedule"}
    never = {"imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%"}
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "healthzPort": 0,
        "authentication": {"anonymous": {"enabled": False}},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/" + cgroup(node.directory),
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "evictionHard": {"memory.available": "0%", **never},
        "imageGCHighThresholdPercent": 100,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        # No DNS server listens there. Without an address the kubelet warns about every pod.
        "clusterDNS": [node.address],
        "resolvConf": "",
        "volumePluginDir": "/run/kubelet-plugins",
        "registerWithTaints": [taint] if node.reserved else [],
    }


def init_script(node: NodeConfig) -> str:
    """The node's process 1, in a mount and a pid namespace of its own.

    Whatever the node mounts or starts ends with it, however it ends. Fresh /run and /var/log, and
    plain files for the kubelet's kernel settings, keep both programs' default paths and the
    kubelet's tuning off the machine.
    """
    here, ctr = node.directory, node.containerd.with_name("ctr")
    return f"""\
set -eu
trap 'exit 0' TERM
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount --bind {here}/kubelet /var/lib/kubelet
for knob in {" ".join(_TUNED)}; do
  [ -e "/proc/sys/$knob" ] || continue
  copy="/run/$(echo "$knob" | tr / .)"
  cat "/proc/sys/$knob" > "$copy"
  mount --bind "$copy" "/proc/sys/$knob"
done
export PATH="{node.containerd.parent}:$PATH:/usr/sbin:/sbin"

{node.containerd} --config {here}/containerd.toml --log-level warn 2>> {here}/logs/containerd.log &
tries=0
until {ctr} version > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || {{ tail -n 20 {here}/logs/containerd.log; exit 1; }}
  sleep 0.1
done
{ctr} -n k8s.io images import --snapshotter {node.snapshotter} {node.archive}

{node.kubelet} --config {here}/kubelet.json --kubeconfig {node.kubeconfig} \\
  --hostname-override {node.name} --node-ip {node.address} \\
  --node-labels cafe.sofastack.io/cell={node.cell} 2>> {here}/logs/kubelet.log &
kubelet=$!
# The wait also buries the orphans that end up with process 1.
wait "$kubelet" || {{ tail -n 20 {here}/logs/kubelet.log; exit 1; }}
"""


def _identity(directory: Path) -> str:
    """Six hex digits that tell this directory's node from any other's on the machine."""
    return hashlib.sha256(str(directory).encode()).hexdigest()[:6]
