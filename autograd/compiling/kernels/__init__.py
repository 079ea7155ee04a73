"""Native functions in the place of NumPy's calls: their sources, and which calls they compute."""
