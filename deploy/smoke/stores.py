"""Stands in for the operators of PostgreSQL and Redis: an image with Debian's servers, a pod for each Cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.image.engine import NotBuilt, buildah
from deploy.smoke.for_podman import Ground
from deploy.smoke.rendered import Manifest, Rendered, name_of, namespace_of

IMAGE = "localhost/contactpoint-smoke-stores:latest"
PORT = 5432
_PACKAGES = ("base-files", "dash", "coreutils", "postgresql-15", "redis-server", "tzdata")
_LIBRARIES = "/usr/lib/postgresql/15/bin"
# What the packages' own scripts would have made: a shell's name, and users.
_FINISH = r"""
set -eu
ln -sf dash "$1/bin/sh"
ln -sf redis-check-rdb "$1/usr/bin/valkey-server"
printf 'root:x:0:0::/:/bin/sh\npostgres:x:10001:10001::/data:/bin/sh\n' > "$1/etc/passwd"
printf 'root:x:0:\npostgres:x:10001:\n' > "$1/etc/group"
printf 'hosts: files dns\npasswd: files\ngroup: files\n' > "$1/etc/nsswitch.conf"
"""
_SERVE = f"""\
set -eu
PATH={_LIBRARIES}:/usr/bin:/bin
if [ ! -f /data/db/PG_VERSION ]; then
    initdb --pgdata=/data/db --username=postgres --encoding=UTF8 --locale=C --data-checksums --auth=reject >/dev/null
    postgres --single -D /data/db postgres < /setup/roles.sql >/dev/null
fi
exec postgres -D /data/db -c config_file=/setup/postgresql.conf
"""


def make_image(folder: Path) -> None:
    """Make the image of the stores from Debian's archive; raises NotBuilt."""
    root = folder / "stores.tar"
    root.unlink(missing_ok=True)
    made = subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(_PACKAGES)}"),
            *('--aptopt=APT::Install-Recommends "false"', f"--extract-hook={_FINISH}", "--skip=output/dev"),
            *("bookworm", root),
        ],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise NotBuilt(f"mmdebstrap could not make the stores' image:\n{made.stderr[-2000:]}")
    container = buildah("from", "scratch")
    try:
        buildah("add", "--quiet", container, str(root), "/")
        buildah("config", "--env", "PATH=/usr/bin:/bin", container)
        buildah("commit", "--quiet", container, IMAGE)
    finally:
        buildah("rm", container)
    root.unlink()


def postgres_pod(cluster: Manifest, rendered: Rendered, ground: Ground, *, user: int) -> Manifest:
    """Return the pod that is what a rendered Cluster asks for: its databases, roles, rules of admission, settings."""
    namespace = namespace_of(cluster)
    setup, data = ground.volumes / namespace / "postgres.setup", ground.volumes / namespace / "postgres"
    setup.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    os.chown(data, user, user)
    (setup / "roles.sql").write_text("\n".join(statements(cluster, rendered)) + "\n")
    (setup / "pg_hba.conf").write_text("\n".join(cluster["spec"]["postgresql"]["pg_hba"]) + "\n")
    (setup / "postgresql.conf").write_text("\n".join(_settings(cluster)) + "\n")
    tls = cluster["spec"]["certificates"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"postgres-{namespace}", "namespace": namespace},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user},
            "containers": [
                {
                    "name": "postgres",
                    "image": IMAGE,
                    "command": ["/bin/sh", "-c", _SERVE],
                    "volumeMounts": [
                        {"name": "data", "mountPath": "/data"},
                        {"name": "setup", "mountPath": "/setup", "readOnly": True},
                        {"name": "tls", "mountPath": "/tls", "readOnly": True},
                    ],
                }
            ],
            "volumes": [
                {"name": "data", "hostPath": {"path": str(data)}},
                {"name": "setup", "hostPath": {"path": str(setup)}},
                {"name": "tls", "hostPath": {"path": str(ground.secrets / namespace / tls["serverTLSSecret"])}},
            ],
        },
    }


def statements(cluster: Manifest, rendered: Rendered) -> list[str]:
    """Return what the operator would say, a statement a line, as PostgreSQL's single-user mode reads them."""
    spec = cluster["spec"]
    first = spec["bootstrap"]["initdb"]
    databases = [(first["database"], first["owner"])]
    databases += [
        (one["spec"]["name"], one["spec"]["owner"])
        for one in rendered.of_kind("Database")
        if namespace_of(one) == namespace_of(cluster) and one["spec"]["cluster"]["name"] == name_of(cluster)
    ]
    return [
        *(
            f'CREATE ROLE "{role["name"]}" LOGIN {"INHERIT" if role["inherit"] else "NOINHERIT"};'
            for role in spec["managed"]["roles"]
        ),
        *(f'CREATE DATABASE "{database}" OWNER "{owner}";' for database, owner in databases),
    ]


def _settings(cluster: Manifest) -> list[str]:
    quoted = {
        name: "'" + str(value).replace("'", "''") + "'"
        for name, value in cluster["spec"]["postgresql"]["parameters"].items()
    }
    ours = {
        "listen_addresses": "'*'",
        "port": PORT,
        "unix_socket_directories": "''",
        "data_directory": "'/data/db'",
        "hba_file": "'/setup/pg_hba.conf'",
        "ssl": "on",
        "ssl_cert_file": "'/tls/tls.crt'",
        "ssl_key_file": "'/tls/tls.key'",
        "ssl_ca_file": "'/tls/ca.crt'",
        "dynamic_shared_memory_type": "mmap",
    }
    return [f"{name} = {value}" for name, value in {**quoted, **ours}.items()]
