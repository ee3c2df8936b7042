"""Steps many environments at once by random actions, and says how fast.

python examples/vector_stepping.py [LEVEL] [NUM_ENVS]
"""

import sys
import time

import numpy as np

import chrysalis

level = sys.argv[1] if len(sys.argv) > 1 else "seek_apples"
num_envs = int(sys.argv[2]) if len(sys.argv) > 2 else 64

envs = chrysalis.make_vec(level, num_envs)
observations, infos = envs.reset(seed=1)
print(f"{level}: observations {observations.dtype} {observations.shape}, {envs.workers} workers")

random = np.random.default_rng(1)
returns: list[float] = []
steps = 0
start = time.perf_counter()
while time.perf_counter() - start < 10:
    actions = random.integers(9, size=num_envs)
    observations, rewards, terminations, truncations, infos = envs.step(actions)
    steps += num_envs
    if "episode_return" in infos:
        returns.extend(infos["episode_return"][infos["_episode_return"]])
seconds = time.perf_counter() - start
print(f"{steps:,} agent steps in {seconds:.1f} s: {steps / seconds:,.0f} a second")
if returns:
    print(f"mean return of {len(returns)} episodes by chance: {np.mean(returns):.2f}")
envs.close()
