"""Lets the agent of a run play through Python, and in C++, which must give the same returns.

python examples/load_agent.py RUN
"""

import sys

import numpy as np

import chrysalis

agent = chrysalis.Agent.load(sys.argv[1])
print(agent)

# Eight environments with seeds 1 to 8, an episode each. An episode's first observation is told to the agent.
seeds = range(1, 9)
envs = agent.make_vec(len(seeds))
observations, infos = envs.reset(seed=seeds[0])
state = agent.start(len(seeds), seed=seeds[0])
rewards = np.zeros(len(seeds))
returns = np.full(len(seeds), np.nan)
while np.isnan(returns).any():
    actions, state = agent.act(observations, state, rewards)
    observations, rewards, terminations, truncations, infos = envs.step(actions)
    ended = terminations | truncations
    if ended.any():
        returns[ended] = infos["episode_return"][ended]
print("step by step through Python", returns)

in_cpp = np.concatenate([agent.evaluate(1, seed=seed) for seed in seeds])
print("by agent.evaluate()        ", in_cpp)
assert (returns == in_cpp).all()
print(f"mean return {returns.mean():.2f}")
