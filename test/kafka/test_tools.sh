#!/bin/bash
# The producer's books and the topic reader agree, so that the other tests may
# rely on them; the generator is deterministic and its defects are what they say.
. "$(dirname "$0")/lib.sh"

make_rows() { "$OLAP_BIN/olap-produce" --print --summary "$DIR/summary" "$@"; }

if [ "$BROKER" = mock ]; then
  a=$(make_rows --rows 2000 --seed 7 --malformed 0.1 | sha256sum)
  check "the same seed makes the same rows" "$(make_rows --rows 2000 --seed 7 --malformed 0.1 | sha256sum)" "$a"
  check_that "another seed makes other rows" "$([ "$(make_rows --rows 2000 --seed 8 --malformed 0.1 | sha256sum)" != "$a" ] && echo 1 || echo 0)"
  check "every good row is JSON, with the sum and the counts of the summary" \
    "$(make_rows --rows 5000 | jq -s '[length, ([.[].cost * 1000000 | round] | add),
       ([.[].revenue * 100 | round] | add), (map(select(.event_type == "click" and .is_click)) | length)]' -c)" \
    "$(jq -c '[.good, .cost_micros, .revenue_cents, .events.click]' "$DIR/summary")"
  make_rows --rows 2000 --malformed 1 > "$DIR/bad"
  check "every kind of defect occurs" "$(jq '[.defects[] | select(. > 100)] | length' "$DIR/summary")" 7
  make_rows --rows 400000 > /dev/null
  note "generator: $(jq .rows_per_second "$DIR/summary") rows/s on one core"
  check_that "the generator makes 500,000 rows/s" "$(jq .rows_per_second "$DIR/summary") >= 500000"
fi

broker_begin
topic_create tools_plain 5
produce tools_plain --rows 50000 --malformed 0.01 --with-id --ledger "$DIR/ledger" --summary "$DIR/summary"
"$OLAP_BIN/olap-topic-read" --brokers "$BOOTSTRAP" --topic tools_plain --output "$DIR/read" 2> /dev/null
check "the ledger is what lies in the topic" \
  "$(cut -f 1-4 "$DIR/ledger" | sort | sha256sum)" "$(cut -f 1-4 "$DIR/read" | sort | sha256sum)"
check "the summary counts what lies in the topic" \
  "$(jq -c '[.good, .malformed]' "$DIR/summary")" \
  "$(awk -F'\t' '{ if ($4 == "none") g++; else b++ } END { printf "[%d,%d]\n", g, b }' "$DIR/read")"

if [ "$BROKER" = real ]; then
  topic_create tools_txn 3
  produce tools_txn --rows 30000 --with-id --transactional tools --txn-size 700 \
    --abort-fraction 0.3 --ledger "$DIR/ledger" --summary "$DIR/summary" 2> /dev/null
  "$OLAP_BIN/olap-topic-read" --brokers "$BOOTSTRAP" --topic tools_txn --output "$DIR/read" 2> /dev/null
  check_that "some transactions are aborted" "$(jq .aborted "$DIR/summary") > 1000"
  check "what is committed is what read_committed sees" \
    "$(awk -F'\t' '$5 == "committed"' "$DIR/ledger" | cut -f 1-4 | sort | sha256sum)" \
    "$(cut -f 1-4 "$DIR/read" | sort | sha256sum)"
  "$OLAP_BIN/olap-topic-admin" "$BOOTSTRAP" delete-records tools_txn 1 500 > /dev/null
  check "deleted records move the low watermark" \
    "$("$OLAP_BIN/olap-topic-admin" "$BOOTSTRAP" watermarks tools_txn | cut -f 2 | tr '\n' ' ')" "0 500 0 "
fi
done_testing
