"""The second network of handwriting: texts become ink (Graves 2013, section 5)."""
