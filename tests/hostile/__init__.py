"""Submissions that attack the grader, each stating what must happen, and the tests that hand them in."""
