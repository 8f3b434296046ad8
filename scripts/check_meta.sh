#!/bin/bash
# Check that META.json is what PGXN accepts (Meta Spec 1.0.0: required keys, their
# types, semantic versions) and agrees with olap.control, sql/ and CHANGELOG.md.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "check_meta: $*" >&2; exit 1; }

jq -e '
  def semver: test("^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z-]+)?$");
  def text: type == "string" and length > 0;
  (.name | text and (test("[\\s/\\\\]") | not) and length >= 2)
  and (.version | semver)
  and (.abstract | text)
  and ((.maintainer | text) or (.maintainer | type == "array" and length > 0 and all(text)))
  and ((.license | text) or (.license | type == "array" and length > 0) or (.license | type == "object"))
  and (.["meta-spec"].version | semver)
  and (.provides | type == "object" and length > 0
       and all(.[]; (.file | text) and (.version | semver) and ((.abstract // "x") | text)))
  and ((.release_status // "stable") | IN("stable", "testing", "unstable"))
  and ((.tags // []) | type == "array" and all(text and length <= 255))
  and ((.prereqs // {}) | all(.[]; all(.[]; all(.[]; semver or . == 0))))
  and ((keys - ["abstract", "description", "generated_by", "license", "maintainer",
        "meta-spec", "name", "no_index", "prereqs", "provides", "release_status",
        "resources", "tags", "version"]) | all(startswith("X_") or startswith("x_")))
' META.json > /dev/null || die "META.json does not follow the specification"

version=$(jq -r .version META.json)
control=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" olap.control)
[ "$version" = "$control" ] || die "META.json says $version, olap.control $control"
[ "$(jq -r '.provides.olap.version' META.json)" = "$version" ] || die "provides another version"
for file in $(jq -r '.provides[] | .file, .docfile // empty' META.json); do
  [ -f "$file" ] || die "META.json names $file, which is not there"
done
[ -f "sql/olap--$version.sql" ] || die "no install script for $version"
grep -q "^## $version" CHANGELOG.md || die "CHANGELOG.md has no entry for $version"
echo "check_meta: version $version everywhere"
