"""Loopback ports: chosen once, remembered, and never the same for two deployments of one user."""

import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local import private_files
from deploy.local.fault import Fault
from deploy.local.layout import Layout, shared_folder
from deploy.local.operating_system import listener

#: Below the range that the kernel hands to outgoing connections (32768 on Linux), so that none is taken by chance.
LOWEST = 20_000
HIGHEST = 32_767


def choose(layout: Layout, names: Iterable[str], fixed: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """Return a free port for each name, and a sentence for each remembered port that was taken meanwhile.

    Raises Fault if a port in `fixed` is taken: whoever asked for that one must decide. Nothing of this deployment
    may be listening.
    """
    shared = shared_folder()
    sentences = []
    with private_files.locked(shared / "ports.lock"):
        register = shared / "ports.json"
        others = {
            root: ports
            for root, ports in private_files.read_json(register).items()
            if root != str(layout.root) and Path(root).is_dir()
        }
        reserved = {port for ports in others.values() for port in ports}
        remembered = private_files.read_json(layout.ports)
        chosen: dict[str, int] = {}
        for name in names:
            if name in fixed:
                if not is_free(fixed[name]):
                    msg = (
                        f"Port {fixed[name]}, asked for {name}, is taken by {listener(fixed[name])}. "
                        "Stop that, or ask for another port."
                    )
                    raise Fault(msg)
                chosen[name] = fixed[name]
                continue
            port = remembered.get(name)
            taken = reserved | set(chosen.values()) | set(fixed.values())
            if isinstance(port, int) and port not in taken and is_free(port):
                chosen[name] = port
                continue
            chosen[name] = _any_free(taken)
            if port is not None:
                sentences.append(f"port {port} of {name} is taken by {listener(port)}, using {chosen[name]} instead")
        private_files.write_json(layout.ports, chosen)
        private_files.write_json(register, {**others, str(layout.root): sorted(chosen.values())})
    return chosen, sentences


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do: the remains of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _any_free(taken: set[int]) -> int:
    generator = random.SystemRandom()
    for _ in range(1_000):
        port = generator.randint(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    msg = f"No free port between {LOWEST} and {HIGHEST} on 127.0.0.1."
    raise Fault(msg)
