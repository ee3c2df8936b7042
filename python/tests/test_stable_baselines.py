"""Stable-Baselines3 trains on the worlds as it is, with nothing between."""

import gymnasium
import numpy as np
import pytest

import chrysalis  # noqa: F401  Makes the levels known to Gymnasium.

# It needs PyTorch, whose own wheels for Linux bring CUDA along: where neither is installed there is nothing
# to test.
pytest.importorskip("torch", reason="PyTorch is not installed here")
stable_baselines3 = pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed here")


def test_its_checker_passes():
    from stable_baselines3.common.env_checker import check_env

    check_env(gymnasium.make("chrysalis/seek_apples-v0").unwrapped)


def test_ppo_trains_and_acts():
    from stable_baselines3.common.env_util import make_vec_env

    envs = make_vec_env(
        "chrysalis/seek_apples-v0",
        n_envs=4,
        seed=1,
        env_kwargs={"width": 48, "height": 36, "action_repeat": 8},
    )
    model = stable_baselines3.PPO("CnnPolicy", envs, n_steps=128, batch_size=256, n_epochs=1, seed=1)
    before = [parameter.detach().numpy().copy() for parameter in model.policy.parameters()]
    model.learn(2048)
    assert model.num_timesteps == 2048
    # 225 agent steps an episode: each environment has finished two.
    assert len(model.ep_info_buffer) == 8 and {info["l"] for info in model.ep_info_buffer} == {225}
    after = [parameter.detach().numpy() for parameter in model.policy.parameters()]
    assert all(np.isfinite(parameter).all() for parameter in after)
    assert any((one != other).any() for one, other in zip(before, after, strict=True))
    actions, _ = model.predict(envs.reset())
    assert envs.action_space.contains(int(actions[0]))
