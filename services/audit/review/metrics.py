"""What the review measures besides what every process does."""

from services.runtime.metrics import counter, gauge

PUBLICATIONS = counter("log_publications", meaning="rounds of publication, by how they ended", says=("reason",))
PUBLISHED_ENTRIES = gauge("log_published_entries", meaning="entries that the newest public checkpoint covers")
