"""What shielding measures besides what every process does."""

from services.runtime.metrics import gauge

STEPS_LEFT_BEHIND = gauge(
    "shield_steps_left_behind", meaning="steps that began, did not end, and wait to be driven on, at the last round"
)
