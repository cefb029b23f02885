"""One gRPC channel to a process of ours: mutual TLS, and renewed when this process's certificate is."""

from __future__ import annotations

import json
import threading
from typing import Any

import grpc

from services.runtime import deadline as deadlines
from services.runtime.certificates import Certificates, WatchedCertificates
from services.runtime.interceptors.limits import LARGEST_MESSAGE_BYTES, LARGEST_METADATA_BYTES
from services.runtime.peers import server_name

# Calls in flight on a replaced channel are over by then: none may take longer.
_REPLACED_CLOSES_AFTER_SECONDS = 2 * deadlines.LONGEST_SECONDS


# A process that was restarted is back within five seconds (L1), so nobody waits longer to try again.
_LONGEST_BACKOFF_SECONDS = 1.0


class Line:
    """A channel to one target, which may stand for many servers that are all alike.

    When this process's certificate files change, a new channel takes the old one's place under the hood.
    """

    def __init__(
        self,
        *,
        process: str,
        target: str,
        certificates: WatchedCertificates,
        longest_backoff_seconds: float = _LONGEST_BACKOFF_SECONDS,
    ) -> None:
        self.target = target
        self._longest_backoff_ms = int(longest_backoff_seconds * 1000)
        self._process = process
        self._certificates = certificates
        self._lock = threading.Lock()
        self._version, held = certificates.current()
        self._channel = self._opened(held)
        self._made: dict[tuple[str, str], tuple[int, Any]] = {}

    def callable(self, shape: str, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Return what calls one method over the newest channel, made once for each; `shape` is its maker's name."""
        channel = self.newest()
        key = (shape, method)
        version, made = self._made.get(key, (-1, None))
        if version != self._version:
            version, made = self._version, getattr(channel, shape)(method, *arguments, **named)
            self._made[key] = (version, made)
        return made

    def newest(self) -> grpc.Channel:
        """Return the channel under the certificate that the files hold now."""
        version, held = self._certificates.current()
        if version != self._version:
            with self._lock:
                if version != self._version:
                    old, self._channel = self._channel, self._opened(held)
                    self._version = version
                    self.close_later(old)
        return self._channel

    def close(self) -> None:
        """End all calls and close."""
        self._channel.close()

    def retire(self) -> None:
        """Close when the calls in flight are over."""
        self.close_later(self._channel)

    @staticmethod
    def close_later(channel: grpc.Channel) -> None:
        """Close a channel that nobody calls over any more when the calls in flight are over."""
        closer = threading.Timer(_REPLACED_CLOSES_AFTER_SECONDS, channel.close)
        closer.daemon = True
        closer.start()

    def _opened(self, held: Certificates) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=held.ca, private_key=held.private_key, certificate_chain=held.chain
        )
        return grpc.secure_channel(self.target, credentials, options=_options(self._process, self._longest_backoff_ms))


def _options(process: str, longest_backoff_ms: int) -> list[tuple[str, Any]]:
    # No `timeout` in the service config: it ends calls about a second early (grpc/grpc#34547).
    balancing = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
    return [
        ("grpc.ssl_target_name_override", server_name(process)),
        ("grpc.service_config", balancing),
        ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", longest_backoff_ms),
        # In a cluster a server that was replaced has another address.
        ("grpc.dns_min_time_between_resolutions_ms", 1_000),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        # Channels of one target must not share connections: each has a certificate of its own.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
    ]
