"""A practitioner says why, and sees whom to telephone now and who works with the child."""
