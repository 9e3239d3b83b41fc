"""What is built from which Go module, as data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

GO = Path(__file__).parent / "go"


@dataclass(frozen=True)
class Module:
    """One folder under `go/`: the packages to build there and the names they are called by."""

    name: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    """Names to run. One package and several names: links to one multi-call binary."""
    ldflags: str = "-s -w"
    tags: str = ""
    cgo: bool = True
    """False: `CGO_ENABLED=0`, a static binary."""

    @property
    def folder(self) -> Path:
        """Where its go.mod stands."""
        return GO / self.name

    @property
    def flags(self) -> tuple[str, ...]:
        """Arguments of `go build` that change the result."""
        tags = ("-tags", self.tags) if self.tags else ()
        return ("-trimpath", "-ldflags", self.ldflags, *tags)

    def digest(self) -> str:
        """Hash of sources and flags; the Go version is left out, so an update rebuilds nothing."""
        sha = hashlib.sha256(repr((self.packages, self.programs, self.flags, self.cgo)).encode())
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            sha.update(f"\0{path.relative_to(self.folder)}\0".encode())
            sha.update(path.read_bytes())
        return sha.hexdigest()[:16]


MODULES = (
    Module(
        name="controlplane",
        packages=(".",),
        programs=(
            "etcd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kubectl",
        ),
        ldflags="-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3",
    ),
    Module(name="kwok", packages=("sigs.k8s.io/kwok/cmd/kwok",), programs=("kwok",)),
    Module(
        name="krew",
        packages=(
            "sigs.k8s.io/krew/cmd/krew",
            "sigs.k8s.io/krew/cmd/validate-krew-manifest",
        ),
        programs=("krew", "validate-krew-manifest"),
    ),
    Module(
        name="containerd",
        packages=(
            "github.com/containerd/containerd/v2/cmd/containerd",
            "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "github.com/containerd/containerd/v2/cmd/ctr",
        ),
        programs=("containerd", "containerd-shim-runc-v2", "ctr"),
        tags="no_btrfs no_zfs no_devmapper",
        cgo=False,
    ),
    Module(name="app", packages=(".",), programs=("app",), cgo=False),
)
