#!/usr/bin/env bash
# Makes the embedded samples anew: the same seed gives the same events. About 50 minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
common=(--seed 2024 --workers 2 --quality fast --set mjj_min=2200 --set max_delta_eta=1.3 --set max_jets=2)
./run_analysis.py simulate x_to_yy -n 3000 "${common[@]}" --set resonance_mass=3000 --set y_mass=400 \
    --set y_prime_mass=400 --set max_constituents=50 --set run=2 --output analysis/samples/x_to_yy_3000.root
./run_analysis.py simulate qcd -n 350000 "${common[@]}" --set store_quarks=false \
    --output analysis/samples/qcd_dijet.root
