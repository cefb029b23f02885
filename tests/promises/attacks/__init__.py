"""What somebody with all of the disks can do, written once: run on the product, and on twins that it must succeed on."""
