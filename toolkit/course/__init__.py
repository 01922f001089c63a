"""What the book imports: exercises, the gallery, the verdicts on the paper."""
