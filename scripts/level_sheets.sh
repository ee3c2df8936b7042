#!/bin/sh
# Draws the pictures of docs/levels: of every level an episode as a player sees it, and the map from above.
#   scripts/level_sheets.sh [PROGRAM [DIRECTORY]]
set -eu
program=${1:-build/release/bin/chrysalis}
directory=${2:-docs/levels}
if [ ! -x "$program" ]; then
  echo "There is no program $program: run 'make build' first." >&2
  exit 2
fi
mkdir -p "$directory"
"$program" levels | while read -r level _; do
  case $level in map:*) continue ;; esac
  "$program" render --level "$level" --seed 2 --sheet 24 --scale 2 --out "$directory/$level.png"
  above=${level}_top_down.png
  "$program" render --level "$level" --seed 2 --top-down --size 640x480 --out "$directory/$above"
  echo "$directory/$level.png"
done
