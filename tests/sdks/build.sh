#!/usr/bin/env bash
# Builds the programs that call through SDKs into build/sdks: JavaScript v3, Go v2, Java 2, each pinned by its lock file. Debian's Node
# and Go are too old for them: those of PyPI are taken. Nothing is done when the programs are those that are pinned.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/sdks
stamp=$out/stamp
pins=(tests/sdks/js/* tests/sdks/go/* tests/sdks/java/pom.xml tests/sdks/java/src/main/java/* tests/sdks/requirements.txt tests/sdks/build.sh)
if sha256sum --status -c "$stamp" 2>/dev/null; then exit 0; fi

rm -rf "$out"
/usr/bin/python3 -m venv "$out/tools"
"$out/tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r tests/sdks/requirements.txt
export PATH=$out/tools/bin:$PATH

cp -r tests/sdks/js "$out/js"
(cd "$out/js" && npm ci --silent --no-audit --no-fund)
(cd tests/sdks/go && GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false -trimpath" go build -o "$out/go/calls" .)
cp -r tests/sdks/java "$out/java"
(cd "$out/java" && mvn --quiet --batch-mode package dependency:copy-dependencies -DincludeScope=runtime)
sha256sum "${pins[@]}" > "$stamp"
