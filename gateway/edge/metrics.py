"""What the edge measures besides what every process does."""

from services.runtime.metrics import counter

RATE_WINDOWS_AWAY = counter("rate_windows_away", meaning="calls let through uncounted because Redis did not answer")
