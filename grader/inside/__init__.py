"""Everything here runs beside a student's code, and nothing else does. It knows no answers."""
