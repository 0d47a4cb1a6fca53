#!/usr/bin/env bash
# Real Bluesky PDS (+ PLC directory). First run installs from npm (~2 min: better-sqlite3 is
# compiled from source), later runs start in seconds. Prints "READY {json}"; SIGTERM stops it.
#   PORT, PLC_PORT (default: free)  DATA_DIR (default: temp, removed)  RATE_LIMITS=1  SMTP_URL
#   BLOB_LIMIT bytes  JWT_SECRET (default: random)  SERVERS_CACHE (install folder)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
export TOOLS_DIR="$SERVERS_CACHE/pds"
need_node22
if [ ! -e "$TOOLS_DIR/.done" ]; then
  mkdir -p "$TOOLS_DIR"; cd "$TOOLS_DIR"; echo '{"private":true}' > package.json
  export CFLAGS=-O1 CXXFLAGS=-O1   # a test needs it soon, not fast: a third less to compile
  npm_config_nodedir="$NODE22" JOBS=2 npm i --no-audit --no-fund @atproto/pds@0.5.35 @did-plc/server@0.0.1 >install.log 2>&1 ||
    { tail -20 install.log >&2; exit 1; }
  # some npm versions hold install scripts back: build the native module by hand then
  [ -e node_modules/better-sqlite3/build/Release/better_sqlite3.node ] ||
    (cd node_modules/better-sqlite3 && npx --yes node-gyp rebuild --release --nodedir="$NODE22" >>../../install.log 2>&1)
  touch .done
fi
run_with_tempdir node "$here/pds.mjs"
