#!/usr/bin/env bash
# Builds the two real S3 servers of the tests and a client, mc, into .servers/bin, from sources pinned by go.mod and go.sum. Debian's Go is too old for
# them: a Go of PyPI is taken unless a newer one is there. Nothing is done when the programs are those that are pinned.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamp=.servers/stamp
pins=(tests/servers/*/go.mod tests/servers/*/go.sum tests/servers/build.sh)
if [ -x .servers/bin/versitygw ] && [ -x .servers/bin/minio ] && [ -x .servers/bin/mc ] && sha256sum --status -c $stamp 2>/dev/null; then exit 0; fi

new_enough() { [[ "$(go version 2>/dev/null)" =~ go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 26 ]; }
if ! new_enough; then
  [ -x .servers/go/bin/python ] || /usr/bin/python3 -m venv .servers/go
  .servers/go/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/servers/requirements.txt
  export PATH=$PWD/.servers/go/bin:$PATH
  hash -r
fi

export GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false -trimpath"
mkdir -p .servers/bin
bin=$PWD/.servers/bin
(cd tests/servers/versitygw && nice go build -o "$bin/versitygw" github.com/versity/versitygw/cmd/versitygw)
(cd tests/servers/minio && nice go build -o "$bin/minio" github.com/minio/minio)
(cd tests/servers/mc && nice go build -o "$bin/mc" github.com/minio/mc)
sha256sum "${pins[@]}" > $stamp
