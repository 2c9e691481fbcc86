"""The class of docs/lms.md: Moodle's download and grading worksheet, written where this is run.

    python -m tests.docs.small_class
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

EXAMPLES = Path("examples", "submissions")
PEOPLE = {1001: "Ada Weiss", 1002: "Ben Okoro", 1003: "Anna Schmidt", 1004: "Anna Schmidt",
          1005: "Carla Gomez", 1006: "Émile Zola", 1007: "Zoe Adams", 1008: "Omar Said", 1009: "Tom Late"}
HANDED_IN = {1001: {"he_init.ipynb": "ada"}, 1002: {"he_init.ipynb": "elif"},
             1003: {"he_init.ipynb": "ben"}, 1004: {"he_init.ipynb": "dmitri"},
             1005: {"he_init.ipynb": "kofi", "he_init-Copy1.ipynb": "kofi"},
             1006: {"he_init.ipynb": "chiara", "he_init_old.ipynb": "dmitri"},
             1007: {"report.pdf": ""}, 1008: {"he_init.docx": ""}}
HEAD = ("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
        "Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments")


def main() -> None:
    """Write both."""
    with zipfile.ZipFile("ML-he_init-4711.zip", "w") as download:
        for number, files in HANDED_IN.items():
            for name, of in files.items():
                content = (EXAMPLES / of / "he_init.ipynb").read_bytes() if of else b"%PDF-1.7\n"
                download.writestr(f"{PEOPLE[number]}_{number}_assignsubmission_file/{name}", content)
    with Path("Grades.csv").open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(HEAD)
        for number, name in PEOPLE.items():
            status = "Submitted for grading" if number in HANDED_IN else "No submission"
            sheet.writerow([f"Participant {number}", name, f"{number}@uni.example", status, "", "20.00",
                            "Yes", "-", "-", ""])


if __name__ == "__main__":
    main()
