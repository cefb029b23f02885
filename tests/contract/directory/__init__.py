"""The fakes of the directory and what they stand for keep the same promises."""
