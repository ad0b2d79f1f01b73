#!/usr/bin/env bash
# Builds the pages of docs/ into site/, with packages of its own in .venv-docs: they are no part of Mapless.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cmp -s docs/requirements.lock .venv-docs/requirements.lock; then
    python3 -m venv .venv-docs
    .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r docs/requirements.lock
    cp docs/requirements.lock .venv-docs
fi
NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
echo "site/index.html"
