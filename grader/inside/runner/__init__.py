"""Outside the kernel's namespaces, inside the sandbox: drives one kernel and reads what it says
as hostile."""
