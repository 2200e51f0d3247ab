"""Building, training and exporting U-Nets: the only package that imports TensorFlow and Keras."""
