#!/usr/bin/env bash
# Measures the torch engine on this machine's GPU, or with --cpu on its CPU, beside transformers. Needs python3 with torch
# and, for the comparison, transformers; no Node. bench/gpu/data must be there: `node bench/gpu/export.js` writes it.
# usage: bench/gpu.sh [--cpu] [--seconds N] [SECTION...]
set -u
here=$(cd "$(dirname "$0")" && pwd)
exec "${PYTHON:-python3}" -u "$here/gpu/run.py" "$@"
