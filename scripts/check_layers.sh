#!/bin/bash
# Check the rules of the house over the C sources of a tree.
#
#   scripts/check_layers.sh [ROOT]       check ROOT (default: this repository)
#   scripts/check_layers.sh --self-test  prove that each rule catches a violation
#
# Rules (docs/contributing.md explains them):
#   layer     a file includes its own folder and lower ranks, never a sibling
#   pure      ranks 1-4 use no relation, catalog, buffer or SPI header
#             (the fmgr glue in *_sql.c excepted)
#   path      includes of ours are written from src/
#   version   PG_VERSION_NUM occurs in src/base/compat.* and compat_planner.h alone
#   kafka     librdkafka's header is included by src/ingest/kafka/source* alone
#   length    no file over 1,000 lines (a warning over 800), no function over 150
#   head      every file opens with the head comment that names it
set -euo pipefail

# folder:rank; src/*.c itself is rank 13
RANKS="base:0 sketch:1 vector:2 codec:3 index:4 meta:5 segment:6 delta:7 table:8
compact:9 rollup:9 ingest:9 exec:10 plan:11 worker:12"

check_tree()
{
  local root=$1 files
  mapfile -t files < <(cd "$root" && find src tools test/unit test/fuzz \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) 2>/dev/null | sort)
  if [ ${#files[@]} -eq 0 ]; then
    echo "check_layers: no source files under $root" >&2
    return 1
  fi
  (cd "$root" && awk -v ranks="$RANKS" '
    function fail(rule, text) {
      printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, text
      failed++
    }
    function finish_file() {
      if (file == "")
        return
      if (lines > 1000) {
        printf "%s: length: %d lines, the limit is 1000\n", file, lines
        failed++
      } else if (lines > 800)
        printf "%s: warning: %d lines, time to split it\n", file, lines
      if (!named) {
        printf "%s: head: no head comment naming the file\n", file
        failed++
      }
    }
    BEGIN {
      n = split(ranks, pairs, /[ \n]+/)
      for (i = 1; i <= n; i++) {
        split(pairs[i], kv, ":")
        rank[kv[1]] = kv[2]
      }
    }
    FNR == 1 {
      finish_file()
      file = FILENAME
      checked++
      named = 0
      infunc = 0
      split(file, part, "/")
      ours = (part[1] == "src")
      layer = (ours && part[3] != "") ? part[2] : ""
      if (layer != "" && !(layer in rank)) {
        printf "%s: layer: folder %s has no rank\n", file, layer
        failed++
        rank[layer] = 99
      }
      myrank = layer == "" ? 13 : rank[layer]
      base = file
      sub(/.*\//, "", base)
      glue = base ~ /_sql\.c$/
      opened = /^\/\*/
    }
    { lines = FNR }
    FNR <= 80 && opened && index($0, file) { named = 1 }
    /PG_VERSION_NUM/ && file !~ /^src\/base\/compat(_planner)?\./ && ours {
      fail("version", "PG_VERSION_NUM outside src/base/compat.*")
    }
    ours && /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
      target = $0
      sub(/^[^<"]*[<"]/, "", target)
      sub(/[>"].*$/, "", target)
      if (target ~ /rdkafka/ && file !~ /^src\/ingest\/(kafka\/)?source[^\/]*\.[ch]$/)
        fail("kafka", "librdkafka is included by src/ingest/kafka/source* alone")
      if ($0 ~ /"/) {
        split(target, t, "/")
        if (t[2] != "" && (t[1] in rank) && rank[t[1]] != 99) {
          if (t[1] != layer && rank[t[1]] > myrank)
            fail("layer", layer " (rank " myrank ") includes " target " of rank " rank[t[1]])
          else if (t[1] != layer && rank[t[1]] == myrank)
            fail("layer", layer " includes its sibling " target " of the same rank")
        } else if (target ~ /^\.\.?\//)
          fail("path", "write " target " from src/")
        else if (t[2] == "") {
          own = file
          sub(/[^\/]*$/, target, own)
          if ((getline junk < own) >= 0) {
            close(own)
            fail("path", "write " target " from src/")
          }
        }
        if (myrank >= 1 && myrank <= 4 && !glue &&
            (target ~ /^(executor|optimizer|parser|replication|storage|access|commands)\// ||
             target ~ /^utils\/(rel|relcache|syscache|lsyscache|snapmgr)\.h/ ||
             (target ~ /^catalog\// && target !~ /_d\.h$/)))
          fail("pure", "a pure layer includes " target)
      }
    }
    /^\{/ { infunc = FNR }
    /^\}/ {
      if (infunc && FNR - infunc > 150 && $0 !~ /;/)
        fail("length", "a function of " (FNR - infunc + 1) " lines, the limit is 150")
      infunc = 0
    }
    END {
      finish_file()
      printf "check_layers: %d files, %d violations\n", checked, failed
      exit failed > 0
    }' "${files[@]}")
}

# One violating file a rule; the rule must name it, and a clean file must pass.
self_test()
{
  local dir rule text output
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' RETURN

  fixture()    # FILE BODY: a file with a proper head
  {
    rm -rf "$dir/src"
    mkdir -p "$dir/$(dirname "$1")" "$dir/src/codec"
    printf '/*\n * codec.h\n * src/codec/codec.h\n */\n' > "$dir/src/codec/codec.h"
    printf '/*\n * %s\n */\n%b\n' "$1" "$2" > "$dir/$1"
  }
  expect()     # RULE: the check must fail and say RULE
  {
    if output=$(check_tree "$dir"); then
      echo "check_layers: self-test: rule $1 passed a violation" >&2
      return 1
    fi
    case $output in
      *": $1: "*) ;;
      *) echo "check_layers: self-test: $1 not reported: $output" >&2; return 1 ;;
    esac
  }

  fixture src/vector/a.c '#include "postgres.h"\n#include "codec/codec.h"';  expect layer || return 1
  fixture src/rollup/a.c '#include "ingest/sink.h"';                        expect layer || return 1
  fixture src/nowhere/a.c 'int x;';                                         expect layer || return 1
  fixture src/codec/a.c '#include "utils/rel.h"';                           expect pure || return 1
  fixture src/codec/a.c '#include "codec.h"';                               expect path || return 1
  fixture src/exec/a.c '#if PG_VERSION_NUM >= 170000\n#endif';              expect version || return 1
  fixture src/worker/a.c '#include <librdkafka/rdkafka.h>';                 expect kafka || return 1
  fixture src/exec/a.c "$(printf 'int x;\\n%.0s' $(seq 1001))";            expect length || return 1
  fixture src/exec/a.c "int\nf(void)\n{\n$(printf 'x();\\n%.0s' $(seq 151))}"; expect length || return 1
  fixture src/exec/a.c ''
  printf 'int x;\n' > "$dir/src/exec/a.c";                                  expect head || return 1

  fixture src/exec/a.c '#include "postgres.h"\n#include "codec/codec.h"\n#include "utils/rel.h"'
  if ! output=$(check_tree "$dir"); then
    echo "check_layers: self-test: a clean tree failed: $output" >&2
    return 1
  fi
  echo "check_layers: self-test passed (10 violations caught, 1 clean tree accepted)"
}

case ${1:-} in
  --self-test) self_test ;;
  *) check_tree "${1:-$(cd "$(dirname "$0")/.." && pwd)}" ;;
esac
