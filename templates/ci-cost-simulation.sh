#!/usr/bin/env bash
#
# Fails when a change makes this repository's LLM calls dearer than what was agreed to.
#
#   ./ci-cost-simulation.sh            compares with the baseline; exit code 1: dearer
#   ./ci-cost-simulation.sh --update   agrees to what calls cost now: commit the file it writes
#
# It runs the tests with every provider emulated on this machine: no key is needed, nothing is billed.
# All settings are environment variables:
#
#   COST_COMMAND        what makes the calls                         npm test
#   COST_BASELINE       the committed baseline                       cost-baseline.json
#   COST_MAX_INCREASE   how much dearer a day may become             10%
#   COST_CALLS_PER_DAY  traffic of a day                             one run of the command
#   COST_CUSTOMERS      customers that the traffic is spread over    those of the command
#   COST_OPTIONS        more options of `hardcap simulate`, by spaces
#   COST_REPORT         where the report is written, as Markdown     cost-report.md
#
set -euo pipefail

command="${COST_COMMAND:-npm test}"
baseline="${COST_BASELINE:-cost-baseline.json}"
max_increase="${COST_MAX_INCREASE:-10%}"
report="${COST_REPORT:-cost-report.md}"

options=(--markdown "$report" --max-increase "$max_increase")
[ -z "${COST_CALLS_PER_DAY:-}" ] || options+=(--calls-per-day "$COST_CALLS_PER_DAY")
[ -z "${COST_CUSTOMERS:-}" ] || options+=(--customers "$COST_CUSTOMERS")
if [ -n "${COST_OPTIONS:-}" ]; then
  read -r -a more <<<"$COST_OPTIONS"
  options+=("${more[@]}")
fi

case "${1:-}" in
  --update)
    options+=(--write-baseline "$baseline")
    ;;
  '')
    if [ ! -f "$baseline" ]; then
      echo "There is no $baseline to compare with. Run $0 --update, look at it and commit it." >&2
      exit 2
    fi
    options+=(--baseline "$baseline")
    ;;
  *)
    echo "$0 knows --update and nothing else; ${1} is neither." >&2
    exit 2
    ;;
esac

rm -f "$report"
code=0
npx --no-install hardcap simulate "${options[@]}" -- sh -c "$command" || code=$?

# GitHub shows this beside the run.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$report" ]; then
  cat "$report" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
