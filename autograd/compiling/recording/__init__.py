"""One run of a function, noted call by call: stand-ins, and refusals of what no program could hold."""
