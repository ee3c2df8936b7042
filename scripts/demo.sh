#!/bin/sh
# The mission in small, in one command: four members learn to find apples by the action-space curriculum; then
# how alpha went, who came from whom, the agent against chance, pictures and a film.
# Usage: scripts/demo.sh [program] [run directory]. Run again, it resumes where it stopped.
set -eu
export LC_ALL=C  # Numbers with a point, whatever the user's language.
cd "$(dirname "$0")/.."
program=${1:-build/release/bin/chrysalis}
run=${2:-runs/demo}
config=configs/small/action_space.toml
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

step "Training four members on $level into $run (Ctrl-C saves and stops; 'make demo' goes on from there)"
"$program" train "$config" --run "$run"

step "The way of alpha: every copy and every exploration, and who came from whom"
"$program" lineage "$run" --out "$run/lineage.svg"
"$program" inspect "$run"

step "Evaluating the best member over $episodes episodes that were never trained on"
evaluate 'as it acts' "$run/eval_trained.json" "$run"
evaluate '756 actions' "$run/eval_complex.json" "$run" --alpha 1
evaluate '9 actions' "$run/eval_simple.json" "$run" --alpha 0
evaluate 'random, 756' "$run/eval_random.json" --policy random --level "$level" --set agent.actions=big
evaluate 'random, 9' "$run/eval_random_simple.json" --policy random --level "$level"

step 'Drawing the curves and filming the best member'
# Each of the points has some twenty episodes of a member.
"$program" compare "$run" --points 20 --out "$run/curves.svg"
"$program" record "$run" --out "$run/film.mp4"

step 'Done'
cat <<END
  $run/lineage.svg         members over agent steps, alpha as colour, copies as arrows
  $run/curves.svg          the return against agent steps
  $run/film.mp4            the best member, seen through its own eyes
  $run/eval_*.json         the returns of the $episodes episodes of each policy above
  $run                     the run: config, database, checkpoints, log

What to try next:
  $program train $config --set curriculum.arm=complex_only --run runs/complex
  $program compare $run runs/complex --out arms.svg
  $program eval $run --member 0 --episodes 100 --seed 2
  $program train configs/small/agent_core.toml
  $program levels
END
