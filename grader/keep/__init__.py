"""What stays after a batch: the gradebook, the output folder, and what is published of them."""
