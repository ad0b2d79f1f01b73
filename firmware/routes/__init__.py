"""From a trigger model to scores: hls4ml project, emulator, Verilog, integer C++."""
