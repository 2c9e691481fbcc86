"""A page on this machine for whoever answers for the marks: what waits for a person, one submission beside
its report, the tutor's word on it, written answers, and what happened."""
