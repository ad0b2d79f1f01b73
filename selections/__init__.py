"""Events: file formats, RDataFrame selections, C++ physics headers and batches for Keras."""
