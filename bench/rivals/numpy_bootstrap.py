"""Lower bounds by numpy: python3 numpy_bootstrap.py RESAMPLES N... prints a line of JSON for each N."""
import json
import sys
import time

import numpy as np

resamples = int(sys.argv[1])
for n in map(int, sys.argv[2:]):
    differences = (np.arange(n) * 7919 % 1000) / 99_700 - 0.004
    means = np.empty(resamples)
    generator = np.random.default_rng(0xB007)
    wall, cpu = time.perf_counter(), time.process_time()
    for index in range(resamples):
        means[index] = differences[generator.integers(0, n, size=n)].mean()
    bound = float(np.quantile(means, 0.001))
    print(
        json.dumps(
            {
                "n": n,
                "numpy": np.__version__,
                "bound": bound,
                "wall": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
            }
        )
    )
