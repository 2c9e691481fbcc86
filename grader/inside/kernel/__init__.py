"""The kernel's own process, within a student's reach. What must hold is done in `runner`."""
