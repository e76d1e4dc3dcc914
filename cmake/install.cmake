# Filled in by `make install` and `make dist`.
