"""Arguments -> one call -> exit code. Imports nothing heavy before it knows what is wanted."""

from __future__ import annotations

import atexit
import gc
from pathlib import Path

import click

from grader import __version__
from grader.cli import authoring, cluster, desk, grading, marks, roles, written
from grader.cli.shared import epilog


@click.group(epilog=epilog("main"), invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
@click.pass_context
def main(context: click.Context) -> None:
    """Grade PyTorch exercise notebooks on gradients and initialisation, and say why.

    Without a command: what to do next in this folder.
    """
    if context.invoked_subcommand is None:
        click.echo(roles.next_steps(Path.cwd()))
        return
    gc.set_threshold(50_000, 20, 100)  # of what is imported hardly anything is garbage
    # or Python goes through all of torch once more, for half a second, before it ends
    atexit.register(gc.freeze)


for command in (grading.batch, grading.merge, grading.grade, grading.check, grading.doctor, cluster.worker,
                authoring.new,
                authoring.release, authoring.validate, marks.rejudge, marks.report, marks.review,
                desk.override, desk.overrides, desk.history, desk.undo, written.mark, marks.remove,
                marks.prune, marks.export,
                marks.feedback):
    main.add_command(command)
