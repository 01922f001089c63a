"""What kernels stand on: the compiler's options, numbers in a format, rounding, random numbers, arrays as rows."""
