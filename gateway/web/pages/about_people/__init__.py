"""What pages about entries and cases have in common: who the people are whose ids stand in them."""
