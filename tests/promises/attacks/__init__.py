"""What somebody with all the disks can do, written once: for the product, and for twins on which it must succeed."""
