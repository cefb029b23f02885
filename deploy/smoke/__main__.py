"""`make cluster-smoke`: builds the image, renders the manifests, plays them, goes the main journey, takes all away."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable

from deploy.image.base import make_base
from deploy.image.build import build
from deploy.image.context import PROJECT, gather, release_of
from deploy.image.engine import BASE, NotBuilt, exists, need
from deploy.local import ports
from deploy.local.authority import Authority
from deploy.local.fault import Fault
from deploy.local.layout import Layout
from deploy.local.settlement.inhabitants import settle_in
from deploy.local.settlement.supplying import settle
from deploy.smoke import stores
from deploy.smoke.certificates import Certificates
from deploy.smoke.cluster import SUBNET, USER, Cluster, signer_of
from deploy.smoke.journey import PlayedSuite, main_journey, one_page
from deploy.smoke.podman import Podman
from deploy.smoke.rendered import render

OVERLAY = PROJECT / "deploy" / "kubernetes" / "overlays" / "dev"
CHILDREN = 40
NOT_SHOWN = """What podman cannot show, and only a cluster can:
  network policies, disruption budgets, autoscaling, topology spread and priorities (podman ignores them);
  the kubelet's probes (asked here by the smoke itself), rolling updates, service accounts;
  cert-manager, the secret store, CloudNativePG (certificates, root secrets and databases are made here from what
  their resources say), the collector, DNS (names are host aliases) and load balancers (ports of 127.0.0.1)."""


def main() -> int:
    """Do all of it and return the exit code; KEEP=1 leaves the pods."""
    begun = time.monotonic()
    if os.geteuid() != 0:
        print("cluster-smoke: needs root, to give files to the pods' group and to make a network", file=sys.stderr)
        return 1

    def say(line: str) -> None:
        print(f"cluster-smoke: {time.monotonic() - begun:5.0f} s  {line}", flush=True)

    folder = PROJECT / ".local" / "cluster-smoke"
    try:
        need("buildah", "mmdebstrap", "podman", "runc", "iptables", netavark="/usr/lib/podman/netavark")
        if not os.environ.get("BUILT"):
            _build(say)
        rendered = render(OVERLAY)
        say(f"{OVERLAY.relative_to(PROJECT)} rendered: {len(rendered.manifests)} manifests")
        shutil.rmtree(folder, ignore_errors=True)
        layout = Layout(folder)
        layout.prepare()
        Authority(layout=layout, environment="synthetic").prepare()
        podman = Podman(layout.configuration, "contactpoint-smoke", f"{SUBNET}.0/24")
        certificates = Certificates(folder / "played-secrets", signer_of(layout), USER)
        chosen, _ = ports.choose(layout, ["gateway.edge", "gateway.web"], {})
        edge, web = chosen["gateway.edge"], chosen["gateway.web"]
        cluster = Cluster(rendered, layout, podman, certificates, {"gateway-edge": edge, "gateway-web": web}, say)
        podman.prepare()
        try:
            _play(cluster, edge, web)
        finally:
            if not os.environ.get("KEEP"):
                podman.remove_all()
    except (NotBuilt, Fault) as reason:
        print(f"cluster-smoke: {reason}", file=sys.stderr)
        return 1
    say("passed")
    print(NOT_SHOWN)
    return 0


def _build(say: Callable[[str], None]) -> None:
    release = release_of(PROJECT)
    folder = PROJECT / ".local" / "image"
    folder.mkdir(parents=True, exist_ok=True)
    if not exists(BASE):
        make_base(folder, epoch=release.epoch)
    gather(folder / "context", release, machine=platform.machine())
    built = build(folder / "context", release)
    say(f"image {built.name} {built.digest}")
    if not exists(stores.IMAGE):
        stores.make_image(folder)
    say("image of the stores: Debian's PostgreSQL and Redis")


def _play(cluster: Cluster, edge: int, web: int) -> None:
    cluster.prepare()
    cluster.play_stores()
    cluster.migrate()
    cluster.serve()
    leaders = cluster.leaders()
    cluster.say(f"the ledger: {', '.join(leaders)} leads, of {cluster.count('audit-ledger')}")
    if len(leaders) != 1:
        raise NotBuilt("Exactly one ledger must lead.")
    containers = {"identity": cluster.pod("identity").container}
    suite = PlayedSuite(cluster.layout.root, cluster.podman, containers)
    # What identity writes as mails, its readers take from here.
    suite.layout.mail.rmdir()
    suite.layout.mail.symlink_to(cluster.ground.volumes / "contactpoint-people" / "identity-0" / "mail")
    suite.write_endpoints({"edge": f"localhost:{edge}"})
    cast = settle_in(suite, cluster.say)
    main_journey(cast, settle(cast, CHILDREN), cluster.say)
    (host,) = cluster.rendered.named("Certificate", "contactpoint-front", "gateway-web-browser")["spec"]["dnsNames"]
    one_page(web, host, cluster.certificates.authority_of("browsers"), cluster.say)


if __name__ == "__main__":
    sys.exit(main())
