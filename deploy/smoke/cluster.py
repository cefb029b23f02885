"""The cluster on one machine: stores, migrations, processes, each played from what was rendered."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.image.engine import IMAGE, NotBuilt
from deploy.local.layout import Layout
from deploy.local.processes import PROCESSES
from deploy.smoke import collector, stores
from deploy.smoke.certificates import Certificates, Signer, keep_secret
from deploy.smoke.for_podman import Ground, folders_of, for_podman, played_before
from deploy.smoke.podman import Podman
from deploy.smoke.rendered import Manifest, Rendered, name_of, namespace_of, pod_of

USER = 10001
SUBNET = "10.89.77"
HEALTH_PORT, CALLS_PORT, REDIS_PORT = 8081, 8443, 6379
#: Played although none of ours, with the ports by which they are known to listen: everything else that is not one of
#: our processes is a platform's own.
NEIGHBOURS = {"redis": REDIS_PORT, "collector": collector.PORT}
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Pod:
    """One replica of a Deployment, and where it is."""

    workload: Manifest
    replica: int
    address: str

    @property
    def name(self) -> str:
        """Its name here."""
        return f"{name_of(self.workload)}-{self.replica}"

    @property
    def container(self) -> str:
        """What podman calls its first container."""
        return f"{self.name}-pod-0-{pod_of(self.workload)['containers'][0]['name']}"


@dataclass
class Cluster:
    """The rendered overlay, being played."""

    rendered: Rendered
    layout: Layout
    podman: Podman
    certificates: Certificates
    doors: dict[str, int]
    say: Callable[[str], None]
    pods: list[Pod] = field(default_factory=list)

    def prepare(self) -> None:
        """Give each pod its address and each secret its files."""
        left = set() if collector.is_built() else {"collector"}
        played = [one for one in self.rendered.of_kind("Deployment") if name_of(one) not in left]
        for workload in played:
            for replica in range(workload["spec"].get("replicas", 1)):
                self.pods.append(Pod(workload, replica, f"{SUBNET}.{20 + len(self.pods)}"))
        self.certificates.issue_all(self.rendered, also_named={"gateway.edge": "localhost"})
        for kind in self.rendered.of_kind("SecretProviderClass"):
            names = [one["objectName"] for one in yaml.safe_load(kind["spec"]["parameters"]["objects"])]
            folder = self.ground.secrets / namespace_of(kind) / f"root.{name_of(kind)}"
            keep_secret(folder, ((name, secrets.token_bytes(32)) for name in names), group=USER)

    @property
    def ground(self) -> Ground:
        """What stands in for the cluster here."""
        return Ground(
            images={
                "contactpoint": IMAGE,
                "valkey": stores.IMAGE,
                "opentelemetry-collector-contrib": collector.IMAGE,
            },
            secrets=self.certificates.secrets,
            volumes=self.layout.root / "volumes",
            names=self._names(),
            doors=self.doors,
        )

    def play_stores(self) -> None:
        """Start a PostgreSQL for each trust domain, and what else the processes lean on."""
        for place, cluster in enumerate(self.rendered.of_kind("Cluster")):
            address = f"{SUBNET}.{10 + place}"
            played = stores.postgres_pod(cluster, self.rendered, self.ground, user=USER)
            self.podman.play([played], name=name_of(played), address=address)
            self._await_port(address, stores.PORT, f"{name_of(played)}-postgres")
            self.say(f"PostgreSQL of {namespace_of(cluster)}: its own roles, databases, rules of admission; TLS")
        for pod in self.pods:
            if name_of(pod.workload) in NEIGHBOURS:
                self._play(pod)
                self._await_port(pod.address, NEIGHBOURS[name_of(pod.workload)], pod.container)
                self.say(f"{pod.name}: from its manifest, TLS with client certificates")

    def migrate(self) -> None:
        """Play each migration and wait for its end; raises NotBuilt."""
        for place, job in enumerate(self.rendered.of_kind("Job")):
            address = f"{SUBNET}.{100 + place}"
            self._make_folders(job, 0)
            self._play_first(job, 0, address)
            given = [*self._config_maps(job), for_podman(job, 0, self.ground)]
            self.podman.play(given, name=name_of(job), address=address)
            self._await_end(name_of(job), pod_of(job)["containers"])
            self.say(f"{name_of(job)}: done, by the owner's certificate")

    def serve(self) -> None:
        """Play every process, and wait until each says on its health port that it is ready; raises NotBuilt."""
        ours = [pod for pod in self.pods if name_of(pod.workload) not in NEIGHBOURS]
        for pod in ours:
            self._play(pod)
        for pod in ours:
            self._await(pod)
            self.say(f"{pod.name}: ready")

    def await_telemetry(self) -> bool:
        """Wait until the collector shows that each process is ready; return whether it is played at all."""
        played = [pod for pod in self.pods if name_of(pod.workload) == "collector"]
        for pod in played:
            collector.await_processes(pod.address, {process.name for process in PROCESSES})
        return bool(played)

    def leaders(self) -> list[str]:
        """Return the pods of the ledger that say they lead: there must be one."""
        pods = [pod for pod in self.pods if name_of(pod.workload) == "audit-ledger"]
        return [pod.name for pod in pods if _is_serving(pod.address, "leader")]

    def count(self, name: str) -> int:
        """Return how many pods a Deployment has."""
        return sum(name_of(pod.workload) == name for pod in self.pods)

    def played(self) -> list[dict[str, object]]:
        """Return what our kubectl must know of each pod."""
        return [
            {
                "name": pod.name,
                "namespace": namespace_of(pod.workload),
                "deployment": name_of(pod.workload),
                "labels": pod.workload["spec"]["template"]["metadata"]["labels"],
                "container": pod.container,
            }
            for pod in self.pods
        ]

    def pod(self, name: str) -> Pod:
        """Return the first pod of a Deployment."""
        return next(pod for pod in self.pods if name_of(pod.workload) == name)

    def _names(self) -> dict[str, tuple[str, ...]]:
        """Return what the cluster's DNS would answer: headless services with the addresses of their pods."""
        names: dict[str, tuple[str, ...]] = {}
        for service in self.rendered.of_kind("Service"):
            selector = service["spec"].get("selector", {})
            behind = [
                pod.address
                for pod in self.pods
                if namespace_of(pod.workload) == namespace_of(service)
                and selector.items() <= pod.workload["spec"]["template"]["metadata"]["labels"].items()
            ]
            names[f"{name_of(service)}.{namespace_of(service)}.svc.cluster.local"] = tuple(behind)
        for place, cluster in enumerate(self.rendered.of_kind("Cluster")):
            names[f"{name_of(cluster)}-rw.{namespace_of(cluster)}.svc.cluster.local"] = (f"{SUBNET}.{10 + place}",)
        return {name: behind for name, behind in names.items() if behind}

    def _config_maps(self, workload: Manifest) -> list[Manifest]:
        named = {volume["configMap"]["name"] for volume in pod_of(workload).get("volumes", []) if "configMap" in volume}
        return [self.rendered.named("ConfigMap", namespace_of(workload), name) for name in sorted(named)]

    def _play(self, pod: Pod) -> None:
        self._make_folders(pod.workload, pod.replica)
        self._play_first(pod.workload, pod.replica, pod.address)
        given = [*self._config_maps(pod.workload), for_podman(pod.workload, pod.replica, self.ground)]
        self.podman.play(given, name=pod.name, address=pod.address)

    def _play_first(self, workload: Manifest, replica: int, address: str) -> None:
        first = played_before(workload, replica, self.ground)
        if first is not None:
            self.podman.play([first], name=name_of(first), address=address)
            self._await_end(name_of(first), first["spec"]["containers"])

    def _await_end(self, pod: str, containers: list[Manifest]) -> None:
        """Wait until a pod has done its work, and remove it; raises NotBuilt where it failed."""
        for container in containers:
            name = f"{pod}-{container['name']}"
            if self.podman.wait(name) != 0:
                raise NotBuilt(f"{name} failed:\n{self.podman.logs(name)}")
        self.podman.run("pod", "rm", "--force", pod)

    def _make_folders(self, workload: Manifest, replica: int) -> None:
        for folder in folders_of(workload, replica, self.ground):
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, 0, USER)
            folder.chmod(0o2770)

    def _await(self, pod: Pod) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not _is_serving(pod.address, ""):
            if time.monotonic() > end:
                raise NotBuilt(f"{pod.name} is not ready:\n{self.podman.logs(pod.container)}")
            time.sleep(0.2)

    def _await_port(self, address: str, port: int, container: str) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection((address, port), timeout=1).close()
            except OSError:
                if time.monotonic() > end:
                    raise NotBuilt(f"{container} does not listen:\n{self.podman.logs(container)}") from None
                time.sleep(0.2)
            else:
                return


def signer_of(layout: Layout) -> Signer:
    """Return the deployment's own authority, which stands for the one in the platform's store."""
    key = load_pem_private_key((layout.authority / "ca.key").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NotBuilt("The authority's key is not on a curve.")
    return Signer(x509.load_pem_x509_certificate((layout.authority / "ca.crt").read_bytes()), key)


def _is_serving(address: str, name: str) -> bool:
    with grpc.insecure_channel(f"{address}:{HEALTH_PORT}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
