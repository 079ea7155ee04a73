"""What neural networks treat as one operation, as one primitive each; `nn` imports the families."""
