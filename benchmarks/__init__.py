"""Speed and memory, each figure beside a reference measured in the same run: `python -m benchmarks`."""
