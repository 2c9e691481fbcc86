"""Print the points of every submission in nbgrader's gradebook as JSON. Run by nbgrader's Python, in the
course."""

import json
import sys

from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    marks = {
        submission.student.id: {grade.name: grade.score for part in submission.notebooks
                                for grade in part.grades}
        for submission in book.assignment_submissions(sys.argv[1])
    }
print(json.dumps(marks))
