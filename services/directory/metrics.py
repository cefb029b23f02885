"""What the directory measures besides what every process does."""

from services.runtime.metrics import gauge

INDEX_ENTRIES = gauge("index_entries", meaning="names in the search index; 0 until it is loaded")
INDEX_LAG = gauge(
    "index_lag", unit="s", meaning="time since the index last agreed with the stored log, which it does every second"
)
ACTS_UNSETTLED = gauge("acts_unsettled", meaning="acts of ours that the ledger called unsettled, at the last round")
