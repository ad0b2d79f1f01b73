#!/usr/bin/env bash
# Makes the embedded samples anew: the same seed gives the same events. About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
common=(--seed 2024 --workers 2 --quality fast --set mjj_min=2200 --set max_delta_eta=1.3 --set max_jets=2)
./run_analysis.py simulate x_to_yy -n 3000 "${common[@]}" --set resonance_mass=3000 --set y_mass=400 \
    --set y_prime_mass=400 --set max_constituents=50 --set run=2 --output analysis/samples/x_to_yy_3000.root
./run_analysis.py simulate qcd -n 350000 "${common[@]}" --set store_quarks=false \
    --output analysis/samples/qcd_dijet.root
python -c 'from analysis.simulation.level1.pool import EMBEDDED, PoolRecipe, make_pool
if __name__ == "__main__":
    make_pool(PoolRecipe.small(), 1, print).save(EMBEDDED)'
for signal in ttbar h_to_4b h_to_4tau a_to_4l leptoquark charged_higgs; do
    ./run_analysis.py simulate "level1_$signal" -n 1000 --seed 2024 --output "analysis/samples/level1_$signal.root"
done
wide=(--seed 2026 --quality fast --set mjj_min=1500 --set max_delta_eta=2.5 --set max_jets=3 --set min_pt=150 --set store_quarks=false)
./run_analysis.py simulate qcd -n 60000 "${wide[@]}" --workers 2 --set run=3 --output analysis/samples/qcd_multijet.root
./run_analysis.py simulate x_to_yy -n 3000 "${wide[@]}" --seed 2027 --workers 2 --set resonance_mass=3000 --set y_mass=400 \
    --set y_prime_mass=400 --set run=4 --output analysis/samples/x_to_yy_3000_multijet.root
leptons=$(mktemp -d)
./run_analysis.py simulate --campaign analysis/campaigns/jet_x.yaml --output "$leptons/jet_x"
cp "$leptons"/jet_x/lepton_data.root* analysis/samples/
higgs=(--workers 2 --quality fast --set mjj_min=2000 --set min_pt=400 --set max_jets=2 --set max_constituents=20)
./run_analysis.py simulate qcd -n 8800 --seed 2030 "${higgs[@]}" --set store_quarks=false --set run=5 --output analysis/samples/higgs_x_qcd.root
./run_analysis.py simulate y_to_hx -n 600 --seed 2031 "${higgs[@]}" --set resonance_mass=3700 --set x_mass=85 --set run=6 \
    --output analysis/samples/y_to_hx_3700_85.root
./run_analysis.py simulate --campaign analysis/campaigns/event_classes.yaml --output "$leptons/classes"
cp "$leptons"/classes/classes_*.root* analysis/samples/
