"""Trains Stable-Baselines3's PPO on a level, as it is.

pip install stable-baselines3
python examples/stable_baselines.py [AGENT_STEPS]
"""

import sys

import gymnasium
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

import chrysalis  # Makes the levels known to Gymnasium.

agent_steps = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
print("levels:", ", ".join(chrysalis.levels()))

envs = make_vec_env("chrysalis/seek_apples-v0", n_envs=4, seed=1)
model = PPO("CnnPolicy", envs, n_steps=128, batch_size=128, n_epochs=2, seed=1, verbose=1)
model.learn(agent_steps)
envs.close()

one = gymnasium.make("chrysalis/seek_apples-v0")
mean, deviation = evaluate_policy(model, one, n_eval_episodes=2, deterministic=False, warn=False)
print(f"after {model.num_timesteps:,} agent steps: mean return {mean:.1f} +- {deviation:.1f}")
