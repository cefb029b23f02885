"""`make cluster-smoke`: builds the image, renders the manifests, plays them, goes the main journey, takes all away."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable

from deploy.image.context import PROJECT
from deploy.image.engine import NotBuilt, exists, need
from deploy.local import ports
from deploy.local.authority import Authority
from deploy.local.fault import Fault
from deploy.local.layout import Layout
from deploy.local.population.story_searches import searches
from deploy.local.settlement.inhabitants import settle_in
from deploy.local.settlement.supplying import settle
from deploy.smoke import collector, stores
from deploy.smoke.certificates import Certificates
from deploy.smoke.cluster import SUBNET, USER, Cluster, signer_of
from deploy.smoke.documented import NAMES, Documented
from deploy.smoke.journey import PlayedSuite, main_journey, stop
from deploy.smoke.pages import Visitor, journey_of
from deploy.smoke.podman import Podman
from deploy.smoke.rendered import read

OVERLAY = "dev"
CHILDREN = 40
NOT_SHOWN = """What podman cannot show, and only a cluster can:
  network policies, disruption budgets, autoscaling, topology spread and priorities (podman ignores them);
  the kubelet's probes (asked here by the smoke itself), rolling updates, service accounts;
  cert-manager, the secret store, CloudNativePG (certificates, root secrets and databases are made here from what
  their resources say), DNS (names are host aliases) and load balancers (ports of 127.0.0.1)."""
NO_COLLECTOR = "  and the collector: there is none here yet (`make check-observability` builds it, where there is Go)."


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
        need("buildah", "mmdebstrap", "podman", "runc", "iptables", "jq", netavark="/usr/lib/podman/netavark")
        shutil.rmtree(folder, ignore_errors=True)
        layout = Layout(folder)
        layout.prepare()
        manifests = folder / "release.yaml"
        documented = Documented(folder / "operator", {"O": OVERLAY, "R": str(manifests), "KEPT": str(folder)})
        _build(documented, say)
        documented.run("manifests")
        rendered = read(manifests)
        say(f"overlay {OVERLAY} rendered: {len(rendered.manifests)} manifests")
        Authority(layout=layout, environment="synthetic").prepare()
        podman = Podman(layout.configuration, "contactpoint-smoke", f"{SUBNET}.0/24")
        certificates = Certificates(folder / "played-secrets", signer_of(layout), USER)
        chosen, _ = ports.choose(layout, ["gateway.edge", "gateway.web"], {})
        edge, web = chosen["gateway.edge"], chosen["gateway.web"]
        cluster = Cluster(rendered, layout, podman, certificates, {"gateway-edge": edge, "gateway-web": web}, say)
        podman.prepare()
        try:
            _play(cluster, documented, edge, web)
        finally:
            if not os.environ.get("KEEP"):
                podman.remove_all()
    except (NotBuilt, Fault) as reason:
        print(f"cluster-smoke: {reason}", file=sys.stderr)
        return 1
    print(documented.summary())
    missing = set(NAMES) - set(documented.ran) - ({"image"} if os.environ.get("BUILT") else set())
    if missing:
        print(f"cluster-smoke: docs/deploy.md says that this runs, and it did not: {missing}", file=sys.stderr)
        return 1
    say("passed")
    print(NOT_SHOWN)
    if not collector.is_built():
        print(NO_COLLECTOR)
    return 0


def _build(documented: Documented, say: Callable[[str], None]) -> None:
    if not os.environ.get("BUILT"):
        say("building the image")
        say(documented.run("image").splitlines()[-1])
    if not exists(stores.IMAGE):
        stores.make_image(documented.folder)
    say("image of the stores: Debian's PostgreSQL and Redis")
    if collector.is_built():
        collector.make_image()
        say("image of the collector: the one of make check-observability, alone")


def _play(cluster: Cluster, documented: Documented, edge: int, web: int) -> None:
    cluster.prepare()
    cluster.play_stores()
    cluster.migrate()
    cluster.serve()
    documented.knows(cluster.played(), cluster.podman.configuration)
    leaders = cluster.leaders()
    cluster.say(f"the ledger: {', '.join(leaders)} leads, of {cluster.count('audit-ledger')}")
    if len(leaders) != 1:
        raise NotBuilt("Exactly one ledger must lead.")
    documented.run("leader", is_awaited=True)
    suite = PlayedSuite(cluster.layout.root, documented, cluster.say)
    # What identity writes as mails, its readers take from here.
    suite.layout.mail.rmdir()
    suite.layout.mail.symlink_to(cluster.ground.volumes / "contactpoint-people" / "identity-0" / "mail")
    suite.write_endpoints({"edge": f"localhost:{edge}"})
    cast = settle_in(suite, cluster.say)
    key = documented.run("verifier", is_awaited=True).strip()
    cluster.say(f"the verifier's key left the house: {key.partition('+')[0]}")
    story = settle(cast, CHILDREN)
    main_journey(cast, story, cluster.say)
    (host,) = cluster.rendered.named("Certificate", "contactpoint-front", "gateway-web-browser")["spec"]["dnsNames"]
    school = story.worried_about.education.school
    if school is None:
        raise NotBuilt("The child of the story goes to no school.")
    visitor = Visitor(host, web, cluster.certificates.authority_of("browsers"))
    misspelt = searches(story)["nurse"][0].query
    journey_of(visitor, cluster.say, cast.accounts["nurse"], misspelt, school.telephone)
    if cluster.await_telemetry():
        cluster.say("the collector took metrics of every process, and shows them to Prometheus")
    stop(cast, documented, cluster.say)


if __name__ == "__main__":
    sys.exit(main())
