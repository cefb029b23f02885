"""What identity measures besides what every process does."""

from services.runtime.metrics import gauge

OUTBOX_WAITING = gauge("outbox_waiting", meaning="mails that wait to be sent")
OUTBOX_AGE = gauge("outbox_age", unit="s", meaning="how long the oldest mail has waited; 0 with none")
ACTS_PENDING = gauge("acts_pending", meaning="acts that began, did not end, and wait to be driven on")
