#!/bin/sh
# From pixels to a film in one command: trains on seek_apples, evaluates the agent against chance, films it.
# Usage: scripts/demo.sh [program] [run directory]. Run again, it resumes where it stopped.
set -eu
export LC_ALL=C  # Numbers with a point, whatever the user's language.
cd "$(dirname "$0")/.."
program=${1:-build/release/bin/chrysalis}
run=${2:-runs/demo}
config=configs/seek_apples.toml
level=seek_apples
episodes=100

if [ ! -x "$program" ]; then
  echo "There is no program at $program: run 'make build' first" >&2
  exit 2
fi

step() { printf '\n== %s\n' "$*"; }
# number KEY FILE: the number at KEY of an `eval --json` answer.
number() { tr -d ' \n' <"$2" | sed -n "s/.*\"$1\":\([-+.eE0-9]*\).*/\1/p"; }
interval() { tr -d ' \n' <"$1" | sed -n 's/.*"ci95":\[\([^],]*\),\([^],]*\)\].*/\1 \2/p'; }
# evaluate NAME FILE ARGUMENTS…: written aside and renamed, so that a file that is there is whole.
evaluate() {
  name=$1
  file=$2
  shift 2
  "$program" eval "$@" --episodes "$episodes" --json >"$file.part"
  mv "$file.part" "$file"
  # Two words on purpose: the interval's ends.
  printf '%-14s mean return %8.2f   95%% interval %.2f to %.2f   %s episodes\n' \
    "$name" "$(number mean_return "$file")" $(interval "$file") "$episodes"
}

step "Training on $level into $run (Ctrl-C saves and stops; 'make demo' goes on from there)"
"$program" train "$config" --run "$run"

step "Evaluating over $episodes episodes that were never trained on"
evaluate 'trained agent' "$run/eval_trained.json" "$run"
evaluate 'random policy' "$run/eval_random.json" --policy random --level "$level"

step 'Filming the trained agent'
"$program" record "$run" --out "$run/film.mp4"

step 'Done'
cat <<END
  $run/film.mp4            the trained agent, seen through its own eyes
  $run/eval_trained.json   the returns of its $episodes episodes; eval_random.json beside it: chance
  $run                     the run: config, database, checkpoints, log

What to try next:
  $program inspect $run
  $program eval $run --episodes 100 --seed 2
  $program train configs/nav_maze_static_01.toml --run runs/maze
  $program train $config --set learner.learning_rate=3e-4 --run runs/slower
  $program levels
END
