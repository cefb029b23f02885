"""A kubectl for the smoke: `exec`, `logs` and `get pods -o name` of the pods that podman plays, and nothing else."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.image.engine import program

_OF_A_SELECTION = "10"
"""How many lines of each pod kubectl prints where a selector chose them, unless it is told otherwise."""


def main(arguments: list[str]) -> int:
    """Do one command and return its exit code."""
    before, marker, inside = _parted(arguments)
    parser = argparse.ArgumentParser(prog="kubectl", description=__doc__)
    parser.add_argument("-n", "--namespace", required=True)
    acts = parser.add_subparsers(dest="act", required=True)
    inner = acts.add_parser("exec")
    inner.add_argument("target")
    logs = acts.add_parser("logs")
    logs.add_argument("-l", "--selector", required=True)
    logs.add_argument("--tail", default=_OF_A_SELECTION)
    get = acts.add_parser("get")
    get.add_argument("kind", choices=["pods"])
    get.add_argument("-l", "--selector", required=True)
    get.add_argument("-o", "--output", choices=["name"], required=True)
    said = parser.parse_args(before)
    pods = [one for one in json.loads(Path(os.environ["CONTACTPOINT_PLAYED"]).read_text()) if _is_in(one, said)]
    if not pods:
        print("No resources found", file=sys.stderr)
        return 1
    match said.act:
        case "exec":
            if not marker:
                parser.error("what to run comes behind --")
            return _podman("exec", pods[0]["container"], *inside)
        case "logs":
            tail = [] if said.tail == "-1" else ["--tail", said.tail]
            return max(_podman("logs", *tail, one["container"]) for one in pods)
        case _:
            print("\n".join(f"pod/{one['name']}" for one in pods))
            return 0


def _parted(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return arguments, False, []
    place = arguments.index("--")
    return arguments[:place], True, arguments[place + 1 :]


def _is_in(pod: dict[str, Any], said: argparse.Namespace) -> bool:
    if pod["namespace"] != said.namespace:
        return False
    if said.act == "exec":
        return bool(said.target in {f"deploy/{pod['deployment']}", f"pod/{pod['name']}"})
    wanted = dict(pair.split("=", 1) for pair in said.selector.split(","))
    return bool(wanted.items() <= pod["labels"].items())


def _podman(*arguments: str) -> int:
    # As kubectl does, what a container logs on either channel is printed on one.
    errors = subprocess.STDOUT if arguments[0] == "logs" else None
    return subprocess.run([program("podman"), "--runtime", "runc", *arguments], stderr=errors, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
