"""For each alert: series under which it fires, series under which it must not, and the labels that it then has."""

from __future__ import annotations

from dataclasses import dataclass, field

Series = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One alert's test; values are promtool's notation, one a minute."""

    fires: Series
    quiet: Series
    labels: dict[str, str] = field(default_factory=dict)
    after: str = "30m"
    every: str = "1m"
    """How often the rules are evaluated; a case of days has no patience for each minute."""


def calls(process: str, code: str, values: str, *, method: str = "/x/Y", reason: str = "") -> Series:
    """Return a counter of calls."""
    labels = f'process="{process}",code="{code}",method="{method}",reason="{reason}",instance="a"'
    return {f"contactpoint_rpc_calls_total{{{labels}}}": values}


def gauge(name: str, values: str, **labels: str) -> Series:
    """Return a gauge."""
    said = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"contactpoint_{name}{{{said}}}": values}


def slow_calls(within: str, all_of_them: str) -> Series:
    """Return a histogram of searches: how many were within a second, and how many there were."""
    labels = 'process="gateway.edge",method="/contactpoint.directory.v1.DirectoryService/SearchChildren"'
    return {
        f'contactpoint_rpc_duration_milliseconds_bucket{{{labels},le="1000"}}': within,
        f"contactpoint_rpc_duration_milliseconds_count{{{labels}}}": all_of_them,
    }


EDGE, IDENTITY, LEDGER, DIRECTORY = "gateway.edge", "identity", "audit.ledger", "directory"
OPEN = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
SIGN_IN = "/contactpoint.identity.v1.SignInService/SignIn"
GOOD = calls(EDGE, "OK", "0+1000x6000", method=OPEN)
REFUSED = calls(EDGE, "PERMISSION_DENIED", "0+900x6000", reason="NOT_PERMITTED")
ALL = (IDENTITY, DIRECTORY, "shielding", LEDGER, "audit.review", EDGE, "gateway.web")


def of_all(name: str, values: str, *but: str) -> Series:
    """Return a gauge of every process but those named."""
    return {key: one for p in ALL if p not in but for key, one in gauge(name, values, process=p, instance="a").items()}


def faults(a_minute: float) -> Series:
    """Return calls of which so many a minute fail, of a thousand."""
    return GOOD | calls(EDGE, "UNAVAILABLE", f"0+{a_minute}x6000", method=OPEN, reason="DEPENDENCY_UNAVAILABLE")


def leads(*values: str) -> Series:
    """Return whether each of several ledgers leads."""
    return {k: v for n, one in enumerate(values) for k, v in gauge("ledger_leads", one, instance=f"l{n}").items()}


VOLUME = 'namespace="contactpoint-keys",persistentvolumeclaim="ledger-1"'


def disk(available: str) -> Series:
    """Return a volume of 100 bytes."""
    return {
        f"kubelet_volume_stats_available_bytes{{{VOLUME}}}": available,
        f"kubelet_volume_stats_capacity_bytes{{{VOLUME}}}": "100x60",
    }


CASES: dict[str, Case] = {
    "AvailabilityBurnsFast": Case(fires=faults(50), quiet=faults(10) | REFUSED, after="2h"),
    "AvailabilityBurns": Case(fires=faults(10), quiet=faults(4) | REFUSED, after="7h"),
    "AvailabilityBurnsSlowly": Case(fires=faults(2), quiet=faults(0.5), after="90h", every="10m"),
    "SearchAndOpenSlow": Case(
        fires=slow_calls("0+80x200", "0+100x200"), quiet=slow_calls("0+95x200", "0+100x200"), after="2h"
    ),
    "SearchAndOpenSlower": Case(
        fires=slow_calls("0+95x600", "0+100x600"), quiet=slow_calls("0+995x600", "0+1000x600"), after="8h"
    ),
    "LedgerHasNoLeader": Case(fires=leads("1 1 0x60", "0x60"), quiet=leads("1 1 0x60", "0 0 1x60")),
    "LedgerHasTwoLeaders": Case(fires=leads("1x60", "1x60"), quiet=leads("1x60", "0x60")),
    "LedgerStandbyMissing": Case(
        fires=leads("1x60") | gauge("ledger_stands_by", "0x60"),
        quiet=leads("1x60", "0x60") | gauge("ledger_stands_by", "1x60", instance="l1"),
    ),
    "LedgerChangesLeaderOften": Case(fires=leads("1 0 1 0 1 0 1 0 1"), quiet=leads("1x5 0x60"), after="20m"),
    "LedgerLogDoesNotGrow": Case(
        fires=GOOD | gauge("ledger_entries", "500x60"),
        quiet=calls(EDGE, "OK", "7x60", method=OPEN) | gauge("ledger_entries", "500x60"),
    ),
    "LedgerLogShrank": Case(
        fires=gauge("ledger_entries", "500x27 400x60", instance="a"),
        quiet=gauge("ledger_entries", "500x27 _x60", instance="a")
        | gauge("ledger_entries", "_x27 500+1x60", instance="b"),
    ),
    "LedgerBehind": Case(
        fires=calls("shielding", "UNAVAILABLE", "0x27 1x60", reason="LEDGER_BEHIND"),
        quiet=calls("shielding", "UNAVAILABLE", "1x60", reason="LEDGER_BEHIND"),
    ),
    "LedgerCommitsSlow": Case(
        fires=gauge("ledger_commit_duration_milliseconds_bucket", "0+95x60", le="200")
        | gauge("ledger_commit_duration_milliseconds_bucket", "0+100x60", le="500")
        | gauge("ledger_commit_duration_milliseconds_bucket", "0+100x60", le="+Inf"),
        quiet=gauge("ledger_commit_duration_milliseconds_bucket", "0+995x60", le="200")
        | gauge("ledger_commit_duration_milliseconds_bucket", "0+1000x60", le="500")
        | gauge("ledger_commit_duration_milliseconds_bucket", "0+1000x60", le="+Inf"),
    ),
    "LedgerQueueLong": Case(fires=gauge("ledger_waiting", "600x60"), quiet=gauge("ledger_waiting", "600 20x60")),
    "LedgerActsUnsettled": Case(fires=gauge("ledger_unsettled", "200x60"), quiet=gauge("ledger_unsettled", "90x60")),
    "LogPublicationRefused": Case(
        fires=gauge("log_publications_total", "0x27 1x60", reason="ROOT_CHANGED"),
        quiet=gauge("log_publications_total", "0+60x60", reason="PUBLISHED"),
        labels={"reason": "ROOT_CHANGED"},
    ),
    "LogPublicationBehind": Case(
        fires=gauge("ledger_entries", "5000x60") | gauge("log_published_entries", "1x60"),
        quiet=gauge("ledger_entries", "5000x60") | gauge("log_published_entries", "4900x60"),
    ),
    "ProcessMissing": Case(
        fires=of_all("certificate_expires_seconds", "9e5x60", "shielding"),
        quiet=of_all("certificate_expires_seconds", "9e5x60"),
        labels={"process": "shielding"},
    ),
    "ProcessNotReady": Case(
        fires=gauge("ready", "0x60", process=DIRECTORY, instance="a"),
        quiet=gauge("ready", "0x60", process=DIRECTORY, instance="a")
        | gauge("ready", "1x60", process=DIRECTORY, instance="b"),
        labels={"process": DIRECTORY},
    ),
    "WorkersExhausted": Case(
        fires=gauge("workers_busy", "16x60", process=EDGE, pool="calls")
        | gauge("workers_limit", "16x60", process=EDGE, pool="calls"),
        quiet=gauge("workers_busy", "15x60", process=EDGE, pool="calls")
        | gauge("workers_limit", "16x60", process=EDGE, pool="calls"),
        labels={"process": EDGE, "pool": "calls"},
    ),
    "CallsRefusedBusy": Case(
        fires=calls(EDGE, "RESOURCE_EXHAUSTED", "0+60x60", method="any", reason="BUSY"),
        quiet=calls(EDGE, "RESOURCE_EXHAUSTED", "0+60x60", method=OPEN, reason="BUSY"),
        labels={"process": EDGE},
    ),
    "InternalErrors": Case(
        fires=calls(DIRECTORY, "INTERNAL", "0x27 1x60", method=OPEN, reason="INTERNAL"),
        quiet=calls(DIRECTORY, "INTERNAL", "1x60", method=OPEN, reason="INTERNAL"),
        labels={"process": DIRECTORY, "method": OPEN},
    ),
    "CertificateExpiresSoon": Case(
        fires=gauge("certificate_expires_seconds", "1700000x60", process=EDGE),
        quiet=gauge("certificate_expires_seconds", "1900000x60", process=EDGE),
        labels={"process": EDGE},
    ),
    "CertificateExpires": Case(
        fires=gauge("certificate_expires_seconds", "200000x60", process=EDGE),
        quiet=gauge("certificate_expires_seconds", "300000x60", process=EDGE),
        labels={"process": EDGE},
    ),
    "ClockSkew": Case(
        fires=gauge("clock_offset_seconds", "-3x60", process=IDENTITY, instance="a"),
        quiet=gauge("clock_offset_seconds", "-1.5x60", process=IDENTITY, instance="a"),
        labels={"process": IDENTITY, "instance": "a"},
    ),
    "PeriodicWorkStuck": Case(
        fires=gauge("work_age_seconds", "0+60x60", process="audit.review", work="publish"),
        quiet=gauge("work_age_seconds", "0+60x60", process="audit.review", work="publish", instance="a")
        | gauge("work_age_seconds", "1x60", process="audit.review", work="publish", instance="b")
        | gauge("work_age_seconds", "0+60x60", process=IDENTITY, work="forget"),
        labels={"process": "audit.review", "work": "publish"},
    ),
    "SlowPeriodicWorkStuck": Case(
        fires=gauge("work_age_seconds", "4000x60", process=IDENTITY, work="forget"),
        quiet=gauge("work_age_seconds", "600x60", process=IDENTITY, work="forget"),
        labels={"process": IDENTITY, "work": "forget"},
    ),
    "PostgresDown": Case(
        fires=gauge("database_answers", "1 0x60", process=IDENTITY, instance="a"),
        quiet=gauge("database_answers", "0x60", process=IDENTITY, instance="a")
        | gauge("database_answers", "1x60", process=IDENTITY, instance="b"),
        labels={"process": IDENTITY},
    ),
    "LedgerCommitsOnOneServer": Case(
        fires=gauge("database_commits_twice", "1 0x60", process=LEDGER, instance="a")
        | gauge("database_commits_twice", "1x60", process=LEDGER, instance="b"),
        quiet=gauge("database_commits_twice", "1x60", process=LEDGER, instance="a")
        | gauge("database_commits_twice", "0x60", process=IDENTITY, instance="a"),
    ),
    "CommitsOnOneServer": Case(
        fires=gauge("database_commits_twice", "1 0x60", process=IDENTITY, instance="a"),
        quiet=of_all("database_commits_twice", "1x60", LEDGER)
        | gauge("database_commits_twice", "0x60", process=LEDGER, instance="a"),
        labels={"process": IDENTITY},
    ),
    "DatabaseConnectionsExhausted": Case(
        fires=gauge("database_connections", "8x60", process=IDENTITY, pool="main")
        | gauge("database_connections_limit", "8x60", process=IDENTITY, pool="main"),
        # The ledger's writer has one connection and keeps it.
        quiet=gauge("database_connections", "1x60", process=LEDGER, pool="writer")
        | gauge("database_connections_limit", "1x60", process=LEDGER, pool="writer"),
        labels={"process": IDENTITY, "pool": "main"},
    ),
    "RedisAway": Case(fires=gauge("rate_windows_away_total", "0+9x60"), quiet=gauge("rate_windows_away_total", "9x60")),
    "DiskFills": Case(
        fires=disk("15x60"),
        quiet=disk("25x60"),
        labels={"namespace": "contactpoint-keys", "persistentvolumeclaim": "ledger-1"},
    ),
    "DiskFull": Case(
        fires=disk("5x60"),
        quiet=disk("15x60"),
        labels={"namespace": "contactpoint-keys", "persistentvolumeclaim": "ledger-1"},
    ),
    "BackupOld": Case(
        fires={'cnpg_collector_last_available_backup_timestamp{namespace="contactpoint-keys"}': "0x1700"},
        quiet={'cnpg_collector_last_available_backup_timestamp{namespace="contactpoint-keys"}': "0x1000 60000x700"},
        labels={"namespace": "contactpoint-keys"},
        after="27h",
        every="5m",
    ),
    "LogArchivingStopped": Case(
        fires={'cnpg_pg_stat_archiver_seconds_since_last_archival{namespace="contactpoint-keys"}': "1000x60"},
        quiet={'cnpg_pg_stat_archiver_seconds_since_last_archival{namespace="contactpoint-keys"}': "300x60"},
        labels={"namespace": "contactpoint-keys"},
    ),
    "CollectorDown": Case(
        fires={'up{job="otel-collector"}': "0x60"},
        quiet={'up{job="otel-collector"}': "1x60"},
    ),
    "Watchdog": Case(fires={}, quiet={}),
    "IndexNotLoaded": Case(
        fires=gauge("index_entries", "0x60", instance="a"),
        quiet=gauge("index_entries", "0x60", instance="a") | gauge("index_entries", "9x60", instance="b"),
    ),
    "IndexRefused": Case(
        fires=calls(DIRECTORY, "UNAVAILABLE", "0x27 1x60", reason="INDEX_REFUSED"),
        quiet=calls(DIRECTORY, "UNAVAILABLE", "0+1x60", reason="DEPENDENCY_UNAVAILABLE"),
    ),
    "IndexLost": Case(
        fires=gauge("index_entries", "11000000x70 10000000x60"),
        quiet=gauge("index_entries", "11000000x70 10950000x60"),
        after="75m",
    ),
    "IndexLags": Case(fires=gauge("index_lag_seconds", "40x60"), quiet=gauge("index_lag_seconds", "1 40 1x60")),
    "ActsUnsettled": Case(fires=gauge("acts_unsettled", "30x60"), quiet=gauge("acts_unsettled", "3x60")),
    "ShieldHalfDone": Case(
        fires=gauge("shield_steps_left_behind", "1x60"), quiet=gauge("shield_steps_left_behind", "1 0 1 0 0x60")
    ),
    "OutboxNotDelivered": Case(
        fires=gauge("outbox_age_seconds", "0+60x60"), quiet=gauge("outbox_age_seconds", "90x60")
    ),
    "SignInsRefused": Case(
        fires=calls(IDENTITY, "UNAUTHENTICATED", "0+600x60", method=SIGN_IN, reason="SIGN_IN_REFUSED")
        | calls(IDENTITY, "OK", "0+60x60", method=SIGN_IN),
        quiet=calls(IDENTITY, "UNAUTHENTICATED", "0+600x60", method=SIGN_IN, reason="SIGN_IN_REFUSED")
        | calls(IDENTITY, "OK", "0+3000x60", method=SIGN_IN),
    ),
    "RefusalsSurge": Case(fires=GOOD | REFUSED, quiet=GOOD | calls(EDGE, "PERMISSION_DENIED", "0+100x60")),
    "CeilingReached": Case(
        fires=calls(EDGE, "RESOURCE_EXHAUSTED", "0x27 1x60", method=OPEN, reason="CEILING_REACHED"),
        quiet=calls(EDGE, "RESOURCE_EXHAUSTED", "1x60", method=OPEN, reason="CEILING_REACHED"),
    ),
    "EverybodysConditionLapses": Case(
        fires=calls(IDENTITY, "PERMISSION_DENIED", "0+60x60", reason="CONDITION_LAPSED_POLICY"),
        quiet=calls(IDENTITY, "PERMISSION_DENIED", "0+6x60", reason="CONDITION_LAPSED_POLICY"),
        labels={"reason": "CONDITION_LAPSED_POLICY"},
    ),
}
