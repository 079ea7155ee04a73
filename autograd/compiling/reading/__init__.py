"""What a function reads: its state, and the values behind its names; what tells two calls of it apart."""
