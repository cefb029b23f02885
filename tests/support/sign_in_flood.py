"""Sign-ins with invented names, so many a second: `python -m tests.support.sign_in_flood`, in its own process.

It says `ready` on a line of its own when it is connected. Each line that it is then given is a number of seconds, for
which it floods; after each it says, on one line, how often each ending came.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.settlement.outside import Outside, Refused, open_channel

_CALLERS = 200


def main() -> None:
    """Flood as often and as long as told."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("edge", "ca", "certificate", "private-key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--a-second", type=int, required=True)
    given = parser.parse_args()
    channel = open_channel(given.edge, Path(given.ca), Path(given.certificate), Path(given.private_key))
    stranger = Outside(channel)

    def guess(number: int) -> str:
        request = identity.SignInRequest(username=f"nobody.{number}", password="none of yours at all", code="000000")
        try:
            stranger.call(stranger.sign_in_service.SignIn, request)
        except Refused as refused:
            return refused.status
        return "OK"

    guess(0)
    print("ready", flush=True)
    with ThreadPoolExecutor(_CALLERS) as guessers:
        for line in sys.stdin:
            pending: list[Future[str]] = []
            begun = time.monotonic()
            for number in itertools.count():
                due = begun + number / given.a_second
                if due > begun + float(line):
                    break
                if (wait := due - time.monotonic()) > 0:
                    time.sleep(wait)
                pending.append(guessers.submit(guess, number))
            print(json.dumps(Counter(one.result() for one in pending)), flush=True)


if __name__ == "__main__":
    main()
