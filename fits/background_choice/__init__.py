"""Which background function and which range: tests of its size, narrower ranges, discrete profiling."""
