"""Which background function, and which mass range: F-test, range narrowing, discrete profiling."""
