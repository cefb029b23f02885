"""What runs inside the image or while it is made: each file alone, with nothing but the standard library."""
