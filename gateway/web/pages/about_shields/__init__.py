"""What the pages about shields have in common: grounds and states in words, and the one question that is asked."""
