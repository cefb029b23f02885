"""What is changed of a rendered workload before podman takes it, in eight steps; all else is played as it is.

1. A Job is played as its pod: podman 4.3 knows no Job.
2. A Deployment is played once for each replica, so that each pod has an address that is known beforehand.
3. Images are the ones built here.
4. Certificates and root secrets (Secret, CSI) come by hostPath, as files of root that the pod's group may read.
5. Empty folders and claims come by hostPath too, owned by the pod's group: podman knows no fsGroup.
6. Services' names are host aliases: podman has none. What is open to the outside is a port of the loopback address,
   and no other port is told to podman, which would open it on every address of the machine.
7. Probes are left out: podman would run them by programs that the image has not; the smoke asks the ports itself.
8. Init containers are played before, as a pod of their own with the same volumes: podman 4.3 takes 20 s for each, and
   then at times finds it running still.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.smoke.rendered import Manifest, name_of, namespace_of, pod_of

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a cluster would have and this machine stands in for."""

    #: a rendered image's last name -> an image of this machine
    images: Mapping[str, str]
    #: <namespace>/<secret> and <namespace>/<class of root secrets>, with the files in them
    secrets: Path
    #: <namespace>/<pod>/<volume>, or <namespace>/<claim>
    volumes: Path
    #: host name -> addresses of the pods behind it
    names: Mapping[str, tuple[str, ...]]
    #: name of a Deployment -> port of 127.0.0.1 that leads to its calls
    doors: Mapping[str, int]


def for_podman(workload: Manifest, replica: int, ground: Ground) -> Manifest:
    """Return what podman is given for one replica of a Deployment, or for a Job."""
    played = copy.deepcopy(workload)
    if workload["kind"] == "Job":
        template = played["spec"]["template"]
        played = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": name_of(workload), "namespace": namespace_of(workload)},
            "spec": template["spec"],
        }
        spec = played["spec"]
    else:
        played["metadata"]["name"] = f"{name_of(workload)}-{replica}"
        played["spec"]["replicas"] = 1
        spec = pod_of(played)
    spec.pop("initContainers", None)
    for container in spec["containers"]:
        container["image"] = _image(container["image"], ground)
        for probe in _PROBES:
            container.pop(probe, None)
        container.pop("ports", None)
    spec["volumes"] = [_volume(volume, workload, replica, ground) for volume in spec.get("volumes", [])]
    spec["hostAliases"] = [
        {"ip": address, "hostnames": [name]} for name, behind in sorted(ground.names.items()) for address in behind
    ]
    door = ground.doors.get(name_of(workload))
    if door is not None and replica == 0:
        first = pod_of(workload)["containers"][0]["ports"][0]
        spec["containers"][0]["ports"] = [{**first, "hostPort": door, "hostIP": "127.0.0.1"}]
    return played


def played_before(workload: Manifest, replica: int, ground: Ground) -> Manifest | None:
    """Return the pod that is played, and ends, before one replica of a workload: its init containers."""
    first = copy.deepcopy(pod_of(workload)).get("initContainers", [])
    if not first:
        return None
    for container in first:
        container["image"] = _image(container["image"], ground)
    spec = pod_of(workload)
    used = {mount["name"] for container in first for mount in container.get("volumeMounts", [])}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name_of(workload)}-{replica}-first", "namespace": namespace_of(workload)},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": spec["securityContext"],
            "containers": first,
            "volumes": [
                _volume(volume, workload, replica, ground) for volume in spec["volumes"] if volume["name"] in used
            ],
        },
    }


def folders_of(workload: Manifest, replica: int, ground: Ground) -> list[Path]:
    """Return the folders that step 5 names: they must be there, and the pod's group must be able to write."""
    volumes = pod_of(workload).get("volumes", [])
    return [
        Path(_volume(volume, workload, replica, ground)["hostPath"]["path"])
        for volume in volumes
        if "emptyDir" in volume or "persistentVolumeClaim" in volume
    ]


def _image(rendered: str, ground: Ground) -> str:
    name = rendered.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return ground.images[name]


def _volume(volume: Manifest, workload: Manifest, replica: int, ground: Ground) -> Manifest:
    namespace = namespace_of(workload)
    match volume:
        case {"secret": {"secretName": str(secret)}}:
            path = ground.secrets / namespace / secret
        case {"csi": {"volumeAttributes": {"secretProviderClass": str(kind)}}}:
            path = ground.secrets / namespace / f"root.{kind}"
        case {"persistentVolumeClaim": {"claimName": str(claim)}}:
            path = ground.volumes / namespace / claim
        case {"emptyDir": _}:
            path = ground.volumes / namespace / f"{name_of(workload)}-{replica}" / volume["name"]
        case _:
            return volume
    return {"name": volume["name"], "hostPath": {"path": str(path)}}
