#!/usr/bin/env bash
# Builds the firmware of a saved trigger model: a complete hls4ml project with testbench vectors and emulator,
# and Verilog; compiles both, compares all scores, and runs the vendor's synthesis where it is installed.
#
# Usage:  firmware/build.sh MODEL EVENTS OUTPUT [--backend Vitis|Vivado|Catapult|Quartus] [--part PART]
#             [--clock-period NS] [--reuse-factor N] [--initiation-interval N] [--version VERSION] [--yosys]
#
#   MODEL   folder of a trigger model (it holds trigger_model.json)
#   EVENTS  .npy file of hardware integers, held-out events; the first 100 become testbench vectors
#   OUTPUT  folder to write: OUTPUT/hls4ml and OUTPUT/rtl
#
# Afterwards, on a machine with the vendor's tools:  cd OUTPUT/hls4ml && vitis-run --mode hls --tcl build_prj.tcl
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
source "$here/setup.sh" >/dev/null || exit 1
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3}
exec python -m firmware.build "$@"
