#!/usr/bin/env bash
# Grades a class on a Slurm cluster: an array, a shard of the class in each task, and a job that merges the shards.
#
#   bash slurm.sh SUBMISSIONS REPORTS [OPTION...]      what follows REPORTS goes to each `grader batch`
#
# Run it on a login node, where exercises/ lies, on a file system that the nodes share. Look first whether the nodes
# can grade: srun grader doctor. If a task fails or is killed, run the same line again: it goes on where it was. The
# shards lie in REPORTS.shards, with the seed and what the tasks said; delete it when all is well.
set -euo pipefail

# To change: how many shards, and what each of them gets. On GPUs also --gres=gpu:1, and --device cuda behind REPORTS.
SHARDS=${SHARDS:-8}
EACH=${EACH:---cpus-per-task=4 --mem=8G --time=04:00:00}
GRADER=${GRADER:-grader}

# 1 says that some submissions have no mark yet, which is for a person to see; the shard is done.
done_or_withheld() { "$@" || [ $? = 1 ]; }

case ${1:-} in
    --shard)
        reports=$3
        # Not $SLURM_ARRAY_TASK_COUNT, which is 1 where one task is run again.
        done_or_withheld "$GRADER" batch "$2" --shard "$SLURM_ARRAY_TASK_ID/$SHARDS" \
            --seed "$(cat "$reports.shards/seed")" --jobs "${SLURM_CPUS_PER_TASK:-1}" \
            --out "$reports.shards/$SLURM_ARRAY_TASK_ID" "${@:4}"
        ;;
    --merge)
        done_or_withheld "$GRADER" merge "$2".shards/[0-9]* --out "$2"
        ;;
    *)
        [ $# -ge 2 ] || { echo "usage: bash slurm.sh SUBMISSIONS REPORTS [OPTION...]" >&2; exit 2; }
        reports=${2%/}
        mkdir -p "$reports.shards/log"
        # One seed for all shards, drawn once. Whoever knows it can work out the inputs.
        seed=$reports.shards/seed
        [ -s "$seed" ] || (umask 077; od -An -N12 -tu1 /dev/urandom | tr -d ' \n' > "$seed")
        export SHARDS GRADER
        # shellcheck disable=SC2086  # several options
        array=$(sbatch --parsable --array="1-$SHARDS" $EACH --requeue --job-name=grade \
            --output="$reports.shards/log/%a" "$0" --shard "$1" "$reports" "${@:3}")
        merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes --job-name=merge \
            --output="$reports.shards/log/merge" "$0" --merge "$reports")
        echo "shards: job $array, in $reports.shards; merge: job $merge, into $reports"
        ;;
esac
