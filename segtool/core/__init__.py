"""Pure functions and values on numpy arrays: no files, no Qt, no TensorFlow."""
