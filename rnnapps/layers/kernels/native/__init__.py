"""A kernel for processors in C++: `kernel.cc` has it, the rest calls it from each backend."""
